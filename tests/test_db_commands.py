"""`gridmap db`, as it is typed: start, stop, upgrade, back up, restore, bootstrap."""

import json
import re
import shutil
import subprocess
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import conninfo, sql

from gridmap.cluster import Cluster
from gridmap.cluster.archive import ArchiveError, verify
from gridmap.cluster.backup import Backup, backup, backups_in, restore, rotate, to_drop
from gridmap.cluster.bootstrap import bootstrap_sql
from gridmap.cluster.checks import check_database
from gridmap.commands import main
from gridmap.commands.db import seconds_to_night
from gridmap.db import migrate
from tests.conftest import make_home
from tests.installation import run


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


def test_upgrade_with_nothing_to_do_saves_nothing(filled: Cluster) -> None:
    before = backups_in(filled.home / "backups")
    assert run(filled.home, "db", "upgrade").output == "The database is up to date.\n"
    assert backups_in(filled.home / "backups") == before


def test_upgrade_saves_first_and_says_the_way_back(filled: Cluster) -> None:
    with psycopg.connect(filled.superuser_url) as connection:
        connection.execute("ALTER FUNCTION geometry_overlaps(geometry, geometry) NOT LEAKPROOF")
    result = run(filled.home, "db", "upgrade")
    assert result.exit_code == 0
    saved = re.search(r"gridmap db restore (\S+\.tar) --yes", result.output)
    assert saved
    assert "Now: leakproof mark." in result.output
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
        members = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]  # each is a file
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
