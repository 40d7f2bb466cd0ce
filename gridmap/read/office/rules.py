"""The rules of a street by rhythm, with what they ask in a month; their history; and what they can be cut to."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from gridmap.db.pools import Connection, Row

RHYTHMS = ("day", "working_day", "week", "month", "quarter", "year")

RULES = """
SELECT d.*, lower(d.valid) AS since, upper(d.valid) AS until, r.title AS role_title, r.title_en AS role_title_en,
  coalesce(c.slots, 0)::integer AS slots, coalesce(c.satisfied, 0)::integer AS satisfied,
  coalesce(c.excused, 0)::integer AS excused
FROM gridmap.duty d
JOIN gridmap.duty_role r ON r.code = d.role
LEFT JOIN LATERAL (
  SELECT sum(c.slots) AS slots, sum(c.satisfied) AS satisfied, sum(c.excused) AS excused FROM gridmap.coverage c
  WHERE c.street_id = d.street_id AND c.duty_id = d.id AND c.starts_on >= %(start)s AND c.starts_on < %(end)s
) c ON true
WHERE d.street_id = %(street)s
ORDER BY d.sort, d.title, d.id
"""
HISTORY = """
WITH RECURSIVE chain AS (
  SELECT d.* FROM gridmap.duty d WHERE d.street_id = %(street)s AND d.id = %(duty)s
  UNION ALL
  SELECT b.* FROM gridmap.duty b JOIN chain c ON b.street_id = c.street_id AND b.id = c.replaces_id
)
SELECT id, title, title_en, every, times, level, role, lower(valid) AS since, upper(valid) AS until, changed_at
FROM chain WHERE id <> %(duty)s ORDER BY lower(valid) DESC, id DESC
"""
NEXT = "SELECT id FROM gridmap.duty WHERE street_id = %(street)s AND replaces_id = %(duty)s"
COMMUNITIES = "SELECT id, name FROM gridmap.community WHERE street_id = %(street)s ORDER BY code"
PLACES = """
SELECT p.id, p.name, c.name AS community FROM gridmap.place p
LEFT JOIN gridmap.community c ON c.street_id = p.street_id AND c.id = p.community_id
WHERE p.street_id = %(street)s AND p.kind = %(kind)s AND upper_inf(p.valid)
  AND (p.kind <> 'grid' OR p.micro_grid_id IS NULL)
ORDER BY c.code, p.code LIMIT 400
"""
ROLES = "SELECT code, title, title_en FROM gridmap.duty_role ORDER BY sort, code"
FACILITY_KINDS = "SELECT code, title, title_en FROM gridmap.facility_kind ORDER BY title"
PROVISIONAL = "SELECT NOT EXISTS (SELECT FROM gridmap.calendar_year WHERE year = %(year)s) AS found"


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What a rule can be cut to in a street, and who can be asked."""

    communities: tuple[Row, ...]
    grids: tuple[Row, ...]
    estates: tuple[Row, ...]
    facility_kinds: tuple[Row, ...]
    roles: tuple[Row, ...]


def read_rules(connection: Connection, street_id: int, start: date, end: date) -> list[Row]:
    """Every rule of the street, ended ones too, with the slots of periods that begin in [start, end).

    The counts are those that the viewer of the transaction sees.
    """
    return connection.execute(RULES, {"street": street_id, "start": start, "end": end}).fetchall()


def read_history(connection: Connection, duty_id: int) -> tuple[list[Row], int | None]:
    """What the rule was before, the newest first, and the id of the one that has taken its place."""
    values = {"street": duty_id >> 32, "duty": duty_id}
    after = connection.execute(NEXT, values).fetchone()
    return connection.execute(HISTORY, values).fetchall(), (after or {}).get("id")


def read_choices(connection: Connection, street_id: int) -> Choices:
    """What the form of a rule offers."""

    def rows(statement: str, **more: Any) -> tuple[Row, ...]:
        return tuple(connection.execute(statement, {"street": street_id} | more).fetchall())

    return Choices(
        communities=rows(COMMUNITIES),
        grids=rows(PLACES, kind="grid"),
        estates=rows(PLACES, kind="estate"),
        facility_kinds=rows(FACILITY_KINDS),
        roles=rows(ROLES),
    )


def is_provisional(connection: Connection, year: int) -> bool:
    """Whether the calendar of the year is not complete yet, so that its days run on weekends alone."""
    row = connection.execute(PROVISIONAL, {"year": year}).fetchone()
    return bool(row and row["found"])
