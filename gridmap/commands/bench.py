"""`gridmap bench`: measurements on the data of this installation."""

import json

import click

from gridmap.clock import parse_clock
from gridmap.cluster import ClusterError, find_access
from gridmap.db import Database
from gridmap.scope import viewer_of
from gridmap.settings import Settings


@click.group()
def bench() -> None:
    """Measure: ratios within one run, CPU time first."""


@bench.command()
@click.option("--user", default="leader", show_default=True, help="The account that looks.")
@click.option("--count", default=200, show_default=True, help="Tiles at each zoom.")
@click.option("--json", "as_json", is_flag=True, help="Print plain figures.")
@click.pass_obj
def tiles(settings: Settings, user: str, count: int, *, as_json: bool) -> None:
    """What serving a tile costs over the same SQL, what row security costs, what the cache is worth."""
    from gridmap.bench import tiles as measure
    from gridmap.bench.server import running_server

    try:
        access = find_access(settings)
    except ClusterError as error:
        raise click.ClickException(str(error)) from None
    database = Database(access.app_url, prepares=settings.prepares)
    now = parse_clock(settings.clock).now()
    with database.transaction({"scope": "city", "administers": "on"}) as connection:
        row = connection.execute("SELECT id FROM gridmap.account WHERE username = %s", (user,)).fetchone()
    if row is None:
        raise click.ClickException(f"There is no account {user}")
    viewer = viewer_of(database, row["id"], now)
    with running_server(settings, database, user, access.full_url) as server:
        urls = (access.app_url, access.owner_url)
        found = measure.costs(database, server, viewer, urls, measure.day_end(now), count)
        spread = measure.tiles_with_buildings(database, viewer, 16, 4 * count)
        speed = measure.rates(server, spread[count:], spread[:40])
    database.close()
    if as_json:
        click.echo(json.dumps(measure.report(found, speed)))
        return
    click.echo(f"CPU ms a tile, {', '.join(measure.LAYERS)}; seen by {user}")
    click.echo("zoom  tiles     raw  served  ratio    over  without RLS  median bytes")
    for cost in found:
        click.echo(
            f"{cost.zoom:>4} {cost.tiles:>6} {cost.raw:>7.2f} {cost.served:>7.2f} {cost.ratio:>6.2f}"
            f" {cost.served - cost.raw:>+7.2f} {cost.without_row_security:>12.2f} {cost.bytes:>13,}"
        )
    click.echo(
        f"requests/s, 2 workers, 8 clients: uncached {speed.uncached:,.0f}, cached {speed.cached:,.0f}"
        f" ({speed.gain:.1f} times; {speed.cached_cpu:.3f} ms CPU a cached request)"
    )
