"""The diary, reception days and the survey of e-bikes: what is kept, who sees it, what becomes of it."""

from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from gridmap.accounts import Actor
from gridmap.clock import Clock
from gridmap.db.pools import Connection
from gridmap.duties import Rule, add_rule
from gridmap.incidents import CaseChanged, IncidentProblem, own_incidents
from gridmap.incidents.diary import Entry, Written, answer_entry, make_case, note_entry, write_entry
from gridmap.incidents.ebikes import HANGING_WIRE, IN_THE_WAY, Counted, count_ebikes
from gridmap.incidents.reception import change_reception, open_reception
from gridmap.nightly import run_nightly
from gridmap.periods import Calendar, HolidayRule
from gridmap.places.calendar import read_calendar
from gridmap.read.incidents.diary import Asked, read_areas, read_entries
from gridmap.read.incidents.diary_map import read_spots, read_weeks
from gridmap.read.incidents.ebikes import read_doors, read_survey
from gridmap.read.incidents.fifteenth import MEETING, RECEPTION, day_of_month, holiday_rule, moved_fifteenth
from gridmap.read.incidents.reception import read_reception
from tests.duties_town import ESTATE_A, GRID_A, GRID_B, HOUSE_A, STAIRS, STREET
from tests.incidents_town import CLUTTER, COMMUNITY, COMPANY, DISPUTE, EAST, MONDAY, Town, refused


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


def test_an_entry_of_a_repeated_case_shows_the_answer_of_the_first(town: Town) -> None:
    first = town.report("leader")
    made = write(town, kind=CLUTTER)
    assert made.case is not None
    town.act("leader", made.case.incident_id, "merge", duplicate_of_id=first.incident_id)
    town.act("leader", first.incident_id, "dispatch", lead_id=COMPANY)
    town.act("company", first.incident_id, "accept")
    town.act("company", first.incident_id, "answer", answer="已清走")
    [one] = entries(town, "worker_a")
    assert (one["case_state"], one["case_answer"]) == ("duplicate", "已清走")


def test_what_was_said_and_counted_follows_its_place_into_another_grid(town: Town) -> None:
    write(town, contact_name="王五")
    town.run("worker_a", lambda c, by: count_ebikes(c, by, Counted(place_id=STAIRS[0], bikes=3)))
    town.rows("UPDATE gridmap.place SET grid_id = %s WHERE id = %s RETURNING id", GRID_B, STAIRS[0])
    assert (len(entries(town, "worker_a")), len(entries(town, "worker_b"))) == (1, 0)
    town.run("leader", lambda c, by: own_incidents(c, [STREET], by.business_at))
    # whoever wrote it down still reads it
    assert (len(entries(town, "worker_a")), len(entries(town, "worker_b"))) == (1, 1)
    for table in ("diary", "diary_contact", "ebike_count"):
        assert town.rows(f"SELECT DISTINCT grid_id FROM gridmap.{table}") == [{"grid_id": GRID_B}], table
    unmask = "SELECT name FROM gridmap.unmask_diary(%s, (SELECT id FROM gridmap.diary), '回访', %s)"
    [shown] = town.run("worker_b", lambda c, _: c.execute(unmask, (STREET, MONDAY)).fetchall())
    assert shown == {"name": "王五"}


def test_the_map_shows_where_and_how_much_and_only_to_whom_it_concerns(town: Town) -> None:
    write(town)
    write(town, is_done=True)
    write(town, place_id=HOUSE_A, is_private=True)
    town.now = MONDAY + timedelta(days=8)
    write(town)

    def spots(who: str, **asked: Any) -> list[tuple[int, int, int, int]]:
        viewer = town.viewer(who)
        rows = town.run(who, lambda c, _: read_spots(c, viewer, Asked(**asked), town.now))
        return [(row["id"], row["entries"], row["open"], row["waiting"]) for row in rows]

    everything = {(STAIRS[0], 3, 2, 1), (HOUSE_A, 1, 1, 1)}
    assert set(spots("leader")) == set(spots("worker_a", estate=ESTATE_A)) == everything
    assert spots("worker_b") == spots("company") == []
    assert spots("leader", since=MONDAY, until=MONDAY + timedelta(days=7), place=STAIRS[0]) == [(STAIRS[0], 2, 1, 1)]
    viewer = town.viewer("leader")
    weeks = town.run("leader", lambda c, _: read_weeks(c, viewer, Asked(estate=ESTATE_A), town.now))
    assert weeks == {date(2026, 3, 16): 3, date(2026, 3, 23): 1}


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
    assert moved_fifteenth(date(2026, 2, 3), rule, calendar) == day
    assert holiday_rule(None) is holiday_rule("whenever") is HolidayRule.STAY
    assert holiday_rule(rule.value) is rule


def test_reception_and_meeting_ask_one_rule_for_their_15th(town: Town) -> None:
    """15 March 2026 is a Sunday: the Friday before is the 13th, the Monday after it the 16th."""

    def days() -> tuple[date, date]:
        def read(connection: Connection, _: Actor) -> tuple[date, date]:
            calendar, month = read_calendar(connection), date(2026, 3, 1)
            reception = day_of_month(connection, STREET, month, calendar, RECEPTION)
            return reception, day_of_month(connection, STREET, month, calendar, MEETING)

        return town.run("community_leader", read)

    def add(kind: str, rule: str) -> None:
        duty = Rule(
            kind=kind, title_en=kind, role="grid_worker", action="meeting", level="community", fixed_day=15,
            holiday_rule=rule,
        )  # fmt: skip
        town.run(None, lambda connection, by: add_rule(connection, by, STREET, duty, date(2026, 1, 1)))

    stays, before, after = (date(2026, 3, day) for day in (15, 13, 16))
    assert days() == (stays, stays)
    town.rows('UPDATE gridmap.street SET settings = \'{"reception_holiday_rule": "previous"}\' RETURNING id')
    assert days() == (before, before)
    add(RECEPTION, "next")
    assert days() == (after, after)
    add(MEETING, "stay")
    assert days() == (after, stays)


def test_visitors_get_numbers_and_days_for_their_answers(town: Town) -> None:
    def opened() -> int:
        return town.run("community_leader", lambda c, by: open_reception(c, by, COMMUNITY, MONDAY.date()))

    day = opened()
    assert opened() == day
    words = {"channel": "reception", "reception_id": day}
    first = write(town, "community_leader", **words)
    second = write(town, "community_leader", place_id=None, community_id=COMMUNITY, is_done=True, **words)
    third = write(town, "community_leader", kind=CLUTTER, **words)
    assert [one.turn for one in (first, second, third)] == [1, 2, 3]
    fourth = write(town, "community_leader", promised_on=MONDAY.date() + timedelta(days=2), **words)
    shown = entries(town, "leader", reception=day)
    assert [(one["turn"], one["outcome"]) for one in shown] == [(1, None), (2, "noted"), (3, "case"), (4, None)]
    assert (third.case is not None, fourth.turn) == (True, 4)
    assert third.case is not None
    # nobody leaves without a day for the answer: the first one has a week, as nothing else was said
    answers = [date(2026, 3, 23), None, third.case.due_at.date(), date(2026, 3, 18)]
    assert [one["promised_on"] for one in shown] == answers
    viewer = town.viewer("leader")
    row = town.run("leader", lambda c, _: read_reception(c, viewer, day))
    assert row is not None
    assert (row["visitors"], row["open"], row["cases"]) == (4, 2, 1)


def test_a_reception_day_is_opened_by_who_leads_that_community(town: Town) -> None:
    for who, community in (("community_leader", EAST), ("east_leader", COMMUNITY), ("worker_a", COMMUNITY)):
        with pytest.raises(LookupError):
            town.run(who, lambda c, by, at=community: open_reception(c, by, at, MONDAY.date()))
    assert town.rows("SELECT id FROM gridmap.reception") == []


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
