"""Zones and gates drawn and corrected: what they lie in, their history, who may, and why something is refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import shapely

from gridmap.places.shapes import ShapeProblem
from gridmap.places.zones import DrawnGate, DrawnZone, add_drawn, change_drawn
from tests.duties_town import COMMUNITY, ESTATE_A, ESTATE_B, GRID_A, GRID_B, HOUSE_A
from tests.incidents_town import EAST
from tests.parking_town import NORTH, ParkingTown

CODE = "442000002005"


def square(west: float, south: float = 22.502, side: float = 0.0004) -> shapely.Polygon:
    return shapely.box(west, south, west + side, south + side)


IN_A, IN_B, KERBSIDE = square(113.402), square(113.412), square(113.4002)


def zone(shape: shapely.Polygon = IN_A, name: str = "北区停车区", **more: Any) -> DrawnZone:
    return DrawnZone(name=name, shape=shape, **{"capacity": 40, **more})


def draw(town: ParkingTown, who: str | None, drawn: DrawnZone | DrawnGate) -> int:
    return town.run(who, lambda connection, by: add_drawn(connection, by, drawn))


def correct(town: ParkingTown, who: str | None, place_id: int, drawn: DrawnZone | DrawnGate, revision: int = 1) -> None:
    town.run(who, lambda connection, by: change_drawn(connection, by, place_id, drawn, revision=revision))


@contextmanager
def not_drawn(reason: str) -> Iterator[None]:
    with pytest.raises(ShapeProblem) as problem:
        yield
    assert problem.value.reason == reason


def row_of(town: ParkingTown, place_id: int) -> dict[str, Any]:
    return town.rows(
        "SELECT p.*, z.capacity, z.details, public.st_astext(p.geom) AS text FROM gridmap.place p"
        " LEFT JOIN gridmap.zone z ON z.place_id = p.id WHERE p.id = %s", place_id,
    )[0]  # fmt: skip


def history(town: ParkingTown, table: str, place_id: int) -> list[tuple[Any, ...]]:
    rows = town.rows(f"SELECT lower(valid) AS since, upper(valid) AS until, * FROM gridmap.{table}"
                     " WHERE place_id = %s ORDER BY 1 NULLS FIRST", place_id)  # fmt: skip
    return [(row["since"], row["until"], row.get("estate_id")) for row in rows]


def test_a_leader_draws_a_zone_and_it_belongs_where_it_lies(town: ParkingTown) -> None:
    today = town.now.date()
    place_id = draw(town, "community_leader", zone(site="kerb"))
    row = row_of(town, place_id)
    assert (row["community_id"], row["grid_id"], row["estate_id"]) == (COMMUNITY, GRID_A, ESTATE_A)
    assert (row["kind"], row["code"], row["name"], row["initials"]) == ("zone", f"{CODE}Z01", "北区停车区", "bqtcq")
    assert (row["capacity"], row["details"], row["revision"]) == (40, {"site": "kerb"}, 1)
    assert (row["changed_by"], row["valid"].lower) == (town.ids["community_leader"], today)
    assert history(town, "membership", place_id) == [(today, None, ESTATE_A)]
    assert history(town, "boundary", place_id) == [(today, None, None)]
    [logged] = town.rows("SELECT * FROM gridmap.audit WHERE action = 'draw_place'")
    assert (logged["subject_id"], logged["before"], logged["after"]["name"]) == (str(place_id), None, "北区停车区")
    told = {one["layer"] for one in town.rows("SELECT layer FROM gridmap.change")}
    assert {"parking", "places"} <= told
    # it can be counted at once, and the next one has the next number
    town.count("worker_a", place_id, 12, 3)
    assert row_of(town, draw(town, "leader", zone(IN_B, "南区")))["code"] == f"{CODE}Z02"


def test_the_middle_decides_and_of_estates_the_inner_one(town: ParkingTown) -> None:
    straddling = shapely.box(113.4085, 22.502, 113.4092, 22.5023)
    assert row_of(town, draw(town, "leader", zone(straddling)))["estate_id"] == ESTATE_A
    town.owner.execute(
        "INSERT INTO gridmap.place (street_id, id, kind, code, name, community_id, parent_id, estate_id, geom)"
        " SELECT street_id, id + 900, 'estate', 'inner', 'inner', community_id, id, id + 900,"
        " 'SRID=4326;POLYGON((113.4035 22.504,113.405 22.504,113.405 22.507,113.4035 22.507,113.4035 22.504))'"
        " FROM gridmap.place WHERE id = %s", (ESTATE_A,),
    )  # fmt: skip
    assert row_of(town, draw(town, "leader", zone(square(113.404, 22.505))))["estate_id"] == ESTATE_A + 900
    assert row_of(town, draw(town, "leader", zone(KERBSIDE)))["estate_id"] is None


@pytest.mark.parametrize(
    ("drawn", "reason"),
    [
        (zone(shapely.box(113.4195, 22.502, 113.4202, 22.503)), "outside"),
        (zone(shapely.box(113.4075, 22.5097, 113.408, 22.5102)), "outside"),
        (zone(square(114.2)), "nowhere"),
        (
            zone(shapely.Polygon([(113.402, 22.502), (113.403, 22.503), (113.403, 22.502), (113.402, 22.503)])),
            "crossing",
        ),
        (zone(name=""), "name"),
        (zone(name="x" * 61), "name"),
        (zone(name="a\nb"), "name"),
        (zone(capacity=-1), "capacity"),
        (zone(capacity=20_001), "capacity"),
        (zone(site="roof"), "site"),
        (DrawnGate(name="门", shape=shapely.Point(114.2, 22.5)), "nowhere"),
    ],
)
def test_what_cannot_be_drawn_is_refused_and_nothing_is_written(
    town: ParkingTown, drawn: DrawnZone, reason: str
) -> None:
    before = town.rows("SELECT count(*) AS n FROM gridmap.place")
    with not_drawn(reason):
        draw(town, "leader", drawn)
    assert town.rows("SELECT count(*) AS n FROM gridmap.place") == before
    assert town.rows("SELECT FROM gridmap.audit WHERE action = 'draw_place'") == []


def test_the_streets_own_outline_counts_where_it_is_known(town: ParkingTown) -> None:
    town.owner.execute("UPDATE gridmap.street SET geom = public.st_multi(public.st_makeenvelope(113.4, 22.5, 113.4022,"
                       " 22.51, 4326))")  # fmt: skip
    with pytest.raises(ShapeProblem) as problem:
        draw(town, "leader", zone())
    assert (problem.value.reason, problem.value.values) == ("outside", {"share": "50", "area": "街"})


@pytest.mark.parametrize("who", ["worker_a", "planner", "company", "east_leader", "manager"])
def test_only_who_leads_there_draws(town: ParkingTown, who: str) -> None:
    with not_drawn("not_yours"):
        draw(town, who, zone())
    with pytest.raises((ShapeProblem, LookupError)):
        correct(town, who, NORTH, zone())
    assert row_of(town, NORTH)["revision"] == 1


def test_a_community_s_leader_does_not_draw_next_door(town: ParkingTown) -> None:
    east = square(113.425)
    with not_drawn("not_yours"):
        draw(town, "community_leader", zone(east))
    place_id = draw(town, "east_leader", zone(east))
    assert row_of(town, place_id)["community_id"] == EAST
    mine = draw(town, "community_leader", zone())
    with not_drawn("not_yours"):
        correct(town, "community_leader", mine, zone(square(113.426)))
    assert row_of(town, mine)["community_id"] == COMMUNITY


def test_two_zones_of_a_kind_do_not_lie_on_each_other(town: ParkingTown) -> None:
    draw(town, "leader", zone())
    beside, over = shapely.box(113.40236, 22.502, 113.4028, 22.5024), shapely.box(113.4022, 22.502, 113.4026, 22.5024)
    with pytest.raises(ShapeProblem) as problem:
        draw(town, "leader", zone(over))
    assert (problem.value.reason, problem.value.values) == ("overlap", {"share": "50", "zone": "北区停车区"})
    # a little is drawn by hand; and a garage lies below
    assert draw(town, "leader", zone(beside, "旁边"))
    garage = draw(town, "leader", zone(over, "车库", site="garage"))
    with not_drawn("overlap"):
        correct(town, "leader", garage, zone(over, "车库", site="ground"))


def test_a_corner_is_corrected_and_the_shape_of_yesterday_stays(town: ParkingTown) -> None:
    first = town.now.date()
    place_id = draw(town, "leader", zone())
    # still today: it never was another one
    correct(town, "leader", place_id, zone(square(113.4021)))
    assert history(town, "boundary", place_id) == [(first, None, None)]
    town.now += timedelta(days=3)
    later = town.now.date()
    correct(town, "leader", place_id, zone(square(113.4022), "新名", capacity=None), revision=2)
    assert history(town, "boundary", place_id) == [(first, later, None), (later, None, None)]
    assert history(town, "membership", place_id) == [(first, None, ESTATE_A)]
    row = row_of(town, place_id)
    assert (row["name"], row["capacity"], row["revision"]) == ("新名", None, 3)
    logged = town.rows("SELECT before, after FROM gridmap.audit WHERE action = 'correct_place' ORDER BY id")[-1]
    assert (logged["before"]["capacity"], logged["after"]["capacity"]) == (40, None)
    assert logged["before"]["shape"] != logged["after"]["shape"]
    # nothing new is nothing written
    correct(town, "leader", place_id, zone(square(113.4022), "新名", capacity=None), revision=3)
    assert row_of(town, place_id)["revision"] == 3


def test_a_zone_that_moves_takes_along_what_was_counted_there(town: ParkingTown) -> None:
    first = town.now.date()
    place_id = draw(town, "leader", zone())
    town.count("worker_a", place_id, 12, 3)
    town.now += timedelta(days=1)
    correct(town, "leader", place_id, zone(IN_B))
    row = row_of(town, place_id)
    assert (row["grid_id"], row["estate_id"]) == (GRID_B, ESTATE_B)
    assert history(town, "membership", place_id) == [
        (first, town.now.date(), ESTATE_A), (town.now.date(), None, ESTATE_B),
    ]  # fmt: skip
    counted = town.rows("SELECT estate_id, grid_id FROM gridmap.vehicle_count")
    assert counted == [{"estate_id": ESTATE_B, "grid_id": GRID_B}]


def test_a_zone_that_was_only_a_point_is_drawn_and_the_point_is_history(town: ParkingTown) -> None:
    correct(town, "leader", NORTH, zone(square(113.4038)))
    found = town.rows("SELECT lower(valid) AS since, public.st_geometrytype(geom) AS kind FROM gridmap.boundary"
                      " WHERE place_id = %s ORDER BY 1 NULLS FIRST", NORTH)  # fmt: skip
    assert found == [{"since": None, "kind": "ST_Point"}, {"since": town.now.date(), "kind": "ST_Polygon"}]


def test_who_saw_something_older_is_told_so(town: ParkingTown) -> None:
    place_id = draw(town, "leader", zone())
    correct(town, "community_leader", place_id, zone(name="一"))
    with not_drawn("changed"):
        correct(town, "leader", place_id, zone(name="二"))
    assert row_of(town, place_id)["name"] == "一"
    with pytest.raises(LookupError):
        correct(town, "leader", HOUSE_A, zone())
    with not_drawn("not_an_area"):
        correct(town, "leader", place_id, DrawnGate(name="门", shape=shapely.Point(113.402, 22.502)), revision=2)


def test_a_gate_is_a_point_and_moves(town: ParkingTown) -> None:
    town.owner.execute("INSERT INTO gridmap.facility_kind (code, title, title_en, theme)"
                       " VALUES ('gate', '口', 'g', 't') ON CONFLICT DO NOTHING")  # fmt: skip
    place_id = draw(town, "leader", DrawnGate(name="东门", shape=shapely.Point(113.4089, 22.505)))
    row = row_of(town, place_id)
    assert (row["kind"], row["code"], row["estate_id"], row["text"]) == (
        "facility", f"{CODE}G01", ESTATE_A, "POINT(113.4089 22.505)",
    )  # fmt: skip
    correct(town, "leader", place_id, DrawnGate(name="西门", shape=shapely.Point(113.4011, 22.505)))
    row = row_of(town, place_id)
    assert (row["name"], row["text"], row["revision"]) == ("西门", "POINT(113.4011 22.505)", 2)
    told = {one["layer"] for one in town.rows("SELECT layer FROM gridmap.change")}
    assert "facilities" in told
