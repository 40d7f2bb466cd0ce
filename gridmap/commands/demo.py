"""`gridmap demo`: the demo neighbourhoods, ready to look at."""

import os
import subprocess
import sys
from dataclasses import replace

import click
import psycopg

from gridmap.accounts import actor
from gridmap.accounts.secret_keys import FOLDER
from gridmap.assets import AssetError, install, is_current
from gridmap.assets.translations import compile_locale, locales
from gridmap.clock import parse_clock
from gridmap.cluster import Access, ClusterError, find_access
from gridmap.cluster.identity import is_root
from gridmap.commands.demo_files import bring_in_lamps
from gridmap.commands.serve import STEPPED_DOWN, serve
from gridmap.db import Database, is_migrated, migrate
from gridmap.demo.accounts import ACCOUNTS, keep_password, make_accounts
from gridmap.demo.files import data_digest
from gridmap.demo.incidents.crediting import credit_cases
from gridmap.demo.office.crediting import credit_office
from gridmap.demo.parking.crediting import credit_parking
from gridmap.parking.secret import KEY_FILE, plate_key
from gridmap.settings import Settings

DEMO_CLOCK = "2026-03-16T09:00+08:00"


@click.command()
@click.option("--scale", type=click.Choice(["estates", "city"]), default="estates", help="city: 300,000 buildings.")
@click.option("--no-serve", is_flag=True, help="Make it ready, but do not start the server.")
@click.pass_context
def demo(ctx: click.Context, scale: str, *, no_serve: bool) -> None:
    """Start the database, load the invented neighbourhoods, and serve them; prints the address and the accounts."""
    settings: Settings = ctx.obj
    if settings.clock == "real":
        os.environ["GRIDMAP_CLOCK"] = DEMO_CLOCK
        settings = ctx.obj = replace(settings, clock=DEMO_CLOCK)
    try:
        make_assets()
        access = find_access(settings)
        password = prepare(settings, access, scale)
    except (ClusterError, AssetError, psycopg.Error) as error:
        raise click.ClickException(str(error).strip()) from None
    tell(settings, password)
    if no_serve:
        return
    os.environ.pop(STEPPED_DOWN, None)
    worker = subprocess.Popen(
        [sys.executable, "-c", "from gridmap.commands import main; main()", "work", "--with-parent"]
    )
    try:
        ctx.invoke(serve)
    finally:
        worker.terminate()


def prepare(settings: Settings, access: Access, scale: str) -> str:
    """Migrate, load what is missing, make the accounts; the password comes back."""
    if not is_migrated(access.owner_url):
        say("Bringing the database up to date")
        migrate(access.owner_url)
    with psycopg.connect(access.owner_url) as owner:
        if not has_demo(owner):
            say("Loading the demo neighbourhoods")
            from gridmap.demo.store import load_demo

            load_demo(owner, plate_key=key_of_plates(access))
    if scale == "city":
        clone(access)
    database = Database(access.app_url, prepares=settings.prepares)
    try:
        password = keep_password(access.home, settings.demo_password)
        make_accounts(database, actor(parse_clock(settings.clock)), password)
        bring_in_lamps(database, parse_clock(settings.clock))
    finally:
        database.close()
    with psycopg.connect(access.owner_url) as owner:
        credit_cases(owner)
        credit_office(owner)
        credit_parking(owner)
    return password


def key_of_plates(access: Access) -> bytes:
    """The installation's key of number plates, made where it is missing, and readable by the server that steps down."""
    key = plate_key(access.home)
    if is_root():
        os.chown(access.home / FOLDER / KEY_FILE, access.web.uid, access.web.gid)
    return key


def has_demo(owner: "psycopg.Connection[tuple[object, ...]]") -> bool:
    """Whether the demo of this version is in the database already: the audit says which files were loaded."""
    row = owner.execute(
        "SELECT after ->> 'digest' FROM gridmap.audit WHERE subject = 'demo' AND action = 'load'"
        " ORDER BY id DESC LIMIT 1"
    ).fetchone()
    return row is not None and row[0] == data_digest()


def make_assets() -> None:
    """Browser code and catalogues, where they are not made yet; an installed wheel brings both."""
    if not is_current():
        say("Fetching the browser code")
        install(say=say)
    for locale in locales():
        compile_locale(locale)


def clone(access: Access) -> None:
    """Clone one street side by side until it is a city."""
    from gridmap.demo.scale import clone_city

    with psycopg.connect(access.full_url) as owner:
        for thing, count in clone_city(owner).items():
            click.echo(f"{count:>12,}  {thing}")


def say(sentence: str) -> None:
    """A line of progress."""
    click.echo(f"· {sentence}")


def tell(settings: Settings, password: str) -> None:
    """The address and the accounts."""
    scheme = "https" if settings.is_secure else "http"
    click.echo(f"\n  gridmap: {settings.base_url or f'{scheme}://{settings.host}:{settings.port}'}\n")
    for username, title in ACCOUNTS.items():
        click.echo(f"    {username:<10} {title}")
    click.echo(f"\n  password of all of them: {password}\n")
