"""Grids among their neighbours: those of the community; of a micro grid, those of the grid that it lies in. Pure."""

from shapely.geometry.base import BaseGeometry

from gridmap.places.drafts import Draft, Drafted
from gridmap.places.fitting import Area, as_area, fit_area, follow_area, polygons
from gridmap.places.shapes import ShapeProblem


def fitted_grid(draft: Draft, wanted: Area, own: Drafted | None, *, is_tile: bool) -> tuple[Area, dict[int, Area]]:
    """The grid as it fits among the others, and those that change, by id; a micro grid in the grid under most of it."""
    if is_tile:
        whole, name, peers = draft.community.shape, draft.community.name, draft.tiles()
        within = None if whole is None else as_area(polygons(whole))
    else:
        home = max(draft.tiles().values(), key=lambda one: area_of(one).intersection(wanted).area, default=None)
        if home is None or not area_of(home).intersects(wanted):
            raise ShapeProblem("outside", share=100, area=draft.community.name)
        within, name, peers = area_of(home), home.name, draft.inner(home)
    others = {key: area_of(one) for key, one in peers.items() if own is None or key != own.id}
    before = area_of(own) if own is not None and own.shape is not None else None
    try:
        return fit_area(wanted, before, others, within)
    except ShapeProblem as problem:
        if problem.reason == "outside":
            raise ShapeProblem("outside", share=100, area=name) from None
        raise _named_problem(draft, problem) from None


def followed_micro(draft: Draft, tile: Drafted, shape: Area) -> dict[int, Area]:
    """What becomes of the micro grids in a grid that gets another shape; those that change, by id."""
    try:
        return follow_area(area_of(tile), shape, {key: area_of(one) for key, one in draft.inner(tile).items()})
    except ShapeProblem as problem:
        raise _named_problem(draft, problem) from None


def heirs_of(draft: Draft, place: Drafted) -> dict[int, Drafted]:
    """The grids that could take over the ground of one."""
    if place.is_tile:
        found = draft.tiles()
    elif place.kind == "grid":
        found = next((inner for one in draft.tiles().values() if place.id in (inner := draft.inner(one))), {})
    else:
        found = {}
    return {key: one for key, one in found.items() if key != place.id}


def area_of(place: Drafted) -> Area:
    """Its shape as an area. Raises ShapeProblem("no_shape")."""
    if place.shape is None:
        raise ShapeProblem("no_shape", name=place.name)
    return area_in(place.shape)


def area_in(shape: BaseGeometry) -> Area:
    """The polygons of a shape. Raises ShapeProblem("not_an_area")."""
    parts = polygons(shape)
    if not parts:
        raise ShapeProblem("not_an_area")
    return as_area(parts)


def _named_problem(draft: Draft, problem: ShapeProblem) -> ShapeProblem:
    """The same with the name of the place instead of its id."""
    if "id" not in problem.values:
        return problem
    found = draft.places.get(int(str(problem.values["id"])))
    return ShapeProblem(problem.reason, name=found.name if found else "")
