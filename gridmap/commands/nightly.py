"""`gridmap nightly`: the nightly round, by hand or by a timer."""

import click

from gridmap.clock import parse_clock, real_now
from gridmap.cluster import ClusterError, find_access
from gridmap.db import Database
from gridmap.nightly import run_nightly
from gridmap.settings import Settings


@click.command()
@click.option("--dry-run", is_flag=True, help="Only count what would go.")
@click.pass_obj
def nightly(settings: Settings, *, dry_run: bool) -> None:
    """Open what is due, close what is over, forget what need not be kept any longer, fold the change feed."""
    try:
        database = Database(find_access(settings).app_url, prepares=settings.prepares)
    except ClusterError as error:
        raise click.ClickException(str(error)) from None
    try:
        for title, count in run_nightly(
            database, real_now(), parse_clock(settings.clock), home=settings.home, dry_run=dry_run
        ).items():
            click.echo(f"{count:>8}  {title}{' (dry run)' if dry_run else ''}")
    finally:
        database.close()
