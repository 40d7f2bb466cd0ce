"""A server of one's own to measure: the same command that users run, on a free port, with a signed-in cookie."""

import http.client
import os
import signal
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
from gridmap.bench.processes import children_of, cpu_of
from gridmap.clock import parse_clock
from gridmap.db import SYSTEM, Database
from gridmap.settings import Settings

START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """A running server, and the cookie of the account that measures."""

    port: int
    pid: int
    cookie: str
    database_url: str

    def cpu(self) -> float:
        """CPU seconds of the server's processes and of the database processes behind its tiles."""
        with psycopg.connect(self.database_url) as connection:
            rows = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'gridmap tiles'"
            ).fetchall()
        return cpu_of(children_of(self.pid)) + cpu_of(row[0] for row in rows)

    def connect(self) -> http.client.HTTPConnection:
        """A connection that stays open over many requests."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    @property
    def headers(self) -> dict[str, str]:
        """What a browser sends."""
        return {"Cookie": f"gridmap={self.cookie}", "Accept-Encoding": "br, gzip"}


@contextmanager
def running_server(settings: Settings, database: Database, username: str, url: str) -> Iterator[Server]:
    """Start `gridmap serve` with two workers, signed in as that account; stops it at the end."""
    with database.transaction(SYSTEM) as connection:
        row = connection.execute("SELECT id FROM gridmap.account WHERE username = %s", (username,)).fetchone()
        if row is None:
            raise LookupError(username)
        by = actor(parse_clock(settings.clock))
        cookie = open_session(connection, by, row["id"], device="bench", remember=False)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", "from gridmap.commands import main; main()", "serve", "--workers", "2"]
    environment = os.environ | {"GRIDMAP_PORT": str(port), "GRIDMAP_CLOCK": settings.clock}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _wait(port)
        yield Server(port, process.pid, cookie, url)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=20)


def _wait(port: int) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == http.client.OK:
                return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError("the server did not start")
