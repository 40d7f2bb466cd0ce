"""The demo's planner has brought in a list: what became of its rows, and that it is brought in once."""

from collections.abc import Callable, Iterator

import pytest

from gridmap.clock import parse_clock
from gridmap.commands.demo_files import bring_in_lamps
from gridmap.db import SYSTEM, Database
from gridmap.demo.lamps import FILE, SOURCE
from tests.conftest import DEMO_CLOCK, Base


@pytest.fixture(scope="module")
def database(places_template: str, copy_database: Callable[[str], Base]) -> Iterator[Database]:
    made = Database(copy_database(places_template).app_url)
    for _twice in range(2):
        bring_in_lamps(made, parse_clock(DEMO_CLOCK))
    yield made
    made.close()


def asked(database: Database, statement: str) -> list[dict[str, object]]:
    with database.transaction(SYSTEM) as connection:
        return connection.execute(statement).fetchall()


def test_one_run_of_the_planner_says_what_became_of_the_rows(database: Database) -> None:
    runs = asked(
        database,
        "SELECT r.file_name, r.counts, a.username FROM gridmap.import_run r JOIN gridmap.account a"
        " ON a.id = r.account_id",
    )
    assert [(run["file_name"], run["username"]) for run in runs] == [(FILE, "planner")]
    counts = runs[0]["counts"]
    assert isinstance(counts, dict)
    assert {name: counts[name] for name in ("read", "accepted", "corrected", "rejected", "new", "queued")} == {
        "read": 11, "accepted": 6, "corrected": 2, "rejected": 5, "new": 6, "queued": 4,
    }  # fmt: skip


def test_six_lamps_stand_in_their_grids_and_four_wait_for_a_place(database: Database) -> None:
    lamps = asked(database, f"SELECT name, grid_id FROM gridmap.place WHERE source = '{SOURCE}' ORDER BY name")
    assert len(lamps) == 6
    assert all(lamp["grid_id"] for lamp in lamps)
    waiting = asked(database, "SELECT name, reason FROM gridmap.unplaced WHERE state = 'waiting' ORDER BY name")
    assert [row["reason"] for row in waiting] == ["null_island", "to_place_by_hand", "outside", "not_a_coordinate"]
