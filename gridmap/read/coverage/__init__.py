"""How much of what was due is done: counts, the rows behind them, contiguous gaps, and numbers of the register."""

from gridmap.read.coverage.areas import GapArea, read_gap_areas
from gridmap.read.coverage.counts import (
    AreaCounts,
    count_quickly,
    read_areas,
    read_counts,
    read_kinds,
    read_trend,
    read_trends,
)
from gridmap.read.coverage.cut import AREAS, Counts, Cut
from gridmap.read.coverage.names import read_all_kinds, read_estates, read_names
from gridmap.read.coverage.registers import Counted, Measure, read_counted, read_measure
from gridmap.read.coverage.rows import Due, Part, When, count_rows, read_reasons, read_rows

__all__ = [
    "AREAS",
    "AreaCounts",
    "Counted",
    "Counts",
    "Cut",
    "Due",
    "GapArea",
    "Measure",
    "Part",
    "When",
    "count_quickly",
    "count_rows",
    "read_all_kinds",
    "read_areas",
    "read_counted",
    "read_counts",
    "read_estates",
    "read_gap_areas",
    "read_kinds",
    "read_measure",
    "read_names",
    "read_reasons",
    "read_rows",
    "read_trend",
    "read_trends",
]
