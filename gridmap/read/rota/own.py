"""One's own evenings in all rotas, and what one was asked or has asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from gridmap.db.pools import Connection, Row
from gridmap.scope.turns import BEFORE

OWN = """
SELECT DISTINCT ON (t.starts_at, h.turn_id) h.turn_id, h.rota_id, r.name, r.kind, r.place_id, t.day,
  t.starts_at, t.ends_at, t.revision, h.ended_at IS NOT NULL OR t.state = 'cancelled' AS is_gone
FROM gridmap.rota_holder h
JOIN gridmap.rota_turn t ON t.street_id = h.street_id AND t.id = h.turn_id
JOIN gridmap.rota r ON r.street_id = h.street_id AND r.id = h.rota_id
WHERE h.street_id = %(street)s AND h.person_id = %(person)s AND t.ends_at > %(since)s
  AND h.day >= (%(since)s AT TIME ZONE 'Asia/Shanghai')::date - 1
ORDER BY t.starts_at, h.turn_id, h.ended_at IS NOT NULL, h.given_at DESC
"""
PLACES = "SELECT id, kind, name FROM gridmap.rota_places(%s, %s)"
ASKS = """
SELECT s.street_id, s.id, s.rota_id, s.turn_id, s.giver_id, s.taker_id, s.other_turn_id, s.revision, r.name,
  t.day, t.starts_at, t.ends_at, o.day AS other_day, o.starts_at AS other_starts_at,
  (SELECT p.display_name FROM gridmap.rota_people(s.street_id, s.rota_id, %(now)s, %(now)s) p
   WHERE p.person_id = CASE WHEN s.taker_id = %(person)s THEN s.giver_id ELSE s.taker_id END LIMIT 1) AS with_whom
FROM gridmap.rota_swap s
JOIN gridmap.rota r ON r.street_id = s.street_id AND r.id = s.rota_id
JOIN gridmap.rota_turn t ON t.street_id = s.street_id AND t.id = s.turn_id
LEFT JOIN gridmap.rota_turn o ON o.street_id = s.street_id AND o.id = s.other_turn_id
WHERE s.street_id = %(street)s AND (s.taker_id = %(person)s OR s.giver_id = %(person)s) AND s.state = 'asked'
  AND t.state = 'set' AND t.starts_at > %(now)s AND (o.id IS NULL OR (o.state = 'set' AND o.starts_at > %(now)s))
ORDER BY s.taker_id <> %(person)s, t.starts_at, s.id
"""


@dataclass(frozen=True, kw_only=True)
class OwnEvening:
    """An evening of one's own. `is_gone`: it went to somebody else, or was called off.

    `places`: the names of the zones, or of the place where there are none.
    """

    turn_id: int
    rota_id: int
    rota: str
    kind: str
    day: date
    starts_at: datetime
    ends_at: datetime
    places: tuple[str, ...]
    zones: tuple[tuple[int, str], ...]
    revision: int
    is_gone: bool

    def is_on(self, now: datetime) -> bool:
        """Whether it is running."""
        return self.starts_at <= now < self.ends_at

    def is_open(self, now: datetime) -> bool:
        """Whether its zones can be seen, also where it began yesterday or begins after midnight."""
        return self.starts_at - BEFORE <= now < self.ends_at


def read_own(connection: Connection, person_id: int, since: datetime) -> tuple[OwnEvening, ...]:
    """The evenings of the person that end after that moment, also those that are gone; in order."""
    values = {"street": person_id >> 32, "person": person_id, "since": since}
    rows = connection.execute(OWN, values).fetchall()
    named = {rota: read_places(connection, rota) for rota in {row["rota_id"] for row in rows}}
    return tuple(_evening(row, named[row["rota_id"]]) for row in rows)


def read_places(connection: Connection, rota_id: int) -> list[Row]:
    """The place of the rota and its zones or stairwells by name, for whoever sees the rota."""
    return connection.execute(PLACES, (rota_id >> 32, rota_id)).fetchall()


def read_asks(connection: Connection, person_id: int, now: datetime) -> list[Row]:
    """Swaps that wait for an answer of the person, then those that the person has asked others for.

    `with_whom` is the display name of the other one.
    """
    values = {"street": person_id >> 32, "person": person_id, "now": now}
    return connection.execute(ASKS, values).fetchall()


def _evening(row: Row, places: Sequence[Row]) -> OwnEvening:
    zones = tuple((one["id"], one["name"]) for one in places if one["kind"] == "zone")
    itself = tuple(one["name"] for one in places if one["id"] == row["place_id"])
    return OwnEvening(
        **{name: row[name] for name in ("turn_id", "rota_id", "kind", "day", "starts_at", "ends_at")},
        rota=row["name"],
        places=tuple(name for _id, name in zones) or itself,
        zones=zones,
        revision=row["revision"],
        is_gone=row["is_gone"],
    )
