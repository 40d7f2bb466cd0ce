"""Who acts in a command: an open database, and the account whose rights hold, or the command line itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import click
import psycopg

from gridmap.accounts import Actor, actor
from gridmap.clock import parse_clock
from gridmap.cluster import ClusterError, find_access
from gridmap.db import SYSTEM, Database
from gridmap.scope import UnknownAccount, Viewer, viewer_of
from gridmap.settings import Settings


@dataclass(frozen=True)
class Opened:
    """An open database, the acting command line or account, and what it may see."""

    database: Database
    settings: Settings
    viewer: Viewer | None

    @property
    def by(self) -> Actor:
        """Who acts, now."""
        return actor(parse_clock(self.settings.clock), self.viewer.account_id if self.viewer else None)

    @property
    def prologue(self) -> "bytes | dict[str, str]":
        """What row security reads."""
        return self.viewer.prologue if self.viewer else dict(SYSTEM)


@contextmanager
def opened(settings: Settings, username: str | None) -> Iterator[Opened]:
    """The database, acted on by this account, else by the command line; what goes wrong with it is one sentence."""
    try:
        database = Database(find_access(settings).app_url, prepares=settings.prepares)
        try:
            now = parse_clock(settings.clock).now()
            yield Opened(database, settings, viewer_named(database, username, now) if username else None)
        finally:
            database.close()
    except (ClusterError, psycopg.Error, OSError) as error:
        raise click.ClickException(str(error).strip()) from None


def viewer_named(database: Database, username: str, now: datetime) -> Viewer:
    """The account of that name as the reading side knows it; one sentence where there is none."""
    with database.transaction(SYSTEM) as connection:
        row = connection.execute(
            "SELECT id FROM gridmap.account WHERE username = %s", (username.strip().lower(),)
        ).fetchone()
    try:
        return viewer_of(database, row["id"] if row else 0, now)
    except UnknownAccount:
        raise click.ClickException(f"There is no account {username!r} that may see anything now") from None
