"""Administration through its pages: who may, what happens, what is written down, and nothing breaks on odd input."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from gridmap.accounts import Grant, SignInRefused, actor, helper_settings, may_help
from gridmap.context import Services
from gridmap.db import SYSTEM
from gridmap.jobs import enqueue
from gridmap.people import NewPerson, add_person
from tests.conftest import DEMO_PASSWORD
from tests.web.conftest import PASSWORD
from tests.web.visitor import Person

ODD = "<img src=x onerror=alert(1)>${7*7}`{{7*7}}</script>"
LONG = "网格员" * 33
PAGES = (
    "/admin", "/admin/accounts", "/admin/accounts/new", "/admin/absences", "/admin/absences/new", "/admin/streets",
    "/admin/calendar", "/admin/jobs", "/admin/audit", "/admin/setup",
)  # fmt: skip
FOR_LEADERS = {"/admin", "/admin/accounts", "/admin/absences", "/admin/absences/new"}


@pytest.fixture
def admin(visit: Callable[..., Person]) -> Person:
    person = visit()
    person.sign_in("admin", DEMO_PASSWORD)
    return person


@pytest.fixture
def community(visit: Callable[..., Person]) -> Person:
    """The leader of one community, 花苑."""
    person = visit()
    person.sign_in("community", DEMO_PASSWORD)
    return person


def one(services: Services, statement: str, **values: Any) -> Any:
    with services.database.transaction(SYSTEM) as connection:
        row = connection.execute(statement, values).fetchone()
    assert row is not None
    return next(iter(row.values()))


def id_of(services: Services, username: str) -> int:
    return int(one(services, "SELECT id FROM gridmap.account WHERE username = %(name)s", name=username))


class TestWhoMay:
    @pytest.mark.parametrize("page", PAGES)
    def test_administrators_open_every_page_in_both_languages(self, admin: Person, page: str) -> None:
        for language in ("en", "zh"):
            answer = admin.get(f"{page}?lang={language}")
            assert answer.status_code == 200
            assert "<h1>" in answer.text

    @pytest.mark.parametrize("page", PAGES)
    def test_leaders_open_what_is_for_leaders(self, community: Person, page: str) -> None:
        assert community.get(page).status_code == (200 if page in FOR_LEADERS else 403)

    @pytest.mark.parametrize("username", ["worker", "manager", "planner", "property"])
    def test_nobody_else_opens_any(self, visit: Callable[..., Person], username: str) -> None:
        person = visit()
        person.sign_in(username, DEMO_PASSWORD)
        assert [person.get(page).status_code for page in PAGES] == [403] * len(PAGES)

    def test_no_command_of_administration_is_open_to_leaders(self, app: Flask, community: Person, services) -> None:
        """Every POST under /admin is tried, so that a new one cannot be forgotten."""
        admin_id = id_of(services, "admin")
        values = {"account_id": admin_id, "token_id": 1, "grant_id": 1, "street_id": 1, "absence_id": 1}
        tried = 0
        for rule in app.url_map.iter_rules():
            if not rule.rule.startswith("/admin") or "POST" not in (rule.methods or ()):
                continue
            path = rule.rule
            for name, value in values.items():
                path = path.replace(f"<int:{name}>", str(value))
            answer = community.send(path, {"account": str(admin_id)}, page="/admin/absences/new")
            allowed = {"/admin/absences/new": 422, "/admin/absences/1/end": 404}
            assert answer.status_code in ({allowed[path]} if path in allowed else {403, 404}), path
            tried += 1
        assert tried >= 15
        assert one(services, "SELECT count(*) FROM gridmap.audit WHERE subject = 'account' AND subject_id = %(id)s"
                             " AND action IN ('reset_password', 'issue_slip', 'sign_out_everywhere')",
                   id=str(admin_id)) == 0  # fmt: skip

    def test_every_form_of_administration_needs_its_proof(self, app: Flask, admin: Person) -> None:
        for rule in app.url_map.iter_rules():
            if rule.rule.startswith(("/admin", "/account", "/people")) and "POST" in (rule.methods or ()):
                path = "".join("1" if "<int" in part else part for part in _parts(rule.rule))
                assert admin.post(path, {}).status_code == 400, path


class TestLeadersHelp:
    def test_a_leader_sees_and_resets_the_workers_of_the_community(
        self, community: Person, visit: Callable[..., Person], services: Services, audited: Any
    ) -> None:
        page = community.get("/admin/accounts").text
        assert ">worker<" in page
        assert ">manager<" in page
        assert all(f">{name}<" not in page for name in ("admin", "leader", "planner", "property", "community"))
        worker = id_of(services, "worker")
        answer = community.send(f"/admin/accounts/{worker}/reset", page=f"/admin/accounts/{worker}")
        assert answer.status_code == 200
        assert "<svg" in answer.text
        assert answer.mimetype == "text/html"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Content-Security-Policy" in answer.headers
        address = answer.text.split('class="slip-address">')[1].split("<")[0]
        path = "/enter/" + address.rsplit("/", 1)[1]
        assert visit().sign_in("worker", DEMO_PASSWORD).status_code == 401
        form = {"password": DEMO_PASSWORD, "again": DEMO_PASSWORD}
        assert visit().send(path, form).status_code == 303
        leader = id_of(services, "community")
        assert [row["account_id"] for row in audited("reset_password", worker)] == [leader]

    @pytest.mark.parametrize("username", ["admin", "leader", "planner", "property", "community"])
    def test_a_leader_reaches_nobody_above_or_elsewhere(
        self, community: Person, services: Services, username: str
    ) -> None:
        target = id_of(services, username)
        assert community.get(f"/admin/accounts/{target}").status_code == 404
        for command in ("reset", "sign-out"):
            path = f"/admin/accounts/{target}/{command}"
            assert community.send(path, page="/admin/absences/new").status_code == 404

    @pytest.mark.parametrize(
        ("case", "helped"),
        [
            ("worker of the community", True),
            ("worker of another community", False),
            ("worker who will lead the city", False),
            ("worker who also sees another grid", False),
            ("worker without a person", False),
            ("nobody's account", False),
        ],
    )
    def test_whom_a_leader_may_help(self, services: Services, account: Any, case: str, helped: bool) -> None:
        now = services.clock.now()
        here, elsewhere = (_grid(services, code) for code in ("442000002005", "442000002016"))
        person = _person(services, "442000002016" if case == "worker of another community" else "442000002005")
        grid = elsewhere if case == "worker of another community" else here
        name = "help-" + str(abs(hash(case)))
        grant = Grant(role="worker", level="grid", target_id=grid)
        account_id = account(name, grant, person_id=None if case == "worker without a person" else person)
        more = {
            "worker who will lead the city": Grant(role="leader", level="city", start=now + timedelta(days=30)),
            "worker who also sees another grid": Grant(role="worker", level="grid", target_id=elsewhere),
        }.get(case)
        if more:
            from gridmap.accounts import give_grant

            with services.database.transaction(SYSTEM) as connection:
                give_grant(connection, actor(services.clock), account_id, more)
        if case == "nobody's account":
            account_id = 4711
        viewer = _viewer(services, "community")
        assert may_help(services.database, viewer, account_id, now) is helped

    def test_the_settings_of_helping_open_no_person_elsewhere(self, services: Services) -> None:
        viewer = _viewer(services, "community")
        with services.database.transaction(viewer.settings) as connection:
            plain = connection.execute("SELECT count(*) AS n FROM gridmap.person").fetchone()
        with services.database.transaction(helper_settings(viewer)) as connection:
            helping = connection.execute("SELECT count(*) AS n FROM gridmap.person").fetchone()
        assert plain == helping
        assert plain["n"] > 0


class TestAccounts:
    def test_from_nothing_to_signed_in(
        self, admin: Person, visit: Callable[..., Person], services: Services, audited: Any
    ) -> None:
        answer = admin.send("/admin/accounts/new", {"username": "fresh.one", "title": "规划科", "locale": "zh"})
        account_id = id_of(services, "fresh.one")
        assert answer.location == f"/admin/accounts/{account_id}?done=account_made"
        grants = f"/admin/accounts/{account_id}/grants"
        form = {"kind": "planner.community", "target": "花苑社区", "first": "2026-03-01", "last": "2026-03-31"}
        assert admin.send(grants, form).status_code == 303
        page = admin.send("/admin/accounts/slips", {"account": account_id}, page=f"/admin/accounts/{account_id}")
        path = "/enter/" + page.text.split('class="slip-address">')[1].split("<")[0].rsplit("/", 1)[1]
        person = visit()
        assert person.send(path, {"password": PASSWORD, "again": PASSWORD}).status_code == 303
        assert person.get("/").location == "/data"
        (made,) = audited("give_grant", account_id)
        assert made["account_id"] == id_of(services, "admin")
        assert (made["after"]["role"], made["after"]["level"]) == ("planner", "community")

    def test_closing_puts_out_and_opening_lets_in(
        self, admin: Person, visit: Callable[..., Person], account: Any, audited: Any
    ) -> None:
        account_id = account("closing-1")
        person = visit()
        person.sign_in("closing-1", PASSWORD)
        page = f"/admin/accounts/{account_id}"
        assert admin.send(f"{page}/close", {"why": "left the office"}, page=page).status_code == 303
        assert person.get("/account").status_code == 302
        assert visit().sign_in("closing-1", PASSWORD).status_code == 401
        assert [row["why"] for row in audited("disable_account", account_id)] == ["left the office"]
        assert admin.send(f"{page}/open", page=page).status_code == 303
        assert visit().sign_in("closing-1", PASSWORD).status_code == 303

    def test_the_last_administrator_stays(self, admin: Person, services: Services) -> None:
        mine = id_of(services, "admin")
        page = f"/admin/accounts/{mine}"
        grant = one(services, "SELECT id FROM gridmap.account_grant WHERE account_id = %(id)s", id=mine)
        assert admin.send(f"{page}/close", {"why": "x"}, page=page).status_code == 422
        assert admin.send(f"{page}/grants/{grant}/end", page=page).status_code == 422
        assert admin.get("/admin").status_code == 200

    def test_a_name_that_fits_several_people_asks_which(self, admin: Person, services: Services) -> None:
        first, second = _person(services, "442000002005", "双名甲"), _person(services, "442000002005", "双名乙")
        form = {"username": "twins", "title": "x", "person": "双名", "locale": "zh"}
        answer = admin.send("/admin/accounts/new", form)
        assert answer.status_code == 422
        assert f'value="{first}"' in answer.text
        assert f'value="{second}"' in answer.text
        answer = admin.send("/admin/accounts/new", {**form, "person_id": second})
        assert answer.status_code == 303
        assert one(services, "SELECT person_id FROM gridmap.account WHERE username = 'twins'") == second

    def test_finding_pages_and_states(self, admin: Person, account: Any) -> None:
        for number in range(55):
            account(f"many-{number:02d}", None, title="x")
        first, second = (admin.get(f"/admin/accounts?q=many-&page={page}").text for page in (1, 2))
        assert first.count(">many-") == 50
        assert second.count(">many-") == 5
        assert ">many-" not in admin.get("/admin/accounts?q=many-&state=active").text
        assert admin.get("/admin/accounts?q=many-&state=no_grant").text.count(">many-") == 50
        for odd in ("page=-1", "page=x", "page=99999", "state=king", "role=king", f"q={'%25' * 200}", "q=%00"):
            assert admin.get(f"/admin/accounts?{odd}").status_code == 200, odd

    def test_odd_and_long_names_are_text(self, admin: Person, account: Any, services: Services) -> None:
        account_id = account("odd-title", title=ODD[:100])
        long_id = account("long-title", title=LONG)
        for path in ("/admin/accounts?q=-title", f"/admin/accounts/{account_id}", f"/admin/accounts/{long_id}"):
            page = admin.get(path).text
            assert "<img src=x" not in page
            assert "49" not in page.split("<h1>")[1].split("</h1>")[0]
        slips = admin.send("/admin/accounts/slips", {"account": account_id}, page=f"/admin/accounts/{account_id}").text
        assert "<img src=x" not in slips

    @pytest.mark.parametrize(
        "form",
        [
            {"username": "two words", "title": "x"},
            {"username": "admin", "title": "x"},
            {"username": "good-name", "title": ""},
            {"username": "good-name", "title": "x" * 101},
            {"username": "good-name", "title": "x", "person": "nobody-of-that-name"},
            {"username": "good-name", "title": "x", "locale": "xx"},
        ],
    )
    def test_what_cannot_be_made_is_said_and_kept_in_the_form(self, admin: Person, form: dict[str, str]) -> None:
        answer = admin.send("/admin/accounts/new", {"locale": "zh", **form})
        assert answer.status_code == 422
        assert 'class="note note-danger"' in answer.text or "field-error" in answer.text

    @pytest.mark.parametrize(
        ("form", "status"),
        [
            ({"kind": "king.city"}, 400),
            ({"kind": "administrator.street"}, 400),
            ({"kind": "leader.street", "target": "no such street"}, 422),
            ({"kind": "leader.street", "target": ""}, 422),
            ({"kind": "leader.street", "target_id": "x"}, 400),
            ({"kind": "leader.street", "target_id": "4711"}, 422),
            ({"kind": "manager.held"}, 422),
            ({"kind": "planner.city", "first": "tomorrow"}, 422),
            ({"kind": "planner.city", "first": "2026-03-02", "last": "2026-03-01"}, 422),
            ({"kind": "planner.city", "first": "2026-03-01", "last": "2026-03-01"}, 303),
        ],
    )
    def test_giving_rights(
        self, admin: Person, account: Any, form: dict[str, str], status: int, request: pytest.FixtureRequest
    ) -> None:
        account_id = account(f"rights-{abs(hash(request.node.callspec.id))}", None)
        assert admin.send(f"/admin/accounts/{account_id}/grants", form).status_code == status

    def test_accounts_that_are_not_there(self, admin: Person) -> None:
        assert admin.get("/admin/accounts/4711").status_code == 404
        assert admin.get(f"/admin/accounts/{10**30}").status_code == 404
        assert admin.get(f"/admin/streets/{10**30}").status_code == 404
        for command in ("close", "open", "title", "reset", "grants"):
            answer = admin.send(f"/admin/accounts/4711/{command}", {"kind": "planner.city"}, page="/admin/absences/new")
            assert answer.status_code == 404, command


class TestAbsences:
    @pytest.fixture
    def people(self, services: Services) -> tuple[str, str]:
        self.number = getattr(TestAbsences, "counter", 0) + 1
        TestAbsences.counter = self.number
        names = (f"离岗甲{self.number}号", f"代班乙{self.number}号")
        for name in names:
            _person(services, "442000002005", name)
        return names

    def test_written_down_seen_and_ended(self, community: Person, people: tuple[str, str], services: Services) -> None:
        form = {"person": people[0], "substitute": people[1], "kind": "leave", "first": "2026-03-10", "last": ""}
        assert community.send("/admin/absences/new", form).status_code == 303
        page = community.get("/admin/absences").text
        assert people[0] in page
        assert people[1] in page
        key = one(services, "SELECT a.id FROM gridmap.absence a JOIN gridmap.person p ON p.street_id = a.street_id"
                            " AND p.id = a.person_id WHERE p.display_name = %(name)s", name=people[0])  # fmt: skip
        stale = community.send(f"/admin/absences/{key}/end", {"revision": "9"}, page="/admin/absences/new")
        assert stale.status_code == 409
        done = community.send(f"/admin/absences/{key}/end", {"revision": "1"}, page="/admin/absences/new")
        assert done.status_code == 303
        assert people[0] not in community.get("/admin/absences").text
        assert people[0] in community.get("/admin/absences?past=1").text

    @pytest.mark.parametrize(
        "change",
        [
            {"person": "nobody-of-that-name"},
            {"person": ""},
            {"substitute": "nobody-of-that-name"},
            {"first": ""},
            {"first": "x"},
            {"last": "2026-03-01"},
            {"kind": "holiday"},
        ],
        ids=str,
    )
    def test_what_cannot_be_is_said(self, community: Person, people: tuple[str, str], change: dict[str, str]) -> None:
        form = {"person": people[0], "substitute": people[1], "kind": "leave", "first": "2026-03-10", "last": ""}
        answer = community.send("/admin/absences/new", {**form, **change})
        assert answer.status_code == 422
        assert 'class="note note-danger"' in answer.text

    def test_a_leader_writes_nothing_down_elsewhere(self, community: Person, admin: Person, services: Services) -> None:
        foreign = _person(services, "442000002016", "别处的人")
        form = {"person": "别处的人", "kind": "leave", "first": "2026-03-10"}
        assert community.send("/admin/absences/new", form).status_code == 422
        assert community.send("/admin/absences/new", {**form, "person_id": str(foreign)}).status_code == 422
        assert admin.send("/admin/absences/new", form).status_code == 303
        assert "别处的人" not in community.get("/admin/absences").text


class TestStreetsAndCalendar:
    def test_settings_are_kept_with_their_revision(self, admin: Person, services: Services, audited: Any) -> None:
        street = one(services, "SELECT id FROM gridmap.street WHERE code = '442000002'")
        page = f"/admin/streets/{street}"
        form = {"name": "东区街道", "office_name": "东区街道办", "office_phone": "0760-000000", "revision": "1"}
        assert admin.send(page, form).status_code == 303
        stale = admin.send(page, {**form, "office_name": "又一个名字"})
        assert stale.status_code == 409
        assert "又一个名字" in stale.text
        assert "东区街道办" in admin.get(page).text
        assert [row["after"]["office_name"] for row in audited("change_street", street)] == ["东区街道办"]
        assert admin.send(page, {**form, "name": " ", "revision": "2"}).status_code == 422
        assert admin.get("/admin/streets/4711").status_code == 404

    def test_a_year_of_the_calendar(self, admin: Person) -> None:
        page, day = "/admin/calendar", "/admin/calendar/day"
        form = {"day": "2027-02-06", "kind": "workday", "name": "春节调休"}
        assert admin.send(day, form, page=page).location == "/admin/calendar?year=2027&done=saved"
        assert "春节调休" in admin.get("/admin/calendar?year=2027").text
        assert admin.send(day, {**form, "kind": "party"}, page=page).status_code == 422
        assert admin.send(day, {**form, "day": "0001-01-01"}, page=page).status_code == 422
        assert admin.send(day, {**form, "name": ""}, page=page).status_code == 422
        assert admin.send(day, {"day": "2027-02-06", "drop": "yes"}, page=page).status_code == 303
        assert "春节调休" not in admin.get("/admin/calendar?year=2027").text
        assert admin.send(day, {"day": "2027-02-06", "drop": "yes"}, page=page).status_code == 404
        year = {"year": "2027", "source": "国办通知"}
        assert admin.send("/admin/calendar/year", year, page=page).status_code == 303
        assert "国办通知" in admin.get("/admin/calendar?year=2027").text
        for odd in ("year=x", "year=99999", "year=0000"):
            assert admin.get(f"/admin/calendar?{odd}").status_code == 200


class TestRecords:
    def test_jobs_say_why_they_failed(self, admin: Person, services: Services) -> None:
        with services.database.transaction(SYSTEM) as connection:
            job = enqueue(connection, "export", {"layer": "grids"}, id_of(services, "planner"))
            connection.execute(
                "UPDATE gridmap.job SET state = 'failed', message = %s, progress = 0.4 WHERE id = %s", (ODD, job)
            )
        page = admin.get("/admin/jobs?state=failed").text
        assert "export" in page
        assert "&lt;img src=x" in page
        assert "export" not in admin.get("/admin/jobs?state=running").text.split("<main")[1]

    def test_the_audit_is_filtered_and_pages_without_gaps(self, admin: Person, services: Services) -> None:
        with services.database.transaction(SYSTEM) as connection:
            connection.execute(
                "INSERT INTO gridmap.audit (street_id, at, business_at, action, subject, subject_id, why)"
                " SELECT CASE n %% 3 WHEN 0 THEN 0"
                " ELSE (SELECT id FROM gridmap.street ORDER BY id LIMIT 1 OFFSET n %% 3) END,"
                " %(at)s::timestamptz + n / 4 * interval '1 s', now(), 'export', 'layer', 'paging',"
                " 'row-' || n || '-end' FROM generate_series(1, 120) n",
                {"at": datetime(2020, 1, 1, tzinfo=UTC)},
            )
        path, seen = "/admin/audit?subject=layer&id=paging", []
        while path:
            page = admin.get(path).text
            seen += [piece.split("-end")[0] for piece in page.split(">row-")[1:]]
            link = page.split('rel="next" href="')
            path = link[1].split('"')[0].replace("&amp;", "&") if len(link) > 1 else ""
        assert sorted(map(int, seen)) == list(range(1, 121))
        assert "row-119-end" in admin.get("/admin/audit?action=export&first=2020-01-01&last=2020-01-01").text
        assert "row-119-end" not in admin.get("/admin/audit?action=export&first=2020-01-02&last=2020-01-03").text
        assert "row-119-end" not in admin.get("/admin/audit?action=unmask&id=paging").text

    @pytest.mark.parametrize(
        "odd", ["before=x", "before=2026-01-01~1~1", "before=~~", "first=x", "id=%00", "user=nobody", "action=king"]
    )
    def test_odd_filters_break_nothing(self, admin: Person, odd: str) -> None:
        assert admin.get(f"/admin/audit?{odd}").status_code == 200

    def test_what_is_missing_is_counted(self, admin: Person, services: Services, account: Any) -> None:
        account("never-been", must_change_password=True)
        page = admin.get("/admin/setup?lang=en").text
        assert "accounts have never signed in" in page
        assert "stairwells have no building manager" in page
        without = one(
            services,
            "SELECT count(*) FROM gridmap.place p WHERE p.kind = 'stairwell' AND NOT EXISTS (SELECT FROM"
            " gridmap.assignment a WHERE a.street_id = p.street_id AND a.place_id = p.id AND a.is_primary"
            " AND a.role = 'building_manager' AND a.valid @> %(now)s::timestamptz)",
            now=services.clock.now(),
        )
        assert f"{without} stairwells" in page

    def test_a_year_without_its_days_off_is_a_task(self, admin: Person, services: Services) -> None:
        task, way = "Without its days off, 2026 runs on weekends alone", "/admin/calendar?year=2026"
        page = admin.get("/admin/setup?lang=en").text
        assert (task in page, way in page) == (False, False)
        renamed = "UPDATE gridmap.calendar_year SET year = %s WHERE year = %s"
        with services.database.transaction(SYSTEM) as connection:
            connection.execute(renamed, (2036, 2026))
        try:
            page = admin.get("/admin/setup?lang=en").text
        finally:
            with services.database.transaction(SYSTEM) as connection:
                connection.execute(renamed, (2026, 2036))
        assert (task in page, way in page) == (True, True)


class TestUnmask:
    def test_a_reason_opens_a_number_once_and_is_written_down(
        self, visit: Callable[..., Person], services: Services, audited: Any
    ) -> None:
        worker = visit()
        worker.sign_in("worker", DEMO_PASSWORD)
        person = one(services, "SELECT person_id FROM gridmap.account WHERE username = 'worker'")
        path = f"/people/{person}/phone"
        assert worker.send(path, {"reason": "  "}, page="/account").status_code == 422
        assert audited("unmask", person) == []
        proof = worker.get("/account").text
        from tests.web.visitor import csrf_of

        answer = worker.client.post(
            path, data={"reason": "漏水"}, headers={"X-CSRF-Token": csrf_of(proof), "Accept": "application/json"}
        )
        assert answer.json is not None
        assert answer.json["phone"].startswith("1990000")
        assert answer.headers["Cache-Control"] == "no-store"
        assert "tel:1990000" in worker.send(path, {"reason": "漏水"}, page="/account").text
        rows = audited("unmask", person)
        assert [(row["account_id"], row["why"]) for row in rows] == [(id_of(services, "worker"), "漏水")] * 2

    def test_outside_of_ones_scope_nobody_exists(self, visit: Callable[..., Person], services: Services) -> None:
        worker = visit()
        worker.sign_in("worker", DEMO_PASSWORD)
        foreign = _person(services, "442000002016", "远处的人")
        for person in (foreign, foreign + 4711, 4711, 0, 2**60, 10**30):
            assert worker.send(f"/people/{person}/phone", {"reason": "x"}, page="/account").status_code == 404

    @pytest.mark.parametrize("username", ["admin", "planner", "property"])
    def test_whoever_is_not_on_duty_never_sees_a_number(
        self, visit: Callable[..., Person], services: Services, username: str
    ) -> None:
        person = visit()
        person.sign_in(username, DEMO_PASSWORD)
        someone = one(services, "SELECT person_id FROM gridmap.account WHERE username = 'worker'")
        assert person.send(f"/people/{someone}/phone", {"reason": "x"}, page="/account").status_code == 403


def _parts(rule: str) -> list[str]:
    import re

    return re.split(r"(<int:\w+>)", rule)


def _viewer(services: Services, username: str) -> Any:
    try:
        secret = services.sign_ins.sign_in(username, DEMO_PASSWORD, address="10.9.9.9", device="test", remember=False)
    except SignInRefused as refused:
        pytest.fail(f"{username}: {refused.reason}")
    return services.sign_ins.viewer("session", secret)


def _grid(services: Services, community: str) -> int:
    return int(one(services, "SELECT p.id FROM gridmap.place p JOIN gridmap.community c ON c.street_id = p.street_id"
                             " AND c.id = p.community_id WHERE p.kind = 'grid' AND c.code = %(code)s ORDER BY p.id"
                             " LIMIT 1", code=community))  # fmt: skip


def _person(services: Services, community: str, name: str = "临时人员") -> int:
    with services.database.transaction(SYSTEM) as connection:
        row = connection.execute("SELECT street_id, id FROM gridmap.community WHERE code = %s", (community,)).fetchone()
        assert row is not None
        new = NewPerson(
            street_id=row["street_id"],
            name=name,
            display_name=name,
            phone="19900001234",
            community_id=row["id"],
            grid_id=_grid(services, community),
        )
        return add_person(connection, actor(services.clock), new)
