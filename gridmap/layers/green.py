"""Parks, grass and woods of the own basemap."""

from sqlalchemy import select

from gridmap.i18n import _
from gridmap.layer import KEPT, Attribute, Layer, Style, StyleClass, basemap_columns, is_kind
from gridmap.tables import basemap

green = Layer(
    name="green",
    title=_("Green"),
    rows=select(*basemap_columns()).where(is_kind(basemap, "green")),
    attributes={
        "class": Attribute(title=_("Class"), codes={"park": _("Park"), "grass": _("Grass"), "wood": _("Wood")}),
        "name": Attribute(title=_("Name")),
        "extra": KEPT,
    },
    scoped_by=None,
    style=Style(
        by="class",
        colour="#d5e6c3",
        classes={
            "park": StyleClass(colour="#cfe3b8", title=_("Park")),
            "grass": StyleClass(colour="#dcebcb", title=_("Grass")),
            "wood": StyleClass(colour="#c0dab0", title=_("Wood")),
        },
    ),
    label="name",
    min_zoom=11,
    zoom_attributes={11: ("class",), 14: ("class", "name")},
    is_basemap=True,
    about=_("Green areas of the background map."),
)
