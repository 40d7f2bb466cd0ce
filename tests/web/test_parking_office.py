"""The office's pages on parking: what they show, what may be done on them, and what is refused, in the parking town."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from html import unescape

import psycopg
import pytest
from flask import Flask

from gridmap.parking.staying import Part
from tests.conftest import Base
from tests.duties_town import ESTATE_A, PEOPLE, STREET
from tests.parking_office import Office, open_office
from tests.parking_town import EVENINGS, MASKED, NORTH, PLATE, SOUTH, at, banned, build, proposed

READING = ("leader", "community_leader", "worker_a", "worker_b", "company", "manager", "planner_worker")


@pytest.fixture(scope="module")
def template(empty_template: str, copy_database: Callable[[str], Base]) -> str:
    base = copy_database(empty_template)
    with psycopg.connect(base.owner_url) as owner:
        build(owner)
    return str(psycopg.conninfo.conninfo_to_dict(base.app_url)["dbname"])


@pytest.fixture
def office(template: str, copy_database: Callable[[str], Base], make_app: Callable[[Base], Flask]) -> Iterator[Office]:
    with open_office(copy_database(template), make_app) as made:
        yield made


def notice_id(office: Office, number: int = 1) -> int:
    return int(office.town.rows("SELECT id FROM gridmap.parking_notice WHERE number = %s", number)[0]["id"])


def waiting(office: Office) -> int:
    """A car whose ban waits, on the morning after."""
    vehicle = proposed(office.town)
    office.at(at("2026-03-20", "09:00"))
    return vehicle


def act(office: Office, who: str, vehicle: int, action: str, **form: object) -> int:
    seen = form.pop("revision", office.town.vehicle(vehicle)["revision"])
    path = f"/parking/vehicles/{vehicle}/act"
    return office.post(who, path, action=action, revision=seen, **{"reason": "because", **form}).status_code


def figures(page: str) -> list[int]:
    return [int(one.replace(",", "")) for one in re.findall(r'fact-value">([\d,]+)<', page)]


# The leader's page ---------------------------------------------------------------------------------------------------


def test_the_first_page_says_what_waits_and_each_figure_opens_its_rows(office: Office) -> None:
    vehicle = waiting(office)
    office.at(at("2026-03-19", "20:00"))
    office.town.count("worker_a", NORTH, 30, 5, part=Part.EVENING)
    office.at(at("2026-03-20", "09:00"))
    page = office.get("leader", "/parking").text
    assert "1件拟列入黑名单待第二人确认" in page
    assert "3张提醒单待送达" in page
    assert "昨晚3个停车区未清点" in page
    # counted, not counted, cars, from outside, violations; to give, given, to confirm, appeals, bans, ending
    assert figures(page) == [1, 3, 30, 5, 1, 3, 0, 1, 0, 0, 0]
    on = "2026-03-19"
    for path, row, count in (
        (f"/parking/counts?day={on}&amp;show=missing", "zone-line", 3),
        (f"/parking/counts?day={on}&amp;show=counted", "zone-line", 1),
        (f"/parking/violations?from={on}&amp;to={on}", "violation-line", 1),
        ("/parking/notices", "notice-line", 3),
        ("/parking/vehicles?show=proposed", "car-line", 1),
    ):
        assert path in page, path
        rows = office.get("leader", path.replace("&amp;", "&")).text
        assert rows.count(f'class="{row}"') == count, path
    assert f"/parking/vehicles/{vehicle}" in office.get("leader", "/parking/vehicles?show=proposed").text


def test_where_nothing_waits_the_page_says_so(office: Office) -> None:
    assert "没有待办" in office.get("leader", f"/parking?estate={STREET << 32}").text
    page = office.get("east_leader", "/parking").text
    assert "没有待办" in page
    assert "此处尚未设置停车区" in page
    for path in ("vehicles", "notices", "bans", "long-stays", "violations", "counts", "vehicles?show=free"):
        answer = office.get("east_leader", f"/parking/{path}")
        assert answer.status_code == 200
        assert "empty-title" in answer.text, path


def test_an_evening_that_nobody_has_is_red_and_stands_first(office: Office) -> None:
    put_duty(office, date(2026, 3, 16), missing=1)
    put_duty(office, date(2026, 3, 17), missing=0)
    put_duty(office, date(2026, 3, 18), missing=1)
    page = office.get("leader", "/parking").text
    assert "今晚无人值班：停车值班" in page
    assert "近期有1晚无人值班" in page
    assert page.count("is-unmanned") == 2
    assert page.index("今晚无人值班") < page.index("个停车区未清点") if "个停车区未清点" in page else True
    assert "某甲" in page
    # a company keeps the gate: it need not know who comes
    assert "某甲" not in office.get("company", "/parking").text


def put_duty(office: Office, day: date, missing: int) -> None:
    owner, base = office.town.owner, (STREET << 32) + 70_000
    rota = {"rota": base, "street": STREET, "estate": ESTATE_A}
    owner.execute(
        "INSERT INTO gridmap.rota (street_id, id, kind, name, begins, ends, valid, place_id, community_id, estate_id,"
        " changed_at) SELECT %(street)s, %(rota)s, 'parking', '停车值班', '18:00', '20:00', '[2026-01-01,)', id,"
        " community_id, id, now() FROM gridmap.place WHERE id = %(estate)s ON CONFLICT DO NOTHING", rota,
    )  # fmt: skip
    turn = base + day.toordinal()
    owner.execute(
        "INSERT INTO gridmap.rota_turn (street_id, id, rota_id, day, starts_at, ends_at, needed, missing, reason,"
        " place_id, community_id, estate_id, changed_at) SELECT %(street)s, %(turn)s, %(rota)s, %(day)s, %(starts)s,"
        " %(ends)s, 1, %(missing)s, %(reason)s, id, community_id, id, now() FROM gridmap.place WHERE id = %(estate)s",
        rota | {"turn": turn, "day": day, "starts": at(day.isoformat(), "18:00"), "ends": at(day.isoformat(), "20:00"),
                "missing": missing, "reason": "on_leave" if missing else None},
    )  # fmt: skip
    if not missing:
        owner.execute("UPDATE gridmap.person SET display_name = '某甲' WHERE id = %s", (PEOPLE[0],))
        owner.execute(
            "INSERT INTO gridmap.rota_member (street_id, id, rota_id, person_id, valid, place_id, community_id,"
            " estate_id, changed_at) SELECT %(street)s, %(turn)s, %(rota)s, %(person)s, '[2026-01-01,)', id,"
            " community_id, id, now() FROM gridmap.place WHERE id = %(estate)s",
            rota | {"turn": turn, "person": PEOPLE[0]},
        )  # fmt: skip
        owner.execute(
            "INSERT INTO gridmap.rota_holder (street_id, id, rota_id, turn_id, person_id, day, during, origin,"
            " given_at, place_id, community_id, estate_id) SELECT %(street)s, %(turn)s, %(rota)s, %(turn)s, %(person)s,"
            " %(day)s, tstzrange(%(starts)s, %(ends)s), 'planned', now(), id, community_id, id"
            " FROM gridmap.place WHERE id = %(estate)s",
            rota | {"turn": turn, "person": PEOPLE[0], "day": day, "starts": at(day.isoformat(), "18:00"),
                    "ends": at(day.isoformat(), "20:00")},
        )  # fmt: skip


def test_cars_that_stay_are_counted_in_a_part_of_the_page_and_listed(office: Office) -> None:
    for number in range(2):
        day = date(2026, 3, 16) + timedelta(days=number)
        for part, hour in ((Part.MORNING, "07:30"), (Part.EVENING, "19:30")):
            office.at(at(day.isoformat(), hour))
            office.town.count("worker_a", NORTH, 20, 1, part=part)
            office.town.see("worker_a", PLATE, NORTH, counted_on=day, part=part)
    office.town.owner.execute(
        "INSERT INTO gridmap.zone_stay (street_id, place_id, day, cars, begun, longest_days, community_id, estate_id)"
        " SELECT street_id, id, t.day, t.cars, 0, 3, community_id, estate_id FROM gridmap.place,"
        " (VALUES (date '2025-03-10', 196), ('2026-03-16', 9)) t (day, cars) WHERE id = %s",
        (NORTH,),
    )
    part_of_page = office.get("leader", "/parking/long-stays/now").text
    assert figures(part_of_page) == [1]
    assert re.findall(r'course-value">([^<]+)<', part_of_page) == ["196", *["—"] * 11, "9"]
    page = office.get("leader", "/parking/long-stays").text
    assert page.count('class="stay-line"') == 1
    assert MASKED in page
    assert "2026-03-16 早间" in page


# One car -------------------------------------------------------------------------------------------------------------


def test_the_page_of_a_car_says_what_comes_next(office: Office) -> None:
    said = {1: "第2次提醒（共3次）", 2: "发出最后警告", 3: "再有一次违规将提议列入黑名单", 4: "须由第二人复核"}
    for number, day in enumerate(EVENINGS, 1):
        office.at(at(day))
        vehicle = office.town.see("worker_a" if number % 2 else "worker_b", zone_id=NORTH if number % 2 else SOUTH)
        assert said[number] in office.get("leader", f"/parking/vehicles/{vehicle.vehicle_id}").text
    page = office.get("leader", f"/parking/vehicles/{vehicle.vehicle_id}").text
    assert MASKED in page
    assert PLATE not in page


def test_a_second_person_confirms_and_who_saw_it_is_told_why_not(office: Office) -> None:
    vehicle = waiting(office)
    # the leader of the community goes out on duty with a second account, and has seen it
    office.at(at("2026-03-20", "19:00"))
    office.town.see("leader_out")
    page = office.get("community_leader", f"/parking/vehicles/{vehicle}").text
    assert "您当晚看到过该车（或由您提议），须由另一人确认。" in page
    assert 'id="act-confirm"' not in page
    assert act(office, "community_leader", vehicle, "confirm") == 422
    assert 'id="act-confirm"' in office.get("leader", f"/parking/vehicles/{vehicle}").text
    assert act(office, "leader", vehicle, "confirm", reason="") == 422
    assert act(office, "leader", vehicle, "confirm") == 303
    page = office.get("leader", f"/parking/vehicles/{vehicle}").text
    assert "黑名单于2026-06-20 19:00自动解除" in page
    # to the second, nobody having done anything
    office.at(at("2026-06-20", "19:00"))
    page = office.get("leader", f"/parking/vehicles/{vehicle}").text
    assert '黑名单到期 <span class="muted">系统自动</span>' in page
    assert "没有未结事项，无需处理" in page
    assert office.town.vehicle(vehicle)["state"] == "banned"


def test_an_appeal_is_noted_by_who_is_on_duty_and_decided_by_a_leader(office: Office) -> None:
    vehicle = banned(office.town)
    office.at(at("2026-03-21", "09:00"))
    assert act(office, "worker_b", vehicle, "appeal", reason="a visit") == 303
    assert "1件申诉待裁定" in office.get("leader", "/parking").text
    assert act(office, "worker_b", vehicle, "revoke") == 422
    assert act(office, "community_leader", vehicle, "revoke", reason="it was a visit") == 303
    page = office.get("leader", "/parking/bans?show=revoked").text
    assert page.count('class="ban-line"') == 1
    assert "it was a visit" in office.get("leader", f"/parking/vehicles/{vehicle}").text


def test_who_was_slower_is_told_and_keeps_the_words(office: Office) -> None:
    vehicle = waiting(office)
    seen = office.town.vehicle(vehicle)["revision"]
    assert act(office, "leader", vehicle, "decline", revision=seen) == 303
    answer = office.post(
        "community_leader", f"/parking/vehicles/{vehicle}/act",
        action="confirm", revision=seen, reason="four evenings in a row",
    )  # fmt: skip
    assert answer.status_code == 409
    assert "已有人先行办理" in answer.text
    assert "four evenings in a row" in answer.text
    assert office.town.vehicle(vehicle)["state"] == "warned"


def test_whoever_typed_a_violation_takes_it_back_and_nobody_else_of_the_grid(office: Office) -> None:
    office.at(at("2026-03-16"))
    vehicle = office.town.see("worker_a").vehicle_id or 0
    assert 'id="act-withdraw"' in office.get("worker_a", f"/parking/vehicles/{vehicle}").text
    assert 'id="act-withdraw"' not in office.get("worker_b", f"/parking/vehicles/{vehicle}").text
    assert act(office, "worker_b", vehicle, "withdraw", evening="2026-03-16") == 422
    assert act(office, "worker_a", vehicle, "withdraw", evening="2026-03-15") == 422
    assert act(office, "worker_a", vehicle, "withdraw", evening="2026-03-16", reason="typed wrongly") == 303
    assert "已撤销：typed wrongly" in office.get("worker_a", f"/parking/vehicles/{vehicle}").text
    assert office.post("worker_a", f"/parking/vehicles/{vehicle}/act", action="notice").status_code == 404
    assert act(office, "worker_a", vehicle, "withdraw", evening="x") == 400


# Plates --------------------------------------------------------------------------------------------------------------


def test_a_plate_in_clear_takes_a_reason_and_leaders_see_who_looked(office: Office) -> None:
    vehicle = waiting(office)
    path = f"/parking/vehicles/{vehicle}/plate"
    assert office.post("worker_a", path, reason=" ").status_code == 422
    shown = office.post("worker_a", path, reason="to ask the driver")
    assert (shown.status_code, shown.headers["Cache-Control"]) == (200, "no-store")
    assert PLATE in shown.text
    assert PLATE not in office.get("worker_a", f"/parking/vehicles/{vehicle}").text
    told = office.get("leader", f"/parking/vehicles/{vehicle}").text.split('id="looks"')[1]
    assert "网格员" in told
    assert "to ask the driver" in told
    assert 'id="looks"' not in office.get("worker_a", f"/parking/vehicles/{vehicle}").text
    # a company keeps the gate, and plans are made without plates
    assert office.post("company", path, reason="r").status_code == 403
    assert office.post("planner", path, reason="r").status_code == 403
    assert office.post("east_leader", path, reason="r").status_code == 404


def test_a_typed_plate_opens_its_car(office: Office) -> None:
    vehicle = waiting(office)
    found = office.post("worker_b", "/parking/vehicles/find", plate="沪a 12388", reason="a call")
    assert (found.status_code, found.headers["Location"]) == (303, f"/parking/vehicles/{vehicle}")
    missing = office.post("worker_b", "/parking/vehicles/find", plate="沪A99999", reason="a call")
    assert (missing.status_code, "没有这样的车辆" in missing.text) == (200, True)
    for form in ({"plate": "沪A12388", "reason": ""}, {"plate": "沪A1", "reason": "r"}):
        answer = office.post("worker_b", "/parking/vehicles/find", **form)
        assert answer.status_code == 422
        assert "沪A1" not in answer.text
    assert office.post("company", "/parking/vehicles/find", plate="沪A12388", reason="r").status_code == 403


# Notices -------------------------------------------------------------------------------------------------------------


def test_a_slip_says_what_follows_and_names_nobody(office: Office) -> None:
    vehicle = waiting(office)
    office.town.owner.execute(
        'UPDATE gridmap.street SET settings = \'{"office_name": "街办", "office_phone": "0760-88880000"}\''
    )
    office.town.owner.execute(
        "UPDATE gridmap.zone SET hourly_yuan = 10, daily_cap_yuan = 80, tariff_day = 'from_entry'"
    )
    path = f"/parking/notices/{notice_id(office)}/print"
    page = office.get("worker_a", path).text
    assert PLATE not in page
    for words in (
        "第1次提醒（共3次）",
        "18:00前离开",
        "每小时10元",
        "每天80元封顶",
        "3个月内不得进入",
        "电话0760-88880000",
    ):
        assert words in page, words
    assert office.post("worker_a", path, reason="").status_code == 422
    shown = office.post("worker_a", path, reason="to give it")
    assert shown.headers["Cache-Control"] == "no-store"
    assert shown.text.count(PLATE) == 2
    assert "worker_a" not in re.sub(r"<header.*?</header>", "", shown.text, flags=re.DOTALL)
    last = f"/parking/notices/{notice_id(office, 3)}/print"
    page = office.get("worker_a", last).text
    assert "这是最后警告。" in page
    assert "将提请列入停车系统黑名单" not in page
    assert "已被提请列入停车系统黑名单" in page
    # what it says is true when it is printed: nothing waits any more
    assert act(office, "leader", vehicle, "decline") == 303
    page = office.get("worker_a", last).text
    assert "将提请列入停车系统黑名单" in page
    assert "已被提请列入停车系统黑名单" not in page
    assert office.get("worker_b", path).status_code == 404
    assert office.get("company", path).status_code == 403


def test_a_slip_follows_the_rules_of_the_estate_and_of_the_zone(office: Office) -> None:
    waiting(office)
    owner = office.town.owner
    owner.execute(
        "INSERT INTO gridmap.parking_rule (street_id, place_id, notices, ban_on, ban_months, changed_at)"
        " VALUES (%s, %s, 2, 'third_notice', 6, now())", (STREET, ESTATE_A))  # fmt: skip
    owner.execute(
        "INSERT INTO gridmap.parking_rule (street_id, place_id, leave_by, tolerance_minutes, changed_at)"
        " VALUES (%s, %s, '19:00', 30, now())", (STREET, NORTH))  # fmt: skip
    page = office.get("worker_a", f"/parking/notices/{notice_id(office)}/print").text
    assert "19:30前离开" in page
    assert "收到第2次提醒时即提请列入停车系统黑名单，6个月内不得进入" in page


def test_notices_are_marked_as_given_and_leave_the_list(office: Office) -> None:
    waiting(office)
    first = notice_id(office)
    listed = office.get("leader", "/parking/notices").text
    assert listed.count('class="notice-line"') == 3
    assert listed.index("最后警告</span>") < listed.index("第1次提醒</td>")
    done = office.post("worker_a", f"/parking/notices/{first}/given", how="slip", back="/parking/notices?show=given")
    assert done.headers["Location"] == "/parking/notices?show=given&done=notice_given"
    assert office.get("leader", "/parking/notices").text.count('class="notice-line"') == 2
    given = office.get("leader", "/parking/notices?show=given").text
    assert given.count('class="notice-line"') == 1
    assert "夹在车上" in given
    back = office.post("worker_a", f"/parking/notices/{first}/given", how="", back="https://elsewhere.example/x")
    assert back.headers["Location"] == "/parking/notices?done=notice_open"
    assert office.post("worker_b", f"/parking/notices/{first}/given", how="slip").status_code == 404
    assert office.post("company", f"/parking/notices/{first}/given", how="slip").status_code == 403
    assert office.post("worker_a", f"/parking/notices/{first}/given", how="pigeon").status_code == 400


def test_a_notice_that_counts_no_more_is_not_to_be_given(office: Office) -> None:
    office.at(at("2026-03-16"))
    vehicle = office.town.see("worker_a").vehicle_id or 0
    path = f"/parking/notices/{notice_id(office)}"
    assert act(office, "worker_a", vehicle, "withdraw", evening="2026-03-16") == 303
    assert "请勿送达" in office.get("worker_a", f"{path}/print").text
    answer = office.post("worker_a", f"{path}/given", how="slip")
    assert answer.status_code == 422
    assert "对应的违停记录已撤销" in answer.text


# Inbox ---------------------------------------------------------------------------------------------------------------


def test_leaders_hear_of_bans_that_wait_and_that_end(office: Office) -> None:
    vehicle = waiting(office)
    for who, hears in (("leader", True), ("community_leader", True), ("east_leader", False), ("worker_a", False)):
        inbox = office.get(who, "/my/inbox").text
        assert (f"/parking/vehicles/{vehicle}" in inbox) == hears, who
        assert PLATE not in inbox
    # whoever has seen it is not asked
    office.at(at("2026-03-20", "19:00"))
    office.town.see("leader_out")
    assert act(office, "leader", vehicle, "confirm") == 303
    assert "黑名单于" not in office.get("leader", "/my/inbox").text
    office.at(at("2026-06-19", "08:00"))
    assert "黑名单于2026-06-20 19:00自动解除" in office.get("leader", "/my/inbox").text
    office.at(at("2026-06-20", "19:00"))
    assert "黑名单于" not in office.get("leader", "/my/inbox").text


# Who opens what ------------------------------------------------------------------------------------------------------


def test_pages_are_for_those_who_see_cars(office: Office) -> None:
    vehicle = waiting(office)
    pages = ("", "/vehicles", "/notices", "/bans", "/long-stays", "/long-stays/now", "/counts", "/violations")
    for path in (*pages, f"/vehicles/{vehicle}"):
        for who in READING:
            assert office.get(who, f"/parking{path}").status_code == 200, (who, path)
        for who in ("planner",):
            assert office.get(who, f"/parking{path}").status_code == 403, (who, path)
    for who in ("east_leader", "other_company"):
        assert office.get(who, f"/parking/vehicles/{vehicle}").status_code == 404, who
    assert office.get("leader", f"/parking/vehicles/{1 << 60}").status_code == 404


def test_words_that_are_none_of_ours_are_refused(office: Office) -> None:
    for path in ("vehicles?show=x", "bans?show=x", "notices?show=x", "counts?part=x", "counts?day=x", "counts?show=x",
                 "violations?from=x", "violations?from=2026-03-02&to=2026-03-01", "violations?from=2020-01-01",
                 "vehicles?estate=99999999999999999", "counts?day=1970-01-01"):  # fmt: skip
        assert office.get("leader", f"/parking/{path}").status_code == 400, path


def test_names_of_the_register_stay_words(office: Office) -> None:
    vehicle, nasty = waiting(office), "<img src=x onerror=alert(1)>" * 3
    office.town.owner.execute("UPDATE gridmap.place SET name = %s", (nasty,))
    office.town.owner.execute("UPDATE gridmap.community SET name = %s", (nasty,))
    assert act(office, "leader", vehicle, "decline", reason=nasty) == 303
    for path in ("", "/vehicles", f"/vehicles/{vehicle}", "/notices", f"/notices/{notice_id(office)}/print", "/bans",
                 "/violations", "/counts"):  # fmt: skip
        page = office.get("leader", f"/parking{path}").text
        assert "<img src=x" not in page, path


# The card above a leader's own places --------------------------------------------------------------------------------


def card(office: Office, who: str) -> list[tuple[str, int]]:
    """The addresses and figures of the card of parking on the page of one's own places."""
    page = office.get(who, "/my/due").text
    section = re.search(r'<section class="parking-card".*?</section>', page, re.DOTALL)
    if section is None:
        return []
    found = re.findall(r'href="([^"]+)">\s*<span class="fact-value">([\d,]+)<', section[0])
    return [(unescape(href), int(count)) for href, count in found]


def test_a_leader_reads_of_parking_above_their_own_places(office: Office) -> None:
    waiting(office)
    put_duty(office, date(2026, 3, 20), missing=1)
    put_duty(office, date(2026, 3, 21), missing=1)
    office.at(at("2026-03-19", "20:00"))
    office.town.count("worker_a", NORTH, 30, 5, part=Part.EVENING)
    office.at(at("2026-03-20", "09:00"))
    shown = card(office, "leader")
    assert shown == [
        ("/parking/counts?day=2026-03-19&show=missing", 3),
        ("/parking/vehicles?show=proposed", 1),
        ("/parking/bans?show=week", 0),
        ("/parking#duty", 1),
    ]
    # each figure opens as many rows
    for (href, count), line in zip(shown, ("zone-line", "car-line", "ban-line"), strict=False):
        assert office.get("leader", href).text.count(f'class="{line}"') == count, href
    assert '<section class="parking-card"' in office.get("leader", "/my").text
    # whoever does not lead, or leads where nobody parks, has none
    assert card(office, "worker_a") == card(office, "east_leader") == []


def test_a_ban_stands_on_the_card_from_seven_days_before_its_end(office: Office) -> None:
    vehicle = banned(office.town)
    until = office.town.vehicle(vehicle)["banned_until"]
    for moment, count in (
        (until - timedelta(days=7, seconds=1), 0),
        (until - timedelta(days=7), 1),
        (until - timedelta(seconds=1), 1),
        (until, 0),
    ):
        office.at(moment)
        assert dict(card(office, "leader"))["/parking/bans?show=week"] == count, moment
        assert office.get("leader", "/parking/bans?show=week").text.count('class="ban-line"') == count, moment


# A zone that ends ----------------------------------------------------------------------------------------------------


def test_a_leader_ends_a_zone_with_a_reason_and_a_tick(office: Office) -> None:
    office.at(at("2026-03-17", "10:00"))
    path, listed = f"/parking/zones/{NORTH}/end", f'id="z{NORTH}"'
    assert listed in office.get("leader", "/parking/zones").text
    assert path in office.get("leader", "/parking/zones").text
    assert path in office.get("leader", f"/parking/zones/{NORTH}").text
    assert path not in office.get("worker_a", "/parking/zones").text
    assert office.get("leader", path).status_code == 200
    assert office.get("worker_a", path).status_code == 403
    assert office.post("worker_a", path, why="because", sure="yes", revision=1).status_code == 403
    whole = {"why": "车位已改建", "sure": "yes", "revision": 1}
    for wrong, status in (({"sure": ""}, 422), ({"why": " "}, 422), ({"why": "x" * 201}, 422), ({"revision": 9}, 409)):
        answer = office.post("leader", path, **whole | wrong)
        assert answer.status_code == status, wrong
        assert 'role="alert"' in answer.text
    # what was typed stays
    assert "车位已改建" in office.post("leader", path, **whole | {"sure": ""}).text
    assert office.post("leader", path, **whole).status_code == 303
    assert listed not in office.get("leader", "/parking/zones").text
    on_map = office.get("leader", "/parking/zones/shapes?bbox=113.3,22.4,113.5,22.6").get_json()["features"]
    assert NORTH not in {one["id"] for one in on_map}
    for day, count in (("2026-03-16", 1), ("2026-03-17", 0)):
        page = office.get("leader", f"/parking/counts?day={day}&show=all").text
        assert page.count(f">z{NORTH}<") == count, day
    for address in (path, f"/parking/zones/{NORTH}"):
        ended = office.get("leader", address)
        assert ended.status_code == 200
        assert "已于2026-03-17停用" in ended.text
        assert 'type="submit"' not in ended.text.split("<main", 1)[1]
    assert office.post("leader", path, **whole | {"revision": 2}).status_code == 409
