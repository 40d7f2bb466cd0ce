"""What a workbook would change, row by row and cell by cell, before anything is written."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from gridmap.db.pools import Connection
from gridmap.load.sheets.reading import SheetFile, SheetRow, UnreadableSheet
from gridmap.load.sheets.values import Book, Trouble, read_cell
from gridmap.read.sheets.cells import State, cell_text, read_state, trace
from gridmap.read.sheets.fields import Field, FieldType
from gridmap.read.sheets.rows import Lists, lock_rows, read_lists, read_rows, row_texts

Outcome = Literal["changed", "new", "unchanged", "conflict", "refused"]
OUTCOMES: tuple[Outcome, ...] = ("changed", "new", "conflict", "refused", "unchanged")
SIGNED = 1 << 53


@dataclass(frozen=True, kw_only=True)
class CellChange:
    """One cell: what the register says, and what the workbook would make of it."""

    field: Field
    address: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class RowDifference:
    """What becomes of one row. A conflict says when and by which account the row was changed in the meantime."""

    number: int
    outcome: Outcome
    id: int | None = None
    code: str = ""
    name: str = ""
    revision: int = 0
    cells: tuple[CellChange, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    """By the name of the field, what is to be written."""
    before: Mapping[str, Any] = field(default_factory=dict)
    """The row of the register."""
    changed_at: datetime | None = None
    changed_by: int | None = None


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A workbook beside the register. `gone`: rows of its area that are not in it, which stay as they are."""

    file: SheetFile
    street: int
    rows: tuple[RowDifference, ...]
    gone: tuple[str, ...]
    lists: Lists

    @property
    def counts(self) -> Mapping[str, int]:
        """How many rows have which outcome."""
        found = Counter(row.outcome for row in self.rows)
        return {outcome: found[outcome] for outcome in OUTCOMES}

    @property
    def to_write(self) -> tuple[RowDifference, ...]:
        """The rows that would be written."""
        return tuple(row for row in self.rows if row.outcome in ("changed", "new"))

    @property
    def fingerprint(self) -> str:
        """Equal while the same would be written over the same: what somebody saw before they said yes."""
        told = [
            (row.number, row.id, row.revision, {name: str(value) for name, value in row.values.items()})
            for row in self.to_write
        ]
        words = json.dumps([self.file.sheet.kind, self.street, told], sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(words.encode()).hexdigest()[:32]


def compare(
    connection: Connection, file: SheetFile, street: int, at: datetime, locale: str = "zh", *, locking: bool = False
) -> Difference:
    """The workbook beside what the viewer sees of the street; `locking`: its rows then stay so until the commit.

    Raises UnreadableSheet("other_street").
    """
    if file.street is not None and file.street != street:
        raise UnreadableSheet("other_street")
    numbers = [_number(row) for row in file.rows]
    ids = sorted({number for number in numbers if number is not None and number >> 32 == street})
    if locking:
        lock_rows(connection, file.sheet, street, ids)
    lists = read_lists(connection, street)
    now = {row["id"]: row for row in read_rows(connection, file.sheet, street, at, ids=ids, locale=locale)}
    often = Counter(number for number in numbers if number is not None)
    book = Book(connection=connection, street=street, sheet=file.sheet, lists=lists)
    rows = tuple(
        _compared(file, book, row, number, now.get(number or 0), often[number or 0], locale)
        for row, number in zip(file.rows, numbers, strict=True)
    )
    return Difference(
        file=file, street=street, rows=rows, gone=_gone(connection, file, street, at, set(ids)), lists=lists
    )


def _gone(connection: Connection, file: SheetFile, street: int, at: datetime, ids: set[int]) -> tuple[str, ...]:
    """What is in the area of the workbook and not in the workbook itself; nothing where it does not tell its area."""
    if file.rows_taken is None:
        return ()
    rows = read_rows(connection, file.sheet, street, at, community=file.community)
    name = "name" if file.sheet.place else "display_name"
    return tuple(row[name] or row.get("code") or str(row["id"]) for row in rows if row["id"] not in ids)


def _number(row: SheetRow) -> int | None:
    """The id that the row tells; 0 where it tells none that can be."""
    text = row.cells["id"].text
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 17 and int(text) < SIGNED else 0


def _compared(
    file: SheetFile,
    book: Book,
    row: SheetRow,
    number: int | None,
    now: Mapping[str, Any] | None,
    often: int,
    locale: str,
) -> RowDifference:
    if number is None:
        return _new(file, book, row)
    if now is None:
        return _refused(file, row, "id", "unknown_row")
    if often > 1:
        return _refused(file, row, "id", "twice")
    state = read_state(file.sheet, row.cells["seen"].text)
    if state is None:
        return _refused(file, row, "seen", "state", now)
    return _changed(file, book, row, now, state, locale)


def _refused(
    file: SheetFile, row: SheetRow, name: str, code: str, now: Mapping[str, Any] | None = None
) -> RowDifference:
    trouble = Trouble(code=code, address=file.address(row, name), raw=row.cells[name].text[:60])
    return RowDifference(number=row.number, outcome="refused", troubles=(trouble,), **_called(row, now))


def _called(row: SheetRow, now: Mapping[str, Any] | None) -> dict[str, Any]:
    """How the row is called: by the register, else by itself."""
    name = "display_name" if now is not None and "display_name" in now else "name"
    said = {key: cell.text for key in ("code", "name") if (cell := row.cells.get(key)) is not None}
    if now is not None:
        said = {"code": now.get("code", ""), "name": now[name] or ""}
        return {**said, "id": now["id"], "revision": now["revision"], "before": now}
    return said


def _changed(
    file: SheetFile, book: Book, row: SheetRow, now: Mapping[str, Any], state: State, locale: str
) -> RowDifference:
    texts = row_texts(file.sheet, now, book.lists, locale)
    cells, troubles, values = [], [], {}
    for one in file.sheet.fields:
        cell = row.cells.get(one.name)
        if cell is None or (not cell.problem and trace(cell.text) == state.traces[one.name]):
            continue
        value, trouble = read_cell(book, one, cell, is_new=False)
        if trouble is not None and not (one.is_shown and cell.text == texts[one.name]):
            troubles.append(trouble.at(file.address(row, one.name), cell.text))
        elif trouble is None and (one.is_personal or not _same(one, value, now[one.name])):
            values[one.name] = value
            titles = book.lists.titles(one, locale)
            after = cell_text(one, value, locale, titles)
            cells.append(
                CellChange(field=one, address=file.address(row, one.name), before=texts[one.name], after=after)
            )
    outcome: Outcome = "refused" if troubles else "changed" if values else "unchanged"
    if values and not troubles and state.revision != now["revision"]:
        outcome = "conflict"
    return RowDifference(
        number=row.number,
        outcome=outcome,
        cells=tuple(cells),
        troubles=tuple(troubles),
        values=values if outcome == "changed" else {},
        changed_at=now["changed_at"],
        changed_by=now["changed_by"],
        **_called(row, now),
    )


def _same(one: Field, value: Any, now: Any) -> bool:
    if one.type is FieldType.DECIMAL and value is not None and now is not None:
        return Decimal(str(value)) == Decimal(str(now))
    if isinstance(now, date) or one.type is FieldType.NAMES:
        return bool(value == now)
    return (value or None) == (now or None) if isinstance(value or now, str) else bool(value == now)


def _new(file: SheetFile, book: Book, row: SheetRow) -> RowDifference:
    """A row that the register does not know: a person can be added, a place needs a position first."""
    if file.sheet.place:
        name = "name" if "name" in row.cells else "id"
        return _refused(file, row, name, "new_place")
    values: dict[str, Any] = {}
    troubles, cells = [], []
    for one in file.sheet.editable:
        cell = row.cells.get(one.name)
        if cell is None:
            continue
        value, trouble = read_cell(book, one, cell, is_new=True)
        if trouble is not None:
            troubles.append(trouble.at(file.address(row, one.name), cell.text))
        elif value is not None:
            values[one.name] = value
            cells.append(CellChange(field=one, address=file.address(row, one.name), before="", after=cell.text))
    troubles += _whole(file, book, row, values) if not troubles else []
    return RowDifference(
        number=row.number,
        outcome="refused" if troubles else "new",
        cells=tuple(cells),
        troubles=tuple(troubles),
        values={} if troubles else values,
        **_called(row, None),
    )


def _whole(file: SheetFile, book: Book, row: SheetRow, values: Mapping[str, Any]) -> Sequence[Trouble]:
    """What a new person must have: a community or grid, and a place for a role."""
    name = "belongs_to" if "belongs_to" in file.letters else "id"
    if ("role" in values) != ("place_code" in values):
        return [Trouble(code="role_and_place", address=file.address(row, name))]
    if "role" in values and book.place_for(values["role"], values["place_code"]) is None:
        return [Trouble(code="place_unknown", address=file.address(row, "place_code"), raw=values["place_code"])]
    if "role" not in values and "belongs_to" not in values:
        return [Trouble(code="belongs_nowhere", address=file.address(row, name))]
    return []
