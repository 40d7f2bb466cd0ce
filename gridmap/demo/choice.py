"""Every free choice of the demo, made by a keyed hash: adding one thing never changes another."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

KEY = b"gridmap-demo-1"
Option = TypeVar("Option")


def number(entity: str, field: str) -> int:
    """A 64-bit number that belongs to this field of this entity, today and on every machine."""
    digest = blake2b(f"{entity}|{field}".encode(), key=KEY, digest_size=8).digest()
    return int.from_bytes(digest, "big")


def fraction(entity: str, field: str) -> float:
    """A number in [0, 1) with 53 random bits."""
    return (number(entity, field) >> 11) / 2**53


def between(entity: str, field: str, low: int, high: int) -> int:
    """A whole number from `low` to `high`, both included."""
    return low + number(entity, field) % (high - low + 1)


def pick(entity: str, field: str, options: Sequence[Option]) -> Option:
    """One of the options."""
    return options[number(entity, field) % len(options)]


def chance(entity: str, field: str, share: float) -> bool:
    """True for about `share` of all entities."""
    return fraction(entity, field) < share


def draw(entities: Sequence[str], field: str, count: int) -> set[str]:
    """Exactly `count` of the entities: those with the smallest numbers."""
    return set(sorted(entities, key=lambda entity: (number(entity, field), entity))[:count])
