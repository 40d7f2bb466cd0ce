"""Who may see what: the signed-in account becomes a Viewer; every read takes one.

Two locks: `predicate()` composes the fast one into each query, `Viewer.settings` feeds row security, the second.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Integer, bindparam, false, or_
from sqlalchemy.dialects.postgresql import INT4MULTIRANGE
from sqlalchemy.sql import ColumnElement, FromClause, func

from gridmap.db import SYSTEM, Database
from gridmap.db.pools import Connection, viewer_prologue
from gridmap.layer import ON_DUTY, Layer, Role, Scoped

SCOPE_COLUMNS = ("street_id", "place_id", "community_id", "grid_id", "micro_grid_id", "estate_id", "parties")
"""The columns that the first lock reads; place_id where a row's own id is not the place's, parties of cases."""
SUBTREES = ("streets", "communities", "grids", "estates", "places")
UNSCOPED_ROLES = frozenset({Role.ADMINISTRATOR})
"""Roles that add no rows where another role of the account does."""


class UnknownAccount(Exception):
    """The account does not exist, is disabled, or holds no grant that is valid now."""


@dataclass(frozen=True, kw_only=True)
class Reach:
    """The subtrees that a viewer may see; ids sorted. `is_city` stands for everything.

    `people` are the viewer and, for roles on duty, those who hold or held something in it, but for those who belong to
    a whole street or community in it anyway; `near` are the streets in which something is seen. Of the estates, those
    that are `managed` are seen through one of the viewer's `organisations` alone: their places, but of their cases only
    those that the organisation was given.
    """

    is_city: bool = False
    streets: tuple[int, ...] = ()
    communities: tuple[int, ...] = ()
    grids: tuple[int, ...] = ()
    estates: tuple[int, ...] = ()
    places: tuple[int, ...] = ()
    organisations: tuple[int, ...] = ()
    managed: tuple[int, ...] = ()
    people: tuple[int, ...] = ()
    near: tuple[int, ...] = ()

    @property
    def is_empty(self) -> bool:
        """True where nothing may be seen."""
        return not self.is_city and not any(getattr(self, name) for name in (*SUBTREES, "organisations"))

    @property
    def shape(self) -> tuple[str, ...]:
        """Which kinds of ids are there: queries of one shape share their text."""
        if self.is_city:
            return ("city",)
        return tuple(name for name in (*SUBTREES, "organisations") if getattr(self, name))

    @property
    def own_estates(self) -> tuple[int, ...]:
        """The estates whose cases are seen as well."""
        managed = frozenset(self.managed)
        return tuple(identity for identity in self.estates if identity not in managed)

    def covers(self, row: Mapping[str, Any]) -> bool:
        """Whether a row with scope columns lies in one of the subtrees: what `predicate()` says of a row in SQL."""
        return (
            self.is_city
            or row["street_id"] in self.streets
            or row["community_id"] in self.communities
            or row["grid_id"] in self.grids
            or row["micro_grid_id"] in self.grids
            or row["estate_id"] in self.estates
            or row["place_id"] in self.places
        )


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """The signed-in account as the reading side knows it."""

    account_id: int
    username: str
    title: str
    locale: str
    roles: frozenset[Role]
    reach: Reach
    person_id: int | None = None
    stands_in_for: tuple[int, ...] = ()
    """People who are away now, whose places count as the viewer's own in the meantime."""
    must_change_password: bool = False

    @property
    def administers(self) -> bool:
        """True for administrators: accounts and settings."""
        return Role.ADMINISTRATOR in self.roles

    @cached_property
    def reading_roles(self) -> frozenset[Role]:
        """The roles that bring rows; an attribute is shown only if each of them may see it."""
        return (self.roles - UNSCOPED_ROLES) or self.roles

    @cached_property
    def settings(self) -> Mapping[str, str]:
        """What row security reads, set for one transaction; what is empty is left out and lets nothing through."""
        reach = self.reach
        found = {
            "scope": "city" if reach.is_city else "some",
            "account": str(self.account_id),
            "administers": "on" if self.administers else "",
            "streets": _ranges(reach.streets),
            "near": _ranges(reach.near),
            "self": _listed([self.person_id] if self.person_id else []),
            "organisations": _array(reach.organisations) if reach.organisations else "",
            **{name: _listed(getattr(reach, name)) for name in (*SUBTREES[1:], "own_estates", "people")},
        }
        return {name: value for name, value in found.items() if value}

    @cached_property
    def prologue(self) -> bytes:
        """`BEGIN` and the SET LOCAL literals of this viewer."""
        return viewer_prologue(self.settings)

    @cached_property
    def key(self) -> str:
        """Equal for viewers who see the same: part of every cache key and ETag."""
        words = "|".join([repr(self.reach), ",".join(sorted(self.reading_roles))])
        return hashlib.blake2b(words.encode(), digest_size=12).hexdigest()

    def may_see(self, layer: Layer, name: str) -> bool:
        """Whether the attribute of the layer leaves the server for this viewer."""
        return self.reading_roles <= layer.attributes[name].seen_by

    @cached_property
    def parameters(self) -> Mapping[str, Any]:
        """The values of the bind parameters that `predicate()` uses: arrays as PostgreSQL writes them.

        Written once for each viewer: turning hundreds of ids into an array takes longer than a small tile.
        """
        reach = self.reach
        found = {f"scope_{name}": _array(getattr(reach, name)) for name in (*reach.shape, "near") if name != "city"}
        if reach.estates:
            found["scope_own_estates"] = _array(reach.own_estates)
        return found | {f"{name}_ranges": _ranges(getattr(reach, name)) or "{}" for name in RANGED}


def _listed(ids: Collection[int]) -> str:
    """`,5,6,`: what row security searches for an id with its commas; empty where there is none."""
    return "," + "".join(f"{identity}," for identity in ids) if ids else ""


def _ranges(ids: Iterable[int]) -> str:
    """`{[1,4),[7,8)}`: sorted ids as PostgreSQL's multirange, neighbours together; empty where there is none."""
    runs: list[list[int]] = []
    for identity in ids:
        if runs and runs[-1][1] == identity:
            runs[-1][1] += 1
        else:
            runs.append([identity, identity + 1])
    return "{" + ",".join(f"[{start},{end})" for start, end in runs) + "}" if runs else ""


def _array(ids: Iterable[int]) -> str:
    """`{1,2}`: PostgreSQL's own way to write an array."""
    return "{" + ",".join(str(identity) for identity in ids) + "}"


def reach_of_shape(shape: tuple[str, ...]) -> Reach:
    """A reach of that shape without ids, for composing the text of a query that all such viewers share."""
    is_city = shape == ("city",)
    some = {name: (0,) if name in shape else () for name in (*SUBTREES, "organisations")}
    return Reach(is_city=is_city, near=(0,), **some)


RANGED = ("streets", "near")


def _among(column: ColumnElement[Any], name: str, *, is_picked: bool) -> ColumnElement[bool]:
    if name not in RANGED:
        return column == func.any(bindparam(f"scope_{name}", type_=ARRAY(BigInteger)))
    if not is_picked:
        return column == func.any(bindparam(f"scope_{name}", type_=ARRAY(Integer)))
    found: ColumnElement[bool] = column.op("<@")(bindparam(f"{name}_ranges", type_=INT4MULTIRANGE()))
    return found


def predicate(
    scoped_by: Scoped | None, rows: FromClause, reach: Reach, *, is_picked: bool = False
) -> ColumnElement[bool] | None:
    """The first lock for these rows; None where everything may be seen, false where nothing may.

    `is_picked`: another condition picks the rows by its own index, so streets are looked up in ranges, row by row; an
    array would be tried against an index, hundreds of streets for each row. Sources of the rule: a row without a grid
    belongs to its community; micro grids count as grids.
    """
    if scoped_by is None or reach.is_city:
        return None
    if scoped_by is Scoped.STREET:
        return _among(rows.c.street_id, "near", is_picked=is_picked)
    columns = {
        "streets": ("street_id",),
        "communities": ("community_id",),
        "grids": ("grid_id", "micro_grid_id"),
        "estates": ("estate_id",),
        "places": ("place_id" if "place_id" in rows.c else "id",),
    }
    shape = [name for name in SUBTREES if name in reach.shape]
    if scoped_by is Scoped.CASE:
        columns["own_estates"] = columns["estates"]
        shape = ["own_estates" if name == "estates" else name for name in shape]
    parts = [_among(rows.c[column], name, is_picked=is_picked) for name in shape for column in columns[name]]
    if scoped_by is Scoped.CASE and reach.organisations:
        parts.append(rows.c.parties.bool_op("&&")(bindparam("scope_organisations", type_=ARRAY(BigInteger))))
    return or_(*parts) if parts else false()


ACCOUNT = """
SELECT a.id, a.username, a.title, a.locale, a.person_id, a.must_change_password
FROM gridmap.account a WHERE a.id = %(account)s AND a.disabled_at IS NULL
"""
GRANTS = """
SELECT role, level, street_id, target_id, organisation_id
FROM gridmap.account_grant WHERE account_id = %(account)s AND valid @> %(now)s::timestamptz
"""
STANDS_IN_FOR = """
SELECT person_id FROM gridmap.absence
WHERE street_id = %(street)s AND substitute_id = %(person)s AND valid @> %(now)s::timestamptz
ORDER BY person_id
"""
HELD = """
WITH held AS (
  SELECT p.* FROM gridmap.assignment a
  JOIN gridmap.place p ON p.street_id = a.street_id AND p.id = a.place_id
  WHERE a.street_id = %(street)s AND a.person_id = ANY (%(people)s) AND a.valid @> %(now)s::timestamptz
)
SELECT kind, id FROM held
UNION SELECT 'stairwell', c.id FROM held JOIN gridmap.place c ON c.street_id = held.street_id AND c.parent_id = held.id
  WHERE held.kind = 'building'
UNION SELECT 'around', unnest(ARRAY[parent_id, grid_id, micro_grid_id, estate_id]) FROM held
  WHERE kind IN ('building', 'stairwell', 'facility', 'zone')
"""
MANAGED = """
SELECT e.street_id, e.place_id FROM gridmap.estate e WHERE e.property_id = ANY (%(organisations)s)
UNION
SELECT o.street_id, o.place_id FROM gridmap.organisation_place o
JOIN gridmap.place p ON p.street_id = o.street_id AND p.id = o.place_id AND p.kind = 'estate'
WHERE o.organisation_id = ANY (%(organisations)s) AND o.valid @> %(now)s::timestamptz::date
"""
WHERE_KNOWN = """
SELECT street_id FROM gridmap.organisation WHERE id = ANY (%(organisations)s) AND street_id IS NOT NULL
UNION
SELECT street_id FROM gridmap.party WHERE organisation_id = ANY (%(organisations)s) AND until IS NULL
"""
SUB_ESTATES = """
SELECT id FROM gridmap.place WHERE street_id = ANY (%(streets)s) AND kind = 'estate' AND parent_id = ANY (%(estates)s)
"""
PEOPLE = """
SELECT DISTINCT a.person_id
FROM gridmap.assignment a JOIN gridmap.person p ON p.street_id = a.street_id AND p.id = a.person_id
WHERE a.street_id = ANY (%(near)s)
  AND (a.community_id = ANY (%(communities)s) OR a.grid_id = ANY (%(grids)s) OR a.micro_grid_id = ANY (%(grids)s)
       OR a.estate_id = ANY (%(estates)s) OR a.place_id = ANY (%(places)s))
  AND NOT (p.street_id = ANY (%(streets)s) OR coalesce(p.community_id = ANY (%(communities)s), false))
"""


def viewer_of(database: Database, account_id: int, now: datetime) -> Viewer:
    """The account's Viewer at the business time `now`. Raises UnknownAccount where there is nothing to see with.

    Reads as the system, since sight is what it finds out; nothing but the Viewer leaves it.
    """
    with database.transaction(SYSTEM) as connection:
        values = {"account": account_id, "now": now}
        account = connection.execute(ACCOUNT, values).fetchone()
        grants = connection.execute(GRANTS, values).fetchall()
        if account is None or not grants:
            raise UnknownAccount(account_id)
        roles = frozenset(Role(grant["role"]) for grant in grants)
        reading = [grant for grant in grants if len(roles) == 1 or Role(grant["role"]) not in UNSCOPED_ROLES]
        person = account["person_id"]
        holds = person is not None and any(grant["level"] == "held" for grant in reading)
        away = _stood_in_for(connection, person, now) if holds else ()
        return Viewer(
            account_id=account["id"],
            username=account["username"],
            title=account["title"],
            locale=account["locale"],
            person_id=person,
            stands_in_for=away,
            must_change_password=account["must_change_password"],
            roles=roles,
            reach=_reach(connection, reading, person, away, now),
        )


def area_of(connection: Connection, grants: Collection[Mapping[str, Any]], person: int | None, now: datetime) -> Reach:
    """Where somebody acts by these grants alone (rows of account_grant): what else the account sees is not in it.

    Organisations bring nothing: what they manage is seen, but nobody is on duty there by that.
    """
    if any(grant["level"] == "city" for grant in grants):
        return Reach(is_city=True)
    holds = person is not None and any(grant["level"] == "held" for grant in grants)
    away = _stood_in_for(connection, person, now) if holds and person is not None else ()
    ids = {name: tuple(sorted(found)) for name, found in _subtrees(connection, grants, person, away, now).items()}
    return Reach(
        streets=ids["streets"],
        communities=ids["communities"],
        grids=ids["grids"],
        estates=ids["estates"],
        places=ids["places"],
    )


def _stood_in_for(connection: Connection, person: int, now: datetime) -> tuple[int, ...]:
    """Those who are away and for whom the person stands in; not those for whom they in turn do."""
    rows = connection.execute(STANDS_IN_FOR, {"street": person >> 32, "person": person, "now": now}).fetchall()
    return tuple(row["person_id"] for row in rows)


def _reach(
    connection: Connection, grants: list[dict[str, Any]], person: int | None, away: tuple[int, ...], now: datetime
) -> Reach:
    if any(grant["level"] == "city" for grant in grants):
        return Reach(is_city=True)
    found = _subtrees(connection, grants, person, away, now)
    organisations = sorted({grant["organisation_id"] for grant in grants if grant["level"] == "organisation"})
    managed = _managed(connection, organisations, now) - found["estates"]
    found["estates"] |= managed
    near = _streets_of(found)
    if organisations:
        rows = connection.execute(WHERE_KNOWN, {"organisations": organisations}).fetchall()
        near = sorted({*near, *(row["street_id"] for row in rows)})
    ids = {name: tuple(sorted(found[name])) for name in found}
    people = {person} if person is not None else set()
    # who is not told who is responsible need not know those who come from elsewhere: a company may manage thousands
    is_told = {Role(grant["role"]) for grant in grants} <= ON_DUTY
    if is_told and any(ids[name] for name in ids if name != "streets"):
        rows = connection.execute(PEOPLE, {name: list(ids[name]) for name in ids} | {"near": near}).fetchall()
        people.update(row["person_id"] for row in rows)
    return Reach(
        streets=ids["streets"],
        communities=ids["communities"],
        grids=ids["grids"],
        estates=ids["estates"],
        places=ids["places"],
        organisations=tuple(organisations),
        managed=tuple(sorted(managed)),
        people=tuple(sorted(people)),
        near=tuple(near),
    )


def _subtrees(
    connection: Connection,
    grants: Collection[Mapping[str, Any]],
    person: int | None,
    away: tuple[int, ...],
    now: datetime,
) -> dict[str, set[int]]:
    """What the grants name themselves, and what is held, with the sub-estates of its estates."""
    found: dict[str, set[int]] = {name: set() for name in SUBTREES}
    plural = {"community": "communities", "grid": "grids", "estate": "estates"}
    for grant in grants:
        if grant["level"] == "street":
            found["streets"].add(grant["street_id"])
        elif grant["level"] in plural:
            found[plural[grant["level"]]].add(grant["target_id"])
    if person is not None and any(grant["level"] == "held" for grant in grants):
        _add_held(connection, found, (person, *away), now)
    _add_sub_estates(connection, found["estates"])
    return found


def _managed(connection: Connection, organisations: list[int], now: datetime) -> set[int]:
    if not organisations:
        return set()
    rows = connection.execute(MANAGED, {"organisations": organisations, "now": now}).fetchall()
    estates = {row["place_id"] for row in rows}
    _add_sub_estates(connection, estates)
    return estates


def _add_sub_estates(connection: Connection, estates: set[int]) -> None:
    if estates:
        streets = sorted({identity >> 32 for identity in estates})
        rows = connection.execute(SUB_ESTATES, {"streets": streets, "estates": list(estates)}).fetchall()
        estates.update(row["id"] for row in rows)


def _add_held(connection: Connection, found: dict[str, set[int]], people: tuple[int, ...], now: datetime) -> None:
    rows = connection.execute(HELD, {"street": people[0] >> 32, "people": list(people), "now": now}).fetchall()
    kinds = {"grid": "grids", "estate": "estates"}
    for row in rows:
        if row["id"] is not None:
            found[kinds.get(row["kind"], "places")].add(row["id"])


def _streets_of(found: Mapping[str, set[int]]) -> list[int]:
    others = {identity >> 32 for name, ids in found.items() if name != "streets" for identity in ids}
    return sorted(found["streets"] | others)
