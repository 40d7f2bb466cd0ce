"""Backup and restore: dump, files and secrets in one file; restoring is one transaction, and rotation is pure."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import psycopg
from psycopg import conninfo

from gridmap.clock import OFFICE, real_now
from gridmap.cluster import archive
from gridmap.cluster.bootstrap import bootstrap
from gridmap.cluster.errors import ClusterError
from gridmap.cluster.identity import OsUser, is_root
from gridmap.cluster.programs import client
from gridmap.cluster.room import room_for

KEEP_DAYS = 7
KEEP_WEEKS = 4
_NAME = "gridmap-%Y%m%dT%H%M%SZ.tar"


@dataclass(frozen=True)
class Backup:
    """One backup file and the instant it was made."""

    path: Path
    made_at: datetime


def backup(home: Path, conninfo_text: str, folder: Path | None = None, *, steward: OsUser | None = None) -> Backup:
    """Saves database, files and secrets of `home` into one file in `folder` (default `home/backups`).

    `conninfo_text` must see every row (superuser, or the owner). The file is read back and compared before
    this returns. Raises ClusterError; a failed backup leaves no file.
    """
    folder = folder or home / "backups"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made_at = real_now().replace(microsecond=0)
    with psycopg.connect(conninfo_text) as connection:
        query = "SELECT current_setting('server_version'), postgis_lib_version(), pg_database_size(current_database())"
        server, postgis, size = connection.execute(query).fetchone() or ("", "", 0)
    room_for(folder, size + _folder_bytes(home), "This backup")
    manifest = archive.Manifest(version("gridmap"), made_at.isoformat(), server, postgis)
    while (target := folder / made_at.strftime(_NAME)).exists():
        made_at += timedelta(seconds=1)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".dump-") as scratch:
        dump = Path(scratch) / archive.DUMP
        _run("pg_dump", conninfo_text, ["--format=custom", "--schema=gridmap", "--file", str(dump)])
        archive.write(target, manifest, dump, home)
    try:
        archive.verify(target)
    except ClusterError:
        target.unlink()
        raise
    if steward and is_root():
        os.chown(target, steward.uid, steward.gid)
    return Backup(target, made_at)


def backups_in(folder: Path) -> list[Backup]:
    """The backups in a folder, oldest first; other files are passed over."""
    found = []
    for path in folder.glob("gridmap-*.tar") if folder.is_dir() else ():
        try:
            made_at = datetime.strptime(path.name, _NAME).replace(tzinfo=UTC)
        except ValueError:
            continue
        found.append(Backup(path, made_at))
    return sorted(found, key=lambda item: item.made_at)


def to_drop(backups: Iterable[Backup]) -> list[Backup]:
    """Which backups may go: all but the newest of each of the last 7 days and 4 weeks that have one.

    Days and weeks are the office's. The newest backup always stays.
    """
    newest_first = sorted(backups, key=lambda item: item.made_at, reverse=True)
    days: dict[object, Backup] = {}
    weeks: dict[object, Backup] = {}
    for item in newest_first:
        day = item.made_at.astimezone(OFFICE).date()
        days.setdefault(day, item)
        weeks.setdefault(day.isocalendar()[:2], item)
    kept = {item.path for item in [*list(days.values())[:KEEP_DAYS], *list(weeks.values())[:KEEP_WEEKS]]}
    return [item for item in reversed(newest_first) if item.path not in kept]


def rotate(folder: Path) -> list[Path]:
    """Deletes the backups of `folder` that need not be kept; returns their paths."""
    gone = [item.path for item in to_drop(backups_in(folder))]
    for path in gone:
        path.unlink()
    return gone


def restore(source: Path, home: Path, conninfo_text: str, web: OsUser, superuser_url: str | None = None) -> None:
    """Puts database, files and secrets of `home` back to what `source` holds; what is there now is replaced.

    The file is checked first, and the database changes in one transaction: a failure leaves everything as it was.
    With `superuser_url` other sessions are ended, and the leakproof mark is set again. Raises ClusterError.
    """
    manifest = archive.verify(source)
    room_for(home, 2 * sum(size for size, _ in manifest.members.values()), "This restore")
    scratch = home / f".restore-{os.getpid()}"
    try:
        archive.unpack(source, scratch)
        if superuser_url:
            _end_other_sessions(superuser_url)
        try:
            _load(scratch / archive.DUMP, conninfo_text)
        finally:
            if superuser_url:
                bootstrap(superuser_url)
        with psycopg.connect(conninfo_text, autocommit=True) as connection:
            connection.execute("ANALYZE")
        for name in archive.FOLDERS:
            _swap(scratch / name, home / name, web)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _end_other_sessions(superuser_url: str) -> None:
    """Nobody may hold a table while it is replaced; `bootstrap` lets the app role in again."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("ALTER ROLE gridmap_app NOLOGIN")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def _load(dump: Path, conninfo_text: str) -> None:
    """Feeds the dump to psql in one transaction, which is never committed when the dump could not be read whole."""
    safe, environment = _without_password(conninfo_text)
    before = "SET lock_timeout = '60s'; DROP SCHEMA IF EXISTS gridmap CASCADE"
    options = ["-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-o", os.devnull, "-c", before, "-f", "-"]
    with (
        subprocess.Popen([client("pg_restore"), "-f", "-", str(dump)], stdout=subprocess.PIPE) as reading,
        subprocess.Popen(
            [client("psql"), *options, "-d", safe],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        ) as loading,
    ):
        assert reading.stdout
        assert loading.stdin
        assert loading.stderr
        try:
            shutil.copyfileobj(reading.stdout, loading.stdin)
        except BrokenPipeError:
            reading.kill()
        if reading.wait() != 0 and loading.poll() is None:
            loading.kill()  # before its input ends: an end of input would commit half a dump
        complaint = _finish(loading)
    if reading.returncode != 0 or loading.returncode != 0:
        raise ClusterError(f"The restore failed, and the database is as it was. {complaint}")


def _finish(loading: "subprocess.Popen[bytes]") -> str:
    """Ends psql's input, waits, and gives the last lines of its complaint."""
    _, errors = loading.communicate()
    return errors.decode("utf-8", "replace").strip()[-1000:]


def _swap(fresh: Path, place: Path, web: OsUser) -> None:
    """Puts a restored folder in the place of the present one, owned by the server's user."""
    fresh.mkdir(mode=0o700, exist_ok=True)
    if is_root():
        for path in [fresh, *fresh.rglob("*")]:
            os.chown(path, web.uid, web.gid)
    old = place.with_name(f"{place.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.replace(old)
    fresh.replace(place)
    shutil.rmtree(old, ignore_errors=True)


def _run(program: str, conninfo_text: str, options: list[str]) -> None:
    safe, environment = _without_password(conninfo_text)
    done = subprocess.run(
        [client(program), *options, "-d", safe], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ClusterError(f"{program} failed: {done.stderr.strip()[-1000:]}")


def _without_password(conninfo_text: str) -> tuple[str, dict[str, str]]:
    """The connection string as a program's argument, which everybody may see, and the environment with the secret."""
    values = conninfo.conninfo_to_dict(conninfo_text)
    password = values.pop("password", None)
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "PGAPPNAME": "gridmap backup"}
    if password is not None:
        environment["PGPASSWORD"] = str(password)
    return conninfo.make_conninfo("", **values), environment


def _folder_bytes(home: Path) -> int:
    files = (path for name in archive.FOLDERS for path in (home / name).rglob("*"))
    return sum(path.stat().st_size for path in files if path.is_file())
