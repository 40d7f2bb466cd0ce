"""Long stays: cars from outside that never leave, counted by zone after an evening's count. Numbers, never a plate."""

from sqlalchemy import Integer, literal_column, select, true
from sqlalchemy import case as when

from gridmap.cuts import LAST_END, stands
from gridmap.i18n import _
from gridmap.layer import Attribute, Layer, Scoped, Style, StyleClass, is_kind, place_columns
from gridmap.tables import place, zone_stay

STAYS = {
    "many": StyleClass(colour="#5d3a8c", title=_("6 cars and more")),
    "some": StyleClass(colour="#9678bd", title=_("3 to 5 cars")),
    "few": StyleClass(colour="#cdbde0", title=_("1 or 2 cars")),
    "none": StyleClass(colour="#d6e3d4", title=_("None stays")),
    "uncounted": StyleClass(colour="#d9d6cf", title=_("Not counted for three days")),
}
BORDERS = (("many", 6), ("some", 3), ("few", 1))
HEARD_DAYS = 3
"""A number that is older says nothing about that evening any more; as with the stays themselves."""

last = (
    select(zone_stay.c.cars, zone_stay.c.longest_days, zone_stay.c.day)
    .where(
        zone_stay.c.street_id == place.c.street_id,
        zone_stay.c.place_id == place.c.id,
        # the evening before the end of the days asked for, or that of the map's day, or one shortly before
        zone_stay.c.day < LAST_END,
        zone_stay.c.day >= LAST_END - literal_column(str(HEARD_DAYS), Integer),
    )
    .order_by(zone_stay.c.day.desc())
    .limit(1)
    .correlate(place)
    .lateral("last")
)
stays = when(
    (last.c.cars.is_(None), "uncounted"),
    *((last.c.cars >= literal_column(str(least), Integer), name) for name, least in BORDERS),
    else_="none",
)

long_stays = Layer(
    name="long_stays",
    title=_("Long stays"),
    rows=select(*place_columns(), stays.label("stays"), last.c.cars, last.c.longest_days, last.c.day)
    .join_from(place, last, true(), isouter=True)
    .where(is_kind(place, "zone"), stands(place.c.valid)),
    attributes={
        "code": Attribute(title=_("Code"), drawn_from=("parking",)),
        "name": Attribute(title=_("Name"), drawn_from=("parking",)),
        "stays": Attribute(title=_("Long stays"), codes={code: one.title for code, one in STAYS.items()}),
        "cars": Attribute(title=_("Cars from outside that stay"), unit=_("vehicles"), type="integer"),
        "longest_days": Attribute(title=_("The longest, since its first count"), unit=_("days"), type="integer"),
        "day": Attribute(title=_("After the count of")),
    },
    scoped_by=Scoped.PLACE,
    style=Style(by="stays", colour="#d9d6cf", classes=STAYS),
    label="name",
    min_zoom=13,
    zoom_attributes={13: ("stays",), 15: ("stays", "name", "cars")},
    about=_("Cars from outside in three counts in a row, evening and morning; counted anew each night."),
)
