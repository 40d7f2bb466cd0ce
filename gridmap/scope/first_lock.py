"""The fast lock: a condition on the rows of a query, composed from a viewer's reach."""

from typing import Any

from sqlalchemy import ARRAY, BigInteger, Integer, bindparam, false, or_
from sqlalchemy.dialects.postgresql import INT4MULTIRANGE
from sqlalchemy.sql import ColumnElement, FromClause, func

from gridmap.layer import Scoped
from gridmap.scope.reach import RANGED, SUBTREES, Reach

SCOPE_COLUMNS = ("street_id", "place_id", "community_id", "grid_id", "micro_grid_id", "estate_id", "parties")
"""The columns that the first lock reads; place_id where a row's own id is not the place's, parties of cases."""


def _among(column: ColumnElement[Any], name: str, *, is_picked: bool) -> ColumnElement[bool]:
    if name not in RANGED:
        return column == func.any(bindparam(f"scope_{name}", type_=ARRAY(BigInteger)))
    if not is_picked:
        return column == func.any(bindparam(f"scope_{name}", type_=ARRAY(Integer)))
    found: ColumnElement[bool] = column.op("<@")(bindparam(f"{name}_ranges", type_=INT4MULTIRANGE()))
    return found


def predicate(
    scoped_by: Scoped | None, rows: FromClause, reach: Reach, *, is_picked: bool = False
) -> ColumnElement[bool] | None:
    """The first lock for these rows; None where everything may be seen, false where nothing may.

    `is_picked`: another condition picks the rows by its own index, so streets are looked up in ranges, row by row; an
    array would be tried against an index, hundreds of streets for each row. Sources of the rule: a row without a grid
    belongs to its community; micro grids count as grids.
    """
    if scoped_by is None or reach.is_city:
        return None
    if scoped_by is Scoped.STREET:
        return _among(rows.c.street_id, "near", is_picked=is_picked)
    columns = {
        "streets": ("street_id",),
        "communities": ("community_id",),
        "grids": ("grid_id", "micro_grid_id"),
        "estates": ("estate_id",),
        "places": ("place_id" if "place_id" in rows.c else "id",),
    }
    shape = [name for name in SUBTREES if name in reach.shape]
    if scoped_by is Scoped.CASE:
        columns["own_estates"] = columns["estates"]
        shape = ["own_estates" if name == "estates" else name for name in shape]
    parts = [_among(rows.c[column], name, is_picked=is_picked) for name in shape for column in columns[name]]
    if scoped_by is Scoped.CASE and reach.organisations:
        parts.append(rows.c.parties.bool_op("&&")(bindparam("scope_organisations", type_=ARRAY(BigInteger))))
    return or_(*parts) if parts else false()
