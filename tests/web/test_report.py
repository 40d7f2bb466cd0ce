"""The monthly report of an estate: without personal data, shared by a link that ends and can be taken back."""

import re
import string
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from gridmap.accounts import actor, links
from gridmap.accounts.links import identity_in, signing_key, token_of
from gridmap.accounts.secret_keys import secret_key
from gridmap.clock import real_now
from gridmap.db import SYSTEM
from tests.conftest import DEMO_PASSWORD, Base
from tests.web.visitor import Person

FURONG, GEZHOUBA = "442000002005X09", "420104005013X01"
LINK = re.compile(r"http://localhost(/r/[\w-]+)")


@pytest.fixture
def base(own_demo_base: Base) -> Base:
    return own_demo_base


@pytest.fixture
def app(base: Base, make_app: Callable[[Base], Flask]) -> Flask:
    return make_app(base)


@pytest.fixture
def leader(app: Flask) -> Person:
    return signed_in(app, "leader")


def signed_in(app: Flask, username: str) -> Person:
    person = Person(app)
    assert person.sign_in(username, DEMO_PASSWORD).status_code in (302, 303)
    return person


def identity(base: Base, code: str) -> int:
    with psycopg.connect(base.superuser_url) as owner:
        row = owner.execute("SELECT id FROM gridmap.place WHERE code = %s", (code,)).fetchone()
    assert row is not None
    return int(row[0])


def sheet_of(estate: int) -> str:
    return f"/coverage/report?estate={estate}&month=2026-02"


def shared(leader: Person, estate: int, days: int = 7) -> str:
    form = {"estate": estate, "month": "2026-02", "days": days}
    made = leader.send("/coverage/report/links", form, page=sheet_of(estate))
    assert made.status_code in (302, 303), made.text
    found = LINK.search(leader.get(sheet_of(estate)).text)
    assert found is not None
    return found[1]


def test_a_link_shows_one_estate_and_month_to_whoever_has_it(app: Flask, base: Base, leader: Person) -> None:
    address = shared(leader, identity(base, FURONG))
    stranger = app.test_client()
    answer = stranger.get(address)
    assert answer.status_code == 200
    assert "芙蓉苑" in answer.text
    assert "43.6 %" in answer.text
    assert answer.headers["X-Robots-Tag"].startswith("noindex")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert not re.findall(r'href="/(?!static)[^"]*"', answer.text)
    with psycopg.connect(base.superuser_url) as owner:
        people = {row[0] for row in owner.execute("SELECT DISTINCT display_name FROM gridmap.person").fetchall()}
        doors = owner.execute(
            "SELECT DISTINCT name FROM gridmap.place WHERE kind IN ('building', 'stairwell') AND length(name) > 2"
        ).fetchall()
    assert not {name for name in people if len(name) > 2 and name in answer.text}
    assert not {row[0] for row in doors if row[0] in answer.text}
    # the link opens the sheet and nothing else
    assert stranger.get("/coverage").status_code in (302, 401)
    assert stranger.get(f"/coverage/report?estate={identity(base, FURONG)}").status_code in (302, 401)


def test_a_link_that_was_taken_back_or_has_ended_opens_nothing(app: Flask, base: Base, leader: Person) -> None:
    estate = identity(base, FURONG)
    first, second = shared(leader, estate), shared(leader, estate, days=30)
    way = re.search(r'action="(/coverage/report/links/\d+/revoke)"', leader.get(sheet_of(estate)).text)
    assert way is not None
    assert leader.send(way[1], {"estate": estate, "month": "2026-02"}, page=sheet_of(estate)).status_code == 302
    assert sorted(app.test_client().get(one).status_code for one in (first, second)) == [200, 404]
    with psycopg.connect(base.superuser_url) as owner:
        owner.execute("UPDATE gridmap.report_link SET created_at = now() - interval '9 days', expires_at = now()")
    assert [app.test_client().get(one).status_code for one in (first, second)] == [404, 404]
    assert not LINK.search(leader.get(sheet_of(estate)).text)


def test_a_forged_link_is_an_unknown_one(app: Flask, base: Base, leader: Person) -> None:
    address = shared(leader, identity(base, FURONG))
    stranger = app.test_client()
    token = address.removeprefix("/r/")
    other = "A" if token[-2] != "A" else "B"
    forged = [token[:-2] + other + token[-1], token[1:], token + "A", "A" * 31, "x", "%00", "é"]
    assert {stranger.get(f"/r/{one}").status_code for one in forged} == {404}
    for place in range(len(token)):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert stranger.get(f"/r/{changed}").status_code == 404 or changed == token, place
    others = {token[:-1] + last for last in string.ascii_letters + string.digits + "-_"} - {token}
    assert {stranger.get(f"/r/{one}").status_code for one in others} == {404}


def test_only_who_leads_shares_and_only_what_they_see(app: Flask, base: Base) -> None:
    furong, gezhouba = identity(base, FURONG), identity(base, GEZHOUBA)
    for account, statuses in (("planner", {403}), ("worker", {403}), ("community", {404})):
        person = signed_in(app, account)
        wanted = gezhouba if account == "community" else furong
        form = {"estate": wanted, "month": "2026-02", "days": 7}
        assert person.send("/coverage/report/links", form, page="/account").status_code in statuses, account
        expected = 200 if account == "planner" else 404
        assert person.get(sheet_of(gezhouba)).status_code == expected, account


def test_fewer_than_five_households_are_never_told(app: Flask, base: Base, leader: Person) -> None:
    estate = identity(base, GEZHOUBA)
    with psycopg.connect(base.superuser_url) as owner:
        owner.execute(
            "UPDATE gridmap.coverage c SET satisfied = slots - CASE WHEN c.grid_id = least.grid_id THEN 3 ELSE 0 END"
            " FROM gridmap.duty d, (SELECT min(grid_id) AS grid_id FROM gridmap.coverage x WHERE estate_id = %s) least"
            " WHERE d.id = c.duty_id AND d.kind = 'household_visit' AND c.starts_on = '2026-02-01'",
            (estate,),
        )
    text = app.test_client().get(shared(leader, estate)).text
    assert "不足 5 户" in text
    assert "1,436" not in text


def test_the_key_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    key = signing_key(tmp_path)
    secret_key.cache_clear()
    assert signing_key(tmp_path) == key
    assert len(key) == 32
    assert (tmp_path / "secrets" / "links").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["links"]
    token = token_of(key, 42953968123904)
    assert identity_in(key, token) == 42953968123904
    assert identity_in(b"another" * 5, token) is None


def test_so_many_links_and_no_more(app: Flask, base: Base, leader: Person) -> None:
    estate = identity(base, FURONG)
    shared(leader, estate)
    services = app.extensions["gridmap"]
    with services.database.transaction(SYSTEM) as connection:
        place = connection.execute("SELECT * FROM gridmap.place WHERE id = %s", (estate,)).fetchone()
        assert place is not None
        month = links.links_of(connection, estate, date(2026, 2, 1))[0].month
        for _ in range(links.MOST_LIVE - 1):
            links.share_report(connection, actor(services.clock), place, month, 7)
        with pytest.raises(links.TooManyLinks):
            links.share_report(connection, actor(services.clock), place, month, 7)
        made = links.links_of(connection, estate, month)
    assert len(made) == links.MOST_LIVE
    assert all(link.is_good(real_now()) and not link.is_good(real_now() + timedelta(days=8)) for link in made)
