"""Orders of the hotline become cases: judged first (a dry run writes nothing), then taken in one transaction."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from psycopg.types.json import Jsonb

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.clock import OFFICE
from gridmap.db.pools import Connection
from gridmap.incidents.hotline.addresses import Book, Found, open_book
from gridmap.incidents.hotline.orders import Order, masked_cells, masked_text
from gridmap.incidents.hotline.words import OTHER
from gridmap.incidents.kinds import URGENT
from gridmap.incidents.reporting import Report, report_incident

LAYERS = ("hotline",)
PLACES = """
SELECT id, kind, name, aliases, address, parent_id, estate_id FROM gridmap.place
WHERE street_id = %s AND kind IN ('estate', 'building', 'stairwell') AND upper_inf(valid)
"""
ADD = """
INSERT INTO gridmap.hotline_order (street_id, id, number, received_at, due_at, raw, cells, caller, phone, address, text,
  category, kind, state, problem, near, mapping_id, import_run_id, place_id, incident_id, community_id, grid_id,
  micro_grid_id, estate_id, changed_at, changed_by)
VALUES (%(street_id)s, %(street_id)s::bigint * 4294967296 + nextval('gridmap.serial'), %(number)s, %(received_at)s,
  %(due_at)s, %(raw)s, %(cells)s, %(caller)s, %(phone)s, %(address)s, %(text)s, %(category)s, %(kind)s, %(state)s,
  %(problem)s, %(near)s, %(mapping_id)s, %(import_run_id)s, %(place_id)s, %(incident_id)s, %(community_id)s,
  %(grid_id)s, %(micro_grid_id)s, %(estate_id)s, %(now)s, %(account)s)
"""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What would become of an order: known already, placed at a place, or queued with its problem."""

    order: Order
    is_known: bool
    found: Found
    is_private: bool = False

    @property
    def state(self) -> str:
        """known, placed or queued."""
        return "known" if self.is_known else "placed" if self.found.place_id is not None else "queued"


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where orders come from: the file, how its columns are read, and in which street."""

    street_id: int
    file_name: str
    sha256: bytes
    columns: Mapping[str, str]
    mapping_id: int | None = None
    encoding: str | None = None


def judge_orders(connection: Connection, street_id: int, orders: Sequence[Order], day: date) -> tuple[Judged, ...]:
    """What would become of each order, in the order of the file; nothing is written."""
    if not orders:
        return ()
    numbers = [order.number for order in orders]
    rows = connection.execute(
        "SELECT number FROM gridmap.hotline_order WHERE street_id = %s AND number = ANY (%s)", (street_id, numbers)
    ).fetchall()
    known = {row["number"] for row in rows}
    kinds = connection.execute(
        "SELECT code, is_private FROM gridmap.incident_kind WHERE valid @> %s::date", (day,)
    ).fetchall()
    private = {row["code"]: row["is_private"] for row in kinds}
    book = read_book(connection, street_id)
    return tuple(_judged(order, known, private, book) for order in orders)


def read_book(connection: Connection, street_id: int) -> Book:
    """The book of addresses of a street, as far as the viewer sees it."""
    return open_book(connection.execute(PLACES, (street_id,)).fetchall())


def count_states(judged: Iterable[Judged]) -> dict[str, int]:
    """How many are known, placed and queued."""
    counted = Counter(one.state for one in judged)
    return {state: counted[state] for state in ("placed", "queued", "known")}


def take_orders(connection: Connection, by: Actor, source: Source, orders: Sequence[Order]) -> tuple[Judged, ...]:
    """Take the orders that are new: a case where the place is known, else into the queue, in the caller's transaction.

    Taking the same file again changes nothing. Whoever takes the same at the same time waits.
    """
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('gridmap.hotline', %s))", (source.street_id,))
    day = by.business_at.astimezone(OFFICE).date()
    judged = judge_orders(connection, source.street_id, orders, day)
    new = [one for one in judged if not one.is_known]
    if not new:
        return judged
    run = _open_run(connection, by, source)
    for one in new:
        _take(connection, by, source, one, run)
    counts = count_states(judged)
    connection.execute("UPDATE gridmap.import_run SET counts = %s WHERE id = %s", (Jsonb(counts), run))
    write_audit(
        connection,
        action="import",
        subject="hotline_order",
        subject_id=run,
        street_id=source.street_id,
        business_at=by.business_at,
        account_id=by.account_id,
        after={"file": source.file_name, **counts},
    )
    announce(connection, source.street_id, LAYERS)
    return judged


def _judged(order: Order, known: set[str], private: Mapping[str, bool], book: Book) -> Judged:
    if order.kind not in private:
        # the office does not use that kind any more
        order = replace(order, kind=OTHER)
    return Judged(
        order=order,
        is_known=order.number in known,
        found=book.find(order.address),
        is_private=private.get(order.kind, False),
    )


def _open_run(connection: Connection, by: Actor, source: Source) -> int:
    row = connection.execute(
        "INSERT INTO gridmap.import_run (kind, file_name, sha256, street_id, account_id, encoding, mapping)"
        " VALUES ('hotline', %s, %s, %s, %s, %s, %s) RETURNING id",
        (source.file_name, source.sha256, source.street_id, by.account_id, source.encoding,
         Jsonb(dict(source.columns))),
    ).fetchone()  # fmt: skip
    return int((row or {})["id"])


def _take(connection: Connection, by: Actor, source: Source, one: Judged, run: int) -> None:
    order, case_id = one.order, None
    where: dict[str, Any] = dict.fromkeys(("place_id", "community_id", "grid_id", "micro_grid_id", "estate_id"))
    if one.found.place_id is not None:
        reported = report_incident(
            connection, by, report_of(order, one.found.place_id, is_private=one.is_private, run=run)
        )
        case_id = reported.incident_id
        where = read_where(connection, source.street_id, one.found.place_id)
    connection.execute(
        ADD,
        where
        | {
            "street_id": source.street_id,
            "number": order.number,
            "received_at": order.received_at,
            "due_at": order.due_at,
            "raw": Jsonb(dict(order.raw)),
            "cells": Jsonb(masked_cells(order, source.columns, is_private=one.is_private)),
            "caller": order.caller or None,
            "phone": order.phone or None,
            "address": masked_text(order.address),
            "text": "" if one.is_private else masked_text(order.text),
            "category": order.category,
            "kind": order.kind,
            "state": one.state,
            "problem": one.found.problem,
            "near": list(one.found.near),
            "mapping_id": source.mapping_id,
            "import_run_id": run,
            "incident_id": case_id,
            "now": by.business_at,
            "account": by.account_id,
        },
    )


def report_of(order: Order, place_id: int, *, is_private: bool, run: int | None) -> Report:
    """The report that an order is, with its deadline. Words of a private kind stay in clear: they are locked."""
    return Report(
        kind=order.kind,
        place_id=place_id,
        severity=URGENT if order.is_urgent else None,
        text=order.text if is_private else masked_text(order.text),
        address=masked_text(order.address),
        source="hotline",
        contact_name=order.caller,
        contact_phone=order.phone,
        due_at=order.due_at,
        import_run_id=run,
    )


def read_where(connection: Connection, street_id: int, place_id: int) -> dict[str, Any]:
    """The scope columns of what lies at that place. Raises LookupError."""
    row = connection.execute(
        "SELECT id AS place_id, community_id, grid_id, micro_grid_id, estate_id FROM gridmap.place"
        " WHERE street_id = %s AND id = %s",
        (street_id, place_id),
    ).fetchone()
    if row is None:
        raise LookupError(place_id)
    return row
