"""Answers: what somebody found at a place. One answer belongs to one slot; a correction keeps what was said before."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.clock import OFFICE, day_bounds
from gridmap.db import execute, new_id
from gridmap.db.pools import Connection
from gridmap.duties.closing import settle
from gridmap.duties.errors import DutyProblem
from gridmap.plain import is_plain
from gridmap.tables import inspection
from gridmap.tables.duties import WAYS

RESULTS_OF = {
    "inspection": ("fine", "finding", "no_access"),
    "household_visit": ("reached", "nobody", "refused"),
    "vehicle_count": ("done", "no_access"),
    "meeting": ("done",),
    "disclosure": ("done",),
    "activity": ("done",),
}
"""What may be answered to each action."""
MOST_NOTE = 500
AHEAD = timedelta(minutes=5)
"""A phone's clock may run this far ahead of ours before it is doubted."""
OFF_BY = timedelta(hours=20)
"""A time that lies so far from ours is doubted: sent late after days without signal, or a clock off by a day."""
BEHIND = timedelta(days=40)
"""Further back no phone keeps unsent work; such a time is a wrong clock, and the time of receipt counts."""
RUSH_PLACES, RUSH_TIME = 6, timedelta(minutes=1)
"""So many places in a minute are asked about: by the phone's clock, since work done without signal arrives at once."""
NOON = timedelta(hours=12)
LAYERS = ("slots",)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was found for one slot, when the phone said it was.

    On behalf of somebody: `author_id` did it, on the day `done_on`, and it came `via` paper or phone to who enters it.
    What the office owes itself has a day without a way.
    """

    slot_id: int
    result: str
    device_at: datetime | None = None
    severity: int | None = None
    note: str = ""
    mode: str | None = None
    via: str | None = None
    done_on: date | None = None
    photo: bytes | None = None
    author_id: int | None = None
    sent_id: UUID | None = None
    bodies: tuple[int, ...] = ()
    joint_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Correction:
    """Another answer instead of an earlier one; `answer` None takes the earlier one back."""

    inspection_id: int
    answer: Answer | None
    why: str = ""


def answer_slot(connection: Connection, by: Actor, answer: Answer, today: date, *, is_clock_real: bool) -> int:
    """Write the answer down, settle its slot, and give the inspection's id.

    Whoever sees the place may answer. Late answers are taken and count as late. Raises LookupError where the viewer
    sees no such slot, DutyProblem("result" | "note" | "severity" | "early" | "day" | "author").
    """
    slot = _slot(connection, answer.slot_id)
    _check(slot, answer, by.business_at)
    _check_author(connection, slot, answer)
    return _write(connection, by, slot, answer, today, is_clock_real=is_clock_real)


def correct_answer(
    connection: Connection, by: Actor, correction: Correction, today: date, *, is_clock_real: bool
) -> int | None:
    """Put another answer in the place of an earlier one, or take that back; the earlier one stays, superseded.

    Gives the new inspection's id. Raises LookupError, DutyProblem("superseded").
    """
    key = (correction.inspection_id >> 32, correction.inspection_id)
    row = connection.execute(
        "SELECT slot_id, superseded_at, done_at FROM gridmap.inspection WHERE street_id = %s AND id = %s FOR UPDATE",
        key,
    ).fetchone()
    if row is None or row["slot_id"] is None:
        raise LookupError(correction.inspection_id)
    if row["superseded_at"] is not None:
        raise DutyProblem("superseded")
    slot = _slot(connection, row["slot_id"])
    connection.execute(
        "UPDATE gridmap.inspection SET superseded_at = %s WHERE street_id = %s AND id = %s", (by.business_at, *key)
    )
    _record(connection, by, "take_back_answer", correction.inspection_id, {"slot": row["slot_id"]}, correction.why)
    if correction.answer is None:
        settle(connection, key[0], [row["slot_id"]], today)
        announce(connection, key[0], LAYERS)
        return None
    _check(slot, correction.answer, by.business_at)
    _check_author(connection, slot, correction.answer)
    return _write(
        connection, by, slot, correction.answer, today, is_clock_real=is_clock_real, corrects=correction.inspection_id
    )


def counted_time(device_at: datetime | None, received_at: datetime) -> datetime:
    """When an answer counts: the phone's time where it can be, else the time of receipt."""
    if device_at is None or not received_at - BEHIND <= device_at <= received_at:
        return received_at
    return device_at


def told_time(answer: Answer, received_at: datetime) -> datetime:
    """When an answer counts: at noon of the day that a sheet or a caller says, else by the phone's own time."""
    if answer.done_on is None:
        return counted_time(answer.device_at, received_at)
    return min(day_bounds(answer.done_on)[0] + NOON, received_at)


def doubt_of(device_at: datetime | None, received_at: datetime, *, in_a_rush: bool, is_clock_real: bool) -> str | None:
    """What the author is asked about: `clock`, `rush` or nothing. Never a reason to refuse."""
    if is_clock_real and device_at is not None and not received_at - OFF_BY <= device_at <= received_at + AHEAD:
        return "clock"
    return "rush" if in_a_rush else None


def _slot(connection: Connection, slot_id: int) -> dict[str, Any]:
    row = connection.execute(
        "SELECT s.*, d.kind, d.action FROM gridmap.slot s"
        " JOIN gridmap.duty d ON d.street_id = s.street_id AND d.id = s.duty_id"
        " WHERE s.street_id = %s AND s.id = %s",
        (slot_id >> 32, slot_id),
    ).fetchone()
    if row is None:
        raise LookupError(slot_id)
    return row


def _check(slot: dict[str, Any], answer: Answer, now: datetime) -> None:
    if answer.result not in RESULTS_OF[slot["action"]]:
        raise DutyProblem("result")
    if len(answer.note) > MOST_NOTE or not is_plain(answer.note, lines=True):
        raise DutyProblem("note")
    if answer.severity is not None and (answer.result != "finding" or answer.severity not in (1, 2, 3)):
        raise DutyProblem("severity")
    if answer.via not in (None, *WAYS) or (answer.via is not None and answer.done_on is None):
        raise DutyProblem("day")
    if answer.done_on is not None and answer.done_on > now.astimezone(OFFICE).date():
        raise DutyProblem("day")
    if told_time(answer, now).astimezone(OFFICE).date() < slot["starts_on"]:
        raise DutyProblem("early")


def _check_author(connection: Connection, slot: dict[str, Any], answer: Answer) -> None:
    """Who did it must be somebody whom the viewer knows; an office that owes it itself may leave that out."""
    if answer.author_id is None:
        if answer.via is not None and slot["place_id"] is not None:
            raise DutyProblem("author")
        return
    found = connection.execute(
        "SELECT FROM gridmap.person WHERE street_id = %s AND id = %s", (slot["street_id"], answer.author_id)
    ).fetchone()
    if found is None:
        raise DutyProblem("author")


def _write(
    connection: Connection,
    by: Actor,
    slot: dict[str, Any],
    answer: Answer,
    today: date,
    *,
    is_clock_real: bool,
    corrects: int | None = None,
) -> int:
    street_id, received = slot["street_id"], by.business_at
    # a sheet of paper is typed in at once
    in_a_rush = (
        corrects is None
        and answer.via is None
        and _in_a_rush(connection, by, street_id, slot["place_id"], answer.device_at, is_clock_real=is_clock_real)
    )
    statement = (
        inspection.insert()
        .values(
            street_id=street_id,
            id=new_id(street_id),
            slot_id=slot["id"],
            duty_id=slot["duty_id"],
            place_id=slot["place_id"],
            unit=slot["unit"],
            kind=slot["kind"],
            result=answer.result,
            severity=answer.severity,
            note=answer.note.strip() or None,
            mode=answer.mode,
            via=answer.via,
            photo=answer.photo,
            bodies=list(answer.bodies),
            joint_id=answer.joint_id,
            done_at=told_time(answer, received),
            device_at=answer.device_at,
            received_at=received,
            sent_id=answer.sent_id,
            account_id=by.account_id,
            author_id=answer.author_id,
            doubt=doubt_of(answer.device_at, received, in_a_rush=in_a_rush, is_clock_real=is_clock_real),
            corrects_id=corrects,
            **{name: slot[name] for name in ("community_id", "grid_id", "micro_grid_id", "estate_id")},
        )
        .returning(inspection.c.id)
    )
    row = execute(connection, statement).fetchone()
    inspection_id: int = (row or {})["id"]
    settle(connection, street_id, [slot["id"]], today)
    after = {
        "slot": slot["id"],
        "kind": slot["kind"],
        "result": answer.result,
        "author": answer.author_id,
        "via": answer.via,
    }
    _record(connection, by, "answer", inspection_id, after)
    announce(connection, street_id, LAYERS)
    return inspection_id


def _in_a_rush(
    connection: Connection,
    by: Actor,
    street_id: int,
    place_id: int | None,
    device_at: datetime | None,
    *,
    is_clock_real: bool,
) -> bool:
    if by.account_id is None or (device_at is None and not is_clock_real):
        return False
    moment = device_at or by.business_at
    row = connection.execute(
        "SELECT greatest(count(DISTINCT place_id) FILTER (WHERE at <= %(at)s),"
        " count(DISTINCT place_id) FILTER (WHERE at >= %(at)s)) AS found"
        " FROM (SELECT place_id, coalesce(device_at, received_at) AS at FROM gridmap.inspection"
        "  WHERE street_id = %(street)s AND account_id = %(account)s AND received_at > %(since)s"
        "  AND place_id IS DISTINCT FROM %(place)s AND superseded_at IS NULL) said"
        " WHERE at BETWEEN %(at)s - %(minute)s AND %(at)s + %(minute)s",
        {
            "street": street_id,
            "account": by.account_id,
            "since": by.business_at - BEHIND,
            "place": place_id,
            "at": moment,
            "minute": RUSH_TIME,
        },
    ).fetchone()
    return bool(row and row["found"] >= RUSH_PLACES)


def _record(
    connection: Connection, by: Actor, action: str, inspection_id: int, after: dict[str, Any], why: str = ""
) -> None:
    write_audit(
        connection,
        action=action,
        subject="inspection",
        subject_id=inspection_id,
        street_id=inspection_id >> 32,
        business_at=by.business_at,
        account_id=by.account_id,
        after=after,
        why=why or None,
    )
