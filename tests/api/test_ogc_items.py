"""Pages of features and single ones: counts, filters, order, what is refused, who sees what."""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridmap.layers import LAYERS
from gridmap.read import cuts_of
from tests.api.asker import ITEMS, PEOPLE, Asker, inside, links
from tests.two_streets import Town, identity

LENIENT = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_a_page_counts_and_stamps(chief: Asker, town: Town) -> None:
    before = datetime.now(UTC)
    document = chief.json(f"{ITEMS}?limit=7")
    assert document["type"] == "FeatureCollection"
    assert document["numberReturned"] == len(document["features"]) == 7
    assert document["numberMatched"] == len(town.buildings)
    assert before <= datetime.fromisoformat(document["timeStamp"]) <= datetime.now(UTC)
    assert document["asOf"] == "2026-03-16T23:59:59+08:00"


@pytest.mark.parametrize("day", ["0001-01-01", "1900-12-31", "1901-01-01", "1988-07-01", "2026-02-01", "9999-12-31"])
@pytest.mark.parametrize("ending", ["", ".geojson"])
def test_the_moment_of_any_day_is_one_that_json_knows(chief: Asker, day: str, ending: str) -> None:
    moment = chief.json(f"{ITEMS}{ending}?as_of={day}&limit=1" if not ending else f"{ITEMS}{ending}?as_of={day}")[
        "asOf"
    ]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+0[89]:00", moment)
    assert moment.startswith(day)


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


@pytest.mark.parametrize("who", ["chief", "worker", "planner"])
def test_attributes_are_those_of_the_role(ask: Callable[[str], Asker], who: str) -> None:
    asker = ask(who)
    for layer in LAYERS:
        allowed = [
            name for name, attribute in layer.attributes.items() if PEOPLE[who][0] in {*map(str, attribute.seen_by)}
        ]
        if not allowed:
            assert asker(f"/ogc/collections/{layer.name}/items").status_code == 404
            assert f"/collections/{layer.name}/items" not in asker.json("/ogc/api")["paths"]
            continue
        for feature in asker.json(f"/ogc/collections/{layer.name}/items")["features"]:
            assert list(feature["properties"]) == allowed
        schema = asker.json(f"/ogc/collections/{layer.name}/schema")
        assert list(schema["properties"]) == ["id", "geometry", *allowed]
        parameters = asker.json("/ogc/api")["paths"][f"/collections/{layer.name}/items"]["get"]["parameters"]
        asked_for = [each for each in allowed if layer.attributes[each].type != "object"]
        cuts = [name for name in cuts_of(layer) if name not in asked_for]
        assert [each["name"] for each in parameters if "name" in each] == asked_for + cuts
        queryables = asker.json(f"/ogc/collections/{layer.name}/queryables")
        assert list(queryables["properties"]) == ["id", "geometry", *asked_for]
        assert queryables["additionalProperties"] is False


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


def test_what_was_kept_is_an_object_that_nobody_filters_by(chief: Asker, ask: Callable[[str], Asker]) -> None:
    features = chief.json(f"{ITEMS}?limit=100")["features"]
    kept = {each["id"]: each["properties"]["extra"] for each in features}
    assert [each for each in kept.values() if each] == [
        {"原名": each["properties"]["name"], "n": 1.5, "ok": True, "_": None, "list": [1, "a"]}
        for each in features
        if each["id"] % 2 == 0
    ]
    schema = chief.json("/ogc/collections/buildings/schema")["properties"]["extra"]
    assert schema["type"] == "object"
    for who in ("chief", "planner", "worker"):
        assert ask(who)(f"{ITEMS}?extra=1").status_code == 400
    parameters = chief.json("/ogc/api")["paths"]["/collections/buildings/items"]["get"]["parameters"]
    assert "extra" not in {each.get("name") for each in parameters}
    identity = next(key for key in kept if key % 2 == 0)
    page = chief(f"{ITEMS}/{identity}?f=html").text
    assert "n: 1.5; ok: Yes" in page
    assert "extra" not in ask("worker").json(f"{ITEMS}?limit=1")["features"][0]["properties"]
