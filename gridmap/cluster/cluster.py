"""The private PostgreSQL + PostGIS that runs when no database is configured."""

import fcntl
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import conninfo

from gridmap.cluster import configuration, postmaster
from gridmap.cluster.bootstrap import APP, DATABASE, OWNER, bootstrap
from gridmap.cluster.errors import ClusterError, NoRoomError, NotAllowedError
from gridmap.cluster.identity import Crew, crew_of, run_as
from gridmap.cluster.layout import Layout, leave_note, real_home
from gridmap.cluster.programs import find_programs
from gridmap.cluster.room import free_bytes, keep_ballast, room_for, room_to_start

SUPERUSER = "postgres"
RETRY_SECONDS = 30
PORTS_TRIED = 200
_NEW_DATA_BYTES = 400 * 1024 * 1024


@dataclass(frozen=True)
class Status:
    """How the private database is doing; sizes in bytes."""

    is_running: bool
    home: Path
    data: Path
    sockets: Path
    port: int
    version: str | None
    postgis: str | None
    keeper: str
    web: str
    is_apart: bool
    database_bytes: int | None
    free_bytes: int


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Cluster:
    """One private database in the folder `home` (or where `real_home` puts it); made on first use.

    `say` gets the few sentences that a person should read. Several processes may call `start` at the same time.
    """

    def __init__(self, home: Path, say: Callable[[str], None] = _say) -> None:
        self.asked = home.absolute()
        self.home = real_home(home)
        self.layout = Layout(self.home)
        self._say = say

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder."""
        return self.layout.data

    @property
    def crew(self) -> Crew:
        """Who keeps, serves and stewards it. Raises NotAllowedError for a stranger."""
        return crew_of(self.data)

    def url(self, role: str, database: str = DATABASE) -> str:
        """The libpq connection string of a role, over the Unix socket and without a password."""
        sockets, port = self.layout.where()
        return conninfo.make_conninfo(host=str(sockets), port=port, dbname=database, user=role)

    @property
    def app_url(self) -> str:
        """For the web server, `gridmap work` and the command line: row-level security holds."""
        return self.url(APP)

    @property
    def owner_url(self) -> str:
        """For migrations, loading the demo, backup and restore."""
        return self.url(OWNER)

    @property
    def superuser_url(self) -> str:
        """For extensions and the leakproof mark only."""
        return self.url(SUPERUSER)

    def answers(self) -> bool:
        """Whether the app role can connect: the database runs and is complete."""
        try:
            psycopg.connect(self.app_url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def start(self) -> None:
        """Starts the database, making it first where there is none; when it runs, only folders that are missing.

        Survives a killed server, a port in use, a stale pid file and a wrong folder mode. Raises ClusterError.
        """
        if self.answers():
            # who may not write there needs no folder there
            with suppress(PermissionError, NotAllowedError):
                self.layout.make_missing(self.crew)
            return
        crew = self.crew
        try:
            leave_note(self.asked, self.home)
            if self.asked != self.home and not self.data.exists():
                self._say(f"{crew.keeper.name} may not pass through to {self.asked}: the data goes to {self.home}")
            self.layout.make_folders(crew)
        except (PermissionError, NotADirectoryError) as error:
            raise ClusterError(f"{error.filename} cannot be made; set GRIDMAP_HOME to a folder of your own") from None
        with self._locked():
            if self.answers():
                return
            if postmaster.running_pid(self.data) is None:
                self._make_and_launch(crew)
            self._complete()

    def stop(self) -> None:
        """Stops the database; does nothing when it is not running. Raises ClusterError when it does not end."""
        if not self.data.exists():
            return
        crew = self.crew
        with self._locked():
            if postmaster.running_pid(self.data) is None:
                return
            programs = find_programs(self.data)
            command = [programs.path("pg_ctl"), "stop", "-D", str(self.data), "-m", "fast", "-w", "-t", "120"]
            done = run_as(crew.keeper, command)
            if done.returncode != 0:
                raise ClusterError(f"PostgreSQL does not stop: {done.stderr.strip() or done.stdout.strip()}")

    def status(self) -> Status:
        """How it is doing now; starts nothing."""
        crew = self.crew
        sockets, port = self.layout.where()
        version = postgis = size = None
        is_running = self.answers()
        if is_running:
            with psycopg.connect(self.app_url) as connection:
                query = "SELECT current_setting('server_version'), postgis_lib_version(), pg_database_size(%s)"
                version, postgis, size = connection.execute(query, [DATABASE]).fetchone() or (None, None, None)
        return Status(
            is_running=is_running,
            home=self.home,
            data=self.data,
            sockets=sockets,
            port=port,
            version=version,
            postgis=postgis,
            keeper=crew.keeper.name,
            web=crew.web.name,
            is_apart=crew.is_apart,
            database_bytes=size,
            free_bytes=free_bytes(self.home),
        )

    def room_for(self, needed: int, what: str = "This import") -> None:
        """Raises NoRoomError, saying what to free, unless `needed` bytes fit beside the data and a reserve stays."""
        room_for(self.home, needed, what)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time starts, stops or makes this database; the lock ends with its process."""
        descriptor = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _make_and_launch(self, crew: Crew) -> None:
        said = room_to_start(self.home)
        if said:
            self._say(said)
        if not (self.data / "PG_VERSION").exists():
            self._make_data(crew)
        self._launch(crew)
        keep_ballast(self.home)

    def _make_data(self, crew: Crew) -> None:
        """Runs initdb beside the final place, so that an interrupted run leaves nothing that looks like data."""
        if self.data.exists() and any(self.data.iterdir()):
            raise ClusterError(f"{self.data} holds files but no database; move them away, then start again")
        room_for(self.home, _NEW_DATA_BYTES, "A new database")
        fresh = self.data.with_suffix(".new")
        if fresh.exists():
            shutil.rmtree(fresh)
        fresh.mkdir(mode=0o700)
        os.chown(fresh, crew.keeper.uid, crew.keeper.gid)
        programs = find_programs(self.data)
        command = [programs.path("initdb"), "-D", str(fresh), *configuration.INITDB_OPTIONS, "-U", SUPERUSER]
        done = run_as(crew.keeper, command)
        if done.returncode != 0:
            raise ClusterError(f"PostgreSQL could not make its data folder: {done.stderr.strip()}")
        fresh.replace(self.data)

    def _launch(self, crew: Crew) -> None:
        """Starts PostgreSQL, going to the next port or trying again where that helps."""
        programs = find_programs(self.data)
        _, port = self.layout.where()
        deadline = time.monotonic() + RETRY_SECONDS
        while True:
            port = _free_port(port)
            configuration.write(self.layout, crew, port)
            self.layout.remember(port)
            _shorten(self.layout.log)
            seen = self.layout.log.stat().st_size if self.layout.log.exists() else 0
            pid = postmaster.launch(programs, self.data, self.layout.log, crew.keeper)
            if postmaster.wait_until_ready(pid, self.data):
                return
            reason = _log_since(self.layout.log, seen)
            if any(mark in reason for mark in postmaster.DISK_FULL):
                raise NoRoomError(f"PostgreSQL found the disk full. {room_to_start(self.home) or 'Try again.'}")
            if any(mark in reason for mark in postmaster.PORT_TAKEN):
                port += 1
            elif not any(mark in reason for mark in postmaster.BUSY) or time.monotonic() > deadline:
                raise ClusterError(f"PostgreSQL does not start; the end of {self.layout.log} says:\n{reason}")
            else:
                time.sleep(0.3)

    def _complete(self) -> None:
        """Makes database, roles, extensions, rights and the leakproof mark; each part may be repeated."""
        with psycopg.connect(self.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if not found:
                connection.execute("CREATE DATABASE gridmap TEMPLATE template0 ENCODING 'UTF8'")
        bootstrap(self.superuser_url)


def _free_port(first: int) -> int:
    """The first port from `first` on that nobody listens on."""
    for port in range(first, min(first + PORTS_TRIED, 65536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ClusterError(f"No free port was found from {first} on; stop another database first")


def _shorten(log: Path, limit: int = 5 * 1024 * 1024) -> None:
    if log.exists() and log.stat().st_size > limit:
        log.replace(log.with_suffix(".log.1"))


def _log_since(log: Path, start: int) -> str:
    if not log.exists():
        return "(nothing)"
    with log.open("rb") as file:
        file.seek(start)
        return file.read().decode("utf-8", "replace")[-3000:].strip()
