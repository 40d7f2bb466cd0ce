"""Rows that neither a position nor a known address leads to a place: they wait, and a person places them on the map."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import shapely
from psycopg.types.json import Jsonb
from shapely.geometry.base import BaseGeometry

from gridmap.accounts import Actor
from gridmap.audit import write_audit
from gridmap.coords import LonLat
from gridmap.db.pools import Connection
from gridmap.load.check import Checked, check
from gridmap.load.finding import Finding
from gridmap.load.kinds import KINDS
from gridmap.load.store.known import read_known
from gridmap.load.unplaced import Unplaced, reading_of

QUEUE = """
INSERT INTO gridmap.unplaced AS u (street_id, id, run_id, kind, digest, cells, name, address, file_row, reason)
VALUES (%(street)s, %(street)s::bigint * 4294967296 + nextval('gridmap.serial'), %(run)s, %(kind)s, %(digest)s,
  %(cells)s, %(name)s, %(address)s, %(row)s, %(reason)s)
ON CONFLICT (street_id, kind, digest) DO UPDATE SET run_id = excluded.run_id, file_row = excluded.file_row,
  reason = excluded.reason, state = 'waiting', why = NULL, decided_by = NULL, decided_at = NULL
WHERE u.state = 'withdrawn'
RETURNING id
"""
WAITING = """
SELECT u.id, u.street_id, u.run_id, u.cells, u.name FROM gridmap.unplaced u
WHERE u.street_id = %(street)s AND u.id = %(id)s AND u.state = 'waiting' FOR UPDATE
"""
STANDING = """
SELECT code, ST_AsBinary(geom) AS geom FROM gridmap.place
WHERE street_id = %(street)s AND kind = 'building' AND upper_inf(valid)
  AND ST_Covers(geom, ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326))
ORDER BY id LIMIT 1
"""
DECIDE = """
UPDATE gridmap.unplaced SET state = %(state)s, place_id = %(place)s, why = %(why)s, decided_by = %(by)s,
  decided_at = %(at)s
WHERE street_id = %(street)s AND id = %(id)s
"""


class PlacingProblem(Exception):
    """The row cannot be placed: it waits no more (`moved`), or `finding` says why it cannot stand there."""

    def __init__(self, reason: str, finding: Finding | None = None) -> None:
        super().__init__(reason)
        self.reason, self.finding = reason, finding


def queue_unplaced(connection: Connection, street_id: int, run: int, checked: Checked) -> int:
    """Let these rows wait, and say how many are new: what waits, is placed or was put away stays as it is.

    Rows without a name and an address say nothing to look for, and stay in the report alone.
    """
    values = {"street": street_id, "run": run, "kind": checked.kind.name}
    found = 0
    for one in checked.unplaced:
        address = one.attributes.get("address")
        if one.name or address:
            row = {"cells": Jsonb(asdict(one)), "name": one.name, "address": address, "row": one.row}
            row |= {"digest": _digest(one), "reason": one.code}
            found += connection.execute(QUEUE, values | row).fetchone() is not None
    return found


def _digest(one: Unplaced) -> str:
    """The same row of the same source, wherever in whichever file it stands."""
    whole = json.dumps([one.source, one.attributes], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


def waiting_row(connection: Connection, unplaced_id: int) -> dict[str, Any]:
    """The row, locked. Raises PlacingProblem("moved") where it waits no more."""
    row = connection.execute(WAITING, {"street": unplaced_id >> 32, "id": unplaced_id}).fetchone()
    if row is None:
        raise PlacingProblem("moved")
    return row


def checked_at(connection: Connection, row: Mapping[str, Any], at: LonLat) -> Checked:
    """The row as the importer judges it at that position. Raises PlacingProblem with the reason that it finds."""
    one = Unplaced(**row["cells"])
    where: LonLat | BaseGeometry = at
    if KINDS[one.kind].by_point:
        one, where = _meant(connection, row["street_id"], one, at)
    reading, options = reading_of([one], [where])
    checked = check(reading, options, read_known(connection, row["street_id"]))
    if not len(checked.frame):
        raise PlacingProblem("misplaced", next(iter(checked.rejected), None))
    return checked


def _meant(connection: Connection, street_id: int, one: Unplaced, at: LonLat) -> tuple[Unplaced, BaseGeometry]:
    """The row as a correction of the building that stands there, with its outline. Raises PlacingProblem."""
    values = {"street": street_id, "lon": at.lon, "lat": at.lat}
    found = connection.execute(STANDING, values).fetchone()
    if found is None:
        raise PlacingProblem("misplaced", Finding("no_building_there", one.file))
    attributes = {**one.attributes, "code": found["code"]}
    return replace(one, attributes=attributes), shapely.from_wkb(bytes(found["geom"]))


def decide(connection: Connection, by: Actor, row: Mapping[str, Any], state: str, **said: Any) -> None:
    """Write down what became of a row that waited: `placed` with its place, or `rejected` with why."""
    place, why = said.get("place"), said.get("why")
    values = {"street": row["street_id"], "id": row["id"], "state": state, "place": place, "why": why}
    connection.execute(DECIDE, values | {"by": by.account_id, "at": by.business_at})
    write_audit(
        connection,
        action="place_row" if state == "placed" else "reject_row",
        subject="unplaced",
        subject_id=row["id"],
        street_id=row["street_id"],
        business_at=by.business_at,
        account_id=by.account_id,
        after={"name": row["name"], "place": place},
        why=why,
    )
