"""The catalogue of numbers: what each means in words, what it counts, and which rows stand behind it."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, false, true

from gridmap.i18n import _
from gridmap.tables import coverage, duty, slot


@dataclass(frozen=True, kw_only=True)
class Kpi:
    """One number of what is due: `part` of `whole` over the counts, the same over the rows, and among which duties.

    The two ways to count must agree for every filter; a test says so.
    """

    name: str
    title: str
    formula: str
    part: "ColumnElement[int]"
    whole: "ColumnElement[int]"
    part_rows: "ColumnElement[bool]"
    whole_rows: "ColumnElement[bool]"
    duties: "ColumnElement[bool]"
    unit: str = "%"


is_visit = duty.c.action == "household_visit"
is_done = slot.c.state == "satisfied"
counts_as_due = slot.c.state != "excused"

KPIS: tuple[Kpi, ...] = (
    Kpi(
        name="coverage",
        title=_("Coverage"),
        formula=_("done in time ÷ (all that was due − excused)"),
        part=coverage.c.satisfied,
        whole=coverage.c.slots - coverage.c.excused,
        part_rows=is_done,
        whole_rows=counts_as_due,
        duties=true(),
    ),
    Kpi(
        name="visits",
        title=_("Households reached"),
        formula=_("households reached in the month ÷ (households − excused)"),
        part=coverage.c.satisfied,
        whole=coverage.c.slots - coverage.c.excused,
        part_rows=is_done,
        whole_rows=counts_as_due,
        duties=is_visit,
    ),
    Kpi(
        name="late",
        title=_("Done late"),
        formula=_("done after the period ÷ (all that was due − excused − done in time); late work is not coverage"),
        part=coverage.c.late,
        whole=coverage.c.slots - coverage.c.excused - coverage.c.satisfied,
        part_rows=slot.c.is_late & ~is_done & counts_as_due,
        whole_rows=~is_done & counts_as_due,
        duties=true(),
    ),
    Kpi(
        name="excused",
        title=_("Excused"),
        formula=_("excused ÷ all that was due; what is excused is drawn apart and leaves the other numbers"),
        part=coverage.c.excused,
        whole=coverage.c.slots + 0,
        part_rows=slot.c.state == "excused",
        whole_rows=~false(),
        duties=true(),
    ),
)
BY_NAME: Mapping[str, Kpi] = {kpi.name: kpi for kpi in KPIS}
