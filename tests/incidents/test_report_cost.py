"""What a report costs: few statements, and no lock that others wait for until it is on the disk."""

from threading import get_ident
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from gridmap.db import Changes
from gridmap.incidents import Report
from gridmap.incidents.sending import Desk, send_report
from tests.duties_town import STAIRS
from tests.incidents_town import CLUTTER, STREET, Town

MOST = 16
"""Begin and commit included."""


@pytest.fixture(scope="module")
def town(shared_town: Town) -> Town:
    """One for all: a report costs the same whatever was reported before."""
    return shared_town


def send(town: Town) -> dict[str, Any]:
    desk = Desk(database=town.database, viewer=town.viewer("worker_a").prologue, by=town.by("worker_a"))
    report = Report(kind=CLUTTER, place_id=STAIRS[0], text="三楼平台堆满纸箱")
    return dict(send_report(desk, uuid4(), report, {"kind": CLUTTER, "place_id": STAIRS[0]}))


def test_a_report_takes_few_statements_and_wakes_nobody(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who notifies would hold a lock of the whole database until the commit is on the disk."""
    send(town)
    said: list[str] = []
    this_thread = get_ident()
    execute = psycopg.Connection.execute

    def counted(self: "psycopg.Connection[Any]", query: Any, *arguments: Any, **words: Any) -> Any:
        # other threads ask, too: those that watch for changes
        if get_ident() == this_thread:
            said.append(query.decode() if isinstance(query, bytes) else str(query))
        return execute(self, query, *arguments, **words)

    monkeypatch.setattr(psycopg.Connection, "execute", counted)
    send(town)
    assert said[0].startswith("BEGIN")
    assert len(said) + 1 <= MOST, said
    assert [one for one in said if "NOTIFY" in one] == []


def test_every_process_finds_it_all_the_same(town: Town) -> None:
    follower = Changes(town.database.conninfo)
    with psycopg.connect(town.database.conninfo, autocommit=True) as feed:
        follower.poll(feed)
        before = follower.version("incidents", [STREET])
        told = send(town)
        follower.poll(feed)
    assert follower.version("incidents", [STREET]) == before + 1
    assert told["seen"] is not None
