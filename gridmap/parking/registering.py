"""Cars that an estate knows and leaves alone: written down one by one or from a file, and ended. Never a plate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.db.pools import Connection
from gridmap.incidents.capacities import read_standing
from gridmap.parking.capacities import may_watch
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.known import KnownAs
from gridmap.parking.plates import Plate, hash_plate
from gridmap.parking.rows import WHERE
from gridmap.parking.writing import LAYERS
from gridmap.plain import is_plain

MOST_NOTE = 60
LONGEST_VISIT = timedelta(days=92)
HOME = """
SELECT p.street_id, p.id, p.kind, p.name, p.community_id, p.grid_id, p.micro_grid_id, p.estate_id,
  gridmap.grids_of(p.street_id, p.id) AS grids
FROM gridmap.place p
WHERE p.street_id = %s AND p.id = %s AND (p.kind = 'estate' OR (p.kind = 'zone' AND p.estate_id IS NULL))
"""
ADD = """
INSERT INTO gridmap.known_vehicle (street_id, id, place_id, kind, plate_hash, plate_masked, valid, note, account_id,
  community_id, grid_id, micro_grid_id, estate_id, grids, changed_at, changed_by)
SELECT %(street_id)s, %(street_id)s::bigint * 4294967296 + nextval('gridmap.serial'), %(id)s, %(kind)s, f.hash,
  f.masked, tstzrange(%(now)s, %(until)s), %(note)s, %(account)s, %(community_id)s, %(grid_id)s, %(micro_grid_id)s,
  %(estate_id)s, %(grids)s, %(now)s, %(account)s
FROM unnest(%(hashes)s::bytea[], %(masks)s::text[]) AS f (hash, masked)
ON CONFLICT ON CONSTRAINT known_vehicle_once DO NOTHING
RETURNING id
"""
KNOWN = """
SELECT plate_hash FROM gridmap.known_vehicle
WHERE street_id = %s AND place_id = %s AND kind = %s AND plate_hash = ANY (%s) AND valid && tstzrange(%s, %s)
"""
OPEN = """
SELECT id FROM gridmap.vehicle
WHERE street_id = %s AND place_id = %s AND plate_hash = %s
  AND gridmap.parking_state(state, banned_until, resets_at, %s) <> 'free'
"""
ONE = """
SELECT id, street_id, place_id, kind, plate_masked, lower(valid) AS since, upper(valid) AS until, community_id, grid_id,
  micro_grid_id, estate_id, grids, revision
FROM gridmap.known_vehicle WHERE street_id = %s AND id = %s FOR UPDATE
"""
END = """
UPDATE gridmap.known_vehicle SET valid = tstzrange(lower(valid), %s), revision = revision + 1, changed_at = %s,
  changed_by = %s WHERE street_id = %s AND id = %s
"""
FORGET = "DELETE FROM gridmap.known_vehicle WHERE street_id = %s AND id = %s"


@dataclass(frozen=True, kw_only=True)
class Registration:
    """Cars that an estate (or a zone of none) knows from now on: as what, until when, and why, without a name."""

    home_id: int
    plates: Sequence[Plate]
    kind: KnownAs = KnownAs.RESIDENT
    until: datetime | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Registered:
    """How many are new; the car that has a notice or a ban open, where there is one and a single plate was told."""

    new: int
    open_vehicle_id: int | None = None


def register_vehicles(connection: Connection, by: Actor, key: bytes, told: Registration) -> Registered:
    """Write down cars that are left alone, hashed with `key`; those that are known as the same already stay so.

    Everybody on duty there may note a visitor; all else is for who leads the community or the street. Raises
    LookupError where the viewer sees no such estate, ParkingProblem("not_yours" | "until" | "visit" | "note" |
    "known").
    """
    home = read_home(connection, told.home_id)
    _check(connection, by, home, told)
    hashes = {hash_plate(key, home["street_id"], plate): plate.masked for plate in told.plates}
    values = {name: home[name] for name in ("street_id", "id", "grids", *WHERE)} | {
        "kind": str(told.kind),
        "now": by.business_at,
        "until": told.until,
        "note": told.note.strip() or None,
        "account": by.account_id,
        "hashes": list(hashes),
        "masks": list(hashes.values()),
    }
    added = connection.execute(ADD, values).fetchall()
    if not added:
        raise ParkingProblem("known")
    masked = next(iter(hashes.values())) if len(hashes) == 1 else None
    until = told.until and told.until.isoformat()
    after = {
        "kind": str(told.kind),
        "until": until,
        "cars": len(added),
        "masked": masked,
    }
    _record(connection, by, home, "register_vehicles", home["id"], after=after)
    return Registered(new=len(added), open_vehicle_id=_open_vehicle(connection, by, home, list(hashes)))


def known_hashes(
    connection: Connection, home_id: int, kind: KnownAs, hashes: Sequence[bytes], now: datetime, until: datetime | None
) -> frozenset[bytes]:
    """Those of these hashes that the estate knows as the same in that time already."""
    rows = connection.execute(KNOWN, (home_id >> 32, home_id, str(kind), list(hashes), now, until)).fetchall()
    return frozenset(bytes(row["plate_hash"]) for row in rows)


def end_known(connection: Connection, by: Actor, known_id: int, *, revision: int) -> None:
    """Leave a car alone no longer, from now on; one that was written down at this very moment is forgotten.

    Raises LookupError where the viewer sees none, ParkingProblem("not_yours" | "changed" | "ended").
    """
    row = connection.execute(ONE, (known_id >> 32, known_id)).fetchone()
    if row is None:
        raise LookupError(known_id)
    if not may_register(connection, by, row, KnownAs(row["kind"])):
        raise ParkingProblem("not_yours")
    if row["revision"] != revision:
        raise ParkingProblem("changed")
    now = by.business_at
    if row["until"] is not None and row["until"] <= now:
        raise ParkingProblem("ended")
    if row["since"] is not None and row["since"] >= now:
        connection.execute(FORGET, (row["street_id"], known_id))
    else:
        connection.execute(END, (now, now, by.account_id, row["street_id"], known_id))
    told = {"kind": row["kind"], "masked": row["plate_masked"]}
    _record(connection, by, row, "end_known_vehicle", known_id, before=told, after={"until": now.isoformat()})


def may_register(connection: Connection, by: Actor, home: Mapping[str, Any], kind: KnownAs) -> bool:
    """Whether the account may say so of a car there; `home`: the estate, or a known car of it, with its `grids`."""
    holds = read_standing(connection, by)
    if holds.is_office or holds.has_over("leader", home):
        return True
    return kind is KnownAs.VISITOR and may_watch(holds, {**home, "place_id": home.get("place_id", home["id"])})


def read_home(connection: Connection, home_id: int) -> dict[str, Any]:
    """The estate, or a zone that lies in none, with the grids of its parts. Raises LookupError where none is seen."""
    row = connection.execute(HOME, (home_id >> 32, home_id)).fetchone()
    if row is None:
        raise LookupError(home_id)
    return row


def _check(connection: Connection, by: Actor, home: Mapping[str, Any], told: Registration) -> None:
    if not may_register(connection, by, home, told.kind):
        raise ParkingProblem("not_yours")
    now, note = by.business_at, told.note.strip()
    if (told.until is None and told.kind is KnownAs.VISITOR) or (told.until is not None and told.until <= now):
        raise ParkingProblem("until")
    if told.kind is KnownAs.VISITOR and told.until is not None and told.until > now + LONGEST_VISIT:
        raise ParkingProblem("visit")
    if len(note) > MOST_NOTE or not is_plain(note):
        raise ParkingProblem("note")


def _open_vehicle(connection: Connection, by: Actor, home: Mapping[str, Any], hashes: Sequence[bytes]) -> int | None:
    if len(hashes) != 1:
        return None
    row = connection.execute(OPEN, (home["street_id"], home["id"], hashes[0], by.business_at)).fetchone()
    return row["id"] if row else None


def _record(
    connection: Connection,
    by: Actor,
    home: Mapping[str, Any],
    action: str,
    subject_id: int,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any],
) -> None:
    write_audit(
        connection,
        action=action,
        subject="known_vehicle",
        subject_id=subject_id,
        street_id=home["street_id"],
        business_at=by.business_at,
        account_id=by.account_id,
        before=before,
        after=after,
    )
    announce(connection, home["street_id"], LAYERS)
