"""Commands on people: who holds what, one primary holder, absences, enrolment by file, the lock of clear names."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.accounts import Actor, Grant, actor, create_account, give_grant, grants_of
from gridmap.clock import parse_clock
from gridmap.db import SYSTEM, Database
from gridmap.people import (
    ChangedMeanwhile,
    Duty,
    Enrolment,
    NewPerson,
    PeopleProblem,
    PlaceHeld,
    absences,
    add_person,
    assign,
    attempt,
    change_person,
    end_absence,
    end_assignment,
    enrol,
    lock_places,
    person_row,
    set_absence,
    unmask,
)
from gridmap.pinyin import initials
from gridmap.read import Asked
from gridmap.read.mine import read_mine, read_stood_in_for
from gridmap.scope import viewer_of
from tests.conftest import DEMO_CLOCK, Base

CLOCK = parse_clock(DEMO_CLOCK)
NOW = CLOCK.now()
HERE, ELSEWHERE = "442000002005", "442000002016"


@pytest.fixture(scope="module")
def base(demo_template: str, copy_database: Callable[[str], Base]) -> Base:
    return copy_database(demo_template)


@pytest.fixture(scope="module")
def database(base: Base) -> Iterator[Database]:
    made = Database(base.app_url)
    yield made
    made.close()


@pytest.fixture
def by() -> Actor:
    return actor(CLOCK)


@pytest.fixture
def run(database: Database, by: Actor) -> Callable[..., Any]:
    """Runs a command in a transaction of its own, as the system."""

    def command(what: Callable[..., Any], *values: Any, **fields: Any) -> Any:
        return attempt(database, SYSTEM, lambda connection: what(connection, by, *values, **fields))

    return command


def rows(database: Database, statement: str, *values: Any) -> list[dict[str, Any]]:
    with database.transaction(SYSTEM) as connection:
        return connection.execute(statement, values).fetchall()


@pytest.fixture
def place(database: Database) -> dict[str, Any]:
    """A stairwell of 花苑 that nobody holds yet in the role of stairwell leader, with its community."""
    (found,) = rows(
        database,
        "SELECT p.street_id, p.id, p.community_id, p.grid_id FROM gridmap.place p"
        " JOIN gridmap.community c ON c.street_id = p.street_id AND c.id = p.community_id"
        " WHERE p.kind = 'stairwell' AND c.code = %s AND NOT EXISTS (SELECT FROM gridmap.assignment a"
        "   WHERE a.street_id = p.street_id AND a.place_id = p.id AND a.role = 'stairwell_leader')"
        " ORDER BY p.id LIMIT 1",
        HERE,
    )
    return found


@pytest.fixture
def person(run: Callable[..., Any], place: dict[str, Any]) -> Callable[..., int]:
    """Adds somebody to the street of the place and gives the id."""

    def add(name: str = "张某某", **fields: Any) -> int:
        values = {"community_id": place["community_id"], "phone": "19900005678", "display_name": name, **fields}
        added: int = run(add_person, NewPerson(street_id=place["street_id"], name=name, **values))
        return added

    return add


def duty(person_id: int, place: dict[str, Any], **fields: Any) -> Duty:
    return Duty(**{"person_id": person_id, "place_id": place["id"], "role": "stairwell_leader", "start": NOW, **fields})


class TestPersons:
    def test_a_person_is_kept_masked_and_searchable(self, database: Database, person: Callable[..., int]) -> None:
        person_id = person("欧阳某某", phone=" 199-0000 5678 ", display_name="花苑网格员")
        with database.transaction(SYSTEM) as connection:
            row = person_row(connection, person_id)
        assert (row["name_masked"], row["phone_masked"]) == ("欧***", "199****5678")
        assert rows(database, "SELECT initials FROM gridmap.person WHERE id = %s", person_id) == [{"initials": "hywgy"}]

    @pytest.mark.parametrize("phone", ["12", "not a phone", "1" * 16, "1990000５６７８", "+", "021-1x", "110;drop"])
    def test_phones_that_are_none(self, person: Callable[..., int], phone: str) -> None:
        with pytest.raises(PeopleProblem, match="phone"):
            person(phone=phone)

    @pytest.mark.parametrize(
        "phone", ["110", "021-12345678", "(0760) 8888 8888", "+86 19900001234", "88881234转12", ""]
    )
    def test_phones_that_are_some(self, person: Callable[..., int], phone: str) -> None:
        assert person(phone=phone)

    @pytest.mark.parametrize("name", ["", "   ", "\u200b", "x" * 101, "a\nb", "a\x00b"])
    def test_names_that_are_none(self, person: Callable[..., int], name: str) -> None:
        with pytest.raises(PeopleProblem, match="name"):
            person(name)

    @pytest.mark.parametrize("name", ["李\u3000明", "王老师 🌸", "买买提\u00b7艾力"])
    def test_names_that_are_some(self, person: Callable[..., int], name: str) -> None:
        assert person(name)

    @pytest.mark.parametrize(
        ("text", "letters"),
        [("花苑新村3栋", "hyxc3d"), ("东区 A座", "dqaz"), ("（南区）12", "（nq）12"), ("重庆路", "cql"), ("", "")],
    )
    def test_initials_of_mixed_names(self, text: str, letters: str) -> None:
        assert initials(text) == letters

    @given(st.text(max_size=30))
    def test_initials_are_lower_case_and_never_fall_over(self, text: str) -> None:
        found = initials(text)
        assert found == found.lower()
        assert " " not in found

    def test_a_change_needs_the_revision_that_was_seen(
        self, run: Callable[..., Any], person: Callable[..., int]
    ) -> None:
        person_id = person()
        assert run(change_person, person_id, {"display_name": "李四"}, revision=1) == 2
        with pytest.raises(ChangedMeanwhile) as changed:
            run(change_person, person_id, {"display_name": "王五"}, revision=1)
        assert changed.value.revision == 2
        with pytest.raises(LookupError):
            run(change_person, 4711, {"display_name": "王五"}, revision=1)
        with pytest.raises(PeopleProblem, match="field"):
            run(change_person, person_id, {"street_id": 1}, revision=2)

    def test_the_audit_of_a_change_holds_no_clear_name_or_phone(
        self, run: Callable[..., Any], person: Callable[..., int], database: Database
    ) -> None:
        person_id = person("诸葛某某")
        run(change_person, person_id, {"name": "司马某某", "phone": "19900009999"}, revision=1)
        (row,) = rows(
            database,
            "SELECT before, after FROM gridmap.audit WHERE action = 'change_person' AND subject_id = %s",
            str(person_id),
        )
        text = str(row)
        assert row["after"]["fields"] == ["name", "phone"]
        assert "司马" not in text
        assert "19900009999" not in text
        assert row["before"]["phone_masked"] == "199****5678"

    def test_the_app_role_never_selects_clear_names(self, database: Database) -> None:
        for column in ("name", "phone", "home_place_id"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                rows(database, f"SELECT {column} FROM gridmap.person LIMIT 1")


class TestAssignments:
    def test_one_primary_holder_at_a_time_and_the_other_is_named(
        self, run: Callable[..., Any], person: Callable[..., int], place: dict[str, Any]
    ) -> None:
        first, second = person("先来者"), person("后到者")
        run(assign, duty(first, place))
        with pytest.raises(PlaceHeld) as held:
            run(assign, duty(second, place))
        assert (held.value.holder, held.value.since) == ("先来者", NOW)
        assert run(assign, duty(second, place, is_primary=False))

    def test_a_conflict_leaves_the_transaction_usable(
        self, database: Database, by: Actor, person: Callable[..., int], place: dict[str, Any]
    ) -> None:
        first, second = person(), person()
        with database.transaction(SYSTEM) as connection:
            assign(connection, by, duty(first, place))
            with pytest.raises(PlaceHeld):
                assign(connection, by, duty(second, place))
            assert assign(connection, by, duty(second, place, role="stairwell_volunteer"))

    def test_the_next_holder_begins_where_the_last_one_ends(
        self, run: Callable[..., Any], person: Callable[..., int], place: dict[str, Any], database: Database
    ) -> None:
        first, second, end = person(), person(), NOW + timedelta(days=10)
        held = run(assign, duty(first, place))
        run(end_assignment, held, revision=1, at=end, why="moved away")
        with pytest.raises(PlaceHeld):
            run(assign, duty(second, place, start=end - timedelta(seconds=1)))
        assert run(assign, duty(second, place, start=end))
        found = rows(
            database,
            "SELECT person_id FROM gridmap.assignment WHERE street_id = %s AND place_id = %s"
            " AND role = 'stairwell_leader' AND valid @> %s::timestamptz",
            place["street_id"],
            place["id"],
            end - timedelta(seconds=1),
        )
        assert [row["person_id"] for row in found] == [first]

    def test_the_assignment_carries_the_scope_of_its_place(
        self, run: Callable[..., Any], person: Callable[..., int], place: dict[str, Any], database: Database
    ) -> None:
        made = run(assign, duty(person(), place))
        (row,) = rows(database, "SELECT community_id, grid_id FROM gridmap.assignment WHERE id = %s", made)
        assert row == {"community_id": place["community_id"], "grid_id": place["grid_id"]}

    def test_what_does_not_fit_is_refused(
        self, run: Callable[..., Any], person: Callable[..., int], place: dict[str, Any]
    ) -> None:
        mine = person()
        for wrong, reason in (
            (duty(mine, place, role="grid_worker"), "role"),
            (duty(mine, place, role="king"), "role"),
            (duty(mine, place, place_id=place["id"] + 2**31), "place"),
            (duty(mine + 2**40, place), "person"),
            (duty(mine + 2**30, place), "person"),
            (duty(mine, place, end=NOW), "valid"),
        ):
            with pytest.raises(PeopleProblem) as problem:
                run(assign, wrong)
            assert problem.value.reason == reason

    def test_ending_needs_the_revision_and_happens_once(
        self, run: Callable[..., Any], person: Callable[..., int], place: dict[str, Any], database: Database
    ) -> None:
        held = run(assign, duty(person(), place, start=NOW - timedelta(days=5)))
        with pytest.raises(ChangedMeanwhile):
            run(end_assignment, held, revision=7)
        run(end_assignment, held, revision=1)
        with pytest.raises(PeopleProblem, match="ended"):
            run(end_assignment, held, revision=2)
        with pytest.raises(LookupError):
            run(end_assignment, 4711, revision=1)
        coming = run(assign, duty(person(), place, start=NOW + timedelta(days=5)))
        run(end_assignment, coming, revision=1)
        assert rows(database, "SELECT 1 FROM gridmap.assignment WHERE id = %s", coming) == []

    def test_rivals_for_one_place_get_one_holder_and_one_clear_answer(
        self, run: Callable[..., Any], person: Callable[..., int], place: dict[str, Any]
    ) -> None:
        people, answers = [person(f"对手{n}") for n in range(6)], []

        def rival(person_id: int) -> None:
            try:
                answers.append(run(assign, duty(person_id, place)))
            except PlaceHeld:
                answers.append(None)

        threads = [threading.Thread(target=rival, args=(one,)) for one in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(answers) == 6
        assert sum(answer is not None for answer in answers) == 1

    def test_places_are_locked_in_id_order_so_that_crossing_orders_meet_no_deadlock(
        self, database: Database, place: dict[str, Any]
    ) -> None:
        found = rows(
            database,
            "SELECT id FROM gridmap.place WHERE street_id = %s AND kind = 'stairwell' ORDER BY id LIMIT 20",
            place["street_id"],
        )
        ids, failures = [row["id"] for row in found], []

        def lock(order: list[int]) -> None:
            try:
                for _ in range(20):
                    with database.transaction(SYSTEM) as connection:
                        lock_places(connection, order)
            except psycopg.Error as error:
                failures.append(error)

        threads = [threading.Thread(target=lock, args=(order,)) for order in (ids, ids[::-1], ids[5:] + ids[:5])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []

    def test_a_deadlock_is_tried_again_and_never_shown(self, database: Database, place: dict[str, Any]) -> None:
        """Two commands that lock two rows crosswise: the database kills one, and both come through."""
        found = rows(
            database,
            "SELECT id FROM gridmap.place WHERE street_id = %s AND kind = 'stairwell' ORDER BY id LIMIT 2",
            place["street_id"],
        )
        first, second = (row["id"] for row in found)
        meeting, tries = threading.Barrier(2, timeout=20), []

        def cross(one: int, other: int) -> None:
            def command(connection: Any) -> None:
                tries.append(one)
                lock_places(connection, [one])
                if tries.count(one) == 1:
                    meeting.wait()
                lock_places(connection, [other])

            attempt(database, SYSTEM, command)

        threads = [threading.Thread(target=cross, args=pair) for pair in ((first, second), (second, first))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(tries) >= 3
        assert set(tries) == {first, second}

    def test_attempts_end(self, database: Database) -> None:
        tries = []

        def hopeless(_connection: Any) -> None:
            tries.append(1)
            raise psycopg.errors.DeadlockDetected

        with pytest.raises(psycopg.errors.DeadlockDetected):
            attempt(database, SYSTEM, hopeless, tries=3)
        assert len(tries) == 3


class TestAbsences:
    def test_away_then_back(self, run: Callable[..., Any], person: Callable[..., int], database: Database) -> None:
        away, stands_in = person("请假者"), person("代班者")
        start = NOW - timedelta(days=1)
        made = run(set_absence, away, start=start, end=None, substitute_id=stands_in)
        with database.transaction(SYSTEM) as connection:
            row = next(one for one in absences(connection, NOW) if one["id"] == made)
        assert (row["person"], row["substitute"], row["is_now"], row["places"]) == ("请假者", "代班者", True, 0)
        run(end_absence, made, revision=1)
        with database.transaction(SYSTEM) as connection:
            assert made not in {one["id"] for one in absences(connection, NOW, limit=1000)}
            assert made in {one["id"] for one in absences(connection, NOW, past=True, limit=1000)}
        with pytest.raises(PeopleProblem, match="ended"):
            run(end_absence, made, revision=2)

    @pytest.mark.parametrize(
        ("at", "sees"),
        [
            (NOW - timedelta(microseconds=1), False),
            (NOW, True),
            (NOW + timedelta(days=7) - timedelta(microseconds=1), True),
            (NOW + timedelta(days=7), False),
        ],
    )
    def test_a_substitute_sees_the_places_as_long_as_the_absence_lasts(
        self,
        run: Callable[..., Any],
        person: Callable[..., int],
        place: dict[str, Any],
        database: Database,
        at: datetime,
        sees: bool,
    ) -> None:
        away, stands_in = person("请假者"), person("代班者")
        run(assign, duty(away, place, start=NOW - timedelta(days=30)))
        run(set_absence, away, start=NOW, end=NOW + timedelta(days=7), substitute_id=stands_in)
        account = run(create_account, username=f"s{stands_in}", title="代班", person_id=stands_in)
        run(give_grant, account, Grant(role="manager", level="held", start=NOW - timedelta(days=30)))
        viewer = viewer_of(database, account, at)
        assert viewer.stands_in_for == ((away,) if sees else ())
        assert (place["id"] in viewer.reach.places) == sees
        with database.transaction(viewer.prologue) as connection:
            mine = read_mine(connection, viewer, Asked(as_of=at))
            known = read_stood_in_for(connection, viewer, at)
        assert ([one.id for one in mine.held] == [place["id"]]) == sees
        assert [(one.name, one.until) for one in known] == ([("请假者", NOW + timedelta(days=7))] if sees else [])

    def test_taking_the_absence_back_takes_the_places_away(
        self, run: Callable[..., Any], person: Callable[..., int], place: dict[str, Any], database: Database
    ) -> None:
        away, stands_in = person(), person()
        run(assign, duty(away, place, start=NOW - timedelta(days=30)))
        made = run(set_absence, away, start=NOW - timedelta(days=1), end=None, substitute_id=stands_in)
        account = run(create_account, username=f"s{stands_in}", title="代班", person_id=stands_in)
        run(give_grant, account, Grant(role="manager", level="held", start=NOW - timedelta(days=30)))
        assert place["id"] in viewer_of(database, account, NOW).reach.places
        run(end_absence, made, revision=1)
        assert viewer_of(database, account, NOW).reach.is_empty

    def test_what_cannot_be(self, run: Callable[..., Any], person: Callable[..., int]) -> None:
        away, busy = person(), person()
        week = {"start": NOW, "end": NOW + timedelta(days=7)}
        run(set_absence, away, **week)
        for who, fields, reason in (
            (away, {**week, "start": NOW + timedelta(days=6)}, "overlap"),
            (busy, {**week, "substitute_id": away}, "away"),
            (busy, {**week, "substitute_id": busy}, "substitute"),
            (busy, {**week, "substitute_id": busy + 2**40}, "substitute"),
            (busy, {**week, "end": NOW}, "valid"),
            (busy, {**week, "kind": "party"}, "kind"),
        ):
            with pytest.raises(PeopleProblem) as problem:
                run(set_absence, who, **fields)
            assert problem.value.reason == reason
        assert run(set_absence, away, start=week["end"], end=None)

    def test_it_lies_where_the_person_belongs_and_moves_along(
        self, run: Callable[..., Any], person: Callable[..., int], place: dict[str, Any], database: Database, base: Base
    ) -> None:
        """Whoever no longer sees the person must not see that they are away."""
        somebody, grid = person(grid_id=place["grid_id"]), place["grid_id"]
        with psycopg.connect(base.owner_url) as owner:
            owner.execute("UPDATE gridmap.person SET micro_grid_id = %s WHERE id = %s", (grid, somebody))
        run(set_absence, somebody, start=NOW, end=None)
        where = "SELECT community_id, grid_id, micro_grid_id FROM gridmap.{} WHERE {} = %s"
        both = [where.format("person", "id"), where.format("absence", "person_id")]
        assert [rows(database, one, somebody)[0]["micro_grid_id"] for one in both] == [grid, grid]
        (other,) = rows(database, "SELECT id FROM gridmap.community WHERE code = %s", ELSEWHERE)
        run(change_person, somebody, {"community_id": other["id"], "grid_id": None}, revision=1)
        moved = {"community_id": other["id"], "grid_id": None, "micro_grid_id": None}
        assert [rows(database, one, somebody) for one in both] == [[moved], [moved]]


class TestScope:
    def test_a_leader_changes_only_the_people_of_the_community(
        self, database: Database, by: Actor, person: Callable[..., int], run: Callable[..., Any]
    ) -> None:
        (row,) = rows(database, "SELECT id FROM gridmap.account WHERE username = 'community'")
        leader = viewer_of(database, row["id"], NOW)
        (other,) = rows(database, "SELECT street_id, id FROM gridmap.community WHERE code = %s", ELSEWHERE)
        mine, theirs = person(), person(community_id=other["id"])
        with database.transaction(leader.settings) as connection:
            assert change_person(connection, by, mine, {"display_name": "新称呼"}, revision=1) == 2
            with pytest.raises(LookupError):
                change_person(connection, by, theirs, {"display_name": "新称呼"}, revision=1)
            with pytest.raises(LookupError):
                set_absence(connection, by, theirs, start=NOW, end=None)
            with pytest.raises(LookupError):
                unmask(connection, by, theirs, "curious")
        with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction(leader.settings) as connection:
            add_person(
                connection,
                by,
                NewPerson(street_id=other["street_id"], name="x", display_name="x", community_id=other["id"]),
            )
        with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction(leader.settings) as connection:
            change_person(connection, by, mine, {"community_id": other["id"]}, revision=2)

    def test_a_clear_name_needs_a_reason_and_leaves_a_trace(
        self, database: Database, by: Actor, person: Callable[..., int]
    ) -> None:
        person_id = person("令狐某某")
        (row,) = rows(database, "SELECT id FROM gridmap.account WHERE username = 'community'")
        leader = viewer_of(database, row["id"], NOW)
        with database.transaction(leader.settings) as connection:
            with pytest.raises(PeopleProblem, match="reason"):
                unmask(connection, by, person_id, "  ")
            clear = unmask(connection, by, person_id, "water in the cellar")
        assert (clear.name, clear.phone) == ("令狐某某", "19900005678")
        found = rows(
            database,
            "SELECT account_id, why FROM gridmap.audit WHERE action = 'unmask' AND subject_id = %s",
            str(person_id),
        )
        assert found == [{"account_id": row["id"], "why": "water in the cellar"}]


class TestEnrolment:
    @pytest.fixture
    def row(self, place: dict[str, Any], request: pytest.FixtureRequest) -> Callable[..., Enrolment]:
        key = f"user:{abs(hash(request.node.name))}"

        def make(**fields: Any) -> Enrolment:
            values = {
                "street_id": place["street_id"],
                "key": key,
                "name": "赵某某",
                "role": "stairwell_leader",
                "phone": "021-12345678",
                "community_id": place["community_id"],
                "place_id": place["id"],
            }
            return Enrolment(**{**values, **fields})

        return make

    def test_the_same_row_again_changes_nothing(
        self, run: Callable[..., Any], row: Callable[..., Enrolment], database: Database
    ) -> None:
        first = run(enrol, row(username="zhao.1"))
        before = rows(database, "SELECT max(id) AS last FROM gridmap.audit")
        second = run(enrol, row(username="Zhao.1 "))
        assert (first.outcome, second.outcome) == ("added", "unchanged")
        assert (second.person_id, second.account_id) == (first.person_id, first.account_id)
        assert rows(database, "SELECT max(id) AS last FROM gridmap.audit") == before

    def test_what_has_changed_is_changed(self, run: Callable[..., Any], row: Callable[..., Enrolment]) -> None:
        run(enrol, row())
        for fields in ({"display_name": "楼组长甲"}, {"phone": "021-87654321"}, {"name": "钱某某"}):
            assert run(enrol, row(**{"display_name": "楼组长甲", **fields})).outcome == "changed"

    def test_the_account_gets_the_right_of_its_role(
        self, run: Callable[..., Any], row: Callable[..., Enrolment], database: Database, place: dict[str, Any]
    ) -> None:
        worker = run(enrol, row(username="zhao.2"))
        secretary = run(enrol, row(key="user:secretary", username="zhao.3", role="community_secretary", place_id=None))
        with database.transaction(SYSTEM) as connection:
            (mine,) = grants_of(connection, worker.account_id, NOW)
            (theirs,) = grants_of(connection, secretary.account_id, NOW)
        assert (mine["role"], mine["level"]) == ("manager", "held")
        assert (theirs["role"], theirs["level"], theirs["target_id"]) == ("leader", "community", place["community_id"])

    def test_a_place_that_is_held_and_a_name_that_is_taken_are_refused_whole(
        self, run: Callable[..., Any], row: Callable[..., Enrolment], database: Database
    ) -> None:
        run(enrol, row(username="zhao.4"))
        count = rows(database, "SELECT count(*) AS n FROM gridmap.person")
        with pytest.raises(PlaceHeld):
            run(enrol, row(key="user:other"))
        with pytest.raises(PeopleProblem, match="taken"):
            run(enrol, row(key="user:third", username="zhao.4", role="stairwell_volunteer"))
        assert rows(database, "SELECT count(*) AS n FROM gridmap.person") == count
