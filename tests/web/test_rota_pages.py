"""The pages of rotas: made, planned, swapped by two people with two taps, calendars, slips."""

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask

from gridmap.accounts import Grant
from gridmap.context import Services
from tests.conftest import Base
from tests.rows import rows
from tests.web.visitor import Person, person

FORM = {
    "kind": "parking", "level": "estate", "name": "花苑停车值班", "begins": "18:00", "ends": "20:00", "days": "working",
    "needed": "1", "gap_days": "7", "starts": "2026-03-16",
}  # fmt: skip
GROUP = """
SELECT p.id, p.organisation_id, p.street_id, e.name AS estate, e.code FROM gridmap.person p
JOIN gridmap.assignment a ON a.person_id = p.id AND a.role = 'duty_resident'
JOIN gridmap.place z ON z.id = a.place_id JOIN gridmap.place e ON e.id = z.estate_id
WHERE p.organisation_id = (SELECT organisation_id FROM gridmap.person q JOIN gridmap.assignment b ON b.person_id = q.id
  AND b.role = 'duty_resident' WHERE q.organisation_id IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1)
ORDER BY p.id
"""
UNKNOWN_YEAR = "节假日尚未录入"
OWN_EVENINGS = """
SELECT t.rota_id, to_char(t.starts_at AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS"Z"') AS starts,
  CASE WHEN t.state = 'set' AND bool_or(h.ended_at IS NULL) THEN 'CONFIRMED' ELSE 'CANCELLED' END AS status
FROM gridmap.rota_holder h JOIN gridmap.rota_turn t ON t.street_id = h.street_id AND t.id = h.turn_id
WHERE h.person_id = %s AND t.ends_at > timestamptz '2026-03-16 09:00+08' - interval '31 days'
GROUP BY t.street_id, t.id ORDER BY t.starts_at, t.id
"""


@pytest.fixture(scope="module")
def made(base: Base, leader: Person) -> int:
    """A rota with its group of 24, planned for the running quarter by the leader through the pages."""
    people = rows(base, GROUP)
    assert len({row["id"] for row in people}) == 24
    answer = leader.send(
        "/rota/new", {**FORM, "where": people[0]["code"], "organisation": people[0]["organisation_id"]}
    )
    assert answer.status_code == 303, answer.text
    rota = int(re.search(r"/rota/(\d+)/settings", answer.headers["Location"]).group(1))  # type: ignore[union-attr]
    ticked = {"what": "join", "person": [row["id"] for row in people], "start": "2026-03-16"}
    joined = leader.send(f"/rota/{rota}/members", ticked, page=f"/rota/{rota}/settings")
    assert joined.status_code == 303, joined.text
    plan(leader, rota)
    return rota


def plan(leader: Person, rota: int, quarter: str = "2026-04") -> None:
    page = leader.get(f"/rota/{rota}/plan?quarter={quarter}").text
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', page)
    assert seen, page
    saved = leader.send(
        f"/rota/{rota}/plan?quarter={quarter}", {"seen": seen.group(1)}, page=f"/rota/{rota}/plan?quarter={quarter}"
    )
    assert saved.status_code == 303


@pytest.fixture(scope="module")
def resident(base: Base, app: Flask, made: int) -> Callable[[int], Person]:
    """Signs somebody of the group in, by the slip that the leader prints."""
    known: dict[int, Person] = {}

    def sign_in(person_id: int) -> Person:
        if person_id not in known:
            leading = person_of(app, "leader")
            page = leading.send(f"/rota/{made}/slips", {"person": person_id})
            assert page.status_code == 200, page.text
            address = re.search(r'slip-address">[^<]*(/enter/[^<]+)<', page.text)
            assert address
            one = Person(app)
            entered = one.send(address.group(1), {"password": "three-words-of-mine", "again": "three-words-of-mine"})
            assert entered.status_code == 303, entered.text
            known[person_id] = one
        return known[person_id]

    return sign_in


def person_of(app: Flask, username: str) -> Person:
    return person(app, username)


def turns(base: Base, rota: int) -> list[dict[str, Any]]:
    return rows(
        base,
        "SELECT t.id, t.day, h.person_id FROM gridmap.rota_turn t LEFT JOIN gridmap.rota_holder h ON h.turn_id = t.id"
        " AND h.ended_at IS NULL WHERE t.rota_id = %s AND t.state = 'set' ORDER BY t.day",
        rota,
    )


def test_a_leader_makes_a_rota_and_shares_a_quarter_out(base: Base, leader: Person, made: int) -> None:
    planned = turns(base, made)
    assert len(planned) > 55
    assert all(row["person_id"] for row in planned)
    page = leader.get(f"/rota/{made}?quarter=2026-04").text
    assert page.count('class="rota-day ') + page.count('class="rota-day"') >= 13 * 5
    assert "清明" in page
    assert "2–3" in page
    # nobody is ranked: the spread is there, and no list of people with numbers
    assert not re.search(r"居民[^<]*</td>\s*<td[^>]*>\d+", page)
    assert made > 0
    assert str(made) in leader.get("/rota").text


def test_planning_again_says_that_nothing_changes(leader: Person, made: int) -> None:
    page = leader.get(f"/rota/{made}/plan?quarter=2026-04").text
    assert 'name="seen"' not in page
    assert "没有变动" in page
    # a year whose holidays nobody has written down is planned with weekends alone, and says so
    assert UNKNOWN_YEAR not in page
    assert UNKNOWN_YEAR in leader.get(f"/rota/{made}/plan?quarter=2031-01").text


def test_two_people_swap_with_two_taps(base: Base, made: int, resident: Callable[[int], Person]) -> None:
    planned = turns(base, made)
    mine = planned[20]
    giver = resident(mine["person_id"])
    page = giver.get(f"/rota/{made}/swap?turn={mine['id']}").text
    offer = re.search(r'name="taker" value="(\d+)">(?:<input type="hidden" name="other" value="(\d+)">)?', page)
    assert offer, page
    taker_id = int(offer.group(1))
    form = {"what": "ask", "turn": mine["id"], "giver": mine["person_id"], "taker": taker_id}
    form |= {"other": offer.group(2)} if offer.group(2) else {}
    assert giver.send(f"/rota/{made}/swap", form).status_code == 303
    taker = resident(taker_id)
    own = taker.get("/my/rota").text
    swap = re.search(r'name="swap" value="(\d+)"', own)
    assert swap, own
    # who was asked hears of it in the inbox as well
    assert f'name="swap" value="{swap.group(1)}"' in taker.get("/my/inbox").text
    agreed = taker.send(f"/rota/{made}/swap", {"what": "agree", "swap": swap.group(1)}, page="/my/rota")
    assert agreed.status_code == 303
    after = {row["id"]: row["person_id"] for row in turns(base, made)}
    assert after[mine["id"]] == taker_id
    if offer.group(2):
        assert after[int(offer.group(2))] == mine["person_id"]


def test_a_resident_sees_the_own_rota_and_nothing_of_the_office(
    made: int, base: Base, resident: Callable[[int], Person]
) -> None:
    one = resident(turns(base, made)[3]["person_id"])
    assert one.get("/").headers["Location"].endswith("/my/rota")
    assert one.get(f"/rota/{made}").status_code == 200
    for path in ("/rota/new", f"/rota/{made}/settings", f"/rota/{made}/slips", f"/rota/{made}/plan", "/duties"):
        assert one.get(path).status_code == 403, path
    for what in ("join", "leave", "even"):
        assert one.send(f"/rota/{made}/members", {"what": what}, page="/my/rota").status_code == 403
    assert one.get(f"/rota/{made + 1}").status_code == 404
    assert "/admin" not in one.get("/my/rota").text


def test_calendar_files_name_day_hours_and_place(
    made: int, base: Base, leader: Person, resident: Callable[[int], Person]
) -> None:
    mine = turns(base, made)[3]["person_id"]
    own = resident(mine).get("/my/rota.ics")
    assert own.mimetype == "text/calendar"
    text = own.text.replace("\r\n ", "")
    # of every rota that the person takes part in: the demo has one of its own
    evenings = rows(base, OWN_EVENINGS, mine)
    assert re.findall(r"DTSTART:(\w+)", text) == [row["starts"] for row in evenings]
    assert re.findall(r"STATUS:(\w+)", text) == [row["status"] for row in evenings]
    of_made = [row["starts"] for row in evenings if row["rota_id"] == made]
    assert of_made
    assert all(starts.endswith("T100000Z") for starts in of_made), "18:00 in Shanghai"
    names = rows(base, "SELECT display_name FROM gridmap.person p JOIN gridmap.rota_member m ON m.person_id = p.id")
    assert not [row for row in names if row["display_name"] in text]
    group = leader.get(f"/rota/{made}.ics").text.replace("\r\n ", "")
    assert group.count("BEGIN:VEVENT") == len(turns(base, made))
    assert any(row["display_name"] in group for row in names)


def test_a_link_to_the_calendar_needs_no_sign_in_until_it_ends(
    app: Flask, made: int, base: Base, resident: Callable[[int], Person]
) -> None:
    one = resident(turns(base, made)[3]["person_id"])
    assert one.send("/my/rota/link", {"what": "make"}, page="/my/rota").status_code == 303
    link = re.search(r"/rota/calendar/[\w-]+\.ics", one.get("/my/rota").text)
    assert link
    stranger = Person(app)
    answer = stranger.get(link.group(0))
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    assert answer.text.count("BEGIN:VEVENT") == one.get("/my/rota.ics").text.count("BEGIN:VEVENT")
    names = rows(base, "SELECT display_name FROM gridmap.person p JOIN gridmap.rota_member m ON m.person_id = p.id")
    assert not [row for row in names if row["display_name"] in answer.text]
    for wrong in ("AAAA", link.group(0).split("/")[-1][:-5], "ü"):
        assert stranger.get(f"/rota/calendar/{wrong}.ics").status_code == 404
    # a new one ends the old one
    one.send("/my/rota/link", {"what": "make"}, page="/my/rota")
    assert stranger.get(link.group(0)).status_code == 404
    newer = re.search(r"/rota/calendar/[\w-]+\.ics", one.get("/my/rota").text)
    assert newer
    assert stranger.get(newer.group(0)).status_code == 200
    one.send("/my/rota/link", {"what": "end"}, page="/my/rota")
    assert stranger.get(newer.group(0)).status_code == 404


def test_a_closed_account_closes_its_calendar(
    app: Flask, made: int, base: Base, resident: Callable[[int], Person]
) -> None:
    mine = turns(base, made)[5]["person_id"]
    one = resident(mine)
    one.send("/my/rota/link", {"what": "make"}, page="/my/rota")
    link = re.search(r"/rota/calendar/[\w-]+\.ics", one.get("/my/rota").text)
    assert link
    [account] = rows(base, "SELECT id FROM gridmap.account WHERE person_id = %s", mine)
    admin = person_of(app, "admin")
    admin.send(f"/admin/accounts/{account['id']}/close", {"why": "t"}, page=f"/admin/accounts/{account['id']}")
    assert Person(app).get(link.group(0)).status_code == 404


def test_what_a_form_cannot_be_says_so(leader: Person, made: int, base: Base) -> None:
    code = rows(base, GROUP)[0]["code"]
    for changes, words in (
        ({"name": ""}, "请填写名称"),
        ({"begins": "20:00"}, "两个时间不能相同"),
        ({"needed": "0"}, "1至50"),
        ({"where": "no-such-place"}, "没有找到"),
        ({"days": "some"}, "星期"),
        ({"starts": "soon"}, "起始日期"),
    ):
        answer = leader.send("/rota/new", {**FORM, "where": code, **changes}, page="/rota/new")
        assert answer.status_code == 422, changes
        assert words in answer.text, changes
    assert leader.get(f"/rota/{made}?quarter=soon").status_code == 400
    assert leader.get("/rota/99999999999999999999").status_code == 404
    assert leader.send(f"/rota/{made}/swap", {"what": "dance"}).status_code == 400
    stale = leader.send(f"/rota/{made}/settings", {**FORM, "revision": 99})
    assert stale.status_code == 409


def test_those_who_are_told_of_nobody_have_no_rotas(services: Services, account: Any, visit: Any, made: int) -> None:
    account("rota_planner", Grant(role="planner", level="city"))
    one = visit()
    one.sign_in("rota_planner", "three-words-of-mine")
    for path in ("/rota", f"/rota/{made}", "/my/rota", f"/rota/{made}.ics"):
        assert one.get(path).status_code == 403, path


def test_an_evening_without_anybody_stands_in_inbox_list_and_coverage(
    base: Base, leader: Person, made: int, resident: Callable[[int], Person]
) -> None:
    [turn] = turns(base, made)[:1]
    with psycopg.connect(base.owner_url) as owner:
        # the demo's clock stands at 9 o'clock of 16 March: an evening within 24 hours
        owner.execute(
            "INSERT INTO gridmap.rota_turn (street_id, id, rota_id, day, starts_at, ends_at, needed, missing, reason,"
            " place_id, people, community_id, grid_id, micro_grid_id, estate_id, changed_at)"
            " SELECT street_id, id + 1000000, rota_id, '2026-03-16', '2026-03-16 18:00+08', '2026-03-16 20:00+08',"
            " 1, 1, 'too_few_members', place_id, people, community_id, grid_id, micro_grid_id, estate_id, now()"
            " FROM gridmap.rota_turn WHERE id = %s",
            (turn["id"],),
        )
    address = f"/rota/{made}/swap?turn={turn['id'] + 1_000_000}"
    assert address in leader.get("/my/inbox").text.replace("&amp;", "&")
    assert address in leader.get("/rota?gaps=1&month=2026-03").text.replace("&amp;", "&")
    assert "/rota?gaps=1&amp;month=2026-03" in leader.get("/coverage?month=2026-03").text
    filled = leader.get(address).text
    free = re.search(r'name="person" value="(\d+)"', filled)
    assert free
    # whoever takes part and is away reads that others could fill it
    away = next(row["person_id"] for row in turns(base, made) if row["person_id"] not in (None, int(free.group(1))))
    with psycopg.connect(base.owner_url) as owner:
        owner.execute(
            "INSERT INTO gridmap.absence (street_id, id, person_id, valid, community_id)"
            " SELECT street_id, id + 3000000, id, '[2026-03-16 00:00+08,2026-03-17 00:00+08)', community_id"
            " FROM gridmap.person WHERE id = %s",
            (away,),
        )
    theirs = resident(away).get(address).text
    assert "组内有" in theirs
    assert 'value="take"' not in theirs
    # whoever takes part and is free hears of it on the page of the own evenings, and takes it
    one = resident(int(free.group(1)))
    mine = one.get("/my/rota").text.replace("&amp;", "&")
    assert address in mine
    assert "open-evenings" in mine
    assert address not in one.get("/my/inbox").text.replace("&amp;", "&")
    assert 'name="what" value="take"' in one.get(address).text
    assert one.send(address, {"what": "take", "turn": turn["id"] + 1_000_000}).status_code == 303
    assert address not in leader.get("/my/inbox").text.replace("&amp;", "&")
    assert "open-evenings" not in one.get("/my/rota").text
