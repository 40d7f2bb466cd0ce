"""`gridmap undo-load RUN`: take back what one run of `gridmap load` or of the import page has written."""

import click
import psycopg

from gridmap.accounts import actor
from gridmap.clock import parse_clock
from gridmap.cluster import ClusterError, find_access
from gridmap.db import SYSTEM, Database
from gridmap.load.store.undo import UndoProblem, foresee_undo, undo_run
from gridmap.settings import Settings

WHY = {
    "unknown": "There is no such run.",
    "undone": "The run has been taken back already.",
    "kind": "Runs of people, streets and districts cannot be taken back.",
    "touched": "Nothing was taken back: say --leave-touched to leave the rows above as they are.",
}
KEPT_FOR = {"changed": "changed later", "used": "something else rests on it"}
MOST_SHOWN = 30


@click.command("undo-load")
@click.argument("run", type=int)
@click.option("--leave-touched", "leave", is_flag=True, help="Leave rows that were touched later, take back the rest.")
@click.option("--commit", is_flag=True, help="Write. Without it nothing is written.")
@click.pass_obj
def undo_load(settings: Settings, run: int, *, leave: bool, commit: bool) -> None:
    """Take back the rows of one run; what was touched later stays and is listed."""
    try:
        database = Database(find_access(settings, start=True).app_url, prepares=settings.prepares)
        try:
            with database.transaction(SYSTEM) as connection:
                told = foresee_undo(connection, run)
            for row in told.rows[:MOST_SHOWN]:
                click.echo(f"stays  {row['name'] or row['code'] or row['id']}: {KEPT_FOR[row['kept_for']]}")
            if commit:
                with database.transaction(SYSTEM) as connection:
                    told = undo_run(connection, actor(parse_clock(settings.clock)), run, leave=leave)
        finally:
            database.close()
    except UndoProblem as problem:
        raise click.ClickException(WHY[problem.reason]) from None
    except (ClusterError, psycopg.Error) as error:
        raise click.ClickException(str(error).strip()) from None
    click.echo(f"removed {told.removed}, restored {told.restored}, left {told.left}")
    if not commit:
        click.echo("Nothing was written; add --commit to write.")
