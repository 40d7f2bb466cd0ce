"""OGC API - Features Part 2, Annex A, said again: each test carries the name of its abstract test."""

from typing import Any

import pyproj
import pytest
import shapely
from shapely.geometry import shape

from tests.api.abstract.server import Server

GEOJSON = "application/geo+json"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
UNKNOWN = "http://www.opengis.net/def/crs/UNKNOWN"


@pytest.fixture(autouse=True)
def declared(server: Server) -> None:
    server.declares("ogcapi-features-2/1.0/conf/crs")


def authority(uri: str) -> str:
    """The system as pyproj calls it; its axes are in the order of the authority."""
    return "OGC:CRS84" if uri == CRS84 else uri.replace("http://www.opengis.net/def/crs/EPSG/0/", "EPSG:")


def into_84(uri: str, geometry: Any) -> Any:
    step = pyproj.Transformer.from_crs(authority(uri), "OGC:CRS84")
    return shapely.transform(geometry, lambda xy: shapely.get_coordinates(shapely.points(*step.transform(*xy.T))))


def pairs(collections: list[dict[str, Any]]) -> list[tuple[dict[str, Any], str]]:
    return [(collection, crs) for collection in collections for crs in collection["crs"]]


def items(server: Server, collection: dict[str, Any], **query: str) -> Any:
    return server.get(f"/collections/{collection['id']}/items", accept=GEOJSON, **query)


def test_1_crs_uri(collections: list[dict[str, Any]]) -> None:
    """/conf/crs/crs-uri"""
    for _collection, crs in pairs(collections):
        assert crs.startswith("http://www.opengis.net/def/crs/")
        assert pyproj.CRS(authority(crs))


def test_2_default_crs(collections: list[dict[str, Any]]) -> None:
    """/conf/crs/fc-md-crs-list: the default is in every list"""
    assert all(CRS84 in collection["crs"] for collection in collections)


def test_3_storage_crs(collections: list[dict[str, Any]]) -> None:
    """/conf/crs/fc-md-storageCrs-valid-value"""
    assert all(collection["storageCrs"] in collection["crs"] for collection in collections)


def test_4_crs_parameter(server: Server, collections: list[dict[str, Any]]) -> None:
    """/conf/crs/crs-parameter: the header of features, and of one"""
    for collection, crs in pairs(collections):
        answer = items(server, collection, crs=crs, limit="1")
        assert answer.status == 200
        assert answer.headers["Content-Crs"] == f"<{crs}>"
        alone = server.get(
            f"/collections/{collection['id']}/items/{answer.json['features'][0]['id']}", GEOJSON, crs=crs
        )
        assert alone.headers["Content-Crs"] == f"<{crs}>"
        assert alone.json["geometry"] == answer.json["features"][0]["geometry"]


def test_5_invalid_crs(server: Server, collections: list[dict[str, Any]]) -> None:
    """/conf/crs/crs-parameter-invalid"""
    for collection in collections:
        first = items(server, collection, limit="1").json["features"][0]["id"]
        for crs in (UNKNOWN, "EPSG:4326", "", "http://www.opengis.net/def/crs/EPSG/0/2056"):
            assert items(server, collection, crs=crs).status == 400
            assert server.get(f"/collections/{collection['id']}/items/{first}", GEOJSON, crs=crs).status == 400


def test_6_default_of_the_parameter(server: Server, collections: list[dict[str, Any]]) -> None:
    """/conf/crs/crs-parameter-default"""
    for collection in collections:
        assert items(server, collection).headers["Content-Crs"] == f"<{CRS84}>"


def test_7_transform(server: Server, collections: list[dict[str, Any]]) -> None:
    """/conf/crs/crs-parameter-transform: the axes in the order of the authority, to a centimetre"""
    for collection, crs in pairs(collections):
        plain, moved = (items(server, collection, limit="20", **words).json for words in ({}, {"crs": crs}))
        for one, other in zip(plain["features"], moved["features"], strict=True):
            assert (one["id"], one["properties"]) == (other["id"], other["properties"])
            if one["geometry"]:
                back = into_84(crs, shape(other["geometry"]))
                assert shapely.hausdorff_distance(shape(one["geometry"]), back) < 2e-7, crs


def test_8_bbox_crs(server: Server, collections: list[dict[str, Any]]) -> None:
    """/conf/crs/bbox-crs-parameter: the extent in any system finds the same features"""
    for collection, crs in pairs(collections):
        west, south, east, north = collection["extent"]["spatial"]["bbox"][0]
        step = pyproj.Transformer.from_crs("OGC:CRS84", authority(crs))
        xs, ys = zip(*(step.transform(x, y) for x in (west, east) for y in (south, north)), strict=True)
        room = 1e-6 if max(map(abs, xs)) <= 180 else 0.1
        box = f"{min(xs) - room!r},{min(ys) - room!r},{max(xs) + room!r},{max(ys) + room!r}"
        found = items(server, collection, bbox=box, bbox_crs=crs, limit="1000").json
        plain = items(server, collection, bbox=f"{west},{south},{east},{north}", limit="1000").json
        assert {each["id"] for each in found["features"]} >= {each["id"] for each in plain["features"]}
        assert found["numberMatched"] > 0


def test_9_bbox_crs_default(server: Server, collections: list[dict[str, Any]]) -> None:
    """/conf/crs/bbox-crs-parameter-default"""
    for collection in collections:
        box = ",".join(map(str, collection["extent"]["spatial"]["bbox"][0]))
        plain, said = (items(server, collection, bbox=box, **words).json for words in ({}, {"bbox_crs": CRS84}))
        assert plain["features"] == said["features"]


@pytest.mark.parametrize("crs", [UNKNOWN, "EPSG:4326", ""])
def test_10_bbox_crs_invalid(server: Server, collections: list[dict[str, Any]], crs: str) -> None:
    """/conf/crs/bbox-crs-parameter-invalid"""
    for collection in collections:
        assert items(server, collection, bbox="1,2,3,4", bbox_crs=crs).status == 400
