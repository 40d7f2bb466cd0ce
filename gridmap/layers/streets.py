"""Streets: the offices and their areas."""

from sqlalchemy import select

from gridmap.i18n import _
from gridmap.layer import KEPT, Attribute, Layer, Style
from gridmap.tables import district, street

streets = Layer(
    name="streets",
    title=_("Streets"),
    rows=select(
        street.c.id,
        street.c.id.label("street_id"),
        street.c.code,
        street.c.name,
        district.c.name.label("district"),
        street.c.extra,
        street.c.geom,
        street.c.geom_3857,
        street.c.label_3857,
    ).join_from(street, district, street.c.district_id == district.c.id),
    attributes={
        "code": Attribute(title=_("Code"), about=_("Division code of the statistical table.")),
        "name": Attribute(title=_("Name")),
        "district": Attribute(title=_("District"), drawn_from=("districts",)),
        "extra": KEPT,
    },
    scoped_by=None,
    style=Style(colour="#7d83b8"),
    label="name",
    min_zoom=6,
    zoom_attributes={6: ("name",)},
    about=_("Street offices and towns with their areas."),
)
