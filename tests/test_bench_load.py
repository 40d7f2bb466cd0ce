"""`gridmap bench load` measures what it says: every row comes in, in its grid. Never how fast this machine is."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pytest

from gridmap.bench.loading import COMMUNITIES, GRIDS, LoadFailed, _load, made_areas, made_buildings
from tests.conftest import make_home
from tests.installation import run

ROWS = 150


@pytest.fixture
def home() -> Iterator[Path]:
    """A data folder that the server's own user may enter."""
    made = make_home()
    yield made
    shutil.rmtree(made)


@pytest.mark.full
def test_a_small_load_is_measured_to_the_end(home: Path) -> None:
    done = run(home, "bench", "load", "--rows", str(ROWS), "--runs", "2", "--json")
    # on a slow machine a bar may be missed: the figures are there all the same
    found = {one["what"]: one for one in json.loads(done.stdout)}
    assert found["rows"]["median"] == ROWS
    assert len(found["time"]["runs"]) == 2
    assert found["rows a second"]["runs"] == pytest.approx([ROWS / took for took in found["time"]["runs"]])
    # the command holds Python, GDAL and GEOS at least
    assert found["most memory of the command"]["median"] > 50e6


def test_every_building_lies_in_one_community_and_one_grid() -> None:
    buildings = made_buildings(ROWS)
    assert len(buildings) == ROWS == buildings["编号"].nunique()
    assert buildings.geometry.is_valid.all()
    points = gpd.GeoDataFrame(geometry=buildings.geometry.representative_point(), crs=buildings.crs)
    for areas, count in zip(made_areas(ROWS), (COMMUNITIES, GRIDS), strict=True):
        assert len(areas) == count**2
        assert sorted(points.sjoin(areas, predicate="within").index) == list(range(ROWS))


def test_the_same_rows_come_from_the_same_seed() -> None:
    assert made_buildings(ROWS).equals(made_buildings(ROWS))
    assert not made_buildings(ROWS, seed=21).equals(made_buildings(ROWS))


def test_a_load_that_fails_is_no_figure(home: Path) -> None:
    with pytest.raises(LoadFailed, match="'nothing' is not one of"):
        _load({"GRIDMAP_HOME": str(home)}, "nothing", home / "nowhere.gpkg")
