"""The five lines of a stairwell on card and list, the Party's chain above it, and the chart for its notice board."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from gridmap.context import Services
from gridmap.db import SYSTEM
from gridmap.web.surnames import surname_of
from tests.conftest import DEMO_PASSWORD
from tests.web.visitor import Person

DOOR = "310113103031X02-01-1"
"""A stairwell of the estate whose stairwells have lines of their own."""
HELD = """
SELECT r.line, a.id, n.display_name, n.name, n.phone FROM gridmap.place p
JOIN gridmap.assignment a ON a.street_id = p.street_id
  AND a.place_id IN (p.id, p.parent_id, p.grid_id, p.micro_grid_id, p.estate_id)
JOIN gridmap.duty_role r ON r.code = a.role AND r.line IS NOT NULL
JOIN gridmap.person n ON n.street_id = a.street_id AND n.id = a.person_id
WHERE p.code = %(code)s AND a.valid @> %(now)s::timestamptz ORDER BY r.line, a.id
"""


@pytest.fixture
def leader(visit: Callable[..., Person]) -> Person:
    person = visit()
    person.sign_in("leader", DEMO_PASSWORD)
    return person


def rows(services: Services, statement: str, **values: Any) -> list[dict[str, Any]]:
    with services.database.transaction(SYSTEM) as connection:
        return connection.execute(statement, {"now": services.clock.now(), **values}).fetchall()


def door(services: Services, code: str = DOOR) -> int:
    return int(rows(services, "SELECT id FROM gridmap.place WHERE code = %(code)s", code=code)[0]["id"])


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def section(html: str, name: str) -> str:
    """The words of a part of a card."""
    found = re.search(rf'<section[^>]*aria-labelledby="{name}".*?</section>', html, re.DOTALL)
    assert found
    return text_of(found[0])


class TestTheCard:
    def test_says_of_each_line_who_holds_it(self, leader: Person, services: Services) -> None:
        held = rows(services, HELD.replace("n.name, n.phone", "r.title"), code=DOOR)
        words = section(leader.get(f"/places/{door(services)}/card?lang=zh").text, "card-lines")
        for title in ("党组织领导", "居委会负责", "居民协商", "楼道协同", "全员参与"):
            assert title in words
        assert all(one["display_name"] in words for one in held)
        assert words.count("暂无人负责") == 5 - len({one["line"] for one in held})

    def test_says_of_a_line_that_ends_that_nobody_holds_it(self, leader: Person, services: Services) -> None:
        code = "310113103031X02-01-2"
        place = door(services, code)
        before = section(leader.get(f"/places/{place}/card?lang=zh").text, "card-lines")
        street = leader.get("/list?layer=five_lines&vacant=1&street=" + str(place >> 32)).status_code
        assert street == 200
        with services.database.transaction(SYSTEM) as connection:
            connection.execute(
                "UPDATE gridmap.assignment SET valid = tstzrange(lower(valid), %s)"
                " WHERE street_id = %s AND place_id = %s AND role = 'stairwell_leader'",
                (services.clock.now(), place >> 32, place),
            )
        after = section(leader.get(f"/places/{place}/card?lang=zh").text, "card-lines")
        assert after.count("暂无人负责") == before.count("暂无人负责") + 1
        # the day before, somebody did
        past = section(leader.get(f"/places/{place}/card?lang=zh&as_of=2026-03-10").text, "card-lines")
        assert past == before

    def test_shows_the_chain_from_the_committee_to_the_manager(self, leader: Person, services: Services) -> None:
        place = door(services, "442000002005X01-01-1")
        words = section(leader.get(f"/places/{place}/card?lang=zh").text, "card-chain")
        assert re.search("社区党委 花苑社区党委.*网格党支部 .*党支部.*党员楼管员|楼管员", words)
        grid = rows(services, "SELECT grid_id, community_id FROM gridmap.place WHERE id = %(id)s", id=place)[0]
        of_grid = section(leader.get(f"/places/{grid['grid_id']}/card?lang=zh").text, "card-chain")
        assert re.search(r"\d+ 个楼道中 \d+ 个有人", of_grid)
        of_community = section(leader.get(f"/places/{grid['community_id']}/card?lang=zh").text, "card-chain")
        assert "253 个楼道中 253 个有人" in of_community
        assert "网格党支部" not in of_community


class TestTheList:
    def test_lists_only_stairwells_of_which_a_line_is_missing(self, leader: Person, services: Services) -> None:
        street = door(services) >> 32
        answer = leader.get(f"/list?layer=five_lines&vacant=1&lang=zh&street={street}").text
        assert "只看有缺线的" in answer
        found = re.findall(r"<tr><th scope=\"row\">.*?</tr>", answer, re.DOTALL)
        assert found
        assert all("line-state-open" in row for row in found)


class TestTheChart:
    def chart(self, person: Person, services: Services, **words: str) -> str:
        query = "".join(f"&{name}={value}" for name, value in words.items())
        answer = person.get(f"/chart?lang=zh&within={door(services)}{query}")
        assert answer.status_code == 200
        return answer.text

    def decide(self, services: Services, **settings: str) -> None:
        with services.database.transaction(SYSTEM) as connection:
            for name, value in settings.items():
                connection.execute(
                    "UPDATE gridmap.street SET settings = jsonb_set(settings, ARRAY[%s], to_jsonb(%s::text))"
                    " WHERE id = %s",
                    (name, value, door(services) >> 32),
                )

    @pytest.mark.parametrize("form", ["surname", "full", "masked"])
    def test_names_people_as_the_office_has_decided(self, leader: Person, services: Services, form: str) -> None:
        self.decide(services, notice_names=form)
        words = self.chart(leader, services)
        people = rows(services, HELD.replace("n.name, n.phone", "n.name_masked"), code=DOOR)
        assert people
        for one in people:
            shown = {"full": one["display_name"], "masked": one["name_masked"]}.get(form)
            shown = shown or surname_of(one["display_name"])
            assert f'<span class="chart-name">{shown}</span>' in words
            assert (one["display_name"] in words) == (form == "full")

    def test_shows_no_number_that_the_office_has_not_allowed(self, leader: Person, services: Services) -> None:
        self.decide(services, notice_phones="none")
        assert not re.search(r"199\d{8}", self.chart(leader, services))
        answer = leader.send("/chart", {"within": str(door(services))}, page="/account")
        assert answer.status_code == 403

    def test_writes_down_each_number_that_it_shows(self, leader: Person, services: Services) -> None:
        self.decide(services, notice_phones="full")
        count = "SELECT count(*) AS n FROM gridmap.audit WHERE action = 'unmask' AND why LIKE %(why)s"
        before = rows(services, count, why="%公示栏%")[0]["n"]
        assert not re.search(r'chart-phone">\d', self.chart(leader, services))
        answer = leader.send("/chart", {"within": str(door(services))}, page="/account")
        shown = re.findall(r'chart-phone">([\d]+)<', answer.text)
        assert shown
        assert answer.headers["Cache-Control"] == "no-store"
        after = rows(services, count, why="%公示栏%")[0]["n"]
        assert after - before == len(set(shown)) or after - before >= len(set(shown))

    def test_leads_back_by_its_code_only_where_that_is_wanted(self, leader: Person, services: Services) -> None:
        assert 'class="qr"' not in self.chart(leader, services)
        assert self.chart(leader, services, qr="1").count('class="qr"') == 1

    def test_makes_one_sheet_of_a_building(self, leader: Person, services: Services) -> None:
        house = rows(services, "SELECT parent_id FROM gridmap.place WHERE code = %(code)s", code=DOOR)[0]["parent_id"]
        doors = rows(services, "SELECT id FROM gridmap.place WHERE parent_id = %(house)s", house=house)
        each = leader.get(f"/chart?within={house}").text
        whole = leader.get(f"/chart?within={house}&by=building").text
        assert each.count('<article class="chart') == len(doors)
        assert whole.count('<article class="chart') == 1
        assert whole.count('<tr><th scope="row">') == len(doors)

    @pytest.mark.parametrize("account", ["planner", "worker", "manager", "property"])
    def test_is_for_those_who_lead(self, visit: Callable[..., Person], services: Services, account: str) -> None:
        person = visit()
        person.sign_in(account, DEMO_PASSWORD)
        assert person.get(f"/chart?within={door(services)}").status_code == 403


def test_knows_surnames_of_two_characters() -> None:
    assert (surname_of("欧阳某芳"), surname_of("陈某芳")) == ("欧阳", "陈")


def test_everything_opens_for_a_leader_who_sees_nothing_of_it(app: Flask, leader: Person) -> None:
    assert leader.get("/chart?within=1").status_code == 404
    assert leader.get("/chart").status_code == 404
