"""In-grid resolution (小事不出网格): closed cases of a grid that never had to go up, of all that were closed."""

from sqlalchemy import Date, and_, cast, func, literal_column, or_, select, true

from gridmap.cuts import NOBODY, of_kind, of_territory, within
from gridmap.i18n import _
from gridmap.layer import AS_OF, Attribute, Layer, Scoped, Style, is_kind, place_columns
from gridmap.shares import SHARES, share_class
from gridmap.tables import boundary, incident, place

DAYS = 365
"""Counted over a year up to the map's day, where no other days are asked for."""
CASES = ("incidents",)

current = and_(
    boundary.c.street_id == place.c.street_id,
    boundary.c.place_id == place.c.id,
    boundary.c.valid.contains(cast(AS_OF, Date)),
)
counts = (
    select(
        func.count().label("closed"),
        func.count().filter(incident.c.level == literal_column("'grid'")).label("in_grid"),
    )
    .where(
        incident.c.street_id == place.c.street_id,
        or_(incident.c.grid_id == place.c.id, incident.c.micro_grid_id == place.c.id),
        of_territory(incident),
        incident.c.state == literal_column("'closed'"),
        of_kind(incident),
        *within(incident.c.closed_at, DAYS),
    )
    .correlate(place)
    .lateral("counts")
)

in_grid_resolution = Layer(
    name="in_grid_resolution",
    title=_("Resolved in the grid"),
    rows=select(
        *place_columns(without_geometry=True),
        boundary.c.geom,
        boundary.c.geom_3857,
        boundary.c.label_3857,
        NOBODY.label("parties"),
        counts.c.closed,
        counts.c.in_grid,
        share_class(counts.c.in_grid, counts.c.closed).label("share"),
    )
    .join_from(place, boundary, current)
    .join(counts, true())
    .where(is_kind(place, "grid"), of_territory(place)),
    attributes={
        "code": Attribute(title=_("Code")),
        "name": Attribute(title=_("Name")),
        "closed": Attribute(title=_("Case closed"), unit=_("cases"), type="integer", drawn_from=CASES),
        "in_grid": Attribute(title=_("Without going up"), unit=_("cases"), type="integer", drawn_from=CASES),
        "share": Attribute(
            title=_("Resolved in the grid"),
            codes={code: style.title for code, style in SHARES.items()},
            drawn_from=CASES,
        ),
    },
    scoped_by=Scoped.CASE,
    style=Style(by="share", colour="#e4e2dc", classes=SHARES),
    label="name",
    min_zoom=10,
    zoom_attributes={10: ("share",), 13: ("share", "name", "closed", "in_grid")},
    about=_("Of the cases closed in a year, or in the days asked for, those that never had to go up from the grid."),
)
