"""`gridmap bench`: how fast this machine serves, as ratios within one run."""

import json

import click
import psycopg

from gridmap.clock import parse_clock
from gridmap.cluster import ClusterError, find_access
from gridmap.commands.bench_assign import assign
from gridmap.commands.bench_duties import duties
from gridmap.commands.bench_export import export
from gridmap.commands.bench_hotspots import hotspots
from gridmap.commands.bench_incidents import incidents
from gridmap.commands.bench_items import items
from gridmap.commands.bench_load import load
from gridmap.commands.bench_pages import pages
from gridmap.commands.bench_rota import rota
from gridmap.db import Database
from gridmap.layers import LAYERS
from gridmap.settings import Settings

ON_THE_MAP = "green,water,districts,streets,communities,grids,estates,roads,buildings,stairwells,facilities"


@click.group()
def bench() -> None:
    """Measure gridmap on this machine."""


bench.add_command(assign)
bench.add_command(items)
bench.add_command(export)
bench.add_command(pages)
bench.add_command(duties)
bench.add_command(incidents)
bench.add_command(load)
bench.add_command(rota)
bench.add_command(hotspots)


@bench.command()
@click.option("--user", default="leader", show_default=True, help="Whose eyes.")
@click.option("--layers", default=ON_THE_MAP, show_default=True, help="Layers of one tile, with commas between.")
@click.option("--zooms", default="12,13,14,15,16", show_default=True, help="Zooms, with commas between.")
@click.option("--tiles", "count", default=60, show_default=True, type=click.IntRange(1, 5000), help="Tiles of a zoom.")
@click.option("--seconds", default=5.0, show_default=True, type=click.FloatRange(0.5, 600), help="Length of each rate.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON instead of the table.")
@click.pass_obj
def tiles(settings: Settings, user: str, layers: str, zooms: str, count: int, seconds: float, *, as_json: bool) -> None:
    """Tiles: the bare SQL, the same through HTTP past the cache and from it, and the price of row security.

    Starts a server of its own on a free port beside the running database. Best with `gridmap demo --scale city`.
    """
    from gridmap.bench.results import lines
    from gridmap.bench.server import BenchProblem, running, sign_in
    from gridmap.bench.tiles import Bench
    from gridmap.read import UnknownLayer, layers_named

    try:
        levels = [int(word) for word in zooms.split(",")]
    except ValueError as error:
        raise click.UsageError(f"There is no such zoom: {error}") from None
    try:
        access = find_access(settings)
        database = Database(access.app_url, prepares=settings.prepares)
        try:
            viewer, secret = sign_in(settings, database, user)
            with running(settings, access.app_url, secret) as server:
                run = Bench(
                    server=server,
                    database=database,
                    owner_url=access.cluster.owner_url if access.cluster else access.configured_owner_url,
                    viewer=viewer,
                    # in drawing order, as the server makes them whatever the order asked
                    layers=tuple(sorted(layers_named(layers.split(","), viewer.reading_roles), key=LAYERS.index)),
                    today=parse_clock(settings.clock).today(),
                    say=lambda words: click.echo(f"· {words}", err=True),
                )
                result = run.run(levels, count, seconds)
        finally:
            database.close()
    except UnknownLayer as error:
        raise click.UsageError(f"There is no such layer for {user}: {error}") from None
    except (ClusterError, BenchProblem, psycopg.Error) as error:
        raise click.ClickException(str(error).strip()) from None
    click.echo(json.dumps(result.as_json()) if as_json else "\n".join(lines(result)))
