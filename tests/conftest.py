"""One private database for the whole run, made and started by the code that users run."""

import functools
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg import conninfo, sql

from gridmap import create_app
from gridmap.accounts import actor, create_token
from gridmap.clock import parse_clock
from gridmap.cluster import Cluster
from gridmap.db import SYSTEM, Database, migrate
from gridmap.demo.accounts import make_accounts
from gridmap.settings import Settings
from tests.installation import AWKWARD, run

DEMO_CLOCK = "2026-03-16T09:00+08:00"
DEMO_PASSWORD = "demo-password-for-tests"

# a caller's own settings must not reach the tests, and PostgreSQL's programs read PG* by themselves
ASKED = "GRIDMAP_FOREIGN_OGC"
"""The other server that the abstract tests ask with `-m foreign`."""
for _name in [name for name in os.environ if name.startswith(("GRIDMAP_", "PG")) and name != ASKED]:
    del os.environ[_name]


def make_home() -> Path:
    """A new, short folder that the database's own user may enter, unlike pytest's."""
    home = Path(tempfile.mkdtemp(prefix="gm-", dir="/tmp"))
    home.chmod(0o711)
    return home


LONGEST = (
    "browser/test_bad_line.py",
    "browser/test_reports_bad_line.py",
    "browser/test_parking_bad_line.py",
    "incidents/test_races.py",
    "test_agreement.py",
    "test_kpi.py",
    "browser/test_every_page.py",
    "test_who_sees_what.py",
    "browser/test_reports.py",
    "test_who_sees_what_by_http.py",
    "test_who_answers_what.py",
)
"""Files that take longest, begun first: of several workers none is left with one of them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, all others as they are."""
    tests = Path(__file__).parent
    rank = {tests / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path, len(LONGEST)))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running private database with roles, extensions and an empty schema; gone after the run."""
    made = Cluster(make_home())
    try:
        made.start()
        with psycopg.connect(made.superuser_url, autocommit=True) as connection:
            # the applications of all tests stay open until the end, each with its pools
            connection.execute("ALTER SYSTEM SET max_connections = 400")
            # nothing here outlives the run, so nothing needs to reach the disk
            for name in ("fsync", "full_page_writes", "synchronous_commit"):
                connection.execute(f"ALTER SYSTEM SET {name} = off")
        made.stop()
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(made.home)


def in_database(url: str, name: str) -> str:
    """The same connection, to another database of the cluster."""
    return conninfo.make_conninfo(url, dbname=name)


@dataclass(frozen=True)
class Base:
    """A database of the test cluster with gridmap's schema, and the two ways into it."""

    app_url: str
    owner_url: str
    superuser_url: str


@pytest.fixture(scope="session")
def empty_template(cluster: Cluster) -> str:
    """The name of a migrated database without rows, to copy from."""
    migrate(cluster.owner_url)
    return "gridmap"


@pytest.fixture(scope="session")
def copy_database(cluster: Cluster) -> Callable[[str], Base]:
    """Makes a copy of a database of the cluster: a fraction of a second, nothing shared."""
    numbers = itertools.count(1)

    def copy(template: str) -> Base:
        name = f"copy_{next(numbers)}"
        with psycopg.connect(in_database(cluster.superuser_url, "postgres"), autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER gridmap_owner").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        return Base(*(in_database(url, name) for url in (cluster.app_url, cluster.owner_url, cluster.superuser_url)))

    return copy


@pytest.fixture
def empty_base(empty_template: str, copy_database: Callable[[str], Base]) -> Base:
    """A database of one's own with the schema and no rows: do with it what you like."""
    return copy_database(empty_template)


@pytest.fixture(scope="session")
def demo_template(empty_template: str, copy_database: Callable[[str], Base]) -> str:
    """The name of a database with the demo neighbourhoods and their accounts (password `DEMO_PASSWORD`)."""
    base = copy_database(empty_template)
    from gridmap.demo.store import load_demo

    with psycopg.connect(base.owner_url) as owner:
        load_demo(owner)
    database = Database(base.app_url)
    make_accounts(database, actor(parse_clock(DEMO_CLOCK)), DEMO_PASSWORD)
    database.close()
    return str(conninfo.conninfo_to_dict(base.app_url)["dbname"])


@pytest.fixture(scope="session")
def places_template(empty_template: str, copy_database: Callable[[str], Base]) -> str:
    """The name of a database with the demo's places and accounts alone: made in seconds, as nothing happened there."""
    base = copy_database(empty_template)
    from gridmap.demo.store import load_places

    with psycopg.connect(base.owner_url) as owner:
        load_places(owner)
    database = Database(base.app_url)
    make_accounts(database, actor(parse_clock(DEMO_CLOCK)), DEMO_PASSWORD)
    database.close()
    return str(conninfo.conninfo_to_dict(base.app_url)["dbname"])


@pytest.fixture(scope="session")
def demo_base(demo_template: str, copy_database: Callable[[str], Base]) -> Base:
    """The demo, shared by all tests that only read."""
    return copy_database(demo_template)


@pytest.fixture
def own_demo_base(demo_template: str, copy_database: Callable[[str], Base]) -> Base:
    """A demo of one's own: write in it."""
    return copy_database(demo_template)


@pytest.fixture(scope="session")
def make_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Base], Flask]]:
    """Makes the application on a database, at the demo's business time or another `clock`; closed after the run."""
    made: list[Flask] = []

    def make(base: Base, *, clock: str = DEMO_CLOCK, **changes: Any) -> Flask:
        settings = Settings(home=tmp_path_factory.mktemp("home"), clock=clock, database_url=base.app_url, **changes)
        app = create_app(settings)
        made.append(app)
        return app

    yield make
    with ThreadPoolExecutor(max_workers=len(made) or 1) as all_at_once:
        list(all_at_once.map(_close, made))


def _close(app: Flask) -> None:
    services = app.extensions["gridmap"]
    services.changes.stop()
    services.database.close()


@pytest.fixture(scope="session")
def demo_app(demo_base: Base, make_app: Callable[[Base], Flask]) -> Flask:
    """The application on the shared demo."""
    return make_app(demo_base)


@pytest.fixture(scope="session")
def token_of(demo_app: Flask) -> Callable[[str], dict[str, str]]:
    """The headers of a program signed in as that demo account."""
    services = demo_app.extensions["gridmap"]

    @functools.cache
    def headers(username: str) -> dict[str, str]:
        with services.database.transaction(SYSTEM) as connection:
            row = connection.execute("SELECT id FROM gridmap.account WHERE username = %s", (username,)).fetchone()
            secret = create_token(connection, actor(services.clock), row["id"], name="test", days=1)
        return {"Authorization": f"Bearer {secret}"}

    return headers


@pytest.fixture(scope="session")
def filled() -> Iterator[Cluster]:
    """An installation of its own for backup, doctor and server: all tables, awkward rows, a file and a secret."""
    made = Cluster(make_home())
    try:
        assert run(made.home, "db", "start").exit_code == 0
        upgraded = run(made.home, "db", "upgrade")
        assert upgraded.exit_code == 0, upgraded.output
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
