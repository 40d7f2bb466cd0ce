"""`gridmap duties open|close`: what is due in a month, by hand; the nightly round does both by itself."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import click
import psycopg

from gridmap.accounts import actor
from gridmap.clock import parse_clock
from gridmap.cluster import ClusterError, find_access
from gridmap.db import SYSTEM, Database
from gridmap.db.pools import Connection
from gridmap.duties import CADENCE, MONTHLY_CHECKS, add_defaults, close_slots, open_slots
from gridmap.periods import Period, month_of
from gridmap.settings import Settings


class Month(click.ParamType[date]):
    """A month as 2026-03; its first day comes back."""

    name = "YYYY-MM"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The first day of the month, or a usage error."""
        if isinstance(value, date):
            return value
        found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", str(value))
        if found is None or not 2000 <= int(found[1]) <= 2100:
            self.fail(f"{value!r} is not a month; write 2026-03", param, ctx)
        return date(int(found[1]), int(found[2]), 1)


month_option = click.option("--month", type=Month(), help="Which month; the running one if not given.")
street_option = click.option("--street", help="Only the street of this code.")


@click.group()
def duties() -> None:
    """What is due: open the slots of a month, close those whose time is over."""


@duties.command("open")
@month_option
@street_option
@click.pass_obj
def open_(settings: Settings, month: date | None, street: str | None) -> None:
    """Open what is due in the month; opening again adds only what has come since."""
    with work(settings) as connection:
        today = parse_clock(settings.clock).today()
        opened = open_slots(connection, streets(connection, street), month_of(month or today), today)
    click.echo(f"{opened.total:,} slots opened, {opened.gone:,} excused because their place or rule has gone")
    if opened.back or opened.moved:
        click.echo(f"{opened.back:,} due again, {opened.moved:,} moved with their place or to another day")


@duties.command()
@month_option
@street_option
@click.pass_obj
def close(settings: Settings, month: date | None, street: str | None) -> None:
    """Close what was due in the month and before: what nobody has done is missed, with its reason."""
    with work(settings) as connection:
        today = parse_clock(settings.clock).today()
        period: Period = month_of(month or today)
        if month is not None and period.end > today:
            raise click.UsageError(f"{month:%Y-%m} is not over; it can be closed from {period.end} on")
        closed = close_slots(connection, streets(connection, street), min(period.end, today))
    click.echo(f"{closed:,} slots closed")


@duties.command()
@click.option("--street", required=True, help="The street of this code.")
@click.option("--all", "whole", is_flag=True, help="The whole calendar that comes with gridmap, not the checks alone.")
@click.pass_obj
def defaults(settings: Settings, street: str, *, whole: bool) -> None:
    """Give a street the three monthly checks of each stairwell; kinds that it has ever had are left as they are."""
    with work(settings) as connection:
        clock = parse_clock(settings.clock)
        [street_id] = streets(connection, street)
        added = add_defaults(
            connection, actor(clock), street_id, month_of(clock.today()).start, CADENCE if whole else MONTHLY_CHECKS
        )
    click.echo(f"{added} rules added; gridmap duties open makes their slots, and so does the night")


@contextmanager
def work(settings: Settings) -> Iterator[Connection]:
    """One transaction that sees everything; what goes wrong becomes a sentence."""
    try:
        database = Database(find_access(settings).app_url, prepares=settings.prepares)
        try:
            with database.transaction(SYSTEM) as connection:
                yield connection
        finally:
            database.close()
    except (ClusterError, psycopg.Error) as error:
        raise click.ClickException(str(error).strip()) from None


def streets(connection: Connection, code: str | None) -> list[int]:
    """The streets asked for. Raises UsageError for a code that no street has."""
    rows = connection.execute(
        "SELECT id FROM gridmap.street WHERE %(code)s::text IS NULL OR code = %(code)s ORDER BY id", {"code": code}
    ).fetchall()
    if not rows and code is not None:
        raise click.UsageError(f"There is no street with the code {code}")
    return [row["id"] for row in rows]
