"""Files by the page: exports, a renovation plan, a map as one file; who may, what is written down, what is refused."""

import json
import os
import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from flask import Flask

from gridmap.cluster.layout import real_home
from gridmap.commands import main
from gridmap.commands.work import workers
from gridmap.jobs import run_next
from gridmap.map_file import _inert
from gridmap.read.files.later import KEPT_SECONDS, forget_files
from tests.conftest import DEMO_CLOCK, Base
from tests.rows import rows
from tests.web.visitor import Person, person

ESTATE = 42953968136192
"""丁香苑 of the demo."""
EXPORTS = "SELECT subject_id, after, why FROM gridmap.audit WHERE action = 'export' ORDER BY id"

FAR_AWAY = """
WITH made AS (
  INSERT INTO gridmap.place (street_id, id, kind, code, name, community_id, grid_id, geom)
  SELECT street_id, id + 900000, 'estate', 'far', '远方苑', community_id, grid_id, ST_Translate(geom, 4, 6)
  FROM gridmap.place WHERE name = '丁香苑' AND kind = 'estate' RETURNING street_id, id
)
INSERT INTO gridmap.estate (street_id, place_id) SELECT street_id, id FROM made RETURNING place_id
"""


@pytest.fixture(scope="module")
def base(places_template: str, copy_database: Callable[[str], Base]) -> Base:
    """The demo's places: nothing of what happened is needed."""
    return copy_database(places_template)


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


@pytest.mark.parametrize("words", ["from=2027-01-01&to=2026-03-16", "from=1900-01-01", "from=上周", "to=2027-01-01"])
def test_a_day_that_is_none_until_today_is_named(planner: Person, words: str) -> None:
    wrong = next(value for value in re.findall(r"=([^&]+)", words) if value != "2026-03-16")
    answer = planner.get(f"/renovation?estate={ESTATE}&{words}")
    assert answer.status_code == 400
    assert f"“{wrong}”" in answer.text


def test_the_earlier_of_two_days_comes_first(planner: Person) -> None:
    one, other = (
        re.sub(r"\d\d:\d\d", "", planner.get(f"/renovation/plan.html?estate={ESTATE}&{words}").text)
        for words in ("from=2026-02-28&to=2026-03-16", "from=2026-03-16&to=2026-02-28")
    )
    assert "2026-02-28" in one
    assert one == other


def test_estates_of_two_cities_make_no_plan(planner: Person, base: Base) -> None:
    """One plane and one map do not serve both."""
    with psycopg.connect(base.owner_url) as owner:
        row = owner.execute(FAR_AWAY).fetchone()
    assert row
    for path in ("/renovation", "/renovation/plan.html", "/renovation/plan.gpkg"):
        answer = planner.get(f"{path}?estate={ESTATE}&estate={row[0]}")
        assert answer.status_code == 400, path
        assert "40 公里" in answer.text


def test_a_long_file_is_made_by_a_job_taken_by_its_owner_and_expires(
    planner: Person, leader: Person, app: Flask, base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gridmap.web.files.MOST_AT_ONCE", 3)
    services = app.extensions["gridmap"]
    answer = planner.send("/data/export", {"layer": ["buildings"], "kind": "gpkg", "inside": str(ESTATE)})
    assert answer.status_code == 303, answer.text
    job = answer.headers["Location"]
    assert planner.get(job).status_code == 200
    assert planner.get(f"{job}/file").status_code == 404
    assert run_next(services.database, workers(services.database, services.settings.home, services.clock))
    (row,) = rows(base, "SELECT state, message, result FROM gridmap.job WHERE kind = 'export' ORDER BY id DESC LIMIT 1")
    assert (row["state"], row["result"]["rows"]) == ("done", 6), row
    assert f"{job}/file" in planner.get(job).text
    with planner.get(f"{job}/file") as taken:
        (path := tmp_path / "late.gpkg").write_bytes(taken.data)
    assert tables_of(path) == {"buildings"}
    assert leader.get(job).status_code == leader.get(f"{job}/file").status_code == 404
    made = real_home(services.settings.home) / "exports" / row["result"]["file"]
    yesterday = time.time() - KEPT_SECONDS - 1
    os.utime(made, (yesterday, yesterday))
    assert planner.get(f"{job}/file").status_code == 404
    assert planner.get(job).status_code == 200
    assert forget_files(real_home(services.settings.home)) == 1
    assert not made.exists()


def test_the_command_writes_a_package_and_a_page_of_an_estate(base: Base, tmp_path: Path) -> None:
    environment = {"GRIDMAP_HOME": str(tmp_path), "GRIDMAP_DATABASE_URL": base.app_url, "GRIDMAP_CLOCK": DEMO_CLOCK}
    before, target = len(rows(base, EXPORTS)), tmp_path / "plan.gpkg"

    def run(*words: str) -> Result:
        return CliRunner(env=environment).invoke(main, ["renovation", *words, "-o", str(target)])

    done = run(str(ESTATE), "--from", "2026-02-28")
    assert done.exit_code == 0, done.output
    assert {"estates", "buildings", "gaps", "gaps_before"} <= tables_of(target)
    page = target.with_suffix(".html").read_text("utf-8")
    assert "丁香苑" in page
    assert 'class="plan-map"' in page
    assert all(row["after"]["masked"] for row in rows(base, EXPORTS)[before:])
    assert len(rows(base, EXPORTS)) > before
    again = run(str(ESTATE))
    assert again.exit_code == 1
    assert "not there yet" in again.output
    target.unlink()
    for words in (("7",), (str(ESTATE), "--from", "soon"), (str(ESTATE), "--user", "nobody")):
        refused = run(*words)
        assert refused.exit_code == 1, refused.output
        assert refused.output.startswith("Error: ")
    assert not target.exists()


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


def test_areas_to_cut_to_are_those_of_the_street_that_is_chosen(planner: Person, worker: Person, base: Base) -> None:
    named = (
        "SELECT DISTINCT name FROM gridmap.place WHERE kind = 'estate' AND street_id = %s AND ST_Dimension(geom) = 2"
    )
    here, there = ({row["name"] for row in rows(base, named, street)} for street in (10_001, 10_010))
    first, other = planner.get("/data/export").text, planner.get("/data/export/insides?street=10010").text
    assert all(f">{name} · " in first for name in here)
    assert there
    assert all(f">{name} · " in other for name in there)
    assert not any(f">{name} · " in other for name in here - there)
    # a form that comes back stands where it was
    assert f'<option value="{ESTATE}" selected>' in planner.get(f"/data/export?inside={ESTATE}").text
    assert f'<option value="{10_010 << 32}"' not in planner.get("/data/export/insides?street=1").text
    # a worker sees of it what row security shows
    assert not any(f">{name} · " in worker.get("/data/export/insides?street=10010").text for name in there - here)

    plan = planner.get("/renovation?street=10010").text
    assert all(name in plan for name in there)
    assert '<option value="10010" selected>' in plan
