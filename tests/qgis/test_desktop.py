"""QGIS itself: a GeoPackage opens looking like our map, in Chinese, and the live layer comes with the token."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from gridmap.i18n import translate
from gridmap.layer import Layer
from gridmap.layers import BY_NAME
from gridmap.read.files.qgis_style import label_scale
from tests.browser.visits import served
from tests.conftest import Base
from tests.qgis.showing import BESIDE, LAYERS, LIVE, has_qgis, show

pytestmark = [
    pytest.mark.qgis,
    pytest.mark.skipif(not has_qgis(), reason="QGIS is not here: apt-get install python3-qgis"),
]
Found = dict[str, Any]
WHITE, SHARE_DRAWN = "#ffffff", 0.3


@pytest.fixture(scope="module")
def app(demo_base: Base, make_app: Callable[[Base], Flask]) -> Flask:
    return make_app(demo_base)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("qgis")


@pytest.fixture(scope="module")
def seen(app: Flask, folder: Path) -> Iterator[Found]:
    with served(app) as url:
        yield show(app, url, folder)


def layer_of(table: str) -> Layer:
    return BY_NAME[table.removesuffix("_point").removesuffix("_polygon")]


def rows_of(folder: Path, table: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "gridmap.gpkg")) as book:
        return book.execute(f"SELECT * FROM {table}").fetchall()


def words(text: str) -> str:
    return translate("zh", text)


@pytest.mark.parametrize("table", [*LAYERS, *BESIDE])
def test_a_table_opens_whole_under_its_chinese_title(seen: Found, folder: Path, table: str) -> None:
    found = seen["file"][table]
    assert found["valid"], found
    assert found["title"].startswith(words(layer_of(table).title))
    assert found["crs"] == "EPSG:4326"
    assert "2026-03-16" in found["abstract"]
    rows = rows_of(folder, table)
    assert found["count"] == len(rows) == len(found["ids"])
    # what has another shape than its layer lies in a table beside it
    assert sum(seen["file"][one]["count"] for one in seen["file"] if layer_of(one) is layer_of(table)) > 0
    assert found["shapes"] == sum(row[1] is not None for row in rows)


@pytest.mark.parametrize("table", [*LAYERS, *BESIDE])
def test_its_fields_are_named_in_chinese_and_codes_have_words(seen: Found, table: str) -> None:
    found, layer = seen["file"][table], layer_of(table)
    for name, attribute in layer.attributes.items():
        if name in found["fields"]:
            assert found["fields"][name].startswith(words(attribute.title)), name
            assert found["words"][name] == {code: words(title) for code, title in attribute.codes.items()}
    assert found["fields"]["id"] == "系统编号"
    assert not {"manager", "holder", "worker"} & set(found["fields"])


@pytest.mark.parametrize("table", LAYERS)
def test_it_is_coloured_as_on_our_map(seen: Found, table: str) -> None:
    found, style = seen["file"][table], layer_of(table).style
    if not style.by or style.by not in found["fields"]:
        assert found["renderer"] == "singleSymbol"
        assert found["classes"] == [[None, "", style.colour]]
        return
    assert found["renderer"] == "categorizedSymbol"
    assert found["by"] == style.by
    classes = [[value, words(one.title), one.colour] for value, one in style.classes.items()]
    assert found["classes"] == [*classes, ["", "其他", style.colour]]


def test_a_table_of_another_shape_says_so_in_chinese(seen: Found) -> None:
    assert seen["file"]["estates_point"]["title"] == "小区 (点)"
    assert seen["file"]["stairwells_polygon"]["title"] == "楼道 (面)"


def test_a_point_of_what_has_an_area_elsewhere_is_a_darker_dot(seen: Found) -> None:
    colours = {value: colour for value, _title, colour in seen["file"]["estates_point"]["classes"]}
    assert colours["property"] == "#90887b"


@pytest.mark.parametrize("table", LAYERS)
def test_it_is_labelled_from_the_scale_of_our_map(seen: Found, table: str) -> None:
    found, layer = seen["file"][table], layer_of(table)
    assert found["label"] == layer.label
    if layer.label:
        assert found["label_from"] == label_scale(layer, layer.label)
        assert found["label_from"] > 1_000
        assert found["font"] == "Noto Sans CJK SC"
        assert found["halo"]


def test_the_gdal_of_an_older_qgis_does_not_warn(seen: Found) -> None:
    assert "partially supported" not in seen["said"]


@pytest.mark.parametrize("name", LIVE)
def test_the_live_layer_comes_with_the_token_and_has_every_row(seen: Found, name: str) -> None:
    live = seen["live"][name]
    assert live["valid"], live
    assert live["title"] == words(layer_of(name).title)
    tables = [table for table in seen["file"] if layer_of(table).name == name]
    assert live["count"] == sum(seen["file"][table]["count"] for table in tables)
    assert live["names"] == sorted(one for table in tables for one in seen["file"][table]["names"])


@pytest.mark.parametrize("name", LIVE)
def test_a_live_layer_takes_the_style_of_the_file(seen: Found, name: str) -> None:
    styled, file = seen["styled"][name], seen["file"][name]
    assert styled["refused"] == ""
    for what in ("renderer", "by", "classes", "label", "label_from"):
        assert styled[what] == file[what], what
    assert styled["fields"] == {one: file["fields"][one] for one in styled["fields"]}


def test_a_wrong_token_opens_nothing(seen: Found) -> None:
    assert not seen["stranger"]["valid"]


@pytest.mark.parametrize("of", ["file", "live"])
def test_it_draws_them(seen: Found, of: str, folder: Path) -> None:
    picture = seen["pictures"][of]
    every = sum(picture["colours"].values())
    assert picture["colours"].get(WHITE, 0) < (1 - SHARE_DRAWN) * every
    slab = BY_NAME["buildings"].style.classes["slab"].colour
    assert sum(count for colour, count in picture["colours"].items() if near(colour, slab)) > 100
    assert (folder / {"file": "qgis-geopackage.jpg", "live": "qgis-live.jpg"}[of]).stat().st_size > 20_000


def near(one: str, other: str) -> bool:
    """Whether two colours differ by what transparency and the grid above them do."""
    return all(abs(int(one[at : at + 2], 16) - int(other[at : at + 2], 16)) <= 24 for at in (1, 3, 5))
