"""`/sheets`: the register out to Excel, and back: every difference is seen before anything is written."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from flask import Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gridmap import context
from gridmap.accounts import titles_of
from gridmap.accounts.leading import read_lead
from gridmap.db import SYSTEM
from gridmap.i18n import _
from gridmap.layer import Role
from gridmap.load.sheets import (
    ChangedBetween,
    Difference,
    RowDifference,
    SheetFile,
    UnreadableSheet,
    apply_sheet,
    compare,
    read_sheet,
)
from gridmap.load.sheets.applying import SentFile
from gridmap.load.sheets.reading import MOST_BYTES, TROUBLES
from gridmap.load.sheets.rights import KEEPERS, keeps_street, kept_kinds
from gridmap.load.sheets.taking import TooMany, take_out
from gridmap.load.sheets.values import SENTENCES
from gridmap.people import PeopleProblem
from gridmap.people.once import send_once
from gridmap.read.area import Area as StreetArea
from gridmap.read.sheets.fields import SHEETS, Sheet
from gridmap.submissions import Sent, SentDifferently
from gridmap.web.areas import areas_of
from gridmap.web.asked import today
from gridmap.web.blueprint import actor, number, pages, say, typed

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROLES = frozenset({Role.LEADER, Role.PLANNER, Role.ADMINISTRATOR})
MOST_SHOWN = 500
WRITTEN = ("run", "changed", "added")
SHOWN = ("conflict", "refused", "new", "changed")
COMMUNITIES = "SELECT id, name FROM gridmap.community WHERE street_id = %s ORDER BY code"
CHANGED = _("The register has changed while you looked, so nothing was written. Here is what it would be now.")
TOO_MANY = _("{rows} rows are more than a workbook holds: choose one community.")
NO_FILE = _("Choose the workbook first.")
REASON = _("Say why names and phones are taken out in clear. It is written down beside each of them.")
REFUSED = {
    "held": _("Nothing was written: somebody holds one of the places in that role already."),
    "changed": _("Nothing was written: a person has been changed meanwhile. Look once more."),
}
NOT_POSSIBLE = _("Nothing was written: one of the rows cannot be kept.")
SENT_DIFFERENTLY = _("This was sent before with another workbook. Look at it once more.")


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The street whose register is open, and the kinds that the viewer keeps in it."""

    areas: tuple[StreetArea, ...]
    street: StreetArea
    kinds: tuple[Sheet, ...]

    def sheet(self, kind: str) -> Sheet:
        """The kind of that word; a 403 where it is not for the viewer."""
        found = next((one for one in self.kinds if one.kind == kind), None)
        if found is None:
            abort(403 if kind in SHEETS else 404)
        return found


@dataclass(frozen=True, kw_only=True)
class Brought:
    """A workbook that came with the form."""

    file: SheetFile
    sent: SentFile


@pages.get("/sheets")
def register_sheets() -> str:
    """Take the register out, bring it back. For those who keep a whole street."""
    return _page(_desk())


@pages.route("/sheets/<kind>.xlsx", methods=["GET", "POST"])
def take_register_sheet(kind: str) -> AnyResponse | tuple[str, int]:
    """The workbook of a street or a community; people in clear by a POST with its reason alone."""
    desk, community = _desk(), number(request.values, "community")
    sheet, reason = desk.sheet(kind), None
    if request.method == "POST":
        if sheet.place:
            abort(405)
        reason = typed("reason", 200)
        if not reason:
            return _page(desk, take_problem=say(REASON)), 422
    database, viewer = context.services().database, context.viewer()
    try:
        with database.transaction(viewer.prologue) as connection:
            taken = take_out(
                connection,
                actor(),
                sheet,
                desk.street.street_id,
                today(),
                community=community,
                locale=context.locale(),
                reason=reason,
            )
    except TooMany as problem:
        return _page(desk, take_problem=say(TOO_MANY, rows=f"{problem.rows:,}")), 422
    name = f"{kind}-{desk.street.code}-{today():%Y-%m-%d}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(taken.content, mimetype=XLSX, headers=headers)


@pages.post("/sheets")
def bring_register_sheet() -> str | AnyResponse | tuple[str, int]:
    """See the differences of a workbook; write those that were seen."""
    desk = _desk()
    try:
        brought = _brought(desk)
        if typed("do", 10) == "take":
            return _write(desk, brought)
        with context.services().database.transaction(context.viewer().prologue) as connection:
            street, at = desk.street.street_id, actor().business_at
            found = compare(connection, brought.file, street, at, context.locale())
    except UnreadableSheet as problem:
        return _answer(desk, None, say(TROUBLES.get(problem.reason, problem.reason)), 422)
    except ChangedBetween as late:
        return _answer(desk, late.difference, say(CHANGED), 409)
    except SentDifferently:
        return _answer(desk, None, say(SENT_DIFFERENTLY), 409)
    except PeopleProblem as refused:
        return _answer(desk, None, say(REFUSED.get(refused.reason, NOT_POSSIBLE)), 409)
    return _answer(desk, found, "", 200)


def keeps_a_street() -> bool:
    """Whether this page is for the viewer: where others lead to it."""
    viewer = context.viewer()
    if not viewer.roles & ROLES:
        return False
    with context.services().database.transaction(viewer.prologue) as connection:
        kept = read_lead(connection, viewer.account_id, actor().business_at, KEEPERS)
    return any(keeps_street(viewer, kept, area.street_id) for area in areas_of(viewer))


def _desk() -> Desk:
    """A 403 for those who keep no street, a 404 for a street that is not theirs."""
    viewer, by = context.viewer(), actor()
    if not viewer.roles & ROLES:
        abort(403)
    with context.services().database.transaction(viewer.prologue) as connection:
        kept = read_lead(connection, viewer.account_id, by.business_at, KEEPERS)
        areas = tuple(area for area in areas_of(viewer) if keeps_street(viewer, kept, area.street_id))
        wanted = number(request.values, "street")
        street = next((area for area in areas if wanted in (None, area.street_id)), None)
        if street is None:
            abort(404 if areas else 403)
        kinds = kept_kinds(connection, viewer, by.business_at, street.street_id)
    return Desk(areas=areas, street=street, kinds=kinds)


def _brought(desk: Desk) -> Brought:
    """The workbook of the form. Raises UnreadableSheet; a 403 for a kind that is not for the viewer."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise UnreadableSheet(NO_FILE)
    content = sent.stream.read(MOST_BYTES + 1)
    file = read_sheet(content)
    desk.sheet(file.sheet.kind)
    name = "".join(sign for sign in sent.filename if sign.isprintable())[-120:]
    return Brought(file=file, sent=SentFile(name=name, content=content))


def _write(desk: Desk, brought: Brought) -> AnyResponse:
    """Once, however often it is sent. Raises ChangedBetween, SentDifferently, PeopleProblem."""
    viewer, by, street, seen = context.viewer(), actor(), desk.street.street_id, typed("seen", 64)
    content = {"file": hashlib.sha256(brought.sent.content).hexdigest(), "seen": seen}
    told = send_once(
        context.services().database,
        viewer.prologue,
        Sent(street_id=street, sent_id=_sent_id(), account_id=viewer.account_id, content=content),
        lambda connection: vars(
            apply_sheet(connection, by, brought.file, street, brought.sent, seen=seen, locale=context.locale())
        ),
    )
    address = url_for("pages.register_sheets", street=street, **{name: told[name] for name in WRITTEN})
    return Response(headers={"HX-Redirect": address}) if _is_part() else redirect(address, 303)


def _sent_id() -> UUID:
    try:
        return UUID(typed("sent_id", 40))
    except ValueError:
        abort(400)


def _is_part() -> bool:
    """Whether the form's script asks, for the part below the form."""
    return bool(request.headers.get("HX-Request"))


def _answer(desk: Desk, found: Difference | None, problem: str, status: int) -> tuple[str, int]:
    if _is_part():
        # the script of the form puts an answer into the page only where it is a good one
        return render_template("sheets/_difference.html", **_shown(desk, found, problem)), 200
    return _page(desk, **_shown(desk, found, problem)), status


def _page(desk: Desk, **more: Any) -> str:
    with context.services().database.transaction(context.viewer().prologue) as connection:
        communities = connection.execute(COMMUNITIES, (desk.street.street_id,)).fetchall()
    nothing = _shown(desk, None, "")
    return render_template(
        "sheets/sheets.html",
        **{
            **nothing,
            "kinds": [(one.kind, say(one.title)) for one in desk.kinds],
            "communities": [("", say(_("The whole street"))), *((row["id"], row["name"]) for row in communities)],
            "has_people": any(not one.place for one in desk.kinds),
            "streets": [(area.street_id, area.name) for area in desk.areas],
            "written": {name: number(request.args, name) for name in WRITTEN},
            "take_problem": "",
            **more,
        },
    )


def _shown(desk: Desk, found: Difference | None, problem: str) -> dict[str, Any]:
    """What the difference shows: counts, and rows by what becomes of them, the most pressing first."""
    told: dict[str, Any] = {"street": desk.street, "found": found, "problem": problem}
    if found is None:
        return told
    rows = sorted((row for row in found.rows if row.outcome in SHOWN), key=lambda row: SHOWN.index(row.outcome))
    shown = rows[:MOST_SHOWN]
    who = _who({row.changed_by for row in shown if row.outcome == "conflict" and row.changed_by})
    return told | {
        "kind": say(found.file.sheet.title),
        "counts": found.counts,
        "rows": [_row(row, who) for row in shown],
        "more": len(rows) - len(shown),
        "gone": found.gone[:20],
        "gone_more": max(0, len(found.gone) - 20),
        "to_write": len(found.to_write),
        "sent_id": uuid4(),
    }


def _row(row: RowDifference, who: Mapping[int, str]) -> dict[str, Any]:
    """A row in words; who changed it meanwhile where it is a conflict."""
    return {
        "row": row,
        "who": who.get(row.changed_by or 0) or say(_("the command line")),
        "cells": [(cell.address, say(cell.field.title), cell.before, cell.after) for cell in row.cells],
        "troubles": [(one.address, one.raw, say(SENTENCES[one.code], **one.params)) for one in row.troubles],
    }


def _who(accounts: Collection[int]) -> Mapping[int, str]:
    """How those who changed a row are called: the office's own titles, which a keeper of the street may know."""
    if not accounts:
        return {}
    with context.services().database.transaction(SYSTEM) as connection:
        return titles_of(connection, accounts)
