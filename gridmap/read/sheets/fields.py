"""What a workbook of the register holds: four kinds, their columns, and what can be written into each."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gridmap.i18n import _
from gridmap.layers.buildings import KINDS as BUILDING_KINDS
from gridmap.layers.estates import MANAGEMENTS
from gridmap.layers.facilities import STATES


class FieldType(StrEnum):
    """How a cell is read and written; everything but numbers and days stands there as text."""

    TEXT = "text"
    NAMES = "names"
    """Several names with 、 between them."""
    WHOLE = "whole"
    YEAR = "year"
    DECIMAL = "decimal"
    DAY = "day"
    CODED = "coded"
    PHONE = "phone"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One column. `codes`: what a coded column may hold; `listed_in` names a list of the register instead."""

    name: str
    title: str
    unit: str = ""
    type: FieldType = FieldType.TEXT
    width: int = 14
    codes: Mapping[str, str] | None = None
    listed_in: str = ""
    limits: tuple[float, float] | None = None
    decimals: int = 0
    is_required: bool = False
    is_shown: bool = False
    """Only shown: whoever writes into it is told so."""
    is_personal: bool = False
    """Leaves masked, so that the register cannot say whether what is written is the same."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One kind of workbook: the word of the layer and of `gridmap sheet`, and its columns without id and state."""

    kind: str
    title: str
    fields: tuple[Field, ...]
    place: str = ""
    """The kind of places in it; empty for people."""

    def field(self, name: str) -> Field:
        """The column of that name."""
        return next(one for one in self.fields if one.name == name)

    @property
    def editable(self) -> tuple[Field, ...]:
        """The columns that can be changed."""
        return tuple(one for one in self.fields if not one.is_shown)


LONGEST = 500
"""Signs in one cell of text."""
ID = Field(name="id", title=_("Number in the register"), width=4, is_shown=True)
SEEN = Field(name="seen", title=_("State when taken out"), width=4, is_shown=True)
"""The revision and what stood in each cell, so that only what was edited counts as edited."""


def _shown(name: str, title: str, width: int = 14, kind: FieldType = FieldType.TEXT, decimals: int = 0) -> Field:
    return Field(name=name, title=title, width=width, type=kind, decimals=decimals, is_shown=True)


def _whole(name: str, title: str, unit: str, limits: tuple[float, float]) -> Field:
    return Field(name=name, title=title, unit=unit, type=FieldType.WHOLE, width=12, limits=limits)


def _count(thing: str, title: str, unit: str) -> Field:
    return _whole(f"declared_{thing}", title, unit, (0, 10_000_000))


def _area(name: str, title: str) -> Field:
    return Field(name=name, title=title, unit="m²", type=FieldType.DECIMAL, width=16, limits=(0, 9e9), decimals=2)


def _coded(name: str, title: str, codes: Mapping[str, str]) -> Field:
    return Field(name=name, title=title, type=FieldType.CODED, codes=codes, is_required=True)


CODE = _shown("code", _("Code"), 22)
NAME = Field(name="name", title=_("Name"), width=26, is_required=True)
ADDRESS = Field(name="address", title=_("Address"), width=34)
YEAR = Field(name="built_year", title=_("Year built"), type=FieldType.YEAR, width=10, limits=(1800, 2100))
WHERE = (_shown("community", _("Community"), 16), _shown("grid", _("Grid"), 18))
INSIDE = (*WHERE, _shown("estate", _("Estate"), 18))
POSITION = (
    _shown("lon", _("Longitude"), 12, FieldType.DECIMAL, 6),
    _shown("lat", _("Latitude"), 12, FieldType.DECIMAL, 6),
)

_SHEETS = (
    Sheet(
        kind="estates",
        title=_("Estates"),
        place="estate",
        fields=(
            CODE,
            NAME,
            Field(name="aliases", title=_("Other names"), type=FieldType.NAMES, width=20),
            ADDRESS,
            _coded("management", _("Management"), {code: style.title for code, style in MANAGEMENTS.items()}),
            Field(name="property", title=_("Property company"), width=24, listed_in="companies"),
            Field(name="origin", title=_("How the homes came to be"), width=16),
            YEAR,
            _area("site_area_m2", _("Site area (declared)")),
            _area("floor_area_m2", _("Floor area (declared)")),
            _count("households", _("Households (declared)"), _("households")),
            _count("population", _("Residents (declared)"), _("persons")),
            _count("buildings", _("Buildings (declared)"), ""),
            _count("stairwells", _("Stairwells (declared)"), ""),
            *WHERE,
            *POSITION,
        ),
    ),
    Sheet(
        kind="buildings",
        title=_("Buildings"),
        place="building",
        fields=(
            CODE,
            NAME,
            ADDRESS,
            _coded("kind", _("Kind"), {code: style.title for code, style in BUILDING_KINDS.items()}),
            _whole("floors", _("Storeys"), _("storeys"), (0, 200)),
            _whole("floors_underground", _("Storeys underground"), _("storeys"), (0, 20)),
            YEAR,
            Field(
                name="height_m",
                title=_("Height"),
                unit="m",
                type=FieldType.DECIMAL,
                width=10,
                limits=(0, 1_000),
                decimals=1,
            ),
            _count("households", _("Households (declared)"), _("households")),
            _count("stairwells", _("Stairwells (declared)"), ""),
            *INSIDE,
            *POSITION,
        ),
    ),
    Sheet(
        kind="facilities",
        title=_("Facilities"),
        place="facility",
        fields=(
            CODE,
            NAME,
            ADDRESS,
            Field(
                name="kind",
                title=_("Kind"),
                type=FieldType.CODED,
                width=18,
                listed_in="facility_kinds",
                is_required=True,
            ),
            _coded("state", _("State"), STATES),
            Field(name="installed_on", title=_("Installed on"), type=FieldType.DAY),
            _whole("level", _("Level"), _("storeys"), (-20, 200)),
            *INSIDE,
            *POSITION,
        ),
    ),
    Sheet(
        kind="people",
        title=_("People on duty"),
        fields=(
            Field(name="name", title=_("Full name"), is_required=True, is_personal=True),
            Field(name="display_name", title=_("Shown as"), is_required=True),
            Field(name="phone", title=_("Work phone"), type=FieldType.PHONE, width=16, is_personal=True),
            Field(name="belongs_to", title=_("Community or grid (code)"), width=20),
            _shown("belongs_to_name", _("Community or grid"), 22),
            Field(name="role", title=_("Role"), width=18, listed_in="roles"),
            Field(name="place_code", title=_("Looks after (code)"), width=22),
        ),
    ),
)
SHEETS: Mapping[str, Sheet] = {one.kind: one for one in _SHEETS}
"""The kinds of workbooks by their word."""
