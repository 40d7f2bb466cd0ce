"""The nightly round: what is kept no longer than needed goes, each step counted; a dry run only counts."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from gridmap.accounts import Actor
from gridmap.clock import Clock, real_now
from gridmap.db import SYSTEM, Database
from gridmap.db.pools import Connection
from gridmap.duties import close_slots, open_slots
from gridmap.files import sweep
from gridmap.hotspots.nightly import find_tonight
from gridmap.parking.keeping import FORGETTING
from gridmap.parking.nights import note_last_nights
from gridmap.periods import month_of
from gridmap.places.belonging import own_rotas
from gridmap.places.calendar import fill_calendar
from gridmap.places.editions import carry_out_waiting
from gridmap.read.files.later import forget_files

FAILURES_KEPT = timedelta(days=1)
SESSIONS_KEPT = timedelta(days=30)
JOBS_KEPT = timedelta(days=90)
FEED_KEPT = timedelta(days=2)
CALLERS_KEPT = timedelta(days=730)
PHOTOS_KEPT = timedelta(days=180)
CONTACTS_KEPT = timedelta(days=365)
NOTICES_KEPT = timedelta(days=365)


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
        " WHERE i.street_id = f.street_id AND i.photo = f.sha256) AND NOT EXISTS (SELECT FROM gridmap.incident_photo p"
        " WHERE p.street_id = f.street_id AND p.sha256 = f.sha256) AND NOT EXISTS (SELECT FROM gridmap.sighting s"
        " WHERE s.street_id = f.street_id AND s.photo = f.sha256)",
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


def recount(connection: Connection, _clock: Clock) -> int:
    """Counts that did not agree with their slots, mended; always 0 unless something is wrong."""
    row = connection.execute("SELECT gridmap.recount_coverage(%s) AS wrong", (_streets(connection),)).fetchone()
    return int((row or {"wrong": 0})["wrong"])


def _streets(connection: Connection) -> list[int]:
    return [row["id"] for row in connection.execute("SELECT id FROM gridmap.street ORDER BY id").fetchall()]


def fill_years(connection: Connection, clock: Clock) -> int:
    """Years whose holidays came with this version and that the office has not written down itself."""
    filled = len(fill_calendar(connection))
    if filled:
        connection.execute("SELECT gridmap.count_deadlines_anew(%s, %s)", (_streets(connection), clock.now()))
    return filled


def forget_case_photos(connection: Connection, clock: Clock) -> int:
    """Photos of cases half a year after their end; their files go with the other photos and the sweep."""
    return connection.execute(
        "DELETE FROM gridmap.incident_photo p USING gridmap.incident i"
        " WHERE i.street_id = p.street_id AND i.id = p.incident_id"
        " AND i.state IN ('closed', 'rejected', 'duplicate') AND i.changed_at < %s",
        (clock.now() - PHOTOS_KEPT,),
    ).rowcount


def forget_contacts(connection: Connection, clock: Clock) -> int:
    """Who reported a case, and the words of private ones, a year after its end."""
    return connection.execute(
        "UPDATE gridmap.incident_contact c SET name = NULL, phone = NULL, words = NULL FROM gridmap.incident i"
        " WHERE i.street_id = c.street_id AND i.id = c.incident_id"
        " AND (c.name_masked IS NOT NULL OR c.phone_masked IS NOT NULL OR c.has_words)"
        " AND i.state IN ('closed', 'rejected', 'duplicate') AND i.changed_at < %s",
        (clock.now() - CONTACTS_KEPT,),
    ).rowcount


def forget_callers(connection: Connection, clock: Clock) -> int:
    """Who spoke to the office: of the diary after two years, of hotline orders a year after their case is over.

    An order that never became a case, whether it waits or was put away, is forgotten a year after the hotline had it.
    """
    now = clock.now()
    diary = connection.execute(
        "DELETE FROM gridmap.diary_contact c USING gridmap.diary d"
        " WHERE d.street_id = c.street_id AND d.id = c.diary_id AND d.at < %s",
        (now - CALLERS_KEPT,),
    ).rowcount
    orders = connection.execute(
        "UPDATE gridmap.hotline_order o SET raw = '{}', caller = NULL, phone = NULL"
        " WHERE o.has_raw AND (o.changed_at < %(old)s OR (o.state <> 'placed' AND o.received_at < %(old)s))"
        " AND NOT EXISTS (SELECT FROM gridmap.incident i WHERE i.street_id = o.street_id AND i.id = o.incident_id"
        " AND (i.state NOT IN ('closed', 'rejected', 'duplicate') OR i.changed_at >= %(old)s))",
        {"old": now - CONTACTS_KEPT},
    ).rowcount
    return diary + orders


def forget_notices(connection: Connection, clock: Clock) -> int:
    """Notices of a year ago."""
    return connection.execute("DELETE FROM gridmap.notice WHERE at < %s", (clock.now() - NOTICES_KEPT,)).rowcount


def begin_editions(connection: Connection, clock: Clock) -> int:
    """Editions of the register that were published for today."""
    return carry_out_waiting(connection, Actor(account_id=None, business_at=clock.now(), at=real_now()))


def follow_members(connection: Connection, clock: Clock) -> int:
    """Rows of rotas that are no longer for somebody whose time in them was over yesterday."""
    return own_rotas(connection, _streets(connection), clock.today())


CLOCK_STEPS: Mapping[str, Callable[[Connection, Clock], int]] = {
    "years filled": fill_years,
    # before anything is asked for today
    "editions begun": begin_editions,
    "slots opened": open_month,
    "slots closed": close_past,
    "counts mended": recount,
    "photos of cases forgotten": forget_case_photos,
    "contacts forgotten": forget_contacts,
    "callers forgotten": forget_callers,
    "notices forgotten": forget_notices,
    "rows of rotas closed to those who have left": follow_members,
    # before sightings are forgotten, and before anything is searched
    "nights of staying cars counted": note_last_nights,
    "hotspots searched": find_tonight,
    **FORGETTING,
}
STEPS: Mapping[str, Callable[[Connection, datetime], int]] = {
    "failed sign-ins forgotten": forget_failures,
    "ended sessions and slips forgotten": forget_sessions,
    "finished jobs forgotten": forget_jobs,
    "photos forgotten": forget_photos,
    "changes folded": fold_feed,
}
SWEPT = "files without a row swept"
EXPIRED = "files taken out forgotten"


class _Undo(Exception):
    """Rolls a dry run back."""


def run_nightly(
    database: Database, now: datetime, clock: Clock, *, home: Path | None = None, dry_run: bool = False
) -> dict[str, int]:
    """Run every step in a transaction of its own, and count what each did or would do.

    What is due, and what becomes of cases, goes by the business clock; all else that is forgotten by the real time
    `now`. Where the data folder `home` is told, files that no row speaks of go from it.
    """
    counts: dict[str, int] = {}
    for title in (*CLOCK_STEPS, *STEPS):
        try:
            with database.transaction(SYSTEM) as connection:
                by_clock = title in CLOCK_STEPS
                counts[title] = CLOCK_STEPS[title](connection, clock) if by_clock else STEPS[title](connection, now)
                if dry_run:
                    raise _Undo
        except _Undo:
            continue
    if home is not None:
        with database.transaction(SYSTEM) as connection:
            counts[SWEPT] = sweep(connection, home, now.timestamp(), dry_run=dry_run)
        if not dry_run:
            counts[EXPIRED] = forget_files(home)
    return counts
