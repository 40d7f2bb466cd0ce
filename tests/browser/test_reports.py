"""Somebody reports a problem from a phone: in a few taps, with and without a network, and reads what became of it."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from gridmap.bench.browser import FLAGS
from tests.browser.line import RESUMES, Line, Town, arrived, in_town, keeps_pages, leave, until
from tests.browser.page_pictures import sign_in
from tests.browser.test_phone import SECONDS_OF_A_TAP, camera_picture
from tests.browser.visits import Visitor
from tests.browser.windows import PHONE
from tests.cases import company_id
from tests.checks import STAIRWELL
from tests.conftest import Base
from tests.reports import act_as, forget, reports, stairwell

pytestmark = pytest.mark.browser
TAPS, SECONDS = 4, 20
CLUTTER, PARKING = "03001", "02001"
COUNTING = """(() => {
  window.cost = { keys: 0, waited: 0, since: 0 };
  addEventListener("keydown", () => { window.cost.keys += 1; }, true);
  addEventListener("click", () => { window.cost.since = performance.now(); }, true);
  new MutationObserver(() => {
    if (!window.cost.since) return;
    window.cost.waited += performance.now() - window.cost.since;
    window.cost.since = 0;
  }).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-step", "data-told"] });
})()"""

KEPT = """() => new Promise((done) => {
  const open = indexedDB.open("gridmap-outbox", 1);
  open.onsuccess = () => {
    const all = open.result.transaction("items").objectStore("items").getAll();
    all.onsuccess = () => {
      open.result.close();
      done(JSON.stringify(all.result));
    };
  };
})"""
HOUSE = """
SELECT b.code, public.st_x(p), public.st_y(p)
FROM gridmap.place s JOIN gridmap.place b ON b.street_id = s.street_id AND b.id = s.parent_id,
  public.st_pointonsurface(b.geom) AS p
WHERE s.code = %s AND s.kind = 'stairwell'
"""
BARE = """
SELECT c.id, c.name, public.st_x(d.geom), public.st_y(d.geom)
FROM gridmap.community c, public.st_dump(public.st_generatepoints(c.geom, 300, 7)) AS d
WHERE public.st_distance(public.st_boundary(c.geom)::public.geography, d.geom::public.geography) > 60
  AND NOT EXISTS (
    SELECT FROM gridmap.place p
    WHERE p.street_id = c.street_id AND p.kind IN ('building', 'stairwell', 'facility')
      AND public.st_dwithin(p.geom::public.geography, d.geom::public.geography, 30))
ORDER BY c.id, d.path LIMIT 1
"""


@pytest.fixture
def town(base: Base, line: tuple[str, Line]) -> Iterator[Town]:
    forget(base)
    with in_town(base, *line) as found:
        yield found


@pytest.fixture
def worker(chromium: Browser, town: Town) -> Iterator[Visitor]:
    somebody = Visitor(chromium, town.url, "worker", on_phone=True)
    yield somebody
    leave(somebody)


def standing_at(chromium: Browser, town: Town, lon: float, lat: float, accuracy: float) -> Visitor:
    """The leader with a phone that tells where it is, so many metres exactly."""
    somebody = Visitor(chromium, town.url, "leader", on_phone=True)
    somebody.context.grant_permissions(["geolocation"])
    somebody.context.set_geolocation({"longitude": lon, "latitude": lat, "accuracy": accuracy})
    return somebody


def kind(page: Page, code: str) -> None:
    page.locator(f".kind-large[data-kind='{code}']").tap()


def is_told(page: Page, word: str) -> None:
    # the word of the report before stands in the hidden step until the next one is kept
    expect(page.locator("[data-report]")).to_have_attribute("data-step", "sent")
    expect(page.locator("[data-told]")).to_have_attribute("data-told", word, timeout=RESUMES)


def photos(page: Page, count: int) -> None:
    files = [{"name": f"{number}.jpg", "mimeType": "image/jpeg", "buffer": camera_picture()} for number in range(count)]
    page.locator("#photo-choose").set_input_files(files)
    expect(page.locator(".report-picture")).to_have_count(count)


def report_by_taps(worker: Visitor, town: Town) -> float:
    """Seconds that the phone took for a report told by TAPS taps from one's own places."""
    worker.context.add_init_script(COUNTING)
    page = worker.go("/my")
    page.locator(".my-report .button-primary").tap()
    expect(page.locator(".report-door").first).to_be_visible()
    opened: float = page.evaluate("performance.getEntriesByType('navigation')[0].duration")
    page.locator(f"[data-place='{stairwell(town.base)}']").first.tap()
    kind(page, CLUTTER)
    page.locator(".report-go").tap()
    is_told(page, "arrived")
    waited: float = page.evaluate("window.cost.waited")
    return (opened + waited) / 1000


def test_a_worker_reports_with_four_taps_and_types_nothing(worker: Visitor, town: Town) -> None:
    report_by_taps(worker, town)
    assert worker.page.evaluate("window.cost.keys") == 0
    [row] = reports(town.base)
    assert (row["kind"], row["code"], row["state"], row["source"]) == (CLUTTER, STAIRWELL, "reported", "patrol")
    expect(worker.page.locator("[data-told-words]")).to_contain_text(row["number"])


@pytest.mark.full
def test_a_worker_reports_within_twenty_seconds(worker: Visitor, town: Town) -> None:
    assert TAPS * SECONDS_OF_A_TAP + report_by_taps(worker, town) <= SECONDS


def test_every_target_of_a_report_is_made_for_a_thumb(worker: Visitor, town: Town) -> None:
    page = worker.go("/report")
    for step in ("where", "what", "send"):
        expect(page.locator("[data-report]")).to_have_attribute("data-step", step)
        for target in page.locator(f".report-{step} a:visible, .report-{step} button:visible").all()[:30]:
            box = target.bounding_box()
            assert box
            assert min(box["width"], box["height"]) >= 48, target.inner_text()
        if step == "where":
            page.locator(".report-door").first.tap()
        elif step == "what":
            kind(page, CLUTTER)
    size = page.locator(".report-go").evaluate("(one) => parseFloat(getComputedStyle(one).fontSize)")
    assert size >= 18


def test_who_told_it_goes_along_and_does_not_stay_on_the_phone(manager: Visitor, town: Town) -> None:
    page = manager.go(f"/report?place={stairwell(town.base)}&kind={CLUTTER}")
    expect(page.locator("#report-phone")).to_be_hidden()
    page.locator(".report-contact > summary").tap()
    page.fill("#report-name", "李阿姨")
    page.fill("#report-phone", "13800001234")
    page.press("#report-phone", "Enter")  # sends it; what is solved already is said by its own button alone
    is_told(page, "arrived")
    [row] = reports(town.base)
    assert (row["state"], row["is_self_handled"]) == ("reported", False)
    with psycopg.connect(town.base.owner_url) as owner:
        found = owner.execute("SELECT name, phone, name_masked, phone_masked FROM gridmap.incident_contact").fetchone()
    assert found
    assert found[:2] == ("李阿姨", "13800001234")
    assert "1380000" not in found[3]
    assert found[2] != found[0]
    kept = page.evaluate(KEPT)
    assert row["number"] in kept
    assert "13800001234" not in kept
    page.locator("[data-again]").tap()
    kind(page, PARKING)
    expect(page.locator("#report-phone")).to_be_hidden()
    page.locator(".report-go").tap()
    is_told(page, "arrived")
    with psycopg.connect(town.base.owner_url) as owner:
        assert owner.execute("SELECT count(*) FROM gridmap.incident_contact").fetchone() == (1,)


def test_a_tap_on_a_house_of_the_map_is_a_report_in_four_taps(worker: Visitor, town: Town) -> None:
    with psycopg.connect(town.base.owner_url) as owner:
        house = owner.execute(HOUSE, (STAIRWELL,)).fetchone()
    assert house
    code, lon, lat = house
    page = worker.go("/report")
    way = page.locator("[data-to-map]")
    expect(way).to_have_attribute("href", "/report/map")
    page = worker.go_to_map(f"/report/map#18/{lat:.6f}/{lon:.6f}")
    page.locator(".leaflet-container").tap()
    kind(page, CLUTTER)
    page.locator(".report-go").tap()
    is_told(page, "arrived")
    [row] = reports(town.base)
    # the house, or the door of it that the finger touched
    assert row["code"].startswith(code)


def test_a_tap_on_bare_ground_reports_that_point_to_its_community(chromium: Browser, town: Town) -> None:
    with psycopg.connect(town.base.owner_url) as owner:
        bare = owner.execute(BARE).fetchone()
    assert bare
    home, name, lon, lat = bare
    # whoever allowed it before begins where he stands
    somebody = standing_at(chromium, town, lon, lat, 12)
    page = somebody.go_to_map("/report/map?done=1")
    until(page, lambda: page.evaluate(f"gridmap.map.distance(gridmap.map.getCenter(), [{lat}, {lon}]) < 3"))
    page.wait_for_selector("html[data-map=idle]", state="attached")
    page.locator(".leaflet-container").tap()
    expect(page.locator("[data-chosen-place]")).to_have_text("地图上的一点")
    expect(page.locator(".report")).to_have_class(re.compile("is-done"))
    page.go_back()
    expect(page.locator("[data-report-map]")).to_be_attached()
    page.goto(f"{town.url}/report?at={lon:.6f},{lat:.6f}&accuracy=9&tapped=1")
    kind(page, PARKING)
    expect(page.locator("[data-chosen-place]")).to_have_text(f"地图上的一点 · {name}")
    page.locator(".report-go").tap()
    is_told(page, "arrived")
    [row] = reports(town.base)
    assert (row["place_id"], row["community_id"], row["accuracy_m"]) == (None, home, 9)
    leave(somebody)


def test_of_a_camera_the_hour_and_the_distance_arrive_and_never_where_it_was(chromium: Browser, town: Town) -> None:
    with psycopg.connect(town.base.owner_url) as owner:
        bare = owner.execute(BARE).fetchone()
    assert bare
    *_, lon, lat = bare
    somebody = Visitor(chromium, town.url, "leader", on_phone=True)
    page = somebody.go(f"/report?at={lon:.6f},{lat:.6f}&accuracy=9&tapped=1")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    kind(page, PARKING)
    picture = camera_picture("2026:03:16 08:58:00", (lon, lat + 0.001))
    page.locator("#photo-choose").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture})
    expect(page.locator(".report-picture")).to_have_count(1)
    page.locator(".report-go").tap()
    is_told(page, "arrived")
    until(page, lambda: reports(town.base)[0]["photos"] == 1)
    with psycopg.connect(town.base.owner_url) as owner:
        rows = owner.execute(
            "SELECT taken_at AT TIME ZONE 'Asia/Shanghai', off_m FROM gridmap.incident_photo"
        ).fetchall()
    assert [(str(hour), round(off / 10)) for hour, off in rows] == [("2026-03-16 08:00:00", 11)]
    assert not [url for url in asked if "/api/incidents/photo" in url and f"{lat + 0.001:.3f}" in url]
    assert all(Image.open(io.BytesIO(one)).getexif() == {} for one in town.line.photos)
    leave(somebody)


def test_from_afar_a_tap_leads_nearer_and_reports_nothing(worker: Visitor) -> None:
    page = worker.go_to_map("/report/map#14/22.51899/113.40215")
    page.locator(".leaflet-container").tap()
    until(page, lambda: page.evaluate("gridmap.map.getZoom()") == 18)
    assert "/report/map" in page.url


def test_the_plate_in_the_stairwell_leads_there_in_three_taps(manager: Visitor, town: Town) -> None:
    page = manager.go(f"/p/{STAIRWELL}")
    page.locator(".report-ways .button-primary").tap()
    kind(page, CLUTTER)
    page.locator(".report-go").tap()
    is_told(page, "arrived")
    [row] = reports(town.base)
    assert row["code"] == STAIRWELL


def test_a_small_matter_solved_on_the_spot_is_two_taps_and_can_be_undone(manager: Visitor, town: Town) -> None:
    path = f"/places/{stairwell(town.base)}"
    page = manager.go(path)
    page.locator(".report-ways .button", has_text="自办自结").tap()
    kind(page, CLUTTER)
    is_told(page, "kept")
    page.locator("[data-undo-report]").tap()
    is_told(page, "gone")
    page.goto(town.url + path)
    page.locator(".report-ways .button", has_text="自办自结").tap()
    kind(page, PARKING)
    is_told(page, "arrived")
    [row] = reports(town.base)
    assert (row["kind"], row["state"], row["is_self_handled"]) == (PARKING, "closed", True)


def test_what_is_urgent_is_never_closed_by_who_found_it(manager: Visitor, town: Town) -> None:
    page = manager.go(f"/report?place={stairwell(town.base)}&done=1")
    kind(page, "01001")
    expect(page.locator("[data-report]")).to_have_attribute("data-step", "send")
    expect(page.locator("[data-solve]")).to_be_hidden()
    page.locator(".report-go").tap()
    is_told(page, "arrived")
    [row] = reports(town.base)
    assert (row["severity"], row["state"]) == (3, "reported")


def test_a_report_with_photos_waits_for_the_network_and_opens_without_it(worker: Visitor, town: Town) -> None:
    page = worker.go("/my")
    for path in ("/report", "/my/incidents"):
        until(page, lambda path=path: page.evaluate(f"caches.match('{path}').then(Boolean)"))
    worker.context.set_offline(True)
    page.goto(f"{town.url}/report?place={stairwell(town.base)}#1号楼 1单元")  # never opened before
    kind(page, CLUTTER)
    photos(page, 2)
    page.locator("#report-text").fill("三楼拐角")
    page.locator(".report-go").tap()
    is_told(page, "kept")
    expect(page.locator("[data-outbox]")).to_have_text("3")
    page.goto(town.url + "/my/incidents")
    expect(page.locator(".is-waiting")).to_contain_text("楼道堆物")
    assert reports(town.base) == []
    worker.context.set_offline(False)
    arrived(page)
    [row] = reports(town.base)
    assert (row["text"], row["photos"], row["code"]) == ("三楼拐角", 2, STAIRWELL)
    assert all(b"SECRET-CAMERA" not in one for one in town.line.photos)


def test_the_seventh_photo_is_one_too_many_and_any_can_be_taken_out(manager: Visitor, town: Town) -> None:
    page = manager.go(f"/report?place={stairwell(town.base)}&kind={CLUTTER}")
    files = [{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": camera_picture()}] * 7
    page.locator("#photo-choose").set_input_files(files)
    expect(page.locator("[data-photo-problem]")).to_contain_text("最多六张")
    expect(page.locator(".report-picture")).to_have_count(6)
    page.locator(".report-out").first.tap()
    expect(page.locator(".report-picture")).to_have_count(5)
    page.locator("#photo-take").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no"})
    expect(page.locator("[data-photo-problem]")).to_contain_text("这张照片用不了")


def test_a_report_outlives_the_browser_and_the_session(town: Town, chromium: Browser, tmp_path: Path) -> None:
    def opened() -> tuple[object, Page]:
        context = chromium.browser_type.launch_persistent_context(
            tmp_path, executable_path="/usr/bin/chromium", args=list(FLAGS), viewport=PHONE, locale="zh-CN"
        )
        return context, context.new_page()

    context, page = opened()
    sign_in(page, town.url, "manager")
    page.goto(f"{town.url}/report?place={stairwell(town.base)}&kind={CLUTTER}")
    photos(page, 1)
    town.line.is_dead = True
    page.locator(".report-go").click()
    is_told(page, "kept")
    context.close()  # type: ignore[attr-defined]
    assert reports(town.base) == []
    town.line.is_dead = False
    context, page = opened()
    sign_in(page, town.url, "manager")
    page.goto(town.url + "/my/incidents")
    arrived(page)
    [row] = reports(town.base)
    assert row["photos"] == 1
    context.close()  # type: ignore[attr-defined]


def test_the_server_dies_between_writing_a_report_and_answering(manager: Visitor, town: Town) -> None:
    page = manager.go(f"/report?place={stairwell(town.base)}&kind={CLUTTER}")
    photos(page, 1)
    town.line.dies_after_commit = True
    page.locator(".report-go").tap()
    until(page, lambda: town.line.is_dead)
    is_told(page, "kept")
    assert len(reports(town.base)) == 1
    town.line.dies_after_commit = town.line.is_dead = False
    is_told(page, "arrived")
    until(page, lambda: reports(town.base)[0]["photos"] == 1)
    assert len(reports(town.base)) == 1


def test_a_refused_report_says_why_and_holds_up_nothing(manager: Visitor, town: Town) -> None:
    page = manager.go(f"/report?place={stairwell(town.base)}")
    page.locator(f".kind-large[data-kind='{PARKING}']").evaluate("(one) => { one.dataset.kind = '99999'; }")
    kind(page, "99999")
    page.locator(".report-go").tap()
    is_told(page, "refused")
    page.locator("[data-again]").tap()
    kind(page, CLUTTER)
    page.locator(".report-go").tap()
    is_told(page, "arrived")
    assert [row["kind"] for row in reports(town.base)] == [CLUTTER]
    assert page.locator(".outbox-item.is-stuck").count() == 1
    manager.seen.errors = [one for one in manager.seen.errors if "422" not in one]


def test_signing_out_leaves_no_report_on_the_phone(manager: Visitor, town: Town) -> None:
    page = manager.go(f"/report?place={stairwell(town.base)}&kind={CLUTTER}")
    photos(page, 1)
    town.line.is_dead = True
    page.locator(".report-go").tap()
    expect(page.locator("[data-outbox]")).to_have_text("2")
    page.locator("summary").first.tap()
    page.locator("form[action='/logout'] button").tap()
    expect(page.locator("[data-leave-words]")).to_contain_text("2")
    town.line.is_dead = False
    page.locator("#leave-question button[value=leave]").tap()
    expect(page).to_have_url(re.compile("/login"))
    left = page.evaluate(
        "async () => [(await indexedDB.databases()).length, await caches.match('/report') || null, await caches.keys()]"
    )
    assert left[1] is None
    assert "gridmap-pages" not in left[2]
    sign_in(page, town.url, "manager")
    page.goto(town.url + "/my/incidents")
    expect(page.locator("[data-outbox]")).to_be_hidden()
    assert reports(town.base) == []


def test_a_finding_becomes_a_case_in_one_tap_with_its_place_words_and_photo(manager: Visitor, town: Town) -> None:
    page = manager.go("/my")
    keeps_pages(page)
    manager.context.set_offline(True)
    page.locator(".answer-finding").first.tap()
    page.locator(".finding .pill", has_text="过期").tap()
    page.locator(".finding .pill-2").tap()
    picture = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": camera_picture()}
    page.locator("#finding-photo").set_input_files(picture)
    expect(page.locator("[data-picture] img")).to_be_visible()
    page.locator(".finding button", has_text="保存").tap()
    page.locator(".check-report").tap()
    expect(page.locator(".check-case").first).to_contain_text("等网络")
    manager.context.set_offline(False)
    arrived(page)
    [row], [answer] = reports(town.base), town.answers()
    assert (row["kind"], row["code"], row["severity"], row["text"]) == ("01002", STAIRWELL, 2, "过期")
    assert (row["inspection_id"], row["source"], row["photos"]) == (answer["id"], "inspection", 1)
    page.reload()
    expect(page.locator(".check-case").first).to_contain_text(row["number"])
    assert page.locator(".check-report").count() == 0


def test_a_finding_of_yesterday_can_still_become_a_case(manager: Visitor, town: Town) -> None:
    page = manager.go("/my")
    page.locator(".answer-finding").first.tap()
    page.locator(".finding button", has_text="保存").tap()
    arrived(page)
    page.reload()
    page.locator(".check-report").tap()
    arrived(page)
    [row], [answer] = reports(town.base), town.answers()
    assert row["inspection_id"] == answer["id"]


def test_the_same_report_is_suggested_and_joined_and_never_asked_about_offline(
    worker: Visitor, manager: Visitor, town: Town
) -> None:
    path = f"/report?place={stairwell(town.base)}&kind={CLUTTER}"
    page = worker.go(path)
    expect(page.locator("[data-near]")).to_be_hidden()
    page.locator(".report-go").tap()
    is_told(page, "arrived")
    other = manager.go(path)
    expect(other.locator(".report-same-one")).to_contain_text("就在这里")
    other.locator(".report-same-one button").tap()
    is_told(other, "arrived")
    first, second = reports(town.base)
    assert (second["state"], second["duplicate_of_id"]) == ("duplicate", first["id"])
    other.goto(town.url + "/my/incidents")
    expect(other.locator(".own-report")).to_contain_text(first["number"])
    # both others and filing anyway stay possible
    other.goto(town.url + path)
    other.locator(".report-go").tap()
    is_told(other, "arrived")
    assert [row["state"] for row in reports(town.base)] == ["reported", "duplicate", "reported"]
    other.goto(town.url + "/report")
    until(other, lambda: other.evaluate("caches.match('/report').then(Boolean)"))
    manager.context.set_offline(True)
    other.goto(town.url + path)
    expect(other.locator(".report-go")).to_be_visible()
    expect(other.locator("[data-near]")).to_be_hidden()


BORDER = """
WITH pair AS (
  SELECT a.id AS one, b.id AS other, public.st_collectionextract(public.st_intersection(a.geom, b.geom), 2) AS line
  FROM gridmap.community a JOIN gridmap.community b ON a.street_id = b.street_id AND a.id < b.id
    AND a.geom OPERATOR(public.&&) b.geom
), found AS (
  SELECT one, other, public.st_geometryn(public.st_linemerge(line), 1) AS line FROM pair
  WHERE NOT public.st_isempty(line) AND public.st_length(line) > 0.0005
)
SELECT public.st_x(p), public.st_y(p), one, other
FROM found, public.st_lineinterpolatepoint(line, 0.5) AS p ORDER BY one, other LIMIT 1
"""


def test_near_a_border_both_units_are_offered(chromium: Browser, town: Town) -> None:
    with psycopg.connect(town.base.owner_url) as owner:
        found = owner.execute(BORDER).fetchone()
    assert found
    lon, lat, here, there = found
    somebody = standing_at(chromium, town, lon, lat, 40)
    page = somebody.go("/report")
    page.locator("[data-here]").tap()
    kind(page, PARKING)
    expect(page.locator("[data-units] .pill")).to_have_count(2)
    other = page.locator("[data-units] input").nth(1)
    chosen = int(other.get_attribute("value") or 0)
    page.locator("[data-units] .pill").nth(1).tap()
    page.locator(".report-go").tap()
    is_told(page, "arrived")
    [row] = reports(town.base)
    assert {here, there} >= {chosen}
    assert row["community_id"] == chosen
    leave(somebody)


def test_a_position_that_says_too_little_leads_to_the_map(chromium: Browser, town: Town) -> None:
    somebody = standing_at(chromium, town, 113.40215, 22.51899, 900)
    page = somebody.go("/report")
    page.locator("[data-here]").tap()
    expect(page).to_have_url(re.compile(r"/report/map#17/22\.51\d+/113\.40\d+"))
    assert reports(town.base) == []
    leave(somebody)


def test_who_reported_reads_the_answer_and_copies_a_sentence_without_a_name(manager: Visitor, town: Town) -> None:
    manager.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = manager.go(f"/report?place={stairwell(town.base)}&kind={CLUTTER}")
    page.locator(".report-go").tap()
    is_told(page, "arrived")
    with psycopg.connect(town.base.owner_url) as owner:
        owner.execute(
            "UPDATE gridmap.incident SET state = 'closed', closed_at = '2026-03-16T10:00+08:00', running_since = NULL,"
            " answer = '杂物已清走。' WHERE sent_id IS NOT NULL"
        )
    page.locator(".report-next .button-primary").tap()
    card = page.locator(".own-report")
    expect(card).to_contain_text("已办结")
    card.locator("[data-copy]").tap()
    expect(page.locator(".toast")).to_contain_text("已复制")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "楼道堆物" in copied
    assert copied.endswith("杂物已清走。")


def test_who_reported_hears_the_answer_when_somebody_else_has_verified(manager: Visitor, town: Town) -> None:
    page = manager.go(f"/report?place={stairwell(town.base)}&kind={CLUTTER}")
    page.locator(".report-go").tap()
    is_told(page, "arrived")
    [row] = reports(town.base)
    steps: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("leader", "dispatch", {"lead_id": company_id(town.base)}),
        ("property", "accept", {}),
        ("property", "handle", {"note": "已清理"}),
        ("worker", "check", {}),
        ("worker", "close", {"answer": "杂物已清走。"}),
    )
    for who, action, more in steps:
        act_as(town.base, who, row["id"], action, **more)
    page.goto(town.url + "/my/inbox")
    expect(page.locator("[aria-labelledby=reported]")).to_contain_text("楼道堆物 已办结")
    page.goto(town.url + "/my/incidents")
    expect(page.locator(".own-answer")).to_have_text("杂物已清走。")
    expect(page.locator(".own-sentence")).to_contain_text("已于 2026-03-16 办结")


def test_the_inbox_says_what_became_of_a_report_and_not_who_read_it(manager: Visitor, town: Town) -> None:
    page = manager.go(f"/report?place={stairwell(town.base)}&kind={CLUTTER}")
    page.locator(".report-go").tap()
    is_told(page, "arrived")
    with psycopg.connect(town.base.owner_url) as owner:
        owner.execute(
            "INSERT INTO gridmap.notice (street_id, id, account_id, incident_id, kind, at) SELECT street_id,"
            " street_id::bigint * 4294967296 + nextval('gridmap.serial'), reporter_account_id, id, 'closed',"
            " '2026-03-16T08:59+08:00' FROM gridmap.incident"
        )
    page.goto(town.url + "/my/inbox")
    expect(page.locator("[aria-labelledby=reported]")).to_contain_text("楼道堆物 已办结")
    with psycopg.connect(town.base.owner_url) as owner:
        row = owner.execute(
            "SELECT array_agg(attname::text ORDER BY attname) FROM pg_attribute"
            " WHERE attrelid = 'gridmap.notice'::regclass AND attnum > 0 AND NOT attisdropped"
        ).fetchone()
    assert row == (["account_id", "at", "id", "incident_id", "kind", "street_id"],)


def test_going_back_leads_to_the_step_before(worker: Visitor) -> None:
    page = worker.go("/report")
    page.locator(".report-door").first.tap()
    kind(page, CLUTTER)
    page.go_back()
    expect(page.locator("[data-report]")).to_have_attribute("data-step", "what")
    page.go_back()
    expect(page.locator("[data-report]")).to_have_attribute("data-step", "where")
    page.fill("[data-narrow]", "x02 3号")
    expect(page.locator(".report-house:visible")).to_have_count(1)
    expect(page.locator(".report-house:visible")).to_contain_text("3号楼")
    page.fill("[data-narrow]", "nowhere")
    expect(page.locator("[data-narrow-none]")).to_be_visible()


def test_where_the_browser_keeps_nothing_the_form_sends_point_and_words_at_once(chromium: Browser, town: Town) -> None:
    with psycopg.connect(town.base.owner_url) as owner:
        bare = owner.execute(BARE).fetchone()
    assert bare
    home, _name, lon, lat = bare
    somebody = Visitor(chromium, town.url, "leader", on_phone=True)
    somebody.context.add_init_script("IDBFactory.prototype.open = () => { throw new Error('no room'); };")
    page = somebody.go(f"/report?at={lon:.6f},{lat:.6f}&accuracy=9&tapped=1&kind={PARKING}")
    page.fill("#report-text", "占了消防通道")
    page.locator(".report-go").tap()
    expect(page).to_have_url(re.compile("/my/incidents"))
    [row] = reports(town.base)
    assert (row["place_id"], row["community_id"], row["text"], row["state"]) == (None, home, "占了消防通道", "reported")
    leave(somebody)


def test_without_scripts_three_pages_do_the_same(chromium: Browser, town: Town, manager: Visitor) -> None:
    state = manager.context.storage_state()
    context = chromium.new_context(java_script_enabled=False, storage_state=state, viewport=PHONE, locale="zh-CN")  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(town.url + "/report")
    page.locator(".report-door").first.click()
    page.locator(f".kind-large[data-kind='{CLUTTER}']").click()
    page.locator(".report-go").click()
    expect(page).to_have_url(re.compile("/my/incidents"))
    [row] = reports(town.base)
    assert (row["kind"], row["code"]) == (CLUTTER, STAIRWELL)
    context.close()
