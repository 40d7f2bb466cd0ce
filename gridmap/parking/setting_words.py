"""What an estate has decided, said plainly; and why what was typed cannot be kept. Marked here, translated here."""

from collections.abc import Mapping

from gridmap.i18n import WEEKDAYS, _, translate
from gridmap.parking.forms import LIMITS
from gridmap.parking.rules import EVERY_EVENING, BanOn, Rules

WORKDAYS, WEEKEND = frozenset(range(5)), frozenset((5, 6))
DAY_KINDS = {
    "from_entry": _("24 hours from when the car came in"),
    "calendar": _("A calendar day, from midnight to midnight"),
}
BARRIERS = {
    "none": _("No barrier"),
    "manual": _("Opened by hand"),
    "automatic": _("Opens by itself"),
    "camera": _("Reads the number plate"),
}
SITES = {
    "ground": _("In the open"),
    "kerb": _("Along a road"),
    "garage": _("In a garage"),
}
"""Where cars stand in a zone; only zones of one kind lie beside each other."""
WRONG: Mapping[str, str] = {
    "clock": _("Write a time like 18:00."),
    "past_midnight": _("With its tolerance the hour has to come before midnight."),
    "no_day_left": _("The evening has to be over before the hour at which cars leave."),
    "evenings": _("Choose among the days of a week."),
    "tolerance_minutes": _("The tolerance is a whole number of minutes, 0 for none."),
    "notices": _("Between 1 and {most} notices; the last of them is the last warning."),
    "ban_months": _("A ban lasts from 1 to {most} months."),
    "clean_months": _("From 1 to {most} months without a violation."),
    "stay_counts": _("From 2 to {most} counts in a row: a long stay has an evening and a morning."),
    "ban_on": _("Choose which violation proposes a ban."),
    "yuan": _("An amount in yuan like 10 or 2.50, below 100,000."),
    "cap_below_hour": _("The most for a day cannot be less than one hour costs."),
    "day": _("Choose what a day is."),
}
REFUSALS: Mapping[str, str] = {
    "not_yours": _("Who leads the community or the street decides this."),
    "changed": _("Somebody else has changed this in the meantime. Look at what holds now before you save."),
    "not_a_zone": _("Only a zone has a price."),
}


def wrong_words(locale: str, code: str) -> str:
    """What is wrong with a field, in that language."""
    return translate(locale, WRONG[code], most=LIMITS.get(code, (0, 0))[1])


def hours_words(locale: str, rules: Rules) -> str:
    """Until when cars from outside may stand, in one sentence."""
    if not rules.evenings:
        return translate(locale, _("Cars from outside may stand at any hour."))
    values = {
        "days": days_words(locale, rules.evenings),
        "hour": f"{rules.leave_by:%H:%M}",
        "minutes": rules.tolerance_minutes,
        "morning": f"{rules.free_from:%H:%M}",
    }
    if rules.tolerance_minutes:
        text = _(
            "{days}: cars from outside leave by {hour}, {minutes} minutes later at most; until {morning} of the next"
            " day it is still that evening."
        )
    else:
        text = _("{days}: cars from outside leave by {hour}; until {morning} of the next day it is still that evening.")
    return translate(locale, text, **values)


def days_words(locale: str, days: frozenset[int]) -> str:
    """The days of a week in words: every day, working days, or each by its name."""
    named = {EVERY_EVENING: _("Every day"), WORKDAYS: _("Monday to Friday"), WEEKEND: _("Saturday and Sunday")}
    if days in named:
        return translate(locale, named[days])
    return translate(locale, _(", ")).join(translate(locale, WEEKDAYS[day]) for day in sorted(days))


def rules_words(locale: str, rules: Rules) -> list[str]:
    """All that holds in an estate, in a few sentences: hours, notices and bans, clean months, long stays."""
    values = {"notices": rules.notices, "months": rules.ban_months}
    if rules.ban_on is BanOn.THIRD_NOTICE:
        text = _("Notice number {notices} is the last warning and proposes a ban of {months} months.")
    else:
        text = _("Notice number {notices} is the last warning; the next violation proposes a ban of {months} months.")
    return [
        hours_words(locale, rules),
        translate(locale, text, **values),
        translate(
            locale, _("{months} months without a violation, and counting begins anew."), months=rules.clean_months
        ),
        translate(
            locale, _("In {counts} counts in a row, evening and morning: a long stay."), counts=rules.stay_counts
        ),
    ]
