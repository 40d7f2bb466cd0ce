"""Orders that no address led to a place: placed by hand, or dropped with a reason."""

from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.clock import OFFICE
from gridmap.db.pools import Connection
from gridmap.incidents.errors import CaseChanged, IncidentProblem
from gridmap.incidents.hotline.orders import MOST_TEXT, hidden_words, is_urgent
from gridmap.incidents.hotline.taking import LAYERS
from gridmap.incidents.kinds import URGENT, read_kind
from gridmap.incidents.reporting import Report, Reported, find_spot, report_incident
from gridmap.plain import is_plain

REASON = "taken into the case"
MOST_REASON = 200
PLACED = """
UPDATE gridmap.hotline_order SET state = 'placed', problem = NULL, near = '{}', kind = %(kind)s, text = %(text)s,
  cells = cells || %(hidden)s,
  incident_id = %(incident)s, place_id = %(place_id)s, community_id = %(community_id)s, grid_id = %(grid_id)s,
  micro_grid_id = %(micro_grid_id)s, estate_id = %(estate_id)s, revision = revision + 1, changed_at = %(now)s,
  changed_by = %(account)s
WHERE street_id = %(street)s AND id = %(order)s
"""


def place_order(
    connection: Connection,
    by: Actor,
    order_id: int,
    place_id: int | None = None,
    *,
    revision: int,
    at: tuple[float, float] | None = None,
    kind: str | None = None,
) -> Reported:
    """Place a queued order by hand, at a place or a point (longitude, latitude): it becomes a case with its deadline.

    The caller's name and telephone go along from the row as it came, unless the nightly round has forgotten them, and
    that is written down. Raises LookupError,
    CaseChanged, IncidentProblem("kind" | "street" | "where" | "outside" | "private").
    """
    row = _locked_queued(connection, order_id, revision)
    code = kind or row["kind"]
    spot = find_spot(connection, Report(kind=code, place_id=place_id, at=at))
    if spot.street_id != row["street_id"]:
        raise IncidentProblem("street")
    is_private = read_kind(connection, code, by.business_at.astimezone(OFFICE).date())["is_private"]
    clear = connection.execute(
        "SELECT * FROM gridmap.unmask_orders(%s, %s, %s, %s)", (row["street_id"], [order_id], REASON, by.business_at)
    ).fetchone() or {"caller": None, "phone": None, "raw": {}}
    columns = _columns(connection, row)
    report = Report(
        kind=code,
        place_id=place_id,
        at=at,
        severity=URGENT if is_urgent(row["cells"].get(columns.get("urgency", ""), "")) else None,
        text=_words(clear["raw"], columns) or row["text"] if is_private else _open_words(row),
        address=row["address"],
        source="hotline",
        contact_name=clear["caller"] or "",
        contact_phone=clear["phone"] or "",
        due_at=row["due_at"],
        import_run_id=row["import_run_id"],
    )
    reported = report_incident(connection, by, report)
    values = spot.columns | {
        "kind": code,
        "incident": reported.incident_id,
        # what turns out to be private is not left to be read beside its locked case
        "text": "" if is_private else row["text"],
        "hidden": Jsonb(hidden_words(columns) if is_private else {}),
        "now": by.business_at,
        "account": by.account_id,
        "street": row["street_id"],
        "order": order_id,
    }
    connection.execute(PLACED, values)
    after = {"state": "placed", "place_id": place_id, "at": at, "incident_id": reported.incident_id, "kind": code}
    _record(connection, by, "place_order", order_id, after)
    return reported


def drop_order(connection: Connection, by: Actor, order_id: int, reason: str, *, revision: int) -> None:
    """Put an order away that is not for this street. Raises LookupError, CaseChanged, IncidentProblem("reason")."""
    if not 0 < len(reason.strip()) <= MOST_REASON or not is_plain(reason):
        raise IncidentProblem("reason")
    _locked_queued(connection, order_id, revision)
    connection.execute(
        "UPDATE gridmap.hotline_order SET state = 'dropped', reason = %s, revision = revision + 1, changed_at = %s,"
        " changed_by = %s WHERE street_id = %s AND id = %s",
        (reason.strip(), by.business_at, by.account_id, order_id >> 32, order_id),
    )
    _record(connection, by, "drop_order", order_id, {"state": "dropped"}, reason.strip())


def requeue_order(connection: Connection, by: Actor, order_id: int, *, revision: int) -> None:
    """Take an order that was put away back into the queue. Raises LookupError, CaseChanged."""
    _locked(connection, order_id, revision, "dropped")
    connection.execute(
        "UPDATE gridmap.hotline_order SET state = 'queued', reason = NULL, revision = revision + 1, changed_at = %s,"
        " changed_by = %s WHERE street_id = %s AND id = %s",
        (by.business_at, by.account_id, order_id >> 32, order_id),
    )
    _record(connection, by, "drop_order", order_id, {"state": "queued"})


def _columns(connection: Connection, row: Mapping[str, Any]) -> dict[str, str]:
    """How the columns of the file were read that the order came in."""
    found = connection.execute(
        "SELECT mapping FROM gridmap.import_run WHERE id = %s", (row["import_run_id"],)
    ).fetchone()
    return dict(found["mapping"]) if found and found["mapping"] else {}


def _words(raw: Mapping[str, str], columns: Mapping[str, str]) -> str:
    """What an order says, from the row as it came."""
    said = [raw.get(columns.get(word, ""), "") for word in ("title", "text")]
    return " ".join(" ".join(said).split())[:MOST_TEXT]


def _open_words(row: Mapping[str, Any]) -> str:
    """The words of an order, masked; those of a private one never go into a case that its parties read."""
    if not row["text"]:
        raise IncidentProblem("private")
    return str(row["text"])


def _locked_queued(connection: Connection, order_id: int, revision: int) -> dict[str, Any]:
    return _locked(connection, order_id, revision, "queued")


def _locked(connection: Connection, order_id: int, revision: int, state: str) -> dict[str, Any]:
    row = connection.execute(
        "SELECT street_id, id, kind, state, text, cells, address, due_at, import_run_id, revision, changed_at"
        " FROM gridmap.hotline_order WHERE street_id = %s AND id = %s FOR NO KEY UPDATE",
        (order_id >> 32, order_id),
    ).fetchone()
    if row is None:
        raise LookupError(order_id)
    if row["revision"] != revision or row["state"] != state:
        raise CaseChanged({"revision": row["revision"], "state": row["state"], "changed_at": row["changed_at"]})
    return row


def _record(
    connection: Connection, by: Actor, action: str, order_id: int, after: dict[str, Any], why: str | None = None
) -> None:
    write_audit(
        connection,
        action=action,
        subject="hotline_order",
        subject_id=order_id,
        street_id=order_id >> 32,
        business_at=by.business_at,
        account_id=by.account_id,
        after=after,
        why=why,
    )
    announce(connection, order_id >> 32, LAYERS)
