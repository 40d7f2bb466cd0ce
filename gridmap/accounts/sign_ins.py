"""Who is signed in: secrets become viewers, from memory while nothing has changed."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NoReturn

from gridmap.accounts.actor import LAYER, Actor
from gridmap.accounts.keys import digest
from gridmap.accounts.lockout import count_attempt, forgive, locked_until
from gridmap.accounts.passwords import fits, hash_again, is_outdated, set_password
from gridmap.accounts.sessions import close_session, close_sessions, open_session
from gridmap.accounts.slips import use_slip
from gridmap.audit import write_audit
from gridmap.clock import Clock, real_now
from gridmap.db import SYSTEM, Changes, Database
from gridmap.db.pools import Connection
from gridmap.scope import UnknownAccount, Viewer, viewer_of

KEPT = 20_000
REREAD_SECONDS = 60.0
WATCHED = (LAYER, "assignments", "people", "rotas")
"""What decides who somebody is and what they see; a change of any of it makes every answer doubtful."""

Kind = Literal["session", "token"]
Reason = Literal["wrong", "locked", "disabled", "no_grant"]


class SignInRefused(Exception):
    """The sign-in is refused: `reason`, and for a lock until when.

    Only somebody who knows the password hears `disabled` or `no_grant`; nobody hears whether a user exists.
    """

    def __init__(self, reason: Reason, until: datetime | None = None) -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.until = until


@dataclass(frozen=True)
class _Known:
    viewer: Viewer
    expires_at: datetime
    versions: tuple[int, ...]
    read_at: float


class SignIns:
    """Sign-in, sign-out and the viewers of one process.

    A viewer is answered from memory, without SQL, until the change feed reports a change of accounts, assignments,
    people or rotas, until a turn of a rota begins or ends, and for 60 seconds at most. `real_clock` is the real clock:
    sessions never follow the business one.
    """

    def __init__(
        self, database: Database, changes: Changes, clock: Clock, *, real_clock: Callable[[], datetime] = real_now
    ) -> None:
        self._database = database
        self._changes = changes
        self._clock = clock
        self._real_clock = real_clock
        self._known: OrderedDict[tuple[Kind, bytes], _Known] = OrderedDict()
        self._lock = threading.Lock()

    def actor(self, account_id: int | None) -> Actor:
        """The Actor of this moment on this process's clocks."""
        return Actor(account_id=account_id, business_at=self._clock.now(), at=self._real_clock())

    def viewer(self, kind: Kind, secret: str) -> Viewer | None:
        """Who holds this secret, or None: unknown, expired, revoked, disabled, or without any valid grant."""
        key = (kind, digest(secret))
        versions = tuple(self._changes.version(layer) for layer in WATCHED)
        now = self._real_clock()
        known = self._known.get(key)
        if known and known.versions == versions and time.monotonic() - known.read_at < REREAD_SECONDS:
            # who has duty sees what it is for until the minute it ends, whatever is remembered
            changes_at = known.viewer.changes_at
            if changes_at is None or self._clock.now() < changes_at:
                return known.viewer if known.expires_at > now else None
        found = self._read(kind, key[1], versions, now)
        with self._lock:
            self._known.pop(key, None)
            if found:
                self._known[key] = found
                if len(self._known) > KEPT:
                    self._known.popitem(last=False)
        return found.viewer if found else None

    def forget(self) -> None:
        """Ask the database again for everybody: called after a command, so that this process is never behind it."""
        with self._lock:
            self._known.clear()

    def session_id(self, secret: str) -> int | None:
        """Which of the account's sessions this secret opens."""
        with self._database.transaction(SYSTEM) as connection:
            row = connection.execute(
                "SELECT key_id FROM gridmap.account_of_token('session', %s)", (digest(secret),)
            ).fetchone()
        return row["key_id"] if row else None

    def sign_in(self, username: str, password: str, *, address: str, device: str, remember: bool) -> str:
        """Check the password and give the secret of a fresh session's cookie. Raises SignInRefused.

        Five failures of one account from one address lock that pair for 15 minutes.
        """
        username = username.strip().lower()[:200]
        account_id, outdated = self._check(username, password, address)
        try:
            viewer_of(self._database, account_id, self._clock.now())
        except UnknownAccount:
            raise SignInRefused("no_grant") from None
        renewed = hash_again(password) if outdated else None
        by = self.actor(account_id)
        with self._database.transaction(SYSTEM) as connection:
            forgive(connection, username, address)
            if renewed:
                connection.execute("UPDATE gridmap.account SET password_hash = %s WHERE id = %s", (renewed, account_id))
            secret = open_session(connection, by, account_id, device=device, remember=remember)
            self._write(connection, by, account_id, "sign_in", device)
        return secret

    def enter(self, slip: str, password: str, *, device: str, remember: bool) -> str | None:
        """Use a printed slip up: set the password, sign other devices out, give the cookie's secret.

        None for a slip that is used, ended or unknown. Raises WeakPassword, and the slip stays good.
        """
        with self._database.transaction(SYSTEM) as connection:
            account_id = use_slip(connection, self.actor(None), slip, password)
            if account_id is None:
                return None
            by = self.actor(account_id)
            close_sessions(connection, by, account_id)
            secret = open_session(connection, by, account_id, device=device, remember=remember)
            self._write(connection, by, account_id, "sign_in", device)
        self.forget()
        return secret

    def change_password(self, username: str, current: str, new: str, *, address: str, secret: str) -> None:
        """Give the account its own new password and sign its other devices out; this one (`secret`) stays.

        Raises SignInRefused where the current password is wrong, which counts for the lockout; WeakPassword.
        """
        account_id, _ = self._check(username, current, address)
        with self._database.transaction(SYSTEM) as connection:
            by = self.actor(account_id)
            forgive(connection, username, address)
            set_password(connection, by, account_id, new)
            row = connection.execute(
                "SELECT key_id FROM gridmap.account_of_token('session', %s)", (digest(secret),)
            ).fetchone()
            close_sessions(connection, by, account_id, keep=[row["key_id"]] if row else [])
        self.forget()

    def sign_out(self, secret: str) -> None:
        """Close the session of this cookie; nothing happens where it is closed already."""
        with self._database.transaction(SYSTEM) as connection:
            row = connection.execute(
                "SELECT account_id, key_id FROM gridmap.account_of_token('session', %s)", (digest(secret),)
            ).fetchone()
            if row:
                close_session(connection, self.actor(row["account_id"]), row["account_id"], row["key_id"])
        self.forget()

    def _read(self, kind: Kind, sought: bytes, versions: tuple[int, ...], now: datetime) -> _Known | None:
        read_at = time.monotonic()
        with self._database.transaction(SYSTEM) as connection:
            row = connection.execute(
                "SELECT account_id, key_id, expires_at FROM gridmap.account_of_token(%s, %s)", (kind, sought)
            ).fetchone()
            if row is None or row["expires_at"] <= now:
                return None
            if kind == "token":
                connection.execute(
                    "UPDATE gridmap.api_token SET last_used_on = %s WHERE id = %s AND last_used_on IS DISTINCT FROM %s",
                    (now.date(), row["key_id"], now.date()),
                )
        try:
            viewer = viewer_of(self._database, row["account_id"], self._clock.now())
        except UnknownAccount:
            return None
        return _Known(viewer, row["expires_at"], versions, read_at)

    def _check(self, username: str, password: str, address: str) -> tuple[int, bool]:
        """The account that the password opens, and whether its hash is outdated. Raises SignInRefused."""
        with self._database.transaction(SYSTEM) as connection:
            until = count_attempt(connection, username, address, self._real_clock())
        if until:
            raise SignInRefused("locked", until)
        with self._database.transaction(SYSTEM) as connection:
            row = connection.execute("SELECT * FROM gridmap.password_of(%s)", (username,)).fetchone()
        password_hash = row["password_hash"] if row else None
        is_right = fits(password, password_hash)
        if row is None or password_hash is None or not is_right:
            self._refuse(username, address, row["account_id"] if row else None)
        if row["disabled_at"] is not None:
            raise SignInRefused("disabled")
        return row["account_id"], is_outdated(password_hash)

    def _refuse(self, username: str, address: str, account_id: int | None) -> NoReturn:
        """Say that user name or password is wrong; a lock that begins now is audited where the account exists."""
        with self._database.transaction(SYSTEM) as connection:
            until = locked_until(connection, username, address, self._real_clock())
            if until and account_id is not None:
                self._write(connection, self.actor(None), account_id, "lock_out", address)
        raise SignInRefused("locked", until) if until else SignInRefused("wrong")

    @staticmethod
    def _write(connection: Connection, by: Actor, account_id: int, action: str, where: str) -> None:
        """Audit only: signing in changes nobody's rights, so no process needs to forget anything."""
        write_audit(
            connection,
            action=action,
            subject="account",
            subject_id=account_id,
            business_at=by.business_at,
            account_id=by.account_id,
            after={"from": where},
        )
