"""What a notice says, on the slip and as a text: place, evening, what follows, the price, whom to ask. No name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from gridmap import context
from gridmap.clock import OFFICE
from gridmap.i18n import _
from gridmap.parking.machine import State
from gridmap.parking.rules import BanOn, Rules
from gridmap.read.parking.slip import Slip
from gridmap.web.blueprint import say

SAID: Mapping[str, str] = {
    "seen": _("On {day} at {time} your car stood in {place}. Cars from outside have to leave by {hour}."),
    "number": _("This is notice {number} of {notices}."),
    "last": _("This is the last warning."),
    "then_warned": _(
        "Please leave in time. After {notices} notices one more violation leads to a ban: the car may not enter for"
        " {months} months."
    ),
    "then_with_last": _(
        "Please leave in time. With notice {notices} a ban is proposed: the car may then not enter for {months} months."
    ),
    "then_banned": _(
        "If the car is seen again after {hour}, a ban will be proposed: it may then not enter for {months} months."
    ),
    "is_proposed": _("A ban has been proposed. Once it is confirmed, the car may not enter for {months} months."),
    "forgotten": _("After {months} months without a violation these notices count no more."),
    "tariff": _("Parking by day: {hourly} yuan for each hour begun, at most {cap} yuan a day."),
    "ask": _("Questions or objections: {office}"),
    "ask_phone": _("Questions or objections: {office}, telephone {phone}"),
}
TEXT = _("[{office}] To the driver of {plate}: {said}")


@dataclass(frozen=True, kw_only=True)
class About:
    """Who gives the notice, where the car stood, and until when it may stay, in words."""

    office: str
    phone: str
    place: str
    hour: str
    day: str
    time: str


def about(slip: Slip, rules: Rules) -> About:
    """The words of the slip's head; `rules` with the hours of the zone."""
    settings = slip.settings or {}
    seen = slip.seen_at.astimezone(OFFICE)
    leave = datetime.combine(slip.evening, rules.leave_by) + timedelta(minutes=rules.tolerance_minutes)
    # a zone is often called by its estate already
    is_told = slip.estate and slip.zone and slip.zone.startswith(slip.estate)
    places = [part for part in (None if is_told else slip.estate, slip.zone) if part]
    return About(
        office=slip.community or settings.get("office_name") or slip.street,
        phone=settings.get("office_phone") or "",
        place=" ".join(places) or slip.community or slip.street,
        hour=f"{leave:%H:%M}",
        day=day_words(seen.date()),
        time=f"{seen:%H:%M}",
    )


def day_words(day: date) -> str:
    """The day as it stands on official paper."""
    return say(_("{year}-{month}-{day}"), year=f"{day:%Y}", month=f"{day:%m}", day=f"{day:%d}")


def sentences(slip: Slip, rules: Rules) -> list[str]:
    """What the slip says, sentence by sentence, in the reader's language."""
    told = about(slip, rules)
    said = [say(SAID["seen"], day=told.day, time=told.time, place=told.place, hour=told.hour)]
    said.append(say(SAID["last"]) if slip.is_last else say(SAID["number"], number=slip.number, notices=rules.notices))
    said.append(say(SAID[_then(slip, rules)], notices=rules.notices, months=rules.ban_months, hour=told.hour))
    said.append(say(SAID["forgotten"], months=rules.clean_months))
    if slip.hourly_yuan is not None and slip.daily_cap_yuan is not None:
        said.append(say(SAID["tariff"], hourly=yuan(slip.hourly_yuan), cap=yuan(slip.daily_cap_yuan)))
    said.append(say(SAID["ask_phone" if told.phone else "ask"], office=told.office, phone=told.phone))
    return said


def _then(slip: Slip, rules: Rules) -> str:
    """What follows, as it is when the slip is made: a ban may have been declined since, or the rules changed."""
    if slip.is_last:
        return "is_proposed" if slip.state == State.PROPOSED else "then_banned"
    return "then_with_last" if rules.ban_on is BanOn.THIRD_NOTICE else "then_warned"


def text_of(slip: Slip, rules: Rules, plate: str) -> str:
    """The same as one text to send, with the plate as it is shown."""
    between = " " if context.locale() == "en" else ""
    said = between.join(sentences(slip, rules))
    return say(TEXT, office=about(slip, rules).office, plate=plate, said=said)


def yuan(price: Decimal) -> str:
    """A price without needless noughts."""
    whole = price.quantize(Decimal(1))
    return str(whole) if whole == price else f"{price:.2f}"
