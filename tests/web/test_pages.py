"""The pages of the leader, the worker and the planner: what they say, against the rows behind them."""

import html
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg.rows import dict_row

from gridmap.clock import parse_clock
from gridmap.read.order import natural_key
from tests.conftest import DEMO_CLOCK, DEMO_PASSWORD, Base
from tests.web.visitor import Person

NOW = parse_clock(DEMO_CLOCK).now()
HUAYUAN = "442000002005"
HTML = {"Accept": "text/html"}
Get = Callable[..., str]
Rows = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def rows(demo_base: Base) -> Rows:
    """Rows of the demo, read as the owner."""

    def read(statement: str, *values: object) -> list[dict[str, Any]]:
        with psycopg.connect(demo_base.owner_url, row_factory=dict_row) as owner:
            return owner.execute(statement, values).fetchall()

    return read


@pytest.fixture(scope="module")
def place(rows: Rows) -> Callable[[str], int]:
    """The id of the place or community with that code."""

    def find(code: str) -> int:
        found = rows(
            "SELECT id FROM gridmap.place WHERE code = %s UNION ALL SELECT id FROM gridmap.community WHERE code = %s",
            code,
            code,
        )
        assert len(found) == 1
        return int(found[0]["id"])

    return find


@pytest.fixture(scope="module")
def get(demo_app: Flask, token_of: Callable[[str], dict[str, str]]) -> Get:
    """`get("/my", "worker")`: the page as that demo account gets it, in Chinese."""

    def page(path: str, by: str = "leader", status: int = 200, **headers: str) -> str:
        answer = demo_app.test_client().get(path, headers=token_of(by) | HTML | headers)
        assert answer.status_code == status, path
        return answer.text

    return page


def text_of(page: str) -> str:
    """The words of a page, without scripts and tags, spaces folded."""
    bare = re.sub(r"<script.*?</script>|<style.*?</style>", "", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", bare)).split())


def fact(page: str, title: str) -> str:
    """The number under that title."""
    found = {
        text_of(name): number.replace(",", "")
        for number, name in re.findall(
            r'<span class="fact-value">([\d,—]+)(?:<span class="fact-unit">[^<]*</span>)?</span>\s*'
            r'<span class="fact-title">([^<]*)</span>',
            page,
        )
    }
    return found[title]


# The street map ----------------------------------------------------------------------------------------------------


def test_the_map_counts_what_the_rows_count(get: Get, rows: Rows) -> None:
    page = get("/map/facts")
    counted = {row["kind"]: row["n"] for row in rows("SELECT kind, count(*) AS n FROM gridmap.place GROUP BY kind")}
    for kind, title in {"grid": "网格", "estate": "小区", "building": "楼栋", "stairwell": "楼道"}.items():
        assert fact(page, title) == str(counted[kind])
    vacant = rows(
        "SELECT count(*) AS found FROM gridmap.place p WHERE p.kind = 'stairwell' AND NOT EXISTS (SELECT FROM"
        " gridmap.assignment a WHERE a.place_id = p.id AND a.role = 'building_manager' AND a.is_primary"
        " AND a.valid @> %s::timestamptz)",
        NOW,
    )
    assert vacant[0]["found"] > 0
    assert fact(page, "缺楼管员的楼道") == str(vacant[0]["found"])


def test_the_map_of_a_worker_counts_the_own_grid(get: Get, rows: Rows) -> None:
    page = get("/map", "worker")
    grid = rows("SELECT id FROM gridmap.place WHERE code = %s", f"{HUAYUAN}001")[0]["id"]
    counted = rows("SELECT kind, count(*) AS found FROM gridmap.place WHERE grid_id = %s GROUP BY 1", grid)
    assert fact(page, "楼栋") == str(next(row["found"] for row in counted if row["kind"] == "building"))
    assert fact(page, "网格") == "1"
    assert "社区</span>" not in page.split("map-frame")[0].split("facts")[1]


def config_of(page: str) -> dict[str, Any]:
    found = re.search(r'id="map-config">(.*?)</script>', page, flags=re.DOTALL)
    assert found
    made: dict[str, Any] = json.loads(found[1])
    return made


def test_the_map_opens_on_what_the_viewer_sees_most_of(get: Get, rows: Rows) -> None:
    west, south, east, north = config_of(get("/map"))["view"]["bounds"]
    box = rows(
        "SELECT ST_XMin(b) AS west, ST_XMax(b) AS east FROM (SELECT ST_Extent(geom) AS b FROM gridmap.place"
        " WHERE street_id = 10001 AND kind IN ('grid', 'estate')) s"
    )[0]
    assert (west, east) == (pytest.approx(box["west"]), pytest.approx(box["east"]))
    narrow = config_of(get("/map", "worker"))["view"]["bounds"]
    assert narrow[2] - narrow[0] < (east - west) / 2
    assert south < narrow[1] < narrow[3] < north


def test_somebody_who_sees_several_streets_can_jump(get: Get, rows: Rows) -> None:
    streets = {row["name"] for row in rows("SELECT name FROM gridmap.street WHERE is_demo")}
    jumps = re.search(r"<select[^>]*data-map-go[^>]*>(.*?)</select>", get("/map"), flags=re.DOTALL)
    assert jumps
    assert re.findall(r'<option value="" hidden>([^<]+)</option>', jumps[1]) == ["前往街道"]
    assert set(re.findall(r'value="[^"]+">([^<]+)</option>', jumps[1])) == streets
    assert "data-map-go" not in get("/map", "worker")


def test_layers_that_say_nothing_to_a_planner_are_not_on_the_map(get: Get) -> None:
    assert "assignments" in {layer["name"] for layer in config_of(get("/map"))["layers"]}
    assert "assignments" not in {layer["name"] for layer in config_of(get("/map", "planner"))["layers"]}


# Cards -------------------------------------------------------------------------------------------------------------


def test_a_card_says_what_where_who_and_from_where(get: Get, place: Callable[[str], int]) -> None:
    said = text_of(get(f"/places/{place(f'{HUAYUAN}X01-01-1')}/card"))
    assert said.startswith("东区街道 花苑社区 花苑第1网格 花苑新村 1号楼 1单元 楼道")
    assert "党员楼管员" in said
    assert re.search(r"199\*{4}\d{4} 拨打", said)
    assert "演示数据生成器" in said
    assert f"{HUAYUAN}X01-01-1" in said


def test_a_card_never_holds_a_clear_phone_or_a_clear_name(get: Get, place: Callable[[str], int], rows: Rows) -> None:
    phones = [row["phone"] for row in rows("SELECT phone FROM gridmap.person WHERE phone IS NOT NULL")]
    for code in (f"{HUAYUAN}001", f"{HUAYUAN}X01-01-1"):
        page = get(f"/places/{place(code)}")
        assert not [phone for phone in phones if phone in page]


def test_a_stairwell_without_a_manager_says_so(get: Get, rows: Rows) -> None:
    vacant = rows(
        "SELECT p.id FROM gridmap.place p WHERE p.kind = 'stairwell' AND NOT EXISTS (SELECT FROM gridmap.assignment a"
        " WHERE a.place_id = p.id AND a.role = 'building_manager' AND a.valid @> %s::timestamptz) LIMIT 1",
        NOW,
    )[0]["id"]
    assert "党员楼管员 暂无人负责" in text_of(get(f"/places/{vacant}/card"))
    assert "暂无人负责" not in get(f"/places/{vacant}/card", "planner")


def test_who_is_away_says_until_when_and_who_stands_in(get: Get, rows: Rows) -> None:
    away = rows(
        "SELECT a.place_id, upper(s.valid) AS until, p.display_name FROM gridmap.absence s"
        " JOIN gridmap.assignment a ON a.person_id = s.person_id AND a.valid @> %s::timestamptz"
        " JOIN gridmap.person p ON p.id = s.substitute_id WHERE s.valid @> %s::timestamptz"
        " AND upper(s.valid) IS NOT NULL LIMIT 1",
        NOW,
        NOW,
    )[0]
    said = text_of(get(f"/places/{away['place_id']}/card"))
    last = (away["until"] - timedelta(microseconds=1)).astimezone(NOW.tzinfo).date()
    assert f"外出至 {last}" in said
    assert f"由{away['display_name']}代班" in said


def test_an_earlier_day_shows_the_people_of_that_day(own_demo_base: Base, make_app, place) -> None:
    stairwell = place(f"{HUAYUAN}X01-01-1")
    with psycopg.connect(own_demo_base.owner_url, row_factory=dict_row) as owner:
        held = owner.execute(
            "SELECT a.id, p.display_name FROM gridmap.assignment a JOIN gridmap.person p ON p.id = a.person_id"
            " WHERE a.place_id = %s AND a.role = 'building_manager'",
            (stairwell,),
        ).fetchone()
        assert held
        owner.execute(
            "UPDATE gridmap.assignment SET valid = tstzrange(lower(valid), '2026-03-10 00:00+08') WHERE id = %s",
            (held["id"],),
        )
        owner.commit()
    leader = Person(make_app(own_demo_base))
    leader.sign_in("leader", DEMO_PASSWORD)
    today = text_of(leader.get(f"/places/{stairwell}/card").text)
    earlier = text_of(leader.get(f"/places/{stairwell}/card?as_of=2026-03-03").text)
    future = text_of(leader.get(f"/places/{stairwell}/card?as_of=2030-01-01").text)
    assert "暂无人负责" in today
    assert held["display_name"] in earlier
    assert "2026-03-03" in earlier
    assert "暂无人负责" in future
    assert "2030" not in future


def test_declared_beside_counted_where_they_differ(own_demo_base: Base, make_app, place) -> None:
    estate = place(f"{HUAYUAN}X01")
    with psycopg.connect(own_demo_base.owner_url) as owner:
        owner.execute(
            "UPDATE gridmap.estate SET declared_households = 110, declared_buildings = counted_buildings"
            " WHERE place_id = %s",
            (estate,),
        )
    planner = Person(make_app(own_demo_base))
    planner.sign_in("planner", DEMO_PASSWORD)
    page = planner.get(f"/places/{estate}/card").text
    assert page.count("fact-differs") == 1
    assert "105 户数 申报 110" in text_of(page)


def test_places_of_others_do_not_exist(get: Get, place: Callable[[str], int]) -> None:
    other = place("442000002016001")
    for path in (f"/places/{other}", f"/places/{other}/card"):
        page = get(path, "worker", status=404)
        assert "桥岗" not in page
    assert get("/places/1", status=404)
    assert get(f"/places/{2**62}", status=404)


def test_the_page_of_a_stairwell_shows_household_numbers_from_the_top(get: Get, place: Callable[[str], int]) -> None:
    page = get(f"/places/{place(f'{HUAYUAN}X01-01-1')}", "manager")
    assert re.findall(r'<span class="unit">(\d+)</span>', page) == ["601", "501", "401", "301", "201"]
    assert re.findall(r"<dt>(\d 层)</dt>", page) == ["6 层", "5 层", "4 层", "3 层", "2 层"]


def test_the_page_of_a_building_lists_its_stairwells_and_leads_to_them(get: Get, place: Callable[[str], int]) -> None:
    page = get(f"/places/{place(f'{HUAYUAN}X01-01')}")
    for number in (1, 2, 3):
        assert f'href="/places/{place(f"{HUAYUAN}X01-01-{number}")}"' in page


def test_a_large_place_leads_to_the_rest_of_its_list(get: Get, place: Callable[[str], int], rows: Rows) -> None:
    largest = rows(
        "SELECT estate_id AS id, count(*) AS found FROM gridmap.place WHERE kind = 'building' AND estate_id IS NOT NULL"
        " GROUP BY 1 ORDER BY 2 DESC LIMIT 1"
    )[0]
    card = get(f"/places/{largest['id']}/card")
    assert f"另有 {largest['found'] - 6} 项" in card
    link = re.search(r'href="(/list\?[^"]+)"', card)
    assert link
    page = get(html.unescape(link[1]))
    assert f"{largest['found']} 行" in text_of(page)


# My places ---------------------------------------------------------------------------------------------------------


def test_a_worker_walks_the_own_grid_in_the_order_of_numbers(get: Get, rows: Rows) -> None:
    page = get("/my", "worker")
    grid = rows("SELECT id FROM gridmap.place WHERE code = %s", f"{HUAYUAN}001")[0]["id"]
    expected = rows("SELECT id, name, estate_id FROM gridmap.place WHERE grid_id = %s AND kind = 'building'", grid)
    listed = [int(one) for one in re.findall(r'class="my-open" href="/places/(\d+)"', page)]
    assert sorted(listed) == sorted(row["id"] for row in expected)
    by_id = {row["id"]: row for row in expected}
    estates = [by_id[one]["estate_id"] for one in listed]
    assert len({*estates}) == sum(1 for k, one in enumerate(estates) if k == 0 or estates[k - 1] != one)
    for estate in {*estates}:
        names = [by_id[one]["name"] for one in listed if by_id[one]["estate_id"] == estate]
        assert names == sorted(names, key=natural_key)
    households = rows("SELECT counted_households AS n FROM gridmap.grid WHERE place_id = %s", grid)[0]["n"]
    assert fact(page, "户数") == str(households)


def test_a_manager_sees_the_own_stairwell_its_households_and_whom_to_turn_to(get: Get) -> None:
    page = get("/my", "manager")
    said = text_of(page)
    assert re.findall(r'<span class="unit">(\d+)</span>', page) == ["201", "301", "401", "501", "601"]
    assert len(re.findall(r'class="my-door"', page)) == 1
    assert "党员楼管员" in said
    assert "网格员 · 花苑第1网格" in said
    assert "data-call=" in page


def test_nothing_of_ones_own_is_explained(get: Get) -> None:
    for account in ("leader", "planner", "admin"):
        assert "还没有分配给您的地方" in get("/my", account)


def test_my_places_stand_in_the_page_before_any_map_is_loaded(get: Get) -> None:
    page = get("/my", "worker")
    assert "1号楼" in page
    assert not re.search(r'<script[^>]+src="[^"]*(leaflet|protomaps)', page)
    assert not re.search(r"<link[^>]+(leaflet|modulepreload)", page)


def test_my_map_shows_exactly_my_places(get: Get, rows: Rows) -> None:
    bounds = config_of(get("/my", "manager"))["view"]["bounds"]
    box = rows(
        "SELECT ST_XMin(geom) AS west, ST_YMax(geom) AS north FROM gridmap.place WHERE code = %s", f"{HUAYUAN}X01-01"
    )[0]
    assert bounds[0] == pytest.approx(box["west"])
    assert bounds[3] == pytest.approx(box["north"])


# Lists -------------------------------------------------------------------------------------------------------------


def listed_names(page: str) -> list[str]:
    return [html.unescape(name) for name in re.findall(r'<th scope="row"><a href="/places/\d+">([^<]*)</a>', page)]


def test_a_cut_list_counts_1_2_10(get: Get, rows: Rows) -> None:
    estate = rows("SELECT id, name FROM gridmap.place WHERE name = '朗晴假日' AND kind = 'estate'")[0]
    names = listed_names(get(f"/list?layer=buildings&street=10001&estate={estate['id']}"))
    assert len(names) == 45
    assert names == [f"{number}号楼" for number in range(1, 46)]


def test_a_list_has_as_many_rows_as_it_says_over_all_pages(get: Get) -> None:
    address = "/list?layer=stairwells&street=10001"
    seen: list[str] = []
    for number in range(1, 20):
        page = get(f"{address}&page={number}")
        seen += re.findall(r'<th scope="row"><a href="/places/(\d+)">', page)
        if 'rel="next"' not in page:
            break
    assert len(seen) == len(set(seen)) == 388
    assert "388 行" in text_of(get(address))


def test_a_page_beyond_the_last_is_the_last(get: Get) -> None:
    assert listed_names(get("/list?layer=buildings&street=10001&page=9999")) == listed_names(
        get("/list?layer=buildings&street=10001&page=3")
    )


def test_the_list_of_what_nobody_looks_after(get: Get, rows: Rows) -> None:
    page = get("/list?layer=stairwells&street=10001&vacant=1")
    assert len(listed_names(page)) == 1
    assert "只看暂无人负责的" in page
    blind = get("/list?layer=stairwells&street=10001&vacant=1", "planner")
    assert "388 行" in text_of(blind)


def test_streets_stand_first_for_who_sees_several(get: Get, rows: Rows) -> None:
    page = get("/list?fragment=1")
    streets = rows("SELECT id, name FROM gridmap.street WHERE is_demo")
    assert len(re.findall(r"<tr><th", page)) == len(streets) + 1
    for street in streets:
        assert f"/list?street={street['id']}&amp;layer=communities" in page
    assert listed_names(get("/list", "worker"))


def test_codes_of_tables_are_said_in_the_readers_language(get: Get) -> None:
    assert "出入口" in get("/list?layer=facilities&street=10001")
    assert '<td data-title="Kind" class="">Gate</td>' in get("/list?layer=facilities&street=10001&lang=en")
    assert "Grid worker" in get("/list?layer=assignments&street=10001&lang=en")


def test_planners_have_no_list_of_people(get: Get) -> None:
    assert "责任分配" not in get("/list?layer=grids", "planner")
    get("/list?layer=assignments", "planner", status=404)
    get("/list?layer=nonsense", status=404)
    get("/list?layer=buildings&street=999", status=404)
    get("/list?layer=buildings&street=abc", status=400)


def test_an_empty_list_leads_back(get: Get, place: Callable[[str], int]) -> None:
    page = get(f"/list?layer=buildings&street=10001&grid={place('442000002005')}")
    assert "没有符合的行" in page
    assert 'href="/list?layer=buildings&amp;street=10001"' in page


def test_a_printed_list_is_plain_and_long(get: Get) -> None:
    page = get("/list?layer=stairwells&street=10001&print=1")
    assert len(re.findall(r'<th scope="row">', page)) == 150
    assert 'class="filters"' not in page
    assert len(page.encode()) <= 60_000


# Search and data -----------------------------------------------------------------------------------------------------


def test_search_answers_programs_in_json_and_people_in_html(demo_app: Flask, token_of, place) -> None:
    client = demo_app.test_client()
    found = client.get("/search?q=花苑新村", headers=token_of("leader") | {"Accept": "application/json"})
    (best, *_others) = found.get_json()
    assert best["id"] == place(f"{HUAYUAN}X01")
    assert (best["title"], best["kind_title"], best["subtitle"]) == ("花苑新村", "小区", "东区街道 · 花苑社区")
    assert len(best["bbox"]) == 4
    assert found.headers["Cache-Control"] == "private, no-store"
    page = client.get("/search?q=花苑新村", headers=token_of("leader") | HTML).text
    assert f'href="/places/{best["id"]}"' in page


def test_what_was_searched_for_comes_back_as_text(get: Get) -> None:
    page = get("/search?q=<script>alert(1)</script>")
    assert "<script>alert" not in page
    assert "没有找到" in page


def test_data_says_rows_fields_and_addresses(get: Get, rows: Rows) -> None:
    page = get("/data", "planner")
    assert re.search(r'id="address"[^>]*>http://localhost/ogc<', page)
    for layer in ("grids", "estates", "buildings", "stairwells", "facilities", "roads"):
        assert f'href="/ogc/collections/{layer}/items.geojson"' in page
    assert "/ogc/collections/assignments" not in page
    state = text_of(get("/data/buildings/state", "planner"))
    count = rows("SELECT count(*) AS n FROM gridmap.place WHERE kind = 'building'")[0]["n"]
    assert state.startswith(f"您可见的行数 {count:,} 最近变更 2026-03-16 数据来自 演示数据生成器")


def test_data_counts_what_the_live_connection_counts(get: Get, demo_app: Flask, token_of) -> None:
    for account in ("planner", "worker", "property", "community"):
        for layer in ("communities", "grids", "buildings", "stairwells", "roads"):
            items = demo_app.test_client().get(
                f"/ogc/collections/{layer}/items?limit=1", headers=token_of(account) | {"Accept": "application/json"}
            )
            matched = items.get_json()["numberMatched"]
            assert text_of(get(f"/data/{layer}/state", account)).startswith(f"您可见的行数 {matched:,} "), (
                account,
                layer,
            )


def test_a_layers_page_names_every_field_and_who_sees_it(get: Get) -> None:
    page = get("/data/buildings", "planner")
    for name in ("code", "name", "kind", "floors", "manager"):
        assert f"<code>{name}</code>" in page
    assert text_of(page).count("不在您的文件中") == 1
    assert "不在您的文件中" not in get("/data/buildings", "leader")
    get("/data/assignments", "planner", status=404)
    get("/data/nonsense", "planner", status=404)


def test_every_page_is_complete_in_english(get: Get, place: Callable[[str], int]) -> None:
    addresses = ["/map", "/my", "/data", "/data/grids", "/list", "/list?layer=stairwells", "/search?q=zzz"]
    chinese = re.compile(r"[\u3400-\u9fff]")
    for address in addresses:
        page = get(f"{address}{'&' if '?' in address else '?'}lang=en", "planner")
        head = text_of(page.split("<main")[0])
        names = {"规划人员", "中文", "东区街道"}
        assert not [word for word in head.split() if chinese.search(word) and word not in names], address
    assert "Who looks after it" in get(f"/places/{place(f'{HUAYUAN}001')}?lang=en")


def test_long_numbers_of_addresses_are_refused_politely(get: Get) -> None:
    get("/list?layer=buildings&street=10001&grid=abc", status=400)
    get("/list?layer=buildings&street=10001&page=abc")
    get("/places/99999999999999999999", status=404)
