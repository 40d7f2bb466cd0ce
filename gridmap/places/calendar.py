"""The office's calendar, out of its rows; and the years that gridmap brings along."""

from gridmap.audit import announce
from gridmap.db.pools import Connection
from gridmap.periods import Calendar
from gridmap.places.holidays import SHIPPED, SOURCE

DAYS = """
SELECT ARRAY(SELECT day FROM gridmap.calendar_day WHERE kind = 'holiday') AS off,
  ARRAY(SELECT day FROM gridmap.calendar_day WHERE kind = 'workday') AS worked,
  ARRAY(SELECT year FROM gridmap.calendar_year) AS years
"""


def read_calendar(connection: Connection) -> Calendar:
    """All days that differ from their weekday; a year without rows runs on weekends alone."""
    row = connection.execute(DAYS).fetchone() or {}
    return Calendar(**{name: frozenset(row[name]) for name in ("off", "worked", "years")})


def fill_calendar(connection: Connection) -> tuple[int, ...]:
    """Write down the shipped years that the office has not finished itself, and give them; its own days stay."""
    known = read_calendar(connection).years
    missing = tuple(sorted({day.year for day, *_ in SHIPPED} - known))
    rows = [row for row in SHIPPED if row[0].year in missing]
    if not rows:
        return ()
    days, kinds, names = zip(*rows, strict=True)
    connection.execute(
        "INSERT INTO gridmap.calendar_day (day, kind, name) SELECT * FROM unnest(%s::date[], %s::text[], %s::text[])"
        " ON CONFLICT DO NOTHING",
        (list(days), list(kinds), list(names)),
    )
    connection.execute(
        "INSERT INTO gridmap.calendar_year (year, source) SELECT unnest(%s::int[]), %s ON CONFLICT DO NOTHING",
        (list(missing), SOURCE),
    )
    announce(connection, 0, ["calendar"])
    return missing
