"""Cells into values, each judged for itself: what is bad is told by its address and one sentence, never guessed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from gridmap.db.pools import Connection
from gridmap.i18n import _
from gridmap.load.checks.texts import normal
from gridmap.load.classes import by_word
from gridmap.load.identity import hide_identity, identity_numbers
from gridmap.load.kinds import Target, ValueType
from gridmap.load.people.check import mask_phone, plain_phone
from gridmap.load.sheets.reading import Read
from gridmap.load.synonyms import BUILDING_KINDS, MANAGEMENTS, PHONE_PATTERN, STATES
from gridmap.load.values import read_value
from gridmap.plain import is_name
from gridmap.read.sheets.cells import decimal_text
from gridmap.read.sheets.fields import LONGEST, Field, FieldType, Sheet
from gridmap.read.sheets.rows import Lists

SENTENCES: Mapping[str, str] = {
    "unknown_row": _("The register has no such row in this street for you."),
    "twice": _("The row stands in the workbook twice."),
    "state": _("“State when taken out” has been changed. Take out the workbook anew."),
    "shown": _("This column is only shown: a workbook does not change it."),
    "new_place": _("A new place needs a position: bring it in as a file with coordinates, or draw it on the map."),
    "formula": _("A formula without a stored value: open the file in Excel and save it."),
    "error": _("Excel shows an error here."),
    "day": _("Excel has made a day of this: format the cell as text and write it again."),
    "empty": _("This must not be empty."),
    "long": _("This is too long: at most {most} signs."),
    "whole": _("Write a whole number from {low} to {high}."),
    "decimal": _("Write a number from {low} to {high}."),
    "date": _("Write a day as 2026-03-16."),
    "word": _("Choose one of the list."),
    "company": _("The register has no property company of this name."),
    "identity_number": _("An identity number: identity numbers are not kept."),
    "private_phone": _("A mobile number: private phones are not kept. Write the office's line."),
    "phone": _("This is no phone number."),
    "masked": _("Part of this is masked. Leave it as it was, or write the whole of it."),
    "roles": _("Who looks after what is changed under “Assignments in Excel”."),
    "place_unknown": _("The register has no such place for this role."),
    "belongs": _("The register has no community or grid with this code in the street."),
    "belongs_nowhere": _("Write the code of the community or grid."),
    "role_and_place": _("Role and place are written together, or both left out."),
}
MOBILE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d(?:[- ]?\d{4}){2}(?!\d)")
PHONE = re.compile(PHONE_PATTERN)
WORDS: Mapping[tuple[str, str], Mapping[str, tuple[str, ...]]] = {
    ("estate", "management"): MANAGEMENTS,
    ("building", "kind"): BUILDING_KINDS,
    ("facility", "state"): STATES,
}
SPLIT = re.compile("[\u3001;\uff1b,\uff0c|]")
VALUES = {
    FieldType.WHOLE: ValueType.WHOLE,
    FieldType.YEAR: ValueType.YEAR,
    FieldType.DECIMAL: ValueType.DECIMAL,
    FieldType.DAY: ValueType.DATE,
}
AREA = """
SELECT 'community' AS level, id, id AS community_id, NULL::bigint AS grid_id FROM gridmap.community
WHERE street_id = %(street)s AND code = %(code)s
UNION ALL
SELECT 'grid', id, community_id, id FROM gridmap.place
WHERE street_id = %(street)s AND kind = 'grid' AND code = %(code)s
"""
PLACE_FOR = """
SELECT p.id, p.community_id, p.grid_id FROM gridmap.place p JOIN gridmap.duty_role r ON r.level = p.kind
WHERE p.street_id = %(street)s AND p.code = %(code)s AND r.code = %(role)s AND upper_inf(p.valid)
"""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Why a cell cannot be taken: a code of SENTENCES, where it stands, and what stands there."""

    code: str
    address: str = ""
    raw: str = ""
    params: Mapping[str, object] = field(default_factory=dict)

    def at(self, address: str, raw: str) -> "Trouble":
        """The same, with its place; nothing personal is repeated."""
        raw = MOBILE.sub(lambda found: mask_phone(plain_phone(found[0])), hide_identity(normal(raw)))
        return replace(self, address=address, raw=raw[:60])


@dataclass(frozen=True, kw_only=True)
class Book:
    """What cells are read against: the street's places and lists."""

    connection: Connection
    street: int
    sheet: Sheet
    lists: Lists

    def area(self, code: str) -> dict[str, Any] | None:
        """The community or grid of that code."""
        return self.connection.execute(AREA, {"street": self.street, "code": code}).fetchone()

    def place_for(self, role: str, code: str) -> dict[str, Any] | None:
        """The place of that code at which the role is held."""
        values = {"street": self.street, "code": code, "role": role}
        return self.connection.execute(PLACE_FOR, values).fetchone()


def read_cell(book: Book, one: Field, cell: Read, *, is_new: bool) -> tuple[Any, Trouble | None]:
    """(the value, why there is none). An empty cell is None."""
    if one.is_shown:
        return None, Trouble(code="shown")
    if one.name in ("role", "place_code") and not is_new:
        return None, Trouble(code="roles")
    if cell.problem:
        return None, Trouble(code=cell.problem)
    text = cell.text
    if not text:
        must = one.is_required and not (is_new and one.name == "display_name")
        return (None, Trouble(code="empty")) if must else (_nothing(one), None)
    if identity_numbers(normal(text)):
        return None, Trouble(code="identity_number")
    if one.type in (FieldType.TEXT, FieldType.NAMES, FieldType.PHONE) and MOBILE.search(normal(text)):
        return None, Trouble(code="private_phone")
    return _judged(book, one, text)


def _nothing(one: Field) -> Any:
    return [] if one.type is FieldType.NAMES else None


def _judged(book: Book, one: Field, text: str) -> tuple[Any, Trouble | None]:
    if one.type in VALUES:
        return _measured(one, normal(text))
    if one.type is FieldType.CODED or one.listed_in == "roles":
        code = _code(book, one, text)
        return (code, None) if code else (None, Trouble(code="word"))
    if one.type is FieldType.PHONE:
        return _phone(text)
    if len(text) > LONGEST:
        return None, Trouble(code="long", params={"most": LONGEST})
    if one.is_personal and "*" in text:
        return None, Trouble(code="masked")
    if one.name in ("name", "display_name") and not is_name(text, 100):
        return None, Trouble(code="long", params={"most": 100})
    if one.listed_in == "companies" and text not in book.lists.companies:
        return None, Trouble(code="company")
    if one.name == "belongs_to" and book.area(normal(text)) is None:
        return None, Trouble(code="belongs")
    if one.type is FieldType.NAMES:
        return [part.strip() for part in SPLIT.split(text) if part.strip()], None
    return text, None


def _measured(one: Field, text: str) -> tuple[Any, Trouble | None]:
    """Numbers and days, as the importer reads them; full-width digits and units are welcome."""
    value = read_value(Target(one.name, (), VALUES[one.type], limits=one.limits), text)
    if value is None:
        word = {FieldType.DAY: "date", FieldType.DECIMAL: "decimal"}.get(one.type, "whole")
        low, high = one.limits or (0, 0)
        return None, Trouble(code=word, params={"low": f"{low:g}", "high": f"{high:,.0f}".replace(",", "")})
    if one.type is FieldType.DECIMAL:
        value = float(decimal_text(Decimal(str(value)), one.decimals))
    return value, None


def _phone(text: str) -> tuple[Any, Trouble | None]:
    if "*" in text:
        return None, Trouble(code="masked")
    plain = plain_phone(normal(text))
    return (plain, None) if PHONE.fullmatch(plain) else (None, Trouble(code="phone"))


def _code(book: Book, one: Field, text: str) -> str | None:
    """The code that a cell means: the code itself, its title in either language, or a word that sources use for it."""
    wanted = normal(text).lower()
    for locale in ("zh", "en"):
        for code, title in book.lists.titles(one, locale).items():
            if wanted in (code.lower(), normal(title).lower()):
                return code
    words = WORDS.get((book.sheet.place, one.name))
    return by_word(words, wanted) if words else None
