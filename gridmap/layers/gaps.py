"""Gaps (缺口): places where something due in the month of the map's date is not done, with the first reason."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    Select,
    Text,
    and_,
    case,
    cast,
    column,
    func,
    literal_column,
    or_,
    select,
    true,
    union_all,
)

from gridmap.cuts import as_asked
from gridmap.i18n import _
from gridmap.layer import (
    AS_OF,
    HOLDERS,
    REASON,
    SLOTS,
    Attribute,
    Layer,
    Scoped,
    Style,
    StyleClass,
    in_month,
    is_kind,
    place_columns,
)
from gridmap.layers.estates import MANAGEMENTS
from gridmap.tables import community, duty, estate, place, slot

REASONS = {
    "no_manager": StyleClass(colour="#b3423a", title=_("Nobody assigned")),
    "no_geometry": StyleClass(colour="#6d6a75", title=_("Not on the map")),
    "on_leave": StyleClass(colour="#8a5fa8", title=_("On leave, no substitute")),
    "no_access": StyleClass(colour="#c98a1b", title=_("Tried, no access")),
    "not_yet": StyleClass(colour="#5b8fb0", title=_("Still in time")),
    "missed": StyleClass(colour="#d4582f", title=_("Missed")),
    "excused": StyleClass(colour="#9aa39a", title=_("Excused")),
}
"""In the order in which they are told; what is excused comes last and is no gap."""
KINDS = {
    "grid": _("Grid"),
    "estate": _("Estate"),
    "building": _("Building"),
    "stairwell": _("Stairwell"),
    "facility": _("Facility"),
    "zone": _("Zone"),
}
DAY: "ColumnElement[object]" = cast(AS_OF, Date)

due, untold = slot.alias("due"), slot.alias("untold")


def open_at(of: FromClause) -> "tuple[ColumnElement[bool], ...]":
    """What is not done at the place in the month of the map's date, cut as asked."""
    at_place = (of.c.street_id == place.c.street_id, of.c.place_id == place.c.id)
    return (*at_place, in_month(of.c.starts_on), of.c.state != "satisfied", *as_asked(of))


ids = (
    select(func.array_agg(untold.c.id))
    .where(*open_at(untold), untold.c.state != "excused", untold.c.reason.is_(None))
    .correlate(place)
    .scalar_subquery()
)
live = func.gridmap.gap_reasons(ids, AS_OF, DAY).table_valued("slot_id", column("reason", Text)).lateral("live")
"""The reasons of what no closed period has told, all of a place at once."""
reason = case((due.c.state == "excused", "excused"), else_=func.coalesce(due.c.reason, live.c.reason))
rank = case({name: number for number, name in enumerate(REASONS)}, value=reason)
here = (
    select(
        func.min(rank).label("rank"),
        func.count().filter(due.c.state != "excused").label("open"),
        func.count().filter(due.c.state == "excused").label("excused"),
        func.min(due.c.due_on).filter(due.c.state != "excused").label("due_on"),
    )
    .join_from(due, live, live.c.slot_id == due.c.id, isouter=True)
    .where(*open_at(due), or_(REASON.is_(None), reason == REASON))
    .correlate(place)
    .lateral("here")
)


def gaps_of(kind: str) -> "Select[Any]":
    """The gaps at places of one kind: each kind has an index of its own."""
    return (
        select(
            *place_columns(),
            place.c.kind.label("place_kind"),
            case(dict(enumerate(REASONS)), value=here.c.rank).label("reason"),
            here.c.open,
            here.c.excused,
            here.c.due_on,
        )
        .join_from(place, here, true())
        .where(is_kind(place, kind), here.c.rank.is_not(None))
    )


everywhere = union_all(*(gaps_of(kind) for kind in KINDS)).subquery("everywhere")
home = place.alias("home")
open_here = slot.alias("open_here")


def of_estate(column: "ColumnElement[Any]", *more: "ColumnElement[bool]") -> "ColumnElement[Any]":
    """A word of the estate that the place lies in, read only where it is asked for."""
    key = (column.table.c.street_id == everywhere.c.street_id, *more)
    return select(column).where(*key).correlate(everywhere).scalar_subquery()


estate_name = of_estate(home.c.name, home.c.id == everywhere.c.estate_id)
management = of_estate(estate.c.management, estate.c.place_id == everywhere.c.estate_id)
community_name = of_estate(community.c.name, community.c.id == everywhere.c.community_id)
kinds = (
    select(func.string_agg(func.distinct(duty.c.kind), literal_column("','")))
    .join_from(open_here, duty, and_(duty.c.street_id == open_here.c.street_id, duty.c.id == open_here.c.duty_id))
    .where(
        open_here.c.street_id == everywhere.c.street_id,
        open_here.c.place_id == everywhere.c.id,
        in_month(open_here.c.starts_on),
        open_here.c.state != "satisfied",
        *as_asked(open_here),
    )
    .correlate(everywhere)
    .scalar_subquery()
)

gaps = Layer(
    name="gaps",
    title=_("Gaps"),
    rows=select(
        everywhere,
        estate_name.label("estate"),
        management.label("management"),
        community_name.label("community"),
        kinds.label("tasks"),
    ),
    attributes={
        "code": Attribute(title=_("Code")),
        "name": Attribute(title=_("Name")),
        "place_kind": Attribute(title=_("Kind of place"), codes=KINDS),
        "reason": Attribute(
            title=_("Reason"),
            codes={code: style.title for code, style in REASONS.items()},
            drawn_from=(*SLOTS, *HOLDERS),
        ),
        "open": Attribute(title=_("Not done"), unit=_("tasks"), type="integer", drawn_from=SLOTS),
        "excused": Attribute(title=_("Excused"), unit=_("tasks"), type="integer", drawn_from=SLOTS),
        "due_on": Attribute(title=_("Due"), drawn_from=SLOTS),
        "tasks": Attribute(
            title=_("Tasks"), about=_("The kinds of tasks that are not done, with commas between."), drawn_from=SLOTS
        ),
        "estate": Attribute(title=_("Estate"), drawn_from=("estates",)),
        "management": Attribute(
            title=_("Management"),
            codes={code: style.title for code, style in MANAGEMENTS.items()},
            drawn_from=("estates",),
        ),
        "community": Attribute(title=_("Community"), drawn_from=("communities",)),
    },
    scoped_by=Scoped.PLACE,
    style=Style(by="reason", colour="#d4582f", classes=REASONS),
    label="name",
    min_zoom=15,
    zoom_attributes={15: ("reason", "name")},
    about=_("Places where something that was due in the month of the map's date is not done, and why."),
)
