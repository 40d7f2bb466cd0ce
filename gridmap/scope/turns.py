"""What somebody reaches by the turns of a rota: its zones, from some hours before the turn until its end.

Nothing of it is stored: who has the turn at this moment has the reach, also after a swap, and nobody else.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gridmap.db.pools import Connection

BEFORE = timedelta(hours=2)
"""So long before a turn begins what it is for can be seen: to walk there, and to look at the counts of the day."""
LOOKED_AHEAD = timedelta(days=1)
"""So far ahead the next moment is looked for at which the reach changes; viewers are read anew far more often."""
LATE = timedelta(hours=24)
"""So long after a turn has ended what was counted and seen in it is still taken: a phone may have had no network."""
TURNS = """
SELECT t.starts_at, t.ends_at, r.id AS rota_id, r.kind
FROM gridmap.rota_holder h
JOIN gridmap.rota_turn t ON t.street_id = h.street_id AND t.id = h.turn_id
JOIN gridmap.rota r ON r.street_id = h.street_id AND r.id = h.rota_id
WHERE h.street_id = %(street)s AND h.person_id = %(person)s AND h.ended_at IS NULL
  AND t.state = 'set' AND t.ends_at > %(now)s AND t.starts_at <= %(until)s
  AND h.day BETWEEN (%(now)s AT TIME ZONE 'Asia/Shanghai')::date - 1 AND (%(until)s AT TIME ZONE 'Asia/Shanghai')::date
"""
HAD = """
SELECT DISTINCT r.id
FROM gridmap.rota_holder h
JOIN gridmap.rota_turn t ON t.street_id = h.street_id AND t.id = h.turn_id
JOIN gridmap.rota r ON r.street_id = h.street_id AND r.id = h.rota_id
WHERE h.street_id = %(street)s AND h.person_id = %(person)s AND r.kind = 'parking' AND t.state = 'set'
  AND h.given_at <= %(at)s AND (h.ended_at IS NULL OR h.ended_at > %(at)s)
  AND t.starts_at <= %(at)s + %(before)s AND t.ends_at > %(at)s AND t.ends_at >= %(now)s - %(late)s
  AND h.day BETWEEN (%(at)s AT TIME ZONE 'Asia/Shanghai')::date - 1
    AND ((%(at)s + %(before)s) AT TIME ZONE 'Asia/Shanghai')::date
"""
PLACES = "SELECT id, kind, estate_id FROM gridmap.rota_places(%s, %s)"
"""What a rota is for: asked for as who takes part, too, who sees nothing of its place before."""


@dataclass(frozen=True, kw_only=True)
class Duty:
    """What somebody is on duty for at one moment.

    `homes`: the estates to which cars seen in the zones belong; only these cars, nothing else of the estates.
    `changes_at`: when this is no longer so, as far as the coming day says.
    """

    places: frozenset[int] = field(default_factory=frozenset)
    homes: frozenset[int] = field(default_factory=frozenset)
    changes_at: datetime | None = None


def duty_told(connection: Connection, person: int, at: datetime, now: datetime) -> Duty:
    """What the person had duty for at `at`, as far as it may still be told at the business time `now`.

    The zones of rotas for parking, of turns that the person had at that moment and that ended at most LATE ago. It is
    good for writing down what was counted and seen then; nothing can be read by it.
    """
    street, at = person >> 32, min(at, now)
    values = {"street": street, "person": person, "at": at, "now": now, "before": BEFORE, "late": LATE}
    zones = [
        zone
        for rota in connection.execute(HAD, values).fetchall()
        for zone in connection.execute(PLACES, (street, rota["id"])).fetchall()
        if zone["kind"] == "zone"
    ]
    homes = frozenset(zone["estate_id"] for zone in zones if zone["estate_id"] is not None)
    return Duty(places=frozenset(zone["id"] for zone in zones), homes=homes)


def duty_of(connection: Connection, person: int, now: datetime) -> Duty:
    """What the person is on duty for at the business time `now`, read as the system or as that person.

    Of a rota for parking the zones at its place; of any other the place itself with its stairwells.
    """
    street = person >> 32
    values = {"street": street, "person": person, "now": now, "until": now + LOOKED_AHEAD}
    turns = connection.execute(TURNS, values).fetchall()
    begun = [turn for turn in turns if turn["starts_at"] - BEFORE <= now]
    places: set[int] = set()
    homes: set[int] = set()
    for turn in begun:
        rows = connection.execute(PLACES, (street, turn["rota_id"])).fetchall()
        if turn["kind"] == "parking":
            rows = [row for row in rows if row["kind"] == "zone"]
            homes.update(row["estate_id"] for row in rows if row["estate_id"] is not None)
        places.update(row["id"] for row in rows)
    changes = [turn["ends_at"] if turn in begun else turn["starts_at"] - BEFORE for turn in turns]
    return Duty(places=frozenset(places), homes=frozenset(homes), changes_at=min(changes, default=None))
