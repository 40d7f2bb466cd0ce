"""What is answered: loads, places, steps and troubles as JSON, with a sentence for each trouble."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from gridmap import context
from gridmap.api.errors import GridmapError, NotThere, Refused
from gridmap.clock import OFFICE
from gridmap.i18n import _, translate
from gridmap.people import ChangeConflict, ChangeRefused, Conflict, PeopleProblem, Refusal
from gridmap.people.giving import Balance, Holding, Load, Made, Move, Plan, RoleFacts, Step
from gridmap.people.giving.choices import Choice
from gridmap.people.giving.eligibility import Candidate, why_not

Told = dict[str, Any]
Answer = TypeVar("Answer")

CONFLICTS = {
    "held": _("“{place}” is now held by {holder}, since {since}."),
    "free": _("Nobody holds “{place}” any more."),
    "later": _("“{place}” has been given to {holder} from {since} on."),
    "undone": _("This change has been taken back already."),
}
REASONS = {
    "empty": _("Choose at least one place."),
    "many": _("That is more than can change at once."),
    "street": _("Change the places of one street at a time."),
    "place": _("There is no such place, or it is not in your area."),
    "role": _("This role is not held at this kind of place."),
    "stairwells": _("This building has stairwells: the role is held at each of them."),
    "unit": _("There is no such household in this place."),
    "person": _("There is nobody with this number in the street."),
    "twice": _("This place stands in the list twice."),
    "nothing": _("Nothing would change."),
    "not_theirs": _("This place is not held by whoever hands over."),
    "part": _("This change reaches places that you do not see. Somebody who sees all of them can take it back."),
    "past": _("A change cannot begin in the past."),
    "why": _("Say why in a few words, at most 500 characters."),
    "note": _("The note is too long, or holds characters that cannot be kept."),
    "left": _("This person has left."),
    "away": _("Away for more than a month."),
    "organisation": _("Not of an organisation whose people take this role."),
    "elsewhere": _("Serves another community."),
    "company": _("Of a property company that does not manage this estate."),
    "full": _("Has as many places as one person should have."),
    "kept": _("The present holder stays unless somebody is much nearer."),
    "household": _("Single households are given by hand."),
    "receiver": _("Choose at least one person who takes over, and not the one who hands over."),
    "solver": _("Proposals need OR-Tools on the server: pip install 'gridmap[assign]'."),
}


class Taken(GridmapError):
    """Somebody was faster: `value` names the holder of the first such place, the details those of all."""

    status, code = 409, "conflict"


class TakenFrom(Taken):
    """The place is held by somebody else now."""

    sentence = _("Nothing was written: “{word}” is now held by {value}.")


class TakenLater(Taken):
    """The place has been given to somebody from a later day on."""

    sentence = _("Nothing was written: “{word}” has been given to {value} from a later day on.")


class TakenAway(Taken):
    """Nobody holds the place any more."""

    sentence = _("Nothing was written: nobody holds “{word}” any more.")


class TakenBack(Taken):
    """The change was undone before."""

    sentence = _("This change has been taken back already.")


TAKEN: Mapping[str, type[Taken]] = {"held": TakenFrom, "later": TakenLater, "free": TakenAway, "undone": TakenBack}


def told(command: Callable[[], Answer], word: str = "change", value: object = "") -> Answer:
    """Run the command; its troubles become the API's errors, with every conflict and refusal in the details."""
    try:
        return command()
    except LookupError:
        raise NotThere(word, str(value)) from None
    except ChangeConflict as problem:
        first = problem.conflicts[0]
        holder = first.holder or "?"
        raise TAKEN[first.kind](first.place, holder, conflicts=[conflict(one) for one in problem.conflicts]) from None
    except ChangeRefused as problem:
        raise Refused(
            problem.reason, REASONS[problem.reason], refused=[refusal(one) for one in problem.refusals]
        ) from None
    except PeopleProblem as problem:
        raise Refused(problem.reason, REASONS[problem.reason]) from None


def say(sentence: str, **values: object) -> str:
    """The text in the reader's language."""
    return translate(context.locale(), sentence, **values)


def day(moment: datetime | date | None) -> str | None:
    """A moment in the office's time, or a day, as ISO writes it."""
    if isinstance(moment, datetime):
        return moment.astimezone(OFFICE).isoformat()
    return moment.isoformat() if moment else None


def load(one: Load) -> Told:
    """A load."""
    return {"places": one.places, "buildings": one.buildings, "households": one.households, "metres": one.metres}


def role(one: RoleFacts) -> Told:
    """A role."""
    return {
        "code": one.code,
        "title": one.title,
        "title_en": one.title_en,
        "level": one.level,
        "capacity": one.capacity,
    }


def person(one: Candidate, of: RoleFacts, carried: Load, at: datetime) -> Told:
    """Somebody who could take a role, with what they carry in it."""
    reason = why_not(of, one, at)
    away = {"until": day(one.away_until), "substitute": one.substitute} if one.is_away else None
    return {
        "id": one.id,
        "name": one.name,
        "community": one.community,
        "organisation": one.organisation,
        "holds": one.holds,
        "load": load(carried),
        "eligible": not reason,
        "why_not": {"code": reason, "sentence": say(REASONS[reason])} if reason else None,
        "away": away,
    }


def holder(one: Holding, *, is_away: bool = False) -> Told:
    """Whoever holds a place."""
    return {
        "assignment": one.id,
        "person": one.person_id,
        "name": one.name,
        "since": day(one.since),
        "revision": one.seen,
        "away": is_away,
    }


def choice(one: Choice, of: RoleFacts) -> Told:
    """A place to choose, with its holders."""
    place = one.place
    by_unit = {held.unit: holder(held, is_away=held.person_id in one.away) for held in one.holders}
    households = (
        [{"unit": unit, "holder": by_unit.get(unit)} for unit in place.units] if of.level == "household" else []
    )
    return {
        "id": place.id,
        "kind": place.kind,
        "code": place.code,
        "name": place.name,
        "building": place.building_id,
        "building_name": place.building_name,
        "estate": place.estate_id,
        "estate_name": place.estate_name,
        "households": place.households,
        "point": [place.point.lon, place.point.lat] if place.point else None,
        "holder": by_unit.get(""),
        "deputies": [holder(held, is_away=held.person_id in one.away) for held in one.deputies],
        "units": households,
    }


def step(one: Step, plan: Plan) -> Told:
    """What a move does at its place."""
    place, held = plan.standing.places[one.spot[0]], one.before
    name = plan.standing.people.get(one.person_id or 0)
    return {
        "place": place.id,
        "name": place.name,
        "role": one.spot[1],
        "unit": one.spot[2],
        "deputy": not one.is_primary,
        "before": holder(held) if held else None,
        "after": {"person": one.person_id, "name": name[0] if name else "?"} if one.person_id else None,
        "kind": one.kind,
    }


def balance(one: Balance, capacity: int | None) -> Told:
    """Somebody's load before and after."""
    return {
        "id": one.person_id,
        "name": one.name,
        "role": one.role,
        "before": load(one.before),
        "after": load(one.after),
        "capacity": capacity,
        "is_full": capacity is not None and one.after.places > capacity,
    }


def conflict(one: Conflict) -> Told:
    """A place that is not as it was seen."""
    since = one.since.astimezone(OFFICE).date().isoformat() if one.since else "?"
    return {
        "place": one.place_id,
        "name": one.place,
        "role": one.role,
        "unit": one.unit,
        "kind": one.kind,
        "person": one.person_id,
        "holder": one.holder,
        "since": day(one.since),
        "revision": one.seen,
        "sentence": say(CONFLICTS[one.kind], place=one.place, holder=one.holder or "?", since=since),
    }


def refusal(one: Refusal) -> Told:
    """A move that cannot be."""
    return {
        "place": one.place_id,
        "role": one.role,
        "person": one.person_id,
        "code": one.reason,
        "sentence": say(REASONS[one.reason]),
    }


def move(one: Move) -> Told:
    """A move, as it is sent back."""
    found: Told = {"place": one.place_id, "role": one.role, "person": one.person_id, "revision": one.seen}
    if one.unit:
        found["unit"] = one.unit
    if not one.is_primary:
        found["deputy"] = True
    if one.is_end:
        found["end"] = True
    return found


def made(one: Made) -> Told:
    """A change that was written."""
    begun = [
        {
            "place": some.spot[0],
            "role": some.spot[1],
            "unit": some.spot[2],
            "person": some.person_id,
            "assignment": some.id,
            "revision": some.seen,
        }
        for some in one.begun
    ]
    return {"change": one.change_id, "counts": one.counts, "places": begun, "seen": one.seen}
