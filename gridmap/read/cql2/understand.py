"""A filter understood for one layer and one viewer: what may be named, of which kind everything is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import shapely

from gridmap.layer import Layer, Role
from gridmap.read.cql2.parse import shortened
from gridmap.read.cql2.shapes import envelope, is_geometry, read_geometry
from gridmap.read.cql2.times import RELATIONS, Span, Tree, moments_of, parse_time, related
from gridmap.read.crs import DEGREES, Crs
from gridmap.read.kinds import kind_of
from gridmap.read.select import BadWord, seen_attributes

GEOMETRY, ID = "geometry", "id"
"""What can be named beside the attributes, as in a GeoJSON feature."""
SIGNS = ("=", "<>", "<", ">", "<=", ">=")
SPATIAL = ("s_intersects", "s_disjoint", "s_equals", "s_touches", "s_within", "s_overlaps", "s_crosses", "s_contains")
OF_COLLECTIONS = ("s_intersects", "s_disjoint")
"""Relations that a collection of geometries can have."""
TEMPORAL = tuple(word for word in RELATIONS if word.startswith("t_"))
TIMES, NUMBERS = ("date", "date-time"), ("integer", "number")
MOST = 2**63
Value = str | int | Decimal | bool | date | datetime | bytes | float | tuple["Value", ...]


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A filter that is understood: `tree` names attributes, operators and the places of its `values`."""

    tree: Tree
    values: tuple[Value, ...] = ()


def understand(layer: Layer, roles: frozenset[Role], raw: Any, crs: Crs = DEGREES) -> Condition:
    """The condition that this tree of CQL2's JSON means; geometries in it are in that system.

    Raises BadWord naming what is unknown, hidden from these reading roles, or of a kind that cannot be meant.
    """
    reader = _Reader(layer, roles, crs)
    try:
        tree = reader.condition(raw)
    except RecursionError:
        raise BadWord("filter", shortened(raw)) from None
    return Condition(tree=tree, values=tuple(reader.values))


def touching(geometry: Any) -> Condition:
    """That a row touches this geometry in degrees."""
    return Condition(tree=("spatial", "s_intersects", 0, False), values=_place_values(geometry))


class _Reader:
    """Reads one filter; gathers its values on the way."""

    def __init__(self, layer: Layer, roles: frozenset[Role], crs: Crs) -> None:
        self.layer, self.crs = layer, crs
        self.seen = seen_attributes(layer, roles)
        self.values: list[Value] = []

    def condition(self, raw: Any) -> Tree:
        """What holds or does not."""
        if isinstance(raw, bool):
            return ("true",) if raw else ("false",)
        if isinstance(raw, Mapping) and "property" in raw:
            name, kind = self.property(raw)
            return ("property", name) if kind == "boolean" else self.refuse(name)
        word, args = self.call(raw)
        if word in ("and", "or"):
            return _flat(word, [self.condition(each) for each in args]) if len(args) > 1 else self.refuse(word)
        if word == "not":
            (inner,) = self.exactly(1, word, args)
            made = self.condition(inner)
            return made[1] if made[0] == "not" else ("not", made)
        if word in SIGNS:
            return self.comparison(word, *self.exactly(2, word, args))
        if word == "between":
            value, least, most = self.exactly(3, word, args)
            return ("and", self.comparison(">=", value, least), self.comparison("<=", value, most))
        if word in SPATIAL:
            return self.spatial(word, *self.exactly(2, word, args))
        if word in TEMPORAL:
            left, right = self.exactly(2, word, args)
            return related(word, *self.spans(left, right))
        readers = {"in": self.membership, "like": self.likeness, "isnull": self.nothing}
        return readers[word](args) if word in readers else self.refuse(raw)

    def call(self, raw: Any) -> tuple[str, Sequence[Any]]:
        """The operator and what it is given."""
        if not isinstance(raw, Mapping) or not isinstance(raw.get("op"), str) or not isinstance(raw.get("args"), list):
            self.refuse(raw)
        return raw["op"].lower(), raw["args"]

    def exactly(self, count: int, word: str, args: Sequence[Any]) -> Sequence[Any]:
        """The arguments, where there are so many."""
        return args if len(args) == count else self.refuse(word)

    def refuse(self, what: object) -> Any:
        """This cannot be said, or not here."""
        raise BadWord("filter", shortened(what.get("op", what) if isinstance(what, Mapping) else what))

    def property(self, raw: Mapping[str, Any]) -> tuple[str, str]:
        """The name and kind of what can be asked of a row. What is hidden is as unknown as what is not there."""
        name = raw["property"]
        if name in (GEOMETRY, ID):
            return name, {GEOMETRY: "geometry", ID: "integer"}[name]
        if not isinstance(name, str) or name not in self.seen or kind_of(self.layer, name) == "object":
            self.refuse(name)
        return name, kind_of(self.layer, name)

    def kept(self, value: Value, kind: str) -> Tree:
        """A value, which goes beside the tree, and its place in it."""
        self.values.append(value)
        return ("value", len(self.values) - 1, kind)

    # ---- comparisons

    def comparison(self, sign: str, left: Any, right: Any) -> Tree:
        kinds = (self.kind(left), self.kind(right))
        if any(kind in TIMES for kind in kinds):
            return self.comparison_of_times(sign, left, right, kinds)
        if kinds[0] != kinds[1] and not all(kind in NUMBERS for kind in kinds):
            self.refuse(right)
        return ("compare", sign, self.scalar(left), self.scalar(right))

    def comparison_of_times(self, sign: str, left: Any, right: Any, kinds: tuple[str, str]) -> Tree:
        if kinds[0] != kinds[1]:
            return related(sign, *self.spans(left, right))
        return ("compare", sign, self.time(left), self.time(right))

    def kind(self, raw: Any) -> str:
        """Of which kind a value or attribute is. A text beside a time is read as one."""
        if isinstance(raw, Mapping):
            if "property" in raw:
                return self.property(raw)[1]
            if raw.keys() == {"date"} or raw.keys() == {"timestamp"}:
                return "date" if "date" in raw else "date-time"
            word, args = self.call(raw)
            (inner,) = self.exactly(1, word, args)
            return "string" if word == "casei" and self.kind(inner) == "string" else self.refuse(word)
        if isinstance(raw, bool):
            return "boolean"
        if isinstance(raw, int | float):
            return "number"
        return "string" if isinstance(raw, str) else self.refuse(raw)

    def scalar(self, raw: Any) -> Tree:
        """A text, number or truth: an attribute, a literal, or a text whose case is not looked at."""
        kind = self.kind(raw)
        if not isinstance(raw, Mapping):
            return self.kept(*self.literal(raw))
        if kind in (*TIMES, "geometry"):
            self.refuse(raw.get("property", raw))
        if "property" in raw:
            return ("property", raw["property"])
        inner = self.scalar(raw["args"][0])
        return inner if inner[0] == "casei" else ("casei", inner)

    def literal(self, raw: Any) -> tuple[Value, str]:
        """The value as PostgreSQL is given it, and its kind."""
        if isinstance(raw, bool):
            return raw, "boolean"
        if isinstance(raw, str):
            if "\x00" in raw or (not raw.isprintable() and _has_half_letters(raw)):
                self.refuse("\\u0000" if "\x00" in raw else "\\ud800")
            return raw, "string"
        if not isinstance(raw, int | float):
            self.refuse(raw)
        exact = Decimal(repr(raw))
        if not exact.is_finite() or abs(exact.adjusted()) > 40:
            self.refuse(raw)
        whole = exact == exact.to_integral_value() and abs(exact) < MOST
        return (int(exact), "integer") if whole else (exact, "number")

    def likeness(self, args: Sequence[Any]) -> Tree:
        value, pattern = self.exactly(2, "like", args)
        is_folded = isinstance(pattern, Mapping)
        text = self.call(pattern)[1][0] if is_folded and self.kind(pattern) == "string" and "op" in pattern else pattern
        if self.kind(value) != "string" or not isinstance(text, str):
            self.refuse(value if isinstance(text, str) else pattern)
        if (len(text) - len(text.rstrip("\\"))) % 2:
            self.refuse(text)
        return ("like", self.scalar(value), self.scalar(pattern))

    def membership(self, args: Sequence[Any]) -> Tree:
        value, choices = self.exactly(2, "in", args)
        if not isinstance(choices, list) or not choices:
            self.refuse("in")
        kind = self.kind(value)
        if kind in TIMES or any(isinstance(each, Mapping) for each in choices):
            return _flat("or", [self.comparison("=", value, each) for each in choices])
        found = [self.literal(each) for each in choices]
        kinds = {each for _, each in found}
        if kind in NUMBERS and kinds <= {*NUMBERS}:
            is_whole = kinds == {"integer"}
            numbers = tuple(each if is_whole else Decimal(str(each)) for each, _ in found)
            place = self.kept(numbers, "integer" if is_whole else "number")
        elif kinds == {kind}:
            place = self.kept(tuple(each for each, _ in found), kind)
        else:
            self.refuse(choices)
        return ("among", self.scalar(value), place)

    def nothing(self, args: Sequence[Any]) -> Tree:
        (raw,) = self.exactly(1, "isNull", args)
        if not isinstance(raw, Mapping) or "property" not in raw:
            self.refuse(raw)
        return ("null", self.property(raw)[0])

    # ---- places

    def spatial(self, word: str, left: Any, right: Any) -> Tree:
        given = [is_geometry(each) for each in (left, right)]
        named, literal = (right, left) if given[0] else (left, right)
        if sum(given) != 1 or not isinstance(named, Mapping) or named.get("property") != GEOMETRY:
            # a name that is nothing is told rather than the operator
            names = [each["property"] for each in (left, right) if isinstance(each, Mapping) and "property" in each]
            self.refuse(next((name for name in names if name != GEOMETRY), word))
        try:
            geometry = read_geometry(literal, self.crs)
        except ValueError:
            self.refuse(literal.get("type", "bbox"))
        if geometry.geom_type == "GeometryCollection" and word not in OF_COLLECTIONS:
            self.refuse(word)
        place = len(self.values)
        self.values += _place_values(geometry)
        return ("spatial", word, place, given[0])

    # ---- times

    def spans(self, left: Any, right: Any) -> tuple[Span, Span]:
        """Both as spans of days, where both are days; else of moments."""
        raws = [self.ends(each) for each in (left, right)]
        kinds = {self.time_kind(end) for ends in raws for end in ends if end != ".."}
        has_moments = "date-time" in kinds
        one, other = ((self.end(ends[0], 0, has_moments), self.end(ends[1], 1, has_moments)) for ends in raws)
        return one, other

    def ends(self, raw: Any) -> tuple[Any, Any]:
        if isinstance(raw, Mapping) and raw.keys() == {"interval"}:
            ends = raw["interval"]
            if not isinstance(ends, list) or len(ends) != 2:
                self.refuse("interval")
            return ends[0], ends[1]
        return raw, raw

    def time_kind(self, raw: Any) -> str:
        if isinstance(raw, str):
            return "date" if len(raw) == len("2026-03-16") else "date-time"
        kind = self.kind(raw)
        return kind if kind in TIMES else self.refuse(raw.get("property", raw) if isinstance(raw, Mapping) else raw)

    def time(self, raw: Any) -> Tree:
        """A day or a moment: an attribute or a literal."""
        if isinstance(raw, Mapping) and "property" in raw:
            return ("property", self.property(raw)[0])
        value = self.read_time(raw)
        return self.kept(value, "date-time" if isinstance(value, datetime) else "date")

    def read_time(self, raw: Any) -> date | datetime:
        word = raw.get("date", raw.get("timestamp")) if isinstance(raw, Mapping) else raw
        try:
            value = parse_time(word)
        except (ValueError, TypeError):
            return self.refuse(word)  # type: ignore[no-any-return]
        if isinstance(raw, Mapping) and isinstance(value, datetime) != ("timestamp" in raw):
            self.refuse(word)
        return value

    def end(self, raw: Any, which: int, has_moments: bool) -> Tree:
        """The start (0) or the end (1) of a span."""
        if raw == "..":
            return ("open", which, "date-time" if has_moments else "date")
        if isinstance(raw, Mapping) and "property" in raw:
            name, kind = self.property(raw)
            return ("moment", name, which) if has_moments and kind == "date" else ("property", name)
        value = self.read_time(raw)
        if has_moments and not isinstance(value, datetime):
            try:
                value = moments_of(value)[which]
            except ValueError:
                self.refuse(value)
        return self.kept(value, "date-time" if isinstance(value, datetime) else "date")


def _flat(word: str, parts: Sequence[Tree]) -> Tree:
    """One `and` or `or` for many within each other: no statement grows deep."""
    found: list[Tree] = []
    for part in parts:
        found += part[1:] if part[0] == word else [part]
    return (word, *found)


def _has_half_letters(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _place_values(geometry: Any) -> tuple[Value, ...]:
    """What a spatial condition is given: the geometry, and the sides of its envelope in web mercator."""
    return (bytes(shapely.to_wkb(shapely.set_srid(geometry, DEGREES.srid), include_srid=True)), *envelope(geometry))
