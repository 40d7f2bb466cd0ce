"""Who takes part in a rota: names as the office shows them, when they are away (never why), what they have had."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from gridmap.analysis.rota import Person
from gridmap.db.pools import Connection, Row
from gridmap.periods import Period

PEOPLE = """
SELECT f.*, m.revision
FROM gridmap.rota_people(%(street)s, %(rota)s, %(since)s, %(until)s) f
JOIN gridmap.rota_member m ON m.street_id = %(street)s AND m.id = f.member_id
ORDER BY f.person_id, lower(f.member_during)
"""


@dataclass(frozen=True, kw_only=True)
class Member:
    """Somebody's time in a rota. A person who left and came back has several."""

    id: int
    person_id: int
    name: str
    during: Period
    """Without an end it lasts until the last day that there is."""
    credit: tuple[int, ...]
    never_on: frozenset[int]
    away: tuple[tuple[datetime | None, datetime | None], ...]
    busy: tuple[tuple[datetime, datetime], ...]
    revision: int

    @property
    def ends(self) -> date | None:
        """The first day without them; None where none is set."""
        return None if self.during.end == date.max else self.during.end

    def is_away(self, starts: datetime, ends: datetime) -> bool:
        """Whether they are away at some moment of that time."""
        return any((not since or since < ends) and (not until or starts < until) for since, until in self.away)


def read_members(connection: Connection, row: Row, since: datetime, until: datetime) -> tuple[Member, ...]:
    """Everybody who takes part in the rota or ever did, by person; away and busy within that time.

    Nobody for a viewer who does not see the rota.
    """
    values = {"street": row["street_id"], "rota": row["id"], "since": since, "until": until}
    return tuple(_member(found) for found in connection.execute(PEOPLE, values).fetchall())


def people_of(members: Iterable[Member], had: Mapping[int, Sequence[date]], within: Period) -> list[Person]:
    """Those who take part at some time of these days, with what they have had, as the analysis wants them.

    Of several times of one person the credit of the last counts, and what was had since; the days between do not.
    """
    found: dict[int, Person] = {}
    for member in members:
        if member.during.start >= within.end or member.during.end <= within.start:
            continue
        before = found.get(member.person_id)
        turns = list(member.credit)
        own = had.get(member.person_id, ())
        for day in own:
            if day >= member.during.start:
                turns[day.weekday()] += 1
        found[member.person_id] = Person(
            id=member.person_id,
            leave=member.away,
            had=tuple(turns),
            last_on=max(own, default=None),
            busy=member.busy,
            never_on=member.never_on,
            **_times(before, member.during),
        )
    return list(found.values())


def _times(before: Person | None, during: Period) -> dict[str, Any]:
    """`valid` and `outside` of somebody who may have come back; `before`: as they were in the times before."""
    if before is None or before.valid is None:
        return {"valid": during}
    between = (Period(before.valid.end, during.start),) if before.valid.end < during.start else ()
    return {"valid": Period(before.valid.start, during.end), "outside": before.outside + between}


def _member(row: Row) -> Member:
    during = row["member_during"]
    return Member(
        id=row["member_id"],
        person_id=row["person_id"],
        name=row["display_name"],
        during=Period(during.lower or date.min, during.upper or date.max),
        credit=tuple(row["credit"]),
        never_on=frozenset(row["never_on"]),
        away=tuple((one.lower, one.upper) for one in row["away"] or ()),
        busy=tuple((one.lower, one.upper) for one in row["busy"] or ()),
        revision=row["revision"],
    )
