"""Parking pressure: cars in a zone beside its places, by its counts of mornings and evenings. Unknown is not empty."""

from sqlalchemy import (
    ColumnElement,
    Date,
    Float,
    Integer,
    Numeric,
    Text,
    and_,
    case,
    cast,
    func,
    literal_column,
    select,
    true,
)

from gridmap.cuts import days_within, stands
from gridmap.i18n import _
from gridmap.layer import STATE, Attribute, Layer, Scoped, Style, StyleClass, is_kind, place_columns
from gridmap.tables import place, vehicle_count, zone

DAYS = 7
"""Counted over a week up to the map's day, where no other days are asked for."""
COUNTS = ("parking",)
PRESSURE = {
    "over": StyleClass(colour="#9c2f2f", title=_("More cars than places")),
    "full": StyleClass(colour="#d9743f", title=_("90 to 100 %")),
    "busy": StyleClass(colour="#ecc163", title=_("70 to 90 %")),
    "free": StyleClass(colour="#7fb58e", title=_("Below 70 %")),
    "uncounted": StyleClass(colour="#d9d6cf", title=_("Not counted")),
    "unknown": StyleClass(colour="#b9c2c9", title=_("Number of places unknown")),
}
BORDERS = (("full", 90), ("busy", 70), ("free", 0))


def _share(part: str) -> "ColumnElement[float]":
    """Cars of these counts for each hundred places, on average, with one decimal; null without counts or places."""
    cars = func.avg(vehicle_count.c.total).filter(vehicle_count.c.part == literal_column(f"'{part}'", Text))
    share = cars * literal_column("100.0") / func.nullif(zone.c.capacity, literal_column("0"))
    found: ColumnElement[float] = cast(func.round(cast(share, Numeric), literal_column("1", Integer)), Float)
    return found


counted = (
    select(
        func.count().label("counts"),
        _share("morning").label("morning"),
        _share("evening").label("evening"),
        cast(func.max(vehicle_count.c.counted_on), Date).label("counted_on"),
    )
    .where(
        vehicle_count.c.street_id == place.c.street_id,
        vehicle_count.c.place_id == place.c.id,
        *days_within(vehicle_count.c.counted_on, DAYS),
    )
    .correlate(place, zone)
    .lateral("counted")
)
# of a part of the day, or of the fuller one; greatest() passes over what is null
share = case(
    (STATE.op("=")(literal_column("'morning'", Text)), counted.c.morning),
    (STATE.op("=")(literal_column("'evening'", Text)), counted.c.evening),
    else_=func.greatest(counted.c.morning, counted.c.evening),
)
pressure = case(
    (func.coalesce(zone.c.capacity, literal_column("0")) == literal_column("0"), "unknown"),
    (share.is_(None), "uncounted"),
    (share > literal_column("100"), "over"),
    *((share >= literal_column(str(least)), name) for name, least in BORDERS),
)

parking_pressure = Layer(
    name="parking_pressure",
    title=_("Parking pressure"),
    rows=select(
        *place_columns(),
        zone.c.capacity,
        pressure.label("pressure"),
        share.label("share"),
        counted.c.morning,
        counted.c.evening,
        counted.c.counts,
        counted.c.counted_on,
    )
    .join_from(place, zone, and_(zone.c.street_id == place.c.street_id, zone.c.place_id == place.c.id))
    .join(counted, true())
    .where(is_kind(place, "zone"), stands(place.c.valid)),
    attributes={
        "code": Attribute(title=_("Code"), drawn_from=COUNTS),
        "name": Attribute(title=_("Name"), drawn_from=COUNTS),
        "pressure": Attribute(
            title=_("Parking pressure"), codes={code: one.title for code, one in PRESSURE.items()}, drawn_from=COUNTS
        ),
        "share": Attribute(title=_("Cars beside places"), unit=_("cars per 100 places"), type="number"),
        "morning": Attribute(title=_("In the morning"), unit=_("cars per 100 places"), type="number"),
        "evening": Attribute(title=_("In the evening"), unit=_("cars per 100 places"), type="number"),
        "capacity": Attribute(title=_("Number of places"), unit=_("parking places"), type="integer"),
        "counts": Attribute(title=_("Counts made"), unit=_("counts"), type="integer"),
        "counted_on": Attribute(title=_("Counted last on")),
    },
    scoped_by=Scoped.PLACE,
    style=Style(by="pressure", colour="#b9c2c9", classes=PRESSURE),
    label="name",
    min_zoom=13,
    zoom_attributes={13: ("pressure",), 15: ("pressure", "name", "share")},
    about=_(
        "Cars for each 100 places, on average of the counts of the week up to the map's day, or of the days asked for."
    ),
)
