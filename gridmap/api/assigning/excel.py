"""Who looks after what as a workbook, and what a workbook would change; nothing is written here."""

from typing import Any

from flask import Response, jsonify, request

from gridmap import context
from gridmap.api.assigning import saying
from gridmap.api.assigning.asking import (
    actor,
    assigning,
    for_leaders,
    needed,
    number_asked,
    role_asked,
    street_asked,
    whole,
)
from gridmap.api.errors import BadRequest, Refused
from gridmap.audit import write_audit
from gridmap.i18n import _
from gridmap.people.giving.differences import Difference, differences, export_rows, moves_of
from gridmap.people.giving.sheets import UnreadableSheet, read_sheet, write_sheet

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_BYTES = 8 * 1024 * 1024
TROUBLES = {
    "workbook": _("This is not an Excel workbook (.xlsx) that can be read."),
    "headings": _("No sheet has the headings of an export. Export first, then change that file."),
    "large": _("The workbook is too large: at most 20,000 rows."),
}
WORDS = {
    "role_word": _("There is no such role."),
    "hand_word": _("Write whether it is held first-hand or as a deputy."),
    "seen_word": _("“State when exported” has been changed. Export anew."),
    "person_unknown": _("Nobody of this name is in the street."),
    "person_unclear": _("Several people have this name: write the number of the person too."),
}
OUTCOMES = ("added", "moved", "ended", "unchanged", "refused", "conflict")


@assigning.get("/api/assignments/export.xlsx")
@for_leaders
def export() -> Response:
    """The assignments of a street that the viewer sees; with a role also the places that nobody holds."""
    street, community, by, viewer = street_asked(needed("street")), number_asked("community"), actor(), context.viewer()
    with context.services().database.transaction(viewer.prologue) as connection:
        role = role_asked(connection, request.args.get("role")) if request.args.get("role") else None
        rows = export_rows(connection, street, by.business_at, context.locale(), role=role, community=community)
        write_audit(
            connection,
            action="export",
            subject="assignments",
            street_id=street,
            business_at=by.business_at,
            account_id=by.account_id,
            after={"format": "xlsx", "rows": len(rows), "role": role and role.code, "community": community},
        )
    day = context.services().clock.today()
    return Response(
        write_sheet(rows, context.locale()),
        mimetype=XLSX,
        headers={
            "Content-Disposition": f'attachment; filename="assignments-{day:%Y-%m-%d}.xlsx"',
            "Cache-Control": "no-store",
        },
    )


@assigning.post("/api/assignments/import")
@for_leaders
def look_into() -> Response:
    """What a workbook would change, row by row, with the moves that do it."""
    request.max_content_length = MOST_BYTES
    file = request.files.get("file")
    if file is None:
        raise BadRequest("file", "")
    street, by = street_asked(whole("street", request.form.get("street", ""))), actor()
    try:
        rows = read_sheet(file.read())
    except UnreadableSheet as problem:
        raise Refused(problem.reason, TROUBLES[problem.reason]) from None
    with context.services().database.transaction(context.viewer().prologue) as connection:
        found = saying.told(lambda: differences(connection, street, rows, by.business_at))
    return jsonify(compared(found))


def compared(found: list[Difference]) -> dict[str, Any]:
    """The differences as JSON: every row, counts, and the moves that can be made."""
    counts = {word: sum(one.outcome == word for one in found) for word in OUTCOMES}
    return {
        "rows": [_row(one) for one in found],
        "counts": counts,
        "moves": [saying.move(one) for one in moves_of(found)],
    }


def sentence(one: Difference) -> str:
    """Why a row is refused, or who was faster; empty for the others."""
    if one.conflict is not None:
        told: str = saying.conflict(one.conflict)["sentence"]
        return told
    return saying.say(WORDS.get(one.reason) or saying.REASONS[one.reason]) if one.reason else ""


def _row(one: Difference) -> dict[str, Any]:
    return {
        "row": one.row.number,
        "outcome": one.outcome,
        "code": one.row.code,
        "place": one.place_id,
        "name": one.row.place,
        "unit": one.row.unit,
        "role": one.role or one.row.role,
        "before": one.before,
        "after": one.after,
        "sentence": sentence(one),
    }
