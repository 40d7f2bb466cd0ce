"""Density (密度) of incidents: where how many were reported, as a soft background. It says how many, never why."""

from sqlalchemy import func, literal_column, select

from gridmap.cuts import NOBODY, of_kind, of_territory, real, reported_within
from gridmap.i18n import _
from gridmap.layer import Attribute, Layer, Scoped, Style
from gridmap.tables import incident

DAYS = 90
"""Counted over so many days up to the map's day, where no other days are asked for."""
KEYS = ("street_id", "id", "place_id", "community_id", "grid_id", "micro_grid_id", "estate_id")

incident_density = Layer(
    name="incident_density",
    title=_("Density of incidents"),
    rows=select(
        *(incident.c[name] for name in (*KEYS, "reported_at", "geom", "geom_3857", "changed_at")),
        func.left(incident.c.kind, literal_column("2")).label("class"),
        NOBODY.label("parties"),
    ).where(of_territory(incident), real(incident), of_kind(incident), *reported_within(incident, DAYS)),
    attributes={
        "class": Attribute(title=_("Code of the class"), drawn_from=("incidents",)),
        "reported_at": Attribute(title=_("Reported at"), drawn_from=("incidents",)),
    },
    scoped_by=Scoped.CASE,
    style=Style(colour="#a8456b", shape="point"),
    time="reported_at",
    min_zoom=17,
    zoom_attributes={17: ("class",)},
    gathered_from=8,
    gathered_in=32,
    spread=3,
    about=_("Where cases were reported in the 90 days up to the map's day, or in the days asked for, drawn together."),
)
