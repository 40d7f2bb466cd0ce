"""`gridmap export` and `gridmap sql`: a layer as a file, and the query behind it."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import click
import psycopg

from gridmap.api.tiles import end_of
from gridmap.clock import parse_clock, real_now
from gridmap.cluster import ClusterError, find_access
from gridmap.db import SYSTEM, Database
from gridmap.i18n import DEFAULT_LOCALE, translate
from gridmap.layer import Layer, Role
from gridmap.layers import BY_NAME
from gridmap.read import (
    Asked,
    BadWord,
    Export,
    Filter,
    Format,
    UnknownLayer,
    asked_as,
    cuts_of,
    layer_sql,
    layers_for,
    layers_named,
    note_export,
    parse_filter,
    write_stream,
)
from gridmap.scope import Reach, UnknownAccount, Viewer, viewer_of
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


def shared_options(command: Command) -> Command:
    """The words that `export` and `sql` have in common."""
    options = (
        click.argument("layer", type=click.Choice(list(BY_NAME)), metavar="LAYER"),
        click.option("--as-of", metavar="DATE", help="How things stood at the end of that day (default: today)."),
        click.option("--bbox", metavar="W,S,E,N", help="Only what touches this box, in degrees."),
        click.option("--where", metavar="NAME=VALUE", multiple=True, help="Only rows with this value; repeatable."),
        click.option("--user", metavar="USERNAME", help="As this account sees it; otherwise all places, masked."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@shared_options
@click.option("-o", "--output", required=True, metavar="FILE", help="Where to; `-` writes to the standard output.")
@click.option("--format", "form", type=click.Choice([form.value for form in Format]), help="Default: by FILE's name.")
@click.pass_obj
def export(
    settings: Settings,
    layer: str,
    output: str,
    form: str | None,
    as_of: str | None,
    bbox: str | None,
    where: tuple[str, ...],
    user: str | None,
) -> None:
    """Write the layer LAYER into a file: GeoJSON (RFC 7946), GeoJSON sequence or CSV.

    The file says its time, filter and coordinates. Every export is in the audit log.
    """
    chosen = _format(output, form)
    with _opened(settings) as database:
        made = _export(settings, database, layer, as_of, _words(bbox, where), user, chosen)
        note_export(database, made, business_at=parse_clock(settings.clock).now(), target=output)
        with _target(output) as write:
            rows = write_stream(database, made, write)
    click.echo(f"{rows:,} features of {layer} → {output}", err=True)


@click.command()
@shared_options
@click.pass_obj
def sql(
    settings: Settings, layer: str, as_of: str | None, bbox: str | None, where: tuple[str, ...], user: str | None
) -> None:
    """Print the query behind LAYER, ready for `gridmap db psql` as the application's role."""
    with _opened(settings) as database:
        made = _export(settings, database, layer, as_of, _words(bbox, where), user, Format.GEOJSON)
        with database.transaction(made.viewer.prologue) as connection:
            click.echo(layer_sql(connection, made))


@contextmanager
def _opened(settings: Settings) -> Iterator[Database]:
    """The database of these settings; its troubles, and bad words, become one sentence."""
    try:
        database = Database(find_access(settings).app_url, prepares=settings.prepares)
        try:
            yield database
        finally:
            database.close()
    except (ClusterError, psycopg.Error, OSError) as error:
        raise click.ClickException(str(error).strip()) from None


def _export(
    settings: Settings,
    database: Database,
    name: str,
    as_of: str | None,
    words: dict[str, str],
    user: str | None,
    form: Format,
) -> Export:
    clock = parse_clock(settings.clock)
    viewer = _viewer(database, user, clock.now()) if user else MASKED
    layer = _layer(viewer, name)
    day = _day(as_of) if as_of else clock.today()
    return Export(
        layer=layer,
        viewer=viewer,
        asked=_asked(layer, day, words),
        made_at=real_now(),
        title=translate(viewer.locale, layer.title),
        format=form,
        where=_filter(layer, viewer, words),
    )


def _asked(layer: Layer, day: date, words: dict[str, str]) -> Asked:
    """The day, and the words that the layer is cut by: they are taken out of `words`."""
    cuts = {name: words.pop(name) for name in cuts_of(layer) if name in words}
    try:
        return asked_as(end_of(day), cuts)
    except BadWord as error:
        raise click.ClickException(f"{error.value!r} is not something that {error.word!r} can be") from None


def _layer(viewer: Viewer, name: str) -> Layer:
    try:
        (layer,) = layers_named([name], viewer.reading_roles)
    except UnknownLayer:
        known = ", ".join(layers_for(viewer.reading_roles))
        hint = "; --user names an account that sees more" if viewer is MASKED else ""
        sentence = f"There is no layer {name!r} for {viewer.username}; there are {known}{hint}"
        raise click.ClickException(sentence) from None
    return layer


def _viewer(database: Database, username: str, now: datetime) -> Viewer:
    with database.transaction(SYSTEM) as connection:
        row = connection.execute(
            "SELECT id FROM gridmap.account WHERE username = %s", (username.strip().lower(),)
        ).fetchone()
    try:
        return viewer_of(database, row["id"] if row else 0, now)
    except UnknownAccount:
        raise click.ClickException(f"There is no account {username!r} that may see anything now") from None


def _day(word: str) -> date:
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise click.ClickException(f"--as-of {word!r} is not a date; write it like 2026-03-16") from None


def _words(bbox: str | None, where: tuple[str, ...]) -> dict[str, str]:
    words = {"bbox": bbox} if bbox is not None else {}
    for one in where:
        name, sign, value = one.partition("=")
        if not sign or name in words or name in ("bbox", "datetime"):
            raise click.ClickException(f"--where {one!r}: write NAME=VALUE, each name once")
        words[name] = value
    return words


def _filter(layer: Layer, viewer: Viewer, words: dict[str, str]) -> Filter:
    try:
        return parse_filter(layer, viewer.reading_roles, words)
    except BadWord as error:
        known = ", ".join(name for name in layer.attributes if viewer.may_see(layer, name))
        raise click.ClickException(
            f"{error.value!r} is not something that {error.word!r} can be in {layer.name}; its attributes are {known}"
        ) from None


def _format(output: str, form: str | None) -> Format:
    word = form or Path(output).suffix.removeprefix(".").lower()
    try:
        return Format(word)
    except ValueError:
        known = ", ".join(f".{each.value}" for each in Format)
        raise click.ClickException(f"{output}: name the file with one of {known}, or say --format") from None


@contextmanager
def _target(output: str) -> Iterator[Callable[[bytes], object]]:
    """Writes to the file, which appears under its name only when it is whole."""
    if output == "-":
        yield sys.stdout.buffer.write
        sys.stdout.buffer.flush()
        return
    target = Path(output)
    handle, name = tempfile.mkstemp(dir=target.absolute().parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file.write
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
