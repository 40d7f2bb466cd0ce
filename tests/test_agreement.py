"""For one filter the map, the board, the list, the files, the API and the database say the same."""

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from io import StringIO
from typing import Any

import psycopg
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from gridmap.api.tiles import end_of
from gridmap.clock import parse_clock
from gridmap.db import SYSTEM, Database
from gridmap.kpi import BY_NAME
from gridmap.layers import BY_NAME as LAYERS
from gridmap.periods import month_of
from gridmap.read import Asked, Tile, asked_as, read_page, read_tile
from gridmap.read.coverage import Cut, Part, When, count_quickly, read_gap_areas, read_reasons, read_rows
from gridmap.scope import Viewer, viewer_of
from tests.conftest import DEMO_CLOCK, Base
from tests.mvt import decoded

Words = Mapping[str, Any]
FURONG, GEZHOUBA, HUAYUAN = "442000002005X09", "420104005013X01", "442000002005"
LAST_DAYS = {
    date(2025, 6, 1): date(2025, 6, 30),
    date(2025, 11, 1): date(2025, 11, 30),
    date(2026, 2, 1): date(2026, 2, 28),
    date(2026, 3, 1): date(2026, 3, 16),
}
"""The months asked for, and the day that the map shows of each."""
ASKED = st.fixed_dictionaries(
    {
        "month": st.sampled_from(sorted(LAST_DAYS)),
        "kind": st.sampled_from([None, None, "household_visit", "roof_safety", "fire_equipment", "butler_round"]),
        "reason": st.sampled_from([None, None, "missed", "no_access", "no_manager", "not_yet", "excused", "on_leave"]),
        "management": st.sampled_from([None, None, "none", "property"]),
        "where": st.sampled_from(
            [None, ("community", HUAYUAN), ("estate", FURONG), ("estate", GEZHOUBA), ("grid", "420104005013001"),
             ("grid", "442000002005003")]
        ),
        # who sees few places is asked more often: the answers come sooner
        "who": st.sampled_from(["leader", "planner", *("community", "worker", "property") * 3]),
    }
)  # fmt: skip
SMALL = (("estate", FURONG), ("grid", "442000002005003"))


def small(words: dict[str, Any]) -> dict[str, Any]:
    """The same, of the month that runs only a small area: the reasons of thousands are worked out one by one."""
    is_running = words["month"] == max(LAST_DAYS)
    return words | {"where": SMALL[len(words["who"]) % 2]} if is_running and words["where"] not in SMALL else words


TILES = ((15, 26706, 14277), (15, 26707, 14277), (15, 26706, 14278), (15, 26783, 13404), (15, 26784, 13404))
DATABASE = """
SELECT s.id, s.place_id, s.state, d.kind, e.management,
  array_remove(ARRAY[s.community_id, s.grid_id, s.micro_grid_id, s.estate_id], NULL) AS areas,
  CASE WHEN s.state = 'excused' THEN 'excused'
    ELSE coalesce(s.reason, gridmap.gap_reason(s, %(moment)s::timestamptz, %(day)s::date)) END AS reason
FROM gridmap.slot s JOIN gridmap.duty d ON d.id = s.duty_id
LEFT JOIN gridmap.estate e ON e.place_id = s.estate_id
WHERE s.starts_on >= %(month)s AND s.starts_on < %(after)s AND s.state <> 'satisfied'
"""
SEEN = """
SELECT s.id FROM gridmap.slot s WHERE EXISTS (
  SELECT FROM gridmap.account a JOIN gridmap.account_grant g ON g.account_id = a.id
  WHERE a.username = %s AND (
    g.level = 'city' OR g.level = 'street' AND g.street_id = s.street_id
    OR g.level = 'community' AND g.target_id = s.community_id
    OR g.level = 'grid' AND g.target_id IN (s.grid_id, s.micro_grid_id)
    OR g.level = 'organisation' AND s.estate_id IN (
      SELECT place_id FROM gridmap.estate WHERE property_id = g.organisation_id UNION
      SELECT place_id FROM gridmap.organisation_place WHERE organisation_id = g.organisation_id)
    OR g.level = 'held' AND EXISTS (SELECT FROM gridmap.assignment h WHERE h.person_id = a.person_id
      AND h.valid @> '2026-03-16 09:00+08'::timestamptz AND h.place_id IN (s.grid_id, s.micro_grid_id))))
"""


class Town:
    """The demo: its database with the owner's eyes, its accounts, its pages."""

    def __init__(self, owner: "psycopg.Connection[Any]", database: Database, app: Flask) -> None:
        self.owner, self.database, self.client = owner, database, app.test_client()
        rows = owner.execute("SELECT code, id FROM gridmap.place UNION ALL SELECT code, id FROM gridmap.community")
        self.ids = {row["code"]: int(row["id"]) for row in rows}
        self.viewers: dict[str, Viewer] = {}
        self.seen: dict[str, set[int]] = {}
        self.known: dict[date, list[Any]] = {}

    def viewer(self, who: str) -> Viewer:
        """The account as the reading side knows it."""
        if who not in self.viewers:
            with self.database.transaction(SYSTEM) as connection:
                row = connection.execute("SELECT id FROM gridmap.account WHERE username = %s", (who,)).fetchone()
            assert row is not None
            self.viewers[who] = viewer_of(self.database, row["id"], parse_clock(DEMO_CLOCK).now())
        return self.viewers[who]

    def slots_of(self, who: str) -> set[int]:
        """The slots that the account's grants reach."""
        if who not in self.seen:
            self.seen[who] = {row["id"] for row in self.owner.execute(SEEN, (who,)).fetchall()}
        return self.seen[who]

    def within(self, words: Words) -> int | None:
        """The id of the area asked for."""
        return self.ids[words["where"][1]] if words["where"] else None

    def in_database(self, words: Words) -> list[Any]:
        """The slots that are not done, as the tables hold them, of those that the account sees."""
        seen, within = self.slots_of(words["who"]), self.within(words)
        return [
            row
            for row in self.open_in(words["month"])
            if row["id"] in seen
            and all(words[name] in (None, row[name]) for name in ("kind", "reason", "management"))
            and within in (None, *row["areas"])
        ]

    def open_in(self, month: date) -> list[Any]:
        """Every slot of the month that is not done, read once."""
        if month not in self.known:
            day = LAST_DAYS[month]
            values = {"month": month, "after": month_of(month).end, "day": day, "moment": end_of(day)}
            self.known[month] = self.owner.execute(DATABASE, values).fetchall()
        return self.known[month]


@pytest.fixture(scope="module")
def town(demo_app: Flask, demo_base: Base) -> Iterator[Town]:
    database = Database(demo_base.app_url)
    with psycopg.connect(demo_base.superuser_url, row_factory=dict_row, autocommit=True) as owner:
        yield Town(owner, database, demo_app)
    database.close()


# What is read --------------------------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=ASKED.map(small))
def test_map_list_and_database_agree_for_every_filter(town: Town, words: Words) -> None:
    reads_agree(town, words)


@pytest.mark.full
@settings(max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=ASKED)
def test_map_list_and_database_agree_for_ten_thousand_filters(town: Town, words: Words) -> None:
    reads_agree(town, words)


def reads_agree(town: Town, words: Words) -> None:
    """The numbers, the rows, the layer, its tile and the areas of gaps against the tables."""
    expected = town.in_database(words)
    who, day = town.viewer(words["who"]), LAST_DAYS[words["month"]]
    area = {words["where"][0]: town.within(words)} if words["where"] else {}
    period = month_of(words["month"])
    cut = Cut(start=period.start, end=period.end, kind=words["kind"], management=words["management"], **area)
    when = When(moment=end_of(day), today=day)
    asked = asked_as(end_of(day), said(town, words))
    with town.database.transaction(who.prologue) as connection:
        reasons = read_reasons(connection, who, cut, when)
        wanted = [name for name in reasons if words["reason"] in (None, name)]
        assert {name: reasons[name] for name in wanted} == dict(Counter(row["reason"] for row in expected))
        part = Part(kpi=BY_NAME["coverage"], reason=words["reason"], limit=100_000)
        rows = read_rows(connection, who, cut, part, when)
        assert {row.id for row in rows} == {row["id"] for row in expected if row["state"] != "excused"}
        if words["reason"] is None:
            done, due = count_quickly(connection, who, cut, BY_NAME["coverage"])
            assert due - done == len(rows)
        page = read_page(connection, LAYERS["gaps"], who, asked, limit=100_000)
        on_map = {int(one["id"]): one["properties"] for one in features(page.features)}
        by_place = Counter(row["place_id"] for row in expected if row["place_id"] is not None)
        assert {key: one["open"] + one["excused"] for key, one in on_map.items()} == dict(by_place)
        areas = read_gap_areas(connection, who, cut, when, reason=words["reason"])
        gathered = [place for one in areas for place in one.place_ids]
        assert len(gathered) == len(set(gathered))
        assert set(gathered) <= set(by_place)
        tasks = sum(by_place[place] for place in gathered) - calm(expected, gathered, words)
        assert sum(one.tasks for one in areas) == tasks
        tile_agrees(town, connection, who, asked, on_map)


def calm(expected: list[Any], places: list[int], words: Words) -> int:
    """Tasks at these places that nobody has to go to: left out of areas where no reason is asked for."""
    if words["reason"]:
        return 0
    return sum(row["place_id"] in set(places) and row["reason"] in ("excused", "not_yet") for row in expected)


def tile_agrees(town: Town, connection: Any, who: Viewer, asked: Asked, on_map: Mapping[int, Any]) -> None:
    """A tile shows the same places with the same reasons."""
    z, x, y = TILES[len(on_map) % len(TILES)]
    drawn = decoded(read_tile(connection, (LAYERS["gaps"],), Tile(z, x, y), who, asked)).get("gaps", {})
    box = "SELECT id FROM gridmap.place WHERE id = ANY (%s) AND geom_3857 && ST_TileEnvelope(%s, %s, %s)"
    inside = {row["id"] for row in town.owner.execute(box, (list(on_map), z, x, y)).fetchall()}
    assert inside <= set(drawn) <= set(on_map)
    assert {key: one["reason"] for key, one in drawn.items()} == {key: on_map[key]["reason"] for key in drawn}


def said(town: Town, words: Words) -> dict[str, str]:
    """The words of a filter as the map's addresses say them."""
    found = {name: words[name] for name in ("kind", "reason", "management")} | {"within": town.within(words)}
    return {name: str(value) for name, value in found.items() if value is not None}


def features(body: bytes) -> list[Any]:
    found: list[Any] = json.loads(b"[" + body + b"]")
    return found


def test_reasons_put_together_are_those_told_one_by_one(town: Town) -> None:
    for moment in ("2025-12-01 09:00+08", "2026-02-20 09:00+08", "2026-03-16 23:59:59+08", "2026-05-01 09:00+08"):
        values = {"moment": moment, "day": moment[:10]}
        other = town.owner.execute(
            "WITH chosen AS (SELECT s.* FROM gridmap.slot s WHERE s.state NOT IN ('satisfied', 'excused')"
            " AND (s.starts_on = '2026-02-01' OR s.starts_on = '2026-03-01' AND s.id %% 7 = 0)),"
            " many AS (SELECT * FROM"
            " gridmap.gap_reasons((SELECT array_agg(id) FROM chosen), %(moment)s, %(day)s::date))"
            " SELECT s.id, m.reason, gridmap.gap_reason(s, %(moment)s, %(day)s::date) AS one"
            " FROM gridmap.slot s JOIN chosen ON chosen.id = s.id LEFT JOIN many m ON m.slot_id = s.id"
            " WHERE m.reason IS DISTINCT FROM gridmap.gap_reason(s, %(moment)s, %(day)s::date)",
            values,
        ).fetchall()
        assert other == [], moment


# What is sent --------------------------------------------------------------------------------------------------------


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=ASKED.map(small))
def test_board_files_and_api_agree_with_the_database(
    town: Town, token_of: Callable[[str], dict[str, str]], words: Words
) -> None:
    answers_agree(town, token_of, words)


@pytest.mark.full
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=ASKED)
def test_board_files_and_api_agree_for_five_hundred(
    town: Town, token_of: Callable[[str], dict[str, str]], words: Words
) -> None:
    answers_agree(town, token_of, words)


def answers_agree(town: Town, token_of: Callable[[str], dict[str, str]], words: Words) -> None:
    """What the pages print and the files hold, through the doors that people use."""
    expected = town.in_database(words)
    headers = dict(token_of(words["who"])) | {"Accept": "text/html"}
    area = {words["where"][0]: town.within(words)} if words["where"] else {}
    cut = {name: words[name] for name in ("kind", "reason", "management") if words[name]}
    question = {"month": f"{words['month']:%Y-%m}", **cut, **area}

    def got(path: str, **query: Any) -> Any:
        return town.client.get(path, query_string=query, headers=headers)

    excused = got("/coverage/rows.csv", **question, kpi="excused", missing="0").text.lstrip("\ufeff")
    assert len(list(csv.reader(StringIO(excused)))) - 1 == sum(row["state"] == "excused" for row in expected)
    missing = got("/coverage/rows.geojson", **question).get_json(force=True)["features"]
    assert {one["id"] for one in missing} == {row["id"] for row in expected if row["state"] != "excused"}
    board = got("/coverage", **question).text
    for reason, count in Counter(row["reason"] for row in expected).items():
        printed = re.search(rf'rows\?[^"]*reason={reason}["&][^>]*>.*?reason-count">([\d,]+)<', board, re.DOTALL)
        assert printed is not None, reason
        assert printed[1] == f"{count:,}", reason
    words_of_map = said(town, words) | {"as_of": LAST_DAYS[words["month"]].isoformat()}
    items = got("/ogc/collections/gaps/items", **words_of_map, limit=10_000, f="json").get_json(force=True)
    assert items["numberMatched"] == len({row["place_id"] for row in expected if row["place_id"] is not None})
    file = got("/ogc/collections/gaps/items.geojson", **words_of_map).get_json(force=True)
    assert {one["id"] for one in file["features"]} == {one["id"] for one in items["features"]}
    assert file["filter"] == said(town, words)
