"""`gridmap doctor` finds each planted fault, and a pooler in front is noticed."""

import json
import re
import select
import shutil
import socket
import struct
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo

from gridmap.cluster import Cluster, PoolerError, refuse_pooler
from gridmap.cluster.checks import Finding
from gridmap.cluster.pooler import pooler_between
from gridmap.commands.doctor import line_of
from tests.conftest import make_home
from tests.installation import free_port, run

# ---- the doctor


def doctor_says(home: Path) -> list[str]:
    lines = run(home, "doctor", "--json").output.splitlines()
    return [f"{found['name']}: {found['says']}" for found in map(json.loads, lines) if found["is_ok"] is False]


def test_doctor_finds_nothing_wrong_on_a_sound_installation(filled: Cluster) -> None:
    result = run(filled.home, "doctor")
    assert result.exit_code == 0, result.output
    assert "✗" not in result.output
    assert "✓ row security" in result.output


@pytest.mark.parametrize(
    ("plant", "heal", "says"),
    [
        (
            "ALTER FUNCTION geometry_overlaps(geometry, geometry) NOT LEAKPROOF",
            "ALTER FUNCTION geometry_overlaps(geometry, geometry) LEAKPROOF",
            "not marked leakproof",
        ),
        (
            "ALTER TABLE gridmap.place DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE gridmap.place ENABLE ROW LEVEL SECURITY",
            "gridmap.place shows every row",
        ),
        (
            "CREATE TABLE gridmap.bare (street_id int); ALTER TABLE gridmap.bare ENABLE ROW LEVEL SECURITY",
            "DROP TABLE gridmap.bare",
            "gridmap.bare has no policy",
        ),
        ("ALTER ROLE gridmap_app BYPASSRLS", "ALTER ROLE gridmap_app NOBYPASSRLS", "bypasses row security"),
        ("ALTER ROLE gridmap_app SUPERUSER", "ALTER ROLE gridmap_app NOSUPERUSER", "is a superuser"),
        ("ALTER ROLE gridmap_app CREATEDB", "ALTER ROLE gridmap_app NOCREATEDB", "may make roles"),
        ("GRANT gridmap_owner TO gridmap_app", "REVOKE gridmap_owner FROM gridmap_app", "member of another role"),
        (
            "CREATE TABLE gridmap.mine (id int); ALTER TABLE gridmap.mine OWNER TO gridmap_app",
            "DROP TABLE gridmap.mine",
            "owns something",
        ),
        (
            "GRANT CREATE ON SCHEMA gridmap TO gridmap_app",
            "REVOKE CREATE ON SCHEMA gridmap FROM gridmap_app",
            "may make tables",
        ),
        (
            "CREATE FUNCTION gridmap.sly() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
            "DROP FUNCTION gridmap.sly()",
            "gridmap.sly() has no fixed search path",
        ),
        (
            "UPDATE gridmap.alembic_version SET version_num = 'of-old'",
            "",
            "revision of-old",
        ),
    ],
)
def test_doctor_finds_what_was_planted(filled: Cluster, plant: str, heal: str, says: str) -> None:
    with psycopg.connect(filled.superuser_url) as connection:
        kept = connection.execute("SELECT version_num FROM gridmap.alembic_version").fetchone()
        connection.execute(plant)
    try:
        found = doctor_says(filled.home)
        assert [line for line in found if says in line], found
        assert run(filled.home, "doctor").exit_code == 1
    finally:
        with psycopg.connect(filled.superuser_url) as connection:
            connection.execute(heal or "SELECT 1")
            connection.execute("UPDATE gridmap.alembic_version SET version_num = %s", kept)
    assert doctor_says(filled.home) == []


def test_doctor_finds_trust_in_the_sign_in_rules(filled: Cluster) -> None:
    rules = filled.data / "pg_hba.conf"
    kept = rules.read_text()
    try:
        rules.write_text(kept + "host all all 127.0.0.1/32 trust\n")
        assert any("lets people in by 'trust'" in line for line in doctor_says(filled.home))
    finally:
        rules.write_text(kept)


def test_doctor_finds_open_secrets_old_backups_and_no_room(filled: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(filled.home, "db", "backup").exit_code == 0
    key = filled.home / "secrets" / "plates"
    key.chmod(0o644)
    monkeypatch.setattr("gridmap.commands.doctor.free_bytes", lambda _: 1000)
    monkeypatch.setattr("gridmap.commands.doctor.real_now", lambda: datetime.now(UTC) + timedelta(days=9))
    try:
        found = "\n".join(doctor_says(filled.home))
    finally:
        key.chmod(0o600)
    assert "plates can be read by others" in found
    assert "days old" in found
    assert "room: 0 MB free" in found


def test_doctor_says_when_nothing_runs(tmp_path: Path) -> None:
    home = make_home()
    result = run(home, "doctor")
    shutil.rmtree(home)
    assert result.exit_code == 1
    assert "✗ running" in result.output
    assert "gridmap db start" in result.output


def test_marks_of_the_doctor() -> None:
    assert line_of(Finding("room", True, "plenty", "never shown")) == "✓ room: plenty"
    assert line_of(Finding("room", False, "none", "delete")) == "✗ room: none\n    → delete"
    assert line_of(Finding("room", None, "little")) == "· room: little"


# ---- a pooler in front


@pytest.fixture
def pooler(filled: Cluster) -> Iterator[str]:
    """A stand-in for a pooler: passes everything on, but greets with a process number of its own."""
    folder = make_home()
    sockets, port = filled.layout.where()
    door = socket.socket(socket.AF_UNIX)
    door.bind(str(folder / ".s.PGSQL.6432"))
    (folder / ".s.PGSQL.6432").chmod(0o777)
    door.listen()

    def serve() -> None:
        while True:
            try:
                client, _ = door.accept()
            except OSError:
                return
            threading.Thread(target=_pass_on, args=(client, str(sockets / f".s.PGSQL.{port}")), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield conninfo.make_conninfo(host=str(folder), port=6432, dbname="gridmap", user="gridmap_app")
    door.shutdown(socket.SHUT_RDWR)
    door.close()
    shutil.rmtree(folder)


def _pass_on(client: socket.socket, server_path: str) -> None:
    with client, socket.socket(socket.AF_UNIX) as server:
        server.connect(server_path)
        while True:
            readable, _, _ = select.select([client, server], [], [])
            for end in readable:
                block = end.recv(65536)
                if not block:
                    return
                if end is server:  # BackendKeyData: 'K', length 12, process, key
                    block = re.sub(
                        rb"K\x00\x00\x00\x0c.{4}", b"K\x00\x00\x00\x0c" + struct.pack(">I", 7), block, flags=re.DOTALL
                    )
                (server if end is client else client).sendall(block)


def test_pooler_is_noticed_and_refused_unless_nothing_is_prepared(filled: Cluster, pooler: str) -> None:
    assert not pooler_between(filled.app_url)
    assert pooler_between(pooler)
    refuse_pooler(filled.app_url, prepares=True)
    refuse_pooler(pooler, prepares=False)
    with pytest.raises(PoolerError, match="GRIDMAP_PREPARE=off"):
        refuse_pooler(pooler, prepares=True)
    result = run(filled.home, "doctor", GRIDMAP_DATABASE_URL=pooler, GRIDMAP_OWNER_URL=filled.owner_url)
    assert "✗ pooler" in result.output
    result = run(filled.home, "serve", GRIDMAP_DATABASE_URL=pooler, GRIDMAP_PORT=str(free_port()))
    assert result.exit_code == 1
    assert "GRIDMAP_PREPARE=off" in result.output
