"""What a workbook of assignments would change, row by row, before anything is written."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from gridmap.db.pools import Connection
from gridmap.i18n import translate
from gridmap.people.errors import Conflict
from gridmap.people.giving.choices import Where, places_for
from gridmap.people.giving.facts import KINDS_OF_LEVEL, RoleFacts, role_facts
from gridmap.people.giving.moves import Move, Plan, Spot, make_plan, seen_of
from gridmap.people.giving.sheets import DEPUTY, FIRST_HAND, SheetRow, day_text, hands
from gridmap.read.order import natural_key

Outcome = Literal["added", "moved", "ended", "unchanged", "refused", "conflict"]
OUTCOMES: Mapping[str, Outcome] = {"given": "added", "moved": "moved", "ended": "ended", "same": "unchanged"}

HELD = """
SELECT p.code, p.name AS place, e.name AS estate, a.unit, a.role, a.is_primary, a.person_id, a.id, a.revision,
  CASE WHEN %(masked)s THEN n.name_masked ELSE n.display_name END AS person, lower(a.valid) AS since
FROM gridmap.assignment a
JOIN gridmap.place p ON p.street_id = a.street_id AND p.id = a.place_id
LEFT JOIN gridmap.place e ON e.street_id = p.street_id AND e.id = p.estate_id AND e.id <> p.id
LEFT JOIN gridmap.person n ON n.street_id = a.street_id AND n.id = a.person_id
WHERE a.street_id = %(street)s AND a.valid @> %(at)s::timestamptz AND (%(role)s::text IS NULL OR a.role = %(role)s)
  AND (%(community)s::bigint IS NULL OR a.community_id = %(community)s)
"""
PLACES = """
SELECT id, kind, code, name FROM gridmap.place WHERE street_id = %(street)s AND code = ANY (%(codes)s) ORDER BY id
"""
PEOPLE = """
SELECT id, display_name, name_masked FROM gridmap.person
WHERE street_id = %(street)s AND (id = ANY (%(ids)s) OR display_name = ANY (%(names)s)) ORDER BY id
"""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What becomes of one row. `reason` says why it is refused; `conflict` who changed the place meanwhile."""

    row: SheetRow
    outcome: Outcome
    place_id: int | None = None
    role: str = ""
    before: str | None = None
    after: str | None = None
    reason: str = ""
    conflict: Conflict | None = None
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Book:
    """What the rows speak of: places by code, people by number and by name, roles by code and title."""

    places: Mapping[str, Sequence[dict[str, Any]]]
    people: Mapping[int, dict[str, Any]]
    names: Mapping[str, Sequence[int]]
    roles: Mapping[str, RoleFacts]
    hands: Mapping[str, bool] = field(default_factory=hands)


def export_rows(
    connection: Connection,
    street: int,
    at: datetime,
    locale: str,
    *,
    role: RoleFacts | None = None,
    community: int | None = None,
    masked: bool = False,
) -> list[SheetRow]:
    """Who looks after what, in the order in which people count; with a role also the places that nobody holds.

    `masked` leaves of every name what a mask leaves.
    """
    values = {
        "street": street, "at": at, "role": role and role.code, "community": community, "masked": masked,
    }  # fmt: skip
    rows = connection.execute(HELD, values).fetchall()
    titles = {one.code: one.title if locale == "zh" else one.title_en for one in role_facts(connection).values()}
    found = [
        SheetRow(
            number=0,
            code=row["code"],
            place=row["place"],
            estate=row["estate"] or "",
            unit=row["unit"],
            role=titles[row["role"]],
            hand=translate(locale, FIRST_HAND if row["is_primary"] else DEPUTY),
            person=row["person"] or "?",
            person_id=str(row["person_id"]),
            since=day_text(row["since"]),
            seen=str(seen_of(row["id"], row["revision"])),
        )
        for row in rows
    ]
    if role is not None and role.level != "household":
        found += _vacant(connection, street, role, titles[role.code], at, community, locale)
    return sorted(found, key=lambda one: (natural_key(one.code), one.role, natural_key(one.unit), one.hand))


def differences(connection: Connection, street: int, rows: Sequence[SheetRow], at: datetime) -> list[Difference]:
    """Each row with what it would do: added, moved, ended, unchanged, refused, or a conflict with a later change."""
    book = _book(connection, street, rows)
    read = [_read(book, row) for row in rows]
    often = Counter(move.spot for one in read for move in one.moves if move.is_primary)
    asked: list[tuple[int, Move]] = []
    for number, one in enumerate(read):
        if any(move.is_primary and often[move.spot] > 1 for move in one.moves):
            read[number] = Difference(row=one.row, outcome="refused", reason="twice", role=one.role)
        else:
            asked += [(number, move) for move in one.moves]
    if not asked:
        return read
    plan = make_plan(connection, [move for _number, move in asked], at)
    judged = _judged(plan, [move for _number, move in asked])
    return [_outcome(one, judged) for one in read]


def moves_of(found: Sequence[Difference]) -> list[Move]:
    """The moves of the rows that would change something and can."""
    return [move for one in found if one.outcome in ("added", "moved", "ended") for move in one.moves]


def _vacant(
    connection: Connection,
    street: int,
    role: RoleFacts,
    title: str,
    at: datetime,
    community: int | None,
    locale: str,
) -> Iterator[SheetRow]:
    where = Where(street=street, community=community)
    for one in places_for(connection, role, where, at, limit=20_000):
        if not one.holders:
            yield SheetRow(
                number=0,
                code=one.place.code,
                place=one.place.name,
                estate=one.place.estate_name or "",
                role=title,
                hand=translate(locale, FIRST_HAND),
            )


def _book(connection: Connection, street: int, rows: Sequence[SheetRow]) -> Book:
    values = {
        "street": street,
        "codes": sorted({row.code for row in rows if row.code}),
        "ids": sorted({number for row in rows if (number := _number(row.person_id)) is not None}),
        "names": sorted({row.person for row in rows if row.person}),
    }
    places: dict[str, list[dict[str, Any]]] = {}
    for row in connection.execute(PLACES, values):
        places.setdefault(row["code"], []).append(row)
    people = {row["id"]: row for row in connection.execute(PEOPLE, values).fetchall()}
    names: dict[str, list[int]] = {}
    for identity, row in people.items():
        names.setdefault(row["display_name"], []).append(identity)
    roles = role_facts(connection)
    words = {word.lower(): one for one in roles.values() for word in (one.title_en, one.title, one.code)}
    return Book(places=places, people=people, names=names, roles=words)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 17 and int(text) < 1 << 53 else None


def _read(book: Book, row: SheetRow) -> Difference:
    """The row as a move, or why it is none."""
    role = book.roles.get(row.role.lower())
    hand = book.hands.get(row.hand.lower())
    seen = _number(row.seen) if row.seen else None
    if role is None or hand is None:
        return Difference(row=row, outcome="refused", reason="role_word" if role is None else "hand_word")
    places = [one for one in book.places.get(row.code, ()) if one["kind"] in KINDS_OF_LEVEL.get(role.level, ())]
    person, reason = _person(book, row)
    if len(places) != 1:
        reason = "place"
    elif row.seen and seen is None:
        reason = "seen_word"
    if reason:
        return Difference(row=row, outcome="refused", reason=reason, role=role.code)
    place = places[0]["id"]
    spot = (place, role.code, row.unit)
    return Difference(
        row=row,
        outcome="unchanged",
        place_id=place,
        role=role.code,
        after=book.people[person]["display_name"] if person else None,
        moves=_moves(spot, person, _number(row.person_id), seen, is_primary=hand),
    )


def _moves(
    spot: Spot, person: int | None, before: int | None, seen: int | None, *, is_primary: bool
) -> tuple[Move, ...]:
    place, role, unit = spot
    begins = Move(place_id=place, role=role, unit=unit, person_id=person, is_primary=is_primary)
    if is_primary:
        return (replace(begins, seen=seen),)
    stops = replace(begins, person_id=before, seen=seen, is_end=True)
    if person is None:
        return (stops,) if before is not None and seen is not None else ()
    if before is not None and seen is not None and before != person:
        return stops, begins
    return (begins,)


def _person(book: Book, row: SheetRow) -> tuple[int | None, str]:
    """Whom the row names: the name counts; the number tells people of one name apart."""
    if not row.person:
        return None, ""
    numbered = book.people.get(_number(row.person_id) or 0)
    if numbered is not None and row.person in (numbered["display_name"], numbered["name_masked"]):
        return numbered["id"], ""
    named = book.names.get(row.person, ())
    if len(named) == 1:
        return named[0], ""
    return None, "person_unclear" if named else "person_unknown"


def _judged(plan: Plan, moves: Sequence[Move]) -> dict[Move, tuple[str, Any]]:
    found: dict[Move, tuple[str, Any]] = {moves[step.number]: ("step", step) for step in plan.steps}
    by_spot = {(one.place_id, one.role, one.unit): one for one in plan.conflicts}
    refused = {(one.place_id, one.role, one.person_id): one for one in plan.refusals}
    for move in moves:
        if move in found:
            continue
        conflict = by_spot.get(move.spot)
        refusal = refused.get((move.place_id, move.role, move.person_id))
        found[move] = ("refused", refusal) if conflict is None else ("conflict", conflict)
    return found


def _outcome(one: Difference, judged: Mapping[Move, tuple[str, Any]]) -> Difference:
    if one.outcome == "refused" or not one.moves:
        return one
    words = [judged[move] for move in one.moves]
    for word, what in words:
        if word == "refused":
            return replace(one, outcome="refused", reason=what.reason if what else "place")
        if word == "conflict":
            # whoever holds it now is whom the row wants: nothing is to be done, and nothing is lost
            if what.person_id == one.moves[-1].person_id and what.kind == "held":
                return replace(one, outcome="unchanged", before=what.holder)
            return replace(one, outcome="conflict", before=what.holder, conflict=what)
    first = words[0][1]
    before = first.before.name if first.before else None
    return replace(one, outcome="moved" if len(words) > 1 else OUTCOMES[first.kind], before=before)
