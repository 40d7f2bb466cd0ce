"""`gridmap bench assign`: how fast the optimum of a whole town is found, beside scipy's in the same run."""

import json

import click

SCIPY = "The comparison needs scipy: pip install scipy."
ORTOOLS = "Proposals need OR-Tools: pip install 'gridmap[assign]'."


@click.command()
@click.option("--places", default=10_000, show_default=True, type=click.IntRange(10, 50_000), help="Buildings.")
@click.option("--people", default=1_000, show_default=True, type=click.IntRange(1, 5_000), help="Managers.")
@click.option("--runs", default=3, show_default=True, type=click.IntRange(1, 50), help="Runs of each, in turn.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON instead of the table.")
def assign(places: int, people: int, runs: int, *, as_json: bool) -> None:
    """Proposals: places to people at the least walk, exactly, in a made-up town; needs no database."""
    from gridmap.analysis.matching import SolverMissing
    from gridmap.bench.assigning import compare, lines

    try:
        found = compare(places, people, runs)
    except SolverMissing:
        raise click.ClickException(ORTOOLS) from None
    except ImportError:
        raise click.ClickException(SCIPY) from None
    click.echo(json.dumps(found.as_json()) if as_json else "\n".join(lines(found)))
    if found.cost != found.scipy_cost:
        raise click.ClickException(f"The optima differ: {found.cost} and {found.scipy_cost}")
