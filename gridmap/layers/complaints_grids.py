"""Complaints of residents per 100 households of a grid: what came by the hotline or from residents themselves."""

from sqlalchemy import Date, and_, cast, func, or_, select, true

from gridmap.complaints import ABOUT_DAYS, CASES, PER_HUNDRED, class_of_rate, complaints_in, rate
from gridmap.cuts import NOBODY, of_territory
from gridmap.i18n import _
from gridmap.layer import AS_OF, Attribute, Layer, Scoped, Style, is_kind, place_columns
from gridmap.tables import boundary, grid, incident, place

current = and_(
    boundary.c.street_id == place.c.street_id,
    boundary.c.place_id == place.c.id,
    boundary.c.valid.contains(cast(AS_OF, Date)),
)
households = func.coalesce(grid.c.counted_households, grid.c.declared_households)
counts = complaints_in(or_(incident.c.grid_id == place.c.id, incident.c.micro_grid_id == place.c.id))

complaints_grids = Layer(
    name="complaints_grids",
    title=_("Complaints per 100 households, by grid"),
    rows=select(
        *place_columns(without_geometry=True),
        boundary.c.geom,
        boundary.c.geom_3857,
        boundary.c.label_3857,
        NOBODY.label("parties"),
        counts.c.complaints,
        households.label("households"),
        rate(counts.c.complaints, households).label("per_hundred"),
        class_of_rate(counts.c.complaints, households).label("rate"),
    )
    .join_from(place, boundary, current)
    .join(grid, and_(grid.c.street_id == place.c.street_id, grid.c.place_id == place.c.id))
    .join(counts, true())
    .where(is_kind(place, "grid"), of_territory(place)),
    attributes={
        "code": Attribute(title=_("Code")),
        "name": Attribute(title=_("Name")),
        "complaints": Attribute(title=_("Complaints"), unit=_("cases"), type="integer", drawn_from=CASES),
        "households": Attribute(title=_("Households"), unit=_("households"), type="integer", drawn_from=("grids",)),
        "per_hundred": Attribute(
            title=_("Per 100 households"),
            unit=_("per 100 households"),
            type="number",
            about=ABOUT_DAYS,
            drawn_from=(*CASES, "grids"),
        ),
        "rate": Attribute(
            title=_("Complaints per 100 households"),
            codes={code: style.title for code, style in PER_HUNDRED.items()},
            drawn_from=(*CASES, "grids"),
        ),
    },
    scoped_by=Scoped.CASE,
    style=Style(by="rate", colour="#e9e3d3", classes=PER_HUNDRED),
    label="name",
    min_zoom=10,
    zoom_attributes={10: ("rate",), 13: ("rate", "name", "per_hundred")},
    about=_("Complaints of residents per 100 households of each grid in a year, or in the days asked for."),
)
