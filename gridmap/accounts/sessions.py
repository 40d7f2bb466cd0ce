"""Signed-in devices and the tokens of programs: opened, listed, revoked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gridmap.accounts.actor import Actor, record
from gridmap.accounts.keys import digest, new_secret
from gridmap.db.pools import Connection

SESSION = timedelta(hours=12)
REMEMBERED = timedelta(days=90)
MAX_TOKEN_DAYS = 366
MAX_DEVICE = 80


@dataclass(frozen=True, kw_only=True)
class Device:
    """One place where an account is signed in."""

    id: int
    device: str
    remembered: bool
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class Token:
    """One token of a program; the secret itself was shown once, when it was made."""

    id: int
    name: str
    created_at: datetime
    expires_at: datetime
    last_used_on: Any


def open_session(connection: Connection, by: Actor, account_id: int, *, device: str, remember: bool) -> str:
    """Sign a device in and give the secret of its cookie; 12 hours, or 90 days where it is remembered."""
    secret = new_secret()
    connection.execute(
        "INSERT INTO gridmap.session (account_id, token_hash, device, remembered, created_at, expires_at)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (
            account_id,
            digest(secret),
            device[:MAX_DEVICE],
            remember,
            by.at,
            by.at + (REMEMBERED if remember else SESSION),
        ),
    )
    # no announcement: nobody can hold an answer for a secret that did not exist
    return secret


def devices(connection: Connection, account_id: int, now: datetime) -> list[Device]:
    """Where the account is signed in, newest first."""
    rows = connection.execute(
        "SELECT id, device, remembered, created_at, expires_at FROM gridmap.session"
        " WHERE account_id = %s AND revoked_at IS NULL AND expires_at > %s ORDER BY created_at DESC, id DESC",
        (account_id, now),
    )
    return [Device(**row) for row in rows]


def close_session(connection: Connection, by: Actor, account_id: int, session_id: int) -> bool:
    """Sign one device of the account out; False where it was not signed in."""
    done = connection.execute(
        "UPDATE gridmap.session SET revoked_at = %s WHERE id = %s AND account_id = %s AND revoked_at IS NULL",
        (by.at, session_id, account_id),
    )
    if done.rowcount:
        record(connection, by, "sign_out", account_id, after={"sessions": [session_id]})
    return bool(done.rowcount)


def close_sessions(connection: Connection, by: Actor, account_id: int, *, keep: Iterable[int] = ()) -> int:
    """Sign every device of the account out, but those to keep (the lost phone); gives how many."""
    done = connection.execute(
        "UPDATE gridmap.session SET revoked_at = %s"
        " WHERE account_id = %s AND revoked_at IS NULL AND expires_at > %s AND NOT id = ANY (%s)",
        (by.at, account_id, by.at, list(keep)),
    )
    record(connection, by, "sign_out_everywhere", account_id, after={"count": done.rowcount})
    return done.rowcount


def create_token(connection: Connection, by: Actor, account_id: int, *, name: str, days: int) -> str:
    """Make a token for a program and give its secret, which is never shown again. Raises ValueError.

    The days are bounded (1 to 366): a token that nobody renews must end.
    """
    if not 1 <= days <= MAX_TOKEN_DAYS:
        raise ValueError(f"a token lives 1 to {MAX_TOKEN_DAYS} days")
    secret = new_secret()
    row = connection.execute(
        "INSERT INTO gridmap.api_token (account_id, token_hash, name, created_at, expires_at)"
        " VALUES (%s, %s, %s, %s, %s) RETURNING id",
        (account_id, digest(secret), name.strip()[:MAX_DEVICE] or "token", by.at, by.at + timedelta(days=days)),
    ).fetchone()
    record(connection, by, "create_token", account_id, after={"token": row["id"] if row else None, "days": days})
    return secret


def tokens(connection: Connection, account_id: int, now: datetime) -> list[Token]:
    """The account's tokens that still work, newest first."""
    rows = connection.execute(
        "SELECT id, name, created_at, expires_at, last_used_on FROM gridmap.api_token"
        " WHERE account_id = %s AND revoked_at IS NULL AND expires_at > %s ORDER BY created_at DESC, id DESC",
        (account_id, now),
    )
    return [Token(**row) for row in rows]


def revoke_token(connection: Connection, by: Actor, account_id: int, token_id: int) -> bool:
    """End one token of the account; False where it did not work any more."""
    done = connection.execute(
        "UPDATE gridmap.api_token SET revoked_at = %s WHERE id = %s AND account_id = %s AND revoked_at IS NULL",
        (by.at, token_id, account_id),
    )
    if done.rowcount:
        record(connection, by, "revoke_token", account_id, after={"token": token_id})
    return bool(done.rowcount)


def revoke_tokens(connection: Connection, by: Actor, account_id: int) -> int:
    """End every token of the account; gives how many."""
    done = connection.execute(
        "UPDATE gridmap.api_token SET revoked_at = %s WHERE account_id = %s AND revoked_at IS NULL AND expires_at > %s",
        (by.at, account_id, by.at),
    )
    if done.rowcount:
        record(connection, by, "revoke_token", account_id, after={"count": done.rowcount})
    return done.rowcount
