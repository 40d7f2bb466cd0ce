"""Accepted rows into a temporary table, from which the real tables are filled."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely
from psycopg import sql

from gridmap.coords import WGS84
from gridmap.db.pools import Connection
from gridmap.load.check import Checked
from gridmap.load.finding import Finding
from gridmap.load.kinds import Kind
from gridmap.load.reading import KEPT, ROW
from gridmap.pinyin import initials

WORDS = {"grids": "grid", "estates": "estate", "buildings": "building", "facilities": "facility"}
"""Kinds whose rows are places, and how a place of each is called."""
COMMON = ("source_key", "code", "name")
# extra: null where nothing was to be kept, which leaves what the row had; an empty object replaces it by nothing
CREATE = """
CREATE TEMPORARY TABLE incoming (
  n integer PRIMARY KEY, file integer NOT NULL, row bigint NOT NULL, source text NOT NULL, source_key text NOT NULL,
  code text, name text NOT NULL, initials text, geom geometry(Geometry, 4326), fields jsonb NOT NULL,
  extra jsonb,
  id bigint, is_new boolean, elsewhere boolean, community_id bigint
) ON COMMIT DROP
"""
COPY = "COPY incoming (n, file, row, source, source_key, code, name, initials, geom, fields, extra) FROM STDIN"


_json = json.JSONEncoder(ensure_ascii=False).encode


def _plain(value: Any) -> Any:
    """A value as JSON has it; None for what is missing."""
    if isinstance(value, str):
        return value
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, np.generic):
        value = value.item()
    return None if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)) else value


def _field_names(kind: Kind) -> list[str]:
    extra = {"facilities": ["source_kind"]}.get(kind.name, [])
    return [*(target.name for target in kind.targets if target.name not in ("code", "name", "source_id")), *extra]


def _records(checks: Sequence[Checked]) -> Iterator[tuple[Any, ...]]:
    number = 0
    for file, checked in enumerate(checks):
        frame = checked.frame
        if not len(frame):
            continue
        names = [name for name in _field_names(checked.kind) if name in frame.columns]
        encoded = shapely.to_wkb(shapely.set_srid(np.asarray(frame.geometry.array), WGS84), hex=True, include_srid=True)
        columns = {name: _plain_column(frame, name) for name in names}
        keys, codes, titles = (_plain_column(frame, name) for name in COMMON)
        kept = frame[KEPT].tolist() if KEPT in frame.columns else [None] * len(frame)
        for position, row in enumerate(frame[ROW].tolist()):
            fields = {name: values[position] for name, values in columns.items() if values[position] not in (None, "")}
            title = titles[position]
            yield (
                (number := number + 1),
                file,
                int(row),
                checked.options.source,
                keys[position],
                codes[position],
                title or "",
                initials(title) or None if title else None,
                encoded[position],
                _json(fields),
                None if kept[position] is None else _json(kept[position]),
            )


def _plain_column(frame: pd.DataFrame, name: str) -> list[Any]:
    return list(map(_plain, frame[name].tolist())) if name in frame.columns else [None] * len(frame)


def stage(connection: Connection, checks: Sequence[Checked]) -> int:
    """Fill the temporary table `incoming` and say how many rows came in. A key in two files is taken once."""
    connection.execute("DROP TABLE IF EXISTS incoming")
    connection.execute(CREATE)
    with connection.cursor().copy(COPY) as copy:
        for record in _records(checks):
            copy.write_row(record)
    connection.execute(
        "DELETE FROM incoming i USING incoming earlier"
        " WHERE (earlier.source, earlier.source_key) = (i.source, i.source_key) AND earlier.n < i.n"
    )
    connection.execute("ANALYZE incoming (n, source, source_key, code)")
    row = connection.execute("SELECT count(*) AS rows FROM incoming").fetchone()
    return int((row or {})["rows"])


def refuse(connection: Connection, checks: Sequence[Checked], code: str, condition: sql.Composable) -> list[Finding]:
    """Take the rows that fit the condition out of `incoming` and give them as findings.

    `condition` speaks of the alias `i`; the values of `{…}` in the sentence come from the row's own code.
    """
    rows = connection.execute(
        sql.SQL(
            "DELETE FROM incoming i WHERE {} RETURNING i.file, i.row, i.code, i.name, i.source_key, i.fields"
        ).format(condition)
    ).fetchall()
    return [_finding(checks, code, row) for row in rows]


def _finding(checks: Sequence[Checked], code: str, row: Mapping[str, Any]) -> Finding:
    reading = checks[row["file"]].reading
    params = {"code": str(row["fields"].get("community_code") or row["code"] or "")}
    raw = row["code"] or row["source_key"]
    return Finding(code, reading.file.name, row["row"], reading.unit, reading.layer, raw, row["name"], params)
