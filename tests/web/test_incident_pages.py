"""Cases as their people work on them: the board, dispatching, handling, verifying, refusals, settings, the agenda."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

import psycopg
import pytest
from flask import Flask

from tests.cases import company_id, figures, report
from tests.conftest import Base
from tests.rows import rows
from tests.web.visitor import HTML, Person, person

QUEUES = ("overdue", "soon", "waiting", "returned", "doing", "verify", "parked", "open")


@pytest.fixture(scope="module")
def company(app: Flask) -> Person:
    return person(app, "property")


def a_case(base: Base, condition: str, *values: Any) -> dict[str, Any]:
    found = rows(base, f"SELECT * FROM gridmap.incident i WHERE {condition} ORDER BY id LIMIT 1", *values)
    assert found, condition
    return found[0]


def do(who: Person, case: int, action: str, **fields: Any) -> Any:
    """Send the form of an action with the revision that the page shows."""
    page = who.get(f"/incidents/{case}")
    revision = re.search(r'name="revision" value="(\d+)"', page.text)
    fields = {"revision": revision.group(1) if revision else "1", "action": action, **fields}
    return who.send(f"/incidents/{case}/act", fields, page=f"/incidents/{case}")


def test_each_figure_of_the_board_opens_as_many_cases(base: Base, leader: Person) -> None:
    found = dict(zip(QUEUES, figures(leader.get("/incidents").text), strict=True))
    counted = rows(
        base,
        "SELECT count(*) AS open, count(*) FILTER (WHERE state = 'parked') AS parked,"
        " count(*) FILTER (WHERE gridmap.is_late(state, due_at, handled_at, '2026-03-16T09:00+08:00')) AS overdue"
        " FROM gridmap.incident WHERE state NOT IN ('closed', 'rejected', 'duplicate')",
    )[0]
    assert {name: found[name] for name in counted} == counted
    assert counted["overdue"] > 20
    for queue, count in found.items():
        page = leader.get(f"/incidents?queue={queue}").text
        assert f"{count:,} 件案件" in page, queue
        assert page.count('class="case case-') == min(count, 50)


def test_what_breaks_its_deadline_first_stands_at_the_top(base: Base, leader: Person) -> None:
    listed = re.findall(r'data-case="(\d+)"', leader.get("/incidents?queue=soon").text)
    dues = {row["id"]: row["due_at"] for row in rows(base, "SELECT id, due_at FROM gridmap.incident")}
    assert listed
    assert [dues[int(one)] for one in listed] == sorted(dues[int(one)] for one in listed)


@pytest.mark.parametrize(
    ("words", "condition"),
    [
        ("source=hotline", "source = 'hotline'"),
        ("level=street", "level = 'street'"),
        ("severity=3", "severity = 3"),
        ("class=02", "left(kind, 2) = '02'"),
        ("state=handling", "state = 'handling'"),
        ("from=2026-03-01&to=2026-03-05", "reported_at >= '2026-03-01+08' AND reported_at < '2026-03-06+08'"),
        ("q=%25", "false"),
    ],
)
def test_filters_cut_the_list(base: Base, leader: Person, words: str, condition: str) -> None:
    counted = rows(
        base,
        "SELECT count(*) AS n FROM gridmap.incident WHERE state NOT IN ('closed', 'rejected', 'duplicate')"
        f" AND {condition}",
    )[0]["n"]
    assert f"{counted:,} 件案件" in leader.get(f"/incidents?{words}").text


def test_words_that_are_none_of_ours_are_refused(leader: Person) -> None:
    for words in ("queue=x", "state=x", "level=x", "severity=x", "from=x", "street=99999999999999999"):
        assert leader.get(f"/incidents?{words}").status_code == 400, words


def test_a_case_goes_from_the_leader_to_a_company_to_somebody_who_verifies_it(
    base: Base, leader: Person, company: Person, worker: Person
) -> None:
    identity, unit = report(base), company_id(base)
    assert company.get(f"/incidents/{identity}").status_code == 404
    assert do(leader, identity, "dispatch", unit=unit).status_code == 303
    listed = company.get("/incidents/given").text
    assert f'data-case="{identity}"' in listed
    assert do(company, identity, "accept").status_code == 303
    assert do(company, identity, "handle", answer="已清理完毕").status_code == 303
    # whoever handled it does not verify it, and the company has nobody on duty there
    assert do(company, identity, "check").status_code == 422
    assert f'data-case="{identity}"' in worker.get("/incidents/to-verify").text
    assert do(worker, identity, "check").status_code == 303
    assert do(worker, identity, "close", satisfaction="satisfied").status_code == 303
    page = worker.get(f"/incidents/{identity}").text
    assert "已清理完毕" in page
    names = [one["name"] for one in rows(base, "SELECT name FROM gridmap.organisation WHERE id = %s", unit)]
    assert f"{names[0]} 处置完成" in page
    turns = rows(base, "SELECT action FROM gridmap.transition WHERE incident_id = %s ORDER BY turn", identity)
    assert [one["action"] for one in turns][-6:] == ["register", "dispatch", "accept", "handle", "check", "close"]


def test_who_was_slower_is_told_what_changed_and_keeps_what_was_typed(base: Base, leader: Person) -> None:
    case = a_case(base, "state = 'registered'")
    identity, seen = case["id"], case["revision"]
    assert do(leader, identity, "remind", note="请尽快").status_code == 303
    late = {"action": "reject", "revision": seen, "other_reason": "现场已无此情况，已电话告知"}
    answer = leader.send(f"/incidents/{identity}/act", late, page=f"/incidents/{identity}")
    assert answer.status_code == 409
    assert "已有人先行办理" in answer.text
    assert "催办" in answer.text
    assert "现场已无此情况，已电话告知" in answer.text
    now = rows(base, "SELECT state, revision FROM gridmap.incident WHERE id = %s", identity)[0]
    assert now == {"state": "registered", "revision": seen + 1}
    assert f'name="revision" value="{seen + 1}"' in answer.text


def test_a_refusal_names_the_unit_and_the_next_step(base: Base, leader: Person) -> None:
    case = a_case(base, "state = 'handling' AND lead_id IS NOT NULL")
    name = rows(base, "SELECT name FROM gridmap.organisation WHERE id = %s", case["lead_id"])[0]["name"]
    answer = do(leader, case["id"], "close")
    assert answer.status_code == 422
    assert name in answer.text.split("page-head")[1].split("case-columns")[0]
    assert do(leader, case["id"], "extend", until="2026-03-17T10:00").status_code == 422
    assert do(leader, case["id"], "nonsense").status_code == 404


def test_several_are_dispatched_at_once_and_who_could_not_be_is_named(base: Base, leader: Person) -> None:
    waiting = rows(
        base, "SELECT id, revision, number FROM gridmap.incident WHERE state = 'registered' ORDER BY id LIMIT 3"
    )
    taken = a_case(base, "state = 'closed'")
    form = {"lead": "rule", "back": "/incidents?queue=waiting"}
    good = {"case": [f"{one['id']}.{one['revision']}" for one in waiting[:2]]}
    answer = leader.send("/incidents/dispatch", form | good, page="/incidents")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/incidents?queue=waiting")
    mixed = {"case": [f"{waiting[2]['id']}.{waiting[2]['revision']}", f"{taken['id']}.{taken['revision']}"]}
    answer = leader.send("/incidents/dispatch", form | mixed, page="/incidents")
    assert answer.status_code == 200
    assert taken["number"] in answer.text
    states = rows(
        base, "SELECT DISTINCT state FROM gridmap.incident WHERE id = ANY (%s)", [one["id"] for one in waiting]
    )
    assert states == [{"state": "dispatched"}]
    assert leader.send("/incidents/dispatch", form, page="/incidents").status_code == 422


def know_everything(app: Flask, base: Base) -> None:
    """Let the application hear of what has been written so far."""
    [written] = rows(base, "SELECT max(id) AS change FROM gridmap.change")
    app.extensions["gridmap"].changes.catch_up(written["change"])


def test_the_board_is_sent_again_only_when_something_has_changed(app: Flask, base: Base, leader: Person) -> None:
    know_everything(app, base)
    first = leader.get("/incidents/board")
    assert first.status_code == 200
    again = leader.client.get("/incidents/board", headers=HTML | {"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""
    case = a_case(base, "state = 'dispatched'")
    assert do(leader, case["id"], "remind").status_code == 303
    know_everything(app, base)
    after = leader.client.get("/incidents/board", headers=HTML | {"If-None-Match": first.headers["ETag"]})
    assert after.status_code == 200


def test_a_contact_is_masked_until_somebody_says_why(base: Base, leader: Person) -> None:
    identity = report(base, contact_name="某某", contact_phone="13912345678")
    assert "13912345678" not in leader.get(f"/incidents/{identity}").text
    assert "139****5678" in leader.get(f"/incidents/{identity}").text
    page = f"/incidents/{identity}"
    assert leader.send(f"{page}/contact", {}, page=page).status_code == 422
    shown = leader.send(f"{page}/contact", {"reason": "了解案情"}, page=page)
    assert "13912345678" in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    why = rows(base, "SELECT why FROM gridmap.audit WHERE action = 'unmask' AND subject_id = %s", str(identity))
    assert [one["why"] for one in why] == ["了解案情"]


def test_a_company_sees_what_it_was_given_and_no_board(base: Base, leader: Person, company: Person) -> None:
    assert do(leader, report(base), "dispatch", unit=company_id(base)).status_code == 303
    assert company.get("/incidents").headers["Location"] == "/incidents/given"
    given = {
        row["id"] for row in rows(base, "SELECT id FROM gridmap.incident WHERE %s = ANY (parties)", company_id(base))
    }
    page = company.get("/incidents/given?queue=all").text
    listed = {int(one) for one in re.findall(r'data-case="(\d+)"', page)}
    assert listed
    assert listed <= given
    assert f"{len(given):,} 件案件" in page
    # it looks after no place, so it verifies nothing
    assert company.get("/incidents/to-verify").headers["Location"] == "/incidents/given"


@contextmanager
def also(base: Base, username: str, role: str, street: int) -> Iterator[None]:
    """The account has another role over a whole street, for as long as that."""
    with psycopg.connect(base.superuser_url, autocommit=True) as owner:
        given = owner.execute(
            "INSERT INTO gridmap.account_grant (account_id, role, level, street_id, valid)"
            " SELECT id, %s, 'street', %s, '[2020-01-01,)' FROM gridmap.account WHERE username = %s RETURNING id",
            (role, street, username),
        ).fetchone()
        assert given is not None
        yield
        owner.execute("DELETE FROM gridmap.account_grant WHERE id = %s", given)


def handled(base: Base, leader: Person, company: Person) -> int:
    """A case that the company has handled, in the grid of the worker."""
    identity = report(base)
    assert do(leader, identity, "dispatch", unit=company_id(base)).status_code == 303
    assert do(company, identity, "accept").status_code == 303
    assert do(company, identity, "handle").status_code == 303
    return identity


def test_a_verifier_is_shown_what_he_may_verify_not_all_that_he_sees(
    app: Flask, base: Base, leader: Person, company: Person
) -> None:
    mine = handled(base, leader, company)
    other = a_case(
        base,
        "state IN ('handled', 'verifying') AND grid_id IS DISTINCT FROM"
        " (SELECT grid_id FROM gridmap.incident WHERE id = %s)",
        mine,
    )
    with also(base, "worker", "planner", other["street_id"]):
        worker = person(app, "worker")
        page = worker.get("/incidents/to-verify")
        assert f'data-case="{mine}"' in page.text
        assert f'data-case="{other["id"]}"' not in page.text
        assert worker.get("/incidents/board?desk=check&queue=verify").text.count("data-case=") == page.text.count(
            "data-case="
        )
        # it is seen, and would be refused
        assert worker.get(f"/incidents/{other['id']}").status_code == 200
        assert do(worker, other["id"], "check").status_code in (409, 422)


def test_a_handler_of_an_office_finds_what_its_departments_were_given(app: Flask, base: Base, leader: Person) -> None:
    case = report(base)
    street = case >> 32
    with psycopg.connect(base.superuser_url, autocommit=True) as owner:
        made = owner.execute(
            "INSERT INTO gridmap.organisation (kind, name, street_id) VALUES ('department', '街道城管科', %s)"
            " RETURNING id",
            (street,),
        ).fetchone()
    assert made is not None
    assert do(leader, case, "dispatch", unit=made[0]).status_code == 303
    given = rows(
        base,
        "SELECT id FROM gridmap.incident WHERE state NOT IN ('closed', 'rejected', 'duplicate') AND parties &&"
        " (SELECT array_agg(id) FROM gridmap.organisation WHERE kind = 'department' AND street_id = %s)",
        street,
    )
    with also(base, "manager", "handler", street):
        page = person(app, "manager").get("/incidents/given").text
    listed = {int(one) for one in re.findall(r'data-case="(\d+)"', page)}
    assert case in listed
    assert listed <= {one["id"] for one in given}
    assert f"{len(given):,} 件案件" in page


def test_planners_and_administrators_open_no_case(app: Flask, base: Base) -> None:
    case = a_case(base, "state = 'closed'")["id"]
    for who in ("planner", "admin"):
        one = person(app, who)
        for path in ("/incidents", f"/incidents/{case}", "/incidents/given", "/incidents/numbers/handled"):
            assert one.get(path).status_code == 403, (who, path)
    assert person(app, "planner").get("/incidents/numbers").status_code == 200


FIGURE = re.compile(r'class="area-figure" href="([^"]+)"><strong>[^<]+</strong> <span[^>]*>([\d,]+) ÷ ([\d,]+)<')


@pytest.mark.parametrize("by", ["street", "community", "grid", "estate"])
def test_each_figure_of_an_area_opens_its_cases(leader: Person, by: str) -> None:
    page = leader.get(f"/incidents/numbers/areas?by={by}&group=closing&month=2026-02")
    assert page.status_code == 200
    found = FIGURE.findall(page.text)
    assert len(found) > 12
    for address, *counted in (*found[:3], *found[8::37], *found[-2:]):
        part, whole = (int(one.replace(",", "")) for one in counted)
        address = unescape(address)
        expected = whole - part if "missing=1" in address else part
        assert leader.get(address).text.count('class="case case-') == min(expected, 50), address


def test_numbers_of_areas_are_for_who_looks_after_them(app: Flask, company: Person, worker: Person) -> None:
    path = "/incidents/numbers/areas?by=grid"
    assert company.get(path).status_code == 403
    assert person(app, "admin").get(path).status_code == 403
    assert worker.get(path).status_code == 200
    assert worker.get("/incidents/numbers/areas?by=person").status_code == 400
    read = person(app, "planner").get("/incidents/numbers/areas?by=grid&month=2026-02")
    assert read.status_code == 200
    assert "÷" in read.text
    assert "area-figure" not in read.text


def test_limits_are_data_and_hold_for_new_cases(base: Base, leader: Person) -> None:
    page = leader.get("/incidents/kinds/03001").text
    form = dict(re.findall(r'name="(title|title_en|near_m)"[^>]*? value="([^"]*)"', page))
    form |= {
        "nature": "event",
        "severity": "2",
        "in_use": "1",
        "amount_2": "1.5",
        "unit_2": "days",
        "clock_2": "working",
    }
    assert leader.send("/incidents/kinds/03001", form, page="/incidents/kinds/03001").status_code == 303
    limit = rows(base, "SELECT minutes, clock FROM gridmap.incident_limit WHERE kind = '03001' AND severity = 2")
    assert limit == [{"minutes": 720, "clock": "working"}]
    for wrong in ({"amount_2": "0"}, {"amount_2": "nan"}, {"title": ""}, {"near_m": "9999"}):
        answer = leader.send("/incidents/kinds/03001", form | wrong, page="/incidents/kinds/03001")
        assert answer.status_code == 422, wrong
    assert rows(base, "SELECT count(*) AS n FROM gridmap.audit WHERE action = 'change_kind'") == [{"n": 1}]


@pytest.mark.parametrize(("code", "status"), [("03081", 303), ("03079", 422), ("99081", 422), ("3081", 422)])
def test_local_kinds_never_meet_national_ones(leader: Person, code: str, status: int) -> None:
    form = {"new": "1", "code": code, "title": "楼道种植", "nature": "event", "severity": "2", "near_m": "20"}
    assert leader.send("/incidents/kinds/new", form, page="/incidents/kinds/new").status_code == status


def test_a_community_reads_kinds_and_does_not_change_them(app: Flask) -> None:
    secretary = person(app, "community")
    assert secretary.get("/incidents/kinds").status_code == 200
    assert secretary.get("/incidents/kinds/new").status_code == 403
    form = {"title": "x", "nature": "event"}
    assert secretary.send("/incidents/kinds/03001", form, page="/incidents/answers").status_code == 403


def test_a_template_fills_an_answer(base: Base, leader: Person) -> None:
    street = rows(base, "SELECT street_id FROM gridmap.incident WHERE state = 'handling' ORDER BY id LIMIT 1")[0]
    form = {"street": street["street_id"], "title": "已清理", "body": "已于当日清理完毕，感谢您的反映。"}
    page = f"/incidents/answers?street={street['street_id']}"
    assert leader.send("/incidents/answers", form | {"title": ""}, page=page).status_code == 422
    assert leader.send("/incidents/answers", form, page=page).status_code == 303
    case = a_case(base, "state = 'handling' AND street_id = %s", street["street_id"])
    assert 'data-body="已于当日清理完毕，感谢您的反映。"' in leader.get(f"/incidents/{case['id']}").text
    made = rows(base, "SELECT id, revision FROM gridmap.answer_template WHERE title = '已清理'")[0]
    stale = form | {"template": made["id"], "revision": made["revision"] + 1}
    assert leader.send("/incidents/answers", stale, page=page).status_code == 409
    assert leader.send(f"/incidents/answers/{made['id']}/delete", form, page=page).status_code == 303
    assert rows(base, "SELECT FROM gridmap.answer_template WHERE title = '已清理'") == []


@pytest.mark.parametrize(
    ("month", "day"),
    [("2026-03", "2026-03-16"), ("2026-04", "2026-04-15"), ("2026-08", "2026-08-17"), ("2026-11", "2026-11-16")],
)
def test_the_meeting_of_the_15th_moves_from_a_holiday_where_the_street_says_so(
    base: Base, leader: Person, month: str, day: str
) -> None:
    said = "SELECT street_id FROM gridmap.duty WHERE kind = 'reception_day' AND holiday_rule = 'next'"
    moving = rows(base, said)[0]["street_id"]
    page = leader.get(f"/incidents/agenda?month={month}&street={moving}")
    assert page.status_code == 200
    assert f"{day} 例会" in page.text
    [staying, *_] = rows(base, f"SELECT id FROM gridmap.street WHERE is_demo AND id NOT IN ({said}) ORDER BY code")
    assert f"{month}-15 例会" in leader.get(f"/incidents/agenda?month={month}&street={staying['id']}").text


def test_the_agenda_names_each_open_case_once(base: Base, leader: Person) -> None:
    street = rows(base, "SELECT street_id AS id FROM gridmap.incident GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")[0][
        "id"
    ]
    page = leader.get(f"/incidents/agenda?street={street}&month=2026-03").text
    listed = [int(one) for one in re.findall(r'href="/incidents/(\d+)"', page)]
    assert listed
    assert len(listed) == len(set(listed))
    states = rows(base, "SELECT DISTINCT state FROM gridmap.incident WHERE id = ANY (%s)", listed)
    assert not {"closed", "rejected", "duplicate"} & {one["state"] for one in states}
    counts = re.findall(r'id="part-(\w+)">[^<]+<span class="muted">([\d,]+)<', page)
    assert len(counts) > 1
    for part, count in counts:
        alone = leader.get(f"/incidents/agenda?street={street}&month=2026-03&part={part}").text
        assert len(set(re.findall(r'href="/incidents/(\d+)"', alone))) == int(count), part
    assert leader.get("/incidents/agenda?part=x").status_code == 400
