"""How places, their values and people's roles are called on pages; titles of values come from the layers."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from gridmap import context
from gridmap.i18n import _
from gridmap.layer import Attribute, Layer
from gridmap.read.card import Card
from gridmap.web.blueprint import pages, say
from gridmap.web.shell import office_day

KINDS = {
    "street": _("Street"),
    "community": _("Community"),
    "grid": _("Grid"),
    "estate": _("Estate"),
    "building": _("Building"),
    "stairwell": _("Stairwell"),
    "facility": _("Facility"),
    "zone": _("Zone"),
    "person": _("Person"),
}
ICONS = {
    "community": "people",
    "grid": "grid",
    "estate": "home",
    "building": "building",
    "stairwell": "door",
    "person": "user",
    "facility": "pin",
    "zone": "pin",
}
"""The drawing beside a kind."""
ZONES = {"parking": _("Parking zone")}
ORGANISATIONS = {
    "party_committee": _("Party committee"),
    "party_branch": _("Party branch"),
    "party_group": _("Party group"),
    "owners_committee": _("Owners' committee"),
    "oversight_committee": _("Owners' oversight committee"),
    "property_company": _("Property company"),
    "department": _("Department"),
    "residents_group": _("Residents' group"),
}
VACANT = {"grid_worker": _("Grid worker"), "building_manager": _("Building manager")}


NOUNS = {
    "household": (_("{count} household"), _("{count} households")),
    "building": (_("{count} building"), _("{count} buildings")),
    "stairwell": (_("{count} stairwell"), _("{count} stairwells")),
    "storey": (_("{count} storey"), _("{count} storeys")),
    "member": (_("{count} member"), _("{count} members")),
    "party_member": (_("{count} Party member"), _("{count} Party members")),
    "row": (_("{count} row"), _("{count} rows")),
    "field": (_("{count} field"), _("{count} fields")),
    "space": (_("{count} space"), _("{count} spaces")),
}
"""One and many of what pages count."""


@pages.app_template_global("counted")
def counted(number: int, noun: str) -> str:
    """So many of a thing, in the reader's language."""
    one, many = NOUNS[noun]
    return say(one if number == 1 else many, count=f"{number:,}")


def kind_title(kind: str) -> str:
    """What a kind of place is called, in the reader's language."""
    return say(KINDS[kind])


def in_language(pair: tuple[str, str]) -> str:
    """The text of a Chinese and an English one that the reader reads; the Chinese where there is no English."""
    chinese, english = pair
    return chinese if context.locale() == "zh" else english or chinese


@pages.app_template_filter("count")
def count_words(number: int | None) -> str:
    """A number with separators; a dash where it is not known."""
    return "—" if number is None else f"{number:,}"


@pages.app_template_filter("last_day")
def last_day(end: datetime) -> str:
    """The last calendar day of a range that ends, exclusively, at that moment."""
    return office_day(end - timedelta(microseconds=1))


def value_words(attribute: Attribute, value: Any) -> str:
    """A value of a layer in words: the title of a code, a number with its unit, a day; a dash where there is none."""
    if value is None or value == "":
        return "—"
    if attribute.codes:
        return say(attribute.codes.get(str(value), str(value)))
    if isinstance(value, bool):
        return say(_("Yes") if value else _("No"))
    if isinstance(value, datetime | date):
        return office_day(value)
    text = str(value)
    if attribute.type in ("integer", "number"):
        # a year is a number that nobody separates
        text = text if attribute.unit == "" else f"{float(value):,.10g}"
    return f"{text} {say(attribute.unit)}".strip() if attribute.unit else text


def value_pairs(card: Card) -> list[tuple[str, str]]:
    """Title and words of the card's values, in the order in which the layer declares them."""
    pairs = []
    if card.place.kind_names:
        pairs.append((say(_("Kind")), in_language(card.place.kind_names)))
    if card.place.zone_kind:
        pairs.append((say(_("Kind")), say(ZONES.get(card.place.zone_kind, card.place.zone_kind))))
    if card.layer:
        declared = card.layer.attributes.items()
        pairs += [
            (say(one.title), value_words(one, card.values[name])) for name, one in declared if name in card.values
        ]
    if card.place.capacity is not None:
        pairs.append((say(_("Capacity")), counted(card.place.capacity, "space")))
    if card.place.area_m2:
        pairs.append((say(_("Area")), f"{card.place.area_m2:,.0f} m²"))
    return pairs


def columns_of(layer: Layer, names: Sequence[str]) -> list[tuple[str, Attribute, bool]]:
    """For the columns of a list: name, declaration, and whether it is a number."""
    return [(name, layer.attributes[name], layer.attributes[name].type in ("integer", "number")) for name in names]


def floors_of(units: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Household numbers by floor, the top floor first: the last two digits are the door. Others stand alone, below."""
    floors: dict[int, list[str]] = {}
    others: list[str] = []
    for unit in units:
        if unit.isdigit() and len(unit) > 2:
            floors.setdefault(int(unit[:-2]), []).append(unit)
        else:
            others.append(unit)
    shown = [(str(floor), sorted(floors[floor])) for floor in sorted(floors, reverse=True)]
    return [*shown, ("", others)] if others else shown
