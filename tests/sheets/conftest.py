"""A demo of one's own whose register goes out to Excel and comes back."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from openpyxl import load_workbook

from gridmap.accounts import Actor
from gridmap.clock import parse_clock, real_now
from gridmap.db import SYSTEM, Database
from gridmap.load.sheets import Applied, Difference, RowDifference, apply_sheet, compare, read_sheet
from gridmap.load.sheets.applying import SentFile
from gridmap.load.sheets.taking import take_out
from gridmap.read.sheets.fields import ID, SEEN, SHEETS, Sheet
from tests.conftest import DEMO_CLOCK, Base

NOW = parse_clock(DEMO_CLOCK).now()
STREET = 10_001


class Book:
    """A workbook on somebody's desk."""

    def __init__(self, content: bytes, sheet: Sheet) -> None:
        self.book = load_workbook(io.BytesIO(content))
        self.sheet = self.book.worksheets[0]
        self.kind = sheet
        self.names = [field.name for field in (*sheet.fields, ID, SEEN)]

    def cell(self, row: int, name: str) -> Any:
        return self.sheet.cell(row, self.names.index(name) + 1)

    def write(self, row: int, **values: Any) -> None:
        for name, value in values.items():
            self.cell(row, name).value = value

    def id(self, row: int) -> int:
        return int(self.cell(row, "id").value)

    def row_of(self, place: int) -> int:
        return next(row for row in range(2, self.sheet.max_row + 1) if self.cell(row, "id").value == str(place))

    @property
    def content(self) -> bytes:
        buffer = io.BytesIO()
        self.book.save(buffer)
        return buffer.getvalue()


@dataclass
class Desk:
    """A street office at its desk, acting as the command line."""

    database: Database
    street: int = STREET

    @property
    def by(self) -> Actor:
        return Actor(account_id=None, business_at=NOW, at=real_now())

    def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        with self.database.transaction(SYSTEM) as connection:
            return connection.execute(statement, values).fetchall()

    def take(self, kind: str, **fields: Any) -> Book:
        with self.database.transaction(SYSTEM) as connection:
            taken = take_out(connection, self.by, SHEETS[kind], self.street, date(2026, 3, 16), **fields)
        return Book(taken.content, SHEETS[kind])

    def look(self, book: Book | bytes, locale: str = "zh") -> Difference:
        file = read_sheet(book if isinstance(book, bytes) else book.content)
        with self.database.transaction(SYSTEM) as connection:
            return compare(connection, file, self.street, NOW, locale)

    def row(self, book: Book, number: int) -> RowDifference:
        return next(row for row in self.look(book).rows if row.number == number)

    def bring(self, book: Book, seen: str | None = None) -> Applied:
        content = book.content
        seen = seen or self.look(content).fingerprint
        sent = SentFile(name="register.xlsx", content=content)
        with self.database.transaction(SYSTEM) as connection:
            return apply_sheet(connection, self.by, read_sheet(content), self.street, sent, seen=seen)

    def place(self, place: int) -> dict[str, Any]:
        """The place with its particulars."""
        (row,) = self.rows("SELECT * FROM gridmap.place WHERE id = %s", place)
        (beside,) = self.rows(f"SELECT * FROM gridmap.{row['kind']} WHERE place_id = %s", place)
        return {**row, **{name: value for name, value in beside.items() if name not in row or name == "kind"}}


@pytest.fixture(scope="module")
def base(demo_template: str, copy_database: Callable[[str], Base]) -> Base:
    return copy_database(demo_template)


@pytest.fixture(scope="module")
def database(base: Base) -> Iterator[Database]:
    made = Database(base.app_url)
    yield made
    made.close()


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)
