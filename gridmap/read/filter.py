"""What is asked of a layer's rows: a box, a time, exact values, CQL2; the same words in URL and command line."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, DateTime, Float, Subquery, bindparam, literal_column, or_
from sqlalchemy.sql import func

from gridmap.clock import OFFICE, day_bounds
from gridmap.layer import Layer, Role
from gridmap.read import cql2
from gridmap.read.cql2.shapes import read_geometry, sides_of
from gridmap.read.crs import DEGREES, KNOWN, Crs
from gridmap.read.kinds import BIND_TYPES, kind_of
from gridmap.read.select import BadWord, seen_attributes

Value = str | int | Decimal | bool | date | datetime
GREATEST_ID = 2**63 - 1
FLAT_LATITUDE = 89.0
PLACED = ("bbox", "bbox-crs", "filter", "filter-lang", "filter-crs")
"""Words that are read together with each other."""


OWNED_BY = ("community_id", "grid_id", "micro_grid_id", "estate_id")
"""The columns that say what a row belongs to."""


class UnknownWord(BadWord):
    """Nothing of that name can be asked of this layer by this viewer."""


@dataclass(frozen=True, kw_only=True)
class Box:
    """West, south, east, north in degrees; west > east where it crosses the antimeridian."""

    west: float
    south: float
    east: float
    north: float

    @property
    def crosses(self) -> bool:
        """Whether it crosses the antimeridian."""
        return self.west > self.east


@dataclass(frozen=True, kw_only=True)
class Period:
    """From `start` up to and including `end`; None is open."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, kw_only=True)
class FilterShape:
    """What decides the text of a query: which conditions there are, not their values."""

    box: bool = False
    crosses: bool = False
    start: bool = False
    end: bool = False
    names: tuple[str, ...] = ()
    inside: bool = False
    trees: tuple[cql2.Tree, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Conditions on the rows of a layer, all of which hold; `said` repeats them as they were asked."""

    box: Box | None = None
    inside: tuple[int, ...] = ()
    """Communities, grids, estates: what belongs to one of them."""
    period: Period | None = None
    equals: tuple[tuple[str, Value], ...] = ()
    also: tuple[cql2.Condition, ...] = ()
    said: tuple[tuple[str, str], ...] = ()

    @property
    def shape(self) -> FilterShape:
        """The part of the filter that makes the query's text."""
        period = self.period or Period(start=None, end=None)
        return FilterShape(
            box=self.box is not None,
            crosses=self.box is not None and self.box.crosses,
            start=period.start is not None,
            end=period.end is not None,
            names=tuple(name for name, _ in self.equals),
            inside=bool(self.inside),
            trees=tuple(condition.tree for condition in self.also),
        )

    @property
    def values(self) -> dict[str, Any]:
        """The values of the bind parameters of `conditions()`."""
        found: dict[str, Any] = {f"is_{name}": value for name, value in self.equals}
        if self.box:
            found |= {side: getattr(self.box, side) for side in ("west", "south", "east", "north")}
        for number, condition in enumerate(self.also):
            found |= cql2.values_of(condition, f"said_{number}")
        if self.period:
            found |= {"period_start": self.period.start, "period_end": self.period.end}
        if self.inside:
            found["inside"] = list(self.inside)
        return found


EVERYTHING = Filter()


def conditions(layer: Layer, rows: Subquery, shape: FilterShape) -> "list[ColumnElement[bool]]":
    """The conditions of a filter of that shape on these rows, which carry both geometries where it has a box."""
    found: list[ColumnElement[bool]] = [
        rows.c[name] == bindparam(f"is_{name}", type_=BIND_TYPES[kind_of(layer, name)]) for name in shape.names
    ]
    found += [cql2.condition(rows, tree, f"said_{number}") for number, tree in enumerate(shape.trees)]
    if shape.box:
        found.append(_within(rows, crosses=shape.crosses))
    if shape.inside:
        ids = bindparam("inside", type_=ARRAY(BigInteger))
        found.append(or_(*(rows.c[name] == func.any(ids) for name in OWNED_BY)))
    if layer.time and shape.start:
        found.append(rows.c[layer.time] >= bindparam("period_start", type_=DateTime(timezone=True)))
    if layer.time and shape.end:
        found.append(rows.c[layer.time] <= bindparam("period_end", type_=DateTime(timezone=True)))
    return found


def columns_of(layer: Layer, shape: FilterShape) -> tuple[str, ...]:
    """The columns that a filter of that shape reads."""
    times = (layer.time,) if layer.time and (shape.start or shape.end) else ()
    said = (name for tree in shape.trees for name in cql2.columns_in(tree))
    return (*shape.names, *(("geom", "geom_3857") if shape.box else ()), *times, *said)


def parse_filter(layer: Layer, roles: frozenset[Role], words: Mapping[str, str]) -> Filter:
    """The Filter of these words: `bbox`, `datetime`, `filter`, and the attributes that these reading roles see.

    `bbox-crs` and `filter-crs` name the coordinate system of the box and of geometries in the filter, `filter-lang`
    its language. Raises UnknownWord for a name that is nothing to them, BadWord for a value that cannot be understood.
    """
    seen = seen_attributes(layer, roles)
    made = Filter(said=tuple(words.items()))
    for name, value in words.items():
        if "\x00" in value:
            raise BadWord(name, value)
        if name == "datetime":
            made = replace(made, period=parse_period(value))
        elif name in seen and kind_of(layer, name) != "object":
            made = replace(made, equals=(*made.equals, (name, _parse_value(kind_of(layer, name), name, value))))
        elif name not in PLACED:
            raise UnknownWord(name, value)
    return _also(_boxed(made, words), layer, roles, words)


def _boxed(made: Filter, words: Mapping[str, str]) -> Filter:
    """With the box: in degrees as such, in metres as the area that it is."""
    crs = parse_crs("bbox-crs", words)
    if "bbox" not in words:
        return made
    if crs.is_degrees:
        return replace(made, box=parse_box(words["bbox"], crs))
    try:
        area = read_geometry({"bbox": words["bbox"].split(",")}, crs)
    except ValueError:
        raise BadWord("bbox", words["bbox"]) from None
    return replace(made, also=(*made.also, cql2.touching(area)))


def _also(made: Filter, layer: Layer, roles: frozenset[Role], words: Mapping[str, str]) -> Filter:
    """With the filter in CQL2."""
    crs, language = parse_crs("filter-crs", words), words.get("filter-lang", cql2.LANGUAGES[0])
    if language not in cql2.LANGUAGES:
        raise BadWord("filter-lang", language)
    if "filter" not in words:
        return made
    condition = cql2.understand(layer, roles, cql2.parse(words["filter"], language), crs)
    return replace(made, also=(*made.also, condition))


def parse_crs(name: str, words: Mapping[str, str]) -> Crs:
    """The coordinate system that the word of that name says; degrees, longitude first, where it is not said."""
    if name not in words:
        return DEGREES
    if words[name] not in KNOWN:
        raise BadWord(name, words[name])
    return KNOWN[words[name]]


def parse_box(words: str, crs: Crs = DEGREES) -> Box:
    """A box in degrees, in the order of that system (or six numbers with heights, not looked at). Raises BadWord."""
    try:
        sides = sides_of(words.split(","), crs)
    except ValueError:
        raise BadWord("bbox", words) from None
    west, east = (min(max(number, -180.0), 180.0) for number in (sides[0], sides[2]))
    south, north = (min(max(number, -90.0), 90.0) for number in (sides[1], sides[3]))
    return Box(west=west, south=south, east=east, north=north)


def parse_period(words: str) -> Period:
    """An instant, a day, or two of them with `/` between; `..` or nothing is open. Raises BadWord."""
    parts = words.split("/")
    if len(parts) > 2 or (len(parts) == 1 and parts[0] in ("", "..")):
        raise BadWord("datetime", words)
    bounds = [_bounds(part, words) for part in parts]
    start, end = bounds[0][0], bounds[-1][1]
    if start and end and start > end:
        raise BadWord("datetime", words)
    return Period(start=start, end=end)


def _bounds(word: str, words: str) -> tuple[datetime | None, datetime | None]:
    if word in ("", ".."):
        return None, None
    # GDAL 3 writes a day so
    word = word[:-1] if len(word) == len("2026-03-16T") and word.endswith("T") else word
    try:
        if len(word) == len("2026-03-16"):
            start, after = day_bounds(date.fromisoformat(word))
            return start, after - timedelta(microseconds=1)
        instant = datetime.fromisoformat(word)
    except (ValueError, OverflowError):
        raise BadWord("datetime", words) from None
    instant = instant if instant.tzinfo else instant.replace(tzinfo=OFFICE)
    return instant, instant


def _parse_value(kind: str, name: str, word: str) -> Value:
    try:
        return _typed(kind, word)
    except (ValueError, InvalidOperation, OverflowError):
        raise BadWord(name, word) from None


def _typed(kind: str, word: str) -> Value:
    if kind == "integer":
        number = int(word) if word.isascii() and len(word) < 20 else GREATEST_ID + 1
        if not -GREATEST_ID <= number <= GREATEST_ID:
            raise ValueError(word)
        return number
    if kind == "number":
        exact = Decimal(word)
        if not exact.is_finite() or len(word) > 40 or abs(exact.adjusted()) > 40:
            raise ValueError(word)
        return exact
    if kind == "boolean":
        return {"true": True, "false": False}[word] if word in ("true", "false") else _refuse(word)
    if kind == "date":
        return date.fromisoformat(word)
    if kind == "date-time":
        instant = datetime.fromisoformat(word)
        return instant if instant.tzinfo else instant.replace(tzinfo=OFFICE)
    return word


def _refuse(word: str) -> bool:
    raise ValueError(word)


def _within(rows: Subquery, *, crosses: bool) -> "ColumnElement[bool]":
    west, south, east, north = (bindparam(side, type_=Float(53)) for side in ("west", "south", "east", "north"))
    if not crosses:
        return _touches(rows, west, south, east, north)
    return or_(
        _touches(rows, west, south, literal_column("180.0"), north),
        _touches(rows, literal_column("-180.0"), south, east, north),
    )


def _touches(rows: Subquery, west: Any, south: Any, east: Any, north: Any) -> "ColumnElement[bool]":
    # the envelope of a line stays sound where the box has no width or height
    box = func.ST_Envelope(func.ST_MakeLine(_point(west, south), _point(east, north)))
    # each kind of place has an index of its own on its web mercator shape: found there, with room for rounding
    flat = func.ST_Envelope(func.ST_MakeLine(_point(west, _flat(south)), _point(east, _flat(north))))
    near: ColumnElement[bool] = rows.c.geom_3857.op("&&")(func.ST_Expand(func.ST_Transform(flat, 3857), 0.01))
    return near & func.ST_Intersects(rows.c.geom, box)


def _point(x: Any, y: Any) -> "ColumnElement[Any]":
    return func.ST_SetSRID(func.ST_MakePoint(x, y), 4326)


def _flat(latitude: Any) -> "ColumnElement[Any]":
    """The latitude where web mercator still has it."""
    return func.least(func.greatest(latitude, -FLAT_LATITUDE), FLAT_LATITUDE)
