"""Complaints of residents per 100 households of an estate: what came by the hotline or from residents themselves."""

from sqlalchemy import and_, func, select, true

from gridmap.complaints import ABOUT_DAYS, CASES, PER_HUNDRED, class_of_rate, complaints_in, rate
from gridmap.cuts import NOBODY, of_territory
from gridmap.i18n import _
from gridmap.layer import Attribute, Layer, Scoped, Style, is_kind, place_columns
from gridmap.tables import estate, incident, place

households = func.coalesce(estate.c.counted_households, estate.c.declared_households)
counts = complaints_in(incident.c.estate_id == place.c.id)

complaints_estates = Layer(
    name="complaints_estates",
    title=_("Complaints per 100 households, by estate"),
    rows=select(
        *place_columns(),
        NOBODY.label("parties"),
        counts.c.complaints,
        households.label("households"),
        rate(counts.c.complaints, households).label("per_hundred"),
        class_of_rate(counts.c.complaints, households).label("rate"),
    )
    .join_from(place, estate, and_(estate.c.street_id == place.c.street_id, estate.c.place_id == place.c.id))
    .join(counts, true())
    .where(is_kind(place, "estate"), of_territory(place)),
    attributes={
        "code": Attribute(title=_("Code")),
        "name": Attribute(title=_("Name")),
        "complaints": Attribute(title=_("Complaints"), unit=_("cases"), type="integer", drawn_from=CASES),
        "households": Attribute(title=_("Households"), unit=_("households"), type="integer", drawn_from=("estates",)),
        "per_hundred": Attribute(
            title=_("Per 100 households"),
            unit=_("per 100 households"),
            type="number",
            about=ABOUT_DAYS,
            drawn_from=(*CASES, "estates"),
        ),
        "rate": Attribute(
            title=_("Complaints per 100 households"),
            codes={code: style.title for code, style in PER_HUNDRED.items()},
            drawn_from=(*CASES, "estates"),
        ),
    },
    scoped_by=Scoped.CASE,
    style=Style(by="rate", colour="#e9e3d3", classes=PER_HUNDRED),
    label="name",
    min_zoom=11,
    zoom_attributes={11: ("rate",), 14: ("rate", "name", "per_hundred")},
    about=_("Complaints of residents per 100 households of each estate in a year, or in the days asked for."),
)
