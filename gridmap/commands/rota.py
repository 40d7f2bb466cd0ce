"""`gridmap rota list|show|plan`: duty rotas by hand; people use the pages."""

from datetime import date

import click
import psycopg

from gridmap.accounts import actor
from gridmap.clock import parse_clock
from gridmap.commands.duties import Month, work
from gridmap.db.pools import Connection, Row
from gridmap.periods import Every, Period, period_of
from gridmap.read.rota import read_evenings, read_members
from gridmap.rota import RotaProblem, plan_period, propose
from gridmap.rota.rows import read_row
from gridmap.rota.words import refusal_words
from gridmap.settings import Settings

ROTAS = """
SELECT r.id, r.name, r.kind, s.name AS street, cardinality(r.people) AS people,
  (SELECT max(t.day) FROM gridmap.rota_turn t WHERE t.street_id = r.street_id AND t.rota_id = r.id
   AND t.state = 'set') AS until
FROM gridmap.rota r JOIN gridmap.street s ON s.id = r.street_id ORDER BY s.code, r.name, r.id
"""
quarter_option = click.option("--quarter", type=Month(), help="Any month of the quarter, as 2026-04; the running one.")


@click.group()
def rota() -> None:
    """Duty rotas: list them, show who has which evening, share a quarter out."""


@rota.command("list")
@click.pass_obj
def list_(settings: Settings) -> None:
    """Every rota with its id, its members and until when it is planned."""
    with work(settings) as connection:
        rows = connection.execute(ROTAS).fetchall()
    for row in rows:
        until = row["until"] or "not planned"
        click.echo(f"{row['id']}  {row['street']}  {row['name']}  {row['kind']}  {row['people']} members  {until}")
    if not rows:
        click.echo("There is no rota")


@rota.command()
@click.argument("rota_id", type=int)
@quarter_option
@click.pass_obj
def show(settings: Settings, rota_id: int, quarter: date | None) -> None:
    """Who has which evening of a quarter."""
    with work(settings) as connection:
        row, within = _row(connection, rota_id), _quarter(settings, quarter)
        evenings = read_evenings(connection, row, within)
        names = {one.person_id: one.name for one in read_members(connection, row, *within.instants)}
    for one in evenings:
        if one.is_set:
            lack = f"  {one.missing} missing: {one.reason}" if one.missing else ""
            click.echo(f"{one.day:%Y-%m-%d %a}  {', '.join(names.get(who, '?') for who in one.people)}{lack}")
    if not evenings:
        click.echo("This quarter is not planned")


@rota.command()
@click.argument("rota_id", type=int)
@quarter_option
@click.option("--commit", is_flag=True, help="Write it; without this it is only computed.")
@click.pass_obj
def plan(settings: Settings, rota_id: int, quarter: date | None, *, commit: bool) -> None:
    """Share the evenings of a quarter out that are still to come."""
    by, within = actor(parse_clock(settings.clock)), _quarter(settings, quarter)
    try:
        with work(settings) as connection:
            _row(connection, rota_id)
            found = (plan_period if commit else propose)(connection, by, rota_id, within)
    except RotaProblem as problem:
        raise click.ClickException(refusal_words("en", problem.reason, problem.name, problem.day)) from None
    least, most = found.spread
    click.echo(f"{len(found.plan.turns)} evenings to come, {len(found.plan.unfilled)} lack somebody")
    click.echo(f"{least} to {most} for each; {len(found.changes)} {'changed' if commit else 'would change'}")
    for one in found.plan.unfilled:
        click.echo(f"{one.turn.day:%Y-%m-%d}  {one.missing} missing: {one.reason}")


def _row(connection: Connection, rota_id: int) -> Row:
    try:
        return read_row(connection, rota_id)
    except (LookupError, psycopg.errors.NumericValueOutOfRange):
        raise click.UsageError(f"There is no rota with the id {rota_id}; gridmap rota list shows them") from None


def _quarter(settings: Settings, month: date | None) -> Period:
    return period_of(Every.QUARTER, month or parse_clock(settings.clock).today())
