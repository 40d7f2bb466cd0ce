"""Complaints of residents per 100 households: as a number, as classes, and how they are counted at a place."""

from typing import Any

from sqlalchemy import ColumnElement, Float, Numeric, case, cast, func, literal_column, select
from sqlalchemy.sql.selectable import LateralFromClause

from gridmap.cuts import of_kind, of_territory, real, reported_within
from gridmap.i18n import _
from gridmap.layer import StyleClass
from gridmap.tables import incident, place

DAYS = 365
"""Counted over a year up to the map's day, where no other days are asked for."""
ABOUT_DAYS = _("In the 365 days up to the map's day, or in the days asked for; empty below 5 households.")
FEW = 5
"""Below so many households a rate would speak of single families."""
CASES = ("incidents",)
PER_HUNDRED = {
    "high": StyleClass(colour="#c8714f", title=_("20 and more")),
    "raised": StyleClass(colour="#e3ab80", title=_("10 to 20")),
    "middle": StyleClass(colour="#f1d7ab", title=_("5 to 10")),
    "low": StyleClass(colour="#dfe6cf", title=_("Fewer than 5")),
    "unknown": StyleClass(colour="#e7e5df", title=_("No households known")),
}
BORDERS = (("high", 20), ("raised", 10), ("middle", 5), ("low", 0))


def complaints_in(here: "ColumnElement[bool]") -> LateralFromClause:
    """The complaints at a place, where `here` says which cases lie in it."""
    return (
        select(func.count().label("complaints"))
        .where(
            incident.c.street_id == place.c.street_id,
            here,
            incident.c.source.in_([literal_column("'hotline'"), literal_column("'owner'")]),
            of_territory(incident),
            real(incident),
            of_kind(incident),
            *reported_within(incident, DAYS),
        )
        .correlate(place)
        .lateral("counts")
    )


def rate(part: "ColumnElement[Any]", households: "ColumnElement[Any]") -> "ColumnElement[Any]":
    """Per 100 households with one decimal; null for fewer than 5 of them."""
    known = case((households >= literal_column(str(FEW)), households))
    found: ColumnElement[Any] = cast(
        func.round(cast(part * literal_column("100.0") / known, Numeric), literal_column("1")), Float
    )
    return found


def class_of_rate(part: "ColumnElement[Any]", households: "ColumnElement[Any]") -> "ColumnElement[str]":
    """The class that the rate falls into."""
    found = rate(part, households)
    classes = ((found >= literal_column(str(least)), name) for name, least in BORDERS)
    return case((found.is_(None), "unknown"), *classes)
