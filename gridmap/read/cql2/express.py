"""A tree that is understood as a condition of SQL: its values are bound parameters, named by their places."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Float,
    LargeBinary,
    Subquery,
    Text,
    and_,
    bindparam,
    cast,
    false,
    func,
    literal_column,
    not_,
    or_,
    true,
)
from sqlalchemy.sql import operators

from gridmap.read.cql2.times import Tree
from gridmap.read.cql2.understand import GEOMETRY, Condition
from gridmap.read.kinds import BIND_TYPES

Element = ColumnElement[Any]
SIGNS: Mapping[str, Any] = {
    "=": operators.eq,
    "<>": operators.ne,
    "<": operators.lt,
    ">": operators.gt,
    "<=": operators.le,
    ">=": operators.ge,
}
SPATIAL = {
    "s_intersects": func.ST_Intersects,
    "s_disjoint": func.ST_Disjoint,
    "s_equals": func.ST_Equals,
    "s_touches": func.ST_Touches,
    "s_within": func.ST_Within,
    "s_overlaps": func.ST_Overlaps,
    "s_crosses": func.ST_Crosses,
    "s_contains": func.ST_Contains,
}
ENDLESS = {0: "-infinity", 1: "infinity"}
SIDES = range(1, 5)
"""Beside the geometry: where the sides of its envelope stand among the values."""


def condition(rows: Subquery, tree: Tree, prefix: str = "") -> "ColumnElement[bool]":
    """The condition on these rows, which carry `columns_in(tree)`; values are bound as `{prefix}_{place}`."""
    return _Writer(rows, prefix).condition(tree)


def values_of(condition: Condition, prefix: str = "") -> dict[str, Any]:
    """The values of the bind parameters of `condition()`."""
    named = {f"{prefix}_{place}": value for place, value in enumerate(condition.values)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in named.items()}


def columns_in(tree: Tree) -> tuple[str, ...]:
    """The columns that the condition reads."""
    if tree[0] == "spatial":
        return ("geom", "geom_3857")
    if tree[0] in ("property", "null", "moment"):
        return ("geom",) if tree[1] == GEOMETRY else (tree[1],)
    return tuple(dict.fromkeys(name for part in tree[1:] if isinstance(part, tuple) for name in columns_in(part)))


class _Writer:
    """Writes one condition."""

    def __init__(self, rows: Subquery, prefix: str) -> None:
        self.rows, self.prefix = rows, prefix

    def condition(self, tree: Tree) -> "ColumnElement[bool]":
        word, *parts = tree
        if word in ("and", "or"):
            join = and_ if word == "and" else or_
            return join(*(self.condition(part) for part in parts))
        if word in ("true", "false"):
            return true() if word == "true" else false()
        if word == "not":
            return not_(self.condition(parts[0]))
        if word == "null":
            return self.column(parts[0]).is_(None)
        if word == "property":
            return self.column(parts[0])
        if word == "spatial":
            return self.spatial(*parts)
        return self.comparison(word, parts)

    def comparison(self, word: str, parts: list[Any]) -> "ColumnElement[bool]":
        if word == "compare":
            made: ColumnElement[bool] = SIGNS[parts[0]](self.value(parts[1]), self.value(parts[2]))
            return made
        if word == "like":
            return self.value(parts[0]).like(self.value(parts[1]))
        place, kind = parts[1][1:]
        return self.value(parts[0]) == func.any(self.bound(place, ARRAY(BIND_TYPES[kind])))

    def value(self, tree: Tree) -> Element:
        word, *parts = tree
        if word == "property":
            return self.column(parts[0])
        if word == "value":
            return self.bound(parts[0], BIND_TYPES[parts[1]])
        if word == "casei":
            return func.lower(self.value(parts[0]), type_=Text)
        if word == "open":
            kind = BIND_TYPES[parts[1]]
            return cast(literal_column(f"'{ENDLESS[parts[0]]}'"), kind)
        name, which = parts
        day = self.column(name)
        if which == 0:
            return func.gridmap.office_midnight(day, type_=BIND_TYPES["date-time"])
        after = func.gridmap.office_midnight(day + literal_column("1"), type_=BIND_TYPES["date-time"])
        return after - literal_column("interval '1 microsecond'")

    def spatial(self, word: str, place: int, is_first: bool) -> "ColumnElement[bool]":
        given = func.ST_GeomFromEWKB(self.bound(place, LargeBinary()))
        sides = (given, self.rows.c.geom) if is_first else (self.rows.c.geom, given)
        holds: ColumnElement[bool] = SPATIAL[word](*sides)
        if word == "s_disjoint":
            return holds
        # each kind of place has an index of its own on its web mercator shape
        box = (self.bound(place + side, Float(53)) for side in SIDES)
        return self.rows.c.geom_3857.op("&&")(func.ST_MakeEnvelope(*box, literal_column("3857"))) & holds

    def column(self, name: str) -> Element:
        return self.rows.c["geom" if name == GEOMETRY else name]

    def bound(self, place: int, kind: Any) -> Element:
        return bindparam(f"{self.prefix}_{place}", type_=kind)
