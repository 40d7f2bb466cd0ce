"""The rows of a layer that a viewer may see, and what was asked of them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, Select, Subquery, select
from sqlalchemy.sql import visitors

from gridmap.cuts import OPEN
from gridmap.layer import Layer, Role
from gridmap.layers import LAYERS
from gridmap.scope import SCOPE_COLUMNS, Reach, Viewer, predicate
from gridmap.tables import DataClass


class BadWord(Exception):
    """A word of the question cannot be understood: its name, and the value that was given."""

    def __init__(self, word: str, value: str) -> None:
        super().__init__(word, value)
        self.word, self.value = word, value


class UnknownLayer(Exception):
    """No layer has that name, or none that is there for whoever asks: nobody can tell."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked of a layer: the closed set of words, the same in URL, command line and cache key."""

    as_of: datetime
    kind: str | None = None
    reason: str | None = None
    management: str | None = None
    within: int | None = None
    state: str | None = None
    begins: date | None = None
    ends: date | None = None
    is_now: bool = False
    """Whether the map shows today, so that nothing can have changed since."""

    @property
    def sharp(self) -> tuple[str, ...]:
        """Cuts that decide the text of a tile's query, because an index answers them: `open`, and `days` with an end.

        The pool of the tiles plans each text once, for any value: what may be null there is no use to an index.
        """
        is_open = self.is_now and self.state == OPEN
        has_days = self.begins is not None and self.ends is not None
        return (*(("open",) if is_open else ()), *(("days",) if has_days else ()))

    @property
    def values(self) -> dict[str, Any]:
        """The values of the bind parameters in the layers' selects."""
        return vars(self)

    @property
    def said(self) -> dict[str, str]:
        """The words that cut due work and cases, as they are written."""
        return {name: str(value) for name in CUTS if (value := getattr(self, FIELDS.get(name, name))) is not None}


WORD = re.compile(r"[^\x00]+")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
CUTS = {
    "kind": WORD,
    "reason": WORD,
    "management": WORD,
    "within": re.compile(r"[0-9]{1,16}", re.ASCII),
    "state": WORD,
    "from": DAY,
    "to": DAY,
}
"""The words that cut due work and cases, beside the map's date, and how their values are written."""
FIELDS = {"from": "begins", "to": "ends"}
"""What is called otherwise where it is bound: a word of Python."""


@lru_cache(maxsize=128)
def cuts_of(layer: Layer) -> tuple[str, ...]:
    """Which of these words the layer knows: those that its select reads."""
    named = {part.key for part in visitors.iterate(layer.rows) if isinstance(part, BindParameter)}
    return tuple(word for word in CUTS if FIELDS.get(word, word) in named)


def asked_as(as_of: datetime, words: Mapping[str, str]) -> Asked:
    """What is asked by these words; an empty word asks for everything. Raises BadWord for one that cannot be meant."""
    said = {name: words[name] for name in CUTS if words.get(name)}
    for name, value in said.items():
        if not CUTS[name].fullmatch(value):
            raise BadWord(name, value)
    within = said.get("within")
    return Asked(
        as_of=as_of,
        kind=said.get("kind"),
        reason=said.get("reason"),
        management=said.get("management"),
        within=int(within) if within else None,
        state=said.get("state"),
        begins=_day("from", said["from"]) if "from" in said else None,
        ends=_day("to", said["to"]) if "to" in said else None,
    )


def _day(name: str, word: str) -> date:
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise BadWord(name, word) from None


@lru_cache(maxsize=128)
def layers_for(roles: frozenset[Role]) -> Mapping[str, Layer]:
    """The layers that are there for these reading roles, by name in drawing order: those that say something to them.

    A layer without an attribute that they may read would still tell by its shapes what its attributes hide.
    """
    return {layer.name: layer for layer in LAYERS if seen_attributes(layer, roles)}


def layers_named(names: Iterable[str], roles: frozenset[Role]) -> tuple[Layer, ...]:
    """The layers of these names, in the order asked. Raises UnknownLayer naming the first that is not there."""
    there, found = layers_for(roles), []
    for name in dict.fromkeys(names):
        if name not in there:
            raise UnknownLayer(name)
        found.append(there[name])
    return tuple(found)


OF_PEOPLE = frozenset({DataClass.PERSONAL, DataClass.SENSITIVE})


def seen_attributes(layer: Layer, roles: frozenset[Role], *, masked: bool = False) -> tuple[str, ...]:
    """The attributes of the layer that leave the server for these reading roles, in declared order.

    `masked`: without those about people, whoever asks.
    """
    return tuple(
        name
        for name, attribute in layer.attributes.items()
        if roles <= attribute.seen_by and not (masked and attribute.data_class in OF_PEOPLE)
    )


def rows_of(
    layer: Layer, reach: Reach, names: Iterable[str], *, is_picked: bool = False
) -> tuple[Subquery, Select[Any]]:
    """The layer's rows cut down to its keys and these columns, and an empty select over them with the first lock.

    `is_picked`: the caller adds a condition that picks the rows by its own index, such as the envelope of a tile.
    """
    wanted = {"id", *SCOPE_COLUMNS, *names}
    columns = [column for column in layer.rows.selected_columns if column.key in wanted]
    rows = layer.rows.with_only_columns(*columns, maintain_column_froms=True).subquery(f"{layer.name}_rows")
    lock = predicate(layer.scoped_by, rows, reach, is_picked=is_picked)
    chosen: Select[Any] = select()
    return rows, chosen if lock is None else chosen.where(lock)


def values_for(viewer: Viewer, asked: Asked, *layers: Layer) -> dict[str, Any]:
    """All bind values of this viewer's query of these layers. Raises UnknownLayer where one is not there for him."""
    layers_named((layer.name for layer in layers), viewer.reading_roles)
    return {**viewer.parameters, **asked.values}
