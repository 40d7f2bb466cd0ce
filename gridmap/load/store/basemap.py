"""Roads, water and green into the own basemap."""

from gridmap.accounts import Actor
from gridmap.db.pools import Connection

WORDS = {"roads": "road", "water": "water", "green": "green"}
BASEMAP = """
INSERT INTO gridmap.basemap AS t
  (street_id, id, kind, class, name, geom, extra, source, source_key, changed_at, changed_by, import_run_id)
SELECT %(street)s, coalesce(o.id, %(street)s::bigint * 4294967296 + nextval('gridmap.serial')), %(kind)s,
  i.fields ->> 'line_class', nullif(i.name, ''), i.geom,
  nullif(coalesce(i.extra, o.extra), '{}'), i.source, i.source_key, %(at)s, %(by)s, %(run)s
FROM incoming i LEFT JOIN gridmap.basemap o
  ON (o.street_id, o.kind, o.source, o.source_key) = (%(street)s, %(kind)s, i.source, i.source_key)
ON CONFLICT (street_id, id) DO UPDATE SET class = excluded.class, name = excluded.name, geom = excluded.geom,
  extra = excluded.extra, revision = t.revision + 1,
  changed_at = excluded.changed_at, changed_by = excluded.changed_by, import_run_id = excluded.import_run_id
WHERE (t.class, t.name, t.geom, t.extra) IS DISTINCT FROM
  (excluded.class, excluded.name, excluded.geom, excluded.extra)
RETURNING xmax = 0 AS is_new
"""
IDS = """
UPDATE incoming i SET id = b.id FROM gridmap.basemap b
WHERE (b.street_id, b.kind, b.source, b.source_key) = (%(street)s, %(kind)s, i.source, i.source_key)
"""


def write_basemap(connection: Connection, by: Actor, run: int, street_id: int, kind: str) -> tuple[int, int]:
    """Write the lines or areas that are in `incoming`: (new, changed)."""
    values = {"street": street_id, "kind": WORDS[kind], "at": by.business_at, "by": by.account_id, "run": run}
    rows = connection.execute(BASEMAP, values).fetchall()
    connection.execute(IDS, values)
    new = sum(bool(row["is_new"]) for row in rows)
    return new, len(rows) - new
