"""A rota as it stands from a moment on: evenings still to come, who has them, who could; what swaps are judged by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from gridmap.analysis.rota import Manned, Reason, Rota, Turn, office_day, rota_of
from gridmap.db.pools import Connection, Row
from gridmap.periods import Period
from gridmap.read.rota.evenings import Evening, read_evenings, read_had
from gridmap.read.rota.members import Member, people_of, read_members

AHEAD = 400
"""So many days are looked ahead: a quarter is planned at a time, a year at most."""


@dataclass(frozen=True, kw_only=True)
class State:
    """The evenings still to come by their day, everybody who takes part or did, and what the analysis makes of it."""

    evenings: Mapping[date, Evening]
    members: tuple[Member, ...]
    rota: Rota

    @property
    def names(self) -> dict[int, str]:
        """Display names by person."""
        return {one.person_id: one.name for one in self.members}

    def evening(self, turn_id: int) -> Evening | None:
        """The evening of that id, where it is still to come."""
        return next((one for one in self.evenings.values() if one.id == turn_id), None)


def read_state(connection: Connection, row: Row, now: datetime) -> State:
    """How the rota stands at that business time."""
    today = office_day(now)
    within = Period(today, date.fromordinal(today.toordinal() + AHEAD))
    evenings = {one.day: one for one in read_evenings(connection, row, within) if one.is_set and one.starts_at > now}
    members = read_members(connection, row, *within.instants)
    people = people_of(members, read_had(connection, row, now, today), within)
    return State(
        evenings=evenings,
        members=members,
        rota=rota_of([manned(one) for one in evenings.values()], people, row["gap_days"]),
    )


def manned(evening: Evening) -> Manned:
    """The evening as the analysis wants it."""
    turn = Turn(evening.starts_at, evening.ends_at, evening.needed)
    reason = Reason(evening.reason) if evening.reason else None
    return Manned(turn=turn, people=evening.people, reason=reason)
