"""Evenings that change hands: asked for, agreed to, given, filled; who may, and two at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from gridmap.read.rota import read_news, read_unmanned
from gridmap.rota import RotaProblem, take_turn
from tests.parking_town import at
from tests.rota_town import GROUP, QUARTER, TWO_WEEKS, RotaTown, account_of, refused


def two(town: RotaTown) -> tuple[date, int, date, int]:
    """Two evenings of two people, who are both free on both."""
    days = list(town.held())
    first, second = days[4], days[9]
    return first, town.held()[first][0], second, town.held()[second][0]


def test_a_swap_is_one_tap_to_ask_and_one_to_agree(planned: RotaTown) -> None:
    day, giver, other, taker = two(planned)
    swap = planned.ask(account_of(giver), day, giver, taker, other)
    assert planned.held()[day] == (giver,)
    planned.answer(account_of(taker), swap)
    assert (planned.held()[day], planned.held()[other]) == ((taker,), (giver,))
    origins = planned.rows("SELECT DISTINCT origin FROM gridmap.rota_holder WHERE swap_id = %s", swap)
    assert [row["origin"] for row in origins] == ["swapped"]
    # who had it stays written
    assert (
        len(planned.rows("SELECT FROM gridmap.rota_holder WHERE day = ANY (%s) AND ended_at IS NOT NULL", [day, other]))
        == 2
    )
    actions = planned.rows("SELECT action, account_id FROM gridmap.audit WHERE action LIKE '%%swap' ORDER BY id")
    assert [(row["action"], row["account_id"]) for row in actions] == [
        ("ask_swap", planned.ids[account_of(giver)]),
        ("agree_swap", planned.ids[account_of(taker)]),
    ]
    with refused("answered"):
        planned.answer(account_of(taker), swap)


def test_nobody_gives_or_agrees_for_somebody_else(planned: RotaTown) -> None:
    day, giver, other, taker = two(planned)
    third = next(person for person in GROUP if person not in (giver, taker))
    with refused("not_yours"):
        planned.ask(account_of(third), day, giver, taker)
    with pytest.raises(LookupError):
        planned.ask("worker_a", day, giver, taker)
    swap = planned.ask(account_of(giver), day, giver, taker, other)
    for who, answer in ((giver, "agree"), (third, "agree"), (third, "withdraw"), (taker, "withdraw")):
        with refused("not_yours"):
            planned.answer(account_of(who), swap, answer)
    with pytest.raises(LookupError):
        planned.answer("stranger", swap)
    with refused("asked"):
        planned.ask(account_of(giver), day, giver, taker)
    planned.answer(account_of(taker), swap, "decline")
    assert planned.held()[day] == (giver,)
    again = planned.ask(account_of(giver), day, giver, taker)
    planned.answer(account_of(giver), again, "withdraw")
    states = planned.rows("SELECT state FROM gridmap.rota_swap ORDER BY id")
    assert [row["state"] for row in states] == ["declined", "withdrawn"]


def test_a_leader_who_has_spoken_with_both_swaps_at_once(planned: RotaTown) -> None:
    day, giver, other, taker = two(planned)
    planned.ask("community_leader", day, giver, taker, other)
    assert (planned.held()[day], planned.held()[other]) == ((taker,), (giver,))
    with pytest.raises(LookupError):
        planned.ask("east_leader", day, taker, giver)


def test_what_cannot_be_swapped_says_why(planned: RotaTown) -> None:
    day, giver, _other, taker = two(planned)
    who = account_of(giver)
    with refused("same_person"):
        planned.ask(who, day, giver, giver)
    with refused("not_on"):
        planned.ask(account_of(taker), day, taker, giver)
    planned.away(taker, day, day)
    with refused("on_leave"):
        planned.ask(who, day, giver, taker)
    planned.now = at(day.isoformat(), "18:00")
    with refused("past"):
        planned.ask(who, day, giver, taker)
    with refused("past"):
        planned.run("leader", lambda connection, by: take_turn(connection, by, planned.turn(day)["id"], taker))


def test_an_evening_changes_hands_until_it_begins_and_not_any_more(planned: RotaTown) -> None:
    day, giver, other, taker = two(planned)
    third = next(one for one in GROUP if one not in (giver, taker, *planned.held()[day]))
    swaps = [planned.ask(account_of(giver), day, giver, one) for one in (taker, third)]
    planned.now = at(day.isoformat(), "18:00")
    with refused("past"):
        planned.answer(account_of(taker), swaps[0])
    planned.now -= timedelta(microseconds=1)
    planned.answer(account_of(third), swaps[1])
    assert planned.held()[day] == (third,)
    assert planned.held()[other] == (taker,)


def test_what_was_asked_lapses_once_others_have_the_evenings(planned: RotaTown) -> None:
    day, giver, other, taker = two(planned)
    third = next(person for person in GROUP if person not in (giver, taker) and person not in planned.held()[day])
    first = planned.ask(account_of(giver), day, giver, taker, other)
    second = planned.ask(account_of(giver), day, giver, third)
    planned.answer(account_of(third), second)
    with refused("answered"):
        planned.answer(account_of(taker), first)
    assert planned.held()[day] == (third,)
    states = {row["id"]: row["state"] for row in planned.rows("SELECT id, state FROM gridmap.rota_swap")}
    assert states == {first: "lapsed", second: "agreed"}


def test_an_evening_without_anybody_is_told_24_hours_before_and_filled(town: RotaTown) -> None:
    town.open()
    town.join(GROUP[:3])
    town.plan(TWO_WEEKS)
    day = list(town.held())[3]
    [person] = town.held()[day]
    town.away(person, day, day)
    starts = at(day.isoformat(), "18:00")

    def told(who: str, moment: object) -> list[date]:
        town.now = moment  # type: ignore[assignment]  # a datetime
        viewer = town.viewer(who)
        return town.run(
            who,
            lambda connection, by: [
                one.starts_at.astimezone(starts.tzinfo).date()
                for one in read_unmanned(connection, viewer, by.business_at)
            ],
        )

    second = timedelta(seconds=1)
    assert told("leader", starts - timedelta(hours=24) - second) == []
    for moment in (starts - timedelta(hours=24), starts - second):
        assert told("leader", moment) == told("community_leader", moment) == [day]
    assert told("leader", starts) == []
    town.now = starts - timedelta(hours=3)
    for who in ("east_leader", "planner", account_of(person), "worker_b"):
        assert told(who, town.now) == []
    other = next(one for one in GROUP[:3] if one != person)
    town.run(account_of(other), lambda connection, by: take_turn(connection, by, town.turn(day)["id"], other))
    assert told("leader", town.now) == []
    assert town.held()[day] == (other,)
    with refused("full"):
        third = next(one for one in GROUP[:3] if one not in (person, other))
        town.run(account_of(third), lambda connection, by: take_turn(connection, by, town.turn(day)["id"], third))


def test_the_inbox_tells_of_ones_own_evening_and_of_what_one_was_asked(planned: RotaTown) -> None:
    day, giver, other, taker = two(planned)
    planned.ask(account_of(giver), day, giver, taker, other)

    def news(who: str) -> tuple[int, int]:
        viewer = planned.viewer(who)
        found = planned.run(who, lambda connection, by: read_news(connection, viewer, by.business_at))
        return len(found.asks), len(found.mine)

    assert news(account_of(taker)) == (1, 0)
    assert news(account_of(giver)) == (0, 0)
    planned.now = at(day.isoformat(), "08:00")
    assert news(account_of(giver)) == (0, 1)


def test_an_open_evening_is_not_for_those_who_cannot_come(town: RotaTown) -> None:
    town.open()
    town.join(GROUP[:2])
    for person in GROUP[:2]:
        town.away(person, date(2026, 4, 1), date(2026, 4, 14))
    found = town.plan(TWO_WEEKS)
    assert len(found.plan.unfilled) == len(found.plan.turns)
    day = next(iter(town.held()))
    turn = town.turn(day)
    assert (turn["missing"], turn["reason"]) == (1, "on_leave")
    with refused("on_leave"):
        town.run("leader", lambda connection, by: take_turn(connection, by, turn["id"], GROUP[0]))
    with refused("not_yours"):
        town.run("r0", lambda connection, by: take_turn(connection, by, turn["id"], GROUP[1]))
    town.join((GROUP[2],))
    town.run("leader", lambda connection, by: take_turn(connection, by, turn["id"], GROUP[2]))
    assert town.turn(day)["missing"] == 0
    # entered by hand: it stays whatever is planned
    town.plan(TWO_WEEKS)
    assert town.held()[day] == (GROUP[2],)


# Races ---------------------------------------------------------------------------------------------------------------


def at_once(*commands: object) -> list[str]:
    """Run the commands at the same moment; what became of each: `done` or the reason of its refusal."""
    gate = threading.Barrier(len(commands))

    def run(command: object) -> str:
        gate.wait()
        try:
            command()  # type: ignore[operator]  # a callable
        except RotaProblem as problem:
            return problem.reason
        return "done"

    with ThreadPoolExecutor(len(commands)) as pool:
        return list(pool.map(run, commands))


@pytest.mark.parametrize("turn", range(4))
def test_of_two_who_agree_at_once_one_has_it(planned: RotaTown, turn: int) -> None:
    days = list(planned.held())
    day = days[6 + turn]
    [giver] = planned.held()[day]
    takers = [person for person in GROUP if person != giver][:2]
    swaps = [planned.ask(account_of(giver), day, giver, taker) for taker in takers]
    told = at_once(
        *(
            lambda taker=taker, swap=swap: planned.answer(account_of(taker), swap)
            for taker, swap in zip(takers, swaps, strict=True)
        )
    )
    assert sorted(told) == ["answered", "done"]
    assert planned.held()[day] == (takers[told.index("done")],)


@pytest.mark.parametrize("turn", range(3))
def test_planning_while_somebody_swaps_keeps_the_swap_or_refuses_it(planned: RotaTown, turn: int) -> None:
    days = list(planned.held())
    day, other = days[12 + turn], days[22 + turn]
    [giver], [taker] = planned.held()[day], planned.held()[other]
    planned.away(GROUP[turn], QUARTER.start, QUARTER.end)
    swap = planned.ask(account_of(giver), day, giver, taker, other) if GROUP[turn] not in (giver, taker) else 0
    if not swap:
        return
    told = at_once(lambda: planned.answer(account_of(taker), swap), planned.plan)
    assert told[1] == "done"
    held = planned.held()
    assert all(len(people) == 1 for people in held.values())
    if told[0] == "done":
        assert (held[day], held[other]) == ((taker,), (giver,))
    assert GROUP[turn] not in {person for people in held.values() for person in people}
    twice = planned.rows(
        "SELECT FROM gridmap.rota_holder WHERE ended_at IS NULL GROUP BY turn_id, person_id HAVING count(*) > 1"
    )
    assert twice == []
