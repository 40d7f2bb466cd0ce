"""Days and moments in a filter: each is a span from its start to its end, and words relate two spans."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from gridmap.clock import OFFICE, day_bounds

Tree = tuple[Any, ...]
Span = tuple[Tree, Tree]
INTERSECTS = (("a0", "<=", "b1"), ("a1", ">=", "b0"))
RELATIONS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "t_after": (("a0", ">", "b1"),),
    "t_before": (("a1", "<", "b0"),),
    "t_contains": (("a0", "<", "b0"), ("a1", ">", "b1")),
    "t_disjoint": INTERSECTS,
    "t_during": (("a0", ">", "b0"), ("a1", "<", "b1")),
    "t_equals": (("a0", "=", "b0"), ("a1", "=", "b1")),
    "t_finishedby": (("a0", "<", "b0"), ("a1", "=", "b1")),
    "t_finishes": (("a0", ">", "b0"), ("a1", "=", "b1")),
    "t_intersects": INTERSECTS,
    "t_meets": (("a1", "=", "b0"),),
    "t_metby": (("a0", "=", "b1"),),
    "t_overlappedby": (("a0", ">", "b0"), ("a0", "<", "b1"), ("a1", ">", "b1")),
    "t_overlaps": (("a0", "<", "b0"), ("a1", ">", "b0"), ("a1", "<", "b1")),
    "t_startedby": (("a0", "=", "b0"), ("a1", ">", "b1")),
    "t_starts": (("a0", "=", "b0"), ("a1", "<", "b1")),
    # comparing a day with a moment: the day is all of its moments
    "=": INTERSECTS,
    "<>": INTERSECTS,
    "<": (("a1", "<", "b0"),),
    ">": (("a0", ">", "b1"),),
    "<=": (("a0", "<=", "b1"),),
    ">=": (("a1", ">=", "b0"),),
}
TURNED_ROUND = ("t_disjoint", "<>")
"""What holds where its relation does not."""


def related(word: str, left: Span, right: Span) -> Tree:
    """The comparisons that the word means of two spans."""
    ends = {"a0": left[0], "a1": left[1], "b0": right[0], "b1": right[1]}
    found = [("compare", sign, ends[one], ends[other]) for one, sign, other in RELATIONS[word]]
    made: Tree = found[0] if len(found) == 1 else ("and", *found)
    return ("not", made) if word in TURNED_ROUND else made


def parse_time(word: str) -> date | datetime:
    """A day or a moment; without an offset it is the office's. Raises ValueError."""
    if len(word) == len("2026-03-16"):
        return date.fromisoformat(word)
    moment = datetime.fromisoformat(word)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=OFFICE)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(word) from None


def moments_of(day: date) -> tuple[datetime, datetime]:
    """The first and the last moment of a day of the office. Raises ValueError."""
    try:
        start, after = day_bounds(day)
        return start.astimezone(UTC), (after - timedelta(microseconds=1)).astimezone(UTC)
    except OverflowError:
        raise ValueError(str(day)) from None
