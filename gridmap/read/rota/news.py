"""What the inbox says of rotas: evenings of the coming day that nobody has, swaps to answer, one's own evening.

Nothing of it is stored: it is what the tables say at that moment.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gridmap.db.pools import Connection, Row
from gridmap.layer import Role
from gridmap.read.locks import sees_people
from gridmap.read.rota.own import OwnEvening, read_asks, read_own
from gridmap.scope import Viewer

AHEAD = timedelta(hours=24)
"""So long before an evening the office is told that somebody is missing."""
TOLD = frozenset({Role.LEADER, Role.WORKER})
"""Who hears of evenings that nobody has, where they lie in the own area."""
OPEN = """
SELECT o.*, r.name AS rota, p.name AS place, coalesce(%(person)s::bigint = ANY (r.people), false) AS takes_part
FROM gridmap.open_turns(%(since)s, %(until)s, %(streets)s) o
JOIN gridmap.rota r ON r.street_id = o.street_id AND r.id = o.rota_id
LEFT JOIN gridmap.place p ON p.street_id = r.street_id AND p.id = r.place_id
ORDER BY o.starts_at, o.street_id, o.id LIMIT %(limit)s
"""
MOST = 500


@dataclass(frozen=True, kw_only=True)
class OpenTurn:
    """An evening on which `missing` people are missing; `reason`: a word of tables.rota.LACKS.

    `takes_part`: whether it is of a rota of the viewer's own.
    """

    id: int
    rota_id: int
    rota: str
    place: str | None
    starts_at: datetime
    ends_at: datetime
    missing: int
    reason: str
    takes_part: bool


@dataclass(frozen=True, kw_only=True)
class RotaNews:
    """What there is to hear; `asks` wait for the viewer's answer."""

    unmanned: tuple[OpenTurn, ...] = ()
    asks: tuple[Row, ...] = field(default_factory=tuple)
    mine: tuple[OwnEvening, ...] = ()

    @property
    def count(self) -> int:
        """How many messages that are."""
        return bool(self.unmanned) + len(self.asks) + bool(self.mine)


def read_open(connection: Connection, viewer: Viewer, since: datetime, until: datetime) -> tuple[OpenTurn, ...]:
    """Evenings that begin between the moments and on which somebody is missing, in order.

    Of the rotas in which the viewer takes part; for those who are told of people also of those in their area. Whoever
    has a turn and is away by now does not count as there.
    """
    values: dict[str, Any] = {"since": since, "until": until, "limit": MOST, "person": viewer.person_id}
    own = {viewer.person_id >> 32} if viewer.person_id is not None else set()
    values["streets"] = None if viewer.reach.is_city else sorted({*viewer.reach.near, *own})
    names = ("id", "rota_id", "rota", "place", "starts_at", "ends_at", "missing", "reason", "takes_part")
    rows = connection.execute(OPEN, values).fetchall()
    found = (OpenTurn(**{name: row[name] for name in names}) for row in rows)
    return tuple(one for one in found if one.takes_part or sees_people(viewer))


def read_unmanned(connection: Connection, viewer: Viewer, now: datetime) -> tuple[OpenTurn, ...]:
    """The evenings of the coming 24 hours on which somebody is missing; for leaders and grid workers."""
    if not viewer.roles & TOLD:
        return ()
    # what begins this very moment can no longer be filled in time; what begins in 24 hours to the second is told
    tick = timedelta(microseconds=1)
    return read_open(connection, viewer, now + tick, now + AHEAD + tick)


def read_news(connection: Connection, viewer: Viewer, now: datetime) -> RotaNews:
    """What the viewer should hear of rotas at that business time."""
    unmanned = read_unmanned(connection, viewer, now)
    if viewer.person_id is None:
        return RotaNews(unmanned=unmanned)
    asks = [row for row in read_asks(connection, viewer.person_id, now) if row["taker_id"] == viewer.person_id]
    own = read_own(connection, viewer.person_id, now)
    mine = [one for one in own if not one.is_gone and one.starts_at <= now + AHEAD]
    return RotaNews(unmanned=unmanned, asks=tuple(asks), mine=tuple(mine))
