"""How states, actions, levels and refusals of cases are called; marked here, translated where they are printed."""

from collections.abc import Mapping

from gridmap.i18n import _, translate
from gridmap.incidents.errors import IncidentProblem

ACTIONS: Mapping[str, str] = {
    "report": _("report it"),
    "self_handle": _("solve it on the spot"),
    "register": _("register it"),
    "reject": _("reject it"),
    "merge": _("merge it with an earlier one"),
    "classify": _("change its kind"),
    "dispatch": _("dispatch it"),
    "accept": _("accept it"),
    "return": _("return it"),
    "transfer": _("hand it on"),
    "handle": _("report it handled"),
    "check": _("look again"),
    "close": _("close it"),
    "rework": _("send it back: not good yet"),
    "reopen": _("reopen it"),
    "ask_time": _("ask for more time"),
    "extend": _("give more time"),
    "park": _("park it"),
    "resume": _("take it up again"),
    "escalate": _("take it a level up"),
    "remind": _("remind whoever has it"),
    "add_party": _("bring in an organisation"),
    "end_party": _("let an organisation go"),
    "move": _("move the pin"),
    "answer": _("answer whoever reported it"),
    "rate": _("note how satisfied they are"),
    "own": _("moved with a boundary"),
    "add_photo": _("add a photo"),
}
LEVELS: Mapping[str, str] = {
    "grid": _("Grid"),
    "community": _("Community"),
    "street": _("Street"),
    "department": _("Department"),
}
SOURCES: Mapping[str, str] = {
    "patrol": _("Patrol"),
    "visit": _("Visit"),
    "diary": _("Residents' diary"),
    "hotline": _("12345 hotline"),
    "owner": _("Owner"),
    "inspection": _("Check"),
}
SEVERITIES: Mapping[int, str] = {1: _("Slight"), 2: _("Ordinary"), 3: _("Urgent")}
PARTY_ROLES: Mapping[str, str] = {
    "lead": _("Leads"),
    "main": _("Main party"),
    "support": _("Supports"),
    "participant": _("Takes part"),
}
SATISFACTIONS: Mapping[str, str] = {
    "satisfied": _("Satisfied"),
    "neutral": _("So-so"),
    "unsatisfied": _("Not satisfied"),
}
WHYS: Mapping[str, str] = {
    "owner": _("manages it"),
    "team": _("looks after such matters here"),
    "taker": _("is responsible for such matters"),
    "community": _("territory, when nothing else fits"),
}
"""Why a unit is offered."""
BY_ITSELF: Mapping[str, str] = {
    "second_return": _("returned for the second time"),
    "time_used": _("most of its time was used"),
}
"""Reasons of what happens to a case by itself."""
REFUSALS: Mapping[str, str] = {
    "not_now": _("That cannot be done now. The case is with: {unit}. Next step: {step}."),
    "not_yours": _("This is not yours to do. The case is with: {unit}. Next step: {step}."),
    "doer": _("Whoever handled it cannot check it. Somebody else on duty has to look."),
    "expired": _("The deadline has passed. More time can only be given before; take the case a level up instead."),
    "until": _("The new deadline must be later than the present one."),
    "review_on": _("Say on which day to come it will be looked at again."),
    "top": _("The case is at the highest level already."),
    "same": _("{unit} leads this case already."),
    "lead": _("This organisation does not work in this street."),
    "kind": _("There is no such kind of case in use."),
    "severity": _("Say how urgent it is: slight, ordinary or urgent."),
    "source": _("Say where the report comes from."),
    "text": _("The description is too long, or holds characters that cannot be kept."),
    "words": _("The reason or note is too long."),
    "contact": _("Name or phone is too long, or holds characters that cannot be kept."),
    "where": _("Say where it is: a place, or a point on the map, in this street."),
    "outside": _("This point lies in no community that you work in."),
    "finding": _("The check that this comes from cannot be found."),
    "urgent": _("What is urgent is always checked by somebody else. Please report it as open."),
    "private": _("A dispute cannot become another kind, nor the other way round: its words are kept apart."),
    "duplicate_of_id": _("Choose another case of this street that is not itself a duplicate."),
    "role": _("Choose main, supporting or taking part; the lead is changed by handing the case on."),
    "satisfaction": _("Say satisfied, so-so or not satisfied."),
    "stage": _("A photo shows what was reported, handled or checked."),
    "photos": _("There are six photos already."),
    "picture": _("This picture cannot be read, or is too large. The report itself has been taken."),
    "needs_reason": _("Please say why."),
    "needs_lead": _("Choose who is to handle it: an organisation, or the community itself."),
    "needs_until": _("Say until when."),
    "needs_review_on": _("Say on which day to come it will be looked at again."),
    "needs_duplicate_of_id": _("Choose the case that it is the same as."),
    "needs_kind": _("Choose a kind."),
    "needs_organisation_id": _("Choose an organisation."),
    "needs_role": _("Choose main, supporting or taking part; the lead is changed by handing the case on."),
    "needs_where": _("Say where it is: a place, or a point on the map, in this street."),
    "needs_answer": _("Write the answer."),
    "needs_satisfaction": _("Say satisfied, so-so or not satisfied."),
    "unknown": _("There is no such case, or it is not for you."),
}
NOTICES: Mapping[str, str] = {
    "registered": _("Your report {number} has been registered."),
    "rejected": _("Your report {number} was not taken up."),
    "duplicate": _("Your report {number} is the same as an earlier one; you will hear of that."),
    "returned": _("{number} was returned."),
    "reopened": _("{number} has been reopened."),
    "closed": _("{number} is closed."),
    "answered": _("There is an answer to {number}."),
}


def refusal_words(locale: str, problem: IncidentProblem) -> str:
    """Why it cannot be done, in that language: names the unit that has the case, and its next step."""
    step = translate(locale, ACTIONS.get(problem.next, "")) or "—"
    return translate(locale, REFUSALS[problem.reason], unit=problem.unit or "—", step=step)
