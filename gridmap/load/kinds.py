"""What can be loaded: nine kinds, their shapes and columns, and the words that sources use for the columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gridmap.load.synonyms import COLUMNS


class Shape(StrEnum):
    """The three families of geometry."""

    POINT = "point"
    LINE = "line"
    POLYGON = "polygon"


class ValueType(StrEnum):
    """How the text of a cell is read."""

    TEXT = "text"
    CODE = "code"
    """Digits only, of a fixed length where one is given; leading zeros kept."""
    WHOLE = "whole"
    YEAR = "year"
    DECIMAL = "decimal"
    DATE = "date"
    PHONE = "phone"


@dataclass(frozen=True)
class Target:
    """One column of ours that a file may fill, and the names that files give it, best first."""

    name: str
    synonyms: tuple[str, ...]
    type: ValueType = ValueType.TEXT
    required: bool = False
    digits: int | None = None
    limits: tuple[float, float] | None = None


@dataclass(frozen=True)
class Kind:
    """One word of `gridmap load`: which shapes it takes, which columns, and what makes two rows the same thing."""

    name: str
    shapes: frozenset[Shape]
    targets: tuple[Target, ...]
    of_street: bool = True
    """Whether the rows belong to one street."""
    key: str = "geometry"
    """What identifies a row that has no id of its own: `code`, `name` or `geometry`."""
    has_labels: bool = False
    """Whether points among polygons are labels: an estate may be a point, but not where others have outlines."""
    by_point: bool = False
    """Whether a position alone means the thing of this kind that stands there: it is corrected, never made."""
    merge_within_m: float | None = None
    """Pieces with one id this near to each other are one thing; None: never united."""

    def target(self, name: str) -> Target | None:
        """The target column of that name."""
        return next((target for target in self.targets if target.name == name), None)


POLYGONS = frozenset({Shape.POLYGON})
SOURCE_ID = Target("source_id", COLUMNS["source_id"])
NAME = Target(
    "name",
    COLUMNS["name"],
)
ADDRESS = Target("address", COLUMNS["address"])
COMMUNITY_CODE = Target(
    "community_code",
    COLUMNS["community_code"],
    ValueType.CODE,
    digits=12,
)
BUILT_YEAR = Target(
    "built_year",
    COLUMNS["built_year"],
    ValueType.YEAR,
    limits=(1800, 2100),
)


def _whole(name: str, *synonyms: str) -> Target:
    return Target(name, (name, *synonyms), ValueType.WHOLE, limits=(0, 10_000_000))


HOUSEHOLDS = _whole("declared_households", *COLUMNS["declared_households"])
POPULATION = _whole("declared_population", *COLUMNS["declared_population"])
BUILDINGS = _whole("declared_buildings", *COLUMNS["declared_buildings"])
STAIRWELLS = _whole("declared_stairwells", *COLUMNS["declared_stairwells"])


def _code(digits: int, *synonyms: str) -> Target:
    return Target("code", ("code", *synonyms), ValueType.CODE, required=True, digits=digits)


def _named(name: Target, *synonyms: str, required: bool = False) -> Target:
    return Target(name.name, (*synonyms, *name.synonyms), required=required)


_KINDS = (
    Kind(
        "districts",
        POLYGONS,
        (
            _code(6, *COLUMNS["districts.code"]),
            _named(NAME, *COLUMNS["districts.name"], required=True),
        ),
        of_street=False,
        key="code",
        merge_within_m=100_000,
    ),
    Kind(
        "streets",
        POLYGONS,
        (
            _code(9, *COLUMNS["streets.code"]),
            _named(NAME, *COLUMNS["streets.name"], required=True),
        ),
        of_street=False,
        key="code",
        merge_within_m=100_000,
    ),
    Kind(
        "communities",
        POLYGONS,
        (
            _code(12, *COLUMNS["communities.code"]),
            _named(NAME, *COLUMNS["communities.name"], required=True),
            Target("aliases", COLUMNS["communities.aliases"]),
            HOUSEHOLDS,
            POPULATION,
        ),
        key="code",
        merge_within_m=20_000,
    ),
    Kind(
        "grids",
        POLYGONS,
        (
            Target("code", COLUMNS["grids.code"], ValueType.CODE, digits=15),
            _named(NAME, *COLUMNS["grids.name"]),
            Target("grid_type", COLUMNS["grids.grid_type"]),
            COMMUNITY_CODE,
            HOUSEHOLDS,
            POPULATION,
            BUILDINGS,
            STAIRWELLS,
        ),
        key="code",
        merge_within_m=1_000,
    ),
    Kind(
        "estates",
        frozenset({Shape.POLYGON, Shape.POINT}),
        (
            SOURCE_ID,
            Target("code", COLUMNS["estates.code"]),
            _named(NAME, *COLUMNS["estates.name"]),
            Target("aliases", COLUMNS["estates.aliases"]),
            ADDRESS,
            Target("management", COLUMNS["estates.management"]),
            Target("property", COLUMNS["estates.property"]),
            Target("origin", COLUMNS["estates.origin"]),
            BUILT_YEAR,
            Target("site_area_m2", COLUMNS["estates.site_area_m2"], ValueType.DECIMAL, limits=(0, 9e9)),
            Target("floor_area_m2", COLUMNS["estates.floor_area_m2"], ValueType.DECIMAL, limits=(0, 9e9)),
            HOUSEHOLDS,
            POPULATION,
            BUILDINGS,
            STAIRWELLS,
        ),
        key="name",
        has_labels=True,
        merge_within_m=500,
    ),
    Kind(
        "buildings",
        POLYGONS,
        (
            SOURCE_ID,
            Target("code", COLUMNS["buildings.code"]),
            _named(NAME, *COLUMNS["buildings.name"]),
            Target("number", COLUMNS["buildings.number"]),
            ADDRESS,
            Target(
                "building_kind",
                COLUMNS["buildings.building_kind"],
            ),
            Target(
                "floors",
                COLUMNS["buildings.floors"],
                ValueType.WHOLE,
                limits=(0, 200),
            ),
            Target(
                "floors_underground",
                COLUMNS["buildings.floors_underground"],
                ValueType.WHOLE,
                limits=(0, 20),
            ),
            BUILT_YEAR,
            Target("height_m", COLUMNS["buildings.height_m"], ValueType.DECIMAL, limits=(0, 1_000)),
            HOUSEHOLDS,
            STAIRWELLS,
        ),
        by_point=True,
        merge_within_m=60,
    ),
    Kind(
        "facilities",
        frozenset({Shape.POINT, Shape.POLYGON}),
        (
            SOURCE_ID,
            Target("code", COLUMNS["facilities.code"]),
            _named(NAME, *COLUMNS["facilities.name"]),
            ADDRESS,
            Target(
                "facility_kind",
                COLUMNS["facilities.facility_kind"],
            ),
            Target("state", COLUMNS["facilities.state"]),
            Target("installed_on", COLUMNS["facilities.installed_on"], ValueType.DATE),
            Target("level", COLUMNS["facilities.level"], ValueType.WHOLE, limits=(-20, 200)),
        ),
    ),
    Kind(
        "roads",
        frozenset({Shape.LINE}),
        (
            SOURCE_ID,
            _named(NAME, *COLUMNS["roads.name"]),
            Target(
                "line_class",
                COLUMNS["roads.line_class"],
            ),
        ),
        merge_within_m=20_000,
    ),
    Kind(
        "water",
        frozenset({Shape.LINE, Shape.POLYGON}),
        (
            SOURCE_ID,
            _named(NAME, *COLUMNS["water.name"]),
            Target("line_class", COLUMNS["water.line_class"]),
        ),
        merge_within_m=50_000,
    ),
    Kind(
        "green",
        POLYGONS,
        (
            SOURCE_ID,
            _named(NAME, *COLUMNS["green.name"]),
            Target("line_class", COLUMNS["green.line_class"]),
        ),
        merge_within_m=5_000,
    ),
    Kind(
        "people",
        frozenset(),
        (
            Target("name", COLUMNS["people.name"], required=True),
            Target("role", COLUMNS["people.role"], required=True),
            Target(
                "phone",
                COLUMNS["people.phone"],
                ValueType.PHONE,
            ),
            Target("display_name", COLUMNS["people.display_name"]),
            COMMUNITY_CODE,
            Target("grid_code", COLUMNS["people.grid_code"]),
            Target("estate_code", COLUMNS["people.estate_code"]),
            Target("building_code", COLUMNS["people.building_code"]),
            Target("stairwell_code", COLUMNS["people.stairwell_code"]),
            Target("username", COLUMNS["people.username"]),
        ),
        key="name",
    ),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}
"""The kinds by their word, in the order in which a street is usually filled."""


@dataclass(frozen=True)
class PositionWords:
    """How columns of coordinates are called."""

    lon: tuple[str, ...] = COLUMNS["@lon"]
    lat: tuple[str, ...] = COLUMNS["@lat"]
    pair: tuple[str, ...] = COLUMNS["@pair"]
    shape: tuple[str, ...] = COLUMNS["@shape"]
    bd09: tuple[str, ...] = COLUMNS["@bd09"]
    gcj02: tuple[str, ...] = COLUMNS["@gcj02"]


POSITION_WORDS = PositionWords()
