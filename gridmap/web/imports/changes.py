"""`/import/runs/ID/changes`: which rows a run found and changed, and what they said before."""

from collections.abc import Mapping
from typing import Any

from flask import abort, render_template

from gridmap import context
from gridmap.i18n import _
from gridmap.layer import Attribute
from gridmap.layers import BY_NAME
from gridmap.load.store.before import KINDS_KEPT
from gridmap.load.store.changes import ChangedRow, read_changes
from gridmap.web.blueprint import PAGE_SIZE, page_number, pages, say
from gridmap.web.imports.guard import for_importers
from gridmap.web.imports.runs import seen_run
from gridmap.web.imports.words import CHANGED, KINDS
from gridmap.web.place_words import value_words

SAME_M2 = 0.05
SAME_M = 0.05


@pages.get("/import/runs/<int:run_id>/changes")
@for_importers
def import_changes(run_id: int) -> str:
    """The rows, page by page; a 404 for runs that cannot be taken back, of which nothing is kept."""
    page = page_number()
    with context.services().database.transaction(context.viewer().prologue) as connection:
        run, _job = seen_run(connection, run_id)
        if run["kind"] not in KINDS_KEPT:
            abort(404)
        rows = read_changes(
            connection, run_id, run["kind"], run["street_id"], limit=PAGE_SIZE + 1, offset=(page - 1) * PAGE_SIZE
        )
    attributes = BY_NAME[run["kind"]].attributes
    return render_template(
        "imports/changes.html",
        run=run,
        rows=[(row, _lines(row, attributes)) for row in rows[:PAGE_SIZE]],
        page=page,
        page_count=page + (len(rows) > PAGE_SIZE),
        kinds=KINDS,
    )


def _lines(row: ChangedRow, attributes: Mapping[str, Attribute]) -> list[tuple[str, str, str]]:
    """What is said of each value: its title, before, after."""
    plain = Attribute(title="")
    lines = [
        (say(CHANGED.get(name, name)), _words(declared, before), _words(declared, after))
        for name, (before, after) in row.values.items()
        for declared in (attributes.get(name, plain),)
    ]
    was, now = row.areas_m2
    if row.moved_m is None:
        return lines
    if abs(was - now) >= SAME_M2:
        lines.append((say(_("Area")), f"{was:,.1f} m²", f"{now:,.1f} m²"))
    elif row.moved_m < SAME_M:
        lines.append((say(_("Outline")), "", say(_("drawn otherwise"))))
    if row.moved_m >= SAME_M:
        lines.append((say(_("Position")), "", say(_("{metres} m from where it was"), metres=f"{row.moved_m:,.1f}")))
    return lines


def _words(attribute: Attribute, value: Any) -> str:
    if isinstance(value, list):
        return say(_(", ")).join(str(one) for one in value) or "—"
    return value_words(attribute, value)
