"""`/duties/joint`: joint inspections, planned, held, with what was found where; for all who see the estate."""

from typing import Any

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.db.pools import Connection
from gridmap.duties import DutyProblem, SlotChanged
from gridmap.duties.joint import Found, Joint, add_found, change_joint, plan_joint, take_back_found
from gridmap.i18n import _
from gridmap.layer import Role
from gridmap.people.attempt import attempt
from gridmap.read.office.joint import read_bodies, read_founds, read_joint, read_joints, read_places
from gridmap.web.admin.choosing import targets_named
from gridmap.web.asked import today
from gridmap.web.blueprint import PAGE_SIZE, actor, number, page_number, pages, say, typed
from gridmap.web.checks import RESULTS, SEVERITIES
from gridmap.web.duties import words
from gridmap.web.duties.forms import typed_day
from gridmap.web.duties.guard import asked_street, for_office, lead

SEEING = frozenset({Role.LEADER, Role.WORKER, Role.HANDLER, Role.MANAGER, Role.DUTY_RESIDENT, Role.PLANNER})
STATES = {"planned": _("Planned"), "held": _("Has taken place"), "cancelled": _("Called off")}
KIND_WORDS = {"planned": "info", "held": "ok", "cancelled": "warn"}


@pages.get("/duties/joint")
def joints() -> str:
    """The joint inspections that the viewer sees, the newest day first."""
    viewer, page = context.viewer(), page_number()
    if not viewer.roles & SEEING:
        abort(403)
    with context.services().database.transaction(viewer.prologue) as connection:
        rows = read_joints(connection, viewer, limit=PAGE_SIZE + 1, offset=(page - 1) * PAGE_SIZE)
    return render_template(
        "duties/joints.html",
        rows=rows[:PAGE_SIZE],
        has_more=len(rows) > PAGE_SIZE,
        page=page,
        states=STATES,
        kind_words=KIND_WORDS,
        day=today(),
    )


@pages.route("/duties/joint/new", methods=["GET", "POST"])
@for_office
def new_joint() -> str | Response | tuple[str, int]:
    """Plan one: the estate, grid or community is found by its name."""
    street, streets = asked_street()
    if request.method == "GET":
        return _new_page(street, streets)
    found: list[Any] = []
    try:
        with context.services().database.transaction(context.viewer().prologue) as connection:
            found = _fitting(connection)
        if len(found) != 1:
            raise DutyProblem("place")
        level = typed("level", 10)
        joint = _joint(**{"community_id" if level == "community" else "place_id": found[0].id})
        joint_id = _attempt(lambda connection: plan_joint(connection, actor(), joint))
    except DutyProblem as problem:
        many = say(_("Several places fit. Choose one.")) if problem.reason == "place" and len(found) > 1 else ""
        return _new_page(street, streets, many or say(words.PROBLEMS[problem.reason]), found), 422
    return redirect(url_for("pages.joint", joint_id=joint_id, done="joint_planned"), 303)


@pages.route("/duties/joint/<int:joint_id>", methods=["GET", "POST"])
def joint(joint_id: int) -> str | Response | tuple[str, int]:
    """One of them: who took part, what was reported, what was found where."""
    row = _row(joint_id)
    if request.method == "GET":
        return _page(row)
    _must_lead(row)
    revision, state = number(request.form, "revision") or 0, typed("state", 10)
    try:
        changed = _joint()
        _attempt(lambda connection: change_joint(connection, actor(), joint_id, changed, state, revision=revision))
    except SlotChanged:
        return _page(row, say(words.PROBLEMS["changed"])), 409
    except DutyProblem as problem:
        return _page(row, say(words.PROBLEMS[problem.reason])), 422
    return redirect(url_for("pages.joint", joint_id=joint_id, done="saved"), 303)


@pages.post("/duties/joint/<int:joint_id>/found")
@for_office
def joint_found(joint_id: int) -> Response | tuple[str, int]:
    """Write down what was found at one place, or take that back."""
    row = _row(joint_id)
    _must_lead(row)
    undo = number(request.form, "undo")
    try:
        if undo:
            _attempt(lambda connection: take_back_found(connection, actor(), joint_id, undo))
        else:
            severity = number(request.form, "severity") if typed("result", 10) == "finding" else None
            found = Found(
                place_id=number(request.form, "place") or 0,
                result=typed("result", 10),
                severity=severity,
                note=typed("note", 600),
            )
            _attempt(lambda connection: add_found(connection, actor(), joint_id, found))
    except DutyProblem as problem:
        return _page(row, say(words.PROBLEMS[problem.reason])), 422
    return redirect(url_for("pages.joint", joint_id=joint_id) + "#found", 303)


def _attempt(command: Any) -> Any:
    try:
        return attempt(context.services().database, context.viewer().prologue, command)
    except LookupError:
        abort(404)


def _row(joint_id: int) -> dict[str, Any]:
    viewer = context.viewer()
    if not viewer.roles & SEEING or joint_id >= 1 << 53:
        abort(404)
    with context.services().database.transaction(viewer.prologue) as connection:
        row = read_joint(connection, viewer, joint_id)
    if row is None:
        abort(404)
    return row


def _must_lead(row: dict[str, Any]) -> None:
    if Role.LEADER not in context.viewer().roles or not lead().leads(row["street_id"], row["community_id"]):
        abort(403)


def _joint(**where: int) -> Joint:
    bodies = tuple(sorted({int(one) for one in request.form.getlist("bodies") if one.isdigit() and len(one) < 17}))
    text = request.form.get("note", "").replace("\0", "").replace("\r\n", "\n").strip()
    return Joint(title=typed("title", 200), planned_on=typed_day("planned_on"), bodies=bodies, note=text, **where)


def _fitting(connection: Connection) -> list[Any]:
    level, text, chosen = typed("level", 10), typed("where"), number(request.form, "where_id")
    if level not in ("estate", "grid", "community") or not (text or chosen):
        raise DutyProblem("place")
    found = targets_named(connection, level, text)
    return [one for one in found if one.id == chosen] if chosen else found


def _new_page(street: Any, streets: Any, problem: str = "", found: list[Any] | None = None) -> str:
    with context.services().database.transaction(context.viewer().prologue) as connection:
        bodies = read_bodies(connection, street.id)
    return render_template(
        "duties/joint_new.html",
        street=street,
        streets=streets,
        bodies=bodies,
        problem=problem,
        found=found or [],
        typed=request.form,
        chosen=request.form.getlist("bodies"),
        day=today(),
    )


def _page(row: dict[str, Any], problem: str = "") -> str:
    viewer = context.viewer()
    may = Role.LEADER in viewer.roles and lead().leads(row["street_id"], row["community_id"])
    with context.services().database.transaction(viewer.prologue) as connection:
        founds = read_founds(connection, viewer, row["id"])
        bodies = read_bodies(connection, row["street_id"]) if may else []
        places = read_places(connection, viewer, row) if may else []
        names = connection.execute(
            "SELECT id, name FROM gridmap.organisation WHERE id = ANY (%s) ORDER BY name", (row["bodies"],)
        ).fetchall()
    return render_template(
        "duties/joint.html",
        row=row,
        founds=founds,
        bodies=bodies,
        places=places,
        names=names,
        may=may,
        problem=problem,
        states=STATES,
        kind_words=KIND_WORDS,
        results=RESULTS,
        severities=SEVERITIES,
        day=today(),
    )
