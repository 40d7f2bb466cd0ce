"""A server of its own for the benchmark: the command that users run, on a free port, with two workers."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from gridmap.accounts import actor
from gridmap.accounts.sessions import open_session
from gridmap.bench.cpu import children
from gridmap.bench.http import Target
from gridmap.clock import parse_clock
from gridmap.db import SYSTEM, Database
from gridmap.scope import Viewer, viewer_of
from gridmap.settings import Settings

WORKERS = 2
STEPPED_DOWN = "GRIDMAP_STEPPED_DOWN"
"""Set where this process itself serves; the server to be measured must step down anew."""
PATIENCE_SECONDS = 60
BACKENDS = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND application_name LIKE 'gridmap %'
"""
"""The server's own connections; the benchmark's are called otherwise."""


class BenchProblem(Exception):
    """The benchmark cannot run; says why."""


@dataclass(frozen=True)
class Running:
    """A server that answers, and whose time it costs."""

    target: Target
    pid: int
    observer: "psycopg.Connection[tuple[int]]"

    def workers(self) -> list[int]:
        """The processes of the web server."""
        return [self.pid, *children(self.pid)]

    def backends(self) -> list[int]:
        """The database's processes that work for it."""
        return [row[0] for row in self.observer.execute(BACKENDS).fetchall()]


@contextmanager
def running(settings: Settings, app_url: str, secret: str) -> Iterator[Running]:
    """A server for as long as the block lasts. Raises BenchProblem when it does not come up."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    kept = {name: value for name, value in os.environ.items() if name != STEPPED_DOWN}
    environment = kept | {"GRIDMAP_HOST": "127.0.0.1", "GRIDMAP_PORT": str(port), "GRIDMAP_CLOCK": settings.clock}
    command = [sys.executable, "-c", "from gridmap.commands import main; main()", "serve", "--workers", str(WORKERS)]
    with (
        psycopg.connect(app_url, autocommit=True, application_name="bench observer") as observer,
        subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process,
    ):
        try:
            target = Target(host="127.0.0.1", port=port, cookie=f"gridmap={secret}")
            _wait(process, port)
            yield Running(target, process.pid, observer)
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            said = process.stderr.read().decode(errors="replace") if process.stderr else ""
            raise BenchProblem(f"the server has not come up: {said.strip()[-500:]}")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as line:
                line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                if line.recv(64).startswith(b"HTTP/1.1 200"):
                    return
        except OSError:
            time.sleep(0.2)
    raise BenchProblem("the server has not come up in a minute")


def sign_in(settings: Settings, database: Database, username: str) -> tuple[Viewer, str]:
    """The account's viewer and a session of it. Raises BenchProblem where there is no such account."""
    clock = parse_clock(settings.clock)
    with database.transaction(SYSTEM) as connection:
        row = connection.execute("SELECT id FROM gridmap.account WHERE username = %s", (username,)).fetchone()
        if row is None:
            raise BenchProblem(f"there is no account {username!r}; the demo has one: gridmap demo --scale city")
        secret = open_session(connection, actor(clock), row["id"], device="bench", remember=False)
    return viewer_of(database, row["id"], clock.now()), secret
