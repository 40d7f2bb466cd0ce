"""Identity numbers (18 characters with a check digit) and mobile numbers: recognised, told, and never shown whole."""

import datetime as dt
import re

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_IDENTITY = re.compile(r"(?<!\d)(\d{17}[\dXx])(?!\d)")
_MOBILE = re.compile(r"(?<![\d/:.])((?:\+?86[ -]?)?1[3-9]\d)[ -]?(\d{4})[ -]?(\d{4})(?!\d|\.\d)")
"""Not behind a slash, a colon or a point, where ids and fractions stand."""


def is_identity_number(text: str) -> bool:
    """Whether 18 characters are an identity number: a birth date within, and the right check digit at the end."""
    if not re.fullmatch(r"\d{17}[\dXx]", text):
        return False
    try:
        dt.date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text[:17], _WEIGHTS, strict=True))
    return _CHECK[total % 11] == text[17].upper()


def hide_identity(text: str) -> str:
    """The text with identity numbers masked as `310***********1234`, and mobile numbers as `138****5678`."""
    masked = _IDENTITY.sub(lambda found: f"{found[1][:3]}***********{found[1][-4:]}", text)
    return _MOBILE.sub(r"\1****\3", masked)


def holds_mobile(text: str) -> bool:
    """Whether a mobile number stands in the text."""
    return _MOBILE.search(text) is not None


def identity_numbers(text: str) -> list[str]:
    """Every identity number that stands in the text."""
    return [found for found in _IDENTITY.findall(text) if is_identity_number(found)]
