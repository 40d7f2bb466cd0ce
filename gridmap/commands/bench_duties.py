"""`gridmap bench duties`: opening, counting and closing what is due at the size of a city."""

import json

import click
import psycopg

from gridmap.clock import parse_clock
from gridmap.cluster import ClusterError, find_access
from gridmap.db import Database
from gridmap.settings import Settings


@click.command()
@click.option("--user", default="leader", show_default=True, help="Whose eyes read the numbers.")
@click.option("--slots", default=300_000, show_default=True, type=click.IntRange(1), help="Slots of a month, at least.")
@click.option(
    "--answers", default=1_000_000, show_default=True, type=click.IntRange(1), help="Answers in all, at least."
)
@click.option("--runs", default=15, show_default=True, type=click.IntRange(1, 1000), help="Reads of each number.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON instead of the table.")
@click.pass_obj
def duties(settings: Settings, user: str, slots: int, answers: int, runs: int, *, as_json: bool) -> None:
    """Duties: open a month in one statement, answer, read every grid's rate beside plain aggregates, close.

    Everything happens in one transaction that is rolled back. Needs `gridmap demo --scale city --no-serve`.
    """
    from gridmap.bench.duties import Size, TooSmall, run
    from gridmap.bench.figures import lines
    from gridmap.bench.server import BenchProblem, sign_in

    try:
        access = find_access(settings)
        database = Database(access.app_url, prepares=settings.prepares)
        try:
            viewer, _secret = sign_in(settings, database, user)
            today = parse_clock(settings.clock).today()
            size = Size(slots=slots, answers=answers, runs=runs)
            figures = list(run(database, viewer, today, size, lambda words: click.echo(f"· {words}", err=True)))
        finally:
            database.close()
    except TooSmall as error:
        raise click.ClickException(f"{error}; try --slots, or gridmap demo --scale city --no-serve") from None
    except (ClusterError, BenchProblem, psycopg.Error) as error:
        raise click.ClickException(str(error).strip()) from None
    found = [one.as_json() for one in figures]
    click.echo(json.dumps(found, ensure_ascii=False) if as_json else "\n".join(lines(figures)))
