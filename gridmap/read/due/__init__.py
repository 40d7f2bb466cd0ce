"""What is due in one's own places, or in one place: each check with its state, the most urgent building first."""

from gridmap.read.due.matrix import Floor, Household, floors_of_visits, read_tiers
from gridmap.read.due.reading import read_due, read_due_at, read_plate
from gridmap.read.due.words import VISIT, Around, Check, Door, DueWork, Said

__all__ = [
    "VISIT",
    "Around",
    "Check",
    "Door",
    "DueWork",
    "Floor",
    "Household",
    "Said",
    "floors_of_visits",
    "read_due",
    "read_due_at",
    "read_plate",
    "read_tiers",
]
