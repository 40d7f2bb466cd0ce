"""`gridmap bench hotspots`: how often hotspots are called where there are none, beside Gi*, and how many are found."""

import json

import click


@click.command()
@click.option("--maps", default=40, show_default=True, type=click.IntRange(1, 10_000), help="Maps of each kind.")
@click.option("--runs", default=5, show_default=True, type=click.IntRange(1, 1000), help="Runs of what is timed.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON instead of the table.")
def hotspots(maps: int, runs: int, *, as_json: bool) -> None:
    """Hotspots: false alarms and planted circles on maps of a made-up town, and speed; needs no database."""
    from gridmap.bench.figures import lines
    from gridmap.bench.hotspots import measure

    figures = list(measure(maps, runs))
    found = [one.as_json() for one in figures]
    click.echo(json.dumps(found, ensure_ascii=False) if as_json else "\n".join(lines(figures)))
