"""`gridmap sheet`: the register as Excel, out and in again; compares row by row, writes only with `--commit`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from gridmap.clock import OFFICE
from gridmap.commands.acting import Opened, opened
from gridmap.db.pools import Connection
from gridmap.i18n import translate
from gridmap.load.sheets import ChangedBetween, Difference, UnreadableSheet, apply_sheet, compare, may_keep, read_sheet
from gridmap.load.sheets.applying import SentFile
from gridmap.load.sheets.comparing import OUTCOMES
from gridmap.load.sheets.reading import MOST_BYTES, TROUBLES
from gridmap.load.sheets.taking import TooMany, take_out
from gridmap.load.sheets.values import SENTENCES
from gridmap.people import PeopleProblem, attempt
from gridmap.read.sheets.fields import SHEETS, Sheet
from gridmap.settings import Settings

MOST_SHOWN = 50
street_option = click.option("--street", "street_code", required=True, help="The street, by its 9-digit code.")
user_option = click.option("--user", metavar="USERNAME", help="As this account, with its rights.")


@click.group()
def sheet() -> None:
    """Estates, buildings, facilities and people as Excel, out and in again."""


@sheet.command("write")
@click.argument("kind", type=click.Choice(list(SHEETS)))
@street_option
@click.option("--community", "community_code", help="Only this community, by its code.")
@click.option("--reason", help="People in clear, for this reason; each of them is in the audit log.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The .xlsx file to write.")
@user_option
@click.pass_obj
def write_command(
    settings: Settings,
    kind: str,
    street_code: str,
    community_code: str | None,
    reason: str | None,
    output: Path,
    user: str | None,
) -> None:
    """Write the rows of KIND into an Excel workbook. Every one is in the audit log."""
    if output.suffix.lower() != ".xlsx":
        raise click.ClickException(f"{output}: name the file .xlsx")
    with _opened(settings, user) as opened, opened.database.transaction(opened.prologue) as connection:
        street = _street(connection, street_code)
        _must_keep(connection, opened, SHEETS[kind], street)
        community = _community(connection, street, community_code) if community_code else None
        day = opened.by.business_at.astimezone(OFFICE).date()
        taken = take_out(
            connection, opened.by, SHEETS[kind], street, day, community=community, reason=reason, target=output.name
        )
        output.write_bytes(taken.content)
    click.echo(f"{taken.rows:,} rows → {output}", err=True)


@sheet.command("read")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@street_option
@click.option("--commit", is_flag=True, help="Write what can be written. Without it nothing is written.")
@user_option
@click.pass_obj
def read_command(settings: Settings, file: Path, street_code: str, user: str | None, *, commit: bool) -> None:
    """Compare a workbook FILE that was taken out and edited with the register; with --commit write it."""
    if file.stat().st_size > MOST_BYTES:
        raise click.ClickException(f"{file.name}: {TROUBLES['large']}")
    content = file.read_bytes()
    try:
        read = read_sheet(content)
        with _opened(settings, user) as opened:
            by = opened.by
            with opened.database.transaction(opened.prologue) as connection:
                street = _street(connection, street_code)
                _must_keep(connection, opened, read.sheet, street)
                found = compare(connection, read, street, by.business_at)
            _tell(found)
            if not commit:
                click.echo("Nothing was written; add --commit to write.")
                return
            if not found.to_write:
                click.echo("There was nothing to write.")
                return
            sent = SentFile(name=file.name, content=content)
            made = attempt(
                opened.database,
                opened.prologue,
                lambda connection: apply_sheet(connection, by, read, street, sent, seen=found.fingerprint),
            )
    except UnreadableSheet as problem:
        raise click.ClickException(f"{file.name}: {TROUBLES[problem.reason]}") from None
    except ChangedBetween:
        raise click.ClickException("Nothing was written: the register has just changed; compare again") from None
    except PeopleProblem as problem:
        raise click.ClickException(f"Nothing was written: {problem.reason}") from None
    click.echo(f"Written as import {made.run}: {made.changed} changed, {made.added} new.")


def _tell(found: Difference) -> None:
    for outcome in ("refused", "conflict", "new", "changed"):
        rows = [row for row in found.rows if row.outcome == outcome]
        for row in rows[:MOST_SHOWN]:
            click.echo(f"{outcome:<9} row {row.number}: {' '.join(part for part in (row.code, row.name) if part)}")
            for cell in row.cells:
                title = translate("en", cell.field.title)
                click.echo(f"          {cell.address} {title}: {cell.before or '—'} → {cell.after or '—'}")
            for one in row.troubles:
                click.echo(f"          {one.address} {one.raw!r}: {SENTENCES[one.code].format(**one.params)}")
            if outcome == "conflict":
                click.echo(f"          changed since, {row.changed_at:%Y-%m-%d %H:%M}; stays as it is")
        if len(rows) > MOST_SHOWN:
            click.echo(f"{outcome:<9} … and {len(rows) - MOST_SHOWN} more")
    counts = found.counts
    click.echo(", ".join(f"{word} {counts[word]}" for word in OUTCOMES) + f", not in the file {len(found.gone)}")


@contextmanager
def _opened(settings: Settings, username: str | None) -> Iterator[Opened]:
    try:
        with opened(settings, username) as found:
            yield found
    except TooMany as problem:
        raise click.ClickException(
            f"{problem.rows:,} rows are more than fit: take one community with --community"
        ) from None


def _must_keep(connection: Connection, opened: Opened, kind: Sheet, street: int) -> None:
    if not may_keep(connection, opened.viewer, opened.by.business_at, kind, street):
        raise click.ClickException(f"The account does not keep the {kind.kind} of this street")


def _street(connection: Connection, code: str) -> int:
    return _id(connection, "SELECT id FROM gridmap.street WHERE code = %s", (code,), f"street with the code {code}")


def _community(connection: Connection, street: int, code: str) -> int:
    statement = "SELECT id FROM gridmap.community WHERE street_id = %s AND code = %s"
    return _id(connection, statement, (street, code), f"community with the code {code} in the street")


def _id(connection: Connection, statement: Any, values: tuple[Any, ...], what: str) -> int:
    row = connection.execute(statement, values).fetchone()
    if row is None:
        raise click.ClickException(f"There is no {what}")
    found: int = row["id"]
    return found
