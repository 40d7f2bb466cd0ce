"""What there is to choose: kinds, units, areas, templates of answers. Few rows each, of the viewer's own streets."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Integer, bindparam, select

from gridmap.db import compiled
from gridmap.db.pools import Connection, Row
from gridmap.layer import is_kind
from gridmap.read.locks import lock_values, locked
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import place

KINDS = """
SELECT k.code, k.class, k.title, k.title_en, k.nature, k.severity, k.is_private, k.near_m, k.files_when,
  k.closes_when, k.valid, k.sort, c.title AS class_title, c.title_en AS class_title_en,
  coalesce(l.limits, '{}') AS limits
FROM gridmap.incident_kind k JOIN gridmap.incident_class c ON c.code = k.class
LEFT JOIN LATERAL (
  SELECT jsonb_object_agg(l.severity, jsonb_build_object('minutes', l.minutes, 'clock', l.clock)) AS limits
  FROM gridmap.incident_limit l WHERE l.kind = k.code
) l ON true
ORDER BY c.sort, c.code, k.sort, k.code
"""
UNITS = """
SELECT o.id, o.name, o.kind FROM gridmap.organisation o
WHERE o.valid @> %(day)s::date AND (
  (o.kind = 'department' AND (o.street_id IS NULL OR o.street_id = ANY (%(streets)s)))
  OR (o.kind = 'residents_group' AND o.street_id = ANY (%(streets)s))
  OR o.id IN (SELECT t.organisation_id FROM gridmap.incident_taker t WHERE t.street_id = ANY (%(streets)s))
  OR o.id IN (SELECT e.property_id FROM gridmap.estate e WHERE e.street_id = ANY (%(streets)s))
  OR o.id IN (
    SELECT m.organisation_id FROM gridmap.organisation_place m
    WHERE m.street_id = ANY (%(streets)s) AND m.relation = 'manages' AND m.valid @> %(day)s::date))
ORDER BY array_position(ARRAY['department', 'property_company', 'residents_group'], o.kind), o.name, o.id
LIMIT %(most)s
"""
MOST_UNITS = 400
DEPARTMENTS = """
SELECT o.id FROM gridmap.organisation o
WHERE o.kind = 'department' AND (o.street_id = ANY (%(streets)s) OR o.community_id = ANY (%(communities)s))
ORDER BY o.id
"""
STREETS = """
SELECT s.id, s.code, s.name FROM gridmap.street s WHERE %(all)s OR s.id = ANY (%(streets)s) ORDER BY s.code
"""
COMMUNITIES = """
SELECT c.id, c.name FROM gridmap.community c WHERE c.street_id = %(street)s
  AND (%(of)s::bigint[] IS NULL OR c.id = ANY (%(of)s)) ORDER BY c.code
"""
MOST_ESTATES = 300
TEMPLATES = """
SELECT t.id, t.street_id, t.kind, t.title, t.body, t.revision, k.title AS kind_title, k.title_en AS kind_title_en
FROM gridmap.answer_template t LEFT JOIN gridmap.incident_kind k ON k.code = t.kind
WHERE t.street_id = %(street)s AND (%(kind)s::text IS NULL OR t.kind IS NULL OR t.kind = %(kind)s)
ORDER BY t.kind NULLS LAST, t.sort, t.title, t.id
"""


def read_kinds(connection: Connection) -> list[Row]:
    """Every kind with its class and its limits: {"1": {"minutes", "clock"}, …}."""
    return connection.execute(KINDS).fetchall()


def read_classes(connection: Connection) -> list[Row]:
    """The classes, in their order."""
    return connection.execute("SELECT code, title, title_en FROM gridmap.incident_class ORDER BY sort, code").fetchall()


def read_stages(connection: Connection) -> dict[str, int]:
    """Within how many working minutes the office itself should act, by stage."""
    rows = connection.execute("SELECT code, minutes FROM gridmap.incident_stage").fetchall()
    return {row["code"]: row["minutes"] for row in rows}


def read_units(connection: Connection, streets: Sequence[int], day: object) -> list[Row]:
    """The organisations that may lead cases of these streets: departments, teams, who manages something there."""
    return connection.execute(UNITS, {"streets": list(streets), "day": day, "most": MOST_UNITS}).fetchall()


def read_departments(connection: Connection, streets: Sequence[int], communities: Sequence[int]) -> list[int]:
    """The departments of these streets and communities, those that no longer are as well: they may have cases."""
    if not streets and not communities:
        return []
    rows = connection.execute(DEPARTMENTS, {"streets": list(streets), "communities": list(communities)}).fetchall()
    return [row["id"] for row in rows]


def read_streets(connection: Connection, streets: Sequence[int] | None) -> list[Row]:
    """These streets, None for all, by code."""
    return connection.execute(STREETS, {"all": streets is None, "streets": list(streets or ())}).fetchall()


def read_communities(connection: Connection, street_id: int, some: Sequence[int] | None) -> list[Row]:
    """The communities of a street, or some of them, by code."""
    return connection.execute(COMMUNITIES, {"street": street_id, "of": list(some) if some else None}).fetchall()


def read_estates(connection: Connection, viewer: Viewer, street_id: int, community_id: int | None) -> list[Row]:
    """The estates of a street or community that the viewer sees, by code."""
    text, constants = estates_statement(viewer.reach.shape, community_id is not None)
    values = lock_values(viewer) | {"street": street_id, "community": community_id}
    return connection.execute(text, constants | values).fetchall()


@lru_cache(maxsize=32)
def estates_statement(shape: tuple[str, ...], in_community: bool) -> tuple[str, dict[str, Any]]:
    """The SQL of the estates that can be chosen."""
    here = [place.c.street_id == bindparam("street", type_=Integer), is_kind(place, "estate")]
    if in_community:
        here.append(place.c.community_id == bindparam("community", type_=BigInteger))
    chosen = select(place.c.id, place.c.name).where(*here, locked(place, reach_of_shape(shape)))
    return compiled(chosen.order_by(place.c.code).limit(MOST_ESTATES))


def read_templates(connection: Connection, street_id: int, kind: str | None = None) -> list[Row]:
    """The templates of answers of a street; of a kind, with those for every kind."""
    return connection.execute(TEMPLATES, {"street": street_id, "kind": kind}).fetchall()


def read_name(connection: Connection, table: str, identity: int) -> str | None:
    """The name of a community, or of a place that is seen."""
    texts: dict[str, str] = {
        "community": "SELECT name FROM gridmap.community WHERE street_id = %s AND id = %s",
        "place": "SELECT name FROM gridmap.place WHERE street_id = %s AND id = %s",
    }
    row: dict[str, Any] | None = connection.execute(texts[table], (identity >> 32, identity)).fetchone()
    return row["name"] if row else None
