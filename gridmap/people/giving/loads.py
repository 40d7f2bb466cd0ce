"""How much a person carries in a role, before a change and after it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import shapely

from gridmap.analysis.walking import walk_metres
from gridmap.coords import LonLat, measuring_epsg, project
from gridmap.db.pools import Connection
from gridmap.people.giving.facts import PlaceFacts, place_facts
from gridmap.people.giving.moves import Spot, Step


@dataclass(frozen=True, kw_only=True)
class Load:
    """Places held, the buildings and households in them, and metres of a short walk from place to place."""

    places: int = 0
    buildings: int = 0
    households: int = 0
    metres: int = 0


@dataclass(frozen=True, kw_only=True)
class Balance:
    """A person's load in a role, as it is and as it would be."""

    person_id: int
    name: str
    role: str
    before: Load
    after: Load


HELD = """
SELECT a.person_id, a.place_id, a.role, a.unit
FROM gridmap.assignment a
WHERE a.street_id = %(street)s AND a.person_id = ANY (%(people)s) AND a.role = ANY (%(roles)s) AND a.is_primary
  AND a.valid @> %(at)s::timestamptz
"""
Held = dict[tuple[int, str], set[Spot]]
"""By person and role."""


def read_held(
    connection: Connection, street: int, people: Collection[int], roles: Collection[str], at: datetime
) -> Held:
    """What these people hold first-hand in these roles at the business time `at`."""
    values = {"street": street, "people": sorted(people), "roles": sorted(roles), "at": at}
    found: Held = {}
    for row in connection.execute(HELD, values):
        found.setdefault((row["person_id"], row["role"]), set()).add((row["place_id"], row["role"], row["unit"]))
    return found


def load_of(spots: Iterable[Spot], places: Mapping[int, PlaceFacts]) -> Load:
    """The load of these places; those out of sight count as places alone."""
    spots = list(spots)
    known = [(places[spot[0]], spot[2]) for spot in spots if spot[0] in places]
    inside = {place.building_id: 1 for place, _unit in known if place.building_id is not None}
    others = sum(place.buildings for place, _unit in known if place.building_id is None)
    return Load(
        places=len(spots),
        buildings=len(inside) + others,
        households=sum(1 if unit else place.households for place, unit in known),
        metres=round(walk_metres(in_metres([place.point for place, _unit in known]))),
    )


def in_metres(points: Sequence[LonLat | None]) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    """The points that are known, `(n, 2)` in metres of the 3-degree zone of the first of them."""
    known = [point for point in points if point is not None]
    if not known:
        return np.empty((0, 2))
    made = project(shapely.points([(point.lon, point.lat) for point in known]), measuring_epsg(known[0]))
    found: np.ndarray[tuple[int, int], np.dtype[np.float64]] = shapely.get_coordinates(made)
    return found


def balances(
    connection: Connection, street: int, steps: Sequence[Step], names: Mapping[int, str], at: datetime
) -> tuple[Balance, ...]:
    """Everybody to whom the steps give or from whom they take a place first-hand, with both loads; givers first."""
    first_hand = [step for step in steps if step.is_primary and step.kind != "same"]
    gone = {(step.before.person_id, step.spot) for step in first_hand if step.before}
    come = {(step.person_id, step.spot) for step in first_hand if step.person_id}
    people = {person for person, _spot in (*gone, *come)}
    roles = {step.spot[1] for step in first_hand}
    held = read_held(connection, street, people, roles, at)
    places = place_facts(connection, street, [spot[0] for spots in held.values() for spot in spots])
    places |= place_facts(connection, street, {step.spot[0] for step in first_hand} - places.keys())
    found = []
    for person in sorted(people):
        for role in sorted(roles):
            before = held.get((person, role), set())
            lost = {spot for other, spot in gone if other == person and spot[1] == role}
            won = {spot for other, spot in come if other == person and spot[1] == role}
            if lost or won:
                one = Balance(
                    person_id=person,
                    name=names.get(person, "?"),
                    role=role,
                    before=load_of(before, places),
                    after=load_of((before - lost) | won, places),
                )
                found.append(one)
    return tuple(sorted(found, key=lambda one: (one.after.places >= one.before.places, one.name, one.person_id)))
