"""`gridmap renovation`: estates to renovate as one GeoPackage and one page."""

from datetime import date
from pathlib import Path

import click

from gridmap.clock import parse_clock, real_now
from gridmap.commands.acting import viewer_named
from gridmap.commands.export import MASKED, opened_database, sentences
from gridmap.read.stream import note_export
from gridmap.renovation import page_of, read_plan, write_package
from gridmap.renovation.package import exports_for
from gridmap.settings import Settings


@click.command()
@click.argument("estates", type=click.IntRange(1), nargs=-1, required=True, metavar="ID…")
@click.option("--from", "before", metavar="DATE", help="The first day to compare (default: the last day alone).")
@click.option("--to", "after", metavar="DATE", help="The last day (default: today).")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE.gpkg",
    help="Where to; the page is put beside it as FILE.html.",
)
@click.option(
    "--user", metavar="USERNAME", help="As this account sees it; otherwise all places. Names are never in it."
)
@click.pass_obj
def renovation(
    settings: Settings, /, estates: tuple[int, ...], before: str | None, after: str | None, output: Path,
    user: str | None,
) -> None:  # fmt: skip
    """Write everything inside these estates as FILE.gpkg, and one page about them, with a map, as FILE.html."""
    clock = parse_clock(settings.clock)
    if output.suffix != ".gpkg" or output.exists():
        raise click.ClickException(f"{output}: name a file that ends with .gpkg and is not there yet")
    last = _day(after) if after else clock.today()
    first = _day(before) if before else last
    with opened_database(settings) as database, sentences():
        viewer = viewer_named(database, user, clock.now()) if user else MASKED
        plan = read_plan(database, viewer, estates, first, last, made_at=real_now())
        now, then = exports_for(viewer, estates, (first, last), plan.made_at, database)
        for export in (*now, *then):
            note_export(database, export, business_at=clock.now(), target=str(output), kind="gpkg")
        part = output.with_name(f".{output.name}.part.gpkg")
        try:
            rows = write_package(database, now, then, part)
            output.with_suffix(".html").write_bytes(page_of(plan, viewer.locale))
            part.replace(output)
        finally:
            part.unlink(missing_ok=True)
    click.echo(f"{rows:,} features of {len(plan.estates)} estates → {output}, {output.with_suffix('.html')}", err=True)


def _day(word: str) -> date:
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise click.ClickException(f"{word!r} is not a date; write it like 2026-03-16") from None
