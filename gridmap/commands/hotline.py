"""`gridmap hotline`: a file of the 12345 hotline looked at, taken with `--commit`, and the answers written for it."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import psycopg

from gridmap.accounts import Actor, actor
from gridmap.audit import write_audit
from gridmap.clock import OFFICE, parse_clock
from gridmap.cluster import ClusterError, find_access
from gridmap.db import SYSTEM, Database
from gridmap.db.pools import Connection
from gridmap.incidents import IncidentProblem
from gridmap.incidents.hotline import (
    Judged,
    Order,
    Source,
    count_states,
    judge_orders,
    read_mappings,
    read_orders,
    save_mapping,
    take_orders,
)
from gridmap.incidents.hotline.giving import answer_columns, as_csv, as_workbook, filled_row
from gridmap.load.finding import LoadError
from gridmap.load.hotline import OrderFile, fitting_columns, guess_columns, missing_columns, read_order_file
from gridmap.read.incidents.hotline import read_given
from gridmap.settings import Settings

PROBLEMS = {
    "no_address": "no address",
    "unknown": "the register knows no such address",
    "no_building": "the estate is known, this building is not",
    "several": "several places fit",
    "number": "no number, or Excel has cut it short",
    "twice": "the number stands in the file twice",
    "text": "it says nothing",
    "due": "the deadline is no day that can be read",
}
MOST_SHOWN = 30
street_option = click.option("--street", "street_code", required=True, help="The street, by its 9-digit code.")
mapping_option = click.option("--mapping", help="The saved mapping of columns, by its name.")


@click.group()
def hotline() -> None:
    """Orders of the 12345 hotline: in as a file, out with their answers."""


@hotline.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@street_option
@mapping_option
@click.option("--map", "said", multiple=True, metavar="WORD=COLUMN", help="Which column holds what; see the output.")
@click.option("--encoding", help="Of a CSV: utf-8, gb18030 or big5; found out if not given.")
@click.option("--commit", is_flag=True, help="Take the orders. Without it nothing is written.")
@click.pass_obj
def import_command(
    settings: Settings,
    file: Path,
    street_code: str,
    mapping: str | None,
    said: tuple[str, ...],
    encoding: str | None,
    *,
    commit: bool,
) -> None:
    """Show what would become of the orders in FILE; with --commit they become cases, or wait for a place."""
    with _work(settings) as (connection, by):
        street = _street(connection, street_code)
        try:
            read = read_order_file(file, encoding=encoding)
        except LoadError as error:
            raise click.ClickException(error.sentence()) from None
        columns = _columns(connection, street, read, mapping, said)
        orders, refused = read_orders(read.rows, columns)
        for one in refused[:MOST_SHOWN]:
            click.echo(f"  {read.unit} {one.row}: {PROBLEMS[one.reason]} {one.raw}", err=True)
        judged = (
            _take(connection, by, street, file, read, columns, orders, mapping)
            if commit
            else judge_orders(connection, street, orders, by.business_at.astimezone(OFFICE).date())
        )
    _tell(judged, len(refused))
    if not commit:
        click.echo("Nothing was written; add --commit to take them.")


@hotline.command("export")
@street_option
@mapping_option
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="An .xlsx or .csv file.")
@click.option("--gbk", is_flag=True, help="CSV in GBK (GB 18030) instead of UTF-8.")
@click.pass_obj
def export_command(settings: Settings, street_code: str, mapping: str | None, output: Path, *, gbk: bool) -> None:
    """Write the answers in the hotline's own columns, names and telephones masked. Each export is in the audit log."""
    form = output.suffix.lower()
    if form not in (".xlsx", ".csv"):
        raise click.ClickException(f"{output}: name the file .xlsx or .csv")
    with _work(settings) as (connection, by):
        street = _street(connection, street_code)
        chosen = next((one for one in read_mappings(connection, street) if mapping in (None, one["name"])), None)
        if chosen is None:
            raise click.ClickException("No file of the hotline has been taken with such a mapping.")
        rows = read_given(connection, street, chosen["id"], by.business_at)
        write_audit(
            connection,
            action="export",
            subject="hotline_order",
            street_id=street,
            business_at=by.business_at,
            account_id=by.account_id,
            after={"form": form[1:], "rows": len(rows), "mapping": chosen["name"], "target": output.name},
        )
        headings, places = answer_columns(chosen["columns"], chosen["headings"])
        filled = [filled_row(row, places) for row in rows]
        encoding = "gb18030" if gbk else None
        output.write_bytes(
            as_workbook(headings, filled) if form == ".xlsx" else as_csv(headings, filled, encoding=encoding)
        )
    click.echo(f"{len(rows):,} orders → {output}", err=True)


def _columns(
    connection: Connection, street: int, read: OrderFile, mapping: str | None, said: tuple[str, ...]
) -> dict[str, str]:
    """The columns by what is said, what is saved and what they are called. Raises ClickException."""
    saved = next((one for one in read_mappings(connection, street) if one["name"] == mapping), None)
    columns = fitting_columns(read.headings, saved["columns"]) if saved else guess_columns(read.headings)
    for pair in said:
        word, _, heading = pair.partition("=")
        if heading not in read.headings:
            raise click.ClickException(f"There is no column {heading}; there are: {', '.join(read.headings)}")
        columns = {one: name for one, name in columns.items() if name != heading} | {word: heading}
    for word, heading in columns.items():
        click.echo(f"  {word} ← {heading}", err=True)
    missing = missing_columns(columns)
    if missing:
        columns_there = ", ".join(read.headings)
        raise click.ClickException(f"Say --map {missing[0]}=COLUMN; the file has: {columns_there}")
    return columns


def _take(
    connection: Connection,
    by: Actor,
    street: int,
    file: Path,
    read: OrderFile,
    columns: dict[str, str],
    orders: list[Order],
    mapping: str | None,
) -> tuple[Judged, ...]:
    try:
        saved = save_mapping(connection, by, street, mapping or "12345", columns, read.headings)
        source = Source(
            street_id=street,
            file_name=read.name,
            sha256=hashlib.sha256(file.read_bytes()).digest(),
            columns=columns,
            mapping_id=saved,
            encoding=read.encoding,
        )
        return take_orders(connection, by, source, orders)
    except IncidentProblem as problem:
        raise click.ClickException(f"The orders cannot be taken: {problem.reason}") from None


def _tell(judged: tuple[Judged, ...], refused: int) -> None:
    counts = count_states(judged)
    for one in [one for one in judged if one.state == "queued"][:MOST_SHOWN]:
        click.echo(f"  {one.order.number}: {PROBLEMS[one.found.problem or 'unknown']}: {one.order.address}", err=True)
    click.echo(
        f"{counts['placed']} become cases, {counts['queued']} wait for a place, {counts['known']} known already,"
        f" {refused} cannot be read"
    )


@contextmanager
def _work(settings: Settings) -> Iterator[tuple[Connection, Actor]]:
    """One transaction that sees everything; what goes wrong becomes a sentence."""
    try:
        database = Database(find_access(settings).app_url, prepares=settings.prepares)
        try:
            with database.transaction(SYSTEM) as connection:
                yield connection, actor(parse_clock(settings.clock))
        finally:
            database.close()
    except (ClusterError, psycopg.Error) as error:
        raise click.ClickException(str(error).strip()) from None


def _street(connection: Connection, code: str) -> int:
    row = connection.execute("SELECT id FROM gridmap.street WHERE code = %s", (code,)).fetchone()
    if row is None:
        raise click.ClickException(f"There is no street with the code {code}")
    return int(row["id"])
