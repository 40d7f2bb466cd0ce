"""Many reports with photos over a line that loses, doubles, delays and reorders them: 0 lost, 0 doubled, 0 stuck."""

import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from tests.browser.line import FAULTS, Town, in_town, on_a_line, until
from tests.browser.test_bad_line import BATCH, DAY, KILLED_EVERY, is_empty, kill, new_id, open_phone
from tests.conftest import Base
from tests.reports import forget, reports, stairwell

pytestmark = pytest.mark.browser
KINDS = ("03001", "02001", "13002", "08003")
PICTURE_EVERY = 20
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
  const blobs = [await picture(20), await picture(220)];
  const put = base.transaction("items", "readwrite").objectStore("items");
  for (const { id, kind, place, pictures, made } of items) {
    const common = { made, state: "waiting", tries: 0, lease: 0, reason: "", words: { title: "", place: "" } };
    const body = { sent_id: id, kind, place_id: place, device_at: new Date().toISOString() };
    put.put({ ...common, id, kind: "report", of: null, inspection: null, incident: null, body });
    pictures.forEach((own, number) => put.put({ ...common, id: own, kind: "report-photo", of: id, incident: null,
      photo: blobs[number], body: { sent_id: own } }));
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
    forget(base)
    with on_a_line(make_app(base)) as line, in_town(base, *line) as found:
        yield found


def batch(place: int) -> list[dict[str, Any]]:
    return [
        {
            "id": new_id(),
            "kind": KINDS[k % len(KINDS)],
            "place": place,
            "pictures": [new_id(), new_id()] if k % PICTURE_EVERY == 1 else [],
            "made": next(turn),
        }
        for k in range(BATCH)
    ]


@pytest.mark.parametrize("sends", [BATCH, pytest.param(10_000, marks=pytest.mark.full)])
def test_over_a_bad_line_no_report_is_lost_doubled_or_stuck(
    chromium: Browser, town: Town, tmp_path: Path, sends: int
) -> None:
    """As with the answers: a second page, killed browsers, clocks wrong by a day; photos follow their report."""
    town.line.chance = random.Random(20260317)
    town.line.faults.clear()
    place = stairwell(town.base)
    expected: dict[str, tuple[str, int]] = {}
    context, page = open_phone(chromium, tmp_path, town, DAY)
    for number in range(sends // BATCH):
        context.new_page().goto(town.url + "/report")  # a second page sends the same outbox
        items = batch(place)
        expected |= {one["id"]: (one["kind"], len(one["pictures"])) for one in items}
        page.evaluate(PUT, [items])
        if number % KILLED_EVERY == 0:
            sent = len(expected) - BATCH // 2
            until(page, lambda least=sent: len(reports(town.base)) >= least, seconds=240)
            kill(context, tmp_path)
            context, page = open_phone(chromium, tmp_path, town, -DAY if number % 2 else DAY)
        until(page, partial(is_empty, page), seconds=300)
        close_others(page)
        page.goto(town.url + "/my")
    kill(context, tmp_path)
    town.line.arrive()
    found = reports(town.base)
    assert len(found) == len(expected) == sends
    assert {str(row["sent_id"]): (row["kind"], row["photos"]) for row in found} == expected
    assert len({row["number"] for row in found}) == sends
    assert set(FAULTS) <= set(town.line.faults)


def close_others(page: Page) -> None:
    for other in page.context.pages:
        if other is not page:
            other.close()
