"""Pages, single features, counts and extents against raw SQL, by people who may see different things."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import shape

from gridmap.layer import Role
from gridmap.layers import BY_NAME, LAYERS
from gridmap.read import (
    Asked,
    BadWord,
    Filter,
    UnknownWord,
    count_features,
    parse_filter,
    read_extent,
    read_feature,
    read_frame,
    read_frames,
    read_page,
)
from gridmap.read.features import page_statement
from gridmap.read.filter import EVERYTHING, Box, FilterShape, parse_box, parse_period
from gridmap.scope import Viewer
from tests.two_streets import ASKED, Town, identity, open_town

LENIENT = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
buildings = BY_NAME["buildings"]
TOUCHING = "ST_Intersects(geom, ST_Envelope(ST_GeomFromText(%s, 4326)))"


@pytest.fixture(scope="module")
def town(empty_template: str, copy_database: Callable[[str], Any]) -> Iterator[Town]:
    with open_town(copy_database(empty_template)) as made:
        yield made


def page(
    town: Town, viewer: Viewer, name: str, where: Filter = EVERYTHING, asked: Asked = ASKED, **how: Any
) -> tuple[list[dict[str, Any]], int | None]:
    """The features of one page, and the id to go on after."""
    with town.database.transaction(viewer.prologue) as connection:
        found = read_page(connection, BY_NAME[name], viewer, asked, where=where, **({"limit": 10_000} | how))
    features = json.loads(b"[" + found.features + b"]")
    assert len(features) == found.returned
    return features, found.next_after


def counted(town: Town, viewer: Viewer, name: str, where: Filter = EVERYTHING) -> int:
    with town.database.transaction(viewer.prologue) as connection:
        return count_features(connection, BY_NAME[name], viewer, ASKED, where)


def one(town: Town, viewer: Viewer, name: str, identity: int) -> dict[str, Any] | None:
    with town.database.transaction(viewer.prologue) as connection:
        body = read_feature(connection, BY_NAME[name], viewer, ASKED, identity)
    return None if body is None else json.loads(body)


def raw(town: Town, query: str, *values: Any) -> list[Any]:
    """Rows as the superuser sees them: past both locks."""
    with psycopg.connect(town.base.superuser_url) as connection:
        return connection.execute(query, values).fetchall()


def test_features_carry_the_tables_values(town: Town) -> None:
    features, after = page(town, town.viewer(), "buildings")
    assert after is None
    assert {feature["id"] for feature in features} == set(town.buildings)
    for feature in features:
        row, properties = town.buildings[feature["id"]], feature["properties"]
        assert feature["type"] == "Feature"
        assert list(properties) == list(buildings.attributes)
        for name in ("name", "kind", "floors", "built_year", "height_m"):
            assert properties[name] == row[name]
        assert isinstance(properties["built_year"], int)
        if row["shape"] is None:
            assert feature["geometry"] is None
        else:
            assert shape(feature["geometry"]).equals_exact(shapely.from_wkt(row["shape"]), 1e-7) or shapely.equals(
                shapely.normalize(shape(feature["geometry"])),
                shapely.normalize(shapely.set_precision(shapely.from_wkt(row["shape"]), 1e-7)),
            )


def test_polygons_turn_as_rfc_7946_wants(town: Town) -> None:
    rings = 0
    for name in ("buildings", "grids", "streets"):
        for feature in page(town, town.viewer(), name)[0]:
            if feature["geometry"] is None:
                continue
            made = shape(feature["geometry"])
            for polygon in getattr(made, "geoms", [made]):
                assert polygon.exterior.is_ccw
                assert not any(hole.is_ccw for hole in polygon.interiors)
                rings += 1
    assert rings > 30


def test_coordinates_are_longitude_first_with_seven_decimals(town: Town) -> None:
    for feature in page(town, town.viewer(), "facilities")[0]:
        longitude, latitude = feature["geometry"]["coordinates"]
        assert 113 < longitude < 114
        assert 22 < latitude < 23
        assert all(len(str(number).split(".")[1]) <= 7 for number in (longitude, latitude))
        assert feature["properties"]["installed_on"] == "2019-05-04"


def test_moments_carry_their_offset(town: Town) -> None:
    since = page(town, town.viewer(), "assignments")[0][0]["properties"]["since"]
    assert datetime.fromisoformat(since) == datetime(2025, 12, 31, 16, tzinfo=UTC)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_every_layer_is_read_counted_and_measured(town: Town, layer: Any) -> None:
    viewer = town.viewer()
    features, _ = page(town, viewer, layer.name)
    assert counted(town, viewer, layer.name) == len(features)
    ids = [feature["id"] for feature in features]
    assert ids == sorted(set(ids))
    for feature in features:
        assert one(town, viewer, layer.name, feature["id"]) == feature
    shapes = [shape(feature["geometry"]) for feature in features if feature["geometry"]]
    with town.database.transaction(viewer.prologue) as connection:
        extent = read_extent(connection, layer, viewer, ASKED)
    assert (extent is None) == (not shapes)
    if extent:
        assert extent == pytest.approx(shapely.total_bounds(shapes), abs=1e-7)


@LENIENT
@given(limit=st.integers(1, 50), narrow=st.booleans(), name=st.sampled_from([layer.name for layer in LAYERS]))
def test_paging_gives_every_row_exactly_once(town: Town, limit: int, narrow: bool, name: str) -> None:
    viewer = town.viewer(communities=(identity(1, 1), identity(2, 2))) if narrow else town.viewer()
    whole, _ = page(town, viewer, name)
    paged: list[dict[str, Any]] = []
    after: int | None = None
    while True:
        features, after = page(town, viewer, name, limit=limit, after=after)
        assert len(features) <= limit
        paged += features
        if after is None:
            break
        assert len(features) == limit
    assert paged == whole


def test_joined_tables_are_bounded_too() -> None:
    bounded = {
        layer.name: page_statement(layer, ("city",), frozenset(Role), FilterShape(), True)[0] for layer in LAYERS
    }
    assert "gridmap.building.place_id > %(after)s" in bounded["buildings"]
    assert "gridmap.boundary.place_id > %(after)s" in bounded["grids"]
    assert "gridmap.grid.place_id > %(after)s" in bounded["grids"]
    assert all("> %(after)s" in text for text in bounded.values())
    assert not any("organisation.id >" in text for text in bounded.values())


@LENIENT
@given(
    west=st.floats(113.39, 113.56),
    south=st.floats(22.49, 22.52),
    width=st.floats(0, 0.05),
    height=st.floats(0, 0.02),
    name=st.sampled_from(["buildings", "roads", "estates", "streets"]),
)
def test_a_box_gives_what_touches_it(
    town: Town, west: float, south: float, width: float, height: float, name: str
) -> None:
    box = Box(west=west, south=south, east=west + width, north=south + height)
    where = Filter(box=box)
    table = {"buildings": "place", "roads": "basemap", "estates": "place", "streets": "street"}[name]
    kind = {"buildings": "kind = 'building'", "roads": "kind = 'road'", "estates": "kind = 'estate'", "streets": "true"}
    expected = raw(
        town,
        f"SELECT id FROM gridmap.{table} WHERE {kind[name]} AND {TOUCHING} ORDER BY id",
        f"LINESTRING({box.west!r} {box.south!r}, {box.east!r} {box.north!r})",
    )
    found, _ = page(town, town.viewer(), name, where)
    assert [feature["id"] for feature in found] == [row[0] for row in expected]
    assert counted(town, town.viewer(), name, where) == len(expected)


def test_a_box_over_the_antimeridian_has_two_parts(town: Town) -> None:
    everything = counted(town, town.viewer(), "facilities")
    assert counted(town, town.viewer(), "facilities", Filter(box=parse_box("-180,-90,180,90"))) == everything > 0
    assert counted(town, town.viewer(), "facilities", Filter(box=parse_box("113,20,-179,30"))) == everything
    assert counted(town, town.viewer(), "facilities", Filter(box=parse_box("170,20,114,30"))) == everything
    assert counted(town, town.viewer(), "facilities", Filter(box=parse_box("170,20,-170,30"))) == 0


@pytest.mark.parametrize(
    ("words", "box"),
    [
        ("113,22,114,23", Box(west=113, south=22, east=114, north=23)),
        ("113,22,-5,114,23,900", Box(west=113, south=22, east=114, north=23)),
        ("-500,-91,500,91", Box(west=-180, south=-90, east=180, north=90)),
        ("1.13e2,22,113,22", Box(west=113, south=22, east=113, north=22)),
    ],
)
def test_boxes_are_understood(words: str, box: Box) -> None:
    assert parse_box(words) == box


@pytest.mark.parametrize("words", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "1,9,2,8", "nan,1,2,3", "1,2,inf,4", "1;2;3;4"])
def test_bad_boxes_are_named(words: str) -> None:
    with pytest.raises(BadWord) as caught:
        parse_box(words)
    assert (caught.value.word, caught.value.value) == ("bbox", words)


@pytest.mark.parametrize(
    ("words", "start", "end"),
    [
        ("2026-03-16T09:00:00Z", "2026-03-16T09:00:00+00:00", "2026-03-16T09:00:00+00:00"),
        ("2026-03-16", "2026-03-15T16:00:00+00:00", "2026-03-16T15:59:59.999999+00:00"),
        ("2026-03-01/..", "2026-02-28T16:00:00+00:00", None),
        ("/2026-03-01T00:00:00+08:00", None, "2026-02-28T16:00:00+00:00"),
        ("../..", None, None),
    ],
)
def test_periods_are_understood(words: str, start: str | None, end: str | None) -> None:
    period = parse_period(words)
    assert period.start == (datetime.fromisoformat(start) if start else None)
    assert period.end == (datetime.fromisoformat(end) if end else None)


@pytest.mark.parametrize("words", ["", "..", "tomorrow", "2026-13-01", "2026-03-02/2026-03-01", "1/2/3", "2026-03/x"])
def test_bad_periods_are_named(words: str) -> None:
    with pytest.raises(BadWord) as caught:
        parse_period(words)
    assert caught.value.word == "datetime"


def filtered(town: Town, viewer: Viewer, layer: str, **words: str) -> list[dict[str, Any]]:
    where = parse_filter(BY_NAME[layer], viewer.reading_roles, words)
    features, _ = page(town, viewer, layer, where)
    assert counted(town, viewer, layer, where) == len(features)
    return features


@pytest.mark.parametrize("name", ["name", "floors", "height_m", "built_year", "kind", "manager"])
def test_an_attribute_finds_exactly_its_value(town: Town, name: str) -> None:
    viewer = town.viewer()
    whole, _ = page(town, viewer, "buildings")
    values = {feature["properties"][name] for feature in whole} - {None}
    assert values
    for value in values:
        expected = [feature for feature in whole if feature["properties"][name] == value]
        assert filtered(town, viewer, "buildings", **{name: str(value)}) == expected


def test_other_kinds_of_values_find_theirs(town: Town) -> None:
    leader = town.viewer()
    assert len(filtered(town, leader, "facilities", installed_on="2019-05-04")) == 4
    assert filtered(town, leader, "facilities", installed_on="2019-05-05") == []
    assert len(filtered(town, leader, "assignments", is_primary="true")) == 8
    assert filtered(town, leader, "assignments", is_primary="false") == []
    assert len(filtered(town, leader, "assignments", since="2026-01-01T00:00:00+08:00")) == 8
    assert len(filtered(town, leader, "assignments", since="2026-01-01T00:00:00", role="grid_worker")) == 4


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("buildings", {"floors": "six"}),
        ("buildings", {"floors": "99999999999999999999"}),
        ("buildings", {"floors": "9223372036854775808"}),
        ("buildings", {"height_m": "NaN"}),
        ("buildings", {"height_m": "1e999999"}),
        ("buildings", {"name": "a\x00b"}),
        ("facilities", {"installed_on": "yesterday"}),
        ("assignments", {"is_primary": "perhaps"}),
        ("assignments", {"since": "2026-99-01"}),
    ],
)
def test_a_bad_value_is_named(name: str, words: dict[str, str]) -> None:
    with pytest.raises(BadWord) as caught:
        parse_filter(BY_NAME[name], frozenset({Role.LEADER}), words)
    assert {caught.value.word: caught.value.value} == words
    assert not isinstance(caught.value, UnknownWord)


def test_a_number_too_large_for_the_column_matches_nothing(town: Town) -> None:
    assert filtered(town, town.viewer(), "buildings", floors="9223372036854775807") == []


@pytest.mark.parametrize("role", [Role.PLANNER, Role.HANDLER, Role.ADMINISTRATOR])
def test_a_hidden_attribute_does_not_exist(town: Town, role: Role) -> None:
    viewer = town.viewer(role)
    for name in ("manager", "nonsense"):
        with pytest.raises(UnknownWord) as caught:
            parse_filter(buildings, viewer.reading_roles, {name: "张师傅"})
        assert caught.value.word == name
    features, _ = page(town, viewer, "buildings")
    assert features
    assert all("manager" not in feature["properties"] for feature in features)
    assert "张师傅" not in json.dumps(features, ensure_ascii=False)


@pytest.mark.parametrize(
    ("reach", "inside"),
    [
        ({"streets": (1,)}, lambda row: row["community_id"] >> 32 == 1),
        ({"communities": (identity(1, 2),)}, lambda row: row["community_id"] == identity(1, 2)),
        ({"grids": (identity(2, 1000),)}, lambda row: row["grid_id"] == identity(2, 1000)),
        ({"estates": (identity(2, 2001),)}, lambda row: row["estate_id"] == identity(2, 2001)),
    ],
)
def test_a_viewer_sees_their_own(town: Town, reach: dict[str, Any], inside: Any) -> None:
    viewer = town.viewer(Role.WORKER, **reach)
    expected = {made for made, row in town.buildings.items() if inside(row)}
    assert 0 < len(expected) < len(town.buildings)
    assert {feature["id"] for feature in page(town, viewer, "buildings")[0]} == expected
    assert counted(town, viewer, "buildings") == len(expected)
    for made in town.buildings:
        assert (one(town, viewer, "buildings", made) is not None) == (made in expected)


def test_an_id_of_another_layer_is_nobody(town: Town) -> None:
    leader = town.viewer()
    assert one(town, leader, "buildings", identity(1, 1000)) is None
    assert one(town, leader, "grids", identity(1, 1000)) is not None
    assert one(town, leader, "buildings", 2**63 - 1) is None
    assert one(town, leader, "streets", identity(1, 1)) is None


def test_the_extent_ends_where_sight_ends(town: Town) -> None:
    viewer = town.viewer(Role.WORKER, grids=(identity(1, 1000),))
    with town.database.transaction(viewer.prologue) as connection:
        extent = read_extent(connection, buildings, viewer, ASKED)
    assert extent is not None
    assert extent[2] < 113.45 < 113.5


def test_the_past_shows_what_was_there(town: Town) -> None:
    before = Asked(as_of=datetime(2025, 6, 1, tzinfo=UTC))
    assert page(town, town.viewer(), "assignments", asked=before)[0] == []
    managers = {feature["properties"]["manager"] for feature in page(town, town.viewer(), "buildings", asked=before)[0]}
    assert managers == {None}
    assert {feature["properties"]["manager"] for feature in page(town, town.viewer(), "buildings")[0]} == {
        None,
        "张师傅",
    }


def test_without_the_first_lock_nothing_more_is_seen(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    from gridmap.read import features, select

    viewer = town.viewer(Role.WORKER, grids=(identity(1, 1000),))
    expected = page(town, viewer, "buildings")[0]
    statements = (features.page_statement, features.count_statement)
    for statement in statements:
        statement.cache_clear()
    monkeypatch.setattr(select, "predicate", lambda *_, **__: None)
    try:
        assert page(town, viewer, "buildings")[0] == expected
        assert counted(town, viewer, "buildings") == len(expected)
    finally:
        for statement in statements:
            statement.cache_clear()


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_frames_hold_the_same_rows(town: Town, layer: Any) -> None:
    viewer = town.viewer()
    features, _ = page(town, viewer, layer.name)
    with town.database.transaction(viewer.prologue) as connection:
        whole = read_frame(connection, layer, viewer, ASKED)
        parts = list(read_frames(connection, layer, viewer, ASKED, batch=7))
    assert whole.crs.to_epsg() == 4326
    assert sum(len(part) for part in parts) == len(whole) == len(features)
    assert list(whole["id"]) == [feature["id"] for feature in features]
    for name in layer.attributes:
        values = [feature["properties"][name] for feature in features]
        held = [None if empty else value for value, empty in zip(whole[name], whole[name].isna(), strict=True)]
        if layer.attributes[name].type == "object":
            held = [value and json.loads(value) for value in held]
        assert held == [_as_in_frame(str(whole[name].dtype), value) for value in values]


def _as_in_frame(dtype: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if value and dtype.startswith("datetime64") else value
