"""`gridmap init`: an empty installation becomes a real street, with its first administrator."""

import csv
import io
import sys
from dataclasses import dataclass
from pathlib import Path

import click
import psycopg

from gridmap.accounts import (
    AccountProblem,
    Actor,
    Grant,
    actor,
    create_account,
    give_grant,
    plain_username,
    random_password,
)
from gridmap.clock import OFFICE, parse_clock
from gridmap.cluster import Access, ClusterError, find_access
from gridmap.db import SYSTEM, Database, migrate
from gridmap.db.pools import Connection
from gridmap.duties import add_defaults
from gridmap.periods import month_of
from gridmap.places import Named, TerritoryProblem, add_communities, open_street
from gridmap.places.calendar import fill_calendar
from gridmap.settings import Settings
from gridmap.tables.codes import DUTY_ROLES, FACILITY_KINDS

PROBLEMS = {
    "code": "{about!r} is not a code of the right length: a city or district has 6 digits, a street 9, a community 12.",
    "name": "{about!r} needs a name of at most 100 characters after its comma.",
    "username": "An administrator's user name has 2 to 64 letters, digits, dots or dashes, and no spaces.",
    "taken": "An account of that name is there already, and it is no administrator. Choose another name.",
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be made."""

    street: Named
    city: Named
    district: Named | None
    communities: tuple[Named, ...]
    admin: str


@click.command()
@click.option("--street", help="CODE,NAME of the street (9 digits).")
@click.option("--city", help="CODE,NAME of its city (6 digits).")
@click.option("--district", help="CODE,NAME of its district (6 digits); left out for a city without districts.")
@click.option("--community", "communities", multiple=True, help="CODE,NAME of a community (12 digits); repeat it.")
@click.option(
    "--communities",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A CSV file of communities: code, name.",
)
@click.option("--admin", help="User name of the first administrator.")
@click.pass_obj
def init(
    settings: Settings,
    street: str | None,
    city: str | None,
    district: str | None,
    communities: tuple[str, ...],
    file: Path | None,
    admin: str | None,
) -> None:
    """Make a street of your own: database, first administrator, street and communities. Asks for what is missing."""
    try:
        listed = [*map(named, communities), *(read_communities(file) if file else [])]
        access = find_access(settings)
        bring_up_to_date(access)
        plan = Plan(
            street=named(street or ask("Street (9-digit code,name)")),
            city=named(city or ask("City (6-digit code,name)")),
            district=named(district) if district else None,
            communities=tuple(listed),
            admin=plain_username(admin or ask("User name of the first administrator", "admin")),
        )
        database = Database(access.app_url, prepares=settings.prepares)
        try:
            with database.transaction(SYSTEM) as connection:
                password = carry_out(connection, actor(parse_clock(settings.clock)), plan)
        finally:
            database.close()
    except TerritoryProblem as problem:
        raise click.ClickException(PROBLEMS[problem.reason].format(about=problem.about)) from None
    except AccountProblem as problem:
        raise click.ClickException(PROBLEMS[problem.reason]) from None
    except (ClusterError, psycopg.Error) as error:
        raise click.ClickException(str(error).strip()) from None
    tell(settings, plan, password)


def carry_out(connection: Connection, by: Actor, plan: Plan) -> str | None:
    """Make what is missing of the plan; gives the first administrator's password, or None where one was there.

    All of it or nothing, in the caller's transaction. Raises TerritoryProblem, AccountProblem, ClickException on
    an installation that holds the demo.
    """
    if connection.execute("SELECT 1 FROM gridmap.street WHERE is_demo LIMIT 1").fetchone():
        raise click.ClickException(
            "This installation holds the invented demo. Give a street of your own its own data folder: "
            "set GRIDMAP_HOME to another one, and run gridmap init again."
        )
    fill_code_tables(connection)
    fill_calendar(connection)
    street_id = open_street(connection, by, plan.street, city=plan.city, district=plan.district)
    add_communities(connection, by, street_id, plan.communities)
    add_defaults(connection, by, street_id, month_of(by.business_at.astimezone(OFFICE).date()).start)
    has_administrator = connection.execute(
        "SELECT 1 FROM gridmap.account_grant g JOIN gridmap.account a ON a.id = g.account_id"
        " WHERE g.role = 'administrator' AND g.valid @> %s::timestamptz AND a.disabled_at IS NULL LIMIT 1",
        (by.business_at,),
    ).fetchone()
    if has_administrator:
        return None
    password = random_password()
    account_id = create_account(connection, by, username=plan.admin, title=plan.admin, password=password)
    give_grant(connection, by, account_id, Grant(role="administrator", level="city"))
    return password


def fill_code_tables(connection: Connection) -> None:
    """Kinds of facilities and roles on duty, where they are not there yet; offices may edit them later."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO gridmap.facility_kind (code, title, title_en, theme, shape) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (code) DO NOTHING",
            FACILITY_KINDS,
        )
        cursor.executemany(
            "INSERT INTO gridmap.duty_role (code, title, title_en, level, line, sort) VALUES (%s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (code) DO NOTHING",
            [(*role, sort) for sort, role in enumerate(DUTY_ROLES)],
        )


def bring_up_to_date(access: Access) -> None:
    """Migrate; an own server whose owner's connection was not given is believed to be migrated."""
    if access.configured_owner_url is not None:
        migrate(access.configured_owner_url)


def named(text: str) -> Named:
    """A code and a name from `CODE,NAME`; both comma and full-width comma will do."""
    code, _, name = text.replace("\uff0c", ",").partition(",")
    return Named(code=code.strip(), name=name.strip())


def read_communities(file: Path) -> list[Named]:
    """Communities of a CSV file in UTF-8 or GB18030: code, name; a first line without a code is a heading."""
    raw = file.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError:
            raise click.ClickException(f"{file.name} is neither UTF-8 nor GB18030; save it as CSV UTF-8.") from None
    found = []
    for line, cells in enumerate(csv.reader(io.StringIO(text.replace("\uff0c", ","))), start=1):
        code = cells[0].strip() if cells else ""
        if not any(cell.strip() for cell in cells) or (line == 1 and not code.isdigit()):
            continue
        if len(cells) < 2 or len(code) != 12 or not code.isdigit() or not cells[1].strip():
            raise click.ClickException(f"{file.name}, line {line}: a 12-digit code and a name are needed, not {cells}")
        found.append(Named(code=code, name=cells[1].strip()))
    return found


def ask(question: str, default: str | None = None) -> str:
    """Ask the person at the keyboard; where nobody sits there, say which option is missing."""
    if not sys.stdin.isatty():
        if default is not None:
            return default
        raise click.ClickException(f"{question} is needed; see gridmap init --help.")
    return str(click.prompt(question, default=default))


def tell(settings: Settings, plan: Plan, password: str | None) -> None:
    """What was made, and what comes next."""
    scheme = "https" if settings.is_secure else "http"
    address = settings.base_url or f"{scheme}://{settings.host}:{settings.port}"
    code = plan.street.code
    elsewhere = [found.code for found in plan.communities if not found.code.startswith(code)]
    if elsewhere:
        click.echo(f"Look again: these communities have the code of another street: {', '.join(elsewhere)}", err=True)
    click.echo(f"\n{plan.street.name} ({code}) is ready, with {len(plan.communities)} communities listed.\n")
    if password is None:
        click.echo("An administrator was there already; nothing about accounts was changed.\n")
    else:
        click.echo(f"  Administrator: {plan.admin}")
        click.echo(f"  Password:      {password}")
        click.echo("  It is shown this once; the first sign-in asks for an own one.\n")
    click.echo("Next:")
    click.echo(f"  1. gridmap load communities FILE --street {code} --commit   (then grids, estates, buildings)")
    click.echo("  2. gridmap load people --template people.xlsx               (fill it in Excel)")
    click.echo(f"  3. gridmap load people people.xlsx --street {code} --commit")
    click.echo(f"  4. gridmap serve and gridmap work, then {address}/admin/setup: what is still missing, and the slips")
