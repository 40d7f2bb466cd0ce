"""The forms of a car: a decision, or its plate in clear for a reason. A refusal is a sentence, and nothing is lost."""

from datetime import date

from flask import abort, redirect, request
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.parking.deciding import Decision, decide
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.looking_up import show_plate
from gridmap.parking.machine import BY_ITSELF, SIGHTED, Action
from gridmap.parking.words import refusal_words
from gridmap.people.attempt import attempt
from gridmap.web.blueprint import actor, number, pages, say, typed
from gridmap.web.parking import words
from gridmap.web.parking.question import for_watching
from gridmap.web.parking.vehicle import Shown, Tried, car_page

DECISIONS = frozenset(Action) - SIGHTED - BY_ITSELF


@pages.post("/parking/vehicles/<int:vehicle_id>/act")
@for_watching
def act_on_vehicle(vehicle_id: int) -> Response | tuple[str, int]:
    """Take one decision; 409 where somebody was faster, 422 with the reason where it cannot be."""
    if vehicle_id >= 1 << 53 or typed("action", 20) not in DECISIONS:
        abort(404)
    decision = Decision(
        vehicle_id=vehicle_id,
        action=Action(typed("action", 20)),
        reason=_plain("reason"),
        evening=_evening(),
        revision=number(request.form, "revision"),
    )
    try:
        attempt(
            context.services().database,
            context.viewer().prologue,
            lambda connection: decide(connection, actor(), decision),
        )
    except LookupError:
        abort(404)
    except ParkingProblem as problem:
        is_late = problem.reason == "changed"
        text = refusal_words(context.locale(), problem.reason, problem.state)
        kept = {"reason": decision.reason, "evening": typed("evening", 10)}
        tried = Tried(action=str(decision.action), problem=text, typed=kept, is_late=is_late)
        return car_page(vehicle_id, tried), 409 if is_late else 422
    return redirect(f"/parking/vehicles/{vehicle_id}?done=car_done", 303)


@pages.post("/parking/vehicles/<int:vehicle_id>/plate")
@for_watching
def show_vehicle_plate(vehicle_id: int) -> Response | tuple[str, int]:
    """The plate in clear, for one stated reason that is written down; the page is kept nowhere."""
    if vehicle_id >= 1 << 53:
        abort(404)
    reason = _plain("reason")
    try:
        plate = attempt(
            context.services().database,
            context.viewer().prologue,
            lambda connection: show_plate(connection, actor(), vehicle_id, reason),
        )
    except LookupError:
        abort(404)
    except ParkingProblem as problem:
        text = refusal_words(context.locale(), problem.reason)
        return car_page(vehicle_id, Tried(action="plate", problem=text, typed={"reason": reason})), 422
    if plate is None:
        return car_page(vehicle_id, Tried(action="plate", problem=say(words.PROBLEMS["no_plate"]))), 422
    answer = Response(car_page(vehicle_id, Tried(), Shown(plate=plate, reason=reason)))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _plain(name: str) -> str:
    return typed(name, 600).replace("\r\n", "\n")


def _evening() -> date | None:
    text = typed("evening", 10)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        abort(400)
