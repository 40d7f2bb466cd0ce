"""How the office's lists are read in a city of many streets: by their indexes, never a table from end to end."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from gridmap.db import Database
from gridmap.layer import Role
from gridmap.read.parking import bans, counts, course, duty, news, notices, vehicles, violations
from gridmap.read.parking.cut import Cut, Statement
from gridmap.scope import Reach, Viewer
from tests.conftest import Base
from tests.parking_town import at

STREETS, HOMES, CARS = 25, 40, 25
"""Streets, estates of each, cars of each of those."""
FIRST = 101
NOW = at("2026-03-20", "09:00")
BIG = {"vehicle", "violation", "parking_notice", "ban", "vehicle_count", "zone_stay", "place", "rota_turn"}
FILL = """
INSERT INTO gridmap.city (code, name) VALUES ('1', 'a');
INSERT INTO gridmap.district (city_id, code, name) SELECT id, '1', 'a' FROM gridmap.city;
INSERT INTO gridmap.street (id, district_id, code, name) OVERRIDING SYSTEM VALUE
SELECT s, (SELECT id FROM gridmap.district), s::text, 's' FROM generate_series({first}, {first} + {streets} - 1) s;
INSERT INTO gridmap.community (street_id, id, code, name)
SELECT s.id, (s.id::bigint << 32) + c, lpad((s.id * 10 + c)::text, 12, '0'), 'c'
FROM gridmap.street s, generate_series(1, 4) c;
INSERT INTO gridmap.place (street_id, id, kind, code, name, community_id, estate_id)
SELECT s.id, (s.id::bigint << 32) + 100 + n, 'estate', 'e' || n, 'e', (s.id::bigint << 32) + 1 + n % 4,
  (s.id::bigint << 32) + 100 + n FROM gridmap.street s, generate_series(1, {homes}) n;
INSERT INTO gridmap.place (street_id, id, kind, code, name, community_id, estate_id)
SELECT street_id, id + 1000, 'zone', 'z' || id, 'z', community_id, id FROM gridmap.place WHERE kind = 'estate';
INSERT INTO gridmap.zone (street_id, place_id, capacity)
SELECT street_id, id, 40 FROM gridmap.place WHERE kind = 'zone';
INSERT INTO gridmap.vehicle (street_id, id, place_id, plate_hash, plate_masked, state, evenings, last_on, resets_at,
  community_id, estate_id, changed_at)
SELECT p.street_id, p.id + 100000 + n * 100, p.id, sha256((p.id || ' ' || n)::bytea), 'A***88',
  CASE WHEN n % 20 = 0 THEN 'noticed' ELSE 'free' END,
  CASE WHEN n % 20 = 0 THEN '{{2026-03-19}}'::date[] ELSE '{{}}' END,
  '2026-03-19', CASE WHEN n % 20 = 0 THEN timestamptz '2026-06-01 00:00+08' END, p.community_id, p.id, now()
FROM gridmap.place p, generate_series(1, {cars}) n WHERE p.kind = 'estate';
INSERT INTO gridmap.violation (street_id, id, vehicle_id, place_id, evening, at, account_id, community_id, estate_id)
SELECT street_id, id + 1000000 * e, id, place_id + 1000, date '2026-03-20' - (e * 20 + id % 19)::int, now(), 1,
  community_id, estate_id FROM gridmap.vehicle, generate_series(0, 3) e;
INSERT INTO gridmap.parking_notice (street_id, id, vehicle_id, place_id, violation_id, number, is_last, at, account_id,
  given_how, given_at, community_id, estate_id)
SELECT street_id, id, vehicle_id, place_id, id, 1, false, at, 1, CASE WHEN id % 50 > 0 THEN 'slip' END,
  CASE WHEN id % 50 > 0 THEN evening::timestamptz END, community_id, estate_id FROM gridmap.violation;
INSERT INTO gridmap.ban (street_id, id, vehicle_id, place_id, reason, starts_at, until, proposed_by, saw, confirmed_by,
  confirmed_at, community_id, estate_id, changed_at)
SELECT street_id, id, id, place_id, 'r', timestamptz '2025-01-01 00:00+08', timestamptz '2025-06-01 00:00+08'
  + (id % 290) * interval '1 day', 1, '{{1}}', 2, now(), community_id, estate_id, now() FROM gridmap.vehicle;
INSERT INTO gridmap.vehicle_count (street_id, place_id, counted_on, part, total, outside, counted_at, community_id,
  estate_id, changed_at)
SELECT street_id, id, date '2026-03-20' - d, part, 30, 3, now(), community_id, estate_id, now()
FROM gridmap.place, generate_series(1, 60) d, unnest(ARRAY['morning', 'evening']) part WHERE kind = 'zone';
INSERT INTO gridmap.zone_stay (street_id, place_id, day, cars, begun, longest_days, community_id, estate_id)
SELECT street_id, id, date '2026-03-20' - d, 3, 0, 3, community_id, estate_id
FROM gridmap.place, generate_series(1, 60) d WHERE kind = 'zone';
INSERT INTO gridmap.rota (street_id, id, kind, name, begins, ends, valid, place_id, community_id, estate_id, changed_at)
SELECT street_id, id + 2000, 'parking', 'r', '18:00', '20:00', '[2026-01-01,)', id, community_id, id, now()
FROM gridmap.place WHERE kind = 'estate';
INSERT INTO gridmap.rota_turn (street_id, id, rota_id, day, starts_at, ends_at, needed, missing, place_id, community_id,
  estate_id, changed_at)
SELECT street_id, id + 1000000 * d, id, date '2026-02-01' + d, timestamptz '2026-02-01 18:00+08' + d * interval '1 day',
  timestamptz '2026-02-01 20:00+08' + d * interval '1 day', 1, 0, place_id, community_id, estate_id, now()
FROM gridmap.rota, generate_series(1, 60) d
"""


@pytest.fixture(scope="module")
def city(empty_template: str, copy_database: Callable[[str], Base]) -> Iterator[Database]:
    base = copy_database(empty_template)
    with psycopg.connect(base.owner_url, autocommit=True) as owner:
        for statement in FILL.format(first=FIRST, streets=STREETS, homes=HOMES, cars=CARS).strip().split(";\n"):
            owner.execute(statement)
        owner.execute("ANALYZE")
    database = Database(base.app_url)
    yield database
    database.close()


def viewer(reach: Reach) -> Viewer:
    return Viewer(account_id=1, username="u", title="u", locale="zh", roles=frozenset({Role.LEADER}), reach=reach)


OF_STREET = viewer(Reach(streets=(FIRST + 3,), near=(FIRST + 3,)))
OF_COMMUNITY = viewer(Reach(communities=(((FIRST + 3) << 32) + 2,), near=(FIRST + 3,)))
OF_CITY = viewer(Reach(is_city=True))
STREET, COMMUNITY = Cut(street=FIRST + 3), Cut(community=((FIRST + 3) << 32) + 2)
ESTATE = Cut(estate=((FIRST + 3) << 32) + 105)
VALUES: dict[str, Any] = {
    "moment": NOW, "soon": NOW + timedelta(days=14), "until": NOW, "account": 5, "start": date(2026, 3, 13),
    "end": date(2026, 3, 20), "days": [date(2026, 3, 19), date(2026, 3, 18)], "part": "evening", "limit": 51,
    "offset": 0, "only": [], "streets": [], "own": 0, "turn_streets": [FIRST + 3],
}  # fmt: skip


def statements(shape: tuple[str, ...], by: tuple[str, ...]) -> dict[str, Statement]:
    return {
        "figures of cars": vehicles.figures_statement(shape, by),
        "cars": vehicles.lines_statement(shape, by, "proposed", False),
        "figures of bans": bans.figures_statement(shape, by),
        "bans": bans.lines_statement(shape, by, "ending"),
        "days of violations": violations.count_statement(shape, by),
        "violations": violations.lines_statement(shape, by),
        "notices to give": notices.count_statement(shape, by, "to_give"),
        "notices given": notices.lines_statement(shape, by, "given"),
        "days of counts": counts.days_statement(shape, by),
        "zones": counts.zones_statement(shape, by, "missing"),
        "course": course.course_statement(shape, by),
        "duty": duty.duty_statement(shape, by),
        "news": news.news_statement(shape),
    }


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


@pytest.mark.parametrize(
    ("who", "cut"),
    [(OF_STREET, Cut()), (OF_COMMUNITY, Cut()), (OF_CITY, STREET), (OF_CITY, COMMUNITY), (OF_CITY, ESTATE)],
    ids=["leader of a street", "of a community", "city, one street", "city, one community", "city, one estate"],
)
def test_no_table_is_read_from_end_to_end(city: Database, who: Viewer, cut: Cut) -> None:
    found = []
    for name, (text, constants) in statements(who.reach.shape, cut.by).items():
        values = {
            **constants,
            **who.parameters,
            "scope_people": [],
            "near": list(who.reach.near),
            **cut.values,
            **VALUES,
        }
        with city.transaction(who.prologue) as connection:
            row = connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", values).fetchone()
        assert row is not None
        for node in nodes(row["QUERY PLAN"][0]["Plan"]):
            read = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
            if node["Node Type"] == "Seq Scan" and node["Relation Name"] in BIG:
                found.append(f"{name}: Seq Scan on {node['Relation Name']}")
            # little more than what the street holds
            if node.get("Relation Name") in BIG and read > 2 * HOMES * CARS * 4:
                found.append(f"{name}: {read:.0f} rows of {node['Relation Name']}")
    assert found == []
