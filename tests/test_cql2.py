"""CQL2: what is understood, what is refused by its name, and that the parser's bounds hold."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.layer import Role
from gridmap.layers import BY_NAME
from gridmap.read import BadWord, count_features, parse_filter, read_page
from gridmap.read.cql2 import LANGUAGES, parse
from gridmap.read.cql2.parse import LONGEST, WORK
from gridmap.read.crs import CRS84, EPSG, KNOWN, ZONES
from tests.two_streets import ASKED, Town, open_town


@pytest.fixture(scope="module")
def town(empty_template: str, copy_database: Callable[[str], Any]) -> Iterator[Town]:
    with open_town(copy_database(empty_template)) as made:
        yield made


def found(
    town: Town, words: str, layer: str = "buildings", role: Role = Role.LEADER, **more: str
) -> list[dict[str, Any]]:
    """The features that fit, which are as many as are counted."""
    viewer = town.viewer(role)
    named = {name.replace("_", "-"): value for name, value in more.items()}
    where = parse_filter(BY_NAME[layer], viewer.reading_roles, {"filter": words, **named})
    with town.database.transaction(viewer.prologue) as connection:
        page = read_page(connection, BY_NAME[layer], viewer, ASKED, limit=10_000, where=where)
        assert count_features(connection, BY_NAME[layer], viewer, ASKED, where) == page.returned
    features: list[dict[str, Any]] = json.loads(b"[" + page.features + b"]")
    return features


FITS: dict[str, tuple[str, Callable[[dict[str, Any]], bool]]] = {
    "greater": ("floors > 3", lambda row: row["floors"] is not None and row["floors"] > 3),
    "like": ("name LIKE '花苑%'", lambda row: row["name"].startswith("花苑")),
    "casei": ("CASEI(name) = CASEI('QUOTE \" BACK\\SLASH')", lambda row: row["name"].startswith("quote")),
    "among": (
        "kind IN ('slab', 'villa_row') AND NOT floors IN (1, 2)",
        lambda row: row["kind"] in ("slab", "villa_row") and row["floors"] is not None and row["floors"] not in (1, 2),
    ),
    "null": ("built_year IS NULL", lambda row: row["built_year"] is None),
    "not null": ("built_year IS NOT NULL", lambda row: row["built_year"] is not None),
    "between": (
        "height_m BETWEEN 2.5 AND 18.25",
        lambda row: row["height_m"] is not None and 2.5 <= row["height_m"] <= 18.25,
    ),
    "or": ("floors = 3 OR kind = 'slab'", lambda row: row["floors"] == 3 or row["kind"] == "slab"),
    "two attributes": (
        "floors < households",
        lambda row: None not in (row["floors"], row["households"]) and row["floors"] < row["households"],
    ),
    "quote": ("name = '单引号''逗号,分号;'", lambda row: row["name"] == "单引号'逗号,分号;"),
    "always": ("true", lambda row: True),
    "never": ("1 = 2", lambda row: False),
}


@pytest.mark.parametrize("case", FITS)
def test_a_filter_finds_what_fits(town: Town, case: str) -> None:
    words, fits = FITS[case]
    everything = found(town, "TRUE")
    assert everything
    assert found(town, words) == [each for each in everything if fits(each["properties"])]


PLANNERS = ("manager", "nosuch", "extra", "street_id", "geom", "grid_id")
"""Hidden from a planner, unknown, or nothing that is asked for by value."""


@pytest.mark.parametrize("name", PLANNERS)
@pytest.mark.parametrize(
    "words",
    [
     "{} = 'x'", "{} IS NULL", "kind = 'slab' OR {} LIKE 'x%'", "{} IN ('x')", "CASEI({}) = 'x'",
     "T_AFTER({}, DATE('2020-01-01'))", "S_INTERSECTS({}, POINT(1 2))", "name = {}"],
)  # fmt: skip
def test_what_is_hidden_or_unknown_is_named(town: Town, name: str, words: str) -> None:
    with pytest.raises(BadWord) as caught:
        found(town, words.format(name), role=Role.PLANNER)
    assert (caught.value.word, caught.value.value) == ("filter", name)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("pg_sleep(1) = 1", "pg_sleep"),
        ("S_DWITHIN(geometry, POINT(1 2), 3, 'm')", "S_DWITHIN"),
        ("floors + 1 = 2", "+"),
        ("ACCENTI(name) = 'x'", "accenti"),
        ("A_CONTAINS(name, ('x'))", "a_contains"),
        ("name", "name"),
        ("floors = 'three'", "three"),
        ("name = 3", "3.0"),
        ("floors = NULL", "None"),
        ("floors = 1e400", "inf"),
        ("name LIKE 'x\\'", "x\\"),
        ("S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 1 0, 0 1, 0 0)))", "Polygon"),
        ("S_INTERSECTS(geometry, POINT(500 2))", "Point"),
        ("S_INTERSECTS(geometry, BBOX(1, 2, 3))", "bbox"),
        ("S_TOUCHES(geometry, GEOMETRYCOLLECTION(POINT(1 2)))", "s_touches"),
        ("S_INTERSECTS(geometry, geometry)", "s_intersects"),
        ("S_INTERSECTS(geometry, 'POINT(1 2)')", "s_intersects"),
        ("geometry = POINT(1 2)", None),
        ("T_AFTER(name, DATE('2020-01-01'))", "name"),
        ("a=1;DROP TABLE x", "a=1;DROP TABLE x"),
        ("", ""),
        ("((", "(("),
    ],
)
def test_what_cannot_be_said_is_named(town: Town, words: str, named: str | None) -> None:
    with pytest.raises(BadWord) as caught:
        found(town, words)
    assert caught.value.word == "filter"
    assert named is None or caught.value.value == named


@pytest.mark.parametrize(
    "words",
    [
        "{}", "[]", "null", "1", '"x"', '{"op": 1}', '{"op": "and", "args": []}', '{"op": "not", "args": [1, 2]}',
        '{"op": "=", "args": [{"property": ["name"]}, "x"]}', '{"op": "=", "args": [{"property": "name"}, "\\ud800"]}',
        '{"op": "=", "args": [{"property": "name"}, "\\u0000"]}', '{"op": "=", "args": [{"property": "floors"}, NaN]}',
        '{"op": "in", "args": [{"property": "name"}, []]}', '{"op": "in", "args": [{"property": "name"}, [["x"]]]}',
        '{"op": "s_intersects", "args": [{"property": "geometry"}, {"type": "Point", "coordinates": ["a", "b"]}]}',
        '{"op": "s_intersects", "args": [{"property": "geometry"}, {"type": "Point", "coordinates": [[1, 2]]}]}',
        '{"op": "s_intersects", "args": [{"property": "geometry"}, {"type": "Nothing", "coordinates": [1, 2]}]}',
        '{"op": "s_intersects", "args": [{"property": "geometry"}, {"type": "Polygon", "coordinates": [[]]}]}',
        '{"op": "s_intersects", "args": [{"property": "geometry"}, {"type": "Point", "coordinates": [1e308, 2]}]}',
        '{"op": "s_intersects", "args": [{"property": "geometry"}, {"geometries": [{"type": "Point"}]}]}',
        '{"op": "s_intersects", "args": [{"property": "geometry"}, {"bbox": "1234"}]}',
        '{"op": "t_after", "args": [{"property": "name"}, {"date": 3}]}', '{"op": "casei", "args": []}',
        "[" * 3000, '{"op":"not","args":[' * 100,
        '{"op": "like", "args": [{"property": "name"}, {"op": "casei", "args": [{"property": "name"}]}]}',
    ],
)  # fmt: skip
def test_json_that_is_no_filter_is_refused(town: Town, words: str) -> None:
    with pytest.raises(BadWord) as caught:
        found(town, words, filter_lang="cql2-json")
    assert caught.value.word == "filter"


@pytest.mark.parametrize(("name", "word"), [("filter_lang", "ecql"), ("filter_crs", "EPSG:4326"), ("bbox_crs", "x")])
def test_languages_and_systems_are_those_that_are_spoken(town: Town, name: str, word: str) -> None:
    with pytest.raises(BadWord) as caught:
        found(town, "TRUE", **{name: word})
    assert (caught.value.word, caught.value.value) == (name.replace("_", "-"), word)


@pytest.mark.parametrize("crs", sorted(set(KNOWN) - {f"{EPSG}{code}" for code in ZONES if not 4546 <= code <= 4548}))
def test_a_box_and_a_shape_find_the_same_in_every_system(town: Town, crs: str) -> None:
    """The same corner of a street, said in each system by pyproj in its authority's order."""
    west, south, east, north = 113.4105, 22.5015, 113.4135, 22.5045
    wanted = [each["id"] for each in found(town, f"S_INTERSECTS(geometry, BBOX({west},{south},{east},{north}))")]
    assert 0 < len(wanted) < 40
    to = pyproj.Transformer.from_crs("OGC:CRS84", crs.replace(EPSG, "EPSG:").replace(CRS84, "OGC:CRS84"))
    corners = [to.transform(x, y) for x, y in ((west, south), (east, south), (east, north), (west, north))]
    ring = ", ".join(f"{x!r} {y!r}" for x, y in (*corners, corners[0]))
    shaped = found(town, f"S_INTERSECTS(geometry, POLYGON(({ring})))", filter_crs=crs)
    assert [each["id"] for each in shaped] == wanted
    xs, ys = zip(*corners, strict=True)
    boxed = found(town, "TRUE", bbox=f"{min(xs)!r},{min(ys)!r},{max(xs)!r},{max(ys)!r}", bbox_crs=crs)
    assert [each["id"] for each in boxed] == wanted


ASK = """
import sys, threading
from gridmap.read import BadWord
from gridmap.read.cql2 import parse
def work():
    for words in sys.stdin.read().split("\\x1e"):
        try:
            parse(words, "cql2-text")
        except BadWord:
            pass
threading.stack_size(512 * 1024)
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""
"""On a quarter of the stack that a thread of the server has."""


def hostile() -> Iterator[str]:
    """What makes the parser of text crash or think for minutes, where nothing bounds it; just within the bounds too."""
    for deep in (1, 3, 5, 6, 7, 8, 9, 10, 12, 20, 60, 500, 4000):
        for start, middle, end in (
            ("(", "a=1", ")"), ("(", "a=1", ""), ("(", "a==", ")"), ("NOT ", "a=1", ""), ("NOT (", "a=1", ")"),
            ("-", "1=1", ""), ("CASEI(", "a", ")"), ("f(", "a", ")"), ("a IN (", "1", ")"), ("(a=1 AND ", "b=", ")"),
            ("GEOMETRYCOLLECTION(", "POINT(1 2 x)", ")"), ("", "a=1", "=1"), ("", "a=1", "+1"), ("", "a=1", " AND a=1"),
            ("", "a=1", "^1"), ("", "a=1", " OR NOT a=1"), ("", "a='", "''"), ('"', "a", '"'), ("", "a IN (1", ",1"),
        ):  # fmt: skip
            yield start * deep + middle + end * deep
        room = max(1, min(LONGEST, WORK >> deep) - 2 * deep - 20)
        for body in (
            "a IN (1" + ",1" * (room // 2) + ")",
            "S_INTERSECTS(g,LINESTRING(1 2" + ",1 2" * (room // 5) + "))",
        ):
            yield "(" * (deep - 1) + body[: room - 2] + " x" + ")" * (deep - 1)
            yield "(" * (deep - 1) + body + ")" * (deep - 1)


def test_nothing_that_is_written_takes_the_server_with_it() -> None:
    texts = [text.replace("\x1e", "") for text in hostile()]
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", ASK], input="\x1e".join(texts), text=True, capture_output=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert time.monotonic() - begun < 60


@settings(max_examples=400, deadline=None)
@given(words=st.text(st.sampled_from("()'\"=<>-+,. aN1%"), max_size=60) | st.text(max_size=40))
def test_any_words_are_parsed_or_refused(words: str) -> None:
    for language in LANGUAGES:
        with suppress(BadWord):
            parse(words, language)
