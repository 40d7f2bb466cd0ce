"""Excuses: a slot that cannot be done leaves the numbers, with a reason and somebody who answers for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.db.pools import Connection
from gridmap.duties.closing import settle
from gridmap.duties.errors import DutyProblem
from gridmap.plain import is_plain
from gridmap.tables.duties import EXCUSES

MOST_NOTE = 300
LAYERS = ("slots",)
BY_PEOPLE = tuple(reason for reason in EXCUSES if reason != "rule_changed")
"""What people may give as a reason; that a rule has changed is found when slots are opened."""


@dataclass(frozen=True, kw_only=True)
class Excuse:
    """Why these slots of one street need not be done."""

    slot_ids: Sequence[int]
    reason: str
    note: str = ""


def excuse_slots(connection: Connection, by: Actor, excuse: Excuse, today: date) -> int:
    """Excuse the slots that are not satisfied, and say how many. One that is done in time all the same is satisfied.

    Who may excuse is the caller's to check. Raises DutyProblem("excuse" | "note" | "street"), LookupError.
    """
    if excuse.reason not in BY_PEOPLE:
        raise DutyProblem("excuse")
    if (
        len(excuse.note) > MOST_NOTE
        or not is_plain(excuse.note)
        or (excuse.reason == "other" and not excuse.note.strip())
    ):
        raise DutyProblem("note")
    street_id, ids = _one_street(excuse.slot_ids)
    done = connection.execute(
        "UPDATE gridmap.slot SET excuse = %s, excuse_note = %s, excused_by = %s, excused_at = %s,"
        " revision = revision + 1 WHERE street_id = %s AND id = ANY (%s) AND state <> 'satisfied'",
        (excuse.reason, excuse.note.strip() or None, by.account_id, by.business_at, street_id, ids),
    ).rowcount
    why = excuse.reason + (f": {excuse.note.strip()}" if excuse.note.strip() else "")
    return _settled(connection, by, "excuse", ids, done, today, why)


def take_back_excuses(connection: Connection, by: Actor, slot_ids: Sequence[int], today: date) -> int:
    """Let the slots be due or missed again, and say how many."""
    street_id, ids = _one_street(slot_ids)
    done = connection.execute(
        "UPDATE gridmap.slot SET excuse = NULL, excuse_note = NULL, excused_by = NULL, excused_at = NULL,"
        " revision = revision + 1 WHERE street_id = %s AND id = ANY (%s) AND excuse IS NOT NULL",
        (street_id, ids),
    ).rowcount
    return _settled(connection, by, "take_back_excuse", ids, done, today, None)


def _one_street(slot_ids: Sequence[int]) -> tuple[int, list[int]]:
    streets = {slot_id >> 32 for slot_id in slot_ids}
    if len(streets) != 1:
        raise DutyProblem("street")
    return streets.pop(), sorted(set(slot_ids))


def _settled(
    connection: Connection, by: Actor, action: str, ids: list[int], done: int, today: date, why: str | None
) -> int:
    if not done:
        return 0
    street_id = ids[0] >> 32
    settle(connection, street_id, ids, today)
    write_audit(
        connection,
        action=action,
        subject="slot",
        street_id=street_id,
        business_at=by.business_at,
        account_id=by.account_id,
        after={"slots": ids},
        why=why,
    )
    announce(connection, street_id, LAYERS)
    return done
