"""Numbers of due work and of the register."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
)

from gridmap.i18n import _
from gridmap.layer import EVERYONE, ON_DUTY, Role
from gridmap.tables import (
    assignment,
    duty,
    estate,
    grid,
    inspection,
    organisation,
    organisation_place,
    place,
    slot,
)

Weights = Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Kpi:
    """One number of what is due: `part` of `whole` over the counts, the same over the rows, and among which duties.

    The two ways to count must agree for every filter; a test says so.
    """

    name: str
    title: str
    formula: str
    part: Weights
    whole: Weights
    """Columns of the counts, each so many times."""
    part_rows: "ColumnElement[bool]"
    whole_rows: "ColumnElement[bool]"
    duties: "ColumnElement[bool]"
    about: str = ""
    unit: str = "%"
    seen_by: frozenset[Role] = EVERYONE


@dataclass(frozen=True, kw_only=True)
class RegisterKpi:
    """One number of the register: of the rows that count, the share of those that are so, or how even an amount is.

    `rows` gives one row for each thing counted: street_id, place_id, unit, kind, the scope columns, and for `measure`
    "share" whether it `is_part`; for "balance" and "gini" the `amount` that its holder carries in all, of which `own`
    belongs to this row, with a `holder` by whom rows are put together (null: nobody; never shown).
    """

    name: str
    title: str
    formula: str
    rows: "Select[Any]"
    measure: str = "share"
    about: str = ""
    unit: str = "%"
    seen_by: frozenset[Role] = EVERYONE


DAY = bindparam("day", type_=Date)
MOMENT = bindparam("moment", type_=DateTime(timezone=True))
"""The day, and the moment in it, that a number of the register is told for."""
START, END = bindparam("cut_start", type_=Date), bindparam("cut_end", type_=Date)
ENOUGH_MEMBERS = 3
"""Party members from which on an estate should have an organisation of its own."""
FRESH_DAYS = 180
"""A row that nobody changed, loaded or looked at for longer is stale."""
PARTY: "ColumnElement[Any]" = literal_column("'{party_committee,party_branch,party_group}'::text[]")

is_visit = duty.c.action == "household_visit"
is_count = duty.c.action == "vehicle_count"
is_done = slot.c.state == "satisfied"
counts_as_due = slot.c.state != "excused"
DUE = {"slots": 1, "excused": -1}


NOTHING: "ColumnElement[str]" = literal_column("''", Text)
NO_HOLDER: "ColumnElement[int]" = literal_column("NULL::bigint", BigInteger)
NO_AMOUNT: "ColumnElement[int]" = literal_column("NULL::integer", Integer)
NOT_A_SHARE: "ColumnElement[bool]" = true()


def _row(
    of: Any = place,
    *,
    unit: "ColumnElement[str]" = NOTHING,
    kind: "ColumnElement[str]" = NOTHING,
    is_part: "ColumnElement[bool]" = NOT_A_SHARE,
    amount: "ColumnElement[int]" = NO_AMOUNT,
    own: "ColumnElement[int]" = NO_AMOUNT,
    holder: "ColumnElement[int]" = NO_HOLDER,
) -> "list[ColumnElement[Any]]":
    identity = of.c.id if of is place else of.c.place_id
    return [
        of.c.street_id,
        identity.label("place_id"),
        unit.label("unit"),
        kind.label("kind"),
        *(of.c[name] for name in ("community_id", "grid_id", "micro_grid_id", "estate_id")),
        is_part.label("is_part"),
        amount.label("amount"),
        own.label("own"),
        holder.label("holder"),
    ]


def _of_place(table: Any) -> "ColumnElement[bool]":
    return and_(table.c.street_id == place.c.street_id, table.c.place_id == place.c.id)


has_organisation = (
    select(organisation.c.id)
    .join_from(organisation_place, organisation, organisation.c.id == organisation_place.c.organisation_id)
    .where(
        _of_place(organisation_place),
        organisation_place.c.relation == "covers",
        organisation_place.c.valid.contains(DAY),
        organisation.c.valid.contains(DAY),
        organisation.c.kind == func.any(PARTY),
    )
    .correlate(place)
    .exists()
)
estates_with_members = (
    select(*_row(is_part=has_organisation))
    .join_from(place, estate, _of_place(estate))
    .where(place.c.kind == "estate", estate.c.declared_party_members >= ENOUGH_MEMBERS)
)

findings = select(
    *_row(inspection, unit=inspection.c.unit, kind=inspection.c.kind, is_part=inspection.c.slot_id.is_not(None))
).where(
    inspection.c.result == "finding",
    inspection.c.superseded_at.is_(None),
    inspection.c.done_at >= func.gridmap.office_midnight(START),
    inspection.c.done_at < func.gridmap.office_midnight(END),
)

works_here = and_(
    _of_place(assignment),
    assignment.c.role == "grid_worker",
    assignment.c.is_primary,
    assignment.c.valid.contains(MOMENT),
)
households = func.coalesce(grid.c.counted_households, 0)
load = func.sum(households, type_=Integer).over(partition_by=(place.c.street_id, assignment.c.person_id))
grids_with_load = (
    select(*_row(amount=load, own=households, holder=assignment.c.person_id))
    .join_from(place, grid, _of_place(grid))
    .join(assignment, works_here, isouter=True)
    .where(place.c.kind == "grid", grid.c.type != "micro")
)

looked_at = select(inspection.c.place_id).where(
    inspection.c.street_id == place.c.street_id,
    inspection.c.place_id == place.c.id,
    inspection.c.superseded_at.is_(None),
    inspection.c.done_at >= func.gridmap.office_midnight(DAY - FRESH_DAYS),
)
register_rows = select(
    *_row(
        is_part=or_(
            place.c.changed_at >= func.gridmap.office_midnight(DAY - FRESH_DAYS), looked_at.correlate(place).exists()
        )
    )
).where(place.c.valid.contains(DAY))

KPIS: tuple[Kpi, ...] = (
    Kpi(
        name="coverage",
        title=_("Coverage"),
        formula=_("done in time ÷ (all that was due − excused)"),
        about=_(
            "Late work is shown, but is not coverage. On leave and no access count as not done until they are excused."
        ),
        part={"satisfied": 1},
        whole=DUE,
        part_rows=is_done,
        whole_rows=counts_as_due,
        duties=true(),
    ),
    Kpi(
        name="visits",
        title=_("Households reached"),
        formula=_("households reached in the month ÷ (households − excused)"),
        about=_("At the door or by telephone; nobody at home and refused are tries, and the household stays open."),
        part={"satisfied": 1},
        whole=DUE,
        part_rows=is_done,
        whole_rows=counts_as_due,
        duties=is_visit,
    ),
    Kpi(
        name="counts",
        title=_("Counts of zones made"),
        formula=_("counts of parking zones made in time ÷ (counts that were due − excused)"),
        about=_(
            "Morning and evening, each zone by itself. A count that was missed is a gap, and no number stands for it."
        ),
        part={"satisfied": 1},
        whole=DUE,
        part_rows=is_done,
        whole_rows=counts_as_due,
        duties=is_count,
    ),
    Kpi(
        name="late",
        title=_("Done late"),
        formula=_("done after the period ÷ (all that was due − excused − done in time); late work is not coverage"),
        part={"late": 1},
        whole=DUE | {"satisfied": -1},
        part_rows=slot.c.is_late & ~is_done & counts_as_due,
        whole_rows=~is_done & counts_as_due,
        duties=true(),
    ),
    Kpi(
        name="excused",
        title=_("Excused"),
        formula=_("excused ÷ all that was due; what is excused is drawn apart and leaves the other numbers"),
        part={"excused": 1},
        whole={"slots": 1},
        part_rows=slot.c.state == "excused",
        whole_rows=~false(),
        duties=true(),
    ),
)
REGISTERS: tuple[RegisterKpi, ...] = (
    RegisterKpi(
        name="organisations",
        title=_("Estates with a Party organisation"),
        formula=_("estates with a Party organisation of their own ÷ estates with three or more Party members"),
        rows=estates_with_members,
    ),
    RegisterKpi(
        name="proactive",
        title=_("Found by ourselves"),
        formula=_("findings of rounds and visits that were due ÷ all findings of the month"),
        about=_("Findings of checks alone; of all cases, residents' reports too, it stands with the numbers of cases."),
        rows=findings,
    ),
    RegisterKpi(
        name="balance",
        title=_("Balance of the grids"),
        formula=_("households of the largest load of one grid worker ÷ mean households of a grid worker; 1.00 is even"),
        about=_("Told by place, never by person. Grids without a worker are listed and leave the number."),
        rows=grids_with_load,
        measure="balance",
        unit="×",
        seen_by=ON_DUTY,
    ),
    RegisterKpi(
        name="gini",
        title=_("Unevenness of the loads"),
        formula=_("Gini coefficient of the households of the grid workers; 0 is even, 1 is all with one"),
        rows=grids_with_load,
        measure="gini",
        unit="",
        seen_by=ON_DUTY,
    ),
    RegisterKpi(
        name="freshness",
        title=_("Freshness of the register"),
        formula=_("rows that were changed, loaded or looked at in the last 180 days ÷ all rows of the register"),
        rows=register_rows,
    ),
)
BY_NAME: Mapping[str, Kpi] = {kpi.name: kpi for kpi in KPIS}
REGISTER_BY_NAME: Mapping[str, RegisterKpi] = {kpi.name: kpi for kpi in REGISTERS}
