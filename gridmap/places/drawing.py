"""Drawing on a draft: split, merge, correct, draw, end, rename, recode, renumber, move a building. Each one step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shapely.geometry import LineString, Point
from shapely.geometry.base import BaseGeometry

from gridmap.accounts import Actor
from gridmap.db.pools import Connection
from gridmap.places.drafts import KINDS, Draft, Drafted, forget_places, next_id, open_draft, put_places
from gridmap.places.fitting import Area, as_area, cell_of, large_parts, measured, merge_areas, polygons, split_area
from gridmap.places.neighbours import area_in, area_of, fitted_grid, followed_micro, heirs_of
from gridmap.places.numbering import reading_order
from gridmap.places.shapes import ShapeProblem
from gridmap.places.stepping import note_step, read_rows
from gridmap.plain import is_name

MOST_NAME, MOST_CODE, MOST_STEPS = 60, 40, 200
GRID_TYPES = ("basic", "dedicated", "micro")
AREAS = frozenset({"grid", "estate"})


@dataclass(frozen=True, kw_only=True)
class Split:
    """Cut a place in pieces along a line; the pieces are new, the place ends."""

    place_id: int
    line: LineString


@dataclass(frozen=True, kw_only=True)
class Merge:
    """Make one new place of several that lie side by side; they end."""

    place_ids: tuple[int, ...]
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Correct:
    """Give a place another shape; beside a grid its neighbours follow."""

    place_id: int
    shape: BaseGeometry


@dataclass(frozen=True, kw_only=True)
class Draw:
    """A new place; a grid takes its ground from those that have it."""

    kind: str
    name: str
    shape: BaseGeometry
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class End:
    """A place is there no more; the ground of a grid goes to another, `into`, which stays what it is."""

    place_id: int
    into: int | None = None


@dataclass(frozen=True, kw_only=True)
class Rename:
    """Another name, or another code; None leaves it."""

    place_id: int
    name: str | None = None
    code: str | None = None


@dataclass(frozen=True, kw_only=True)
class Renumber:
    """New codes for all grids, rows from north to south, west to east in a row; those of former grids stay theirs."""


@dataclass(frozen=True, kw_only=True)
class Move:
    """A building belongs to another grid that lies beside it: the ground around it goes over."""

    building_id: int
    grid_id: int


Step = Split | Merge | Correct | Draw | End | Rename | Renumber | Move


def draw_step(connection: Connection, by: Actor, community_id: int, step: Step, *, revision: int) -> int:
    """Take one step in the draft of the community, which is begun where there is none; gives the id of the draft.

    Nothing of the register changes. Raises LookupError, and ShapeProblem with a code of the page's words.
    """
    draft = open_draft(connection, by, community_id, revision=revision)
    if len(draft.done) >= MOST_STEPS:
        raise ShapeProblem("many_steps", most=MOST_STEPS)
    before = read_rows(connection, draft)
    told = _taken(connection, draft, step)
    note_step(connection, by, draft, {"what": type(step).__name__.lower(), **told}, before)
    return draft.id


def drop_draft(connection: Connection, by: Actor, community_id: int, *, revision: int) -> None:
    """Throw the draft away. Raises as `draw_step`."""
    draft = open_draft(connection, by, community_id, revision=revision)
    note_step(connection, by, draft, {"what": "drop"}, read_rows(connection, draft), state="dropped")


def _taken(connection: Connection, draft: Draft, step: Step) -> dict[str, Any]:
    match step:
        case Split():
            return _split(connection, draft, step)
        case Merge():
            return _merge(connection, draft, step)
        case Correct():
            return _correct(connection, draft, step)
        case Draw():
            return _draw(connection, draft, step)
        case End():
            return _end(connection, draft, step)
        case Rename():
            return _rename(connection, draft, step)
        case Renumber():
            return _renumber(connection, draft)
        case Move():
            return _move(connection, draft, step)


def _split(connection: Connection, draft: Draft, step: Split) -> dict[str, Any]:
    place = draft.get(step.place_id)
    pieces = split_area(area_of(place), step.line)
    ordered = [pieces[at] for at in reading_order(pieces)]
    added = _pieces(connection, draft, place, ordered)
    put_places(connection, draft, added)
    if place.is_tile:
        for micro in draft.inner(place).values():
            parts = [as_area(found) for piece in ordered if (found := large_parts(area_of(micro).intersection(piece)))]
            if len(parts) > 1:
                _retire(connection, draft, [micro])
                put_places(connection, draft, _pieces(connection, draft, micro, parts))
    _retire(connection, draft, [place])
    return {"of": [place.name], "into": [one.name for one in added]}


def _pieces(connection: Connection, draft: Draft, place: Drafted, shapes: Sequence[Area]) -> list[Drafted]:
    """New places of the same kind on the ground of one."""
    return [
        Drafted(
            id=next_id(connection, draft.community.street_id),
            kind=place.kind,
            name=f"{place.name}-{turn}",
            details=dict(place.details),
            shape=shape,
            action="add",
            formers=place.roots,
        )
        for turn, shape in enumerate(shapes, start=1)
    ]


def _merge(connection: Connection, draft: Draft, step: Merge) -> dict[str, Any]:
    places = [draft.get(one) for one in dict.fromkeys(step.place_ids)]
    if len(places) < 2 or len({one.kind for one in places}) > 1 or len({one.is_tile for one in places}) > 1:
        raise ShapeProblem("two_alike")
    largest = max(places, key=lambda one: measured(one.shape))
    merged = Drafted(
        id=next_id(connection, draft.community.street_id),
        kind=largest.kind,
        name=_named(step.name or largest.name),
        details=dict(largest.details),
        shape=merge_areas([area_of(one) for one in places]),
        action="add",
        formers=tuple(sorted({root for one in places for root in one.roots})),
    )
    _retire(connection, draft, places)
    put_places(connection, draft, [merged])
    return {"of": [one.name for one in places], "into": [merged.name]}


def _correct(connection: Connection, draft: Draft, step: Correct) -> dict[str, Any]:
    place = draft.get(step.place_id)
    shape = step.shape
    changed: dict[int, Area] = {}
    if place.kind == "grid":
        shape, changed = fitted_grid(draft, area_in(step.shape), place, is_tile=place.is_tile)
    else:
        _inside(draft, shape, place.kind)
    _reshape(connection, draft, {place.id: shape, **changed})
    return {"of": [place.name], "beside": [draft.places[key].name for key in sorted(changed)]}


def _draw(connection: Connection, draft: Draft, step: Draw) -> dict[str, Any]:
    details = dict(step.details)
    if step.kind not in KINDS or (step.kind == "grid" and details.get("type") not in GRID_TYPES):
        raise ShapeProblem("kind")
    if step.kind == "stairwell" and details.get("parent_id") not in draft.standing("building"):
        raise ShapeProblem("building")
    shape = step.shape
    changed: dict[int, Area] = {}
    if step.kind == "grid":
        shape, changed = fitted_grid(draft, area_in(step.shape), None, is_tile=details["type"] != "micro")
    else:
        _inside(draft, shape, step.kind)
    added = Drafted(
        id=next_id(connection, draft.community.street_id),
        kind=step.kind,
        name=_named(step.name),
        details=details,
        shape=shape,
        action="add",
        formers=tuple(sorted({root for key in changed for root in draft.places[key].roots})),
    )
    _reshape(connection, draft, changed)
    put_places(connection, draft, [added])
    return {"into": [added.name], "beside": [draft.places[key].name for key in sorted(changed)]}


def _end(connection: Connection, draft: Draft, step: End) -> dict[str, Any]:
    place = draft.get(step.place_id)
    told: dict[str, Any] = {"of": [place.name]}
    peers = heirs_of(draft, place)
    if place.kind == "grid" and place.shape is not None and (peers or place.is_tile):
        heir = peers.get(step.into or 0)
        if heir is None:
            raise ShapeProblem("heir")
        ground = merge_areas([area_of(heir), area_of(place)])
        grown = replace(
            heir,
            shape=ground,
            action=heir.action if heir.action == "add" else "change",
            formers=tuple(sorted({*heir.formers, *place.roots} - {heir.id})),
        )
        if heir.is_tile and not draft.inner(place):
            _put_shapes(connection, draft, followed_micro(draft, heir, ground))
        put_places(connection, draft, [grown])
        told["into"] = [heir.name]
    _retire(connection, draft, [place])
    return told


def _rename(connection: Connection, draft: Draft, step: Rename) -> dict[str, Any]:
    place = draft.get(step.place_id)
    name = place.name if step.name is None else _named(step.name)
    code = place.code if step.code is None else _coded(draft, place, step.code)
    action = "add" if place.action == "add" else "change"
    put_places(connection, draft, [replace(place, name=name, code=code, action=action)])
    return {"of": [place.name], "into": [name], "codes": [place.code, code]}


def _renumber(connection: Connection, draft: Draft) -> dict[str, Any]:
    tiles = list(draft.tiles().values())
    taken = {
        row["code"]
        for row in connection.execute(
            "SELECT code FROM gridmap.place WHERE street_id = %s AND kind = 'grid' AND starts_with(code, %s)"
            " AND NOT id = ANY (%s)",
            (draft.community.street_id, draft.community.code, [one.id for one in tiles]),
        ).fetchall()
    }
    free = (code for code in (f"{draft.community.code}{turn:03d}" for turn in range(1, 1000)) if code not in taken)
    changed = []
    for at in reading_order([area_of(one) for one in tiles]):
        code = next(free)
        if code != tiles[at].code:
            action = "add" if tiles[at].action == "add" else "change"
            changed.append(replace(tiles[at], code=code, action=action))
    put_places(connection, draft, changed)
    return {"count": len(changed)}


def _move(connection: Connection, draft: Draft, step: Move) -> dict[str, Any]:
    house, to = draft.get(step.building_id), draft.tiles()[step.grid_id]
    if house.kind != "building" or house.shape is None:
        raise ShapeProblem("building")
    at = house.shape.representative_point()
    home = next((one for one in draft.tiles().values() if area_of(one).covers(at)), None)
    if home is None or home.id == to.id:
        raise ShapeProblem("there_already")
    others = [
        point
        for one in draft.standing("building").values()
        if one.id != house.id
        and one.shape is not None
        and area_of(home).covers(point := one.shape.representative_point())
    ]
    cell = cell_of(at, others, house.shape, area_of(home))
    shape, changed = fitted_grid(draft, merge_areas([area_of(to), cell]), to, is_tile=True)
    _reshape(connection, draft, {to.id: shape, **changed})
    return {"of": [house.name], "into": [to.name], "beside": [home.name]}


def _reshape(connection: Connection, draft: Draft, shapes: Mapping[int, BaseGeometry]) -> None:
    """Give places other shapes; the micro grids in a grid follow it."""
    followed: dict[int, BaseGeometry] = {}
    for key, shape in shapes.items():
        tile = draft.places[key]
        if tile.is_tile and tile.shape is not None:
            followed |= followed_micro(draft, tile, area_in(shape))
    _put_shapes(connection, draft, {**followed, **shapes})


def _put_shapes(connection: Connection, draft: Draft, shapes: Mapping[int, BaseGeometry]) -> None:
    put_places(
        connection,
        draft,
        [
            replace(one, shape=shape, action="add" if one.action == "add" else "change")
            for one, shape in ((draft.places[key], shape) for key, shape in shapes.items())
        ],
    )


def _retire(connection: Connection, draft: Draft, places: Sequence[Drafted]) -> None:
    """Places of the register end; those that the draft itself had added were never there."""
    forget_places(connection, draft, [one.id for one in places if one.revision is None])
    ended = [replace(one, shape=None, action="end", formers=()) for one in places if one.revision is not None]
    put_places(connection, draft, ended)


def _inside(draft: Draft, shape: BaseGeometry, kind: str) -> None:
    if kind in AREAS and not polygons(shape):
        raise ShapeProblem("not_an_area")
    within = draft.community.shape
    middle = shape if isinstance(shape, Point) else shape.representative_point()
    if within is not None and not within.covers(middle):
        raise ShapeProblem("outside", share=100, area=draft.community.name)


def _named(name: str) -> str:
    if not is_name(name.strip(), MOST_NAME):
        raise ShapeProblem("name", most=MOST_NAME)
    return name.strip()


def _coded(draft: Draft, place: Drafted, code: str) -> str:
    code = code.strip()
    head = draft.community.code
    if place.is_tile:
        if not (len(code) == len(head) + 3 and code.startswith(head) and code.isascii() and code.isdigit()):
            raise ShapeProblem("code", head=head)
    elif not is_name(code, MOST_CODE):
        raise ShapeProblem("long_code", most=MOST_CODE)
    if any(one.kind == place.kind and one.code == code and one.id != place.id for one in draft.places.values()):
        raise ShapeProblem("taken", code=code)
    return code
