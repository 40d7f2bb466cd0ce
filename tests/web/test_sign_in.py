"""Signing in through the pages: proof of forms, cookies, slips, the forced password, one's own account."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from gridmap.accounts import Grant, actor, create_token, issue_slip
from gridmap.context import Services
from gridmap.db import SYSTEM
from tests.conftest import DEMO_PASSWORD, Base
from tests.web.conftest import PASSWORD
from tests.web.visitor import Person, csrf_of

Visit = Callable[..., Person]


@pytest.mark.parametrize(
    ("username", "start"),
    [("worker", "/my"), ("manager", "/my"), ("leader", "/map"), ("planner", "/data"), ("admin", "/admin"),
     ("property", "/map")],
)  # fmt: skip
def test_each_role_begins_at_its_own_start(visit: Visit, username: str, start: str) -> None:
    person = visit()
    answer = person.sign_in(username, DEMO_PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/")
    assert person.get("/").location == start


class TestTheDoor:
    def test_everything_but_the_door_asks_to_sign_in(self, visit: Visit) -> None:
        person = visit()
        for path in ("/", "/admin", "/account", "/admin/accounts/1", "/people/1/phone", "/admin/audit"):
            answer = person.get(path)
            assert answer.status_code in (302, 405), path
            if answer.status_code == 302:
                assert urlsplit(answer.location).path == "/login"

    def test_a_form_without_its_proof_is_refused(self, visit: Visit) -> None:
        person = visit()
        assert person.post("/login", {"username": "worker", "password": DEMO_PASSWORD}).status_code == 400
        assert person.cookie() is None

    def test_the_proof_of_another_visitor_is_refused(self, visit: Visit) -> None:
        mine, theirs = visit(), visit()
        proof = csrf_of(theirs.get("/login").text)
        mine.get("/login")
        form = {"username": "worker", "password": DEMO_PASSWORD, "csrf_token": proof}
        assert mine.post("/login", form).status_code == 400

    def test_the_proof_from_before_sign_in_is_worth_nothing_after(self, visit: Visit) -> None:
        person = visit()
        proof = csrf_of(person.get("/login").text)
        person.sign_in("worker", DEMO_PASSWORD)
        assert person.post("/logout", {"csrf_token": proof}).status_code == 400

    def test_a_wrong_password_says_so_keeps_the_name_and_locks_in_the_end(self, visit: Visit, account) -> None:
        account("door-1")
        person = visit("10.1.1.1")
        for _ in range(4):
            answer = person.sign_in("door-1", "wrong-password")
            assert answer.status_code == 401
            assert 'value="door-1"' in answer.text
            assert "wrong-password" not in answer.text
        assert person.sign_in("door-1", "wrong-password").status_code == 429
        assert person.sign_in("door-1", PASSWORD).status_code == 429
        assert visit("10.1.1.2").sign_in("door-1", PASSWORD).status_code == 303

    def test_what_was_typed_is_never_markup(self, visit: Visit) -> None:
        answer = visit().sign_in('"><img src=x onerror=alert(1)>', "wrong-password")
        assert "<img src=x" not in answer.text

    @pytest.mark.parametrize(
        "target",
        ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "evil", "/a\r\nX: y"],
    )
    def test_nobody_is_sent_to_another_host(self, visit: Visit, target: str) -> None:
        assert visit().sign_in("worker", DEMO_PASSWORD, next=target).location == "/"

    def test_one_goes_where_one_was_headed(self, visit: Visit) -> None:
        person = visit()
        asked = person.get("/admin/audit?action=unmask").location
        answer = person.send("/login", {"username": "admin", "password": DEMO_PASSWORD, "next": _next(asked)})
        assert answer.location == "/admin/audit?action=unmask"

    def test_headers_of_the_door(self, visit: Visit) -> None:
        answer = visit().get("/login")
        assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"


class TestCookies:
    def test_the_session_is_new_at_every_sign_in(self, visit: Visit, account) -> None:
        account("cookie-1")
        person = visit()
        person.client.set_cookie("gridmap", "planted-by-somebody")
        person.sign_in("cookie-1", PASSWORD)
        first = person.cookie()
        assert first != "planted-by-somebody"
        thief = visit()
        thief.client.set_cookie("gridmap", "planted-by-somebody")
        assert thief.get("/account").status_code == 302
        person.client.delete_cookie("gridmap")
        person.client.set_cookie("gridmap", first or "")
        page = person.get("/account")
        answer = person.post("/logout", {"csrf_token": csrf_of(page.text)})
        assert answer.status_code == 302
        person.client.set_cookie("gridmap", first or "")
        assert person.get("/account").status_code == 302

    def test_cookies_are_shut_to_scripts_and_other_sites(self, visit: Visit) -> None:
        cookies = visit().sign_in("worker", DEMO_PASSWORD).headers.getlist("Set-Cookie")
        assert cookies
        for cookie in cookies:
            assert "HttpOnly" in cookie
            assert "SameSite=Lax" in cookie

    def test_over_https_cookies_are_secure_and_of_this_host_alone(
        self, demo_base: Base, make_app, copy_database, demo_template
    ) -> None:
        person = Person(make_app(copy_database(demo_template), base_url="https://map.example"))
        page = person.client.get("/login", base_url="https://localhost", headers={"Accept": "text/html"})
        answer = person.client.post(
            "/login",
            base_url="https://localhost",
            data={"username": "worker", "password": DEMO_PASSWORD, "csrf_token": csrf_of(page.text), "remember": "yes"},
        )
        (session,) = [c for c in answer.headers.getlist("Set-Cookie") if c.startswith("__Host-gridmap=")]
        assert "Secure" in session
        assert "Path=/" in session
        assert "Domain" not in session
        assert f"Max-Age={90 * 24 * 3600}" in session

    def test_without_remember_the_cookie_ends_with_the_browser(self, visit: Visit) -> None:
        cookies = visit().sign_in("worker", DEMO_PASSWORD).headers.getlist("Set-Cookie")
        assert "Max-Age" not in next(cookie for cookie in cookies if cookie.startswith("gridmap="))

    def test_a_language_chosen_stays_on_the_device(self, visit: Visit) -> None:
        person = visit()
        assert 'lang="zh-CN"' in person.get("/login").text
        assert 'lang="en"' in person.get("/login?lang=en").text
        assert 'lang="en"' in person.get("/login").text


class TestSlips:
    def slip(self, services: Services, account_id: int) -> str:
        with services.database.transaction(SYSTEM) as connection:
            return f"/enter/{issue_slip(connection, actor(services.clock), account_id)}"

    def test_looking_at_a_slip_uses_nothing_up(self, visit: Visit, services: Services, account) -> None:
        path = self.slip(services, account("page-slip-1", password=None))
        for _ in range(3):
            assert visit().get(path).status_code == 200
        person = visit()
        answer = person.send(path, {"password": PASSWORD, "again": PASSWORD, "remember": "yes"})
        assert (answer.status_code, answer.location) == (303, "/")
        assert person.get("/account").status_code == 200
        assert visit().get(path).status_code == 404
        assert visit().sign_in("page-slip-1", PASSWORD).status_code == 303

    def test_two_different_or_weak_passwords_leave_it_good(self, visit: Visit, services: Services, account) -> None:
        path = self.slip(services, account("page-slip-2", password=None))
        person = visit()
        assert person.send(path, {"password": PASSWORD, "again": "something-else"}).status_code == 422
        assert person.send(path, {"password": "short", "again": "short"}).status_code == 422
        assert person.cookie() is None
        assert person.send(path, {"password": PASSWORD, "again": PASSWORD}).status_code == 303

    def test_a_slip_that_is_none_says_so_kindly(self, visit: Visit) -> None:
        answer = visit().get("/enter/not-a-slip")
        assert answer.status_code == 404
        assert "/login" in answer.text

    def test_a_slip_needs_its_proof_too(self, visit: Visit, services: Services, account) -> None:
        path = self.slip(services, account("page-slip-3", password=None))
        person = visit()
        assert person.post(path, {"password": PASSWORD, "again": PASSWORD}).status_code == 400


class TestForcedPassword:
    def test_nothing_else_opens_before_an_own_password(self, visit: Visit, account) -> None:
        account("forced-1", Grant(role="administrator", level="city"), must_change_password=True)
        person = visit()
        person.sign_in("forced-1", PASSWORD)
        for path in ("/", "/admin", "/account", "/admin/accounts/1"):
            assert person.get(path).location == "/account/password", path
        assert person.client.get("/admin", headers={"Accept": "application/json"}).status_code == 403
        form = {"current": PASSWORD, "password": "my-own-password", "again": "my-own-password"}
        assert person.send("/account/password", form).location == "/"
        assert person.get("/admin").status_code == 200

    def test_signing_out_is_always_possible(self, visit: Visit, account) -> None:
        account("forced-2", must_change_password=True)
        person = visit()
        person.sign_in("forced-2", PASSWORD)
        assert person.send("/logout", page="/account/password").location == "/login"
        assert person.get("/account/password").status_code == 302


class TestMyAccount:
    @pytest.fixture
    def mine(self, visit: Visit, account, request) -> Person:
        self.username = f"mine-{abs(hash(request.node.name))}"
        account(self.username)
        person = visit()
        person.sign_in(self.username, PASSWORD)
        return person

    @pytest.mark.parametrize(
        ("form", "status"),
        [
            ({"current": "not-the-one-x", "password": "my-own-password", "again": "my-own-password"}, 422),
            ({"current": PASSWORD, "password": "short", "again": "short"}, 422),
            ({"current": PASSWORD, "password": "my-own-password", "again": "other-password"}, 422),
            ({"current": PASSWORD, "password": "my-own-password", "again": "my-own-password"}, 303),
        ],
    )
    def test_changing_the_password(self, mine: Person, form: dict[str, str], status: int) -> None:
        assert mine.send("/account/password", form).status_code == status

    def test_the_lost_phone_is_signed_out_and_this_device_stays(self, mine: Person, visit: Visit) -> None:
        phone = visit()
        phone.sign_in(self.username, PASSWORD, remember="yes")
        assert phone.get("/account").status_code == 200
        mine.send("/account/devices/close", page="/account")
        assert phone.get("/account").status_code == 302
        assert mine.get("/account").status_code == 200

    def test_a_token_is_shown_once_and_works_until_it_is_ended(self, mine: Person, app) -> None:
        page = mine.send("/account/tokens", {"name": "QGIS <b>", "days": "30"}, page="/account").text
        secret = page.split('<code id="token"')[1].split(">", 1)[1].split("<")[0]
        assert secret not in mine.get("/account").text
        assert "QGIS <b>" not in page
        program = app.test_client()
        basic = {"Authorization": "Basic " + _basic("anything", secret)}
        assert program.get("/account", headers=basic).status_code == 200
        assert program.get("/account", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
        path = mine.get("/account").text.split('action="/account/tokens/')[1].split('"')[0]
        mine.send(f"/account/tokens/{path}", page="/account")
        assert program.get("/account", headers=basic).status_code == 401

    def test_the_password_is_no_token(self, mine: Person, app) -> None:
        basic = {"Authorization": "Basic " + _basic(self.username, PASSWORD)}
        assert app.test_client().get("/account", headers=basic).status_code == 401

    def test_a_program_needs_no_proof_for_its_forms(self, services: Services, app, account) -> None:
        account_id = account("mine-program")
        with services.database.transaction(SYSTEM) as connection:
            secret = create_token(connection, actor(services.clock), account_id, name="x", days=1)
        answer = app.test_client().post(
            "/account/language", data={"locale": "en"}, headers={"Authorization": f"Bearer {secret}"}
        )
        assert answer.status_code == 303

    def test_the_language_is_kept(self, mine: Person) -> None:
        mine.send("/account/language", {"locale": "en"}, page="/account")
        assert 'lang="en"' in mine.get("/account").text
        assert mine.send("/account/language", {"locale": "xx"}, page="/account").status_code == 400


def _next(location: str) -> str:
    from urllib.parse import parse_qs

    return parse_qs(urlsplit(location).query)["next"][0]


def _basic(username: str, password: str) -> str:
    import base64

    return base64.b64encode(f"{username}:{password}".encode()).decode()
