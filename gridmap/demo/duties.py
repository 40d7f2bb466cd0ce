"""Twelve months of duties: what was due in the demo, what was done, what is missing and why. Set-based and repeatable.

Whether a slot was done hangs on a hash of its place, kind and month alone, ranked, so that the shares are exact.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from gridmap.clock import parse_clock
from gridmap.duties import MONTHLY_CHECKS, Rule, open_slots
from gridmap.parking.counting import DUTY as COUNT_DUTY
from gridmap.periods import Period
from gridmap.places.calendar import fill_calendar

NOW = parse_clock("2026-03-16T09:00+08:00")
TODAY = date(2026, 3, 16)
HISTORY = Period(date(2025, 3, 1), date(2026, 3, 1))
"""The twelve months that are over; the running month is opened beside."""
RUNNING = Period(date(2026, 3, 1), date(2026, 4, 1))
FIRST_ID, FIRST_COUNTING_ID = (1 << 24) - 256, (1 << 24) - 128
"""Serials of the rules: below those of live rows, above those of the demo's places."""
Wanted = tuple[Rule, dict[str, Any], dict[str, Any]]
"""A rule, what tells its street, and what it is cut to."""
HUAYUAN, GEZHOUBA, XIANGSHAN = "442000002005", "420104005013X01", "420502001012X01"
XIANGYIWAN = ("310113103031X02", "310113103031X03", "310113103031X04")
GAP_ESTATE = "442000002005X09"
"""芙蓉苑, where for months hardly anybody has looked: the persistent gap."""
BROKEN_STAIRS = 3
"""Stairwells of 葛洲坝·城市花园 whose upper floors nobody reaches."""


@dataclass(frozen=True, kw_only=True)
class Course:
    """How the slots of one rule went in the months that are over: exact numbers of all of them."""

    satisfied: int
    excused: int
    missed: int


CHECKS = Course(satisfied=8_015, excused=364, missed=729)
"""759 checks a month in 花苑, 9,108 a year: 88 %, 4 %, 8 %."""
CHECK_TITLES = {"fire_equipment": "消防设施", "roof_safety": "屋顶安全", "corridor_clutter": "楼道杂物"}
VISITED = 1_300
"""Households of 葛洲坝·城市花园 reached each month, of 1,439."""

ROUND = Rule(
    kind="butler_round",
    title="管家巡楼",
    title_en="Butler's round",
    role="property_butler",
    remind_day=20,
    sort=1,
)
"""香逸湾: 101 of 102 stairwells have a butler, so one place is due that nobody looks after."""
VISIT = Rule(
    kind="household_visit",
    title="入户走访",
    title_en="Household visit",
    role="grid_worker",
    action="household_visit",
    level="household",
    remind_day=20,
)
JOINT = Rule(
    kind="joint_inspection",
    title="联合巡查",
    title_en="Joint inspection",
    role="community_staff",
    level="estate",
    remind_day=20,
)
RECEPTION = Rule(
    kind="reception_day",
    title="群众接待日",
    title_en="Reception day",
    role="community_secretary",
    action="meeting",
    level="community",
    fixed_day=15,
    holiday_rule="next",
)
COUNT = Rule(
    kind=COUNT_DUTY,
    title="停车清点",
    title_en="Vehicle count",
    role="duty_resident",
    action="vehicle_count",
    level="zone",
    every="day",
    times=2,
    sort=2,
)
"""A duty since the running month began: before that cars were counted, but nobody was asked to."""

ADD_RULE = """
INSERT INTO gridmap.duty (street_id, id, kind, title, title_en, action, level, only_for, every, times, fixed_day,
  holiday_rule, remind_day, role, excused_by, sort, valid, source, changed_at)
VALUES (%(street_id)s, %(id)s, %(kind)s, %(title)s, %(title_en)s, %(action)s, %(level)s, %(only_for)s, %(every)s,
  %(times)s, %(fixed_day)s, %(holiday_rule)s, %(remind_day)s, %(role)s, %(excused_by)s, %(sort)s,
  daterange(%(since)s, NULL), 'demo', %(now)s)
ON CONFLICT DO NOTHING
"""
CHANCE = """
CREATE FUNCTION pg_temp.demo_chance(what text, code text, unit text, kind text, month date) RETURNS double precision
LANGUAGE sql IMMUTABLE
RETURN ('x' || left(md5(concat_ws('/', 'gridmap-demo-1', what, code, unit, kind, month)), 8))::bit(32)::bigint
  / 4294967296.0
"""
"""A number from 0 to below 1 that belongs to the words, the same on every machine."""
ANSWER = """
INSERT INTO gridmap.inspection (street_id, id, slot_id, duty_id, place_id, unit, kind, result, severity, mode, done_at,
  received_at, author_id, community_id, grid_id, micro_grid_id, estate_id)
SELECT s.street_id, s.street_id * 4294967296 + nextval('gridmap.serial'), s.slot_id, s.duty_id, s.place_id, s.unit,
  s.kind, s.result, CASE WHEN s.result = 'finding' THEN 1 + floor(s.luck * 300)::int %% 3 END,
  CASE WHEN s.result IN ('reached', 'nobody', 'refused') THEN CASE WHEN s.luck < 0.55 THEN 'door' ELSE 'phone' END END,
  s.at, s.at, (gridmap.holders_at(s.street_id, s.community_id, s.grid_id, s.micro_grid_id, s.estate_id, s.place_id,
    s.unit, s.role, s.at))[1],
  s.community_id, s.grid_id, s.micro_grid_id, s.estate_id
FROM demo_answer s ORDER BY s.at, s.slot_id
"""
SLOTS = """
CREATE TEMPORARY TABLE demo_slot ON COMMIT DROP AS
SELECT s.street_id, s.id AS slot_id, s.duty_id, s.place_id, s.unit, d.kind, d.role, d.action, s.starts_on, s.ends_on,
  s.community_id, s.grid_id, s.micro_grid_id, s.estate_id, p.code, e.code AS estate_code,
  pg_temp.demo_chance('what', p.code, s.unit, d.kind, s.starts_on) AS luck,
  pg_temp.demo_chance('when', p.code, s.unit, d.kind, s.starts_on) AS hour_luck,
  gridmap.holders_at(s.street_id, s.community_id, s.grid_id, s.micro_grid_id, s.estate_id, s.place_id, s.unit, d.role,
    gridmap.office_midnight(s.ends_on) - interval '1 second') IS NOT NULL AS is_held
FROM gridmap.slot s
JOIN gridmap.duty d ON d.street_id = s.street_id AND d.id = s.duty_id AND d.source = 'demo'
LEFT JOIN gridmap.place p ON p.street_id = s.street_id AND p.id = s.place_id
LEFT JOIN gridmap.place e ON e.street_id = s.street_id AND e.id = s.estate_id
"""
# the unlucky first: nobody there, the estate of the gap, then by chance
CHECK_COURSE = """
CREATE TEMPORARY TABLE demo_course ON COMMIT DROP AS
SELECT slot_id, CASE WHEN place <= %(missed)s THEN 'missed' WHEN place <= %(missed)s + %(excused)s THEN 'excused'
  ELSE 'satisfied' END AS course
FROM (
  SELECT slot_id, row_number() OVER (
    ORDER BY CASE WHEN NOT is_held THEN -9 ELSE luck - CASE WHEN estate_code = %(gap)s THEN 0.62 ELSE 0 END END, slot_id
  ) AS place
  FROM demo_slot WHERE kind = ANY (%(kinds)s) AND starts_on < %(running)s
) ranked
"""
EXCUSE = """
UPDATE gridmap.slot s SET excuse =
  CASE WHEN d.luck * 100 - floor(d.luck * 100) < 0.6 THEN 'construction' ELSE 'vacant' END
FROM demo_slot d JOIN demo_course c USING (slot_id)
WHERE c.course = 'excused' AND s.street_id = d.street_id AND s.id = d.slot_id
"""
ANSWERED = """
CREATE TEMPORARY TABLE demo_answer ON COMMIT DROP AS
SELECT d.*, gridmap.office_midnight(d.starts_on) + interval '8 hours'
    + (floor(d.hour_luck * 28) + CASE WHEN c.course = 'missed' AND d.hour_luck < 0.5 THEN 31 ELSE 0 END)
      * interval '1 day'
    + floor(d.luck * 600) * interval '1 minute' AS at,
  CASE WHEN c.course = 'missed' AND d.hour_luck >= 0.5 THEN 'no_access'
    WHEN d.luck * 1000 - floor(d.luck * 1000) < 0.06 THEN 'finding' ELSE 'fine' END AS result
FROM demo_slot d JOIN demo_course c USING (slot_id)
WHERE c.course = 'satisfied'
  OR (c.course = 'missed' AND d.is_held AND d.hour_luck * 100 - floor(d.hour_luck * 100) < 0.35)
UNION ALL
-- the month that runs: not quite half is done by its 16th day
SELECT d.*, gridmap.office_midnight(d.starts_on) + interval '8 hours' + floor(d.hour_luck * 14) * interval '1 day'
  + floor(d.luck * 600) * interval '1 minute',
  CASE WHEN d.luck < 0.03 THEN 'no_access' WHEN d.luck < 0.06 THEN 'finding' ELSE 'fine' END
FROM demo_slot d
WHERE d.kind = ANY (%(kinds)s) AND d.starts_on = %(running)s AND d.is_held AND d.luck < 0.47
  AND d.estate_code <> %(gap)s
UNION ALL
SELECT v.street_id, v.slot_id, v.duty_id, v.place_id, v.unit, v.kind, v.role, v.action, v.starts_on, v.ends_on,
  v.community_id, v.grid_id, v.micro_grid_id, v.estate_id, v.code, v.estate_code, v.luck, v.hour_luck, v.is_held,
  gridmap.office_midnight(v.starts_on) + interval '9 hours'
    + floor(v.hour_luck * CASE WHEN v.starts_on = %(running)s THEN 15 ELSE 28 END) * interval '1 day'
    + floor(v.luck * 600) * interval '1 minute',
  CASE WHEN v.is_reached THEN 'reached' WHEN v.luck < 0.3 THEN 'refused' ELSE 'nobody' END
FROM (
  SELECT d.*, NOT b.is_broken OR row_number() OVER (
    PARTITION BY d.starts_on, b.is_broken ORDER BY length(d.unit), d.unit, d.code
  ) <= count(*) OVER (PARTITION BY d.starts_on, b.is_broken) - %(unvisited)s AS is_reached
  FROM demo_slot d
  JOIN (
    SELECT place_id, dense_rank() OVER (ORDER BY md5(code)) <= %(broken)s AS is_broken
    FROM demo_slot WHERE kind = 'household_visit' GROUP BY place_id, code
  ) b USING (place_id)
  WHERE d.kind = 'household_visit'
) v
WHERE (v.is_reached OR v.luck < 0.5) AND (v.starts_on < %(running)s OR v.luck < 0.5)
UNION ALL
SELECT d.*, gridmap.office_midnight(d.starts_on) + interval '8 hours'
  + floor(d.hour_luck * CASE WHEN d.starts_on = %(running)s THEN 15 ELSE 28 END) * interval '1 day'
  + floor(d.luck * 600) * interval '1 minute', CASE WHEN d.luck < 0.04 THEN 'finding' ELSE 'fine' END
FROM demo_slot d
WHERE d.kind = 'butler_round' AND d.is_held AND d.luck < CASE WHEN d.starts_on = %(running)s THEN 0.6 ELSE 0.97 END
UNION ALL
SELECT d.*, gridmap.office_midnight(d.starts_on) + interval '14 days 9 hours', CASE d.action WHEN 'meeting' THEN 'done'
  WHEN 'inspection' THEN CASE WHEN d.luck < 0.5 THEN 'finding' ELSE 'fine' END END
FROM demo_slot d WHERE d.kind IN ('joint_inspection', 'reception_day') AND d.starts_on < %(running)s
"""
TIERS = """
INSERT INTO gridmap.household_tier (street_id, id, place_id, unit, tier, community_id, grid_id, micro_grid_id,
  estate_id, changed_at)
SELECT d.street_id, d.street_id * 4294967296 + nextval('gridmap.serial'), d.place_id, d.unit,
  CASE WHEN d.chance < 0.03 THEN 'key' ELSE 'attention' END,
  d.community_id, d.grid_id, d.micro_grid_id, d.estate_id, %(now)s
FROM (
  SELECT *, pg_temp.demo_chance('tier', code, unit, kind, NULL) AS chance FROM demo_slot
  WHERE kind = 'household_visit' AND starts_on = %(running)s
) d
WHERE d.chance < 0.09 ORDER BY d.code, d.unit
"""
"""Households to visit first: numbers, chosen by chance."""
SETTLE = """
SELECT street_id, gridmap.settle_slots(street_id, array_agg(slot_id ORDER BY slot_id), %(today)s) FROM demo_slot
GROUP BY street_id ORDER BY street_id
"""


def add_duties(connection: "psycopg.Connection[Any]") -> int:
    """Rules, slots and answers of the demo, as the owner, in the caller's transaction; how many slots were new.

    What is there already stays as it is: nothing happens where the demo's rules exist.
    """
    with rows_as_dicts(connection):
        fill_calendar(connection)
        is_first, is_counted = _add_rules(connection), _add_counting(connection)
        if not (is_first or is_counted):
            return 0
        streets = [row["id"] for row in connection.execute("SELECT id FROM gridmap.street WHERE is_demo").fetchall()]
        opened = open_slots(connection, streets, Period(HISTORY.start, RUNNING.end), TODAY).total
        if not is_first:
            # a demo of before zones were counted: all else has its answers
            return opened
        _answer(connection)
        connection.execute("ANALYZE gridmap.slot, gridmap.inspection")
        connection.execute(SETTLE, {"today": TODAY})
    return opened


@contextmanager
def rows_as_dicts(connection: "psycopg.Connection[Any]") -> Iterator[None]:
    """The commands read rows by name; whoever loads the demo may not."""
    before = connection.row_factory
    connection.row_factory = dict_row
    try:
        yield
    finally:
        connection.row_factory = before


def _add_rules(connection: "psycopg.Connection[Any]") -> bool:
    huayuan = _one(connection, "SELECT street_id, id FROM gridmap.community WHERE code = %s", HUAYUAN)
    gezhouba = _one(connection, "SELECT street_id, id FROM gridmap.place WHERE code = %s", GEZHOUBA)
    xiangshan = _one(connection, "SELECT street_id, id FROM gridmap.place WHERE code = %s", XIANGSHAN)
    wanted: list[Wanted] = [
        *((rule, huayuan, {"communities": [huayuan["id"]]}) for rule in (*MONTHLY_CHECKS, RECEPTION)),
        (VISIT, gezhouba, {"estates": [gezhouba["id"]]}),
        (JOINT, xiangshan, {"estates": [xiangshan["id"]]}),
    ]
    bay = [_one(connection, "SELECT street_id, id FROM gridmap.place WHERE code = %s", code) for code in XIANGYIWAN]
    wanted.append((ROUND, bay[0], {"estates": [estate["id"] for estate in bay], "building_kinds": ["high_rise"]}))
    return _add(connection, wanted, FIRST_ID, HISTORY.start)


def _add_counting(connection: "psycopg.Connection[Any]") -> bool:
    """Rules for the zones of 花苑 and 香逸湾, where nobody but the grid workers would count."""
    huayuan = _one(connection, "SELECT street_id, id FROM gridmap.community WHERE code = %s", HUAYUAN)
    bay = [_one(connection, "SELECT street_id, id FROM gridmap.place WHERE code = %s", code) for code in XIANGYIWAN]
    estates = {"estates": [estate["id"] for estate in bay]}
    wanted: list[Wanted] = [
        (COUNT, huayuan, {"communities": [huayuan["id"]]}),
        (replace(COUNT, role="grid_worker"), bay[0], estates),
    ]
    return _add(connection, wanted, FIRST_COUNTING_ID, RUNNING.start)


def _add(connection: "psycopg.Connection[Any]", wanted: Sequence[Wanted], first: int, since: date) -> bool:
    """Write down the rules that are not there yet, in force from that day on; whether there were any."""
    added = 0
    for serial, (rule, where, cut) in enumerate(wanted, first):
        values: Mapping[str, Any] = vars(rule) | {
            "street_id": where["street_id"],
            "id": (where["street_id"] << 32) + serial,
            "title": rule.title or CHECK_TITLES[rule.kind],
            "only_for": Jsonb(cut),
            "since": since,
            "now": NOW.now(),
        }
        added += connection.execute(ADD_RULE, values).rowcount
    return added > 0


def _answer(connection: "psycopg.Connection[Any]") -> None:
    values = {
        "missed": CHECKS.missed,
        "excused": CHECKS.excused,
        "kinds": [rule.kind for rule in MONTHLY_CHECKS],
        "running": RUNNING.start,
        "gap": GAP_ESTATE,
        "unvisited": 1_439 - VISITED,
        "broken": BROKEN_STAIRS,
        "now": NOW.now(),
    }
    for statement in (CHANCE, SLOTS, CHECK_COURSE, EXCUSE, ANSWERED, ANSWER, TIERS):
        connection.execute(statement, values)


def _one(connection: "psycopg.Connection[Any]", statement: str, code: str) -> dict[str, Any]:
    row = connection.execute(statement, (code,)).fetchone()
    if row is None:
        raise LookupError(code)
    found: dict[str, Any] = row
    return found
