"""`gridmap load KIND FILE…`: real files in; a dry run unless `--commit` is given."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import psycopg
import shapely
from shapely.geometry.base import BaseGeometry

from gridmap.accounts import actor
from gridmap.clock import parse_clock
from gridmap.cluster import Access, Cluster, ClusterError, find_access
from gridmap.cluster.room import room_for
from gridmap.coords import CoordError, Datum, parse_datum
from gridmap.db import SYSTEM, Database
from gridmap.load import KINDS, Checked, Finding, Kind, LoadError, Options, check, read_file
from gridmap.load.finding import shorten
from gridmap.load.known import Known, nothing_known
from gridmap.load.people.template import write_template
from gridmap.load.reading import Progress
from gridmap.load.report import reasons, summary, summary_line, write_report
from gridmap.load.store import NewStreet, Stored, find_street, read_known, read_source, store
from gridmap.load.store.people import unknown_places
from gridmap.load.store.streets import parse_new_street
from gridmap.settings import Settings

BAD_INPUT = 2
ROW_BYTES = 3_000
"""Room that one row may take in tables, indexes and the log, by experience with buildings."""


class BadInput(click.ClickException):
    """What was given cannot be used; the sentence says why and what to do."""

    exit_code = BAD_INPUT


@dataclass(frozen=True, kw_only=True)
class Order:
    """What the command line asks for."""

    kind: Kind
    files: tuple[Path, ...]
    options: Options
    street: str | None
    new_street: NewStreet | None
    report: Path | None
    as_json: bool
    commit: bool


def _mapping(_ctx: click.Context, _param: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    mapping = {}
    for text in values:
        target, equals, column = text.partition("=")
        if not equals or not target or not column:
            raise BadInput(str(LoadError("map_word", given=text)))
        mapping[target.strip()] = column.strip()
    return mapping


def _datum(_ctx: click.Context, _param: click.Parameter, value: str | None) -> Datum | None:
    try:
        return parse_datum(value) if value else None
    except CoordError as error:
        raise BadInput(str(error)) from None


@click.command()
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--street", help="The street that the rows belong to, by its 9-digit code.")
@click.option("--new-street", help="CODE,NAME: make the street, with the hull of the files as its outline.")
@click.option("--crs", help="The coordinate system of the numbers, such as EPSG:4549.")
@click.option("--datum", callback=_datum, help="What the degrees mean: wgs84, gcj02 (AMap, Tencent) or bd09 (Baidu).")
@click.option("--encoding", help="The encoding of the text: utf-8, gb18030, big5.")
@click.option("--map", "mapping", multiple=True, callback=_mapping, help="target=column: which column fills what.")
@click.option(
    "--keep",
    "keep",
    multiple=True,
    metavar="COLUMN",
    help="Keep this column under its own name as `extra`, repeatable. Planners, leaders and administrators will read"
    " whatever stands in it, names of people too.",
)
@click.option("--keep-all", is_flag=True, help="Keep every column that fills none of ours.")
@click.option("--layer", help="The sheet or layer to read, where a file has several.")
@click.option("--source", default="file", show_default=True, help="Whose ids these are, where sources share ids.")
@click.option("--dates", type=click.Choice(["dmy", "mdy"]), help="What stands first in 03/04/2020: day or month.")
@click.option("--within", type=click.Path(path_type=Path), help="Refuse rows 2 km outside the outlines of this file.")
@click.option("--private-phones", is_flag=True, help="People: store mobile numbers too.")
@click.option("--template", type=click.Path(path_type=Path), help="People: write the Excel template and stop.")
@click.option("--report", type=click.Path(path_type=Path), help="Write every finding to this CSV file.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as one last line of JSON.")
@click.option("--commit", is_flag=True, help="Write. Without it nothing is written.")
@click.pass_obj
def load(settings: Settings, /, **given: Any) -> None:
    """Read files, judge every row, say what is wrong, and with --commit write the good rows in one transaction.

    Reads Shapefile (also in a zip), GeoJSON, GeoPackage, KML, CSV, Excel .xlsx and OpenStreetMap .osm.pbf.
    """
    try:
        if given["template"] is not None:
            _template(given)
            return
        _run(settings, _order(given))
    except (LoadError, CoordError) as error:
        raise BadInput(str(error)) from None
    except OSError as error:
        raise BadInput(f"{error.filename or 'The file'}: {error.strerror or error}") from None
    except ClusterError as error:
        raise click.ClickException(str(error)) from None
    except psycopg.Error as error:
        said = str(error).strip().splitlines()
        raise click.ClickException(
            f"The database refused, and nothing was written: {said[0] if said else error}"
        ) from None


def _order(given: dict[str, Any]) -> Order:
    if not given["files"]:
        raise LoadError("no_files")
    if given["street"] and given["new_street"]:
        raise LoadError("street_twice")
    kind = KINDS[given["kind"]]
    new_street = parse_new_street(given["new_street"]) if given["new_street"] else None
    if new_street and not (kind.shapes and kind.of_street):
        raise LoadError("street_not_for", kind=kind.name)
    if given["commit"] and kind.of_street and not (given["street"] or new_street):
        raise LoadError("street_needed")
    if (given["keep"] or given["keep_all"]) and not kind.shapes:
        raise LoadError("keep_people")
    options = Options(
        crs=given["crs"],
        datum=given["datum"],
        encoding=given["encoding"],
        mapping=given["mapping"],
        layer=given["layer"],
        dates=given["dates"],
        keep=given["keep"],
        keep_all=given["keep_all"],
        source=given["source"],
        private_phones=given["private_phones"],
        within=_outline(given["within"], given) if given["within"] else None,
    )
    return Order(
        kind=kind,
        files=given["files"],
        options=options,
        street=given["street"],
        new_street=new_street,
        report=given["report"],
        as_json=given["as_json"],
        commit=given["commit"],
    )


def _outline(path: Path, given: dict[str, Any]) -> BaseGeometry:
    """The union of all areas of a file, read like any other file, in WGS 84."""
    kind = replace(KINDS["estates"], targets=(), merge_within_m=None)
    options = Options(crs=given["crs"], encoding=given["encoding"])
    frame = check(read_file(path, kind, options), options).frame
    areas = [shape for shape in frame.geometry if shapely.get_dimensions(shape) == 2]
    if not areas:
        raise LoadError("nothing_within", file=path.name)
    return shapely.union_all(areas)


def _progress() -> Progress:
    def tell(step: str, done: int, total: int) -> None:
        if step in ("read", "write") or done == total:
            click.echo(f"· {step}" + (f" {done}/{total}" if total > 1 else ""), err=True)

    return tell


def _database(settings: Settings, order: Order) -> tuple[Access | None, Database | None]:
    """The register: started for a commit or a named street; a dry run asks it only where it runs already."""
    needed = order.commit or order.street is not None
    if not needed and not settings.database_url:
        running = settings.home.exists() and Cluster(settings.home).status().is_running
        if not running:
            return None, None
    access = find_access(settings, start=needed)
    return access, Database(access.app_url, prepares=settings.prepares)


def _known(database: Database | None, order: Order) -> tuple[Known, int | None, Options]:
    """What the register knows, the id of the street where it is there already, and what was said of the source."""
    if database is None:
        return nothing_known(), None, order.options
    with database.transaction(SYSTEM) as connection:
        street_id = find_street(connection, order.street) if order.street else None
        source = read_source(connection, street_id, order.kind.name, order.options.source)
        return read_known(connection, street_id), street_id, source.in_options(order.options)


def _run(settings: Settings, order: Order) -> None:
    access, database = _database(settings, order)
    try:
        known, street_id, options = _known(database, order)
        progress = _progress()
        checks = [
            check(read_file(path, order.kind, options, progress), options, known, progress) for path in order.files
        ]
        unknown: list[Finding] = []
        if database is not None and order.kind.name == "people" and street_id and not order.commit:
            with database.transaction(SYSTEM) as connection:
                unknown = [found for one in checks for found in unknown_places(connection, street_id, one)]
        stored = _store(settings, order, access, database, checks, street_id) if order.commit else None
        _tell(order, checks, stored, unknown, asked=database is not None)
    finally:
        if database is not None:
            database.close()


def _store(
    settings: Settings,
    order: Order,
    access: Access | None,
    database: Database | None,
    checks: Sequence[Checked],
    street_id: int | None,
) -> Stored:
    if database is None or access is None:
        raise LoadError("street_needed")
    if not any(len(one.frame) or (one.unplaced and street_id) for one in checks):
        return Stored(street_id)
    if access.cluster is not None:
        room_for(access.home, sum(len(one.frame) * ROW_BYTES + one.reading.file.stat().st_size for one in checks))
    by = actor(parse_clock(settings.clock))
    return store(database, by, checks, street_id=street_id, new_street=order.new_street, progress=_progress())


def _tell(
    order: Order, checks: Sequence[Checked], stored: Stored | None, unknown: Sequence[Finding], *, asked: bool
) -> None:
    """The report, the reasons with how often and an example, the warnings, the counts; JSON last."""
    preview = Stored(refused=list(unknown)) if unknown else None
    if order.report:
        write_report(order.report, checks, stored or preview)
    total = summary(order.kind.name, checks, stored or preview) | {"committed": stored is not None}
    for outcome, count, first in reasons(checks, stored or preview):
        where = f"{first.file}, {first.place}" if first.place else first.file
        raw = f" [{first.raw}]" if first.raw else ""
        click.echo(f"{outcome} {count:>6}  {first.sentence()} ({where}{raw})")
    for message in total["messages"]:
        click.echo(f"warning         {message}")
    if total["names"]:
        click.echo(f"names           {', '.join(total['names'])}")
    if total["kept"]:
        click.echo(f"kept            {shorten(', '.join(total['kept']))}")
    if not asked:
        click.echo("warning         " + Finding("without_database", "").sentence())
    counted = ("read", "accepted", "corrected", "rejected", "merged", "new", "changed", "unchanged")
    click.echo(", ".join(f"{name} {total[name]}" for name in counted if name in total))
    if stored is not None and stored.queued:
        click.echo(f"{stored.queued} rows wait to be placed by hand, at /placing.")
    for run in stored.runs if stored else ():
        click.echo(f"run {run}; take it back with: gridmap undo-load {run}")
    if not order.commit:
        click.echo("Nothing was written; add --commit to write.")
    if order.as_json:
        click.echo(summary_line(total))


def _template(given: dict[str, Any]) -> None:
    if given["kind"] != "people":
        raise LoadError("template_kind")
    if given["template"].suffix.lower() != ".xlsx":
        raise LoadError("template_name")
    write_template(given["template"])
    click.echo(f"{given['template']}")
