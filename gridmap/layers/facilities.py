"""Facilities (设施): points and areas whose kinds come from a code table."""

from sqlalchemy import and_, func, select

from gridmap.i18n import _
from gridmap.layer import KEPT, Attribute, Layer, Scoped, Style, StyleClass, is_kind, place_columns
from gridmap.tables import facility, facility_kind, place

STATES = {"working": _("Working"), "down": _("Down"), "planned": _("Planned"), "removed": _("Removed")}
THEMES = {
    "safety": StyleClass(colour="#c8553d", title=_("Safety")),
    "security": StyleClass(colour="#5a6fa8", title=_("Security")),
    "traffic": StyleClass(colour="#4a7c8f", title=_("Traffic and parking")),
    "energy": StyleClass(colour="#c08a2d", title=_("Charging and energy")),
    "sanitation": StyleClass(colour="#6b8f5e", title=_("Sanitation")),
    "service": StyleClass(colour="#8a5a9e", title=_("Service")),
    "building": StyleClass(colour="#8d7b68", title=_("Building equipment")),
    "public": StyleClass(colour="#6d7f8c", title=_("Public space")),
    "other": StyleClass(colour="#8b8f94", title=_("Other facility")),
}

facilities = Layer(
    name="facilities",
    title=_("Facilities"),
    rows=select(
        *place_columns(),
        facility.c.kind,
        facility_kind.c.title.label("kind_title"),
        facility_kind.c.theme,
        facility.c.state,
        facility.c.installed_on,
        facility.c.level,
    )
    .join_from(place, facility, and_(facility.c.street_id == place.c.street_id, facility.c.place_id == place.c.id))
    .join(facility_kind, facility_kind.c.code == facility.c.kind)
    # a gate may have been ended
    .where(is_kind(place, "facility"), func.upper_inf(place.c.valid)),
    attributes={
        "code": Attribute(title=_("Code")),
        "name": Attribute(title=_("Name")),
        "kind": Attribute(title=_("Kind"), about=_("Code of the kind; the table of kinds can be edited.")),
        "kind_title": Attribute(title=_("Kind (Chinese)")),
        "theme": Attribute(title=_("Theme"), codes={code: style.title for code, style in THEMES.items()}),
        "state": Attribute(title=_("State"), codes=STATES),
        "installed_on": Attribute(title=_("Installed on")),
        "level": Attribute(title=_("Level"), unit=_("storeys"), type="integer"),
        "extra": KEPT,
    },
    scoped_by=Scoped.PLACE,
    style=Style(by="theme", colour="#6d7f8c", classes=THEMES, shape="point"),
    label="name",
    min_zoom=15,
    zoom_attributes={15: ("theme", "kind", "state"), 17: ("theme", "kind", "state", "name")},
    about=_("Equipment and service points of the neighbourhood."),
)
