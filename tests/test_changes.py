"""The change feed: every process counts each change once, whatever happens to the rows of the feed meanwhile."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from gridmap.audit import announce
from gridmap.db import SYSTEM, Changes, Database, changes
from gridmap.db.pools import SIZES, PoolName
from gridmap.nightly import fold_feed
from tests.conftest import Base

HERE, THERE = 7, 8


@pytest.fixture(scope="module")
def base(empty_template: str, copy_database: Callable[[str], Base]) -> Base:
    return copy_database(empty_template)


@pytest.fixture
def database(base: Base) -> Iterator[Database]:
    """A database whose feed is empty."""
    with psycopg.connect(base.owner_url) as owner:
        owner.execute("DELETE FROM gridmap.change")
    made = Database(base.app_url)
    yield made
    made.close()


@pytest.fixture
def feed(database: Database) -> Iterator["psycopg.Connection[Any]"]:
    """The connection on which the tests let a follower read."""
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        yield connection


@contextmanager
def announcing(database: Database, street: int, *layers: str) -> Iterator[None]:
    """A transaction that has announced and is still open."""
    with database.transaction(SYSTEM) as connection:
        announce(connection, street, layers)
        yield


def tell(database: Database, street: int, *layers: str) -> None:
    with announcing(database, street, *layers):
        pass


def newest(feed: "psycopg.Connection[Any]") -> int:
    row = feed.execute("SELECT max(id) FROM gridmap.change").fetchone()
    assert row is not None
    return int(row[0])


def told(followers: list[Changes]) -> set[tuple[int, ...]]:
    """What each follower says of the buildings: here, there, in both, anywhere."""
    return {
        tuple(one.version("buildings", streets) for streets in ((HERE,), (THERE,), (HERE, THERE), None))
        for one in followers
    }


def test_a_change_counts_in_its_street_and_one_of_no_street_everywhere(
    database: Database, feed: "psycopg.Connection[Any]"
) -> None:
    follower = Changes(database.conninfo)
    tell(database, HERE, "buildings", "grids")
    tell(database, 0, "buildings")
    follower.poll(feed)
    assert told([follower]) == {(2, 1, 2, 2)}
    assert (follower.version("grids"), follower.version("grids", [THERE]), follower.version("roads")) == (1, 0, 0)
    follower.poll(feed)
    assert told([follower]) == {(2, 1, 2, 2)}


def test_what_commits_late_is_counted_all_the_same(database: Database, feed: "psycopg.Connection[Any]") -> None:
    follower = Changes(database.conninfo)
    with announcing(database, HERE, "buildings"):
        tell(database, THERE, "buildings")
        follower.poll(feed)
        assert told([follower]) == {(0, 1, 1, 1)}
    follower.poll(feed)
    assert told([follower]) == {(1, 1, 2, 2)}


def age(owner: "psycopg.Connection[Any]") -> None:
    owner.execute("UPDATE gridmap.change SET at = at - interval '3 days'")
    owner.commit()


def test_folding_moves_no_version_in_any_process(
    database: Database, feed: "psycopg.Connection[Any]", base: Base
) -> None:
    """Two processes, or one before and after a recount, must never call two states by one number."""
    for street in (HERE, HERE, THERE, 0):
        tell(database, street, "buildings")
    follower = Changes(database.conninfo)
    follower.recount(feed)
    with psycopg.connect(base.owner_url) as owner:
        age(owner)
    tell(database, HERE, "buildings")
    with database.transaction(SYSTEM) as connection:
        assert fold_feed(connection, datetime.now(UTC)) == 1
    assert told([follower]) == {(3, 2, 4, 4)}
    follower.poll(feed)
    recounted = Changes(database.conninfo)
    recounted.recount(feed)
    assert told([follower, recounted]) == {(4, 2, 5, 5)}
    tell(database, HERE, "buildings")
    for one in (follower, recounted):
        one.poll(feed)
    assert told([follower, recounted]) == {(5, 2, 6, 6)}


def test_while_it_is_recounted_nobody_sees_less(database: Database, feed: "psycopg.Connection[Any]") -> None:
    feed.execute("INSERT INTO gridmap.change (street_id, layer) SELECT n, 'buildings' FROM generate_series(1, 199) n")
    follower = Changes(database.conninfo)
    follower.recount(feed)
    found: set[tuple[int, int]] = set()
    is_over = threading.Event()

    def look() -> None:
        while not is_over.is_set():
            found.add((follower.version("buildings"), follower.version("buildings", range(1, 200))))

    looking = [threading.Thread(target=look) for _ in range(2)]
    for thread in looking:
        thread.start()
    for _ in range(20):
        follower.recount(feed)
    is_over.set()
    for thread in looking:
        thread.join()
    assert found == {(199, 199)}


def test_once_started_it_has_counted(database: Database) -> None:
    """Version 0 at each start would let a browser's copy of the last start pass for a good one."""
    tell(database, HERE, "buildings")
    follower = Changes(database.conninfo)
    follower.start()
    try:
        assert told([follower]) == {(1, 0, 1, 1)}
    finally:
        follower.stop()


def test_a_database_that_is_away_does_not_stop_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "START_SECONDS", 60.0)
    follower = Changes("host=/nowhere dbname=nothing")
    starting = threading.Thread(target=follower.start, daemon=True)
    starting.start()
    starting.join(20)
    assert not starting.is_alive()
    follower.stop()
    assert follower.version("buildings") == 0


# Told of a change ---------------------------------------------------------------------------------------------------


@pytest.fixture
def connects(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every connection that a follower opens from now on."""
    made: list[str] = []
    connect = psycopg.connect

    def counted(*arguments: Any, **words: Any) -> Any:
        made.append(words.get("application_name", ""))
        return connect(*arguments, **words)

    monkeypatch.setattr(psycopg, "connect", counted)
    return made


def test_who_is_told_of_a_change_sees_it_now(
    database: Database, feed: "psycopg.Connection[Any]", connects: list[str]
) -> None:
    follower = Changes(database.conninfo)
    tell(database, HERE, "buildings")
    follower.catch_up(newest(feed))
    assert told([follower]) == {(1, 0, 1, 1)}
    follower.catch_up(newest(feed))
    assert len(connects) == 1


def test_also_where_later_changes_were_seen_before(database: Database, feed: "psycopg.Connection[Any]") -> None:
    follower = Changes(database.conninfo)
    with announcing(database, HERE, "buildings"):
        tell(database, THERE, "buildings")
        follower.poll(feed)
    follower.catch_up(newest(feed) - 1)
    assert told([follower]) == {(1, 1, 2, 2)}


def test_a_change_that_is_not_there_is_looked_for_once(
    database: Database, feed: "psycopg.Connection[Any]", connects: list[str]
) -> None:
    """An old tab, or a number that somebody has made up, must not cost a connection for each tile."""
    tell(database, HERE, "buildings")
    follower = Changes(database.conninfo)
    for _ in range(5):
        follower.catch_up(10**12)
    assert len(connects) == 1
    tell(database, HERE, "buildings")
    follower.catch_up(newest(feed))
    assert told([follower]) == {(2, 0, 2, 2)}


def test_a_crowd_that_is_told_looks_once(
    database: Database, feed: "psycopg.Connection[Any]", connects: list[str]
) -> None:
    follower = Changes(database.conninfo)
    tell(database, HERE, "buildings")
    change, together = newest(feed), threading.Barrier(10)

    def ask() -> None:
        together.wait(20)
        follower.catch_up(change)

    crowd = [threading.Thread(target=ask) for _ in range(10)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert told([follower]) == {(1, 0, 1, 1)}
    assert len(connects) == 1


# Pools --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SIZES)
def test_a_pool_is_opened_once_however_many_ask(name: PoolName, database: Database) -> None:
    together, found = threading.Barrier(8), set[ConnectionPool[Any]]()

    def ask() -> None:
        together.wait(20)
        found.add(database.pool(name))

    crowd = [threading.Thread(target=ask) for _ in range(8)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert len(found) == 1


def test_a_burst_is_one_look(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of changes a second must not cost each process a look at thousands of rows for each of them."""
    monkeypatch.setattr(changes, "GATHER_SECONDS", 0.5)
    follower, looks, told_of = Changes(database.conninfo), list[int](), threading.Event()
    poll = follower.poll

    def counted(connection: "psycopg.Connection[Any]", back: int = changes.WINDOW) -> None:
        poll(connection, back)
        looks.append(back)
        if follower.version("buildings") == 30:
            told_of.set()

    monkeypatch.setattr(follower, "poll", counted)
    follower.start()
    try:
        for _ in range(30):
            tell(database, HERE, "buildings")
        assert told_of.wait(20)
    finally:
        follower.stop()
    assert len(looks) < 15
