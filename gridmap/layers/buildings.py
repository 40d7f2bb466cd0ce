"""Buildings (楼栋) with kind, storeys and who manages them."""

from sqlalchemy import and_, func, select

from gridmap.i18n import _
from gridmap.layer import (
    HOLDERS,
    KEPT,
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
from gridmap.tables import DataClass, building, place

KINDS = {
    "high_rise": StyleClass(colour="#d9a79c", title=_("High-rise")),
    "tower": StyleClass(colour="#d8b09a", title=_("Tower")),
    "slab": StyleClass(colour="#dcc3a3", title=_("Slab")),
    "villa_row": StyleClass(colour="#cbbf9c", title=_("Villa row")),
    "commercial": StyleClass(colour="#b9bcd6", title=_("Commercial")),
    "public": StyleClass(colour="#b7c9d2", title=_("Public")),
    "garage": StyleClass(colour="#c8c6c2", title=_("Garage")),
    "other": StyleClass(colour="#d6cfc4", title=_("Other building")),
}

buildings = Layer(
    name="buildings",
    title=_("Buildings"),
    rows=select(
        *place_columns(),
        building.c.kind,
        building.c.floors,
        building.c.floors_underground,
        building.c.built_year,
        building.c.height_m,
        building.c.counted_households.label("households"),
        building.c.counted_stairwells.label("stairwells"),
        holder_of(place, "building_manager", inside=True).label("manager"),
    )
    .join_from(place, building, and_(building.c.street_id == place.c.street_id, building.c.place_id == place.c.id))
    .where(is_kind(place, "building"), func.upper_inf(place.c.valid)),
    attributes={
        "code": Attribute(title=_("Code")),
        "name": Attribute(title=_("Name")),
        "kind": Attribute(title=_("Kind"), codes={code: style.title for code, style in KINDS.items()}),
        "floors": Attribute(title=_("Storeys"), unit=_("storeys"), type="integer"),
        "floors_underground": Attribute(title=_("Storeys underground"), unit=_("storeys"), type="integer"),
        "built_year": Attribute(title=_("Year built"), type="integer"),
        "height_m": Attribute(title=_("Height"), unit="m", type="number"),
        "households": Attribute(title=_("Households"), unit=_("households"), type="integer"),
        "stairwells": Attribute(title=_("Stairwells"), type="integer"),
        "manager": Attribute(
            title=_("Building manager"),
            data_class=DataClass.PERSONAL,
            seen_by=ON_DUTY,
            drawn_from=(*HOLDERS, "stairwells"),
            about=_("Party-member building managers of the building or its stairwells."),
        ),
        "extra": KEPT,
    },
    scoped_by=Scoped.PLACE,
    style=Style(by="kind", colour="#d6cfc4", classes=KINDS),
    label="name",
    min_zoom=14,
    zoom_attributes={14: ("kind",), 16: ("kind", "name", "floors")},
    about=_("Buildings with their kind, storeys and households."),
)
