"""The five lines (五线谱) of each stairwell: which kinds of responsibility somebody holds, and which nobody does."""

from sqlalchemy import Integer, case, func, select, true

from gridmap.i18n import _
from gridmap.layer import AS_OF, HOLDERS, ON_DUTY, Attribute, Layer, Scoped, Style, StyleClass, is_kind, place_columns
from gridmap.tables import place

LINES = {
    1: _("Party leads"),
    2: _("Committee answers"),
    3: _("Residents consult"),
    4: _("Stairwell works together"),
    5: _("Everybody takes part"),
}
"""Which role fills which line stands in the table of roles, `duty_role.line`; offices may change it there."""
ALL_FILLED = (1 << len(LINES)) - 1
STATES = {
    "whole": StyleClass(colour="#2f7f79", title=_("All five lines are held")),
    "missing": StyleClass(colour="#c23b34", title=_("A line is missing")),
}
FILLED = {"held": _("Held"), "open": _("Nobody yet")}

lines_at = func.gridmap.lines_at(
    *(place.c[name] for name in ("street_id", "id", "parent_id", "grid_id", "micro_grid_id", "estate_id")),
    AS_OF,
    type_=Integer,
)
# in FROM, so that it is worked out once for all attributes of a row
lines = lines_at.table_valued("mask").render_derived().lateral("lines")


def is_filled(number: int) -> str:
    """The attribute that says whether a line is filled."""
    return f"line_{number}"


five_lines = Layer(
    name="five_lines",
    title=_("The five lines"),
    rows=select(
        *place_columns(),
        case((lines.c.mask == ALL_FILLED, "whole"), else_="missing").label("state"),
        *(
            case((lines.c.mask.op("&")(1 << (number - 1)) > 0, "held"), else_="open").label(is_filled(number))
            for number in LINES
        ),
    )
    .join_from(place, lines, true())
    .where(is_kind(place, "stairwell")),
    attributes={
        "code": Attribute(title=_("Code"), seen_by=ON_DUTY),
        "name": Attribute(title=_("Name"), seen_by=ON_DUTY),
        "state": Attribute(
            title=_("The five lines"),
            seen_by=ON_DUTY,
            codes={code: style.title for code, style in STATES.items()},
            drawn_from=HOLDERS,
        ),
        **{
            is_filled(number): Attribute(title=title, seen_by=ON_DUTY, codes=FILLED, drawn_from=HOLDERS)
            for number, title in LINES.items()
        },
    },
    scoped_by=Scoped.PLACE,
    style=Style(by="state", colour="#c23b34", classes=STATES),
    label="name",
    min_zoom=16,
    zoom_attributes={16: ("state", "name", *(is_filled(number) for number in LINES))},
    about=_("Which of the five kinds of responsibility somebody holds for each stairwell; a missing line is a gap."),
)
