"""`gridmap bench load`: a GeoPackage of 200,000 buildings into an empty register."""

import json

import click

from gridmap.cluster import ClusterError


@click.command()
@click.option("--rows", default=200_000, show_default=True, type=click.IntRange(1, 2_000_000), help="Buildings.")
@click.option("--runs", default=1, show_default=True, type=click.IntRange(1, 100), help="Loads, each from the start.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON instead of the table.")
def load(rows: int, runs: int, *, as_json: bool) -> None:
    """Loading: made-up buildings from a GeoPackage into a register of its own; time and memory of the command."""
    from gridmap.bench.figures import lines
    from gridmap.bench.loading import LoadFailed, measure

    try:
        figures = list(measure(rows, runs, lambda words: click.echo(f"· {words}", err=True)))
    except (LoadFailed, ClusterError) as error:
        raise click.ClickException(str(error)) from None
    found = [one.as_json() for one in figures]
    click.echo(json.dumps(found, ensure_ascii=False) if as_json else "\n".join(lines(figures)))
    if any(one.is_met is False for one in figures):
        raise click.ClickException("A bar is missed.")
