"""How what lies at a place is joined to it, to the house that it is a part of, and to the estate around."""

from sqlalchemy import ColumnElement, FromClause, and_

from gridmap.tables import place


def is_place_of(rows: FromClause) -> "ColumnElement[bool]":
    """That the place is the one which the row names."""
    return and_(place.c.street_id == rows.c.street_id, place.c.id == rows.c.place_id)


def is_house(house: FromClause) -> "ColumnElement[bool]":
    """That this is the building which the place is a part of."""
    return and_(house.c.street_id == place.c.street_id, house.c.id == place.c.parent_id, house.c.kind == "building")


def is_around(around: FromClause, rows: FromClause) -> "ColumnElement[bool]":
    """That this is the estate which the row lies in: of a row about an estate, its own place."""
    return and_(around.c.street_id == rows.c.street_id, around.c.id == rows.c.estate_id)
