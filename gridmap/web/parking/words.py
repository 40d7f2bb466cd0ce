"""How lists, notices and acts of parking are called on pages, and what comes next for a car."""

from collections.abc import Mapping
from typing import Any

from gridmap.i18n import _
from gridmap.parking.machine import State
from gridmap.parking.rules import BanOn, Rules
from gridmap.parking.standing import Standing
from gridmap.parking.words import GIVEN, STATES
from gridmap.web.blueprint import say
from gridmap.web.shell import office_day, office_time

STATE_BADGES = {
    "noticed": "info",
    "warned": "warn",
    "proposed": "danger",
    "banned": "danger",
    "appealed": "warn",
    "free": "ok",
}
CAR_SHOWS = {
    "open": _("Something open"),
    "proposed": _("Ban proposed"),
    "appealed": _("Appeal open"),
    "warned": _("Last warning"),
    "noticed": _("Notice given"),
    "banned": _("Banned"),
    "free": _("Nothing open"),
}
BAN_SHOWS = {
    "running": _("Running"),
    "week": _("Ending within 7 days"),
    "ending": _("Ending within 14 days"),
    "ended": _("Ended by themselves"),
    "revoked": _("Revoked"),
}
NOTICE_SHOWS = {"to_give": _("To give"), "given": _("Given")}
COUNT_SHOWS = {"counted": _("Counted"), "missing": _("Not counted"), "all": _("All zones")}
PARTS = {"morning": _("In the morning"), "evening": _("In the evening")}
REASONS: Mapping[str, tuple[str, ...]] = {
    "withdraw": (_("The plate was typed wrongly"), _("A visitor: the owner has said so"), _("A car of the residents")),
    "confirm": (_("Stayed overnight again after the last warning"),),
    "decline": (_("The driver has promised to leave"), _("The violations are not sure enough")),
    "appeal": (_("The driver says that it was a visit"), _("The driver says that it was another car")),
    "uphold": (_("The appeal brings nothing new"),),
    "revoke": (_("The appeal is right"), _("Banned by mistake")),
    "plate": (_("To talk to the driver on the spot"), _("To tell the gate"), _("To answer an appeal")),
}
"""What is said most; one tap fills the field, and it can be changed."""
BY_ITSELF = _("By itself")
STAFF = _("Staff")
DANGEROUS = frozenset({"confirm", "revoke", "withdraw"})
PROBLEMS = {
    "same_person": _("You saw this car then, or proposed the ban: another person has to confirm it."),
    "no_plate": _("The plate is not kept any more: nothing is open against this car."),
    "withdrawn": _("The violation behind this notice has been taken back: there is nothing to give."),
}


def next_step(standing: Standing, rules: Rules) -> str:
    """What comes next for a car, in one or two sentences of the reader's language."""
    state, had = standing.state, len(standing.evenings)
    if state in (State.FREE, State.NOTICED):
        return _after_violation(had + 1, rules) + _forgetting(standing)
    if state is State.WARNED:
        return say(_("One more violation, and a ban will be proposed.")) + _forgetting(standing)
    if state is State.PROPOSED:
        return say(
            _("A second person decides: once confirmed, it may not enter for {months} months."), months=rules.ban_months
        )
    until = office_time(standing.ban.until) if standing.ban else ""
    if state is State.APPEALED:
        return say(_("A leader decides on the appeal. Until then the ban goes on; it ends at {time}."), time=until)
    return say(_("The ban ends by itself at {time}. Nobody has to do anything."), time=until)


def _after_violation(number: int, rules: Rules) -> str:
    """What the `number`th violation that counts brings."""
    if number < rules.notices:
        return say(_("The next violation brings notice {number} of {notices}."), number=number, notices=rules.notices)
    if rules.ban_on is BanOn.THIRD_NOTICE:
        return say(_("The next violation is the last warning, and a ban will be proposed with it."))
    return say(_("The next violation brings the last warning."))


def _forgetting(standing: Standing) -> str:
    if standing.resets_at is None:
        return ""
    return " " + say(_("Without another violation counting begins anew on {day}."), day=office_day(standing.resets_at))


def given() -> dict[str, Any]:
    """What the templates of these pages share."""
    return {
        "state_badges": STATE_BADGES,
        "state_titles": STATES,
        "given_words": GIVEN,
        "parts_of_day": PARTS,
    }
