"""`/parking/known`: cars that an estate knows and leaves alone: residents', visitors, exempt ones."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.clock import OFFICE
from gridmap.db.pools import Connection
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.known import KnownAs
from gridmap.parking.plates import UnreadablePlate, read_plate
from gridmap.parking.registering import Registration, end_known, may_register, read_home, register_vehicles
from gridmap.parking.secret import plate_key
from gridmap.parking.words import KNOWN_AS, PLATES
from gridmap.read.parking.homes import read_homes
from gridmap.read.parking.known_cars import SHOWS, count_known_cars, read_known_cars
from gridmap.web.blueprint import PAGE_SIZE, actor, number, page_number, pages, say, titled, typed
from gridmap.web.parking.deciding import MOST_ID, for_watchers, leads_here, words_of
from gridmap.web.running import run


@pages.get("/parking/known")
@for_watchers
def known_cars() -> str:
    """The estates with how many cars each knows, or the cars of one, masked."""
    estate_id = number(request.args, "estate")
    return _homes() if estate_id is None else _page(seen_home(estate_id))


@pages.post("/parking/known")
@for_watchers
def register_car() -> Response | tuple[str, int]:
    """One more car that is left alone; a notice that it has open stays, and is shown."""
    home = seen_home(number(request.form, "estate") or 0)
    try:
        told = _typed(home)
        done = run(lambda connection: register_vehicles(connection, actor(), key(), told))
    except UnreadablePlate as unreadable:
        return _page(home, request.form, wrong={"plate": say(PLATES[unreadable.problem])}), 422
    except ParkingProblem as problem:
        sentence, status = words_of(problem)
        field = {"until": "until", "visit": "until", "note": "note"}.get(problem.reason)
        wrong = {field: sentence} if field else {}
        return _page(home, request.form, problem="" if field else sentence, wrong=wrong), status
    address: dict[str, Any] = {"estate": home["id"], "done": "car_known"}
    if done.open_vehicle_id is not None:
        address["open"] = done.open_vehicle_id
    return redirect(url_for("pages.known_cars", **address), 303)


@pages.post("/parking/known/<int:known_id>/end")
@for_watchers
def end_known_car(known_id: int) -> Response | tuple[str, int]:
    """The car is left alone no longer."""
    home = seen_home(number(request.form, "estate") or 0)
    revision = number(request.form, "revision") or 0
    if known_id >= MOST_ID:
        abort(404)
    try:
        run(lambda connection: end_known(connection, actor(), known_id, revision=revision))
    except ParkingProblem as problem:
        sentence, status = words_of(problem)
        return _page(home, problem=sentence), status
    return redirect(url_for("pages.known_cars", estate=home["id"], done="car_known_ended"), 303)


def key() -> bytes:
    """The key of the plates of this installation."""
    return plate_key(context.services().settings.home)


def seen_home(home_id: int) -> dict[str, Any]:
    """The estate (or zone of none) of the form; 404 where the viewer sees none, 403 for others than on duty."""
    if home_id >= MOST_ID:
        abort(404)

    def command(connection: Connection) -> tuple[dict[str, Any], bool]:
        home = read_home(connection, home_id)
        return home, may_register(connection, actor(), home, KnownAs.VISITOR)

    home, is_on_duty = run(command)
    if not is_on_duty:
        abort(403)
    return home


def _typed(home: Mapping[str, Any]) -> Registration:
    """What the form says. Raises UnreadablePlate, ParkingProblem("until")."""
    kind = typed("kind", 20)
    if kind not in set(KnownAs):
        abort(400)
    return Registration(
        home_id=home["id"],
        plates=(read_plate(typed("plate", 41)),),
        kind=KnownAs(kind),
        until=_moment(typed("until", 20)),
        note=typed("note", 100),
    )


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ParkingProblem("until") from None
    return at.replace(tzinfo=OFFICE) if at.tzinfo is None else at


def _homes() -> str:
    viewer, page, text = context.viewer(), page_number(), typed("q", 40)
    with context.services().database.transaction(viewer.prologue) as connection:
        rows = read_homes(
            connection,
            viewer,
            context.services().clock.now(),
            text=text,
            counts=True,
            limit=PAGE_SIZE + 1,
            offset=(page - 1) * PAGE_SIZE,
        )
    return render_template(
        "parking/known_estates.html", rows=rows[:PAGE_SIZE], has_more=len(rows) > PAGE_SIZE, page=page, text=text
    )


def _page(
    home: Mapping[str, Any],
    given: Mapping[str, Any] | None = None,
    *,
    problem: str = "",
    wrong: Mapping[str, str] | None = None,
) -> str:
    now, page = context.services().clock.now(), page_number()
    show, kind, mask = typed("show", 10) or "now", "" if given else typed("kind", 20), typed("q", 10).upper()
    if show not in SHOWS or (kind and kind not in KNOWN_AS):
        abort(400)
    with context.services().database.transaction(context.viewer().prologue) as connection:
        rows = read_known_cars(
            connection,
            home["id"],
            now,
            show=show,
            kind=kind,
            mask=mask,
            limit=PAGE_SIZE + 1,
            offset=(page - 1) * PAGE_SIZE,
        )
        counts = count_known_cars(connection, home["id"], now)
    is_leader = leads_here(home)
    return render_template(
        "parking/known.html",
        home=home,
        rows=rows[:PAGE_SIZE],
        has_more=len(rows) > PAGE_SIZE,
        page=page,
        counts=counts,
        show=show,
        kind=kind,
        mask=mask,
        kinds=titled(KNOWN_AS) if is_leader else titled({"visitor": KNOWN_AS["visitor"]}),
        titles=KNOWN_AS,
        given=given or {"kind": "resident" if is_leader else "visitor"},
        is_leader=is_leader,
        open_car=number(request.args, "open"),
        now=now.astimezone(OFFICE).replace(tzinfo=None).isoformat(timespec="minutes"),
        problem=problem,
        wrong=wrong or {},
    )
