"""No parameter of /ogc tells more than the map: filters, counts, systems, schemas, tiles, links of somebody else."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from test_who_sees_what import SOME, open_scene
from werkzeug.test import TestResponse

from gridmap.layers import BY_NAME
from gridmap.read.kinds import kind_of
from tests.api.asker import inside
from tests.conftest import Base
from tests.outputs import Scene

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
WORLD = "S_INTERSECTS(geometry, BBOX(-180,-90,180,90))"
ALL: tuple[dict[str, str], ...] = (
    {"filter": "TRUE"},
    {"filter": "NOT (id < 0 AND FALSE) OR id IS NULL"},
    {"filter": f"{WORLD} OR NOT {WORLD} OR geometry IS NULL"},
    {"filter": '{"op": ">", "args": [{"property": "id"}, 0]}', "filter-lang": "cql2-json"},
    {"crs": f"{EPSG}3857"},
    {"crs": f"{EPSG}4326", "filter-crs": f"{EPSG}4490", "filter": "id > 0"},
)
"""Each asks for everything, in another way."""
NAMED = (
    "{} IS NULL OR TRUE", "{} = 'x'", "{} = 1", "{} > DATE('2020-01-01')", "{} IN ('x')", "{} LIKE '%'",
    "NOT ({} IS NULL)", "{} BETWEEN 1 AND 2", "CASEI({}) = 'x'",
    "T_INTERSECTS({}, INTERVAL('..', '2020-01-01'))", "name = {}", "id < {}",
    "S_INTERSECTS({}, POINT(1 2))", '"{}" IS NOT NULL',
)  # fmt: skip


@pytest.fixture(scope="module")
def scene(demo_template: str, copy_database: Callable[[str], Base], make_app: Callable[[Base], Flask]) -> Scene:
    return open_scene(copy_database(demo_template), make_app)


@pytest.fixture
def client(scene: Scene) -> FlaskClient:
    return scene.app.test_client()


def asked(scene: Scene, client: FlaskClient, who: str, address: str, **query: str) -> TestResponse:
    headers = scene.world.headers(who) | {"Accept": "application/json"}
    return client.get(address + ("?" + urlencode(query) if query else ""), headers=headers)


def there(scene: Scene, who: str) -> list[str]:
    return [name for name in BY_NAME if scene.oracle.sight(who, name).is_there]


def document(answer: TestResponse) -> Any:
    assert answer.status_code == 200, answer.text
    return json.loads(answer.data)


@pytest.mark.parametrize("words", ALL, ids=str)
@pytest.mark.parametrize("who", SOME)
def test_who_asks_for_everything_gets_what_is_theirs(
    scene: Scene, client: FlaskClient, who: str, words: dict[str, str]
) -> None:
    for name in there(scene, who):
        found = document(asked(scene, client, who, f"/ogc/collections/{name}/items", limit="10000", **words))
        rows = scene.oracle.sight(who, name).rows
        assert {each["id"] for each in found["features"]} == set(rows), name
        assert found["numberMatched"] == len(rows), name


@pytest.mark.parametrize("who", SOME)
def test_a_filter_on_what_is_hidden_is_one_on_nothing(scene: Scene, client: FlaskClient, who: str) -> None:
    rights, checked = scene.oracle.rights(who), 0
    assert rights is not None
    for name in there(scene, who):
        hidden = set(BY_NAME[name].attributes) - scene.oracle.names(rights, name)
        columns = (
            {column.key for column in BY_NAME[name].rows.selected_columns} - set(BY_NAME[name].attributes) - {"id"}
        )
        for attribute in sorted(hidden | (columns if name == "buildings" else set())):
            for words in NAMED:
                for form in ("items", "items.geojson"):
                    answers = [
                        asked(scene, client, who, f"/ogc/collections/{name}/{form}", filter=words.format(word))
                        for word in (attribute, "no_such_word")
                    ]
                    assert [answer.status_code for answer in answers] == [400, 400], (name, words, attribute)
                    assert answers[0].text.replace(attribute, "no_such_word") == answers[1].text
                    checked += 1
    assert checked > 100


@pytest.mark.parametrize("who", SOME)
def test_schemas_and_tilesets_name_what_may_be_known(scene: Scene, client: FlaskClient, who: str) -> None:
    rights = scene.oracle.rights(who)
    assert rights is not None
    for name in there(scene, who):
        known = scene.oracle.names(rights, name)
        simple = {each for each in known if kind_of(BY_NAME[name], each) != "object"}
        path = f"/ogc/collections/{name}"
        assert set(document(asked(scene, client, who, f"{path}/schema"))["properties"]) == known | {"id", "geometry"}
        queryables = document(asked(scene, client, who, f"{path}/queryables"))
        assert set(queryables["properties"]) == simple | {"id", "geometry"}
        tileset = document(asked(scene, client, who, f"{path}/tiles/WebMercatorQuad"))
        assert set(tileset["layers"][0]["propertiesSchema"]["properties"]) <= known


@pytest.mark.parametrize("who", SOME)
def test_a_link_of_somebody_else_leads_to_what_is_ones_own(scene: Scene, client: FlaskClient, who: str) -> None:
    for name in ("buildings", "grids", "stairwells"):
        whole = document(
            asked(
                scene, client, "leader", f"/ogc/collections/{name}/items", limit="2", filter="id > 0", crs=f"{EPSG}3857"
            )
        )
        for link in whole["links"]:
            if link["rel"] in ("next", "self"):
                found = document(asked(scene, client, who, inside(link["href"])))
                rows = scene.oracle.sight(who, name).rows
                assert {each["id"] for each in found["features"]} <= set(rows)
                assert found["numberMatched"] == len(rows)


@pytest.mark.parametrize("who", SOME)
def test_tiles_are_those_of_the_map(scene: Scene, client: FlaskClient, who: str) -> None:
    for name in ("buildings", "grids", "stairwells", "estates"):
        ours, maps = (
            asked(scene, client, who, address)
            for address in (
                f"/ogc/collections/{name}/tiles/WebMercatorQuad/14/7138/13351",
                f"/tiles/14/13351/7138.mvt?layers={name}",
            )
        )
        assert (ours.status_code, ours.data) == (maps.status_code, maps.data)
