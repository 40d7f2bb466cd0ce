"""Who acts, and when on both clocks: what every command takes beside its own arguments."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gridmap.audit import announce, write_audit
from gridmap.clock import Clock, real_now
from gridmap.db.pools import Connection

LAYER = "accounts"
"""The word under which every change of accounts, grants, sessions and tokens is announced."""


@dataclass(frozen=True, kw_only=True)
class Actor:
    """The account that acts (None: the command line), the business time and the real time of the act."""

    account_id: int | None
    business_at: datetime
    at: datetime


def actor(clock: Clock, account_id: int | None = None) -> Actor:
    """The Actor of this moment."""
    return Actor(account_id=account_id, business_at=clock.now(), at=real_now())


def record(
    connection: Connection,
    by: Actor,
    action: str,
    account_id: int,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    why: str | None = None,
) -> None:
    """Write the audit row of a change of an account, and tell every process to forget who was signed in."""
    write_audit(
        connection,
        action=action,
        subject="account",
        subject_id=account_id,
        business_at=by.business_at,
        account_id=by.account_id,
        before=before,
        after=after,
        why=why,
    )
    announce(connection, 0, [LAYER])
