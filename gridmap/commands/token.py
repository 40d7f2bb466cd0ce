"""`gridmap token USER`: a token for a program, printed as the last line."""

import click
import psycopg

from gridmap.accounts import actor, create_token, plain_username
from gridmap.accounts.sessions import MAX_TOKEN_DAYS
from gridmap.clock import parse_clock
from gridmap.cluster import ClusterError, find_access
from gridmap.db import SYSTEM, Database
from gridmap.settings import Settings


@click.command()
@click.argument("user")
@click.option(
    "--days", default=30, show_default=True, type=click.IntRange(1, MAX_TOKEN_DAYS), help="How long it works."
)
@click.option("--name", default="command line", show_default=True, help="What it is for; shown to its owner.")
@click.pass_obj
def token(settings: Settings, user: str, days: int, name: str) -> None:
    """Make a token for the account USER. Send it as Bearer, or as the password of Basic. It is shown this once."""
    try:
        database = Database(find_access(settings).app_url, prepares=settings.prepares)
        try:
            secret = make_token(settings, database, user, name, days)
        finally:
            database.close()
    except (ClusterError, psycopg.Error) as error:
        raise click.ClickException(str(error).strip()) from None
    click.echo(f"A token of {user} for {days} days; it sees what {user} sees, and is shown this once:", err=True)
    click.echo(secret)


def make_token(settings: Settings, database: Database, user: str, name: str, days: int) -> str:
    """The secret of a fresh token. Raises ClickException where there is no such open account."""
    with database.transaction(SYSTEM) as connection:
        row = connection.execute(
            "SELECT id, disabled_at FROM gridmap.account WHERE username = %s", (plain_username(user),)
        ).fetchone()
        if row is None:
            raise click.ClickException(f"There is no account {user!r}.")
        if row["disabled_at"] is not None:
            raise click.ClickException(f"The account {user!r} is closed.")
        return create_token(connection, actor(parse_clock(settings.clock)), row["id"], name=name, days=days)
