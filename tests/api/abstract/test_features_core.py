"""OGC API - Features Part 1, Annex A, said again: each test carries its number (1.0.0/1.0.1) and its name."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import shapely
from shapely.geometry import shape

from tests.api.abstract.server import Server

GEOJSON = "application/geo+json"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
BOXES = (
    *((-1.5, 50.0, 1.5, 53.0), (-80.0, -5.0, -70.0, 5.0), (177.0, 65.0, -177.0, 70.0)),
    *((-180.0, 85.0, 180.0, 90.0), (-180.0, -90.0, 180.0, -85.0)),
)
"""Over the meridian, the equator, 180 degrees, and the poles."""


def rels(document: dict[str, Any], rel: str) -> list[dict[str, Any]]:
    return [link for link in document["links"] if link["rel"] == rel]


def linked(document: dict[str, Any], *names: str) -> None:
    for name in names:
        assert rels(document, name), name
    assert all(link.get("rel") and link.get("type") for link in document["links"] if link["rel"] in names)


def resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """What a reference refers to; one to another host stays as it is."""
    while part.get("$ref", "").startswith("#/"):
        found: Any = document
        for word in part["$ref"][2:].split("/"):
            found = found[word.replace("~1", "/")]
        part = found
    return part


def parameter(server: Server, collection: str, name: str) -> dict[str, Any]:
    document = described(server)
    paths = document["paths"]
    path = next(path for path in paths if path.endswith((f"/collections/{collection}/items", "{collectionId}/items")))
    found = [resolved(document, each) for each in paths[path]["get"]["parameters"]]
    if not any(each.get("name") == name for each in found) and any("$ref" in each for each in found):
        pytest.skip(f"{name} is described on another host")
    return next(each for each in found if each.get("name") == name)


def described(server: Server) -> dict[str, Any]:
    (link,) = [each for each in rels(server.ok(""), "service-desc") if "openapi+json" in each["type"]][:1]
    found: dict[str, Any] = server.ok(link["href"], accept=link["type"])
    return found


def items(server: Server, collection: dict[str, Any], **query: str) -> dict[str, Any]:
    found: dict[str, Any] = server.ok(f"/collections/{collection['id']}/items", accept=GEOJSON, **query)
    return found


def test_1_http(server: Server) -> None:
    """/conf/core/http"""
    assert server.get("").status == 200
    assert server.get("/collections/nothing-of-that-name").status == 404


def test_2_crs84(server: Server, collections: list[dict[str, Any]]) -> None:
    """/conf/core/crs84"""
    for collection in collections:
        for feature in items(server, collection)["features"]:
            if feature["geometry"]:
                west, south, east, north = shape(feature["geometry"]).bounds
                assert -180 <= west <= east <= 180
                assert -90 <= south <= north <= 90


def test_3_and_4_root(server: Server) -> None:
    """/conf/core/root-op, root-success"""
    document = server.ok("")
    linked(document, "conformance", "data")
    assert rels(document, "service-desc") or rels(document, "service-doc")


def test_5_and_6_api_definition(server: Server) -> None:
    """/conf/core/api-definition-op, api-definition-success"""
    document = described(server)
    assert document["openapi"].startswith("3.0")
    assert document["paths"]


def test_the_description_is_complete_in_itself(server: Server) -> None:
    """Of no abstract test: programs without a network can read it"""
    assert [each for each in references(described(server)) if not each.startswith("#/")] == []


def references(part: Any) -> list[str]:
    if isinstance(part, dict):
        inner = [each for value in part.values() for each in references(value)]
        return inner + ([part["$ref"]] if isinstance(part.get("$ref"), str) else [])
    return [each for value in part for each in references(value)] if isinstance(part, list) else []


def test_7_and_8_conformance(server: Server) -> None:
    """/conf/core/conformance-op, conformance-success"""
    said = server.ok("/conformance")["conformsTo"]
    for name in ("core", "geojson", "html", "oas30"):
        assert f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{name}" in said


def test_9_and_10_collections(server: Server) -> None:
    """/conf/core/fc-md-op, fc-md-success, fc-md-links"""
    document = server.ok("/collections")
    linked(document, "self", "alternate")
    for collection in document["collections"]:
        assert [link for link in rels(collection, "items") if link["type"] == GEOJSON]
        assert CRS84 in collection.get("crs", [CRS84])
        if "extent" in collection:
            assert all(len(box) in (4, 6) for box in collection["extent"]["spatial"]["bbox"])


def test_11_and_12_each_collection(server: Server, collections: list[dict[str, Any]]) -> None:
    """/conf/core/sfc-md-op, sfc-md-success"""
    for collection in collections:
        alone = server.ok(f"/collections/{collection['id']}")
        for name in ("id", "title", "description", "extent"):
            assert alone.get(name) == collection.get(name)
        linked(alone, "items")


def test_13_features(server: Server, collections: list[dict[str, Any]]) -> None:
    """/conf/core/fc-op (17)"""
    for collection in collections:
        answer = server.get(f"/collections/{collection['id']}/items", accept=GEOJSON)
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith(GEOJSON)


def test_14_bbox_definition(server: Server, collections: list[dict[str, Any]]) -> None:
    """/conf/core/fc-bbox-definition (18)"""
    bbox = parameter(server, collections[0]["id"], "bbox")
    assert (bbox["in"], bbox.get("required", False), bbox.get("style", "form")) == ("query", False, "form")
    assert bbox.get("explode", True) is False
    assert bbox["schema"].get("type") == "array"
    assert bbox["schema"]["items"]["type"] == "number"
    assert "oneOf" in bbox["schema"] or (bbox["schema"]["minItems"], bbox["schema"]["maxItems"]) == (4, 6)


def test_15_bbox_response(server: Server, collections: list[dict[str, Any]]) -> None:
    """/conf/core/fc-bbox-response (19)"""
    for collection in collections:
        extent = collection["extent"]["spatial"]["bbox"][0]
        middle = [(extent[0] + extent[2]) / 2, (extent[1] + extent[3]) / 2]
        for sides in (*BOXES, extent, [*extent[:2], *middle]):
            west, south, east, north = sides
            parts = (
                [(west, south, east, north)]
                if west <= east
                else [(west, south, 180, north), (-180, south, east, north)]
            )
            area = shapely.union_all([shapely.box(*part) for part in parts]).buffer(1e-6)
            for feature in items(server, collection, bbox=",".join(map(str, sides)))["features"]:
                assert feature["geometry"] is None or area.intersects(shape(feature["geometry"]))
        everything = items(server, collection, limit="1000")
        placed = [each for each in everything["features"] if each["geometry"]]
        assert len(items(server, collection, bbox=",".join(map(str, extent)), limit="1000")["features"]) >= len(placed)


def test_16_limit_definition(server: Server, collections: list[dict[str, Any]]) -> None:
    """/conf/core/fc-limit-definition (20)"""
    limit = parameter(server, collections[0]["id"], "limit")
    assert (limit["in"], limit.get("required", False)) == ("query", False)
    assert limit["schema"]["type"] == "integer"
    assert {"minimum", "maximum", "default"} <= set(limit["schema"])


def test_17_limit_response(server: Server, collections: list[dict[str, Any]]) -> None:
    """/conf/core/fc-limit-response (21)"""
    for collection in collections:
        for limit in (1, 2, 7):
            assert len(items(server, collection, limit=str(limit))["features"]) <= limit


def test_18_datetime_definition(server: Server, collections: list[dict[str, Any]]) -> None:
    """/conf/core/fc-time-definition (22)"""
    said = parameter(server, collections[0]["id"], "datetime")
    assert (said["in"], said.get("required", False), said["schema"].get("type")) == ("query", False, "string")


MOMENT, LATER = "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"


@pytest.mark.parametrize("when", [MOMENT, f"{MOMENT}/{LATER}", f"../{LATER}", f"{MOMENT}/.."])
def test_19_datetime_response(server: Server, collections: list[dict[str, Any]], when: str) -> None:
    """/conf/core/fc-time-response (23); a collection without times answers all of its features"""
    for collection in collections:
        answer = items(server, collection, datetime=when)
        if "temporal" not in collection["extent"]:
            assert answer.get("numberMatched") == items(server, collection).get("numberMatched")


INVALID = ({"limit": "unlimited"}, {"limit": "0"}, {"bbox": "1,2,3"}, {"bbox": "a,b,c,d"}, {"datetime": "nonsense"})


@pytest.mark.parametrize("query", INVALID, ids=str)
def test_20_query_param_invalid(server: Server, collections: list[dict[str, Any]], query: dict[str, str]) -> None:
    """/conf/core/query-param-invalid (24)"""
    assert server.get(f"/collections/{collections[0]['id']}/items", accept=GEOJSON, **query).status == 400


def test_21_query_param_unknown(server: Server, collections: list[dict[str, Any]]) -> None:
    """/conf/core/query-param-unknown (25)"""
    for collection in collections:
        answer = server.get(f"/collections/{collection['id']}/items", accept=GEOJSON, unknownQueryParameter12345="1")
        assert answer.status == 400


def test_22_and_23_feature_collection(server: Server, collections: list[dict[str, Any]]) -> None:
    """/conf/core/fc-response (26), fc-links (27)"""
    for collection in collections:
        document = items(server, collection, limit="1")
        assert document["type"] == "FeatureCollection"
        assert isinstance(document["features"], list)
        linked(document, "self", "alternate")
        for link in rels(document, "next"):
            assert server.get(link["href"], accept=GEOJSON).status == 200


def test_24_time_stamp(server: Server, collections: list[dict[str, Any]]) -> None:
    """/conf/core/fc-timeStamp (28)"""
    before = datetime.now(UTC) - timedelta(seconds=1)
    said = items(server, collections[0]).get("timeStamp")
    if said is None and server.asker is None:
        pytest.skip("says no timeStamp, which it may")
    assert before <= datetime.fromisoformat(said) <= datetime.now(UTC) + timedelta(seconds=1)


def test_25_number_matched(server: Server, collections: list[dict[str, Any]]) -> None:
    """/conf/core/fc-numberMatched (29): all pages together, each feature once, the filter kept by `next`"""
    for collection in collections:
        extent = ",".join(map(str, collection["extent"]["spatial"]["bbox"][0]))
        address, ids, pages = "", [], 0
        document = items(server, collection, limit="3", bbox=extent)
        matched = document["numberMatched"]
        while pages < 40:
            ids += [json.dumps(each["id"]) for each in document["features"]]
            onward, pages = rels(document, "next"), pages + 1
            if not onward:
                break
            address = onward[0]["href"]
            document = server.ok(address, accept=GEOJSON)
            assert document["numberMatched"] == matched
        assert len(ids) == len(set(ids))
        assert pages == 40 or len(ids) == matched


def test_26_number_returned(server: Server, collections: list[dict[str, Any]]) -> None:
    """/conf/core/fc-numberReturned (30)"""
    for collection in collections:
        document = items(server, collection, limit="5")
        assert document["numberReturned"] == len(document["features"])


def test_27_to_29_a_feature(server: Server, collections: list[dict[str, Any]]) -> None:
    """/conf/core/f-op (31), f-success (32), f-links (33)"""
    for collection in collections:
        for feature in items(server, collection, limit="3")["features"]:
            alone = server.ok(f"/collections/{collection['id']}/items/{feature['id']}", accept=GEOJSON)
            assert {name: alone[name] for name in ("type", "id", "geometry", "properties")} == {
                name: feature[name] for name in ("type", "id", "geometry", "properties")
            }
            linked(alone, "self", "alternate", "collection")
