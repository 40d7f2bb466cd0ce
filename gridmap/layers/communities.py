"""Communities (社区 / 居委会) of the streets in which the viewer has some place."""

from sqlalchemy import Date, cast, select

from gridmap.i18n import _
from gridmap.layer import AS_OF, KEPT, Attribute, Layer, Scoped, Style
from gridmap.tables import community

communities = Layer(
    name="communities",
    title=_("Communities"),
    rows=select(
        *(
            community.c[name]
            for name in ("street_id", "id", "code", "name", "declared_households", "declared_population", "extra")
        ),
        community.c.geom,
        community.c.geom_3857,
        community.c.label_3857,
    ).where(community.c.valid.contains(cast(AS_OF, Date))),
    attributes={
        "code": Attribute(title=_("Code"), about=_("12-digit statistical code.")),
        "name": Attribute(title=_("Name")),
        "declared_households": Attribute(title=_("Households (declared)"), unit=_("households"), type="integer"),
        "declared_population": Attribute(title=_("Residents (declared)"), unit=_("persons"), type="integer"),
        "extra": KEPT,
    },
    scoped_by=Scoped.STREET,
    style=Style(colour="#6f7fb3"),
    label="name",
    min_zoom=10,
    zoom_attributes={10: ("name",), 13: ("name", "code")},
    about=_("Residents' committees with their areas."),
)
