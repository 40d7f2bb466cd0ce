"""The private database: made, started, killed, misled, and closed to whom it should be."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from gridmap.cluster import Cluster, ClusterError, NoProgramsError, NoRoomError, NotAllowedError, identity, room
from gridmap.cluster.bootstrap import is_leakproof
from gridmap.cluster.checks import check_sign_in
from gridmap.cluster.configuration import settings, sign_in_map
from gridmap.cluster.identity import Crew, OsUser, is_root
from gridmap.cluster.layout import MOVED, SOCKET_LIMIT, Layout, real_home
from gridmap.cluster.passage import closed_folders, let_through, may_pass
from gridmap.cluster.postmaster import running_pid
from gridmap.cluster.programs import find_programs, installed
from tests.conftest import make_home

needs_root = pytest.mark.skipif(not is_root(), reason="only root can step down")


@pytest.fixture
def own() -> Iterator[Cluster]:
    """A private database of this test alone, not started yet."""
    made = Cluster(make_home(), say=lambda _: None)
    yield made
    made.stop()
    shutil.rmtree(made.home)


def one(url: str, query: str, *values: object) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query, values).fetchone()  # type: ignore[arg-type]  # tests write their own SQL
    return row[0] if row else None


# ---- what is made


def test_a_home_of_an_older_version_gets_its_new_folder_while_the_database_runs(cluster: Cluster) -> None:
    folder = cluster.home / "exports"
    shutil.rmtree(folder)
    Cluster(cluster.home).start()
    assert folder.is_dir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert folder.stat().st_uid == cluster.crew.web.uid


def test_app_role_can_connect_and_owns_nothing(cluster: Cluster) -> None:
    assert one(cluster.app_url, "SELECT current_user::text") == "gridmap_app"
    with pytest.raises(errors.InsufficientPrivilege), psycopg.connect(cluster.app_url) as connection:
        connection.execute("CREATE TABLE gridmap.mine (id int)")
    with pytest.raises(errors.InsufficientPrivilege), psycopg.connect(cluster.app_url) as connection:
        connection.execute("SET ROLE gridmap_owner")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("server_encoding", "UTF8"),
        ("lc_collate", "C.UTF-8"),
        ("data_checksums", "on"),
        ("jit", "off"),
        ("listen_addresses", "127.0.0.1"),
        ("search_path", "gridmap, public"),
        ("TimeZone", "Asia/Shanghai"),
    ],
)
def test_settings_of_the_server(cluster: Cluster, setting: str, value: str) -> None:
    assert one(cluster.app_url, "SELECT current_setting(%s)", setting) == value


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
def test_what_is_written_reaches_the_disk(filled: Cluster, setting: str) -> None:
    assert one(filled.app_url, "SELECT current_setting(%s)", setting) == "on"


def test_extensions_schema_and_leakproof_mark_are_there(cluster: Cluster) -> None:
    with psycopg.connect(cluster.app_url) as connection:
        assert is_leakproof(connection)
        names = {name for (name,) in connection.execute("SELECT extname FROM pg_extension")}
    assert {"postgis", "btree_gist", "pg_trgm"} <= names
    owner = one(cluster.app_url, "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'gridmap'")
    assert owner == "gridmap_owner"


def test_owner_sees_all_rows_of_a_locked_table_and_the_app_none(cluster: Cluster) -> None:
    with psycopg.connect(cluster.owner_url) as connection:
        connection.execute("CREATE TABLE gridmap.locked (street_id int)")
        connection.execute("ALTER TABLE gridmap.locked ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        connection.execute("GRANT SELECT ON gridmap.locked TO gridmap_app")
        connection.execute("INSERT INTO gridmap.locked VALUES (1)")
    try:
        assert one(cluster.owner_url, "SELECT count(*) FROM locked") == 1
        assert one(cluster.app_url, "SELECT count(*) FROM locked") == 0
    finally:
        with psycopg.connect(cluster.owner_url) as connection:
            connection.execute("DROP TABLE gridmap.locked")


def test_nobody_is_trusted(cluster: Cluster) -> None:
    with psycopg.connect(cluster.superuser_url) as connection:
        assert [finding.is_ok for finding in check_sign_in(connection)] == [True]
    sockets, port = cluster.layout.where()
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host="127.0.0.1", port=port, dbname="gridmap", user="gridmap_owner")
    with pytest.raises(psycopg.OperationalError, match=r"peer|Peer"):
        psycopg.connect(host=str(sockets), port=port, dbname="gridmap", user="nobody-known")


def test_starting_twice_changes_nothing(cluster: Cluster) -> None:
    before = running_pid(cluster.data)
    cluster.start()
    Cluster(cluster.home).start()
    assert running_pid(cluster.data) == before


def test_status_says_where_and_how(cluster: Cluster) -> None:
    status = cluster.status()
    assert status.is_running
    assert status.version
    assert status.postgis
    assert status.is_apart == is_root()


def test_folders_are_closed_to_others(cluster: Cluster) -> None:
    for name in ("postgres", "files", "secrets", "backups", "log"):
        assert stat.S_IMODE((cluster.home / name).stat().st_mode) == 0o700
    assert (cluster.home / "ballast").stat().st_blocks * 512 >= room.BALLAST


# ---- who may become whom


def psql_as(user: OsUser, url: str) -> subprocess.CompletedProcess[str]:
    program = find_programs(Path("/nowhere")).path("psql")
    return identity.run_as(user, [program, "-X", "-At", "-d", url, "-c", "SELECT session_user"])


@needs_root
def test_web_user_becomes_the_app_role_only(cluster: Cluster) -> None:
    web = cluster.crew.web
    assert psql_as(web, cluster.app_url).stdout == "gridmap_app\n"
    for url in (cluster.owner_url, cluster.superuser_url):
        refused = psql_as(web, url)
        assert refused.returncode != 0
        assert "Peer authentication failed" in refused.stderr


@needs_root
def test_a_stranger_becomes_nobody(cluster: Cluster) -> None:
    stranger = identity.ensure_user("nobody", "nobody")
    for url in (cluster.app_url, cluster.owner_url, cluster.superuser_url):
        assert psql_as(stranger, url).returncode != 0


@needs_root
def test_server_and_web_user_cannot_read_the_data(cluster: Cluster) -> None:
    assert identity.run_as(cluster.crew.web, ["/bin/ls", str(cluster.data)]).returncode != 0
    assert (cluster.data.stat().st_uid, cluster.crew.keeper.name) == (cluster.crew.keeper.uid, identity.DATABASE_USER)


def test_map_gives_everything_to_a_plain_user_and_says_they_are_not_apart() -> None:
    me = OsUser("li", 1000, 1000)
    crew = Crew(me, me, me)
    assert not crew.is_apart
    assert sign_in_map(crew).count('"li"') == 3


def test_data_of_somebody_else_is_refused_in_a_sentence(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "is_root", lambda: False)
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    with pytest.raises(NotAllowedError, match=f"belongs to {cluster.data.owner()}"):
        identity.crew_of(cluster.data)


# ---- what it survives


def test_killed_under_load_it_starts_again_at_once_and_lost_nothing(own: Cluster) -> None:
    own.start()
    with psycopg.connect(own.owner_url) as connection:
        connection.execute("CREATE TABLE written (writer int, number int, PRIMARY KEY (writer, number))")
    acknowledged: list[tuple[int, int]] = []
    under_way = threading.Barrier(5)

    def write(writer: int) -> None:
        try:
            with psycopg.connect(own.owner_url, autocommit=True) as connection:
                for number in range(1_000_000):
                    connection.execute("INSERT INTO gridmap.written VALUES (%s, %s)", [writer, number])
                    acknowledged.append((writer, number))
                    if number == 20:
                        under_way.wait(timeout=30)
        except psycopg.OperationalError:
            return

    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, writer) for writer in range(4)]
        under_way.wait(timeout=30)
        pid = running_pid(own.data)
        assert pid
        os.kill(pid, signal.SIGKILL)
        own.start()
        for writer in writers:
            writer.result()
    with psycopg.connect(own.owner_url) as connection:
        kept = set(connection.execute("SELECT writer, number FROM gridmap.written").fetchall())
    assert len(acknowledged) >= 80
    assert set(acknowledged) <= kept


def test_next_port_when_taken_and_remembered(own: Cluster) -> None:
    own.start()
    own.stop()
    _, first = own.layout.where()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", first))
        other.listen()
        own.start()
        _, second = own.layout.where()
        assert second != first
    own.stop()
    own.start()
    assert own.layout.where()[1] == second
    assert one(own.app_url, "SELECT current_setting('port')") == str(second)


def test_stale_pid_of_a_living_stranger_is_seen_through(own: Cluster) -> None:
    own.start()
    own.stop()
    sleeper = subprocess.Popen(["/bin/sleep", "60"], user=own.crew.keeper.uid if is_root() else None)
    try:
        (own.data / "postmaster.pid").write_text(f"{sleeper.pid}\n{own.data}\n1700000000\n{own.layout.where()[1]}\n")
        os.chown(own.data / "postmaster.pid", own.crew.keeper.uid, own.crew.keeper.gid)
        assert running_pid(own.data) is None
        own.start()
        assert running_pid(own.data) not in {None, sleeper.pid}
    finally:
        sleeper.kill()
        sleeper.wait()


def test_wrong_folder_mode_is_mended(own: Cluster) -> None:
    own.start()
    own.stop()
    own.data.chmod(0o755)
    own.start()
    assert stat.S_IMODE(own.data.stat().st_mode) == 0o700


def test_two_starts_in_the_same_moment_make_one_database(own: Cluster) -> None:
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(Cluster(own.home, say=lambda _: None).start) for _ in range(3)]:
            done.result()
    assert own.answers()


def test_interrupted_first_start_is_made_good(own: Cluster) -> None:
    (own.home / "postgres.new").mkdir()
    (own.home / "postgres.new" / "half").write_text("made")
    own.start()
    with psycopg.connect(own.superuser_url) as connection:
        connection.execute("ALTER ROLE gridmap_app NOLOGIN")
        connection.execute("ALTER FUNCTION geometry_overlaps(geometry, geometry) NOT LEAKPROOF")
    own.start()
    with psycopg.connect(own.app_url) as connection:
        assert is_leakproof(connection)


def test_foreign_files_in_the_place_of_data_are_not_touched(own: Cluster) -> None:
    own.data.mkdir()
    (own.data / "letter.txt").write_text("dear")
    with pytest.raises(ClusterError, match="holds files but no database"):
        own.start()
    assert (own.data / "letter.txt").read_text() == "dear"
    shutil.rmtree(own.data)


# ---- where it lies


def test_long_home_gets_a_short_socket_folder() -> None:
    long = Layout(Path("/tmp") / ("long" * 30))
    assert len(str(long.sockets / ".s.PGSQL.65535.lock")) <= SOCKET_LIMIT
    assert Layout(Path("/srv/gridmap")).sockets == Path("/srv/gridmap/run")


@needs_root
def test_home_behind_a_closed_folder_goes_to_the_system_and_leaves_a_note(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    asked = tmp_path / "home"
    real = real_home(asked)
    assert real.parent == Path("/var/lib/gridmap")
    assert real == real_home(asked)
    asked.mkdir()
    (asked / MOVED).write_text("/srv/elsewhere\n")
    assert real_home(asked) == Path("/srv/elsewhere")


def test_home_that_cannot_be_made_is_a_sentence() -> None:
    folder = make_home()
    (folder / "file").touch()
    try:
        with pytest.raises(ClusterError, match="set GRIDMAP_HOME to a folder of your own"):
            Cluster(folder / "file" / "home").start()
    finally:
        shutil.rmtree(folder)


@needs_root
def test_one_user_may_pass_a_closed_folder_and_nobody_else() -> None:
    outer = make_home()
    inner = outer / "closed" / "program"
    inner.mkdir(parents=True)
    inner.parent.chmod(0o700)
    web, keeper = identity.web_user(), identity.database_user()
    try:
        assert closed_folders(inner, web) == [inner.parent]
        assert let_through([inner], web) == [inner.parent]
        assert let_through([inner], web) == []
        assert may_pass(inner.parent, web)
        assert not may_pass(inner.parent, keeper)
        assert identity.run_as(web, ["/bin/ls", str(inner)]).returncode == 0
        assert identity.run_as(web, ["/bin/ls", str(inner.parent)]).returncode != 0
        assert identity.run_as(keeper, ["/bin/ls", str(inner)]).returncode != 0
    finally:
        shutil.rmtree(outer)


# ---- programs, memory and room


def make_programs(root: Path, version: int) -> None:
    folder = root / f"usr/lib/postgresql/{version}/bin"
    folder.mkdir(parents=True)
    (folder / "postgres").touch()
    extension = root / f"usr/share/postgresql/{version}/extension"
    extension.mkdir(parents=True)
    (extension / "postgis.control").touch()


def test_newest_programs_with_postgis_or_those_of_the_data(tmp_path: Path) -> None:
    for version in (15, 9, 17):
        make_programs(tmp_path, version)
    (tmp_path / "usr/lib/postgresql/18/bin").mkdir(parents=True)
    (tmp_path / "usr/lib/postgresql/18/bin/postgres").touch()
    assert [programs.version for programs in installed(tmp_path)] == [17, 15, 9]
    data = tmp_path / "data"
    assert find_programs(data, tmp_path).version == 17
    data.mkdir()
    (data / "PG_VERSION").write_text("15\n")
    assert find_programs(data, tmp_path).version == 15
    (data / "PG_VERSION").write_text("14\n")
    with pytest.raises(NoProgramsError, match="made by PostgreSQL 14, but only version 17, 15, 9"):
        find_programs(data, tmp_path)


def test_without_postgresql_the_apt_line_is_said(tmp_path: Path) -> None:
    with pytest.raises(NoProgramsError, match="apt-get install --no-install-recommends postgresql-15-postgis-3"):
        find_programs(tmp_path / "data", tmp_path)


def test_memory_bounds_the_buffers(tmp_path: Path) -> None:
    gigabyte = 1 << 30
    assert settings(Layout(tmp_path), 5432, 32 * gigabyte)["shared_buffers"] == "512MB"
    assert settings(Layout(tmp_path), 5432, gigabyte)["shared_buffers"] == "256MB"


def test_import_without_room_is_refused_and_says_what_to_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "backups").mkdir()
    for day in (1, 2, 3):
        (tmp_path / "backups" / f"gridmap-2026030{day}T020000Z.tar").write_bytes(b"x" * room.MB)
    monkeypatch.setattr(room, "free_bytes", lambda _: 600 * room.MB)
    room.room_for(tmp_path, 300 * room.MB)
    with pytest.raises(NoRoomError, match=r"needs about 400 MB .* only 600 MB left\. Older backups hold 2 MB"):
        room.room_for(tmp_path, 400 * room.MB)


def test_full_disk_gives_up_the_ballast_before_it_gives_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room.keep_ballast(tmp_path)
    ballast = tmp_path / "ballast"
    assert ballast.stat().st_size == room.BALLAST
    monkeypatch.setattr(room, "free_bytes", lambda _: room.BALLAST if not ballast.exists() else 1000)
    assert "were given up" in (room.room_to_start(tmp_path) or "")
    assert not ballast.exists()
    monkeypatch.setattr(room, "free_bytes", lambda _: 1000)
    with pytest.raises(NoRoomError, match="is full, and the database cannot start"):
        room.room_to_start(tmp_path)
