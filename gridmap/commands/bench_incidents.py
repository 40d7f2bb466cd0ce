"""`gridmap bench incidents`: reports from hundreds of phones, and the map of hundreds of thousands of cases."""

import json

import click
import psycopg

from gridmap.clock import parse_clock
from gridmap.cluster import ClusterError, find_access
from gridmap.db import Database
from gridmap.settings import Settings


@click.command()
@click.option("--user", default="leader", show_default=True, help="Who reports, and whose eyes read the map.")
@click.option("--phones", default=500, show_default=True, type=click.IntRange(1, 5000), help="Phones at once.")
@click.option("--per-second", default=140.0, show_default=True, type=click.FloatRange(0.1), help="Reports offered.")
@click.option("--seconds", default=30.0, show_default=True, type=click.FloatRange(1, 3600), help="For how long.")
@click.option("--cases", default=300_000, show_default=True, type=click.IntRange(0), help="Cases of the map; 0: none.")
@click.option("--runs", default=9, show_default=True, type=click.IntRange(1, 1000), help="Reads of each thing.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON instead of the table.")
@click.pass_obj
def incidents(
    settings: Settings,
    user: str,
    phones: int,
    per_second: float,
    seconds: float,
    cases: int,
    runs: int,
    *,
    as_json: bool,
) -> None:
    """Incidents: reports accepted a second through the real API, each held against the tables; map, board and numbers.

    Starts a server of its own on a free port beside the running database, and leaves no case behind.
    """
    from gridmap.bench.figures import lines
    from gridmap.bench.incidents import places_of, report, token_for
    from gridmap.bench.many_cases import Size, read_map
    from gridmap.bench.phones import Load
    from gridmap.bench.server import BenchProblem, running, sign_in

    try:
        access = find_access(settings)
        database = Database(access.app_url, prepares=settings.prepares)
        try:
            viewer, secret = sign_in(settings, database, user)
            now = parse_clock(settings.clock).now()
            load = Load(places=places_of(database, viewer, now), phones=phones, per_second=per_second, seconds=seconds)
            token = token_for(database, viewer, now)
            with running(settings, access.app_url, secret) as server:
                figures = list(report(server, database, access.owner_url, token, load))
            if cases:
                figures += read_map(database, viewer, now, Size(cases=cases, runs=runs), _say)
        finally:
            database.close()
    except (ClusterError, BenchProblem, psycopg.Error) as error:
        raise click.ClickException(str(error).strip()) from None
    found = [one.as_json() for one in figures]
    click.echo(json.dumps(found, ensure_ascii=False) if as_json else "\n".join(lines(figures)))


def _say(words: str) -> None:
    click.echo(f"· {words}", err=True)
