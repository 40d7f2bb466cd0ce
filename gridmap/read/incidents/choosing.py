"""What forms choose from: kinds of cases, and places by a piece of their name."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from gridmap.coords import BBox
from gridmap.db.pools import Connection, Row
from gridmap.read.search import Found, find, parse_words
from gridmap.read.select import Asked
from gridmap.scope import Viewer

KINDS = """
SELECT k.code, k.title, k.title_en, k.is_private, k.severity, c.code AS class, c.title AS class_title,
  c.title_en AS class_title_en
FROM gridmap.incident_kind k JOIN gridmap.incident_class c ON c.code = k.class
WHERE k.valid @> %s::date ORDER BY c.sort, c.code, k.sort, k.code
"""
PLACE = """
SELECT p.id, p.kind, p.name, p.community_id, p.estate_id, h.name AS house, e.name AS estate, c.name AS community
FROM gridmap.place p
LEFT JOIN gridmap.place h ON h.street_id = p.street_id AND h.id = p.parent_id AND h.kind = 'building'
LEFT JOIN gridmap.place e ON e.street_id = p.street_id AND e.id = p.estate_id AND e.id <> p.id
LEFT JOIN gridmap.community c ON c.street_id = p.street_id AND c.id = p.community_id
WHERE p.street_id = %s AND p.id = %s
"""

WINDOW = """
SELECT public.st_xmin(e.box) AS west, public.st_ymin(e.box) AS south, public.st_xmax(e.box) AS east,
  public.st_ymax(e.box) AS north
FROM (
  SELECT public.st_expand(public.st_extent(p.geom), 0.0005) AS box FROM gridmap.place p
  WHERE p.street_id = %(street)s AND (p.id = ANY (%(places)s) OR p.estate_id = ANY (%(places)s))
) e
"""


def read_kinds(connection: Connection, day: date) -> list[Row]:
    """The kinds of cases in use on that day, by class."""
    return connection.execute(KINDS, (day,)).fetchall()


def read_place(connection: Connection, place_id: int) -> dict[str, Any] | None:
    """A place with the building, estate and community around it; None where the viewer sees none."""
    return connection.execute(PLACE, (place_id >> 32, place_id)).fetchone()


def read_code_within(connection: Connection, estate_id: int) -> str | None:
    """The first code of a house or stairwell of the estate that the viewer sees; None where there is none."""
    row = connection.execute(
        "SELECT min(code) AS code FROM gridmap.place WHERE street_id = %s AND estate_id = %s"
        " AND kind IN ('building', 'stairwell')",
        (estate_id >> 32, estate_id),
    ).fetchone()
    return row["code"] if row else None


def read_window(connection: Connection, street_id: int, places: Sequence[int]) -> BBox | None:
    """The window around these places and what lies in these estates, as far as the viewer sees them; None: nothing."""
    row = connection.execute(WINDOW, {"street": street_id, "places": list(places)}).fetchone()
    if row is None or row["west"] is None:
        return None
    return BBox(row["west"], row["south"], row["east"], row["north"])


def find_places(connection: Connection, viewer: Viewer, text: str, asked: Asked) -> list[Found]:
    """Places and communities that the text names, the best first; only the first where it is named exactly."""
    found = [one for one in find(connection, viewer, parse_words(text), asked) if one.kind != "person"]
    exact = [one for one in found if text.strip() in (one.name, one.code)]
    return exact if len(exact) == 1 else found
