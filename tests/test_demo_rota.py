"""The demo's rotas: a quarter shared fairly by 24, evenings that were swapped, and a patrol without anybody tonight."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from gridmap.clock import OFFICE
from gridmap.demo.rota import add_rotas
from gridmap.periods import Period
from gridmap.places.calendar import read_calendar
from tests.conftest import Base

NOW = datetime(2026, 3, 16, 9, tzinfo=OFFICE)
QUARTER = Period(date(2026, 3, 1), date(2026, 6, 1))
Owner = psycopg.Connection[dict[str, Any]]
HOLDERS = """
SELECT h.person_id, h.day FROM gridmap.rota_holder h
JOIN gridmap.rota r ON r.street_id = h.street_id AND r.id = h.rota_id
WHERE r.kind = %s AND h.ended_at IS NULL ORDER BY h.day
"""


@pytest.fixture(scope="module")
def owner(demo_base: Base) -> Iterator[Owner]:
    with psycopg.connect(demo_base.owner_url, row_factory=dict_row) as connection:
        yield connection


def test_the_group_of_24_shares_every_working_evening_of_the_quarter(owner: Owner) -> None:
    turns = owner.execute(
        "SELECT t.* FROM gridmap.rota_turn t JOIN gridmap.rota r ON r.street_id = t.street_id AND r.id = t.rota_id"
        " WHERE r.kind = 'parking' ORDER BY t.day"
    ).fetchall()
    calendar = read_calendar(owner)
    assert [turn["day"] for turn in turns] == [day for day in QUARTER.days() if calendar.is_working(day)]
    assert sum(turn["missing"] for turn in turns) == 0
    holders = owner.execute(HOLDERS, ("parking",)).fetchall()
    assert [one["day"] for one in holders] == [turn["day"] for turn in turns]
    assert NOW.date() + timedelta(days=1) in {turn["day"] for turn in turns}


def test_it_is_fair_also_after_what_was_swapped(owner: Owner) -> None:
    members = owner.execute(
        "SELECT m.person_id, m.never_on FROM gridmap.rota_member m"
        " JOIN gridmap.rota r ON r.street_id = m.street_id AND r.id = m.rota_id WHERE r.kind = 'parking'"
    ).fetchall()
    assert len(members) == 24
    holders = owner.execute(HOLDERS, ("parking",)).fetchall()
    totals = Counter(row["person_id"] for row in holders)
    had = [totals[row["person_id"]] for row in members]
    assert max(had) - min(had) <= 1
    for weekday in range(5):
        of_day = Counter(row["person_id"] for row in holders if row["day"].weekday() == weekday)
        can = [row["person_id"] for row in members if weekday not in row["never_on"]]
        many = [of_day[person] for person in can]
        assert max(many) - min(many) <= 2
        assert sum(many) == sum(of_day.values()), "never on a weekday that does not fit"


def test_nobody_is_on_duty_while_away(owner: Owner) -> None:
    both = owner.execute(
        "SELECT count(*) AS many FROM gridmap.rota_holder h JOIN gridmap.absence b ON b.street_id = h.street_id"
        " AND b.person_id = h.person_id AND b.valid && h.during WHERE h.ended_at IS NULL"
    ).fetchone()
    assert both == {"many": 0}
    away = owner.execute(
        "SELECT count(*) AS many FROM gridmap.absence b JOIN gridmap.rota_member m ON m.street_id = b.street_id"
        " AND m.person_id = b.person_id"
    ).fetchone()
    assert away == {"many": 5}


def test_some_evenings_were_swapped_and_one_waits_for_an_answer(owner: Owner) -> None:
    swaps = owner.execute("SELECT * FROM gridmap.rota_swap ORDER BY asked_at").fetchall()
    assert Counter(swap["state"] for swap in swaps) == {"agreed": 2, "declined": 1, "asked": 1}
    for swap in swaps:
        turns = {swap["turn_id"], swap["other_turn_id"]}
        now = owner.execute(
            "SELECT turn_id, person_id, swap_id FROM gridmap.rota_holder WHERE turn_id = ANY (%s) AND ended_at IS NULL",
            ([*turns],),
        ).fetchall()
        has = {row["turn_id"]: row["person_id"] for row in now}
        giver, taker = swap["giver_id"], swap["taker_id"]
        if swap["state"] == "agreed":
            assert has == {swap["turn_id"]: taker, swap["other_turn_id"]: giver}
            assert {row["swap_id"] for row in now} == {swap["id"]}
        else:
            assert has == {swap["turn_id"]: giver, swap["other_turn_id"]: taker}
    (waits,) = [swap for swap in swaps if swap["state"] == "asked"]
    assert waits["asked_at"] < NOW
    begins = owner.execute("SELECT starts_at FROM gridmap.rota_turn WHERE id = %s", (waits["turn_id"],)).fetchone()
    assert begins is not None
    assert begins["starts_at"] > NOW


def test_tonights_patrol_lacks_somebody_and_says_why(owner: Owner) -> None:
    lacking = owner.execute("SELECT * FROM gridmap.rota_turn WHERE missing > 0").fetchall()
    assert [(turn["day"], turn["reason"]) for turn in lacking] == [(NOW.date(), "on_leave")]
    assert NOW < lacking[0]["starts_at"] < NOW + timedelta(hours=24)


def test_everybody_of_a_rota_is_in_its_reach(owner: Owner) -> None:
    streets = [row["id"] for row in owner.execute("SELECT id FROM gridmap.street WHERE is_demo").fetchall()]
    moved = owner.execute("SELECT gridmap.own_rotas(%s, %s) AS moved", (streets, NOW.date())).fetchone()
    owner.rollback()
    assert moved == {"moved": 0}, "what is derived stands as it would be derived"


def test_making_them_again_adds_nothing(own_demo_base: Base) -> None:
    with psycopg.connect(own_demo_base.owner_url) as connection:
        assert add_rotas(connection) == 0
