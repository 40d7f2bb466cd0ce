"""What somebody typed, taken apart: `花苑3栋2单元` is a name, a building's number and a stairwell's number."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

LONGEST = 60
BUILDING_WORDS = ("号楼", "栋", "幢", "座", "楼", "号", "排", "#")
STAIRWELL_WORDS = ("单元", "楼道", "梯", "门")
PART = re.compile(r"\d+[^\d\s]*|[^\d\s]+")
CODE = re.compile(r"[0-9a-z-]+")


@dataclass(frozen=True)
class Part:
    """One part: a text that a name contains, or a number that a name counts with and the kinds it can mean."""

    text: str
    number: int | None = None
    kinds: tuple[str, ...] = ()

    @property
    def pattern(self) -> str:
        """The regular expression of names that count with the number; empty where the part is none."""
        return "" if self.number is None else rf"(^|\D)0*{self.number}(\D|$)"

    @property
    def names(self) -> tuple[str, ...]:
        """The names that the number can stand for, however the office calls a building or a stairwell."""
        words = {"building": BUILDING_WORDS, "stairwell": STAIRWELL_WORDS}
        return tuple(f"{self.number}{word}" for kind in self.kinds for word in words[kind])


@dataclass(frozen=True)
class Words:
    """The whole, folded to plain width and lower case without spaces at the ends, and its parts."""

    text: str

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The parts in order, at most five; a code stays whole."""
        pieces = self.text.split() if CODE.fullmatch(self.text.replace(" ", "")) else PART.findall(self.text)
        return tuple(_part(piece) for piece in pieces[:5])

    @property
    def can_be_code(self) -> bool:
        """Whether it has the letters of a code."""
        return len(self.text) >= 2 and bool(CODE.fullmatch(self.text))


def parse_words(typed: str) -> Words:
    """The Words of what was typed; control characters and quotation by width are gone. Never fails."""
    plain = unicodedata.normalize("NFKC", typed[: LONGEST * 4])
    visible = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in plain)
    return Words(" ".join(visible.lower().split())[:LONGEST])


def _part(piece: str) -> Part:
    found = re.fullmatch(r"0*(\d{1,6})(\D*)", piece)
    if found is None:
        return Part(piece)
    number, word = int(found[1]), found[2]
    if not word:
        return Part(piece, number, ("building", "stairwell"))
    if word in BUILDING_WORDS:
        return Part(piece, number, ("building",))
    return Part(piece, number, ("stairwell",)) if word in STAIRWELL_WORDS else Part(piece)
