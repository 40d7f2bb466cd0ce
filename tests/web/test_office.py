"""The office's pages as their people use them: rules, excuses, sheets for others, joint inspections, its own."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask

from tests.checks import STAIRWELL, Slots
from tests.conftest import Base
from tests.rows import rows
from tests.web.visitor import Person, person

MONTH = "2026-03"


@pytest.fixture(scope="module")
def base(demo_template: str, copy_database: Callable[[str], Base]) -> Base:
    """The demo, in which the worker leads the community of 花苑 instead."""
    base = copy_database(demo_template)
    with psycopg.connect(base.superuser_url) as owner:
        owner.execute(
            "UPDATE gridmap.account_grant g SET role = 'leader', level = 'community', target_id = c.id"
            " FROM gridmap.community c, gridmap.account a"
            " WHERE a.id = g.account_id AND a.username = 'worker' AND c.code = '442000002005'"
        )
        owner.execute("UPDATE gridmap.duty SET excused_by = 'street' WHERE kind = 'roof_safety'")
    return base


def street(base: Base) -> int:
    return int(rows(base, "SELECT id FROM gridmap.street WHERE code = '442000002'")[0]["id"])


def rule_form(base: Base, **words: Any) -> dict[str, Any]:
    plain = {"kind": "water_tank", "title": "水箱", "title_en": "Water tank", "action": "inspection", "every": "month",
             "level": "building", "holiday_rule": "stay", "role": "building_manager", "excused_by": "community",
             "times": "1", "start": "now", "street": street(base)}  # fmt: skip
    return plain | words


NEW = "/duties/rules/new"


def test_a_rule_is_looked_at_before_it_is_kept_and_asks_what_was_said(base: Base, leader: Person) -> None:
    seen = leader.send(NEW, rule_form(base), page=NEW)
    assert seen.status_code == 200
    said = int(re.findall(r'fact-value">([\d,]+)', seen.text)[0].replace(",", ""))
    assert rows(base, "SELECT FROM gridmap.duty WHERE kind = 'water_tank'") == []
    assert leader.send(NEW, rule_form(base, save="yes"), page=NEW).status_code == 303
    [rule] = rows(base, "SELECT * FROM gridmap.duty WHERE kind = 'water_tank'")
    [made] = rows(base, "SELECT count(*) AS n FROM gridmap.slot WHERE duty_id = %s", rule["id"])
    assert made["n"] == said > 80
    page = leader.get("/duties/rules")
    assert "水箱" in page.text
    # another name stays in its place; for others it asks anew, with history; who saw an older one is told so
    address = f"/duties/rules/{rule['id']}"
    leader.send(address, rule_form(base, title="生活水箱", revision=1, save="yes"), page=address)
    assert len(rows(base, "SELECT FROM gridmap.duty WHERE kind = 'water_tank'")) == 1
    stale = leader.send(address, rule_form(base, title="水", revision=1, save="yes"), page=address)
    assert stale.status_code == 409
    # begun today, changed today: it was never another one
    changed = rule_form(base, title="生活水箱", management="none", revision=2, save="yes")
    assert leader.send(address, changed, page=address).status_code == 303
    [now] = rows(base, "SELECT * FROM gridmap.duty WHERE kind = 'water_tank'")
    assert (now["id"], now["only_for"], now["revision"]) == (rule["id"], {"management": ["none"]}, 3)
    assert leader.send(f"{address}/end", {"revision": 3}, page=address).status_code == 303
    states = rows(base, "SELECT DISTINCT state, excuse FROM gridmap.slot WHERE duty_id = %s", rule["id"])
    assert states == [{"state": "excused", "excuse": "rule_changed"}]
    assert rows(base, "SELECT gridmap.recount_coverage(%s) AS wrong", [street(base)]) == [{"wrong": 0}]


def test_a_changed_rule_leads_to_what_it_was_before(base: Base, leader: Person) -> None:
    [rule] = rows(base, "SELECT * FROM gridmap.duty WHERE kind = 'corridor_clutter'")
    address = f"/duties/rules/{rule['id']}"
    form = rule_form(base, kind="corridor_clutter", title="楼道杂物", title_en="Corridor clutter", level="stairwell",
                     sort="3", role="grid_worker", communities=rule["only_for"]["communities"], revision=1,
                     save="yes")  # fmt: skip
    assert leader.send(address, form, page=address).status_code == 303
    [new] = rows(base, "SELECT * FROM gridmap.duty WHERE replaces_id = %s", rule["id"])
    assert f'href="{address}"' in leader.get(f"/duties/rules/{new['id']}").text
    assert f'href="/duties/rules/{new["id"]}"' in leader.get(address).text
    by_rule = rows(base, "SELECT duty_id, count(*) AS n FROM gridmap.slot WHERE starts_on = '2026-03-01'"
                   " AND duty_id = ANY (%s) AND state <> 'excused' GROUP BY 1", [rule["id"], new["id"]])  # fmt: skip
    assert sum(one["n"] for one in by_rule) == 253
    assert rows(base, "SELECT gridmap.recount_coverage(%s) AS wrong", [street(base)]) == [{"wrong": 0}]


@pytest.mark.parametrize(
    "words",
    [{"title": ""}, {"times": "13"}, {"every": "often"}, {"fixed_day": "32"}, {"action": "household_visit"},
     {"role": "king"}, {"management": "bad"}, {"kind": "é"}, {"title": "水" * 61}],
)  # fmt: skip
def test_a_rule_that_makes_no_sense_is_not_kept(base: Base, leader: Person, words: dict[str, str]) -> None:
    answer = leader.send(NEW, rule_form(base, save="yes", **words), page=NEW)
    assert answer.status_code == 422, answer.text[:300]
    assert 'role="alert"' in answer.text


def test_only_who_leads_the_street_changes_rules_and_nobody_else_has_the_pages(base: Base, app: Flask) -> None:
    for who in ("manager", "planner", "property", "admin"):
        one = person(app, who)
        for path in ("/duties", "/duties/rules", "/duties/rules/new", "/duties/excuses", "/duties/sheets"):
            assert one.get(path).status_code == 403, (who, path)


def test_several_are_excused_at_once_with_reason_and_name_and_can_be_due_again(base: Base, leader: Person) -> None:
    slots = Slots(base).reopen()
    page = f"/duties/excuses?month={MONTH}&q={STAIRWELL.lower()}"
    assert all(f'value="{slot}"' in leader.get(page).text for slot in slots)
    form = {"slot": slots, "do": "excuse", "excuse": "vacant", "note": "整个楼道空置", "street": street(base),
            "month": MONTH}  # fmt: skip
    assert leader.send("/duties/excuses", form | {"excuse": "lazy"}, page=page).status_code == 422
    assert leader.send("/duties/excuses", form | {"slot": []}, page=page).status_code == 422
    assert leader.send("/duties/excuses", form, page=page).status_code == 303
    assert Slots(base).states() == ["excused"] * 3
    excused = leader.get(f"/duties/excuses?month={MONTH}&state=excused&q={STAIRWELL.lower()}").text
    assert "整个楼道空置" in excused
    assert "街道领导" in excused
    assert "2026-03-16 09:00" in excused
    assert leader.send("/duties/excuses", form | {"do": "undo"}, page=page).status_code == 303
    assert Slots(base).states() == ["due"] * 3


def test_what_only_the_street_may_excuse_is_not_the_communitys(base: Base, app: Flask) -> None:
    slots = Slots(base).reopen()
    community = person(app, "worker")
    form = {"do": "excuse", "excuse": "vacant", "street": street(base), "month": MONTH}
    page = "/duties/excuses"
    assert community.send(page, form | {"slot": slots[0]}, page=page).status_code == 303
    assert community.send(page, form | {"slot": slots[1]}, page=page).status_code == 422
    assert Slots(base).states() == ["excused", "due", "due"]
    assert community.send(page, form | {"slot": slots[0], "do": "undo"}, page=page).status_code == 303
    # rules are read, not changed
    assert community.get("/duties/rules").status_code == 200
    assert community.get("/duties/rules/new").status_code == 403
    rule = rows(base, "SELECT min(id) AS id FROM gridmap.duty WHERE kind = 'roof_safety'")[0]["id"]
    shown = community.get(f"/duties/rules/{rule}")
    assert shown.status_code == 200
    assert 'name="save"' not in shown.text


def test_a_sheet_of_paper_is_entered_under_the_managers_name(base: Base, leader: Person) -> None:
    slots = Slots(base).reopen()
    place = rows(base, "SELECT id, parent_id FROM gridmap.place WHERE code = %s", STAIRWELL)[0]
    address = f"/duties/sheet?within={place['parent_id']}&month={MONTH}"
    page = leader.get(address).text
    assert all(f'data-slot="{slot}"' in page for slot in slots)
    author = int(re.findall(rf'data-slot="{slots[0]}" data-author="(\d+)"', page)[0])
    form: dict[str, Any] = {"page": str(uuid.uuid4()), "within": place["parent_id"], "month": MONTH, "via": "paper",
                            "done_on": "2026-03-10", "author": ""}  # fmt: skip
    form |= {f"c{slots[0]}": "fine", f"c{slots[1]}": "no_access"} | {f"a{slot}": author for slot in slots}
    assert leader.send("/duties/sheet", form, page=address).status_code == 200
    assert leader.send("/duties/sheet", form, page=address).status_code == 200
    found = rows(
        base, "SELECT i.*, a.username FROM gridmap.inspection i JOIN gridmap.account a ON a.id = i.account_id"
        " WHERE slot_id = ANY (%s) AND superseded_at IS NULL AND sent_id IS NOT NULL ORDER BY slot_id", slots,
    )  # fmt: skip
    assert [(one["result"], one["via"], one["author_id"], one["username"]) for one in found] == [
        ("fine", "paper", author, "leader"), ("no_access", "paper", author, "leader")
    ]  # fmt: skip
    assert {one["done_at"].isoformat() for one in found} == {"2026-03-10T12:00:00+08:00"}
    plain = {key: form[key] for key in ("within", "month", "via", "done_on")}
    nobody = plain | {"page": str(uuid.uuid4()), f"c{slots[2]}": "fine", f"a{slots[2]}": ""}
    assert leader.send("/duties/sheet", nobody, page=address).status_code == 422
    undo = plain | {"page": str(uuid.uuid4()), f"c{slots[0]}": f"undo:{found[0]['id']}"}
    assert leader.send("/duties/sheet", undo, page=address).status_code == 200
    assert Slots(base).states() == ["due"] * 3


@pytest.mark.parametrize("who", ["manager", "property"])
def test_nobody_else_enters_on_behalf_of_others(base: Base, app: Flask, who: str) -> None:
    slots = Slots(base).reopen()
    person_id = rows(base, "SELECT person_id FROM gridmap.account WHERE username = 'manager'")[0]["person_id"]
    one = person(app, who)
    body = {"sent_id": str(uuid.uuid4()), "slot_id": slots[0], "result": "fine", "via": "paper",
            "author_id": person_id, "done_on": "2026-03-10"}  # fmt: skip
    told = one.client.get("/api/proof", headers={"Accept": "application/json"}).get_json()
    proof = told["csrf_token"]
    answer = one.client.post("/api/answers", json=body, headers={"X-CSRF-Token": proof, "Accept": "application/json"})
    assert answer.status_code == (403 if who == "manager" else 404)
    assert Slots(base).states() == ["due"] * 3


def test_the_sheet_and_the_slip_print_with_a_code_back_to_the_place(base: Base, leader: Person) -> None:
    place = rows(base, "SELECT id FROM gridmap.place WHERE code = %s", STAIRWELL)[0]["id"]
    sheet = leader.get(f"/duties/sheet/print?within={place}&month={MONTH}").text
    assert sheet.count('class="qr"') == 1
    slip = leader.get(f"/duties/slip?place={place}").text
    assert slip.count('class="qr"') == slip.count('class="slip-part"') == 3
    manager = rows(base, "SELECT person_id FROM gridmap.account WHERE username = 'manager'")[0]["person_id"]
    assert leader.get(f"/duties/sheet/print?person={manager}&month={MONTH}").text.count('class="paper-table"') == 1
    assert leader.get("/duties/sheet?within=1").status_code == 404
    assert leader.get("/duties/slip?place=1").status_code == 404


def test_a_joint_inspection_is_planned_held_and_answers_the_slot_of_its_estate(base: Base, leader: Person) -> None:
    estate = rows(base, "SELECT id, name, street_id FROM gridmap.place WHERE code = '420502001012X01'")[0]
    bodies = [one["id"] for one in rows(
        base, "SELECT id FROM gridmap.organisation WHERE street_id = %s ORDER BY id LIMIT 2", estate["street_id"]
    )]  # fmt: skip
    new = "/duties/joint/new"
    form = {"title": "三月联合巡查", "level": "estate", "where": estate["name"], "planned_on": "2026-03-12",
            "bodies": bodies}  # fmt: skip
    assert leader.send(new, form | {"where": "没有的地方"}, page=new).status_code == 422
    planned = leader.send(new, form, page=new)
    assert planned.status_code == 303
    address = planned.headers["Location"].split("?")[0]
    house = rows(
        base, "SELECT id FROM gridmap.place WHERE estate_id = %s AND kind = 'building' ORDER BY id", estate["id"]
    )
    found = {"place": house[0]["id"], "result": "finding", "severity": "2", "note": "通道堆物"}
    assert leader.send(f"{address}/found", found, page=address).status_code == 303
    assert leader.send(f"{address}/found", found | {"result": "odd"}, page=address).status_code == 422
    slot = (
        "SELECT s.state, s.findings FROM gridmap.slot s JOIN gridmap.duty d ON d.id = s.duty_id"
        " WHERE d.kind = 'joint_inspection' AND s.place_id = %s AND s.starts_on = '2026-03-01'"
    )
    assert rows(base, slot, estate["id"]) == [{"state": "due", "findings": 0}]
    held = {key: form[key] for key in ("title", "planned_on", "bodies")}
    held |= {"state": "held", "note": "物业通报了工作", "revision": 1}
    assert leader.send(address, held, page=address).status_code == 303
    assert rows(base, slot, estate["id"]) == [{"state": "satisfied", "findings": 1}]
    assert leader.send(address, held, page=address).status_code == 409
    page = leader.get(address).text
    assert "通道堆物" in page
    assert "物业通报了工作" in page
    [kept] = rows(base, "SELECT id, bodies FROM gridmap.inspection WHERE joint_id = %s AND slot_id IS NULL",
                  int(address.rsplit("/", 1)[1]))  # fmt: skip
    assert kept["bodies"] == bodies
    assert leader.send(f"{address}/found", {"undo": kept["id"]}, page=address).status_code == 303
    assert rows(base, slot, estate["id"]) == [{"state": "satisfied", "findings": 0}]
    back = held | {"state": "planned", "revision": 2}
    assert leader.send(address, back, page=address).status_code == 303
    assert rows(base, slot, estate["id"]) == [{"state": "due", "findings": 0}]
    assert "三月联合巡查" in leader.get("/duties/joint").text


def test_the_office_says_what_it_has_done_itself(base: Base, leader: Person) -> None:
    slot = rows(
        base,
        "SELECT s.id FROM gridmap.slot s JOIN gridmap.duty d ON d.id = s.duty_id"
        " WHERE d.kind = 'reception_day' AND s.starts_on = '2026-03-01'",
    )[0]["id"]  # fmt: skip
    form = {"page": str(uuid.uuid4()), "street": street(base), "month": MONTH, "slot": slot, "note": "接待12人"}
    assert leader.send("/duties", form | {"done_on": "2026-03-17", "result": "done"}, page="/duties").status_code == 422
    assert leader.send("/duties", form | {"done_on": "", "result": "done"}, page="/duties").status_code == 422
    assert leader.send("/duties", form | {"done_on": "2026-03-13", "result": "done"}, page="/duties").status_code == 303
    page = leader.get("/duties").text
    assert "接待12人" in page
    [said] = rows(base, "SELECT id, done_at FROM gridmap.inspection WHERE slot_id = %s", slot)
    assert said["done_at"].isoformat().startswith("2026-03-13T12:00")
    leader.send("/duties", form | {"undo": said["id"]}, page="/duties")
    assert rows(base, "SELECT state FROM gridmap.slot WHERE id = %s", slot) == [{"state": "due"}]
