"""Numbers of cases: filing, dispatch, handling, closing, rework, delay, the hotline, and at which level it was solved.

Formulas as 城管 data dictionaries define them (处置率, 按期结案率, 返工率 …); no grades, no composites, no ranking.
Edge rules: nothing in the denominator is a dash; a case counts as due by its deadline whether or not it is still open;
cancelled cases (rejected, duplicates) leave both sides and are shown beside; so do parked ones where time counts.
Periods are half-open, in the days of the office.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, DateTime, and_, bindparam, case, func, literal_column, or_, select, true

from gridmap.i18n import _
from gridmap.tables import incident, incident_stage, transition

MOMENT = bindparam("moment", type_=DateTime(timezone=True))
"""The moment that the numbers are told at: what is open is open then."""


@dataclass(frozen=True, kw_only=True)
class CaseKpi:
    """One number of cases: of those that `whole` counts, the share that `part` counts.

    `basis`: by which moment a case falls into a period, one of BASES. `is_good`: whether more of it is better; of the
    others the rows that count are what one wants to see first.
    """

    name: str
    group: str
    title: str
    formula: str
    basis: str
    part: "ColumnElement[bool]"
    whole: "ColumnElement[bool]"
    about: str = ""
    is_good: bool = True


def _is(*words: str) -> "ColumnElement[bool]":
    assert all(word.isidentifier() for word in words)
    return incident.c.state == func.any(literal_column(f"'{{{','.join(words)}}}'::text[]"))


def _stage(code: str) -> "ColumnElement[Any]":
    """Within how many working minutes the office itself should act."""
    assert code.isidentifier()
    wanted = incident_stage.c.code == literal_column(f"'{code}'")
    return select(incident_stage.c.minutes).where(wanted).scalar_subquery()


def _within(since: "ColumnElement[Any]", until: "ColumnElement[Any]", code: str) -> "ColumnElement[bool]":
    """That so little working time lies between; what is less by the clock on the wall needs no calendar."""
    limit = _stage(code)
    quick = until - since <= func.make_interval(0, 0, 0, 0, 0, limit)
    return case((quick, True), else_=func.gridmap.working_minutes(since, until) <= limit)


def _first(*actions: str) -> "ColumnElement[Any]":
    """When one of these actions was taken for the first time."""
    assert all(action.isidentifier() for action in actions)
    return (
        select(func.min(transition.c.at))
        .where(
            transition.c.street_id == incident.c.street_id,
            transition.c.incident_id == incident.c.id,
            transition.c.action == func.any(literal_column(f"'{{{','.join(actions)}}}'::text[]")),
        )
        .correlate(incident)
        .scalar_subquery()
    )


is_cancelled = _is("rejected", "duplicate")
counts: "ColumnElement[bool]" = ~is_cancelled
counts_as_due: "ColumnElement[bool]" = and_(counts, incident.c.state != literal_column("'parked'"))
is_handled = incident.c.handled_at.is_not(None)
is_closed = _is("closed")
is_late: "ColumnElement[bool]" = func.gridmap.is_late(
    incident.c.state, incident.c.due_at, incident.c.handled_at, MOMENT
)
is_registered = incident.c.registered_at.is_not(None)
is_dispatched = incident.c.dispatched_at.is_not(None)
went_out = and_(counts, is_registered, ~incident.c.is_self_handled)
first_dispatch = _first("dispatch")
is_of_residents = incident.c.source == func.any(literal_column("'{diary,hotline,owner}'::text[]"))
is_of_hotline = incident.c.source == literal_column("'hotline'")
is_looked_into = incident.c.state != literal_column("'reported'")
first_look = func.coalesce(incident.c.registered_at, _first("reject", "merge"))
first_answer = _first("handle", "close", "answer")
waits_too_long_to_be_filed = and_(_is("reported"), ~_within(incident.c.reported_at, MOMENT, "register"))
waits_too_long_to_go_out = and_(~is_dispatched, ~_within(incident.c.registered_at, MOMENT, "dispatch"))
waits_too_long_to_be_checked = and_(_is("handled", "verifying"), ~_within(incident.c.handled_at, MOMENT, "check"))

BASES: Mapping[str, "ColumnElement[Any]"] = {
    "reported": incident.c.reported_at,
    "registered": incident.c.registered_at,
    "due": incident.c.due_at,
    "handled": incident.c.handled_at,
    "closed": incident.c.closed_at,
}
"""By which moment a case falls into a period."""
EXCLUDED: Mapping[str, "ColumnElement[bool]"] = {
    "rejected": _is("rejected"),
    "duplicate": _is("duplicate"),
    "parked": _is("parked"),
}
"""What leaves the numbers of time, and is shown beside them."""

CASE_KPIS: tuple[CaseKpi, ...] = (
    CaseKpi(
        name="reports_valid",
        group="filing",
        title=_("Valid reports"),
        formula=_("reports that became a case ÷ all reports of the period"),
        about=_("Rejected reports and duplicates count as reports; those that nobody has looked at yet, too."),
        basis="reported",
        part=and_(is_registered, counts),
        whole=true(),
    ),
    CaseKpi(
        name="looked_into_in_time",
        group="filing",
        title=_("Looked into in time"),
        formula=_(
            "looked into within the time for filing ÷ (looked into + waiting beyond that time), of what residents"
            " reported in the period"
        ),
        about=_(
            "From the diary, the hotline and residents themselves; filed, rejected and merged are all looked into."
        ),
        basis="reported",
        part=and_(is_looked_into, _within(incident.c.reported_at, first_look, "register")),
        whole=and_(is_of_residents, or_(is_looked_into, waits_too_long_to_be_filed)),
    ),
    CaseKpi(
        name="filed_in_time",
        group="filing",
        title=_("Filed in time"),
        formula=_("filed within the time for it ÷ (filed + still waiting beyond that time), of the period's reports"),
        basis="reported",
        part=and_(is_registered, _within(incident.c.reported_at, incident.c.registered_at, "register")),
        whole=or_(is_registered, waits_too_long_to_be_filed),
    ),
    CaseKpi(
        name="filed_right",
        group="filing",
        title=_("Filed rightly"),
        formula=_("(filed − cancelled afterwards) ÷ filed in the period"),
        basis="registered",
        part=counts,
        whole=is_registered,
    ),
    CaseKpi(
        name="dispatched_in_time",
        group="dispatch",
        title=_("Dispatched in time"),
        formula=_("first dispatched within the time for it ÷ (dispatched + waiting beyond that time), of those filed"),
        about=_("What was solved on the spot needs no dispatch and leaves both sides."),
        basis="registered",
        part=and_(is_dispatched, _within(incident.c.registered_at, first_dispatch, "dispatch")),
        whole=and_(went_out, or_(is_dispatched, waits_too_long_to_go_out)),
    ),
    CaseKpi(
        name="dispatched_right",
        group="dispatch",
        title=_("Dispatched to the right unit"),
        formula=_(
            "dispatched, never returned and never transferred ÷ (dispatched + waiting beyond the time for it),"
            " of those filed"
        ),
        basis="registered",
        part=and_(is_dispatched, incident.c.returns == 0, incident.c.transfers == 0),
        whole=and_(went_out, or_(is_dispatched, waits_too_long_to_go_out)),
    ),
    CaseKpi(
        name="handled",
        group="handling",
        title=_("Handled of what was due"),
        formula=_("handled ÷ due to be handled in the period"),
        about=_("Due by its deadline, whether it is open still or not; what is not due yet leaves both sides."),
        basis="due",
        part=is_handled,
        whole=counts_as_due,
    ),
    CaseKpi(
        name="handled_in_time",
        group="handling",
        title=_("Handled in time"),
        formula=_("handled by the deadline ÷ due to be handled in the period"),
        basis="due",
        part=and_(is_handled, incident.c.handled_at <= incident.c.due_at),
        whole=counts_as_due,
    ),
    CaseKpi(
        name="waiting_late",
        group="handling",
        title=_("Overdue and not handled"),
        formula=_("not handled although the deadline has passed ÷ due to be handled in the period"),
        basis="due",
        part=and_(~is_handled, is_late),
        whole=counts_as_due,
        is_good=False,
    ),
    CaseKpi(
        name="extended",
        group="handling",
        title=_("Given more time"),
        formula=_("given more time at least once ÷ due to be handled in the period"),
        basis="due",
        part=incident.c.extensions > 0,
        whole=counts_as_due,
        is_good=False,
    ),
    CaseKpi(
        name="checked_in_time",
        group="closing",
        title=_("Verified in time"),
        formula=_("verified within the time for it ÷ (verified + waiting beyond that time), of those handled"),
        about=_("From handled to closed, by somebody else. What was solved on the spot is not verified."),
        basis="handled",
        part=and_(is_closed, _within(incident.c.handled_at, incident.c.closed_at, "check")),
        whole=and_(counts, ~incident.c.is_self_handled, or_(is_closed, waits_too_long_to_be_checked)),
    ),
    CaseKpi(
        name="closed",
        group="closing",
        title=_("Closed of what was due"),
        formula=_("closed ÷ due in the period"),
        basis="due",
        part=is_closed,
        whole=counts_as_due,
    ),
    CaseKpi(
        name="closed_in_time",
        group="closing",
        title=_("Closed in time, of all that was due"),
        formula=_("closed, and handled by the deadline ÷ due in the period"),
        about=_("Handling is what a deadline is for: looking at it afterwards does not make it late."),
        basis="due",
        part=and_(is_closed, ~is_late),
        whole=counts_as_due,
    ),
    CaseKpi(
        name="closed_in_time_of_closed",
        group="closing",
        title=_("Closed in time, of what was closed"),
        formula=_("closed, and handled by the deadline ÷ closed, of those due in the period"),
        about=_("The other way in use to count it: open cases do not lower it. Read it beside the one before."),
        basis="due",
        part=and_(is_closed, ~is_late),
        whole=is_closed,
    ),
    CaseKpi(
        name="closed_late",
        group="closing",
        title=_("Closed late"),
        formula=_("closed, but handled after the deadline ÷ due in the period"),
        basis="due",
        part=and_(is_closed, is_late),
        whole=counts_as_due,
        is_good=False,
    ),
    CaseKpi(
        name="not_closed",
        group="closing",
        title=_("Not closed yet"),
        formula=_("not closed ÷ reported in the period, without those cancelled"),
        basis="reported",
        part=~is_closed,
        whole=counts,
        is_good=False,
    ),
    CaseKpi(
        name="rework",
        group="closing",
        title=_("Rework"),
        formula=_("found not good at least once ÷ due in the period"),
        about=_("A case counts once, however often it came back."),
        basis="due",
        part=incident.c.reworks > 0,
        whole=counts_as_due,
        is_good=False,
    ),
    CaseKpi(
        name="in_grid",
        group="level",
        title=_("Small matters stay in the grid"),
        formula=_("closed without having been sent up ÷ closed in the period"),
        basis="closed",
        part=and_(incident.c.level == literal_column("'grid'"), incident.c.escalations == 0),
        whole=is_closed,
    ),
    CaseKpi(
        name="found_first",
        group="level",
        title=_("Found before anybody complained"),
        formula=_("found on patrols, visits and checks ÷ all cases reported in the period"),
        about=_("Diary, hotline and residents' own reports are the other part. Cancelled reports leave both sides."),
        basis="reported",
        part=incident.c.source == func.any(literal_column("'{patrol,visit,inspection}'::text[]")),
        whole=counts,
    ),
    CaseKpi(
        name="content",
        group="level",
        title=_("Content with the answer"),
        formula=_("content ÷ those who were asked, of the cases closed in the period"),
        about=_("Whoever was not asked leaves both sides."),
        basis="closed",
        part=incident.c.satisfaction == literal_column("'satisfied'"),
        whole=and_(is_closed, incident.c.satisfaction.is_not(None)),
    ),
    CaseKpi(
        name="hotline_answered",
        group="hotline",
        title=_("Orders answered in time"),
        formula=_("an answer for the caller written by the deadline ÷ orders of the hotline due in the period"),
        about=_(
            "Orders that still wait to be placed are not in it: those of the queue past their deadline are unanswered,"
            " too."
        ),
        basis="due",
        part=and_(incident.c.answer.is_not(None), first_answer <= incident.c.due_at),
        whole=and_(is_of_hotline, counts_as_due),
    ),
    CaseKpi(
        name="hotline_solved",
        group="hotline",
        title=_("Orders solved"),
        formula=_("verified and closed ÷ orders of the hotline due in the period"),
        about=_("What was opened again is not solved until it is closed once more."),
        basis="due",
        part=is_closed,
        whole=and_(is_of_hotline, counts_as_due),
    ),
    CaseKpi(
        name="hotline_content",
        group="hotline",
        title=_("Callers content"),
        formula=_("content ÷ callers who were asked, of the hotline's cases closed in the period"),
        about=_("Whoever was not asked leaves both sides."),
        basis="closed",
        part=incident.c.satisfaction == literal_column("'satisfied'"),
        whole=and_(is_of_hotline, is_closed, incident.c.satisfaction.is_not(None)),
    ),
)
CASE_BY_NAME: Mapping[str, CaseKpi] = {kpi.name: kpi for kpi in CASE_KPIS}
