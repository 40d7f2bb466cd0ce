"""Parking zones and gates drawn on the map, and corrected; what they lie in follows from their shape."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from psycopg.types.json import Jsonb
from shapely.geometry import Point, Polygon
from shapely.geometry.base import BaseGeometry

from gridmap.accounts import Actor
from gridmap.accounts.leading import read_lead
from gridmap.audit import announce, write_audit
from gridmap.clock import OFFICE
from gridmap.db.pools import Connection
from gridmap.pinyin import initials
from gridmap.places.belonging import PLACES, Where, keep_boundary, keep_membership, own_anew, where_lies
from gridmap.places.shapes import ShapeProblem, as_geojson
from gridmap.plain import is_name

MOST_NAME, MOST_CAPACITY = 60, 20_000
OUTSIDE_SHARE, OVERLAP_SHARE = 0.01, 0.1
"""So much of a zone may reach over its community or street, which are drawn by hand, too; and over another zone."""
SITES = ("ground", "kerb", "garage")
"""Where cars stand; a garage may lie below a zone in the open."""
LAYERS = ("parking", "places")
GATE = "gate"
EXTENT = """
SELECT public.st_isvalid(d.shape) AS is_valid, o.name, o.is_street, CASE WHEN public.st_isvalid(d.shape) THEN
  public.st_area(public.st_difference(d.shape, public.st_collectionextract(public.st_makevalid(o.geom), 3)))
  / nullif(public.st_area(d.shape), 0) END AS outside
FROM (SELECT public.st_geomfromwkb(%(shape)s, 4326) AS shape) d
LEFT JOIN (
  SELECT name, geom, true AS is_street FROM gridmap.street WHERE id = %(street)s
  UNION ALL
  SELECT name, geom, false FROM gridmap.community WHERE street_id = %(street)s AND id = %(community)s
) o ON o.geom IS NOT NULL
ORDER BY o.is_street DESC
"""
OVERLAP = """
SELECT p.name, public.st_area(public.st_intersection(p.geom, d.shape))
  / least(public.st_area(p.geom), public.st_area(d.shape)) AS share
FROM (SELECT public.st_geomfromwkb(%(shape)s, 4326) AS shape) d
JOIN gridmap.place p ON p.street_id = %(street)s AND p.kind = 'zone' AND p.geom && d.shape
JOIN gridmap.zone z ON z.street_id = p.street_id AND z.place_id = p.id
WHERE p.id <> %(self)s AND upper_inf(p.valid) AND public.st_dimension(p.geom) = 2 AND public.st_isvalid(p.geom)
  AND coalesce(z.details ->> 'site', 'ground') = %(site)s
ORDER BY share DESC, p.id LIMIT 1
"""
ROW = """
SELECT p.*, public.st_asbinary(p.geom) AS shape, z.capacity, coalesce(z.details ->> 'site', 'ground') AS site,
  f.kind AS facility_kind
FROM gridmap.place p
LEFT JOIN gridmap.zone z ON z.street_id = p.street_id AND z.place_id = p.id
LEFT JOIN gridmap.facility f ON f.street_id = p.street_id AND f.place_id = p.id
WHERE p.street_id = %s AND p.id = %s AND (p.kind = 'zone' OR f.kind = ANY (%s)) FOR NO KEY UPDATE OF p
"""
"""`capacity` and `site` of a zone; a gate has a `facility_kind`."""
USED = """
SELECT coalesce(max(substr(code, length(%(head)s) + 1)::integer), 0) AS used FROM gridmap.place
WHERE street_id = %(street)s AND kind = %(kind)s AND starts_with(code, %(head)s)
  AND substr(code, length(%(head)s) + 1) ~ '^[0-9]{1,6}$'
"""
ADD = """
INSERT INTO gridmap.place (street_id, id, kind, code, name, initials, community_id, grid_id, micro_grid_id, estate_id,
  valid, geom, changed_at, changed_by)
VALUES (%(street)s, %(street)s::bigint * 4294967296 + nextval('gridmap.serial'), %(kind)s, %(code)s, %(name)s,
  %(initials)s, %(community_id)s, %(grid_id)s, %(micro_grid_id)s, %(estate_id)s, daterange(%(today)s, NULL),
  public.st_geomfromwkb(%(shape)s, 4326), %(now)s, %(account)s)
ON CONFLICT (street_id, kind, code) DO NOTHING RETURNING id
"""
CHANGE = """
UPDATE gridmap.place SET name = %(name)s, initials = %(initials)s, community_id = %(community_id)s,
  grid_id = %(grid_id)s, micro_grid_id = %(micro_grid_id)s, estate_id = %(estate_id)s,
  geom = public.st_geomfromwkb(%(shape)s, 4326), revision = revision + 1, changed_at = %(now)s,
  changed_by = %(account)s
WHERE street_id = %(street)s AND id = %(id)s
"""
PUT_ZONE = """
INSERT INTO gridmap.zone (street_id, place_id, capacity, details) VALUES (%(street)s, %(id)s, %(capacity)s, %(details)s)
ON CONFLICT (street_id, place_id) DO UPDATE
SET capacity = excluded.capacity, details = zone.details || excluded.details
"""
TRIES = 50


@dataclass(frozen=True, kw_only=True)
class DrawnZone:
    """A parking zone as somebody drew it; `capacity`: places for cars, None where nobody knows."""

    name: str
    shape: Polygon
    capacity: int | None = None
    site: str = "ground"


@dataclass(frozen=True, kw_only=True)
class DrawnGate:
    """A gate as somebody set it on the map."""

    name: str
    shape: Point


Drawn = DrawnZone | DrawnGate


def add_drawn(connection: Connection, by: Actor, drawn: Drawn) -> int:
    """Put a zone or a gate on the register, and give its id; its code is the next one of its community.

    Raises ShapeProblem with a code of the page's words: "nowhere", "not_yours", "outside", "overlap", "name",
    "capacity", "site", "crossing".
    """
    _check(drawn)
    where = _found(connection, drawn.shape)
    must_lead(connection, by, where.street_id, where.community_id)
    _fits(connection, drawn, where, 0)
    values = _values(by, drawn, where)
    place_id = _insert(connection, drawn, where, values)
    _write_particular(connection, drawn, values | {"id": place_id})
    keep_membership(connection, where, place_id, values["today"])
    if isinstance(drawn, DrawnZone):
        keep_boundary(connection, where.street_id, place_id, values["today"])
    own_anew(connection, where.street_id, values["today"])
    _record(connection, by, drawn, where.street_id, place_id, before=None)
    return place_id


def change_drawn(connection: Connection, by: Actor, place_id: int, drawn: Drawn, *, revision: int) -> None:
    """Correct a zone or a gate: its name, its shape, and so what it lies in; what was is kept with its days.

    Raises LookupError where the viewer sees none, and as `add_drawn`; also "changed", "ended", and "elsewhere" where
    it would lie in another street.
    """
    _check(drawn)
    row = read_drawn(connection, place_id)
    is_zone = isinstance(drawn, DrawnZone)
    if (row["kind"] == "zone") != is_zone:
        raise ShapeProblem("not_an_area" if row["kind"] == "zone" else "not_a_point")
    must_lead(connection, by, row["street_id"], row["community_id"])
    must_stand(row)
    if row["revision"] != revision:
        raise ShapeProblem("changed")
    where = _found(connection, drawn.shape)
    if where.street_id != row["street_id"]:
        raise ShapeProblem("elsewhere")
    must_lead(connection, by, where.street_id, where.community_id)
    _fits(connection, drawn, where, place_id)
    before = _words_of_row(row)
    if before == _words(drawn):
        return
    values = _values(by, drawn, where) | {"id": place_id}
    is_moved = any(row[name] != getattr(where, name) for name in PLACES)
    if is_zone:
        # the edition that ends is written before the shape changes, where nobody has yet
        keep_boundary(connection, where.street_id, place_id, values["today"], is_ending=True)
    connection.execute(CHANGE, values)
    _write_particular(connection, drawn, values)
    if is_zone:
        keep_boundary(connection, where.street_id, place_id, values["today"])
    if is_moved:
        keep_membership(connection, where, place_id, values["today"])
        own_anew(connection, where.street_id, values["today"], place_id)
    _record(connection, by, drawn, where.street_id, place_id, before=before)


def read_drawn(connection: Connection, place_id: int) -> dict[str, Any]:
    """A zone or a gate, locked for acting. Raises LookupError where the viewer sees no such one."""
    row = connection.execute(ROW, (place_id >> 32, place_id, [GATE, "barrier"])).fetchone()
    if row is None:
        raise LookupError(place_id)
    return row


def must_stand(row: Mapping[str, Any]) -> None:
    """Raises ShapeProblem("ended") for a zone or gate that has been ended."""
    if row["valid"].isempty or row["valid"].upper is not None:
        raise ShapeProblem("ended")


def _check(drawn: Drawn) -> None:
    if not is_name(drawn.name, MOST_NAME):
        raise ShapeProblem("name", most=MOST_NAME)
    if isinstance(drawn, DrawnGate):
        return
    if drawn.capacity is not None and not 0 <= drawn.capacity <= MOST_CAPACITY:
        raise ShapeProblem("capacity", most=f"{MOST_CAPACITY:,}")
    if drawn.site not in SITES:
        raise ShapeProblem("site")


def _found(connection: Connection, shape: BaseGeometry) -> Where:
    where = where_lies(connection, shape)
    if where is None:
        raise ShapeProblem("nowhere")
    return where


def must_lead(connection: Connection, by: Actor, street_id: int, community_id: int | None) -> None:
    """Raises ShapeProblem("not_yours") for who does not lead there."""
    if by.account_id is None:
        return
    if not read_lead(connection, by.account_id, by.business_at).leads(street_id, community_id):
        raise ShapeProblem("not_yours")


def _fits(connection: Connection, drawn: Drawn, where: Where, self_id: int) -> None:
    """Whether it lies in its street and community, and beside other zones of its kind."""
    if isinstance(drawn, DrawnGate):
        return
    values = {
        "shape": shapely.to_wkb(drawn.shape),
        "street": where.street_id,
        "community": where.community_id,
        "self": self_id,
        "site": drawn.site,
    }
    for outline in connection.execute(EXTENT, values).fetchall():
        if not outline["is_valid"]:
            raise ShapeProblem("crossing")
        if (outline["outside"] or 0) > OUTSIDE_SHARE:
            raise ShapeProblem("outside", share=_percent(outline["outside"]), area=outline["name"])
    other = connection.execute(OVERLAP, values).fetchone()
    if other is not None and other["share"] > OVERLAP_SHARE:
        raise ShapeProblem("overlap", share=_percent(other["share"]), zone=other["name"])


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"


def _values(by: Actor, drawn: Drawn, where: Where) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(where, name) for name in PLACES}
    return values | {
        "street": where.street_id,
        "name": drawn.name.strip(),
        "initials": initials(drawn.name.strip()) or None,
        "shape": shapely.to_wkb(drawn.shape),
        "today": by.business_at.astimezone(OFFICE).date(),
        "now": by.business_at,
        "account": by.account_id,
    }


def _insert(connection: Connection, drawn: Drawn, where: Where, values: Mapping[str, Any]) -> int:
    kind, letter = ("zone", "Z") if isinstance(drawn, DrawnZone) else ("facility", "G")
    head = f"{where.community_code}{letter}"
    told = {**values, "kind": kind, "head": head}
    used = int((connection.execute(USED, told).fetchone() or {"used": 0})["used"])
    for number in range(used + 1, used + 1 + TRIES):
        # a number may be that of a place which the viewer does not see
        row = connection.execute(ADD, told | {"code": f"{head}{number:02d}"}).fetchone()
        if row is not None:
            return int(row["id"])
    raise ShapeProblem("changed")


def _write_particular(connection: Connection, drawn: Drawn, values: Mapping[str, Any]) -> None:
    if isinstance(drawn, DrawnZone):
        told = {"capacity": drawn.capacity, "details": Jsonb({"site": drawn.site})}
        connection.execute(PUT_ZONE, {**values, **told})
        return
    connection.execute(
        "INSERT INTO gridmap.facility (street_id, place_id, kind) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (values["street"], values["id"], GATE),
    )


def _words(drawn: Drawn) -> dict[str, Any]:
    told: dict[str, Any] = {"name": drawn.name.strip(), "shape": as_geojson(drawn.shape)}
    return told | ({"capacity": drawn.capacity, "site": drawn.site} if isinstance(drawn, DrawnZone) else {})


def _words_of_row(row: Mapping[str, Any]) -> dict[str, Any]:
    shape = None if row["shape"] is None else as_geojson(shapely.from_wkb(bytes(row["shape"])))
    told = {"name": row["name"], "shape": shape}
    return told | ({"capacity": row["capacity"], "site": row["site"]} if row["kind"] == "zone" else {})


def _record(
    connection: Connection,
    by: Actor,
    drawn: Drawn,
    street_id: int,
    place_id: int,
    *,
    before: Mapping[str, Any] | None,
) -> None:
    write_audit(
        connection,
        action="draw_place" if before is None else "correct_place",
        subject="place",
        subject_id=place_id,
        street_id=street_id,
        business_at=by.business_at,
        account_id=by.account_id,
        before=before,
        after=_words(drawn),
    )
    announce(connection, street_id, layers_of(drawn))


def layers_of(drawn: Drawn) -> Sequence[str]:
    """The words under which the change is announced."""
    return LAYERS if isinstance(drawn, DrawnZone) else (*LAYERS, "facilities")
