"""From the ground of a search to what was found there, in rows that can be kept. Knows no database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.analysis.hexagons import Hexagons, bin_points, outline
from gridmap.analysis.hotspots import Area, Found, Units, by_month, find
from gridmap.analysis.hotspots.expecting import expect
from gridmap.complaints import FEW
from gridmap.coords import unproject
from gridmap.hotspots.ground import Ground, Unit
from gridmap.hotspots.subjects import Spell

Floats = NDArray[np.float64]
Indexes = NDArray[np.int64]
LEAST_COMPARED = 0.5
"""Where an exposure is known for fewer of the cases than that share, nothing is tested: only the busiest are told."""
ROUND_M = 15.0
"""Metres around a single address that the map shows."""
HOUSEHOLDS = "households"


@dataclass(frozen=True, kw_only=True)
class Member:
    """A unit of what was found."""

    unit: Unit
    observed: int
    exposure: float | None
    expected: float | None
    cases: tuple[int, ...] = ()
    """Ids of its incidents."""
    is_apart: bool = False


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One row of what was found: its ground in degrees as WKB, and the smallest territory that holds all its units."""

    status: str
    observed: int
    where: tuple[int | None, ...]
    shape: bytes
    members: tuple[Member, ...]
    number: int | None = None
    expected: float | None = None
    chance: float | None = None
    months: tuple[tuple[int, float], ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Reckoned:
    """A whole search. `exposure`: the name of what cases were compared with, None where nothing fits."""

    exposure: str | None
    found: Found
    unexposed: int
    units: int
    month_cases: tuple[int, ...]
    findings: tuple[Finding, ...]


def reckon(ground: Ground, spell: Spell, seed: int) -> Reckoned:
    """Search the ground over the spell. The same for the same ground and seed."""
    counts = _counts(ground, spell)
    exposure = _fitting(ground.units, counts)
    values = _exposures(ground.units, exposure)
    ids = np.array([one.id for one in ground.units], dtype=np.int64)
    units = Units(ids=ids, points=ground.points, counts=counts, exposure=values)
    found = find(units, seed=seed)
    compared = ids if values is None else ids[values > 0]
    lost = sum(one.times for one in ground.cases if one.unit is None and spell.begins <= one.day < spell.ends)
    rows, months = _rows(ground, spell, compared)
    few = FEW if exposure == HOUSEHOLDS else 0
    book = _Book(ground, counts, values, few, found, _told(ground, spell))
    return Reckoned(
        exposure=exposure,
        found=found,
        unexposed=found.unexposed + lost,
        units=len(compared),
        month_cases=tuple(np.bincount(months, minlength=len(spell.months)).tolist()),
        findings=tuple(book.findings(rows, months, len(spell.months))),
    )


def _counts(ground: Ground, spell: Spell) -> Indexes:
    at = {one.id: number for number, one in enumerate(ground.units)}
    counts = np.zeros(len(ground.units), dtype=np.int64)
    for case in ground.cases:
        if case.unit is not None and spell.begins <= case.day < spell.ends:
            counts[at[case.unit]] += case.times
    return counts


def _told(ground: Ground, spell: Spell) -> dict[int, list[int]]:
    """The incidents of the spell by unit."""
    told: dict[int, list[int]] = {}
    for case in ground.cases:
        if case.unit is not None and case.id is not None and spell.begins <= case.day < spell.ends:
            told.setdefault(case.unit, []).append(case.id)
    return told


def _fitting(units: Sequence[Unit], counts: Indexes) -> str | None:
    """The first exposure that is known, and some, where most of the cases are; without any cases, at most units."""
    weights = counts if counts.sum() else np.ones(len(units), dtype=np.int64)
    for name in units[0].exposures if units else ():
        known = np.array([(one.exposures[name] or 0.0) > 0 for one in units], dtype=bool)
        if known.any() and weights[known].sum() >= LEAST_COMPARED * weights.sum():
            return name
    return None


def _exposures(units: Sequence[Unit], name: str | None) -> Floats | None:
    """How much could happen at each; what nobody knows of a unit is nothing, so that its cases are told apart."""
    return None if name is None else np.array([one.exposures[name] or 0.0 for one in units], dtype=np.float64)


def _rows(ground: Ground, spell: Spell, compared: Indexes) -> tuple[Indexes, Indexes]:
    """The cases of the series one by one: at which unit, in which of its months."""
    months: dict[date, int] = {month: number for number, month in enumerate(spell.months)}
    inside = set(compared.tolist())
    told = [
        (case.unit, months[case.day.replace(day=1)], case.times)
        for case in ground.cases
        if case.unit in inside and case.day.replace(day=1) in months
    ]
    if not told:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    columns = np.array(told, dtype=np.int64)
    return np.repeat(columns[:, 0], columns[:, 2]), np.repeat(columns[:, 1], columns[:, 2])


class _Book:
    """What was found, with the units that it speaks of; a unit of less exposure than `few` is not spoken of alone."""

    def __init__(
        self,
        ground: Ground,
        counts: Indexes,
        exposure: Floats | None,
        few: int,
        found: Found,
        told: Mapping[int, list[int]],
    ) -> None:
        self.found, self.epsg, self.told = found, ground.epsg, told
        chosen = np.arange(len(ground.units)) if exposure is None else np.flatnonzero(exposure > 0)
        # the search has them by id, and so does the ground
        self.units = [ground.units[one] for one in chosen]
        self.counts, self.points = counts[chosen], ground.points[chosen]
        self.exposure = None if exposure is None else exposure[chosen]
        self.expected = None if self.exposure is None else expect(self.counts, self.exposure).expected
        self.alone = np.zeros(0, dtype=bool) if self.exposure is None else self.exposure >= few
        self.at = {one.id: number for number, one in enumerate(self.units)}
        self.hexagon = bin_points(self.points, found.edge).of_point

    def findings(self, rows: Indexes, months: Indexes, many: int) -> Iterable[Finding]:
        """All of them: areas with their months, single addresses, the busiest, and the ground that is left."""
        areas = (*self.found.areas, *self.found.further)
        series = by_month(areas, rows, months, many)
        named = len(self.found.areas)
        for number, (area, course) in enumerate(zip(areas, series, strict=True), 1):
            yield self._area(
                area,
                "area" if number <= named else "further",
                number,
                tuple(zip(course.observed.tolist(), course.expected.tolist(), strict=True)),
            )
        yield from self._repeats()
        yield from self._ground(areas)

    def _area(self, area: Area, status: str, number: int, months: tuple[tuple[int, float], ...]) -> Finding:
        members = [self._member(self.at[one]) for one in area.units.tolist()]
        apart = [self.at[one] for one in area.apart.tolist()]
        members += [self._member(at, is_apart=True) for at in apart if self.alone[at]]
        return Finding(
            status=status,
            number=number,
            observed=area.observed,
            expected=area.expected,
            chance=area.chance,
            where=_shared(one.unit for one in members),
            shape=self._shape(area.hexagons),
            members=tuple(members),
            months=months,
        )

    def _repeats(self) -> Iterable[Finding]:
        """Single addresses; where only a few families live it would be one of them that is pointed at."""
        for one in self.found.repeats:
            at = self.at[one.unit]
            if not self.alone[at]:
                # its ground is grey with all that happened there, as where nothing can be said
                continue
            ring = shapely.buffer(shapely.points(self.points[at]), ROUND_M, quad_segs=4)
            yield Finding(
                status="repeat",
                observed=one.observed,
                expected=one.expected,
                where=self.units[at].where,
                shape=_in_degrees(ring, self.epsg),
                members=(self._member(at),),
            )

    def _ground(self, areas: Sequence[Area]) -> Iterable[Finding]:
        """Hexagons in which something happened and of which nothing more can be said; the busiest if nothing can."""
        taken = {tuple(one) for area in areas for one in area.hexagons.tolist()}
        numbers = {one.hexagon: number for number, one in enumerate(self.found.busiest, 1)}
        members: dict[int, list[int]] = {}
        for at, hexagon in enumerate(self.hexagon.tolist()):
            members.setdefault(hexagon, []).append(at)
        is_tested = self.found.is_tested
        for there, (q, r) in enumerate(self.found.hexagons.tolist()):
            if (q, r) in taken or not self.found.observed[there]:
                continue
            number, inside = numbers.get((q, r)), members[there]
            yield Finding(
                status="busiest" if number else "chance" if is_tested else "untested",
                number=number,
                observed=int(self.found.observed[there]),
                expected=float(self.found.expected[there]) if is_tested else None,
                chance=float(self.found.chance[there]) if is_tested else None,
                where=_shared(self.units[at] for at in inside),
                shape=self._shape(self.found.hexagons[there : there + 1]),
                members=tuple(self._member(at) for at in inside),
            )

    def _member(self, at: int, *, is_apart: bool = False) -> Member:
        return Member(
            unit=self.units[at],
            observed=int(self.counts[at]),
            exposure=None if self.exposure is None else float(self.exposure[at]),
            expected=None if self.expected is None else float(self.expected[at]),
            cases=tuple(self.told.get(self.units[at].id, ())),
            is_apart=is_apart,
        )

    def _shape(self, hexagons: Hexagons) -> bytes:
        return _in_degrees(outline(hexagons, self.found.edge), self.epsg)


def _shared(units: Iterable[Unit]) -> tuple[int | None, ...]:
    """Of each kind of territory the one in which all of them lie; None where there is no such."""
    columns = zip(*(one.where for one in units), strict=True)
    return tuple(column[0] if len(set(column)) == 1 else None for column in columns)


def _in_degrees(shape: shapely.Geometry, epsg: int) -> bytes:
    found: bytes = shapely.to_wkb(unproject(shape, epsg))
    return found
