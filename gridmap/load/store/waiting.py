"""Rows that neither a position nor a known address leads to a place: kept to be placed by hand on the map."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from psycopg.types.json import Jsonb

from gridmap.db.pools import Connection
from gridmap.load.check import Checked
from gridmap.load.formats.table import cell_text
from gridmap.load.kinds import Shape
from gridmap.load.reading import ROW

REASONS = frozenset({"to_place_by_hand", "outside"})
"""Why a row waits: an address that nothing has, or a position far from here."""
QUEUE = """
INSERT INTO gridmap.unplaced AS u (street_id, id, run_id, kind, digest, cells, name, address, file_row, reason)
VALUES (%(street)s, %(street)s::bigint * 4294967296 + nextval('gridmap.serial'), %(run)s, %(kind)s, %(digest)s,
  %(cells)s, %(name)s, %(address)s, %(row)s, %(reason)s)
ON CONFLICT (street_id, kind, digest) DO UPDATE SET run_id = excluded.run_id, file_row = excluded.file_row,
  reason = excluded.reason, state = 'waiting', why = NULL, decided_by = NULL, decided_at = NULL
WHERE u.state = 'withdrawn'
RETURNING id
"""


def unplaced_rows(checked: Checked) -> list[dict[str, Any]]:
    """The rows that wait for a hand: cells under our names, with source, row of the file and reason.

    Only of kinds that may be a point, and with a name or an address to know them by.
    """
    if Shape.POINT not in checked.kind.shapes:
        return []
    reasons = {finding.row: finding.code for finding in checked.rejected if finding.code in REASONS}
    frame = checked.reading.frame
    rows = frame[frame[ROW].isin(list(reasons))] if reasons else frame[:0]
    return list(_described(checked, rows.to_dict("records"), reasons))


def _described(
    checked: Checked, records: list[dict[Any, Any]], reasons: dict[int | None, str]
) -> Iterator[dict[str, Any]]:
    ours = {name: column for name, column in checked.columns.items() if not name.startswith("@")}
    for record in records:
        cells = {name: text for name, column in ours.items() if (text := cell_text(record[column]).strip())}
        if not (cells.get("name") or cells.get("address")):
            continue
        row = int(record[ROW])
        whole = json.dumps([checked.options.source, cells], ensure_ascii=False, sort_keys=True)
        yield {
            "digest": hashlib.sha256(whole.encode()).hexdigest(),
            "cells": cells,
            "name": cells.get("name", ""),
            "address": cells.get("address"),
            "row": row,
            "reason": reasons[row],
        }


def queue_unplaced(connection: Connection, street_id: int, run: int, checked: Checked) -> int:
    """Let these rows wait, and say how many are new: what waits, is placed or was put away stays as it is."""
    values = {"street": street_id, "run": run, "kind": checked.kind.name}
    rows = unplaced_rows(checked)
    return sum(
        connection.execute(QUEUE, values | row | {"cells": Jsonb(row["cells"])}).fetchone() is not None for row in rows
    )
