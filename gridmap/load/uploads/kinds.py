"""What a file may be taken for: by its name, its columns and its shapes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import shapely

from gridmap.load.checks.columns import guess
from gridmap.load.kinds import KINDS, Kind, Shape
from gridmap.load.kinds import POSITION_WORDS as WORDS
from gridmap.load.reading import Reading

PAGE_KINDS = tuple(name for name, kind in KINDS.items() if kind.of_street and kind.shapes)
"""What can be brought in by the page: what belongs to one street and is no list of people."""
NAMES: Mapping[str, tuple[str, ...]] = {
    "communities": ("社区", "居委", "村委", "communit"),
    "grids": ("网格", "grid"),
    "estates": ("小区", "住宅区", "estate"),
    "buildings": ("楼栋", "楼幢", "楼房", "房屋", "建筑", "building"),
    "facilities": ("设施", "设备", "学校", "路灯", "充电", "消防", "poi", "facilit"),
    "roads": ("道路", "路网", "road"),
    "water": ("水系", "河", "湖", "water"),
    "green": ("绿地", "公园", "绿化", "green", "park"),
}
SHARED = frozenset({"name", "address", "source_id", "code", "community_code"})
"""Columns that a file of anything may have."""
BY_NAME, BY_COLUMN = 3, 1
SEEN = 500
_FAMILIES = {0: Shape.POINT, 1: Shape.LINE, 2: Shape.POLYGON}


def likely_kind(reading: Reading, words: Sequence[str]) -> str:
    """The kind that fits best what the file and its layer are called (`words`), its columns and its shapes."""
    return max(PAGE_KINDS, key=lambda name: (_score(KINDS[name], reading, words), -PAGE_KINDS.index(name)))


def _score(kind: Kind, reading: Reading, words: Sequence[str]) -> int:
    called = any(word in Path(text).stem.lower() for word in NAMES[kind.name] for text in words)
    own = (target for target in kind.targets if target.name not in SHARED)
    found = sum(guess(reading.table_columns, target.synonyms, set()) is not None for target in own)
    return BY_NAME * called + BY_COLUMN * found - 100 * (not _fits(kind, reading))


def _fits(kind: Kind, reading: Reading) -> bool:
    """Whether its shapes are such as the kind takes; a table's positions are points."""
    if not reading.has_geometry:
        is_placed = any(guess(reading.table_columns, words, set()) for words in (WORDS.lon, WORDS.pair, WORDS.shape))
        return Shape.POINT in kind.shapes or (kind.by_point and not is_placed)
    shapes = reading.frame.geometry.head(SEEN).array
    families = [_FAMILIES[one] for one in shapely.get_dimensions(shapes) if one in _FAMILIES]
    return not families or max(set(families), key=families.count) in kind.shapes
