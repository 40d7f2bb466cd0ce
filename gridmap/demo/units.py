"""Household numbers, written short: `1-12x2+1301-1202` is floors 1 to 12 with two doors each, 1301 more, 1202 less."""

import re

PATTERN = re.compile(r"(?P<first>\d+)-(?P<last>\d+)x(?P<doors>\d+)(?P<rest>([+-]\d+)*)")


def expand(short: str) -> list[str]:
    """The household numbers of a stairwell, floor by floor: floor number and two digits of the door.

    Raises ValueError when the text is not of this form.
    """
    match = PATTERN.fullmatch(short)
    if match is None:
        raise ValueError(f"not a run of household numbers: {short!r}")
    floors = range(int(match["first"]), int(match["last"]) + 1)
    numbers = [f"{floor}{door:02d}" for floor in floors for door in range(1, int(match["doors"]) + 1)]
    for sign, one in re.findall(r"([+-])(\d+)", match["rest"]):
        if sign == "+":
            numbers.append(one)
        else:
            numbers.remove(one)
    return numbers


def count(short: str) -> int:
    """How many households the text stands for."""
    return len(expand(short))


def floors(short: str) -> int:
    """The highest floor of the text."""
    return max(int(number[:-2]) for number in expand(short))
