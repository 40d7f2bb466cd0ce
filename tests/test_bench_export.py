"""`gridmap bench export` and `items` measure what they say, beside psql and beside other servers; never how fast."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import psycopg
import pytest

from gridmap.bench.exports import ALONE, Psql, Sent, _must_agree, download
from gridmap.bench.http import Target
from gridmap.bench.peers import Peer, ask
from gridmap.bench.server import BenchProblem
from tests.conftest import DEMO_CLOCK, Base
from tests.installation import run

FEATURES = [{"type": "Feature", "id": number, "properties": {"name": '三"\\n'}} for number in (1, 2, 3)]
HEAD = b'{"type":"FeatureCollection","name":"x","features":[\n'
ROWS = b",".join(json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in FEATURES)


@contextmanager
def serving(status: int, body: bytes) -> Iterator[int]:
    """A server that answers every question with that; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_a_download_is_counted_without_its_head_and_its_end() -> None:
    with serving(200, HEAD + ROWS + b"]}\n") as port:
        sent = download(Target(host="127.0.0.1", port=port, cookie=""), "/x")
    assert (sent.rows, sent.size) == (3, len(ROWS))
    assert 0 < sent.first_ms <= sent.seconds * 1000


def test_a_download_that_is_refused_is_a_problem() -> None:
    with serving(429, b"") as port, pytest.raises(BenchProblem, match="429"):
        download(Target(host="127.0.0.1", port=port, cookie=""), "/x")


def test_psql_counts_the_same_and_changes_nothing(empty_base: Base) -> None:
    rows = " UNION ALL ".join(f"SELECT ',' || $${json.dumps(each, ensure_ascii=False)}$$" for each in FEATURES)
    psql = Psql(empty_base.app_url, b"BEGIN; SET LOCAL app.scope = 'city'")
    try:
        found = [psql.copy(rows, ALONE) for _ in range(2)]
    finally:
        psql.close()
    assert {(one.rows, one.size) for one in found} == {(3, len(ROWS) + 1)}
    assert all(one.cpu_ms > 0 and one.seconds > 0 for one in found)
    _must_agree(found[0], Sent(rows=3, size=len(ROWS)))


@pytest.mark.parametrize("other", [Sent(rows=2, size=10), Sent(rows=3, size=9), Sent(rows=3, size=11)])
def test_what_differs_is_not_compared(other: Sent) -> None:
    with pytest.raises(BenchProblem, match="not what psql has"):
        _must_agree(Sent(rows=3, size=11), Sent(rows=3, size=11), other)


def test_a_psql_that_ends_is_a_problem(empty_base: Base) -> None:
    psql = Psql(empty_base.app_url, b"BEGIN")
    try:
        with pytest.raises(BenchProblem, match="psql has ended"):
            psql.copy("SELECT 1 / 0", ALONE)
    finally:
        psql.close()


@pytest.mark.parametrize("space", ["", " "])
def test_a_peer_is_asked_and_its_features_counted(empty_base: Base, space: str) -> None:
    body = json.dumps({"type": "FeatureCollection", "features": FEATURES}, separators=(",", f":{space}")).encode()
    with serving(200, body) as port, psycopg.connect(empty_base.app_url, autocommit=True) as observer:
        peer = Peer.read(f"other={os.getpid()}@http://127.0.0.1:{port}/collections/x/")
        told = ask(peer, [{"bbox": "1,2,3,4"}, {"limit": "3"}], observer)
    assert (peer.name, peer.pid, peer.url) == ("other", os.getpid(), f"http://127.0.0.1:{port}/collections/x")
    assert told.features == 6
    assert told.cpu_ms > 0


def test_a_peer_that_refuses_is_a_problem(empty_base: Base) -> None:
    with serving(500, b"no") as port, psycopg.connect(empty_base.app_url, autocommit=True) as observer:
        peer = Peer(name="other", pid=os.getpid(), url=f"http://127.0.0.1:{port}/x")
        with pytest.raises(BenchProblem, match="other has answered 500: no"):
            ask(peer, [{}], observer)


@pytest.mark.parametrize("command", ["items", "export"])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--user", "nobody"], "there is no account 'nobody'"),
        (["--layer", "nothing"], "This cannot be asked of nothing by leader"),
        (["--peer", "tipg=http://127.0.0.1"], "is not NAME=PID@http://"),
    ],
)
def test_what_cannot_be_measured_is_said(
    demo_base: Base, tmp_path: Any, command: str, options: list[str], said: str
) -> None:
    environment = {"GRIDMAP_DATABASE_URL": demo_base.app_url, "GRIDMAP_CLOCK": DEMO_CLOCK}
    done = run(tmp_path, "bench", command, *options, **environment)
    assert done.exit_code != 0
    assert said in done.output
    assert "Traceback" not in done.output


@pytest.mark.full
@pytest.mark.parametrize(
    ("command", "least"), [(("items", "--boxes", "2", "--limit", "20"), 6), (("export", "--rounds", "1"), 8)]
)
def test_a_whole_run_fits_together(demo_base: Base, tmp_path: Any, command: tuple[str, ...], least: int) -> None:
    environment = {"GRIDMAP_DATABASE_URL": demo_base.app_url, "GRIDMAP_CLOCK": DEMO_CLOCK}
    done = run(tmp_path, "bench", *command, "--json", **environment)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert len(found) == least
    assert all(value > 0 for one in found for value in one["runs"] if one["unit"] != "bytes")
