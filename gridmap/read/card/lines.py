"""The five lines of a stairwell on its card: whether each is filled, and by whom as far as that may be known."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, bindparam, select, true

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.layers.five_lines import LINES, lines
from gridmap.read.card.people import Holder
from gridmap.read.card.place import Place
from gridmap.read.locks import lock_values, locked
from gridmap.read.select import Asked
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import place

Statement = tuple[str, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One of the five lines of a stairwell; filled by people whom the viewer may not know, `holders` is empty."""

    number: int
    title: str
    is_filled: bool
    holders: tuple[Holder, ...]


def read_lines(
    connection: Connection, viewer: Viewer, asked: Asked, of: Place, people: Sequence[Holder]
) -> tuple[Line, ...]:
    """The five lines of a stairwell, in order; empty for any other place. `people` hold it or what it lies in.

    Only for viewers all of whose roles may see people.
    """
    if of.kind != "stairwell":
        return ()
    text, constants = mask_statement(viewer.reach.shape)
    values = lock_values(viewer) | asked.values | {"id": of.id, "street": of.street_id}
    row = connection.execute(text, constants | values).fetchone()
    return lines_of(row["mask"] if row else 0, people)


def lines_of(mask: int, people: Sequence[Holder]) -> tuple[Line, ...]:
    """The five lines from the bits of `lines_at`, each with those of the people who fill it, once each."""
    found = []
    for number, title in LINES.items():
        holders = {(one.person_id, one.role): one for one in reversed(people) if one.line == number}
        is_filled = bool(mask & 1 << (number - 1))
        found.append(Line(number=number, title=title, is_filled=is_filled, holders=tuple(reversed(holders.values()))))
    return tuple(found)


@lru_cache(maxsize=64)
def mask_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the filled lines of one stairwell."""
    is_it = place.c.street_id == bindparam("street"), place.c.id == bindparam("id", type_=BigInteger)
    return compiled(
        select(lines.c.mask).join_from(place, lines, true()).where(*is_it, locked(place, reach_of_shape(shape)))
    )
