"""The documents of /ogc as programs and people meet them: types, pages, links, tags, the interface described."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from gridmap.api.ogc.items import FILTERS
from gridmap.audit import announce
from gridmap.db import SYSTEM
from gridmap.layers import BY_NAME, LAYERS
from tests.api.asker import ITEMS, PEOPLE, Asker, inside, links
from tests.two_streets import Town, identity

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
DOCUMENTS = (
    "/ogc",
    "/ogc/conformance",
    "/ogc/api",
    "/ogc/collections",
    "/ogc/collections/buildings",
    "/ogc/collections/buildings/schema",
    "/ogc/collections/buildings/feature-schema",
    "/ogc/collections/buildings/queryables",
    "/ogc/tileMatrixSets",
    "/ogc/tileMatrixSets/WebMercatorQuad",
    "/ogc/collections/buildings/tiles",
    "/ogc/collections/buildings/tiles/WebMercatorQuad",
    ITEMS,
    f"{ITEMS}/{identity(1, 1100)}",
)
TYPES = dict.fromkeys(DOCUMENTS, "application/json") | {
    "/ogc/api": "application/vnd.oai.openapi+json;version=3.0",
    "/ogc/collections/buildings/schema": "application/schema+json",
    "/ogc/collections/buildings/feature-schema": "application/schema+json",
    "/ogc/collections/buildings/queryables": "application/schema+json",
    ITEMS: "application/geo+json",
    f"{ITEMS}/{identity(1, 1100)}": "application/geo+json",
}


@pytest.mark.parametrize("address", DOCUMENTS)
def test_each_document_has_its_type_and_a_page(chief: Asker, address: str) -> None:
    document = chief(address)
    assert document.status_code == 200
    assert document.headers["Content-Type"] == TYPES[address]
    assert json.loads(document.data)
    for page in (chief(address, Accept=BROWSER), chief(f"{address}?f=html")):
        assert page.status_code == 200
        assert page.mimetype == "text/html"
        assert "<main" in page.text
        assert "<img onerror" not in page.text
        assert "ETag" not in page.headers
    assert chief(f"{address}?f=json", Accept=BROWSER).headers["Content-Type"] == TYPES[address]
    assert chief(address, Accept="image/png").headers["Content-Type"] == TYPES[address]


@pytest.mark.parametrize("address", [*DOCUMENTS, "/ogc/collections/buildings/items.geojson"])
def test_nobody_gets_in_without_signing_in(app: Flask, address: str) -> None:
    refused = app.test_client().get(address)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Basic")


def test_a_token_works_as_the_basic_password(app: Flask, tokens: dict[str, str]) -> None:
    assert app.test_client().get(ITEMS, auth=("anybody", tokens["chief"])).status_code == 200
    assert app.test_client().get(ITEMS, auth=("anybody", "wrong")).status_code == 401


def test_every_link_leads_somewhere(chief: Asker) -> None:
    seen: set[str] = set()
    waiting = ["/ogc"]
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        response = chief(address)
        assert response.status_code == 200, address
        if "json" not in response.mimetype or "items." in address:
            continue
        document = json.loads(response.data)
        nested = document.get("collections", [])
        for each in [link for part in (document, *nested) for link in part.get("links", [])]:
            assert set(each) - {"templated"} == {"rel", "type", "title", "href"}
            assert each["href"].startswith("http://localhost/ogc")
            if "templated" in each:
                continue
            if each["rel"] not in ("alternate", "next"):
                got = chief(inside(each["href"]))
                assert got.headers["Content-Type"].replace("; charset=utf-8", "") == each["type"]
            waiting.append(inside(each["href"]))
    assert len(seen) > 60


def test_self_and_alternate_are_told(chief: Asker) -> None:
    for address in DOCUMENTS:
        document = chief.json(address)
        if address == "/ogc/api" or "schema" in TYPES[address]:
            continue
        assert [inside(each["href"]) for each in links(document, "self")] == [address]
        assert [inside(each["href"]) for each in links(document, "alternate")] == [f"{address}?f=html"]


def test_the_landing_page_leads_on(chief: Asker) -> None:
    document = chief.json("/ogc/")
    assert document["title"]
    for rel in ("self", "alternate", "service-desc", "service-doc", "conformance", "data"):
        assert links(document, rel), rel
    assert any(name.endswith("/conf/core") for name in chief.json("/ogc/conformance")["conformsTo"])


def test_collections_are_the_layers(chief: Asker) -> None:
    document = chief.json("/ogc/collections")
    assert [each["id"] for each in document["collections"]] == [layer.name for layer in LAYERS]
    for each in document["collections"]:
        geojson = [one for one in links(each, "items") if one["type"] == "application/geo+json"]
        assert [urlsplit(one["href"]).query for one in geojson] == [""]
        assert links(each, "describedBy")[0]["type"] == "application/schema+json"
        assert each["itemType"] == "feature"
        assert each["crs"][0] == each["storageCrs"] == "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
        alone = chief.json(f"/ogc/collections/{each['id']}")
        assert {**alone, "links": None} == {**each, "links": None}
    buildings = next(each for each in document["collections"] if each["id"] == "buildings")
    assert buildings["extent"]["spatial"]["bbox"][0] == pytest.approx([113.41, 22.502, 113.5286, 22.5025], abs=2e-3)
    assert "extent" not in next(each for each in document["collections"] if each["id"] == "water")


def test_the_extent_ends_where_sight_ends(ask: Callable[[str], Asker]) -> None:
    bbox = ask("worker").json("/ogc/collections/buildings")["extent"]["spatial"]["bbox"][0]
    assert bbox[2] < 113.43


@pytest.mark.parametrize("address", [*(a for a in DOCUMENTS if a != ITEMS), "/ogc/collections/buildings/items.geojson"])
def test_an_unknown_parameter_is_refused_everywhere(chief: Asker, address: str) -> None:
    refused = chief(f"{address}?foo=1")
    assert refused.status_code == 400
    assert "“foo”" in refused.json["description"]


@pytest.mark.parametrize(
    "address", ["/ogc/collections/nothing", "/ogc/collections/nothing/items", "/ogc/collections/nothing/schema"]
)
def test_unknown_collections_are_not_there(chief: Asker, address: str) -> None:
    refused = chief(address)
    assert refused.status_code == 404
    assert "“nothing”" in refused.json["description"]


@pytest.mark.parametrize("address", DOCUMENTS)
def test_head_and_304(chief: Asker, address: str) -> None:
    first = chief(address)
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in first.headers["Vary"]
    head = chief(address, method="HEAD")
    assert head.status_code == 200
    assert head.data == b""
    assert head.headers["ETag"] == first.headers["ETag"]
    again = chief(address, If_None_Match=first.headers["ETag"])
    assert again.status_code == 304
    assert again.data == b""
    assert again.headers["ETag"] == first.headers["ETag"]
    other = f"{address}?lang=zh"
    assert chief(other, If_None_Match=first.headers["ETag"]).status_code == 200


def announced(town: Town, street: int, layer: str) -> int:
    """The number of a change of that layer."""
    with town.database.transaction(SYSTEM) as connection:
        announce(connection, street, [layer])
        row = connection.execute("SELECT max(id) AS id FROM gridmap.change").fetchone()
    return int((row or {})["id"])


def test_tags_tell_people_apart_and_notice_changes(ask: Callable[[str], Asker], town: Town, app: Flask) -> None:
    tags = {who: ask(who)(ITEMS).headers["ETag"] for who in PEOPLE}
    assert len(set(tags.values())) == 3
    changes = app.extensions["gridmap"].changes
    changes.catch_up(announced(town, 2, "buildings"))
    assert ask("worker")(ITEMS, If_None_Match=tags["worker"]).status_code == 304
    assert ask("chief")(ITEMS, If_None_Match=tags["chief"]).status_code == 200
    changes.catch_up(announced(town, 1, "people"))
    assert ask("worker")(ITEMS, If_None_Match=tags["worker"]).status_code == 200


def test_a_304_asks_no_row(chief: Asker, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    tag = chief(ITEMS).headers["ETag"]
    monkeypatch.setattr("gridmap.api.ogc.items.reading", None)
    assert chief(ITEMS, If_None_Match=tag).status_code == 304


def test_later_pages_do_not_count_again(chief: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    first = chief.json(f"{ITEMS}?limit=9&kind=slab")
    monkeypatch.setattr("gridmap.api.ogc.items.count_features", None)
    onward = links(first, "next")[0]["href"]
    assert chief.json(inside(onward))["numberMatched"] == first["numberMatched"]


def test_answers_are_compressed_for_those_who_take_it(chief: Asker) -> None:
    import gzip

    import brotli

    plain = chief(f"{ITEMS}/{identity(1, 1100)}")
    packed = chief(f"{ITEMS}/{identity(1, 1100)}", Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert brotli.decompress(chief(f"{ITEMS}/{identity(1, 1100)}", Accept_Encoding="gzip, br").data) == plain.data
    assert packed.headers["ETag"] != plain.headers["ETag"]


# ---- the interface described


def resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        found: Any = document
        for word in part["$ref"].removeprefix("#/").split("/"):
            found = found[word]
        part = found
    return part


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (value for name, value in part.items() if name == "$ref")
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def test_the_description_is_complete_in_itself(chief: Asker) -> None:
    document = chief.json("/ogc/api")
    assert document["openapi"].startswith("3.0.")
    for reference in references(document):
        assert reference.startswith("#/")
        assert resolved(document, {"$ref": reference})
    operations = [path["get"]["operationId"] for path in document["paths"].values()]
    assert len(set(operations)) == len(operations)
    for path, operation in document["paths"].items():
        address = path.replace("{featureId}", str(identity(1, 1100))).replace("{tileMatrix}", "16")
        address = address.replace("{tileRow}", "28572").replace("{tileCol}", "53416")
        status = chief(f"/ogc{address}").status_code
        assert str(status) in operation["get"]["responses"], path


def test_the_description_tells_the_greatest_limit(chief: Asker) -> None:
    document = chief.json("/ogc/api")
    parameters = [
        resolved(document, each) for each in document["paths"]["/collections/buildings/items"]["get"]["parameters"]
    ]
    by_name = {each["name"]: each for each in parameters}
    assert by_name["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 100}
    assert by_name["bbox"]["explode"] is False
    assert by_name["floors"]["schema"] == {"type": "integer"}
    said = {"f", "lang", "limit", "as_of", "after", "seen", "crs", *FILTERS}
    assert said < set(by_name)
    for name in set(by_name) - said:
        assert name in BY_NAME["buildings"].attributes


def test_the_schema_tells_types_titles_and_codes(chief: Asker) -> None:
    schema = chief.json("/ogc/collections/facilities/schema?lang=zh")["properties"]
    assert schema["installed_on"]["format"] == "date"
    assert schema["level"]["type"] == "integer"
    assert {"const": "down", "title": "停用"}.keys() == schema["state"]["oneOf"][1].keys()
    assert chief.json("/ogc/collections/assignments/schema")["properties"]["since"]["format"] == "date-time"
