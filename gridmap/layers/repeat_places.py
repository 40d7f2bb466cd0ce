"""Repeat places: where the same kind of thing was reported at least three times in the 30 days up to the map's day."""

from sqlalchemy import and_, case, func, literal_column, select, text
from sqlalchemy.dialects.postgresql import distinct_on

from gridmap.cuts import NOBODY, of_territory
from gridmap.i18n import _
from gridmap.layer import AS_OF, Attribute, Layer, Scoped, Style, StyleClass, place_columns
from gridmap.tables import incident, incident_kind, place

TIMES, OFTEN, DAYS = 3, 5, 30
"""What counts as a repeat; the same numbers as when a report is taken."""
CLASSES = {
    "three": StyleClass(colour="#e0913a", title=_("Three or four times")),
    "often": StyleClass(colour="#b8452f", title=_("Five times or more")),
}
CASES = ("incidents",)

counted = (
    select(
        incident.c.street_id,
        incident.c.place_id,
        incident.c.kind,
        func.count().label("times"),
        func.max(incident.c.reported_at).label("last_at"),
    )
    .where(
        incident.c.reported_at > AS_OF - text(f"interval '{DAYS} days'"),
        incident.c.reported_at <= AS_OF,
        incident.c.place_id.is_not(None),
        of_territory(incident),
        incident.c.state.not_in([literal_column("'rejected'"), literal_column("'duplicate'")]),
    )
    .group_by(incident.c.street_id, incident.c.place_id, incident.c.kind)
    .having(func.count() >= literal_column(str(TIMES)))
    .subquery("counted")
)
most = (
    select(counted)
    .ext(distinct_on(counted.c.street_id, counted.c.place_id))
    .order_by(counted.c.street_id, counted.c.place_id, counted.c.times.desc(), counted.c.last_at.desc(), counted.c.kind)
    .subquery("most")
)
kind_title = select(incident_kind.c.title).where(incident_kind.c.code == most.c.kind).correlate(most).scalar_subquery()

repeat_places = Layer(
    name="repeat_places",
    title=_("Repeat places"),
    rows=select(
        *place_columns(),
        NOBODY.label("parties"),
        most.c.kind,
        kind_title.label("kind_title"),
        most.c.times,
        most.c.last_at,
        case((most.c.times >= literal_column(str(OFTEN)), "often"), else_="three").label("often"),
    )
    .join_from(most, place, and_(place.c.street_id == most.c.street_id, place.c.id == most.c.place_id))
    .where(of_territory(place)),
    attributes={
        "code": Attribute(title=_("Code")),
        "name": Attribute(title=_("Name")),
        "kind": Attribute(title=_("Code of the kind"), drawn_from=CASES),
        "kind_title": Attribute(title=_("Kind"), drawn_from=CASES),
        "times": Attribute(title=_("Times in 30 days"), unit=_("cases"), type="integer", drawn_from=CASES),
        "last_at": Attribute(title=_("Last time"), drawn_from=CASES),
        "often": Attribute(
            title=_("How often"), codes={code: style.title for code, style in CLASSES.items()}, drawn_from=CASES
        ),
    },
    scoped_by=Scoped.CASE,
    style=Style(by="often", colour="#e0913a", classes=CLASSES),
    label="name",
    min_zoom=12,
    zoom_attributes={12: ("often",), 15: ("often", "name", "times", "kind_title")},
    about=_("Places where a thing of one kind was reported three times or more in the 30 days up to the map's day."),
)
