"""Case 17: degrees, minutes and seconds in many spellings, the Chinese ones too."""

import math
import re
import unicodedata

from gridmap.load.synonyms import ANGLE_PATTERN, BACKWARD

_PARTS = re.compile(ANGLE_PATTERN)


def _plain(text: str) -> str:
    """Lower case, plain digits; the prime signs survive, which NFKC would take apart."""
    kept = text.replace("″", '"').replace("′", "'").replace("˚", "°").replace("º", "°")
    return unicodedata.normalize("NFKC", kept).strip().lower().replace("''", '"')


def parse_angle(text: str) -> float | None:
    """Degrees from a decimal number or degrees-minutes-seconds; None for anything else.

    Reads `121.47`, `121°29′20.4″`, `E121°28′11″`, `东经121度28分11秒`, `121:28:11`, `-0°30'`.
    """
    plain = _plain(text)
    try:
        number = float(plain.replace("，", "."))
    except ValueError:
        return _sexagesimal(plain)
    return number if math.isfinite(number) else None


def _sexagesimal(plain: str) -> float | None:
    found = _PARTS.fullmatch(plain)
    if found is None:
        return None
    degrees, minutes, seconds = (float(part) if part else 0.0 for part in found.group(3, 4, 5))
    if minutes >= 60 or seconds >= 60:
        return None
    word = (found["before"] or found["after"] or "")[:1]
    sign = -1.0 if found["sign"] == "-" else BACKWARD.get(word, 1.0)
    return sign * (degrees + minutes / 60.0 + seconds / 3600.0)
