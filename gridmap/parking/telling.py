"""What a sighting brought, as a sentence with the next useful step, for whoever stands before the car."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gridmap.clock import OFFICE
from gridmap.i18n import _, translate
from gridmap.parking.words import NOTHING

FOUND: Mapping[str, str] = {
    "notice": _("Notice {number}. This evening is written down."),
    "warn": _("Last warning, notice {number}. The next time a ban is proposed."),
    "propose": _("A ban has been proposed. Somebody of the community looks at it and decides."),
    "add": _("A ban is proposed already. This evening stands with it."),
    "trespass": _("This car is banned until {day} and should not be in here. It has been written down."),
}
SLIP = _("Now put the slip on the car, or tell whoever drives it, and mark it as given.")
NEXT: Mapping[str, str] = {
    "propose": _("There is nothing to hand out. Until it is decided the car may come in."),
    "add": _("There is nothing to hand out."),
    "trespass": _("Tell the gate how it came in."),
}
LATE = _("Written down for that evening. Your turn is over: the community and whoever is on duty see what follows.")
TONES: Mapping[str, str] = {
    "notice": "notice",
    "warn": "warn",
    "propose": "ban",
    "add": "ban",
    "trespass": "ban",
    "known": "fine",
    "day": "fine",
    "again": "again",
    "late": "again",
}
"""How it looks; the sentence says it as well."""


def found_words(told: Mapping[str, Any], locale: str) -> dict[str, str]:
    """`tone`, `sentence` and `next` (empty where there is no next step) of what `send_sighting` told, never a plate."""
    if "action" not in told:
        return {"tone": "fine", "sentence": translate(locale, LATE), "next": ""}
    word = told["action"] or told["nothing"]
    if told["action"] is None:
        return {"tone": TONES[word], "sentence": translate(locale, NOTHING[word]), "next": ""}
    step = SLIP if told["notice_id"] is not None else NEXT.get(word, "")
    return {
        "tone": TONES[word],
        "sentence": translate(locale, FOUND[word], number=told["number"], day=_day(told["banned_until"])),
        "next": translate(locale, step) if step else "",
    }


def _day(moment: str | None) -> str:
    return "" if moment is None else f"{datetime.fromisoformat(moment).astimezone(OFFICE):%Y-%m-%d %H:%M}"
