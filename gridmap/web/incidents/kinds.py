"""`/incidents/kinds`: what can be reported, how long it may take, when it is filed and closed, and who takes it."""

from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any

from flask import abort, redirect, render_template, request
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.db.pools import Connection
from gridmap.incidents import IncidentProblem
from gridmap.incidents.catalogue import Kind, add_kind, change_kind, set_stages, set_takers
from gridmap.layer import Role
from gridmap.people.attempt import attempt
from gridmap.read.incidents.choices import read_classes, read_kinds, read_stages, read_streets, read_units
from gridmap.web.asked import today
from gridmap.web.blueprint import actor, number, pages, say, typed
from gridmap.web.duties.guard import lead
from gridmap.web.incidents import words
from gridmap.web.incidents.board import given as shared

DAY = words.DAY
UNITS = {"hours": 60, "days": DAY}
"""In what a limit is typed: hours of its clock, or days of eight working hours (round the clock: of 24)."""


@pages.get("/incidents/kinds")
def incident_kinds() -> str:
    """Every kind by class with its limits; those no longer in use below."""
    _for_keepers()
    return _list("")


@pages.post("/incidents/kinds/stages")
def incident_stages() -> Response | tuple[str, int]:
    """Within which time the office itself files, dispatches and verifies."""
    _must_edit()
    hours = {code: typed(code, 8) for code in words.STAGES}
    try:
        minutes = {code: round(float(text) * 60) for code, text in hours.items()}
        _attempt(lambda connection: set_stages(connection, actor(), minutes))
    except (ValueError, OverflowError):
        return _list(say(words.PROBLEMS["minutes"])), 422
    except IncidentProblem as problem:
        return _list(_words_of(problem)), 422
    return redirect("/incidents/kinds?done=stages_saved", 303)


@pages.route("/incidents/kinds/new", methods=["GET", "POST"])
def new_incident_kind() -> str | Response | tuple[str, int]:
    """A local kind to be."""
    _must_edit()
    if request.method == "GET":
        return _form(None, {})
    try:
        kind = _typed_kind(typed("code", 5))
        _attempt(lambda connection: add_kind(connection, actor(), kind))
    except IncidentProblem as problem:
        return _form(None, request.form, _words_of(problem)), 422
    return redirect(f"/incidents/kinds/{kind.code}?done=kind_saved", 303)


@pages.route("/incidents/kinds/<code>", methods=["GET", "POST"])
def incident_kind(code: str) -> str | Response | tuple[str, int]:
    """One kind with its limits, and who takes it in the viewer's streets."""
    _for_keepers()
    row = _row(code)
    if request.method == "GET":
        return _form(row, {})
    _must_edit()
    try:
        kind = _typed_kind(code)
        _attempt(lambda connection: change_kind(connection, actor(), kind))
    except IncidentProblem as problem:
        return _form(row, request.form, _words_of(problem)), 422
    return redirect("/incidents/kinds?done=kind_saved#k" + code, 303)


@pages.post("/incidents/kinds/<code>/takers")
def incident_takers(code: str) -> Response | tuple[str, int]:
    """Which units take such cases in a street that the viewer leads."""
    _for_keepers()
    row, street = _row(code), number(request.form, "street") or 0
    if not lead().leads_street(street):
        abort(403)
    chosen = [int(one) for one in request.form.getlist("unit") if one.isascii() and one.isdigit() and len(one) < 17]
    try:
        _attempt(lambda connection: set_takers(connection, actor(), street, code, chosen))
    except IncidentProblem as problem:
        return _form(row, {}, _words_of(problem)), 422
    return redirect(f"/incidents/kinds/{code}?street={street}&done=taker_saved#takers", 303)


def may_edit() -> bool:
    """Kinds and limits hold for the whole installation: for administrators, and for who leads every street of it."""
    viewer = context.viewer()
    if viewer.administers:
        return True
    if Role.LEADER not in viewer.roles:
        return False
    with context.services().database.transaction(viewer.prologue) as connection:
        every = {row["id"] for row in read_streets(connection, None)}
    return lead().is_city or every <= lead().streets


def _for_keepers() -> None:
    viewer = context.viewer()
    if not (viewer.administers or Role.LEADER in viewer.roles):
        abort(403)


def _must_edit() -> None:
    _for_keepers()
    if not may_edit():
        abort(403)


def _row(code: str) -> dict[str, Any]:
    with context.services().database.transaction(context.viewer().prologue) as connection:
        row = next((one for one in read_kinds(connection) if one["code"] == code), None)
    if row is None:
        abort(404)
    return row


def _attempt(command: Callable[[Connection], None]) -> None:
    try:
        attempt(context.services().database, context.viewer().prologue, command)
    except LookupError:
        abort(404)


def _words_of(problem: IncidentProblem) -> str:
    return say(words.PROBLEMS.get(problem.reason) or words.REFUSALS[problem.reason])


def _list(problem: str) -> str:
    with context.services().database.transaction(context.viewer().prologue) as connection:
        kinds, stages = read_kinds(connection), read_stages(connection)
    current = [row for row in kinds if today() in row["valid"]]
    groups = [(list(some)) for _code, some in groupby(current, key=lambda row: row["class"])]
    return render_template(
        "incidents/kinds.html",
        groups=groups,
        ended=[row for row in kinds if today() not in row["valid"]],
        stages=stages,
        may_edit=may_edit(),
        problem=problem,
        **shared(),
    )


def _form(row: dict[str, Any] | None, given: Mapping[str, Any], problem: str = "") -> str:
    """The page of a kind: what was typed, else as it is."""
    viewer = context.viewer()
    led = [] if row is None else _led_streets()
    asked = number(request.values, "street")
    street = next((one for one in led if asked in (None, one["id"])), None)
    with context.services().database.transaction(viewer.prologue) as connection:
        classes = read_classes(connection)
        units = read_units(connection, [street["id"]], today()) if street else []
        takers = _takers(connection, street["id"], row["code"]) if street and row else []
    plain: dict[str, Any] = dict(row) if row else {"nature": "event", "severity": 2, "near_m": 50, "limits": {}}
    return render_template(
        "incidents/kind.html",
        row=row,
        given={**plain, **{name: given[name] for name in given}},
        limits={severity: _limit(plain["limits"], given, severity) for severity in words.SEVERITIES},
        in_use=row is None or today() in row["valid"] if not given else "in_use" in given,
        classes=classes,
        streets=led,
        street=street,
        units=units,
        takers=takers,
        may_edit=may_edit(),
        problem=problem,
        **shared(),
    )


def _led_streets() -> list[dict[str, Any]]:
    found = lead()
    with context.services().database.transaction(context.viewer().prologue) as connection:
        return read_streets(connection, None if found.is_city else sorted(found.streets))


def _takers(connection: Connection, street_id: int, kind: str) -> list[int]:
    rows = connection.execute(
        "SELECT organisation_id FROM gridmap.incident_taker WHERE street_id = %s AND kind = %s ORDER BY sort",
        (street_id, kind),
    ).fetchall()
    return [row["organisation_id"] for row in rows]


def _limit(limits: Mapping[str, Any], given: Mapping[str, Any], severity: int) -> tuple[str, str, str]:
    """A limit as the form shows it: amount, its unit (hours, days), the clock; empty where there is none."""
    if f"amount_{severity}" in given:
        return given[f"amount_{severity}"], given.get(f"unit_{severity}", "hours"), given.get(f"clock_{severity}", "")
    one = limits.get(str(severity))
    if one is None:
        return "", "days", "working"
    day = DAY if one["clock"] == "working" else 1440
    if one["minutes"] % day == 0:
        return str(one["minutes"] // day), "days", one["clock"]
    return f"{one['minutes'] / 60:g}", "hours", one["clock"]


def _typed_kind(code: str) -> Kind:
    """The kind as the form says it. Raises IncidentProblem."""
    limits = {}
    for severity in words.SEVERITIES:
        amount, clock = typed(f"amount_{severity}", 8), typed(f"clock_{severity}", 10)
        if not amount:
            continue
        day = DAY if clock == "working" else 1440
        try:
            limits[severity] = (round(float(amount) * (day if typed(f"unit_{severity}", 8) == "days" else 60)), clock)
        except (ValueError, OverflowError):
            raise IncidentProblem("minutes") from None
    near = number(request.form, "near_m")
    return Kind(
        code=code,
        title=typed("title", 61),
        title_en=typed("title_en", 61),
        nature=typed("nature", 20),
        severity=number(request.form, "severity") or 2,
        near_m=50 if near is None else near,
        files_when=typed("files_when", 301),
        closes_when=typed("closes_when", 301),
        in_use="in_use" in request.form or "new" in request.form,
        limits=limits,
    )
