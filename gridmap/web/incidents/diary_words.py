"""How channels, outcomes and refusals of the diary, reception days and the hotline are called. Declarations only."""

from gridmap.i18n import _

CHANNELS = {
    "visit": _("At the door"),
    "phone": _("By telephone"),
    "call_in": _("At the counter"),
    "patrol": _("On a round"),
}
ALL_CHANNELS = {**CHANNELS, "reception": _("On a reception day")}
CHANNEL_ICONS = {"visit": "door", "phone": "phone", "call_in": "home", "patrol": "pin", "reception": "people"}
OUTCOMES = {"noted": _("Nothing to do"), "answered": _("Answered"), "case": _("A case")}
RECEPTION_STATES = {
    "planned": _("Planned"),
    "held": _("Has taken place"),
    "cancelled": _("Called off"),
}
RECEPTION_BADGES = {"planned": "info", "held": "ok", "cancelled": "warn"}
ORDER_STATES = {"queued": _("To be placed"), "placed": _("Became cases"), "dropped": _("Sent back")}
ORDER_PROBLEMS = {
    "no_address": _("It has no address"),
    "unknown": _("The register knows no such address"),
    "no_building": _("The estate is known, this building is not"),
    "several": _("Several places fit"),
    "kind": _("Its kind is not known"),
}
ROW_PROBLEMS = {
    "number": _("It has no number, or Excel has cut it short: keep the column as text."),
    "twice": _("The number stands in the file twice."),
    "text": _("It says nothing."),
    "due": _("Its deadline is no day that can be read."),
}
MAPPED = {
    "number": _("Number of the order"),
    "received_at": _("Received"),
    "due_at": _("Deadline"),
    "address": _("Address"),
    "text": _("What it says"),
    "title": _("Title"),
    "category": _("Kind"),
    "urgency": _("Urgency"),
    "caller": _("Caller"),
    "phone": _("Telephone"),
    "answer": _("Our answer"),
    "answered_at": _("Answered on"),
    "unit": _("Unit that handles it"),
    "state": _("State"),
    "satisfaction": _("How content they are"),
}
FINDINGS = {
    "13001": _("Charging by a hanging wire"),
    "13002": _("Charged indoors"),
    "13003": _("Left in the way"),
}
PROBLEMS = {
    "text": _("Say in one line what it is about: at most 300 characters."),
    "channel": _("Choose how it came."),
    "contact": _("Name and telephone have at most 40 characters each."),
    "where": _("Choose the place first: a case needs one."),
    "place": _("Nothing of that name was found. Try another part of it, or its code."),
    "several": _("Several places fit. Choose one."),
    "kind": _("Choose a kind of case."),
    "private": _("Private words can only become a case of a dispute. Leave out “private”, or choose such a kind."),
    "promised": _("The day of the answer lies between today and a year from now."),
    "answer": _("Write what the person was told: at most 500 characters."),
    "reason": _("A reason is needed, of at most 200 characters."),
    "changed": _("Somebody else has seen to this meanwhile. Look at it once more."),
    "cancelled": _("This reception day has been called off."),
    "state": _("Choose what has become of it."),
    "day": _("The day has not come yet."),
    "minutes": _("The minutes have at most 4,000 characters."),
    "count": _("Counts go from 0 to 2,000."),
    "street": _("The place lies in another street."),
    "urgent": _("What is urgent is looked at by somebody else, too: send it as a case that is still open."),
    "severity": _("Choose how bad it is."),
    "source": _("Choose how it came."),
    "outside": _("The place lies outside of what you look after."),
    "finding": _("The finding is not there any more."),
    "name": _("Give the mapping a name, of at most 60 characters."),
    "columns": _("Say first which columns hold the number, the address and the words."),
}
