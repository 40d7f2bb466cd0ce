"""Shapes as pages and people send them: read, or refused with a sentence; never a traceback. No database."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.coords import area_m2
from gridmap.i18n import translate
from gridmap.places.belonging import Where, where_of
from gridmap.places.shapes import LEAST_M2, MOST_CORNERS, MOST_M2, ShapeProblem, as_geojson, read_area, read_point
from gridmap.web.parking.zones import PROBLEMS

SQUARE = [[113.4, 22.5], [113.4005, 22.5], [113.4005, 22.5005], [113.4, 22.5005], [113.4, 22.5]]


def polygon(*rings: Any) -> str:
    return json.dumps({"type": "Polygon", "coordinates": list(rings)})


@pytest.mark.parametrize(
    "text",
    [
        polygon(SQUARE),
        polygon(SQUARE[:-1]),
        json.dumps({"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [SQUARE]}}),
        json.dumps({"type": "MultiPolygon", "coordinates": [[SQUARE]]}),
        json.dumps({"type": "FeatureCollection", "features": [
            {"type": "Feature", "properties": None, "geometry": {"type": "Polygon", "coordinates": [SQUARE]}}]}),
        polygon([[*corner, 12.5] for corner in SQUARE]),
        polygon([*SQUARE[:2], SQUARE[1], *SQUARE[2:]]),
    ],
)  # fmt: skip
def test_an_area_is_read_in_every_form_that_maps_write(text: str) -> None:
    found = read_area(text)
    assert found.equals(shapely.Polygon(SQUARE))
    assert read_area(as_geojson(found)) == found
    assert found.exterior.is_ccw


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "nothing"),
        ("  ", "nothing"),
        ("{", "no_geojson"),
        ("[" * 50_000, "no_geojson"),
        ("7", "no_geojson"),
        ("null", "no_geojson"),
        ('{"type": "Feature"}', "no_geojson"),
        ("x" * 100_001, "long"),
        ('{"type": "FeatureCollection", "features": []}', "several"),
        ('{"type": "Point", "coordinates": [113.4, 22.5]}', "not_an_area"),
        ('{"type": "MultiPoint", "coordinates": [[113.4, 22.5]]}', "not_an_area"),
        ('{"type": "Polygon", "coordinates": []}', "corners"),
        ('{"type": "Polygon", "coordinates": "here"}', "corners"),
        ('{"type": "Polygon", "coordinates": [[1, 2]]}', "corners"),
        (polygon(SQUARE[:2]), "corners"),
        (polygon([[True, False]] * 4), "corners"),
        (polygon([["113", "22"]] * 4), "corners"),
        ('{"type": "Polygon", "coordinates": [[[NaN, 1], [2, 3], [4, 5]]]}', "degrees"),
        ('{"type": "Polygon", "coordinates": [[[1e999, 1], [2, 3], [4, 5]]]}', "degrees"),
        (polygon([[10**400, 1], [2, 3], [4, 5]]), "corners"),
        (polygon([[22.5, 113.4], [22.5, 113.5], [22.6, 113.4]]), "degrees"),
        (polygon([SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3], SQUARE[0]]), "crossing"),
        (polygon([[113.4, 22.5], [113.40001, 22.5], [113.40001, 22.50001]]), "small"),
        (polygon([[113.4, 22.5], [113.5, 22.5], [113.5, 22.6]]), "large"),
        (polygon([[113.4 + n / 1e6, 22.5] for n in range(MOST_CORNERS + 1)]), "many"),
    ],
)
def test_what_is_no_area_has_its_sentence(text: str, reason: str) -> None:
    with pytest.raises(ShapeProblem) as found:
        read_area(text)
    assert found.value.reason == reason
    told = translate("zh", PROBLEMS[reason], **found.value.values)
    assert told
    assert "{" not in told


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from(["type", "coordinates", "geometry", "features"]) | st.text(max_size=3), inner)
    ),
    max_leaves=20,
)
near = st.tuples(st.floats(113.4, 113.403), st.floats(22.5, 22.503)).map(list)


def read_or_reason(read: Callable[[str], Any], text: str) -> tuple[Any, str]:
    """The shape, or why it is none."""
    try:
        return read(text), ""
    except ShapeProblem as problem:
        return None, problem.reason


@settings(max_examples=300)
@given(anything | st.fixed_dictionaries({"type": st.just("Polygon"), "coordinates": anything}))
def test_any_json_is_read_or_refused(found: Any) -> None:
    for read in (read_area, read_point):
        shape, reason = read_or_reason(read, json.dumps(found))
        assert reason in PROBLEMS if shape is None else shape.is_valid


@settings(max_examples=200)
@given(st.lists(near, min_size=3, max_size=12))
def test_whatever_is_drawn_is_a_valid_area_of_a_bearable_size_or_refused(corners: list[list[float]]) -> None:
    shape, reason = read_or_reason(read_area, polygon(corners))
    if shape is None:
        assert reason in {"crossing", "corners", "small", "large"}
        return
    assert shape.is_valid
    assert LEAST_M2 <= float(area_m2([shape])[0]) <= MOST_M2


def test_a_hole_stays() -> None:
    hole = [[113.4001, 22.5001], [113.4002, 22.5001], [113.4002, 22.5002], [113.4001, 22.5001]]
    assert len(read_area(polygon(SQUARE, hole)).interiors) == 1


def test_a_point_is_a_point() -> None:
    assert read_point('{"type": "Point", "coordinates": [113.4, 22.5]}') == shapely.Point(113.4, 22.5)
    with pytest.raises(ShapeProblem, match="not_a_point"):
        read_point(polygon(SQUARE))


def at_point(
    kind: str, identity: int, *, community: int | None = 1, grid: int | None = None, **more: Any
) -> dict[str, Any]:
    return {"kind": kind, "street_id": 7, "id": identity, "code": f"c{identity}", "community_id": community,
            "grid_id": grid, "away_m": 0.0} | more  # fmt: skip


def test_the_inner_estate_and_the_micro_grid_within_the_grid_win() -> None:
    rows = [
        at_point("estate", 31), at_point("estate", 30), at_point("community", 1), at_point("community", 2, community=2),
        at_point("grid", 11, grid=11), at_point("grid", 12, grid=12, community=2),
        at_point("micro_grid", 21, grid=12), at_point("micro_grid", 22, grid=11),
        at_point("estate", 29, street_id=8),
    ]  # fmt: skip
    assert where_of(rows) == Where(
        street_id=7, community_id=1, community_code="c1", grid_id=11, micro_grid_id=22, estate_id=31
    )
    assert where_of([at_point("community", 1, away_m=3.0)]) is None
    assert where_of([]) is None
