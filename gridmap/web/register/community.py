"""`/register/ID`: a community's register as a list: checks, grids, the draft; every step of the map without the map."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.accounts import Actor
from gridmap.db.pools import Connection
from gridmap.places.drafts import Draft, Drafted
from gridmap.places.drawing import draw_step, drop_draft
from gridmap.places.editions import check_now
from gridmap.places.fitting import measured
from gridmap.places.shapes import ShapeProblem
from gridmap.places.stepping import take_again, take_back
from gridmap.read.register import read_editions, read_lineage
from gridmap.web.blueprint import actor, number, pages, titled, typed
from gridmap.web.register import words
from gridmap.web.register.guard import for_keepers, publishes, seen_draft
from gridmap.web.register.steps import asked_step
from gridmap.web.running import run


@pages.get("/register/<int:community_id>")
@for_keepers
def register_community(community_id: int) -> str:
    """Its grids as the draft has them, what is wrong with them today, what has been drawn, and its editions."""
    return community_page(community_id)


@pages.post("/register/<int:community_id>/steps")
@for_keepers
def register_step(community_id: int) -> Response | tuple[str, int]:
    """Take a step in the draft; `back`: the page that asked, the map or the list."""
    return _written(community_id, _step, "stepped")


@pages.post("/register/<int:community_id>/back")
@for_keepers
def register_back(community_id: int) -> Response | tuple[str, int]:
    """Take the last step of the draft back."""
    return _written(community_id, take_back, "stepped_back")


@pages.post("/register/<int:community_id>/forth")
@for_keepers
def register_forth(community_id: int) -> Response | tuple[str, int]:
    """Take the step again that was taken back last."""
    return _written(community_id, take_again, "stepped")


@pages.post("/register/<int:community_id>/drop")
@for_keepers
def register_drop(community_id: int) -> Response | tuple[str, int]:
    """Throw the draft away."""
    return _written(community_id, drop_draft, "draft_dropped")


def _written(community_id: int, command: Callable[..., object], done: str) -> Response | tuple[str, int]:
    """Write to the draft; then the page that asked, the map or the list, says that it is `done`, or why it is not."""
    revision, is_map = number(request.form, "revision") or 0, typed("back", 10) == "map"
    try:
        run(lambda connection: command(connection, actor(), community_id, revision=revision))
    except ShapeProblem as problem:
        told, status = words.problem_words(problem)
        if is_map:
            # imported here: the editor shows its own forms, and both pages know each other
            from gridmap.web.register.editor import editor_page

            return editor_page(community_id, told), status
        return community_page(community_id, told), status
    page = "pages.register_map" if is_map else "pages.register_community"
    return redirect(url_for(page, community_id=community_id, done=done), 303)


def _step(connection: Connection, by: Actor, community_id: int, *, revision: int) -> None:
    draw_step(connection, by, community_id, asked_step(), revision=revision)


def community_page(community_id: int, problem: str = "") -> str:
    """The page; `problem`: why what was asked could not be done."""
    viewer = context.viewer()
    with context.services().database.transaction(viewer.prologue) as connection:
        draft = seen_draft(connection, community_id)
        may_publish = publishes(connection, draft)
        editions = read_editions(connection, viewer, community_id=community_id)
        lineage = read_lineage(connection, viewer, community_id)
    return render_template(
        "register/community.html",
        draft=draft,
        community=draft.community,
        certificate=check_now(draft),
        rows=_rows(draft),
        others=_others(draft),
        buildings=sorted(draft.standing("building").values(), key=_by_code),
        steps=[words.step_words(step) for step in draft.done],
        undone=[words.step_words(step) for step in draft.undone],
        editions=editions,
        lineage=lineage,
        may_publish=may_publish,
        problem=problem,
        faults=words.FAULTS,
        states=words.STATES,
        types=words.TYPES,
        kinds=titled(words.KINDS),
    )


def _by_code(one: Drafted) -> tuple[bool, str, int]:
    return one.code is None, one.code or "", one.id


def _rows(draft: Draft) -> list[dict[str, Any]]:
    """The grids with their areas and the buildings that would lie in them."""
    tiles = draft.tiles()
    homes: Counter[int] = Counter()
    for house in draft.standing("building").values():
        if house.shape is not None:
            at = house.shape.representative_point()
            homes.update(next(([key] for key, one in tiles.items() if one.shape and one.shape.covers(at)), []))
    grids = sorted(draft.standing("grid").values(), key=_by_code)
    return [{"place": one, "area": measured(one.shape), "buildings": homes[one.id]} for one in grids]


def _others(draft: Draft) -> list[Drafted]:
    """Estates, and of all else what the draft changes."""
    found = [one for one in draft.standing().values() if one.kind == "estate" or one.action != "none"]
    return sorted((one for one in found if one.kind != "grid"), key=lambda one: (one.kind, *_by_code(one)))
