"""The draft of a community's next edition: its places as it would have them, and who may draw."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import shapely
from psycopg.types.json import Jsonb
from shapely.geometry.base import BaseGeometry

from gridmap.accounts import Actor
from gridmap.accounts.leading import read_lead
from gridmap.db.pools import Connection
from gridmap.places.shapes import ShapeProblem

KINDS = ("grid", "estate", "building", "stairwell", "facility")
COMMUNITY = """
SELECT street_id, id, code, name, public.st_asbinary(public.st_collectionextract(public.st_makevalid(geom), 3)) AS shape
FROM gridmap.community WHERE street_id = %s AND id = %s
"""
DRAFT = """
SELECT * FROM gridmap.edition WHERE street_id = %s AND community_id = %s AND state = 'draft' FOR NO KEY UPDATE
"""
START = """
INSERT INTO gridmap.edition (street_id, id, community_id, changed_at, changed_by) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""
GROUND = """
SELECT p.id, p.kind, p.code, p.name, p.revision, 'none' AS action, p.grid_id, p.estate_id, '{}'::bigint[] AS formers,
  public.st_asbinary(p.geom) AS shape, NULL::bytea AS was_shape, NULL::jsonb AS was,
  jsonb_strip_nulls(jsonb_build_object('type', g.type, 'kind', coalesce(b.kind, f.kind), 'parent_id', p.parent_id))
    AS details
FROM gridmap.place p
LEFT JOIN gridmap.grid g ON g.street_id = p.street_id AND g.place_id = p.id
LEFT JOIN gridmap.building b ON b.street_id = p.street_id AND b.place_id = p.id
LEFT JOIN gridmap.facility f ON f.street_id = p.street_id AND f.place_id = p.id
WHERE p.street_id = %(street)s AND p.community_id = %(community)s AND p.kind = ANY (%(kinds)s) AND upper_inf(p.valid)
  AND NOT EXISTS (SELECT FROM gridmap.edition_place e
    WHERE e.street_id = p.street_id AND e.edition_id = %(edition)s AND e.place_id = p.id)
UNION ALL
SELECT e.place_id, e.kind, e.code, e.name, e.seen_revision, e.action, NULL, NULL, e.formers,
  public.st_asbinary(e.geom), public.st_asbinary(p.geom), e.was, e.details
FROM gridmap.edition_place e
LEFT JOIN gridmap.place p ON p.street_id = e.street_id AND p.id = e.place_id AND upper_inf(p.valid)
WHERE e.street_id = %(street)s AND e.edition_id = %(edition)s AND e.kind = ANY (%(kinds)s)
ORDER BY 2, 3 NULLS LAST, 1
"""
"""The shape before is that which stands now: another edition may have changed it since this one was drawn."""
PUT = """
INSERT INTO gridmap.edition_place (street_id, edition_id, place_id, action, kind, code, name, details, formers, was,
  was_geom, seen_revision, geom, community_id)
VALUES (%(street)s, %(edition)s, %(id)s, %(action)s, %(kind)s, %(code)s, %(name)s, %(details)s, %(formers)s, %(was)s,
  public.st_geomfromwkb(%(was_shape)s, 4326), %(revision)s, public.st_geomfromwkb(%(shape)s, 4326), %(community)s)
ON CONFLICT (street_id, edition_id, place_id) DO UPDATE SET action = excluded.action, code = excluded.code,
  name = excluded.name, details = excluded.details, formers = excluded.formers, geom = excluded.geom
"""


@dataclass(frozen=True, kw_only=True)
class Community:
    """The community whose register is drawn; `shape`: its outline, where one is known."""

    street_id: int
    id: int
    code: str
    name: str
    shape: BaseGeometry | None


@dataclass(frozen=True, kw_only=True)
class Drafted:
    """A place as the draft has it. `action`: add, change, end or none; `revision` None: it is new."""

    id: int
    kind: str
    name: str
    code: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    shape: BaseGeometry | None = None
    action: str = "none"
    formers: tuple[int, ...] = ()
    revision: int | None = None
    was: Mapping[str, Any] | None = None
    was_shape: BaseGeometry | None = None

    @property
    def is_tile(self) -> bool:
        """Whether it is one of the grids that partition the community."""
        return self.kind == "grid" and self.details.get("type") != "micro"

    @property
    def roots(self) -> tuple[int, ...]:
        """The places of today on whose ground it stands: itself if it is one, and those whose ground came to it."""
        return self.formers if self.revision is None else (self.id, *self.formers)


@dataclass(kw_only=True)
class Draft:
    """An edition that is being drawn, with everything of the community that may be drawn."""

    community: Community
    id: int
    revision: int
    steps: list[dict[str, Any]]
    places: dict[int, Drafted]

    @property
    def done(self) -> list[dict[str, Any]]:
        """The steps that were taken and not taken back."""
        return [step for step in self.steps if "is_back" not in step]

    @property
    def undone(self) -> list[dict[str, Any]]:
        """The steps that were taken back, the next to be taken again first."""
        return [step for step in self.steps if "is_back" in step]

    @property
    def last(self) -> dict[str, Any] | None:
        """The last step that can be taken back: that knows what was before."""
        return next((step for step in reversed(self.done) if "rows" in step), None)

    def standing(self, kind: str | None = None) -> dict[int, Drafted]:
        """The places that stand in the draft, of a kind or all."""
        return {
            one.id: one for one in self.places.values() if one.action != "end" and (kind is None or one.kind == kind)
        }

    def tiles(self) -> dict[int, Drafted]:
        """The grids that partition the community, with a shape."""
        return {key: one for key, one in self.standing("grid").items() if one.is_tile and one.shape is not None}

    def inner(self, tile: Drafted) -> dict[int, Drafted]:
        """The micro grids whose middle lies in that grid, with a shape."""
        return {
            key: one
            for key, one in self.standing("grid").items()
            if not one.is_tile
            and one.shape is not None
            and tile.shape is not None
            and tile.shape.covers(one.shape.representative_point())
        }

    def get(self, place_id: int) -> Drafted:
        """A place that stands. Raises LookupError."""
        return self.standing()[place_id]


def read_community(connection: Connection, community_id: int) -> Community:
    """The community. Raises LookupError where the viewer is near none of that id."""
    row = connection.execute(COMMUNITY, (community_id >> 32, community_id)).fetchone()
    if row is None:
        raise LookupError(community_id)
    return Community(**row | {"shape": _shape(row["shape"])})


def read_draft(connection: Connection, community_id: int, edition_id: int = 0) -> Draft:
    """The draft of the community as it is, or an empty one; nothing is written. `edition_id`: that edition instead."""
    community = read_community(connection, community_id)
    row = connection.execute(
        "SELECT id, revision, steps FROM gridmap.edition WHERE street_id = %s AND community_id = %s"
        " AND CASE WHEN %s > 0 THEN id = %s ELSE state = 'draft' END",
        (community.street_id, community_id, edition_id, edition_id),
    ).fetchone() or {"id": 0, "revision": 0, "steps": []}
    return _whole(connection, community, row)


def open_draft(connection: Connection, by: Actor, community_id: int, *, revision: int) -> Draft:
    """The draft of the community, locked for drawing; it is begun where there is none.

    Raises LookupError, ShapeProblem("not_yours" | "changed").
    """
    community = read_community(connection, community_id)
    must_draw(connection, by, community)
    key = (community.street_id, community.id)
    connection.execute(
        START,
        (community.street_id, next_id(connection, community.street_id), community.id, by.business_at, by.account_id),
    )
    row = connection.execute(DRAFT, key).fetchone()
    if row is None:
        raise LookupError(community_id)
    if row["steps"] and row["revision"] != revision:
        raise ShapeProblem("changed")
    return _whole(connection, community, row)


def next_id(connection: Connection, street_id: int) -> int:
    """An id of the street that nothing has yet."""
    row = connection.execute(
        "SELECT %s::bigint * 4294967296 + nextval('gridmap.serial') AS id", (street_id,)
    ).fetchone()
    return int((row or {})["id"])


def put_places(connection: Connection, draft: Draft, places: Iterable[Drafted]) -> None:
    """Write what the draft makes of these places."""
    for one in places:
        before = draft.places.get(one.id)
        was, was_shape = one.was, one.was_shape
        if was is None and before is not None and before.action == "none":
            was = {"code": before.code, "name": before.name, "details": dict(before.details)}
            was_shape = before.shape
        connection.execute(
            PUT,
            {
                "street": draft.community.street_id,
                "edition": draft.id,
                "community": draft.community.id,
                "id": one.id,
                "action": one.action,
                "kind": one.kind,
                "code": one.code,
                "name": one.name,
                "details": Jsonb(dict(one.details)),
                "formers": list(one.formers),
                "was": None if was is None else Jsonb(dict(was)),
                "was_shape": None if was_shape is None else shapely.to_wkb(was_shape),
                "revision": one.revision,
                "shape": None if one.shape is None else shapely.to_wkb(one.shape),
            },
        )


def forget_places(connection: Connection, draft: Draft, ids: Iterable[int]) -> None:
    """Take places out of the draft: they are as they were, or were never there."""
    connection.execute(
        "DELETE FROM gridmap.edition_place WHERE street_id = %s AND edition_id = %s AND place_id = ANY (%s)",
        (draft.community.street_id, draft.id, list(ids)),
    )


def must_draw(connection: Connection, by: Actor, community: Community) -> None:
    """Raises ShapeProblem("not_yours") for who neither leads there nor plans there."""
    if by.account_id is None or may_publish(connection, by, community):
        return
    row = connection.execute(
        "SELECT FROM gridmap.account_grant WHERE account_id = %s AND role = 'planner' AND valid @> %s::timestamptz"
        " AND (level = 'city' OR level = 'street' AND street_id = %s OR level = 'community' AND target_id = %s)"
        " LIMIT 1",
        (by.account_id, by.business_at, community.street_id, community.id),
    ).fetchone()
    if row is None:
        raise ShapeProblem("not_yours")


def may_publish(connection: Connection, by: Actor, community: Community) -> bool:
    """Whether the actor leads the community or its street: who answers for the people there."""
    if by.account_id is None:
        return True
    return read_lead(connection, by.account_id, by.business_at).leads(community.street_id, community.id)


def _whole(connection: Connection, community: Community, row: Mapping[str, Any]) -> Draft:
    values = {"street": community.street_id, "community": community.id, "edition": row["id"], "kinds": list(KINDS)}
    found = connection.execute(GROUND, values).fetchall()
    return Draft(
        community=community,
        id=row["id"],
        revision=row["revision"],
        steps=list(row["steps"]),
        places={
            one["id"]: Drafted(
                id=one["id"],
                kind=one["kind"],
                name=one["name"],
                code=one["code"],
                details=one["details"],
                shape=_shape(one["shape"]),
                action=one["action"],
                formers=tuple(one["formers"]),
                revision=None if one["action"] == "add" else one["revision"],
                was=one["was"],
                was_shape=_shape(one["was_shape"]),
            )
            for one in found
        },
    )


def _shape(wkb: bytes | None) -> BaseGeometry | None:
    if wkb is None:
        return None
    shape = shapely.from_wkb(bytes(wkb))
    return None if shape.is_empty else shape
