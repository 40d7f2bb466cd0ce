"""Lockout per account and address together: a guesser is stopped, an office behind one address is not."""

from datetime import datetime, timedelta

from gridmap.db.pools import Connection

FAILURES = 5
LOCKED = timedelta(minutes=15)


def count_attempt(connection: Connection, username: str, address: str, now: datetime) -> datetime | None:
    """Count one attempt as failed, before its password is looked at; gives until when the pair is locked, or None.

    Counting first, and forgiving after success, leaves parallel guesses no gap. A locked attempt is not counted.
    """
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))", (f"{username}\n{address}",))
    until = locked_until(connection, username, address, now)
    if until:
        return until
    connection.execute(
        "INSERT INTO gridmap.sign_in_failure (username, address, failed_at) VALUES (%s, %s, %s)",
        (username, address, now),
    )
    return None


def locked_until(connection: Connection, username: str, address: str, now: datetime) -> datetime | None:
    """Until when the pair is locked; None where it is not."""
    rows = connection.execute(
        "SELECT failed_at FROM gridmap.sign_in_failure WHERE username = %s AND address = %s"
        " ORDER BY failed_at DESC LIMIT %s",
        (username, address, FAILURES),
    ).fetchall()
    times: list[datetime] = [row["failed_at"] for row in rows]
    return times[0] + LOCKED if is_locked(times, now) else None


def is_locked(newest_first: list[datetime], now: datetime) -> bool:
    """Whether five failures within 15 minutes came, the last of them less than 15 minutes ago."""
    if len(newest_first) < FAILURES:
        return False
    newest, fifth = newest_first[0], newest_first[FAILURES - 1]
    return newest - fifth < LOCKED and now < newest + LOCKED


def forgive(connection: Connection, username: str, address: str) -> None:
    """Forget the failures of the pair: the right password was given."""
    connection.execute("DELETE FROM gridmap.sign_in_failure WHERE username = %s AND address = %s", (username, address))
