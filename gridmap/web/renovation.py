"""`/renovation`: choose estates and two days; one page that says how they stand, and one GeoPackage with everything."""

import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

from flask import Response, abort, make_response, render_template, request
from psycopg_pool import PoolTimeout
from werkzeug.wrappers import Response as AnyResponse

from gridmap import context
from gridmap.clock import real_now
from gridmap.cluster.layout import real_home
from gridmap.i18n import _
from gridmap.read import BadWord
from gridmap.read.files import BadOrder
from gridmap.read.files.later import folder_of
from gridmap.read.insides import Choice, read_estates
from gridmap.read.stream import note_export
from gridmap.renovation import Plan, page_of, read_plan, sheet_of, write_package
from gridmap.renovation.figures import MOST_ESTATES
from gridmap.renovation.package import exports_for
from gridmap.scope import Viewer
from gridmap.web.areas import areas_of, asked_area
from gridmap.web.asked import today
from gridmap.web.blueprint import number, pages, say, typed
from gridmap.web.data import PLANNERS
from gridmap.web.files import sent


@pages.get("/renovation")
def renovation() -> str | AnyResponse:
    """The choice of estates and days; with both in the address, the plan of them."""
    viewer = _planner()
    if not request.args.getlist("estate"):
        return _choice(viewer)
    try:
        plan = _plan(viewer)
    except (BadWord, BadOrder) as problem:
        return make_response(_choice(viewer, _sentence(problem)), 400)
    return render_template(
        "renovation/plan.html", plan=plan, sheet=sheet_of(plan, context.locale()), words=request.query_string.decode()
    )


@pages.get("/renovation/plan.html")
def renovation_file() -> AnyResponse:
    """The same page as one file, written down like every file that leaves."""
    viewer = _planner()
    try:
        plan = _plan(viewer)
    except (BadWord, BadOrder) as problem:
        return make_response(_choice(viewer, _sentence(problem)), 400)
    _note(viewer, plan, "html")
    response = Response(page_of(plan, context.locale()), mimetype="text/html")
    response.headers["Content-Disposition"] = f'attachment; filename="renovation_{plan.after}.html"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


@pages.get("/renovation/plan.gpkg")
def renovation_package() -> AnyResponse:
    """Every layer inside the estates as one GeoPackage, what changes with time on both days."""
    viewer, services = _planner(), context.services()
    try:
        ids, days = _asked()
        now, then = exports_for(viewer, ids, days, real_now(), services.database)
    except (BadWord, BadOrder) as problem:
        return make_response(_choice(viewer, _sentence(problem)), 400)
    for export in (*now, *then):
        note_export(services.database, export, business_at=services.clock.now(), target="/renovation", kind="gpkg")
    try:
        with tempfile.TemporaryDirectory(dir=folder_of(real_home(services.settings.home)), prefix=".now-") as folder:
            path = Path(folder) / "plan.gpkg"
            write_package(services.database, now, then, path)
            return sent(path.open("rb"), f"renovation_{max(days)}.gpkg", "application/geopackage+sqlite3")
    except PoolTimeout:
        abort(429)


def _planner() -> Viewer:
    viewer = context.viewer()
    if not viewer.roles & PLANNERS:
        abort(403)
    return replace(viewer, locale=context.locale())


def _asked() -> tuple[list[int], tuple[date, date]]:
    words = request.args.getlist("estate")
    if not words or len(words) > MOST_ESTATES or not all(w.isascii() and w.isdigit() and len(w) < 17 for w in words):
        raise BadWord("estates", str(len(words)))
    first, last = sorted((_day("from"), _day("to")))
    return [int(word) for word in words], (first, last)


def _day(name: str) -> date:
    """The day of that name, today where nothing is said. Raises BadWord."""
    try:
        day = date.fromisoformat(typed(name)) if typed(name) else today()
    except ValueError:
        raise BadWord(name, typed(name)) from None
    if not date(1990, 1, 1) <= day <= today():
        raise BadWord(name, typed(name))
    return day


def _plan(viewer: Viewer) -> Plan:
    ids, (before, after) = _asked()
    return read_plan(context.services().database, viewer, ids, before, after, made_at=real_now())


def _note(viewer: Viewer, plan: Plan, kind: str) -> None:
    services = context.services()
    ids = [one.id for one in plan.estates]
    now, _then = exports_for(viewer, ids[:MOST_ESTATES], (plan.after, plan.after), plan.made_at, services.database)
    wanted = {"estates", "buildings", "stairwells", "facilities", "gaps", "incidents"}
    for export in now:
        if export.layer.name in wanted:
            note_export(services.database, export, business_at=services.clock.now(), target="/renovation", kind=kind)


def _sentence(problem: BadWord | BadOrder) -> str:
    if isinstance(problem, BadOrder):
        return problem.words(context.locale())
    if problem.word in ("from", "to"):
        return say(_("“{value}” is no day until today."), value=problem.value[:40])
    if problem.word == "inside":
        return say(_("One of these estates is not there for your account."))
    return say(_("Choose between 1 and {most} estates."), most=MOST_ESTATES)


def _choice(viewer: Viewer, problem: str = "") -> str:
    areas = areas_of(viewer)
    street = asked_area(areas, number(request.args, "street"))
    groups: dict[str, list[Choice]] = {}
    if street:
        with context.services().database.transaction(viewer.prologue) as connection:
            for one in read_estates(connection, street.street_id):
                groups.setdefault(one.within, []).append(one)
    return render_template(
        "renovation/choice.html",
        groups=groups,
        street=street,
        streets=[(area.street_id, area.name) for area in areas],
        chosen=set(request.args.getlist("estate")),
        first=typed("from") or today().replace(year=today().year - 1, day=1).isoformat(),
        last=typed("to") or today().isoformat(),
        problem=problem,
        most=MOST_ESTATES,
        today=today().isoformat(),
    )
