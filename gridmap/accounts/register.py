"""Accounts made and ended. What an account may see is a matter of its grants."""

import re
import unicodedata
from typing import Any

import psycopg

from gridmap.accounts.actor import Actor, record
from gridmap.accounts.grants import administers, keep_an_administrator
from gridmap.accounts.passwords import set_password
from gridmap.db.pools import Connection
from gridmap.plain import is_name

USERNAME = re.compile(r"[a-z0-9\u4e00-\u9fff][a-z0-9\u4e00-\u9fff._-]{1,63}")
MAX_TITLE = 100


class AccountProblem(Exception):
    """The account cannot be made so; `reason` is `username`, `taken`, `title`, `person` or `locale`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def plain_username(username: str) -> str:
    """The user name as it is kept: lower case, full-width forms made narrow."""
    return unicodedata.normalize("NFKC", username).strip().lower()


def create_account(
    connection: Connection,
    by: Actor,
    *,
    username: str,
    title: str,
    person_id: int | None = None,
    password: str | None = None,
    must_change_password: bool = True,
    locale: str = "zh",
) -> int:
    """Make an account without any grant, and give its id. Without a password it opens only by a slip.

    Raises AccountProblem for what cannot be (a taken user name too), WeakPassword.
    """
    name, shown = plain_username(username), title.strip()
    _check(name, shown, locale)
    if person_id is not None and not _person_exists(connection, person_id):
        raise AccountProblem("person")
    try:
        with connection.transaction():
            row = connection.execute(
                "INSERT INTO gridmap.account (username, title, person_id, locale, must_change_password, created_at)"
                " VALUES (%s, %s, %s, %s, %s, %s) RETURNING id",
                (name, shown, person_id, locale, must_change_password, by.at),
            ).fetchone()
    except psycopg.errors.UniqueViolation:
        raise AccountProblem("taken") from None
    account_id: int = (row or {})["id"]
    record(
        connection,
        by,
        "create_account",
        account_id,
        after={"username": name, "title": shown, "person": person_id, "locale": locale},
    )
    if password is not None:
        set_password(connection, by, account_id, password, must_change=must_change_password)
    return account_id


def change_account(connection: Connection, by: Actor, account_id: int, *, title: str, locale: str) -> None:
    """Change how the account is shown and its language. Raises AccountProblem, LookupError."""
    before = account_row(connection, account_id)
    shown = title.strip()
    _check(before["username"], shown, locale)
    connection.execute("UPDATE gridmap.account SET title = %s, locale = %s WHERE id = %s", (shown, locale, account_id))
    record(
        connection,
        by,
        "change_account",
        account_id,
        before={"title": before["title"], "locale": before["locale"]},
        after={"title": shown, "locale": locale},
    )


def disable_account(connection: Connection, by: Actor, account_id: int, *, why: str) -> None:
    """Shut the account: within two seconds nothing of it works any more.

    Raises LookupError, and GrantProblem("last") for the last administrator.
    """
    before = account_row(connection, account_id)
    if before["disabled_at"] is None:
        if administers(connection, by, account_id):
            keep_an_administrator(connection, by, but_account=account_id)
        connection.execute("UPDATE gridmap.account SET disabled_at = %s WHERE id = %s", (by.at, account_id))
        record(connection, by, "disable_account", account_id, why=why.strip() or None)


def enable_account(connection: Connection, by: Actor, account_id: int) -> None:
    """Open a shut account again; its sessions and tokens work again unless revoked. Raises LookupError."""
    before = account_row(connection, account_id)
    if before["disabled_at"] is not None:
        connection.execute("UPDATE gridmap.account SET disabled_at = NULL WHERE id = %s", (account_id,))
        record(connection, by, "enable_account", account_id)


def account_row(connection: Connection, account_id: int) -> dict[str, Any]:
    """The account's columns that may be read. Raises LookupError."""
    row = connection.execute(
        "SELECT id, username, title, person_id, locale, must_change_password, disabled_at, created_at"
        " FROM gridmap.account WHERE id = %s",
        (account_id,),
    ).fetchone()
    if row is None:
        raise LookupError(account_id)
    return row


def _check(username: str, title: str, locale: str) -> None:
    if not USERNAME.fullmatch(username):
        raise AccountProblem("username")
    if not is_name(title, MAX_TITLE):
        raise AccountProblem("title")
    if locale not in ("zh", "en"):
        raise AccountProblem("locale")


def _person_exists(connection: Connection, person_id: int) -> bool:
    found = connection.execute(
        "SELECT 1 AS found FROM gridmap.person WHERE street_id = %s AND id = %s", (person_id >> 32, person_id)
    ).fetchone()
    return found is not None
