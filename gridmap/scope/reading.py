"""Finding out what an account sees: its grants, what its person holds, what its organisations manage."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from gridmap.db import SYSTEM, Database
from gridmap.db.pools import Connection
from gridmap.layer import ON_DUTY, Role
from gridmap.scope.reach import SUBTREES, Reach
from gridmap.scope.turns import Duty, duty_of, duty_told
from gridmap.scope.viewer import UNSCOPED_ROLES, Viewer

ACCOUNT = """
SELECT a.id, a.username, a.title, a.locale, a.person_id, a.must_change_password
FROM gridmap.account a WHERE a.id = %(account)s AND a.disabled_at IS NULL
"""
GRANTS = """
SELECT role, level, street_id, target_id, organisation_id
FROM gridmap.account_grant WHERE account_id = %(account)s AND valid @> %(now)s::timestamptz
"""
STANDS_IN_FOR = """
SELECT person_id FROM gridmap.absence
WHERE street_id = %(street)s AND substitute_id = %(person)s AND valid @> %(now)s::timestamptz
ORDER BY person_id
"""
PLACE = """
SELECT street_id, id AS place_id, community_id, grid_id, micro_grid_id, estate_id FROM gridmap.place
WHERE street_id = %s AND id = %s
"""
HELD = """
WITH held AS (
  SELECT p.* FROM gridmap.assignment a
  JOIN gridmap.place p ON p.street_id = a.street_id AND p.id = a.place_id
  WHERE a.street_id = %(street)s AND a.person_id = ANY (%(people)s) AND a.valid @> %(now)s::timestamptz
)
SELECT kind, id FROM held
UNION SELECT 'stairwell', c.id FROM held JOIN gridmap.place c ON c.street_id = held.street_id AND c.parent_id = held.id
  WHERE held.kind = 'building'
UNION SELECT 'around', unnest(ARRAY[parent_id, grid_id, micro_grid_id, estate_id]) FROM held
  WHERE kind IN ('building', 'stairwell', 'facility', 'zone')
"""
MANAGED = """
SELECT e.street_id, e.place_id FROM gridmap.estate e WHERE e.property_id = ANY (%(organisations)s)
UNION
SELECT o.street_id, o.place_id FROM gridmap.organisation_place o
JOIN gridmap.place p ON p.street_id = o.street_id AND p.id = o.place_id AND p.kind = 'estate'
WHERE o.organisation_id = ANY (%(organisations)s) AND o.valid @> %(now)s::timestamptz::date
"""
WHERE_KNOWN = """
SELECT street_id FROM gridmap.organisation WHERE id = ANY (%(organisations)s) AND street_id IS NOT NULL
UNION
SELECT street_id FROM gridmap.party WHERE organisation_id = ANY (%(organisations)s) AND until IS NULL
"""
SUB_ESTATES = """
SELECT id FROM gridmap.place WHERE street_id = ANY (%(streets)s) AND kind = 'estate' AND parent_id = ANY (%(estates)s)
"""
PEOPLE = """
SELECT DISTINCT a.person_id
FROM gridmap.assignment a JOIN gridmap.person p ON p.street_id = a.street_id AND p.id = a.person_id
WHERE a.street_id = ANY (%(near)s)
  AND (a.community_id = ANY (%(communities)s) OR a.grid_id = ANY (%(grids)s) OR a.micro_grid_id = ANY (%(grids)s)
       OR a.estate_id = ANY (%(estates)s) OR a.place_id = ANY (%(places)s))
  AND NOT (p.street_id = ANY (%(streets)s) OR coalesce(p.community_id = ANY (%(communities)s), false))
"""


class UnknownAccount(Exception):
    """The account does not exist, is disabled, or holds no grant that is valid now."""


def viewer_of(database: Database, account_id: int, now: datetime) -> Viewer:
    """The account's Viewer at the business time `now`. Raises UnknownAccount where there is nothing to see with.

    Reads as the system, since sight is what it finds out; nothing but the Viewer leaves it.
    """
    with database.transaction(SYSTEM) as connection:
        values = {"account": account_id, "now": now}
        account = connection.execute(ACCOUNT, values).fetchone()
        grants = connection.execute(GRANTS, values).fetchall()
        if account is None or not grants:
            raise UnknownAccount(account_id)
        roles = frozenset(Role(grant["role"]) for grant in grants)
        reading = [grant for grant in grants if len(roles) == 1 or Role(grant["role"]) not in UNSCOPED_ROLES]
        person = account["person_id"]
        away = _stood_in_for(connection, reading, person, now)
        duty = _duty(connection, reading, person, now)
        return Viewer(
            account_id=account["id"],
            username=account["username"],
            title=account["title"],
            locale=account["locale"],
            person_id=person,
            stands_in_for=away,
            must_change_password=account["must_change_password"],
            takes_turns=_takes_turns(reading),
            changes_at=duty.changes_at,
            roles=roles,
            reach=_reach(connection, reading, person, away, duty, now),
        )


def viewer_telling(
    database: Database, viewer: Viewer, place_id: int, told_at: datetime | None, now: datetime
) -> Viewer:
    """The viewer with the zone in which they had the turn at `told_at`, if they see it no more at the time `now`.

    For the one transaction that writes down what was counted or seen then: nothing that it reads may be shown. The
    viewer itself comes back where they see the zone anyway, had no turn there then, or tell of no moment.
    """
    if told_at is None or not viewer.takes_turns or viewer.person_id is None:
        return viewer
    with database.transaction(SYSTEM) as connection:
        place = connection.execute(PLACE, (place_id >> 32, place_id)).fetchone()
        if place is None or viewer.reach.covers(place):
            return viewer
        had = duty_told(connection, viewer.person_id, told_at, now)
    if place_id not in had.places:
        return viewer
    added = {"places": {place_id}, "homes": {place["estate_id"]} & had.homes, "near": {place_id >> 32}}
    told: dict[str, Any] = {name: tuple(sorted(ids.union(getattr(viewer.reach, name)))) for name, ids in added.items()}
    return replace(viewer, reach=replace(viewer.reach, **told))


def area_of(
    connection: Connection,
    grants: Collection[Mapping[str, Any]],
    person: int | None,
    now: datetime,
    told_at: datetime | None = None,
) -> Reach:
    """Where somebody acts by these grants alone (rows of account_grant): what else the account sees is not in it.

    Organisations bring nothing: what they manage is seen, but nobody is on duty there by that. `told_at`: also where
    they had a turn then and may still tell what they saw.
    """
    if _is_of_city(grants):
        return Reach(is_city=True)
    away, duty = _stood_in_for(connection, grants, person, now), _duty(connection, grants, person, now)
    if told_at is not None and person is not None and _takes_turns(grants):
        had = duty_told(connection, person, told_at, now)
        duty = Duty(places=duty.places | had.places, homes=duty.homes | had.homes)
    return _reach_of(_subtrees(connection, grants, person, away, duty, now) | {"homes": set(duty.homes)})


def _is_of_city(grants: Collection[Mapping[str, Any]]) -> bool:
    return any(grant["level"] == "city" for grant in grants)


def _stood_in_for(
    connection: Connection, grants: Collection[Mapping[str, Any]], person: int | None, now: datetime
) -> tuple[int, ...]:
    """Those who are away and for whom the person stands in; not those for whom they in turn do."""
    if person is None or not any(grant["level"] == "held" for grant in grants):
        return ()
    rows = connection.execute(STANDS_IN_FOR, {"street": person >> 32, "person": person, "now": now}).fetchall()
    return tuple(row["person_id"] for row in rows)


def _takes_turns(grants: Collection[Mapping[str, Any]]) -> bool:
    return any(grant["level"] == "rota" for grant in grants)


def _duty(connection: Connection, grants: Collection[Mapping[str, Any]], person: int | None, now: datetime) -> Duty:
    """What the person has duty for now; nobody has that of those for whom they stand in: turns are swapped."""
    if person is None or _is_of_city(grants) or not _takes_turns(grants):
        return Duty()
    return duty_of(connection, person, now)


def _reach_of(found: Mapping[str, Collection[int]]) -> Reach:
    """A reach of these ids, by the names of its fields."""
    return Reach(is_city=False, **{name: tuple(sorted(ids)) for name, ids in found.items()})


def _reach(
    connection: Connection,
    grants: list[dict[str, Any]],
    person: int | None,
    away: tuple[int, ...],
    duty: Duty,
    now: datetime,
) -> Reach:
    if _is_of_city(grants):
        return Reach(is_city=True)
    found = _subtrees(connection, grants, person, away, duty, now)
    organisations = sorted({grant["organisation_id"] for grant in grants if grant["level"] == "organisation"})
    managed = _managed(connection, organisations, now) - found["estates"]
    found["estates"] |= managed
    near = _streets_of(found) | _streets_where_known(connection, organisations)
    people = {person} if person is not None else set()
    # who is not told who is responsible need not know those who come from elsewhere: a company may manage thousands
    if {Role(grant["role"]) for grant in grants} <= ON_DUTY:
        people |= _people_in(connection, found, near)
    beside = {"organisations": organisations, "managed": managed, "homes": duty.homes, "people": people, "near": near}
    return _reach_of({**found, **beside})


def _subtrees(
    connection: Connection,
    grants: Collection[Mapping[str, Any]],
    person: int | None,
    away: tuple[int, ...],
    duty: Duty,
    now: datetime,
) -> dict[str, set[int]]:
    """What the grants name themselves, what is held, with the sub-estates of its estates, and what duty is had for."""
    found: dict[str, set[int]] = {name: set() for name in SUBTREES}
    found["places"] |= duty.places
    plural = {"community": "communities", "grid": "grids", "estate": "estates"}
    for grant in grants:
        if grant["level"] == "street":
            found["streets"].add(grant["street_id"])
        elif grant["level"] in plural:
            found[plural[grant["level"]]].add(grant["target_id"])
    if person is not None and any(grant["level"] == "held" for grant in grants):
        _add_held(connection, found, (person, *away), now)
    _add_sub_estates(connection, found["estates"])
    return found


def _managed(connection: Connection, organisations: list[int], now: datetime) -> set[int]:
    if not organisations:
        return set()
    rows = connection.execute(MANAGED, {"organisations": organisations, "now": now}).fetchall()
    estates = {row["place_id"] for row in rows}
    _add_sub_estates(connection, estates)
    return estates


def _add_sub_estates(connection: Connection, estates: set[int]) -> None:
    if estates:
        streets = sorted({identity >> 32 for identity in estates})
        rows = connection.execute(SUB_ESTATES, {"streets": streets, "estates": list(estates)}).fetchall()
        estates.update(row["id"] for row in rows)


def _add_held(connection: Connection, found: dict[str, set[int]], people: tuple[int, ...], now: datetime) -> None:
    rows = connection.execute(HELD, {"street": people[0] >> 32, "people": list(people), "now": now}).fetchall()
    kinds = {"grid": "grids", "estate": "estates"}
    for row in rows:
        if row["id"] is not None:
            found[kinds.get(row["kind"], "places")].add(row["id"])


def _streets_of(found: Mapping[str, set[int]]) -> set[int]:
    others = {identity >> 32 for name, ids in found.items() if name != "streets" for identity in ids}
    return found["streets"] | others


def _streets_where_known(connection: Connection, organisations: list[int]) -> set[int]:
    if not organisations:
        return set()
    rows = connection.execute(WHERE_KNOWN, {"organisations": organisations}).fetchall()
    return {row["street_id"] for row in rows}


def _people_in(connection: Connection, found: Mapping[str, set[int]], near: set[int]) -> set[int]:
    if not any(found[name] for name in found if name != "streets"):
        return set()
    ids = {name: sorted(found[name]) for name in found}
    rows = connection.execute(PEOPLE, {**ids, "near": sorted(near)}).fetchall()
    return {row["person_id"] for row in rows}
