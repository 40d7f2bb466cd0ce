"""Giving places to people, as JSON: what one chooses from, preview, one recorded change, undo, hand-over, files.

`docs/assign.md` has the shapes. For accounts that lead; what was handed over to oneself is for everybody.
"""

from gridmap.api.assigning.asking import assigning
from gridmap.api.assigning.changing import apply, hand_over, preview, undo
from gridmap.api.assigning.excel import export, look_into
from gridmap.api.assigning.proposing import proposal
from gridmap.api.assigning.reading import change, changes, people, places, received, roles

__all__ = [
    "apply",
    "assigning",
    "change",
    "changes",
    "export",
    "hand_over",
    "look_into",
    "people",
    "places",
    "preview",
    "proposal",
    "received",
    "roles",
    "undo",
]
