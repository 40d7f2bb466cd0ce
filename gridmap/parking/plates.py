"""Number plates as people type them: brought into one form, checked, masked, hashed with a key. Pure.

Source of the forms: GA 36-2018. A plate is the sign of a province, the letter of an office and five digits or letters,
never I or O; a green one (new energy) six, of which a letter tells the drive; police, learners, trailers, consulates
and cars from Hong Kong and Macau end in a character of their own; embassies have six digits. Plates of the armed forces
are not known here.
"""

import hmac
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
PROVINCE_CODES = "11123150134153212343343765323336424562141561223552446354516446"
"""Of each the first two digits of the codes of its places (GB/T 2260), in the same order."""
ENDINGS = "警学挂领港澳使"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""All but I and O."""
ENERGY = "ABCDEFGHJK"
"""Of green plates: A to E run on electricity alone (D came first), F to K do not (F came first)."""
STARS = "***"
KEY_BYTES = 32
MOST_TYPED = 40
SIGNS, ENERGY_SIGNS, ENDED_SIGNS = 5, 6, 4
"""How many digits and letters follow the office: of an ordinary plate, a green one, one with a character at its end."""

_BESIDE = re.compile(r"[\s·•・∙.,\-_—–－]+")
_OLD = str.maketrans("滬雲遼魯蘇贛貴粵寧瓊陝閩學領", "沪云辽鲁苏赣贵粤宁琼陕闽学领")
"""Signs as they are written in Hong Kong and Macau."""
_TAIL = re.compile(rf"[{LETTERS}0-9]+")
_GREEN = re.compile(rf"[{ENERGY}][{LETTERS}0-9][0-9]{{4}}|[0-9]{{5}}[{ENERGY}]")
_EMBASSY = re.compile(r"(使?)([0-9]{6})(使?)")


class PlateKind(StrEnum):
    """What sort of a plate it is."""

    ORDINARY = "ordinary"
    ENERGY = "energy"
    POLICE = "police"
    LEARNER = "learner"
    TRAILER = "trailer"
    CONSULATE = "consulate"
    EMBASSY = "embassy"
    HONG_KONG = "hong_kong"
    MACAU = "macau"


_KIND_OF_END = {
    "警": PlateKind.POLICE,
    "学": PlateKind.LEARNER,
    "挂": PlateKind.TRAILER,
    "领": PlateKind.CONSULATE,
    "港": PlateKind.HONG_KONG,
    "澳": PlateKind.MACAU,
}
_ACROSS = (PlateKind.HONG_KONG, PlateKind.MACAU)
ACROSS_OFFICE = "粤Z"
"""Cars from Hong Kong and Macau are all registered by one office."""
EMBASSY_END, EMBASSY_DIGITS = "使", 6


class UnreadablePlate(Exception):
    """What was typed is no number plate; `problem` is a code of `gridmap.parking.words.PLATES`. It holds no plate."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, kw_only=True)
class Plate:
    """A plate that has been checked: `head` (province and office; empty for an embassy), `serial`, `end`.

    It prints masked, so that no log and no traceback holds it.
    """

    kind: PlateKind
    head: str
    serial: str
    end: str = ""

    @property
    def clear(self) -> str:
        """The plate in its one form, without dots and spaces: 沪A12345."""
        return f"{self.head}{self.serial}{self.end}"

    @property
    def masked(self) -> str:
        """What may be shown: 沪A***88. How long the plate is cannot be told from it."""
        return f"{self.head}{STARS}{self.serial[-2:]}{self.end}"

    def __repr__(self) -> str:
        return f"Plate({self.masked})"

    __str__ = __repr__


def province_of(code: str) -> str:
    """The sign of the province in which a place of that code lies; empty where that is none that is known."""
    codes = (PROVINCE_CODES[at : at + 2] for at in range(0, len(PROVINCE_CODES), 2))
    return dict(zip(codes, PROVINCES, strict=True)).get(code[:2], "")


def pad_rules() -> dict[str, str | int]:
    """What a keypad has to know so that it types plates and nothing else: `static/js/plate_rules.js` says the same."""
    ends = {end: _KIND_OF_END[end] in _ACROSS for end in ENDINGS if end in _KIND_OF_END}
    return {
        "provinces": PROVINCES,
        "letters": LETTERS,
        "energy": ENERGY,
        "ends": "".join(end for end, is_across in ends.items() if not is_across),
        "endsAcross": "".join(end for end, is_across in ends.items() if is_across),
        "acrossOffice": ACROSS_OFFICE,
        "embassy": EMBASSY_END,
        "embassyDigits": EMBASSY_DIGITS,
        "signs": SIGNS,
        "energySigns": ENERGY_SIGNS,
        "endedSigns": ENDED_SIGNS,
    }


def tidied(typed: str) -> str:
    """What was typed, in the form of a plate: full width, lower case, dots and spaces do not matter. Not checked."""
    plain = unicodedata.normalize("NFKC", typed).translate(_OLD)
    # upper() alone would make two letters of one that no plate has
    upper = (sign.upper() if sign.isascii() else sign for sign in plain if unicodedata.category(sign) != "Cf")
    return _BESIDE.sub("", "".join(upper))


def read_plate(typed: str) -> Plate:
    """The plate that was typed. Raises UnreadablePlate, which says what is wrong with it."""
    if len(typed) > MOST_TYPED:
        raise UnreadablePlate("length")
    text = tidied(typed)
    if not text:
        raise UnreadablePlate("empty")
    if embassy := _EMBASSY.fullmatch(text):
        return _embassy(embassy)
    if text[0] not in PROVINCES:
        raise UnreadablePlate("province")
    head, rest = text[:2], text[2:]
    if len(head) < len("沪A") or head[1] not in LETTERS:
        raise UnreadablePlate("office")
    end = rest[-1:] if rest[-1:] in (*ENDINGS,) else ""
    return _read(head, rest.removesuffix(end), end)


def _embassy(found: "re.Match[str]") -> Plate:
    """Six digits and the character behind them, or before them as it was long ago; one of both, and one form."""
    before, digits, behind = found.groups()
    if bool(before) == bool(behind):
        raise UnreadablePlate("ending" if before else "province")
    return Plate(kind=PlateKind.EMBASSY, head="", serial=digits, end=EMBASSY_END)


def _read(head: str, serial: str, end: str) -> Plate:
    """The rest of a plate, by its end or its length."""
    if set(serial) & {"I", "O"}:
        raise UnreadablePlate("letters")
    if serial and not _TAIL.fullmatch(serial):
        raise UnreadablePlate("ending")
    if end:
        return _ended(head, serial, end)
    if len(serial) == SIGNS:
        return Plate(kind=PlateKind.ORDINARY, head=head, serial=serial)
    if len(serial) != ENERGY_SIGNS:
        raise UnreadablePlate("length")
    if not _GREEN.fullmatch(serial):
        raise UnreadablePlate("energy")
    return Plate(kind=PlateKind.ENERGY, head=head, serial=serial)


def _ended(head: str, serial: str, end: str) -> Plate:
    kind = _KIND_OF_END.get(end)
    if kind is None or len(serial) != ENDED_SIGNS or (kind in _ACROSS) != (head == ACROSS_OFFICE):
        raise UnreadablePlate("ending")
    return Plate(kind=kind, head=head, serial=serial, end=end)


def hash_plate(key: bytes, street_id: int, plate: Plate) -> bytes:
    """What is kept of a plate once nothing is open: 32 bytes that only the key of the installation finds again.

    Of another street they are others, so that two streets cannot be compared. Raises ValueError on a key that is none.
    """
    if len(key) < KEY_BYTES:
        raise ValueError("the key of the plates is too short")
    return hmac.digest(key, f"gridmap plate {street_id} {plate.clear}".encode(), "sha256")
