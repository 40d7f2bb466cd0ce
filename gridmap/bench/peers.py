"""Other servers of OGC API - Features over the same rows, on this machine: what the same questions cost them."""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlencode, urlsplit

import psycopg

from gridmap.bench.cpu import Meter, children
from gridmap.bench.server import BenchProblem

WRITTEN = re.compile(r"(?P<name>[^=]+)=(?P<pid>[0-9]{1,9})@(?P<url>http://.+)")
BACKENDS = """
SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename <> current_user
"""
"""The database's processes that work for other roles than the application's: peers sign in with their own."""
HEADERS = {"Accept": "application/geo+json, application/json;q=0.9", "Accept-Encoding": "identity"}
FEATURE = re.compile(rb'"type": ?"Feature"[,}]')


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A collection that another server has of the same rows: its name, its process, and the collection's address."""

    name: str
    pid: int
    url: str

    @classmethod
    def read(cls, word: str) -> "Peer":
        """`NAME=PID@URL`. Raises ValueError."""
        found = WRITTEN.fullmatch(word)
        if found is None:
            raise ValueError(word)
        return cls(name=found["name"], pid=int(found["pid"]), url=found["url"].rstrip("/"))


@dataclass
class Told:
    """What a peer has answered, in how long and for what processor time."""

    seconds: float = 0.0
    cpu_ms: float = 0.0
    features: int = 0


def ask(peer: Peer, asked: Sequence[dict[str, str]], observer: "psycopg.Connection[tuple[int]]") -> Told:
    """One page of items after the other, all read. Raises BenchProblem."""
    address, told = urlsplit(peer.url), Told()
    meters = (
        Meter(lambda: [peer.pid, *children(peer.pid)]),
        Meter(lambda: [row[0] for row in observer.execute(BACKENDS)]),
    )
    with _line(address.netloc) as line:
        for meter in meters:
            meter.start()
        begun = time.perf_counter()
        for words in asked:
            line.request("GET", f"{address.path}/items?{urlencode(words)}", headers=HEADERS)
            answer = line.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise BenchProblem(f"{peer.name} has answered {answer.status}: {body[:200].decode(errors='replace')}")
            told.features += len(FEATURE.findall(body))
        told.seconds = time.perf_counter() - begun
        for meter in meters:
            meter.stop()
    told.cpu_ms = sum(meter.used_ms for meter in meters)
    return told


@contextmanager
def _line(place: str) -> Iterator[HTTPConnection]:
    line = HTTPConnection(place, timeout=600)
    try:
        yield line
    except (OSError, HTTPException) as error:
        raise BenchProblem(f"no answer from {place}: {error}") from None
    finally:
        line.close()
