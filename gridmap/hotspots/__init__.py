"""Hotspots of a street: what is read for a search, the search, what is kept of it, and the nightly round.

The search itself is pure and knows no database: `gridmap.analysis.hotspots`.
"""

from gridmap.hotspots.nightly import find_all, search, subjects_of
from gridmap.hotspots.subjects import DAYS, INCIDENTS, LONG_STAYS, MAIN, VIOLATIONS, Spell, Subject

__all__ = [
    "DAYS",
    "INCIDENTS",
    "LONG_STAYS",
    "MAIN",
    "VIOLATIONS",
    "Spell",
    "Subject",
    "find_all",
    "search",
    "subjects_of",
]
