"""Making a rota, and changing or ending it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, time
from typing import Any

from psycopg.types.range import DateRange

from gridmap.accounts import Actor
from gridmap.db import execute, new_id
from gridmap.db.pools import Connection, Row
from gridmap.plain import is_name
from gridmap.rota.errors import RotaChanged, RotaProblem
from gridmap.rota.rows import hands_on, lock_rota
from gridmap.rota.writing import end_holders, lapse_swaps, record
from gridmap.tables import rota
from gridmap.tables.rota import ROTA_KINDS

MAX_NAME, MOST_NEEDED, LONGEST_GAP = 60, 50, 60
PLACE = """
SELECT street_id, id, id AS place_id, community_id, grid_id, micro_grid_id, estate_id FROM gridmap.place
WHERE street_id = %s AND id = %s
"""
GROUP = "SELECT id FROM gridmap.organisation WHERE id = %s AND (street_id IS NULL OR street_id = %s)"
CHANGE = """
UPDATE gridmap.rota SET name = %(name)s, organisation_id = %(organisation_id)s, needed = %(needed)s,
  weekdays = %(weekdays)s, begins = %(begins)s, ends = %(ends)s, gap_days = %(gap_days)s, valid = %(valid)s,
  revision = revision + 1, changed_at = %(now)s, changed_by = %(account)s
WHERE street_id = %(street_id)s AND id = %(id)s
"""
OUTSIDE = """
SELECT h.id FROM gridmap.rota_holder h
JOIN gridmap.rota_turn t ON t.street_id = h.street_id AND t.id = h.turn_id
WHERE h.street_id = %(street)s AND h.rota_id = %(rota)s AND NOT h.day <@ %(valid)s::daterange
  AND t.starts_at > %(now)s AND h.ended_at IS NULL
"""
CANCEL_OUTSIDE = """
UPDATE gridmap.rota_turn SET state = 'cancelled', missing = 0, reason = NULL, revision = revision + 1,
  changed_at = %(now)s, changed_by = %(account)s
WHERE street_id = %(street)s AND rota_id = %(rota)s AND NOT day <@ %(valid)s::daterange AND starts_at > %(now)s
  AND state = 'set'
"""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a rota is like. `weekdays`: Monday is 0; None: the working days of the office's calendar.

    An end that is not after the beginning is on the next day. `ends_on`: the first day without an evening.
    """

    name: str
    begins: time
    ends: time
    weekdays: tuple[int, ...] | None = None
    needed: int = 1
    gap_days: int = 7
    organisation_id: int | None = None
    starts: date
    ends_on: date | None = None

    def __post_init__(self) -> None:
        """Raises RotaProblem for what cannot be."""
        if not is_name(self.name, MAX_NAME):
            raise RotaProblem("name")
        if self.begins == self.ends:
            raise RotaProblem("hours")
        if not 1 <= self.needed <= MOST_NEEDED:
            raise RotaProblem("needed")
        if not 1 <= self.gap_days <= LONGEST_GAP:
            raise RotaProblem("gap")
        if self.weekdays is not None and (not self.weekdays or not set(self.weekdays) <= set(range(7))):
            raise RotaProblem("weekdays")
        if self.ends_on is not None and self.ends_on <= self.starts:
            raise RotaProblem("day")

    @property
    def values(self) -> dict[str, Any]:
        """Columns of the row."""
        found = {name: value for name, value in asdict(self).items() if name not in ("starts", "ends_on", "weekdays")}
        weekdays = None if self.weekdays is None else sorted(set(self.weekdays))
        return found | {"weekdays": weekdays, "valid": DateRange(self.starts, self.ends_on, "[)")}

    @property
    def told(self) -> dict[str, Any]:
        """What the audit keeps."""
        return {
            name: value if value is None or isinstance(value, (int, tuple)) else str(value)
            for name, value in asdict(self).items()
        }


def open_rota(connection: Connection, by: Actor, kind: str, place_id: int, shape: Shape) -> int:
    """Make a rota at a place and give its id; nobody takes part yet.

    Raises RotaProblem("kind", "place", "not_yours").
    """
    if kind not in ROTA_KINDS:
        raise RotaProblem("kind")
    place = connection.execute(PLACE, (place_id >> 32, place_id)).fetchone()
    if place is None:
        raise RotaProblem("place")
    hands_on(connection, by, place).must_lead()
    _check_group(connection, place, shape)
    where = {name: place[name] for name in ("street_id", "place_id", "community_id", "grid_id", "micro_grid_id")}
    statement = (
        rota.insert()
        .values(
            id=new_id(place["street_id"]),
            kind=kind,
            **shape.values,
            **where,
            estate_id=place["estate_id"],
            people=[],
            changed_at=by.business_at,
            changed_by=by.account_id,
        )
        .returning(rota.c.id)
    )
    rota_id: int = (execute(connection, statement).fetchone() or {})["id"]
    row = place | {"id": rota_id}
    record(connection, by, "open_rota", row, after=shape.told | {"kind": kind, "place": place_id})
    return rota_id


def change_rota(connection: Connection, by: Actor, rota_id: int, shape: Shape, *, revision: int) -> None:
    """Change a rota. Evenings that are planned follow with the next planning; those after its end, or before its
    beginning, are called off.

    Raises LookupError, RotaChanged, RotaProblem.
    """
    row = lock_rota(connection, rota_id)
    hands_on(connection, by, row).must_lead()
    if row["revision"] != revision:
        raise RotaChanged
    _check_group(connection, row, shape)
    values = {"street_id": row["street_id"], "id": rota_id, "now": by.business_at, "account": by.account_id}
    connection.execute(CHANGE, shape.values | values)
    _call_off(connection, by, row, shape.values["valid"])
    record(connection, by, "change_rota", row, before=_told(row), after=shape.told)


def shape_of(row: Mapping[str, Any]) -> Shape:
    """What the rota of the row is like."""
    names = ("name", "begins", "ends", "needed", "gap_days", "organisation_id", "starts", "ends_on")
    weekdays = None if row["weekdays"] is None else tuple(row["weekdays"])
    return Shape(**{name: row[name] for name in names}, weekdays=weekdays)


def _told(row: Row) -> dict[str, Any]:
    return shape_of(row).told


def _check_group(connection: Connection, where: Row, shape: Shape) -> None:
    group = shape.organisation_id
    if group is not None and connection.execute(GROUP, (group, where["street_id"])).fetchone() is None:
        raise RotaProblem("place")


def _call_off(connection: Connection, by: Actor, row: Row, valid: DateRange) -> None:
    values = {"street": row["street_id"], "rota": row["id"], "valid": valid, "now": by.business_at}
    held = connection.execute(OUTSIDE, values).fetchall()
    end_holders(connection, by, row, [one["id"] for one in held])
    connection.execute(CANCEL_OUTSIDE, values | {"account": by.account_id})
    lapse_swaps(connection, by, row)
