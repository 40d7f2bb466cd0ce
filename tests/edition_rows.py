"""A draft in every community of a database, with one place in it, and a place that came out of another."""

from typing import Any

import psycopg

EDITIONS = """
INSERT INTO gridmap.edition (street_id, id, community_id)
SELECT street_id, street_id::bigint * 4294967296 + nextval('gridmap.serial'), id FROM gridmap.community
"""
PLACES = """
INSERT INTO gridmap.edition_place (street_id, edition_id, place_id, action, kind, name, details, geom, community_id)
SELECT e.street_id, e.id, e.street_id::bigint * 4294967296 + nextval('gridmap.serial'), 'add', 'grid', '新网格',
  '{"type": "basic"}', c.geom, e.community_id
FROM gridmap.edition e JOIN gridmap.community c ON (c.street_id, c.id) = (e.street_id, e.community_id)
"""
LINEAGE = """
INSERT INTO gridmap.lineage (street_id, former_id, later_id, starts_on, edition_id)
SELECT e.street_id, min(p.id), max(p.id), '2026-03-01', min(e.id)
FROM gridmap.edition e JOIN gridmap.place p ON p.street_id = e.street_id
GROUP BY e.street_id HAVING count(DISTINCT p.id) > 1
"""


def fill_editions(owner: "psycopg.Connection[Any]") -> None:
    """Write them as the owner of the tables."""
    for statement in (EDITIONS, PLACES, LINEAGE):
        owner.execute(statement)
