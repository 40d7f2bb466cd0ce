"""A case in plain words: for who reported it, and as one sentence to pass on to a resident. No word of a person."""

import re
from datetime import date, datetime

from gridmap.i18n import _
from gridmap.read.incidents.mine import OwnReport
from gridmap.web.blueprint import say
from gridmap.web.place_words import in_language
from gridmap.web.shell import office_day, office_time

STANDS = {
    "reported": _("It has arrived. The office looks at it next."),
    "registered": _("It has been taken up. Who handles it is being decided."),
    "returned": _("The first unit gave it back. Another one is being found."),
    "given_back": _("{unit} gave it back. Another unit is being found."),
    "dispatched": _("{unit} has been asked to handle it, until {time}."),
    "handling": _("{unit} is on it, until {time}."),
    "handled": _("{unit} says that it is done. Somebody else looks at it on the spot."),
    "verifying": _("It is being looked at on the spot."),
    "closed": _("Done and checked on {day}."),
    "solved": _("Solved on the spot on {day}."),
    "rejected": _("{unit} did not take it up. Ask there, or report it anew if it is still so."),
    "duplicate": _("The same had been reported already. What comes of that one stands under {number}."),
    "joined": _("The same had been reported already. Your inbox tells what comes of that one."),
    "settled": _("The same had been reported already. It is settled since {day}."),
    "parked": _("It has to wait. The office looks at it again on {day}."),
    "reopened": _("It was not good yet. It is being done once more."),
}
SENTENCES = {
    "reported": _("What you told us has been reported: {kind}, {place}. Its number is {number}."),
    "running": _("What you told us is being dealt with: {kind}, {place}. It should be done by {time}."),
    "late": _("What you told us is being dealt with: {kind}, {place}. It takes longer than planned; we stay on it."),
    "handled": _("What you told us has been dealt with: {kind}, {place}. It is being checked on the spot."),
    "closed": _("What you told us is settled since {day}: {kind}, {place}."),
    "rejected": _("What you told us could not be taken up: {kind}, {place}. Please ask {unit} for the reason."),
    "duplicate": _("What you told us had been reported before: {kind}, {place}. It is being dealt with already."),
    "parked": _("What you told us has to wait: {kind}, {place}. It will be looked at again on {day}."),
    "reopened": _("What you told us is being done once more: {kind}, {place}."),
}
BADGES = {
    "reported": (_("Arrived"), "info"),
    "registered": (_("Taken up"), "info"),
    "dispatched": (_("Given to a unit"), "info"),
    "handling": (_("In work"), "accent"),
    "handled": (_("Being checked"), "accent"),
    "verifying": (_("Being checked"), "accent"),
    "closed": (_("Settled"), "ok"),
    "rejected": (_("Not taken up"), "warn"),
    "duplicate": (_("Reported already"), "warn"),
    "parked": (_("Waits"), "warn"),
    "reopened": (_("Once more"), "accent"),
}
"""State of a case in a word or two, and the colour that goes with it."""
CODE = re.compile(r" \([0-9A-Za-z-]+\)$")
"""What tells the office which of two buildings of one name it is; a resident knows."""
RUNNING = frozenset({"registered", "dispatched", "handling"})


def stands(report: OwnReport) -> str:
    """Where the case is, in one sentence."""
    word = report.state
    if word == "registered" and report.returns:
        word = "given_back" if report.given_back_by else "returned"
    if word == "closed" and report.is_self_handled:
        word = "solved"
    if word == "duplicate" and not report.same_as:
        word = "joined"
    if _is_settled(report):
        word = "settled"
    return say(STANDS[word], **_values(report))


def sentence(report: OwnReport, now: datetime) -> str:
    """One sentence for the resident who spoke of it; a closed case's answer goes with it."""
    word = report.state
    if word in RUNNING:
        word = "late" if report.due_at < now else "running"
    if word == "verifying":
        word = "handled"
    if _is_settled(report):
        word = "closed"
    said = say(SENTENCES[word], **_values(report))
    return f"{said} {report.answer}" if report.answer else said


def badge(report: OwnReport) -> tuple[str, str]:
    """The state in a word, in the reader's language, and the colour of its badge."""
    word, colour = BADGES["closed" if _is_settled(report) else report.state]
    return say(word), colour


def _is_settled(report: OwnReport) -> bool:
    """Whether what was found to be the same is settled, and this one with it."""
    return report.state == "duplicate" and report.settled_at is not None


def _values(report: OwnReport) -> dict[str, object]:
    return {
        "unit": (report.given_back_by if report.state == "registered" else report.unit) or say(_("The community")),
        "kind": in_language(report.kind),
        "place": CODE.sub("", report.address),
        "number": report.same_as or report.number,
        "time": office_time(report.due_at),
        "day": office_day(_day(report)),
    }


def _day(report: OwnReport) -> date | None:
    if report.state == "parked":
        return report.review_on
    return report.settled_at if _is_settled(report) else report.closed_at
