"""Passwords: the rule, Argon2id, and as much work for a user that does not exist as for one that does."""

import secrets
import unicodedata
from functools import cache
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gridmap.accounts.actor import Actor, record
from gridmap.db.pools import Connection

MIN_LENGTH = 10
MAX_LENGTH = 200
READABLE = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that nobody mistakes for another on paper."""

Weakness = Literal["short", "long", "username", "repeated"]

_hasher = PasswordHasher(time_cost=2, memory_cost=32 * 1024, parallelism=1)


class WeakPassword(Exception):
    """The password does not pass the rule; `weakness` says why."""

    def __init__(self, weakness: Weakness) -> None:
        super().__init__(weakness)
        self.weakness: Weakness = weakness


def _plain(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def weakness_of(password: str, username: str) -> Weakness | None:
    """Why the password cannot be taken, or None. The rule: 10 to 200 characters, not the user name."""
    plain = _plain(password)
    if len(plain) < MIN_LENGTH:
        return "short"
    if len(plain) > MAX_LENGTH:
        return "long"
    if plain.strip().lower() == username.lower():
        return "username"
    return "repeated" if len(set(plain)) == 1 else None


def random_password(groups: int = 3) -> str:
    """A password that can be read out: groups of five letters and digits, about 25 bit each."""
    return "-".join("".join(secrets.choice(READABLE) for _ in range(5)) for _ in range(groups))


def hash_password(password: str, username: str) -> str:
    """The Argon2id hash to keep. Raises WeakPassword."""
    weakness = weakness_of(password, username)
    if weakness:
        raise WeakPassword(weakness)
    return _hasher.hash(_plain(password))


def hash_again(password: str) -> str:
    """The hash by today's parameters of a password that was right; the rule is not asked."""
    return _hasher.hash(_plain(password))


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_hex())


def fits(password: str, password_hash: str | None) -> bool:
    """Whether the password is the one behind the hash; without a hash it works as hard and says no."""
    if len(password) > MAX_LENGTH:
        return False
    try:
        _hasher.verify(password_hash or _nobodys_hash(), _plain(password))
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def set_password(
    connection: Connection, by: Actor, account_id: int, password: str, *, must_change: bool = False
) -> None:
    """Give the account this password. Raises WeakPassword, LookupError where there is no such account.

    Other devices stay signed in; `close_sessions` is a command of its own.
    """
    row = connection.execute("SELECT username FROM gridmap.account WHERE id = %s", (account_id,)).fetchone()
    if row is None:
        raise LookupError(account_id)
    connection.execute(
        "UPDATE gridmap.account SET password_hash = %s, must_change_password = %s WHERE id = %s",
        (hash_password(password, row["username"]), must_change, account_id),
    )
    record(connection, by, "set_password", account_id, after={"must_change": must_change})
