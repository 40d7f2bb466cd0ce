"""`/parking/gates/ID`: a gate with its barrier, the columns of its list, and the list itself, with a reason."""

from collections.abc import Mapping
from typing import Any

from flask import Response as FileResponse
from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.i18n import _
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.gate_list import ENCODINGS, read_running_bans, take_gate_list
from gridmap.parking.gates import (
    FORMS,
    MOST_COLUMNS,
    Gate,
    ListColumn,
    gate_of,
    moment_words,
    read_gate,
    set_gate,
    typed_columns,
    typed_width,
)
from gridmap.parking.setting_words import BARRIERS
from gridmap.web.asked import today
from gridmap.web.blueprint import actor, number, pages, say, titled, typed
from gridmap.web.parking.deciding import MOST_ID, for_readers, leads_here, must_lead, words_of
from gridmap.web.running import run

FIELD_WORDS = {
    "plate": _("Number plate"),
    "masked": _("Number plate, masked"),
    "starts_at": _("Banned from"),
    "until": _("Banned until"),
    "reason": _("Reason"),
    "estate": _("Estate"),
    "kind": _("Kind of list"),
    "number": _("Row number"),
    "empty": _("Left empty"),
}
USUAL = ("plate", "starts_at", "until", "reason")
"""What the list of a gate holds that nobody has said anything else of."""
BLACKLIST = _("Blacklist")
ENCODING_WORDS = {"utf-8": _("UTF-8, for newer programs and Excel"), "gb18030": _("GB18030, for older programs")}
EMPTY_ROWS = 2


@pages.route("/parking/gates/<int:gate_id>", methods=["GET", "POST"])
@for_readers
def parking_gate(gate_id: int) -> str | Response | tuple[str, int]:
    """What is known of a gate; who leads the community or the street changes it."""
    gate = seen_gate(gate_id)
    if request.method == "GET":
        return _page(gate)
    must_lead(gate)
    revision = number(request.form, "revision") or 0
    try:
        told = Gate(width_m=typed_width(typed("width", 10)), barrier=typed("barrier", 20), columns=_columns())
        run(lambda connection: set_gate(connection, actor(), gate_id, told, revision=revision))
    except ParkingProblem as problem:
        sentence, status = words_of(problem)
        return _page(gate, sentence, is_typed=True), status
    return redirect(url_for("pages.parking_gate", gate_id=gate_id, done="gate_set"), 303)


@pages.route("/parking/gates/<int:gate_id>/list.csv", methods=["GET", "POST"])
@for_readers
def parking_gate_list(gate_id: int) -> str | FileResponse | tuple[str, int]:
    """The form that asks for a reason; and the file, with plates in clear, each of them logged."""
    gate = seen_gate(gate_id)
    must_lead(gate)
    if request.method == "GET":
        return _list_page(gate)
    encoding = typed("encoding", 10)
    try:
        taken = run(
            lambda connection: take_gate_list(
                connection,
                actor(),
                gate_id,
                words={"kind": say(BLACKLIST)},
                usual=usual_columns(),
                reason=typed("reason", 600),
                encoding=encoding,
            )
        )
    except ParkingProblem as problem:
        sentence, status = words_of(problem)
        return _list_page(gate, sentence), status
    name = f"gate-{gate_id}-{today().isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return FileResponse(taken.as_csv(encoding), mimetype=f"text/csv; charset={encoding}", headers=headers)


def seen_gate(gate_id: int) -> dict[str, Any]:
    """The gate of the address; 404 where the viewer sees none."""
    if gate_id >= MOST_ID:
        abort(404)
    return run(lambda connection: read_gate(connection, gate_id))


def usual_columns() -> tuple[ListColumn, ...]:
    """The columns of a gate that has none of its own, called in the reader's language."""
    return tuple(ListColumn(heading=say(FIELD_WORDS[field]), field=field) for field in USUAL)


def _columns() -> tuple[ListColumn, ...]:
    """What the form says, by the numbers that were typed before the rows. Raises ParkingProblem."""
    lists = [request.form.getlist(name) for name in ("heading", "field", "form")]
    turns = request.form.getlist("turn")
    order = sorted(range(len(lists[0])), key=lambda at: (_turn(turns, at), at))
    if any(len(one) != len(order) for one in lists):
        abort(400)
    return typed_columns(*[[one[at].replace("\0", "") for at in order] for one in lists])


def _turn(turns: list[str], at: int) -> int:
    text = turns[at] if at < len(turns) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else at + 1


def _page(gate: Mapping[str, Any], problem: str = "", *, is_typed: bool = False) -> str:
    kept = gate_of(gate)
    rows = [(one.heading, one.field, one.form) for one in kept.columns or usual_columns()]
    if is_typed:
        lists = [request.form.getlist(name) for name in ("heading", "field", "form")]
        rows = [row for row in zip(*lists, strict=False) if row[0].strip()]
    empty = min(EMPTY_ROWS, max(0, MOST_COLUMNS - len(rows)))
    now = context.services().clock.now()
    return render_template(
        "parking/gate.html",
        gate=gate,
        width=typed("width", 10) if is_typed else kept.width_m or "",
        barrier=typed("barrier", 20) if is_typed else kept.barrier,
        rows=[*rows, *[("", "empty", "seconds")] * empty],
        columns=kept.columns or usual_columns(),
        fields=titled(FIELD_WORDS),
        forms=[(form, moment_words(now, "starts_at", form)) for form in FORMS],
        barriers=titled(BARRIERS),
        field_words=FIELD_WORDS,
        may_edit=leads_here(gate),
        problem=problem,
    )


def _list_page(gate: Mapping[str, Any], problem: str = "") -> str:
    now = context.services().clock.now()
    bans = run(lambda connection: read_running_bans(connection, gate, now))
    columns = gate_of(gate).columns or usual_columns()
    return render_template(
        "parking/gate_list.html",
        gate=gate,
        bans=bans,
        without=sum(not ban["has_plate"] for ban in bans),
        columns=columns,
        field_words=FIELD_WORDS,
        encodings=[(word, say(ENCODING_WORDS[word])) for word in ENCODINGS],
        encoding=typed("encoding", 10) or ENCODINGS[0],
        reason=typed("reason", 600),
        problem=problem,
    )
