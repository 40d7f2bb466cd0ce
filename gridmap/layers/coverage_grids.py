"""Coverage (覆盖率) of grids: done in time, of all that was due in the month of the map's date and not excused."""

from sqlalchemy import Date, Integer, and_, cast, func, or_, select, true

from gridmap.cuts import as_asked
from gridmap.i18n import _
from gridmap.layer import AS_OF, Layer, Scoped, Style, in_month, is_kind, place_columns
from gridmap.shares import COVERAGE, SHARES, share_class
from gridmap.tables import boundary, coverage, place

current = and_(
    boundary.c.street_id == place.c.street_id,
    boundary.c.place_id == place.c.id,
    boundary.c.valid.contains(cast(AS_OF, Date)),
)
counts = (
    select(
        *(
            func.coalesce(func.sum(coverage.c[name], type_=Integer), 0).label(name)
            for name in ("slots", "satisfied", "excused", "late")
        ),
    )
    .where(
        coverage.c.street_id == place.c.street_id,
        or_(coverage.c.grid_id == place.c.id, coverage.c.micro_grid_id == place.c.id),
        in_month(coverage.c.starts_on),
        *as_asked(coverage),
    )
    .correlate(place)
    .lateral("counts")
)

coverage_grids = Layer(
    name="coverage_grids",
    title=_("Coverage of the grids"),
    rows=select(
        *place_columns(without_geometry=True),
        boundary.c.geom,
        boundary.c.geom_3857,
        boundary.c.label_3857,
        share_class(counts.c.satisfied, counts.c.slots - counts.c.excused).label("coverage"),
        (counts.c.slots - counts.c.excused).label("due"),
        counts.c.satisfied.label("done"),
        counts.c.excused,
        counts.c.late,
    )
    .join_from(place, boundary, current)
    .join(counts, true())
    .where(is_kind(place, "grid")),
    attributes=COVERAGE,
    scoped_by=Scoped.PLACE,
    style=Style(by="coverage", colour="#e4e2dc", classes=SHARES),
    label="name",
    min_zoom=10,
    zoom_attributes={10: ("coverage",), 12: ("coverage", "name", "due", "done")},
    about=_("How much of what was due in the month of the map's date is done in time, grid by grid."),
)
