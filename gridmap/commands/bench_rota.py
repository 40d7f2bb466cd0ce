"""`gridmap bench rota`: the bars of a fair rota, on made-up groups."""

import json

import click


@click.command()
@click.option("--runs", default=5, show_default=True, type=click.IntRange(1, 1000), help="Runs of each.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON instead of the table.")
def rota(runs: int, *, as_json: bool) -> None:
    """Rotas: a group of 24 over a quarter and one of 200 over a year; needs no database."""
    from gridmap.bench.figures import lines
    from gridmap.bench.rotas import GROUPS, measure

    figures = [figure for group in GROUPS for figure in measure(group, runs)]
    found = [one.as_json() for one in figures]
    click.echo(json.dumps(found, ensure_ascii=False) if as_json else "\n".join(lines(figures)))
    if any(one.is_met is False for one in figures):
        raise click.ClickException("A bar is missed.")
