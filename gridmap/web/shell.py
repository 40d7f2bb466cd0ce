"""What the shell of every page shows: areas of work for the account's roles, who is signed in, what was just done."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import current_app, g, request

from gridmap import context
from gridmap.clock import OFFICE
from gridmap.db import SYSTEM
from gridmap.i18n import _
from gridmap.layer import Role
from gridmap.scope import Viewer
from gridmap.web.blueprint import pages, same_page, say
from gridmap.web.words import DONE, ROLES


@dataclass(frozen=True, kw_only=True)
class Area:
    """One area of work: its address and for whom it is there."""

    name: str
    title: str
    href: str
    icon: str
    roles: frozenset[Role]


LOOKING_AFTER = frozenset({Role.WORKER, Role.MANAGER, Role.DUTY_RESIDENT})
AREAS = (
    Area(name="my", title=_("My places"), href="/my", icon="home", roles=LOOKING_AFTER),
    Area(name="report", title=_("Report"), href="/report", icon="report", roles=LOOKING_AFTER),
    Area(name="map", title=_("Map"), href="/map", icon="map", roles=frozenset(Role)),
    Area(
        name="coverage",
        title=_("Coverage"),
        href="/coverage",
        icon="check",
        roles=frozenset({Role.LEADER, Role.WORKER, Role.PLANNER}),
    ),
    Area(
        name="incidents",
        title=_("Incidents"),
        href="/incidents",
        icon="bell",
        roles=frozenset({Role.LEADER, Role.WORKER, Role.MANAGER, Role.HANDLER, Role.DUTY_RESIDENT}),
    ),
    Area(
        name="parking",
        title=_("Parking"),
        href="/parking",
        icon="car",
        roles=frozenset({Role.LEADER, Role.WORKER, Role.DUTY_RESIDENT}),
    ),
    Area(name="assign", title=_("Giving places"), href="/assign", icon="people", roles=frozenset({Role.LEADER})),
    Area(name="duties", title=_("Duties"), href="/duties", icon="calendar", roles=frozenset({Role.LEADER})),
    Area(
        name="duties",
        title=_("My evenings"),
        href="/my/rota",
        icon="calendar",
        roles=frozenset({Role.DUTY_RESIDENT}),
    ),
    Area(
        name="duties",
        title=_("Joint inspections"),
        href="/duties/joint",
        icon="calendar",
        roles=frozenset({Role.HANDLER}),
    ),
    Area(name="data", title=_("Data"), href="/data", icon="data", roles=frozenset({Role.PLANNER, Role.LEADER})),
    Area(
        name="admin",
        title=_("Administration"),
        href="/admin",
        icon="settings",
        roles=frozenset({Role.ADMINISTRATOR, Role.LEADER}),
    ),
)


@pages.app_context_processor
def shell() -> dict[str, Any]:
    """The variables of base.html that every page shares."""
    viewer: Viewer | None = getattr(g, "viewer", None)
    first = request.path.split("/")[1]
    done = DONE.get(request.args.get("done", ""))
    return {
        "demo": _shows_demo(),
        "nav": _areas(viewer) if viewer else [],
        "current": _current(viewer, first),
        "user": {"name": viewer.title, "role": _roles(viewer), "account": viewer.account_id} if viewer else None,
        "link": lambda page: same_page(page=page),
        "older": lambda cursor: same_page(before=cursor),
        "messages": [("ok", say(done))] if done else [],
    }


@pages.app_template_filter("office_time")
def office_time(at: datetime | None) -> str:
    """The moment on the office's clock, to the minute; a dash where there is none."""
    return at.astimezone(OFFICE).strftime("%Y-%m-%d %H:%M") if at else "—"


@pages.app_template_filter("last_day")
def last_day(end: datetime | None) -> str:
    """The last office day of a time that ends before `end`; a dash where it is open."""
    return office_day(end - timedelta(microseconds=1)) if end else "—"


@pages.app_template_filter("office_day")
def office_day(at: date | None) -> str:
    """The office's calendar day; a dash where there is none."""
    if at is None:
        return "—"
    return (at.astimezone(OFFICE) if isinstance(at, datetime) else at).strftime("%Y-%m-%d")


WITHIN = dict.fromkeys(("diary", "reception", "hotline", "ebikes", "hotspots"), "incidents")
WITHIN |= {"rota": "duties", "sheets": "data"}
"""Pages that belong to an area by another name."""


def _current(viewer: Viewer | None, first: str) -> str:
    """The area that the page is shown in, by the first part of its address."""
    if viewer is not None and first in ("import", "placing"):
        return area_of("data", "admin")
    return "duties" if request.path.startswith("/my/rota") else WITHIN.get(first, first)


def area_of(*names: str) -> str:
    """The first of these areas of work that the viewer has: where a page belongs to more than one. Else the last."""
    roles = context.viewer().roles
    known = {area.name for area in AREAS if roles & area.roles}
    return next((name for name in names if name in known), names[-1])


def _areas(viewer: Viewer) -> list[dict[str, str]]:
    # a first password has to be chosen before anything else opens
    if viewer.must_change_password:
        return []
    return [
        {"name": area.name, "title": _title(viewer, area), "href": area.href, "icon": area.icon}
        for area in AREAS
        if viewer.roles & area.roles or (area.name == "my" and _leads_a_community(viewer))
    ]


def _title(viewer: Viewer, area: Area) -> str:
    # who leads looks after no place of their own, and shares the bar with more areas
    return say(_("What is due")) if area.name == "my" and not viewer.roles & area.roles else say(area.title)


def _leads_a_community(viewer: Viewer) -> bool:
    """Whether there are duties that nobody but this account does: those of a community itself."""
    return Role.LEADER in viewer.roles and bool(viewer.reach.communities)


def _roles(viewer: Viewer) -> str:
    return ", ".join(say(ROLES[role]) for role in Role if role in viewer.roles)


def _shows_demo() -> bool:
    """Whether invented streets are there, read again only when streets have changed."""
    version = context.services().changes.version("streets")
    known: tuple[int, bool] | None = current_app.extensions.get("gridmap-demo")
    if known is None and "database_is_down" in g:
        return False
    if (known is None or known[0] != version) and "database_is_down" not in g:
        with context.services().database.transaction(SYSTEM) as connection:
            row = connection.execute("SELECT EXISTS (SELECT FROM gridmap.street WHERE is_demo) AS found").fetchone()
        known = (version, bool(row and row["found"]))
        current_app.extensions["gridmap-demo"] = known
    return known is not None and known[1]
