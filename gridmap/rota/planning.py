"""Sharing out the evenings of a time at once: computed, shown as what changes, written."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from gridmap.accounts import Actor
from gridmap.analysis.rota import Manned, Person, Plan, TooMuch, Turn, office_day, plan_rota, turns_within
from gridmap.clock import OFFICE
from gridmap.db.pools import Connection, Row
from gridmap.periods import DAY, Period
from gridmap.places.calendar import read_calendar
from gridmap.read.rota.evenings import Evening, read_evenings, read_had
from gridmap.read.rota.members import Member, people_of, read_members
from gridmap.read.rota.news import AHEAD
from gridmap.rota.errors import RotaChanged, RotaProblem
from gridmap.rota.rows import hands_on, lock_rota, reach_of, read_row
from gridmap.rota.writing import end_holders, give, lapse_swaps, record

LONGEST = 400
"""Days that are planned at once, at most."""
PUT = """
INSERT INTO gridmap.rota_turn AS t (street_id, id, rota_id, day, starts_at, ends_at, needed, missing, reason, place_id,
  people, community_id, grid_id, micro_grid_id, estate_id, changed_at, changed_by)
SELECT %(street_id)s, %(street_id)s::bigint * 4294967296 + nextval('gridmap.serial'), %(rota)s, n.day, n.starts_at,
  n.ends_at, n.needed, n.missing, n.reason, %(place_id)s, %(people)s, %(community_id)s, %(grid_id)s, %(micro_grid_id)s,
  %(estate_id)s, %(now)s, %(account)s
FROM unnest(%(days)s::date[], %(starts)s::timestamptz[], %(ends)s::timestamptz[], %(needs)s::smallint[],
  %(missing)s::smallint[], %(reasons)s::text[]) AS n (day, starts_at, ends_at, needed, missing, reason)
ON CONFLICT (street_id, rota_id, day) DO UPDATE
SET starts_at = excluded.starts_at, ends_at = excluded.ends_at, needed = excluded.needed, missing = excluded.missing,
  reason = excluded.reason, state = 'set', revision = t.revision + 1, changed_at = excluded.changed_at,
  changed_by = excluded.changed_by
WHERE t.day = ANY (%(changed)s::date[])
"""
CANCEL = """
UPDATE gridmap.rota_turn SET state = 'cancelled', missing = 0, reason = NULL, revision = revision + 1,
  changed_at = %(now)s, changed_by = %(account)s
WHERE street_id = %(street_id)s AND rota_id = %(rota)s AND day = ANY (%(days)s) AND state = 'set'
"""
IDS = "SELECT id, day FROM gridmap.rota_turn WHERE street_id = %s AND rota_id = %s AND day = ANY (%s)"


@dataclass(frozen=True, kw_only=True)
class Change:
    """What becomes of one evening: who had it (None: there was none), who has it then (None: it is called off)."""

    day: date
    before: tuple[int, ...] | None
    after: tuple[int, ...] | None


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A plan beside what is written: `changes` are the evenings that would be others."""

    plan: Plan
    people: tuple[Person, ...]
    names: Mapping[int, str]
    before: Mapping[date, Evening]
    """The evenings still to come as they are written, also those that were called off."""

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """By day, also where only the hours or the number of people would be others."""
        planned = {manned.turn.day: manned for manned in self.plan.turns}
        found = []
        for day in sorted({*planned, *(day for day, one in self.before.items() if one.is_set)}):
            old, new = self.before.get(day), planned.get(day)
            if old is None or new is None or not _is_same(old, new):
                before = old.people if old and old.is_set else None
                found.append(Change(day=day, before=before, after=new.people if new else None))
        return tuple(found)

    @cached_property
    def digest(self) -> str:
        """Equal for proposals that would write the same."""
        planned = {manned.turn.day: manned for manned in self.plan.turns}
        turns = [planned[one.day].turn for one in self.changes if one.after is not None]
        return hashlib.sha256(repr((self.changes, turns)).encode()).hexdigest()[:32]

    @property
    def spread(self) -> tuple[int, int]:
        """The fewest and the most evenings of these that anybody gets who takes part in all of this time."""
        return _least_and_most([len(self.plan.days_of(person.id)) for person in self._whole])

    @property
    def totals(self) -> tuple[int, int]:
        """The fewest and the most evenings that anybody has had in the end, with credit."""
        return _least_and_most([sum(self.plan.had_after(person)) for person in self._whole])

    def spread_on(self, weekday: int) -> tuple[int, int]:
        """The same as `spread` of one weekday; Monday is 0."""
        days = [[day for day in self.plan.days_of(one.id) if day.weekday() == weekday] for one in self._whole]
        return _least_and_most([len(one) for one in days])

    @property
    def _whole(self) -> list[Person]:
        turns = self.plan.turns
        if not turns:
            return []
        first, last = turns[0].turn.day, turns[-1].turn.day
        return [one for one in self.people if one.is_in_all_of(Period(first, last + DAY))]


def propose(connection: Connection, by: Actor, rota_id: int, within: Period) -> Proposal:
    """How the evenings of these days that are still to come would be shared out now. Writes nothing.

    What is past, told (it begins within a day) or swapped stays, unless whoever has it cannot come any more.
    Raises LookupError, RotaProblem("not_yours", "no_members", "over", "too_much").
    """
    row = read_row(connection, rota_id)
    hands_on(connection, by, row).must_lead()
    return _propose(connection, by, row, within)


def plan_period(
    connection: Connection, by: Actor, rota_id: int, within: Period, *, seen: str | None = None
) -> Proposal:
    """Share the evenings out, and give what was written; `seen`: the digest of the proposal that somebody agreed to.

    Raises what `propose` does, RotaChanged where it would be another one now.
    """
    row = lock_rota(connection, rota_id)
    hands_on(connection, by, row).must_lead()
    found = _propose(connection, by, row, within)
    if seen is not None and seen != found.digest:
        raise RotaChanged
    changed = {one.day for one in found.changes}
    if changed:
        _write_turns(connection, by, row, found, changed)
        _write_holders(connection, by, row, found, changed)
        lapse_swaps(connection, by, row)
    told = {"from": within.start.isoformat(), "until": within.end.isoformat(), "evenings": len(found.plan.turns)}
    told |= {"changed": len(changed), "unfilled": len(found.plan.unfilled)}
    record(connection, by, "plan_rota", row, after=told)
    return found


def _propose(connection: Connection, by: Actor, row: Row, within: Period) -> Proposal:
    now, today = by.business_at, office_day(by.business_at)
    end = min(within.end, row["ends_on"] or date.max)
    start = max(within.start, row["starts"], today)
    if end <= start:
        raise RotaProblem("over")
    if (end - start).days > LONGEST:
        raise RotaProblem("too_much")
    to_come = Period(start, end)
    hours = (row["begins"], row["ends"])
    turns = [
        turn
        for turn in turns_within(
            to_come, read_calendar(connection), hours, needed=row["needed"], weekdays=row["weekdays"]
        )
        if turn.starts > now
    ]
    members = read_members(connection, row, *_instants(to_come))
    people = people_of(members, read_had(connection, row, now, start), to_come)
    if not people:
        raise RotaProblem("no_members")
    before = {one.day: one for one in read_evenings(connection, row, to_come) if one.starts_at > now}
    kept = kept_on(turns, before, {person.id: person for person in people}, now)
    try:
        plan = plan_rota(turns, people, gap_days=row["gap_days"], kept=kept)
    except TooMuch:
        raise RotaProblem("too_much") from None
    return Proposal(plan=plan, people=tuple(people), names=_names(members), before=before)


def kept_on(
    turns: Sequence[Turn], before: Mapping[date, Evening], people: Mapping[int, Person], now: datetime
) -> dict[date, tuple[int, ...]]:
    """Who keeps which evening whatever the plan: what was swapped, entered or told, where they still can come."""
    found = {}
    for turn in turns:
        evening = before.get(turn.day)
        if evening is None or not evening.is_set:
            continue
        # whoever has an evening of which the inbox has told stays
        is_told = turn.starts <= now + AHEAD
        found[turn.day] = tuple(
            one.person_id
            for one in evening.taken
            if (is_told or one.origin != "planned")
            and one.person_id in people
            and people[one.person_id].hindrance(turn) is None
        )
    return found


def _instants(within: Period) -> tuple[datetime, datetime]:
    # a turn that begins on the last day may end on the day after
    since, until = within.instants
    return since.astimezone(OFFICE), until + timedelta(days=1)


def _names(members: Sequence[Member]) -> dict[int, str]:
    return {one.person_id: one.name for one in members}


def _least_and_most(numbers: Sequence[int]) -> tuple[int, int]:
    return min(numbers, default=0), max(numbers, default=0)


def _is_same(old: Evening, new: Manned) -> bool:
    turn = new.turn
    same_time = (old.starts_at, old.ends_at, old.needed) == (turn.starts, turn.ends, turn.needed)
    same_lack = (old.missing, old.reason) == (new.missing, new.reason and str(new.reason))
    return old.is_set and same_time and same_lack and old.people == new.people


def _write_turns(connection: Connection, by: Actor, row: Row, found: Proposal, changed: set[date]) -> None:
    planned = [manned for manned in found.plan.turns if manned.turn.day in changed]
    gone = changed - {manned.turn.day for manned in planned}
    values: dict[str, Any] = reach_of(row) | {"rota": row["id"], "now": by.business_at, "account": by.account_id}
    columns: dict[str, Any] = {
        "days": [manned.turn.day for manned in planned],
        "starts": [manned.turn.starts for manned in planned],
        "ends": [manned.turn.ends for manned in planned],
        "needs": [manned.turn.needed for manned in planned],
        "missing": [manned.missing for manned in planned],
        "reasons": [manned.reason and str(manned.reason) for manned in planned],
        "changed": sorted(changed),
    }
    if planned:
        connection.execute(PUT, values | columns)
    if gone:
        connection.execute(CANCEL, values | {"days": sorted(gone)})


def _write_holders(connection: Connection, by: Actor, row: Row, found: Proposal, changed: set[date]) -> None:
    """End who no longer has an evening, and give it to whoever has it then; new hours are written for all of them."""
    key = (row["street_id"], row["id"], sorted(changed))
    turn_on = {one["day"]: one["id"] for one in connection.execute(IDS, key).fetchall()}
    planned = {manned.turn.day: manned for manned in found.plan.turns}
    ended, given = [], []
    for day in sorted(changed):
        old, new = found.before.get(day), planned.get(day)
        people = set(new.people) if new else set()
        has_other_hours = bool(old and new and (old.starts_at, old.ends_at) != (new.turn.starts, new.turn.ends))
        origins = {one.person_id: (one.origin, one.swap_id) for one in old.taken} if old else {}
        staying = set() if has_other_hours else people & origins.keys()
        ended += [one.id for one in old.taken if one.person_id not in staying] if old else []
        given += [(turn_on[day], one, *origins.get(one, ("planned", None))) for one in sorted(people - staying)]
    end_holders(connection, by, row, ended)
    give(connection, by, row, given)
