"""Two small streets with every awkward thing that leaves by features."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import psycopg

from gridmap.clock import OFFICE
from gridmap.db import Database
from gridmap.layer import Role
from gridmap.read import Asked
from gridmap.scope import Reach, Viewer

if TYPE_CHECKING:
    from conftest import Base

NOW = datetime(2026, 3, 16, 9, tzinfo=OFFICE)
ASKED = Asked(as_of=NOW)
AWKWARD = (
    "花苑1号楼",
    'quote " back\\slash',
    "two\nlines\tand a tab",
    "<img onerror=alert(1)>",
    "=HYPERLINK(1)",
    "单引号'逗号,分号;",
    "𠮷野家 emoji 🏠",
    "</script>${x}`y`%s%(as_of)s",
    "",
    "null",
)
STREETS = (1, 2)


def identity(street: int, serial: int) -> int:
    """The id of a thing of that street."""
    return (street << 32) + serial


def square(x: float, y: float, size: float, *, clockwise: bool = False) -> str:
    """A square as WKT from its lower left corner."""
    ring = [(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)]
    return f"(({', '.join(f'{a:.9f} {b:.9f}' for a, b in (reversed(ring) if clockwise else ring))}))"


@dataclass
class Town:
    """The database, its pools, and what was put into it."""

    base: "Base"
    database: Database
    buildings: dict[int, dict[str, Any]] = field(default_factory=dict)

    def viewer(self, role: Role = Role.LEADER, **reach: Any) -> Viewer:
        """A viewer of that role and reach; `near` follows from it."""
        ids = [one for name, many in reach.items() if name not in ("is_city", "streets") for one in many]
        near = tuple(sorted({*reach.get("streets", ()), *(one >> 32 for one in ids)}))
        return Viewer(
            account_id=1,
            username="somebody",
            title="Somebody",
            locale="en",
            roles=frozenset({role}),
            reach=Reach(near=near, **(reach or {"is_city": True})),
        )


def fill(owner: psycopg.Connection[Any], town: Town) -> None:
    """Insert the two streets."""
    run = owner.execute
    run("INSERT INTO gridmap.city (id, code, name) OVERRIDING SYSTEM VALUE VALUES (1, '442000', '中山市')")
    run(
        "INSERT INTO gridmap.district (id, city_id, code, name, geom) OVERRIDING SYSTEM VALUE"
        " VALUES (1, 1, '442000', '中山市', ST_GeomFromText(%s, 4326)), (2, 1, '442001', '另一区', NULL)",
        (f"MULTIPOLYGON({square(113.0, 22.0, 1)})",),
    )
    run(
        "INSERT INTO gridmap.duty_role (code, title, title_en, level) VALUES"
        " ('grid_worker', '网格员', 'Grid worker', 'grid'),"
        " ('building_manager', '党员楼管员', 'Building manager', 'building') ON CONFLICT DO NOTHING"
    )
    run(
        "INSERT INTO gridmap.facility_kind (code, title, title_en, theme) VALUES"
        " ('hydrant', '消火栓', 'Hydrant', 'safety') ON CONFLICT DO NOTHING"
    )
    for street in STREETS:
        _fill_street(owner, town, street)
    kept = "jsonb_build_object('原名', {}, 'n', 1.50, 'ok', true, '_', null, 'list', jsonb_build_array(1, 'a'))"
    run(f"UPDATE gridmap.place SET extra = {kept.format('name')} WHERE kind IN ('building', 'estate') AND id % 2 = 0")
    run(f"UPDATE gridmap.basemap SET extra = {kept.format('class')}")
    run(f"UPDATE gridmap.district SET extra = {kept.format('name')} WHERE id = 2")


def _fill_street(owner: psycopg.Connection[Any], town: Town, street: int) -> None:
    west = 113.3 + street * 0.1
    owner.execute(
        "INSERT INTO gridmap.street (id, district_id, code, name, geom) OVERRIDING SYSTEM VALUE"
        " VALUES (%s, 1, %s, %s, ST_GeomFromText(%s, 4326))",
        (street, f"44200000{street}", f"街道{street}", f"MULTIPOLYGON({square(west, 22.5, 0.05)})"),
    )
    for number in (1, 2):
        owner.execute(
            "INSERT INTO gridmap.community (street_id, id, code, name, geom)"
            " VALUES (%s, %s, %s, %s, ST_GeomFromText(%s, 4326))",
            (
                street,
                identity(street, number),
                f"44200000{street}00{number}",
                f"社区{number}",
                f"MULTIPOLYGON({square(west + number * 0.01, 22.5, 0.01)})",
            ),
        )
        _fill_community(owner, town, street, number, west + number * 0.01)
    owner.execute(
        "INSERT INTO gridmap.basemap (street_id, id, kind, class, name, geom)"
        " VALUES (%s, %s, 'road', 'main', '中山路', ST_GeomFromText(%s, 4326))",
        (street, identity(street, 9000), f"LINESTRING({west} 22.5, {west + 0.05} 22.55)"),
    )


def _place(owner: psycopg.Connection[Any], street: int, serial: int, kind: str, name: str, **more: Any) -> int:
    made = identity(street, serial)
    values = {"street_id": street, "id": made, "kind": kind, "code": f"{kind[0]}{serial:03}", "name": name, **more}
    shape = values.pop("shape", None)
    names = ", ".join(values)
    places = ", ".join(f"%({name})s" for name in values)
    owner.execute(
        f"INSERT INTO gridmap.place ({names}, geom) VALUES ({places}, ST_GeomFromText(%(shape)s, 4326))",
        values | {"shape": shape},
    )
    return made


def _fill_community(owner: psycopg.Connection[Any], town: Town, street: int, number: int, west: float) -> None:
    community = identity(street, number)
    serial = number * 1000
    outline = f"POLYGON{square(west, 22.5, 0.01, clockwise=True)}"
    grid = identity(street, serial)
    _place(owner, street, serial, "grid", "网格", community_id=community, grid_id=grid, shape=outline)
    owner.execute(
        "INSERT INTO gridmap.grid (street_id, place_id, type, counted_households) VALUES (%s, %s, 'basic', 301)",
        (street, grid),
    )
    owner.execute(
        "INSERT INTO gridmap.boundary (street_id, place_id, valid, geom)"
        " VALUES (%s, %s, '[2020-01-01,)', ST_GeomFromText(%s, 4326))",
        (street, grid, outline),
    )
    estate = identity(street, serial + 1)
    where = {"community_id": community, "grid_id": grid, "estate_id": estate}
    _place(owner, street, serial + 1, "estate", "花苑", **where, shape=f"POINT({west + 0.005} 22.505)")
    owner.execute(
        "INSERT INTO gridmap.estate (street_id, place_id, management, site_area_m2) VALUES (%s, %s, 'self', 1234.50)",
        (street, estate),
    )
    for index, name in enumerate(AWKWARD):
        _fill_building(owner, town, street, serial + 100 + index, name, west + index * 0.0009, where)
    holder = identity(street, serial + 500)
    owner.execute(
        "INSERT INTO gridmap.person (street_id, id, name, display_name, community_id) VALUES (%s, %s, %s, %s, %s)",
        (street, holder, "张三丰", "张师傅", community),
    )
    for place, role in ((grid, "grid_worker"), (identity(street, serial + 100), "building_manager")):
        owner.execute(
            "INSERT INTO gridmap.assignment"
            " (street_id, id, person_id, place_id, role, valid, community_id, grid_id)"
            " VALUES (%s, %s, %s, %s, %s, '[2026-01-01 00:00+08,)', %s, %s)",
            (street, place + 600, holder, place, role, community, grid),
        )
    hydrant = _place(
        owner, street, serial + 300, "facility", "消火栓", **where, shape=f"POINT({west + 0.00123456789} 22.501)"
    )
    owner.execute(
        "INSERT INTO gridmap.facility (street_id, place_id, kind, installed_on) VALUES (%s, %s, 'hydrant', %s)",
        (street, hydrant, "2019-05-04"),
    )


SHAPES: tuple[Callable[[float], str | None], ...] = (
    lambda x: f"POLYGON{square(x, 22.502, 0.0005)}",
    lambda x: f"POLYGON{square(x, 22.502, 0.0005, clockwise=True)}",
    lambda x: f"POLYGON({square(x, 22.502, 0.0005)[1:-1]}, {square(x + 0.0001, 22.5021, 0.0002)[1:-1]})",
    lambda x: f"MULTIPOLYGON({square(x, 22.502, 0.0002)}, {square(x + 0.0003, 22.502, 0.0002, clockwise=True)})",
    lambda x: None,
)


def _fill_building(
    owner: psycopg.Connection[Any], town: Town, street: int, serial: int, name: str, x: float, where: dict[str, int]
) -> None:
    shape = SHAPES[serial % len(SHAPES)](x)
    made = _place(owner, street, serial, "building", name, **where, shape=shape)
    facts = {
        "kind": "slab",
        "floors": serial % 7 or None,
        "built_year": 1990 + serial % 30,
        "height_m": None if serial % 3 else 18.5,
    }
    owner.execute(
        "INSERT INTO gridmap.building (street_id, place_id, kind, floors, built_year, height_m)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (street, made, *facts.values()),
    )
    town.buildings[made] = {"name": name, "shape": shape, **facts, **where}


@contextmanager
def open_town(base: "Base") -> Iterator[Town]:
    """Two streets in this empty database, each with two communities, two grids and twenty buildings."""
    made = Town(base, Database(base.app_url))
    with psycopg.connect(base.owner_url) as owner:
        fill(owner, made)
    yield made
    made.database.close()
