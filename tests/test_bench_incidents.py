"""`gridmap bench incidents` counts what it says: accepted, lost, doubled. Never how fast this machine is."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from gridmap.bench.phones import Sent
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
    done = run(home, "bench", "incidents", *small, **environment)
    assert done.exit_code == 0, done.output
    found = {one["what"]: one["median"] for one in json.loads(done.stdout)}
    assert [found[what] for what in ("not accepted", "accepted and lost", "doubled")] == [0, 0, 0]
    assert sum(what.startswith("tile of zoom") for what in found) >= 6
    with psycopg.connect(base.owner_url) as owner:
        assert owner.execute("SELECT count(*) FROM gridmap.incident").fetchone() == before


def test_the_share_of_waits() -> None:
    sent = Sent(waited_ms=[float(number) for number in range(1, 101)])
    assert (sent.share(0.5), sent.share(0.95), Sent().share(0.95)) == (51.0, 96.0, 0.0)
