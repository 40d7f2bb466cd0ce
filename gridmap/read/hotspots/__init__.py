"""Reading hotspots: searches, what they found, and the units and cases behind it."""

from gridmap.read.hotspots.behind import read_evenings, read_incidents, read_units
from gridmap.read.hotspots.runs import Run, read_ends, read_newest, read_run, read_runs, read_titles, trend_of
from gridmap.read.hotspots.spots import Spot, count_ground, read_spot, read_spots

__all__ = [
    "Run",
    "Spot",
    "count_ground",
    "read_ends",
    "read_evenings",
    "read_incidents",
    "read_newest",
    "read_run",
    "read_runs",
    "read_spot",
    "read_spots",
    "read_titles",
    "read_units",
    "trend_of",
]
