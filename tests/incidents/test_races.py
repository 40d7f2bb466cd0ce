"""Whatever is done to cases in whatever order, by whomever: the tables hold what the pure table says; and races."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from gridmap.incidents import Action, CaseChanged, IncidentProblem, State
from gridmap.incidents.machine import RULES, RUNNING, Capacity, possible
from gridmap.incidents.writing import course_of
from gridmap.places.calendar import read_calendar
from tests.incidents_town import (
    CLUTTER,
    COMPANY,
    DEPARTMENT,
    GRANTS,
    MONDAY,
    STAIRS,
    STREET,
    TEAM,
    TRAPPED,
    Town,
)


@pytest.fixture(scope="module")
def town(shared_town: Town) -> Town:
    """One for all: every path goes on among the cases of those before it."""
    return shared_town


WRONG = """
SELECT i.id FROM gridmap.incident i
WHERE i.checked_by = i.handled_by
  OR (i.running_since IS NOT NULL) <> (i.state = ANY (%(running)s))
  OR (i.closed_at IS NOT NULL) <> (i.state = 'closed')
  OR i.parties <> coalesce((SELECT array_agg(p.organisation_id ORDER BY p.organisation_id) FROM gridmap.party p
    WHERE p.street_id = i.street_id AND p.incident_id = i.id AND p.until IS NULL), '{}')
  OR (i.lead_id IS NOT NULL AND i.state IN ('dispatched', 'handling', 'handled', 'verifying', 'closed', 'parked')
    AND NOT i.lead_id = ANY (i.parties))
  OR (SELECT count(*) FROM gridmap.party p WHERE p.street_id = i.street_id AND p.incident_id = i.id AND p.until IS NULL
    AND p.role = 'lead') > 1
  OR EXISTS (SELECT FROM gridmap.transition t WHERE t.street_id = i.street_id AND t.incident_id = i.id
    AND (t.parties, t.community_id, t.grid_id, t.micro_grid_id, t.estate_id, t.place_id)
      IS DISTINCT FROM (i.parties, i.community_id, i.grid_id, i.micro_grid_id, i.estate_id, i.place_id))
"""
BACKWARDS = """
SELECT count(*) AS found FROM (
  SELECT t.*, lag(to_state) OVER w AS before_state, lag(at) OVER w AS before_at,
    lag(used_minutes) OVER w AS before_used, lag(turn) OVER w AS before_turn
  FROM gridmap.transition t WINDOW w AS (PARTITION BY incident_id ORDER BY turn)
) h
WHERE turn <> coalesce(before_turn, 0) + 1 OR from_state IS DISTINCT FROM before_state OR at < before_at
  OR used_minutes < before_used OR stage_minutes < 0
"""
UNAUDITED = """
SELECT count(*) AS found FROM (
  SELECT incident_id, action, count(*) AS times FROM gridmap.transition GROUP BY 1, 2
) t FULL JOIN (
  SELECT subject_id::bigint AS incident_id, action, count(*) AS times FROM gridmap.audit WHERE subject = 'incident'
  GROUP BY 1, 2
) a USING (incident_id, action)
WHERE t.times IS DISTINCT FROM a.times
"""


def same_in_sql(town: Town) -> None:
    """What SQL says of each case's clock at some moment is what Python says."""
    calendar, moment = read_calendar(town.owner), MONDAY + timedelta(days=11, hours=3, minutes=17)
    rows = town.rows(
        "SELECT i.*, gridmap.is_late(state, due_at, handled_at, %s) AS late, gridmap.used_minutes(i, %s) AS used,"
        " gridmap.left_minutes(i, %s) AS remaining FROM gridmap.incident i WHERE coalesce(running_since < %s, true)",
        *[moment] * 4,
    )
    assert len(rows) > 20
    for row in rows:
        course = course_of(row)
        said = course.is_late(moment), course.used(calendar, moment)
        assert (row["late"], row["used"], row["remaining"]) == (*said, course.limit_minutes - said[1])


def check(town: Town) -> None:
    """What holds of all cases at any time."""
    assert town.owner.execute(WRONG, {"running": [str(state) for state in RUNNING]}).fetchall() == []
    for statement in (BACKWARDS, UNAUDITED):
        assert town.rows(statement) == [{"found": 0}], statement
    same_in_sql(town)
    rows = town.rows("SELECT DISTINCT action, from_state, to_state FROM gridmap.transition")
    for row in rows:
        if row["from_state"] is None or row["action"] == "own":
            continue
        rule = RULES[Action(row["action"])]
        assert State(row["from_state"]) in rule.sources
        assert rule.goes_back or row["to_state"] == (rule.target or row["from_state"])


def somebody(chance: random.Random, state: State) -> str:
    """Mostly whoever is likely to have a part in that state."""
    likely = {"handling": "company", "dispatched": "company", "handled": "worker_a", "verifying": "worker_a"}
    return likely.get(state, "leader") if chance.random() < 0.6 else chance.choice(list(GRANTS))


def one_path(town: Town, seed: int, steps: int) -> int:
    """Anybody does anything to a case; how many of the steps were done."""
    chance, done = random.Random(seed), 0
    town.now = MONDAY + timedelta(days=seed % 20)
    reporter, place = chance.choice((("worker_a", STAIRS[0]), ("worker_b", STAIRS[2]), ("leader", STAIRS[1])))
    case = town.report(reporter, chance.choice((CLUTTER, TRAPPED)), place).incident_id
    others = [row["id"] for row in town.rows("SELECT id FROM gridmap.incident WHERE street_id = %s LIMIT 9", STREET)]
    for _ in range(steps):
        row = town.case(case)
        state = State(row["state"])
        town.now += timedelta(seconds=chance.choice((0, 30, 3_600, 40_000, 300_000, -60)))
        onward = possible(state, set(Capacity)) or tuple(RULES)
        action = chance.choice(onward if chance.random() < 0.7 else tuple(RULES))
        more: dict[str, Any] = {
            "reason": chance.choice(("因", "因", "")),
            "revision": chance.choice((None, row["revision"], row["revision"] - 1)),
            "until": town.now + timedelta(days=chance.randrange(-2, 9)),
            "review_on": (town.now + timedelta(days=chance.randrange(-2, 9))).date(),
            "duplicate_of_id": chance.choice(others) if action is Action.MERGE else None,
            "kind": chance.choice((CLUTTER, TRAPPED)),
            "organisation_id": chance.choice((COMPANY, DEPARTMENT, TEAM)),
            "role": chance.choice(("main", "support", "lead")),
            "answer": chance.choice(("好", "")),
            "satisfaction": "neutral",
            "place_id": chance.choice((None, STAIRS[0], STAIRS[2])),
        }
        lead = chance.choice((COMPANY, COMPANY, DEPARTMENT, None))
        try:
            town.act(somebody(chance, state), case, action, lead_id=lead, to_community=lead is None, **more)
        except (IncidentProblem, CaseChanged, LookupError):
            assert town.case(case) == row, "what is refused changes nothing"
        else:
            done += 1
            assert town.case(case)["revision"] > row["revision"]
    return done


def test_three_hundred_paths(town: Town) -> None:
    done = sum(one_path(town, seed, 20 if seed % 50 == 0 else 3) for seed in range(300))
    assert done > 200
    check(town)


@pytest.mark.full
def test_ten_thousand_paths(town: Town) -> None:
    done = sum(one_path(town, seed, 20 if seed % 20 == 0 else 4) for seed in range(1_000, 11_000))
    assert done > 10_000
    check(town)


# Races ----------------------------------------------------------------------------------------------------------------


@dataclass
class Outcome:
    """What one of several people heard."""

    who: str
    case: dict[str, Any] | None = None
    told: Exception | None = None


def at_once(town: Town, acts: list[tuple[str, Callable[[], dict[str, Any]]]]) -> list[Outcome]:
    """All of them at the same moment, each in a thread."""
    start = threading.Barrier(len(acts))

    def one(who: str, command: Callable[[], dict[str, Any]]) -> Outcome:
        start.wait()
        try:
            return Outcome(who, case=command())
        except (CaseChanged, IncidentProblem) as problem:
            return Outcome(who, told=problem)

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(lambda pair: one(*pair), acts))


@pytest.mark.parametrize("turn", range(5))
def test_two_act_on_one_case_and_the_second_hears_what_changed(town: Town, turn: int) -> None:
    town.now = MONDAY
    case = town.dispatched()
    seen = town.case(case)["revision"]
    found = at_once(
        town,
        [
            ("company", lambda: town.act("company", case, "accept", revision=seen)),
            ("leader", lambda: town.act("leader", case, "park", revision=seen, reason="x",
                                        review_on=(MONDAY + timedelta(days=9)).date())),
        ],
    )  # fmt: skip
    (first,) = [one for one in found if one.case]
    (second,) = [one for one in found if one.told]
    assert isinstance(second.told, CaseChanged)
    assert second.told.changed["account_id"] == town.ids[first.who]
    assert first.case
    assert second.told.changed["state"] == first.case["state"] == town.case(case)["state"]
    assert town.case(case)["revision"] == seen + 1
    assert len(town.history(case)) == 4


def test_eight_dispatch_one_report_and_one_of_them_does(town: Town) -> None:
    case = town.report("worker_a").incident_id
    found = at_once(
        town,
        [
            (who, lambda who=who, lead=lead: town.act(who, case, "dispatch", lead_id=lead))  # type: ignore[misc]
            for who, lead in [("leader", COMPANY), ("community_leader", DEPARTMENT)] * 4
        ],
    )
    assert sum(one.case is not None for one in found) == 1
    assert {one.told.reason for one in found if isinstance(one.told, IncidentProblem)} == {"not_now"}
    assert [line["action"] for line in town.history(case)] == ["report", "register", "dispatch"]
    check(town)


def test_two_cases_merged_into_each_other_at_once_do_not_deadlock(town: Town) -> None:
    one, other = (town.report("worker_a").incident_id for _ in range(2))
    found = at_once(
        town,
        [
            ("leader", lambda: town.act("leader", one, "merge", duplicate_of_id=other)),
            ("community_leader", lambda: town.act("community_leader", other, "merge", duplicate_of_id=one)),
        ],
    )
    assert sum(outcome.case is not None for outcome in found) == 1
    states = sorted((town.case(one)["state"], town.case(other)["state"]))
    assert states == ["duplicate", "reported"]
