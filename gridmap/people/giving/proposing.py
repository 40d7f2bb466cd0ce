"""A proposal: who could take which places, so that as few as possible go without, residents come first, and the walks
are short. It is exact, explains each line, and writes nothing but that homes were looked up.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.accounts import Actor
from gridmap.analysis.matching import NEVER, NOBODY, match
from gridmap.analysis.walking import crossings
from gridmap.coords import LonLat, measuring_epsg, project
from gridmap.db.pools import Connection
from gridmap.people.errors import ChangeRefused, Refusal
from gridmap.people.giving.choices import Choice, people_for
from gridmap.people.giving.eligibility import Candidate, why_not, why_not_there
from gridmap.people.giving.facts import PlaceFacts, RoleFacts, place_facts
from gridmap.people.giving.loads import read_held
from gridmap.people.giving.moves import Holding, Move, Spot

ROAD_METRES = 250
"""What crossing a main road adds to a walk."""
KEEP_METRES = 120
"""So much nearer must somebody else be before a place changes hands."""
FAR_METRES = 20_000
"""The walk of somebody of whom nobody knows where they start."""
MAIN_ROADS = ("motorway", "main", "rail")
MOST_PLACES, MOST_PEOPLE = 3_000, 2_000
MOST_PASSED_OVER = 3

ROADS = """
SELECT b.name, b.id, st_asbinary(b.geom) AS shape
FROM gridmap.basemap b
WHERE b.kind = 'road' AND b.class = ANY (%(classes)s)
  AND b.geom && st_makeenvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)
"""
HOMES = "SELECT person_id, place_id FROM gridmap.homes_of(%s, %s, %s, %s)"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is proposed for: the places of one street with their holders, a role, and how.

    `people` None: everybody who holds or held the role. `capacity` None: the role's, else as even as it goes.
    """

    street: int
    role: RoleFacts
    choices: Sequence[Choice]
    people: Collection[int] | None = None
    capacity: int | None = None
    only_vacant: bool = True


@dataclass(frozen=True, kw_only=True)
class PassedOver:
    """Somebody nearer who does not get the place: full, kept (the holder stays), or why they could not take it."""

    person: Candidate
    metres: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """One place and whom it goes to.

    `metres` holds `ROAD_METRES` for each of `roads`; None where the person's start or the place is not known.
    """

    place: PlaceFacts
    before: Holding | None
    person: Candidate
    lives_here: bool
    metres: int | None
    roads: int
    rank: int
    """Among those who could take it, by their walk."""
    load_before: int
    load_after: int
    passed_over: tuple[PassedOver, ...]

    @property
    def kind(self) -> str:
        """given, moved or kept."""
        if self.before is None:
            return "given"
        return "kept" if self.before.person_id == self.person.id else "moved"

    def move(self, role: str) -> Move:
        """The line as a move."""
        seen = self.before.seen if self.before else None
        return Move(place_id=self.place.id, role=role, person_id=self.person.id, seen=seen)


@dataclass(frozen=True, kw_only=True)
class Left:
    """A place that nobody takes: `reason` is unfit where nobody may, full where nobody who may has room."""

    place: PlaceFacts
    reason: str


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Every place stands in `lines` or in `nobody`; `capacity` is what was reckoned with."""

    role: RoleFacts
    lines: tuple[Line, ...]
    nobody: tuple[Left, ...]
    capacity: int

    @property
    def metres(self) -> int:
        """All walks together."""
        return sum(line.metres or 0 for line in self.lines)

    @property
    def moves(self) -> list[Move]:
        """What would change."""
        return [line.move(self.role.code) for line in self.lines if line.kind != "kept"]


@dataclass(frozen=True, kw_only=True)
class Town:
    """Everything that the reckoning reads: `metres`, `roads` and `reasons` are `(places, people)`."""

    places: Sequence[Choice]
    people: Sequence[Candidate]
    metres: NDArray[np.int64]
    roads: NDArray[np.int64]
    lives: NDArray[np.int64]
    """2 in this stairwell, 1 in this building, 0 elsewhere."""
    has_start: NDArray[np.bool_]
    reasons: NDArray[np.object_]
    """Why not, in a word; empty where the person can take the place."""
    held: NDArray[np.int64]
    """Places of each person in the role, and of these those outside of the proposal."""
    held_outside: NDArray[np.int64]
    own: NDArray[np.int64]
    """The column of each place's present holder, `NOBODY` where none of these people."""


def propose(connection: Connection, by: Actor, wish: Wish) -> Proposal:
    """The proposal. Raises ChangeRefused("empty", "many", "household"), SolverMissing."""
    places = [one for one in wish.choices if not (wish.only_vacant and one.holders)]
    if wish.role.level == "household":
        raise ChangeRefused([Refusal(reason="household", role=wish.role.code)])
    if not places or len(places) > MOST_PLACES:
        raise ChangeRefused([Refusal(reason="many" if places else "empty")])
    town = read_town(connection, by, wish, places)
    capacity = wish.capacity or wish.role.capacity or even_capacity(town)
    room = np.maximum(capacity - town.held_outside, 0)
    costs, nobody = costs_of(town)
    found = match(costs, room, nobody)
    return explained(wish.role, town, found.people, capacity)


def even_capacity(town: Town) -> int:
    """The fewest places that each must take so that all who can, share all there are."""
    can = (town.reasons == "").any(axis=0)
    if not can.any():
        return 1
    return int(-(-(len(town.places) + town.held_outside[can].sum()) // can.sum()))


def costs_of(town: Town) -> tuple[NDArray[np.int64], int]:
    """Costs in metres and the cost of nobody: one resident more outweighs all walks, one place more all residents."""
    rows = np.arange(len(town.places))
    costs = np.where(town.has_start, town.metres + ROAD_METRES * town.roads, FAR_METRES).astype(np.int64)
    costs[town.lives == 1] = 1
    costs[town.lives == 2] = 0
    kept = town.own != NOBODY
    costs[rows[kept], town.own[kept]] -= KEEP_METRES
    spread = int(costs.max(initial=0)) + KEEP_METRES
    resident = len(town.places) * spread + 1
    costs[town.lives > 0] -= resident
    costs[town.reasons != ""] = NEVER
    return costs, (resident + spread) * (len(town.places) + 1)


def explained(role: RoleFacts, town: Town, given: NDArray[np.int64], capacity: int) -> Proposal:
    """The lines and what is left, in the order of the places."""
    walks = np.where(town.lives > 0, 0, np.where(town.has_start, town.metres + ROAD_METRES * town.roads, FAR_METRES))
    is_drawn = np.array([one.place.point is not None for one in town.places], dtype=bool)
    is_known = (is_drawn[:, None] & town.has_start) | (town.lives > 0)
    after = town.held_outside + np.bincount(given[given != NOBODY], minlength=len(town.people))
    lines, nobody = [], []
    for row, (choice, person) in enumerate(zip(town.places, given.tolist(), strict=True)):
        can = town.reasons[row] == ""
        if person == NOBODY:
            nobody.append(Left(place=choice.place, reason="full" if can.any() else "unfit"))
            continue
        nearer = np.flatnonzero(walks[row] < walks[row, person])
        nearer = nearer[np.argsort(walks[row, nearer], kind="stable")]
        line = Line(
            place=choice.place,
            before=choice.holders[0] if choice.holders else None,
            person=town.people[person],
            lives_here=bool(town.lives[row, person]),
            metres=int(walks[row, person]) if is_known[row, person] else None,
            roads=0 if town.lives[row, person] else int(town.roads[row, person]),
            rank=int((walks[row, can] < walks[row, person]).sum()) + 1,
            load_before=int(town.held[person]),
            load_after=int(after[person]),
            passed_over=tuple(
                PassedOver(
                    person=town.people[other],
                    metres=int(walks[row, other]),
                    reason=town.reasons[row, other] or ("full" if after[other] >= capacity else "kept"),
                )
                for other in nearer[:MOST_PASSED_OVER].tolist()
            ),
        )
        lines.append(line)
    return Proposal(role=role, lines=tuple(lines), nobody=tuple(nobody), capacity=capacity)


def read_town(connection: Connection, by: Actor, wish: Wish, places: Sequence[Choice]) -> Town:
    """Read people, homes, what they hold, roads, and work out walks and who may take what."""
    at = by.business_at
    people = people_for(
        connection, wish.role, wish.street, at, ids=wish.people, everybody=wish.people is not None, limit=MOST_PEOPLE
    )
    ids = [one.id for one in people]
    held = read_held(connection, wish.street, ids, [wish.role.code], at)
    spots = [held.get((one, wish.role.code), set()) for one in ids]
    homes = {row["person_id"]: row["place_id"] for row in connection.execute(
        HOMES, (wish.street, ids, f"proposal: {wish.role.code}", at)
    )}  # fmt: skip
    known = place_facts(connection, wish.street, {*homes.values(), *(spot[0] for some in spots for spot in some)})
    own_homes = [known.get(homes.get(one, 0)) for one in ids]
    starts = [_start(home, some, known) for home, some in zip(own_homes, spots, strict=True)]
    metres, roads = _walks(connection, [one.place.point for one in places], starts)
    inside = {one.place.id for one in places}
    column = {one: number for number, one in enumerate(ids)}
    holders = [one.holders[0].person_id if one.holders else 0 for one in places]
    return Town(
        places=places,
        people=people,
        metres=metres,
        roads=roads,
        lives=_lives(places, own_homes),
        has_start=np.array([start is not None for start in starts], dtype=bool),
        reasons=_reasons(wish.role, places, people, at),
        held=np.array([len(some) for some in spots], dtype=np.int64),
        held_outside=np.array([sum(spot[0] not in inside for spot in some) for some in spots], dtype=np.int64),
        own=np.array([column.get(holder, NOBODY) for holder in holders], dtype=np.int64),
    )


def _start(home: PlaceFacts | None, spots: Collection[Spot], known: Mapping[int, PlaceFacts]) -> LonLat | None:
    """Where somebody's walks begin: at home, else in the middle of what they hold; None where neither is known."""
    if home is not None and home.point is not None:
        return home.point
    points = [known[spot[0]].point for spot in spots if spot[0] in known]
    there = [point for point in points if point is not None]
    if not there:
        return None
    return LonLat(sum(one.lon for one in there) / len(there), sum(one.lat for one in there) / len(there))


def _lives(places: Sequence[Choice], homes: Sequence[PlaceFacts | None]) -> NDArray[np.int64]:
    home = np.array([one.id if one else 0 for one in homes], dtype=np.int64)
    house = np.array([one.building_id or 0 if one else 0 for one in homes], dtype=np.int64)
    door = np.array([one.place.id for one in places], dtype=np.int64)[:, None]
    building = np.array([one.place.building_id or -1 for one in places], dtype=np.int64)[:, None]
    found: NDArray[np.int64] = np.where(home == door, 2, np.where(house == building, 1, 0))
    return found


def _reasons(
    role: RoleFacts, places: Sequence[Choice], people: Sequence[Candidate], at: datetime
) -> NDArray[np.object_]:
    found = np.full((len(places), len(people)), "", dtype=object)
    general = [why_not(role, one, at) for one in people]
    # the rules of a pair look at community and company alone: once for each of these
    kinds: dict[tuple[int | None, int | None], list[int]] = {}
    for row, choice in enumerate(places):
        kinds.setdefault((choice.place.community_id, choice.place.property_id), []).append(row)
    for rows in kinds.values():
        words = [word or why_not_there(one, places[rows[0]].place) for word, one in zip(general, people, strict=True)]
        found[rows] = np.array(words, dtype=object)
    return found


def _walks(
    connection: Connection, ends: Sequence[LonLat | None], starts: Sequence[LonLat | None]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Metres along straight lines, and main roads on the way; places that are nowhere on the map are far."""
    shape = (len(ends), len(starts))
    metres, roads = np.full(shape, FAR_METRES, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    drawn_ends, drawn_starts = _drawn(ends), _drawn(starts)
    if not drawn_ends or not drawn_starts:
        return metres, roads
    epsg = measuring_epsg(next(point for point in ends if point is not None))
    # the doors of one building stand on one point
    where, back = np.unique(_metric([ends[k] for k in drawn_ends], epsg), axis=0, return_inverse=True)
    origin = _metric([starts[k] for k in drawn_starts], epsg)
    apart = np.hypot(where[:, None, 0] - origin[None, :, 0], where[:, None, 1] - origin[None, :, 1])
    barriers = _main_roads(connection, [one for one in (*ends, *starts) if one is not None], epsg)
    met = crossings(origin, where, barriers)
    grid = np.ix_(drawn_ends, drawn_starts)
    metres[grid] = np.rint(apart[back.ravel()]).astype(np.int64)
    roads[grid] = met[back.ravel()]
    return metres, roads


def _drawn(points: Sequence[LonLat | None]) -> list[int]:
    return [number for number, point in enumerate(points) if point is not None]


def _metric(points: Sequence[LonLat | None], epsg: int) -> NDArray[np.float64]:
    made = project(shapely.points([(point.lon, point.lat) for point in points if point is not None]), epsg)
    found: NDArray[np.float64] = shapely.get_coordinates(made)
    return found


def _main_roads(connection: Connection, points: Sequence[LonLat], epsg: int) -> list[Any]:
    """Main roads and railways around the points, each whole under its name, in metres."""
    lons, lats = [one.lon for one in points], [one.lat for one in points]
    box = {"west": min(lons), "south": min(lats), "east": max(lons), "north": max(lats)}
    pieces: dict[Any, list[Any]] = {}
    for row in connection.execute(ROADS, box | {"classes": list(MAIN_ROADS)}):
        pieces.setdefault(row["name"] or row["id"], []).append(shapely.from_wkb(bytes(row["shape"])))
    if not pieces:
        return []
    whole = [shapely.union_all(some) for some in pieces.values()]
    return list(project(np.array(whole, dtype=object), epsg))
