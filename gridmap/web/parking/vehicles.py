"""`/parking/vehicles`: cars from outside by where they stand; a typed plate finds its car, which is written down."""

from flask import redirect, render_template
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.db.pools import Connection
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.looking_up import find_cars
from gridmap.parking.plates import UnreadablePlate
from gridmap.parking.secret import plate_key
from gridmap.parking.sending import WATCHING
from gridmap.parking.words import PLATES, REFUSALS
from gridmap.people.attempt import attempt
from gridmap.read.incidents.choices import read_streets
from gridmap.read.parking.cut import Cut, Slice
from gridmap.read.parking.vehicles import SHOWS, CarLine, count_cars, count_shown, read_cars
from gridmap.web.blueprint import PAGE_SIZE, actor, pages, say, typed
from gridmap.web.parking import words
from gridmap.web.parking.question import (
    Question,
    asked_question,
    choices,
    for_reading,
    for_watching,
    now,
)

PATH = "/parking/vehicles"
MOST_FOUND = 100


@pages.get(PATH)
@for_reading
def parking_vehicles() -> str:
    """The cars of a list."""
    return _page(asked_question(PATH, SHOWS, "open"))


@pages.post("/parking/vehicles/find")
@for_watching
def find_vehicles() -> Response | tuple[str, int] | str:
    """The cars with a typed plate: one opens at once, several are listed; the plate itself is kept nowhere."""
    question, viewer = asked_question(PATH, SHOWS, "open"), context.viewer()
    plate, reason = typed("plate", 40), typed("reason", 600)

    def command(connection: Connection) -> tuple[int, ...]:
        near = None if viewer.reach.is_city else viewer.reach.near
        streets = [row["id"] for row in read_streets(connection, near)]
        key = plate_key(context.services().settings.home)
        return find_cars(connection, actor(), key, streets, plate, reason)

    try:
        found = attempt(context.services().database, viewer.prologue, command)
    except UnreadablePlate as unreadable:
        return _page(question, problem=say(PLATES[unreadable.problem]), reason=reason), 422
    except ParkingProblem as problem:
        return _page(question, problem=say(REFUSALS[problem.reason]), reason=reason), 422
    if len(found) == 1:
        return redirect(f"{PATH}/{found[0]}", 303)
    return _page(question, only=found, reason=reason)


def _page(question: Question, *, only: tuple[int, ...] | None = None, problem: str = "", reason: str = "") -> str:
    viewer, moment = context.viewer(), now()
    with context.services().database.transaction(viewer.prologue) as connection:
        figures = count_cars(connection, viewer, question.cut, moment)
        if only is None:
            rows = read_cars(connection, viewer, question.cut, moment, question.show, question.some)
            found = figures.get(question.show)
            if found is None:
                found = count_shown(connection, viewer, question.cut, moment, question.show)
        else:
            rows = _these(connection, only)
            found = len(rows)
    return render_template(
        "parking/vehicles.html",
        question=question,
        figures=figures,
        titles=words.CAR_SHOWS,
        rows=rows[:PAGE_SIZE] if only is None else rows,
        found=found,
        last_page=max(1, -(-found // PAGE_SIZE)) if only is None else 1,
        is_search=only is not None,
        problem=problem,
        reason=reason,
        may_search=not viewer.roles.isdisjoint(WATCHING),
        moment=moment,
        **choices(question),
        **words.given(),
    )


def _these(connection: Connection, only: tuple[int, ...]) -> tuple[CarLine, ...]:
    """The cars that were found, wherever they lie and stand."""
    viewer = context.viewer()
    return read_cars(connection, viewer, Cut(), now(), "open", Slice(limit=MOST_FOUND), only)
