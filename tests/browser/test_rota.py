"""Rotas in the browser: an evening swapped in two taps by two people; a resident who has only a printed slip."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from gridmap.accounts import Grant, actor, create_account, give_grant
from gridmap.clock import OFFICE, Clock, parse_clock
from gridmap.context import Services
from gridmap.db import SYSTEM
from gridmap.periods import Period
from gridmap.rota import Shape, invite, join, open_rota, plan_period
from tests.browser.visits import Visitor, served
from tests.browser.windows import PHONE, Seen
from tests.conftest import DEMO_CLOCK, DEMO_PASSWORD, Base
from tests.rows import rows

pytestmark = pytest.mark.browser
PASSWORD = "three-words-of-mine"
ZONES = """
SELECT z.id, z.name, z.estate_id, z.street_id FROM gridmap.place z WHERE z.kind = 'zone' AND z.estate_id IS NOT NULL
ORDER BY z.id
"""
GROUP = """
SELECT p.id FROM gridmap.person p JOIN gridmap.assignment a ON a.person_id = p.id AND a.role = 'duty_resident'
WHERE p.street_id = %s AND NOT EXISTS (SELECT FROM gridmap.account c WHERE c.person_id = p.id) ORDER BY p.id LIMIT 8
"""


@dataclass
class Rota:
    """A rota of eight, planned for the coming weeks, at one of the zones of the demo."""

    id: int
    zone: dict[str, Any]
    far_zone: dict[str, Any]
    base: Base
    services: Services

    def turns(self) -> list[dict[str, Any]]:
        return rows(
            self.base,
            "SELECT t.id, t.day, h.person_id, p.display_name AS name FROM gridmap.rota_turn t"
            " JOIN gridmap.rota_holder h ON h.turn_id = t.id AND h.ended_at IS NULL"
            " JOIN gridmap.person p ON p.id = h.person_id WHERE t.rota_id = %s AND t.state = 'set' ORDER BY t.day",
            self.id,
        )

    def account(self, person: int) -> str:
        """Somebody of the group with a password."""
        username = f"zb-{person}"
        by = actor(self.services.clock)
        with self.services.database.transaction(SYSTEM) as connection:
            if not rows(self.base, "SELECT FROM gridmap.account WHERE username = %s", username):
                made = create_account(
                    connection, by, username=username, title="居民", person_id=person, password=DEMO_PASSWORD,
                    must_change_password=False,
                )  # fmt: skip
                give_grant(connection, by, made, Grant(role="duty_resident", level="rota"))
        return username


@pytest.fixture(scope="module")
def base(demo_template: str, copy_database: Callable[[str], Base]) -> Base:
    return copy_database(demo_template)


@pytest.fixture(scope="module")
def app(base: Base, make_app: Callable[[Base], Flask]) -> Flask:
    return make_app(base)


@pytest.fixture(scope="module")
def url(app: Flask) -> Iterator[str]:
    with served(app) as address:
        yield address


@pytest.fixture(scope="module")
def rota(app: Flask, base: Base) -> Rota:
    services: Services = app.extensions["gridmap"]
    zone, *others = rows(base, ZONES)
    far = next(one for one in others if one["estate_id"] != zone["estate_id"])
    people = [row["id"] for row in rows(base, GROUP, zone["street_id"])]
    by = actor(parse_clock(DEMO_CLOCK))
    shape = Shape(name="停车值班", begins=time(18), ends=time(20), starts=date(2026, 3, 16), gap_days=2)
    with services.database.transaction(SYSTEM) as connection:
        made = open_rota(connection, by, "parking", zone["id"], shape)
        join(connection, by, made, people, shape.starts)
        plan_period(connection, by, made, Period(date(2026, 3, 16), date(2026, 4, 16)))
    return Rota(made, zone, far, base, services)


@pytest.fixture
def move_clock(app: Flask) -> Iterator[Callable[[datetime], None]]:
    """Puts the business clock of the server to another moment, until the test is over."""
    services: Services = app.extensions["gridmap"]
    signing_in = services.sign_ins
    before = services.clock

    def move(moment: datetime) -> None:
        object.__setattr__(services, "clock", Clock(moment))
        signing_in._clock = Clock(moment)

    yield move
    object.__setattr__(services, "clock", before)
    signing_in._clock = before
    signing_in.forget()


@pytest.fixture
def visit(chromium: Browser, url: str) -> Iterator[Callable[[str], Visitor]]:
    here: list[Visitor] = []

    def come(account: str) -> Visitor:
        here.append(Visitor(chromium, url, account, on_phone=True))
        return here[-1]

    yield come
    for one in here:
        one.leave()


def test_somebody_opens_tomorrows_rota_and_swaps_in_two_taps(rota: Rota, visit: Callable[[str], Visitor]) -> None:
    tomorrow = next(one for one in rota.turns() if one["day"] == date(2026, 3, 17))
    giver = visit(rota.account(tomorrow["person_id"]))
    page = giver.go(f"/rota/{rota.id}")
    page.locator(".rota-day", has_text="3月17日").get_by_role("link", name="换班").tap()
    expect(page.locator("h1")).to_contain_text("3月17日")
    offer = page.locator(".rota-offer").first
    name = offer.locator(".rota-offer-who").inner_text()
    assert (offer.get_by_role("button").bounding_box() or {})["height"] >= 48
    offer.get_by_role("button").tap()
    expect(page.locator("main")).to_contain_text(f"等待{name}答复")
    person = next(one["person_id"] for one in rota.turns() if one["name"] == name)
    taker = visit(rota.account(person))
    theirs = taker.go("/my/rota")
    expect(theirs.locator("main")).to_contain_text(f"{tomorrow['name']}请您代班")
    theirs.get_by_role("button", name="同意换班").tap()
    expect(theirs.locator("main")).to_contain_text("换班完成")
    assert next(one["name"] for one in rota.turns() if one["day"] == tomorrow["day"]) == name
    expect(theirs.locator(".rota-evening").first).to_contain_text("3月17日")


def enter_by_slip(chromium: Browser, url: str, rota: Rota, person: int) -> tuple[Page, Seen]:
    """Scan the slip of somebody on a phone, and choose a password."""
    with rota.services.database.transaction(SYSTEM) as connection:
        [secret] = invite(connection, actor(rota.services.clock), rota.id, [person]).values()
    context = chromium.new_context(
        viewport=PHONE,  # type: ignore[arg-type]  # a TypedDict of the same keys
        has_touch=True,
        is_mobile=True,
        locale="zh-CN",
        reduced_motion="reduce",
    )
    page, seen = context.new_page(), Seen(url.removeprefix("http://"))
    seen.watch(page)
    page.goto(f"{url}/enter/{secret}")
    page.fill("#password", PASSWORD)
    page.fill("#again", PASSWORD)
    page.locator("form button[type=submit]").first.tap()
    # the page with the form is idle too: the next one has to be there first
    page.wait_for_url(lambda address: "/enter/" not in address)
    page.wait_for_load_state("networkidle")
    return page, seen


def test_a_duty_resident_signs_in_by_slip_and_sees_just_this_evenings_zones(
    chromium: Browser, url: str, rota: Rota, move_clock: Callable[[datetime], None]
) -> None:
    mine = next(one for one in rota.turns() if one["day"] > date(2026, 3, 24))
    evening = datetime.combine(mine["day"], time(18), OFFICE)
    move_clock(evening - timedelta(hours=5))
    page, seen = enter_by_slip(chromium, url, rota, mine["person_id"])
    page.goto(f"{url}/")
    expect(page).to_have_url(re.compile(r"/my/rota$"))
    count = page.locator(f"a[href='/parking/count/{rota.zone['id']}']")
    expect(page.locator(".rota-evening").first).to_contain_text("18:00–20:00")
    expect(count).to_have_count(0)
    move_clock(evening - timedelta(hours=2))
    page.reload()
    expect(count).to_be_visible()
    places = f"{url}/places/{{}}"
    answer = page.request.get(places.format(rota.zone["id"]))
    assert answer.status == 200
    for other in (rota.far_zone["id"], rota.zone["estate_id"]):
        assert page.request.get(places.format(other)).status == 404
    move_clock(evening + timedelta(hours=2))
    assert page.request.get(places.format(rota.zone["id"])).status == 404
    page.reload()
    expect(count).to_have_count(0)
    assert seen.errors == []
    page.context.close()


def test_a_leader_reads_a_quarter_on_the_phone_as_a_list_by_week(rota: Rota, visit: Callable[[str], Visitor]) -> None:
    leader = visit("leader")
    page = leader.go(f"/rota/{rota.id}")
    tomorrow = page.locator(".rota-day", has_text="3月17日")
    expect(tomorrow).to_be_visible()
    box, next_box = tomorrow.bounding_box(), page.locator(".rota-day", has_text="3月18日").bounding_box()
    assert box
    assert next_box
    assert next_box["y"] > box["y"]
    assert abs(next_box["x"] - box["x"]) < 2
    wide = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide[0] <= wide[1]
