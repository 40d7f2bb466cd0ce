"""Stairwells (楼道): the working unit."""

from sqlalchemy import and_, case, func, select

from gridmap.i18n import _
from gridmap.layer import (
    HOLDERS,
    ON_DUTY,
    Attribute,
    Layer,
    Scoped,
    Style,
    StyleClass,
    holder_of,
    is_kind,
    place_columns,
)
from gridmap.tables import DataClass, place, stairwell

manager = holder_of(place, "building_manager")
HELD = {
    "held": StyleClass(colour="#2f7f79", title=_("Has a building manager")),
    "open": StyleClass(colour="#d1495b", title=_("No building manager")),
}

stairwells = Layer(
    name="stairwells",
    title=_("Stairwells"),
    rows=select(
        *place_columns(),
        stairwell.c.floors,
        func.cardinality(stairwell.c.units).label("households"),
        case((manager.is_not(None), "held"), else_="open").label("held"),
        manager.label("manager"),
        holder_of(place, "stairwell_leader").label("leader"),
    )
    .join_from(place, stairwell, and_(stairwell.c.street_id == place.c.street_id, stairwell.c.place_id == place.c.id))
    .where(is_kind(place, "stairwell"), func.upper_inf(place.c.valid)),
    attributes={
        "code": Attribute(title=_("Code")),
        "name": Attribute(title=_("Name")),
        "floors": Attribute(title=_("Storeys"), unit=_("storeys"), type="integer"),
        "households": Attribute(title=_("Households"), unit=_("households"), type="integer"),
        "held": Attribute(
            title=_("Looked after"),
            seen_by=ON_DUTY,
            codes={code: style.title for code, style in HELD.items()},
            drawn_from=HOLDERS,
        ),
        "manager": Attribute(
            title=_("Building manager"), data_class=DataClass.PERSONAL, seen_by=ON_DUTY, drawn_from=HOLDERS
        ),
        "leader": Attribute(
            title=_("Stairwell leader"), data_class=DataClass.PERSONAL, seen_by=ON_DUTY, drawn_from=HOLDERS
        ),
    },
    scoped_by=Scoped.PLACE,
    style=Style(by="held", colour="#5f7a8c", classes=HELD, shape="point"),
    label="name",
    min_zoom=16,
    zoom_attributes={16: ("name", "held")},
    about=_("Stairwells, the unit that building managers look after."),
)
