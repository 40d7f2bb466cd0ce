"""What is due on a phone: one's own, a substitute's, a community's; what is left of the month before; floors, rooms."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from itertools import permutations
from typing import Any

import psycopg
import pytest

from gridmap.accounts import Actor
from gridmap.clock import OFFICE
from gridmap.db import Database
from gridmap.db.pools import Connection
from gridmap.duties import Answer, answer_slot
from gridmap.layer import Role
from gridmap.read import Asked
from gridmap.read.due import Check, DueWork, floors_of_visits, read_due
from gridmap.read.reminders import read_open_communities, read_open_places
from gridmap.scope import Viewer, viewer_of
from gridmap.web.reminders import text_of
from tests.checks import MONTH, STAIRWELL, TODAY, Slots
from tests.conftest import Base

NOW = datetime(2026, 3, 16, 9, tzinfo=OFFICE)


@pytest.fixture(scope="module")
def base(demo_template: str, copy_database: Callable[[str], Base]) -> Base:
    return copy_database(demo_template)


@pytest.fixture(scope="module")
def database(base: Base) -> Iterator[Database]:
    made = Database(base.app_url)
    yield made
    made.close()


@pytest.fixture
def owner(base: Base) -> "Iterator[psycopg.Connection[Any]]":
    """The owner of the tables, whose changes are taken back."""
    with psycopg.connect(base.owner_url) as connection:
        yield connection


See = Callable[..., DueWork]


@pytest.fixture
def see(database: Database, base: Base) -> See:
    def read(username: str, day: date = TODAY) -> DueWork:
        with psycopg.connect(base.owner_url) as owner:
            [(account,)] = owner.execute("SELECT id FROM gridmap.account WHERE username = %s", (username,)).fetchall()
        viewer = viewer_of(database, account, NOW)
        with database.transaction(viewer.prologue) as connection:
            return read_due(connection, viewer, Asked(as_of=NOW), day)

    return read


def checks_of(due: DueWork) -> list[Check]:
    return [check for group in due.groups for door in group.doors for check in door.everything]


def left_of(due: DueWork) -> list[Check]:
    return [check for group in due.late for door in group.doors for check in door.everything]


def test_a_manager_owes_the_three_checks_of_the_stairwell(see: See, base: Base) -> None:
    slots = Slots(base).reopen()
    due = see("manager")
    assert [check.slot_id for check in checks_of(due)] == slots
    assert (due.all, due.open, due.done, due.due_on) == (3, 3, 0, date(2026, 3, 31))


def test_who_stands_in_for_somebody_owes_what_that_person_owes(see: See, base: Base) -> None:
    """Another manager of the same street goes away; what she holds is due here as long as it lasts."""
    own = {check.slot_id for check in checks_of(see("manager"))}
    with psycopg.connect(base.owner_url) as owner:
        owner.execute(
            "INSERT INTO gridmap.absence (street_id, id, person_id, substitute_id, valid, community_id)"
            " SELECT o.street_id, o.street_id * 4294967296 + nextval('gridmap.serial'), o.person_id, a.person_id,"
            " tstzrange('2026-03-15', '2026-03-20'), p.community_id FROM gridmap.account a"
            " JOIN gridmap.assignment o ON o.street_id = a.person_id >> 32 AND o.role = 'building_manager'"
            "  AND o.person_id <> a.person_id AND o.valid @> now()"
            " JOIN gridmap.person p ON p.street_id = o.street_id AND p.id = o.person_id"
            " WHERE a.username = 'manager'"
            " AND NOT EXISTS (SELECT FROM gridmap.absence b WHERE b.person_id = o.person_id)"
            " ORDER BY o.person_id LIMIT 1"
        )
        expected = {
            row[0]
            for row in owner.execute(
                "SELECT s.id FROM gridmap.absence b JOIN gridmap.assignment o ON o.person_id = b.person_id"
                " JOIN gridmap.slot s ON s.street_id = o.street_id AND s.place_id = o.place_id"
                " WHERE b.substitute_id = (SELECT person_id FROM gridmap.account WHERE username = 'manager')"
                " AND s.starts_on = %s",
                (MONTH,),
            ).fetchall()
        }
    assert len(expected) == 3
    assert {check.slot_id for check in checks_of(see("manager"))} == own | expected
    with psycopg.connect(base.owner_url) as owner:
        owner.execute(
            "DELETE FROM gridmap.absence WHERE substitute_id ="
            " (SELECT person_id FROM gridmap.account WHERE username = 'manager')"
        )
    assert {check.slot_id for check in checks_of(see("manager"))} == own


def test_who_leads_a_community_owes_what_the_community_owes_itself(see: See) -> None:
    [group] = see("community").groups
    assert (group.kind, group.name) == ("community", "花苑社区")
    [check] = checks_of(see("community"))
    assert (check.kind, check.due_on) == ("reception_day", date(2026, 3, 16))
    for who in ("leader", "manager", "planner"):
        assert not [one for one in checks_of(see(who)) if one.kind == "reception_day"], who


def test_what_was_missed_last_month_can_be_done_late_and_taken_back(see: See, base: Base) -> None:
    february = date(2026, 2, 1)
    with psycopg.connect(base.owner_url) as owner:
        rows = owner.execute(
            "SELECT s.street_id, s.id FROM gridmap.slot s JOIN gridmap.place p ON p.id = s.place_id"
            " WHERE p.code = %s AND s.starts_on = %s ORDER BY s.id",
            (STAIRWELL, february),
        ).fetchall()
        ids = [row[1] for row in rows]
        owner.execute("UPDATE gridmap.inspection SET superseded_at = now() WHERE slot_id = ANY (%s)", (ids,))
        owner.execute("UPDATE gridmap.slot SET excuse = NULL WHERE id = ANY (%s)", (ids,))
        owner.execute("SELECT gridmap.settle_slots(%s, %s, %s)", (rows[0][0], ids, TODAY))
    due = see("manager")
    assert {check.slot_id for check in left_of(due)} == set(ids)
    assert all(check.is_open for check in left_of(due))
    assert (due.all, due.left) == (3, 3)  # what is left counts for no month that runs
    with psycopg.connect(base.owner_url) as owner:
        owner.execute(
            "INSERT INTO gridmap.inspection (street_id, id, slot_id, place_id, kind, result, done_at, received_at)"
            " SELECT street_id, street_id * 4294967296 + nextval('gridmap.serial'), id, place_id, 'x', 'fine', %s, %s"
            " FROM gridmap.slot WHERE id = %s",
            (NOW, NOW, ids[0]),
        )
        owner.execute("SELECT gridmap.settle_slots(%s, %s, %s)", (rows[0][0], ids, TODAY))
    [done] = [check for check in left_of(see("manager")) if check.slot_id == ids[0]]
    assert (done.is_open, done.is_late, done.state) == (False, True, "missed")
    assert see("manager").left == 2
    assert left_of(see("manager", date(2026, 4, 2))) != []  # March's by then
    assert not {check.slot_id for check in left_of(see("manager", date(2026, 4, 2)))} & set(ids)


@pytest.mark.parametrize(("day", "soon"), [(24, 0), (25, 1), (31, 1)])
def test_the_list_reminds_from_the_day_that_the_rule_names(see: See, base: Base, day: int, soon: int) -> None:
    Slots(base).reopen()
    assert len(see("manager", date(2026, 3, day)).soon) == soon


SAID = ("no_access", "fine", "finding", "no_access", "fine")


def test_in_whatever_order_five_answers_arrive_they_come_to_the_same(database: Database, base: Base) -> None:
    """Runs without a network arrive out of order: all 120 orders of five answers to one check."""
    [slot, *_] = Slots(base).reopen()
    with psycopg.connect(base.owner_url) as owner:
        [(account,)] = owner.execute("SELECT id FROM gridmap.account WHERE username = 'manager'").fetchall()
    viewer = viewer_of(database, account, NOW)
    by = Actor(account_id=account, business_at=NOW, at=NOW)
    came_to = set()
    for order in permutations(range(len(SAID))):
        with suppress(_Undo), database.transaction(viewer.prologue) as connection:
            for turn in order:
                answer = Answer(slot_id=slot, result=SAID[turn], device_at=NOW - timedelta(minutes=50 - turn))
                answer_slot(connection, by, answer, TODAY, is_clock_real=False)
            [group] = read_due(connection, viewer, Asked(as_of=NOW), TODAY).groups
            [check] = [one for one in group.doors[0].checks if one.slot_id == slot]
            assert check.said
            row = connection.execute(
                "SELECT state, done_at, tried_at, is_late, findings FROM gridmap.slot WHERE id = %s", (slot,)
            ).fetchone()
            came_to.add((check.state, check.said.result, check.said.done_at, *(row or {}).values()))
            raise _Undo
    assert len(came_to) == 1
    [(state, result, *_rest)] = came_to
    assert (state, result) == ("satisfied", "fine")


class _Undo(Exception):
    """Takes everything back."""


# Floors and rooms ---------------------------------------------------------------------------------------------------


def visit(unit: str) -> Check:
    return Check(
        slot_id=hash(unit) & 0xFFFF,
        kind="household_visit",
        titles=("", ""),
        action="household_visit",
        unit=unit,
        turn=0,
        starts_on=MONTH,
        due_on=MONTH + timedelta(days=30),
        state="due",
        is_late=False,
        is_soon=False,
        said=None,
    )


def drawn(*units: str) -> list[tuple[int | None, list[str | None]]]:
    floors = floors_of_visits([visit(unit) for unit in units], {})
    return [(floor.number, [room.unit if room else None for room in floor.rooms]) for floor in floors]


@pytest.mark.parametrize(
    ("units", "floors"),
    [
        (("101", "102", "201"), [(2, ["201", None]), (1, ["101", "102"])]),
        (("301", "1204", "1201"), [(12, ["1201", "1204"]), (3, ["301", None])]),
        (("0301", "302"), [(3, ["0301", "302"])]),
        (("12", "1", "2"), [(None, ["1", "2", "12"])]),
        (("101", "B1", "3-301", "101室"), [(1, ["101"]), (None, ["3-301", "101室", "B1"])]),
        (("301", "0301"), [(3, ["301"]), (None, ["0301"])]),  # two numbers of one door are both shown
        ((), []),
    ],
)
def test_numbers_tell_floor_and_room_and_odd_ones_stand_apart(
    units: tuple[str, ...], floors: list[tuple[int | None, list[str | None]]]
) -> None:
    found = drawn(*units)
    assert [(number, sorted(map(str, rooms))) for number, rooms in found] == [
        (number, sorted(map(str, rooms))) for number, rooms in floors
    ]


def test_every_household_has_one_cell_however_its_number_is_written() -> None:
    units = [f"{floor}{room:02}" for floor in range(1, 34) for room in range(1, 9)] + ["7", "七", "A101", "100", "001"]
    cells = [unit for _number, rooms in drawn(*units) for unit in rooms if unit]
    assert sorted(cells) == sorted(units)


# Texts for groups ---------------------------------------------------------------------------------------------------


def all_texts(database: Database, viewer: Viewer, connection: Connection) -> list[str]:
    return [
        text_of(group, TODAY, locale)
        for community in read_open_communities(connection, viewer, TODAY)
        for group in read_open_places(connection, viewer, community.id, TODAY)
        for locale in ("zh", "en")
    ]


def test_texts_for_groups_name_places_and_none_of_all_the_names_in_the_database(database: Database, base: Base) -> None:
    with psycopg.connect(base.owner_url) as owner:
        [(account,)] = owner.execute("SELECT id FROM gridmap.account WHERE username = 'leader'").fetchall()
        people = owner.execute(
            "SELECT name, name_masked, display_name, phone, phone_masked FROM gridmap.person"
        ).fetchall()
        titles = owner.execute("SELECT title, username FROM gridmap.account").fetchall()
        open_places = {
            row[0]
            for row in owner.execute(
                "SELECT DISTINCT p.name FROM gridmap.slot s JOIN gridmap.place p ON p.id = s.place_id"
                " WHERE s.state = 'due' AND s.starts_on = %s",
                (MONTH,),
            ).fetchall()
        }
    names = {word for row in (*people, *titles) for word in row if word}
    assert len(people) > 300
    viewer = viewer_of(database, account, NOW)
    with database.transaction(viewer.prologue) as connection:
        texts = all_texts(database, viewer, connection)
    whole = "\n".join(texts)
    assert len(texts) > 30
    assert [name for name in open_places if name not in whole] == []
    assert [name for name in names if name in whole] == []


def test_a_worker_is_given_texts_of_the_own_grid_alone(database: Database, base: Base) -> None:
    with psycopg.connect(base.owner_url) as owner:
        [(account,)] = owner.execute("SELECT id FROM gridmap.account WHERE username = 'worker'").fetchall()
    viewer = viewer_of(database, account, NOW)
    assert viewer.roles == {Role.WORKER}
    with database.transaction(viewer.prologue) as connection:
        [community] = read_open_communities(connection, viewer, TODAY)
        groups = read_open_places(connection, viewer, community.id, TODAY)
    with psycopg.connect(base.owner_url) as owner:
        [(places,)] = owner.execute(
            "SELECT count(DISTINCT s.place_id) FROM gridmap.slot s WHERE s.grid_id = ANY (%s) AND s.state = 'due'"
            " AND s.starts_on = %s AND s.place_id IS NOT NULL",
            (list(viewer.reach.grids), MONTH),
        ).fetchall()
    assert sum(len(group.doors) for group in groups) == community.places == places > 0
