"""The evenings of a rota and who has which; what everybody has had."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from gridmap.db.pools import Connection, Row
from gridmap.periods import Period

TURNS = """
SELECT t.id, t.day, t.starts_at, t.ends_at, t.needed, t.missing, t.reason, t.state, t.revision
FROM gridmap.rota_turn t
WHERE t.street_id = %(street)s AND t.rota_id = %(rota)s AND t.day >= %(since)s AND t.day < %(until)s
ORDER BY t.day
"""
TAKEN = """
SELECT h.id, h.turn_id, h.person_id, h.origin, h.swap_id
FROM gridmap.rota_holder h
WHERE h.street_id = %(street)s AND h.rota_id = %(rota)s AND h.day >= %(since)s AND h.day < %(until)s
  AND h.ended_at IS NULL
ORDER BY h.turn_id, h.person_id
"""
HAD = """
SELECT h.person_id, h.day FROM gridmap.rota_holder h
JOIN gridmap.rota_turn t ON t.street_id = h.street_id AND t.id = h.turn_id AND t.state = 'set'
WHERE h.street_id = %(street)s AND h.rota_id = %(rota)s AND h.ended_at IS NULL
  AND (h.day < %(until)s OR t.starts_at <= %(now)s)
ORDER BY h.day
"""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """That somebody has an evening; `origin` is a word of tables.rota.ORIGINS."""

    id: int
    person_id: int
    origin: str
    swap_id: int | None


@dataclass(frozen=True, kw_only=True)
class Evening:
    """One evening as it is written: who has it, how many are missing and why."""

    id: int
    day: date
    starts_at: datetime
    ends_at: datetime
    needed: int
    missing: int
    reason: str | None
    is_set: bool
    revision: int
    taken: tuple[Taken, ...]

    @property
    def people(self) -> tuple[int, ...]:
        """The ids of those who have it, ascending."""
        return tuple(one.person_id for one in self.taken)


def read_evenings(connection: Connection, row: Row, within: Period) -> tuple[Evening, ...]:
    """The evenings of the rota on these days, also those that were called off (not `is_set`), by day."""
    values = {"street": row["street_id"], "rota": row["id"], "since": within.start, "until": within.end}
    taken: dict[int, list[Taken]] = {}
    for one in connection.execute(TAKEN, values).fetchall():
        found = Taken(id=one["id"], person_id=one["person_id"], origin=one["origin"], swap_id=one["swap_id"])
        taken.setdefault(one["turn_id"], []).append(found)
    return tuple(
        Evening(
            **{name: turn[name] for name in ("id", "day", "starts_at", "ends_at", "needed", "missing", "reason")},
            is_set=turn["state"] == "set",
            revision=turn["revision"],
            taken=tuple(taken.get(turn["id"], ())),
        )
        for turn in connection.execute(TURNS, values).fetchall()
    )


def read_had(connection: Connection, row: Row, now: datetime, until: date) -> Mapping[int, Sequence[date]]:
    """By person the days of evenings before that day, since the rota was made; later ones where they have begun.

    With a day to come those count as well that somebody is still to have until then.
    """
    values = {"street": row["street_id"], "rota": row["id"], "now": now, "until": until}
    found: dict[int, list[date]] = {}
    for one in connection.execute(HAD, values).fetchall():
        found.setdefault(one["person_id"], []).append(one["day"])
    return found
