"""The nightly round: what is kept no longer than needed goes, each step counted; a dry run only counts."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from gridmap.db import SYSTEM, Database
from gridmap.db.pools import Connection

FAILURES_KEPT = timedelta(days=1)
SESSIONS_KEPT = timedelta(days=30)
JOBS_KEPT = timedelta(days=90)
FEED_KEPT = timedelta(days=2)


def forget_failures(connection: Connection, now: datetime) -> int:
    """Failed sign-ins of the day before yesterday and earlier."""
    return connection.execute(
        "DELETE FROM gridmap.sign_in_failure WHERE failed_at < %s", (now - FAILURES_KEPT,)
    ).rowcount


def forget_sessions(connection: Connection, now: datetime) -> int:
    """Sessions and slips that ended a month ago; tokens stay listed."""
    sessions = connection.execute(
        "DELETE FROM gridmap.session WHERE least(expires_at, revoked_at) < %s", (now - SESSIONS_KEPT,)
    ).rowcount
    slips = connection.execute(
        "DELETE FROM gridmap.sign_in_slip WHERE least(expires_at, used_at) < %s", (now - SESSIONS_KEPT,)
    ).rowcount
    return sessions + slips


def forget_jobs(connection: Connection, now: datetime) -> int:
    """Jobs that finished a quarter ago."""
    return connection.execute("DELETE FROM gridmap.job WHERE finished_at < %s", (now - JOBS_KEPT,)).rowcount


def fold_feed(connection: Connection, now: datetime) -> int:
    """Changes that every process has seen, folded into one row for each layer and street."""
    row = connection.execute("SELECT gridmap.fold_changes(%s) AS folded", (now - FEED_KEPT,)).fetchone()
    return int((row or {"folded": 0})["folded"])


STEPS: Mapping[str, Callable[[Connection, datetime], int]] = {
    "failed sign-ins forgotten": forget_failures,
    "ended sessions and slips forgotten": forget_sessions,
    "finished jobs forgotten": forget_jobs,
    "changes folded": fold_feed,
}


class _Undo(Exception):
    """Rolls a dry run back."""


def run_nightly(database: Database, now: datetime, *, dry_run: bool = False) -> dict[str, int]:
    """Run every step in a transaction of its own at the real time `now`, and count what each did or would do."""
    counts: dict[str, int] = {}
    for title, step in STEPS.items():
        try:
            with database.transaction(SYSTEM) as connection:
                counts[title] = step(connection, now)
                if dry_run:
                    raise _Undo
        except _Undo:
            continue
    return counts
