"""`/parking/zones`: parking zones and gates as a list; each is drawn and corrected on the map."""

from collections.abc import Mapping
from typing import Any

from flask import Response as JsonResponse
from flask import abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.coords import BBox
from gridmap.i18n import _
from gridmap.layer import Role
from gridmap.maps import USUALLY_OFF, WORK, Addresses, View, compose
from gridmap.parking import setting_words
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.forms import WrongFields, typed_tariff
from gridmap.parking.rows import rules_of
from gridmap.parking.tariffs import set_tariff, tariff_of, tariff_words
from gridmap.places.shapes import ShapeProblem, read_area, read_point
from gridmap.places.zones import DrawnGate, DrawnZone, add_drawn, change_drawn
from gridmap.read import layers_for
from gridmap.read.incidents.choosing import read_window
from gridmap.read.parking.homes import read_gates, read_zones
from gridmap.read.parking.shapes import read_drawn, read_shapes
from gridmap.web.areas import WHOLE_COUNTRY, areas_of
from gridmap.web.asked import today
from gridmap.web.blueprint import PAGE_SIZE, actor, number, page_number, pages, say, titled, typed
from gridmap.web.duties.guard import lead
from gridmap.web.map_page import alone
from gridmap.web.parking.deciding import MOST_ID, for_readers, leads_here, must_lead, words_of
from gridmap.web.running import run

WHATS = ("zone", "gate")
AROUND = 0.002
"""Degrees around what is drawn that are shown with it."""
PROBLEMS: Mapping[str, str] = {
    "nothing": _("Draw it on the map first: nothing has been drawn yet."),
    "long": _("This text is too long for one shape."),
    "no_geojson": _("This is no GeoJSON. It begins with a curly bracket and has a type and coordinates."),
    "several": _("A collection holds one shape here, not several."),
    "not_an_area": _("A zone is an area: a polygon with at least three corners."),
    "not_a_point": _("A gate is a single point."),
    "corners": _("An area needs at least three different corners, each of longitude and latitude."),
    "many": _("More than {most} corners: draw it more simply."),
    "degrees": _("These are no degrees: longitude comes first, then latitude."),
    "crossing": _("The outline crosses itself. Move the corner that lies on the wrong side."),
    "small": _("This is only {area} m²: less than a single car needs. Draw it larger."),
    "large": _("This is {area} m²: more than 30 hectares. Draw it smaller, or as several zones."),
    "nowhere": _("It lies in no community that is known here."),
    "not_yours": _("It lies where you do not lead. Who leads that community or the street draws it."),
    "outside": _("{share} % of it lie outside of {area}. A zone belongs to one community: draw it inside."),
    "overlap": _("{share} % of it lie on the zone “{zone}”. Cars there would be counted twice."),
    "elsewhere": _("It would lie in another street. Draw a new one there."),
    "why": _("Say why, in at most {most} characters."),
    "unsure": _("Tick that it is to end."),
    "ended": _("It has ended already."),
    "name": _("It needs a name of at most {most} characters."),
    "capacity": _("The number of places is a whole number up to {most}; empty where nobody knows."),
    "site": _("Choose where cars stand."),
    "changed": _(
        "Somebody else has changed it in the meantime. What you drew is kept here: look at it, then save again."
    ),
}
"""Why what was drawn cannot be kept, or ended."""


@pages.get("/parking/zones")
@for_readers
def parking_zones() -> str:
    """Zones with their places, price and last count; and the gates."""
    viewer, page = context.viewer(), page_number()
    offset = (page - 1) * PAGE_SIZE
    with context.services().database.transaction(viewer.prologue) as connection:
        zones = read_zones(connection, viewer, limit=PAGE_SIZE + 1, offset=offset)
        gates = read_gates(connection, viewer, limit=PAGE_SIZE + 1, offset=offset)
    locale = context.locale()
    return render_template(
        "parking/zones.html",
        zones=[
            (row, tariff_of(row), setting_words.hours_words(locale, rules_of(row)) if row["is_decided"] else "")
            for row in zones[:PAGE_SIZE]
        ],
        gates=gates[:PAGE_SIZE],
        has_more=max(len(zones), len(gates)) > PAGE_SIZE,
        page=page,
        sites=setting_words.SITES,
        barriers=setting_words.BARRIERS,
        may_draw=Role.LEADER in viewer.roles,
        leads_here=leads_here,
    )


@pages.get("/parking/zones/shapes")
@for_readers
def parking_shapes() -> JsonResponse:
    """The zones and gates in a window, so that a new one is drawn beside them."""
    try:
        west, south, east, north = (float(one) for one in typed("bbox", 120).split(","))
        box = BBox(west, south, east, north)
    except ValueError:
        abort(400)
    with context.services().database.transaction(context.viewer().prologue) as connection:
        features = read_shapes(connection, context.viewer(), box)
    answer = jsonify({"type": "FeatureCollection", "features": features})
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@pages.route("/parking/zones/new", methods=["GET", "POST"])
@for_readers
def new_zone() -> str | Response | tuple[str, int]:
    """A zone (or `what=gate`) to be drawn; `estate`: around which the map begins."""
    if Role.LEADER not in context.viewer().roles:
        abort(403)
    what = typed("what", 10) or "zone"
    if what not in WHATS:
        abort(400)
    blank = {"id": None, "kind": what, "name": "", "capacity": None, "site": "ground", "geometry": "", "revision": 0}
    if request.method == "GET":
        return _page(blank, _asked_window())
    return _keep(blank, lambda drawn: run(lambda connection: _add(connection, drawn)))


@pages.route("/parking/zones/<int:place_id>", methods=["GET", "POST"])
@for_readers
def draw_zone(place_id: int) -> str | Response | tuple[str, int]:
    """A zone or a gate on the map; who leads there corrects it."""
    row = seen_drawn(place_id)
    if request.method == "GET":
        return _page(row, _window_of(row))
    must_lead(row)
    revision = number(request.form, "revision") or 0

    def change(drawn: DrawnZone | DrawnGate) -> int:
        run(lambda connection: change_drawn(connection, actor(), place_id, drawn, revision=revision))
        return place_id

    return _keep(row, change)


def _add(connection: Any, drawn: DrawnZone | DrawnGate) -> int:
    """The new zone with its price, in one transaction."""
    place_id = add_drawn(connection, actor(), drawn)
    tariff = typed_tariff(request.form)
    if isinstance(drawn, DrawnZone) and tariff is not None:
        set_tariff(connection, actor(), place_id, tariff, revision=1)
    return place_id


def _keep(row: Mapping[str, Any], command: Any) -> Response | tuple[str, int]:
    """Keep what was drawn; what cannot be kept stays on the page, as it was drawn and typed."""
    is_gate = row["kind"] != "zone"
    try:
        place_id = command(_drawn(is_gate=is_gate))
    except ShapeProblem as problem:
        status = {"changed": 409, "not_yours": 403}.get(problem.reason, 422)
        return _refused(row, say(PROBLEMS[problem.reason], **problem.values)), status
    except WrongFields as wrong:
        told = {name: setting_words.wrong_words(context.locale(), code) for name, code in wrong.fields.items()}
        return _refused(row, " ".join(told.values())), 422
    except ParkingProblem as refused:
        sentence, status = words_of(refused)
        return _refused(row, sentence), status
    if is_gate:
        return redirect(url_for("pages.parking_gate", gate_id=place_id, done="drawn"), 303)
    return redirect(url_for("pages.parking_zones", done="drawn") + f"#z{place_id}", 303)


def _drawn(*, is_gate: bool) -> DrawnZone | DrawnGate:
    """What the form holds. Raises ShapeProblem."""
    text, name = request.form.get("shape", "").replace("\0", ""), typed("name", 200)
    if is_gate:
        return DrawnGate(name=name, shape=read_point(text))
    places = typed("capacity", 12)
    if places and not (places.isascii() and places.isdigit() and len(places) < 7):
        raise ShapeProblem("capacity", most="20,000")
    return DrawnZone(
        name=name,
        shape=read_area(text),
        capacity=int(places) if places else None,
        site=typed("site", 20),
    )


def _refused(row: Mapping[str, Any], problem: str) -> str:
    """The page again, as it was drawn; with the revision that holds now, so that whoever looked may save."""
    now = row if row["id"] is None else seen_drawn(row["id"])
    given = {name: request.form.get(name, "") for name in ("name", "capacity", "site", "hourly", "daily_cap", "day")}
    given["geometry"] = request.form.get("shape", "")
    return _page({**now, "typed": given}, _asked_window() if row["id"] is None else _window_of(row), problem)


def seen_drawn(place_id: int) -> dict[str, Any]:
    """The zone or gate of the address, its `kind` one of WHATS; 404 where the viewer sees none."""
    row = None
    if place_id < MOST_ID:
        with context.services().database.transaction(context.viewer().prologue) as connection:
            row = read_drawn(connection, place_id)
    if row is None:
        abort(404)
    return row | {"kind": "zone" if row["kind"] == "zone" else "gate"}


def _asked_window() -> BBox:
    """Around the estate of the address; else the street where the viewer leads the most."""
    estate, street = number(request.values, "estate"), number(request.values, "street")
    if estate is not None and estate < MOST_ID:
        with context.services().database.transaction(context.viewer().prologue) as connection:
            window = read_window(connection, estate >> 32, [estate])
        if window is not None:
            return window
    areas = [area for area in areas_of(context.viewer()) if area.bounds]
    led = [area for area in areas if lead().is_city or area.street_id in lead().near]
    fitting = [area for area in led if street in (None, area.street_id)] or led or areas
    return next((area.bounds for area in fitting if area.bounds), WHOLE_COUNTRY)


def _window_of(row: Mapping[str, Any]) -> BBox:
    if row.get("west") is None:
        return _asked_window()
    return BBox(row["west"] - AROUND, row["south"] - AROUND, row["east"] + AROUND, row["north"] + AROUND)


def _page(row: Mapping[str, Any], window: BBox, problem: str = "") -> str:
    viewer = context.viewer()
    layers = {name: layer for name, layer in layers_for(viewer.reading_roles).items() if name not in WORK}
    view = View(
        locale=context.locale(),
        bounds=window,
        today=today(),
        roles=viewer.reading_roles,
        on=frozenset(layers) - USUALLY_OFF - {"facilities", "stairwells", "grids"},
    )
    key = context.services().settings.tianditu_key
    price = tariff_words(tariff_of(row)) if row.get("hourly_yuan") is not None else {"day": "from_entry"}
    shown = {**{name: "" if value is None else value for name, value in row.items()}, **price, **row.get("typed", {})}
    return render_template(
        "parking/zone.html",
        **alone(compose(list(layers.values()), view, Addresses(search=None, tianditu_key=key))),
        row=row,
        given=shown,
        is_gate=row["kind"] != "zone",
        may_edit=row["id"] is None or (leads_here(row) and not row["is_ended"]),
        estate=number(request.values, "estate") or "",
        sites=titled(setting_words.SITES),
        day_kinds=titled(setting_words.DAY_KINDS),
        now=row if problem and row["id"] is not None else None,
        problem=problem,
    )
