"""Doubtful entries: asked of whoever entered them, afterwards; they count as they are, whatever is answered."""

from collections.abc import Sequence

from gridmap.accounts import Actor
from gridmap.audit import write_audit
from gridmap.db.pools import Connection
from gridmap.duties.errors import DutyProblem
from gridmap.plain import is_plain

EXPLANATIONS = ("right", "entered_later", "clock_wrong", "other")
"""What the author may say of them; the last one in own words."""
MOST_NOTE = 200
MOST_AT_ONCE = 500


def explain_doubts(connection: Connection, by: Actor, inspection_ids: Sequence[int], said: str, note: str = "") -> int:
    """Keep what the author says of own doubtful entries of one street, and how many were still open.

    Nothing else changes: a doubt is a question, never a refusal. Raises DutyProblem("explanation" | "note" | "street").
    """
    if said not in EXPLANATIONS:
        raise DutyProblem("explanation")
    words = note.strip()
    if len(words) > MOST_NOTE or not is_plain(words, lines=True) or (said == "other" and not words):
        raise DutyProblem("note")
    streets = {identity >> 32 for identity in inspection_ids}
    if len(streets) != 1 or len(inspection_ids) > MOST_AT_ONCE:
        raise DutyProblem("street")
    [street_id] = streets
    found = connection.execute(
        "UPDATE gridmap.inspection SET doubt_answer = %s WHERE street_id = %s AND id = ANY (%s) AND account_id = %s"
        " AND doubt IS NOT NULL AND doubt_answer IS NULL RETURNING id",
        (f"{said}: {words}" if words else said, street_id, sorted(set(inspection_ids)), by.account_id),
    ).fetchall()
    if found:
        write_audit(
            connection,
            action="explain_doubt",
            subject="inspection",
            street_id=street_id,
            business_at=by.business_at,
            account_id=by.account_id,
            after={"inspections": sorted(row["id"] for row in found), "said": said},
        )
    return len(found)
