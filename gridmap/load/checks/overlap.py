"""Rows against known things without a name: the one displacement that most of them share.

Each row votes with its vectors to every known thing of its kind within reach. Vectors to wrong partners scatter; those
to the right one fall on one spot, whose place is the shift: near zero where the datum is right.
"""

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coords import Coords, LonLat, measuring_epsg, project
from gridmap.load.draft import Draft

SAMPLE = 400
REACH_M = 1_800.0
"""GCJ-02 and BD-09 together shift by less than this."""
CELL_M = 30.0
NEAR_M = 45.0
"""Over a street of some kilometres BD-09 itself varies by so much."""
LEAST = 8
LEAST_SHARE = 0.3
ALIKE = 0.1
"""Outlines are partners only where their areas differ by less than this share."""
SURER = 2.0
"""So many times more votes on the best spot than on the ring around it: streets of like houses vote for themselves."""
NOBODY = np.empty((0, 2))
WORDS = {"estates": "estate", "buildings": "building", "facilities": "facility"}


def overlapping_pairs(draft: Draft) -> tuple[Coords, Coords]:
    """(positions of rows, positions of the known things that they would lie over), both empty where nothing fits."""
    spots = draft.known.spots
    spots = spots[spots["kind"] == WORDS.get(draft.kind.name, "")]
    if len(spots) < LEAST or len(draft) < LEAST:
        return NOBODY, NOBODY
    around = shapely.box(spots["lon"].min(), spots["lat"].min(), spots["lon"].max(), spots["lat"].max()).buffer(0.1)
    shapes = draft.shapes()[shapely.intersects(draft.shapes(), around)]
    if len(shapes) < LEAST:
        return NOBODY, NOBODY
    chosen = shapes[np.unique(np.linspace(0, len(shapes) - 1, SAMPLE).astype(int))]
    ours = shapely.get_coordinates(shapely.centroid(chosen))
    theirs = spots[["lon", "lat"]].to_numpy(dtype=float)
    pairs, vectors = _vectors(ours, theirs, shapely.area(chosen), spots["area"].to_numpy(dtype=float))
    best = _shared(pairs, vectors, len(chosen))
    return (ours[best[:, 0]], theirs[best[:, 1]]) if len(best) else (NOBODY, NOBODY)


def _vectors(
    ours: Coords, theirs: Coords, sizes: NDArray[np.float64], known_sizes: NDArray[np.float64]
) -> tuple[NDArray[np.intp], Coords]:
    """(pairs of positions within reach and of like size, the vectors between them in metres)."""
    epsg = measuring_epsg(LonLat(float(theirs[0, 0]), float(theirs[0, 1])))
    here, there = project(shapely.points(ours), epsg), project(shapely.points(theirs), epsg)
    found = shapely.STRtree(there).query(here, predicate="dwithin", distance=REACH_M).T
    mine, other = sizes[found[:, 0]], known_sizes[found[:, 1]]
    found = found[np.abs(mine - other) <= ALIKE * np.maximum(mine, other)]
    vectors = shapely.get_coordinates(there)[found[:, 1]] - shapely.get_coordinates(here)[found[:, 0]]
    return found, vectors


def _shared(pairs: NDArray[np.intp], vectors: Coords, rows: int) -> NDArray[np.intp]:
    """The pairs whose vectors lie on the spot with most votes, one for each row; none where chance would do as well."""
    nothing = np.empty((0, 2), dtype=np.intp)
    if not len(vectors):
        return nothing
    edges = np.arange(-REACH_M, REACH_M + CELL_M, CELL_M)
    votes, _, _ = np.histogram2d(vectors[:, 0], vectors[:, 1], bins=[edges, edges])
    # a spot on the border of two cells must not be halved
    blocks = votes[:-1, :-1] + votes[1:, :-1] + votes[:-1, 1:] + votes[1:, 1:]
    at = np.unravel_index(int(np.argmax(blocks)), blocks.shape)
    middle = np.array([edges[at[0] + 1], edges[at[1] + 1]])
    inside = np.abs(vectors - middle).max(axis=1) <= CELL_M
    middle = np.median(vectors[inside], axis=0)
    away = np.hypot(*(vectors - middle).T)
    near = np.flatnonzero(away <= NEAR_M)
    near = near[np.argsort(away[near], kind="stable")]
    chance = np.count_nonzero((away > NEAR_M) & (away <= 3 * NEAR_M)) / 8
    voters = near[np.unique(pairs[near, 0], return_index=True)[1]]
    enough = len(voters) >= max(LEAST, LEAST_SHARE * rows) and len(near) >= SURER * chance + 6 * np.sqrt(chance)
    best: NDArray[np.intp] = pairs[voters] if enough else nothing
    return best
