"""Pools and transactions. Every transaction begins by saying who looks, as SET LOCAL literals."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool
from sqlalchemy import BigInteger, ColumnElement, Dialect, Executable, bindparam, cast
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from gridmap.tables import SERIAL_BITS, serial

Row = dict[str, Any]
Connection = psycopg.Connection[Row]
PoolName = Literal["tiles", "commands", "streams"]

SYSTEM: Mapping[str, str] = {"scope": "city", "administers": "on"}
"""The viewer of nightly work, imports by command line and tests: sees all, administers."""

SIZES: Mapping[PoolName, tuple[int, int]] = {"tiles": (1, 6), "commands": (1, 8), "streams": (0, 3)}
POOL_SETTINGS: Mapping[PoolName, tuple[LiteralString, ...]] = {
    "tiles": (
        # one plan for each statement: planning a whole map anew costs more than reading a small tile of it
        "plan_cache_mode = force_generic_plan",
        "enable_seqscan = off",
        "max_parallel_workers_per_gather = 0",
        "jit = off",
        "statement_timeout = '20s'",
    ),
    "commands": ("jit = off", "statement_timeout = '60s'", "lock_timeout = '10s'"),
    "streams": ("jit = off", "idle_in_transaction_session_timeout = '5min'"),
}

_dialect: Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves dialects untyped


def compiled(statement: Executable) -> tuple[str, dict[str, Any]]:
    """The statement as psycopg wants it: text with `%(name)s` places, and the values bound so far."""
    done = statement.compile(dialect=_dialect)  # type: ignore[attr-defined]  # every Core statement compiles
    return done.string, dict(done.params)


def execute(connection: Connection, statement: Executable, **values: Any) -> psycopg.Cursor[Row]:
    """Run a SQLAlchemy Core statement; `values` fill its named bind parameters. Rows come as dicts."""
    text, params = compiled(statement)
    return connection.execute(text, params | values)


def new_id(street_id: "int | ColumnElement[int]") -> "ColumnElement[int]":
    """The SQL expression of a fresh id of that street: `street_id * 2^32 + nextval(serial)`."""
    is_plain = isinstance(street_id, int)
    street: ColumnElement[int] = bindparam(None, street_id, BigInteger) if is_plain else cast(street_id, BigInteger)
    return street * (1 << SERIAL_BITS) + serial.next_value()


def viewer_prologue(viewer: Mapping[str, str]) -> bytes:
    """`BEGIN` and the SET LOCAL literals that tell the database who looks: one round trip."""
    parts: list[sql.Composable] = [sql.SQL("BEGIN")]
    for name, value in viewer.items():
        parts.append(sql.SQL("SET LOCAL {} = {}").format(sql.Identifier("app", name), sql.Literal(value)))
    return sql.SQL("; ").join(parts).as_bytes()


class Database:
    """The pools of one process on one connection string of the app role.

    `prepares` must be False whenever a pooler may stand between: prepared statements would then be handed to others.
    """

    def __init__(self, conninfo: str, *, prepares: bool = True) -> None:
        self.conninfo = conninfo
        self.prepares = prepares
        self._pools: dict[PoolName, ConnectionPool[Connection]] = {}
        self._opening = threading.Lock()

    def pool(self, name: PoolName) -> ConnectionPool[Connection]:
        """The pool of that name, opened at its first use in this process."""
        if name not in self._pools:
            with self._opening:
                if name not in self._pools:
                    self._pools[name] = self._open(name)
        return self._pools[name]

    def _open(self, name: PoolName) -> ConnectionPool[Connection]:
        smallest, largest = SIZES[name]
        return ConnectionPool(
            self.conninfo,
            min_size=smallest,
            max_size=largest,
            open=True,
            timeout=10,
            name=f"gridmap-{name}",
            configure=self._configure(name) if self.prepares else None,
            check=ConnectionPool.check_connection if name == "streams" else None,
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
                "prepare_threshold": 2 if self.prepares else None,
                "application_name": f"gridmap {name}",
            },
        )

    def _configure(self, name: PoolName) -> Callable[[Connection], None]:
        def configure(connection: Connection) -> None:
            for setting in POOL_SETTINGS[name]:
                connection.execute(f"SET {setting}")

        return configure

    @contextmanager
    def transaction(self, viewer: Mapping[str, str] | bytes, pool: PoolName = "commands") -> Iterator[Connection]:
        """One transaction in which row security knows the viewer; commits, or rolls back on any error."""
        prologue = viewer if isinstance(viewer, bytes) else viewer_prologue(viewer)
        with self.pool(pool).connection() as connection:
            if not self.prepares:
                # behind a pooler a session's settings would reach other clients: they go with each transaction
                prologue += b"".join(b"; SET LOCAL " + setting.encode() for setting in POOL_SETTINGS[pool])
            connection.execute(prologue, prepare=False)
            try:
                yield connection
            except BaseException:
                if not connection.closed:
                    connection.rollback()
                raise
            connection.commit()

    def close(self) -> None:
        """Close every pool of this process."""
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()
