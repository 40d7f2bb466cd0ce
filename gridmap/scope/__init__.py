"""Who may see what: the signed-in account becomes a Viewer; every read takes one.

Two locks: `predicate()` composes the fast one into each query, `Viewer.settings` feeds row security, the second.
"""

from gridmap.scope.first_lock import SCOPE_COLUMNS, predicate
from gridmap.scope.reach import RANGED, SUBTREES, Reach, reach_of_shape
from gridmap.scope.reading import UnknownAccount, area_of, viewer_of, viewer_telling
from gridmap.scope.viewer import Viewer

__all__ = [
    "RANGED",
    "SCOPE_COLUMNS",
    "SUBTREES",
    "Reach",
    "UnknownAccount",
    "Viewer",
    "area_of",
    "predicate",
    "reach_of_shape",
    "viewer_of",
    "viewer_telling",
]
