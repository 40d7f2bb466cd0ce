"""Districts of the city: outlines that everybody who is signed in may see."""

from sqlalchemy import select

from gridmap.i18n import _
from gridmap.layer import KEPT, Attribute, Layer, Style
from gridmap.tables import city, district

districts = Layer(
    name="districts",
    title=_("Districts"),
    rows=select(
        district.c.id,
        district.c.code,
        district.c.name,
        city.c.name.label("city"),
        district.c.extra,
        district.c.geom,
        district.c.geom_3857,
        district.c.label_3857,
    ).join_from(district, city, district.c.city_id == city.c.id),
    attributes={
        "code": Attribute(title=_("Code"), about=_("Division code of the statistical table.")),
        "name": Attribute(title=_("Name")),
        "city": Attribute(title=_("City")),
        "extra": KEPT,
    },
    scoped_by=None,
    style=Style(colour="#9a8fb5"),
    label="name",
    zoom_attributes={0: ("name",)},
    about=_("Districts and counties; a city without districts has one of its own."),
)
