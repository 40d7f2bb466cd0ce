"""Files by the page: exports, a renovation plan, a map as one file; who may, what is written down, what is refused."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from gridmap.accounts import actor
from gridmap.clock import parse_clock
from gridmap.db import Database
from gridmap.demo.accounts import make_accounts
from gridmap.demo.store import load_places
from gridmap.map_file import _inert
from tests.conftest import DEMO_CLOCK, DEMO_PASSWORD, Base
from tests.rows import rows
from tests.web.visitor import Person, person

ESTATE = 42953968136192
"""丁香苑 of the demo."""
EXPORTS = "SELECT subject_id, after, why FROM gridmap.audit WHERE action = 'export' ORDER BY id"


@pytest.fixture(scope="module")
def base(empty_template: str, copy_database: Callable[[str], Base]) -> Base:
    """The demo's places and accounts, but nothing of what happened there: that takes minutes on a busy machine."""
    made = copy_database(empty_template)
    with psycopg.connect(made.owner_url) as owner:
        load_places(owner)
    database = Database(made.app_url)
    make_accounts(database, actor(parse_clock(DEMO_CLOCK)), DEMO_PASSWORD)
    database.close()
    return made


@pytest.fixture(scope="module")
def planner(app: Flask) -> Person:
    return person(app, "planner")


def tables_of(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as book:
        return {row[0] for row in book.execute("SELECT table_name FROM gpkg_contents WHERE data_type = 'features'")}


def test_a_planner_takes_several_layers_of_an_estate_as_one_file(planner: Person, base: Base, tmp_path: Path) -> None:
    before = len(rows(base, EXPORTS))
    answer = planner.send("/data/export", {"layer": ["estates", "buildings"], "kind": "gpkg", "inside": str(ESTATE)})
    assert answer.status_code == 200, answer.text
    path = tmp_path / "taken.gpkg"
    path.write_bytes(answer.data)
    assert tables_of(path) == {"estates", "buildings"}
    with closing(sqlite3.connect(path)) as book:
        assert book.execute("SELECT count(*) FROM buildings").fetchone() == (6,)
    written = rows(base, EXPORTS)[before:]
    assert [row["subject_id"] for row in written] == ["estates", "buildings"]
    assert all(row["after"]["masked"] and row["after"]["filter"] == {"inside": str(ESTATE)} for row in written)


def test_a_leader_needs_a_reason_and_leaves_a_watermark(leader: Person, base: Base) -> None:
    words = {"layer": ["buildings"], "kind": "geojson", "inside": str(ESTATE), "unmasked": "1"}
    masked = leader.send("/data/export", {**words, "unmasked": ""}).get_json(force=True)
    assert all("manager" not in one["properties"] for one in masked["features"])
    clear = leader.send("/data/export", {**words, "reason": "移交名册"}).get_json(force=True)
    assert "移交名册" in clear["watermark"]
    assert all("manager" in one["properties"] and one["properties"]["watermark"] for one in clear["features"])
    assert rows(base, EXPORTS)[-1]["why"] == "移交名册"


def test_a_planner_may_not_unmask(planner: Person, base: Base) -> None:
    before = len(rows(base, EXPORTS))
    answer = planner.send("/data/export", {"layer": ["buildings"], "kind": "csv", "unmasked": "1", "reason": "x"})
    assert answer.status_code == 400
    assert len(rows(base, EXPORTS)) == before


@pytest.mark.parametrize(
    "words",
    [{}, {"layer": ["nonsense"]}, {"layer": ["buildings"], "kind": "docx"}, {"layer": ["buildings"], "bbox": "1,2"},
     {"layer": ["buildings"], "area": "{"}, {"layer": ["buildings"], "inside": "7"},
     {"layer": ["buildings"], "filter": "manager = 'x'"}, {"layer": ["buildings", "grids"], "kind": "csv"},
     {"layer": ["buildings"], "as_of": "soon"}],
)  # fmt: skip
def test_what_cannot_be_taken_is_told_on_the_page(planner: Person, words: dict[str, object]) -> None:
    answer = planner.send("/data/export", words)
    assert answer.status_code == 400
    assert "note-danger" in answer.text


def test_the_plan_of_an_estate_has_its_page_its_file_and_its_package(planner: Person, tmp_path: Path) -> None:
    words = f"estate={ESTATE}&from=2026-02-28&to=2026-03-16"
    page = planner.get(f"/renovation?{words}")
    assert page.status_code == 200
    assert "丁香苑" in page.text
    assert "EPSG:4547" in page.text
    alone = planner.get(f"/renovation/plan.html?{words}").text
    assert "丁香苑" in alone
    assert "<script" not in alone
    assert "http" not in alone.replace("http-equiv", "")
    path = tmp_path / "plan.gpkg"
    path.write_bytes(planner.get(f"/renovation/plan.gpkg?{words}").data)
    assert {"estates", "buildings", "stairwells", "incidents", "incidents_before"} <= tables_of(path)


def test_only_who_plans_or_leads_makes_a_plan(worker: Person, planner: Person) -> None:
    assert worker.get("/renovation").status_code == 403
    assert worker.get(f"/renovation/plan.gpkg?estate={ESTATE}").status_code == 403
    assert planner.get("/renovation?estate=7").status_code == 400


def test_a_map_as_one_file_is_masked_bounded_and_asks_nobody(leader: Person) -> None:
    body = leader.get("/map/file?map=street&at=16,22.5165,113.4035&size=1000,800").text
    assert "script-src 'sha256-" in body
    assert 'src="' not in body
    assert "url(http" not in body
    assert "张" not in body.split('id="one-file">')[1].split("</script>")[0] or "manager" not in body
    much = leader.get("/map/file?map=street&at=9,22.5165,113.4035&size=4000,4000")
    assert much.status_code in (200, 400)
    assert leader.get("/map/file?map=street&at=x").status_code == 400
    assert leader.get("/map/file?map=nonsense").status_code == 400


def test_hostile_words_stay_words_in_the_block_of_json() -> None:
    for words in ("</script><script>alert(1)</script>", "<!--<script>", "a\u2028b", "&lt;"):
        text = _inert({"name": words})
        assert "<" not in text
        assert "\u2028" not in text
        assert json.loads(text) == {"name": words}
