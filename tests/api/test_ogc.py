"""OGC API - Features as programs and people meet it: documents, links, pages, filters, rights, files."""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import psycopg
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client, TestResponse

from gridmap.accounts import actor, create_token
from gridmap.audit import announce
from gridmap.db import SYSTEM
from gridmap.layers import BY_NAME, LAYERS
from tests.two_streets import Town, identity, open_town

PEOPLE = {
    "chief": ("leader", "city", None, None),
    "worker": ("worker", "grid", 1, identity(1, 1000)),
    "planner": ("planner", "street", 1, None),
}
ITEMS = "/ogc/collections/buildings/items"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
LENIENT = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass
class Asker:
    """Somebody who asks with a token."""

    client: Client
    token: str

    def __call__(self, address: str, *, method: str = "GET", **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(address, method=method, headers={"Authorization": f"Bearer {self.token}"} | named)

    def json(self, address: str) -> dict[str, Any]:
        response = self(address)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = json.loads(response.data)
        return found


@pytest.fixture(scope="module")
def town(empty_template: str, copy_database: Callable[[str], Any]) -> Iterator[Town]:
    with open_town(copy_database(empty_template)) as made:
        yield made


@pytest.fixture(scope="module")
def app(town: Town, make_app: Callable[..., Flask]) -> Flask:
    return make_app(town.base)


@pytest.fixture(scope="module")
def tokens(town: Town, app: Flask) -> dict[str, str]:
    """A token for each account of PEOPLE."""
    made = {}
    with town.database.transaction(SYSTEM) as connection:
        for name, (role, level, street, target) in PEOPLE.items():
            row = connection.execute(
                "INSERT INTO gridmap.account (username, title, locale) VALUES (%s, %s, 'en') RETURNING id", (name, name)
            ).fetchone()
            assert row
            connection.execute(
                "INSERT INTO gridmap.account_grant (account_id, role, level, street_id, target_id)"
                " VALUES (%s, %s, %s, %s, %s)",
                (row["id"], role, level, street, target),
            )
            made[name] = create_token(connection, actor(app.extensions["gridmap"].clock), row["id"], name="t", days=1)
    return made


@pytest.fixture(scope="module")
def ask(app: Flask, tokens: dict[str, str]) -> Callable[[str], Asker]:
    return lambda name: Asker(app.test_client(), tokens[name])


@pytest.fixture(scope="module")
def chief(ask: Callable[[str], Asker]) -> Asker:
    """Who sees the whole city."""
    return ask("chief")


def links(document: dict[str, Any], rel: str) -> list[dict[str, str]]:
    return [each for each in document["links"] if each["rel"] == rel]


def inside(href: str) -> str:
    """The address without its host."""
    parts = urlsplit(href)
    return parts.path + (f"?{parts.query}" if parts.query else "")


DOCUMENTS = (
    "/ogc",
    "/ogc/conformance",
    "/ogc/api",
    "/ogc/collections",
    "/ogc/collections/buildings",
    "/ogc/collections/buildings/schema",
    ITEMS,
    f"{ITEMS}/{identity(1, 1100)}",
)
TYPES = dict.fromkeys(DOCUMENTS, "application/json") | {
    "/ogc/api": "application/vnd.oai.openapi+json;version=3.0",
    "/ogc/collections/buildings/schema": "application/schema+json",
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
            assert set(each) == {"rel", "type", "title", "href"}
            assert each["href"].startswith("http://localhost/ogc")
            if each["rel"] not in ("alternate", "next"):
                got = chief(inside(each["href"]))
                assert got.headers["Content-Type"].replace("; charset=utf-8", "") == each["type"]
            waiting.append(inside(each["href"]))
    assert len(seen) > 60


def test_self_and_alternate_are_told(chief: Asker) -> None:
    for address in DOCUMENTS[:5] + DOCUMENTS[6:]:
        document = chief.json(address)
        if address == "/ogc/api":
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
        assert each["crs"] == ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"]
        alone = chief.json(f"/ogc/collections/{each['id']}")
        assert {**alone, "links": None} == {**each, "links": None}
    buildings = next(each for each in document["collections"] if each["id"] == "buildings")
    assert buildings["extent"]["spatial"]["bbox"][0] == pytest.approx([113.41, 22.502, 113.5286, 22.5025], abs=2e-3)
    assert "extent" not in next(each for each in document["collections"] if each["id"] == "water")


def test_the_extent_ends_where_sight_ends(ask: Callable[[str], Asker]) -> None:
    bbox = ask("worker").json("/ogc/collections/buildings")["extent"]["spatial"]["bbox"][0]
    assert bbox[2] < 113.43


def test_a_page_counts_and_stamps(chief: Asker, town: Town) -> None:
    before = datetime.now(UTC)
    document = chief.json(f"{ITEMS}?limit=7")
    assert document["type"] == "FeatureCollection"
    assert document["numberReturned"] == len(document["features"]) == 7
    assert document["numberMatched"] == len(town.buildings)
    assert before <= datetime.fromisoformat(document["timeStamp"]) <= datetime.now(UTC)
    assert document["asOf"] == "2026-03-16T23:59:59+08:00"


FILTERS = (
    {},
    {"bbox": "113.4,22.5,113.43,22.51"},
    {"kind": "slab", "bbox": "113,22,114,23"},
    {"floors": "3"},
    {"datetime": "2026-01-01/.."},
    {"as_of": "2026-02-01", "lang": "zh"},
    {"bbox": "0,0,1,1"},
)


@pytest.mark.parametrize("words", FILTERS, ids=str)
@pytest.mark.parametrize("limit", [1, 3, 100])
def test_next_repeats_every_filter_and_gives_every_row_once(chief: Asker, words: dict[str, str], limit: int) -> None:
    whole = chief.client.get(
        ITEMS, query_string={**words, "limit": 10_000}, headers={"Authorization": f"Bearer {chief.token}"}
    ).get_json(force=True)
    address = chief.client.get(
        ITEMS, query_string={**words, "limit": limit}, headers={"Authorization": f"Bearer {chief.token}"}
    ).request.full_path
    paged, pages = [], 0
    while address:
        document = chief.json(address)
        pages += 1
        assert document["numberMatched"] == whole["numberMatched"] == len(whole["features"])
        paged += document["features"]
        onward = links(document, "next")
        address = inside(onward[0]["href"]) if onward else ""
        if address:
            query = parse_qs(urlsplit(address).query)
            assert {name: value[0] for name, value in query.items() if name != "after"} == {
                **words,
                "limit": str(limit),
            }
            assert onward[0]["type"] == "application/geo+json"
    assert paged == whole["features"]
    assert pages == max(1, math.ceil(len(paged) / limit))


@LENIENT
@given(limit=st.integers(1, 60), name=st.sampled_from(["buildings", "assignments", "streets", "grids"]))
def test_any_limit_pages_through_everything(chief: Asker, limit: int, name: str) -> None:
    address = f"/ogc/collections/{name}/items?limit={limit}"
    ids: list[int] = []
    while address:
        document = chief.json(address)
        ids += [feature["id"] for feature in document["features"]]
        address = "".join(inside(each["href"]) for each in links(document, "next"))
    assert ids == sorted(set(ids))
    assert len(ids) == document["numberMatched"]


def test_a_page_in_a_browser_goes_on_in_the_browser(chief: Asker) -> None:
    page = chief(f"{ITEMS}?limit=3&f=html")
    assert 'rel="next"' in page.text
    assert "&amp;f=html" in page.text or "f=html&amp;" in page.text


def test_the_limit_has_a_greatest_value(chief: Asker) -> None:
    assert chief(f"{ITEMS}?limit=999999").status_code == 200
    assert chief.json(f"{ITEMS}?limit=10001")["numberReturned"] == 40


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("limit=１", "limit"),
        ("after=x", "after"),
        ("after=99999999999999999999", "after"),
        ("bbox=1,2,3", "bbox"),
        ("bbox=1,9,2,8", "bbox"),
        ("bbox=nan,nan,nan,nan", "bbox"),
        ("bbox=", "bbox"),
        ("datetime=yesterday", "datetime"),
        ("datetime=", "datetime"),
        ("as_of=soon", "as_of"),
        ("as_of=", "as_of"),
        ("f=xml", "f"),
        ("lang=fr", "lang"),
        ("floors=many", "floors"),
        ("floors=", "floors"),
        ("height_m=1e99999", "height_m"),
        ("name=a%00b", "name"),
        ("limit=1&limit=2", "limit"),
        ("foo=1", "foo"),
        ("geom=1", "geom"),
        ("street_id=1", "street_id"),
        ("crs=EPSG:3857", "crs"),
        ("offset=1", "offset"),
    ],
)
def test_what_is_wrong_is_named(chief: Asker, query: str, named: str) -> None:
    refused = chief(f"{ITEMS}?{query}")
    assert refused.status_code == 400
    assert f"“{named}”" in refused.json["description"]
    assert refused.json["code"] == "bad_request"


@pytest.mark.parametrize("address", [*(a for a in DOCUMENTS if a != ITEMS), "/ogc/collections/buildings/items.geojson"])
def test_an_unknown_parameter_is_refused_everywhere(chief: Asker, address: str) -> None:
    refused = chief(f"{address}?foo=1")
    assert refused.status_code == 400
    assert "“foo”" in refused.json["description"]


@pytest.mark.parametrize("who", ["chief", "worker", "planner"])
def test_attributes_are_those_of_the_role(ask: Callable[[str], Asker], who: str) -> None:
    asker = ask(who)
    for layer in LAYERS:
        allowed = [
            name for name, attribute in layer.attributes.items() if PEOPLE[who][0] in {*map(str, attribute.seen_by)}
        ]
        for feature in asker.json(f"/ogc/collections/{layer.name}/items")["features"]:
            assert list(feature["properties"]) == allowed
        schema = asker.json(f"/ogc/collections/{layer.name}/schema")
        assert list(schema["properties"]["properties"]["properties"]) == allowed
        parameters = asker.json("/ogc/api")["paths"][f"/collections/{layer.name}/items"]["get"]["parameters"]
        assert [each["name"] for each in parameters if "name" in each] == allowed


def test_a_hidden_attribute_is_an_unknown_word(ask: Callable[[str], Asker]) -> None:
    hidden, unknown = (ask("planner")(f"{ITEMS}?{name}=x") for name in ("manager", "managre"))
    assert hidden.status_code == unknown.status_code == 400
    assert hidden.text.replace("manager", "") == unknown.text.replace("managre", "")
    assert ask("chief")(f"{ITEMS}?manager=x").status_code == 200


def test_a_worker_sees_their_grid_and_counts_it(ask: Callable[[str], Asker], town: Town) -> None:
    own = {made for made, row in town.buildings.items() if row["grid_id"] == identity(1, 1000)}
    document = ask("worker").json(f"{ITEMS}?limit=4")
    assert document["numberMatched"] == len(own) == 10
    assert {feature["id"] for feature in ask("worker").json(ITEMS)["features"]} == own


def test_what_is_not_yours_is_as_what_is_not(ask: Callable[[str], Asker], town: Town) -> None:
    theirs, nothing = identity(2, 2100), identity(2, 9999999)
    assert theirs in town.buildings
    for form in ("", "?f=html", "?lang=zh"):
        answers = [ask("worker")(f"{ITEMS}/{number}{form}") for number in (theirs, nothing)]
        assert [answer.status_code for answer in answers] == [404, 404]
        texts = [
            answer.text.replace(str(number), "N") for answer, number in zip(answers, (theirs, nothing), strict=True)
        ]
        assert texts[0] == texts[1]
        headers = [{key: value for key, value in answer.headers if key != "Content-Length"} for answer in answers]
        assert headers[0] == headers[1]
    assert ask("chief")(f"{ITEMS}/{theirs}").status_code == 200


@pytest.mark.parametrize("number", ["x", "-1", "1.5", "99999999999999999999999", "9223372036854775807", "0", "１"])
def test_odd_ids_are_not_there(chief: Asker, number: str) -> None:
    assert chief(f"{ITEMS}/{number}").status_code == 404


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


def test_tags_tell_people_apart_and_notice_changes(ask: Callable[[str], Asker], town: Town, app: Flask) -> None:
    tags = {who: ask(who)(ITEMS).headers["ETag"] for who in PEOPLE}
    assert len(set(tags.values())) == 3
    changes = app.extensions["gridmap"].changes
    with town.database.transaction(SYSTEM) as connection:
        announce(connection, 2, ["buildings"])
    changes.catch_up()
    assert ask("worker")(ITEMS, If_None_Match=tags["worker"]).status_code == 304
    assert ask("chief")(ITEMS, If_None_Match=tags["chief"]).status_code == 200
    with town.database.transaction(SYSTEM) as connection:
        announce(connection, 1, ["people"])
    changes.catch_up()
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
        address = path.replace("{featureId}", str(identity(1, 1100)))
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
    for name in set(by_name) - {"f", "lang", "limit", "bbox", "datetime", "as_of", "after", "seen"}:
        assert name in BY_NAME["buildings"].attributes


def test_the_schema_tells_types_titles_and_codes(chief: Asker) -> None:
    schema = chief.json("/ogc/collections/facilities/schema?lang=zh")["properties"]["properties"]["properties"]
    assert schema["installed_on"]["format"] == "date"
    assert schema["level"]["type"] == "integer"
    assert {"const": "down", "title": "停用"}.keys() == schema["state"]["oneOf"][1].keys()
    assert (
        chief.json("/ogc/collections/assignments/schema")["properties"]["properties"]["properties"]["since"]["format"]
        == "date-time"
    )


# ---- files by URL


@pytest.mark.parametrize(("extension", "media_type"), [("geojson", "geo+json"), ("geojsons", "seq"), ("csv", "csv")])
def test_a_layer_downloads_as_a_file(chief: Asker, town: Town, extension: str, media_type: str) -> None:
    response = chief(f"/ogc/collections/buildings/items.{extension}?as_of=2026-03-01")
    assert response.status_code == 200
    assert media_type in response.content_type
    assert response.headers["Content-Disposition"] == f'attachment; filename="buildings_2026-03-01.{extension}"'
    assert all(str(made).encode() in response.data for made in town.buildings)
    head = chief(f"/ogc/collections/buildings/items.{extension}?as_of=2026-03-01", method="HEAD")
    assert head.status_code == 200
    assert head.content_type == response.content_type


def test_a_file_holds_what_the_pages_hold(ask: Callable[[str], Asker]) -> None:
    for who in PEOPLE:
        for words in ("", "kind=slab&bbox=113.4,22.5,113.43,22.51"):
            file = ask(who).json(f"/ogc/collections/buildings/items.geojson?{words}")
            page = ask(who).json(f"{ITEMS}?limit=10000&{words}")
            assert file["features"] == page["features"]
            assert file["filter"] == dict(parse_qsl(words))


def test_downloads_are_written_down(ask: Callable[[str], Asker], town: Town) -> None:
    def written() -> list[Any]:
        with psycopg.connect(town.base.superuser_url) as connection:
            return connection.execute(
                "SELECT u.username, a.subject_id, a.after FROM gridmap.audit a"
                " JOIN gridmap.account u ON u.id = a.account_id WHERE action = 'export' ORDER BY a.id"
            ).fetchall()

    before = len(written())
    ask("planner")("/ogc/collections/grids/items.csv?name=x")
    ask("planner")("/ogc/collections/grids/items.csv?name=x", method="HEAD")
    ask("planner")(ITEMS)
    assert ask("planner")("/ogc/collections/grids/items.csv?worker=x").status_code == 400
    (username, subject, after), *more = written()[before:]
    assert not more
    assert (username, subject) == ("planner", "grids")
    assert after["filter"] == {"name": "x"}
    assert after["format"] == "csv"


@pytest.mark.parametrize("extension", ["shp", "json", "geojson.gz", "GEOJSON", ""])
def test_unknown_kinds_of_files_are_not_there(chief: Asker, extension: str) -> None:
    assert chief(f"/ogc/collections/buildings/items.{extension}").status_code == 404


def test_too_many_exports_are_told_to_wait(chief: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    from psycopg_pool import PoolTimeout

    def refuse(*_: object) -> None:
        raise PoolTimeout

    monkeypatch.setattr("gridmap.api.ogc.download.Stream", refuse)
    refused = chief("/ogc/collections/buildings/items.geojson")
    assert refused.status_code == 429
    assert refused.json["code"] == "too_many"


def test_who_leaves_a_download_frees_its_connection(
    empty_template: str, copy_database: Callable[[str], Any], make_app: Callable[..., Flask]
) -> None:
    with open_town(copy_database(empty_template)) as crowded:
        with psycopg.connect(crowded.base.owner_url) as owner:
            owner.execute(
                "INSERT INTO gridmap.basemap (street_id, id, kind, class, name, geom)"
                " SELECT 1, (1::bigint << 32) + 20000 + n, 'road', 'path', repeat('路', 100),"
                " 'SRID=4326;LINESTRING(113.4 22.5, 113.5 22.6)' FROM generate_series(1, 20000) n"
            )
            row = owner.execute(
                "INSERT INTO gridmap.account (username, title) VALUES ('u', 'U') RETURNING id"
            ).fetchone()
            assert row
            owner.execute(
                "INSERT INTO gridmap.account_grant (account_id, role, level) VALUES (%s, 'leader', 'city')", row
            )
        app = make_app(crowded.base)
        with crowded.database.transaction(SYSTEM) as connection:
            token = create_token(connection, actor(app.extensions["gridmap"].clock), row[0], name="t", days=1)
        for _ in range(4):
            response = app.test_client().get(
                "/ogc/collections/roads/items.geojson", headers={"Authorization": f"Bearer {token}"}, buffered=False
            )
            assert len(next(response.iter_encoded())) >= 128 * 1024
            response.close()
        with psycopg.connect(crowded.base.superuser_url) as connection:
            states = connection.execute(
                "SELECT state FROM pg_stat_activity WHERE application_name = 'gridmap streams'"
                " AND datname = current_database()"
            ).fetchall()
        assert {state for (state,) in states} == {"idle"}


# ---- the second proof: nothing breaks on any word


@LENIENT
@given(
    words=st.dictionaries(
        st.sampled_from(
            ["bbox", "limit", "after", "datetime", "as_of", "f", "lang", "seen", "name", "floors", "height_m", "x", ""]
        ),
        st.one_of(st.text(max_size=20), st.integers().map(str), st.floats().map(str), st.just("1,2,3,4")),
        max_size=4,
    )
)
def test_no_word_breaks_it(chief: Asker, words: dict[str, str]) -> None:
    response = chief.client.get(ITEMS, query_string=words, headers={"Authorization": f"Bearer {chief.token}"})
    assert response.status_code in (200, 400)
