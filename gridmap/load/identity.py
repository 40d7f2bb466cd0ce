"""Identity numbers (18 characters with a check digit): recognised in order to be refused, and never shown."""

import datetime as dt
import re

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_IDENTITY = re.compile(r"(?<!\d)(\d{17}[\dXx])(?!\d)")


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
    """The text with each identity number masked as `310***********1234`."""
    return _IDENTITY.sub(lambda found: f"{found[1][:3]}***********{found[1][-4:]}", text)


def identity_numbers(text: str) -> list[str]:
    """Every identity number that stands in the text."""
    return [found for found in _IDENTITY.findall(text) if is_identity_number(found)]
