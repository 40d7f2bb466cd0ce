"""The nightly round: what is kept no longer than needed goes, each step counted; a dry run only counts."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from gridmap.clock import Clock
from gridmap.db import SYSTEM, Database
from gridmap.db.pools import Connection
from gridmap.duties import close_slots, open_slots
from gridmap.files import sweep
from gridmap.periods import month_of

FAILURES_KEPT = timedelta(days=1)
SESSIONS_KEPT = timedelta(days=30)
JOBS_KEPT = timedelta(days=90)
FEED_KEPT = timedelta(days=2)
PHOTOS_KEPT = timedelta(days=180)


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


def forget_photos(connection: Connection, now: datetime) -> int:
    """Photos of answers after half a year; the answers stay. Their files go with the sweep."""
    old = now - PHOTOS_KEPT
    connection.execute(
        "UPDATE gridmap.inspection i SET photo = NULL FROM gridmap.file f"
        " WHERE i.street_id = f.street_id AND i.photo = f.sha256 AND f.stored_at < %s",
        (old,),
    )
    return connection.execute(
        "DELETE FROM gridmap.file f WHERE f.stored_at < %s AND NOT EXISTS (SELECT FROM gridmap.inspection i"
        " WHERE i.street_id = f.street_id AND i.photo = f.sha256)",
        (old,),
    ).rowcount


def fold_feed(connection: Connection, now: datetime) -> int:
    """Changes that every process has seen, folded into one row for each layer and street."""
    row = connection.execute("SELECT gridmap.fold_changes(%s) AS folded", (now - FEED_KEPT,)).fetchone()
    return int((row or {"folded": 0})["folded"])


def open_month(connection: Connection, clock: Clock) -> int:
    """Slots of the month that has begun, and what has come to it since."""
    today = clock.today()
    return open_slots(connection, _streets(connection), month_of(today), today).total


def close_past(connection: Connection, clock: Clock) -> int:
    """Slots whose period is over and that nobody has answered."""
    return close_slots(connection, _streets(connection), clock.today())


def recount(connection: Connection, clock: Clock) -> int:  # noqa: ARG001 - the signature of a step
    """Counts that did not agree with their slots, mended; always 0 unless something is wrong."""
    row = connection.execute("SELECT gridmap.recount_coverage(%s) AS wrong", (_streets(connection),)).fetchone()
    return int((row or {"wrong": 0})["wrong"])


def _streets(connection: Connection) -> list[int]:
    return [row["id"] for row in connection.execute("SELECT id FROM gridmap.street ORDER BY id").fetchall()]


DUTY_STEPS: Mapping[str, Callable[[Connection, Clock], int]] = {
    "slots opened": open_month,
    "slots closed": close_past,
    "counts mended": recount,
}
STEPS: Mapping[str, Callable[[Connection, datetime], int]] = {
    "failed sign-ins forgotten": forget_failures,
    "ended sessions and slips forgotten": forget_sessions,
    "finished jobs forgotten": forget_jobs,
    "photos forgotten": forget_photos,
    "changes folded": fold_feed,
}
SWEPT = "files without a row swept"


class _Undo(Exception):
    """Rolls a dry run back."""


def run_nightly(
    database: Database, now: datetime, clock: Clock, *, home: Path | None = None, dry_run: bool = False
) -> dict[str, int]:
    """Run every step in a transaction of its own, and count what each did or would do.

    What is forgotten goes by the real time `now`, what is due by the business clock. Where the data folder `home` is
    told, files that no row speaks of go from it.
    """
    counts: dict[str, int] = {}
    for title in (*DUTY_STEPS, *STEPS):
        try:
            with database.transaction(SYSTEM) as connection:
                is_duty = title in DUTY_STEPS
                counts[title] = DUTY_STEPS[title](connection, clock) if is_duty else STEPS[title](connection, now)
                if dry_run:
                    raise _Undo
        except _Undo:
            continue
    if home is not None:
        with database.transaction(SYSTEM) as connection:
            counts[SWEPT] = sweep(connection, home, now.timestamp(), dry_run=dry_run)
    return counts
