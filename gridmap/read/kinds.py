"""What the values of an attribute are, in the words of JSON, and as what PostgreSQL is given them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, DateTime, Numeric, Text
from sqlalchemy.types import TypeEngine

from gridmap.layer import Layer

BIND_TYPES: Mapping[str, TypeEngine[Any]] = {
    "string": Text(),
    "integer": BigInteger(),
    "number": Numeric(),
    "boolean": Boolean(),
    "date": Date(),
    "date-time": DateTime(timezone=True),
}


def kind_of(layer: Layer, name: str) -> str:
    """What values of the attribute are: string, integer, number, boolean, object, date or date-time."""
    declared = layer.rows.selected_columns[name].type
    if isinstance(declared, DateTime):
        return "date-time"
    return "date" if isinstance(declared, Date) else layer.attributes[name].type
