"""Hotspots: areas where more happens than exposure and chance explain; the rest says that it cannot be told apart."""

from sqlalchemy import Float, Integer, Numeric, Text, and_, cast, func, literal_column, select

from gridmap.cuts import LAST_END, NOBODY, of_territory
from gridmap.i18n import _
from gridmap.layer import KIND, Attribute, Layer, Scoped, Style, StyleClass
from gridmap.tables import hotspot, hotspot_run, street

STATUSES = {
    "area": StyleClass(colour="#b3261e", title=_("Hotspot")),
    "further": StyleClass(colour="#d87b6b", title=_("Hotspot after the first ten")),
    "repeat": StyleClass(colour="#6a4c93", title=_("A single address, again and again")),
    "busiest": StyleClass(colour="#c58b2a", title=_("Busiest: nothing to compare with")),
    "chance": StyleClass(colour="#a9aeb2", title=_("Not to be told from chance")),
    "untested": StyleClass(colour="#d3d6d8", title=_("Happened, but not compared")),
}
EXPOSURES = {"places": _("Parking places"), "kerb_metres": _("Metres of kerb"), "households": _("Households")}
KEYS = ("street_id", "id", "place_id", "community_id", "grid_id", "micro_grid_id", "estate_id")
ONE = literal_column("1", Integer)
INCIDENTS = literal_column("'incident'", Text)
"""What is shown where no kind is asked for: all incidents, as on the map of cases."""

other = hotspot_run.alias("other")
# the search that was the newest on the map's day, or at the end of the days asked for
newest = (
    select(func.max(other.c.ends))
    .where(
        other.c.street_id == hotspot_run.c.street_id,
        other.c.subject == hotspot_run.c.subject,
        other.c.ends <= LAST_END,
    )
    .correlate(hotspot_run)
    .scalar_subquery()
)
expected = cast(func.round(cast(hotspot.c.expected, Numeric), ONE), Float)
ratio = func.round(hotspot.c.observed / func.nullif(hotspot.c.expected, literal_column("0")), ONE)

hotspots = Layer(
    name="hotspots",
    title=_("Hotspots"),
    rows=select(
        *(hotspot.c[name] for name in (*KEYS, "geom", "geom_3857", "label_3857")),
        NOBODY.label("parties"),
        street.c.name.label("street"),
        hotspot_run.c.subject,
        hotspot_run.c.exposure,
        hotspot_run.c.begins,
        hotspot_run.c.ends,
        *(hotspot.c[name] for name in ("status", "number", "name", "observed", "units")),
        expected.label("expected"),
        cast(ratio, Float).label("ratio"),
        cast(func.round(hotspot.c.chance * literal_column("100"), ONE), Float).label("chance"),
    )
    .join_from(
        hotspot,
        hotspot_run,
        and_(hotspot_run.c.street_id == hotspot.c.street_id, hotspot_run.c.id == hotspot.c.run_id),
    )
    .join(street, street.c.id == hotspot.c.street_id)
    .where(
        of_territory(hotspot),
        hotspot_run.c.subject == func.coalesce(KIND, INCIDENTS),
        hotspot_run.c.ends == newest,
    ),
    attributes={
        "name": Attribute(title=_("Name")),
        "street": Attribute(title=_("Street")),
        "subject": Attribute(
            title=_("Subject"),
            about=_("Ask for kind parking_violation, long_stay or a code of incidents; without it: all incidents."),
        ),
        "status": Attribute(title=_("What can be said"), codes={code: one.title for code, one in STATUSES.items()}),
        "number": Attribute(title=_("Number in the list"), unit=_("in order"), type="integer"),
        "observed": Attribute(title=_("Observed"), unit=_("cases"), type="integer"),
        "expected": Attribute(title=_("Expected by its exposure"), unit=_("cases"), type="number"),
        "ratio": Attribute(title=_("Observed beside expected"), unit=_("times"), type="number"),
        "chance": Attribute(
            title=_("Chance of such an area by accident"),
            unit=_("per cent"),
            type="number",
            about=_(
                "How probable a place this high is anywhere in the street if only exposure and chance were at work."
            ),
        ),
        "exposure": Attribute(title=_("Compared by"), codes=EXPOSURES),
        "units": Attribute(title=_("Units in it"), unit=_("units"), type="integer"),
        "begins": Attribute(title=_("From day")),
        "ends": Attribute(title=_("Before day")),
    },
    scoped_by=Scoped.CASE,
    style=Style(by="status", colour="#a9aeb2", classes=STATUSES),
    label="name",
    min_zoom=11,
    zoom_attributes={11: ("status",), 13: ("status", "name", "observed", "expected", "ratio")},
    about=_(
        "From the search of the night before the map's day over 90 days; areas that lie wholly in what one looks after."
    ),
)
