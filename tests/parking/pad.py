"""The keypad's rules in Python, as short as they can be said: which signs may follow, from what the reader accepts."""

import random
from functools import lru_cache

from gridmap.parking.plates import ENERGY, LETTERS, PROVINCES, UnreadablePlate, read_plate

DIGITS = "0123456789"
END_SIGNS = "警学挂领港澳"
SIGNS = DIGITS + LETTERS
EVERY = PROVINCES + SIGNS + END_SIGNS + "使"
LONGEST = 8


def is_accepted(text: str) -> bool:
    """Whether the reader takes it for a plate."""
    try:
        read_plate(text)
    except UnreadablePlate:
        return False
    return True


@lru_cache(maxsize=100_000)
def keys(text: str) -> frozenset[str]:
    """The signs after which a plate is still possible: tried with every way to go on that could tell a difference."""
    if text[:1] == "使":
        return frozenset(DIGITS if len(text) < len("使123456") else "")
    # a province stands nowhere but first: the reader says so at once
    signs = EVERY if not text else SIGNS + END_SIGNS + "使"
    return frozenset(sign for sign in signs if can_become(text + sign))


@lru_cache(maxsize=100_000)
def can_become(text: str) -> bool:
    """Whether a plate begins like that."""
    if text[:1] in DIGITS:
        return False  # six digits are an embassy's only with its sign, which the keypad asks for first
    for length in range(LONGEST + 1 - len(text)):
        for filling in ("1", ENERGY[0]):
            for end in ("", ENERGY[0], "警", "港"):
                if is_accepted(text + filling * length + end):
                    return True
    return False


def walk(chance: random.Random) -> str:
    """A plate typed at random, key by key, that ends where one can end."""
    text = ""
    while True:
        possible = sorted(keys(text))
        if is_accepted(text) and (not possible or chance.random() < 0.5):
            return text
        text += chance.choice(possible)
