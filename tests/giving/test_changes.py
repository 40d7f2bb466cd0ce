"""Change sets: looked at, made as one, refused with the holder's name, taken back; hand-over with what is open."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from gridmap.people import (
    ChangeConflict,
    ChangeRefused,
    Duty,
    PeopleProblem,
    assign,
    end_assignment,
    set_absence,
)
from gridmap.people.giving import (
    Move,
    apply_change,
    hand_over,
    preview_change,
    read_belongings,
    received,
    share_out,
    undo_change,
)
from gridmap.people.giving.loads import Load
from gridmap.people.giving.moves import seen_of
from tests.giving.conftest import ROLE, Office

TODAY = date(2026, 3, 16)


def audit(office: Office, change: int) -> list[dict[str, Any]]:
    return office.rows(
        "SELECT action, subject, why FROM gridmap.audit WHERE (subject = 'assignment_change' AND subject_id = %s)"
        " OR subject_id IN (SELECT unnest(ARRAY[before_id, after_id])::text FROM gridmap.assignment_move"
        "   WHERE change_id = %s) ORDER BY id",
        str(change),
        change,
    )


class TestApplying:
    def test_many_places_change_hands_as_one(self, office: Office) -> None:
        one, two, three = office.person("甲"), office.person("乙"), office.person("丙")
        first = office.run(apply_change, [office.move(door, one) for door in office.doors[:3]], why="新设")
        office.now += timedelta(days=1)
        a, b, c, d = office.doors[:4]
        moves = [office.move(a, two), office.move(b, None), office.move(c, one), office.move(d, three)]
        made = office.run(apply_change, moves, why="换届")
        assert made.counts == {"given": 1, "moved": 1, "ended": 1, "same": 0}
        assert [office.holder(door) for door in (a, b, c, d)] == ["乙", None, "甲", "丙"]
        before = office.now - timedelta(seconds=1)
        assert [office.holder(door, at=before) for door in (a, b, c, d)] == ["甲", "甲", "甲", None]
        (row,) = office.rows("SELECT * FROM gridmap.assignment_change WHERE id = %s", made.change_id)
        assert (row["kind"], row["why"], row["places"], row["community_id"]) == ("change", "换届", 3, office.community)
        told = audit(office, made.change_id)
        assert [one["action"] for one in told].count("change_assignments") == 1
        assert sorted(one["action"] for one in told if one["why"] == "换届") == [
            "assign", "assign", "change_assignments", "end_assignment", "end_assignment",
        ]  # fmt: skip
        assert first.seen
        assert made.seen > first.seen

    def test_a_preview_writes_nothing_and_tells_both_loads(self, office: Office) -> None:
        one, two = office.person("一号"), office.person("二号")
        office.run(apply_change, [office.move(door, one) for door in office.doors[4:8]], why=None)
        moves = [office.move(office.doors[4], two), office.move(office.doors[9], two)]
        found = office.run(preview_change, moves)
        assert [step.kind for step in found.plan.steps] == ["moved", "given"]
        told = {one.name: (one.before.places, one.after.places) for one in found.balances}
        assert told == {"一号": (4, 3), "二号": (0, 2)}
        (giver, taker) = found.balances
        assert giver.name == "一号"
        assert taker.before == Load()
        assert giver.after.households < giver.before.households
        assert taker.after.metres >= 0
        assert office.holder(office.doors[4]) == "一号"

    def test_whoever_was_slower_is_told_who_has_it_and_nothing_is_written(self, office: Office) -> None:
        one, two = office.person("快"), office.person("慢")
        doors = office.doors[10:13]
        late = [office.move(door, two) for door in doors]
        office.run(apply_change, [office.move(doors[1], one)], why=None)
        with pytest.raises(ChangeConflict) as conflict:
            office.run(apply_change, late, why=None)
        (found,) = conflict.value.conflicts
        assert (found.kind, found.holder, found.place_id, found.since) == ("held", "快", doors[1], office.now)
        assert [office.holder(door) for door in doors] == [None, "快", None]
        gone = office.move(doors[1], two)
        office.now += timedelta(hours=1)
        office.run(apply_change, [office.move(doors[1], None)], why=None)
        with pytest.raises(ChangeConflict) as conflict:
            office.run(apply_change, [gone], why=None)
        assert conflict.value.conflicts[0].kind == "free"

    def test_another_assignment_of_the_same_revision_is_another_one(self, office: Office) -> None:
        """All begin with revision 1: who saw the first must not take the place from the second."""
        one, two, three = office.person("其一"), office.person("其二"), office.person("其三")
        door = office.doors[14]
        office.run(apply_change, [office.move(door, one)], why=None)
        late = office.move(door, three)
        office.now += timedelta(days=1)
        office.run(apply_change, [office.move(door, two)], why=None)
        with pytest.raises(ChangeConflict) as conflict:
            office.run(apply_change, [late], why=None)
        assert conflict.value.conflicts[0].holder == "其二"

    def test_a_place_that_is_promised_to_somebody_later_is_not_given_away(self, office: Office) -> None:
        one, two = office.person("将来"), office.person("现在")
        door, later = office.doors[13], office.now + timedelta(days=20)
        office.run(apply_change, [office.move(door, one)], why=None, at=later)
        with pytest.raises(ChangeConflict) as conflict:
            office.run(apply_change, [office.move(door, two)], why=None)
        assert (conflict.value.conflicts[0].kind, conflict.value.conflicts[0].holder) == ("later", "将来")
        assert office.holder(door) is None
        assert office.holder(door, at=later) == "将来"

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"role": "no_such_role"}, "role"),
            ({"role": "grid_worker"}, "role"),
            ({"unit": "101"}, "unit"),
            ({"person_id": 4711}, "person"),
            ({"is_primary": False, "person_id": None}, "person"),
        ],
    )
    def test_moves_that_can_never_be(self, office: Office, fields: dict[str, Any], reason: str) -> None:
        moves = [office.move(office.doors[20], office.person("某"), **fields)]
        found = office.run(preview_change, moves)
        assert [one.reason for one in found.plan.refusals] == [reason]
        with pytest.raises(ChangeRefused, match=reason):
            office.run(apply_change, moves, why=None)

    def test_more_that_can_never_be(self, office: Office) -> None:
        somebody, door = office.person("某"), office.doors[21]
        (building,) = office.rows("SELECT parent_id FROM gridmap.place WHERE id = %s", door)
        house = building["parent_id"]
        for moves, reason in (
            ([], "empty"),
            ([office.move(door, somebody)] * 2, "twice"),
            ([office.move(house, somebody)], "stairwells"),
            ([office.move((door >> 32 << 32) + 1, somebody)], "place"),
            ([office.move(door, somebody), Move(place_id=99 << 32, role=ROLE, person_id=somebody)], "street"),
            ([office.move(door, None)], "nothing"),
        ):
            with pytest.raises(ChangeRefused, match=reason):
                office.run(apply_change, moves, why=None)
        for fields, reason in ({"at": office.now - timedelta(days=1)}, "past"), ({"why": "x" * 501}, "why"):
            with pytest.raises(PeopleProblem, match=reason):
                office.run(apply_change, [office.move(door, somebody)], **{"why": None, **fields})
        office.run(set_absence, somebody, start=office.now, end=None, kind="left")
        with pytest.raises(ChangeRefused, match="left"):
            office.run(apply_change, [office.move(door, somebody)], why=None)

    def test_deputies_stand_beside_and_stop(self, office: Office) -> None:
        one, two = office.person("正"), office.person("副")
        door = office.doors[22]
        office.run(
            apply_change, [office.move(door, one), Move(place_id=door, role=ROLE, person_id=two, is_primary=False)],
            why=None,
        )  # fmt: skip
        assert office.holder(door) == "正"
        (deputy,) = office.rows(
            "SELECT id, revision FROM gridmap.assignment WHERE place_id = %s AND NOT is_primary AND role = %s",
            door,
            ROLE,
        )
        office.now += timedelta(hours=1)
        stop = Move(place_id=door, role=ROLE, person_id=two, is_primary=False, is_end=True, seen=7)
        with pytest.raises(ChangeConflict):
            office.run(apply_change, [stop], why=None)
        stop = Move(
            place_id=door,
            role=ROLE,
            person_id=two,
            is_primary=False,
            is_end=True,
            seen=seen_of(deputy["id"], deputy["revision"]),
        )
        made = office.run(apply_change, [stop], why=None)
        assert made.counts["ended"] == 1
        back = office.run(undo_change, made.change_id)
        assert back.counts["given"] == 1

    def test_a_household_has_one_holder_of_its_own(self, office: Office) -> None:
        with office.database.transaction({"scope": "city", "administers": "on"}) as connection:
            connection.execute(
                "INSERT INTO gridmap.duty_role (code, title, title_en, level)"
                " VALUES ('household_contact', '包户联系人', 'Household contact', 'household') ON CONFLICT DO NOTHING"
            )
        one, two, door = office.person("包户甲"), office.person("包户乙"), office.doors[23]
        (row,) = office.rows("SELECT units FROM gridmap.stairwell WHERE place_id = %s", door)
        role, units = "household_contact", row["units"]
        moves = [
            Move(place_id=door, role=role, unit=unit, person_id=one if k % 2 else two) for k, unit in enumerate(units)
        ]
        made = office.run(apply_change, moves, why="家庭包干")
        assert made.counts["given"] == len(units)
        with pytest.raises(ChangeConflict) as conflict:
            office.run(apply_change, [moves[0]], why=None)
        assert conflict.value.conflicts[0].holder == "包户乙"
        seen = next(one.seen for one in made.begun if one.spot[2] == units[0])
        found = office.run(preview_change, [Move(place_id=door, role=role, unit=units[0], person_id=one, seen=seen)])
        assert {one.name: one.after.households for one in found.balances} == {
            "包户甲": len(units) // 2 + 1,
            "包户乙": len(units) - len(units) // 2 - 1,
        }
        for unit, reason in (("", "unit"), ("no such", "unit")):
            with pytest.raises(ChangeRefused, match=reason):
                office.run(apply_change, [Move(place_id=door, role=role, unit=unit, person_id=one)], why=None)


class TestUndoing:
    def test_it_gives_every_place_back(self, office: Office) -> None:
        one, two = office.person("前任"), office.person("后任")
        a, b, c = office.doors[30:33]
        office.run(apply_change, [office.move(a, one), office.move(b, one)], why=None)
        office.now += timedelta(days=3)
        made = office.run(apply_change, [office.move(a, two), office.move(b, None), office.move(c, two)], why=None)
        changed = office.now
        office.now += timedelta(days=2)
        back = office.run(undo_change, made.change_id, why="弄错了")
        assert [office.holder(door) for door in (a, b, c)] == ["前任", "前任", None]
        between = changed + timedelta(days=1)
        assert [office.holder(door, at=between) for door in (a, b, c)] == ["后任", None, "后任"]
        with pytest.raises(ChangeConflict) as conflict:
            office.run(undo_change, made.change_id)
        assert conflict.value.conflicts[0].kind == "undone"
        again = office.run(undo_change, back.change_id)
        assert [office.holder(door) for door in (a, b, c)] == ["后任", None, "后任"]
        assert again.counts == {"given": 1, "moved": 1, "ended": 1, "same": 0}

    def test_at_the_same_moment_it_leaves_no_trace_on_any_day(self, office: Office) -> None:
        one, two = office.person("原来"), office.person("误点")
        door = office.doors[34]
        office.run(apply_change, [office.move(door, one)], why=None)
        rows = "SELECT id, person_id, valid FROM gridmap.assignment WHERE place_id = %s AND role = %s ORDER BY id"
        office.now += timedelta(days=1)
        before = office.rows(rows, door, ROLE)
        made = office.run(apply_change, [office.move(door, two)], why=None)
        assert office.holder(door) == "误点"
        office.run(undo_change, made.change_id)
        assert office.rows(rows, door, ROLE) == before

    def test_a_change_that_does_not_hold_yet_is_taken_back_whole(self, office: Office) -> None:
        one, two, door = office.person("至月底"), office.person("下月起"), office.doors[35]
        office.run(apply_change, [office.move(door, one)], why=None)
        later = office.now + timedelta(days=15)
        office.now += timedelta(days=1)
        made = office.run(apply_change, [office.move(door, two)], why=None, at=later)
        assert office.holder(door) == "至月底"
        office.run(undo_change, made.change_id)
        assert [office.holder(door, at=at) for at in (office.now, later)] == ["至月底", "至月底"]

    def test_it_is_refused_where_somebody_has_changed_one_of_them_since(self, office: Office) -> None:
        one, two, three = office.person("一"), office.person("二"), office.person("三")
        a, b = office.doors[36:38]
        office.run(apply_change, [office.move(a, one), office.move(b, one)], why=None)
        office.now += timedelta(days=1)
        made = office.run(apply_change, [office.move(a, two), office.move(b, None)], why=None)
        office.now += timedelta(days=1)
        office.run(apply_change, [office.move(b, three)], why=None)
        with pytest.raises(ChangeConflict) as conflict:
            office.run(undo_change, made.change_id)
        (found,) = conflict.value.conflicts
        assert (found.place_id, found.holder) == (b, "三")
        assert [office.holder(door) for door in (a, b)] == ["二", "三"]

    def test_an_end_written_by_hand_counts_as_a_later_change(self, office: Office) -> None:
        somebody, door = office.person("某甲"), office.doors[38]
        made = office.run(apply_change, [office.move(door, somebody)], why=None)
        office.now += timedelta(days=1)
        office.run(end_assignment, made.begun[0].id, revision=1)
        with pytest.raises(ChangeConflict) as conflict:
            office.run(undo_change, made.change_id)
        assert conflict.value.conflicts[0].kind == "free"

    def test_an_unknown_change(self, office: Office) -> None:
        with pytest.raises(LookupError):
            office.run(undo_change, (office.street << 32) + 17)


class TestHandingOver:
    @pytest.fixture
    def manager(self, office: Office) -> int:
        """The manager of 花苑 with most places."""
        (row,) = office.rows(
            "SELECT a.person_id FROM gridmap.assignment a JOIN gridmap.absence b ON b.person_id = a.person_id"
            " WHERE a.role = 'building_manager' AND a.street_id = %s AND a.valid @> %s AND a.community_id = %s"
            " AND b.valid @> %s GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
            office.street, office.now, office.community, office.now,
        )  # fmt: skip
        return int(row["person_id"])

    def test_all_of_it_goes_with_what_is_open_and_the_note(self, office: Office, manager: int) -> None:
        more = [office.move(door, manager) for door in office.doors[50:57]]
        deputy = Move(place_id=office.doors[58], role=ROLE, person_id=manager, is_primary=False)
        office.run(apply_change, [*more, deputy], why=None)
        office.now += timedelta(hours=2)
        with office.database.transaction({"scope": "city"}) as connection:
            has = read_belongings(connection, manager, office.now, TODAY)
        assert len(has.held) >= 9
        assert has.open.slots > 0
        assert has.open.soonest == date(2026, 3, 31)
        heirs = [office.person(name) for name in ("接手甲", "接手乙")]
        moves = share_out(has, heirs)
        shares = [sum(move.person_id == heir and not move.is_end for move in moves) for heir in heirs]
        assert max(shares) - min(shares) <= 1
        made = office.run(
            hand_over, manager, moves, notes={heirs[0]: "钥匙在门卫处"}, today=TODAY, why="调离"
        )  # fmt: skip
        with office.database.transaction({"scope": "city"}) as connection:
            assert read_belongings(connection, manager, office.now, TODAY).held == ()
            told = [received(connection, heir)[0] for heir in heirs]
        assert [one["note"] for one in told] == ["钥匙在门卫处", None]
        assert sum(one["open_slots"] for one in told) == has.open.slots
        assert {one["giver"] for one in told} == {has.name}
        office.now += timedelta(hours=2)
        office.run(undo_change, made.change_id)
        with office.database.transaction({"scope": "city"}) as connection:
            back = read_belongings(connection, manager, office.now, TODAY)
            assert received(connection, heirs[0])[0]["undone_at"] == office.now
        assert {one.place.id for one in back.held} == {one.place.id for one in has.held}

    def test_nobody_hands_over_what_is_not_theirs(self, office: Office, manager: int) -> None:
        heir = office.person("接手")
        with pytest.raises(ChangeRefused, match="not_theirs"):
            office.run(hand_over, manager, [office.move(office.doors[60], heir)], notes={}, today=TODAY)

    def test_runs_of_the_walk_stay_together(self, office: Office, manager: int) -> None:
        with office.database.transaction({"scope": "city"}) as connection:
            has = read_belongings(connection, manager, office.now, TODAY)
        heirs = [1, 2, 3]
        given = [move.person_id for move in share_out(has, heirs) if not move.is_end]
        assert all(after >= before for before, after in pairwise(given))


def test_a_building_without_stairwells_counts_as_one(office: Office) -> None:
    """Villa rows of another street."""
    first, second = office.rows(
        "SELECT p.street_id, p.community_id, p.id FROM gridmap.place p JOIN gridmap.building b"
        " ON b.street_id = p.street_id AND b.place_id = p.id AND b.kind = 'villa_row'"
        " WHERE NOT EXISTS (SELECT FROM gridmap.place s WHERE s.parent_id = p.id)"
        " AND NOT EXISTS (SELECT FROM gridmap.assignment a WHERE a.place_id = p.id AND a.role = %s)"
        " ORDER BY p.id LIMIT 2",
        ROLE,
    )
    office.street, office.community = first["street_id"], first["community_id"]
    first, second = first["id"], second["id"]
    somebody = office.person("联排")
    office.run(assign, Duty(person_id=somebody, place_id=first, role=ROLE, start=office.now))
    office.run(apply_change, [office.move(second, somebody)], why=None)
    assert [office.holder(place) for place in (first, second)] == ["联排", "联排"]
