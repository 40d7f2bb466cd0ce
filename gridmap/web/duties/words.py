"""How rules, their rhythms, excuses and answers are called. Declarations only, but for rhythm and due day."""

from collections.abc import Mapping
from typing import Any

from gridmap.i18n import _
from gridmap.web.blueprint import say
from gridmap.web.words import HOLIDAY_RULES as HOLIDAY_RULES

ACTIONS = {
    "inspection": _("A look at it"),
    "household_visit": _("A visit"),
    "vehicle_count": _("A count of vehicles"),
    "meeting": _("A meeting"),
    "disclosure": _("Something made public"),
    "activity": _("An activity"),
}
LEVELS = {
    "stairwell": _("each stairwell (a building without any counts as one)"),
    "building": _("each building"),
    "household": _("each household"),
    "estate": _("each estate"),
    "grid": _("each grid"),
    "zone": _("each parking zone"),
    "facility": _("each facility"),
    "community": _("the community itself"),
}
RHYTHMS = {
    "day": _("Every day"),
    "working_day": _("Every working day"),
    "week": _("Every week"),
    "month": _("Every month"),
    "quarter": _("Every quarter"),
    "year": _("Every year"),
}
MORE_OFTEN = {
    "day": _("{times} times a day"),
    "working_day": _("{times} times every working day"),
    "week": _("{times} times a week"),
    "month": _("{times} times a month"),
    "quarter": _("{times} times a quarter"),
    "year": _("{times} times a year"),
}
EXCUSED_BY = {"community": _("The community, and the street"), "street": _("The street alone")}
EXCUSES = {
    "vacant": _("Nobody lives there"),
    "no_access": _("No access"),
    "construction": _("Building works"),
    "danger": _("Too dangerous"),
    "refused": _("Refused for good"),
    "place_gone": _("The place has gone"),
    "other": _("Another reason"),
    "rule_changed": _("The rule or the calendar has changed"),
}
WAYS = {"paper": _("On paper"), "phone": _("Reported by telephone")}
MANAGEMENTS = {
    "property": _("Run by a property company"),
    "self": _("Run by the residents"),
    "none": _("Run by nobody"),
    "unknown": _("Not known who runs it"),
}
BUILDING_KINDS = {
    "high_rise": _("High-rises"),
    "slab": _("Slab blocks"),
    "tower": _("Tower blocks"),
    "villa_row": _("Villa rows"),
    "commercial": _("Commercial buildings"),
    "public": _("Public buildings"),
    "garage": _("Garages"),
    "other": _("Other buildings"),
}
PROBLEMS = {
    "title": _("A name is needed, of at most 60 characters."),
    "action": _("Choose what is done, and where."),
    "level": _("Visits are made to households, and only visits are."),
    "every": _("Choose how often it comes."),
    "times": _("How often in each period is a number from 1 to 12."),
    "fixed_day": _("The day does not fit into the period."),
    "only_for": _("One of the places or kinds cannot be chosen."),
    "excused_by": _("Choose who may excuse."),
    "role": _("Choose who does it."),
    "ended": _("This rule has ended already."),
    "changed": _("Somebody else has changed this meanwhile. Look at it once more."),
    "excuse": _("Choose why it need not be done."),
    "note": _("A word about it is needed here, of at most 300 characters."),
    "nothing": _("Choose at least one of them."),
    "street": _("Only slots of one street can be excused at once."),
    "day": _("A day is written like 2026-03-16, and must not be still to come."),
    "place": _("Nothing of that name was found. Try another part of it, or its code."),
    "bodies": _("One of the organisations cannot be chosen."),
    "result": _("Choose what was found."),
    "severity": _("How bad it is can only be said of a finding."),
    "state": _("Choose what has become of it."),
    "early": _("This check is not due yet."),
    "author": _("Say who did it: somebody who looks after places here."),
    "superseded": _("This answer has been taken back already."),
    "not_yours": _("Only whoever gave an answer can change it or take it back."),
}


def rhythm_words(rule: Mapping[str, Any]) -> str:
    """How often a rule comes, in the reader's language."""
    if rule["times"] > 1:
        return say(MORE_OFTEN[rule["every"]], times=rule["times"])
    return say(RHYTHMS[rule["every"]])


def due_words(rule: Mapping[str, Any]) -> str:
    """By when it is due, in the reader's language."""
    if rule["fixed_day"] is None:
        return say(_("due by the end of it"))
    if rule["holiday_rule"] == "stay":
        return say(_("due on day {day}"), day=rule["fixed_day"])
    if rule["holiday_rule"] == "next":
        return say(_("due on day {day}, else the next working day"), day=rule["fixed_day"])
    return say(_("due on day {day}, else the working day before"), day=rule["fixed_day"])
