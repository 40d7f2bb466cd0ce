"""Moves of a change set, and what each of them means for what stands: a step, a conflict, or a refusal."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gridmap.db.pools import Connection
from gridmap.people.assignments import lock_places
from gridmap.people.errors import ChangeRefused, Conflict, Refusal
from gridmap.people.giving.facts import PlaceFacts, RoleFacts, fits, place_facts, role_facts

MOST_MOVES = 5_000
REVISION_BITS = 20
SERIALS, REVISIONS = (1 << 32) - 1, (1 << REVISION_BITS) - 1
Spot = tuple[int, str, str]
"""Place, role, and number of the household or nothing."""
StepKind = Literal["given", "moved", "ended", "same"]


@dataclass(frozen=True, kw_only=True)
class Move:
    """What is asked at one place: this person from now on, or nobody.

    `seen` tells the assignment that was seen (`Holding.seen`), None where nobody had the place. With `is_primary`
    False the person becomes a deputy beside the holder, and stops being one with `is_end`.
    """

    place_id: int
    role: str
    person_id: int | None
    seen: int | None = None
    unit: str = ""
    is_primary: bool = True
    is_end: bool = False

    @property
    def spot(self) -> Spot:
        """Where."""
        return self.place_id, self.role, self.unit


@dataclass(frozen=True, kw_only=True)
class Holding:
    """An assignment that holds now, or will."""

    id: int
    place_id: int
    role: str
    unit: str
    is_primary: bool
    person_id: int
    name: str
    since: datetime | None
    until: datetime | None
    revision: int
    is_now: bool

    @property
    def seen(self) -> int:
        """A number for this assignment as it stands: another one, or another revision of it, has another number."""
        return seen_of(self.id, self.revision)


def seen_of(assignment_id: int, revision: int) -> int:
    """The number by which a revision of an assignment is known again: below 2^53, never 0."""
    return ((assignment_id & SERIALS) << REVISION_BITS) | (revision & REVISIONS)


@dataclass(frozen=True, kw_only=True)
class Step:
    """What a move does: ends `before` and begins an assignment of `person_id`, each where there is one."""

    number: int
    spot: Spot
    is_primary: bool
    before: Holding | None
    person_id: int | None

    @property
    def kind(self) -> StepKind:
        """In one word."""
        if (self.before.person_id if self.before else None) == self.person_id:
            return "same"
        if self.before is None:
            return "given"
        return "moved" if self.person_id is not None else "ended"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What stands at the places of some moves, from a moment on."""

    places: Mapping[int, PlaceFacts]
    roles: Mapping[str, RoleFacts]
    people: Mapping[int, tuple[str, bool]]
    """Display name, and whether they have left."""
    holdings: Mapping[Spot, Sequence[Holding]]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a change set would do, and what is in its way."""

    steps: tuple[Step, ...]
    conflicts: tuple[Conflict, ...]
    refusals: tuple[Refusal, ...]
    standing: Standing


HOLDINGS = """
SELECT a.id, a.place_id, a.role, a.unit, a.is_primary, a.person_id, coalesce(n.display_name, '?') AS name,
  lower(a.valid) AS since, upper(a.valid) AS until, a.revision, a.valid @> %(at)s::timestamptz AS is_now
FROM unnest(%(places)s::bigint[], %(roles)s::text[], %(units)s::text[]) AS w (place_id, role, unit)
JOIN gridmap.assignment a ON a.street_id = %(street)s AND a.place_id = w.place_id AND a.role = w.role
  AND a.unit = w.unit AND coalesce(upper(a.valid), 'infinity') > %(at)s::timestamptz
LEFT JOIN gridmap.person n ON n.street_id = a.street_id AND n.id = a.person_id
ORDER BY a.id
"""
LOCKED_HOLDINGS = HOLDINGS + "FOR NO KEY UPDATE OF a"
PEOPLE = """
SELECT p.id, p.display_name, EXISTS (
    SELECT FROM gridmap.absence b
    WHERE b.street_id = p.street_id AND b.person_id = p.id AND b.kind = 'left' AND b.valid @> %(at)s::timestamptz
  ) AS has_left
FROM gridmap.person p WHERE p.street_id = %(street)s AND p.id = ANY (%(people)s)
"""


def street_of(moves: Sequence[Move]) -> int:
    """The one street of all these moves. Raises ChangeRefused("empty", "many", "street")."""
    if not moves or len(moves) > MOST_MOVES:
        raise ChangeRefused([Refusal(reason="many" if moves else "empty")])
    streets = {move.place_id >> 32 for move in moves}
    if len(streets) != 1:
        raise ChangeRefused([Refusal(reason="street")])
    return streets.pop()


def make_plan(connection: Connection, moves: Sequence[Move], at: datetime, *, lock: bool = False) -> Plan:
    """What the moves would do at the business time `at`; with `lock` the places stay as they are until the commit.

    Raises ChangeRefused for what is no change set at all; every other trouble is in the plan.
    """
    street = street_of(moves)
    if lock:
        lock_places(connection, sorted(_visible(connection, street, moves)))
    standing = read_standing(connection, street, moves, at, lock=lock)
    steps, conflicts, refusals = [], [], []
    often = Counter((move.spot, move.is_primary or move.person_id) for move in moves)
    for number, move in enumerate(moves):
        reason = "twice" if often[move.spot, move.is_primary or move.person_id] > 1 else _reason(standing, move)
        if reason:
            found = Refusal(reason=reason, place_id=move.place_id, role=move.role, person_id=move.person_id)
            refusals.append(found)
            continue
        judged = _judge(standing, number, move)
        if isinstance(judged, Step):
            steps.append(judged)
        else:
            conflicts.append(judged)
    return Plan(steps=tuple(steps), conflicts=tuple(conflicts), refusals=tuple(refusals), standing=standing)


def read_standing(
    connection: Connection, street: int, moves: Sequence[Move], at: datetime, *, lock: bool = False
) -> Standing:
    """What stands at the moves' places from `at` on, read after the locks where `lock` is asked."""
    spots = sorted({move.spot for move in moves})
    values = {
        "street": street,
        "at": at,
        "places": [spot[0] for spot in spots],
        "roles": [spot[1] for spot in spots],
        "units": [spot[2] for spot in spots],
        "people": sorted({move.person_id for move in moves if move.person_id is not None}),
    }
    holdings: dict[Spot, list[Holding]] = {}
    for row in connection.execute(LOCKED_HOLDINGS if lock else HOLDINGS, values):
        holdings.setdefault((row["place_id"], row["role"], row["unit"]), []).append(Holding(**row))
    people = connection.execute(PEOPLE, values).fetchall()
    return Standing(
        places=place_facts(connection, street, [spot[0] for spot in spots]),
        roles=role_facts(connection),
        people={row["id"]: (row["display_name"], row["has_left"]) for row in people},
        holdings=holdings,
    )


def _visible(connection: Connection, street: int, moves: Sequence[Move]) -> Iterator[int]:
    rows = connection.execute(
        "SELECT id FROM gridmap.place WHERE street_id = %s AND id = ANY (%s)",
        (street, sorted({move.place_id for move in moves})),
    )
    return (row["id"] for row in rows.fetchall())


def _reason(standing: Standing, move: Move) -> str:
    """Why the move can never be; empty where it can."""
    place, role = standing.places.get(move.place_id), standing.roles.get(move.role)
    if place is None:
        return "place"
    if role is None:
        return "role"
    if move.person_id is not None and move.person_id not in standing.people:
        return "person"
    if not move.is_primary and move.person_id is None:
        return "person"
    if move.person_id is not None and standing.people[move.person_id][1] and not move.is_end:
        return "left"
    # whoever has it proves that it can be had
    is_had = any(one.is_now for one in standing.holdings.get(move.spot, ()))
    return "" if is_had else fits(role, place, move.unit)


def _judge(standing: Standing, number: int, move: Move) -> Step | Conflict:
    there = standing.holdings.get(move.spot, ())
    if not move.is_primary:
        return _judge_deputy(standing, number, move, there)
    now = next((one for one in there if one.is_primary and one.is_now), None)
    if move.seen != (now.seen if now else None):
        return conflict_with(standing, move.spot, now)
    later = next((one for one in there if one.is_primary and not one.is_now), None)
    is_same = now is not None and now.person_id == move.person_id
    if later is not None and move.person_id is not None and not is_same:
        return conflict_with(standing, move.spot, later, kind="later")
    return Step(number=number, spot=move.spot, is_primary=True, before=now, person_id=move.person_id)


def _judge_deputy(standing: Standing, number: int, move: Move, there: Sequence[Holding]) -> Step | Conflict:
    own = next(
        (one for one in there if not one.is_primary and one.is_now and one.person_id == move.person_id),
        None,
    )
    if move.is_end and (own is None or own.seen != move.seen):
        return conflict_with(standing, move.spot, own)
    person = None if move.is_end else move.person_id
    return Step(number=number, spot=move.spot, is_primary=False, before=own, person_id=person)


def conflict_with(standing: Standing, spot: Spot, holding: Holding | None, *, kind: str = "held") -> Conflict:
    """The place with whoever has it; where nobody has, that it is free."""
    place = standing.places[spot[0]]
    if holding is None:
        return Conflict(kind="free", place_id=spot[0], place=place.name, role=spot[1], unit=spot[2])
    return Conflict(
        kind=kind,
        place_id=spot[0],
        place=place.name,
        role=spot[1],
        unit=spot[2],
        person_id=holding.person_id,
        holder=holding.name,
        since=holding.since,
        seen=holding.seen,
    )
