"""The order in which people count: 1栋, 2栋, 10栋; names by their pinyin initials, numbers by value."""

import re
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Text, func, literal_column

WIDTH = 16
ZEROS, PADDED = (literal_column(f"'{words}'", Text) for words in (rf"{'0' * (WIDTH - 1)}\1", rf"\d*(\d{{{WIDTH}}})"))
NUMBER, FIRST, ALL = (literal_column(f"'{words}'", Text) for words in (r"(\d+)", r"\1", "g"))


def natural(column: "ColumnElement[Any]") -> "ColumnElement[str]":
    """The text with every number padded to sixteen digits, so that plain text order counts."""
    made: ColumnElement[str] = func.regexp_replace(
        func.regexp_replace(column, NUMBER, ZEROS, ALL), PADDED, FIRST, ALL, type_=Text
    )
    return made


def by_name(rows: FromClause) -> "tuple[ColumnElement[Any], ...]":
    """The order of places by name: pinyin initials where there are some, then the name, then the id."""
    return natural(func.coalesce(rows.c.initials, func.lower(rows.c.name))), natural(rows.c.name), rows.c.id


def natural_key(text: str) -> tuple[str, ...]:
    """The same order for a text in Python."""
    return tuple(part.zfill(WIDTH) if part.isdigit() else part for part in re.split(r"(\d+)", text))
