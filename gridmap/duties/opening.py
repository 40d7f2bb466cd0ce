"""Opening: the slots of all rules for the periods that begin in a time, in one statement; again, it adds nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from gridmap.audit import announce
from gridmap.clock import day_bounds
from gridmap.db.pools import Connection
from gridmap.duties.closing import settle
from gridmap.duties.owing import OWING
from gridmap.periods import Calendar, Every, HolidayRule, Period, closes_on, due_on, periods_asked
from gridmap.places.calendar import read_calendar

RULES = """
SELECT id, every, fixed_day, holiday_rule, lower(valid) AS since, upper(valid) AS until
FROM gridmap.duty
WHERE street_id = ANY (%(streets)s) AND (upper(valid) IS NULL OR upper(valid) > %(start)s)
ORDER BY street_id, sort, id
"""
OPEN = f"""
WITH wanted AS (
  SELECT * FROM unnest(%(duties)s::bigint[], %(starts)s::date[], %(ends)s::date[], %(dues)s::date[])
    AS w (duty_id, starts_on, ends_on, due_on)
), asked AS (
  SELECT d.street_id, d.id AS duty_id, d.kind, d.level, d.times, d.only_for, w.starts_on, w.ends_on, w.due_on
  FROM wanted w JOIN gridmap.duty d ON d.street_id = (w.duty_id >> 32)::integer AND d.id = w.duty_id
), {OWING}, facts AS (
  SELECT street_id, duty_id, starts_on, owner_id, unit, turn, true AS is_owed, false AS is_done_before, kind, ends_on,
    due_on, place_id, community_id, grid_id, micro_grid_id, estate_id, NULL::bigint AS slot_id, NULL::text AS state,
    NULL::text AS excuse, false AS is_by_people, NULL::date AS known_end, NULL::date AS known_due
  FROM owing
  UNION ALL
  SELECT s.street_id, s.duty_id, s.starts_on, coalesce(s.place_id, s.community_id), s.unit, s.turn, false, false, NULL,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, s.id, s.state, s.excuse, s.excused_by IS NOT NULL, s.ends_on, s.due_on
  FROM gridmap.slot s
  WHERE s.street_id = ANY (%(streets)s) AND (s.starts_on >= %(start)s AND s.starts_on < %(end)s
    OR s.starts_on <= %(today)s AND s.ends_on > %(today)s
      AND %(today)s::date >= %(start)s AND %(today)s::date < %(end)s)
  UNION ALL
  -- done already while the rule was another one: counts for the same period
  SELECT s.street_id, a.duty_id, s.starts_on, coalesce(s.place_id, s.community_id), s.unit, s.turn, false, true, NULL,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, NULL
  FROM asked a
  JOIN gridmap.duty d ON d.street_id = a.street_id AND d.kind = a.kind AND upper(d.valid) <= %(today)s
  JOIN gridmap.slot s ON s.street_id = d.street_id AND s.duty_id = d.id AND s.starts_on = a.starts_on
    AND s.ends_on = a.ends_on AND s.done_at IS NOT NULL
), whole AS MATERIALIZED (
  -- what is owed beside what there is: grouped, not joined, so that it takes as long as there are rows
  SELECT street_id, duty_id, starts_on, unit, turn, bool_or(is_owed) AND NOT bool_or(is_done_before) AS is_owed,
    max(ends_on) AS ends_on, max(due_on) AS due_on, max(place_id) AS place_id, max(community_id) AS community_id,
    max(grid_id) AS grid_id, max(micro_grid_id) AS micro_grid_id, max(estate_id) AS estate_id, max(slot_id) AS slot_id,
    max(state) AS state, max(excuse) AS excuse, bool_or(is_by_people) AS is_by_people, max(known_end) AS known_end,
    max(known_due) AS known_due
  FROM facts GROUP BY street_id, duty_id, starts_on, owner_id, unit, turn
), opened AS (
  INSERT INTO gridmap.slot (street_id, id, duty_id, place_id, unit, turn, starts_on, ends_on, due_on,
    community_id, grid_id, micro_grid_id, estate_id)
  SELECT w.street_id, w.street_id * 4294967296 + nextval('gridmap.serial'), w.duty_id, w.place_id, w.unit, w.turn,
    w.starts_on, w.ends_on, w.due_on, w.community_id, w.grid_id, w.micro_grid_id, w.estate_id
  FROM whole w WHERE w.is_owed AND w.slot_id IS NULL
  RETURNING street_id, starts_on, duty_id, community_id, grid_id, micro_grid_id, estate_id
), counted AS (
  INSERT INTO gridmap.coverage AS c (street_id, starts_on, duty_id,
    community_id, grid_id, micro_grid_id, estate_id, slots)
  SELECT street_id, starts_on, duty_id, coalesce(community_id, 0), coalesce(grid_id, 0), coalesce(micro_grid_id, 0),
    coalesce(estate_id, 0), count(*)
  FROM opened GROUP BY 1, 2, 3, 4, 5, 6, 7
  ON CONFLICT (street_id, starts_on, duty_id, community_id, grid_id, micro_grid_id, estate_id)
  DO UPDATE SET slots = c.slots + excluded.slots
)
SELECT street_id, 'new' AS what, count(*)::integer AS found, NULL::bigint[] AS ids, NULL::date[] AS dues,
  NULL::date[] AS ends
FROM opened GROUP BY street_id
UNION ALL
-- the calendar has changed: another due day
SELECT street_id, 'moved', count(*)::integer, array_agg(slot_id ORDER BY slot_id), array_agg(due_on ORDER BY slot_id),
  array_agg(ends_on ORDER BY slot_id)
FROM whole
WHERE is_owed AND state = 'due' AND known_end > %(today)s AND (known_end, known_due) <> (ends_on, due_on)
GROUP BY street_id
UNION ALL
SELECT street_id, 'gone', count(*)::integer, array_agg(slot_id ORDER BY slot_id), NULL, NULL
FROM whole WHERE NOT is_owed AND state = 'due' AND excuse IS NULL AND known_end > %(today)s GROUP BY street_id
UNION ALL
SELECT street_id, 'back', count(*)::integer, array_agg(slot_id ORDER BY slot_id), NULL, NULL
FROM whole
WHERE is_owed AND excuse IN ('place_gone', 'rule_changed') AND NOT is_by_people AND known_end > %(today)s
GROUP BY street_id
"""  # noqa: S608 - a piece of our own text
MOVED = """
UPDATE gridmap.slot s SET due_on = w.due_on, ends_on = w.ends_on, revision = s.revision + 1
FROM unnest(%(ids)s::bigint[], %(dues)s::date[], %(ends)s::date[]) AS w (id, due_on, ends_on)
WHERE s.street_id = %(street_id)s AND s.id = w.id
"""
GONE = """
UPDATE gridmap.slot s SET excused_at = %(now)s, revision = s.revision + 1, excuse = CASE WHEN EXISTS (
  SELECT FROM gridmap.place p WHERE p.street_id = s.street_id AND p.id = s.place_id
    AND (upper(p.valid) <= %(today)s OR isempty(p.valid))
) THEN 'place_gone' ELSE 'rule_changed' END
WHERE s.street_id = %(street_id)s AND s.id = ANY (%(ids)s)
"""
BACK = """
UPDATE gridmap.slot SET excuse = NULL, excused_at = NULL, revision = revision + 1
WHERE street_id = %(street_id)s AND id = ANY (%(ids)s)
"""
FOLLOWING = {"moved": MOVED, "gone": GONE, "back": BACK}


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What opening did, street by street.

    `new` slots; `gone`: excused because their place or rule has gone; `back`: due again; `moved`: to another day, or
    another area.
    """

    new: dict[int, int] = field(default_factory=dict)
    gone: int = 0
    back: int = 0
    moved: int = 0

    @property
    def total(self) -> int:
        """New slots in all."""
        return sum(self.new.values())


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One period of one rule: which days belong to it, when it closes, and by when it is due."""

    duty_id: int
    period: Period
    closes_on: date
    due_on: date


def open_slots(connection: Connection, streets: Sequence[int], within: Period, today: date) -> Opened:
    """Open every period that begins in `within`, or runs today where `within` holds today; as SYSTEM.

    For all rules of the streets, in the caller's transaction. Opening again follows what has changed since: new places
    and rules bring slots, what is due of places and rules that have gone is excused for that, places that have moved
    take their slots along, a changed calendar moves due days. Counts are kept in the same statement.
    """
    # one at a time, so that no row has to ask whether another opening was faster
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('gridmap.open_slots'))")
    values = {"streets": list(streets), "start": within.start, "end": within.end, "today": today}
    followed = connection.execute("SELECT gridmap.follow_places(%(streets)s, %(today)s) AS moved", values).fetchone()
    asked = list(_asked(connection, values, within, today, read_calendar(connection)))
    rows = connection.execute(
        OPEN,
        values
        | {
            "duties": [one.duty_id for one in asked],
            "starts": [one.period.start for one in asked],
            "ends": [one.closes_on for one in asked],
            "dues": [one.due_on for one in asked],
        },
    ).fetchall()
    for row in rows:
        if row["what"] in FOLLOWING:
            connection.execute(FOLLOWING[row["what"]], row | {"today": today, "now": day_bounds(today)[0]})
            settle(connection, row["street_id"], row["ids"], today)
    touched = {row["street_id"] for row in rows}
    moved = (followed or {"moved": 0})["moved"]
    for street_id in sorted(touched) if not moved else streets:
        announce(connection, street_id, ["slots"])

    def of(what: str) -> dict[int, int]:
        return {row["street_id"]: row["found"] for row in rows if row["what"] == what}

    return Opened(
        new=of("new"),
        gone=sum(of("gone").values()),
        back=sum(of("back").values()),
        moved=moved + sum(of("moved").values()),
    )


def asked_of(
    rule: dict[str, Any], within: Period, today: date, calendar: Calendar
) -> Iterator[tuple[Period, date, date]]:
    """The periods in which a rule asks, each with the day on which it closes and the day by which it is due.

    `rule`: every, fixed_day, holiday_rule, since, until. A rule asks where it is in force today; in a period that is
    over, on its last day; in one that is to come, on its first.
    """
    for period in periods_asked(Every(rule["every"]), within, today, calendar):
        at = min(max(today, period.start), period.last_day)
        if rule["since"] <= at and (rule["until"] is None or rule["until"] > at):
            due = due_on(period, rule["fixed_day"], HolidayRule(rule["holiday_rule"]), calendar)
            yield period, closes_on(period, due), due


def _asked(
    connection: Connection, values: dict[str, Any], within: Period, today: date, calendar: Calendar
) -> Iterator[Asked]:
    for rule in connection.execute(RULES, values).fetchall():
        for period, closes, due in asked_of(rule, within, today, calendar):
            yield Asked(duty_id=rule["id"], period=period, closes_on=closes, due_on=due)
