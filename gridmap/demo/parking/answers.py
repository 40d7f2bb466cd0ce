"""Counting is a duty since the demo's running month: counts answer its slots, and one that was missed is a gap."""

from typing import Any

import psycopg

from gridmap.demo.duties import TODAY
from gridmap.parking.counting import DUTY
from gridmap.parking.staying import PARTS

ANSWER = """
INSERT INTO gridmap.inspection (street_id, id, slot_id, duty_id, place_id, kind, result, done_at, received_at, sent_id,
  author_id, community_id, grid_id, micro_grid_id, estate_id)
SELECT s.street_id, s.street_id * 4294967296 + nextval('gridmap.serial'), s.id, s.duty_id, s.place_id, d.kind, 'done',
  c.counted_at, c.counted_at, c.sent_id, (gridmap.holders_at(s.street_id, s.community_id, s.grid_id, s.micro_grid_id,
    s.estate_id, s.place_id, s.unit, d.role, c.counted_at))[1],
  s.community_id, s.grid_id, s.micro_grid_id, s.estate_id
FROM (
  SELECT s.*, (%(parts)s::text[])[s.turn] AS part FROM gridmap.slot s
  JOIN gridmap.street t ON t.id = s.street_id AND t.is_demo
) s
JOIN gridmap.duty d ON d.street_id = s.street_id AND d.id = s.duty_id AND d.source = 'demo' AND d.kind = %(kind)s
JOIN gridmap.vehicle_count c ON c.street_id = s.street_id AND c.place_id = s.place_id AND c.counted_on = s.starts_on
  AND c.part = s.part
ORDER BY c.counted_at, s.id
"""
SETTLE = """
SELECT s.street_id, gridmap.settle_slots(s.street_id, array_agg(s.id ORDER BY s.id), %(today)s)
FROM gridmap.slot s
JOIN gridmap.duty d ON d.street_id = s.street_id AND d.id = s.duty_id AND d.source = 'demo' AND d.kind = %(kind)s
GROUP BY s.street_id ORDER BY s.street_id
"""


def answer_counts(connection: "psycopg.Connection[Any]") -> None:
    """Answer the slots whose zone was counted, as counting would have, and settle all of them."""
    values = {"parts": [str(part) for part in PARTS], "kind": DUTY, "today": TODAY}
    connection.execute(ANSWER, values)
    connection.execute(SETTLE, values)
