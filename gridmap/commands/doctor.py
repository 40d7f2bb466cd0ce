"""`gridmap doctor`: looks at everything that can be wrong with an installation, each with its way out."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict

import click
import psycopg

from gridmap.clock import real_now
from gridmap.cluster import Access, ClusterError, find_access
from gridmap.cluster.backup import backups_in
from gridmap.cluster.bootstrap import revision_of
from gridmap.cluster.checks import Finding, check_database, check_sign_in
from gridmap.cluster.pooler import pooler_between
from gridmap.cluster.programs import find_programs
from gridmap.cluster.room import BALLAST, RESERVE, free_bytes, what_to_free, words
from gridmap.settings import Settings

LOW_ROOM = 4 * RESERVE
STALE_BACKUP_DAYS = 3
MARKS = {True: "✓", False: "✗", None: "·"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def doctor(settings: Settings, as_json: bool) -> None:
    """Check database, rights, room, browser code and backups; exit code 1 when something is wrong."""
    is_wrong = False
    for finding in findings(settings):
        is_wrong = is_wrong or finding.is_ok is False
        click.echo(json.dumps(asdict(finding), ensure_ascii=False) if as_json else line_of(finding))
    if is_wrong:
        raise SystemExit(1)


def line_of(finding: Finding) -> str:
    """`✓ name: what was found`; a remark has `·`, a fault `✗` and its way out."""
    way_out = f"\n    → {finding.way_out}" if finding.is_ok is not True and finding.way_out else ""
    return f"{MARKS[finding.is_ok]} {finding.name}: {finding.says}{way_out}"


def findings(settings: Settings) -> Iterator[Finding]:
    """Every finding; a check that cannot be made is a fault of its own, and the others go on."""
    try:
        access = find_access(settings, start=False)
        if access.cluster:
            yield from check_private(access)
        checks: tuple[Callable[[], Iterator[Finding]], ...] = (
            lambda: check_connection(access),
            lambda: check_pooler(access, settings),
            lambda: check_revision(access),
            lambda: check_room(access),
            lambda: check_secrets(access),
            lambda: check_plate_key(access),
            lambda: check_backups(access),
            check_assets,
        )
    except ClusterError as error:
        yield Finding("database", False, str(error))
        checks = (check_assets,)
    for check in checks:
        try:
            yield from check()
        except (ClusterError, psycopg.Error, OSError) as error:
            yield Finding("database", False, str(error).strip(), "Run: gridmap db start")


def check_private(access: Access) -> Iterator[Finding]:
    """Programs, whether it runs, and whether the operating system keeps the server apart from the data."""
    assert access.cluster
    programs = find_programs(access.cluster.data)
    yield Finding("programs", True, str(programs.folder))
    now = access.cluster.status()
    yield Finding("running", now.is_running, str(now.data), "Run: gridmap db start")
    if now.is_apart:
        yield Finding("separation", True, f"{now.keeper} keeps the data, {now.web} serves and can only be the app role")
    else:
        says = f"{now.keeper} keeps the data and serves: the system does not keep a broken-into server from the owner"
        yield Finding("separation", None, says, "Run gridmap as root or as the systemd unit; it steps down by itself")


def check_connection(access: Access) -> Iterator[Finding]:
    """What the database says about itself, seen by whoever sees all of it."""
    psycopg.connect(access.app_url, connect_timeout=10).close()
    with psycopg.connect(access.superuser_url or access.configured_owner_url or access.app_url) as connection:
        yield from check_database(connection, is_private=access.cluster is not None)
        if access.superuser_url:
            yield from check_sign_in(connection)


def check_pooler(access: Access, settings: Settings) -> Iterator[Finding]:
    """Whether a pooler is in front while statements are prepared."""
    if not settings.database_url:
        return
    if not pooler_between(access.app_url):
        yield Finding("pooler", True, "none is between")
    elif settings.prepares:
        yield Finding("pooler", False, "one is between, and statements are prepared", "Set GRIDMAP_PREPARE=off")
    else:
        yield Finding("pooler", True, "one is between; statements are not prepared")


def check_revision(access: Access) -> Iterator[Finding]:
    """Whether the tables are those of this version of gridmap."""
    from gridmap.db import expected_revision

    expected = expected_revision()
    with psycopg.connect(access.superuser_url or access.owner_url) as connection:
        found = revision_of(connection)
    says = f"revision {found or 'none'}, this version needs {expected}"
    yield Finding("tables", found == expected, says, "Run: gridmap db upgrade")


def check_room(access: Access) -> Iterator[Finding]:
    """Free space, and whether the ballast is still there."""
    free = free_bytes(access.home)
    state = False if free < RESERVE else None if free < LOW_ROOM else True
    yield Finding("room", state, f"{words(free)} free on the disk of {access.home}", what_to_free(access.home))
    if access.cluster and not (access.home / "ballast").exists():
        says = f"the {words(BALLAST)} kept for a full disk were given up"
        yield Finding("ballast", None, says, "Free some space; the next start of the database lays it down again")


def check_secrets(access: Access) -> Iterator[Finding]:
    """Whether secrets and backups are closed to others."""
    folders = [access.home / "secrets", access.home / "backups"]
    paths = [path for folder in folders if folder.is_dir() for path in [folder, *folder.iterdir()]]
    open_paths = [path for path in paths if path.stat().st_mode & 0o077]
    for path in open_paths:
        yield Finding("secrets", False, f"{path} can be read by others", f"chmod go= {path}")
    if not open_paths:
        yield Finding("secrets", True, "closed to others")


def check_plate_key(access: Access) -> Iterator[Finding]:
    """Whether the key of number plates is the one by which cars were written down."""
    from gridmap.parking.key_check import check_key

    name, way_out = "plate key", "Stop gridmap, and take secrets/plates out of a backup before a car is written down"
    url = access.superuser_url or access.configured_owner_url
    if url is None:
        yield Finding(name, None, "only the owner of the tables can check it", "Set GRIDMAP_OWNER_URL")
        return
    with psycopg.connect(url) as connection:
        found = check_key(connection, access.home)
    if found.is_lost:
        says = f"is {found.problem}" if found.problem else f"fits {found.fitting} of {found.plates} open plates"
        yield Finding(name, False, f"{says}: bans and registrations of {found.cars} cars find nothing", way_out)
    elif found.cars and not found.plates:
        says = f"{found.cars} cars are known by their hash alone: whether by this key cannot be told"
        yield Finding(name, None, says, "It shows with the next notice")
    else:
        yield Finding(name, True, f"fits all {found.plates} open plates" if found.cars else "no car is known yet")


def check_backups(access: Access) -> Iterator[Finding]:
    """The age of the newest backup."""
    made = backups_in(access.home / "backups")
    way_out = "Run: gridmap db backup (each night: gridmap db backup --every-night)"
    if not made:
        yield Finding("backup", None, "there is none yet", way_out)
        return
    days = (real_now() - made[-1].made_at).total_seconds() / 86400
    state = False if days > STALE_BACKUP_DAYS else None if days > 1.5 else True
    yield Finding("backup", state, f"the newest is {days:.1f} days old, {len(made)} are kept", way_out)


def check_assets() -> Iterator[Finding]:
    """Whether the browser code is whole."""
    from gridmap.assets import damaged

    broken = damaged()
    says = f"missing or changed: {', '.join(broken[:3])}" if broken else "whole"
    yield Finding("browser code", not broken, says, "Run: gridmap assets --force")
