"""Many counts and sightings over a line that loses, doubles, delays and reorders them: 0 lost, 0 doubled, 0 stuck.

A count replaces an earlier one of its round, so what is sent here is told apart by zone, day and part of the day.
"""

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

from gridmap.bench.browser import FLAGS
from gridmap.parking.plates import read_plate
from tests.browser.line import FAULTS, Town, in_town, on_a_line, until
from tests.browser.page_pictures import sign_in
from tests.browser.test_bad_line import DAY, KILLED_EVERY, WRONG, is_empty, kill, new_id
from tests.browser.test_reports import KEPT
from tests.browser.test_reports_bad_line import close_others
from tests.browser.windows import PHONE
from tests.conftest import Base
from tests.rounds import counted, forget_round, rows, sighted, zones_of

pytestmark = pytest.mark.browser
BATCH = 100
PICTURE_EVERY = 20
LATEST = date(2026, 3, 13)
"""A Friday: some estates have the rule on working days alone, and each car seen shall be given notice."""
DAYS = 4
"""Back to the first that a phone may still have counted and seen."""
ZONES = "SELECT id FROM gridmap.place WHERE kind = 'zone' AND street_id = %s ORDER BY id"
"""Of one street: in others cars may stay overnight."""
PUT = """async ([items]) => {
  const base = await new Promise((done) => {
    const open = indexedDB.open("gridmap-outbox", 1);
    open.onsuccess = () => done(open.result);
  });
  const picture = async (shade) => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 64;
    const context = canvas.getContext("2d");
    context.fillStyle = `rgb(${shade}, 80, 40)`;
    context.fillRect(0, 0, 64, 64);
    return new Promise((done) => canvas.toBlob(done, "image/jpeg"));
  };
  const blob = await picture(120);
  const put = base.transaction("items", "readwrite").objectStore("items");
  for (const { id, kind, body, photo, made } of items) {
    const words = { title: "", place: "" };
    const common = { made, state: "waiting", tries: 0, lease: 0, reason: "", of: null, words };
    put.put({ ...common, id, kind, zone: null, body: { sent_id: id, ...body } });
    if (photo) put.put({ ...common, id: photo, kind: "sighting-photo", of: id, zone: null, photo: blob, body: {} });
  }
  await new Promise((done, fail) => {
    put.transaction.oncomplete = done;
    put.transaction.onerror = fail;
  });
  base.close();
  window.dispatchEvent(new Event("online"));
}"""
turn = iter(range(1 << 30))


@pytest.fixture
def town(demo_template: str, copy_database: Callable[[str], Base], make_app: Callable[[Base], Flask]) -> Iterator[Town]:
    base = copy_database(demo_template)
    forget_round(base)
    with on_a_line(make_app(base)) as line, in_town(base, *line) as found:
        yield found


def open_phone(chromium: Browser, folder: Path, town: Town, off: int) -> tuple[BrowserContext, Page]:
    """A browser of its own, whose clock is wrong by that many ms, at the leader's pages."""
    context = chromium.browser_type.launch_persistent_context(
        folder, executable_path="/usr/bin/chromium", args=list(FLAGS), viewport=PHONE, locale="zh-CN"
    )
    context.add_init_script(WRONG % off)
    page = context.new_page()
    page.goto(town.url + "/parking/count")
    if "/login" in page.url:
        sign_in(page, town.url, "leader")
        page.goto(town.url + "/parking/count")
    return context, page


def batch(zones: list[int], first: int) -> list[dict[str, Any]]:
    """Counts and sightings in turn; every second one a count of a round of its own, as long as there are rounds."""
    made = []
    for number in range(first, first + BATCH):
        zone = zones[number % len(zones)]
        round_of = number // len(zones)
        day = LATEST - timedelta(days=round_of // 2 % DAYS)
        hour = "07:30" if round_of % 2 else "19:30"
        at = f"{day.isoformat()}T{hour}:00+08:00"
        made.append(sighting(number, zone, day) if number % 2 else count(number, zone, at))
    return made


def count(number: int, zone: int, at: str) -> dict[str, Any]:
    body = {"zone_id": zone, "total": number, "outside": number // 3, "device_at": at}
    return {"id": new_id(), "kind": "count", "body": body, "photo": "", "made": next(turn)}


def sighting(number: int, zone: int, day: date) -> dict[str, Any]:
    """Each a car of its own, late in the evening: the first notice of each."""
    body = {"zone_id": zone, "plate": f"粤B{number:05d}", "seen_at": f"{day.isoformat()}T20:00:00+08:00"}
    photo = new_id() if number % PICTURE_EVERY == 1 else ""
    return {"id": new_id(), "kind": "sighting", "body": body, "photo": photo, "made": next(turn)}


@pytest.mark.parametrize("sends", [BATCH, pytest.param(1_000, marks=pytest.mark.full)])
def test_over_a_bad_line_no_count_and_no_car_is_lost_doubled_or_stuck(
    chromium: Browser, town: Town, tmp_path: Path, sends: int
) -> None:
    """As with the answers: a second page, killed browsers, clocks wrong by a day; photos follow their sighting."""
    town.line.chance = random.Random(20260316)
    town.line.faults.clear()
    theirs = set(zones_of(town.base, "worker"))
    zones = [row["id"] for row in rows(town.base, ZONES, min(theirs) >> 32)]
    assert theirs <= set(zones)
    expected: dict[str, dict[str, Any]] = {}
    context, page = open_phone(chromium, tmp_path, town, DAY)
    for number in range(sends // BATCH):
        context.new_page().goto(town.url + "/parking/see")  # a second page sends the same outbox
        items = batch(zones, number * BATCH)
        expected |= {one["id"]: one for one in items}
        page.evaluate(PUT, [items])
        if number % KILLED_EVERY == 0:
            sent = len(expected) // 2 - BATCH // 4
            until(page, lambda least=sent: len(sighted(town.base)) >= least, seconds=240)
            kill(context, tmp_path)
            context, page = open_phone(chromium, tmp_path, town, -DAY if number % 2 else DAY)
        until(page, partial(is_empty, page), seconds=300)
        close_others(page)
        page.goto(town.url + "/parking/count")
    assert "粤B0" not in page.evaluate(KEPT), "a plate has stayed on the phone"
    kill(context, tmp_path)
    town.line.arrive()
    must_be_whole(town, expected)
    assert set(FAULTS) <= set(town.line.faults)


def must_be_whole(town: Town, expected: dict[str, dict[str, Any]]) -> None:
    cars = {one: item for one, item in expected.items() if item["kind"] == "sighting"}
    found = sighted(town.base)
    assert len(found) == len(cars)
    assert {str(row["sent_id"]): row["masked"] for row in found} == {
        one: read_plate(item["body"]["plate"]).masked for one, item in cars.items()
    }
    assert {str(row["sent_id"]) for row in found if row["photo"]} == {
        one for one, item in cars.items() if item["photo"]
    }
    assert {row["found"] for row in found} == {"notice"}
    notices = rows(town.base, "SELECT count(*) AS n, count(DISTINCT vehicle_id) AS cars FROM gridmap.parking_notice")
    assert notices == [{"n": len(cars), "cars": len(cars)}]
    counts = {one: item["body"] for one, item in expected.items() if item["kind"] == "count"}
    answered = rows(
        town.base,
        "SELECT sent_id FROM gridmap.submission WHERE sent_id = ANY (%s::uuid[]) AND answer ? 'total'",
        list(counts),
    )
    assert len(answered) == len(counts), "every count has been taken once"
    stands = {(row["place_id"], row["counted_at"].isoformat()) for row in counted(town.base)}
    assert (
        len(stands)
        == len(counted(town.base))
        == len({(body["zone_id"], body["device_at"]) for body in counts.values()})
    )
    written = rows(town.base, "SELECT count(*) AS n FROM gridmap.audit WHERE action = 'count_vehicles'"
                   " AND account_id = (SELECT id FROM gridmap.account WHERE username = 'leader')")  # fmt: skip
    assert written[0]["n"] == len(counts), "and written down once"
