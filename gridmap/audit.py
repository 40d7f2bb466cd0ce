"""What every command writes beside its change, in the same transaction: the audit row and the change row."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from gridmap.db.changes import CHANNEL
from gridmap.db.pools import Connection


def write_audit(
    connection: Connection,
    *,
    action: str,
    subject: str,
    business_at: datetime,
    subject_id: int | str | None = None,
    street_id: int = 0,
    account_id: int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    why: str | None = None,
) -> None:
    """Write one audit row: who (account), what (action on subject), before, after, why. street_id 0 = no street."""
    connection.execute(
        "INSERT INTO gridmap.audit"
        " (street_id, business_at, account_id, action, subject, subject_id, before, after, why)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            street_id,
            business_at,
            account_id,
            action,
            subject,
            None if subject_id is None else str(subject_id),
            None if before is None else Jsonb(dict(before)),
            None if after is None else Jsonb(dict(after)),
            why,
        ),
    )


def announce(connection: Connection, street_id: int, layers: Iterable[str], *, aloud: bool = True) -> None:
    """Tell every process that these layers of the street have changed; street_id 0 tells it for all streets.

    Not `aloud`: they find it within a second by themselves. Who notifies holds a lock of the whole database until the
    commit has reached the disk, so what comes in hundreds a second would be committed one by one.
    """
    connection.execute(
        "INSERT INTO gridmap.change (street_id, layer) SELECT %s, unnest(%s::text[])", (street_id, list(layers))
    )
    if aloud:
        connection.execute(f"NOTIFY {CHANNEL}")
