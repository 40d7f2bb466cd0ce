"""Links that show one estate's report of one month to whoever has them, without an account: signed, ending, revocable.

A link names its row and carries our signature over that; everything else stands in the row. The key lies in a file of
its own in the data folder: a copy of the database makes no links.
"""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from gridmap.accounts.actor import Actor
from gridmap.accounts.secret_keys import secret_key
from gridmap.audit import write_audit
from gridmap.db import SYSTEM, Database, execute, new_id
from gridmap.db.pools import Connection
from gridmap.tables import report_link

KEY_FILE = "links"
ID_BYTES, SIGNATURE_BYTES = 7, 16
LIFETIMES = (7, 30, 90)
"""Days that a link may last."""
MOST_LIVE = 20
"""Links of one report at a time."""


class TooManyLinks(Exception):
    """So many links to the report are good already; one has to be revoked first."""


@dataclass(frozen=True, kw_only=True)
class ReportLink:
    """A link to the report of an estate (`place_id`) for the month that begins on `month`."""

    id: int
    street_id: int
    place_id: int
    month: date
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    def is_good(self, now: datetime) -> bool:
        """Whether it still opens the report, at the real time `now`."""
        return self.revoked_at is None and now < self.expires_at


def signing_key(home: Path) -> bytes:
    """The key of the installation, made on first use; a file that only its owner reads."""
    return secret_key(home, KEY_FILE)


def token_of(key: bytes, identity: int) -> str:
    """What stands in the address: the row's id and our signature over it."""
    named = identity.to_bytes(ID_BYTES, "big")
    return base64.urlsafe_b64encode(named + _signature(key, named)).rstrip(b"=").decode()


def identity_in(key: bytes, token: str) -> int | None:
    """The id that the token names; None where the signature is not ours."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    # the last letter of an address has bits to spare: only as we write it, it is ours
    identity = int.from_bytes(raw[:ID_BYTES], "big")
    return identity if hmac.compare_digest(token, token_of(key, identity)) else None


def _signature(key: bytes, named: bytes) -> bytes:
    return hmac.digest(key, b"gridmap report " + named, "sha256")[:SIGNATURE_BYTES]


def share_report(connection: Connection, by: Actor, of: Mapping[str, Any], month: date, days: int) -> int:
    """Make a link to the report of the estate `of` (a row of place); gives its id. Raises TooManyLinks."""
    live = [link for link in links_of(connection, of["id"], month) if link.is_good(by.at)]
    if len(live) >= MOST_LIVE:
        raise TooManyLinks(of["id"])
    expires_at = by.at + timedelta(days=days)
    statement = (
        report_link.insert()
        .values(
            id=new_id(of["street_id"]),
            place_id=of["id"],
            month=month,
            created_by=by.account_id,
            created_at=by.at,
            expires_at=expires_at,
            **{name: of[name] for name in ("street_id", "community_id", "grid_id", "micro_grid_id", "estate_id")},
        )
        .returning(report_link.c.id)
    )
    identity: int = (execute(connection, statement).fetchone() or {})["id"]
    after = {"place": of["id"], "month": f"{month:%Y-%m}", "expires_at": expires_at.isoformat()}
    _record(connection, by, "share_report", identity, after)
    return identity


def revoke_link(connection: Connection, by: Actor, identity: int) -> None:
    """End the link now. Raises LookupError where the viewer sees no such link."""
    done = connection.execute(
        "UPDATE gridmap.report_link SET revoked_at = coalesce(revoked_at, %s), revoked_by = coalesce(revoked_by, %s)"
        " WHERE street_id = %s AND id = %s",
        (by.at, by.account_id, identity >> 32, identity),
    )
    if not done.rowcount:
        raise LookupError(identity)
    _record(connection, by, "revoke_report_link", identity, {})


def links_of(connection: Connection, place_id: int, month: date) -> tuple[ReportLink, ...]:
    """The links to that report, the newest first, also those that have ended."""
    rows = connection.execute(
        "SELECT id, street_id, place_id, month, created_at, expires_at, revoked_at FROM gridmap.report_link"
        " WHERE street_id = %s AND place_id = %s AND month = %s ORDER BY created_at DESC, id DESC",
        (place_id >> 32, place_id, month),
    )
    return tuple(ReportLink(**row) for row in rows)


def link_of_token(database: Database, key: bytes, token: str, now: datetime) -> ReportLink | None:
    """The link that the token opens at the real time `now`; None for one that is unknown, ended or revoked.

    Read as the system: whoever opens it has no account.
    """
    identity = identity_in(key, token)
    if identity is None:
        return None
    with database.transaction(SYSTEM) as connection:
        row = connection.execute(
            "SELECT id, street_id, place_id, month, created_at, expires_at, revoked_at FROM gridmap.report_link"
            " WHERE street_id = %s AND id = %s",
            (identity >> 32, identity),
        ).fetchone()
    link = ReportLink(**row) if row else None
    return link if link is not None and link.is_good(now) else None


def _record(connection: Connection, by: Actor, action: str, identity: int, after: Mapping[str, Any]) -> None:
    write_audit(
        connection,
        action=action,
        subject="report_link",
        subject_id=identity,
        street_id=identity >> 32,
        business_at=by.business_at,
        account_id=by.account_id,
        after=after,
    )
