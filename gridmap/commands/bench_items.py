"""`gridmap bench items`: pages of features beside the bare SQL."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click
import psycopg

from gridmap.clock import parse_clock
from gridmap.cluster import ClusterError, find_access
from gridmap.db import Database
from gridmap.settings import Settings

if TYPE_CHECKING:
    from gridmap.bench.figures import Figure
    from gridmap.bench.peers import Peer


def _peer(_context: click.Context, _option: click.Parameter, words: tuple[str, ...]) -> "tuple[Peer, ...]":
    from gridmap.bench.peers import Peer

    try:
        return tuple(Peer.read(word) for word in words)
    except ValueError as error:
        raise click.BadParameter(f"{error} is not NAME=PID@http://…") from None


peers_option = click.option(
    "--peer", "peers", metavar="NAME=PID@URL", multiple=True, callback=_peer,
    help="Another server's process and its collection of the same rows; repeatable.",
)  # fmt: skip


@click.command()
@click.option("--user", default="leader", show_default=True, help="Whose eyes.")
@click.option("--layer", default="buildings", show_default=True, help="The layer; it needs a number of storeys.")
@click.option("--limit", default=1000, show_default=True, type=click.IntRange(1, 10_000), help="Features of a page.")
@click.option("--boxes", default=20, show_default=True, type=click.IntRange(1, 1000), help="Boxes of each kind.")
@peers_option
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON instead of the table.")
@click.pass_obj
def items(
    settings: Settings, user: str, layer: str, limit: int, boxes: int, peers: "tuple[Peer, ...]", *, as_json: bool
) -> None:
    """Pages of features of /ogc, in processor time, beside the bare SQL, with a box and with a filter in CQL2.

    Starts a server of its own on a free port beside the running database. Best with `gridmap demo --scale city`.
    """

    def measure(**who: Any) -> Any:
        from gridmap.bench.items import ItemsBench

        return ItemsBench(**who, limit=limit, peers=peers).run(boxes)

    figures_of(settings, user, layer, measure, as_json=as_json)


def figures_of(
    settings: Settings, user: str, layer: str, measure: Callable[..., "tuple[Figure, ...]"], *, as_json: bool
) -> None:
    """Print what `measure` finds of a server of its own, as this account sees that layer."""
    from gridmap.bench.figures import lines
    from gridmap.bench.server import BenchProblem, running, sign_in
    from gridmap.read import BadWord, UnknownLayer, layers_named

    try:
        access = find_access(settings)
        database = Database(access.app_url, prepares=settings.prepares)
        try:
            viewer, secret = sign_in(settings, database, user)
            (chosen,) = layers_named([layer], viewer.reading_roles)
            with running(settings, access.app_url, secret) as server:
                figures = measure(
                    server=server,
                    database=database,
                    viewer=viewer,
                    layer=chosen,
                    today=parse_clock(settings.clock).today(),
                    say=lambda words: click.echo(f"· {words}", err=True),
                )
        finally:
            database.close()
    except (UnknownLayer, BadWord) as error:
        raise click.UsageError(f"This cannot be asked of {layer} by {user}: {error}") from None
    except (ClusterError, BenchProblem, psycopg.Error) as error:
        raise click.ClickException(str(error).strip()) from None
    found = [one.as_json() for one in figures]
    click.echo(json.dumps(found, ensure_ascii=False) if as_json else "\n".join(lines(figures)))
