"""Reports on pages without a browser: what is told of each state, which kinds come first, the form without scripts."""

import re
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from html import unescape

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from gridmap import context
from gridmap.context import Services
from gridmap.db import SYSTEM
from gridmap.read.incidents.kinds import OWN_AMONG_USUAL, USUAL, Kind, usual_of
from gridmap.read.incidents.mine import OwnReport
from gridmap.tables.incidents import STATES
from gridmap.web.incidents.telling import badge, sentence, stands
from tests.checks import STAIRWELL
from tests.conftest import DEMO_PASSWORD
from tests.web.visitor import Person

NOW = datetime(2026, 3, 16, 1, tzinfo=UTC)
REPORT = OwnReport(
    id=1,
    number="GX-2026-03-000001",
    kind=("楼道堆物", "Clutter in the stairwell"),
    state="reported",
    severity=2,
    address="花苑 1号楼 1单元",
    reported_at=datetime(2026, 3, 13, 1, tzinfo=UTC),
    due_at=datetime(2026, 3, 17, 1, tzinfo=UTC),
    closed_at=datetime(2026, 3, 16, 0, tzinfo=UTC),
    review_on=date(2026, 4, 1),
    returns=0,
    is_self_handled=False,
    answer=None,
    unit="花苑物业",
    reason=None,
    same_as=None,
    photos=0,
)


@pytest.mark.parametrize("locale", ["zh", "en"])
@pytest.mark.parametrize("state", STATES)
def test_every_state_is_told_in_plain_words(
    state: str, locale: str, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "locale", lambda: locale)
    told = replace(REPORT, state=state, answer="已清走。")
    for words in (stands(told), sentence(told, NOW), badge(told)[0]):
        assert words
        assert not re.search(r"[{}]|None", words)
    assert sentence(told, NOW).endswith("已清走。")
    assert "花苑 1号楼 1单元" in sentence(told, NOW)


def test_a_resident_is_never_promised_a_day_that_is_over(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "locale", lambda: "zh")
    running = replace(REPORT, state="handling")
    assert "2026-03-17" in sentence(running, NOW)
    late = sentence(replace(running, due_at=datetime(2026, 3, 12, tzinfo=UTC)), NOW)
    assert "2026" not in late
    assert "继续跟进" in late


def kind(code: str) -> Kind:
    return Kind(code=code, group=code[:2], titles=("", ""), group_titles=("", ""), severity=2, is_private=False)


CODES = (*USUAL, "17001", "05001", "07001", "10001", "14004")


@given(own=st.dictionaries(st.sampled_from(CODES), st.integers(1, 50)))
def test_usual_kinds_keep_their_place_but_for_a_few_of_ones_own(own: dict[str, int]) -> None:
    usual = [one.code for one in usual_of([kind(code) for code in CODES], Counter(own))]
    assert len(usual) == len(set(usual)) == len(USUAL)
    kept = len(USUAL) - OWN_AMONG_USUAL
    assert usual[:kept] == list(USUAL[:kept])
    for code in set(usual) - set(USUAL):
        assert own[code] > 0


def test_a_kind_that_the_office_ended_is_no_tile() -> None:
    assert [one.code for one in usual_of([kind("03001"), kind("17001")], Counter())] == ["03001"]


@pytest.fixture
def manager(visit: Callable[..., Person]) -> Person:
    somebody = visit()
    somebody.sign_in("manager", DEMO_PASSWORD)
    return somebody


def test_the_form_without_scripts_reports_once(manager: Person) -> None:
    page = manager.get("/report").text
    place = re.search(r'class="report-door" href="/report\?place=([0-9]+)"', page)
    assert place
    path = f"/report?place={place[1]}&kind=03001"
    form = {"page": str(uuid.uuid4()), "place": place[1], "kind": "03001", "text": "三楼"}
    for _again in range(2):
        answer = manager.send("/report", form, page=path)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/my/incidents?done=reported")
    assert manager.get("/my/incidents").text.count('class="own-report ') == 1


def test_a_point_and_who_told_it_go_by_the_form_too(manager: Person, services: Services) -> None:
    with services.database.transaction(SYSTEM) as connection:
        spot = connection.execute(
            "SELECT c.id, public.st_x(p) AS lon, public.st_y(p) AS lat FROM gridmap.community c,"
            " public.st_pointonsurface(c.geom) AS p WHERE c.id = (SELECT community_id FROM gridmap.place"
            " WHERE code = %s AND kind = 'stairwell')",
            (STAIRWELL,),
        ).fetchone()
    assert spot
    form = {
        "page": str(uuid.uuid4()), "place": "", "at": f"{spot['lon']:.6f},{spot['lat']:.6f}", "accuracy": "20",
        "kind": "02001", "text": "占了消防通道", "contact_name": "李阿姨", "contact_phone": "13800001234",
    }  # fmt: skip
    assert manager.send("/report", form).status_code == 303
    with services.database.transaction(SYSTEM) as connection:
        row = connection.execute(
            "SELECT i.place_id, i.community_id, i.accuracy_m, c.phone_masked FROM gridmap.incident i"
            " JOIN gridmap.incident_contact c ON c.street_id = i.street_id AND c.incident_id = i.id"
            " WHERE i.text = '占了消防通道'"
        ).fetchone()
    assert row
    assert (row["place_id"], row["community_id"], row["accuracy_m"]) == (None, spot["id"], 20)
    assert row["phone_masked"] not in (None, "", "13800001234")


def test_what_was_the_same_as_another_is_settled_with_it(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "locale", lambda: "zh")
    joined = replace(REPORT, state="duplicate", closed_at=None, same_as="GX-2026-03-000009")
    assert "GX-2026-03-000009" in stands(joined)
    hidden = replace(joined, same_as=None)
    assert "GX" not in stands(hidden)
    assert "提醒" in stands(hidden)
    settled = replace(hidden, settled_at=datetime(2026, 3, 16, 0, tzinfo=UTC))
    assert badge(settled) == badge(replace(REPORT, state="closed"))
    assert sentence(settled, NOW) == sentence(replace(REPORT, state="closed"), NOW)
    assert "2026-03-16" in stands(settled)


NOWHERE = {"place": "", "at": "0,0"}


@pytest.mark.parametrize(
    "wrong",
    [
        *({"kind": "99999"}, {"kind": "x"}, {"place": "1"}, {"place": ""}, {"page": "no"}, NOWHERE),
        *({**NOWHERE, "at": "1,2,3"}, {**NOWHERE, "at": "nan,22"}, {**NOWHERE, "accuracy": "-1"}),
        {"contact_name": "a\tb\u0007"},
    ],
)
def test_what_cannot_be_is_refused_in_words(manager: Person, wrong: dict[str, str]) -> None:
    page = manager.get("/report").text
    place = re.search(r'class="report-door" href="/report\?place=([0-9]+)"', page)
    assert place
    form = {"page": str(uuid.uuid4()), "place": place[1], "kind": "03001"} | wrong
    assert manager.send("/report", form).status_code in (400, 404, 422)


def test_every_page_of_a_place_leads_to_a_report_that_opens(visit: Callable[..., Person], services: Services) -> None:
    with services.database.transaction(SYSTEM) as connection:
        rows = connection.execute(
            "SELECT DISTINCT ON (kind) kind, id FROM gridmap.place WHERE street_id ="
            " (SELECT street_id FROM gridmap.place WHERE code = %s AND kind = 'stairwell') UNION ALL"
            " (SELECT 'community', community_id FROM gridmap.place WHERE code = %s AND kind = 'stairwell')",
            (STAIRWELL, STAIRWELL),
        ).fetchall()
    somebody = visit()
    somebody.sign_in("leader", DEMO_PASSWORD)
    assert {"community", "estate", "building", "stairwell", "facility"} <= {row["kind"] for row in rows}
    for row in rows:
        page = somebody.get(f"/places/{row['id']}").text
        ways = [unescape(way) for way in re.findall(r'href="(/report[^"]*)"', page)]
        assert any("done=1" in way for way in ways), row
        for way in ways:
            assert somebody.get(way.split("#")[0]).status_code == 200, (row, way)


def test_planners_and_administrators_report_nothing(visit: Callable[..., Person]) -> None:
    for who in ("planner", "admin"):
        somebody = visit()
        somebody.sign_in(who, DEMO_PASSWORD)
        assert somebody.get("/report").status_code == 403
        assert somebody.get("/report/map").status_code == 403
        assert "/report" not in re.findall(r'href="([^"]+)"', somebody.get("/map").text)
