"""Ending a parking zone or a gate: from today on it is there no more; what was drawn, counted and decided stays."""

from typing import Any

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.clock import OFFICE
from gridmap.db.pools import Connection
from gridmap.places.belonging import CLOSE_MEMBERSHIP, DROP_MEMBERSHIP, keep_boundary
from gridmap.places.shapes import ShapeProblem
from gridmap.places.zones import LAYERS, must_lead, must_stand, read_drawn
from gridmap.plain import is_plain

MOST_WHY = 200
# what was drawn today by mistake was there on no day
END_PLACE = """
UPDATE gridmap.place SET valid = daterange(lower(valid), greatest(lower(valid), %(today)s)), revision = revision + 1,
  changed_at = %(now)s, changed_by = %(account)s
WHERE street_id = %(street)s AND id = %(place)s
"""
CLOSE_BOUNDARY = """
UPDATE gridmap.boundary SET valid = daterange(lower(valid), %(today)s)
WHERE street_id = %(street)s AND place_id = %(place)s AND upper_inf(valid) AND coalesce(lower(valid) < %(today)s, true)
"""
DROP_BOUNDARY = """
DELETE FROM gridmap.boundary WHERE street_id = %(street)s AND place_id = %(place)s AND upper_inf(valid)
"""
CLOSE_ASSIGNMENTS = """
UPDATE gridmap.assignment SET valid = tstzrange(lower(valid), %(now)s), revision = revision + 1,
  changed_at = %(now)s, changed_by = %(account)s
WHERE street_id = %(street)s AND place_id = %(place)s AND valid @> %(now)s::timestamptz
  AND coalesce(lower(valid) < %(now)s, true)
"""
DROP_ASSIGNMENTS = """
DELETE FROM gridmap.assignment WHERE street_id = %(street)s AND place_id = %(place)s AND lower(valid) >= %(now)s
"""
STEPS = (CLOSE_MEMBERSHIP, DROP_MEMBERSHIP, CLOSE_BOUNDARY, DROP_BOUNDARY, CLOSE_ASSIGNMENTS, DROP_ASSIGNMENTS)


def end_drawn(connection: Connection, by: Actor, place_id: int, why: str, *, revision: int) -> None:
    """End a zone or a gate today: nobody counts there, has it in hand or sees it on the map of today any more.

    Slots that are still due follow with the next `open_slots`, excused as a place that has gone. Raises LookupError
    where the viewer sees none, ShapeProblem("why" | "not_yours" | "changed" | "ended").
    """
    why = why.strip()
    if not why or len(why) > MOST_WHY or not is_plain(why):
        raise ShapeProblem("why", most=MOST_WHY)
    row = read_drawn(connection, place_id)
    must_lead(connection, by, row["street_id"], row["community_id"])
    must_stand(row)
    if row["revision"] != revision:
        raise ShapeProblem("changed")
    today = by.business_at.astimezone(OFFICE).date()
    values: dict[str, Any] = {"street": row["street_id"], "place": place_id, "today": today}
    values |= {"now": by.business_at, "account": by.account_id}
    if row["kind"] == "zone":
        # the edition that ends is written where nobody has yet
        keep_boundary(connection, row["street_id"], place_id, today, is_ending=True)
    for statement in STEPS:
        connection.execute(statement, values)
    connection.execute(END_PLACE, values)
    write_audit(
        connection,
        action="end_place",
        subject="place",
        subject_id=place_id,
        street_id=row["street_id"],
        business_at=by.business_at,
        account_id=by.account_id,
        before={"name": row["name"], "code": row["code"]},
        after={"end": today.isoformat(), "why": why},
    )
    announce(connection, row["street_id"], [*LAYERS, "facilities", "assignments"])
