"""Density (密度) of incidents: cases per hectare of each grid, as a soft background. It says how many, never why."""

from sqlalchemy import Date, Float, Numeric, and_, case, cast, func, literal_column, or_, select, true

from gridmap.cuts import NOBODY, of_kind, of_territory, real, reported_within
from gridmap.i18n import _
from gridmap.layer import AS_OF, Attribute, Layer, Scoped, Style, StyleClass, is_kind, place_columns
from gridmap.tables import boundary, incident, place

DAYS = 90
"""Counted over so many days up to the map's day, where no other days are asked for."""
CASES = ("incidents",)
CLASSES = {
    "most": StyleClass(colour="#a8556b", title=_("6 and more per hectare")),
    "many": StyleClass(colour="#c98aa0", title=_("3 to 6 per hectare")),
    "some": StyleClass(colour="#e2bccb", title=_("1 to 3 per hectare")),
    "few": StyleClass(colour="#f1dfe6", title=_("Fewer than 1 per hectare")),
    "none": StyleClass(colour="#f2f1ee", title=_("None")),
}

current = and_(
    boundary.c.street_id == place.c.street_id,
    boundary.c.place_id == place.c.id,
    boundary.c.valid.contains(cast(AS_OF, Date)),
)
counts = (
    select(func.count().label("cases"))
    .where(
        incident.c.street_id == place.c.street_id,
        or_(incident.c.grid_id == place.c.id, incident.c.micro_grid_id == place.c.id),
        of_territory(incident),
        real(incident),
        of_kind(incident),
        *reported_within(incident, DAYS),
    )
    .correlate(place)
    .lateral("counts")
)
hectares = cast(func.ST_Area(func.geography(boundary.c.geom)), Float) / literal_column("10000.0")
per_hectare = counts.c.cases / func.nullif(hectares, 0)

incident_density = Layer(
    name="incident_density",
    title=_("Density of incidents"),
    rows=select(
        *place_columns(without_geometry=True),
        boundary.c.geom,
        boundary.c.geom_3857,
        boundary.c.label_3857,
        NOBODY.label("parties"),
        counts.c.cases,
        func.round(cast(per_hectare, Numeric), literal_column("2")).label("per_hectare"),
        case(
            (counts.c.cases == literal_column("0"), "none"),
            (per_hectare >= literal_column("6"), "most"),
            (per_hectare >= literal_column("3"), "many"),
            (per_hectare >= literal_column("1"), "some"),
            else_="few",
        ).label("density"),
    )
    .join_from(place, boundary, current)
    .join(counts, true())
    .where(is_kind(place, "grid"), of_territory(place)),
    attributes={
        "code": Attribute(title=_("Code")),
        "name": Attribute(title=_("Name")),
        "cases": Attribute(title=_("Reported"), unit=_("cases"), type="integer", drawn_from=CASES),
        "per_hectare": Attribute(title=_("Per hectare"), unit=_("cases per hectare"), type="number", drawn_from=CASES),
        "density": Attribute(
            title=_("Density"), codes={code: style.title for code, style in CLASSES.items()}, drawn_from=CASES
        ),
    },
    scoped_by=Scoped.CASE,
    style=Style(by="density", colour="#e2bccb", classes=CLASSES),
    label="name",
    min_zoom=10,
    zoom_attributes={10: ("density",), 13: ("density", "name", "cases")},
    about=_("Cases reported per hectare of each grid in the 90 days up to the map's day, or in the days asked for."),
)
