"""The one photo that may go with an answer: sent after it, so that a slow picture never keeps an answer back."""

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.db.pools import Connection
from gridmap.duties.errors import DutyProblem
from gridmap.files import Kept, add_file

LAYERS = ("slots",)


def add_photo(connection: Connection, by: Actor, inspection_id: int, kept: Kept) -> None:
    """Put a kept picture to one's own answer, instead of an earlier one.

    Raises LookupError where the viewer sees no such answer, DutyProblem("not_yours" | "superseded").
    """
    key = (inspection_id >> 32, inspection_id)
    row = connection.execute(
        "SELECT account_id, superseded_at, community_id, grid_id, micro_grid_id, estate_id FROM gridmap.inspection"
        " WHERE street_id = %s AND id = %s FOR UPDATE",
        key,
    ).fetchone()
    if row is None:
        raise LookupError(inspection_id)
    if row["account_id"] != by.account_id:
        raise DutyProblem("not_yours")
    if row["superseded_at"] is not None:
        raise DutyProblem("superseded")
    add_file(connection, key[0], kept, by.account_id, row)
    connection.execute("UPDATE gridmap.inspection SET photo = %s WHERE street_id = %s AND id = %s", (kept.sha256, *key))
    write_audit(
        connection,
        action="add_photo",
        subject="inspection",
        subject_id=inspection_id,
        street_id=key[0],
        business_at=by.business_at,
        account_id=by.account_id,
        after={"sha256": kept.sha256.hex()},
    )
    announce(connection, key[0], LAYERS)
