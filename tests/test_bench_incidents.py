"""`gridmap bench incidents` counts what it says: accepted, lost, doubled. Never how fast this machine is."""

import asyncio
import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import psycopg
import pytest

from gridmap.bench.figures import Figure, lines, said
from gridmap.bench.http import Target
from gridmap.bench.looking import SETTINGS, undone
from gridmap.bench.phones import NO_ANSWER, Load, Sent, _send
from gridmap.db import Database
from gridmap.layer import Role
from gridmap.scope import Reach, Viewer
from tests.conftest import DEMO_CLOCK, Base, make_home
from tests.installation import run


@pytest.fixture
def home() -> Iterator[Path]:
    """A data folder that the server's own user may enter."""
    made = make_home()
    yield made
    shutil.rmtree(made)


@pytest.mark.full
def test_every_report_is_looked_for_and_leaves_again(
    home: Path, demo_template: str, copy_database: Callable[[str], Base]
) -> None:
    base = copy_database(demo_template)
    environment = {"GRIDMAP_DATABASE_URL": base.app_url, "GRIDMAP_OWNER_URL": base.owner_url,
                   "GRIDMAP_CLOCK": DEMO_CLOCK}  # fmt: skip
    small = ("--phones", "4", "--per-second", "8", "--seconds", "2", "--cases", "400", "--runs", "1", "--json")
    with psycopg.connect(base.owner_url) as owner:
        before = owner.execute("SELECT count(*) FROM gridmap.incident").fetchone()
    # in a thread of its own: the browser of tests before this one has a loop running in theirs
    with ThreadPoolExecutor(1) as beside:
        done = beside.submit(run, home, "bench", "incidents", *small, **environment).result()
    assert done.exit_code == 0, done.output
    found = {one["what"]: one["median"] for one in json.loads(done.stdout)}
    assert [found[what] for what in ("not accepted", "accepted and lost", "doubled")] == [0, 0, 0]
    assert sum(what.startswith("tile of zoom") for what in found) >= 6
    ratios = {what for what in found if what.endswith("against a plain count")}
    assert {what.removesuffix(", against a plain count") for what in ratios} >= {
        "how many are open and late", "its figures", "all of a month", "week by week, a year"
    }  # fmt: skip
    with psycopg.connect(base.owner_url) as owner:
        assert owner.execute("SELECT count(*) FROM gridmap.incident").fetchone() == before


@pytest.mark.parametrize("fails", [False, True])
def test_what_a_benchmark_writes_leaves_again(empty_base: Base, *, fails: bool) -> None:
    database = Database(empty_base.app_url)
    write = "INSERT INTO gridmap.sign_in_failure (username, address, failed_at) VALUES ('one', '', now())"
    seen = []
    with closing(database), suppress(InterruptedError), undone(database) as connection:
        connection.execute(write)
        seen += connection.execute("SELECT username FROM gridmap.sign_in_failure").fetchall()
        seen += connection.execute("SHOW statement_timeout").fetchall()
        if fails:
            raise InterruptedError
    assert seen == [{"username": "one"}, {"statement_timeout": "0"}]
    with psycopg.connect(empty_base.owner_url) as owner:
        assert owner.execute("SELECT count(*) FROM gridmap.sign_in_failure").fetchone() == (0,)


def test_a_phone_that_gets_no_answer_counts_as_not_accepted() -> None:
    """The server hangs up before it has answered: the wait is not forgotten, and nothing was accepted."""

    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def serve() -> Sent:
        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        try:
            return await _send(Target(host=host, port=port, cookie=""), "token", load)
        finally:
            server.close()

    load = Load(places=[(1, "03001")], phones=3, per_second=30, seconds=0.3)
    # in a thread of its own: browsers may have left a loop running in this one
    with ThreadPoolExecutor(1) as alone:
        sent = alone.submit(asyncio.run, serve()).result()
    assert sent.statuses == {NO_ANSWER: 3}
    assert (len(sent.waited_ms), sent.accepted) == (3, {})


def test_reading_as_somebody_sets_all_that_row_security_reads() -> None:
    """A setting that is missing here would let the benchmark read what nobody reads."""
    reach = Reach(streets=(1,), communities=(2,), grids=(3,), estates=(4,), places=(5,), organisations=(6,),
                  people=(7,), near=(1,))  # fmt: skip
    viewer = Viewer(account_id=1, username="", title="", locale="en", roles=frozenset({Role.ADMINISTRATOR}),
                    reach=reach, person_id=8)  # fmt: skip
    assert set(viewer.settings) == set(SETTINGS)


@pytest.mark.parametrize(("value", "met"), [(125.9, False), (126.0, True)])
def test_what_must_be_at_least_so_much(value: float, met: bool) -> None:
    figure = Figure(page="reports", what="accepted", unit="a second", values=(value,), least=126)
    assert figure.is_met is met
    assert "≥ 126 a second" in "\n".join(lines([figure]))
    assert said(1.523, "×") == "× 1.52"


def test_the_share_of_waits() -> None:
    sent = Sent(waited_ms=[float(number) for number in range(1, 101)])
    assert (sent.share(0.5), sent.share(0.95), Sent().share(0.95)) == (51.0, 96.0, 0.0)
