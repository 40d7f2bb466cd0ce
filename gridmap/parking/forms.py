"""What a form says of an estate's rules, of the hours of a zone and of its price, read and checked. Pure.

Everything that is wrong is told at once, by field, with a code of `setting_words.WRONG`; what was typed stays with the
page.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import time
from decimal import Decimal

from gridmap.parking.rules import LATEST_MINUTE, MOST_COUNTS, MOST_MONTHS, MOST_NOTICES, BanOn, Rules
from gridmap.parking.tariff import DayKind, Tariff

LIMITS: Mapping[str, tuple[int, int]] = {
    "notices": (1, MOST_NOTICES),
    "ban_months": (1, MOST_MONTHS),
    "clean_months": (1, MOST_MONTHS),
    "stay_counts": (2, MOST_COUNTS),
}
"""The least and the most of each number that an estate decides."""
WEEKDAYS = tuple(str(day) for day in range(7))
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::00)?")
_WHOLE = re.compile(r"[0-9]{1,6}")
_YUAN = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,2})?")


class WrongFields(Exception):
    """What was typed cannot be kept: `fields` names each wrong field with the code of what is wrong."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(dict(fields))
        self.fields = dict(fields)


def typed_rules(fields: Mapping[str, str], evenings: Collection[str]) -> Rules:
    """The rules of an estate; `evenings` are the weekdays that were ticked, Monday being 0. Raises WrongFields."""
    wrong: dict[str, str] = {}
    hours = _hours(fields, evenings, wrong)
    numbers = {name: _whole(fields, name, *limits, wrong) for name, limits in LIMITS.items()}
    ban_on = fields.get("ban_on", "")
    if ban_on not in set(BanOn):
        wrong["ban_on"] = "ban_on"
    if wrong:
        raise WrongFields(wrong)
    return replace(
        hours,
        ban_on=BanOn(ban_on),
        notices=numbers["notices"],
        ban_months=numbers["ban_months"],
        clean_months=numbers["clean_months"],
        stay_counts=numbers["stay_counts"],
    )


def typed_hours(fields: Mapping[str, str], evenings: Collection[str]) -> Rules:
    """The hours of a zone that differs from its estate; all else is as it is everywhere. Raises WrongFields."""
    wrong: dict[str, str] = {}
    hours = _hours(fields, evenings, wrong)
    if wrong:
        raise WrongFields(wrong)
    return hours


def typed_tariff(fields: Mapping[str, str]) -> Tariff | None:
    """The price of a zone; None where nothing is asked: both amounts are empty. Raises WrongFields."""
    wrong: dict[str, str] = {}
    if not any(_plain(fields, name) for name in ("hourly", "daily_cap")):
        return None
    hourly, cap = _yuan(fields, "hourly", wrong), _yuan(fields, "daily_cap", wrong)
    day = fields.get("day", "")
    if day not in set(DayKind):
        wrong["day"] = "day"
    if not wrong and cap < hourly:
        wrong["daily_cap"] = "cap_below_hour"
    if wrong:
        raise WrongFields(wrong)
    return Tariff(hourly=hourly, daily_cap=cap, day=DayKind(day))


def fields_of(rules: Rules) -> dict[str, str]:
    """The rules as a form shows them; its evenings are `evenings_of`."""
    numbers = {name: str(getattr(rules, name)) for name in ("tolerance_minutes", *LIMITS)}
    clocks = {name: f"{getattr(rules, name):%H:%M}" for name in ("leave_by", "free_from")}
    return {**clocks, **numbers, "ban_on": str(rules.ban_on)}


def evenings_of(rules: Rules) -> list[str]:
    """The weekdays that are ticked."""
    return [str(day) for day in sorted(rules.evenings)]


def _hours(fields: Mapping[str, str], evenings: Collection[str], wrong: dict[str, str]) -> Rules:
    """The hours, and nothing else; whatever is wrong is added to `wrong`, and the rules are then those of nobody."""
    leave_by, free_from = _clock(fields, "leave_by", wrong), _clock(fields, "free_from", wrong)
    tolerance = _whole(fields, "tolerance_minutes", 0, LATEST_MINUTE, wrong)
    if "leave_by" not in wrong and leave_by.hour * 60 + leave_by.minute + tolerance > LATEST_MINUTE:
        wrong.setdefault("tolerance_minutes", "past_midnight")
    if not wrong.keys() & {"leave_by", "free_from"} and free_from >= leave_by:
        wrong["free_from"] = "no_day_left"
    if not set(evenings) <= set(WEEKDAYS):
        wrong["evenings"] = "evenings"
    if wrong:
        return Rules()
    days = frozenset(int(day) for day in evenings)
    return Rules(leave_by=leave_by, tolerance_minutes=tolerance, free_from=free_from, evenings=days)


def _plain(fields: Mapping[str, str], name: str) -> str:
    """What was typed, full-width digits and colons made plain ones."""
    return unicodedata.normalize("NFKC", fields.get(name, "")[:40]).strip()


def _clock(fields: Mapping[str, str], name: str, wrong: dict[str, str]) -> time:
    found = _CLOCK.fullmatch(_plain(fields, name))
    if found is None:
        wrong[name] = "clock"
        return time(0)
    return time(int(found[1]), int(found[2]))


def _whole(fields: Mapping[str, str], name: str, least: int, most: int, wrong: dict[str, str]) -> int:
    text = _plain(fields, name)
    number = int(text) if _WHOLE.fullmatch(text) else -1
    if not least <= number <= most:
        wrong[name] = name
        return least
    return number


def _yuan(fields: Mapping[str, str], name: str, wrong: dict[str, str]) -> Decimal:
    text = _plain(fields, name)
    if not _YUAN.fullmatch(text):
        wrong[name] = "yuan"
        return Decimal(0)
    return Decimal(text)
