"""What is searched for hotspots, and over which days. Pure."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b

VIOLATIONS, LONG_STAYS, INCIDENTS = "parking_violation", "long_stay", "incident"
MAIN = (VIOLATIONS, LONG_STAYS, INCIDENTS)
"""Subjects whose searches of earlier weeks are kept."""
DAYS = 90
"""So many days a search looks back at."""
MONTHS = 12
"""So many whole months before its end stand in the series."""
KIND = re.compile(r"[0-9]{2}(?:[0-9]{3})?", re.ASCII)


@dataclass(frozen=True)
class Subject:
    """What happened: violations, long stays, all incidents, or the class or kind of them with this code."""

    code: str

    def __post_init__(self) -> None:
        """Raises ValueError for a word that is none of these."""
        if self.code not in MAIN and not KIND.fullmatch(self.code):
            raise ValueError(f"nothing is searched by the name of {self.code!r}")

    @property
    def kind(self) -> str | None:
        """The code of the class or kind of incidents; None for all of them, and for parking."""
        return None if self.code in MAIN else self.code

    @property
    def is_of_parking(self) -> bool:
        """Whether it happened in zones, and not at buildings."""
        return self.code in (VIOLATIONS, LONG_STAYS)


@dataclass(frozen=True)
class Spell:
    """The days of a search, from `begins` to before `ends`."""

    begins: date
    ends: date

    @classmethod
    def before(cls, day: date) -> "Spell":
        """The days up to that one, which is not over yet."""
        return cls(day - timedelta(days=DAYS), day)

    @property
    def months(self) -> tuple[date, ...]:
        """The first days of the whole months of the series, the oldest first."""
        number = self.ends.year * 12 + self.ends.month - 1
        return tuple(date(one // 12, one % 12 + 1, 1) for one in range(number - MONTHS, number))

    @property
    def first(self) -> date:
        """The first day of which anything is read."""
        return min(self.begins, self.months[0])


def seed_of(street_id: int, subject: Subject, spell: Spell) -> int:
    """Where the shuffling begins: the same for the same search, and of nobody's choice."""
    words = f"{street_id} {subject.code} {spell.begins} {spell.ends}"
    return int.from_bytes(blake2b(words.encode(), digest_size=4).digest())
