"""The order by id, and how a reading goes on after one: in the words of the keys, so that indexes serve it."""

from dataclasses import replace
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, BinaryExpression, Column, ColumnElement, Join, Subquery, bindparam, literal_column
from sqlalchemy.sql import operators, visitors

from gridmap.layer import Layer
from gridmap.tables import SERIAL_BITS


def is_street_owned(layer: Layer) -> bool:
    """Whether the layer's ids tell their street, and its key starts with the street."""
    return "street_id" in _id_of(layer).table.c


def order_of(layer: Layer, rows: Subquery) -> "tuple[ColumnElement[Any], ...]":
    """The order by id; of a street-owned layer by its whole key, which is the same order."""
    return (rows.c.street_id, rows.c.id) if is_street_owned(layer) else (rows.c.id,)


@lru_cache(maxsize=128)
def going_on(layer: Layer) -> Layer:
    """The layer with only the rows after the id of the bind parameter `after`.

    The bound is said of every table that the layer joins by that id: PostgreSQL carries equalities over a join, but
    not bounds, and would else read a joined table from its start for each page.
    """
    last = bindparam("after", type_=BigInteger)
    columns = [_id_of(layer)]
    if not is_street_owned(layer):
        return replace(layer, rows=layer.rows.where(columns[0] > last))
    columns += _equal_to(columns[0], layer)
    street = last.op(">>")(literal_column(str(SERIAL_BITS)))
    bounds = [bound for column in columns for bound in (column.table.c.street_id >= street, column > last)]
    return replace(layer, rows=layer.rows.where(*bounds))


def _id_of(layer: Layer) -> "Column[int]":
    found = layer.rows.selected_columns["id"]
    assert isinstance(found, Column)
    return found


def _equal_to(identity: "Column[int]", layer: Layer) -> "list[Column[int]]":
    """The columns that the layer's inner joins hold equal to its id."""
    found: list[Column[int]] = []
    for source in layer.rows.get_final_froms():
        for part in visitors.iterate(source):
            if not isinstance(part, Join) or part.isouter or part.full:
                continue
            for clause in visitors.iterate(part.onclause):
                if isinstance(clause, BinaryExpression) and clause.operator is operators.eq:
                    found += _other_side(clause, identity)
    return list(dict.fromkeys(found))


def _other_side(clause: "BinaryExpression[Any]", identity: "Column[int]") -> "list[Column[int]]":
    sides = [side for side in (clause.left, clause.right) if isinstance(side, Column)]
    return [side for side in sides if side is not identity] if any(side is identity for side in sides) else []
