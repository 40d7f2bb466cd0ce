"""How many rows a layer has for a viewer, when the newest of them changed, and which files they came from."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    Text,
    bindparam,
    cast,
    func,
    null,
    select,
)
from sqlalchemy.types import TypeEngine

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.layer import Layer
from gridmap.read.select import Asked, values_for
from gridmap.scope import SCOPE_COLUMNS, Viewer, predicate, reach_of_shape
from gridmap.tables import import_run, incident

Statement = tuple[str, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Rows of one origin: a file that was loaded, or a word for what made them; both may be unknown."""

    name: str | None
    file_name: str | None
    imported_at: datetime | None
    crs: str | None
    datum: str | None
    rows: int


@dataclass(frozen=True, kw_only=True)
class State:
    """The rows of a layer that a viewer sees, by origin."""

    sources: tuple[Source, ...]
    changed_at: datetime | None

    @property
    def rows(self) -> int:
        """How many there are in all."""
        return sum(source.rows for source in self.sources)

    def __add__(self, other: "State") -> "State":
        """Both together, the sources of one name and file in one."""
        merged: dict[tuple[Any, ...], Source] = {}
        for one in (*self.sources, *other.sources):
            key = (one.name, one.file_name, one.imported_at)
            known = merged[key].rows if key in merged else 0
            merged[key] = Source(**{**vars(one), "rows": one.rows + known})
        moments = [moment for moment in (self.changed_at, other.changed_at) if moment]
        return State(sources=tuple(merged.values()), changed_at=max(moments) if moments else None)


def is_by_street(layer: Layer) -> bool:
    """Whether the layer's rows belong to streets, so that each street can be counted alone."""
    return layer.scoped_by is not None


def read_state(connection: Connection, layer: Layer, viewer: Viewer, asked: Asked, street_id: int | None) -> State:
    """The state of a layer in one street; None for all of it, where rows do not belong to streets.

    The connection is in the viewer's transaction.
    """
    text, constants = state_statement(layer, viewer.reach.shape, street_id is not None)
    values = values_for(viewer, asked, layer) | {"of_street": street_id}
    rows = connection.execute(text, constants | values).fetchall()
    names = ("name", "file_name", "imported_at", "crs", "datum", "rows")
    sources = tuple(Source(**{name: row[name] for name in names}) for row in rows)
    return State(sources=sources, changed_at=max((row["changed_at"] for row in rows), default=None))


def _or_null(rows: "FromClause", name: str, kind: "TypeEngine[Any] | type[TypeEngine[Any]]") -> "ColumnElement[Any]":
    """The column, or null where the layer is counted together and no row comes from a file."""
    return rows.c[name] if name in rows.c else cast(null(), kind)


@lru_cache(maxsize=256)
def state_statement(layer: Layer, shape: tuple[str, ...], in_street: bool) -> Statement:
    """The SQL that counts a layer's rows by origin."""
    own = layer.rows.selected_columns["id"].table
    keys = [column for column in layer.rows.selected_columns if column.key in {"id", *SCOPE_COLUMNS}]
    # the source of a case is how it was reported, not the file that it came from
    origin = cast(null(), Text) if own is incident else _or_null(own, "source", Text)
    run = _or_null(own, "import_run_id", BigInteger)
    moment = _or_null(own, "changed_at", DateTime(timezone=True))
    more = (moment.label("moment"), run.label("run"), origin.label("origin"))
    rows = layer.rows.with_only_columns(*keys, *more, maintain_column_froms=True).subquery("rows")
    counted = select(
        rows.c.origin, rows.c.run, func.count().label("rows"), func.max(rows.c.moment).label("changed_at")
    ).group_by(rows.c.origin, rows.c.run)
    lock = predicate(layer.scoped_by, rows, reach_of_shape(shape))
    if lock is not None:
        counted = counted.where(lock)
    if in_street:
        counted = counted.where(rows.c.street_id == bindparam("of_street", type_=Integer))
    found = counted.subquery("found")
    return compiled(
        select(
            found.c.origin.label("name"),
            import_run.c.file_name,
            import_run.c.imported_at,
            import_run.c.crs,
            import_run.c.datum,
            found.c.rows,
            found.c.changed_at,
        )
        .join_from(found, import_run, import_run.c.id == found.c.run, isouter=True)
        .order_by(found.c.rows.desc(), found.c.run)
    )
