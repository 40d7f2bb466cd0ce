"""The SQL of what is due: in places of one's own, at a place, and of a community itself."""

from datetime import timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Date,
    DateTime,
    Text,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY

from gridmap.db import compiled
from gridmap.layer import AS_OF
from gridmap.read.due.words import VISIT
from gridmap.read.locks import ids, locked
from gridmap.scope import reach_of_shape
from gridmap.tables import assignment, community, duty, inspection, place, slot
from gridmap.tables.duties import TRIED_RESULTS

Statement = tuple[str, dict[str, Any]]
MOST_SLOTS = 4_000
LONGEST = timedelta(days=366)
"""No period is longer: older slots cannot run today."""
CATCHING_UP = timedelta(days=31)
"""So long after the end of its period what was missed stays in the list; later only the community enters it."""
JUST_DONE = timedelta(days=2)
"""So long something done late stays there, so that it can be taken back."""
CAUGHT_UP = ("week", "month", "quarter", "year")
"""Rhythms of which something may be done late; what was due on a day has gone with it, and a household is visited
for the month that runs."""
LAST_DAYS = 5
"""Days before the due day from which a rule reminds that names no day of its own."""
ANY_ROLE = ""
"""A right that was given asks for whatever is due there, whoever's duty it is."""
WHOLE = ""
"""Not one household of the place alone."""
Own = tuple[int, str, str]
"""A place that is one's own, in which role, and which household of it or all."""
PLATED = ("stairwell", "building", "facility", "zone", "estate", "grid")
"""Kinds of places that a plate can hang at."""
TODAY = bindparam("today", type_=Date)
SINCE = bindparam("since", type_=Date)
SLOT = ("id", "unit", "turn", "starts_on", "due_on", "state", "is_late")
RULE = ("kind", "title", "title_en", "action", "times", "sort")
SAID = ("inspection_id", "result", "severity", "note", "mode", "done_at", "has_photo", "is_own")
GROUPED = ("id", "kind", "code", "name")


@lru_cache(maxsize=64)
def held_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of what some people of a street hold, and in which role."""
    return compiled(
        select(assignment.c.place_id, assignment.c.role, assignment.c.unit)
        .distinct()
        .where(
            assignment.c.street_id == bindparam("person_street", type_=BigInteger),
            assignment.c.person_id == func.any(ids("holders")),
            assignment.c.valid.contains(AS_OF),
            locked(assignment, reach_of_shape(shape)),
        )
    )


@lru_cache(maxsize=64)
def plate_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the place behind a plate; the same code may stand for places of several kinds."""
    reach = reach_of_shape(shape)
    rank = case({kind: number for number, kind in enumerate(PLATED)}, value=place.c.kind)
    near = true() if reach.is_city else place.c.street_id == func.any(ids("near"))
    return compiled(
        select(place.c.id, place.c.kind, place.c.code, place.c.name)
        .where(
            near,
            place.c.kind == func.any(literal(list(PLATED), ARRAY(Text))),
            place.c.code == bindparam("code", type_=Text),
            locked(place, reach),
        )
        .order_by(rank, place.c.id)
        .limit(1)
    )


@lru_cache(maxsize=64)
def due_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the slots that run today in some places, and of what is left of past ones, with their answers."""
    reach = reach_of_shape(shape)
    mine = _mine().cte("mine")
    house, around = place.alias("house"), place.alias("around")
    asks = or_(mine.c.role == ANY_ROLE, mine.c.role == duty.c.role)
    asks = and_(asks, or_(mine.c.unit == WHOLE, mine.c.unit == slot.c.unit))
    chosen = (
        select(slot.c.street_id, slot.c.id)
        .distinct()
        .join_from(mine, slot, and_(slot.c.street_id == mine.c.street_id, slot.c.place_id == mine.c.place_id))
        .join(duty, and_(_with_duty(), asks))
        .where(_is_asked(), locked(slot, reach))
        .limit(MOST_SLOTS)
        .cte("chosen")
    )
    said = _said()
    is_house = and_(house.c.street_id == place.c.street_id, house.c.id == place.c.parent_id, locked(house, reach))
    is_house = and_(is_house, place.c.kind == "stairwell", house.c.kind == "building")
    is_around = and_(around.c.street_id == place.c.street_id, around.c.id == place.c.estate_id, locked(around, reach))
    return compiled(
        select(
            *_of_slot(),
            *(place.c[name].label(f"place_{name}") for name in GROUPED),
            *(func.coalesce(house.c[name], place.c[name]).label(f"group_{name}") for name in GROUPED),
            case((around.c.id != place.c.id, around.c.name)).label("around"),
            *(said.c[name] for name in SAID),
        )
        .join_from(chosen, slot, and_(slot.c.street_id == chosen.c.street_id, slot.c.id == chosen.c.id))
        .join(duty, _with_duty())
        .join(place, and_(place.c.street_id == slot.c.street_id, place.c.id == slot.c.place_id, locked(place, reach)))
        .join(house, is_house, isouter=True)
        .join(around, is_around, isouter=True)
        .join(said, true(), isouter=True)
    )


@lru_cache(maxsize=64)
def community_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of what communities themselves owe, in the same columns."""
    reach = reach_of_shape(shape)
    said = _said()
    itself = {"id": community.c.id, "kind": literal("community"), "code": community.c.code, "name": community.c.name}
    is_community = and_(community.c.street_id == slot.c.street_id, community.c.id == slot.c.community_id)
    return compiled(
        select(
            *_of_slot(),
            *(itself[name].label(f"place_{name}") for name in GROUPED),
            *(itself[name].label(f"group_{name}") for name in GROUPED),
            literal(None, Text).label("around"),
            *(said.c[name] for name in SAID),
        )
        .join_from(slot, duty, _with_duty())
        .join(community, is_community)
        .join(said, true(), isouter=True)
        .where(
            slot.c.street_id == func.any(ids("my_streets")),
            slot.c.community_id == func.any(ids("own_communities")),
            slot.c.place_id.is_(None),
            _is_asked(),
            locked(slot, reach),
        )
    )


def _mine() -> "CompoundSelect[Any]":
    """The places that are one's own with the role, each found by an index of its own."""
    words = (bindparam(name, type_=ARRAY(Text)) for name in ("own_roles", "own_units"))
    own = func.unnest(ids("own_places"), *words).table_valued("place_id", "role", "unit").render_derived("own")
    inside = (place.c.id, place.c.parent_id, place.c.grid_id, place.c.micro_grid_id, place.c.estate_id)
    return union(
        *(
            select(place.c.street_id, place.c.id.label("place_id"), own.c.role, own.c.unit)
            .join_from(own, place, column == own.c.place_id)
            .where(place.c.street_id == func.any(ids("my_streets")))
            for column in inside
        )
    )


def _with_duty() -> "ColumnElement[bool]":
    return and_(duty.c.street_id == slot.c.street_id, duty.c.id == slot.c.duty_id)


def _is_asked() -> "ColumnElement[bool]":
    """That the slot runs today, or was missed so lately that it can still be done."""
    runs = and_(slot.c.starts_on <= TODAY, slot.c.ends_on > TODAY)
    just_done = slot.c.done_at > bindparam("done_since", type_=DateTime(timezone=True))
    is_left = and_(
        slot.c.ends_on <= TODAY,
        slot.c.ends_on > bindparam("missed_since", type_=Date),
        # due: missed all the same, until the night's round says so
        or_(slot.c.state == "missed", slot.c.state == "due"),
        or_(~slot.c.is_late, just_done),
        duty.c.every == func.any(literal(list(CAUGHT_UP), ARRAY(Text))),
        duty.c.action != VISIT,
    )
    return and_(slot.c.starts_on > SINCE, or_(runs, is_left))


def _of_slot() -> "list[ColumnElement[Any]]":
    runs = (slot.c.ends_on > TODAY).label("runs")
    reminds_on = func.coalesce(slot.c.starts_on + duty.c.remind_day - 1, slot.c.due_on - LAST_DAYS)
    is_soon = (reminds_on <= TODAY).label("is_soon")
    return [*(slot.c[name] for name in SLOT), runs, is_soon, *(duty.c[name] for name in RULE)]


def _said() -> Any:
    """The newest answer that counts; good ones before tries."""
    is_try: ColumnElement[bool] = inspection.c.result == func.any(literal(list(TRIED_RESULTS), ARRAY(Text)))
    return (
        select(
            inspection.c.id.label("inspection_id"),
            *(inspection.c[name] for name in ("result", "severity", "note", "mode", "done_at")),
            inspection.c.photo.is_not(None).label("has_photo"),
            func.coalesce(inspection.c.account_id == bindparam("account", type_=BigInteger), False).label("is_own"),
        )
        .where(
            inspection.c.street_id == slot.c.street_id,
            inspection.c.slot_id == slot.c.id,
            inspection.c.superseded_at.is_(None),
        )
        # by the phone's own time before the order of arrival: what was said last is said, however it came
        .order_by(
            is_try, inspection.c.done_at.desc(), inspection.c.device_at.desc().nulls_last(), inspection.c.id.desc()
        )
        .limit(1)
        .lateral("said")
    )
