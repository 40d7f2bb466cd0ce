"""Case 19: pieces with one id, the same name twice, the same row twice, the same file again.

A thing is known again by its id in the source, its official code, or its normalised name; only where there is none of
these by its geometry and name.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gridmap.coords import LonLat, measuring_epsg, project
from gridmap.load.checks.texts import matched
from gridmap.load.draft import Draft, Mask
from gridmap.load.kinds import Kind
from gridmap.load.reading import KEPT, ROW

Shapes = NDArray[np.object_]
Positions = NDArray[np.intp]
STACK_SHOWN = 10


def shape_key(shape: BaseGeometry | None, name: str) -> str:
    """A key from the geometry (to 1e-6 degrees, whatever its starting vertex) and the normalised name."""
    plain = shapely.normalize(shapely.set_precision(shape, 1e-6, mode="pointwise")) if shape is not None else None
    body = (shapely.to_wkb(plain) if plain is not None else b"") + matched(name).encode()
    return "shape:" + hashlib.blake2b(body, digest_size=12).hexdigest()


def _key(kind: Kind, row: Mapping[str, Any], shape: BaseGeometry | None) -> str:
    identity, code, name = (str(row.get(column) or "") for column in ("source_id", "code", "name"))
    if identity:
        return f"id:{identity}"
    if code:
        return f"code:{code}"
    if kind.key == "name" and name:
        return f"name:{matched(name)}"
    return shape_key(shape, name)


def merge_pieces(draft: Draft) -> None:
    """Unite pieces with one key that touch or lie near; refuse the rest of a key; say what is stacked."""
    shapes = draft.shapes().copy()
    columns = [name for name in ("source_id", "code", "name") if draft.has(name)]
    rows = draft.frame[columns].to_dict("records") if columns else [{}] * len(draft)
    frame = draft.frame.copy()
    frame["source_key"] = [_key(draft.kind, row, shape) for row, shape in zip(rows, shapes, strict=True)]
    draft.frame = frame
    repeated = np.flatnonzero(frame["source_key"].duplicated(keep=False))
    drop, again = np.zeros(len(frame), dtype=bool), np.zeros(len(frame), dtype=bool)
    for key, within in frame.iloc[repeated].groupby("source_key", sort=False).indices.items():
        positions = repeated[within]
        if not _are_pieces(draft.kind, str(key), shapes[positions]):
            again[positions[1:]] = True
            continue
        shapes[positions[0]] = _united(shapes[positions])
        _fill_gaps(frame, positions)
        numbers = ", ".join(str(int(number)) for number in frame[ROW].iloc[positions])
        draft.correct(positions[0], "merged_pieces", raw=key, pieces=len(positions), rows=numbers)
        drop[positions[1:]] = True
    if drop.any():
        draft.put_shapes(np.ones(len(frame), dtype=bool), shapes)
    draft.merged += int(drop.sum())
    draft.frame = draft.frame[~drop]
    _refuse_again(draft, again[~drop])
    _tell_stacked(draft)


def _are_pieces(kind: Kind, key: str, shapes: Shapes) -> bool:
    """Whether rows of one key are pieces of one thing; rows that are all equal are one row said twice."""
    if kind.merge_within_m is None or not key.startswith(("id:", "code:")):
        return False
    if key.startswith("code:") and shapely.equals_exact(shapes[0], shapes[1:], 1e-7, normalize=True).all():
        return False
    return _are_near(shapes, kind.merge_within_m)


def _united(shapes: Shapes) -> BaseGeometry:
    """The union of pieces; lines are joined end to end where they meet."""
    union = shapely.union_all(shapes)
    return shapely.line_merge(union) if shapely.get_dimensions(union) == 1 else union


def _are_near(shapes: Shapes, within: float) -> bool:
    """Whether every piece has another one within so many metres, in one chain."""
    middle = shapely.centroid(shapes[0])
    metres = project(shapes, measuring_epsg(LonLat(middle.x, middle.y)))
    reached, left = [metres[0]], list(metres[1:])
    while left:
        near = [piece for piece in left if any(shapely.dwithin(piece, other, within) for other in reached)]
        if not near:
            return False
        left = [piece for piece in left if not any(piece is other for other in near)]
        reached = near
    return True


def _fill_gaps(frame: pd.DataFrame, positions: Positions) -> None:
    """Where the first piece lacks a value, that of the next piece that has one."""
    for at, column in enumerate(frame.columns):
        if column == "@geom" or (str(column).startswith("@") and column != "@raw"):
            continue
        values = [value for value in frame[column].iloc[positions] if not (value == "" or pd.isna(value))]
        if values:
            frame.iat[int(positions[0]), at] = values[0]
    if KEPT in frame.columns:
        pieces = frame[KEPT].iloc[positions[::-1]]
        frame.iat[int(positions[0]), list(frame.columns).index(KEPT)] = {
            name: value for piece in pieces for name, value in piece.items()
        }


def _refuse_again(draft: Draft, again: Mask) -> None:
    """The later rows of a key, with the reason that fits the key."""
    if not again.any():
        return
    for prefix, code in (("id:", "duplicate_id"), ("code:", "duplicate_code"), ("name:", "duplicate_name")):
        found = again & np.array([key.startswith(prefix) for key in draft.frame["source_key"]], dtype=bool)
        draft.reject(found, code, raw_from="source_key")
        again = again[~found]
    draft.reject(again, "duplicate_row")


def _tell_stacked(draft: Draft) -> None:
    """Points on one spot are kept, and told."""
    shapes = draft.shapes()
    points = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
    if not points.any():
        return
    spots = pd.Series([tuple(xy) for xy in shapely.get_coordinates(shapes[points]).round(7)])
    counts = spots.value_counts()
    stacked = counts[counts > 1]
    if len(stacked):
        shown = "; ".join(f"{lon},{lat} ({count})" for (lon, lat), count in stacked.head(STACK_SHOWN).items())
        draft.warn("stacked_points", raw=shown, spots=len(stacked), rows=int(stacked.sum()))
