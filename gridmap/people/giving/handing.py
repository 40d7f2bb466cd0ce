"""Hand-over: everything that one person holds goes to one or several others, with what is open and a note."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from gridmap.accounts import Actor
from gridmap.analysis.walking import walking_order
from gridmap.db.pools import Connection
from gridmap.people.errors import ChangeRefused, PeopleProblem, Refusal
from gridmap.people.giving.changes import MOST_WHY, apply_change
from gridmap.people.giving.facts import PlaceFacts, place_facts
from gridmap.people.giving.loads import in_metres
from gridmap.people.giving.moves import Move, seen_of
from gridmap.people.giving.writing import Made, shared_scope
from gridmap.people.persons import person_row


@dataclass(frozen=True, kw_only=True)
class OpenWork:
    """What is due at a place in a role: slots, those of them whose day has passed, and the first day."""

    slots: int = 0
    late: int = 0
    soonest: date | None = None

    def __add__(self, other: "OpenWork") -> "OpenWork":
        """Both together."""
        days = [one for one in (self.soonest, other.soonest) if one is not None]
        return OpenWork(
            slots=self.slots + other.slots, late=self.late + other.late, soonest=min(days) if days else None
        )


@dataclass(frozen=True, kw_only=True)
class HeldPlace:
    """A place that somebody holds, with what is open there. `starts_at` of what only begins later, else None."""

    assignment_id: int
    place: PlaceFacts
    role: str
    unit: str
    is_primary: bool
    seen: int
    starts_at: datetime | None
    open: OpenWork


@dataclass(frozen=True, kw_only=True)
class Belongings:
    """All that a person holds, in walking order, and for whom they stand in."""

    person_id: int
    name: str
    held: tuple[HeldPlace, ...]
    later: tuple[HeldPlace, ...]
    stands_in_for: tuple[str, ...]

    @property
    def open(self) -> OpenWork:
        """What is open in all of it."""
        return sum((one.open for one in self.held if one.is_primary), OpenWork())


HELD = """
SELECT a.id, a.place_id, a.role, a.unit, a.is_primary, a.revision,
  CASE WHEN NOT a.valid @> %(at)s::timestamptz THEN lower(a.valid) END AS starts_at,
  coalesce(w.slots, 0) AS slots, coalesce(w.late, 0) AS late, w.soonest
FROM gridmap.assignment a
JOIN gridmap.place p ON p.street_id = a.street_id AND p.id = a.place_id
LEFT JOIN LATERAL (
  SELECT count(*)::integer AS slots, (count(*) FILTER (WHERE s.due_on < %(today)s))::integer AS late,
    min(s.due_on) AS soonest
  FROM gridmap.slot s JOIN gridmap.duty d ON d.street_id = s.street_id AND d.id = s.duty_id AND d.role = a.role
  WHERE s.street_id = a.street_id AND s.state = 'due' AND s.starts_on <= %(today)s AND a.unit IN ('', s.unit)
    AND CASE p.kind
      WHEN 'grid' THEN p.id IN (s.grid_id, s.micro_grid_id)
      WHEN 'estate' THEN s.estate_id = p.id
      WHEN 'building' THEN s.place_id = p.id OR s.place_id IN (
        SELECT c.id FROM gridmap.place c WHERE c.street_id = p.street_id AND c.parent_id = p.id)
      ELSE s.place_id = p.id
    END
) w ON true
WHERE a.street_id = %(street)s AND a.person_id = %(person)s
  AND coalesce(upper(a.valid), 'infinity') > %(at)s::timestamptz
ORDER BY a.id
"""
STANDS_IN = """
SELECT n.display_name AS name
FROM gridmap.absence b JOIN gridmap.person n ON n.street_id = b.street_id AND n.id = b.person_id
WHERE b.street_id = %(street)s AND b.substitute_id = %(person)s
  AND coalesce(upper(b.valid), 'infinity') > %(at)s::timestamptz
ORDER BY n.display_name
"""
TOLD = """
INSERT INTO gridmap.hand_over (street_id, change_id, from_person_id, to_person_id, note, places, open_slots, late_slots,
  soonest, starts_at, community_id, grid_id, micro_grid_id, estate_id)
VALUES (%(street)s, %(change)s, %(from)s, %(to)s, %(note)s, %(places)s, %(slots)s, %(late)s, %(soonest)s, %(at)s,
  %(community_id)s, %(grid_id)s, %(micro_grid_id)s, %(estate_id)s)
"""
RECEIVED = """
SELECT h.change_id, h.starts_at, n.display_name AS giver, h.note, h.places, h.open_slots, h.late_slots, h.soonest,
  h.undone_at, ARRAY(
    SELECT DISTINCT p.name FROM gridmap.assignment_move m
    JOIN gridmap.place p ON p.street_id = m.street_id AND p.id = m.place_id
    WHERE m.street_id = h.street_id AND m.change_id = h.change_id AND m.after_person_id = h.to_person_id
    ORDER BY p.name
  ) AS names
FROM gridmap.hand_over h
LEFT JOIN gridmap.person n ON n.street_id = h.street_id AND n.id = h.from_person_id
WHERE h.street_id = %(street)s AND h.to_person_id = %(person)s
ORDER BY h.change_id DESC LIMIT %(limit)s
"""


def read_belongings(connection: Connection, person_id: int, at: datetime, today: date) -> Belongings:
    """What the person holds at the business time `at` and later, with what is open on the day. Raises LookupError."""
    name: str = person_row(connection, person_id)["display_name"]
    values = {"street": person_id >> 32, "person": person_id, "at": at, "today": today}
    rows = connection.execute(HELD, values).fetchall()
    places = place_facts(connection, person_id >> 32, [row["place_id"] for row in rows])
    held = [_held(row, places[row["place_id"]]) for row in rows if row["place_id"] in places]
    return Belongings(
        person_id=person_id,
        name=name,
        held=tuple(in_walking_order([one for one in held if one.starts_at is None])),
        later=tuple(one for one in held if one.starts_at is not None),
        stands_in_for=tuple(row["name"] for row in connection.execute(STANDS_IN, values)),
    )


def in_walking_order(held: Sequence[HeldPlace]) -> list[HeldPlace]:
    """The places along a short walk; those that are nowhere on the map come last."""
    drawn = [one for one in held if one.place.point is not None]
    if len(drawn) < 3:
        return sorted(held, key=lambda one: (one.place.point is None, one.place.code, one.role, one.unit))
    # the stairwells of one building may share their point: its own order is that of their codes
    drawn.sort(key=lambda one: (one.place.code, one.role, one.unit))
    order = walking_order(in_metres([one.place.point for one in drawn]))
    return [drawn[index] for index in order] + [one for one in held if one.place.point is None]


def share_out(belongings: Belongings, receivers: Sequence[int]) -> list[Move]:
    """The moves that give all of it to the receivers: one run of the walk each, as even as it goes."""
    moves = []
    size, more = divmod(len(belongings.held), len(receivers))
    runs = [person for k, person in enumerate(receivers) for _ in range(size + (k < more))]
    for one, person in zip(belongings.held, runs, strict=True):
        moves += moves_for(belongings.person_id, one, person)
    return moves


def moves_for(giver: int, one: HeldPlace, person: int) -> list[Move]:
    """The move of one place; of a deputy's place two, since deputies stand side by side."""
    given = Move(
        place_id=one.place.id,
        role=one.role,
        unit=one.unit,
        person_id=person,
        seen=one.seen,
        is_primary=one.is_primary,
    )
    if one.is_primary:
        return [given]
    return [replace(given, person_id=giver, is_end=True), replace(given, seen=None)]


def hand_over(
    connection: Connection,
    by: Actor,
    giver: int,
    moves: Sequence[Move],
    *,
    notes: Mapping[int, str],
    today: date,
    why: str | None = None,
    at: datetime | None = None,
) -> Made:
    """Make the moves as one change, and tell each receiver the note and what is open at the places that they get.

    Raises as `apply_change`; PeopleProblem("note"); ChangeRefused("not_theirs") for a place of others.
    """
    if any(len(note) > MOST_WHY or "\0" in note for note in notes.values()):
        raise PeopleProblem("note")
    before = read_belongings(connection, giver, at or by.business_at, today)
    own = {(one.place.id, one.role, one.unit) for one in before.held}
    foreign = [move for move in moves if move.spot not in own]
    if foreign:
        raise ChangeRefused([Refusal(reason="not_theirs", place_id=one.place_id, role=one.role) for one in foreign])
    made = apply_change(connection, by, moves, why=why, at=at, kind="hand_over")
    open_at = {(one.place.id, one.role, one.unit): one for one in before.held}
    for receiver in sorted({one.person_id for one in made.begun} - {giver}):
        got = [open_at[one.spot] for one in made.begun if one.person_id == receiver and one.spot in open_at]
        _tell(connection, made.change_id, giver, receiver, notes.get(receiver, ""), at or by.business_at, got)
    return made


def received(connection: Connection, person_id: int, limit: int = 20) -> list[dict[str, Any]]:
    """What was handed over to the person, the newest first, as they may see it."""
    values = {"street": person_id >> 32, "person": person_id, "limit": limit}
    return connection.execute(RECEIVED, values).fetchall()


def _held(row: dict[str, Any], place: PlaceFacts) -> HeldPlace:
    return HeldPlace(
        assignment_id=row["id"],
        place=place,
        role=row["role"],
        unit=row["unit"],
        is_primary=row["is_primary"],
        seen=seen_of(row["id"], row["revision"]),
        starts_at=row["starts_at"],
        open=OpenWork(slots=row["slots"], late=row["late"], soonest=row["soonest"]),
    )


def _tell(
    connection: Connection,
    change_id: int,
    giver: int,
    receiver: int,
    note: str,
    at: datetime,
    got: Sequence[HeldPlace],
) -> None:
    work = sum((one.open for one in got if one.is_primary), OpenWork())
    values = {
        "street": change_id >> 32,
        "change": change_id,
        "from": giver,
        "to": receiver,
        "note": note.strip() or None,
        "places": len({one.place.id for one in got}),
        "slots": work.slots,
        "late": work.late,
        "soonest": work.soonest,
        "at": at,
        **shared_scope([one.place for one in got]),
    }
    connection.execute(TOLD, values)
