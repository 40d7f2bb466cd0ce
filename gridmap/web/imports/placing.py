"""`/placing`: rows of files that no position leads to a place: put on the map by hand, skipped, or put away."""

import re
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.coords import LonLat
from gridmap.db import SYSTEM
from gridmap.db.pools import Connection
from gridmap.load.kinds import KINDS as SORTS
from gridmap.load.store.placing import place_row, reject_row
from gridmap.load.store.waiting import PlacingProblem
from gridmap.web.blueprint import PAGE_SIZE, actor, page_number, pages, typed
from gridmap.web.imports import words
from gridmap.web.imports.guard import MAX_ID, for_importers, importing, sentence
from gridmap.web.imports.preview_map import street_bounds, street_map
from gridmap.web.map_page import alone
from gridmap.web.register.guard import READERS

STATES = ("waiting", "placed", "rejected")
WHY_LENGTH = 200
LIST = """
SELECT u.id, u.kind, u.name, u.address, u.reason, u.state, u.why, u.place_id, u.file_row, r.file_name,
  s.name AS street_name, p.code AS place_code
FROM gridmap.unplaced u JOIN gridmap.import_run r ON r.id = u.run_id JOIN gridmap.street s ON s.id = u.street_id
LEFT JOIN gridmap.place p ON (p.street_id, p.id) = (u.street_id, u.place_id)
WHERE u.state = %(state)s AND (%(city)s OR u.street_id = ANY (%(streets)s))
ORDER BY u.street_id, u.id LIMIT %(limit)s OFFSET %(offset)s
"""
COUNTS = """
SELECT state, count(*) AS rows FROM gridmap.unplaced
WHERE %(city)s OR street_id = ANY (%(streets)s) GROUP BY 1
"""
ONE = """
SELECT u.*, r.file_name, s.name AS street_name FROM gridmap.unplaced u
JOIN gridmap.import_run r ON r.id = u.run_id JOIN gridmap.street s ON s.id = u.street_id
WHERE u.street_id = %(street)s AND u.id = %(id)s
"""
NEXT = """
SELECT min(id) FILTER (WHERE id > %(id)s) AS later, min(id) FILTER (WHERE id <> %(id)s) AS first, count(*) AS rows
FROM gridmap.unplaced WHERE street_id = %(street)s AND state = 'waiting'
"""


@pages.get("/placing")
@for_importers
def placing() -> str:
    """The rows that wait, and those that have been placed or put away."""
    state, page = typed("state", 10) or "waiting", page_number()
    if state not in STATES:
        abort(400)
    values = {"city": importing().is_city, "streets": sorted(importing().streets), "state": state}
    values |= {"limit": PAGE_SIZE + 1, "offset": (page - 1) * PAGE_SIZE}
    with context.services().database.transaction(context.viewer().prologue) as connection:
        rows = connection.execute(LIST, values).fetchall()
        counts = {row["state"]: row["rows"] for row in connection.execute(COUNTS, values).fetchall()}
    return render_template(
        "imports/placing.html",
        rows=rows[:PAGE_SIZE],
        counts=counts,
        state=state,
        page=page,
        page_count=page + (len(rows) > PAGE_SIZE),
        kinds=words.KINDS,
        sentence=sentence,
    )


@pages.get("/placing/<int:unplaced_id>")
@for_importers
def placing_one(unplaced_id: int) -> str | Response:
    """The map on which one row is placed; one that waits no more leads to the list."""
    return _map(unplaced_id)


@pages.post("/placing/<int:unplaced_id>")
@for_importers
def place_one(unplaced_id: int) -> Response | tuple[str, int]:
    """Place the row where the map was tapped, or put it away with a reason; then the next one."""
    with context.services().database.transaction(context.viewer().prologue) as connection:
        _seen(connection, unplaced_id)
    do, why = typed("do", 10), typed("why", WHY_LENGTH)
    if do not in ("place", "reject"):
        abort(400)
    at = _tapped() if do == "place" else None
    problem = "no_spot" if do == "place" and at is None else "reason_needed" if do == "reject" and not why else ""
    if problem:
        return _problem(unplaced_id, sentence(problem))
    try:
        # the register refuses by the whole street, of which the viewer has been found to bring files into all
        with context.services().database.transaction(SYSTEM) as connection:
            if at is not None:
                place_row(connection, actor(), unplaced_id, at)
            else:
                reject_row(connection, actor(), unplaced_id, why)
    except PlacingProblem as refused:
        if refused.reason == "moved":
            return redirect(url_for("pages.placing"), 303)
        why_not = sentence(refused.finding.code, refused.finding.params) if refused.finding else ""
        return _problem(unplaced_id, sentence("misplaced", {"why": why_not}))
    return _to_next(unplaced_id, "row_placed" if at else "row_rejected")


def _problem(unplaced_id: int, problem: str) -> Response | tuple[str, int]:
    page = _map(unplaced_id, problem)
    return page if isinstance(page, Response) else (page, 422)


def _tapped() -> LonLat | None:
    """The point of the form as longitude,latitude; None where it says none. 400 for what is no point."""
    text = typed("at", 40)
    if not text:
        return None
    try:
        lon, lat = (float(part) for part in re.split(r"[,\uff0c\s]+", text))
    except ValueError:
        abort(400)
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        abort(400)
    return LonLat(lon, lat)


def _seen(connection: Connection, unplaced_id: int) -> dict[str, Any]:
    """The row; 404 for one that is none, or of a street that is not the viewer's."""
    values = {"street": unplaced_id >> 32, "id": unplaced_id}
    row = connection.execute(ONE, values).fetchone() if unplaced_id < MAX_ID else None
    if row is None or not importing().may(row["street_id"]):
        abort(404)
    return row


def _next(connection: Connection, unplaced_id: int) -> tuple[int | None, int]:
    """(the row that waits after this one, else the first of its street; how many wait)."""
    row = connection.execute(NEXT, {"street": unplaced_id >> 32, "id": unplaced_id}).fetchone() or {}
    return row["later"] or row["first"], int(row["rows"])


def _to_next(unplaced_id: int, done: str) -> Response:
    with context.services().database.transaction(context.viewer().prologue) as connection:
        following, _left = _next(connection, unplaced_id)
    if following is None:
        return redirect(url_for("pages.placing", done=done), 303)
    return redirect(url_for("pages.placing_one", unplaced_id=following, done=done), 303)


def _map(unplaced_id: int, problem: str = "") -> str | Response:
    with context.services().database.transaction(context.viewer().prologue) as connection:
        row = _seen(connection, unplaced_id)
        following, left = _next(connection, unplaced_id)
    if row["state"] != "waiting":
        return redirect(url_for("pages.placing"), 303)
    attributes = row["cells"]["attributes"]
    return render_template(
        "imports/placing_map.html",
        **alone(street_map(street_bounds(row["street_id"])), url_for("pages.placing")),
        one=row,
        cells=[(words.TARGETS.get(name, name), text) for name, text in attributes.items() if name != "name"],
        following=following,
        left=left,
        problem=problem,
        kinds=words.KINDS,
        reason=sentence(row["reason"], {}),
        tapped=request.form.get("at", ""),
        by_point=SORTS[row["kind"]].by_point,
        may_draw=bool(context.viewer().roles & READERS),
    )
