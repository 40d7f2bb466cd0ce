"""`gridmap db`, `gridmap doctor` and `gridmap serve`, as they are typed."""

import json
import os
import re
import select
import shutil
import socket
import struct
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg import conninfo, sql

from gridmap.cluster import Cluster, PoolerError, refuse_pooler
from gridmap.cluster.archive import ArchiveError, verify
from gridmap.cluster.backup import Backup, backup, backups_in, restore, rotate, to_drop
from gridmap.cluster.bootstrap import bootstrap_sql
from gridmap.cluster.checks import Finding, check_database
from gridmap.cluster.pooler import pooler_between
from gridmap.commands import main
from gridmap.commands.db import seconds_to_night
from gridmap.commands.doctor import line_of
from gridmap.commands.serve import only_through_proxy, refuse_open_door
from gridmap.db import migrate
from gridmap.settings import load_settings
from tests.conftest import make_home


def run(home: Path, *arguments: str, **environment: str) -> Result:
    return CliRunner(env={"GRIDMAP_HOME": str(home), **environment}).invoke(main, list(arguments))


@pytest.fixture(scope="module")
def filled() -> Iterator[Cluster]:
    """A private database with all tables and some rows of every awkward kind, made by the commands."""
    made = Cluster(make_home())
    try:
        assert run(made.home, "db", "start").exit_code == 0
        result = run(made.home, "db", "upgrade")
        assert result.exit_code == 0, result.output
        with psycopg.connect(made.owner_url) as connection:
            connection.execute(AWKWARD)
        (made.home / "files" / "ab").mkdir()
        (made.home / "files" / "ab" / "abcdef").write_bytes(os.urandom(1000))
        (made.home / "secrets" / "plates").write_bytes(b"key")
        (made.home / "secrets" / "plates").chmod(0o600)
        yield made
    finally:
        made.stop()
        shutil.rmtree(made.home)


AWKWARD = """
CREATE TABLE gridmap.awkward (
    street_id int NOT NULL, id bigint NOT NULL, name text, shape geometry(Geometry, 4326),
    shape_3857 geometry GENERATED ALWAYS AS (public.ST_Transform(shape, 3857)) STORED,
    valid tstzrange, tags text[], extra jsonb, raw bytea, price numeric, PRIMARY KEY (street_id, id),
    EXCLUDE USING gist (street_id WITH =, id WITH =, valid WITH &&)
);
ALTER TABLE gridmap.awkward ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON gridmap.awkward USING (street_id = ANY (current_setting('app.streets', true)::int[]));
GRANT SELECT (street_id, id, name) ON gridmap.awkward TO gridmap_app;
INSERT INTO gridmap.awkward (street_id, id, name, shape, valid, tags, extra, raw, price)
SELECT 1 + n % 3, n,
    CASE n % 5 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN E'花苑\\t一号\\n"楼' WHEN 3 THEN '\\N' ELSE '𠮷' END,
    CASE WHEN n % 7 = 0 THEN NULL ELSE ST_SetSRID(ST_MakePoint(116 + n / 3.0, 39.123456789012345), 4326) END,
    tstzrange('2026-03-16 09:00+08', CASE WHEN n % 2 = 0 THEN NULL ELSE timestamptz '2026-04-01 00:00+08' END),
    ARRAY[n::text, NULL, 'a,b'], jsonb_build_object('n', n, 'text', 'a"b'), decode(md5(n::text), 'hex'), n / 7.0
FROM generate_series(1, 500) n;
"""


def rows_of(url: str) -> dict[str, tuple[int, str]]:
    """(rows, digest of all rows in order) of every table: what a round trip must give back."""
    found = {}
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'gridmap'::regnamespace AND relkind = 'r'"
        ).fetchall()
        for (table,) in tables:
            query = sql.SQL("SELECT count(*), coalesce(md5(string_agg(t::text, E'\n' ORDER BY t::text)), '') FROM {} t")
            row = connection.execute(query.format(sql.Identifier("gridmap", table))).fetchone()
            assert row
            found[table] = row
    return found


def rights_of(url: str) -> set[tuple[object, ...]]:
    """Owners, grants and policies of everything in the schema."""
    with psycopg.connect(url) as connection:
        relations = connection.execute(
            "SELECT relname, relkind::text, relowner::regrole::text, relacl::text, relrowsecurity FROM pg_class"
            " WHERE relnamespace = 'gridmap'::regnamespace"
        ).fetchall()
        columns = connection.execute(
            "SELECT relname, attname, attacl::text FROM pg_attribute JOIN pg_class c ON c.oid = attrelid"
            " WHERE relnamespace = 'gridmap'::regnamespace AND attnum > 0 AND NOT attisdropped"
        ).fetchall()
        policies = connection.execute("SELECT tablename, policyname, qual, with_check FROM pg_policies").fetchall()
        functions = connection.execute(
            "SELECT oid::regprocedure::text, proacl::text, prosecdef FROM pg_proc"
            " WHERE pronamespace = 'gridmap'::regnamespace"
        ).fetchall()
    return {*relations, *columns, *policies, *functions}


# ---- start, stop, status, upgrade


def test_status_in_words_and_as_json(filled: Cluster) -> None:
    words = run(filled.home, "db", "status").output
    assert "running     yes" in words
    assert "PostGIS 3" in words
    status = json.loads(run(filled.home, "db", "status", "--json").output)
    assert status["is_running"] is True
    assert status["port"] == filled.layout.where()[1]


def test_stop_then_status_then_start() -> None:
    home = make_home()
    try:
        assert run(home, "db", "start").exit_code == 0
        assert run(home, "db", "stop").output == "The database is stopped.\n"
        assert run(home, "db", "stop").exit_code == 0
        assert run(home, "db", "status").exit_code == 3
        assert run(home, "db", "start").exit_code == 0
    finally:
        run(home, "db", "stop")
        shutil.rmtree(home)


def test_start_leaves_a_configured_server_alone(tmp_path: Path) -> None:
    result = run(tmp_path, "db", "start", GRIDMAP_DATABASE_URL="host=db.example")
    assert result.exit_code == 1
    assert "server of your own" in result.output


def test_database_error_is_a_sentence(tmp_path: Path) -> None:
    result = run(tmp_path, "db", "upgrade", GRIDMAP_DATABASE_URL=f"host={tmp_path} dbname=none")
    assert result.exit_code == 1
    assert "GRIDMAP_OWNER_URL" in result.output


def test_upgrade_saves_first_and_says_the_way_back(filled: Cluster) -> None:
    result = run(filled.home, "db", "upgrade")
    assert result.exit_code == 0
    saved = re.search(r"gridmap db restore (\S+\.tar) --yes", result.output)
    assert saved
    assert "awkward" not in verify(Path(saved[1])).members
    assert "database.dump" in verify(Path(saved[1])).members


# ---- backup and restore


def test_round_trip_gives_back_every_row_right_file_and_secret(filled: Cluster) -> None:
    rows, rights = rows_of(filled.superuser_url), rights_of(filled.superuser_url)
    assert rows["awkward"][0] == 500
    photo = (filled.home / "files" / "ab" / "abcdef").read_bytes()
    saved = backup(filled.home, filled.superuser_url)
    with psycopg.connect(filled.owner_url) as connection:
        connection.execute("DELETE FROM gridmap.awkward WHERE id % 2 = 0")
        connection.execute("DROP POLICY seen ON gridmap.awkward")
        connection.execute("CREATE TABLE gridmap.younger (id int)")
    (filled.home / "files" / "ab" / "abcdef").write_bytes(b"spoilt")
    (filled.home / "secrets" / "plates").unlink()

    result = run(filled.home, "db", "restore", str(saved.path), "--yes")
    assert result.exit_code == 0, result.output
    assert rows_of(filled.superuser_url) == rows
    assert rights_of(filled.superuser_url) == rights
    assert (filled.home / "files" / "ab" / "abcdef").read_bytes() == photo
    key = filled.home / "secrets" / "plates"
    assert (key.read_bytes(), key.stat().st_mode & 0o777, key.stat().st_uid) == (b"key", 0o600, filled.crew.web.uid)
    assert run(filled.home, "doctor").exit_code == 0


def test_restore_into_a_new_home(filled: Cluster) -> None:
    saved = backup(filled.home, filled.superuser_url)
    fresh = Cluster(make_home())
    try:
        result = run(fresh.home, "db", "restore", str(saved.path))
        assert result.exit_code == 0, result.output
        assert rows_of(fresh.superuser_url) == rows_of(filled.superuser_url)
    finally:
        fresh.stop()
        shutil.rmtree(fresh.home)


def test_restore_asks_before_it_replaces(filled: Cluster) -> None:
    saved = backup(filled.home, filled.superuser_url)
    result = CliRunner(env={"GRIDMAP_HOME": str(filled.home)}).invoke(main, ["db", "restore", str(saved.path)], "n\n")
    assert result.exit_code == 1
    assert "will be replaced" in result.output


def test_failing_restore_changes_nothing(filled: Cluster, tmp_path: Path) -> None:
    """A dump that breaks off in the middle, in an archive that is otherwise whole."""
    rows = rows_of(filled.superuser_url)
    saved = backup(filled.home, filled.superuser_url).path
    broken = tmp_path / "gridmap-20260101T000000Z.tar"
    with tarfile.open(saved) as tar:
        members = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    members["database.dump"] = members["database.dump"][: len(members["database.dump"]) * 3 // 4]
    manifest = json.loads(members.pop("manifest.json"))
    from gridmap.cluster import archive

    dump = tmp_path / "database.dump"
    dump.write_bytes(members["database.dump"])
    archive.write(broken, archive.Manifest(**{**manifest, "members": {}}), dump, tmp_path)
    result = run(filled.home, "db", "restore", str(broken), "--yes")
    assert result.exit_code == 1
    assert "the database is as it was" in result.output
    assert rows_of(filled.superuser_url) == rows
    assert filled.answers()


@pytest.mark.parametrize("harm", ["flipped", "shortened", "added", "outside", "text"])
def test_damaged_backup_is_refused(filled: Cluster, tmp_path: Path, harm: str) -> None:
    saved = backup(filled.home, filled.superuser_url, tmp_path).path
    raw = bytearray(saved.read_bytes())
    if harm == "flipped":
        raw[2000] ^= 1
    elif harm == "shortened":
        del raw[len(raw) // 2 :]
    elif harm == "text":
        raw = bytearray(b"PGDMP, but not ours")
    saved.write_bytes(raw)
    if harm in {"added", "outside"}:
        with tarfile.open(saved, "a") as tar:
            extra = tmp_path / "extra"
            extra.write_text("x")
            tar.add(extra, "files/extra" if harm == "added" else "files/../../extra")
    with pytest.raises(ArchiveError):
        restore(saved, filled.home, filled.superuser_url, filled.crew.web, filled.superuser_url)


def test_backup_can_be_read_by_its_owner_only(filled: Cluster) -> None:
    result = run(filled.home, "db", "backup")
    assert result.exit_code == 0
    newest = backups_in(filled.home / "backups")[-1].path
    assert newest.stat().st_mode & 0o777 == 0o600
    assert "secrets" in result.output


def test_rotation_keeps_seven_days_and_four_weeks(tmp_path: Path) -> None:
    start = datetime(2026, 3, 1, 18, tzinfo=UTC)
    made = [Backup(tmp_path / str(hour), start + timedelta(hours=hour)) for hour in range(0, 24 * 60, 12)]
    gone = to_drop(made)
    kept = [item for item in made if item not in gone]
    assert kept[-1] == made[-1]
    days = [item.made_at.date() for item in kept]
    assert len(kept) == 7 + 2  # the seven days reach into two of the four weeks
    assert days[-7:] == [days[-1] - timedelta(days=back) for back in range(6, -1, -1)]
    assert to_drop(kept) == []
    assert to_drop([]) == []


def test_rotation_passes_over_other_files(tmp_path: Path) -> None:
    for name in ("gridmap-20200101T000000Z.tar", "gridmap-of-grandmother.tar", "gridmap-20200102T000000Z.tar"):
        (tmp_path / name).touch()
    for day in range(1, 32):
        (tmp_path / f"gridmap-202603{day:02}T000000Z.tar").touch()
    rotate(tmp_path)
    left = {path.name for path in tmp_path.iterdir()}
    assert "gridmap-of-grandmother.tar" in left
    assert "gridmap-20260331T000000Z.tar" in left
    assert "gridmap-20260301T000000Z.tar" not in left
    assert len(left) == 1 + 7 + 2


@pytest.mark.parametrize(
    ("now", "newest", "hours"),
    [
        ("2026-03-16T01:00+08:00", "2026-03-15T02:00+08:00", 1),
        ("2026-03-16T03:00+08:00", "2026-03-16T02:00+08:00", 23),
        ("2026-03-16T09:00+08:00", "2026-03-15T02:00+08:00", 0),
        ("2026-03-16T09:00+08:00", None, 17),
    ],
)
def test_nightly_backup_waits_for_two_o_clock(now: str, newest: str | None, hours: float) -> None:
    made = datetime.fromisoformat(newest) if newest else None
    assert seconds_to_night(datetime.fromisoformat(now), made) == hours * 3600


# ---- a server of one's own


def test_bootstrap_prepares_a_foreign_database_for_the_whole_way(filled: Cluster) -> None:
    """What the printed text gives is enough to migrate, and to restore, as the owner with a password."""
    with psycopg.connect(filled.superuser_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE own_server TEMPLATE template0 ENCODING 'UTF8'")
    try:
        url = filled.url("postgres", "own_server")
        assert run(filled.home, "db", "bootstrap", "--print").output == bootstrap_sql() + "\n"
        program = subprocess.run(
            ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url], input=bootstrap_sql(), text=True, check=False
        )
        assert program.returncode == 0
        with psycopg.connect(url) as connection:
            connection.execute("ALTER ROLE gridmap_owner IN DATABASE own_server SET row_security = off")
        owner = filled.url("gridmap_owner", "own_server")
        migrate(owner)
        saved = backup(filled.home, filled.superuser_url)
        restore(saved.path, filled.home, owner, filled.crew.web)
        assert rows_of(url) == rows_of(filled.superuser_url)
        with psycopg.connect(url) as connection:
            assert [finding for finding in check_database(connection, is_private=False) if finding.is_ok is False] == []
    finally:
        with psycopg.connect(filled.superuser_url, autocommit=True) as connection:
            connection.execute("DROP DATABASE own_server WITH (FORCE)")


def test_bootstrap_sets_the_passwords_of_the_configured_connections(filled: Cluster) -> None:
    _, port = filled.layout.where()
    app = conninfo.make_conninfo(
        host="127.0.0.1", port=port, dbname="gridmap", user="gridmap_app", password="it's a \\ 密码"
    )
    result = run(filled.home, "db", "bootstrap", "--url", filled.superuser_url, GRIDMAP_DATABASE_URL=app)
    try:
        assert result.exit_code == 0, result.output
        psycopg.connect(app).close()
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(app, password="wrong")
    finally:
        with psycopg.connect(filled.superuser_url) as connection:
            connection.execute("ALTER ROLE gridmap_app PASSWORD NULL")


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
    result = run(filled.home, "serve", GRIDMAP_DATABASE_URL=pooler, GRIDMAP_PORT=str(_free_port()))
    assert result.exit_code == 1
    assert "GRIDMAP_PREPARE=off" in result.output


# ---- the server's door


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
    app({"REMOTE_ADDR": peer}, lambda code, _headers: answered.append(code))  # type: ignore[arg-type]
    assert answered == [status]


def test_taken_port_is_a_sentence(filled: Cluster) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = run(filled.home, "serve", GRIDMAP_PORT=str(port))
    assert result.exit_code == 1
    assert f"cannot listen at 127.0.0.1 port {port}" in result.output
