"""Gates that cars pass: how wide, with which barrier, and the columns in which that barrier takes a list."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.clock import OFFICE
from gridmap.db.pools import Connection
from gridmap.incidents.hotline.giving import FORMULA
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.ruling import leads
from gridmap.parking.writing import LAYERS
from gridmap.plain import is_name
from gridmap.tables.parking import BARRIERS, GATE_KINDS

FIELDS = ("plate", "masked", "starts_at", "until", "reason", "estate", "kind", "number", "empty")
"""What may stand in a column of a gate's list."""
TIMES = ("starts_at", "until")
FORMS: Mapping[str, str] = {
    "seconds": "%Y-%m-%d %H:%M:%S",
    "minutes": "%Y-%m-%d %H:%M",
    "slashes": "%Y/%m/%d %H:%M:%S",
    "digits": "%Y%m%d%H%M%S",
    "day": "%Y-%m-%d",
    "day_slashes": "%Y/%m/%d",
}
"""How a moment may be written; those without an hour name the last day that is touched."""
DAYS = ("day", "day_slashes")
MOST_COLUMNS, MOST_HEADING = 12, 30
WIDEST = Decimal("99.9")
_METRES = re.compile(r"[0-9]{1,2}(?:\.[0-9])?")
GATE = """
SELECT p.street_id, p.id, p.name, p.community_id, p.estate_id, p.revision, f.kind AS facility_kind, g.width_m,
  e.name AS estate_name, coalesce(g.barrier, 'none') AS barrier, coalesce(g.list_columns, '[]') AS list_columns
FROM gridmap.place p JOIN gridmap.facility f ON f.street_id = p.street_id AND f.place_id = p.id
LEFT JOIN gridmap.gate g ON g.street_id = p.street_id AND g.place_id = p.id
LEFT JOIN gridmap.place e ON e.street_id = p.street_id AND e.id = p.estate_id
WHERE p.street_id = %s AND p.id = %s AND f.kind = ANY (%s)
"""
LOCK = "SELECT id FROM gridmap.place WHERE street_id = %s AND id = %s FOR NO KEY UPDATE"
PUT = """
INSERT INTO gridmap.gate (street_id, place_id, width_m, barrier, list_columns)
VALUES (%(street_id)s, %(id)s, %(width)s, %(barrier)s, %(columns)s)
ON CONFLICT (street_id, place_id) DO UPDATE
SET width_m = excluded.width_m, barrier = excluded.barrier, list_columns = excluded.list_columns
"""
MARK = """
UPDATE gridmap.place SET revision = revision + 1, changed_at = %(now)s, changed_by = %(account)s
WHERE street_id = %(street_id)s AND id = %(id)s
"""


@dataclass(frozen=True, kw_only=True)
class ListColumn:
    """A column of a gate's list: its heading, what stands under it, and how a moment is written there."""

    heading: str
    field: str
    form: str = "seconds"


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What is particular of a gate. Raises ParkingProblem for what cannot be; no columns: those of everybody."""

    width_m: Decimal | None = None
    barrier: str = "none"
    columns: tuple[ListColumn, ...] = ()

    def __post_init__(self) -> None:
        if self.barrier not in BARRIERS:
            raise ParkingProblem("barrier")
        if self.width_m is not None and not 0 < self.width_m <= WIDEST:
            raise ParkingProblem("width")
        headings = [one.heading for one in self.columns]
        if len(headings) > MOST_COLUMNS:
            raise ParkingProblem("columns")
        if len(set(headings)) < len(headings):
            raise ParkingProblem("heading_twice")
        for one in self.columns:
            if not is_name(one.heading, MOST_HEADING) or one.heading.startswith(FORMULA):
                raise ParkingProblem("heading")
            if one.field not in FIELDS or one.form not in FORMS:
                raise ParkingProblem("columns")


def typed_width(text: str) -> Decimal | None:
    """A width in metres as it was typed; None where nothing was. Raises ParkingProblem("width")."""
    plain = text.strip()
    if plain and not _METRES.fullmatch(plain):
        raise ParkingProblem("width")
    return Decimal(plain) if plain else None


def typed_columns(headings: Sequence[str], fields: Sequence[str], forms: Sequence[str]) -> tuple[ListColumn, ...]:
    """The columns of a form, in their order; a row without a heading is none."""
    rows = zip(headings, fields, forms, strict=False)
    return tuple(
        ListColumn(heading=heading.strip(), field=field, form=form) for heading, field, form in rows if heading.strip()
    )


def gate_of(row: Mapping[str, Any]) -> Gate:
    """The gate out of a row; of its columns those that are still known."""
    columns = tuple(
        ListColumn(heading=str(one["heading"]), field=str(one["field"]), form=str(one.get("form", "seconds")))
        for one in row["list_columns"]
        if isinstance(one, dict) and one.get("field") in FIELDS and one.get("form", "seconds") in FORMS
    )
    return Gate(width_m=row["width_m"], barrier=row["barrier"], columns=columns)


def moment_words(at: datetime | None, field: str, form: str) -> str:
    """A moment of the list as the barrier reads it; a ban that ends at midnight has the day before as its last."""
    if at is None:
        return ""
    here = at.astimezone(OFFICE)
    if field == "until" and form in DAYS:
        here -= timedelta(microseconds=1)
    return here.strftime(FORMS[form])


def read_gate(connection: Connection, gate_id: int) -> dict[str, Any]:
    """A gate with its revision as a place. Raises LookupError where the viewer sees no such gate."""
    row = connection.execute(GATE, (gate_id >> 32, gate_id, list(GATE_KINDS))).fetchone()
    if row is None:
        raise LookupError(gate_id)
    return row


def set_gate(connection: Connection, by: Actor, gate_id: int, gate: Gate, *, revision: int) -> None:
    """Say what is particular of a gate.

    Raises LookupError where the viewer sees no such gate, ParkingProblem("not_yours" | "changed").
    """
    connection.execute(LOCK, (gate_id >> 32, gate_id))
    row = read_gate(connection, gate_id)
    if not leads(connection, by, row):
        raise ParkingProblem("not_yours")
    if row["revision"] != revision:
        raise ParkingProblem("changed")
    before, after = _words(gate_of(row)), _words(gate)
    if before == after:
        return
    values = {"street_id": row["street_id"], "id": row["id"], "now": by.business_at, "account": by.account_id}
    told = {"width": gate.width_m, "barrier": gate.barrier, "columns": Jsonb(after["columns"])}
    connection.execute(PUT, values | told)
    connection.execute(MARK, values)
    write_audit(
        connection,
        action="set_gate",
        subject="place",
        subject_id=gate_id,
        street_id=row["street_id"],
        business_at=by.business_at,
        account_id=by.account_id,
        before=before,
        after=after,
    )
    announce(connection, row["street_id"], (*LAYERS, "facilities"))


def _words(gate: Gate) -> dict[str, Any]:
    columns = [{"heading": one.heading, "field": one.field, "form": one.form} for one in gate.columns]
    width = None if gate.width_m is None else str(gate.width_m)
    return {"width_m": width, "barrier": gate.barrier, "columns": columns}
