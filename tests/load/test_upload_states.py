"""An upload goes the way its person says, in any order of presses and work: never half an import, never two."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from gridmap.accounts import Grant, actor, create_account, give_grant
from gridmap.clock import parse_clock
from gridmap.db import SYSTEM, Database
from gridmap.files import keep_stream
from gridmap.jobs import run_next
from gridmap.load.store import find_street
from gridmap.load.uploads import (
    UploadProblem,
    ask_undo,
    confirm,
    drop,
    import_worker,
    look_again,
    preview,
    read_upload,
    receive,
    undo_worker,
)
from tests.load.test_store import communities, put

CLOCK = parse_clock("2026-03-16T09:00+08:00")
ROWS = 5
CONTENT = (
    "名称,地址,类型,经度,纬度\n" + "".join(f"灯{n},,路灯,121.4{n},31.3{n}\n" for n in range(ROWS)) + "坏,,路灯,0,0\n"
)
SAID = {"kind": "facilities", "source": "lamps"}


class Uploads(RuleBasedStateMachine):
    """Presses of several pages, some of them old, and a worker that comes when it comes."""

    database: Database
    home: Path
    street: int
    account: int

    def __init__(self) -> None:
        super().__init__()
        self.by = actor(CLOCK, self.account)
        content = self.home / "lamps.csv"
        content.write_text(CONTENT, encoding="utf-8")
        with self.database.transaction(SYSTEM) as connection:
            for statement in (
                "UPDATE gridmap.upload SET state = 'dropped' WHERE state <> 'written'",
                "DELETE FROM gridmap.job",
            ):
                connection.execute(statement)
            with content.open("rb") as stream:
                kept = keep_stream(self.home, stream, 10_000)
            self.upload = receive(connection, self.by, self.street, kept, "lamps.csv", SAID)
        self.revisions = [1]
        self.workers = {
            "import": import_worker(self.database, self.home, CLOCK),
            "undo_import": undo_worker(self.database, CLOCK),
        }

    def row(self) -> dict[str, Any]:
        with self.database.transaction(SYSTEM) as connection:
            found = read_upload(connection, self.upload)
        assert found is not None
        return found

    @rule(step=st.sampled_from(["look", "preview", "confirm", "drop"]), age=st.integers(0, 2), times=st.integers(1, 2))
    def press(self, step: str, age: int, times: int) -> None:
        """A button of a page that shows the newest state, or an older one; pressed once or twice."""
        before = self.row()
        self.revisions.append(before["revision"])
        revision = self.revisions[max(-1 - age, -len(self.revisions))]
        went = 0
        for _time in range(times):
            try:
                with self.database.transaction(SYSTEM) as connection:
                    match step:
                        case "look":
                            look_again(connection, self.by, self.upload, revision, SAID)
                        case "preview":
                            preview(connection, self.by, self.upload, revision, SAID)
                        case "confirm":
                            confirm(connection, self.by, self.upload, revision)
                        case _:
                            drop(connection, self.by, self.upload, revision)
                went += 1
            except UploadProblem:
                continue
        assert went <= 1
        if went:
            assert revision == before["revision"]
            assert (step, before["state"]) in {
                *(("look", state) for state in ("guessed", "checked")),
                ("preview", "guessed"),
                ("confirm", "checked"),
                *(("drop", state) for state in ("reading", "guessed", "checking", "checked")),
            }

    @rule(times=st.integers(1, 3))
    def work(self, times: int) -> None:
        for _time in range(times):
            run_next(self.database, self.workers)

    @rule(times=st.integers(1, 2))
    def take_back(self, times: int) -> None:
        run = self.row()["run_id"]
        if run is None:
            return
        for _time in range(times):
            try:
                with self.database.transaction(SYSTEM) as connection:
                    ask_undo(connection, self.by, run, leave=False)
            except UploadProblem:
                continue

    @rule()
    def come_twice(self) -> None:
        """A worker that died after its commit: the job is done once more."""
        with self.database.transaction(SYSTEM) as connection:
            connection.execute("UPDATE gridmap.job SET state = 'queued', not_before = now() WHERE state = 'done'")

    @invariant()
    def whole_or_not_at_all(self) -> None:
        found = self.row()
        with self.database.transaction(SYSTEM) as connection:
            lamps = connection.execute("SELECT count(*) AS n FROM gridmap.facility").fetchone()
            runs = connection.execute("SELECT undone_at FROM gridmap.import_run WHERE kind = 'facilities'").fetchall()
        standing = [run for run in runs if run["undone_at"] is None]
        assert lamps == {"n": ROWS if standing else 0}
        assert len(standing) <= 1
        assert (found["run_id"] is not None) == (found["state"] == "written")

    def teardown(self) -> None:
        found = self.row()
        if found["run_id"] is not None:
            self.take_back(times=1)
        for _time in range(20):
            run_next(self.database, self.workers)
        self.whole_or_not_at_all()


@pytest.fixture
def database(empty_base: Any) -> Iterator[Database]:
    made = Database(empty_base.app_url)
    yield made
    made.close()


def test_any_order_of_presses_and_work(database: Database, tmp_path: Path) -> None:
    put(database, communities(tmp_path, shapely.box(121.3, 31.2, 121.6, 31.5)))
    with database.transaction(SYSTEM) as connection:
        Uploads.street = find_street(connection, "310113103")
        Uploads.account = create_account(
            connection, actor(CLOCK), username="planner", title="p", password="three-words-of-mine"
        )
        give_grant(connection, actor(CLOCK), Uploads.account, Grant(role="planner", level="city"))
    Uploads.database, Uploads.home = database, tmp_path
    run_state_machine_as_test(
        Uploads,
        settings=settings(
            max_examples=15, stateful_step_count=18, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
