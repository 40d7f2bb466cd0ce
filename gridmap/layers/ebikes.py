"""Charging sockets (充电口) per e-bike in each estate, from the last count of its stairwells."""

from sqlalchemy import Date, Integer, case, cast, func, select, true
from sqlalchemy.dialects.postgresql import distinct_on

from gridmap.i18n import _
from gridmap.layer import AS_OF, Attribute, Layer, Scoped, Style, StyleClass, is_kind, place_columns
from gridmap.tables import ebike_count, place

COUNTS, PLACES = ("ebikes",), ("estates",)
SUPPLY = {
    "enough": StyleClass(colour="#3f8f5f", title=_("A socket for 3 e-bikes or fewer")),
    "some": StyleClass(colour="#a9c46c", title=_("A socket for 4 or 5 e-bikes")),
    "few": StyleClass(colour="#e3b04b", title=_("A socket for 6 to 10 e-bikes")),
    "short": StyleClass(colour="#d9743f", title=_("A socket for more than 10 e-bikes")),
    "none": StyleClass(colour="#b23a2e", title=_("E-bikes, but no socket")),
    "uncounted": StyleClass(colour="#d9d6cf", title=_("Not counted")),
}
"""Our own bounds, not a standard's: one socket serves three to five e-bikes that charge in turn."""
last = (
    select(ebike_count.c.place_id, ebike_count.c.bikes, ebike_count.c.chargers)
    .ext(distinct_on(ebike_count.c.place_id))
    .where(
        ebike_count.c.street_id == place.c.street_id,
        ebike_count.c.estate_id == place.c.id,
        ebike_count.c.counted_on <= cast(AS_OF, Date),
    )
    .order_by(ebike_count.c.place_id, ebike_count.c.counted_on.desc())
    .correlate(place)
    .subquery("last")
)
totals = (
    select(
        func.count().label("doors"),
        func.coalesce(func.sum(last.c.bikes, type_=Integer), 0).label("bikes"),
        func.coalesce(func.sum(last.c.chargers, type_=Integer), 0).label("chargers"),
    )
    .select_from(last)
    .lateral("totals")
)
supply = case(
    (totals.c.doors == 0, "uncounted"),
    (totals.c.bikes <= 3 * totals.c.chargers, "enough"),
    (totals.c.chargers == 0, "none"),
    (totals.c.bikes <= 5 * totals.c.chargers, "some"),
    (totals.c.bikes <= 10 * totals.c.chargers, "few"),
    else_="short",
)

ebikes = Layer(
    name="ebikes",
    title=_("Sockets per e-bike"),
    rows=select(*place_columns(), supply.label("supply"), totals.c.bikes, totals.c.chargers, totals.c.doors)
    .join_from(place, totals, true())
    .where(is_kind(place, "estate")),
    attributes={
        "code": Attribute(title=_("Code"), drawn_from=PLACES),
        "name": Attribute(title=_("Name"), drawn_from=PLACES),
        "supply": Attribute(
            title=_("Sockets per e-bike"), codes={code: one.title for code, one in SUPPLY.items()}, drawn_from=COUNTS
        ),
        "bikes": Attribute(title=_("E-bikes"), type="integer", drawn_from=COUNTS),
        "chargers": Attribute(title=_("Charging sockets"), type="integer", drawn_from=COUNTS),
        "doors": Attribute(title=_("Stairwells counted"), type="integer", drawn_from=COUNTS),
    },
    scoped_by=Scoped.PLACE,
    style=Style(by="supply", colour="#d9d6cf", classes=SUPPLY),
    label="name",
    min_zoom=12,
    zoom_attributes={12: ("supply",), 13: ("supply", "name"), 15: ("supply", "name", "bikes", "chargers")},
    about=_("From the last count of each stairwell on or before the map's date."),
)
