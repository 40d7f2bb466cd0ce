"""Reading cases: lists by what breaks first, one case with its history, what one has reported, numbers, the agenda."""

from gridmap.read.incidents.board import Line, count_lines, count_queues, read_lines
from gridmap.read.incidents.card import Case, Turn, read_case, read_photo, roles_of
from gridmap.read.incidents.cut import QUEUES, Cut

__all__ = [
    "QUEUES",
    "Case",
    "Cut",
    "Line",
    "Turn",
    "count_lines",
    "count_queues",
    "read_case",
    "read_lines",
    "read_photo",
    "roles_of",
]
