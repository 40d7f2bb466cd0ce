"""Words of sources into our code words: building kinds, grid types, management, states, classes of lines and areas."""

from collections.abc import Mapping

from gridmap.load.synonyms import BUILDING_KINDS, FACILITIES

HIGH_FLOORS = 10
HIGH_METRES = 27.0


def by_word(words: Mapping[str, tuple[str, ...]], text: str) -> str | None:
    """The code whose words hold the text (`highway=primary` counts as `primary`); None where none does."""
    word = text.rsplit("=", 1)[-1].strip().lower()
    return next((code for code, known in words.items() if word in known), None)


def building_kind(text: str, floors: int | None, height: float | None) -> str:
    """The kind of a building from its word and its height; empty where no word is said, which leaves what is known."""
    if not text:
        return ""
    kind = by_word(BUILDING_KINDS, text)
    tall = (floors or 0) >= HIGH_FLOORS or (height or 0.0) >= HIGH_METRES
    if kind == "slab" and tall:
        return "high_rise"
    return kind or "other"


def facility_kind(text: str, known: tuple[tuple[str, str, str], ...]) -> str:
    """The kind of a facility: by known code or title, else by the words that the text contains, else `other`."""
    word = text.rsplit("=", 1)[-1].strip().lower()
    for code, *titles in known:
        if word and word in (code.lower(), *(title.lower() for title in titles)):
            return code
    codes = {code for code, *_ in known}
    for code, words in FACILITIES.items():
        if any(part in text.lower() for part in words) and (not codes or code in codes):
            return code
    return "other"
