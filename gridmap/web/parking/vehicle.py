"""`/parking/vehicles/<id>`: one car, where it stands and what comes next, what its viewer may decide now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from flask import abort, render_template

from gridmap import context
from gridmap.db.pools import Connection
from gridmap.parking.capacities import capacities
from gridmap.parking.deciding import other_accounts
from gridmap.parking.machine import Action, Capacity, possible
from gridmap.parking.standing import Step, hindrance
from gridmap.parking.words import ACTIONS, NOTHING
from gridmap.read.incidents import roles_of
from gridmap.read.parking.vehicle import read_looks
from gridmap.web.blueprint import actor, pages, say
from gridmap.web.incidents import words as case_words
from gridmap.web.parking import words
from gridmap.web.parking.car import Car, Happened, read_car
from gridmap.web.parking.question import for_reading, now
from gridmap.web.parking.see import LOOKING
from gridmap.web.words import ROLES


@dataclass(frozen=True, kw_only=True)
class Offer:
    """Something that the viewer may decide; `problem`: why not this viewer. `evenings`: of a violation to take back."""

    action: str
    problem: str = ""
    evenings: tuple[date, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What could not be: what was typed is kept. `is_late`: somebody else was faster."""

    action: str = ""
    problem: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    is_late: bool = False


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A plate in clear, once, and why."""

    plate: str
    reason: str


@pages.get("/parking/vehicles/<int:vehicle_id>")
@for_reading
def parking_vehicle(vehicle_id: int) -> str:
    """The car; 404 where there is none for this viewer."""
    return car_page(vehicle_id, Tried())


def car_page(vehicle_id: int, tried: Tried, shown: Shown | None = None) -> str:
    """The page of the car as it is now, with what was tried."""
    viewer, moment = context.viewer(), now()
    if vehicle_id >= 1 << 53:
        abort(404)
    with context.services().database.transaction(viewer.prologue) as connection:
        car = read_car(connection, viewer, vehicle_id, moment)
        if car is None:
            abort(404)
        who = capacities(connection, actor(), car.rows.row)
        is_on_duty = Capacity.WATCHER in who
        offers = find_offers(connection, car)
        looks = read_looks(connection, vehicle_id) if Capacity.DECIDER in who else None
    roles = _roles(car)
    return render_template(
        "parking/vehicle.html",
        car=car,
        one=car.rows.row,
        state=str(car.standing.state),
        next_step=words.next_step(car.standing, car.rules),
        offers=offers,
        taking_back=next((one.evenings for one in offers if one.action == Action.WITHDRAW), ()),
        reasons=words.REASONS,
        looking=LOOKING,
        dangerous=words.DANGEROUS,
        tried=tried,
        shown=shown,
        looks=looks,
        is_on_duty=is_on_duty,
        may_show=is_on_duty and car.rows.row["has_plate"] and str(car.standing.state) != "free",
        who=lambda turn: _who(turn, roles),
        role_words=lambda some: " · ".join(say(ROLES[role]) for role in ROLES if role in some),
        found_words=found_words,
        action_titles=ACTIONS,
        **words.given(),
    )


def find_offers(connection: Connection, car: Car) -> tuple[Offer, ...]:
    """What the account may decide on the car as it stands, in the order of the machine."""
    by, standing = actor(), car.standing
    others = other_accounts(connection, by)
    found = []
    for action in possible(standing.state, capacities(connection, by, car.rows.row)):
        if action is Action.WITHDRAW:
            continue
        step = Step(action=action, at=by.business_at, account_id=by.account_id, others=others, reason="-")
        problem = hindrance(standing, step)
        found.append(
            Offer(action=str(action), problem=say(words.PROBLEMS[problem]) if problem == "same_person" else "")
        )
    # whoever saw it may take it back as well: that is another capacity for each evening
    evenings = tuple(
        evening
        for evening in standing.evenings
        if Action.WITHDRAW in possible(standing.state, capacities(connection, by, car.rows.row, evening))
    )
    return (*found, Offer(action=str(Action.WITHDRAW), evenings=evenings)) if evenings else tuple(found)


def found_words(found: str) -> str:
    """What followed from a sighting: an action, or why nothing did."""
    return say(ACTIONS.get(found) or NOTHING.get(found) or found)


def _roles(car: Car) -> dict[int, tuple[str, ...]]:
    accounts = sorted({turn.account_id for turn in car.turns if turn.account_id is not None})
    return roles_of(context.services().database, accounts) if accounts else {}


def _who(turn: Happened, roles: Mapping[int, tuple[str, ...]]) -> str:
    """Who took a turn: as what the account acts, never whose it is; or nobody: it happened by itself."""
    if turn.account_id is None:
        return say(words.BY_ITSELF)
    if turn.account_id == context.viewer().account_id:
        return say(case_words.YOU)
    acts = [say(ROLES[role]) for role in ROLES if role in roles.get(turn.account_id, ())]
    return " · ".join(acts) or say(words.STAFF)
