"""What one chooses from: people for a role, places of its level with their holders, and the changes made before."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import sql

from gridmap.coords import BBox
from gridmap.db.pools import Connection
from gridmap.people.giving.eligibility import Candidate
from gridmap.people.giving.facts import KINDS_OF_LEVEL, NOT_LIVED_IN, PlaceFacts, RoleFacts, place_facts
from gridmap.people.giving.moves import Holding
from gridmap.read.order import natural_key

MOST_PLACES = 3_000
PEOPLE = """
SELECT n.id, n.display_name AS name, n.community_id, c.name AS community, n.organisation_id, o.name AS organisation,
  o.kind AS organisation_kind, b.id IS NOT NULL AS is_away, coalesce(b.kind = 'left', false) AS has_left,
  upper(b.valid) AS away_until, s.display_name AS substitute, coalesce(h.holds, 0) AS holds,
  coalesce(h.holds_in, '{}') AS holds_in
FROM gridmap.person n
LEFT JOIN gridmap.community c ON c.street_id = n.street_id AND c.id = n.community_id
LEFT JOIN gridmap.organisation o ON o.id = n.organisation_id
LEFT JOIN gridmap.absence b ON b.street_id = n.street_id AND b.person_id = n.id AND b.valid @> %(at)s::timestamptz
LEFT JOIN gridmap.person s ON s.street_id = b.street_id AND s.id = b.substitute_id
LEFT JOIN LATERAL (
  SELECT count(*) FILTER (WHERE a.is_primary AND a.valid @> %(at)s::timestamptz) AS holds,
    array_agg(DISTINCT a.community_id) FILTER (WHERE a.valid @> %(at)s::timestamptz AND a.community_id IS NOT NULL)
      AS holds_in,
    bool_or(a.role = %(role)s) AS knows_role,
    bool_or(a.role = %(role)s AND a.community_id = %(community)s) AS knows_it_here
  FROM gridmap.assignment a WHERE a.street_id = n.street_id AND a.person_id = n.id
) h ON true
WHERE n.street_id = %(street)s
  AND (%(ids)s::bigint[] IS NULL OR n.id = ANY (%(ids)s))
  AND (%(community)s::bigint IS NULL OR n.community_id = %(community)s OR h.knows_it_here)
  AND (%(text)s = '' OR position(%(text)s IN lower(n.display_name)) > 0 OR starts_with(n.initials, %(text)s))
  AND (%(everybody)s OR h.knows_role OR (o.kind = ANY (%(kinds)s::text[])))
ORDER BY h.knows_role DESC NULLS LAST, n.initials, n.id
LIMIT %(limit)s
"""
HOLDINGS = """
SELECT a.id, a.place_id, a.role, a.unit, a.is_primary, a.person_id, coalesce(n.display_name, '?') AS name,
  lower(a.valid) AS since, upper(a.valid) AS until, a.revision, true AS is_now,
  EXISTS (SELECT FROM gridmap.absence b WHERE b.street_id = a.street_id AND b.person_id = a.person_id
    AND b.valid @> %(at)s::timestamptz) AS is_away
FROM gridmap.assignment a
LEFT JOIN gridmap.person n ON n.street_id = a.street_id AND n.id = a.person_id
WHERE a.street_id = %(street)s AND a.place_id = ANY (%(places)s) AND a.role = %(role)s
  AND a.valid @> %(at)s::timestamptz
ORDER BY a.is_primary DESC, a.id
"""
CHANGES = """
SELECT c.id, c.kind, c.why, c.starts_at, c.business_at, c.account_id, c.places, c.undoes_id, u.id AS undone_by
FROM gridmap.assignment_change c
LEFT JOIN gridmap.assignment_change u ON u.street_id = c.street_id AND u.undoes_id = c.id
WHERE c.street_id = %(street)s AND (%(before)s::bigint IS NULL OR c.id < %(before)s)
  AND (%(change)s::bigint IS NULL OR c.id = %(change)s)
ORDER BY c.id DESC LIMIT %(limit)s
"""
MOVES = """
SELECT m.place_id, p.name AS place, p.code, m.role, m.unit, m.is_primary, m.before_person_id, m.after_person_id,
  f.display_name AS giver, t.display_name AS receiver
FROM gridmap.assignment_move m
JOIN gridmap.place p ON p.street_id = m.street_id AND p.id = m.place_id
LEFT JOIN gridmap.person f ON f.street_id = m.street_id AND f.id = m.before_person_id
LEFT JOIN gridmap.person t ON t.street_id = m.street_id AND t.id = m.after_person_id
WHERE m.street_id = %(street)s AND m.change_id = %(change)s ORDER BY m.number
"""
HAND_OVERS = """
SELECT h.note, h.places, h.open_slots, h.late_slots, h.soonest, f.display_name AS giver, t.display_name AS receiver
FROM gridmap.hand_over h
LEFT JOIN gridmap.person f ON f.street_id = h.street_id AND f.id = h.from_person_id
LEFT JOIN gridmap.person t ON t.street_id = h.street_id AND t.id = h.to_person_id
WHERE h.street_id = %(street)s AND h.change_id = %(change)s ORDER BY h.to_person_id
"""


@dataclass(frozen=True, kw_only=True)
class Where:
    """Which places: those inside one of these, or these themselves; a street narrows the rest."""

    street: int | None = None
    community: int | None = None
    grid: int | None = None
    estate: int | None = None
    buildings: tuple[int, ...] = ()
    places: tuple[int, ...] = ()
    bbox: BBox | None = None


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A place with whoever holds it in the role, first-hand and beside; `away` are the people among them."""

    place: PlaceFacts
    holders: tuple[Holding, ...]
    """First-hand: one, but one for each household where the role is held by households."""
    deputies: tuple[Holding, ...]
    away: frozenset[int]


CONDITIONS = {
    "street": sql.SQL("p.street_id = %(street)s"),
    "community": sql.SQL("p.street_id = (%(community)s >> 32)::integer AND p.community_id = %(community)s"),
    "grid": sql.SQL("p.street_id = (%(grid)s >> 32)::integer AND %(grid)s IN (p.grid_id, p.micro_grid_id)"),
    "estate": sql.SQL(
        "p.street_id = (%(estate)s >> 32)::integer AND p.estate_id IN (SELECT e.id FROM gridmap.place e"
        " WHERE e.street_id = (%(estate)s >> 32)::integer AND %(estate)s IN (e.id, e.parent_id) AND e.kind = 'estate')"
    ),
    "buildings": sql.SQL(
        "p.street_id = ANY (%(streets)s) AND (p.id = ANY (%(buildings)s) OR p.parent_id = ANY (%(buildings)s))"
    ),
    "places": sql.SQL("p.street_id = ANY (%(streets)s) AND p.id = ANY (%(places)s)"),
    "bbox": sql.SQL(
        "(p.geom && st_makeenvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326) OR (p.kind = 'stairwell' AND EXISTS"
        " (SELECT FROM gridmap.place up WHERE up.street_id = p.street_id AND up.id = p.parent_id"
        " AND up.geom && st_makeenvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326))))"
    ),
}
PLACES = sql.SQL("""
SELECT p.street_id, p.id, p.code
FROM gridmap.place p
LEFT JOIN gridmap.building b ON b.street_id = p.street_id AND b.place_id = p.id
WHERE p.kind = ANY (%(kinds)s) AND p.valid @> %(day)s::timestamptz::date
  AND (p.kind <> 'building' OR %(level)s NOT IN ('stairwell', 'household') OR (
    NOT b.kind = ANY (%(not_lived_in)s) AND NOT EXISTS (
      SELECT FROM gridmap.place s WHERE s.street_id = p.street_id AND s.parent_id = p.id AND s.kind = 'stairwell')))
  AND {conditions}
ORDER BY p.id LIMIT %(limit)s
""")


def people_for(
    connection: Connection,
    role: RoleFacts,
    street: int,
    at: datetime,
    *,
    community: int | None = None,
    text: str = "",
    ids: Collection[int] | None = None,
    everybody: bool = False,
    limit: int = 200,
) -> tuple[Candidate, ...]:
    """People of the street for the role, those who know it first: who holds or held it, or is of its organisations.

    With `everybody`, a text or ids anybody on the register; the viewer's second lock says whom they see.
    """
    values = {
        "street": street,
        "role": role.code,
        "kinds": list(role.of_organisations),
        "at": at,
        "community": community,
        "text": text.strip().lower(),
        "ids": None if ids is None else sorted(ids),
        "everybody": everybody or bool(text.strip()) or ids is not None,
        "limit": limit,
    }
    rows = connection.execute(PEOPLE, values).fetchall()
    return tuple(Candidate(**row | {"holds_in": frozenset(row["holds_in"])}) for row in rows)


def places_for(
    connection: Connection, role: RoleFacts, where: Where, at: datetime, limit: int = MOST_PLACES
) -> tuple[Choice, ...]:
    """The places of the role's level there, in the order in which people count, with whoever holds them at `at`."""
    values: dict[str, Any] = {
        "kinds": list(KINDS_OF_LEVEL.get(role.level, ())),
        "level": role.level,
        "not_lived_in": list(NOT_LIVED_IN),
        "day": at,
        "limit": limit,
        "streets": sorted({one >> 32 for one in (*where.buildings, *where.places)}),
    }
    conditions = []
    for name in ("street", "community", "grid", "estate", "buildings", "places"):
        asked = getattr(where, name)
        if asked:
            values[name] = list(asked) if isinstance(asked, tuple) else asked
            conditions.append(CONDITIONS[name])
    if where.bbox is not None:
        box = where.bbox
        values |= {"west": box.west, "south": box.south, "east": box.east, "north": box.north}
        conditions.append(CONDITIONS["bbox"])
    if not conditions:
        return ()
    statement = PLACES.format(conditions=sql.SQL(" AND ").join(conditions))
    rows = connection.execute(statement, values).fetchall()
    found: list[Choice] = []
    for street in sorted({row["street_id"] for row in rows}):
        found += _choices(connection, role, street, [row["id"] for row in rows if row["street_id"] == street], at)
    return tuple(sorted(found, key=lambda one: natural_key(one.place.code)))


def _choices(connection: Connection, role: RoleFacts, street: int, ids: Sequence[int], at: datetime) -> list[Choice]:
    values = {"street": street, "places": list(ids), "role": role.code, "at": at}
    first: dict[int, list[Holding]] = {}
    beside: dict[int, list[Holding]] = {}
    away: set[int] = set()
    for row in connection.execute(HOLDINGS, values):
        if row.pop("is_away"):
            away.add(row["person_id"])
        holding = Holding(**row)
        (first if holding.is_primary else beside).setdefault(holding.place_id, []).append(holding)
    return [
        Choice(
            place=place,
            holders=tuple(first.get(place.id, ())),
            deputies=tuple(beside.get(place.id, ())),
            away=frozenset(one.person_id for one in (*first.get(place.id, ()), *beside.get(place.id, ()))) & away,
        )
        for place in place_facts(connection, street, ids).values()
    ]


def changes_of(
    connection: Connection, street: int, *, before: int | None = None, change: int | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """The changes of a street that the viewer sees, the newest first; `change` alone where one is asked for."""
    values = {"street": street, "before": before, "change": change, "limit": limit}
    return connection.execute(CHANGES, values).fetchall()


def moves_of(connection: Connection, change_id: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What a change did at each place that the viewer sees, and what was told at a hand-over."""
    values = {"street": change_id >> 32, "change": change_id}
    moves = connection.execute(MOVES, values).fetchall()
    return moves, connection.execute(HAND_OVERS, values).fetchall()
