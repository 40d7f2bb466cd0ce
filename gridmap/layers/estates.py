"""Estates (小区) and their sub-estates."""

from sqlalchemy import and_, func, select

from gridmap.i18n import _
from gridmap.layer import KEPT, Attribute, Layer, Scoped, Style, StyleClass, is_kind, place_columns
from gridmap.tables import estate, organisation, place

MANAGEMENTS = {
    "property": StyleClass(colour="#e9dcc6", title=_("Property company")),
    "self": StyleClass(colour="#e3e0c4", title=_("Residents manage themselves")),
    "none": StyleClass(colour="#efd3c4", title=_("Nobody manages")),
    "unknown": StyleClass(colour="#e6e3dd", title=_("Management unknown")),
}

estates = Layer(
    name="estates",
    title=_("Estates"),
    rows=select(
        *place_columns(),
        estate.c.management,
        organisation.c.name.label("property"),
        estate.c.built_year,
        estate.c.declared_households,
        estate.c.counted_households.label("households"),
        estate.c.declared_buildings,
        estate.c.counted_buildings.label("buildings"),
        estate.c.counted_stairwells.label("stairwells"),
        estate.c.declared_population,
        estate.c.site_area_m2,
        estate.c.floor_area_m2,
    )
    .join_from(place, estate, and_(estate.c.street_id == place.c.street_id, estate.c.place_id == place.c.id))
    .outerjoin(organisation, organisation.c.id == estate.c.property_id)
    .where(is_kind(place, "estate"), func.upper_inf(place.c.valid)),
    attributes={
        "code": Attribute(title=_("Code")),
        "name": Attribute(title=_("Name")),
        "management": Attribute(
            title=_("Management"), codes={code: style.title for code, style in MANAGEMENTS.items()}
        ),
        "property": Attribute(title=_("Property company"), drawn_from=("organisations",)),
        "built_year": Attribute(title=_("Year built"), type="integer"),
        "declared_households": Attribute(title=_("Households (declared)"), unit=_("households"), type="integer"),
        "households": Attribute(title=_("Households (counted)"), unit=_("households"), type="integer"),
        "declared_buildings": Attribute(title=_("Buildings (declared)"), type="integer"),
        "buildings": Attribute(title=_("Buildings (counted)"), type="integer"),
        "stairwells": Attribute(title=_("Stairwells (counted)"), type="integer"),
        "declared_population": Attribute(title=_("Residents (declared)"), unit=_("persons"), type="integer"),
        "site_area_m2": Attribute(title=_("Site area (declared)"), unit="m²", type="number"),
        "floor_area_m2": Attribute(title=_("Floor area (declared)"), unit="m²", type="number"),
        "extra": KEPT,
    },
    scoped_by=Scoped.PLACE,
    style=Style(by="management", colour="#e9dcc6", classes=MANAGEMENTS),
    label="name",
    min_zoom=12,
    zoom_attributes={12: ("management",), 13: ("management", "name")},
    about=_("Residential estates; those without an outline are points."),
)
