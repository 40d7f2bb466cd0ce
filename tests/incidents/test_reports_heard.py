"""What whoever reported hears of it, also where another case is followed that he may not see."""

from datetime import timedelta
from uuid import UUID

from gridmap.incidents import Report
from gridmap.incidents.sending import Desk, send_report
from gridmap.read.incidents.mine import OwnReport, read_own_reports
from gridmap.read.incidents.news import NEWS_FOR, News, read_news
from tests.incidents_town import CLUTTER, STAIRS, Town

SENT = UUID("7d0c1c34-1f0e-4d6a-9f6f-0d6b2f6f1c11")


def news(town: Town, who: str) -> tuple[News, ...]:
    return town.run(who, lambda connection, _: read_news(connection, town.viewer(who), town.now))


def own(town: Town, who: str) -> OwnReport:
    (one,), more = town.run(who, lambda connection, _: read_own_reports(connection, town.viewer(who)))
    assert not more
    return one


def merged(town: Town) -> tuple[int, int]:
    """What worker_a reported, and what worker_b reported in the next grid, found to be the same by the leader."""
    first = town.report("worker_a", CLUTTER, STAIRS[0]).incident_id
    second = town.report("worker_b", CLUTTER, STAIRS[2]).incident_id
    town.act("leader", second, "merge", duplicate_of_id=first)
    return first, second


def test_both_who_reported_the_same_hear_what_became_of_it(town: Town) -> None:
    first, second = merged(town)
    assert [one.what for one in news(town, "worker_b")] == ["duplicate"]
    assert first not in town.seen("worker_b")
    town.act("leader", first, "answer", answer="已清走。")
    [told] = news(town, "worker_a")
    assert (told.incident_id, told.what, told.number) == (first, "answered", town.case(first)["number"])
    [told] = news(town, "worker_b")
    assert (told.incident_id, told.what, told.number) == (second, "answered", town.case(second)["number"])
    assert told.address == town.case(second)["address"]
    assert own(town, "worker_b").answer == "已清走。"


def test_news_of_others_and_old_news_are_not_told(town: Town) -> None:
    first, _second = merged(town)
    town.act("leader", first, "answer", answer="已清走。")
    assert news(town, "leader") == ()
    town.now += NEWS_FOR - timedelta(seconds=1)
    assert news(town, "worker_a") != ()
    town.now += timedelta(seconds=1)
    assert news(town, "worker_a") == ()


def test_of_many_notices_of_one_case_the_last_is_told(town: Town) -> None:
    first = town.report("worker_a").incident_id
    town.act("leader", first, "answer", answer="已派人去看。")
    town.now += timedelta(minutes=5)
    town.act("leader", first, "reject", reason="现场没有")
    [told] = news(town, "worker_a")
    assert told.what == "rejected"


def test_what_was_merged_is_settled_when_the_other_is(town: Town) -> None:
    _first, second = merged(town)
    assert (own(town, "worker_b").same_as, own(town, "worker_b").settled_at) == (None, None)
    closed_at = town.now + timedelta(hours=1)
    for kind, at in (("closed", closed_at), ("reopened", closed_at + timedelta(hours=1))):
        town.rows(
            "INSERT INTO gridmap.notice (street_id, id, account_id, incident_id, kind, at) SELECT street_id,"
            " street_id::bigint * 4294967296 + nextval('gridmap.serial'), %s, id, %s, %s FROM gridmap.incident"
            " WHERE id = %s RETURNING id",
            town.ids["worker_b"], kind, at, second,
        )  # fmt: skip
        assert own(town, "worker_b").settled_at == (closed_at if kind == "closed" else None)
    assert own(town, "worker_b").id == second


def test_a_no_names_the_unit_that_said_it_and_why(town: Town) -> None:
    case = town.dispatched()
    town.act("company", case, "return", reason="不在服务范围")
    one = own(town, "worker_a")
    assert (one.state, one.unit, one.given_back_by, one.reason) == ("registered", None, "甲物业", "不在服务范围")
    town.act("community_leader", case, "reject", reason="现场没有")
    one = own(town, "worker_a")
    assert (one.state, one.unit, one.reason) == ("rejected", "社区", "现场没有")


def test_whoever_sees_the_other_case_reads_its_answer_with_his_own(town: Town) -> None:
    first = town.report("worker_a").incident_id
    desk = Desk(database=town.database, viewer=town.viewer("community_leader").settings, by=town.by("community_leader"))
    report = Report(kind=CLUTTER, place_id=STAIRS[0], same_as_id=first)
    told = send_report(desk, SENT, report, {"kind": CLUTTER})
    assert told["state"] == "duplicate"
    town.act("leader", first, "answer", answer="已清走。")
    one = own(town, "community_leader")
    assert (one.same_as, one.answer) == (town.case(first)["number"], "已清走。")
