"""Parts 3 and 5 and Tiles, by the names of their abstract tests."""

import json
import re
from typing import Any

import mapbox_vector_tile
import pytest

from tests.api.abstract.server import Server

GEOJSON = "application/geo+json"
REL = "http://www.opengis.net/def/rel/ogc/1.0/"
MVT = "application/vnd.mapbox-vector-tile"


def linked(document: dict[str, Any], rel: str) -> str:
    found: list[str] = [link["href"] for link in document["links"] if link["rel"] == rel]
    assert found, f"no link {rel}"
    return found[0]


def test_queryables(server: Server, collections: list[dict[str, Any]]) -> None:
    """/conf/queryables/get, link, response"""
    server.declares("ogcapi-features-3/1.0/conf/queryables")
    for collection in collections:
        answer = server.get(linked(collection, f"{REL}queryables"), accept="application/schema+json")
        assert answer.headers["Content-Type"].startswith("application/schema+json")
        schema = answer.json
        assert re.fullmatch("https?://json-schema.org/draft/(2019-09|2020-12)/schema", schema["$schema"])
        assert schema["$id"] == linked(collection, f"{REL}queryables")
        assert schema["type"] == "object"
        for each in schema["properties"].values():
            assert "type" in each or each["format"].startswith("geometry-")


def test_queryables_are_parameters(server: Server, collections: list[dict[str, Any]]) -> None:
    """/conf/queryables-query-parameters: each simple one finds its own value"""
    server.declares("ogcapi-features-3/1.0/conf/queryables", "ogcapi-features-3/1.0/conf/queryables-query-parameters")
    for collection in collections:
        schema = server.ok(linked(collection, f"{REL}queryables"))["properties"]
        first = server.ok(f"/collections/{collection['id']}/items", GEOJSON, limit="1")["features"][0]
        for name, value in first["properties"].items():
            if name in schema and isinstance(value, str | int) and not isinstance(value, bool) and value != "":
                found = server.get(
                    f"/collections/{collection['id']}/items?", GEOJSON, limit="1000", **{name: str(value)}
                )
                assert found.status == 200
                assert first["id"] in [each["id"] for each in found.json["features"]]


def test_filter_parameters(server: Server, collections: list[dict[str, Any]]) -> None:
    """/conf/filter/filter-param, filter-lang-param, filter-crs-param, and mixed with others: all hold"""
    server.declares("ogcapi-features-3/1.0/conf/filter", "ogcapi-features-3/1.0/conf/features-filter")
    for collection in collections:
        address = f"/collections/{collection['id']}/items"
        first = server.ok(address, GEOJSON, limit="1")["features"][0]
        tree = {"op": "=", "args": [{"property": "id"}, first["id"]]}
        for words in ({"filter": f"id = {first['id']}"}, {"filter": json.dumps(tree), "filter_lang": "cql2-json"}):
            assert [each["id"] for each in server.ok(address, GEOJSON, **words)["features"]] == [first["id"]]
            assert server.ok(address, GEOJSON, bbox="0,0,1,1", **words)["numberMatched"] == 0


@pytest.mark.parametrize("words", ["nosuch = 1", "id = ", "id = 'x", "nosuch(id) = 1", "((("])
def test_filter_that_is_none(server: Server, collections: list[dict[str, Any]], words: str) -> None:
    """/conf/filter/filter-param: 400"""
    server.declares("ogcapi-features-3/1.0/conf/filter", "ogcapi-features-3/1.0/conf/features-filter")
    assert server.get(f"/collections/{collections[0]['id']}/items", GEOJSON, filter=words).status == 400
    assert server.get(f"/collections/{collections[0]['id']}/items", GEOJSON, filter_lang="sql").status == 400
    assert server.get(f"/collections/{collections[0]['id']}/items", GEOJSON, filter_crs="EPSG:1").status == 400


def test_schema(server: Server, collections: list[dict[str, Any]]) -> None:
    """Part 5: /conf/schemas, core-roles-features"""
    server.declares("ogcapi-features-5/1.0/conf/schemas", "ogcapi-features-5/1.0/conf/core-roles-features")
    for collection in collections:
        schema = server.ok(linked(collection, f"{REL}schema"))
        roles = [each.get("x-ogc-role") for each in schema["properties"].values()]
        assert roles.count("id") == roles.count("primary-geometry") == 1
        first = server.ok(f"/collections/{collection['id']}/items", GEOJSON, limit="1")["features"][0]
        assert set(first["properties"]) == set(schema["properties"]) - {"id", "geometry"}


def test_tilesets(server: Server, collections: list[dict[str, Any]]) -> None:
    """Tiles: /conf/tilesets-list, tileset, geodata-tilesets, core, mvt"""
    server.declares("ogcapi-tiles-1/1.0/conf/tilesets-list", "ogcapi-tiles-1/1.0/conf/geodata-tilesets")
    for collection in collections:
        (listed,) = server.ok(linked(collection, f"{REL}tilesets-vector"))["tilesets"]
        assert listed["dataType"] == "vector"
        assert listed["tileMatrixSetURI"].endswith("/WebMercatorQuad")
        tileset = server.ok(linked(listed, "self"))
        assert [each["id"] for each in tileset["layers"]] == [collection["id"]]
        grid = server.ok(linked(tileset, f"{REL}tiling-scheme"))
        assert grid["id"] == "WebMercatorQuad"
        level = next(each for each in grid["tileMatrices"] if each["id"] == "16")
        assert (level["matrixWidth"], level["tileWidth"]) == (65_536, 256)
        west, south = tileset["boundingBox"]["lowerLeft"]
        assert collection["extent"]["spatial"]["bbox"][0][:2] == [west, south]


def test_tiles_are_those_of_the_template(server: Server, collections: list[dict[str, Any]]) -> None:
    """/conf/core/tc-op, tc-success, tc-error: row before column, 204 where nothing is, 404 beyond the grid"""
    server.declares("ogcapi-tiles-1/1.0/conf/core", "ogcapi-tiles-1/1.0/conf/geodata-tilesets")
    collection = next(each for each in collections if each["id"] == "buildings")
    tileset = server.ok(linked(server.ok(linked(collection, f"{REL}tilesets-vector"))["tilesets"][0], "self"))
    template = linked(tileset, "item")

    def tile(level: int, row: int, column: int) -> Any:
        said = {"{tileMatrix}": level, "{tileRow}": row, "{tileCol}": column}
        address = template
        for name, number in said.items():
            address = address.replace(name, str(number))
        return server.get(address, accept=MVT)

    found = tile(16, 28_562, 53_413)
    assert found.status == 200
    assert found.headers["Content-Type"] == MVT
    assert mapbox_vector_tile.decode(found.body)["buildings"]["features"]
    assert tile(16, 0, 0).status == 204
    for beyond in ((16, 65_536, 0), (16, 0, 65_536), (17, 0, 0), (99, 0, 0)):
        assert tile(*beyond).status == 404
