"""Answers as phones send them: under an id that the phone made, so that sending twice is sending once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from gridmap.accounts import Actor
from gridmap.accounts.leading import read_lead
from gridmap.db import Database
from gridmap.db.pools import Connection
from gridmap.duties.answers import Answer, Correction, answer_slot, correct_answer
from gridmap.duties.errors import DutyProblem
from gridmap.duties.photos import add_photo
from gridmap.files import Kept
from gridmap.layer import Role
from gridmap.people.once import Told, send_once
from gridmap.submissions import Sent

ANSWERING = frozenset({Role.WORKER, Role.MANAGER, Role.DUTY_RESIDENT, Role.LEADER, Role.HANDLER})
"""Who looks at places. Planners draw them, administrators keep accounts."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where answers are taken: the database as the viewer sees it, who sends, and the business day."""

    database: Database
    viewer: Mapping[str, str] | bytes
    by: Actor
    today: date
    is_clock_real: bool


class NotTheirs(Exception):
    """Only who leads the community may enter what others have done, or what the office itself owes."""


def send_answer(desk: Desk, sent_id: UUID, answer: Answer, content: Mapping[str, Any]) -> Told:
    """Take an answer once, however often it is sent, and tell what became of it.

    Gives {inspection_id, state of the slot, beside: whether another answer stood already, seen: number of the change}.
    Raises LookupError where the viewer sees no such slot, DutyProblem, SentDifferently, NotTheirs for an answer on
    behalf of somebody from who does not lead the community; then nothing is written.
    """

    def command(connection: Connection) -> Told:
        if answer.via is not None or answer.author_id is not None or answer.done_on is not None:
            _must_lead(connection, desk, answer.slot_id)
        stood = _stands(connection, answer.slot_id)
        whole = replace(answer, sent_id=sent_id)
        made = answer_slot(connection, desk.by, whole, desk.today, is_clock_real=desk.is_clock_real)
        return {"inspection_id": made, "beside": stood, **_now(connection, answer.slot_id)}

    return _once(desk, answer.slot_id >> 32, sent_id, content, command)


def undo_answer(desk: Desk, sent_id: UUID, inspection_id: int, content: Mapping[str, Any]) -> Told:
    """Take one's own answer back, once.

    Raises LookupError, DutyProblem("not_yours" | "superseded"), SentDifferently.
    """

    def command(connection: Connection) -> Told:
        row = connection.execute(
            "SELECT slot_id, account_id FROM gridmap.inspection WHERE street_id = %s AND id = %s",
            (inspection_id >> 32, inspection_id),
        ).fetchone()
        if row is None or row["slot_id"] is None:
            raise LookupError(inspection_id)
        if row["account_id"] != desk.by.account_id:
            raise DutyProblem("not_yours")
        back = Correction(inspection_id=inspection_id, answer=None)
        correct_answer(connection, desk.by, back, desk.today, is_clock_real=desk.is_clock_real)
        return {"inspection_id": inspection_id, **_now(connection, row["slot_id"])}

    return _once(desk, inspection_id >> 32, sent_id, content, command)


def send_photo(desk: Desk, sent_id: UUID, inspection_id: int, kept: Kept, content: Mapping[str, Any]) -> Told:
    """Put a picture that is already kept to one's own answer, once. Raises what `add_photo` does, SentDifferently."""

    def command(connection: Connection) -> Told:
        add_photo(connection, desk.by, inspection_id, kept)
        row = connection.execute(
            "SELECT slot_id FROM gridmap.inspection WHERE street_id = %s AND id = %s",
            (inspection_id >> 32, inspection_id),
        ).fetchone()
        slot_id = (row or {}).get("slot_id")
        return {"inspection_id": inspection_id, **(_now(connection, slot_id) if slot_id else {})}

    return _once(desk, inspection_id >> 32, sent_id, content, command)


def _once(
    desk: Desk, street_id: int, sent_id: UUID, content: Mapping[str, Any], command: Callable[[Connection], Told]
) -> Told:
    assert desk.by.account_id is not None
    sent = Sent(street_id=street_id, sent_id=sent_id, account_id=desk.by.account_id, content=content)
    return send_once(desk.database, desk.viewer, sent, command)


def _must_lead(connection: Connection, desk: Desk, slot_id: int) -> None:
    row = connection.execute(
        "SELECT street_id, community_id FROM gridmap.slot WHERE street_id = %s AND id = %s", (slot_id >> 32, slot_id)
    ).fetchone()
    if row is None:
        raise LookupError(slot_id)
    assert desk.by.account_id is not None
    if not read_lead(connection, desk.by.account_id, desk.by.business_at).leads(row["street_id"], row["community_id"]):
        raise NotTheirs(slot_id)


def _stands(connection: Connection, slot_id: int) -> bool:
    # whoever answers the same slot at the same time is told apart: the lock comes before the look
    connection.execute(
        "SELECT FROM gridmap.slot WHERE street_id = %s AND id = %s FOR NO KEY UPDATE", (slot_id >> 32, slot_id)
    )
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM gridmap.inspection WHERE street_id = %s AND slot_id = %s"
        " AND superseded_at IS NULL AND result IN ('fine', 'finding', 'done', 'reached')) AS found",
        (slot_id >> 32, slot_id),
    ).fetchone()
    return bool(row and row["found"])


def _now(connection: Connection, slot_id: int) -> dict[str, Any]:
    street_id = slot_id >> 32
    state = connection.execute(
        "SELECT state FROM gridmap.slot WHERE street_id = %s AND id = %s", (street_id, slot_id)
    ).fetchone()
    change = connection.execute(
        "SELECT id FROM gridmap.change WHERE street_id = %s AND layer = 'slots' ORDER BY id DESC LIMIT 1", (street_id,)
    ).fetchone()
    return {"state": (state or {}).get("state"), "seen": (change or {}).get("id")}
