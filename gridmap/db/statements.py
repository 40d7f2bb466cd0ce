"""Statements that run thousands of times: their text is made once, with the places that PostgreSQL itself knows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy import Dialect, Executable
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from gridmap.db.pools import Connection

_numbering: Dialect = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]  # untyped there


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A text with `$1` places, the names of their values in order, and the values bound so far.

    A text with named places would be searched through for each execution: longer ones than 4 kB are never remembered.
    """

    text: bytes
    names: tuple[str, ...]
    constants: Mapping[str, Any]

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """The values in the order of their places.

        Numbers go as text: their size would otherwise choose their type, and each type its own prepared statement.
        """
        found = (values[name] if name in values else self.constants[name] for name in self.names)
        return [str(value) if type(value) is int else value for value in found]


def numbered(statement: Executable) -> Statement:
    """A SQLAlchemy Core statement with every value cast in its text."""
    done = statement.compile(dialect=_numbering)  # type: ignore[attr-defined]  # every Core statement compiles
    return Statement(text=done.string.encode(), names=tuple(done.positiontup), constants=dict(done.params))


def fetch_value(connection: Connection, statement: Statement, values: Mapping[str, Any]) -> Any:
    """The single value of the single row; None where there is no row. Prepared at its first run, binary on the way."""
    with psycopg.RawCursor(connection, row_factory=tuple_row) as cursor:
        row = cursor.execute(statement.text, statement.arguments(values), prepare=True, binary=True).fetchone()
    return row[0] if row else None
