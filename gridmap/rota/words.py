"""How kinds, reasons and refusals of rotas are called; marked here, translated where they are printed."""

from collections.abc import Mapping
from datetime import date

from gridmap.i18n import _, translate

KINDS: Mapping[str, str] = {
    "parking": _("Parking duty"),
    "patrol": _("Patrol"),
    "disinfection": _("Disinfection"),
    "gate": _("Gate duty"),
}
LACKS: Mapping[str, str] = {
    "too_few_members": _("too few members"),
    "on_leave": _("on leave"),
    "elsewhere": _("on another duty"),
    "never": _("never on that weekday"),
    "several": _("several reasons together"),
}
"""Why an evening lacks people."""
REFUSALS: Mapping[str, str] = {
    "not_yours": _("This is for whoever leads there, or whose evening it is."),
    "changed": _("This has changed in the meantime. Please look again."),
    "kind": _("There is no such duty."),
    "name": _("Say in a few words what it is called, at most 60 characters."),
    "place": _("There is no such place, or it is not yours to lead."),
    "hours": _("Say from when to when; the two times must differ."),
    "needed": _("Between 1 and 50 people are needed for an evening."),
    "gap": _("Between 1 and 60 days lie from one evening of somebody to the next."),
    "weekdays": _("Choose at least one weekday, or the working days."),
    "day": _("Say from which day on."),
    "person": _("There is no such person."),
    "no_members": _("Nobody takes part yet. Add the members first."),
    "over": _("These evenings are over, or lie outside of the time of the rota."),
    "too_much": _("That is too much at once. Plan a shorter time."),
    "no_turn": _("There is no such evening, or that person does not take part."),
    "same_person": _("That is the same person."),
    "past": _("The evening of {day} has begun. It stays as it is."),
    "not_on": _("{name} no longer has the evening of {day}."),
    "already_on": _("{name} has the evening of {day} already."),
    "no_member": _("{name} does not take part on {day}."),
    "on_leave": _("{name} is away on {day}."),
    "elsewhere": _("{name} has another duty on {day}."),
    "never": _("{name} never takes that weekday: {day}."),
    "full": _("Nobody is missing on {day} any more."),
    "answered": _("This has been answered, or is no longer needed."),
    "asked": _("{name} has been asked already."),
    "account": _("There is no account for {name} that a slip could open."),
}


def refusal_words(locale: str, reason: str, name: str = "", day: date | None = None) -> str:
    """Why it cannot be done, in that language."""
    shown = f"{day:%Y-%m-%d}" if day else ""
    return translate(locale, REFUSALS[reason], name=name, day=shown)
