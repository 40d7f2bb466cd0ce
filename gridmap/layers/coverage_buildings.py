"""Coverage (覆盖率) of buildings: the sum of what was due in them and in their stairwells in the map's month."""

from sqlalchemy import and_, func, or_, select, true

from gridmap.cuts import as_asked
from gridmap.i18n import _
from gridmap.layer import Layer, Scoped, Style, in_month, is_kind, place_columns
from gridmap.shares import COVERAGE, SHARES, share_class
from gridmap.tables import place, slot

inside = place.alias("inside")
counts = (
    select(
        func.count().filter(slot.c.state != "excused").label("due"),
        func.count().filter(slot.c.state == "satisfied").label("done"),
        func.count().filter(slot.c.state == "excused").label("excused"),
        func.count().filter(slot.c.is_late).label("late"),
    )
    .select_from(inside)
    .join(slot, and_(slot.c.street_id == inside.c.street_id, slot.c.place_id == inside.c.id))
    .where(
        inside.c.street_id == place.c.street_id,
        or_(inside.c.parent_id == place.c.id, inside.c.id == place.c.id),
        in_month(slot.c.starts_on),
        *as_asked(slot),
    )
    .correlate(place)
    .lateral("counts")
)

coverage_buildings = Layer(
    name="coverage_buildings",
    title=_("Coverage of the buildings"),
    rows=select(
        *place_columns(),
        share_class(counts.c.done, counts.c.due).label("coverage"),
        counts.c.due,
        counts.c.done,
        counts.c.excused,
        counts.c.late,
    )
    .join_from(place, counts, true())
    .where(is_kind(place, "building")),
    attributes=COVERAGE,
    scoped_by=Scoped.PLACE,
    style=Style(by="coverage", colour="#e7e5df", classes=SHARES),
    label="name",
    min_zoom=14,
    zoom_attributes={14: ("coverage",), 16: ("coverage", "name", "due", "done")},
    about=_("How much of what was due in the month of the map's date is done in time, building by building."),
)
