"""Roads and railways of the own basemap."""

from sqlalchemy import select

from gridmap.i18n import _
from gridmap.layer import KEPT, Attribute, Layer, Style, StyleClass, basemap_columns, is_kind
from gridmap.tables import basemap

ROAD_CLASSES = {
    "motorway": StyleClass(colour="#f2b56b", title=_("Motorway")),
    "main": StyleClass(colour="#fbd98a", title=_("Main road")),
    "secondary": StyleClass(colour="#fdf0c4", title=_("Secondary road")),
    "residential": StyleClass(colour="#ffffff", title=_("Residential road")),
    "path": StyleClass(colour="#e7ddcf", title=_("Path")),
    "rail": StyleClass(colour="#b9b3ab", title=_("Railway")),
}

roads = Layer(
    name="roads",
    title=_("Roads"),
    rows=select(*basemap_columns()).where(is_kind(basemap, "road")),
    attributes={
        "class": Attribute(title=_("Class"), codes={code: style.title for code, style in ROAD_CLASSES.items()}),
        "name": Attribute(title=_("Name")),
        "extra": KEPT,
    },
    scoped_by=None,
    style=Style(by="class", colour="#ffffff", classes=ROAD_CLASSES, shape="line"),
    min_zoom=11,
    zoom_attributes={11: ("class",), 15: ("class", "name")},
    is_basemap=True,
    about=_("Roads and railways of the background map."),
)
