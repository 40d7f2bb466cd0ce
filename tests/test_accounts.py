"""Sign-in, sessions, slips, tokens and grants on a real database, with clocks that the test moves."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.accounts import (
    AccountProblem,
    Actor,
    Grant,
    GrantProblem,
    SignInRefused,
    SignIns,
    WeakPassword,
    close_session,
    close_sessions,
    create_account,
    create_token,
    devices,
    disable_account,
    end_grant,
    find_accounts,
    give_grant,
    grants_of,
    issue_slip,
    plain_username,
    random_password,
    reset_password,
    revoke_token,
    set_password,
    weakness_of,
)
from gridmap.accounts.lockout import FAILURES, LOCKED, is_locked
from gridmap.accounts.passwords import MIN_LENGTH, fits, hash_password
from gridmap.clock import parse_clock
from gridmap.db import SYSTEM, Changes, Database
from gridmap.db.pools import Connection
from tests.conftest import DEMO_CLOCK, Base

PASSWORD = "three-words-of-mine"
PLANNER = Grant(role="planner", level="city")
START = datetime(2026, 3, 16, 1, 0, tzinfo=UTC)


class RealClock:
    """A real clock that stands still until the test moves it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **parts: float) -> None:
        self.now += timedelta(**parts)


@pytest.fixture(scope="module")
def base(empty_template: str, copy_database: Callable[[str], Base]) -> Base:
    return copy_database(empty_template)


@pytest.fixture(scope="module")
def database(base: Base) -> Iterator[Database]:
    made = Database(base.app_url)
    yield made
    made.close()


@pytest.fixture(scope="module")
def changes(base: Base) -> Iterator[Changes]:
    made = Changes(base.app_url)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def clock() -> RealClock:
    return RealClock()


@pytest.fixture
def sign_ins(database: Database, changes: Changes, clock: RealClock) -> SignIns:
    return SignIns(database, changes, parse_clock(DEMO_CLOCK), real_clock=clock)


def by(at: datetime = START, account_id: int | None = None) -> Actor:
    return Actor(account_id=account_id, business_at=parse_clock(DEMO_CLOCK).now(), at=at)


@pytest.fixture
def run(database: Database) -> Callable[..., Any]:
    """Runs a command in a transaction of its own, as the system."""

    def command(what: Callable[..., Any], *values: Any, **fields: Any) -> Any:
        with database.transaction(SYSTEM) as connection:
            return what(connection, by(), *values, **fields)

    return command


@pytest.fixture
def account(run: Callable[..., Any]) -> Callable[..., int]:
    """Makes an account with a password and a city-wide planner's right."""

    def make(username: str, grant: Grant | None = PLANNER, **fields: Any) -> int:
        values = {"title": username, "password": PASSWORD, "must_change_password": False, **fields}
        account_id: int = run(create_account, username=username, **values)
        if grant:
            run(give_grant, account_id, grant)
        return account_id

    return make


def enter(sign_ins: SignIns, username: str, password: str = PASSWORD, *, address: str = "10.0.0.1", **more: Any) -> str:
    return sign_ins.sign_in(username, password, address=address, device="Test", remember=more.get("remember", False))


def refusal(sign_ins: SignIns, username: str, password: str = PASSWORD, **more: Any) -> SignInRefused:
    with pytest.raises(SignInRefused) as refused:
        enter(sign_ins, username, password, **more)
    return refused.value


def until(what: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether it becomes true in that time, asked again and again."""
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


class TestSigningIn:
    def test_the_right_password_opens_a_session_of_twelve_hours(self, sign_ins, account, clock):
        account("sign-1")
        secret = enter(sign_ins, "Sign-1 ")
        viewer = sign_ins.viewer("session", secret)
        assert viewer is not None
        assert viewer.username == "sign-1"
        clock.advance(hours=11, minutes=59)
        assert sign_ins.viewer("session", secret) is not None
        clock.advance(minutes=1)
        assert sign_ins.viewer("session", secret) is None

    def test_a_remembered_phone_stays_ninety_days(self, sign_ins, account, clock):
        account("sign-2")
        secret = enter(sign_ins, "sign-2", remember=True)
        clock.advance(days=89, hours=23)
        assert sign_ins.viewer("session", secret) is not None
        clock.advance(hours=1)
        assert sign_ins.viewer("session", secret) is None

    def test_secrets_are_long_and_never_stored(self, sign_ins, account, base):
        account("sign-3")
        secret = enter(sign_ins, "sign-3")
        assert len(secret) >= 43
        with psycopg.connect(base.superuser_url) as owner:
            rows = owner.execute("SELECT token_hash FROM gridmap.session").fetchall()
        assert all(secret.encode() not in bytes(row[0]) and len(row[0]) == 32 for row in rows)

    def test_a_session_is_no_token_and_a_token_no_session(self, sign_ins, account, run):
        account_id = account("sign-4")
        session = enter(sign_ins, "sign-4")
        token = run(create_token, account_id, name="QGIS", days=1)
        assert sign_ins.viewer("token", session) is None
        assert sign_ins.viewer("session", token) is None
        assert sign_ins.viewer("token", token) is not None

    def test_an_unknown_user_and_a_wrong_password_sound_alike(self, sign_ins, account):
        account("sign-5")
        known, unknown = refusal(sign_ins, "sign-5", "wrong-password"), refusal(sign_ins, "nobody-5", "wrong-password")
        assert (known.reason, known.until, str(known)) == (unknown.reason, unknown.until, str(unknown))

    def test_unknown_users_cost_as_much_work(self, monkeypatch, sign_ins):
        from gridmap.accounts import passwords

        asked: list[str] = []
        real = passwords._hasher.verify
        monkeypatch.setattr(
            passwords,
            "_hasher",
            type(
                "Spy", (), {"verify": lambda _, h, p: (asked.append(h), real(h, p))[1], "hash": passwords._hasher.hash}
            )(),
        )
        refusal(sign_ins, "nobody-6", "some-password")
        assert len(asked) == 1
        assert asked[0].startswith("$argon2id$")

    def test_only_the_right_password_hears_that_an_account_is_closed_or_empty(self, sign_ins, account, run):
        account("sign-admin", Grant(role="administrator", level="city"))
        closed, empty = account("sign-7"), account("sign-8", None)
        run(disable_account, closed, why="left")
        assert refusal(sign_ins, "sign-7", "not-the-password").reason == "wrong"
        assert refusal(sign_ins, "sign-7").reason == "disabled"
        assert refusal(sign_ins, "sign-8", "not-the-password").reason == "wrong"
        assert refusal(sign_ins, "sign-8").reason == "no_grant"
        assert empty != closed

    def test_an_account_without_a_password_opens_by_no_password(self, sign_ins, account):
        account("sign-9", password=None)
        assert refusal(sign_ins, "sign-9", "").reason == "wrong"
        assert refusal(sign_ins, "sign-9", "None").reason == "wrong"

    def test_full_width_digits_of_a_phone_keyboard_are_the_same_password(self, sign_ins, account):
        account("sign-10", password="phone-1234567")
        assert enter(sign_ins, "sign-10", "phone-１２３４５６７")

    def test_signing_in_is_audited_and_disturbs_nobody(self, sign_ins, account, database, changes):
        account_id = account("sign-11")
        before = changes.version("accounts")
        enter(sign_ins, "sign-11")
        with database.transaction(SYSTEM) as connection:
            row = connection.execute(
                "SELECT account_id, after FROM gridmap.audit WHERE action = 'sign_in' AND subject_id = %s",
                (str(account_id),),
            ).fetchone()
            feed = connection.execute("SELECT count(*) AS n FROM gridmap.change WHERE layer = 'accounts'").fetchone()
        assert row == {"account_id": account_id, "after": {"from": "Test"}}
        assert until(lambda: changes.version("accounts") == feed["n"])
        assert before <= feed["n"]


class TestLockout:
    def test_five_wrong_passwords_lock_for_fifteen_minutes(self, sign_ins, account, clock):
        account("lock-1")
        for _ in range(4):
            assert refusal(sign_ins, "lock-1", "wrong-password").reason == "wrong"
        fifth = refusal(sign_ins, "lock-1", "wrong-password")
        assert (fifth.reason, fifth.until) == ("locked", START + LOCKED)
        assert refusal(sign_ins, "lock-1").reason == "locked"
        clock.advance(minutes=14, seconds=59)
        assert refusal(sign_ins, "lock-1").reason == "locked"
        clock.advance(seconds=1)
        assert enter(sign_ins, "lock-1")

    def test_the_lock_is_for_the_account_and_the_address_together(self, sign_ins, account):
        account("lock-2")
        account("lock-3")
        for _ in range(5):
            refusal(sign_ins, "lock-2", "wrong-password", address="10.0.0.9")
        assert refusal(sign_ins, "lock-2", address="10.0.0.9").reason == "locked"
        assert enter(sign_ins, "lock-2", address="10.0.0.10")
        assert enter(sign_ins, "lock-3", address="10.0.0.9")

    def test_a_user_that_does_not_exist_is_locked_the_same(self, sign_ins):
        reasons = [refusal(sign_ins, "nobody-7", "wrong-password").reason for _ in range(6)]
        assert reasons == ["wrong"] * 4 + ["locked"] * 2

    def test_success_forgives(self, sign_ins, account):
        account("lock-4")
        for _ in range(3):
            for _ in range(4):
                refusal(sign_ins, "lock-4", "wrong-password")
            assert enter(sign_ins, "lock-4")

    def test_parallel_guesses_are_counted_too(self, sign_ins, account):
        account("lock-5")
        reasons: list[str] = []

        def guess() -> None:
            reasons.append(refusal(sign_ins, "lock-5", "wrong-password").reason)

        threads = [threading.Thread(target=guess) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert reasons.count("wrong") <= FAILURES
        assert refusal(sign_ins, "lock-5").reason == "locked"

    def test_a_lock_on_a_real_account_is_audited_once(self, sign_ins, account, database):
        account_id = account("lock-6")
        for _ in range(8):
            refusal(sign_ins, "lock-6", "wrong-password")
        with database.transaction(SYSTEM) as connection:
            rows = connection.execute(
                "SELECT after FROM gridmap.audit WHERE action = 'lock_out' AND subject_id = %s", (str(account_id),)
            ).fetchall()
        assert [row["after"] for row in rows] == [{"from": "10.0.0.1"}]

    @given(st.lists(st.integers(0, 40 * 60), min_size=1, max_size=30))
    def test_whatever_the_order_of_guesses_there_are_never_more_than_five_in_fifteen_minutes(self, seconds):
        """The rule itself, as a guesser meets it: each attempt that is not locked out counts as a failure."""
        counted: list[datetime] = []
        for second in sorted(seconds):
            now = START + timedelta(seconds=second)
            if not is_locked(counted[::-1][:FAILURES], now):
                counted.append(now)
        for index in range(len(counted) - FAILURES):
            assert counted[index + FAILURES] - counted[index] >= LOCKED


class TestMemory:
    def test_a_hit_asks_the_database_nothing(self, sign_ins, account, monkeypatch):
        account("memory-1")
        secret = enter(sign_ins, "memory-1")
        first = sign_ins.viewer("session", secret)
        # the other tests' changes may still be on their way in the feed
        assert until(lambda: sign_ins.viewer("session", secret) is sign_ins.viewer("session", secret))
        monkeypatch.setattr(sign_ins, "_database", None)
        assert sign_ins.viewer("session", secret) == first

    @pytest.mark.parametrize(
        "command",
        [
            lambda run, account_id, session: run(disable_account, account_id, why="lost"),
            lambda run, account_id, session: run(close_session, account_id, session),
            lambda run, account_id, session: run(close_sessions, account_id),
            lambda run, account_id, session: run(reset_password, account_id),
        ],
        ids=["disabled", "session closed", "all sessions closed", "password reset"],
    )
    def test_whoever_is_shut_out_is_out_of_every_process_within_two_seconds(
        self, sign_ins, account, run, database, command, request
    ):
        account("memory-root-" + request.node.callspec.id.replace(" ", "-"), Grant(role="administrator", level="city"))
        account_id = account("memory-" + request.node.callspec.id.replace(" ", "-"))
        secret = enter(sign_ins, "memory-" + request.node.callspec.id.replace(" ", "-"))
        assert sign_ins.viewer("session", secret) is not None
        session = sign_ins.session_id(secret)
        command(run, account_id, session)
        assert until(lambda: sign_ins.viewer("session", secret) is None, seconds=2.0)

    def test_a_new_right_is_seen_within_two_seconds(self, sign_ins, account, run):
        account_id = account("memory-2")
        secret = enter(sign_ins, "memory-2")
        assert sign_ins.viewer("session", secret).administers is False
        run(give_grant, account_id, Grant(role="administrator", level="city"))
        assert until(lambda: sign_ins.viewer("session", secret).administers)

    def test_without_the_feed_an_answer_is_old_after_a_minute(self, database, base, account, run, clock, monkeypatch):
        deaf = SignIns(database, Changes(base.app_url), parse_clock(DEMO_CLOCK), real_clock=clock)
        account_id = account("memory-3")
        token = run(create_token, account_id, name="x", days=5)
        assert deaf.viewer("token", token) is not None
        with psycopg.connect(base.owner_url) as owner:
            owner.execute("UPDATE gridmap.api_token SET revoked_at = now() WHERE account_id = %s", (account_id,))
        assert deaf.viewer("token", token) is not None
        later = time.monotonic() + 61
        monkeypatch.setattr("gridmap.accounts.sign_ins.time.monotonic", lambda: later)
        assert deaf.viewer("token", token) is None

    def test_the_memory_is_bounded(self, sign_ins, account, run, monkeypatch):
        monkeypatch.setattr("gridmap.accounts.sign_ins.KEPT", 3)
        account_id = account("memory-4")
        secrets = [run(create_token, account_id, name=str(n), days=1) for n in range(6)]
        assert all(sign_ins.viewer("token", secret) for secret in secrets)
        assert len(sign_ins._known) <= 3


class TestTokens:
    def test_a_token_ends_by_itself_and_by_hand(self, sign_ins, account, run, clock, database):
        account_id = account("token-1")
        short, long = (run(create_token, account_id, name="x", days=days) for days in (1, 30))
        clock.advance(days=1)
        assert sign_ins.viewer("token", short) is None
        assert sign_ins.viewer("token", long) is not None
        with database.transaction(SYSTEM) as connection:
            row = connection.execute(
                "SELECT id, last_used_on FROM gridmap.api_token WHERE account_id = %s ORDER BY expires_at DESC",
                (account_id,),
            ).fetchone()
        assert row["last_used_on"] == clock.now.date()
        assert run(revoke_token, account_id, row["id"]) is True
        assert run(revoke_token, account_id, row["id"]) is False
        assert until(lambda: sign_ins.viewer("token", long) is None)

    @pytest.mark.parametrize("days", [0, -1, 367])
    def test_a_token_must_end(self, account, run, days):
        with pytest.raises(ValueError, match="366"):
            run(create_token, account(f"token-{days}"), name="x", days=days)

    def test_nobody_revokes_another_ones_token_or_session(self, sign_ins, account, run, database):
        mine, theirs = account("token-2"), account("token-3")
        secret = enter(sign_ins, "token-3")
        session = sign_ins.session_id(secret)
        assert run(close_session, mine, session) is False
        settings = sign_ins.viewer("session", enter(sign_ins, "token-2")).settings
        with database.transaction(settings) as connection:
            assert close_session(connection, by(account_id=mine), theirs, session) is False
            assert devices(connection, theirs, START) == []


class TestSlips:
    def test_a_slip_opens_once_and_sets_the_password(self, sign_ins, account, run):
        account_id = account("slip-1", password=None, must_change_password=True)
        slip = run(issue_slip, account_id)
        session = sign_ins.enter(slip, PASSWORD, device="Phone", remember=True)
        assert sign_ins.viewer("session", session).must_change_password is False
        assert sign_ins.enter(slip, PASSWORD, device="Phone", remember=True) is None
        assert enter(sign_ins, "slip-1")

    def test_a_weak_password_leaves_the_slip_good(self, sign_ins, account, run):
        slip = run(issue_slip, account("slip-2", password=None))
        with pytest.raises(WeakPassword):
            sign_ins.enter(slip, "short", device="", remember=False)
        assert sign_ins.enter(slip, PASSWORD, device="", remember=False)

    def test_a_slip_ends_after_seven_days(self, sign_ins, account, run, clock):
        slip = run(issue_slip, account("slip-3", password=None))
        clock.advance(days=7)
        assert sign_ins.enter(slip, PASSWORD, device="", remember=False) is None

    def test_a_new_slip_ends_the_earlier_one(self, sign_ins, account, run):
        account_id = account("slip-4", password=None)
        first, second = run(issue_slip, account_id), run(issue_slip, account_id)
        assert sign_ins.enter(first, PASSWORD, device="", remember=False) is None
        assert sign_ins.enter(second, PASSWORD, device="", remember=False)

    def test_two_people_with_one_slip_do_not_both_get_in(self, sign_ins, account, run):
        slip = run(issue_slip, account("slip-5", password=None))
        opened: list[str | None] = []
        threads = [
            threading.Thread(target=lambda: opened.append(sign_ins.enter(slip, PASSWORD, device="", remember=False)))
            for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(secret is not None for secret in opened) == 1

    def test_reset_ends_password_and_devices(self, sign_ins, account, run):
        account_id = account("slip-6")
        secret = enter(sign_ins, "slip-6")
        slip = run(reset_password, account_id)
        assert refusal(sign_ins, "slip-6").reason == "wrong"
        assert until(lambda: sign_ins.viewer("session", secret) is None)
        assert sign_ins.enter(slip, "another-good-one", device="", remember=False)
        assert enter(sign_ins, "slip-6", "another-good-one")

    def test_a_slip_of_a_closed_account_opens_nothing(self, sign_ins, account, run):
        account("slip-root", Grant(role="administrator", level="city"))
        account_id = account("slip-7", password=None)
        slip = run(issue_slip, account_id)
        run(disable_account, account_id, why="")
        assert sign_ins.enter(slip, PASSWORD, device="", remember=False) is None


class TestPasswords:
    def test_changing_keeps_this_device_and_signs_the_others_out(self, sign_ins, account):
        account("word-1")
        here, there = enter(sign_ins, "word-1"), enter(sign_ins, "word-1")
        sign_ins.change_password("word-1", PASSWORD, "a-better-one-2", address="10.0.0.1", secret=here)
        assert sign_ins.viewer("session", here) is not None
        assert sign_ins.viewer("session", there) is None
        assert refusal(sign_ins, "word-1").reason == "wrong"
        assert enter(sign_ins, "word-1", "a-better-one-2")

    def test_guessing_the_current_password_is_locked_out_too(self, sign_ins, account):
        account("word-2")
        here = enter(sign_ins, "word-2")
        for _ in range(5):
            with pytest.raises(SignInRefused):
                sign_ins.change_password("word-2", "wrong-password", "a-better-one-2", address="10.0.0.1", secret=here)
        with pytest.raises(SignInRefused) as refused:
            sign_ins.change_password("word-2", PASSWORD, "a-better-one-2", address="10.0.0.1", secret=here)
        assert refused.value.reason == "locked"

    @pytest.mark.parametrize(
        ("password", "weakness"),
        [
            ("short-one", "short"),
            ("x" * 201, "long"),
            ("some-username", "username"),
            ("SOME-username", "username"),
            ("aaaaaaaaaaaa", "repeated"),
            ("ten-chars!", None),
            ("十个汉字也是一个密码", None),
        ],
    )
    def test_the_rule(self, password, weakness):
        assert weakness_of(password, "some-username") == weakness

    @given(st.text(max_size=40), st.text(max_size=20))
    def test_the_rule_never_falls_over_and_never_lets_a_short_one_pass(self, password, username):
        if weakness_of(password, username) is None:
            assert len(password) >= 1
            assert MIN_LENGTH == 10

    def test_random_passwords_pass_the_rule_and_differ(self):
        made = {random_password() for _ in range(100)}
        assert len(made) == 100
        assert all(weakness_of(password, "somebody") is None for password in made)

    def test_hashes_are_salted_argon2id(self):
        first, second = (hash_password(PASSWORD, "x") for _ in range(2))
        assert first != second
        assert first.startswith("$argon2id$")
        assert fits(PASSWORD, first)
        assert not fits(PASSWORD + "x", first)
        assert not fits(PASSWORD, "not a hash")
        assert not fits(PASSWORD, None)

    def test_an_old_hash_is_renewed_at_the_next_sign_in(self, sign_ins, account, base, database):
        from argon2 import PasswordHasher

        account_id = account("word-3")
        old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
        with psycopg.connect(base.owner_url) as owner:
            owner.execute("UPDATE gridmap.account SET password_hash = %s WHERE id = %s", (old, account_id))
        enter(sign_ins, "word-3")
        with psycopg.connect(base.superuser_url) as owner:
            renewed = owner.execute("SELECT password_hash FROM gridmap.account WHERE id = %s", (account_id,)).fetchone()
        assert renewed[0] != old
        assert fits(PASSWORD, renewed[0])

    def test_the_app_role_cannot_read_hashes(self, database, run, account):
        run(set_password, account("word-4"), "another-good-one")
        for statement in (
            "SELECT password_hash FROM gridmap.account",
            "SELECT token_hash FROM gridmap.session",
            "SELECT token_hash FROM gridmap.api_token",
            "SELECT token_hash FROM gridmap.sign_in_slip",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction(SYSTEM) as connection:
                connection.execute(statement)


class TestAccounts:
    @pytest.mark.parametrize("username", ["", "a", "two words", "ünï", "x" * 65, "-dash", "a\tb", "admin;--", "<b>"])
    def test_user_names_that_are_none(self, run, username):
        with pytest.raises(AccountProblem) as problem:
            run(create_account, username=username, title="x")
        assert problem.value.reason == "username"

    def test_a_title_is_in_words_a_user_name_in_signs_that_every_keyboard_has(self, run):
        assert run(create_account, username="title-1", title="网格员\u3000三 🌸")
        for title in ("", "\u200b", "a\nb", "x" * 101):
            with pytest.raises(AccountProblem) as problem:
                run(create_account, username="title-2", title=title)
            assert problem.value.reason == "title"

    def test_a_user_name_is_lower_case_narrow_and_taken_once(self, run):
        run(create_account, username=" Ｗang.Wu ", title="x")
        assert plain_username(" Ｗang.Wu ") == "wang.wu"
        with pytest.raises(AccountProblem) as problem:
            run(create_account, username="WANG.WU", title="x")
        assert problem.value.reason == "taken"

    def test_a_taken_name_leaves_the_transaction_usable(self, database, account):
        account("acc-1")
        with database.transaction(SYSTEM) as connection:
            with pytest.raises(AccountProblem):
                create_account(connection, by(), username="acc-1", title="x")
            assert create_account(connection, by(), username="acc-2", title="x")

    def test_the_last_administrator_stays(self, empty_base: Base):
        database = Database(empty_base.app_url)
        try:
            with database.transaction(SYSTEM) as connection:
                first = self._administrator(connection, "first")
                with pytest.raises(GrantProblem) as problem:
                    disable_account(connection, by(), first, why="")
                assert problem.value.reason == "last"
                grant = grants_of(connection, first, by().business_at)[0]["id"]
                with pytest.raises(GrantProblem):
                    end_grant(connection, by(), first, grant)
                self._administrator(connection, "second")
                assert end_grant(connection, by(), first, grant) is True
        finally:
            database.close()

    @staticmethod
    def _administrator(connection: Connection, username: str) -> int:
        account_id = create_account(connection, by(), username=username, title=username)
        give_grant(connection, by(), account_id, Grant(role="administrator", level="city"))
        return account_id

    def test_grants_count_from_their_start_to_before_their_end(self, sign_ins, account, run):
        now = by().business_at
        account("grant-1", Grant(role="planner", level="city", start=now + timedelta(seconds=1)))
        account("grant-2", Grant(role="planner", level="city", end=now))
        account("grant-3", Grant(role="planner", level="city", start=now, end=now + timedelta(seconds=1)))
        assert refusal(sign_ins, "grant-1").reason == "no_grant"
        assert refusal(sign_ins, "grant-2").reason == "no_grant"
        assert enter(sign_ins, "grant-3")

    def test_an_ended_grant_stays_as_history_and_one_not_begun_goes(self, account, run, database):
        now = by().business_at
        account_id = account("grant-4", Grant(role="planner", level="city", start=now - timedelta(days=3)))
        later = run(give_grant, account_id, Grant(role="leader", level="city", start=now + timedelta(days=3)))
        with database.transaction(SYSTEM) as connection:
            valid, coming = grants_of(connection, account_id, now)
            assert (valid["role"], coming["id"]) == ("planner", later)
            assert end_grant(connection, by(), account_id, valid["id"]) is True
            assert end_grant(connection, by(), account_id, valid["id"]) is False
            assert end_grant(connection, by(), account_id, later) is True
            assert [(row["role"], row["is_valid"], row["end"]) for row in grants_of(connection, account_id, now)] == [
                ("planner", False, now)
            ]

    @pytest.mark.parametrize(
        ("grant", "reason"),
        [
            (Grant(role="administrator", level="street", street_id=1), "level"),
            (Grant(role="worker", level="city"), "level"),
            (Grant(role="king", level="city"), "level"),
            (Grant(role="leader", level="street", street_id=4711), "target"),
            (Grant(role="leader", level="community", target_id=4711), "target"),
            (Grant(role="worker", level="grid"), "target"),
            (Grant(role="handler", level="organisation", organisation_id=4711), "organisation"),
            (Grant(role="manager", level="held"), "person"),
            (Grant(role="planner", level="city", start=START, end=START), "valid"),
        ],
    )
    def test_grants_that_make_no_sense_are_refused(self, account, run, grant, reason, request):
        account_id = account(f"sense-{abs(hash(request.node.callspec.id))}", None)
        with pytest.raises(GrantProblem) as problem:
            run(give_grant, account_id, grant)
        assert problem.value.reason == reason

    def test_finding_among_accounts(self, account, run, database):
        account("find-one", None, title="Alpha office")
        account("find-two", title="Beta office")
        with database.transaction(SYSTEM) as connection:
            now = by().business_at
            assert [row["username"] for row in find_accounts(connection, now, text="ALPHA").rows] == ["find-one"]
            assert find_accounts(connection, now, text="office", state="no_grant").total == 1
            assert find_accounts(connection, now, text="office", role="planner").rows[0]["username"] == "find-two"
            assert find_accounts(connection, now, text="100%_\\'").total == 0
            page = find_accounts(connection, now, text="office", limit=1, offset=1)
            assert (page.total, [row["username"] for row in page.rows]) == (2, ["find-two"])

    def test_every_command_is_audited_and_announced(self, account, run, database):
        account("audit-root", Grant(role="administrator", level="city"))
        account_id = account("audit-1")
        run(reset_password, account_id)
        run(disable_account, account_id, why="left the office")
        with database.transaction(SYSTEM) as connection:
            rows = connection.execute(
                "SELECT action, why FROM gridmap.audit WHERE subject = 'account' AND subject_id = %s ORDER BY id",
                (str(account_id),),
            ).fetchall()
        assert [row["action"] for row in rows] == [
            "create_account",
            "set_password",
            "give_grant",
            "reset_password",
            "sign_out_everywhere",
            "issue_slip",
            "disable_account",
        ]
        assert rows[-1]["why"] == "left the office"
