"""Golden numbers: two weeks of a small town, act by act, and each number as somebody counts it by hand."""

from datetime import date, datetime
from typing import Any

import pytest

from gridmap.clock import OFFICE
from gridmap.read.incidents import Cut
from gridmap.read.incidents.numbers import Counted, Told, count_numbers
from gridmap.shares import share_words
from tests.incidents_town import CLUTTER, COMPANY, DEPARTMENT, OTHER_COMPANY, STAIRS, Town

MARCH = (date(2026, 3, 1), date(2026, 4, 1))
APRIL = (date(2026, 4, 1), date(2026, 5, 1))


def at(text: str) -> datetime:
    """A moment of the office in 2026, as 03-16 09:00."""
    return datetime.fromisoformat(f"2026-{text.replace(' ', 'T')}").replace(tzinfo=OFFICE)


ORDER_DUE = at("03-20 12:00")
REPORTS: dict[str, dict[str, Any]] = {
    "smooth": {},
    "late": {"source": "owner"},
    "rejected": {"source": "diary"},
    "duplicate": {"source": "hotline", "due_at": ORDER_DUE},
    "returned": {},
    "on the spot": {"done": True},
    "parked": {},
    "never looked at": {"source": "owner"},
    "order": {"source": "hotline", "due_at": ORDER_DUE},
    "order without answer": {"source": "hotline", "due_at": ORDER_DUE},
    "never verified": {},
    "cancelled": {},
    "never dispatched": {},
}
"""Cases of Monday 16 March, 09:00; clutter is due two working days later, on Wednesday at 09:00."""
ACTS: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
    ("03-16 09:10", "cancelled", "leader", "register", {}),
    ("03-16 09:10", "never dispatched", "leader", "register", {}),
    ("03-16 09:20", "order", "leader", "dispatch", {"lead_id": COMPANY}),
    ("03-16 09:30", "order", "company", "accept", {}),
    ("03-16 09:30", "rejected", "leader", "reject", {"reason": "看不到"}),
    ("03-16 09:30", "returned", "leader", "dispatch", {"lead_id": COMPANY}),
    ("03-16 09:30", "parked", "leader", "dispatch", {"lead_id": COMPANY}),
    ("03-16 10:00", "parked", "leader", "park", {"review_on": date(2026, 5, 1), "reason": "等待资金"}),
    ("03-16 10:00", "cancelled", "leader", "reject", {"reason": "已处理好"}),
    ("03-16 10:00", "returned", "company", "return", {"reason": "不属于本单位"}),
    ("03-16 10:00", "smooth", "leader", "dispatch", {"lead_id": COMPANY}),
    ("03-16 10:00", "order without answer", "leader", "dispatch", {"lead_id": COMPANY}),
    ("03-16 10:00", "never verified", "leader", "dispatch", {"lead_id": COMPANY}),
    ("03-16 10:30", "smooth", "company", "accept", {}),
    ("03-16 10:30", "returned", "leader", "dispatch", {"lead_id": DEPARTMENT}),
    ("03-16 11:00", "returned", "department", "accept", {}),
    ("03-16 11:00", "order without answer", "company", "accept", {}),
    ("03-16 11:00", "never verified", "company", "accept", {}),
    ("03-16 14:00", "duplicate", "leader", "merge", {"duplicate_of_id": "smooth"}),
    ("03-16 15:00", "late", "leader", "register", {}),
    ("03-16 15:00", "never verified", "company", "handle", {}),
    ("03-17 09:00", "late", "leader", "dispatch", {"lead_id": COMPANY}),
    ("03-17 09:00", "order", "leader", "escalate", {"reason": "需多个部门"}),
    ("03-17 09:00", "returned", "leader", "extend", {"until": at("03-19 12:00"), "reason": "配件在途"}),
    ("03-17 10:00", "late", "leader", "transfer", {"lead_id": OTHER_COMPANY, "reason": "派错单位"}),
    ("03-17 10:00", "smooth", "company", "handle", {"answer": "已清理。"}),
    ("03-17 11:00", "late", "other_company", "accept", {}),
    ("03-17 14:00", "smooth", "community_leader", "check", {}),
    ("03-17 15:00", "smooth", "community_leader", "close", {"satisfaction": "satisfied"}),
    ("03-18 10:00", "order", "company", "handle", {"answer": "已清理。"}),
    ("03-18 11:00", "order", "community_leader", "check", {}),
    ("03-18 12:00", "order", "community_leader", "close", {"satisfaction": "satisfied"}),
    ("03-19 10:00", "late", "other_company", "handle", {}),
    ("03-19 11:00", "late", "community_leader", "check", {}),
    ("03-19 11:30", "late", "community_leader", "rework", {"reason": "未清理"}),
    ("03-20 09:00", "late", "other_company", "handle", {}),
    ("03-20 10:00", "late", "community_leader", "check", {}),
    ("03-23 11:00", "late", "community_leader", "close", {"satisfaction": "unsatisfied"}),
)
BY_HAND = {
    # 14 reports: one more of 30 March; rejected, duplicate, cancelled are no cases, two are not filed
    "reports_valid": (9, 14),
    # of owners, the diary and the hotline: the duplicate after 3 h, the late one after 4 h, one never
    "looked_into_in_time": (3, 6),
    "filed_in_time": (9, 12),
    "filed_right": (9, 10),
    "dispatched_in_time": (6, 8),
    "dispatched_right": (5, 8),
    # due by then: smooth, late, returned, on the spot, never looked at, both orders, never verified, never dispatched
    "handled": (5, 9),
    "handled_in_time": (4, 9),
    "waiting_late": (4, 9),
    "extended": (1, 9),
    "checked_in_time": (2, 4),
    "closed": (4, 9),
    "closed_in_time": (3, 9),
    "closed_in_time_of_closed": (3, 4),
    "closed_late": (1, 9),
    "not_closed": (7, 11),
    "rework": (1, 9),
    "in_grid": (3, 4),
    "found_first": (7, 11),
    "content": (2, 3),
    "hotline_answered": (1, 2),
    "hotline_solved": (1, 2),
    "hotline_content": (1, 1),
}


def counted(town: Town, period: tuple[date, date], moment: datetime, cut: Cut | None = None) -> Counted:
    viewer = town.viewer("leader")
    told = Told(cut=cut or Cut(), start=period[0], end=period[1], moment=moment)
    return town.run("leader", lambda connection, _: count_numbers(connection, viewer, told))


def test_each_number_is_what_somebody_counts_by_hand(town: Town) -> None:
    town.now = at("03-16 09:00")
    cases = {name: town.report("worker_a", CLUTTER, STAIRS[0], **more).incident_id for name, more in REPORTS.items()}
    for moment, name, who, action, more in ACTS:
        town.now = at(moment)
        fields = {key: cases[value] if key == "duplicate_of_id" else value for key, value in more.items()}
        town.act(who, cases[name], action, **fields)
    town.now = at("03-30 09:00")
    town.report("worker_a", CLUTTER, STAIRS[0])
    found = counted(town, MARCH, at("03-31 18:00"))
    assert found.numbers == BY_HAND
    assert found.excluded == {"rejected": 2, "duplicate": 1, "parked": 1}
    assert share_words(*found.numbers["handled"]) == "55.6 %"
    assert counted(town, MARCH, at("03-31 18:00"), Cut(source="hotline")).numbers["closed"] == (1, 2)


@pytest.mark.parametrize(
    ("period", "moment", "due"),
    [
        (MARCH, "04-02 09:00", 0),
        (APRIL, "04-02 09:00", 1),
        # a deadline is broken after it, not at it
        (APRIL, "04-01 00:00", 0),
        (APRIL, "04-01 00:01", 1),
    ],
)
def test_a_deadline_at_midnight_belongs_to_the_month_that_begins(
    town: Town, period: tuple[date, date], moment: str, due: int
) -> None:
    town.report("worker_a", CLUTTER, STAIRS[0], source="hotline", due_at=at("04-01 00:00"))
    assert counted(town, period, at(moment)).numbers["closed"] == (0, due)
