"""Rivers, lakes and ponds of the own basemap."""

from sqlalchemy import select

from gridmap.i18n import _
from gridmap.layer import KEPT, Attribute, Layer, Style, basemap_columns, is_kind
from gridmap.tables import basemap

water = Layer(
    name="water",
    title=_("Water"),
    rows=select(*basemap_columns()).where(is_kind(basemap, "water")),
    attributes={
        "class": Attribute(title=_("Class"), codes={"river": _("River"), "lake": _("Lake"), "pond": _("Pond")}),
        "name": Attribute(title=_("Name")),
        "extra": KEPT,
    },
    scoped_by=None,
    style=Style(colour="#a8cbe0"),
    label="name",
    min_zoom=8,
    zoom_attributes={8: ("class",), 13: ("class", "name")},
    is_basemap=True,
    about=_("Water of the background map."),
)
