"""Grids (网格), with the boundary that held at the map's date; they stand in for buildings from afar."""

from sqlalchemy import Date, and_, case, cast, select

from gridmap.i18n import _
from gridmap.layer import (
    AS_OF,
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
from gridmap.tables import DataClass, boundary, grid, place

households = grid.c.counted_households
SIZES = {
    "empty": StyleClass(colour="#e9e6df", title=_("No households counted")),
    "small": StyleClass(colour="#cfe4dc", title=_("Under 300 households")),
    "fitting": StyleClass(colour="#a5d0c0", title=_("300 to 500 households")),
    "large": StyleClass(colour="#f0c9a0", title=_("Over 500 households")),
}
TYPES = {"basic": _("Basic grid"), "dedicated": _("Dedicated grid"), "micro": _("Micro grid")}

current = and_(
    boundary.c.street_id == place.c.street_id,
    boundary.c.place_id == place.c.id,
    boundary.c.valid.contains(cast(AS_OF, Date)),
)

grids = Layer(
    name="grids",
    title=_("Grids"),
    rows=select(
        *place_columns(without_geometry=True),
        boundary.c.geom,
        boundary.c.geom_3857,
        boundary.c.label_3857,
        grid.c.type,
        grid.c.counted_buildings.label("buildings"),
        grid.c.counted_stairwells.label("stairwells"),
        households.label("households"),
        grid.c.declared_households,
        case(
            (households.is_(None) | (households == 0), "empty"),
            (households < 300, "small"),
            (households <= 500, "fitting"),
            else_="large",
        ).label("size"),
        holder_of(place, "grid_worker").label("worker"),
    )
    .join_from(place, boundary, current)
    .join(grid, and_(grid.c.street_id == place.c.street_id, grid.c.place_id == place.c.id))
    .where(is_kind(place, "grid")),
    attributes={
        "code": Attribute(title=_("Code"), about=_("Community code and three digits, west to east, north to south.")),
        "name": Attribute(title=_("Name")),
        "type": Attribute(title=_("Type"), codes=TYPES),
        "size": Attribute(title=_("Size"), codes={code: style.title for code, style in SIZES.items()}),
        "households": Attribute(title=_("Households"), unit=_("households"), type="integer"),
        "declared_households": Attribute(title=_("Households (declared)"), unit=_("households"), type="integer"),
        "buildings": Attribute(title=_("Buildings"), type="integer"),
        "stairwells": Attribute(title=_("Stairwells"), type="integer"),
        "worker": Attribute(title=_("Grid worker"), data_class=DataClass.PERSONAL, seen_by=ON_DUTY, drawn_from=HOLDERS),
        "extra": KEPT,
    },
    scoped_by=Scoped.PLACE,
    style=Style(by="size", colour="#a5d0c0", classes=SIZES),
    label="name",
    min_zoom=12,
    zoom_attributes={
        12: ("size", "type"),
        13: ("size", "type", "name"),
        15: ("size", "type", "name", "code", "households"),
    },
    about=_("Grids of the communities; micro grids lie inside one basic grid."),
)
