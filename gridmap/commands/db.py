"""`gridmap db`: the private database, its backups, and the text for the administrator of an own server."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import click
import psycopg
from psycopg import conninfo

from gridmap.clock import OFFICE, real_now
from gridmap.cluster import Access, Cluster, ClusterError, find_access
from gridmap.cluster.backup import backup as make_backup
from gridmap.cluster.backup import backups_in, rotate
from gridmap.cluster.backup import restore as put_back
from gridmap.cluster.bootstrap import (
    APP,
    OWNER,
    bootstrap_sql,
    is_leakproof,
    mark_leakproof,
    old_extensions,
    revision_of,
    set_password,
    update_extensions,
)
from gridmap.cluster.bootstrap import bootstrap as run_bootstrap
from gridmap.cluster.programs import client
from gridmap.cluster.room import words
from gridmap.settings import Settings

NIGHTLY_HOUR = 2
P = ParamSpec("P")
R = TypeVar("R")


def with_settings(function: Callable[Concatenate[Settings, P], R]) -> Callable[P, R]:
    """Hands the settings over and shows the database's troubles as one sentence, never as a traceback."""

    @click.pass_obj
    @wraps(function)
    def call(settings: Settings, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(settings, *args, **kwargs)
        except (ClusterError, psycopg.Error) as error:
            raise click.ClickException(str(error).strip()) from None

    return call


def _private(settings: Settings) -> Cluster:
    if settings.database_url:
        raise ClusterError("GRIDMAP_DATABASE_URL names a server of your own; start and stop it with its own tools")
    return Cluster(settings.home)


@click.group()
def db() -> None:
    """The database: start, stop, back up, restore."""


@db.command()
@with_settings
def start(settings: Settings) -> None:
    """Start the private database, making it at first use."""
    cluster = _private(settings)
    cluster.start()
    click.echo(f"The database runs: {cluster.app_url}")


@db.command()
@with_settings
def stop(settings: Settings) -> None:
    """Stop the private database."""
    _private(settings).stop()
    click.echo("The database is stopped.")


@db.command()
@click.option("--json", "as_json", is_flag=True, help="One line of JSON.")
@with_settings
def status(settings: Settings, as_json: bool) -> None:
    """Say whether the private database runs, where it is, and how full. Exit code 3 when it is not running."""
    now = _private(settings).status()
    if as_json:
        click.echo(json.dumps(asdict(now), default=str))
    else:
        click.echo(f"running     {'yes' if now.is_running else 'no; start it with: gridmap db start'}")
        click.echo(f"data        {now.data}")
        click.echo(f"socket      {now.sockets}, port {now.port} (127.0.0.1 only)")
        if now.is_running:
            click.echo(f"version     PostgreSQL {now.version}, PostGIS {now.postgis}")
            click.echo(f"size        {words(now.database_bytes or 0)}")
        click.echo(f"free        {words(now.free_bytes)}")
        click.echo(f"runs as     {now.keeper}; the web server as {now.web}")
    if not now.is_running:
        raise SystemExit(3)


@db.command(context_settings={"ignore_unknown_options": True})
@click.option("--owner", "role", flag_value="owner", help="As the owner of the tables.")
@click.option("--superuser", "role", flag_value="superuser", help="As the superuser (private database only).")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@with_settings
def psql(settings: Settings, role: str | None, arguments: tuple[str, ...]) -> None:
    """Open psql, as the app role unless told otherwise; ARGUMENTS go to psql."""
    access = find_access(settings)
    url = access.superuser_url if role == "superuser" else access.owner_url if role == "owner" else access.app_url
    if url is None:
        raise ClusterError("On a server of your own, connect as its superuser with psql itself")
    program = client("psql")
    values = conninfo.conninfo_to_dict(url)
    if password := values.pop("password", None):
        os.environ["PGPASSWORD"] = str(password)  # a command line can be read by everybody
    os.execv(program, [program, conninfo.make_conninfo("", **values), *arguments])  # noqa: S606 - no shell is wanted


@db.command()
@with_settings
def upgrade(settings: Settings) -> None:
    """Bring tables and extensions to this version of gridmap; makes a backup first."""
    from gridmap.db import migrate

    access = find_access(settings)
    changes = pending_changes(access)
    if not changes:
        click.echo("The database is up to date.")
        return
    if _has_tables(access):
        saved = _back_up(access, None)
        click.echo(f"Saved {saved}. The way back: install the former version, then: gridmap db restore {saved} --yes")
    click.echo(f"Now: {', '.join(changes)}.")
    if access.superuser_url:
        update_extensions(access.superuser_url)
    migrate(access.owner_url)
    if access.superuser_url:
        mark_leakproof(access.superuser_url)
    click.echo("The database is up to date.")


def pending_changes(access: Access) -> list[str]:
    """What an upgrade would do, in words; empty when there is nothing to do."""
    from gridmap.db import expected_revision

    with psycopg.connect(access.full_url) as connection:
        found, expected = revision_of(connection), expected_revision()
        changes = [] if found == expected else [f"tables from {found or 'nothing'} to {expected}"]
        if access.superuser_url:
            changes += [f"{name} from {old} to {new}" for name, old, new in old_extensions(connection)]
            changes += [] if is_leakproof(connection) else ["leakproof mark"]
    return changes


def _has_tables(access: Access) -> bool:
    with psycopg.connect(access.full_url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('gridmap') AND relkind IN ('r', 'p')"
        ).fetchone()
    return bool(row and row[0])


def _back_up(access: Access, folder: Path | None) -> Path:
    made = make_backup(access.home, access.full_url, folder, steward=access.steward)
    for path in rotate(made.path.parent):
        click.echo(f"Removed {path}: the last 7 days and 4 weeks are kept")
    return made.path


@db.command()
@click.option("--to", "folder", type=click.Path(path_type=Path), help="Another folder, best on another disk.")
@click.option("--every-night", is_flag=True, help="Stay, and back up each night at two o'clock.")
@with_settings
def backup(settings: Settings, folder: Path | None, every_night: bool) -> None:
    """Save database, files and secrets into one file; the last 7 days and 4 weeks are kept."""
    while every_night:
        access = find_access(settings, start=False)
        time.sleep(seconds_to_night(real_now(), _newest(folder or access.home / "backups")))
        try:
            click.echo(f"Saved {_back_up(access, folder)}")
        except (ClusterError, psycopg.Error, OSError) as error:
            click.echo(f"The nightly backup failed: {error}", err=True)
            time.sleep(600)
    access = find_access(settings)
    path = _back_up(access, folder)
    click.echo(f"Saved {path} ({words(path.stat().st_size)})")
    click.echo("It holds the secrets too, among them the key of the number plates: keep it where only you can read it.")


def _newest(folder: Path) -> datetime | None:
    made = backups_in(folder)
    return made[-1].made_at if made else None


def seconds_to_night(now: datetime, newest: datetime | None) -> float:
    """Seconds until the next nightly backup; 0 when last night's is missing."""
    local = now.astimezone(OFFICE)
    last_night = local.replace(hour=NIGHTLY_HOUR, minute=0, second=0, microsecond=0)
    if last_night > local:
        last_night -= timedelta(days=1)
    if newest is not None and newest < last_night:
        return 0.0
    return (last_night + timedelta(days=1) - local).total_seconds()


@db.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_settings
def restore(settings: Settings, file: Path, yes: bool) -> None:
    """Put database, files and secrets back to what FILE holds."""
    from gridmap.db import migrate

    access = find_access(settings)
    if _has_tables(access):
        if not yes:
            click.confirm(
                "What is in the database now will be replaced (a backup of it is made first). Go on?", abort=True
            )
        click.echo(f"Saved what is there now: {make_backup(access.home, access.full_url, steward=access.steward).path}")
    put_back(file, access.home, access.full_url, access.web, access.superuser_url)
    migrate(access.owner_url)
    click.echo(f"Restored {file}. Start gridmap again, so that it reads the restored secrets.")


@db.command()
@click.option("--print", "only_print", is_flag=True, help="Print the SQL for the administrator; change nothing.")
@click.option("--url", help="Connection of a superuser to gridmap's database.")
@with_settings
def bootstrap(settings: Settings, only_print: bool, url: str | None) -> None:
    """Prepare the database of a server of your own: roles, extensions, schema, rights.

    With --url also sets the passwords that GRIDMAP_DATABASE_URL and GRIDMAP_OWNER_URL carry.
    """
    if only_print:
        click.echo(bootstrap_sql())
        return
    if url is None and settings.database_url:
        raise ClusterError("Give --url with a superuser's connection, or hand its administrator: bootstrap --print")
    access = find_access(settings)
    run_bootstrap(url or access.full_url)
    for role, configured in ((APP, settings.database_url), (OWNER, settings.owner_url)):
        password = conninfo.conninfo_to_dict(configured or "").get("password")
        if url and password:
            set_password(url, role, str(password))
    click.echo("Roles, extensions, schema and rights are in place.")
