"""How states, actions, refusals and plates are called; marked here, translated where they are printed."""

from collections.abc import Mapping

from gridmap.i18n import _, translate

STATES: Mapping[str, str] = {
    "free": _("Nothing open"),
    "noticed": _("Notice given"),
    "warned": _("Last warning"),
    "proposed": _("Ban proposed"),
    "banned": _("Banned"),
    "appealed": _("Banned, appeal open"),
}
ACTIONS: Mapping[str, str] = {
    "notice": _("Notice"),
    "warn": _("Last warning"),
    "propose": _("Propose a ban"),
    "add": _("Seen again"),
    "trespass": _("Seen inside although banned"),
    "withdraw": _("Take a violation back"),
    "confirm": _("Confirm the ban"),
    "decline": _("Decline the ban"),
    "appeal": _("Note an appeal"),
    "uphold": _("Keep the ban"),
    "revoke": _("Revoke the ban"),
    "expire": _("The ban is over"),
    "reset": _("Notices count no more"),
}
GIVEN: Mapping[str, str] = {
    "slip": _("Slip on the car"),
    "call": _("By telephone"),
    "text": _("By message"),
    "owner": _("Told in person"),
}
"""How a notice reached whoever drives the car."""
NOTHING: Mapping[str, str] = {
    "known": _("This car is registered or exempt. Nothing to do."),
    "day": _("Cars from outside may stand here at this hour."),
    "again": _("This car has been written down this evening already."),
    "late": _("This was seen before what counts now began; it counts no more."),
}
"""Why a sighting has no consequence."""
KNOWN_AS: Mapping[str, str] = {
    "resident": _("Resident's car"),
    "visitor": _("Visitor"),
    "ambulance": _("Ambulance"),
    "disabled": _("Car of a disabled person"),
}
BAN_ON: Mapping[str, str] = {
    "third_notice": _("With the last notice"),
    "next_violation": _("With the next violation after the last warning"),
}
REFUSALS: Mapping[str, str] = {
    "not_now": _("That cannot be done now: the car stands at “{state}”."),
    "not_yours": _("This is not yours to do. The community or the street decides on bans."),
    "nobody": _("Only a person can do that, never a program by itself."),
    "same_person": _("Whoever saw the car or proposed the ban cannot confirm it. A second person has to look."),
    "evening": _("There is no such violation on that evening."),
    "needs_evening": _("Say which evening is meant."),
    "needs_reason": _("Please say why."),
    "reason": _("The reason is too long: at most 500 characters."),
    "too_early": _("It is not over yet."),
    "count": _("These numbers do not fit: cars from outside are among all the cars."),
    "too_old": _("By the clock of the phone this is more than 7 days old. It cannot be taken any more."),
    "zone_ended": _("This parking zone has been ended. Nothing is counted or noted there any more."),
    "picture": _("This picture cannot be read, or is too large. What was written down stands without it."),
    "photo": _("This sighting has a photo already."),
    "way": _("Say how the notice reached whoever drives the car."),
    "changed": _("This has changed in the meantime. Please look again."),
}
PLATES: Mapping[str, str] = {
    "empty": _("Type the number plate."),
    "province": _("A plate begins with the sign of its province."),
    "office": _("After the province comes a letter from A to Z, but never I or O."),
    "letters": _("There is neither letter I nor O on a plate: type 1 or 0."),
    "length": _("A plate has 5 signs after the first letter, a green one 6."),
    "energy": _("A green plate has a letter from A to H, J or K first and then digits, or 5 digits and such a letter."),
    "ending": _("That does not fit how such a plate ends."),
}
"""Why what was typed is no number plate."""


def refusal_words(locale: str, reason: str, state: str = "free") -> str:
    """Why it cannot be done, in that language; names where the car stands."""
    return translate(locale, REFUSALS[reason], state=translate(locale, STATES[state]))
