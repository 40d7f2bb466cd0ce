"""`gridmap export` and `gridmap sql`: a layer as a file, and the query behind it."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import psycopg

from gridmap.clock import parse_clock, real_now
from gridmap.cluster import ClusterError, find_access
from gridmap.commands.acting import viewer_named
from gridmap.db import Database
from gridmap.i18n import DEFAULT_LOCALE
from gridmap.layer import Role
from gridmap.layers import BY_NAME
from gridmap.read import BadWord, Export, UnknownLayer, UnknownWord, layer_sql, layers_for
from gridmap.read.files import (
    KINDS,
    BadOrder,
    Kind,
    MayNotUnmask,
    Order,
    UnknownKind,
    copy_stream,
    exports_of,
    kind_of_file,
    note_order,
    opened,
    write_file,
)
from gridmap.read.files.order import ENCODINGS
from gridmap.scope import Reach, Viewer
from gridmap.settings import Settings

MASKED = Viewer(
    account_id=0,
    username="command line",
    title="Command line",
    locale=DEFAULT_LOCALE,
    roles=frozenset({Role.PLANNER}),
    reach=Reach(is_city=True),
)
"""Whoever may run the command sees every place, and nobody's name: for that, say `--user`."""

Command = Callable[..., None]
NAMES = click.Choice(list(BY_NAME))


def shared_options(command: Command) -> Command:
    """The words that `export` and `sql` have in common."""
    options = (
        click.option("--as-of", metavar="DATE", help="How things stood at the end of that day (default: today)."),
        click.option("--bbox", metavar="W,S,E,N", help="Only what touches this box, in degrees."),
        click.option("--area", metavar="SHAPE", help="Only what touches this area: GeoJSON, WKT, or @FILE with it."),
        click.option("--inside", metavar="ID", multiple=True, help="Only inside this estate, grid or community."),
        click.option("--time", metavar="FROM/TO", help="Only what happened then: a day, or two with / between."),
        click.option("--where", metavar="NAME=VALUE", multiple=True, help="Only rows with this value; repeatable."),
        click.option("--user", metavar="USERNAME", help="As this account sees it; otherwise all places."),
        click.option("--unmasked", metavar="REASON", help="With personal data, for this reason: needs --user."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@click.argument("layers", type=NAMES, metavar="LAYER…", nargs=-1, required=True)
@shared_options
@click.option("-o", "--output", required=True, metavar="FILE", help="Where to; `-` writes to the standard output.")
@click.option("--format", "form", type=click.Choice(list(KINDS)), help="Default: by FILE's name.")
@click.option("--encoding", type=click.Choice(ENCODINGS), default=ENCODINGS[0], help="Of the texts of a Shapefile.")
@click.pass_obj
def export(
    settings: Settings, /, layers: tuple[str, ...], output: str, form: str | None, encoding: str, **asked: Any
) -> None:
    """Write layers into a file: GeoPackage, Excel, CSV, GeoJSON, Shapefile, FlatGeobuf or GeoParquet.

    The file says its time, filter, source and coordinates. Every export is in the audit log. Without --unmasked
    nobody's name is in it.
    """
    kind = _kind(output, form)
    order = _order(layers, kind.word, encoding=encoding, **asked)
    with opened_database(settings) as database, sentences():
        exports = _exports(settings, database, order, asked["user"])
        note_order(database, exports, order, business_at=parse_clock(settings.clock).now(), target=output)
        if output == "-" and kind.is_streamed:
            rows = copy_stream(opened(database, exports[0], kind), sys.stdout.buffer.write)
            sys.stdout.buffer.flush()
        else:
            with _target(output) as path:
                rows = write_file(database, exports, kind, path, encoding=encoding)
    click.echo(f"{rows:,} features of {', '.join(layers)} → {output}", err=True)


@click.command()
@click.argument("layer", type=NAMES, metavar="LAYER")
@shared_options
@click.pass_obj
def sql(settings: Settings, /, layer: str, **asked: Any) -> None:
    """Print the query behind LAYER, ready for `gridmap db psql` as the application's role."""
    order = _order((layer,), "geojson", **asked)
    with opened_database(settings) as database, sentences():
        (made,) = _exports(settings, database, order, asked["user"])
        with database.transaction(made.viewer.prologue) as connection:
            click.echo(layer_sql(connection, made))


@contextmanager
def opened_database(settings: Settings) -> Iterator[Database]:
    """The database of these settings; its troubles become one sentence."""
    try:
        database = Database(find_access(settings).app_url, prepares=settings.prepares)
        try:
            yield database
        finally:
            database.close()
    except (ClusterError, psycopg.Error, OSError) as error:
        raise click.ClickException(str(error).strip()) from None


@contextmanager
def sentences() -> Iterator[None]:
    """What cannot be exported becomes one sentence."""
    try:
        yield
    except BadOrder as error:
        raise click.ClickException(error.words("en")) from None
    except MayNotUnmask:
        raise click.ClickException(
            "--unmasked needs --user with the name of somebody who leads, and a reason: personal data is for them alone"
        ) from None
    except BadWord as error:
        word = "--as-of" if error.word == "as_of" else f"{error.word!r}"
        raise click.ClickException(
            f"--as-of {error.value!r} is not a date; write it like 2026-03-16"
            if error.word == "as_of"
            else f"{error.value!r} is not something that {word} can be"
        ) from None


def _order(
    layers: tuple[str, ...],
    kind: str,
    *,
    as_of: str | None,
    bbox: str | None,
    area: str | None,
    inside: tuple[str, ...],
    time: str | None,
    where: tuple[str, ...],
    user: str | None,
    unmasked: str | None,
    encoding: str = ENCODINGS[0],
) -> Order:
    del user
    given = {"bbox": bbox, "area": _shape(area), "inside": ",".join(inside) or None, "datetime": time}
    words = {name: value for name, value in given.items() if value is not None}
    for one in where:
        name, sign, value = one.partition("=")
        if not sign or name in words or name in given:
            raise click.ClickException(f"--where {one!r}: write NAME=VALUE, each name once")
        words[name] = value
    if unmasked is not None and not unmasked.strip():
        raise click.ClickException("--unmasked needs a reason")
    return Order(
        layers=tuple(dict.fromkeys(layers)), kind=kind, day=as_of or "", words=words, reason=unmasked or "",
        encoding=encoding,
    )  # fmt: skip


def _shape(area: str | None) -> str | None:
    if not area or not area.startswith("@"):
        return area
    try:
        return Path(area[1:]).read_text("utf-8")
    except (OSError, UnicodeError) as error:
        raise click.ClickException(f"--area {area}: {error}") from None


def _exports(settings: Settings, database: Database, order: Order, user: str | None) -> tuple[Export, ...]:
    clock = parse_clock(settings.clock)
    viewer = viewer_named(database, user, clock.now()) if user else MASKED
    try:
        return exports_of(database, viewer, order, today=clock.today(), made_at=real_now())
    except UnknownLayer as error:
        known = ", ".join(layers_for(viewer.reading_roles))
        hint = "; --user names an account that sees more" if viewer is MASKED else ""
        sentence = f"There is no layer {error.args[0]!r} for {viewer.username}; there are {known}{hint}"
        raise click.ClickException(sentence) from None
    except UnknownWord as error:
        known = ", ".join(
            dict.fromkeys(name for one in order.layers for name in BY_NAME[one].attributes
                          if viewer.may_see(BY_NAME[one], name))
        )  # fmt: skip
        raise click.ClickException(
            f"{error.value!r} is not something that {error.word!r} can be in {', '.join(order.layers)};"
            f" its attributes are {known}"
        ) from None


def _kind(output: str, form: str | None) -> Kind:
    try:
        return kind_of_file(output, form)
    except UnknownKind:
        known = ", ".join(f".{each.extension}" for each in KINDS.values())
        raise click.ClickException(f"{output}: name the file with one of {known}, or say --format") from None


@contextmanager
def _target(output: str) -> Iterator[Path]:
    """A path to write to; the file appears under its name, or on the standard output, only when it is whole."""
    target = Path(output)
    place = Path(tempfile.gettempdir()) if output == "-" else target.absolute().parent
    with tempfile.TemporaryDirectory(dir=place, prefix=".gridmap-") as folder:
        made = Path(folder) / (target.name if output != "-" else "out")
        yield made
        if output == "-":
            with made.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        else:
            made.replace(target)
