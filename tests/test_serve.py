"""`gridmap serve`: who may come in, and what is left of root."""

import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import psycopg
import pytest

from gridmap.cluster import Cluster
from gridmap.cluster.identity import OsUser, is_root
from gridmap.cluster.postmaster import is_alive
from gridmap.commands.serve import only_through_proxy, refuse_open_door, stepping_down
from gridmap.settings import load_settings
from tests.conftest import make_home
from tests.installation import free_port, run

# ---- the server's door


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "map.example"])
def test_plain_http_is_for_this_machine_only(tmp_path: Path, host: str) -> None:
    settings = replace(load_settings({}), host=host)
    with pytest.raises(click.ClickException, match="GRIDMAP_TRUSTED_PROXY"):
        refuse_open_door(settings)
    refuse_open_door(replace(settings, trusted_proxy="192.168.1.1"))
    refuse_open_door(replace(settings, tls_certificate=tmp_path / "c", tls_key=tmp_path / "k"))
    with pytest.raises(click.ClickException, match="belong together"):
        refuse_open_door(replace(settings, tls_certificate=tmp_path / "c"))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_loopback_needs_nothing(host: str) -> None:
    refuse_open_door(replace(load_settings({}), host=host))


@pytest.mark.parametrize(
    ("peer", "status"), [("10.0.0.7", "200 OK"), ("127.0.0.1", "200 OK"), ("10.0.0.8", "403 Forbidden")]
)
def test_behind_a_proxy_only_the_proxy_is_answered(peer: str, status: str) -> None:
    answered = []

    def inner(environ: object, start_response: object) -> list[bytes]:
        answered.append("200 OK")
        return [b""]

    app = only_through_proxy(inner, "10.0.0.7")  # type: ignore[arg-type]  # a stand-in
    app({"REMOTE_ADDR": peer}, lambda code, _headers: answered.append(code))  # type: ignore[arg-type]  # a stand-in
    assert answered == [status]


def test_taken_port_is_a_sentence(filled: Cluster) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = run(filled.home, "serve", GRIDMAP_PORT=str(port))
    assert result.exit_code == 1
    assert f"cannot listen at 127.0.0.1 port {port}" in result.output


# ---- the process that serves


def _ask(url: str, context: ssl.SSLContext | None = None) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5, context=context) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


@pytest.fixture
def served(filled: Cluster, tmp_path: Path) -> Iterator[tuple[int, int]]:
    """(port, process) of `gridmap serve`, ready."""
    port, log = free_port(), tmp_path / "serve.log"
    environment = {**os.environ, "GRIDMAP_HOME": str(filled.home), "GRIDMAP_PORT": str(port), "GRIDMAP_OWNER_URL": "no"}
    command = [sys.executable, "-c", "from gridmap.commands import main; main()", "serve", "--workers", "1"]
    with log.open("wb") as out, subprocess.Popen(command, env=environment, stdout=out, stderr=out) as process:
        try:
            _wait_for_door(port, process, log)
            yield port, process.pid
        finally:
            process.terminate()


def _wait_for_door(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(log.read_text())


def _family(pid: int) -> list[int]:
    """A process and all below it."""
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [pid, *(below for child in children for below in _family(child))]


def test_what_serves_has_nothing_left_of_root(filled: Cluster, served: tuple[int, int]) -> None:
    port, pid = served
    assert _ask(f"http://127.0.0.1:{port}/healthz")[0] == 200
    family = _family(pid)
    assert len(family) >= 2
    for member in family:
        status = dict(
            line.split(":\t", 1) for line in Path(f"/proc/{member}/status").read_text().splitlines() if ":\t" in line
        )
        assert set(status["Uid"].split()) == {str(filled.crew.web.uid)}
        assert set(status["Gid"].split()) == {str(filled.crew.web.gid)}
        if is_root():
            assert status["Groups"].strip() == ""
            assert {int(status[name], 16) for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
            assert status["NoNewPrivs"] == "1"
        assert b"GRIDMAP_OWNER_URL" not in Path(f"/proc/{member}/environ").read_bytes()


def test_serving_with_a_certificate(filled: Cluster, tmp_path: Path) -> None:
    """TLS with an own certificate, which the stepped-down server must be able to read."""
    folder = make_home()
    certificate, key = folder / "cert.pem", folder / "key.pem"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*make, *subject, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    if is_root():
        os.chown(key, filled.crew.web.uid, filled.crew.web.gid)
    port, log = free_port(), tmp_path / "serve.log"
    environment = {
        **os.environ,
        "GRIDMAP_HOME": str(filled.home),
        "GRIDMAP_PORT": str(port),
        "GRIDMAP_TLS_CERT": str(certificate),
        "GRIDMAP_TLS_KEY": str(key),
    }
    command = [sys.executable, "-c", "from gridmap.commands import main; main()", "serve", "--workers", "1"]
    with log.open("wb") as out, subprocess.Popen(command, env=environment, stdout=out, stderr=out) as process:
        try:
            _wait_for_door(port, process, log)
            context = ssl.create_default_context(cafile=str(certificate))
            assert _ask(f"https://localhost:{port}/healthz", context)[0] == 200
        finally:
            process.terminate()
    shutil.rmtree(folder)


def test_key_that_the_server_may_not_read_is_a_sentence(filled: Cluster, tmp_path: Path) -> None:
    if not is_root():
        pytest.skip("only root steps down")
    folder = make_home()
    (folder / "cert.pem").write_text("x")
    (folder / "key.pem").write_text("x")
    (folder / "key.pem").chmod(0o600)
    given = {"GRIDMAP_TLS_CERT": str(folder / "cert.pem"), "GRIDMAP_TLS_KEY": str(folder / "key.pem")}
    result = run(filled.home, "serve", GRIDMAP_PORT=str(free_port()), **given)
    shutil.rmtree(folder)
    assert result.exit_code == 1
    assert "gridmap-web may not read" in result.output


def test_tables_of_another_version_are_a_sentence(filled: Cluster) -> None:
    with psycopg.connect(filled.superuser_url) as connection:
        kept = connection.execute("SELECT version_num FROM gridmap.alembic_version").fetchone()
        connection.execute("UPDATE gridmap.alembic_version SET version_num = 'of-old'")
    try:
        result = run(filled.home, "serve", GRIDMAP_PORT=str(free_port()))
    finally:
        with psycopg.connect(filled.superuser_url) as connection:
            connection.execute("UPDATE gridmap.alembic_version SET version_num = %s", kept)
    assert result.exit_code == 1
    assert "gridmap db upgrade" in result.output


@pytest.mark.parametrize(("port", "left"), [(8000, "-all"), (443, "-all,+net_bind_service")])
def test_stepping_down_keeps_only_what_a_low_port_needs(port: int, left: str) -> None:
    command = stepping_down(OsUser("gridmap-web", 990, 991), ["true"], keeps_low_port=port < 1024)
    assert [part for part in command if "caps" in part or "bounding" in part] == [
        f"--inh-caps={left}",
        f"--ambient-caps={left}",
        f"--bounding-set={left}",
    ]
    assert {"--reuid=990", "--regid=991", "--clear-groups", "--no-new-privs"} <= set(command)


def test_helper_ends_with_the_process_that_started_it() -> None:
    command = [sys.executable, "-c", "import sys; print('up', flush=True); sys.stdin.read()"]
    parent = (
        "import subprocess, sys\n"
        "from gridmap.commands.serve import ending_with_parent\n"
        f"child = subprocess.Popen(ending_with_parent({command!r}), stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "print(child.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        child = int(process.stdout.readline())
        assert is_alive(child)
        process.kill()
    deadline = time.monotonic() + 20
    while is_alive(child):
        assert time.monotonic() < deadline
        time.sleep(0.02)
