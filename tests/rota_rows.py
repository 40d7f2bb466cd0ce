"""Rotas to look for leaks in: for a world one with its turn now, one far away, a patrol; and one at every place."""

from collections.abc import Callable, Mapping
from typing import Any

import psycopg

TODAY, TOMORROW = "2026-03-16", "2026-03-17"
ROTA = """
INSERT INTO gridmap.rota (street_id, id, kind, name, begins, ends, valid, place_id, people, community_id, grid_id,
  micro_grid_id, estate_id, changed_at)
SELECT street_id, (street_id::bigint << 32) + %(serial)s, %(kind)s, 'rota', '08:30', '12:00', '[2026-01-01,)', id,
  %(people)s, community_id, grid_id, micro_grid_id, estate_id, now()
FROM gridmap.place WHERE id = %(place)s RETURNING id
"""
REACH = "place_id, people, community_id, grid_id, micro_grid_id, estate_id"
MEMBERS = f"""
INSERT INTO gridmap.rota_member (street_id, id, rota_id, person_id, valid, changed_at, {REACH})
SELECT street_id, id + 100 + row_number() OVER (), id, p, '[2026-01-01,)', now(), {REACH}
FROM gridmap.rota, unnest(people) p WHERE id = %(rota)s
"""
TURN = f"""
INSERT INTO gridmap.rota_turn (street_id, id, rota_id, day, starts_at, ends_at, needed, missing, changed_at, {REACH})
SELECT street_id, id + %(number)s, id, (%(day)s::text)::date, (%(day)s::text || ' 08:30+08')::timestamptz,
  (%(day)s::text || ' 12:00+08')::timestamptz, 1, 0, now(), {REACH}
FROM gridmap.rota WHERE id = %(rota)s RETURNING id
"""
HOLDER = f"""
INSERT INTO gridmap.rota_holder (street_id, id, rota_id, turn_id, person_id, day, during, origin, given_at, {REACH})
SELECT street_id, id + 20, rota_id, id, %(person)s, day, tstzrange(starts_at, ends_at), 'planned', now(), {REACH}
FROM gridmap.rota_turn WHERE id = %(turn)s
"""
SWAP = f"""
INSERT INTO gridmap.rota_swap (street_id, id, rota_id, turn_id, giver_id, taker_id, asked_at, changed_at, {REACH})
SELECT street_id, id + 40, rota_id, id, %(giver)s, %(taker)s, now(), now(), {REACH}
FROM gridmap.rota_turn WHERE id = %(turn)s
"""
LINK = """
INSERT INTO gridmap.rota_link (street_id, id, person_id, account_id, created_at, expires_at)
SELECT street_id, id + 5000000, id, 1, now(), now() + interval '1 year' FROM gridmap.person WHERE id = ANY (%s)
"""


EVERYWHERE = f"""
INSERT INTO gridmap.rota (street_id, id, kind, name, begins, ends, valid, place_id, people, community_id, grid_id,
  micro_grid_id, estate_id, changed_at)
SELECT p.street_id, p.id, 'patrol', 'rota', '08:30', '12:00', '[2026-01-01,)', p.id, ARRAY(
    SELECT n.id FROM gridmap.person n WHERE n.street_id = p.street_id ORDER BY (n.id + p.id) % 7, n.id LIMIT 2),
  p.community_id, p.grid_id, p.micro_grid_id, p.estate_id, now()
FROM gridmap.place p;
INSERT INTO gridmap.rota_member (street_id, id, rota_id, person_id, valid, changed_at, {REACH})
SELECT street_id, id, id, people[1], '[2026-01-01,)', now(), {REACH} FROM gridmap.rota;
INSERT INTO gridmap.rota_turn (street_id, id, rota_id, day, starts_at, ends_at, needed, missing, changed_at, {REACH})
SELECT street_id, id, id, day, day + interval '8 hours', day + interval '12 hours', 1, 0, now(), {REACH}
FROM (SELECT *, date '2026-03-16' + (id % 10000)::integer AS day FROM gridmap.rota) one_day_each;
INSERT INTO gridmap.rota_holder (street_id, id, rota_id, turn_id, person_id, day, during, origin, given_at, {REACH})
SELECT street_id, id, rota_id, id, people[1], day, tstzrange(starts_at, ends_at), 'planned', now(), {REACH}
FROM gridmap.rota_turn;
INSERT INTO gridmap.rota_swap (street_id, id, rota_id, turn_id, giver_id, taker_id, asked_at, changed_at, {REACH})
SELECT street_id, id, rota_id, id, people[1], people[2], now(), now(), {REACH} FROM gridmap.rota_turn;
INSERT INTO gridmap.rota_link (street_id, id, person_id, account_id, created_at, expires_at)
SELECT street_id, id, id, 1, now(), now() + interval '1 year' FROM gridmap.person
"""


def fill_rotas_everywhere(owner: "psycopg.Connection[Any]") -> None:
    """A rota of two people at every place, with one evening on a day of its own, and a swap that somebody asked for."""
    for statement in EVERYWHERE.strip().split(";\n"):
        owner.execute(statement)


def fill_rotas(
    owner: "psycopg.Connection[Any]", ids: Mapping[str, int], add_person: Callable[..., int]
) -> dict[str, int]:
    """Write them, with the people who have duty now and who have it tomorrow; the ids that tests speak of."""

    def one(statement: str, **values: Any) -> int:
        row = owner.execute(statement, values).fetchone()
        assert row is not None, statement
        return int(row["id"])

    zone = "SELECT min(estate_id) AS id FROM gridmap.place WHERE kind = 'zone' AND street_id = %(street)s"
    estate, far_estate = (one(zone, street=ids[name]) for name in ("street", "far_street"))
    made = {
        f"{name}_person": add_person(owner, 9_600 + number, ids["huayuan"])
        for number, name in enumerate(("duty", "free", "patrol"))
    }
    far_people = "SELECT id FROM gridmap.person WHERE street_id = %s ORDER BY id LIMIT 2"
    far = [int(row["id"]) for row in owner.execute(far_people, (ids["far_street"],)).fetchall()]
    for name, serial, kind, place, people in (
        ("rota", 9_700, "parking", estate, [made["duty_person"], made["free_person"], ids["building_person"]]),
        ("far_rota", 9_700, "parking", far_estate, far),
        ("patrol_rota", 9_900, "patrol", ids["building"], [made["patrol_person"]]),
    ):
        rota = made[name] = one(ROTA, serial=serial, kind=kind, place=place, people=sorted(people))
        owner.execute(MEMBERS, {"rota": rota})
        for number, day in enumerate((TODAY, TOMORROW), start=1):
            turn = one(TURN, rota=rota, number=number, day=day)
            holder = people[(number - 1) % len(people)]
            owner.execute(HOLDER, {"turn": turn, "person": holder})
            if number == 2 and len(people) > 1:
                made[f"{name}_turn"] = turn
                owner.execute(SWAP, {"turn": turn, "giver": holder, "taker": people[0]})
    owner.execute(LINK, ([made["duty_person"], ids["building_person"]],))
    return made
