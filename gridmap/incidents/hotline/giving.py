"""What the hotline gets back: its own columns in its own order, with what became of each order. Pure."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from gridmap.clock import OFFICE
from gridmap.incidents.hotline.words import COLUMNS, FILLED_BACK, SATISFACTIONS, STATES

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so would be reckoned with by spreadsheets."""


def answer_columns(columns: Mapping[str, str], headings: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """The headings to give back, and our word → heading; an answer for which the file had no column gets one."""
    places = {word: columns[word] for word in FILLED_BACK if word in columns}
    for word in FILLED_BACK:
        if word not in places:
            places[word] = next(name for name in COLUMNS[word] if name not in headings)
    added = [heading for heading in places.values() if heading not in headings]
    return (*headings, *added), places


def filled_row(order: Mapping[str, Any], places: Mapping[str, str]) -> dict[str, str]:
    """The row of an order with its answer. `order`: see read_answers; cells under the hotline's own headings."""
    closed = order["closed_at"] or order["handled_at"]
    answers = {
        "answer": order["answer"] or order["reason"] or "",
        "answered_at": closed.astimezone(OFFICE).strftime("%Y-%m-%d %H:%M") if closed else "",
        "unit": order["unit"] or "",
        "state": STATES.get(order["case_state"] or order["state"], ""),
        "satisfaction": SATISFACTIONS.get(order["satisfaction"] or "", ""),
    }
    # what the hotline wrote itself stays where we have nothing to say
    own = {heading: answers[word] for word, heading in places.items() if answers[word]}
    return {**order["cells"], **own}


def as_workbook(headings: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    """The rows as an Excel workbook; every cell is text, so that numbers keep their zeros and nothing is a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("12345")
    sheet.freeze_panes = "A2"
    sheet.append(list(headings))
    for row in rows:
        sheet.append([_text_cell(sheet, row.get(heading, "")) for heading in headings])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def as_csv(headings: Sequence[str], rows: Iterable[Mapping[str, str]], *, encoding: str | None = None) -> bytes:
    """The rows as CSV: in GB18030 where the file came so, else UTF-8 with a mark for Excel."""
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(headings)
    for row in rows:
        writer.writerow([_harmless(row.get(heading, "")) for heading in headings])
    text = target.getvalue()
    return text.encode("gb18030") if encoding == "gb18030" else text.encode("utf-8-sig")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _text_cell(sheet: Any, text: str) -> Any:
    # what a workbook cannot hold would make the whole of it unreadable
    clean = "".join(sign for sign in text if sign.isprintable() or sign == "\n")
    cell = WriteOnlyCell(sheet, value=clean)
    cell.data_type = "s"
    cell.number_format = "@"
    return cell
