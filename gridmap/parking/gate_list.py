"""The list that a barrier takes: cars that may not come in now, in the barrier's own columns, plates in clear."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gridmap.accounts import Actor
from gridmap.audit import write_audit
from gridmap.db.pools import Connection
from gridmap.incidents.hotline.giving import as_csv
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.gates import TIMES, ListColumn, gate_of, moment_words, read_gate
from gridmap.parking.ruling import leads
from gridmap.parking.standing import MOST_REASON
from gridmap.plain import is_plain

ENCODINGS = ("utf-8", "gb18030")
BANS = """
SELECT v.id, v.plate_masked AS masked, v.has_plate, b.starts_at, b.until, b.reason
FROM gridmap.ban b JOIN gridmap.vehicle v ON v.street_id = b.street_id AND v.id = b.vehicle_id
WHERE b.street_id = %(street)s AND b.place_id = %(home)s AND b.until > %(now)s AND b.valid @> %(now)s::timestamptz
ORDER BY b.until, v.id
"""
PLATES = "SELECT id, plate FROM gridmap.unmask_vehicles(%s, %s, %s, %s)"


@dataclass(frozen=True, kw_only=True)
class GateList:
    """What was taken out: headings in order, and a row of cells for each car; `unknown`: cars without their plate."""

    columns: tuple[ListColumn, ...]
    rows: tuple[Mapping[str, str], ...]
    unknown: int = 0

    def as_csv(self, encoding: str) -> bytes:
        """The file, harmless to spreadsheets: UTF-8 with a mark at its start, or GB18030."""
        return as_csv([one.heading for one in self.columns], self.rows, encoding=encoding)


def read_running_bans(connection: Connection, gate: Mapping[str, Any], now: datetime) -> list[dict[str, Any]]:
    """The bans that run now in the estate of the gate, as far as the viewer sees them; masked."""
    values = {"street": gate["street_id"], "home": gate["estate_id"], "now": now}
    return connection.execute(BANS, values).fetchall()


def take_gate_list(
    connection: Connection,
    by: Actor,
    gate_id: int,
    *,
    words: Mapping[str, str],
    usual: Sequence[ListColumn],
    reason: str,
    encoding: str,
) -> GateList:
    """Take the list of a gate out: each plate is logged with the reason, and so is the file.

    `words`: what stands under `kind`; `usual`: the columns of a gate that has none of its own. Raises LookupError where
    the viewer sees no such gate, ParkingProblem("not_yours" | "needs_reason" | "reason" | "encoding").
    """
    row = read_gate(connection, gate_id)
    if not leads(connection, by, row):
        raise ParkingProblem("not_yours")
    why = reason.strip()
    if not why:
        raise ParkingProblem("needs_reason")
    if len(why) > MOST_REASON or not is_plain(why):
        raise ParkingProblem("reason")
    if encoding not in ENCODINGS:
        raise ParkingProblem("encoding")
    gate = gate_of(row)
    columns = gate.columns or tuple(usual)
    bans = read_running_bans(connection, row, by.business_at)
    plates = _plates(connection, by, row, bans, why) if _shows_plates(columns) else {}
    known = [ban for ban in bans if ban["id"] in plates] if _shows_plates(columns) else bans
    told = [
        {one.heading: _cell(one, ban, row, plates, words, turn) for one in columns}
        for turn, ban in enumerate(known, start=1)
    ]
    write_audit(
        connection,
        action="export",
        subject="gate_list",
        subject_id=gate_id,
        street_id=row["street_id"],
        business_at=by.business_at,
        account_id=by.account_id,
        after={"rows": len(told), "encoding": encoding, "columns": [one.field for one in columns]},
        why=why,
    )
    return GateList(columns=columns, rows=tuple(told), unknown=len(bans) - len(known))


def _shows_plates(columns: Sequence[ListColumn]) -> bool:
    return any(one.field == "plate" for one in columns)


def _plates(
    connection: Connection, by: Actor, gate: Mapping[str, Any], bans: Sequence[Mapping[str, Any]], why: str
) -> dict[int, str]:
    ids = [ban["id"] for ban in bans]
    rows = connection.execute(PLATES, (gate["street_id"], ids, why, by.business_at)).fetchall()
    return {row["id"]: row["plate"] for row in rows}


def _cell(
    column: ListColumn,
    ban: Mapping[str, Any],
    gate: Mapping[str, Any],
    plates: Mapping[int, str],
    words: Mapping[str, str],
    turn: int,
) -> str:
    if column.field in TIMES:
        return moment_words(ban[column.field], column.field, column.form)
    cells: dict[str, str] = {
        "plate": plates.get(ban["id"], ""),
        "masked": ban["masked"],
        "reason": ban["reason"],
        "estate": gate["estate_name"] or "",
        "kind": words["kind"],
        "number": str(turn),
    }
    return cells.get(column.field, "")
