"""Which words of people can be kept as they are: those that PostgreSQL and a page can hold, as keyboards make them.

Chinese keyboards make full-width spaces, chats bring along marks that nobody sees, emoji are joined by such marks and
are younger than any table of signs: none of that is a reason to refuse what somebody has to say.
"""

from unicodedata import category

LINES = frozenset("\n\r\t")


def is_plain(text: str, *, lines: bool = False) -> bool:
    """Whether the text holds no control character and no half of a pair; `lines`: ends of lines are welcome."""
    return all(category(sign) not in ("Cc", "Cs") or (lines and sign in LINES) for sign in text)


def is_name(text: str, most: int) -> bool:
    """Whether the text can name something: one line of at most so many signs, of which some can be seen."""
    return len(text) <= most and bool(without_marks(text)) and is_plain(text)


def without_marks(text: str) -> str:
    """The text without marks that nobody sees, as they come along with a number that was copied from a chat."""
    return "".join(sign for sign in text if category(sign) != "Cf").strip()
