"""The rows behind a number as files: CSV and a workbook for Excel, GeoJSON for maps. All three hold the same rows."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from flask import Response

from gridmap import context
from gridmap.audit import write_audit
from gridmap.i18n import _
from gridmap.layers.gaps import REASONS
from gridmap.read.coverage import Due, Part, read_rows
from gridmap.scope import Viewer
from gridmap.web.blueprint import pages, say
from gridmap.web.coverage.question import Question, asked_question

MOST_ROWS = 20_000
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so would be reckoned with by spreadsheets."""
COLUMNS = (
    ("street", _("Street")),
    ("community", _("Community")),
    ("estate", _("Estate")),
    ("around", _("In")),
    ("place", _("Place")),
    ("unit", _("Household")),
    ("task", _("Task")),
    ("due_on", _("Due")),
    ("reason", _("Reason")),
)
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pages.get("/coverage/rows.csv")
def coverage_csv() -> Response:
    """The rows as a file for Excel: UTF-8 with a mark at its start, no personal data."""
    viewer, question = context.viewer(), asked_question()
    target = io.StringIO()
    target.write("\ufeff")
    csv.writer(target).writerows(lines_of(_all_rows(viewer, question, "csv")))
    return _file(question, "csv", "text/csv; charset=utf-8", target.getvalue())


@pages.get("/coverage/rows.xlsx")
def coverage_xlsx() -> Response:
    """The same rows as a workbook: one header row, frozen."""
    from openpyxl import Workbook

    viewer, question = context.viewer(), asked_question()
    book = Workbook(write_only=True)
    sheet = book.create_sheet(f"{question.month:%Y-%m}")
    sheet.freeze_panes = "A2"
    for line in lines_of(_all_rows(viewer, question, "xlsx")):
        sheet.append(line)
    target = io.BytesIO()
    book.save(target)
    return _file(question, "xlsx", WORKBOOK, target.getvalue())


@pages.get("/coverage/rows.geojson")
def coverage_geojson() -> Response:
    """The same rows as GeoJSON (RFC 7946): a point in each place, null where it is not on the map."""
    viewer, question = context.viewer(), asked_question()
    rows = _all_rows(viewer, question, "geojson")
    document = {"type": "FeatureCollection", "features": [_feature(row) for row in rows]}
    return _file(question, "geojson", "application/geo+json", json.dumps(document, ensure_ascii=False, default=str))


def lines_of(rows: tuple[Due, ...]) -> Iterator[list[Any]]:
    """The header and a line for each row, harmless to spreadsheets."""
    yield [say(title) for _name, title in COLUMNS]
    for row in rows:
        yield [_harmless(cell) for cell in _cells(row).values()]


def _cells(row: Due) -> dict[str, Any]:
    title = row.title if context.locale().startswith("zh") else row.title_en
    reason = say(REASONS[row.reason].title) if row.reason else ""
    own = {"task": title, "reason": reason}
    return {name: own[name] if name in own else getattr(row, name) for name, _title in COLUMNS}


def _feature(row: Due) -> dict[str, Any]:
    point = None if row.lon is None or row.lat is None else [round(row.lon, 7), round(row.lat, 7)]
    return {
        "type": "Feature",
        "id": row.id,
        "geometry": point and {"type": "Point", "coordinates": point},
        "properties": _cells(row) | {"place_id": row.place_id, "kind": row.kind, "reason_code": row.reason},
    }


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _file(question: Question, form: str, mimetype: str, body: str | bytes) -> Response:
    name = f"gaps-{question.month:%Y-%m}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(body, mimetype=mimetype, headers=headers)


def _all_rows(viewer: Viewer, question: Question, form: str) -> tuple[Due, ...]:
    part = Part(kpi=question.kpi, missing=question.missing, reason=question.reason, limit=MOST_ROWS)
    with context.services().database.transaction(viewer.prologue) as connection:
        rows = read_rows(connection, viewer, question.cut, part, question.when)
        write_audit(
            connection,
            action="export",
            subject="slots",
            business_at=context.services().clock.now(),
            account_id=viewer.account_id,
            after={"form": form, "rows": len(rows), "filter": question.rows_address("")},
        )
    return rows
