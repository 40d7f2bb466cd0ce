"""A world to look for leaks in: the demo and what it lacks, with every name a token that betrays its row.

Beside the demo's street there is a second one that reaches into the same tiles, micro grids, a building without a
grid, a place of the street alone, a place without geometry, former and coming holders, a holder registered in another
community, and accounts of every kind. Written by the owner in plain SQL.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from tests.edition_rows import fill_editions
from tests.found_rows import fill_found
from tests.office_rows import forget_office
from tests.parking_rows import fill_parking, forget_parking
from tests.rota_rows import fill_rotas

Owner = psycopg.Connection[dict[str, object]]

STREET = 10_001
OTHER_STREET = 77
HUAYUAN, QIAOGANG = "442000002005", "442000002016"
NOW = "2026-03-16T09:00+08:00"
COPIED = (
    "community", "place", "grid", "estate", "building", "stairwell", "facility", "zone", "boundary", "membership",
    "organisation_place", "person", "assignment", "absence", "basemap",
)  # fmt: skip
MOVED = {"id", "place_id", "person_id", "substitute_id", "parent_id", "community_id", "grid_id", "micro_grid_id"}
MOVED |= {"estate_id"}

# username → (title, disabled, person query or None, grants as (role, level, target query, from, to))
Grants = tuple[tuple[str, str, str, str | None, str | None], ...]
PERSON_OF = "SELECT person_id FROM gridmap.assignment WHERE id = {}"
ACCOUNTS: Mapping[str, tuple[bool, str | None, Grants]] = {
    "micro_worker": (False, "micro_person", (("worker", "grid", "micro_grid", None, None),)),
    "held_worker": (False, "grid_person", (("worker", "held", "street", None, None),)),
    "building_manager": (False, "building_person", (("manager", "held", "street", None, None),)),
    "door_manager": (False, "roaming_person", (("manager", "held", "street", None, None),)),
    "estate_manager": (False, "estate_person", (("manager", "held", "street", None, None),)),
    "two_communities": (
        False,
        None,
        (("leader", "community", "huayuan", None, None), ("leader", "community", "far_community", None, None)),
    ),
    "leader_admin": (
        False,
        None,
        (("leader", "community", "qiaogang", None, None), ("administrator", "city", "none", None, None)),
    ),
    "planner_worker": (
        False,
        "roaming_person",
        (("planner", "street", "far_street", None, None), ("worker", "grid", "grid", None, None)),
    ),
    "roaming_worker": (False, "roaming_person", (("worker", "grid", "other_grid", None, None),)),
    "department": (False, None, (("handler", "community", "huayuan", None, None),)),
    "company": (False, None, (("handler", "organisation", "company", None, None),)),
    "resident": (False, None, (("duty_resident", "estate", "estate", None, None),)),
    "on_duty": (False, "duty_person", (("duty_resident", "rota", "none", None, None),)),
    "off_duty": (False, "free_person", (("duty_resident", "rota", "none", None, None),)),
    "on_patrol": (False, "patrol_person", (("duty_resident", "rota", "none", None, None),)),
    "other_leader": (False, None, (("leader", "street", "far_street", None, None),)),
    "city_leader": (False, None, (("leader", "city", "none", None, None),)),
    "city_planner": (False, None, (("planner", "city", "none", None, None),)),
    "half_expired": (
        False,
        None,
        (
            ("leader", "street", "street", "2025-01-01", "2026-03-16T09:00+08:00"),
            ("leader", "community", "far_community", "2026-03-16T09:00+08:00", None),
        ),
    ),
    "stand_in": (False, "stand_in_person", (("manager", "held", "street", None, None),)),
    "holds_nothing": (False, None, (("manager", "held", "street", None, None),)),
    "expired": (False, None, (("leader", "street", "street", "2025-01-01", "2026-03-16T08:59+08:00"),)),
    "not_yet": (False, None, (("leader", "street", "street", "2026-03-16T09:01+08:00", None),)),
    "disabled": (True, None, (("leader", "street", "street", None, None),)),
    "no_grant": (False, None, ()),
}


@dataclass(frozen=True)
class World:
    """The ids that tests speak of, and the secret of each account's token."""

    ids: Mapping[str, int]
    secrets: Mapping[str, str]

    def headers(self, username: str) -> dict[str, str]:
        """The headers of a program signed in as that account."""
        return {"Authorization": f"Bearer {self.secrets[username]}"}


def make_world(owner: Owner) -> World:
    """Fill a database that holds the demo and its accounts."""
    owner.row_factory = dict_row
    forget_office(owner)
    forget_parking(owner)
    copy_street(owner)
    ids = {"street": STREET, "far_street": OTHER_STREET} | find_ids(owner)
    ids |= add_places(owner, ids)
    ids |= add_people(owner, ids)
    add_visits(owner)
    own_slots_anew(owner)
    ids |= add_office(owner, ids)
    ids |= fill_rotas(owner, ids, add_person)
    add_operations(owner, ids)
    add_accounts(owner, ids)
    ids |= add_cases(owner, ids)
    ids |= add_diary(owner, ids)
    fill_parking(owner, "id % 29 = 0 OR kind IN ('estate', 'zone')")
    ids |= {"car": ids["estate"] + 3_000_000_000, "far_car": one(owner, FAR_CAR, s=OTHER_STREET)}
    fill_found(owner, "id % 29 = 0 OR kind IN ('estate', 'zone')")
    fill_editions(owner)
    betray_names(owner)
    owner.execute("INSERT INTO gridmap.change (street_id, layer) VALUES (0, 'accounts')")
    secrets = add_tokens(owner)
    owner.commit()
    owner.execute("ANALYZE")
    owner.commit()
    return World(ids, secrets)


def keep_one_street(superuser_url: str) -> None:
    """Forget the demo's other streets: they would only make the tests slow."""
    with psycopg.connect(superuser_url) as connection:
        # foreign keys are not asked row by row: whole streets go, with all that refers to them
        connection.execute("SET LOCAL session_replication_role = replica")
        tables = connection.execute(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'gridmap'"
            " AND column_name = 'street_id' AND is_nullable = 'NO' AND table_name NOT IN ('change', 'audit')"
        ).fetchall()
        for (table,) in tables:
            connection.execute(
                sql.SQL("DELETE FROM gridmap.{} WHERE street_id <> {}").format(sql.Identifier(table), STREET)
            )
        connection.execute("DELETE FROM gridmap.account_grant WHERE street_id <> %s", (STREET,))
        connection.execute("DELETE FROM gridmap.organisation WHERE street_id <> %s", (STREET,))
        connection.execute("DELETE FROM gridmap.street WHERE id <> %s", (STREET,))
        connection.execute("DELETE FROM gridmap.change WHERE street_id NOT IN (0, %s)", (STREET,))
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def copy_street(owner: Owner) -> None:
    """A second street of the same district: what the first holds, half a kilometre to the east."""
    owner.execute(
        "INSERT INTO gridmap.street (id, district_id, code, name, geom) SELECT %s, district_id, '442000099', '邻街道',"
        " public.st_translate(geom, 0.005, 0.001) FROM gridmap.street WHERE id = %s",
        (OTHER_STREET, STREET),
    )
    for table in COPIED:
        names = owner.execute(
            "SELECT column_name AS name FROM information_schema.columns WHERE table_schema = 'gridmap'"
            " AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position",
            (table,),
        ).fetchall()
        columns = [str(row["name"]) for row in names]
        values = sql.SQL(", ").join(_moved(table, column) for column in columns)
        owner.execute(
            sql.SQL("INSERT INTO gridmap.{} ({}) SELECT {} FROM gridmap.{} WHERE street_id = {}").format(
                sql.Identifier(table),
                sql.SQL(", ").join(map(sql.Identifier, columns)),
                values,
                sql.Identifier(table),
                STREET,
            )
        )


def _moved(table: str, column: str) -> sql.Composable:
    name = sql.Identifier(column)
    if column == "street_id":
        return sql.Literal(OTHER_STREET)
    if column in MOVED:
        return sql.SQL("({} & 4294967295) + ({}::bigint << 32)").format(name, OTHER_STREET)
    if column == "geom":
        return sql.SQL("public.st_translate(geom, 0.005, 0.001)")
    if column == "code" and table == "community":
        return sql.SQL("'449' || substr(code, 4)")
    return name


def one(owner: Owner, query: str, **values: object) -> int:
    """The single number that a query gives."""
    row = owner.execute(query, values).fetchone()
    assert row is not None, query
    (value,) = row.values()
    assert isinstance(value, int), query
    return value


def find_ids(owner: Owner) -> dict[str, int]:
    """What is there already."""
    ids = {
        "huayuan": one(owner, "SELECT id FROM gridmap.community WHERE street_id = 10001 AND code = %(c)s", c=HUAYUAN),
        "qiaogang": one(owner, "SELECT id FROM gridmap.community WHERE street_id = 10001 AND code = %(c)s", c=QIAOGANG),
    }
    ids["far_community"] = (OTHER_STREET << 32) + (ids["qiaogang"] & 0xFFFFFFFF)
    grids = "SELECT id FROM gridmap.place WHERE kind = 'grid' AND community_id = %(c)s ORDER BY id LIMIT 1 OFFSET %(n)s"
    ids["grid"] = one(owner, grids, c=ids["huayuan"], n=0)
    ids["other_grid"] = one(owner, grids, c=ids["qiaogang"], n=0)
    ids["estate"] = one(
        owner, "SELECT estate_id FROM gridmap.place WHERE kind = 'building' AND grid_id = %(g)s"
        " GROUP BY estate_id ORDER BY count(*) DESC, estate_id LIMIT 1", g=ids["grid"],
    )  # fmt: skip
    ids["zone"] = one(owner, "SELECT min(place_id) FROM gridmap.zone WHERE street_id = 10001")
    ids["gate"] = one(
        owner, "SELECT min(p.id) FROM gridmap.facility f JOIN gridmap.place p ON p.street_id = f.street_id"
        " AND p.id = f.place_id WHERE f.kind = 'gate' AND p.street_id = 10001 AND p.estate_id = %(e)s", e=ids["estate"],
    )  # fmt: skip
    ids["company"] = one(
        owner, "SELECT id FROM gridmap.organisation WHERE kind = 'property_company' AND id NOT IN"
        " (SELECT property_id FROM gridmap.estate WHERE place_id = %(e)s AND property_id IS NOT NULL)"
        " ORDER BY id LIMIT 1", e=ids["estate"],
    )  # fmt: skip
    return ids


PLACE = """
INSERT INTO gridmap.place (street_id, id, kind, code, name, parent_id, community_id, grid_id, micro_grid_id,
  estate_id, geom)
SELECT street_id, (street_id::bigint << 32) + %(serial)s, %(kind)s, 'w' || %(serial)s, 'new', %(parent)s,
  CASE WHEN %(lone)s THEN NULL ELSE community_id END, %(grid)s, %(micro)s, %(estate)s,
  CASE WHEN %(bare)s THEN NULL ELSE public.st_buffer(public.st_pointonsurface(geom), 0.0001) END
FROM gridmap.place WHERE id = %(beside)s
RETURNING id
"""


def add_place(owner: Owner, serial: int, kind: str, beside: int, **more: object) -> int:
    """One more place, in the middle of another one."""
    empty = {"parent": None, "grid": None, "micro": None, "estate": None, "lone": False, "bare": False}
    identity = one(owner, PLACE, serial=serial, kind=kind, beside=beside, **(empty | more))
    extra = {"grid": ", type", "facility": ", kind"}.get(kind, "")
    value = {"grid": ", 'micro'", "facility": ", (SELECT min(code) FROM gridmap.facility_kind)"}.get(kind, "")
    owner.execute(
        f"INSERT INTO gridmap.{kind} (street_id, place_id{extra})"
        f" SELECT street_id, id{value} FROM gridmap.place WHERE id = %s",
        (identity,),
    )
    return identity


def add_places(owner: Owner, ids: Mapping[str, int]) -> dict[str, int]:
    """Micro grids, a sub-estate, and places that lack a grid, a community or a geometry."""
    grid, street = ids["grid"], STREET << 32
    made: dict[str, int] = {}
    for number, name in ((9001, "micro_grid"), (9002, "second_micro_grid")):
        made[name] = add_place(owner, number, "grid", grid, grid=grid, micro=street + number)
        owner.execute(
            "INSERT INTO gridmap.boundary (street_id, place_id, valid, geom)"
            " SELECT street_id, id, '[2026-01-01,)', geom FROM gridmap.place WHERE id = %s",
            (made[name],),
        )
    owner.execute(
        "UPDATE gridmap.place SET micro_grid_id = CASE WHEN id %% 2 = 0 THEN %(a)s::bigint ELSE %(b)s END"
        " WHERE grid_id = %(grid)s AND kind <> 'grid' AND id %% 3 > 0",
        {"a": made["micro_grid"], "b": made["second_micro_grid"], "grid": grid},
    )
    estate = ids["estate"]
    made["sub_estate"] = add_place(owner, 9003, "estate", estate, parent=estate, estate=street + 9003)
    made["in_sub_estate"] = add_place(owner, 9004, "building", estate, grid=grid, estate=made["sub_estate"])
    made["without_grid"] = add_place(owner, 9005, "building", estate)
    made["of_the_street"] = add_place(owner, 9006, "facility", estate, lone=True)
    made["without_geometry"] = add_place(owner, 9007, "building", estate, grid=grid, bare=True)
    owner.execute(
        "UPDATE gridmap.boundary SET valid = '[2025-07-01,)' WHERE place_id = %s AND upper_inf(valid)", (grid,)
    )
    owner.execute(
        "INSERT INTO gridmap.boundary (street_id, place_id, valid, geom)"
        " SELECT street_id, id, '[2024-01-01,2025-07-01)',"
        " public.st_translate(geom, 0.0003, 0) FROM gridmap.place p WHERE id = %s AND NOT EXISTS"
        " (SELECT FROM gridmap.boundary b WHERE b.place_id = p.id AND b.valid && '[2024-01-01,2025-07-01)'::daterange)",
        (grid,),
    )
    for relation, valid in (("manages", "[2020-01-01,2026-01-01)"), ("covers", "[2026-01-01,)")):
        place = estate if relation == "manages" else made["sub_estate"]
        owner.execute(
            "INSERT INTO gridmap.organisation_place (street_id, organisation_id, place_id, relation, valid)"
            " VALUES (%s, %s, %s, %s, %s)",
            (STREET, ids["company"], place, relation, valid),
        )
    return made


def add_person(owner: Owner, serial: int, community: int | None, grid: int | None = None) -> int:
    """Somebody who may be on duty."""
    return one(
        owner, "INSERT INTO gridmap.person (street_id, id, name, display_name, community_id, grid_id)"
        " VALUES (10001, (10001::bigint << 32) + %(s)s, 'new', 'new', %(c)s, %(g)s) RETURNING id",
        s=serial, c=community, g=grid,
    )  # fmt: skip


def assign(owner: Owner, serial: int, person: int, place: int, role: str, valid: str, *, primary: bool = True) -> None:
    """Give somebody a place, with the place's own scope."""
    owner.execute(
        "INSERT INTO gridmap.assignment (street_id, id, person_id, place_id, role, is_primary, valid, community_id,"
        " grid_id, micro_grid_id, estate_id) SELECT street_id, (street_id::bigint << 32) + %s, %s, id, %s, %s, %s,"
        " community_id, grid_id, micro_grid_id, estate_id FROM gridmap.place WHERE id = %s",
        (serial, person, role, primary, valid, place),
    )


def add_visits(owner: Owner) -> None:
    """Households to visit in every seventh stairwell, each tenth of them to come first."""
    owner.execute(
        "INSERT INTO gridmap.duty (street_id, id, kind, title, title_en, action, level, every, role, valid)"
        " VALUES (10001, (10001::bigint << 32) + 9500, 'household_visit', 'v', 'v', 'household_visit', 'household',"
        " 'month', 'grid_worker', '[2026-01-01,)')"
    )
    owner.execute(
        "INSERT INTO gridmap.slot (street_id, id, duty_id, place_id, unit, starts_on, ends_on, due_on, community_id,"
        " grid_id, micro_grid_id, estate_id) SELECT s.street_id, (10001::bigint << 32) + 20000 + row_number() OVER"
        " (ORDER BY p.id, u.unit), (10001::bigint << 32) + 9500, p.id, u.unit, '2026-03-01', '2026-04-01',"
        " '2026-03-31',"
        " p.community_id, p.grid_id, p.micro_grid_id, p.estate_id FROM gridmap.stairwell s JOIN gridmap.place p"
        " ON p.street_id = s.street_id AND p.id = s.place_id CROSS JOIN unnest(s.units[1:6]) AS u (unit)"
        " WHERE s.street_id = 10001 AND p.id % 7 = 0"
    )
    owner.execute(
        "INSERT INTO gridmap.household_tier (street_id, id, place_id, unit, tier, community_id, grid_id, micro_grid_id,"
        " estate_id, changed_at) SELECT street_id, id + 1000000, place_id, unit, CASE WHEN id % 3 = 0 THEN 'key' ELSE"
        " 'attention' END, community_id, grid_id, micro_grid_id, estate_id, now() FROM gridmap.slot"
        " WHERE street_id = 10001 AND duty_id = (10001::bigint << 32) + 9500 AND id % 5 = 0"
    )


def own_slots_anew(owner: Owner) -> None:
    """Slots and answers follow their places into micro grids and sub-estates, and so do the counts."""
    for table in ("slot", "inspection", "household_tier"):
        owner.execute(
            sql.SQL(
                "UPDATE gridmap.{} s SET community_id = p.community_id, grid_id = p.grid_id,"
                " micro_grid_id = p.micro_grid_id, estate_id = p.estate_id FROM gridmap.place p"
                " WHERE p.street_id = s.street_id AND p.id = s.place_id"
            ).format(sql.Identifier(table))
        )
    owner.execute("SELECT gridmap.recount_coverage(%s)", ([STREET, OTHER_STREET],))


def add_office(owner: Owner, ids: Mapping[str, int]) -> dict[str, int]:
    """Joint inspections of an estate, a grid, a community and elsewhere, with something found on one; links."""
    owner.execute(
        "INSERT INTO gridmap.report_link (street_id, id, place_id, month, created_at, expires_at, community_id,"
        " grid_id, micro_grid_id, estate_id) SELECT street_id, id + 3000000000, id, '2026-02-01', now(),"
        " now() + interval '9 days', community_id, grid_id, micro_grid_id, estate_id FROM gridmap.place"
        " WHERE kind = 'estate'"
    )
    made = {"duty": one(owner, "SELECT min(id) FROM gridmap.duty WHERE street_id = 10001")}
    where = {
        "joint": (STREET, ids["estate"], None),
        "grid_joint": (STREET, ids["other_grid"], None),
        "community_joint": (STREET, None, ids["huayuan"]),
        "far_joint": (OTHER_STREET, None, ids["far_community"]),
    }
    for serial, (name, (street, place, community)) in enumerate(where.items(), 9401):
        made[name] = one(
            owner, "INSERT INTO gridmap.joint_inspection (street_id, id, title, place_id, planned_on, bodies,"
            " community_id, grid_id, micro_grid_id, estate_id) SELECT %(s)s, (%(s)s::bigint << 32) + %(n)s, 'joint',"
            " p.id, '2026-03-12', ARRAY[%(o)s::bigint], coalesce(p.community_id, %(c)s), p.grid_id, p.micro_grid_id,"
            " p.estate_id FROM (SELECT) nothing LEFT JOIN gridmap.place p ON p.id = %(p)s RETURNING id",
            s=street, n=serial, o=ids["company"], c=community, p=place,
        )  # fmt: skip
    for serial, place in enumerate((ids["estate"], ids["other_grid"]), 9471):
        owner.execute(
            "INSERT INTO gridmap.report_link (street_id, id, place_id, month, created_at, expires_at, community_id,"
            " grid_id, micro_grid_id, estate_id) SELECT street_id, (street_id::bigint << 32) + %s, id, '2026-02-01',"
            " %s, %s::timestamptz + interval '7 days', community_id, grid_id, micro_grid_id, estate_id"
            " FROM gridmap.place WHERE id = %s",
            (serial, NOW, NOW, place),
        )
    owner.execute(
        "INSERT INTO gridmap.inspection (street_id, id, place_id, kind, result, done_at, received_at, joint_id,"
        " community_id, grid_id, micro_grid_id, estate_id) SELECT street_id, (street_id::bigint << 32) + 9450 +"
        " row_number() OVER (ORDER BY id), id, 'joint_inspection', 'finding', %s, %s, %s, community_id, grid_id,"
        " micro_grid_id, estate_id FROM gridmap.place WHERE estate_id = %s AND kind = 'building' ORDER BY id LIMIT 5",
        (NOW, NOW, made["joint"], ids["estate"]),
    )
    return made


def add_people(owner: Owner, ids: Mapping[str, int]) -> dict[str, int]:
    """Holders of every kind: of a micro grid, a grid, a whole building, an estate; from elsewhere; former; coming."""
    huayuan, grid = ids["huayuan"], ids["grid"]
    owner.execute(
        "UPDATE gridmap.assignment a SET micro_grid_id = p.micro_grid_id FROM gridmap.place p"
        " WHERE p.street_id = a.street_id AND p.id = a.place_id"
    )
    made = {
        "micro_person": add_person(owner, 9101, huayuan, grid),
        "grid_person": add_person(owner, 9102, ids["qiaogang"]),
        "building_person": add_person(owner, 9103, huayuan),
        "estate_person": add_person(owner, 9104, None),
        "roaming_person": add_person(owner, 9105, ids["qiaogang"], ids["other_grid"]),
        "former_person": add_person(owner, 9106, ids["qiaogang"]),
        "coming_person": add_person(owner, 9107, ids["qiaogang"]),
        "stand_in_person": add_person(owner, 9108, ids["qiaogang"]),
    }
    towers = (
        "SELECT parent_id FROM gridmap.place WHERE kind = 'stairwell' AND grid_id = %(g)s"
        " GROUP BY parent_id HAVING count(*) > 1 ORDER BY parent_id LIMIT 1 OFFSET %(n)s"
    )
    building, second = (one(owner, towers, g=grid, n=number) for number in (0, 1))
    doors = "SELECT id FROM gridmap.place WHERE parent_id = %(b)s ORDER BY id LIMIT 1 OFFSET %(n)s"
    first_door, second_door = (one(owner, doors, b=second, n=number) for number in (0, 1))
    owner.execute(
        "DELETE FROM gridmap.assignment WHERE role = 'building_manager' AND place_id = ANY (%s)",
        ([building, first_door, second_door],),
    )
    always, past, later = "[2025-01-01,)", "[2025-01-01,2025-10-01)", "[2027-01-01,)"
    assign(owner, 9201, made["micro_person"], ids["micro_grid"], "grid_worker", always)
    assign(owner, 9202, made["grid_person"], ids["other_grid"], "peace_volunteer", always)
    assign(owner, 9203, made["building_person"], building, "building_manager", always)
    assign(owner, 9204, made["estate_person"], ids["estate"], "property_head", always, primary=False)
    assign(owner, 9205, made["roaming_person"], first_door, "building_manager", always)
    assign(owner, 9206, made["former_person"], second_door, "building_manager", past)
    assign(owner, 9207, made["coming_person"], second_door, "building_manager", later)
    assign(owner, 9208, made["estate_person"], second_door, "stairwell_leader", "[2026-03-16T23:59:59.5+08:00,)",
           primary=False)  # fmt: skip
    # known to the manager of the first door, who still must not see that he has the second one
    assign(owner, 9209, made["building_person"], second, "building_manager", always, primary=False)
    assign(owner, 9210, made["building_person"], second_door, "building_manager", "[2025-10-01,2027-01-01)")
    return made | {"building": building, "second_building": second, "door": first_door, "second_door": second_door}


def add_operations(owner: Owner, ids: Mapping[str, int]) -> None:
    """Absences of every kind, files, imports, jobs and submissions, so that no table with row security is empty."""
    now, over = "[2026-03-01,2026-04-01)", "[2026-02-01,2026-03-16T09:00+08:00)"
    for serial, person, substitute, valid in (
        (9301, "building_person", None, now),
        (9302, "roaming_person", "stand_in_person", now),
        (9303, "estate_person", "stand_in_person", over),
        (9304, "grid_person", "stand_in_person", "[2026-03-16T09:00:00.000001+08:00,)"),
        # who is stood in for stands in for somebody in turn
        (9305, "micro_person", "roaming_person", now),
    ):
        owner.execute(
            "INSERT INTO gridmap.absence (street_id, id, person_id, substitute_id, valid, community_id, grid_id)"
            " SELECT street_id, (10001::bigint << 32) + %s, id, %s, %s, community_id, grid_id"
            " FROM gridmap.person WHERE id = %s",
            (serial, ids[substitute] if substitute else None, valid, ids[person]),
        )
    for number, (street, place) in enumerate(((STREET, ids["building"]), (STREET, ids["of_the_street"]))):
        owner.execute(
            "INSERT INTO gridmap.file (street_id, sha256, media_type, size, community_id, grid_id, account_id)"
            " SELECT street_id, %s, 'image/jpeg', 1, community_id, grid_id, NULL FROM gridmap.place WHERE id = %s",
            (hashlib.sha256(bytes([number])).digest(), place),
        )
        owner.execute(
            "INSERT INTO gridmap.import_run (kind, file_name, sha256, street_id) VALUES ('people', 'f', '', %s)",
            (street if number else OTHER_STREET,),
        )
    for number, (place, giver, receiver) in enumerate(
        (("building", "building_person", "stand_in_person"), ("of_the_street", "grid_person", "roaming_person"))
    ):
        values = {"number": 9_400 + number, "place": ids[place], "giver": ids[giver], "receiver": ids[receiver]}
        for statement in GIVEN:
            owner.execute(statement, values)


CHANGED = (
    "INSERT INTO gridmap.assignment_change (street_id, id, kind, why, starts_at, business_at, places, community_id,"
    " grid_id, estate_id) SELECT street_id, (10001::bigint << 32) + %(number)s, 'hand_over', 'why', now(), now(), 1,"
    " community_id, grid_id, estate_id FROM gridmap.place WHERE id = %(place)s"
)
MOVED_ON = (
    "INSERT INTO gridmap.assignment_move (street_id, change_id, number, place_id, role, is_primary, before_id,"
    " before_person_id, after_id, after_person_id, community_id, grid_id, estate_id) SELECT street_id,"
    " (10001::bigint << 32) + %(number)s, 0, id, 'building_manager', true, 1, %(giver)s, 2, %(receiver)s, community_id,"
    " grid_id, estate_id FROM gridmap.place WHERE id = %(place)s"
)
TOLD = (
    "INSERT INTO gridmap.hand_over (street_id, change_id, from_person_id, to_person_id, note, places, starts_at,"
    " community_id, grid_id, estate_id) SELECT street_id, (10001::bigint << 32) + %(number)s, %(giver)s, %(receiver)s,"
    " 'note', 1, now(), community_id, grid_id, estate_id FROM gridmap.place WHERE id = %(place)s"
)
GIVEN = (CHANGED, MOVED_ON, TOLD)
"""A change handed over at a place: its row, what it did, what was told."""


def add_accounts(owner: Owner, ids: Mapping[str, int]) -> None:
    """The accounts of the table above."""
    for username, (is_disabled, person, grants) in ACCOUNTS.items():
        account = one(
            owner, "INSERT INTO gridmap.account (username, title, person_id, disabled_at)"
            " VALUES (%(u)s, %(u)s, %(p)s, CASE WHEN %(d)s THEN now() END) RETURNING id",
            u=username, p=ids[person] if person else None, d=is_disabled,
        )  # fmt: skip
        for role, level, target, start, end in grants:
            identity = ids.get(target)
            street = identity if level == "street" else STREET if level == "held" else ((identity or 0) >> 32) or None
            owner.execute(
                "INSERT INTO gridmap.account_grant"
                " (account_id, role, level, street_id, target_id, organisation_id, valid)"
                " VALUES (%s, %s, %s, %s, %s, %s, tstzrange(%s, %s))",
                (
                    account,
                    role,
                    level,
                    None if level in ("city", "organisation") else street,
                    identity if level in ("community", "grid", "estate") else None,
                    identity if level == "organisation" else None,
                    start,
                    end,
                ),
            )
        owner.execute("INSERT INTO gridmap.job (kind, account_id) VALUES ('nothing', %s)", (account,))


CASES = """
INSERT INTO gridmap.incident (street_id, id, number, kind, severity, state, source, text, place_id, geom, reported_at,
  received_at, level_since, changed_at, limit_minutes, clock, due_at, running_since, reporter_account_id, community_id,
  grid_id, micro_grid_id, estate_id)
SELECT p.street_id, p.id + 3000000000, 'N' || p.id, (ARRAY['03001', '10001', '05002'])[1 + p.id % 3], 2, 'reported',
  'patrol', CASE WHEN p.id % 3 <> 1 THEN 'words' END, CASE WHEN p.id % 4 > 0 THEN p.id END,
  public.st_pointonsurface(p.geom), at, at, at, at, 960, 'working', at + interval '2 days', at,
  (SELECT id FROM gridmap.account a WHERE a.username = (ARRAY['worker', 'company', 'micro_worker', 'leader',
    'other_leader'])[1 + (p.id / 4) % 5]), p.community_id, p.grid_id, p.micro_grid_id, p.estate_id
FROM gridmap.place p, (VALUES (timestamptz '2026-03-12 10:00+08')) AS t (at)
WHERE p.id % 29 = 0 OR p.kind IN ('estate', 'grid')
"""
BESIDE = """
INSERT INTO gridmap.party (street_id, incident_id, organisation_id, role, since, until)
SELECT i.street_id, i.id, %(company)s, 'lead', i.reported_at, CASE WHEN i.id %% 5 = 0 THEN i.reported_at END
FROM gridmap.incident i WHERE i.number LIKE 'N%%' AND i.id %% 3 = 0 AND i.street_id = 10001;
INSERT INTO gridmap.party (street_id, incident_id, organisation_id, role, since)
SELECT i.street_id, i.id, p.id, 'support', i.reported_at FROM gridmap.incident i, LATERAL (
  SELECT e.property_id AS id FROM gridmap.estate e WHERE e.street_id = i.street_id AND e.property_id IS NOT NULL
  ORDER BY (e.place_id + i.id) %% 11 LIMIT 1) p
WHERE i.number LIKE 'N%%' AND i.id %% 4 = 0 AND p.id <> %(company)s;
INSERT INTO gridmap.transition (street_id, id, incident_id, turn, action, to_state, at, account_id, used_minutes,
  stage_minutes, level)
SELECT street_id, id, id, 1, 'report', 'reported', reported_at, reporter_account_id, 0, 0, 'grid' FROM gridmap.incident
WHERE number LIKE 'N%%';
INSERT INTO gridmap.incident_contact (street_id, incident_id, name, phone, words, account_id)
SELECT street_id, id, 'c' || id || 'x', '13912345678', CASE WHEN kind = '10001' THEN 'words' END, reporter_account_id
FROM gridmap.incident WHERE number LIKE 'N%%' AND (id %% 2 = 0 OR kind = '10001');
INSERT INTO gridmap.file (street_id, sha256, media_type, size, parties)
SELECT street_id, sha256(('case' || id)::bytea), 'image/jpeg', 1, '{}' FROM gridmap.incident
WHERE number LIKE 'N%%' AND id %% 3 = 0;
INSERT INTO gridmap.incident_photo (street_id, incident_id, stage, number, sha256, account_id, at)
SELECT street_id, id, 'reported', 1, sha256(('case' || id)::bytea), reporter_account_id, reported_at
FROM gridmap.incident WHERE number LIKE 'N%%' AND id %% 3 = 0;
INSERT INTO gridmap.notice (street_id, id, account_id, incident_id, kind, at)
SELECT street_id, id, reporter_account_id, id, 'registered', reported_at FROM gridmap.incident
WHERE number LIKE 'N%%' AND reporter_account_id IS NOT NULL;
INSERT INTO gridmap.incident_taker (street_id, kind, organisation_id)
SELECT id, '17001', %(company)s FROM gridmap.street ON CONFLICT DO NOTHING;
INSERT INTO gridmap.answer_template (street_id, id, title, body, changed_at)
SELECT id, (id::bigint << 32) + 9600, 't', 'b', now() FROM gridmap.street;
SELECT gridmap.follow_incidents(street_id, array_agg(id)) FROM gridmap.incident GROUP BY street_id;
"""


def add_cases(owner: Owner, ids: Mapping[str, int]) -> dict[str, int]:
    """Cases at places of every kind and at bare points, some given to companies, some reported from elsewhere."""
    owner.execute(CASES)
    for statement in BESIDE.strip().removesuffix(";").split(";\n"):
        owner.execute(statement, {"company": ids["company"]})
    of_mine = "SELECT min(id) FROM gridmap.incident WHERE number LIKE 'N%%' AND street_id = %(s)s"
    return {
        "given_case": one(owner, f"{of_mine} AND %(c)s = ANY (parties)", s=STREET, c=ids["company"]),
        "kept_case": one(owner, f"{of_mine} AND parties = '{{}}'", s=STREET),
        "far_case": one(owner, of_mine, s=OTHER_STREET),
    }


FAR_CAR = "SELECT min(id) FROM gridmap.vehicle WHERE street_id = %(s)s"
SAID = """
INSERT INTO gridmap.reception (street_id, id, community_id, held_on, changed_at)
SELECT street_id, id + 3000000000, id, '2026-03-15', now() FROM gridmap.community;
INSERT INTO gridmap.diary (street_id, id, channel, text, is_private, place_id, at, account_id, outcome, incident_id,
  reception_id, turn, community_id, grid_id, micro_grid_id, estate_id, changed_at)
SELECT p.street_id, p.id + 3000000000, CASE WHEN r.id IS NULL THEN 'phone' ELSE 'reception' END,
  CASE WHEN p.id % 5 > 0 THEN 'words' END, p.id % 5 = 0, p.id, timestamptz '2026-03-12 10:00+08',
  (SELECT id FROM gridmap.account a WHERE a.username = (ARRAY['worker', 'company', 'micro_worker', 'leader',
    'other_leader'])[1 + (p.id / 4) % 5]), CASE WHEN i.id IS NULL THEN NULL ELSE 'case' END, i.id, r.id,
  CASE WHEN r.id IS NOT NULL THEN row_number() OVER (PARTITION BY r.id ORDER BY p.id) END,
  p.community_id, p.grid_id, p.micro_grid_id, p.estate_id, now()
FROM gridmap.place p
LEFT JOIN gridmap.incident i ON i.street_id = p.street_id AND i.place_id = p.id AND i.number LIKE 'N%' AND p.id % 2 = 0
LEFT JOIN gridmap.reception r ON r.street_id = p.street_id AND r.community_id = p.community_id AND p.id % 3 = 0
WHERE p.id % 31 = 0 OR p.kind IN ('estate', 'grid');
INSERT INTO gridmap.diary_contact (street_id, diary_id, name, phone, words, account_id, place_id, community_id,
  grid_id, micro_grid_id, estate_id)
SELECT street_id, id, 'c' || id || 'x', '13912345678', CASE WHEN is_private THEN 'words' END, account_id, place_id,
  community_id, grid_id, micro_grid_id, estate_id FROM gridmap.diary;
INSERT INTO gridmap.hotline_mapping (street_id, id, name, columns, headings, changed_at)
SELECT id, (id::bigint << 32) + 9700, '12345', '{"number": "n", "phone": "p"}', '{n,p}', now() FROM gridmap.street;
INSERT INTO gridmap.import_run (kind, file_name, sha256, street_id)
SELECT 'facilities', 'brought', '', id FROM gridmap.street;
INSERT INTO gridmap.upload (street_id, id, account_id, file_name, sha256, size, sent_at)
SELECT id, (id::bigint << 32) + 9800, 1, 'brought', '', 1, now() FROM gridmap.street;
INSERT INTO gridmap.import_row (street_id, run_id, relation, row_id, revision)
SELECT street_id, id, 'place', 7, 1 FROM gridmap.import_run WHERE file_name = 'brought';
INSERT INTO gridmap.unplaced (street_id, id, run_id, kind, digest, cells, name, file_row, reason)
SELECT street_id, (street_id::bigint << 32) + 9900, id, 'facilities', 'd',
  '{"attributes": {"name": "n", "address": "a"}}', 'n', 1, 'outside'
FROM gridmap.import_run WHERE file_name = 'brought';
INSERT INTO gridmap.import_source (street_id, kind, source, columns, changed_at)
SELECT id, 'estates', 's', '{"name": "n"}', now() FROM gridmap.street;
INSERT INTO gridmap.hotline_order (street_id, id, number, received_at, raw, cells, caller, phone, address, text, kind,
  state, problem, near, place_id, incident_id, mapping_id, community_id, grid_id, micro_grid_id, estate_id, changed_at)
SELECT i.street_id, i.id + 500000000, i.number, i.reported_at, '{"p": "13912345678"}',
  '{"n": "1", "p": "139****5678"}', 'c' || i.id || 'x', '13912345678', 'a', 'words', i.kind,
  CASE WHEN i.id % 7 = 0 THEN 'queued' ELSE 'placed' END, CASE WHEN i.id % 7 = 0 THEN 'unknown' END,
  CASE WHEN i.id % 7 = 0 AND i.place_id IS NOT NULL THEN ARRAY[i.place_id] ELSE '{}' END,
  CASE WHEN i.id % 7 > 0 THEN i.place_id END, CASE WHEN i.id % 7 > 0 THEN i.id END,
  (i.street_id::bigint << 32) + 9700, CASE WHEN i.id % 7 > 0 THEN i.community_id END,
  CASE WHEN i.id % 7 > 0 THEN i.grid_id END, CASE WHEN i.id % 7 > 0 THEN i.micro_grid_id END,
  CASE WHEN i.id % 7 > 0 THEN i.estate_id END, now()
FROM gridmap.incident i WHERE i.number LIKE 'N%';
INSERT INTO gridmap.ebike_count (street_id, place_id, counted_on, bikes, chargers, community_id, grid_id,
  micro_grid_id, estate_id, changed_at)
SELECT street_id, id, '2026-03-10', id % 40, id % 7, community_id, grid_id, micro_grid_id, estate_id, now()
FROM gridmap.place WHERE kind = 'stairwell' AND id % 3 > 0
"""


def add_diary(owner: Owner, ids: Mapping[str, int]) -> dict[str, int]:
    """Entries of the diary, reception days, orders of the hotline and counts of e-bikes, at places of every kind."""
    for statement in SAID.strip().split(";\n"):
        owner.execute(statement)
    orders = "SELECT min(id) FROM gridmap.hotline_order WHERE street_id = %(s)s AND state = %(state)s"
    estate = "SELECT min(estate_id) FROM gridmap.ebike_count WHERE street_id = %(s)s AND estate_id IS NOT NULL"
    return {
        "reception": ids["huayuan"] + 3_000_000_000,
        "far_reception": ids["far_community"] + 3_000_000_000,
        "entry": ids["estate"] + 3_000_000_000,
        "grid_entry": ids["other_grid"] + 3_000_000_000,
        "queued_order": one(owner, orders, s=STREET, state="queued"),
        "placed_order": one(owner, orders, s=STREET, state="placed"),
        "far_order": one(owner, orders, s=OTHER_STREET, state="placed"),
        "counted_estate": one(owner, estate, s=STREET),
        "counted_door": one(owner, "SELECT min(place_id) FROM gridmap.ebike_count WHERE street_id = %(s)s", s=STREET),
    }


def betray_names(owner: Owner) -> None:
    """Every name becomes a token of its row: p place, n person, c clear name, m community, o organisation, k kept."""
    owner.execute("UPDATE gridmap.place SET name = 'p' || id || 'x', initials = NULL")
    owner.execute(
        "UPDATE gridmap.person SET display_name = 'n' || id || 'x', initials = 'n' || id || 'x',"
        " name = 'c' || id || 'x', phone = '139' || lpad((id & 4294967295)::text, 8, '0')"
    )
    owner.execute("UPDATE gridmap.community SET name = 'm' || id || 'x', initials = NULL, aliases = '{}'")
    owner.execute(
        "UPDATE gridmap.place SET extra = jsonb_build_object('KEPT', 'k' || id || 'x', 'Length', id / 7.0, 'yes', true)"
        " WHERE id % 3 > 0"
    )
    for table in ("district", "street", "community", "basemap"):
        owner.execute(f"""UPDATE gridmap.{table} SET extra = '{{"旧名": "甲", "n": 1.50, "list": [1, null]}}'""")
    owner.execute("UPDATE gridmap.organisation SET name = 'o' || id || 'x'")


def add_tokens(owner: Owner) -> dict[str, str]:
    """A token for each account, and a session for each that nobody may see but the account itself."""
    secrets: dict[str, str] = {}
    for row in owner.execute("SELECT id, username FROM gridmap.account").fetchall():
        username = str(row["username"])
        secrets[username] = f"secret of {username}"
        for table, label in (("api_token", "name"), ("session", "device")):
            owner.execute(
                f"INSERT INTO gridmap.{table} (account_id, token_hash, {label}, created_at, expires_at)"
                " VALUES (%s, %s, 'test', now(), now() + interval '1 day')",
                (row["id"], hashlib.sha256(secrets[username].encode()).digest()),
            )
    return secrets
