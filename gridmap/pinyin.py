"""How names are searched by the first letters of their pinyin."""

import re
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

_FOREIGN = re.compile(r"[^\x00-\x7f]+")


def initials(text: str) -> str:
    """The pinyin initials of a text in lower case, without spaces; letters, digits and signs stay as they are."""
    # runs of Chinese are looked up once: 200,000 buildings share a few
    return _FOREIGN.sub(lambda run: _letters(run[0]), text).replace(" ", "").lower()


@lru_cache(maxsize=50_000)
def _letters(words: str) -> str:
    return "".join(lazy_pinyin(words, style=Style.FIRST_LETTER))
