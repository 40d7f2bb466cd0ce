"""The register as those see it who keep it: communities with their editions, and what former grids counted."""

from typing import Any

from gridmap.db.pools import Connection
from gridmap.scope import Viewer

SEEN = "(%(city)s OR c.street_id = ANY (%(streets)s::integer[]) OR c.id = ANY (%(communities)s::bigint[]))"
COMMUNITIES = f"""
SELECT c.street_id, c.id, c.code, c.name, s.name AS street, n.grids, n.buildings, n.households, d.id AS draft_id,
  (SELECT count(*) FROM jsonb_array_elements(d.steps) t WHERE NOT t ? 'is_back')::integer AS steps,
  w.starts_on AS waits_for, l.starts_on AS since
FROM gridmap.community c
JOIN gridmap.street s ON s.id = c.street_id
LEFT JOIN LATERAL (
  SELECT count(*) FILTER (WHERE p.kind = 'grid' AND g.type <> 'micro')::integer AS grids,
    count(*) FILTER (WHERE p.kind = 'building')::integer AS buildings,
    sum(g.counted_households) FILTER (WHERE g.type <> 'micro')::integer AS households
  FROM gridmap.place p LEFT JOIN gridmap.grid g ON g.street_id = p.street_id AND g.place_id = p.id
  WHERE p.street_id = c.street_id AND p.community_id = c.id AND p.kind IN ('grid', 'building') AND upper_inf(p.valid)
) n ON true
LEFT JOIN gridmap.edition d ON d.street_id = c.street_id AND d.community_id = c.id AND d.state = 'draft'
LEFT JOIN LATERAL (SELECT min(e.starts_on) AS starts_on FROM gridmap.edition e
  WHERE e.street_id = c.street_id AND e.community_id = c.id AND e.state = 'waiting') w ON true
LEFT JOIN LATERAL (SELECT max(e.starts_on) AS starts_on FROM gridmap.edition e
  WHERE e.street_id = c.street_id AND e.community_id = c.id AND e.state = 'published') l ON true
WHERE {SEEN} AND upper_inf(c.valid) AND coalesce(c.street_id = %(street)s, true)
  AND strpos(lower(concat_ws(' ', c.name, c.code, c.initials, array_to_string(c.aliases, ' '))), lower(%(text)s)) > 0
ORDER BY c.code, c.id LIMIT %(limit)s OFFSET %(offset)s
"""  # noqa: S608 - a piece of our own text
STREETS = f"""
SELECT s.id, s.name FROM gridmap.street s
WHERE EXISTS (SELECT FROM gridmap.community c WHERE c.street_id = s.id AND {SEEN} AND upper_inf(c.valid))
ORDER BY s.code, s.id
"""  # noqa: S608 - a piece of our own text
EDITIONS = f"""
SELECT e.*, c.name AS community, a.title AS publisher FROM gridmap.edition e
JOIN gridmap.community c ON c.street_id = e.street_id AND c.id = e.community_id
LEFT JOIN gridmap.account a ON a.id = e.published_by
WHERE e.street_id = %(street)s AND {SEEN} AND (e.id = %(edition)s OR e.community_id = %(community)s)
  AND e.state <> 'dropped' ORDER BY e.id DESC LIMIT 50
"""  # noqa: S608 - a piece of our own text
COUNTED = f"""
WITH RECURSIVE line (later_id, former_id, starts_on) AS (
  SELECT l.later_id, l.former_id, l.starts_on FROM gridmap.lineage l WHERE l.street_id = %(street)s
  UNION
  SELECT n.later_id, l.former_id, l.starts_on FROM line n
  JOIN gridmap.lineage l ON l.street_id = %(street)s AND l.later_id = n.former_id
)
SELECT n.later_id, later.name AS later_name, n.former_id, former.code, former.name, min(n.starts_on) AS starts_on,
  (SELECT count(*) FROM gridmap.inspection i WHERE i.street_id = %(street)s AND i.grid_id = n.former_id
    AND i.superseded_at IS NULL)::integer AS visits,
  (SELECT count(*) FROM gridmap.incident i WHERE i.street_id = %(street)s AND i.grid_id = n.former_id)::integer AS cases
FROM line n
JOIN gridmap.place later ON later.street_id = %(street)s AND later.id = n.later_id AND upper_inf(later.valid)
  AND later.kind = 'grid' AND later.community_id = %(community)s
JOIN gridmap.place former ON former.street_id = %(street)s AND former.id = n.former_id
JOIN gridmap.community c ON c.street_id = %(street)s AND c.id = later.community_id
WHERE {SEEN} AND n.former_id <> n.later_id GROUP BY 1, 2, 3, 4, 5 ORDER BY later.name, 1, 6 DESC, 3
"""  # noqa: S608 - a piece of our own text
NAMES = """
SELECT p.id, p.name, p.display_name FROM (
  SELECT id, name, NULL AS display_name FROM gridmap.place WHERE street_id = %(street)s AND id = ANY (%(places)s)
  UNION ALL
  SELECT id, NULL, display_name FROM gridmap.person WHERE street_id = %(street)s AND id = ANY (%(people)s)
) p
"""


def read_communities(
    connection: Connection, viewer: Viewer, *, street_id: int | None = None, text: str = "", limit: int, offset: int
) -> list[dict[str, Any]]:
    """The communities that the viewer sees whole, by code, with their numbers and the state of their editions.

    `text`: a piece of name, another name, code or initials.
    """
    values = {"street": street_id, "text": text, "limit": limit, "offset": offset}
    return connection.execute(COMMUNITIES, _lock(viewer) | values).fetchall()


def read_kept_streets(connection: Connection, viewer: Viewer) -> list[tuple[int, str]]:
    """The streets in which the viewer sees whole communities, by code: id and name."""
    return [(row["id"], row["name"]) for row in connection.execute(STREETS, _lock(viewer)).fetchall()]


def read_editions(
    connection: Connection, viewer: Viewer, *, community_id: int = 0, edition_id: int = 0
) -> list[dict[str, Any]]:
    """The editions of a community, or the one of that id, newest first."""
    street = (community_id or edition_id) >> 32
    values = _lock(viewer) | {"street": street, "community": community_id, "edition": edition_id}
    return connection.execute(EDITIONS, values).fetchall()


def read_lineage(connection: Connection, viewer: Viewer, community_id: int) -> list[dict[str, Any]]:
    """What the grids of a community came out of, with the visits and cases that stay counted there."""
    values = _lock(viewer) | {"street": community_id >> 32, "community": community_id}
    return connection.execute(COUNTED, values).fetchall()


def names_of(
    connection: Connection,
    street_id: int,
    places: set[int],
    people: set[int] = frozenset(),  # type: ignore[assignment]  # empty
) -> dict[int, str]:
    """Names of places and people by id, as far as the viewer's scope lets them be read."""
    values = {"street": street_id, "places": sorted(places), "people": sorted(people)}
    return {row["id"]: row["name"] or row["display_name"] or "" for row in connection.execute(NAMES, values).fetchall()}


def _lock(viewer: Viewer) -> dict[str, Any]:
    reach = viewer.reach
    return {"city": reach.is_city, "streets": list(reach.streets), "communities": list(reach.communities)}
