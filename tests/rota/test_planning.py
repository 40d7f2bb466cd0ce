"""A quarter shared out at once, through the commands and the database."""

import random
from collections import Counter
from dataclasses import replace
from datetime import date, time, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from gridmap.analysis.rota import turns_within
from gridmap.periods import Period
from gridmap.places.calendar import read_calendar
from gridmap.rota import RotaChanged, change_rota, even_up, join, leave, open_rota, propose
from tests.duties_town import ESTATE_A, HOUSE_A, PEOPLE
from tests.parking_town import at
from tests.rota_town import (
    BEFORE,
    EVENING,
    GROUP,
    QUARTER,
    STRANGER,
    TWO_WEEKS,
    RotaTown,
    account_of,
    midnight,
    refused,
)


def gaps(town: RotaTown) -> list[dict[str, Any]]:
    statement, within = "SELECT * FROM gridmap.open_turns(%s, %s)", (midnight(QUARTER.start), midnight(QUARTER.end))
    return town.run(None, lambda connection, _: connection.execute(statement, within).fetchall())


def spread(town: RotaTown, people: tuple[int, ...] = GROUP) -> int:
    totals = Counter(person for holders in town.held().values() for person in holders)
    return max(totals[person] for person in people) - min(totals[person] for person in people)


def weekday_spread(town: RotaTown) -> int:
    had = Counter((person, day.weekday()) for day, holders in town.held().items() for person in holders)
    return max(
        max(had[person, weekday] for person in GROUP) - min(had[person, weekday] for person in GROUP)
        for weekday in range(5)
    )


@pytest.mark.parametrize("share", [0.0, 0.12])
def test_24_people_share_a_quarter_evenly(town: RotaTown, share: float) -> None:
    """The bars: totals differ by one at most, weekdays by two, nothing is open; in the database, not on paper."""
    town.open()
    town.join()
    chance = random.Random(7)
    for person in GROUP:
        if share and chance.random() < 0.8:
            first = QUARTER.start + timedelta(days=chance.randrange(75))
            town.away(person, first, first + timedelta(days=round(91 * share) + chance.randrange(-3, 4)))
    found = town.plan()
    held = town.held()
    expected = turns_within(QUARTER, read_calendar(town.owner), (EVENING.begins, EVENING.ends))
    assert list(held) == [turn.day for turn in expected]
    assert {len(people) for people in held.values()} == {1}
    assert spread(town) <= 1
    assert weekday_spread(town) <= 2
    assert town.rows("SELECT FROM gridmap.rota_turn WHERE missing > 0") == []
    assert (found.spread[1] - found.spread[0], found.plan.unfilled) == (spread(town), ())
    assert gaps(town) == []


def test_planning_again_changes_nothing(planned: RotaTown) -> None:
    before = planned.rows("SELECT id, revision, changed_at FROM gridmap.rota_turn ORDER BY id")
    planned.now += timedelta(hours=1)
    assert planned.plan().changes == ()
    assert planned.rows("SELECT id, revision, changed_at FROM gridmap.rota_turn ORDER BY id") == before


def test_a_preview_writes_nothing_and_what_was_agreed_to_is_what_is_written(town: RotaTown) -> None:
    town.open()
    town.join()

    def look(who: str) -> str:
        return town.run(who, lambda connection, by: propose(connection, by, town.rota_id, QUARTER).digest)

    seen = look("leader")
    assert town.held() == {}
    town.away(GROUP[3], date(2026, 4, 1), date(2026, 6, 30))
    with pytest.raises(RotaChanged):
        town.plan(seen=seen)
    assert town.held() == {}
    town.plan(seen=look("leader"))
    assert GROUP[3] not in {person for people in town.held().values() for person in people}


def test_only_who_leads_there_plans(town: RotaTown) -> None:
    town.open()
    town.join(who="community_leader")
    for who in ("r0", "company"):
        with refused("not_yours"):
            town.plan(who=who)
    for who in ("east_leader", "stranger", "worker_a", "other_company"):
        with pytest.raises(LookupError):
            town.plan(who=who)
    with refused("not_yours"):
        town.run("worker_a", lambda connection, by: open_rota(connection, by, "patrol", HOUSE_A, EVENING))
    with refused("place"):
        town.run("worker_a", lambda connection, by: open_rota(connection, by, "parking", ESTATE_A, EVENING))
    town.plan(who="community_leader")
    assert len(town.held()) > 55


def test_what_cannot_be_planned_says_why(town: RotaTown) -> None:
    town.open()
    with refused("no_members"):
        town.plan()
    town.join()
    with refused("over"):
        town.plan(Period(date(2026, 1, 1), date(2026, 3, 1)))
    with refused("too_much"):
        town.plan(Period(date(2026, 4, 1), date(2028, 4, 1)))
    with refused("person"):
        town.join((GROUP[0], 7))
    assert town.join() == 0


def test_leave_after_planning_opens_an_evening_and_planning_again_fills_it(planned: RotaTown) -> None:
    person = GROUP[0]
    day = planned.days_of(person)[1]
    planned.away(person, day, day)
    [gap] = gaps(planned)
    assert (gap["day"], gap["missing"], gap["reason"]) == (day, 1, "on_leave")
    found = planned.plan()
    assert day in {change.day for change in found.changes}
    assert person not in planned.held()[day]
    assert gaps(planned) == []
    assert spread(planned) <= 1


def test_what_is_past_told_or_swapped_stays(planned: RotaTown) -> None:
    held = planned.held()
    days = list(held)
    giver, taker = held[days[20]][0], held[days[30]][0]
    planned.ask("leader", days[20], giver, taker, days[30])
    planned.now = at(days[10].isoformat(), "19:00")
    for member in [member_of(planned, person) for person in GROUP[:12]]:
        planned.run("leader", partial(leave, member_id=member, day=planned.now.date(), revision=1))
    planned.plan()
    after = planned.held()
    # whoever has left no longer comes from tomorrow on, whatever was promised
    gone = set(GROUP[:12])
    assert all(after[day] == held[day] for day in days[:11])
    assert after[days[11]] == held[days[11]] or set(held[days[11]]) <= gone
    for day, person in ((days[20], taker), (days[30], giver)):
        assert (after[day] == (person,)) is (person not in gone)
    assert not gone & {person for day in days[11:] for person in after[day]}
    assert all(after.values())


def test_the_next_quarter_counts_the_evenings_that_are_still_to_come_in_this_one(town: RotaTown) -> None:
    town.open()
    town.join()
    march = town.plan(Period(date(2026, 3, 20), date(2026, 4, 1)))
    assert len(march.plan.turns) == 8
    town.plan()
    assert spread(town) <= 1
    for person in GROUP:
        for earlier, later in pairwise(town.days_of(person)):
            assert (later - earlier).days >= EVENING.gap_days, person


def test_who_joins_for_the_next_quarter_starts_with_what_the_others_will_have_had_by_then(town: RotaTown) -> None:
    town.open()
    town.join(GROUP[:4])
    town.plan(Period(date(2026, 3, 20), date(2026, 4, 1)))
    town.join((STRANGER,), QUARTER.start)
    [row] = town.rows("SELECT credit FROM gridmap.rota_member WHERE person_id = %s", STRANGER)
    assert sum(row["credit"]) == 8 // 4


@pytest.mark.parametrize("first", ["night", "morning"])
def test_nobody_has_a_morning_after_a_night_that_is_not_over(town: RotaTown, first: str) -> None:
    """Two rotas whose turns belong to different days and overlap: each plans around the other."""
    daily = replace(EVENING, weekdays=(0, 1, 2, 3, 4, 5, 6), gap_days=1)
    shapes = {
        "night": replace(daily, name="夜间巡逻", begins=time(22), ends=time(6)),
        "morning": replace(daily, name="早间门岗", begins=time(5), ends=time(7)),
    }
    made = {}
    for name in sorted(shapes, key=lambda name: name != first):
        made[name] = town.open(shapes[name], "patrol" if name == "night" else "gate", HOUSE_A)
        town.join(GROUP[:5])
        found = town.plan(TWO_WEEKS)
        assert found.plan.unfilled == ()
    both = town.rows(
        "SELECT FROM gridmap.rota_holder n JOIN gridmap.rota_holder m ON m.person_id = n.person_id"
        " AND m.ended_at IS NULL AND (m.during && n.during OR m.day = n.day)"
        " WHERE n.rota_id = %s AND m.rota_id = %s AND n.ended_at IS NULL",
        made["night"],
        made["morning"],
    )
    assert both == []


def test_who_goes_and_comes_back_keeps_the_evenings_of_both_times(planned: RotaTown) -> None:
    person, held = GROUP[5], planned.held()
    member, days = member_of(planned, person), planned.days_of(person)
    back = days[1] + timedelta(days=7)
    planned.run("leader", lambda connection, by: leave(connection, by, member, days[1], revision=1))
    planned.join((person,), back)
    before, between = days[0], next(day for day in held if days[1] < day < back)
    # the first time is not over, and what is promised of it stays
    planned.now = at(before.isoformat(), "09:00")
    planned.plan()
    assert planned.held()[before] == (person,)
    assert person not in planned.held()[between]
    later = [day for day in planned.days_of(person) if day >= back]
    assert later
    # to end the first time sooner takes nothing of the second, and it cannot last into that
    [row] = planned.rows("SELECT revision FROM gridmap.rota_member WHERE id = %s", member)
    with refused("day"):
        planned.run(
            "leader",
            lambda connection, by: leave(connection, by, member, back + timedelta(days=9), revision=row["revision"]),
        )
    planned.run("leader", lambda connection, by: leave(connection, by, member, before, revision=row["revision"]))
    assert planned.days_of(person) == [before, *later]


def test_what_was_agreed_to_is_not_written_with_other_hours(town: RotaTown) -> None:
    town.open()
    town.join()
    seen = town.run("leader", lambda connection, by: propose(connection, by, town.rota_id, QUARTER).digest)
    later = replace(EVENING, begins=time(19), ends=time(21))
    town.run("leader", lambda connection, by: change_rota(connection, by, town.rota_id, later, revision=1))
    with pytest.raises(RotaChanged):
        town.plan(seen=seen)
    assert town.held() == {}


def member_of(town: RotaTown, person: int) -> int:
    rows = town.rows("SELECT id FROM gridmap.rota_member WHERE person_id = %s AND rota_id = %s", person, town.rota_id)
    return int(rows[-1]["id"])


def test_who_joins_late_starts_with_the_mean_and_makes_up_for_nothing(planned: RotaTown) -> None:
    planned.now = at("2026-06-30", "21:00")
    late = PEOPLE[0]
    planned.join((late,), date(2026, 7, 1))
    [row] = planned.rows("SELECT credit FROM gridmap.rota_member WHERE person_id = %s", late)
    had = [len(planned.days_of(person)) for person in GROUP]
    assert sum(row["credit"]) == sum(had) // len(had)
    planned.plan(Period(date(2026, 7, 1), date(2026, 10, 1)))
    third = [day for day in planned.days_of(late) if day >= date(2026, 7, 1)]
    others = [len([day for day in planned.days_of(one) if day >= date(2026, 7, 1)]) for one in GROUP]
    assert min(others) - 1 <= len(third) <= max(others)
    # the newcomer sees the rota, and whoever never joined does not
    assert planned.run("stranger", lambda connection, _: connection.execute("SELECT FROM gridmap.rota").rowcount) == 0


def test_a_long_leave_need_not_be_made_up_for(town: RotaTown) -> None:
    town.open()
    town.join(GROUP[:6])
    town.away(GROUP[0], date(2026, 4, 1), date(2026, 6, 30))
    town.plan()
    town.now = at("2026-06-30", "21:00")
    member = member_of(town, GROUP[0])
    town.run("leader", lambda connection, by: even_up(connection, by, member, revision=1))
    [row] = town.rows("SELECT credit FROM gridmap.rota_member WHERE id = %s", member)
    assert sum(row["credit"]) == sum(len(town.days_of(person)) for person in GROUP[1:6]) // 5
    with pytest.raises(RotaChanged):
        town.run("leader", lambda connection, by: even_up(connection, by, member, revision=1))


def test_who_leaves_gives_the_evenings_back_and_sees_nothing_any_more(planned: RotaTown) -> None:
    person = GROUP[5]
    member, days = member_of(planned, person), planned.days_of(person)
    day = days[1]
    planned.run("leader", lambda connection, by: leave(connection, by, member, day, revision=1))
    assert planned.days_of(person) == days[:1]
    open_days = planned.rows("SELECT day, missing, reason FROM gridmap.rota_turn WHERE missing > 0 ORDER BY day")
    assert [(row["day"], row["missing"], row["reason"]) for row in open_days] == [
        (one, 1, "too_few_members") for one in days[1:]
    ]
    planned.plan()
    assert planned.rows("SELECT FROM gridmap.rota_turn WHERE missing > 0") == []
    planned.now = midnight(day) + timedelta(hours=1)
    planned.run("leader", lambda connection, by: join(connection, by, planned.rota_id, (STRANGER,), day))
    seen = "SELECT FROM gridmap.rota_turn"
    assert planned.run(account_of(person), lambda connection, _: connection.execute(seen).rowcount) == 0
    assert planned.run("stranger", lambda connection, _: connection.execute(seen).rowcount) > 50


def test_other_hours_are_written_with_the_next_planning_and_the_end_calls_off(planned: RotaTown) -> None:
    later = replace(EVENING, begins=time(19), ends=time(21))
    planned.run("leader", lambda connection, by: change_rota(connection, by, planned.rota_id, later, revision=1))
    people = planned.held()
    planned.plan()
    assert planned.held() == people
    hours = planned.rows(
        "SELECT DISTINCT (starts_at AT TIME ZONE 'Asia/Shanghai')::time AS hour FROM gridmap.rota_turn"
    )
    assert [row["hour"] for row in hours] == [time(19)]
    lasting = planned.rows(
        "SELECT FROM gridmap.rota_holder h JOIN gridmap.rota_turn t ON t.id = h.turn_id"
        " WHERE h.ended_at IS NULL AND h.during <> tstzrange(t.starts_at, t.ends_at)"
    )
    assert lasting == []
    ending = replace(later, ends_on=date(2026, 5, 1))
    with pytest.raises(RotaChanged):
        planned.run("leader", lambda connection, by: change_rota(connection, by, planned.rota_id, ending, revision=1))
    revision = planned.rows("SELECT revision FROM gridmap.rota")[0]["revision"]
    planned.run(
        "leader", lambda connection, by: change_rota(connection, by, planned.rota_id, ending, revision=revision)
    )
    assert max(planned.held()) < date(2026, 5, 1)
    assert planned.rows("SELECT FROM gridmap.rota_holder WHERE ended_at IS NULL AND day >= '2026-05-01'") == []
    beginning = replace(ending, starts=date(2026, 4, 13))
    planned.run(
        "leader", lambda connection, by: change_rota(connection, by, planned.rota_id, beginning, revision=revision + 1)
    )
    assert min(planned.held()) == date(2026, 4, 13)
    assert planned.rows("SELECT FROM gridmap.rota_holder WHERE ended_at IS NULL AND day < '2026-04-13'") == []


def test_every_command_is_audited_and_announced(town: RotaTown) -> None:
    town.open()
    town.join(GROUP[:4])
    town.plan(TWO_WEEKS)
    rows = town.rows(
        "SELECT action FROM gridmap.audit WHERE subject = 'rota' AND subject_id = %s ORDER BY id", str(town.rota_id)
    )
    assert [row["action"] for row in rows] == ["open_rota", "join_rota", "plan_rota"]
    assert len(town.rows("SELECT FROM gridmap.change WHERE layer = 'rotas'")) == 3
    assert town.rows("SELECT min(starts_at) AS first FROM gridmap.rota_turn")[0]["first"] > BEFORE
