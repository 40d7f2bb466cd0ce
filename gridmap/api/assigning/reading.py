"""What one chooses from: roles, people with their loads, places with their holders; changes made; what I was told."""

from datetime import datetime
from typing import Any

from flask import Response, jsonify, request

from gridmap import context
from gridmap.accounts import titles_of
from gridmap.api.assigning import saying
from gridmap.api.assigning.asking import (
    actor,
    assigning,
    for_leaders,
    needed,
    number_asked,
    numbers_asked,
    role_asked,
    street_asked,
    words_asked,
)
from gridmap.api.errors import BadRequest, NotThere
from gridmap.coords import BBox, CoordError, parse_bbox
from gridmap.db.pools import Connection
from gridmap.people.giving import Load, RoleFacts, place_facts, role_facts
from gridmap.people.giving import received as received_by
from gridmap.people.giving.choices import MOST_PLACES, Where, changes_of, moves_of, people_for, places_for
from gridmap.people.giving.eligibility import Candidate
from gridmap.people.giving.loads import load_of, read_held

MOST_PEOPLE, MOST_CHANGES = 200, 50


@assigning.get("/api/assignments/roles")
@for_leaders
def roles() -> Response:
    """Every role that is held at a place, in the office's order."""
    with context.services().database.transaction(context.viewer().prologue) as connection:
        found = role_facts(connection)
    return _fresh(roles=[saying.role(one) for one in found.values() if one.level not in ("street", "community")])


@assigning.get("/api/assignments/people")
@for_leaders
def people() -> Response:
    """Who holds the role in a street or could, with what they carry in it."""
    street, at = street_asked(needed("street")), actor().business_at
    with context.services().database.transaction(context.viewer().prologue) as connection:
        role = role_asked(connection, request.args.get("role"))
        found = people_for(
            connection,
            role,
            street,
            at,
            community=number_asked("community"),
            text=words_asked("q"),
            everybody=request.args.get("all") == "1",
            limit=MOST_PEOPLE + 1,
        )
        carried = loads(connection, street, role, found[:MOST_PEOPLE], at)
    told = [saying.person(one, role, carried[one.id], at) for one in found[:MOST_PEOPLE]]
    return _fresh(role=saying.role(role), people=told, more=len(found) > MOST_PEOPLE)


def loads(
    connection: Connection, street: int, role: RoleFacts, found: tuple[Candidate, ...], at: datetime
) -> dict[int, Load]:
    """What each of these people carries in the role."""
    held = read_held(connection, street, [one.id for one in found], [role.code], at)
    facts = place_facts(connection, street, [spot[0] for spots in held.values() for spot in spots])
    return {one.id: load_of(held.get((one.id, role.code), ()), facts) for one in found}


@assigning.get("/api/assignments/places")
@for_leaders
def places() -> Response:
    """The places of the role's level in an area, in a box, or named, with whoever holds them."""
    where = where_asked()
    if where == Where(street=where.street):
        raise BadRequest("estate", "")
    with context.services().database.transaction(context.viewer().prologue) as connection:
        role = role_asked(connection, request.args.get("role"))
        found = places_for(connection, role, where, actor().business_at, MOST_PLACES + 1)
    told = [saying.choice(one, role) for one in found[:MOST_PLACES]]
    return _fresh(role=saying.role(role), places=told, more=len(found) > MOST_PLACES)


def where_asked() -> Where:
    """The area of the address."""
    street = number_asked("street")
    return Where(
        street=street_asked(street) if street is not None else None,
        community=number_asked("community"),
        grid=number_asked("grid"),
        estate=number_asked("estate"),
        buildings=numbers_asked("building"),
        places=numbers_asked("place"),
        bbox=_box(),
    )


def _box() -> BBox | None:
    text = request.args.get("bbox", "")
    if not text:
        return None
    try:
        return parse_bbox(text)
    except CoordError:
        raise BadRequest("bbox", text[:40]) from None


@assigning.get("/api/assignments/changes")
@for_leaders
def changes() -> Response:
    """The changes of a street that the viewer sees, the newest first."""
    street = street_asked(needed("street"))
    with context.services().database.transaction(context.viewer().prologue) as connection:
        rows = changes_of(connection, street, before=number_asked("before"), limit=MOST_CHANGES + 1)
        names = titles_of(connection, {row["account_id"] for row in rows if row["account_id"]})
    told = [_change(row, names) for row in rows[:MOST_CHANGES]]
    return _fresh(changes=told, more=len(rows) > MOST_CHANGES)


@assigning.get("/api/assignments/changes/<int:change_id>")
@for_leaders
def change(change_id: int) -> Response:
    """One change with what it did at each place, and what was told at a hand-over."""
    if change_id >= 1 << 52:
        raise NotThere("change", str(change_id))
    with context.services().database.transaction(context.viewer().prologue) as connection:
        rows = changes_of(connection, change_id >> 32, change=change_id)
        if not rows:
            raise NotThere("change", str(change_id))
        names = titles_of(connection, {row["account_id"] for row in rows if row["account_id"]})
        moves, told = moves_of(connection, change_id)
    return _fresh(
        **_change(rows[0], names), moves=[_moved(row) for row in moves], hand_overs=[_told(row) for row in told]
    )


@assigning.get("/api/assignments/received")
def received() -> Response:
    """What was handed over to the viewer's own person."""
    viewer = context.viewer()
    rows = []
    if viewer.person_id is not None:
        with context.services().database.transaction(viewer.prologue) as connection:
            rows = received_by(connection, viewer.person_id)
    return _fresh(
        received=[
            {
                "change": row["change_id"],
                "at": saying.day(row["starts_at"]),
                "from": row["giver"],
                "note": row["note"],
                "places": row["places"],
                "names": row["names"],
                "open": _open(row),
                "undone_at": saying.day(row["undone_at"]),
            }
            for row in rows
        ]
    )


def _change(row: dict[str, Any], names: dict[int, str]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "at": saying.day(row["starts_at"]),
        "made_at": saying.day(row["business_at"]),
        "by": names.get(row["account_id"]),
        "kind": row["kind"],
        "why": row["why"],
        "places": row["places"],
        "undoes": row["undoes_id"],
        "undone_by": row["undone_by"],
        "may_undo": row["undone_by"] is None,
    }


def _moved(row: dict[str, Any]) -> dict[str, Any]:
    def somebody(person: int | None, name: str | None) -> dict[str, Any] | None:
        return None if person is None else {"person": person, "name": name or "?"}

    return {
        "place": row["place_id"],
        "name": row["place"],
        "code": row["code"],
        "role": row["role"],
        "unit": row["unit"],
        "deputy": not row["is_primary"],
        "before": somebody(row["before_person_id"], row["giver"]),
        "after": somebody(row["after_person_id"], row["receiver"]),
    }


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "from": row["giver"],
        "to": row["receiver"],
        "note": row["note"],
        "places": row["places"],
        "open": _open(row),
    }


def _open(row: dict[str, Any]) -> dict[str, Any]:
    return {"slots": row["open_slots"], "late": row["late_slots"], "soonest": saying.day(row["soonest"])}


def _fresh(**told: Any) -> Response:
    answer = jsonify(told)
    answer.headers["Cache-Control"] = "no-store"
    return answer
