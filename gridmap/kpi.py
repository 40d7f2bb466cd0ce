"""The catalogue of numbers: what each means in words, what it counts, and which rows stand behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import ColumnElement, false, true

from gridmap.i18n import _
from gridmap.tables import coverage, duty, slot

TENTH = Decimal("0.1")
WHOLE = Decimal(100)


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


def share(part: int, whole: int) -> Decimal | None:
    """Per cent with one decimal; None where nothing was due: never 0 and never 100.

    What is not whole never prints as 100.0, and what is not nothing never as 0.0. 1,300 of 1,439 is 90.3.
    """
    if not whole:
        return None
    exact = WHOLE * part / whole
    rounded = exact.quantize(TENTH, ROUND_HALF_UP)
    if part < whole and rounded >= WHOLE:
        return WHOLE - TENTH
    return TENTH if part and not rounded else rounded


def share_words(part: int, whole: int) -> str:
    """The same for people: `90.3 %`, or a dash."""
    found = share(part, whole)
    return "—" if found is None else f"{found} %"
