"""Preview, one recorded change, undo, hand-over."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg
from flask import Response, jsonify

from gridmap import context
from gridmap.api.assigning import asking, saying
from gridmap.api.assigning.asking import actor, assigning, body, for_leaders
from gridmap.api.errors import BadRequest, Conflict, NotThere, Refused
from gridmap.db.pools import Connection
from gridmap.people import attempt
from gridmap.people.giving import (
    Belongings,
    Made,
    Move,
    Preview,
    apply_change,
    preview_change,
    read_belongings,
    share_out,
    undo_change,
)
from gridmap.people.giving import hand_over as hand_everything_over
from gridmap.people.giving.moves import street_of
from gridmap.people.giving.writing import counted
from gridmap.submissions import Sent, SentDifferently, answer_before, keep_answer

KINDS = ("change", "import", "proposal")
Told = Mapping[str, Any]


@assigning.post("/api/assignments/preview")
@for_leaders
def preview() -> Response:
    """What a change set would do, and what is in its way; nothing is written."""
    given = body()
    moves, at = asking.moves(given), asking.moment(given, "at")
    by = actor()
    found = saying.told(lambda: _looking(lambda connection: preview_change(connection, by, moves, at)))
    return jsonify(previewed(found))


@assigning.post("/api/assignments")
@for_leaders
def apply() -> Response:
    """Make a change set, all of it or none, as one recorded change."""
    given = body()
    moves, at, why = asking.moves(given), asking.moment(given, "at"), asking.text(given, "why", 500)
    kind = given.get("kind", "change")
    if kind not in KINDS:
        raise BadRequest("kind", str(kind)[:40])
    by = actor()

    def command(connection: Connection) -> Made:
        return apply_change(connection, by, moves, why=why, at=at, kind=kind)

    return jsonify(dict(_once(given, lambda: street_of(moves), command)))


@assigning.post("/api/assignments/undo")
@for_leaders
def undo() -> Response:
    """Take a change back, as a change of its own."""
    given = body()
    change_id, why = asking.identity(given, "change"), asking.text(given, "why", 500)
    by = actor()

    def command(connection: Connection) -> Made:
        return undo_change(connection, by, change_id, why=why)

    return jsonify(dict(_once(given, lambda: change_id >> 32, command, change_id)))


@assigning.post("/api/assignments/hand-over")
@for_leaders
def hand_over() -> Response:
    """Everything that one person holds goes to others: a preview, or with `apply` the change itself."""
    given = body()
    giver, receivers = asking.identity(given, "from"), asking.identities(given, "to", 50)
    at, by, today = asking.moment(given, "at"), actor(), context.services().clock.today()
    if giver in receivers or not (receivers or given.get("moves")):
        raise Refused("receiver", saying.REASONS["receiver"])
    belongings = saying.told(
        lambda: _looking(lambda connection: read_belongings(connection, giver, at or by.business_at, today)),
        "person",
        giver,
    )
    moves = asking.moves(given) if given.get("moves") is not None else share_out(belongings, receivers)
    if given.get("apply") is not True:
        return jsonify(_handing(belongings, moves, at))
    why, notes = asking.text(given, "why", 500), _notes(given, moves)

    def command(connection: Connection) -> Made:
        return hand_everything_over(connection, by, giver, moves, notes=notes, today=today, why=why, at=at)

    return jsonify(dict(_once(given, lambda: giver >> 32, command, giver)))


def previewed(found: Preview) -> dict[str, Any]:
    """A preview as JSON."""
    plan = found.plan
    roles = plan.standing.roles
    return {
        "places": [saying.step(one, plan) for one in plan.steps],
        "people": [saying.balance(one, roles[one.role].capacity) for one in found.balances],
        "conflicts": [saying.conflict(one) for one in plan.conflicts],
        "refused": [saying.refusal(one) for one in plan.refusals],
        "counts": counted(plan.steps),
    }


def _handing(belongings: Belongings, moves: Sequence[Move], at: Any) -> dict[str, Any]:
    by = actor()
    nothing: dict[str, Any] = {"places": [], "people": [], "conflicts": [], "refused": []}
    found = nothing | {"counts": counted(())}
    if moves:
        looked = saying.told(lambda: _looking(lambda connection: preview_change(connection, by, moves, at)))
        found = previewed(looked)
    return {
        "from": {"person": belongings.person_id, "name": belongings.name},
        "holds": [_held(one) for one in belongings.held],
        "later": [_held(one) for one in belongings.later],
        "stands_in_for": list(belongings.stands_in_for),
        "open": _open(belongings.open),
        "moves": [saying.move(one) for one in moves],
        **found,
    }


def _held(one: Any) -> dict[str, Any]:
    return {
        "place": one.place.id,
        "name": one.place.name,
        "role": one.role,
        "unit": one.unit,
        "deputy": not one.is_primary,
        "revision": one.seen,
        "households": one.place.households,
        "from": saying.day(one.starts_at),
        "open": _open(one.open),
    }


def _open(one: Any) -> dict[str, Any]:
    return {"slots": one.slots, "late": one.late, "soonest": saying.day(one.soonest)}


def _notes(given: Mapping[str, Any], moves: Sequence[Move]) -> dict[int, str]:
    """The note of each receiver: one for all, or one for each by the person's number."""
    receivers = {one.person_id for one in moves if one.person_id is not None}
    if isinstance(given.get("note"), dict):
        own = {str(name): value for name, value in given["note"].items()}
        return {person: asking.text(own, str(person), 500) for person in receivers}
    note = asking.text(given, "note", 500)
    return dict.fromkeys(receivers, note)


def _looking(command: Callable[[Connection], Any]) -> Any:
    with context.services().database.transaction(context.viewer().prologue) as connection:
        return command(connection)


def _once(
    given: Mapping[str, Any], street: Callable[[], int], command: Callable[[Connection], Made], value: object = ""
) -> Told:
    """Run the command in a transaction of its own; what comes again under the same id is answered as the first time."""
    sent, viewer = asking.sent_id(given), context.viewer()
    content = {name: value for name, value in given.items() if name != "sent_id"}

    def whole(connection: Connection) -> Told:
        if sent is None:
            return saying.made(command(connection))
        one = Sent(street_id=street(), sent_id=sent, account_id=viewer.account_id, content=content)
        before = answer_before(connection, one)
        if before is not None:
            return before
        answer = saying.made(command(connection))
        keep_answer(connection, one, answer)
        return answer

    try:
        return saying.told(lambda: attempt(context.services().database, viewer.prologue, whole), value=value)
    except SentDifferently:
        raise Conflict from None
    except psycopg.errors.ForeignKeyViolation:
        # an id that tells of a street which does not exist
        raise NotThere("place", str(value)) from None
