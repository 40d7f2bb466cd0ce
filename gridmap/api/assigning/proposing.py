"""A proposal as JSON: every line with its reason; what nobody takes is listed. Nothing is applied."""

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify

from gridmap import context
from gridmap.analysis.matching import SolverMissing
from gridmap.api.assigning import asking, saying
from gridmap.api.assigning.asking import actor, assigning, body, for_leaders
from gridmap.api.assigning.changing import previewed
from gridmap.api.errors import BadRequest, NotThere, Refused
from gridmap.db.pools import Connection
from gridmap.i18n import _
from gridmap.people.giving import preview_change
from gridmap.people.giving.choices import Where, places_for
from gridmap.people.giving.proposing import MOST_PLACES, ROAD_METRES, Left, Line, PassedOver, Proposal, Wish, propose

LINES = {
    "lives": _("Lives here. Places: {before} → {after}."),
    "nearest": _("{metres} m to walk, the nearest who can. Places: {before} → {after}."),
    "ranked": _("{metres} m to walk, number {rank} of those who can. Places: {before} → {after}."),
    "nowhere": _("It is not known from where the walk would begin. Places: {before} → {after}."),
}
KEEPS = _("Keeps it: nobody is much nearer.")
ROADS = _("Main roads to cross: {roads}, each counted as {metres} m.")
PASSED = _("{name}, {metres} m: {reason}")
LEFT = {
    "unfit": _("Nobody who could take “{place}” was found."),
    "full": _("Everybody who could take “{place}” has as many places as one person should have."),
}
WHERE = ("community", "grid", "estate")
MOST_CAPACITY = 1_000


@assigning.post("/api/assignments/proposal")
@for_leaders
def proposal() -> Response:
    """Who could take the places of an area, or these places; whatever comes of it goes through a change set."""
    given, by = body(), actor()
    street, where = _where(given)
    people, capacity = asking.identities(given, "people"), _capacity(given)
    only_vacant = given.get("only_vacant", True)
    if not isinstance(only_vacant, bool):
        raise BadRequest("only_vacant", str(only_vacant)[:40])

    def command(connection: Connection) -> dict[str, Any]:
        role = asking.role_asked(connection, given.get("role"))
        wish = Wish(
            street=street,
            role=role,
            choices=places_for(connection, role, where, by.business_at, MOST_PLACES + 1),
            people=people or None,
            capacity=capacity,
            only_vacant=only_vacant,
        )
        found = propose(connection, by, wish)
        looked = preview_change(connection, by, found.moves) if found.moves else None
        return told(found) | {"people": previewed(looked)["people"] if looked else []}

    try:
        with context.services().database.transaction(context.viewer().prologue) as connection:
            return jsonify(saying.told(lambda: command(connection)))
    except SolverMissing:
        raise Refused("solver", saying.REASONS["solver"]) from None


def told(found: Proposal) -> dict[str, Any]:
    """The proposal as JSON, without people's loads."""
    return {
        "role": saying.role(found.role),
        "capacity": found.capacity,
        "lines": [line(one, found.role.code) for one in found.lines],
        "nobody": [left(one) for one in found.nobody],
        "metres": found.metres,
        "moves": [saying.move(one) for one in found.moves],
    }


def line(one: Line, role: str) -> dict[str, Any]:
    """One line with its reasons."""
    return {
        "place": one.place.id,
        "name": one.place.name,
        "role": role,
        "households": one.place.households,
        "person": one.person.id,
        "person_name": one.person.name,
        "before": saying.holder(one.before) if one.before else None,
        "revision": one.before.seen if one.before else None,
        "kind": one.kind,
        "lives_here": one.lives_here,
        "metres": one.metres,
        "roads": one.roads,
        "rank": one.rank,
        "load_before": one.load_before,
        "load_after": one.load_after,
        "passed_over": [passed_over(some) for some in one.passed_over],
        "sentence": sentence(one),
    }


def sentence(one: Line) -> str:
    """Why this person, in words."""
    word = "lives" if one.lives_here else "nowhere" if one.metres is None else "nearest" if one.rank == 1 else "ranked"
    values = {"metres": one.metres, "rank": one.rank, "before": one.load_before, "after": one.load_after}
    words = [saying.say(KEEPS)] if one.kind == "kept" else []
    words.append(saying.say(LINES[word], **values))
    if one.roads:
        words.append(saying.say(ROADS, roads=one.roads, metres=ROAD_METRES))
    return " ".join(words)


def passed_over(one: PassedOver) -> dict[str, Any]:
    """Somebody nearer, and why not."""
    reason = saying.say(saying.REASONS[one.reason])
    return {
        "person": one.person.id,
        "name": one.person.name,
        "metres": one.metres,
        "reason": one.reason,
        "sentence": saying.say(PASSED, name=one.person.name, metres=one.metres, reason=reason),
    }


def left(one: Left) -> dict[str, Any]:
    """A place that nobody takes, and why."""
    words = saying.say(LEFT[one.reason], place=one.place.name)
    return {"place": one.place.id, "name": one.place.name, "code": one.reason, "sentence": words}


def _where(given: Mapping[str, Any]) -> tuple[int, Where]:
    """The street and the places of one area of it, or these places."""
    places = asking.identities(given, "places", MOST_PLACES)
    areas = {name: asking.identity(given, name) for name in WHERE if given.get(name) is not None}
    if not places and not areas:
        raise BadRequest("places", "")
    streets = {one >> 32 for one in (*places, *areas.values())}
    if len(streets) != 1:
        raise NotThere("places", "")
    found = Where(community=areas.get("community"), grid=areas.get("grid"), estate=areas.get("estate"), places=places)
    return streets.pop(), found


def _capacity(given: Mapping[str, Any]) -> int | None:
    value = given.get("capacity")
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MOST_CAPACITY):
        raise BadRequest("capacity", str(value)[:40])
    return value
