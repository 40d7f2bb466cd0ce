"""GDAL's own OGC API - Features client, over a socket: every layer comes back whole, typed, filtered, by id.

GDAL runs in a process of its own, because its requests would wait for the server of this one.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import shapely
from flask import Flask
from werkzeug.serving import make_server

from gridmap.accounts import actor, create_token
from gridmap.db import SYSTEM
from gridmap.layer import Role
from gridmap.layers import LAYERS
from gridmap.read import read_frame
from tests.two_streets import ASKED, Town, identity, open_town

READ = """
import json, sys
import pyogrio

def read(how):
    if "bbox" in how:
        how["bbox"] = tuple(how["bbox"])
    frame = pyogrio.read_dataframe(how.pop("url"), fid_as_index=True, **how)
    shapes = getattr(frame, "geometry", [None] * len(frame))
    values = frame.drop(columns="geometry", errors="ignore")
    return {
        "ids": [int(i) for i in frame.index],
        "shapes": [None if shape is None else shape.wkb_hex for shape in shapes],
        "columns": {
            name: [None if value != value or value is None else str(value) for value in values[name].astype(object)]
            for name in values
        },
        "kinds": {name: values[name].dtype.kind for name in values},
    }

root, reads = json.loads(sys.argv[1])
print(json.dumps({name: read(root | how) for name, how in reads.items()}))
"""
NAMES = [layer.name for layer in LAYERS if layer.name not in ("green", "water")]
READS: dict[str, dict[str, Any]] = {name: {"layer": name} for name in NAMES} | {
    "box": {"layer": "facilities", "bbox": (113.4, 22.5, 113.415, 22.51)},
    "one": {"layer": "streets", "fids": [2]},
    "paged": {"layer": "buildings", "PAGE_SIZE": "7"},
    "greatest": {"layer": "estates", "PAGE_SIZE": "10000"},
    "where": {"layer": "buildings", "where": "floors > 3 AND kind = 'slab'"},
    "where_text": {"layer": "buildings", "where": "name LIKE '花苑%'"},
    "where_none": {"layer": "buildings", "where": "floors > 3 AND kind = 'tower'"},
    "where_time": {"layer": "facilities", "where": "installed_on >= '2019/05/04'"},
    "where_box": {"layer": "buildings", "where": "floors >= 1", "bbox": (113.4, 22.5, 113.43, 22.51)},
}


class Quiet:
    """The application, and which addresses were asked."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.asked: list[str] = []

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.asked.append(environ["PATH_INFO"] + "?" + environ["QUERY_STRING"])
        return self.app(environ, start_response)


@pytest.fixture(scope="module")
def town(empty_template: str, copy_database: Callable[[str], Any]) -> Iterator[Town]:
    with open_town(copy_database(empty_template)) as made:
        yield made


@pytest.fixture(scope="module")
def quiet(town: Town, make_app: Callable[..., Flask]) -> Quiet:
    return Quiet(make_app(town.base))


@pytest.fixture(scope="module")
def root(quiet: Quiet, town: Town) -> Iterator[dict[str, str]]:
    """What GDAL is given: the address, and a token as the password."""
    with town.database.transaction(SYSTEM) as connection:
        row = connection.execute(
            "INSERT INTO gridmap.account (username, title) VALUES ('gis', 'GIS') RETURNING id"
        ).fetchone()
        assert row
        connection.execute(
            "INSERT INTO gridmap.account_grant (account_id, role, level) VALUES (%s, 'leader', 'city')", (row["id"],)
        )
        clock = quiet.app.extensions["gridmap"].clock
        token = create_token(connection, actor(clock), row["id"], name="gis", days=1)
    server = make_server("127.0.0.1", 0, quiet, threaded=True)
    server.log = lambda *_: None  # type: ignore[method-assign]  # to be quiet
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield {"url": f"OAPIF:http://127.0.0.1:{server.server_port}/ogc", "USERPWD": f"gis:{token}"}
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def found(root: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What GDAL read, all of READS in one process."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", READ, json.dumps([root, READS])],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    read: dict[str, dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return read


def expected(town: Town, name: str) -> Any:
    viewer = town.viewer(Role.LEADER)
    layer = next(each for each in LAYERS if each.name == name)
    with town.database.transaction(viewer.prologue) as connection:
        return read_frame(connection, layer, viewer, ASKED)


@pytest.mark.parametrize("name", NAMES)
def test_every_layer_comes_back_whole(found: dict[str, dict[str, Any]], town: Town, name: str) -> None:
    read, wanted = found[name], expected(town, name)
    assert read["ids"] == list(wanted["id"])
    for shape, stored in zip(read["shapes"], wanted.geometry, strict=True):
        assert (shape is None) == (stored is None)
        if stored is not None:
            rounded = shapely.set_precision(stored, 1e-7, mode="pointwise")
            assert shapely.normalize(rounded).equals_exact(shapely.normalize(shapely.from_wkb(shape)), 1e-9)
    for column in wanted.columns.drop(["id", "geometry"]):
        values = [_plain(value) for value in wanted[column].astype(object).where(wanted[column].notna(), None)]
        assert [_plain(value) for value in read["columns"][column]] == values, column


def _plain(value: Any) -> Any:
    """The same text for the same value, however a frame holds it."""
    if value is None:
        return None
    if isinstance(value, str) and value.startswith("{"):
        return json.dumps(json.loads(value), sort_keys=True)
    text = str(value).replace("T", " ")
    try:
        return f"{float(text):.6g}"
    except ValueError:
        return {"True": "1", "False": "0"}.get(text, text)


def test_types_are_known_even_where_the_first_values_are_missing(found: dict[str, dict[str, Any]]) -> None:
    kinds = found["buildings"]["kinds"]
    assert kinds["built_year"] in "if"
    assert kinds["floors_underground"] in "if"
    assert kinds["height_m"] == "f"
    assert found["facilities"]["kinds"]["installed_on"] == "M"
    assert found["assignments"]["kinds"]["since"] == "M"


def test_an_object_is_json_text(found: dict[str, dict[str, Any]], town: Town) -> None:
    for name in ("districts", "buildings"):
        texts = [text for text in found[name]["columns"]["extra"] if text is not None]
        assert texts
        assert {json.loads(text)["n"] for text in texts} == {1.5}
    kept = [json.loads(text)["原名"] for text in found["buildings"]["columns"]["extra"] if text is not None]
    assert kept == [town.buildings[each]["name"] for each in sorted(town.buildings) if each % 2 == 0]


def test_a_box_is_asked_of_the_server(found: dict[str, dict[str, Any]], quiet: Quiet) -> None:
    assert found["box"]["ids"] == [identity(1, 1300)]
    assert any("facilities/items" in address and "bbox=113.4" in address for address in quiet.asked)


def test_one_feature_is_asked_by_its_id(found: dict[str, dict[str, Any]], quiet: Quiet) -> None:
    assert found["one"]["ids"] == [2]
    assert any(address.startswith("/ogc/collections/streets/items/2") for address in quiet.asked)


def test_pages_follow_one_another(found: dict[str, dict[str, Any]], town: Town, quiet: Quiet) -> None:
    assert found["paged"]["ids"] == sorted(town.buildings)
    assert sum("limit=7" in address and "after=" in address for address in quiet.asked) == 5


def test_the_greatest_page_is_taken(found: dict[str, dict[str, Any]], quiet: Quiet) -> None:
    assert any("estates/items?limit=10000" in address for address in quiet.asked)


def test_a_condition_finds_what_fits(found: dict[str, dict[str, Any]], town: Town) -> None:
    rows = town.buildings
    assert found["where"]["ids"] == [each for each in sorted(rows) if (rows[each]["floors"] or 0) > 3]
    assert found["where_text"]["ids"] == [each for each in sorted(rows) if rows[each]["name"].startswith("花苑")]
    assert found["where_none"]["ids"] == []
    assert found["where_time"]["ids"] == found["facilities"]["ids"] != []
    assert 0 < len(found["where_box"]["ids"]) < len(rows)


def test_a_condition_is_asked_of_the_server(found: dict[str, dict[str, Any]], quiet: Quiet) -> None:
    asked = [address for address in quiet.asked if "buildings/items" in address]
    assert any("filter=" in address or "kind=slab" in address for address in asked), asked
