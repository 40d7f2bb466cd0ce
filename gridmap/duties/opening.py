"""Opening: the slots of all rules for the periods that begin in a time, in one statement; again, it adds nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from gridmap.audit import announce
from gridmap.db.pools import Connection
from gridmap.duties.calendar import read_calendar
from gridmap.duties.closing import settle
from gridmap.periods import Calendar, Every, HolidayRule, Period, due_on, periods_starting

RULES = """
SELECT street_id, id, every, fixed_day, holiday_rule, lower(valid) AS since, upper(valid) AS until
FROM gridmap.duty
WHERE street_id = ANY (%(streets)s) AND valid && daterange(%(start)s, %(end)s)
ORDER BY street_id, sort, id
"""
OPEN = """
WITH wanted AS (
  SELECT * FROM unnest(%(duties)s::bigint[], %(starts)s::date[], %(ends)s::date[], %(dues)s::date[])
    AS w (duty_id, starts_on, ends_on, due_on)
), asked AS (
  SELECT d.*, w.starts_on, w.ends_on, w.due_on FROM wanted w
  JOIN gridmap.duty d ON d.street_id = (w.duty_id >> 32)::integer AND d.id = w.duty_id
), owing AS (
  SELECT a.street_id, a.id AS duty_id, a.times, a.starts_on, a.ends_on, a.due_on, p.id AS place_id, '' AS unit,
    p.community_id, p.grid_id, p.micro_grid_id, p.estate_id, a.only_for, e.management, b.kind AS building_kind
  FROM asked a
  JOIN gridmap.place p ON p.street_id = a.street_id AND daterange(a.starts_on, a.ends_on) && p.valid
    AND p.kind = CASE WHEN a.level IN ('stairwell', 'household') THEN 'stairwell' ELSE a.level END
  LEFT JOIN gridmap.estate e ON e.street_id = p.street_id AND e.place_id = p.estate_id
  LEFT JOIN gridmap.building b ON b.street_id = p.street_id
    AND b.place_id = CASE WHEN p.kind = 'stairwell' THEN p.parent_id ELSE p.id END
  WHERE a.level NOT IN ('community', 'household')
  UNION ALL
  -- a building without stairwells counts as one
  SELECT a.street_id, a.id, a.times, a.starts_on, a.ends_on, a.due_on, p.id, '',
    p.community_id, p.grid_id, p.micro_grid_id, p.estate_id, a.only_for, e.management, b.kind
  FROM asked a
  JOIN gridmap.place p ON p.street_id = a.street_id AND p.kind = 'building'
    AND daterange(a.starts_on, a.ends_on) && p.valid
  JOIN gridmap.building b ON b.street_id = p.street_id AND b.place_id = p.id
  LEFT JOIN gridmap.estate e ON e.street_id = p.street_id AND e.place_id = p.estate_id
  WHERE a.level = 'stairwell' AND b.kind NOT IN ('garage', 'public', 'commercial') AND NOT EXISTS (
    SELECT FROM gridmap.place s
    WHERE s.street_id = p.street_id AND s.parent_id = p.id AND s.kind = 'stairwell'
      AND daterange(a.starts_on, a.ends_on) && s.valid
  )
  UNION ALL
  SELECT a.street_id, a.id, a.times, a.starts_on, a.ends_on, a.due_on, p.id, u.unit,
    p.community_id, p.grid_id, p.micro_grid_id, p.estate_id, a.only_for, e.management, b.kind
  FROM asked a
  JOIN gridmap.place p ON p.street_id = a.street_id AND p.kind IN ('stairwell', 'building')
    AND daterange(a.starts_on, a.ends_on) && p.valid
  LEFT JOIN gridmap.stairwell s ON s.street_id = p.street_id AND s.place_id = p.id
  LEFT JOIN gridmap.building o ON o.street_id = p.street_id AND o.place_id = p.id
  LEFT JOIN gridmap.building b ON b.street_id = p.street_id
    AND b.place_id = CASE WHEN p.kind = 'stairwell' THEN p.parent_id ELSE p.id END
  LEFT JOIN gridmap.estate e ON e.street_id = p.street_id AND e.place_id = p.estate_id
  CROSS JOIN LATERAL unnest(coalesce(s.units, o.units)) AS u (unit)
  WHERE a.level = 'household'
  UNION ALL
  SELECT a.street_id, a.id, a.times, a.starts_on, a.ends_on, a.due_on, NULL, '',
    c.id, NULL, NULL, NULL, a.only_for, NULL, NULL
  FROM asked a
  JOIN gridmap.community c ON c.street_id = a.street_id AND daterange(a.starts_on, a.ends_on) && c.valid
  WHERE a.level = 'community'
), opened AS (
  INSERT INTO gridmap.slot (street_id, id, duty_id, place_id, unit, turn, starts_on, ends_on, due_on,
    community_id, grid_id, micro_grid_id, estate_id)
  SELECT o.street_id, o.street_id * 4294967296 + nextval('gridmap.serial'), o.duty_id, o.place_id, o.unit, t.turn,
    o.starts_on, o.ends_on, o.due_on, o.community_id, o.grid_id, o.micro_grid_id, o.estate_id
  FROM owing o CROSS JOIN LATERAL generate_series(1, o.times) AS t (turn)
  WHERE (NOT o.only_for ? 'communities' OR o.only_for -> 'communities' @> to_jsonb(o.community_id))
    AND (NOT o.only_for ? 'estates' OR o.only_for -> 'estates' @> to_jsonb(o.estate_id))
    AND (NOT o.only_for ? 'management' OR o.only_for -> 'management' @> to_jsonb(o.management))
    AND (NOT o.only_for ? 'building_kinds' OR o.only_for -> 'building_kinds' @> to_jsonb(o.building_kind))
  ON CONFLICT DO NOTHING
  RETURNING street_id, starts_on, duty_id, community_id, grid_id, micro_grid_id, estate_id
), counted AS (
  INSERT INTO gridmap.coverage AS c (street_id, starts_on, duty_id,
    community_id, grid_id, micro_grid_id, estate_id, slots)
  SELECT street_id, starts_on, duty_id, coalesce(community_id, 0), coalesce(grid_id, 0), coalesce(micro_grid_id, 0),
    coalesce(estate_id, 0), count(*)
  FROM opened GROUP BY 1, 2, 3, 4, 5, 6, 7
  ON CONFLICT (street_id, starts_on, duty_id, community_id, grid_id, micro_grid_id, estate_id)
  DO UPDATE SET slots = c.slots + excluded.slots
  RETURNING 1
)
SELECT o.street_id, count(*) AS found FROM opened o GROUP BY o.street_id ORDER BY o.street_id
"""
GONE = """
SELECT s.street_id, array_agg(s.id ORDER BY s.id) AS ids
FROM gridmap.slot s
LEFT JOIN gridmap.duty d ON d.street_id = s.street_id AND d.id = s.duty_id
LEFT JOIN gridmap.place p ON p.street_id = s.street_id AND p.id = s.place_id
WHERE s.street_id = ANY (%(streets)s) AND s.state = 'due' AND s.starts_on < %(end)s AND s.ends_on > %(start)s
  AND s.excuse IS NULL
  AND (NOT d.valid && daterange(s.starts_on, s.ends_on)
    OR (s.place_id IS NOT NULL AND NOT p.valid @> %(today)s::date AND upper(p.valid) <= %(today)s::date)
    OR (upper(d.valid) <= %(today)s::date))
GROUP BY s.street_id
"""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What opening did: new slots of each street, and slots whose place or rule has gone, excused for that."""

    new: dict[int, int]
    gone: int

    @property
    def total(self) -> int:
        """New slots in all."""
        return sum(self.new.values())


def open_slots(connection: Connection, streets: Sequence[int], within: Period, today: date) -> Opened:
    """Open every period that begins in `within`, for all rules of the streets; as SYSTEM, in the caller's transaction.

    Opening again adds what has come since (new places, new rules) and excuses what is due of places and rules that
    have gone. Counts are kept in the same statement.
    """
    asked = list(_asked(connection, streets, within, read_calendar(connection)))
    rows = connection.execute(
        OPEN,
        {
            "duties": [duty_id for duty_id, _, _ in asked],
            "starts": [period.start for _, period, _ in asked],
            "ends": [period.end for _, period, _ in asked],
            "dues": [due for _, _, due in asked],
        },
    ).fetchall()
    new = {row["street_id"]: row["found"] for row in rows}
    gone = _excuse_gone(connection, streets, within, today)
    for street_id in sorted({*new, *gone}):
        announce(connection, street_id, ["slots"])
    return Opened(new=new, gone=sum(gone.values()))


def _asked(
    connection: Connection, streets: Sequence[int], within: Period, calendar: Calendar
) -> Iterator[tuple[int, Period, date]]:
    values = {"streets": list(streets), "start": within.start, "end": within.end}
    for rule in connection.execute(RULES, values).fetchall():
        for period in periods_starting(Every(rule["every"]), within, calendar):
            if _overlaps(period, rule):
                due = due_on(period, rule["fixed_day"], HolidayRule(rule["holiday_rule"]), calendar)
                yield rule["id"], period, due


def _overlaps(period: Period, rule: dict[str, Any]) -> bool:
    return rule["since"] < period.end and (rule["until"] is None or rule["until"] > period.start)


def _excuse_gone(connection: Connection, streets: Sequence[int], within: Period, today: date) -> dict[int, int]:
    values = {"streets": list(streets), "start": within.start, "end": within.end, "today": today}
    found = connection.execute(GONE, values).fetchall()
    for row in found:
        key = (row["street_id"], row["ids"])
        connection.execute("UPDATE gridmap.slot SET excuse = 'place_gone' WHERE street_id = %s AND id = ANY (%s)", key)
        settle(connection, row["street_id"], row["ids"], today)
    return {row["street_id"]: len(row["ids"]) for row in found}
