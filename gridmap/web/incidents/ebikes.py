"""`/ebikes`: the survey of e-bikes, estate by estate, stairwell by stairwell, made to be done standing."""

from datetime import timedelta
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.incidents import CaseChanged, IncidentProblem
from gridmap.incidents.ebikes import FINDINGS, Counted, count_ebikes
from gridmap.read.incidents.ebikes import read_door, read_doors, read_open_findings, read_survey
from gridmap.web.asked import today
from gridmap.web.blueprint import PAGE_SIZE, actor, page_number, pages
from gridmap.web.incidents.desk import for_duty, houses_title, shown_estate, words_of
from gridmap.web.incidents.diary_words import FINDINGS as FINDING_WORDS
from gridmap.web.running import run

FRESH = timedelta(days=90)
"""A stairwell that was counted within a quarter counts as done."""


@pages.get("/ebikes")
@for_duty
def ebikes() -> str:
    """How far the survey is in each estate."""
    viewer, page = context.viewer(), page_number()
    with context.services().database.transaction(viewer.prologue) as connection:
        rows = read_survey(connection, viewer, today() - FRESH, limit=PAGE_SIZE + 1, offset=(page - 1) * PAGE_SIZE)
    return render_template(
        "ebikes/estates.html",
        rows=rows[:PAGE_SIZE],
        has_more=len(rows) > PAGE_SIZE,
        page=page,
        day=today(),
        houses_title=houses_title,
    )


@pages.get("/ebikes/<int:estate_id>")
@for_duty
def ebikes_estate(estate_id: int) -> str:
    """The stairwells of an estate with their last count; 404 where the viewer sees none."""
    viewer = context.viewer()
    if estate_id >= 1 << 53:
        abort(404)
    with context.services().database.transaction(viewer.prologue) as connection:
        estate = shown_estate(connection, estate_id)
        doors = read_doors(connection, viewer, estate_id)
        found = read_open_findings(connection, estate_id >> 32, [one["id"] for one in doors], FINDINGS)
    if not doors:
        abort(404)
    since = today() - FRESH
    waiting = (one["id"] for one in doors if one["counted_on"] is None or one["counted_on"] < since)
    return render_template(
        "ebikes/estate.html",
        estate=estate,
        doors=doors,
        houses=_by_house(doors),
        next_door=next(waiting, None),
        found=found,
        since=since,
        findings=FINDING_WORDS,
    )


def _by_house(doors: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The stairwells by building, in walking order; buildings that have none come last."""
    houses: dict[str, list[dict[str, Any]]] = {}
    for one in doors:
        houses.setdefault(one["house"] or "", []).append(one)
    return sorted(houses.items(), key=lambda group: not group[0])


@pages.route("/ebikes/at/<int:place_id>", methods=["GET", "POST"])
@for_duty
def ebikes_door(place_id: int) -> str | Response | tuple[str, int]:
    """One stairwell: two numbers and three findings; saving leads on to the next one that is not counted yet."""
    door = _door(place_id)
    if request.method == "GET":
        return _page(door)
    try:
        counted = Counted(
            place_id=place_id,
            bikes=_count("bikes"),
            chargers=_count("chargers"),
            findings=tuple(one for one in FINDINGS if one in request.form.getlist("findings")),
        )
        run(lambda connection: count_ebikes(connection, actor(), counted))
    except (IncidentProblem, CaseChanged) as problem:
        sentence, status = words_of(problem)
        return _page(door, sentence), status
    following = _next(door)
    if following is None:
        return redirect(url_for("pages.ebikes_estate", estate_id=door["estate_id"], done="ebikes_all")
                        if door["estate_id"] else url_for("pages.ebikes"), 303)  # fmt: skip
    return redirect(url_for("pages.ebikes_door", place_id=following, done="ebikes_next"), 303)


def _count(name: str) -> int:
    text = request.form.get(name, "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise IncidentProblem("count")
    return int(text)


def _door(place_id: int) -> dict[str, Any]:
    viewer, row = context.viewer(), None
    if place_id < 1 << 53:
        with context.services().database.transaction(viewer.prologue) as connection:
            row = read_door(connection, viewer, place_id)
    if row is None:
        abort(404)
    return row


def _next(door: dict[str, Any]) -> int | None:
    """The next stairwell in walking order that was not counted lately; after the last one the first again."""
    if door["estate_id"] is None:
        return None
    viewer = context.viewer()
    with context.services().database.transaction(viewer.prologue) as connection:
        doors = read_doors(connection, viewer, door["estate_id"])
    ids = [one["id"] for one in doors]
    at = ids.index(door["id"]) + 1 if door["id"] in ids else 0
    since = today() - FRESH
    waiting = [one for one in [*doors[at:], *doors[:at]] if one["counted_on"] is None or one["counted_on"] < since]
    return next((one["id"] for one in waiting if one["id"] != door["id"]), None)


def _page(door: dict[str, Any], problem: str = "") -> str:
    with context.services().database.transaction(context.viewer().prologue) as connection:
        found = read_open_findings(connection, door["id"] >> 32, [door["id"]], FINDINGS).get(door["id"], [])
    return render_template(
        "ebikes/door.html",
        door=door,
        houses_title=houses_title,
        open=found,
        findings=FINDING_WORDS,
        typed=request.form,
        problem=problem,
        day=today(),
    )
