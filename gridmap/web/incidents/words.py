"""How cases, their states, turns and refusals are called, and how long is left. Declarations, and minutes in words."""

from gridmap.i18n import _
from gridmap.incidents.words import (
    BY_ITSELF,
    LEVELS,
    PARTY_ROLES,
    REFUSALS,
    SATISFACTIONS,
    SEVERITIES,
    SOURCES,
    WHYS,
)
from gridmap.layers.incidents import STATES
from gridmap.web.blueprint import pages, say

__all__ = [
    "ACTIONS",
    "BY_ITSELF",
    "LEVELS",
    "PARTY_ROLES",
    "REFUSALS",
    "SATISFACTIONS",
    "SEVERITIES",
    "SOURCES",
    "STATES",
    "TURNS",
    "WHYS",
    "case_minutes",
    "long_words",
]
STATE_BADGES = {
    "reported": "info",
    "registered": "info",
    "dispatched": "accent",
    "handling": "accent",
    "handled": "ok",
    "verifying": "ok",
    "reopened": "warn",
    "parked": "warn",
}
ACTIONS = {
    "report": _("Reported"),
    "self_handle": _("Solved on the spot"),
    "register": _("Register the case"),
    "reject": _("Reject the report"),
    "merge": _("Merge with another case"),
    "classify": _("Change the kind"),
    "dispatch": _("Dispatch the case"),
    "accept": _("Accept the case"),
    "return": _("Return the case"),
    "transfer": _("Transfer to another unit"),
    "handle": _("Report it as handled"),
    "check": _("Begin to verify"),
    "close": _("Close: it is good"),
    "rework": _("Not good: back to the unit"),
    "reopen": _("Open the case again"),
    "ask_time": _("Ask for more time"),
    "extend": _("Give more time"),
    "park": _("Park the case"),
    "resume": _("Resume the case"),
    "escalate": _("Send one level up"),
    "remind": _("Remind the unit"),
    "add_party": _("Add a unit"),
    "end_party": _("Release a unit"),
    "move": _("Correct the place"),
    "answer": _("Write the answer"),
    "rate": _("How content they are"),
}
TURNS = {
    "report": _("reported it"),
    "self_handle": _("solved it on the spot"),
    "register": _("registered it"),
    "reject": _("rejected it"),
    "merge": _("merged it with another case"),
    "classify": _("changed its kind"),
    "dispatch": _("dispatched it"),
    "accept": _("accepted it"),
    "return": _("returned it"),
    "transfer": _("transferred it"),
    "handle": _("handled it"),
    "check": _("began to verify it"),
    "close": _("verified and closed it"),
    "rework": _("found it not good"),
    "reopen": _("opened it again"),
    "ask_time": _("asked for more time"),
    "extend": _("gave more time"),
    "park": _("parked it"),
    "resume": _("resumed it"),
    "escalate": _("sent it one level up"),
    "remind": _("reminded the unit"),
    "add_party": _("added a unit"),
    "end_party": _("released a unit"),
    "move": _("corrected its place"),
    "answer": _("wrote the answer"),
    "rate": _("said how content they are"),
    "own": _("a boundary moved: it belongs elsewhere"),
}
NATURES = {"component": _("Component: its owner first"), "event": _("Event: its territory first")}
CLOCKS = {"working": _("working time"), "wall": _("round the clock")}
PHOTO_STAGES = {"reported": _("When reported"), "handled": _("When handled"), "checked": _("When verified")}
STAGES = {"register": _("Register"), "dispatch": _("Dispatch"), "check": _("Verify")}
QUEUES = {
    "overdue": _("Overdue"),
    "soon": _("Due within a working day"),
    "waiting": _("To be dispatched"),
    "returned": _("Returned"),
    "doing": _("With the units"),
    "verify": _("To be verified"),
    "parked": _("Parked"),
    "open": _("All open"),
}
REASONS = {
    "return": (_("Not our duty"), _("Cannot be found there"), _("Needs another unit first")),
    "reject": (_("Does not meet the condition of filing"), _("Nothing to be seen on the spot"), _("Solved already")),
    "escalate": (_("Needs several departments"), _("Beyond our means"), _("Comes back again and again")),
    "park": (_("Waits for money"), _("Waits for a decision of the owners"), _("Waits for the weather or the season")),
    "extend": (_("Spare parts are on the way"), _("Larger than it looked"), _("Nobody at home yet")),
    "ask_time": (_("Spare parts are on the way"), _("Larger than it looked"), _("Nobody at home yet")),
    "transfer": (_("Another unit manages it"), _("Given to the wrong unit")),
    "rework": (_("Not done, or only half"), _("It came back"), _("The residents disagree")),
    "reopen": (_("It came back"), _("Not done, or only half"), _("The residents disagree")),
}
"""Reasons to choose with one tap; anything else is typed."""
PROBLEMS = {
    "changed": _("Somebody else was faster."),
    "template": _("A template has a title of at most 40 characters and a text of at most 500."),
    "title": _("A name is needed, of at most 60 characters."),
    "code": _("The code has 5 digits: 2 of the class and 3 of its own, from 080 on, and is not taken."),
    "minutes": _("A limit is a number of hours or days above nothing."),
    "near": _("How near is taken for the same is a number from 0 to 2000."),
    "day": _("A day is written like 2026-03-16."),
    "nothing": _("Choose at least one case."),
    "many": _("At most 200 cases at once."),
}
PARKED_UNTIL = _("until {day}")
DONE_LATE = _("handled late")
DONE_IN_TIME = _("handled in time")
OVER_BY = _("over by {time}")
YOU = _("you")
OFFICE = _("The office")
SOMEBODY = _("Somebody")
DAYS = {
    "working": (_("{days} working days"), _("{days} working day")),
    "wall": (_("{days} days"), _("{days} day")),
}
DAY = 480
"""Working minutes of a day; round the clock a day has 1440."""


def long_words(minutes: int, clock: str = "working") -> str:
    """So many minutes in words: working days have eight hours."""
    day = DAY if clock == "working" else 1440
    days, rest = divmod(abs(minutes), day)
    hours, rest = divmod(rest, 60)
    if days:
        words = say(DAYS[clock][days == 1], days=days)
        return f"{words} {say(_('{hours} h'), hours=hours)}" if hours else words
    if hours:
        words = say(_("{hours} h"), hours=hours)
        return f"{words} {say(_('{minutes} min'), minutes=rest)}" if rest else words
    return say(_("{minutes} min"), minutes=rest)


@pages.app_template_filter("case_minutes")
def case_minutes(minutes: int, clock: str = "working") -> str:
    """Minutes of a case's clock, in words."""
    return long_words(minutes, clock)
