"""What somebody asks for as a file, in words; and the exports that these words mean for that viewer."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from gridmap.clock import day_bounds
from gridmap.db import Database
from gridmap.i18n import _, translate
from gridmap.layer import Layer
from gridmap.read import cql2
from gridmap.read.asked_area import parse_area, parse_ids, read_inside
from gridmap.read.files.kinds import KINDS, Kind, UnknownKind
from gridmap.read.filter import UnknownWord, parse_filter
from gridmap.read.select import Asked, BadWord, asked_as, cuts_of, layers_named
from gridmap.read.stream import Export, Format, MayNotUnmask, note_export, unmasked
from gridmap.scope import Viewer

ENCODINGS = ("UTF-8", "GB18030")
MOST_LAYERS = 40
SHARED = ("area", "inside")
"""Words that are looked up once for all layers."""


class BadOrder(Exception):
    """What was asked for makes no file; the sentence says what to change, `values` fill it."""

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence, values)
        self.sentence, self.values = sentence, values

    def words(self, locale: str) -> str:
        """The sentence in that language."""
        return translate(locale, self.sentence, **self.values)


@dataclass(frozen=True, kw_only=True)
class Order:
    """Layers, the kind of file, the day, what they are cut to, and why personal data is wanted (empty: it is not).

    `words`: bbox, area, inside, datetime, the cuts of due work and cases, and attributes with their values.
    """

    layers: tuple[str, ...]
    kind: str
    day: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    encoding: str = ENCODINGS[0]

    @property
    def file_kind(self) -> Kind:
        """The kind of file. Raises UnknownKind."""
        if self.kind not in KINDS:
            raise UnknownKind(self.kind)
        return KINDS[self.kind]

    def as_words(self) -> dict[str, Any]:
        """The same as JSON, for a job that comes back to it."""
        return asdict(self) | {"layers": list(self.layers), "words": dict(self.words)}

    @classmethod
    def from_words(cls, words: Mapping[str, Any]) -> "Order":
        """The order of these words."""
        return cls(**{**words, "layers": tuple(words["layers"])})


def exports_of(
    database: Database, viewer: Viewer, order: Order, *, today: date, made_at: datetime
) -> tuple[Export, ...]:
    """The exports of the order, layer by layer. Raises BadOrder; UnknownLayer; BadWord; MayNotUnmask."""
    _check(order)
    layers = layers_named(order.layers, viewer.reading_roles)
    day = _day(order.day) if order.day else today
    asked_at = day_bounds(day)[1] - timedelta(seconds=1)
    words = {name: value for name, value in order.words.items() if name not in SHARED}
    area = parse_area(order.words["area"]) if "area" in order.words else None
    inside = None
    if "inside" in order.words:
        with database.transaction(viewer.prologue) as connection:
            inside = read_inside(connection, viewer, Asked(as_of=asked_at), parse_ids(order.words["inside"]))
    unknown = [name for name in words if not any(_knows(layer, name) for layer in layers)]
    if unknown:
        raise UnknownWord(unknown[0], words[unknown[0]])
    exports = []
    for layer in layers:
        mine = {name: value for name, value in words.items() if _knows(layer, name)}
        cuts = {name: mine.pop(name) for name in cuts_of(layer) if name in mine}
        where = parse_filter(layer, viewer.reading_roles, mine)
        if area is not None:
            where = replace(where, also=(*where.also, cql2.touching(area)))
        if inside is not None:
            where = inside.on(layer, where)
        one = Export(
            layer=layer,
            viewer=viewer,
            asked=asked_as(asked_at, cuts),
            made_at=made_at,
            title=translate(viewer.locale, layer.title),
            format=Format(order.kind) if order.kind in list(Format) else Format.CSV,
            where=replace(
                where, said=(*where.said, *((name, order.words[name]) for name in SHARED if name in order.words))
            ),
        )
        exports.append(unmasked(one, order.reason) if order.reason else one)
        _check_masked(exports[-1])
    return tuple(exports)


def note_order(
    database: Database, exports: tuple[Export, ...], order: Order, *, business_at: datetime, target: str
) -> None:
    """Write every layer of it into the audit log, before its first byte leaves."""
    for export in exports:
        note_export(database, export, business_at=business_at, target=target, kind=order.kind)


def _check(order: Order) -> None:
    if not order.layers:
        raise BadOrder(_("Choose at least one layer."))
    if len(order.layers) > MOST_LAYERS:
        raise BadOrder(_("That are too many layers for one file."))
    kind = order.file_kind
    if len(order.layers) > 1 and not kind.holds_many:
        raise BadOrder(
            _("{kind} holds one layer. Take a GeoPackage or a Shapefile for several, or choose one."), kind=kind.title
        )
    if order.encoding not in ENCODINGS:
        raise BadOrder(_("A Shapefile is written in UTF-8 or in GB18030."))


def _knows(layer: Layer, name: str) -> bool:
    if name == "datetime":
        return layer.time is not None
    return (
        name in ("bbox", "bbox-crs", "filter", "filter-lang", "filter-crs")
        or name in layer.attributes
        or name in cuts_of(layer)
    )


def _check_masked(export: Export) -> None:
    """Raises UnknownWord where the filter names what the file leaves out: the filter stands in the file."""
    names = {name for name, _value in export.where.equals}
    names |= {name for one in export.where.also for name in cql2.columns_in(one.tree)}
    for name in names & export.layer.attributes.keys():
        if name not in export.names:
            raise UnknownWord(name, dict(export.where.said).get(name, name))


def _day(word: str) -> date:
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise BadWord("as_of", word) from None


__all__ = ["ENCODINGS", "BadOrder", "MayNotUnmask", "Order", "exports_of", "note_order"]
