"""What a rule would ask before it is kept: how many places, and how many slots in a month."""

from dataclasses import dataclass
from datetime import date

from psycopg.types.json import Jsonb

from gridmap.db.pools import Connection
from gridmap.duties.owing import OWING
from gridmap.duties.rules import Rule
from gridmap.periods import Every, HolidayRule, due_on, month_of, period_of, periods_starting
from gridmap.places.calendar import read_calendar

COUNT = f"""
WITH asked AS (
  SELECT %(street)s::integer AS street_id, 0::bigint AS duty_id, %(kind)s::text AS kind, %(level)s::text AS level,
    %(times)s::smallint AS times, %(only_for)s::jsonb AS only_for,
    %(start)s::date AS starts_on, %(end)s::date AS ends_on, %(end)s::date AS due_on
), {OWING}
SELECT count(*)::integer AS slots, count(DISTINCT (owner_id, unit))::integer AS places,
  count(DISTINCT owner_id)::integer AS doors
FROM owing
"""  # noqa: S608 - a piece of our own text


@dataclass(frozen=True, kw_only=True)
class Preview:
    """So many owe it, in so many stairwells or other places; so many slots in that month, due on these days."""

    owing: int
    places: int
    slots: int
    month: date
    due: tuple[date, ...]


def preview_rule(connection: Connection, street_id: int, rule: Rule, start: date, today: date) -> Preview:
    """What the rule would ask in the first whole month from `start` on; a longer period counts once, as it begins.

    Counts what the viewer of the transaction sees.
    """
    first = month_of(start)
    month = first if first.start == start or first.start <= today < first.end else month_of(first.end)
    calendar, every = read_calendar(connection), Every(rule.every)
    periods = list(periods_starting(every, month, calendar)) or [period_of(every, month.start)]
    row = connection.execute(
        COUNT,
        {
            "street": street_id,
            "kind": rule.kind,
            "level": rule.level,
            "times": rule.times,
            "only_for": Jsonb(dict(rule.only_for)),
            "start": periods[0].start,
            "end": periods[0].end,
            "today": today,
        },
    ).fetchone() or {"slots": 0, "places": 0, "doors": 0}
    holiday_rule = HolidayRule(rule.holiday_rule)
    return Preview(
        owing=row["places"],
        places=row["doors"],
        slots=row["slots"] * len(periods),
        month=month.start,
        due=tuple(due_on(period, rule.fixed_day, holiday_rule, calendar) for period in periods),
    )
