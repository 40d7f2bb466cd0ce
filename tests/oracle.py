"""What each account may see, worked out from the raw tables as their owner, in plain Python.

Never through scope/, read/ or the layers' selects: what is said here is said a second time, from the rules.

- A grant counts while it is valid, for an account that is not disabled. An administrator's grant brings no rows where
  another grant does.
- A row is seen through its street, community, grid, micro grid, estate, or as a place that one holds; an account at
  city level sees all. A row without a grid belongs to its community.
- Who holds a grid or an estate sees what lies in it. Who holds another place sees that place, its stairwells, and the
  building, grid and estate around it, but not what else lies there.
- A property company sees the estates that it manages. Estates bring their sub-estates.
- A case is seen like the place that it lies in; but through an organisation only if it was given to that organisation,
  not because it lies in an estate that it manages. Who reported a case sees it. An organisation's people know the
  streets that it belongs to or has been given a case in.
- Territory is shared: districts, streets and the background map with all, communities with those who see something
  of their street.
- Who has duty by a rota sees what that is for from two hours before the turn until its end, and nothing of it before
  or after: of parking the zones at its place, with the cars of their estates; of anything else the place itself and
  its stairwells.
- A rota, its turns, who has them and what was swapped are seen by all who take part, wherever they are, and with the
  place. Who takes part knows the others by the names that the office shows, and the names of the places; so do those
  who are told who is responsible and see the rota's place.
- Who stands in for somebody who is away has the places of that person, too, as long as the absence lasts; not the
  places of those for whom that person stands in.
- Who is responsible is told to workers, managers and leaders only; with several roles, only what each may know.
- A layer of which an account may know no attribute is not there for it: neither its rows nor its name.
- What a file held besides its own columns is for those who plan, lead or administer, wherever they see the row.
- A person is known through the own community or grid; to those who are told who is responsible also through any place
  that they see and that the person holds or held.
"""

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache, cached_property
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.range import Range

Row = dict[str, Any]
OFFICE = timezone(timedelta(hours=8))

TOLD_WHO = {"worker", "manager", "leader"}
WHO: Mapping[str, set[str]] = {
    "grids": {"worker"},
    "buildings": {"manager"},
    "stairwells": {"held", "manager", "leader"},
    "five_lines": {"code", "name", "state", "line_1", "line_2", "line_3", "line_4", "line_5"},
    "assignments": {"code", "name", "place_kind", "role", "role_title", "unit", "is_primary", "holder", "since"},
}
"""Attributes that say who is responsible."""
WHAT: Mapping[str, set[str]] = {
    "districts": {"code", "name", "city"},
    "streets": {"code", "name", "district"},
    "communities": {"code", "name", "declared_households", "declared_population"},
    "grids": {
        "code", "name", "type", "size", "households", "declared_households", "buildings", "stairwells",
    },
    "estates": {
        "code", "name", "management", "property", "built_year", "declared_households", "households",
        "declared_buildings", "buildings", "stairwells", "declared_population", "site_area_m2", "floor_area_m2",
    },
    "buildings": {
        "code", "name", "kind", "floors", "floors_underground", "built_year", "height_m", "households", "stairwells",
    },
    "stairwells": {"code", "name", "floors", "households"},
    "five_lines": set(),
    "facilities": {"code", "name", "kind", "kind_title", "theme", "state", "installed_on", "level"},
    "assignments": set(),
    "coverage_grids": {"code", "name", "coverage", "due", "done", "excused", "late"},
    "coverage_buildings": {"code", "name", "coverage", "due", "done", "excused", "late"},
    "gaps": {
        "code", "name", "place_kind", "reason", "open", "excused", "due_on", "tasks", "estate", "management",
        "community",
    },
    "incidents": {
        "number", "name", "kind", "class", "severity", "state", "phase", "level", "source", "address", "reported_at",
        "due_at", "handled_at", "closed_at", "late_from", "late_second", "lead",
    },
    "repeat_places": {"code", "name", "kind", "kind_title", "times", "last_at", "often"},
    "incident_density": {"class", "reported_at"},
    "complaints_grids": {"code", "name", "complaints", "households", "per_hundred", "rate"},
    "complaints_estates": {"code", "name", "complaints", "households", "per_hundred", "rate"},
    "in_grid_resolution": {"code", "name", "closed", "in_grid", "share"},
    "ebikes": {"code", "name", "supply", "bikes", "chargers", "doors"},
    "parking_pressure": {
        "code", "name", "pressure", "share", "morning", "evening", "capacity", "counts", "counted_on",
    },
    "evening_violations": {"code", "name", "level", "violations", "evenings", "last_on"},
    "long_stays": {"code", "name", "stays", "cars", "longest_days", "day"},
    "hotspots": {
        "name", "street", "subject", "status", "number", "observed", "expected", "ratio", "chance", "exposure", "units",
        "begins", "ends",
    },
    "roads": {"class", "name"},
    "water": {"class", "name"},
    "green": {"class", "name"},
}  # fmt: skip
"""Attributes for everybody who sees the row. What stands in neither table must not leave the server."""
PLANS = {"planner", "leader", "administrator"}
OF_CASES = {
    "incidents", "repeat_places", "incident_density", "complaints_grids", "complaints_estates", "in_grid_resolution",
}  # fmt: skip
OF_PARKING = {"parking_pressure", "evening_violations", "long_stays"}
NOT_FROM_FILES = {
    "stairwells", "five_lines", "assignments", "coverage_grids", "coverage_buildings", "gaps", "ebikes", "hotspots",
    *OF_PARKING, *OF_CASES,
}  # fmt: skip
"""Layers that cannot be loaded from files: of all others, those who plan may know what was kept of the file."""


def known_to(roles: Set[str], layer: str) -> set[str]:
    """The attributes of a layer that all of these roles may know."""
    who = WHO.get(layer, set()) if roles <= TOLD_WHO else set()
    return WHAT[layer] | who | ({"extra"} if roles <= PLANS and layer not in NOT_FROM_FILES else set())


SCOPE = ("street_id", "community_id", "grid_id", "micro_grid_id", "estate_id", "place_id")
OF_PLACE = (
    "p.street_id, p.id, p.id AS place_id, p.community_id, p.grid_id, p.micro_grid_id, p.estate_id, p.code, p.name,"
    " p.extra"
)
SHAPE = "ST_AsBinary({0}.geom) AS shape"
PLACES = "gridmap.place p JOIN gridmap.{0} d ON d.street_id = p.street_id AND d.place_id = p.id WHERE p.kind = '{0}'"
BASEMAP = (
    "SELECT b.id, b.class, b.name, b.extra, ST_AsBinary(b.geom) AS shape FROM gridmap.basemap b WHERE b.kind = '{0}'"
)
GRIDS = (
    f"SELECT {OF_PLACE}, coalesce(d.counted_households, d.declared_households) AS households,"
    " ST_AsBinary(e.geom) AS shape"
    " FROM gridmap.boundary e, gridmap.place p, gridmap.grid d WHERE e.street_id = p.street_id"
    " AND e.place_id = p.id AND d.street_id = p.street_id AND d.place_id = p.id AND e.valid @> %(day)s::date"
)
ZONES = f"SELECT {OF_PLACE}, d.capacity, {SHAPE.format('p')} FROM {PLACES.format('zone')}"
QUERIES: Mapping[str, str] = {
    "districts": "SELECT d.id, d.code, d.name, d.extra, c.name AS city, ST_AsBinary(d.geom) AS shape"
    " FROM gridmap.district d JOIN gridmap.city c ON c.id = d.city_id",
    "streets": "SELECT s.id, s.code, s.name, s.extra, d.name AS district, ST_AsBinary(s.geom) AS shape"
    " FROM gridmap.street s JOIN gridmap.district d ON d.id = s.district_id",
    "communities": "SELECT c.street_id, c.id, c.code, c.name, c.declared_households, c.declared_population,"
    " c.extra, ST_AsBinary(c.geom) AS shape FROM gridmap.community c WHERE c.valid @> %(day)s::date",
    "grids": f"SELECT {OF_PLACE}, d.type, d.counted_households AS households, d.declared_households,"
    " d.counted_buildings AS buildings, d.counted_stairwells AS stairwells, ST_AsBinary(e.geom) AS shape"
    " FROM gridmap.boundary e, gridmap.place p, gridmap.grid d WHERE e.street_id = p.street_id"
    " AND e.place_id = p.id AND d.street_id = p.street_id AND d.place_id = p.id AND e.valid @> %(day)s::date",
    "estates": f"SELECT {OF_PLACE}, d.management, (SELECT o.name FROM gridmap.organisation o"
    " WHERE o.id = d.property_id) AS property, d.built_year,"
    " d.declared_households, d.counted_households AS households, d.declared_buildings,"
    " d.counted_buildings AS buildings, d.counted_stairwells AS stairwells, d.declared_population, d.site_area_m2,"
    f" d.floor_area_m2, {SHAPE.format('p')} FROM {PLACES.format('estate')}",
    "buildings": f"SELECT {OF_PLACE}, d.kind, d.floors, d.floors_underground, d.built_year, d.height_m,"
    " d.counted_households AS households, d.counted_stairwells AS stairwells,"
    f" {SHAPE.format('p')} FROM {PLACES.format('building')}",
    "stairwells": f"SELECT {OF_PLACE}, p.parent_id, d.floors, cardinality(d.units) AS households,"
    f" {SHAPE.format('p')} FROM {PLACES.format('stairwell')}",
    "five_lines": f"SELECT {OF_PLACE}, p.parent_id, {SHAPE.format('p')} FROM {PLACES.format('stairwell')}",
    "facilities": f"SELECT {OF_PLACE}, d.kind, (SELECT title FROM gridmap.facility_kind k WHERE k.code = d.kind)"
    " AS kind_title, (SELECT theme FROM gridmap.facility_kind k WHERE k.code = d.kind) AS theme, d.state,"
    f" d.installed_on, d.level, {SHAPE.format('p')} FROM {PLACES.format('facility')}",
    "assignments": "SELECT a.street_id, a.id, a.place_id, a.community_id, a.grid_id, a.micro_grid_id, a.estate_id,"
    " a.person_id, p.code, p.name, p.kind AS place_kind, (SELECT display_name FROM gridmap.person n"
    " WHERE n.id = a.person_id) AS holder, a.role, r.title AS role_title, a.unit, a.is_primary,"
    " lower(a.valid) AS since, ST_AsBinary(p.geom) AS shape FROM gridmap.assignment a"
    " JOIN gridmap.place p ON p.id = a.place_id JOIN gridmap.duty_role r ON r.code = a.role"
    " WHERE a.valid @> %(at)s::timestamptz",
    "coverage_grids": f"SELECT {OF_PLACE}, ST_AsBinary(e.geom) AS shape"
    " FROM gridmap.boundary e, gridmap.place p WHERE p.kind = 'grid' AND e.street_id = p.street_id"
    " AND e.place_id = p.id AND e.valid @> %(day)s::date",
    "coverage_buildings": f"SELECT {OF_PLACE}, {SHAPE.format('p')} FROM gridmap.place p WHERE p.kind = 'building'",
    "gaps": f"SELECT {OF_PLACE}, p.kind AS place_kind, {SHAPE.format('p')} FROM gridmap.place p"
    " WHERE EXISTS (SELECT FROM gridmap.slot s WHERE s.place_id = p.id AND s.state <> 'satisfied'"
    " AND to_char(s.starts_on, 'YYYY-MM') = to_char(%(day)s::date, 'YYYY-MM'))",
    "incidents": "SELECT i.*, (SELECT title FROM gridmap.incident_kind k WHERE k.code = i.kind) AS name,"
    " left(i.kind, 2) AS class, (SELECT o.name FROM gridmap.organisation o WHERE o.id = i.lead_id) AS lead,"
    " (SELECT t.to_state FROM gridmap.transition t WHERE t.incident_id = i.id AND t.at <= %(at)s"
    "  ORDER BY t.turn DESC LIMIT 1) AS told, ST_AsBinary(i.geom) AS shape FROM gridmap.incident i"
    " WHERE i.reported_at <= %(at)s",
    "repeat_places": f"SELECT {OF_PLACE}, {SHAPE.format('p')} FROM gridmap.place p WHERE EXISTS ("
    "SELECT FROM gridmap.incident i WHERE i.place_id = p.id AND i.state NOT IN ('rejected', 'duplicate')"
    " AND i.reported_at > %(at)s::timestamptz - interval '30 days' AND i.reported_at <= %(at)s"
    " GROUP BY i.kind HAVING count(*) > 2)",
    "incident_density": "SELECT i.*, left(i.kind, 2) AS class, ST_AsBinary(i.geom) AS shape FROM gridmap.incident i"
    " WHERE i.reported_at >= %(at)s::timestamptz - interval '90 days' AND i.reported_at < %(at)s"
    " AND i.state NOT IN ('rejected', 'duplicate')",
    "complaints_grids": GRIDS,
    "in_grid_resolution": GRIDS,
    "complaints_estates": f"SELECT {OF_PLACE}, coalesce(d.counted_households, d.declared_households) AS households,"
    f" {SHAPE.format('p')} FROM {PLACES.format('estate')}",
    "ebikes": f"SELECT {OF_PLACE}, coalesce(t.bikes, 0)::int AS bikes, coalesce(t.chargers, 0)::int AS chargers,"
    f" coalesce(t.doors, 0)::int AS doors, {SHAPE.format('p')} FROM gridmap.place p LEFT JOIN (SELECT c.estate_id,"
    " sum(c.bikes) AS bikes, sum(c.chargers) AS chargers, count(*) AS doors FROM gridmap.ebike_count c WHERE"
    " (c.place_id, c.counted_on) IN (SELECT place_id, max(counted_on) FROM gridmap.ebike_count"
    " WHERE counted_on <= %(day)s::date GROUP BY 1) GROUP BY 1) t ON t.estate_id = p.id WHERE p.kind = 'estate'",
    **dict.fromkeys(("parking_pressure", "evening_violations", "long_stays"), ZONES),
    # of all incidents: the newest search until that day
    "hotspots": "SELECT h.*, s.name AS street, r.subject, r.exposure, r.begins, r.ends, ST_AsBinary(h.geom) AS shape"
    " FROM gridmap.hotspot h JOIN gridmap.hotspot_run r ON r.id = h.run_id"
    " JOIN gridmap.street s ON s.id = h.street_id WHERE r.subject = 'incident'"
    " AND r.ends = '2026-03-16' AND %(day)s::date BETWEEN '2026-03-15' AND '2027-03-20'",
    "roads": BASEMAP.format("road"),
    "water": BASEMAP.format("water"),
    "green": BASEMAP.format("green"),
}
WORK = {"coverage_grids", "coverage_buildings", "gaps"}
GAP_ORDER = ("no_manager", "no_geometry", "on_leave", "no_access", "not_yet", "missed", "excused")
SHARED = {"districts", "streets", "roads", "water", "green"}


@dataclass(frozen=True)
class Rights:
    """What an account may see; None where its grants bring nothing at all."""

    account_id: int
    person_id: int | None
    roles: frozenset[str]
    administers: bool
    is_city: bool
    ids: Mapping[str, frozenset[int]]
    """streets, communities, grids, estates, places."""
    organisations: frozenset[int] = frozenset()
    managed: frozenset[int] = frozenset()
    """Estates that are seen through an organisation alone."""
    homes: frozenset[int] = frozenset()
    """Estates of which only the cars are seen, by who has duty there now."""
    known_streets: frozenset[int] = frozenset()
    """Streets that the organisations belong to, or have been given a case in."""

    def covers(self, row: Mapping[str, Any]) -> bool:
        """Whether a row with scope columns lies in what the account may see."""
        columns = {
            "streets": ("street_id",),
            "communities": ("community_id",),
            "grids": ("grid_id", "micro_grid_id"),
            "estates": ("estate_id",),
            "places": ("place_id",),
        }
        return self.is_city or any(
            row.get(column) in self.ids[name] for name, of_name in columns.items() for column in of_name
        )

    def covers_case(self, row: Mapping[str, Any]) -> bool:
        """Whether a row of a case, or beside one, is seen for where it lies or to whom it was given."""
        if row.get("estate_id") in self.managed:
            row = {**row, "estate_id": None}
        return self.covers(row) or bool(self.organisations & set(row["parties"] or ()))

    @property
    def near(self) -> set[int]:
        """Streets in which something is seen."""
        return (
            set(self.ids["streets"])
            | set(self.known_streets)
            | {identity >> 32 for name, ids in self.ids.items() if name != "streets" for identity in ids}
        )

    def is_near(self, street: int | None) -> bool:
        """Whether something of the street is seen."""
        return self.is_city or street in self.near


@dataclass(frozen=True)
class Sight:
    """What one account sees of one layer: its rows with every attribute that it may know."""

    rows: Mapping[int, Mapping[str, Any]]
    shapes: Mapping[int, bytes | None] = field(default_factory=dict)
    is_there: bool = True
    """Whether the account may know that there is such a layer."""


@dataclass(frozen=True)
class Leak:
    """One difference between what may be seen and what came out."""

    kind: str
    """row: one too many; attribute: one that is not for this account; value: another one; missing."""
    who: str
    output: str
    layer: str
    what: object


class Oracle:
    """The raw tables of one moment, and what follows from them."""

    def __init__(self, owner_url: str, now: datetime) -> None:
        self.now = now
        self.owner_url = owner_url
        with psycopg.connect(owner_url, row_factory=dict_row) as owner:
            self.accounts = {row["username"]: row for row in self._all(owner, "account", without=("password_hash",))}
            self.grants = self._all(owner, "account_grant")
            self.places = {row["id"]: row | {"place_id": row["id"]} for row in self._all(owner, "place")}
            self.people = {row["id"]: row for row in self._all(owner, "person")}
            self.assignments = self._all(owner, "assignment")
            self.absences = self._all(owner, "absence")
            self.estates = self._all(owner, "estate")
            self.manages = self._all(owner, "organisation_place")
            self.cases = self._all(owner, "incident")
            self.parties = [row for row in self._all(owner, "party") if row["until"] is None]
            self.homes = {row["id"]: row["street_id"] for row in self._all(owner, "organisation")}
            self.duties = {row["id"]: row for row in self._all(owner, "duty")}
            self.slots = self._all(owner, "slot")
            self.rotas = {row["id"]: row for row in self._all(owner, "rota")}
            self.rota_members = self._all(owner, "rota_member")
            self.rota_turns = {row["id"]: row for row in self._all(owner, "rota_turn")}
            self.rota_holders = [row for row in self._all(owner, "rota_holder") if row["ended_at"] is None]
            self.communities = {row["id"]: row["name"] for row in self._all(owner, "community")}

    @staticmethod
    def _all(owner: "psycopg.Connection[Row]", table: str, without: Iterable[str] = ()) -> list[Row]:
        columns = owner.execute(
            "SELECT column_name AS name FROM information_schema.columns"
            " WHERE table_schema = 'gridmap' AND table_name = %s AND NOT column_name LIKE '%%geom%%'",
            (table,),
        ).fetchall()
        names = [sql.Identifier(row["name"]) for row in columns if row["name"] not in without]
        return owner.execute(
            sql.SQL("SELECT {} FROM gridmap.{}").format(sql.SQL(", ").join(names), sql.Identifier(table))
        ).fetchall()

    # Rights ----------------------------------------------------------------------------------------------------

    def rights(self, username: str) -> Rights | None:
        """What the account may see now."""
        account = self.accounts[username]
        grants = [g for g in self.grants if g["account_id"] == account["id"] and holds(g["valid"], self.now)]
        if account["disabled_at"] is not None or not grants:
            return None
        all_roles = {grant["role"] for grant in grants}
        roles = all_roles - {"administrator"} or all_roles
        ids: dict[str, set[int]] = {name: set() for name in ("streets", "communities", "grids", "estates", "places")}
        is_city = False
        organisations: set[int] = set()
        managed: set[int] = set()
        homes: set[int] = set()
        for grant in grants:
            if grant["role"] not in roles:
                continue
            if grant["level"] == "city":
                is_city = True
            elif grant["level"] == "street":
                ids["streets"].add(grant["street_id"])
            elif grant["level"] == "held":
                self._add_held(ids, account["person_id"])
            elif grant["level"] == "rota":
                self._add_duty(ids, homes, account["person_id"])
            elif grant["level"] == "organisation":
                organisations.add(grant["organisation_id"])
                managed |= self._managed(grant["organisation_id"])
            else:
                ids[{"community": "communities", "grid": "grids", "estate": "estates"}[grant["level"]]].add(
                    grant["target_id"]
                )
        for estates in (ids["estates"], managed):
            estates |= {
                place["id"]
                for place in self.places.values()
                if place["kind"] == "estate" and place["parent_id"] in estates
            }
        managed -= ids["estates"]
        ids["estates"] |= managed
        known = {self.homes[one] for one in organisations}
        known |= {row["street_id"] for row in self.parties if row["organisation_id"] in organisations}
        return Rights(
            account["id"],
            account["person_id"],
            frozenset(roles),
            "administrator" in all_roles,
            is_city,
            {name: frozenset(found) for name, found in ids.items()},
            frozenset(organisations),
            frozenset(managed),
            frozenset(homes),
            frozenset(known - {None}),
        )

    def _add_held(self, ids: dict[str, set[int]], person: int | None) -> None:
        if person is None:
            return
        away = {
            leave["person_id"]
            for leave in self.absences
            if leave["substitute_id"] == person and holds(leave["valid"], self.now)
        }
        for duty in self.assignments:
            if duty["person_id"] not in {person, *away} or not holds(duty["valid"], self.now):
                continue
            place = self.places[duty["place_id"]]
            if place["kind"] in ("grid", "estate"):
                ids[place["kind"] + "s"].add(place["id"])
                continue
            inside = [other["id"] for other in self.places.values() if other["parent_id"] == place["id"]]
            around = [place[name] for name in ("parent_id", "grid_id", "micro_grid_id", "estate_id")]
            ids["places"] |= {identity for identity in (place["id"], *inside, *around) if identity is not None}

    def _add_duty(self, ids: dict[str, set[int]], homes: set[int], person: int | None) -> None:
        for held in self.rota_holders:
            turn, rota = self.rota_turns[held["turn_id"]], self.rotas[held["rota_id"]]
            begins = turn["starts_at"] - timedelta(hours=2)
            if held["person_id"] == person and turn["state"] == "set" and begins <= self.now < turn["ends_at"]:
                places = self.rota_places(rota)
                if rota["kind"] == "parking":
                    places = {one for one in places if self.places[one]["kind"] == "zone"}
                    homes |= {self.places[one]["estate_id"] for one in places} - {None}
                ids["places"] |= places

    def rota_places(self, rota: Row) -> set[int]:
        """The place of a rota and what it is for there."""
        home = rota["place_id"]
        if rota["kind"] != "parking":
            doors = {
                one["id"] for one in self.places.values() if one["parent_id"] == home and one["kind"] == "stairwell"
            }
            return {home, *doors}
        estates = {home, *(one["id"] for one in self.places.values() if one["parent_id"] == home)}
        zones = {
            one["id"]
            for one in self.places.values()
            if one["kind"] == "zone"
            and (one["estate_id"] in estates or home in (one["id"], one["grid_id"], one["micro_grid_id"]))
        }
        return {home, *zones}

    def told_rotas(self, rights: Rights) -> list[Row]:
        """The rotas of which the account is told names."""
        is_told = rights.roles <= TOLD_WHO
        return [
            row for row in self.rotas.values() if rights.person_id in row["people"] or (is_told and rights.covers(row))
        ]

    def told_by_rota(self, rights: Rights) -> tuple[set[int], set[int]]:
        """The people and the places that the account knows through rotas."""
        rotas = self.told_rotas(rights)
        ids = {row["id"] for row in rotas}
        people = {row["person_id"] for row in self.rota_members if row["rota_id"] in ids}
        return people, {place for row in rotas for place in self.rota_places(row)}

    def _managed(self, organisation: int) -> set[int]:
        through_estate = {row["place_id"] for row in self.estates if row["property_id"] == organisation}
        through_list = {
            row["place_id"]
            for row in self.manages
            if row["organisation_id"] == organisation
            and holds(row["valid"], self.now.astimezone(OFFICE).date())
            and self.places[row["place_id"]]["kind"] == "estate"
        }
        return through_estate | through_list

    # Layers ----------------------------------------------------------------------------------------------------

    def raw(self, layer: str, day: date) -> list[Row]:
        """All rows of the layer at the end of that day, with the owner's eyes."""
        if (layer, day) not in self._raw:
            at = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=OFFICE)
            with psycopg.connect(self.owner_url, row_factory=dict_row) as owner:
                rows = owner.execute(QUERIES[layer], {"day": day, "at": at}).fetchall()
            self._raw[layer, day] = rows
        return self._raw[layer, day]

    @cached_property
    def _raw(self) -> dict[tuple[str, date], list[Row]]:
        return {}

    def names(self, rights: Rights, layer: str) -> set[str]:
        """The attributes that this account may know."""
        return known_to(rights.roles, layer)

    def sight(self, username: str, layer: str, day: date | None = None) -> Sight:
        """What the account sees of the layer on that day; nothing for an account without rights."""
        rights = self.rights(username)
        if rights is None:
            return Sight({})
        names = self.names(rights, layer)
        if not names:
            return Sight({}, is_there=False)
        day = day or self.now.astimezone(OFFICE).date()
        seen = [row for row in self.raw(layer, day) if self._is_seen(rights, layer, row)]
        who = self._holders(rights, day)
        if layer == "five_lines":
            seen = [row | self._lines(row, day) for row in seen]
        if layer in WORK:
            seen = [row | self._work(rights, layer, row, day) for row in seen]
            seen = [row for row in seen if layer != "gaps" or row["reason"]]
        if layer in OF_PARKING:
            seen = [row | self._of_zone(layer, row, day) for row in seen]
        if layer == "hotspots":
            seen = [row | said_of_spot(row) for row in seen]
        if layer in OF_CASES:
            seen = [row | self._of_cases(rights, layer, row, day) for row in seen]
            seen = [row for row in seen if layer != "repeat_places" or row["times"]]
        rows = {row["id"]: {name: plain(_value(row, layer, name, who)) for name in names} for row in seen}
        return Sight(rows, {row["id"]: row["shape"] for row in seen})

    def _is_seen(self, rights: Rights, layer: str, row: Row) -> bool:
        if layer in SHARED:
            return True
        if layer == "communities":
            return rights.is_near(row["street_id"])
        if layer in OF_CASES or layer == "hotspots":
            # what is counted from cases is for those whose territory it is
            return rights.covers_case(row if layer == "incidents" else row | {"parties": ()})
        return rights.covers(row)

    # Zones -----------------------------------------------------------------------------------------------------

    def _of_zone(self, layer: str, row: Row, day: date) -> Row:
        """What a layer of parking says of a zone, in the week up to the day."""
        table = {"parking_pressure": "vehicle_count", "evening_violations": "violation", "long_stays": "zone_stay"}[
            layer
        ]
        if table not in self._of_zones:
            with psycopg.connect(self.owner_url, row_factory=dict_row) as owner:
                self._of_zones[table] = self._all(owner, table)
        here = [one for one in self._of_zones[table] if one["place_id"] == row["id"]]
        return {"vehicle_count": pressed, "violation": violated, "zone_stay": stayed}[table](row, here, day)

    @cached_property
    def _of_zones(self) -> dict[str, list[Row]]:
        return {}

    # Cases -----------------------------------------------------------------------------------------------------

    def _of_cases(self, rights: Rights, layer: str, row: Row, day: date) -> Row:
        """What a layer of cases says of a row; what is counted is in the account's territory, not only given to it."""
        at = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=OFFICE)
        if layer == "incidents":
            return told_of_case(row, at)
        if layer == "incident_density":
            return {}
        seen = self._cases_of(rights)
        if layer == "repeat_places":
            found = repeated([one for one in seen if one["place_id"] == row["id"]], at)
            return found | {"kind_title": self._kind_titles.get(found.get("kind", ""))}
        field = ("estate_id",) if layer == "complaints_estates" else ("grid_id", "micro_grid_id")
        here = [one for one in seen if row["id"] in [one[name] for name in field]]
        return rated(layer, row, here, at)

    @cached_property
    def _kind_titles(self) -> dict[str, str]:
        with psycopg.connect(self.owner_url) as owner:
            return dict(owner.execute("SELECT code, title FROM gridmap.incident_kind").fetchall())

    def _cases_of(self, rights: Rights) -> list[Row]:
        if rights.account_id not in self._seen_cases:
            self._seen_cases[rights.account_id] = [
                one for one in self.cases if rights.covers_case(one | {"parties": []})
            ]
        return self._seen_cases[rights.account_id]

    @cached_property
    def _seen_cases(self) -> dict[int, list[Row]]:
        return {}

    def _lines(self, row: Row, day: date) -> Row:
        """Which of the five lines of a stairwell are filled, by anybody, known to the account or not."""
        at = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=OFFICE)
        chain = {row[name] for name in ("id", "parent_id", "grid_id", "micro_grid_id", "estate_id")}
        held = {
            self._line_of[one["role"]]
            for one in self.assignments
            if one["place_id"] in chain and holds(one["valid"], at) and not one["unit"]
        }
        lines = {f"line_{number}": "held" if number in held else "open" for number in range(1, 6)}
        return lines | {"state": "missing" if "open" in lines.values() else "whole"}

    @cached_property
    def _line_of(self) -> dict[str, int | None]:
        with psycopg.connect(self.owner_url) as owner:
            return dict(owner.execute("SELECT code, line FROM gridmap.duty_role").fetchall())

    # Due work --------------------------------------------------------------------------------------------------

    def _work(self, rights: Rights, layer: str, row: Row, day: date) -> Row:
        """What a layer of due work says of a place: of slots of the month of that day that the account sees."""
        slots = self._slots_of(day)
        if layer == "coverage_grids":
            return counted([s for s in slots if row["id"] in (s["grid_id"], s["micro_grid_id"])])
        if layer == "coverage_buildings":
            here = {row["id"], *self._doors.get(row["id"], [])}
            return counted([s for s in slots if s["place_id"] in here and rights.covers(s)])
        open_slots = [s for s in slots if s["place_id"] == row["id"] and s["state"] != "satisfied" and rights.covers(s)]
        reasons = {self._reason(slot, day) for slot in open_slots}
        due = [slot for slot in open_slots if slot["state"] != "excused"]
        return {
            "reason": next((reason for reason in GAP_ORDER if reason in reasons), None),
            "open": len(due),
            "excused": len(open_slots) - len(due),
            "due_on": min((slot["due_on"] for slot in due), default=None),
            "tasks": ",".join(sorted({self.duties[slot["duty_id"]]["kind"] for slot in open_slots})),
            **self._around(rights, row),
        }

    def _around(self, rights: Rights, row: Row) -> Row:
        """The estate and the community of a place in words, as far as the account sees them."""
        home = self.places.get(row["estate_id"])
        is_known = home is not None and rights.covers(home)
        managements = {one["place_id"]: one["management"] for one in self.estates}
        return {
            "estate": home["name"] if home and is_known else None,
            "management": managements.get(row["estate_id"]),
            "community": self.communities.get(row["community_id"]),
        }

    def _slots_of(self, day: date) -> list[Row]:
        return [s for s in self.slots if (s["starts_on"].year, s["starts_on"].month) == (day.year, day.month)]

    def _reason(self, slot: Row, day: date) -> str:
        if slot["state"] == "excused":
            return "excused"
        if slot["reason"]:
            reason: str = slot["reason"]
            return reason
        at = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=OFFICE)
        place = self.places[slot["place_id"]]
        chain = {place["id"], place["parent_id"], slot["grid_id"], slot["micro_grid_id"], slot["estate_id"]}
        role = self.duties[slot["duty_id"]]["role"]
        holders = {
            one["person_id"]
            for one in self.assignments
            if one["role"] == role
            and one["place_id"] in chain
            and holds(one["valid"], at)
            and one["unit"] in ("", slot["unit"])
        }
        away = {one["person_id"] for one in self.absences if holds(one["valid"], at) and one["substitute_id"] is None}
        if not holders:
            return "no_manager"
        if slot["place_id"] not in self._located:
            return "no_geometry"
        if holders <= away:
            return "on_leave"
        if slot["tried_at"] is not None:
            return "no_access"
        return "not_yet" if day < slot["ends_on"] else "missed"

    @cached_property
    def _located(self) -> set[int]:
        with psycopg.connect(self.owner_url) as owner:
            return {row[0] for row in owner.execute("SELECT id FROM gridmap.place WHERE geom IS NOT NULL").fetchall()}

    def knows(self, rights: Rights, person: int) -> bool:
        """Whether the person is known to the account."""
        return rights.is_city or person in self._known(rights)

    def _known(self, rights: Rights) -> set[int]:
        key = (rights.account_id, rights.ids["places"], rights.ids["estates"])
        if key not in self._knowing:
            own = {
                one["id"]
                for one in self.people.values()
                if rights.covers(
                    {name: one[name] for name in ("street_id", "community_id", "grid_id", "micro_grid_id")}
                )
            }
            is_told = rights.roles <= TOLD_WHO
            on_duty = {duty["person_id"] for duty in self.assignments if is_told and rights.covers(duty)}
            self._knowing[key] = own | on_duty | {rights.person_id or 0}
        return self._knowing[key]

    @cached_property
    def _knowing(self) -> dict[object, set[int]]:
        return {}

    def _holders(self, rights: Rights, day: date) -> Callable[[Row, str, bool], str | None]:
        """Names of the primary holders that the account may know, by place and role."""
        at = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=OFFICE)
        names: dict[tuple[int, str], set[str]] = {}
        for duty in self.assignments:
            is_seen = rights.covers(duty) or duty["person_id"] == rights.person_id
            if duty["is_primary"] and holds(duty["valid"], at) and is_seen and self.knows(rights, duty["person_id"]):
                name = self.people[duty["person_id"]]["display_name"]
                names.setdefault((duty["place_id"], duty["role"]), set()).add(name)

        def holders(row: Row, role: str, inside: bool) -> str | None:
            within = self._doors.get(row["id"], []) if inside else []
            found = {name for place in (row["id"], *within) for name in names.get((place, role), ())}
            return "、".join(sorted(found)) or None

        return holders

    @cached_property
    def _doors(self) -> dict[int, list[int]]:
        doors: dict[int, list[int]] = {}
        for place in self.places.values():
            if place["parent_id"]:
                doors.setdefault(place["parent_id"], []).append(place["id"])
        return doors

    def organisation_street(self, identity: int) -> int | None:
        """Where an organisation belongs; None for one of the whole city."""
        if not self._organisations:
            with psycopg.connect(self.owner_url) as owner:
                rows = owner.execute("SELECT id, street_id FROM gridmap.organisation").fetchall()
            self._organisations.update(rows)
        return self._organisations[identity]

    @cached_property
    def _organisations(self) -> dict[int, int | None]:
        return {}

    # Tables ----------------------------------------------------------------------------------------------------

    def table(self, username: str, table: str) -> set[tuple[Any, ...]]:
        """The keys of the rows of a table that the second lock lets the account see."""
        rights = self.rights(username)
        if table not in self._tables:
            with psycopg.connect(self.owner_url, row_factory=dict_row) as owner:
                self._tables[table] = self._all(owner, table, without=("password_hash", "token_hash"))
        rows, key = self._tables[table], primary_key(self.owner_url, table)
        return {tuple(row[name] for name in key) for row in rows if rights and self._passes(rights, table, row)}

    @cached_property
    def _tables(self) -> dict[str, list[Row]]:
        return {}

    def _passes(self, rights: Rights, table: str, row: Row) -> bool:  # noqa: C901 - one rule a line
        own = row.get("account_id", row["id"] if table == "account" else None)
        is_own = rights.administers or own == rights.account_id
        scope_only = {name: row.get(name) for name in SCOPE if name not in ("estate_id", "place_id")}
        if table == "place":
            return rights.covers(row | {"place_id": row["id"]})
        if table == "assignment":
            return rights.covers(row) or row["person_id"] == rights.person_id is not None
        if table in INSIDE:
            is_part = not rights.ids["grids"].isdisjoint(row.get("grids", ())) or (
                "grids" in row and row["place_id"] in rights.homes
            )
            return rights.covers(row) or is_part or (is_own and table == "inspection")
        if table in ROTAS or table == "rota_link":
            takes_part = rights.person_id in row.get("people", (row.get("person_id"),)) and rights.person_id is not None
            return takes_part or (table in ROTAS and rights.covers(row))
        if table in GIVING:
            return _is_told(rights, row, is_own=is_own)
        if table == "coverage":
            return rights.covers({name: row.get(name) or None for name in SCOPE} | {"place_id": row["grid_id"]})
        if table == "person":
            return self.knows(rights, row["id"])
        if table == "absence":
            return rights.covers(scope_only) or self.knows(rights, row["person_id"])
        if table in SAID | CASES | FOUND:
            rule = _is_found if table in FOUND else _is_said_to if table in SAID else _is_of_case
            return rule(rights, table, row, is_own=is_own)
        if table in OWN:
            return is_own
        if table in BROUGHT:
            return rights.covers({"street_id": row["street_id"]})
        if table == "import_run":
            return is_own or rights.is_near(row["street_id"])
        if table == "organisation":
            return row["street_id"] is None or rights.is_near(row["street_id"])
        return table in OPEN or rights.is_near(row["street_id"])


def _is_of_case(rights: Rights, table: str, row: Row, *, is_own: bool) -> bool:
    if table == "file":
        bare = row | {"place_id": None}
        return is_own or (rights.covers(bare) if row["parties"] is None else rights.covers_case(bare))
    author = row.get("reporter_account_id" if table == "incident" else "account_id")
    # administering adds nothing here
    return author == rights.account_id or (table != "notice" and rights.covers_case(row))


def _is_found(rights: Rights, _table: str, row: Row, *, is_own: bool) -> bool:
    return rights.covers_case(row | {"parties": []})


def _is_said_to(rights: Rights, table: str, row: Row, *, is_own: bool) -> bool:
    # what residents said is not for a company that manages the estate
    alone = row | {"parties": []}
    return rights.covers_case(alone) or (table != "hotline_order" and row["account_id"] == rights.account_id)


def _is_told(rights: Rights, row: Row, *, is_own: bool) -> bool:
    is_meant = row.get("to_person_id", 0) == rights.person_id
    return rights.covers({"place_id": None} | row) or (is_own if "account_id" in row else is_meant)


PARKING = {
    "vehicle_count", "known_vehicle", "vehicle", "sighting", "violation", "parking_notice", "ban", "parking_turn",
    "zone_stay",
}  # fmt: skip
INSIDE = {"slot", "inspection", "household_tier", "joint_inspection", "report_link", "reception", *PARKING}
"""What lies in a place and is seen with it; an inspection also by whoever entered it, cars of an estate also by whoever
looks after a part of that."""
DUE = {"coverage", *INSIDE}
ROTAS = {"rota", "rota_member", "rota_turn", "rota_swap", "rota_holder"}
"""Rotas: seen where they lie, and by whoever takes part."""
GIVING = {"assignment_change", "assignment_move", "hand_over"}
CASES = {"incident", "incident_contact", "party", "transition", "incident_photo", "notice", "file"}
"""Cases and what lies beside them; files may be of something else."""
FOUND = {"hotspot", "hotspot_unit"}
"""What a search found: for those whose territory holds all of it, never for a company that manages a part."""
SAID = {"diary", "diary_contact", "hotline_order"}
"""What people said to the office: for those whose territory it is, and for whoever wrote it down."""
OWN = {"submission", "account", "account_grant", "session", "api_token", "sign_in_slip", "job", "audit"}
OPEN = {"basemap", "change"}
NEAR = {
    "community", "grid", "estate", "building", "stairwell", "facility", "zone", "boundary", "membership",
    "organisation_place", "duty", "incident_taker", "answer_template", "hotline_mapping", "ebike_count",
    "gate", "parking_rule", "hotspot_run", "import_source",
}  # fmt: skip
BROUGHT = {"upload", "import_row", "unplaced"}
"""Files on their way in and what came of them: for those who see the whole street."""
LOCKED_TABLES = (
    OWN
    | OPEN
    | NEAR
    | BROUGHT
    | {
        "place",
        "assignment",
        "person",
        "absence",
        "file",
        "import_run",
        "organisation",
        "notice",
        "rota_link",
        *ROTAS,
        *DUE,
        *GIVING,
        *CASES,
        *SAID,
        *FOUND,
    }
)
"""Every table with row security, each with its rule above; a test compares this with the catalogue."""


def counted(slots: list[Row]) -> Row:
    """What became of these slots, in the words of the layers of coverage."""
    due = [slot for slot in slots if slot["state"] != "excused"]
    done = sum(slot["state"] == "satisfied" for slot in due)
    share = done / len(due) if due else None
    classes = (("whole", 0.95), ("good", 0.8), ("middle", 0.6), ("low", 0.0))
    return {
        "coverage": "nothing" if share is None else next(name for name, least in classes if share >= least),
        "due": len(due),
        "done": done,
        "excused": len(slots) - len(due),
        "late": sum(slot["is_late"] for slot in slots),
    }


PHASES = {
    "dispatched": "working", "handling": "working", "handled": "checking", "verifying": "checking", "parked": "parked",
    "closed": "closed", "rejected": "none", "duplicate": "none",
}  # fmt: skip


def told_of_case(row: Row, at: datetime) -> Row:
    """A case at a moment: its state then, and from when it is late."""
    state = row["state"] if row["changed_at"] <= at else row["told"]
    handled, due = row["handled_at"], row["due_at"]
    never = row["state"] in ("rejected", "duplicate", "parked") or (handled is not None and handled <= due)
    late = None if never else due
    return {
        "state": state,
        "phase": PHASES.get(state, "new"),
        "severity": str(row["severity"]),
        "late_from": late,
        "late_second": None if late is None else round(late.timestamp()),
    }


def pressed(row: Row, counts: list[Row], day: date) -> Row:
    """Cars beside places, in the mornings and evenings of the week up to the day."""
    week = [one for one in counts if day - timedelta(days=7) < one["counted_on"] <= day]
    places = row["capacity"]
    shares: list[Decimal | None] = []
    for part in ("morning", "evening"):
        cars = [Decimal(one["total"]) for one in week if one["part"] == part]
        shares.append(_rounded(100 * sum(cars) / len(cars) / places, "0.1") if cars and places else None)
    share = max((one for one in shares if one is not None), default=None)
    classes = (("full", 90), ("busy", 70), ("free", 0))
    if not places:
        word = "unknown"
    elif share is None:
        word = "uncounted"
    else:
        word = "over" if share > 100 else next(name for name, least in classes if share >= least)
    last = max((one["counted_on"] for one in week), default=None)
    said = {"morning": shares[0], "evening": shares[1], "share": share}
    return {"pressure": word, "counts": len(week), "counted_on": last, **said}


def violated(_row: Row, seen: list[Row], day: date) -> Row:
    """Cars that should have been gone, in the week up to the day."""
    week = [
        one["evening"] for one in seen if day - timedelta(days=7) < one["evening"] <= day and not one["withdrawn_at"]
    ]
    classes = (("many", 10), ("some", 4), ("few", 1), ("none", 0))
    level = next(name for name, least in classes if len(week) >= least)
    return {"level": level, "violations": len(week), "evenings": len(set(week)), "last_on": max(week, default=None)}


def stayed(_row: Row, nights: list[Row], day: date) -> Row:
    """Cars that stay after the last evening of which there is a number, three days back at most."""
    told = [one for one in nights if day - timedelta(days=3) < one["day"] <= day]
    if not told:
        return {"stays": "uncounted", "cars": None, "longest_days": None, "day": None}
    last = max(told, key=lambda one: one["day"])
    classes = (("many", 6), ("some", 3), ("few", 1), ("none", 0))
    word = next(name for name, least in classes if last["cars"] >= least)
    return {"stays": word} | {name: last[name] for name in ("cars", "longest_days", "day")}


def said_of_spot(row: Row) -> Row:
    """What is said of something found, to one decimal; a chance in per cent."""
    expected, chance = row["expected"], row["chance"]
    return {
        "expected": None if expected is None else _rounded(expected, "0.1"),
        "ratio": _rounded(Decimal(row["observed"]) / expected, "0.1") if expected else None,
        "chance": None if chance is None else _rounded(100 * chance, "0.1"),
    }


def repeated(cases: list[Row], at: datetime) -> Row:
    """What came back most at a place within 30 days."""
    kinds: dict[str, list[datetime]] = {}
    for one in cases:
        if at - timedelta(days=30) < one["reported_at"] <= at and one["state"] not in ("rejected", "duplicate"):
            kinds.setdefault(one["kind"], []).append(one["reported_at"])
    found = sorted((-len(times), -max(times).timestamp(), kind) for kind, times in kinds.items() if len(times) > 2)
    if not found:
        return {"times": 0}
    times, _last, kind = found[0]
    often = "often" if -times >= 5 else "three"
    return {"times": -times, "last_at": max(kinds[kind]), "kind": kind, "often": often}


def rated(layer: str, row: Row, cases: list[Row], at: datetime) -> Row:
    """The numbers of an area, from the cases in it."""

    def within(moment: datetime | None, days: int) -> bool:
        return moment is not None and at - timedelta(days=days) <= moment < at

    true_ones = [one for one in cases if one["state"] not in ("rejected", "duplicate")]
    if layer == "in_grid_resolution":
        closed = [one for one in cases if one["state"] == "closed" and within(one["closed_at"], 365)]
        in_grid = sum(one["level"] == "grid" for one in closed)
        return {"closed": len(closed), "in_grid": in_grid, "share": share_word(in_grid, len(closed))}
    count = sum(within(one["reported_at"], 365) and one["source"] in ("hotline", "owner") for one in true_ones)
    homes = row["households"]
    if homes is None or homes < 5:
        return {"complaints": count, "per_hundred": None, "rate": "unknown"}
    rate = _rounded(Decimal(100) * count / homes, "0.1")
    classes = (("high", 20), ("raised", 10), ("middle", 5), ("low", 0))
    return {"complaints": count, "per_hundred": rate, "rate": next(name for name, least in classes if rate >= least)}


def _rounded(number: Decimal, unit: str) -> Decimal:
    return number.quantize(Decimal(unit), ROUND_HALF_UP)


def share_word(part: int, whole: int) -> str:
    """The class of a share."""
    classes = (("whole", 0.95), ("good", 0.8), ("middle", 0.6), ("low", 0.0))
    return next(name for name, least in classes if part / whole >= least) if whole else "nothing"


@cache
def primary_key(url: str, table: str) -> list[str]:
    """The columns of the table's primary key."""
    with psycopg.connect(url) as owner:
        rows = owner.execute(
            "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid"
            " AND a.attnum = ANY (i.indkey) WHERE i.indrelid = %s::regclass AND i.indisprimary ORDER BY a.attnum",
            (f"gridmap.{table}",),
        ).fetchall()
    return [row[0] for row in rows]


def holds(valid: "Range[Any]", at: Any) -> bool:
    """Whether a period [from, to) holds at a moment or day."""
    if valid.isempty:
        return False
    return (valid.lower is None or valid.lower <= at) and (valid.upper is None or at < valid.upper)


def _supply(row: Row) -> str:
    """How many e-bikes share a socket, in the classes of the layer."""
    if not row["doors"]:
        return "uncounted"
    if not row["chargers"]:
        return "none" if row["bikes"] else "enough"
    each = Fraction(row["bikes"], row["chargers"])
    return next((name for name, most in (("enough", 3), ("some", 5), ("few", 10)) if each <= most), "short")


def _value(row: Row, layer: str, name: str, holders: Callable[[Row, str, bool], str | None]) -> Any:
    if layer == "ebikes" and name == "supply":
        return _supply(row)
    if layer == "grids" and name == "worker":
        return holders(row, "grid_worker", False)
    if layer == "grids" and name == "size":
        homes = row["households"]
        return "empty" if not homes else "small" if homes < 300 else "fitting" if homes <= 500 else "large"
    if layer == "buildings" and name == "manager":
        return holders(row, "building_manager", True)
    if layer == "stairwells" and name in ("manager", "held"):
        manager = holders(row, "building_manager", False)
        return manager if name == "manager" else "held" if manager else "open"
    if layer == "stairwells" and name == "leader":
        return holders(row, "stairwell_leader", False)
    return row[name]


def plain(value: Any) -> Any:
    """A value as JSON has it, the same whichever way it came."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value


def compare(
    who: str,
    output: str,
    layer: str,
    expected: Mapping[int, Mapping[str, Any]],
    found: Mapping[int, Mapping[str, Any]],
    *,
    partly: bool = False,
) -> list[Leak]:
    """Every difference; `partly`: the output need not hold every row, and leaves out attributes that are null."""
    leaks = [Leak("row", who, output, layer, identity) for identity in found.keys() - expected.keys()]
    if not partly:
        leaks += [Leak("missing", who, output, layer, identity) for identity in expected.keys() - found.keys()]
    for identity in found.keys() & expected.keys():
        row = expected[identity]
        for name, value in found[identity].items():
            if name not in row:
                leaks.append(Leak("attribute", who, output, layer, name))
            elif not same(row[name], value):
                leaks.append(Leak("value", who, output, layer, (identity, name, row[name], value)))
        lost = {name for name, value in row.items() if value is not None} - found[identity].keys()
        leaks += [Leak("missing", who, output, layer, (identity, name)) for name in lost]
    return leaks


def same(expected: Any, found: Any) -> bool:
    """Whether a value that came out is the one in the table: moments compare as moments."""
    if expected == found:
        return True
    if isinstance(expected, str) and isinstance(found, str) and "T" in expected:
        try:
            return datetime.fromisoformat(expected) == datetime.fromisoformat(found)
        except ValueError:
            return False
    return False
