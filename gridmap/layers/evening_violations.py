"""Violations of the evening rule: how many cars should have been gone, by zone."""

from sqlalchemy import Integer, case, func, literal_column, select, true

from gridmap.cuts import days_within, stands
from gridmap.i18n import _
from gridmap.layer import Attribute, Layer, Scoped, Style, StyleClass, is_kind, place_columns
from gridmap.tables import place, violation

DAYS = 7
"""Counted over a week up to the map's day, where no other days are asked for."""
SEEN = ("parking",)
LEVELS = {
    "many": StyleClass(colour="#8e2f54", title=_("10 and more")),
    "some": StyleClass(colour="#c8688b", title=_("4 to 9")),
    "few": StyleClass(colour="#e9b3c4", title=_("1 to 3")),
    "none": StyleClass(colour="#dcdfdc", title=_("None noted")),
}
BORDERS = (("many", 10), ("some", 4), ("few", 1))

seen = (
    select(
        func.count().label("violations"),
        func.count(violation.c.evening.distinct()).label("evenings"),
        func.max(violation.c.evening).label("last_on"),
    )
    .where(
        violation.c.street_id == place.c.street_id,
        violation.c.place_id == place.c.id,
        violation.c.withdrawn_at.is_(None),
        *days_within(violation.c.evening, DAYS),
    )
    .correlate(place)
    .lateral("seen")
)
level = case(
    *((seen.c.violations >= literal_column(str(least), Integer), name) for name, least in BORDERS), else_="none"
)

evening_violations = Layer(
    name="evening_violations",
    title=_("Evening violations"),
    rows=select(*place_columns(), level.label("level"), seen.c.violations, seen.c.evenings, seen.c.last_on)
    .join_from(place, seen, true())
    .where(is_kind(place, "zone"), stands(place.c.valid)),
    attributes={
        "code": Attribute(title=_("Code"), drawn_from=SEEN),
        "name": Attribute(title=_("Name"), drawn_from=SEEN),
        "level": Attribute(
            title=_("Evening violations"), codes={code: one.title for code, one in LEVELS.items()}, drawn_from=SEEN
        ),
        "violations": Attribute(title=_("Evening violations"), unit=_("cases"), type="integer"),
        "evenings": Attribute(title=_("On evenings"), unit=_("nights"), type="integer"),
        "last_on": Attribute(title=_("Last on")),
    },
    scoped_by=Scoped.PLACE,
    style=Style(by="level", colour="#dcdfdc", classes=LEVELS),
    label="name",
    min_zoom=13,
    zoom_attributes={13: ("level",), 15: ("level", "name", "violations")},
    about=_(
        "Cars from outside that were still there after the hour, in the week up to the map's day or the days asked for."
    ),
)
