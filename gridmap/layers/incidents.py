"""Incidents (事件): cases where they lie, as they stood when the map's day ended."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Text, case, cast, extract, func, literal_column, select

from gridmap.cuts import cases_as_asked, state_then
from gridmap.i18n import _
from gridmap.layer import Attribute, Layer, Scoped, Style, StyleClass
from gridmap.tables import incident, incident_kind, organisation

PHASES = {
    "new": StyleClass(colour="#3f78b5", title=_("Not given to anybody yet")),
    "working": StyleClass(colour="#d98a1f", title=_("Being handled")),
    "checking": StyleClass(colour="#8466ad", title=_("Handled, to be checked")),
    "parked": StyleClass(colour="#7d868a", title=_("Parked")),
    "closed": StyleClass(colour="#4f9a78", title=_("Case closed")),
    "none": StyleClass(colour="#b9bdb8", title=_("Refused, or the same as another")),
}
STATES = {
    "reported": _("Reported"),
    "registered": _("Registered"),
    "rejected": _("Rejected"),
    "duplicate": _("Reported before"),
    "dispatched": _("Dispatched"),
    "handling": _("Being handled"),
    "handled": _("Handled"),
    "verifying": _("Being checked"),
    "closed": _("Case closed"),
    "reopened": _("Reopened"),
    "parked": _("Parked"),
}
PHASE_OF = {
    "dispatched": "working",
    "handling": "working",
    "handled": "checking",
    "verifying": "checking",
    "parked": "parked",
    "closed": "closed",
    "rejected": "none",
    "duplicate": "none",
}
SEVERITIES = {"1": _("Slight"), "2": _("Ordinary"), "3": _("Urgent")}
LEVELS = {"grid": _("Grid"), "community": _("Community"), "street": _("Street"), "department": _("Department")}
SOURCES = {
    "patrol": _("Patrol"),
    "visit": _("Visit"),
    "diary": _("Residents' diary"),
    "hotline": _("12345 hotline"),
    "owner": _("Owner"),
    "inspection": _("Check"),
}

then = state_then(incident).label("state")
# late at the end of time: then it is so from its deadline on; tiles carry that moment, and no clock
ever: "ColumnElement[Any]" = literal_column("'infinity'::timestamptz")
ends_late = func.gridmap.is_late(incident.c.state, incident.c.due_at, incident.c.handled_at, ever)
late_from = case((ends_late, incident.c.due_at))
lead = select(organisation.c.name).where(organisation.c.id == incident.c.lead_id).correlate(incident).scalar_subquery()
kind_title = (
    select(incident_kind.c.title).where(incident_kind.c.code == incident.c.kind).correlate(incident).scalar_subquery()
)
OWN = ("number", "kind", "level", "source", "address", "reported_at", "due_at", "handled_at", "closed_at")
KEYS = ("street_id", "id", "place_id", "community_id", "grid_id", "micro_grid_id", "estate_id", "parties")

incidents = Layer(
    name="incidents",
    title=_("Incidents"),
    rows=select(
        *(incident.c[name] for name in (*KEYS, *OWN, "geom", "geom_3857", "changed_at")),
        incident.c.number.label("code"),
        kind_title.label("name"),
        func.left(incident.c.kind, 2).label("class"),
        cast(incident.c.severity, Text).label("severity"),
        incident.c.state.label("state_now"),
        then,
        case(PHASE_OF, value=state_then(incident), else_="new").label("phase"),
        late_from.label("late_from"),
        cast(extract("epoch", late_from), BigInteger).label("late_second"),
        lead.label("lead"),
    ).where(*cases_as_asked(incident)),
    attributes={
        "number": Attribute(title=_("Number")),
        "name": Attribute(title=_("Kind")),
        "kind": Attribute(title=_("Code of the kind")),
        "class": Attribute(title=_("Code of the class")),
        "severity": Attribute(title=_("Severity"), codes=SEVERITIES),
        "state": Attribute(title=_("State"), codes=STATES),
        "phase": Attribute(title=_("Stage"), codes={code: style.title for code, style in PHASES.items()}),
        "level": Attribute(title=_("Handled at level"), codes=LEVELS),
        "source": Attribute(title=_("Source"), codes=SOURCES),
        "address": Attribute(title=_("Address")),
        "reported_at": Attribute(title=_("Reported at")),
        "due_at": Attribute(title=_("Due at")),
        "handled_at": Attribute(title=_("Handled at")),
        "closed_at": Attribute(title=_("Closed at")),
        "late_from": Attribute(
            title=_("Late from"), about=_("From this moment on the case is late; empty where it never will be.")
        ),
        "late_second": Attribute(title=_("Late from, counted"), unit=_("seconds since 1970"), type="integer"),
        "lead": Attribute(title=_("Unit"), drawn_from=("organisations",)),
    },
    scoped_by=Scoped.CASE,
    style=Style(by="phase", colour="#3f78b5", classes=PHASES, shape="point"),
    label="name",
    time="reported_at",
    min_zoom=16,
    zoom_attributes={16: ("phase", "class", "name", "late_second")},
    gathered_from=8,
    gathered=("late_second",),
    about=_("Cases from their report to their end, without words or names of whoever reported them."),
)
