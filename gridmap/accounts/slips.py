"""Printed one-time slips: how somebody signs in for the first time, or after a forgotten password."""

from datetime import datetime, timedelta

from gridmap.accounts.actor import Actor, record
from gridmap.accounts.keys import digest, new_secret
from gridmap.accounts.passwords import set_password
from gridmap.accounts.sessions import close_sessions
from gridmap.db.pools import Connection

SLIP = timedelta(days=7)


def issue_slip(connection: Connection, by: Actor, account_id: int) -> str:
    """Give the secret of a fresh slip, good for seven days and one use; earlier slips of the account end."""
    secret = new_secret()
    connection.execute(
        "UPDATE gridmap.sign_in_slip SET expires_at = %s WHERE account_id = %s AND used_at IS NULL AND expires_at > %s",
        (by.at, account_id, by.at),
    )
    connection.execute(
        "INSERT INTO gridmap.sign_in_slip (account_id, token_hash, issued_by, created_at, expires_at)"
        " VALUES (%s, %s, %s, %s, %s)",
        (account_id, digest(secret), by.account_id, by.at, by.at + SLIP),
    )
    record(connection, by, "issue_slip", account_id)
    return secret


def reset_password(connection: Connection, by: Actor, account_id: int) -> str:
    """Take the password away, sign every device out and give the secret of a slip that leads to a new password.

    Raises LookupError where there is no such account.
    """
    done = connection.execute(
        "UPDATE gridmap.account SET password_hash = NULL, must_change_password = true WHERE id = %s", (account_id,)
    )
    if not done.rowcount:
        raise LookupError(account_id)
    record(connection, by, "reset_password", account_id)
    close_sessions(connection, by, account_id)
    return issue_slip(connection, by, account_id)


def account_of_slip(connection: Connection, secret: str, now: datetime) -> int | None:
    """Whose slip it is, while it may be used. Reading uses nothing up: messengers fetch links by themselves."""
    row = connection.execute(
        "SELECT account_id, expires_at FROM gridmap.account_of_token('slip', %s)", (digest(secret),)
    ).fetchone()
    return row["account_id"] if row and row["expires_at"] > now else None


def use_slip(connection: Connection, by: Actor, secret: str, password: str) -> int | None:
    """Use the slip up and set the password; gives the account, or None for a slip that is used, ended or unknown.

    The account acts for itself. Raises WeakPassword, and then the slip stays good.
    """
    account_id = account_of_slip(connection, secret, by.at)
    if account_id is None:
        return None
    used = connection.execute(
        "UPDATE gridmap.sign_in_slip SET used_at = %s"
        " WHERE id = (SELECT key_id FROM gridmap.account_of_token('slip', %s)) AND used_at IS NULL",
        (by.at, digest(secret)),
    )
    if not used.rowcount:
        return None
    own = Actor(account_id=account_id, business_at=by.business_at, at=by.at)
    set_password(connection, own, account_id, password)
    record(connection, own, "use_slip", account_id)
    return account_id
