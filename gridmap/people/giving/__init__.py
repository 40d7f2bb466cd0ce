"""Giving places to people: change sets with preview, one recorded change, undo; hand-over."""

from gridmap.people.giving.changes import Preview, apply_change, preview_change, undo_change
from gridmap.people.giving.facts import PlaceFacts, RoleFacts, place_facts, role_facts
from gridmap.people.giving.handing import Belongings, hand_over, read_belongings, received, share_out
from gridmap.people.giving.loads import Balance, Load
from gridmap.people.giving.moves import Holding, Move, Plan, Step
from gridmap.people.giving.writing import Made

__all__ = [
    "Balance",
    "Belongings",
    "Holding",
    "Load",
    "Made",
    "Move",
    "PlaceFacts",
    "Plan",
    "Preview",
    "RoleFacts",
    "Step",
    "apply_change",
    "hand_over",
    "place_facts",
    "preview_change",
    "read_belongings",
    "received",
    "role_facts",
    "share_out",
    "undo_change",
]
