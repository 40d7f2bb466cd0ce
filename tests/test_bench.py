"""`gridmap bench tiles` measures what it says: its numbers fit together. Never how fast this machine is."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from gridmap.bench.results import CacheResult, Cost, Result, ZoomResult, lines
from tests.conftest import DEMO_CLOCK, Base, make_home
from tests.installation import run

ZOOMS, TILES = (14, 16), 3
ROUNDS = 4


@pytest.fixture(scope="module")
def environment(demo_template: str, copy_database: Callable[[str], Base]) -> dict[str, str]:
    base = copy_database(demo_template)
    return {"GRIDMAP_DATABASE_URL": base.app_url, "GRIDMAP_OWNER_URL": base.owner_url, "GRIDMAP_CLOCK": DEMO_CLOCK}


@pytest.fixture
def home() -> Iterator[Path]:
    """A data folder that the server's own user may enter."""
    made = make_home()
    yield made
    shutil.rmtree(made)


def bench(home: Path, environment: dict[str, str], *options: str) -> Any:
    """What the command prints as JSON."""
    zooms = ",".join(map(str, ZOOMS))
    small = ("--zooms", zooms, "--tiles", str(TILES), "--seconds", "0.5", "--json", *options)
    done = run(home, "bench", "tiles", *small, **environment)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.full
def test_its_numbers_fit_together(home: Path, environment: dict[str, str]) -> None:
    """A whole run, small: two servers' workers start for it. Layers may be asked for in any order."""
    found = bench(home, environment, "--layers", "buildings,grids,roads")
    assert found["buildings"] > 100
    assert found["username"] == "leader"
    assert found["layers"] == ["grids", "roads", "buildings"]
    assert [zoom["zoom"] for zoom in found["zooms"]] == list(ZOOMS)
    for zoom in found["zooms"]:
        assert zoom["tiles"] == ROUNDS * TILES
        assert zoom["kilobytes"] > 0
        check_zoom(zoom)
    cache = found["cache"]
    assert min(cache["uncached_per_second"], cache["unchanged_per_second"], cache["cached_ms"]) > 0
    assert cache["ratio"] == pytest.approx(cache["cached_per_second"] / cache["uncached_per_second"])


def check_zoom(zoom: dict[str, Any]) -> None:
    costs = {name: zoom[name]["python_ms"] + zoom[name]["database_ms"] for name in ("raw", "served", "unlocked")}
    assert all(cost > 0 for cost in costs.values())
    assert zoom["added_ms"] == pytest.approx(costs["served"] - costs["raw"])
    assert zoom["ratio"] == pytest.approx(costs["served"] / costs["raw"])
    assert zoom["compression_ms"] == pytest.approx(zoom["compressed"]["python_ms"] - zoom["served"]["python_ms"])
    assert zoom["lock_price"] == pytest.approx(zoom["raw"]["database_ms"] / zoom["unlocked"]["database_ms"])


COSTS = {"raw": (0.5, 3.5), "served": (1.0, 4.0), "compressed": (1.75, 4.0), "unlocked": (0.5, 2.5)}


def made(*, unlocked: bool = True) -> Result:
    """A run of which every ratio is known."""
    raw, served, compressed, bare = (
        Cost(python_ms=python, database_ms=database) for python, database in COSTS.values()
    )
    zoom = ZoomResult(
        zoom=14,
        tiles=8,
        kilobytes=12.34,
        raw=raw,
        served=served,
        compressed=compressed,
        unlocked=bare if unlocked else None,
    )
    cache = CacheResult(uncached_per_second=200, cached_per_second=5000, unchanged_per_second=8000, cached_ms=0.4)
    return Result(buildings=302_232, username="leader", layers=("grids", "buildings"), zooms=(zoom,), cache=cache)


def test_ratios_follow_from_their_parts() -> None:
    found = json.loads(json.dumps(made().as_json()))
    (zoom,) = found["zooms"]
    check_zoom(zoom)
    assert (zoom["added_ms"], zoom["ratio"], zoom["compression_ms"], zoom["lock_price"]) == (1.0, 1.25, 0.75, 1.4)
    assert found["cache"]["ratio"] == 25
    assert found["layers"] == ["grids", "buildings"]


def test_the_table_says_the_same() -> None:
    table = list(lines(made()))
    assert table[0] == "302,232 buildings; as leader; layers: grids, buildings"
    row = [cell.strip() for cell in table[4].strip("|").split("|")]
    assert row == ["14", "12.3", "4.00 (0.50 + 3.50)", "5.00 (1.00 + 4.00)", "+1.00 ms", "1.25", "+0.75 ms", "× 1.40"]
    assert "× 25, 0.40 ms CPU" in table[-2]
    assert len({line.count("|") for line in table[2:5]}) == 1


def test_without_the_owner_the_price_of_row_security_is_not_known() -> None:
    assert made(unlocked=False).as_json()["zooms"][0]["lock_price"] is None  # type: ignore[index]  # plain values
    assert list(lines(made(unlocked=False)))[4].strip(" |").endswith("—")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--user", "nobody"], "there is no account 'nobody'"),
        (["--layers", "nothing"], "There is no such layer for leader: nothing"),
        (["--user", "planner", "--layers", "assignments"], "There is no such layer for planner: assignments"),
        (["--zooms", "14,x"], "There is no such zoom"),
        (["--tiles", "0"], "0 is not in the range"),
    ],
)
def test_what_cannot_be_measured_is_said(
    home: Path, environment: dict[str, str], options: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gridmap.bench.server.running", lambda *_: nullcontext())
    done = run(home, "bench", "tiles", *options, **environment)
    assert done.exit_code != 0
    assert said in done.output
    assert "Traceback" not in done.output
