"""Conditions that reads beside the layers share: the first lock for places and for people, kinds, streets."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, FromClause, bindparam, false, func, literal_column, or_, true
from sqlalchemy.dialects.postgresql import ARRAY

from gridmap.layer import ON_DUTY, Scoped
from gridmap.scope import Reach, Viewer, predicate


def sees_people(viewer: Viewer) -> bool:
    """Whether the viewer's roles may read who is responsible."""
    return viewer.reading_roles <= ON_DUTY


def locked(rows: FromClause, reach: Reach) -> "ColumnElement[bool]":
    """The first lock for rows of places, or of what belongs to one; true where everything may be seen."""
    lock = predicate(Scoped.PLACE, rows, reach)
    return true() if lock is None else lock


def case_locked(rows: FromClause, reach: Reach) -> "ColumnElement[bool]":
    """The first lock for cases and what lies beside them; one's own reports come on top of it."""
    lock = predicate(Scoped.CASE, rows, reach)
    return true() if lock is None else lock


def people_locked(rows: FromClause, reach: Reach) -> "ColumnElement[bool]":
    """The first lock for rows of people: those of the viewer's area, and those who look after something in it."""
    if reach.is_city:
        return true()
    columns = {"streets": ("street_id",), "communities": ("community_id",), "grids": ("grid_id", "micro_grid_id")}
    parts = [
        rows.c[column] == func.any(ids(f"scope_{name}")) for name in reach.shape for column in columns.get(name, ())
    ]
    return or_(false(), *parts, rows.c.id == func.any(ids("scope_people")))


def lock_values(viewer: Viewer) -> dict[str, Any]:
    """The values of every bind parameter of these locks, and `near`: the streets in which the viewer sees something."""
    reach = viewer.reach
    return {**viewer.parameters, "scope_people": list(reach.people), "near": list(reach.near)}


def is_near(column: "ColumnElement[Any]", reach: Reach) -> "ColumnElement[bool]":
    """That the street is one in which the viewer sees something: it leads every index."""
    return true() if reach.is_city else column == func.any(ids("near"))


def of_kinds(column: "ColumnElement[Any]", *kinds: str) -> "ColumnElement[bool]":
    """That the kind is one of these words, which stand in the text of the statement."""
    assert all(kind.isidentifier() for kind in kinds)
    return column == func.any(literal_column(f"'{{{','.join(kinds)}}}'::text[]"))


def ids(name: str) -> "ColumnElement[Any]":
    """A bind parameter that holds ids."""
    return bindparam(name, type_=ARRAY(BigInteger))
