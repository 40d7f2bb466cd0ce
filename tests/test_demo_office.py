"""What reached the demo's office: diary, reception days, orders of the hotline and counts, as people write them."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg.rows import dict_row

from gridmap.clock import OFFICE
from gridmap.demo.incidents.crediting import credit_cases
from gridmap.demo.incidents.ground import HUAYUAN, read_ground
from gridmap.demo.office import add_office
from gridmap.demo.office.counts import wanted_counts
from gridmap.demo.office.crediting import credit_office
from gridmap.demo.office.orders import DROPPED, WAIT
from gridmap.demo.office.receptions import BESIDE, MONTHS, wanted_receptions
from gridmap.demo.office.said import AT_OWN_DOORS, FRESH, TALKS, WAITING, own_entries, read_cases
from gridmap.demo.store import load_demo
from gridmap.incidents.hotline.taking import read_book
from gridmap.places.calendar import read_calendar
from gridmap.read.incidents.fifteenth import day_of_month
from tests.conftest import Base
from tests.test_demo_incidents import signed_in

NOW = datetime(2026, 3, 16, 9, tzinfo=OFFICE)
STREET = 10_001
Owner = psycopg.Connection[dict[str, Any]]
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def owner(demo_base: Base) -> Iterator[Owner]:
    with psycopg.connect(demo_base.owner_url, row_factory=dict_row) as connection:
        yield connection


@pytest.fixture(scope="module")
def diary(owner: Owner) -> Rows:
    return owner.execute("SELECT * FROM gridmap.diary ORDER BY at, id").fetchall()


@pytest.fixture(scope="module")
def orders(owner: Owner) -> Rows:
    return owner.execute("SELECT * FROM gridmap.hotline_order ORDER BY number").fetchall()


def count(owner: Owner, statement: str, *values: Any) -> int:
    row = owner.execute(f"SELECT count(*) AS n FROM gridmap.{statement}", values).fetchone()
    assert row is not None
    return int(row["n"])


# The diary ------------------------------------------------------------------------------------------------------------


def test_every_case_of_the_diary_began_with_one_entry(owner: Owner, diary: Rows) -> None:
    cases = owner.execute("SELECT id, text, reported_at FROM gridmap.incident WHERE source = 'diary'").fetchall()
    assert len(cases) >= 360
    of_cases = {one["incident_id"]: one for one in diary if one["outcome"] == "case"}
    assert len(of_cases) == sum(one["outcome"] == "case" for one in diary)
    assert set(of_cases) == {case["id"] for case in cases}
    for case in cases:
        entry = of_cases[case["id"]]
        assert entry["text"] == case["text"]
        if entry["reception_id"] is None:
            assert entry["at"] == case["reported_at"]
        else:
            assert timedelta(0) < case["reported_at"] - entry["at"] < timedelta(days=5)


def test_a_handful_is_open_and_a_few_wait_too_long(diary: Rows) -> None:
    assert 600 <= len(diary) <= 900
    open_ones = [one for one in diary if one["outcome"] is None]
    of_receptions = [one for one in open_ones if one["reception_id"] is not None]
    assert len(open_ones) - len(of_receptions) == FRESH + WAITING + 2
    assert {one["at"].astimezone(OFFICE).date() for one in of_receptions} == {date(2026, 3, 15)}
    assert sum(one["at"] < NOW - timedelta(days=7) for one in open_ones) == WAITING
    spoken = [one for one in diary if one["outcome"] != "case" and one["reception_id"] is None]
    assert len(spoken) == TALKS + 2 * AT_OWN_DOORS
    outcomes, channels = Counter(one["outcome"] for one in diary), Counter(one["channel"] for one in diary)
    assert min(outcomes["noted"], outcomes["answered"]) > 60
    assert min(channels.values()) > 30
    assert set(channels) == {"visit", "phone", "call_in", "patrol", "reception"}


def test_the_year_is_whole_and_nothing_lies_ahead(diary: Rows) -> None:
    assert len({one["at"].astimezone(OFFICE).strftime("%Y-%m") for one in diary}) == 13
    for one in diary:
        assert one["at"] <= one["changed_at"] < NOW
        if one["answered_at"] is not None:
            assert one["at"] < one["answered_at"] < NOW
            assert one["answer"]


def test_nobody_is_named_and_nothing_is_private(owner: Owner, diary: Rows, orders: Rows) -> None:
    assert count(owner, "diary_contact") == 0
    assert not any(one["is_private"] for one in diary)
    assert not any(one["caller"] or one["phone"] or one["raw"] for one in orders)
    names = {one["display_name"] for one in owner.execute("SELECT display_name FROM gridmap.person").fetchall()}
    minutes = owner.execute("SELECT minutes FROM gridmap.reception WHERE minutes IS NOT NULL").fetchall()
    said = [f"{one['text']} {one['answer']}" for one in diary] + [one["minutes"] for one in minutes]
    said += [f"{one['text']} {one['address']} {one['cells']}" for one in orders]
    assert [words for words in said if any(name in words for name in names)] == []


# Reception days -------------------------------------------------------------------------------------------------------


def test_some_communities_received_residents_on_each_fifteenth(owner: Owner, diary: Rows) -> None:
    days = owner.execute(
        "SELECT r.*, c.code FROM gridmap.reception r JOIN gridmap.community c ON c.id = r.community_id"
    ).fetchall()
    assert len({day["community_id"] for day in days}) == 1 + BESIDE
    calendar = read_calendar(owner)
    wanted = {day_of_month(owner, STREET, month, calendar) for month in MONTHS}
    assert {day["held_on"] for day in days if day["code"] == HUAYUAN} == wanted
    assert len(days) == (1 + BESIDE) * len(MONTHS)
    visits = Counter(one["reception_id"] for one in diary if one["reception_id"] is not None)
    for day in days:
        turns = sorted(one["turn"] for one in diary if one["reception_id"] == day["id"])
        assert turns == list(range(1, visits[day["id"]] + 1))
        assert (day["state"] == "held") == (day["held_on"] < NOW.date()) == bool(turns) == bool(day["minutes"])
    assert {day["held_on"] for day in days if day["state"] == "planned"} == {date(2026, 3, 16)}


def test_every_visitor_has_a_day_for_the_answer(diary: Rows) -> None:
    visits = [one for one in diary if one["channel"] == "reception"]
    assert len(visits) > 80
    assert [one["id"] for one in visits if one["promised_on"] is None] == []
    assert sum(one["outcome"] == "case" for one in visits) >= 1


# The hotline ----------------------------------------------------------------------------------------------------------


def test_every_case_of_the_hotline_came_by_an_order(owner: Owner, orders: Rows) -> None:
    placed = [one for one in orders if one["state"] == "placed"]
    assert len(placed) == count(owner, "incident WHERE source = 'hotline'") >= 960
    assert len({one["incident_id"] for one in placed}) == len(placed)
    assert Counter(one["state"] for one in orders) == {"placed": len(placed), "queued": WAIT, "dropped": len(DROPPED)}
    assert all(re.fullmatch(r"GD\d{13}", one["number"]) for one in orders)
    assert all(one["received_at"] < one["changed_at"] < NOW for one in orders)
    assert all(one["received_at"] < one["due_at"] for one in orders)
    names = {row["name"] for row in owner.execute("SELECT name FROM gridmap.hotline_mapping").fetchall()}
    assert names == {"12345"}
    assert count(owner, "hotline_mapping") == len({one["street_id"] for one in orders})


def test_what_waits_waits_for_the_reason_that_real_orders_have(owner: Owner, orders: Rows) -> None:
    book = read_book(owner, STREET)
    waiting = [one for one in orders if one["state"] == "queued"]
    for one in waiting:
        found = book.find(one["address"])
        assert (found.place_id, found.problem, list(found.near)) == (None, one["problem"], one["near"])
        assert one["street_id"] == STREET
    assert {one["problem"] for one in waiting} == {"no_address", "unknown", "no_building", "several"}


# E-bikes --------------------------------------------------------------------------------------------------------------


def test_most_stairwells_were_counted_of_late_and_some_were_not(owner: Owner) -> None:
    doors = count(
        owner,
        "place p JOIN gridmap.community c ON c.street_id = p.street_id AND c.id = p.community_id"
        " WHERE p.kind = 'stairwell' AND p.estate_id IS NOT NULL AND c.code = %s",
        HUAYUAN,
    )
    last = owner.execute(
        "SELECT place_id, max(counted_on) AS day FROM gridmap.ebike_count GROUP BY place_id"
    ).fetchall()
    recent = sum(one["day"] >= NOW.date() - timedelta(days=90) for one in last)
    assert 0.7 * doors < recent < 0.95 * doors
    assert recent < len(last) < doors
    assert max(one["day"] for one in last) < NOW.date()
    supply = owner.execute(
        "SELECT estate_id, sum(bikes) AS bikes, sum(chargers) AS chargers FROM gridmap.ebike_count GROUP BY estate_id"
    ).fetchall()
    assert len(supply) >= 10
    assert {one["chargers"] == 0 for one in supply} == {True, False}


# The same again, and for whom -----------------------------------------------------------------------------------------


def test_everything_belongs_where_its_place_does(own_demo_base: Base) -> None:
    with psycopg.connect(own_demo_base.owner_url) as owner:
        moved = owner.execute(
            "SELECT gridmap.own_said(array_agg(id), NULL) FROM gridmap.street WHERE is_demo"
        ).fetchone()
    assert moved == (0,)


def test_loading_again_adds_nothing(own_demo_base: Base) -> None:
    with psycopg.connect(own_demo_base.owner_url) as owner:
        assert load_demo(owner)["office"] == 0
        assert add_office(owner) == 0


def test_telling_again_tells_the_same(owner: Owner) -> None:
    ground, calendar, cases = read_ground(owner, NOW.date()), read_calendar(owner), read_cases(owner)
    first, second = (wanted_receptions(owner, ground, calendar, cases) for _ in range(2))
    assert first == second
    assert own_entries(ground, calendar, cases, first[1]) == own_entries(ground, calendar, cases, second[1])
    assert wanted_counts(ground, calendar) == wanted_counts(ground, calendar)


LEAST = (
    ("worker", "/diary", r'href="/diary/\d+', 5),
    ("manager", "/diary", r'href="/diary/\d+', 3),
    ("community", "/reception", r"/reception/\d+", 12),
    ("leader", "/reception", r"/reception/\d+", 12),
    ("leader", f"/hotline?street={STREET}", r"GD\d{13}", 20),
    ("worker", "/ebikes", r"/ebikes/\d+", 1),
    ("leader", "/ebikes", r"/ebikes/\d+", 10),
)


def test_every_account_of_the_demo_finds_its_own(own_demo_base: Base, make_app: Callable[[Base], Flask]) -> None:
    with psycopg.connect(own_demo_base.owner_url) as owner:
        credit_cases(owner)
        credit_office(owner)
    app, missing = make_app(own_demo_base), []
    for who, path, pattern, least in LEAST:
        page = app.test_client().get(path, headers=signed_in(app, who) | {"Accept": "text/html"})
        assert page.status_code == 200, (who, path)
        found = len(set(re.findall(pattern, page.text)))
        if found < least:
            missing.append((who, path, found))
    assert missing == []
    refused = app.test_client().get("/diary", headers=signed_in(app, "property") | {"Accept": "text/html"})
    assert refused.status_code == 403


def test_who_wrote_what_is_written_once(own_demo_base: Base) -> None:
    """Crediting again changes nothing."""
    said = "SELECT account_id, changed_by FROM gridmap.diary ORDER BY street_id, id"
    with psycopg.connect(own_demo_base.owner_url) as owner:
        credit_cases(owner)
        credit_office(owner)
        before = owner.execute(said).fetchall()
        credit_office(owner)
        assert owner.execute(said).fetchall() == before
        counted = owner.execute("SELECT count(account_id) FROM gridmap.ebike_count").fetchone()
    assert len({account for account, _changed in before} - {None}) >= 3
    assert counted is not None
    assert counted[0] > 0
