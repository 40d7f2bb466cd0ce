"""Shares of a whole: as a number, in words, and as the classes that grids and buildings are coloured by."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import ColumnElement, case, func

from gridmap.i18n import _
from gridmap.layer import SLOTS, Attribute, StyleClass

TENTH = Decimal("0.1")
WHOLE = Decimal(100)

SHARES = {
    "whole": StyleClass(colour="#8fc7a8", title=_("95 % and more")),
    "good": StyleClass(colour="#c9dfae", title=_("80 to 95 %")),
    "middle": StyleClass(colour="#f1d79b", title=_("60 to 80 %")),
    "low": StyleClass(colour="#e79e86", title=_("Below 60 %")),
    "nothing": StyleClass(colour="#e7e5df", title=_("Nothing due")),
}
BORDERS = (("whole", 0.95), ("good", 0.8), ("middle", 0.6), ("low", 0.0))
"""From which share on a class holds."""


def share(part: int, whole: int) -> Decimal | None:
    """Per cent with one decimal; None where there is no whole: never 0 and never 100.

    What is not whole never prints as 100.0, and what is not nothing never as 0.0. 1,300 of 1,439 is 90.3.
    """
    if not whole:
        return None
    rounded = (WHOLE * part / whole).quantize(TENTH, ROUND_HALF_UP)
    if part < whole and rounded >= WHOLE:
        return WHOLE - TENTH
    return TENTH if part and not rounded else rounded


def share_words(part: int, whole: int) -> str:
    """The same for people: `90.3 %`, or a dash."""
    found = share(part, whole)
    return "—" if found is None else f"{found} %"


def class_of(part: int, whole: int) -> str:
    """The code of the class that `part` of `whole` falls into."""
    return next(name for name, least in BORDERS if part >= least * whole) if whole else "nothing"


def share_class(part: "ColumnElement[Any]", whole: "ColumnElement[Any]") -> "ColumnElement[str]":
    """The same in SQL."""
    found = 1.0 * func.coalesce(part, 0) / func.nullif(whole, 0)
    classes = ((found >= least, name) for name, least in BORDERS)
    return case((found.is_(None), "nothing"), *classes)


COVERAGE = {
    "code": Attribute(title=_("Code")),
    "name": Attribute(title=_("Name")),
    "coverage": Attribute(
        title=_("Coverage"), codes={code: style.title for code, style in SHARES.items()}, drawn_from=SLOTS
    ),
    "due": Attribute(title=_("Due"), unit=_("tasks"), type="integer", drawn_from=SLOTS),
    "done": Attribute(title=_("Done in time"), unit=_("tasks"), type="integer", drawn_from=SLOTS),
    "excused": Attribute(title=_("Excused"), unit=_("tasks"), type="integer", drawn_from=SLOTS),
    "late": Attribute(title=_("Done late"), unit=_("tasks"), type="integer", drawn_from=SLOTS),
}
"""What every layer of coverage tells of a place."""
