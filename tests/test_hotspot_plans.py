"""How hotspots and the map of parking are read in a city of many streets: by indexes, never a table from end to end."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import psycopg
import pytest

from gridmap.db import SYSTEM, Database
from gridmap.hotspots import Spell, ground
from gridmap.layer import Role
from gridmap.read import Asked
from gridmap.read.hotspots import behind, runs, spots
from gridmap.read.parking import zone_map
from gridmap.read.select import values_for
from gridmap.scope import Reach, Viewer
from tests.conftest import Base
from tests.parking_town import at

STREETS, ZONES, EVENINGS, WEEKS, CASES = 25, 40, 60, 53, 400
"""Streets; zones of each, evenings of each zone; searches of a year for each main subject; incidents of a street."""
FIRST = 101
SPELL = Spell.before(date(2026, 3, 16))
BIG = {"hotspot_run", "hotspot", "hotspot_unit", "violation", "vehicle_count", "zone_stay", "place", "incident"}
FILL = """
INSERT INTO gridmap.city (code, name) VALUES ('1', 'a');
INSERT INTO gridmap.district (city_id, code, name) SELECT id, '1', 'a' FROM gridmap.city;
INSERT INTO gridmap.street (id, district_id, code, name) OVERRIDING SYSTEM VALUE
SELECT s, (SELECT id FROM gridmap.district), s::text, 's' FROM generate_series({first}, {first} + {streets} - 1) s;
INSERT INTO gridmap.community (street_id, id, code, name)
SELECT s.id, (s.id::bigint << 32) + c, lpad((s.id * 10 + c)::text, 12, '0'), 'c'
FROM gridmap.street s, generate_series(1, 4) c;
INSERT INTO gridmap.place (street_id, id, kind, code, name, community_id, geom)
SELECT s.id, (s.id::bigint << 32) + 1000 * k + n, (ARRAY['zone', 'building'])[k], 'p' || k || n, 'p',
  (s.id::bigint << 32) + 1 + n % 4,
  ST_SetSRID(ST_MakePoint(113 + s.id % 5 / 20.0 + n % 7 / 700.0, 22 + n / 5000.0), 4326)
FROM gridmap.street s, generate_series(1, {zones}) n, generate_series(1, 2) k;
INSERT INTO gridmap.zone (street_id, place_id, capacity)
SELECT street_id, id, 40 FROM gridmap.place WHERE kind = 'zone';
INSERT INTO gridmap.building (street_id, place_id, counted_households)
SELECT street_id, id, 40 FROM gridmap.place WHERE kind = 'building';
INSERT INTO gridmap.vehicle (street_id, id, place_id, plate_hash, plate_masked, state, last_on, community_id,
  changed_at)
SELECT street_id, id + 100000, id, sha256(id::text::bytea), 'A***88', 'free', '2026-03-15', community_id, now()
FROM gridmap.place WHERE kind = 'zone';
INSERT INTO gridmap.violation (street_id, id, vehicle_id, place_id, evening, at, account_id, community_id)
SELECT street_id, id + 1000000 * d, id, place_id, date '2026-03-16' - d * 7, now(), 1, community_id
FROM gridmap.vehicle, generate_series(1, {evenings}) d;
INSERT INTO gridmap.vehicle_count (street_id, place_id, counted_on, part, total, outside, counted_at, community_id,
  changed_at)
SELECT street_id, id, date '2026-03-16' - d * 6, part, 30, 3, now(), community_id, now()
FROM gridmap.place, generate_series(1, {evenings}) d, unnest(ARRAY['morning', 'evening']) part WHERE kind = 'zone';
INSERT INTO gridmap.zone_stay (street_id, place_id, day, cars, begun, longest_days, community_id)
SELECT street_id, id, date '2026-03-16' - d * 6, 3, 1, 3, community_id
FROM gridmap.place, generate_series(1, {evenings}) d WHERE kind = 'zone';
INSERT INTO gridmap.incident (street_id, id, number, kind, severity, source, place_id, geom, reported_at, received_at,
  level_since, changed_at, limit_minutes, clock, due_at, community_id)
SELECT p.street_id, p.id + 1000000 * n, 'N' || p.id || '-' || n, '03001', 2, 'patrol', p.id, p.geom, t, t, t, t, 960,
  'working', t, p.community_id
FROM gridmap.place p, generate_series(1, {cases} / {zones}) n,
  LATERAL (SELECT timestamptz '2026-03-15 10:00+08' - n * interval '80 days' AS t) AS r WHERE p.kind = 'building';
INSERT INTO gridmap.hotspot_run (street_id, id, subject, begins, ends, exposure, edge_m, permutations, seed, units,
  cases, unexposed, months, month_cases, found_at)
SELECT s.id, (s.id::bigint << 32) + 9000 + w * 10 + k, (ARRAY['parking_violation', 'long_stay', 'incident'])[k],
  date '2026-03-16' - w * 7 - 90, date '2026-03-16' - w * 7, 'places', 120, 299, 1, 5, 9, 1, '{{}}', '{{}}', now()
FROM gridmap.street s, generate_series(0, {weeks} - 1) w, generate_series(1, 3) k;
INSERT INTO gridmap.hotspot (street_id, id, run_id, status, number, name, observed, expected, chance, units,
  community_id, geom)
SELECT r.street_id, r.id * 100 - (r.id >> 32 << 32) * 99 + n, r.id,
  CASE WHEN n <= 5 THEN 'area' ELSE 'chance' END, CASE WHEN n <= 5 THEN n END, 'a', 9, 3.5, 0.01, 8,
  (r.street_id::bigint << 32) + 1 + n % 4,
  ST_MakeEnvelope(113 + n / 500.0, 22, 113.001 + n / 500.0, 22.001, 4326)
FROM gridmap.hotspot_run r, generate_series(1, 40) n WHERE n <= 5 OR r.ends = '2026-03-16';
INSERT INTO gridmap.hotspot_unit (street_id, hotspot_id, place_id, observed, exposure, expected, cases, is_apart,
  community_id)
SELECT h.street_id, h.id, p.id, 2, 40, 1, ARRAY[p.id + 1000000], false, p.community_id
FROM gridmap.hotspot h JOIN gridmap.hotspot_run r ON r.street_id = h.street_id AND r.id = h.run_id
JOIN gridmap.place p ON p.street_id = h.street_id
  AND p.kind = CASE WHEN r.subject = 'incident' THEN 'building' ELSE 'zone' END AND p.id % 5 = h.number - 1
WHERE h.status = 'area' AND r.ends = '2026-03-16'
"""
STREET = FIRST + 3
HERE = STREET << 32


@pytest.fixture(scope="module")
def city(empty_template: str, copy_database: Callable[[str], Base]) -> Iterator[Database]:
    base = copy_database(empty_template)
    sizes = {"streets": STREETS, "zones": ZONES, "evenings": EVENINGS, "weeks": WEEKS, "cases": CASES}
    with psycopg.connect(base.owner_url, autocommit=True) as owner:
        for statement in FILL.format(first=FIRST, **sizes).strip().split(";\n"):
            owner.execute(statement)
        owner.execute("ANALYZE")
    database = Database(base.app_url)
    yield database
    database.close()


def viewer(reach: Reach) -> Viewer:
    return Viewer(account_id=1, username="u", title="u", locale="zh", roles=frozenset({Role.LEADER}), reach=reach)


OF_STREET = viewer(Reach(streets=(STREET,), near=(STREET,)))
OF_COMMUNITY = viewer(Reach(communities=(HERE + 2,), near=(STREET,)))
OF_CITY = viewer(Reach(is_city=True))
MOST = max(ZONES * EVENINGS * 2, 3 * WEEKS * 5 + 120)
"""A street's rows of its largest table."""


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def check(connection: Any, name: str, text: str, values: dict[str, Any], most: int) -> list[str]:
    """What is wrong with the plan: a large table read from end to end, or more rows of one than a street holds."""
    row = connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", values).fetchone()
    assert row is not None
    found, top = [], row["QUERY PLAN"][0]["Plan"]
    for node in nodes(top):
        table = node.get("Relation Name")
        if table not in BIG:
            continue
        read = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        if node["Node Type"] == "Seq Scan":
            found.append(f"{name}: Seq Scan on {table}")
        if read > most:
            found.append(f"{name}: {read:.0f} rows of {table}")
    # what reads nothing proves nothing
    return found if top["Actual Rows"] else [*found, f"{name}: no rows"]


def of_hotspots(shape: tuple[str, ...]) -> dict[str, tuple[str, dict[str, Any]]]:
    return {
        "a day's searches": runs.runs_statement(shape),
        "a search": runs.run_statement(shape),
        "what was found": spots.spots_statement(shape),
        "an area": spots.spot_statement(shape),
        "ground": spots.ground_statement(shape),
        "units": behind.units_statement(shape),
        "evenings of violations": behind.evenings_statement(shape, "parking_violation"),
        "evenings of stays": behind.evenings_statement(shape, "long_stay"),
    }


RUN = HERE + 9001
VALUES: dict[str, Any] = {
    "scope_people": [], "subject": "parking_violation", "ends": SPELL.ends, "begins": SPELL.begins, "limit": 500,
    "street": STREET, "of_runs": [RUN], "of_streets": [STREET],
}  # fmt: skip


@pytest.mark.parametrize("who", [OF_STREET, OF_COMMUNITY, OF_CITY], ids=["street", "community", "city"])
def test_hotspots_are_read_by_their_indexes(city: Database, who: Viewer) -> None:
    # the second area of the newest search, which lies in the community, and one of incidents likewise
    area = HERE + 9001 * 100 + 1
    bad = []
    with city.transaction(who.prologue) as connection:
        for name, (text, constants) in of_hotspots(who.reach.shape).items():
            one = RUN if name == "a search" else area
            values = {**constants, **who.parameters, "near": list(who.reach.near), **VALUES, "id": one}
            bad += check(connection, name, text, values, MOST)
        text, constants = behind.incidents_statement(who.reach.shape)
        values = {**constants, **who.parameters, "near": list(who.reach.near), **VALUES, "id": HERE + 9003 * 100 + 1}
        bad += check(connection, "incidents", text, values, MOST)
    assert bad == []


@pytest.mark.parametrize("who", [OF_STREET, OF_COMMUNITY], ids=["street", "community"])
def test_the_newest_searches_of_a_street_are_read_without_those_of_others(city: Database, who: Viewer) -> None:
    bad = []
    with city.transaction(who.prologue) as connection:
        for name, (text, constants) in (
            ("the newest", runs.newest_statement(who.reach.shape)),
            ("days of searches", runs.ends_statement(who.reach.shape)),
        ):
            values = {**constants, **who.parameters, "near": list(who.reach.near), **VALUES}
            bad += check(connection, name, text, values, 3 * WEEKS)
    assert bad == []


def test_the_looks_of_a_night_are_counted_for_the_newest_searches_alone(city: Database) -> None:
    """A city has a year of weeks for each street; counting for each of them would grow with its square."""
    text, constants = runs.newest_statement(OF_CITY.reach.shape)
    values = {**constants, **OF_CITY.parameters, "near": [], **VALUES}
    with city.transaction(OF_CITY.prologue) as connection:
        row = connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", values).fetchone()
    counted = [
        node["Actual Loops"] for node in nodes((row or {})["QUERY PLAN"][0]["Plan"]) if node.get("Alias") == "beside"
    ]
    assert counted == [3 * STREETS]


@pytest.mark.parametrize("who", [OF_STREET, OF_COMMUNITY], ids=["street", "community"])
def test_the_map_of_parking_is_read_by_its_indexes(city: Database, who: Viewer) -> None:
    asked = Asked(as_of=at("2026-03-16", "09:00"))
    bad, shape = [], who.reach.shape
    months = {"begins": date(2025, 3, 10), "ends": date(2026, 3, 16), "street": STREET, "id": HERE + 1001}
    with city.transaction(who.prologue) as connection:
        for show, layer in zone_map.LAYERS.items():
            values = values_for(who, asked, layer) | {"limit": 50, "offset": 0, "of_zones": [HERE + 1001]}
            for name, (text, constants) in (
                ("page", zone_map.page_statement(shape, show)),
                ("classes", zone_map.count_statement(shape, show)),
                ("one", zone_map.some_statement(shape, show)),
            ):
                bad += check(connection, f"{show}, {name}", text, {**constants, **values, "of_streets": [STREET]}, MOST)
        for name, (text, constants) in (
            ("weekdays", zone_map.weekdays_statement(shape)),
            ("weeks", zone_map.weeks_statement(shape)),
        ):
            values = {**constants, **who.parameters, "scope_people": [], "near": list(who.reach.near), **months}
            bad += check(connection, name, text, values, MOST)
    assert bad == []


def test_a_search_reads_its_street_alone(city: Database) -> None:
    values = {"street": STREET, "first": SPELL.first, "ends": SPELL.ends, "kind": None}
    with city.transaction(SYSTEM) as connection:
        bad = [
            fault
            for name in ("ZONES", "BUILDINGS", "SEEN", "STAYED", "REPORTED")
            for fault in check(connection, name, getattr(ground, name), values, MOST)
        ]
    assert bad == []
