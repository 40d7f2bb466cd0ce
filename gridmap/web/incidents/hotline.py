"""`/hotline`: orders of the 12345 hotline: those without a place, those that are cases, answers going back."""

from typing import Any

from flask import Response as FileResponse
from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.audit import write_audit
from gridmap.coords import CoordError, LonLat
from gridmap.incidents import CaseChanged, IncidentProblem
from gridmap.incidents.hotline import drop_order, place_order, read_mappings, requeue_order
from gridmap.incidents.hotline.giving import answer_columns, as_csv, as_workbook, filled_row
from gridmap.layers.incidents import STATES
from gridmap.read.incidents.hotline import count_orders, read_answers, read_near, read_order, read_orders_of
from gridmap.web.asked import today
from gridmap.web.blueprint import PAGE_SIZE, actor, number, page_number, pages, typed
from gridmap.web.duties.guard import asked_street, lead
from gridmap.web.incidents.desk import (
    SeveralPlaces,
    chosen_place,
    for_leaders,
    kind_groups,
    known_place,
    place_title,
    words_of,
)
from gridmap.web.incidents.diary_words import ORDER_PROBLEMS, ORDER_STATES
from gridmap.web.place_words import in_language
from gridmap.web.running import run

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pages.get("/hotline")
@for_leaders
def hotline() -> str:
    """The orders of a street, state by state; first those that wait for a place, the nearest deadline on top."""
    viewer, page, now = context.viewer(), page_number(), context.services().clock.now()
    street, streets = asked_street()
    with context.services().database.transaction(viewer.prologue) as connection:
        counts = count_orders(connection, viewer, street.id)
        usual = "queued" if counts["queued"] else "placed"
        state = request.args.get("state", usual)
        state = state if state in ORDER_STATES else usual
        rows = read_orders_of(
            connection, viewer, street.id, state, now, limit=PAGE_SIZE + 1, offset=(page - 1) * PAGE_SIZE
        )
        mappings = read_mappings(connection, street.id)
    return render_template(
        "hotline/orders.html",
        street=street,
        streets=streets,
        rows=rows[:PAGE_SIZE],
        has_more=len(rows) > PAGE_SIZE,
        page=page,
        counts=counts,
        state=state,
        states=ORDER_STATES,
        problems=ORDER_PROBLEMS,
        case_states=STATES,
        mappings=mappings,
        may_import=lead().leads_street(street.id),
        place_title=place_title,
        in_language=in_language,
        new={word: number(request.args, f"new_{word}") for word in ("placed", "queued", "known")},
        day=today(),
    )


@pages.route("/hotline/<int:order_id>", methods=["GET", "POST"])
@for_leaders
def hotline_order(order_id: int) -> str | Response | tuple[str, int]:
    """One order: placed by hand, put away with a reason, or taken back into the queue."""
    row = seen_order(order_id)
    if request.method == "GET":
        return _page(row)
    if not may_place(row):
        abort(403)
    revision, what = number(request.form, "revision") or 0, typed("what", 10)
    try:
        if what == "drop":
            run(lambda connection: drop_order(connection, actor(), order_id, typed("reason", 300), revision=revision))
        elif what == "requeue":
            run(lambda connection: requeue_order(connection, actor(), order_id, revision=revision))
        else:
            return _place(row, revision)
    except SeveralPlaces as several:
        return _page(row, *words_of(several)[:1], choices=several.found), 422
    except (IncidentProblem, CaseChanged) as problem:
        sentence, status = words_of(problem)
        return _page(seen_order(order_id), sentence), status
    return redirect(url_for("pages.hotline", street=row["street_id"], done="saved"), 303)


@pages.get("/hotline/answers.<any(csv, xlsx):form>")
@for_leaders
def hotline_answers(form: str) -> FileResponse:
    """The answers in the hotline's own columns; names and telephones stay masked: the hotline knows them."""
    viewer, now = context.viewer(), context.services().clock.now()
    street, _streets = asked_street()
    with context.services().database.transaction(viewer.prologue) as connection:
        mappings = read_mappings(connection, street.id)
        wanted = number(request.args, "mapping")
        mapping = next((one for one in mappings if wanted in (None, one["id"])), None)
        if mapping is None:
            abort(404)
        rows = read_answers(connection, viewer, street.id, mapping["id"], now)
        write_audit(
            connection,
            action="export",
            subject="hotline_order",
            street_id=street.id,
            business_at=now,
            account_id=viewer.account_id,
            after={"form": form, "rows": len(rows), "mapping": mapping["name"]},
        )
    headings, places = answer_columns(mapping["columns"], mapping["headings"])
    filled = [filled_row(row, places) for row in rows]
    is_gbk = request.args.get("encoding") == "gb18030"
    body = (
        as_workbook(headings, filled)
        if form == "xlsx"
        else as_csv(headings, filled, encoding="gb18030" if is_gbk else None)
    )
    mimetype = WORKBOOK if form == "xlsx" else f"text/csv; charset={'gb18030' if is_gbk else 'utf-8'}"
    name = f"12345-{today().isoformat()}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return FileResponse(body, mimetype=mimetype, headers=headers)


def _place(row: dict[str, Any], revision: int) -> Response:
    at = typed_point()
    place_id = None
    if at is None:
        with context.services().database.transaction(context.viewer().prologue) as connection:
            place_id, _community = chosen_place(connection)
        if place_id is None:
            raise IncidentProblem("where")
    kind = typed("kind", 8) or None
    run(lambda connection: place_order(connection, actor(), row["id"], place_id, revision=revision, at=at, kind=kind))
    nearest = _next_queued(row["street_id"])
    if nearest and request.form.get("next"):
        return redirect(url_for("pages.hotline_order", order_id=nearest, done="order_placed"), 303)
    return redirect(url_for("pages.hotline", street=row["street_id"], done="order_placed"), 303)


def typed_point() -> tuple[float, float] | None:
    """The point of a form as longitude and latitude; None where it has none. Raises IncidentProblem("where")."""
    said = typed("at", 60)
    if not said:
        return None
    try:
        lon, lat = (float(part) for part in said.split(","))
        point = LonLat(lon, lat)
    except (ValueError, CoordError):
        raise IncidentProblem("where") from None
    return point.lon, point.lat


def may_place(row: dict[str, Any]) -> bool:
    """Whether the viewer leads where the order lies: of one without a place, the street."""
    return lead().leads(row["street_id"], row["community_id"])


def _next_queued(street_id: int) -> int | None:
    viewer, now = context.viewer(), context.services().clock.now()
    with context.services().database.transaction(viewer.prologue) as connection:
        rows = read_orders_of(connection, viewer, street_id, "queued", now, limit=1, offset=0)
    return rows[0]["id"] if rows else None


def seen_order(order_id: int) -> dict[str, Any]:
    """The order of the address; 404 where the viewer sees none of that id."""
    viewer, row = context.viewer(), None
    if order_id < 1 << 53:
        with context.services().database.transaction(viewer.prologue) as connection:
            row = read_order(connection, viewer, order_id, context.services().clock.now())
    if row is None:
        abort(404)
    return row


def _page(row: dict[str, Any], problem: str = "", choices: Any = ()) -> str:
    may = row["state"] != "placed" and may_place(row)
    with context.services().database.transaction(context.viewer().prologue) as connection:
        near = read_near(connection, row["street_id"], row["near"])
        place = known_place(connection, number(request.values, "place"))
        kinds = kind_groups(connection) if may else []
    return render_template(
        "hotline/order.html",
        one=row,
        near=near,
        place=place,
        choices=choices,
        kinds=kinds,
        may=may,
        typed=request.form,
        problem=problem,
        problems=ORDER_PROBLEMS,
        states=ORDER_STATES,
        case_states=STATES,
        place_title=place_title,
        in_language=in_language,
        day=today(),
    )
