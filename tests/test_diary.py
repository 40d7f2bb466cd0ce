"""The diary, reception days and the survey of e-bikes: what is kept, who sees it, what becomes of it."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from gridmap.clock import Clock
from gridmap.db import Database
from gridmap.incidents import CaseChanged, IncidentProblem
from gridmap.incidents.diary import Entry, Written, answer_entry, make_case, note_entry, write_entry
from gridmap.incidents.ebikes import HANGING_WIRE, IN_THE_WAY, Counted, count_ebikes
from gridmap.incidents.reception import change_reception, open_reception, reception_day, rule_of
from gridmap.nightly import run_nightly
from gridmap.periods import Calendar, HolidayRule
from gridmap.read.incidents.diary import Asked, read_areas, read_entries
from gridmap.read.incidents.ebikes import read_doors, read_survey
from gridmap.read.incidents.reception import read_reception
from tests.conftest import Base
from tests.duties_town import ESTATE_A, GRID_A, HOUSE_A, STAIRS
from tests.incidents_town import CLUTTER, COMMUNITY, COMPANY, DISPUTE, MONDAY, Town, build, refused


@pytest.fixture(scope="module")
def template(copy_database: Callable[[str], Base], empty_template: str) -> str:
    base = copy_database(empty_template)
    with psycopg.connect(base.owner_url) as owner:
        build(owner)
    return str(psycopg.conninfo.conninfo_to_dict(base.app_url)["dbname"])


@pytest.fixture
def town(copy_database: Callable[[str], Base], template: str) -> Iterator[Town]:
    base = copy_database(template)
    town = Town(Database(base.app_url), base.owner_url)
    yield town
    town.close()


def write(town: Town, who: str = "worker_a", text: str = "三楼灯不亮", **words: Any) -> Written:
    words = {"place_id": STAIRS[0]} | words
    return town.run(who, lambda connection, by: write_entry(connection, by, Entry(text=text, **words)))


def entries(town: Town, who: str, **asked: Any) -> list[dict[str, Any]]:
    viewer = town.viewer(who)
    return town.run(who, lambda connection, _: read_entries(connection, viewer, Asked(**asked), town.now, limit=100))


def test_an_entry_stands_under_its_place_and_waits(town: Town) -> None:
    made = write(town, channel="phone", contact_name="张三丰", contact_phone="13912345678")
    [one] = entries(town, "worker_a")
    assert (one["id"], one["channel"], one["outcome"], one["estate_id"]) == (made.diary_id, "phone", None, ESTATE_A)
    assert (one["name_masked"], one["phone_masked"]) == ("张**", "139****5678")
    assert not one["is_waiting"]
    town.now = MONDAY + timedelta(days=8)
    assert entries(town, "worker_a")[0]["is_waiting"]
    assert [row["id"] for row in entries(town, "worker_a", waiting=True)] == [made.diary_id]


def test_the_street_says_after_how_many_days_an_entry_waits_too_long(town: Town) -> None:
    write(town)
    town.now = MONDAY + timedelta(days=8)
    say = "UPDATE gridmap.street SET settings = jsonb_build_object('diary_days', %s::text) RETURNING id"
    town.rows(say, "30")
    assert entries(town, "leader", waiting=True) == []
    town.rows(say, "soon")
    assert len(entries(town, "leader", waiting=True)) == 1


def test_what_was_promised_for_a_day_waits_from_that_day_on(town: Town) -> None:
    write(town, promised_on=MONDAY.date() + timedelta(days=2))
    town.now = MONDAY + timedelta(days=2)
    assert entries(town, "worker_a", waiting=True) == []
    town.now = MONDAY + timedelta(days=3)
    assert len(entries(town, "worker_a", waiting=True)) == 1
    with refused("promised"):
        write(town, promised_on=MONDAY.date())


def test_an_entry_becomes_a_case_and_shows_its_answer(town: Town) -> None:
    made = write(town, kind=CLUTTER, contact_phone="13912345678")
    assert made.case is not None
    [one] = entries(town, "worker_a")
    assert (one["outcome"], one["case_number"], one["case_state"]) == ("case", made.case.number, "reported")
    assert one["promised_on"] == made.case.due_at.date()
    town.act("leader", made.case.incident_id, "dispatch", lead_id=COMPANY)
    town.act("company", made.case.incident_id, "accept")
    town.act("company", made.case.incident_id, "answer", answer="已搬走")
    [one] = entries(town, "worker_a")
    assert (one["case_answer"], one["case_state"]) == ("已搬走", "handling")
    assert town.case(made.case.incident_id)["source"] == "diary"


def test_an_entry_is_answered_once(town: Town) -> None:
    made = write(town)
    town.run("worker_a", lambda c, by: answer_entry(c, by, made.diary_id, "已告知物业", revision=1))
    [one] = entries(town, "worker_a")
    assert (one["outcome"], one["answer"], one["answered_at"]) == ("answered", "已告知物业", MONDAY)
    for again in (
        lambda c, by: answer_entry(c, by, made.diary_id, "x", revision=2),
        lambda c, by: note_entry(c, by, made.diary_id, revision=1),
        lambda c, by: make_case(c, by, made.diary_id, CLUTTER, revision=1, reason="x"),
    ):
        with pytest.raises(CaseChanged):
            town.run("leader", again)


def test_a_later_case_takes_the_contact_along_and_says_so(town: Town) -> None:
    made = write(town, contact_name="李四", contact_phone="13912345678")
    case = town.run(
        "leader", lambda c, by: make_case(c, by, made.diary_id, CLUTTER, revision=1, reason="taken into the case")
    )
    contact = town.rows("SELECT name, phone FROM gridmap.incident_contact WHERE incident_id = %s", case.incident_id)
    assert contact == [{"name": "李四", "phone": "13912345678"}]
    [looked] = town.rows("SELECT * FROM gridmap.audit WHERE action = 'unmask'")
    assert (looked["subject"], looked["why"]) == ("diary", "taken into the case")


def test_private_words_are_locked_and_go_into_disputes_only(town: Town) -> None:
    with refused("private"):
        write(town, text="家里的事", is_private=True, kind=CLUTTER)
    made = write(town, text="和楼上吵架", is_private=True)
    [one] = entries(town, "worker_a")
    assert (one["text"], one["has_words"]) == (None, True)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        town.run("leader", lambda c, _: c.execute("SELECT words FROM gridmap.diary_contact"))
    case = town.run("leader", lambda c, by: make_case(c, by, made.diary_id, DISPUTE, revision=1, reason="r"))
    assert town.case(case.incident_id)["text"] is None
    dispute = write(town, text="漏水吵架", kind=DISPUTE)
    [row] = town.rows("SELECT text, is_private FROM gridmap.diary WHERE id = %s", dispute.diary_id)
    assert row == {"text": None, "is_private": True}


def test_clear_words_come_only_with_a_reason_inside_the_scope(town: Town) -> None:
    made = write(town, contact_name="王五")
    unmask = "SELECT * FROM gridmap.unmask_diary(%s, %s, %s, %s)"

    def ask(who: str, reason: str) -> dict[str, Any] | None:
        values = (made.diary_id >> 32, made.diary_id, reason, MONDAY)
        return town.run(who, lambda c, _: c.execute(unmask, values).fetchone())

    assert ask("leader", "回访") == {"name": "王五", "phone": None, "words": None}
    assert ask("worker_b", "回访") is None
    assert ask("company", "回访") is None
    with pytest.raises(psycopg.errors.CheckViolation):
        ask("leader", " ")


def test_who_reads_the_diary(town: Town) -> None:
    made = write(town, contact_name="王五")
    seen = {who: {one["id"] for one in entries(town, who)} for who in ("leader", "worker_a", "worker_b", "company")}
    assert seen == {"leader": {made.diary_id}, "worker_a": {made.diary_id}, "worker_b": set(), "company": set()}
    for who, number in (("community_leader", 1), ("east_leader", 0), ("company", 0), ("worker_b", 0)):
        for table in ("diary", "diary_contact"):
            row = town.run(who, lambda c, _, name=table: c.execute(
                psycopg.sql.SQL("SELECT count(*) AS n FROM gridmap.{}").format(psycopg.sql.Identifier(name))
            ).fetchone())  # fmt: skip
            assert row == {"n": number}, (who, table)
    with pytest.raises(LookupError):
        write(town, "worker_b")


def test_estates_of_the_diary_where_somebody_waits_come_first(town: Town) -> None:
    write(town)
    write(town, is_done=True)
    town.now = MONDAY + timedelta(days=9)
    viewer = town.viewer("leader")
    [area] = town.run("leader", lambda c, _: read_areas(c, viewer, town.now))
    assert (area["id"], area["entries"], area["open"], area["waiting"]) == (ESTATE_A, 2, 1, 1)


def test_who_said_it_is_forgotten_after_two_years(town: Town) -> None:
    write(town, contact_name="王五")
    for days, left in ((729, 1), (731, 0)):
        moment = MONDAY + timedelta(days=days)
        run_nightly(town.database, moment, Clock(fixed=moment))
        assert len(town.rows("SELECT diary_id FROM gridmap.diary_contact")) == left
    assert len(entries(town, "leader")) == 1


# Reception days -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "day"),
    [
        (HolidayRule.STAY, date(2026, 2, 15)),
        (HolidayRule.NEXT, date(2026, 2, 24)),
        (HolidayRule.PREVIOUS, date(2026, 2, 14)),
    ],
)
def test_the_15th_stays_unless_the_street_moves_it(rule: HolidayRule, day: date) -> None:
    holidays = frozenset(date(2026, 2, 15) + timedelta(days=number) for number in range(9))
    calendar = Calendar(off=holidays, worked=frozenset({date(2026, 2, 14)}))
    assert reception_day(date(2026, 2, 3), rule, calendar) == day
    assert rule_of({}) is rule_of({"reception_holiday_rule": "whenever"}) is HolidayRule.STAY
    assert rule_of({"reception_holiday_rule": rule.value}) is rule


def test_visitors_get_numbers_and_days_for_their_answers(town: Town) -> None:
    def opened() -> int:
        return town.run("community_leader", lambda c, by: open_reception(c, by, COMMUNITY, MONDAY.date()))

    day = opened()
    assert opened() == day
    words = {"channel": "reception", "reception_id": day}
    first = write(town, "community_leader", promised_on=MONDAY.date() + timedelta(days=7), **words)
    second = write(town, "community_leader", place_id=None, community_id=COMMUNITY, is_done=True, **words)
    third = write(town, "community_leader", kind=CLUTTER, **words)
    assert [one.turn for one in (first, second, third)] == [1, 2, 3]
    shown = entries(town, "leader", reception=day)
    assert [(one["turn"], one["outcome"]) for one in shown] == [(1, None), (2, "noted"), (3, "case")]
    assert third.case is not None
    assert [one["promised_on"] for one in shown] == [date(2026, 3, 23), None, third.case.due_at.date()]
    viewer = town.viewer("leader")
    row = town.run("leader", lambda c, _: read_reception(c, viewer, day))
    assert row is not None
    assert (row["visitors"], row["open"], row["cases"]) == (3, 1, 1)


def test_the_minutes_are_written_by_who_saw_the_last_ones(town: Town) -> None:
    day = town.run("leader", lambda c, by: open_reception(c, by, COMMUNITY, MONDAY.date() + timedelta(days=1)))
    with refused("day"):
        town.run("leader", lambda c, by: change_reception(c, by, day, state="held", minutes="x", revision=1))
    town.now = MONDAY + timedelta(days=1)
    town.run("leader", lambda c, by: change_reception(c, by, day, state="held", minutes="三件事", revision=1))
    with pytest.raises(CaseChanged):
        town.run("leader", lambda c, by: change_reception(c, by, day, state="held", minutes="y", revision=1))
    with pytest.raises(LookupError):
        town.run("worker_a", lambda c, by: change_reception(c, by, day, state="held", minutes="y", revision=2))
    town.run("leader", lambda c, by: change_reception(c, by, day, state="cancelled", minutes="", revision=2))
    with refused("cancelled"):
        write(town, "leader", channel="reception", reception_id=day)


def test_what_cannot_be_kept_is_refused(town: Town) -> None:
    for words, reason in (
        ({"text": " "}, "text"),
        ({"text": "x" * 301}, "text"),
        ({"channel": "gossip"}, "channel"),
        ({"channel": "reception"}, "channel"),
        ({"contact_name": "x" * 41}, "contact"),
        ({"place_id": None}, "where"),
        ({"place_id": None, "community_id": COMMUNITY, "kind": CLUTTER}, "where"),
        ({"kind": "99999"}, "kind"),
    ):
        with pytest.raises(IncidentProblem) as problem:
            write(town, "leader", **words)
        assert problem.value.reason == reason, words
    assert town.rows("SELECT id FROM gridmap.diary") == []


# E-bikes ------------------------------------------------------------------------------------------------------------


def test_counting_again_on_the_day_replaces_and_findings_become_one_case_each(town: Town) -> None:
    def count(**words: Any) -> int:
        counted = Counted(place_id=STAIRS[0], **words)
        return len(town.run("worker_a", lambda c, by: count_ebikes(c, by, counted)))

    assert count(bikes=12, chargers=2, findings=(HANGING_WIRE, IN_THE_WAY)) == 2
    assert count(bikes=11, chargers=3, findings=(HANGING_WIRE,)) == 0
    assert town.rows("SELECT bikes, chargers FROM gridmap.ebike_count") == [{"bikes": 11, "chargers": 3}]
    kinds = town.rows("SELECT kind, place_id, source FROM gridmap.incident ORDER BY kind")
    assert kinds == [{"kind": kind, "place_id": STAIRS[0], "source": "patrol"} for kind in (HANGING_WIRE, IN_THE_WAY)]
    town.now = MONDAY + timedelta(days=1)
    assert count(bikes=10) == 0
    assert len(town.rows("SELECT bikes FROM gridmap.ebike_count")) == 2


def test_the_survey_counts_stairwells_and_houses_without_any(town: Town) -> None:
    town.run("worker_a", lambda c, by: count_ebikes(c, by, Counted(place_id=STAIRS[1], bikes=7, chargers=1)))
    viewer = town.viewer("leader")
    since = MONDAY.date()
    rows = town.run("leader", lambda c, _: read_survey(c, viewer, since, limit=10, offset=0))
    shown = {row["id"]: (row["doors"], row["counted"], row["bikes"], row["chargers"]) for row in rows}
    assert shown[ESTATE_A] == (2, 1, 7, 1)
    doors = town.run("leader", lambda c, _: read_doors(c, viewer, ESTATE_A))
    assert [(one["id"], one["bikes"]) for one in doors] == [(STAIRS[0], None), (STAIRS[1], 7)]
    for place, reason in ((GRID_A, "place"), (ESTATE_A, "place")):
        with refused(reason):
            town.run("leader", lambda c, by, at=place: count_ebikes(c, by, Counted(place_id=at, bikes=1)))
    with pytest.raises(LookupError):
        town.run("worker_b", lambda c, by: count_ebikes(c, by, Counted(place_id=HOUSE_A, bikes=1)))
    with refused("count"):
        Counted(place_id=HOUSE_A, bikes=2001)
