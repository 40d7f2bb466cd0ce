"""The demo is exactly what it says: the same bytes each time, the counts of its sources, a topology that holds."""

from collections import Counter
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import psycopg
import pytest
import shapely
from psycopg import sql
from shapely.geometry.base import BaseGeometry

from gridmap.demo import scale
from gridmap.demo.bodies import organise_town
from gridmap.demo.build import build_town
from gridmap.demo.declare import Town
from gridmap.demo.facilities import equip_town
from gridmap.demo.generate import generate
from gridmap.demo.people import staff_town
from gridmap.demo.register import Register
from gridmap.demo.store import TARGETS, load_demo
from gridmap.demo.towns.dongqu import DONGQU, hy_outline
from gridmap.demo.units import expand
from gridmap.places.numbering import reading_order
from tests.conftest import Base
from tests.demo_files import FOLDER, communities_with_grids, households, metres, of_city, of_community, rows

TOLERANCE = 0.5
"""Square metres."""

PLACES = ["communities", "grids", "estates", "buildings", "stairwells", "facilities", "zones", "basemap"]
SPATIAL = ["streets", *PLACES]
WITH_IDS = [*PLACES, "people", "assignments", "absences"]
HY, LQ, ZH = "442000002005", "442000002016", "442000114005"
XYW, GZB, JM, XS, JY = "310113103031", "420104005013", "420502001003", "420502001012", "420114072120"
BX1, BX4, BX8, SG = "310113101025", "310113101028", "310113101033", "310120104006"

# community → estates, buildings, stairwells, households, basic grids, households of the smallest and largest grid
COUNTS = {
    HY: (13, 84, 253, 1265, 3, 390, 455),
    LQ: (1, 45, 135, 3237, 8, 360, 432),
    ZH: (4, 78, 234, 4212, 12, 324, 432),
    XYW: (4, 45, 102, 2554, 7, 330, 419),
    GZB: (1, 15, 30, 1439, 3, 479, 480),
    JM: (1, 9, 21, 430, 1, 430, 430),
    XS: (1, 12, 24, 700, 2, 350, 350),
    JY: (1, 20, 40, 1600, 4, 400, 400),
    BX1: (1, 10, 20, 720, 2, 360, 360),
    BX4: (1, 12, 24, 768, 2, 384, 384),
    BX8: (1, 12, 24, 720, 2, 360, 360),
    SG: (3, 30, 60, 1320, 3, 396, 484),
}
FACILITIES = {
    (LQ, "canopy"): 45,
    (BX1, "lift"): 20,
    (BX4, "camera_outdoor"): 24,
    (BX4, "camera_high"): 8,
    (BX4, "camera_garage"): 8,
    (JM, "lift"): 6,
    (XYW, "service_station"): 1,
    (XYW, "baby_room"): 1,
    (SG, "pet_toilet"): 1,
    (XS, "activity_centre"): 1,
    (LQ, "party_service_station"): 1,
}


def test_generating_again_gives_the_same_bytes(tmp_path: Path) -> None:
    generate(tmp_path)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    committed = {path.name: path.read_bytes() for path in FOLDER.glob("*json")}
    assert made.keys() == committed.keys()
    assert [name for name in sorted(made) if made[name] != committed[name]] == []
    assert sum(map(len, committed.values())) < 6_000_000


def test_an_added_estate_moves_no_id() -> None:
    town = replace(DONGQU, points={})
    newcomer = replace(town.communities[0].estates[-1], number=60, name="新来苑", boxes=(hy_outline(1, 0),))
    cluster = replace(newcomer.clusters[0], box=hy_outline(1, 0))
    first = town.communities[0]
    grown = replace(first, estates=(*first.estates, replace(newcomer, clusters=(cluster,), zone=None)))
    before = named_rows(town)
    after = named_rows(replace(town, communities=(grown, *town.communities[1:])))
    assert before.items() <= after.items()
    assert len(after) > len(before)


def named_rows(town: Town) -> dict[tuple[str, int], object]:
    """What each id of a town stands for."""
    register = Register()
    built = build_town(register, town, 1)
    organise_town(register, built)
    staff_town(register, built)
    equip_town(register, built)
    return {
        (subject, row["id"]): (row.get("code"), row.get("name"), row.get("place_id"), row.get("person_id"))
        for subject in ("estates", "grids", "buildings", "stairwells", "people", "assignments", "organisations")
        for row in register.rows[subject]
    }


@pytest.mark.parametrize("code", COUNTS)
def test_register_counts_are_those_of_the_sources(code: str) -> None:
    estates, buildings = of_community("estates", code), of_community("buildings", code)
    stairwells = of_community("stairwells", code)
    basic = [grid for grid in of_community("grids", code) if grid["type"] == "basic"]
    sizes = [grid["counted_households"] for grid in basic]
    counted = (len(estates), len(buildings), len(stairwells), households(stairwells, buildings))
    assert (*counted, len(basic), min(sizes), max(sizes)) == COUNTS[code]
    assert sum(sizes) == COUNTS[code][3]
    tops = [estate for estate in estates if "parent_id" not in estate]
    assert sum(estate["counted_households"] for estate in tops) == COUNTS[code][3]


@pytest.mark.parametrize(("code", "kind"), FACILITIES)
def test_facilities_are_those_of_the_sources(code: str, kind: str) -> None:
    assert len([f for f in of_community("facilities", code) if f["kind"] == kind]) == FACILITIES[code, kind]


def test_shapes_of_houses_follow_the_sources() -> None:
    kinds = Counter(row["kind"] for row in of_community("buildings", XYW))
    assert kinds == {"high_rise": 37, "villa_row": 8}
    assert sum(len(row.get("units", [])) for row in of_community("buildings", XYW)) == 72
    sections = Counter(row["parent_id"] for row in of_community("stairwells", HY))
    assert Counter(sections.values()) == {3: 83, 4: 1}
    assert Counter(Counter(row["parent_id"] for row in of_community("stairwells", JM)).values()) == {3: 3, 2: 6}
    units = Counter(len(expand(row["units"])) for row in of_community("stairwells", XYW))
    assert units == {25: 34, 24: 68}
    assert {row["built_year"] for row in of_community("estates", JM)} == {1998}


def test_security_devices_of_xiangyiwan() -> None:
    security = {row["code"] for row in rows("facility_kinds") if row["theme"] == "security"}
    devices = [f for f in of_community("facilities", XYW) if f["kind"] in security]
    assert Counter(f["state"] for f in devices) == {"working": 136, "down": 12}


def test_parking_zones() -> None:
    assert (len(of_community("zones", HY)), len(of_community("zones", XYW)), len(rows("zones"))) == (13, 3, 16)


def test_organisations_of_huayuan() -> None:
    own = of_community("organisations", HY)
    kinds = Counter(row["kind"] for row in own if row["kind"].startswith("party"))
    assert kinds == {"party_committee": 1, "party_branch": 3 + 13, "party_group": 16}
    group = next(row for row in own if row["kind"] == "residents_group")
    assert group["members"] == 24
    committees = {
        row["name"]: (row["members"], row.get("party_members"))
        for row in rows("organisations")
        if row["kind"] == "owners_committee"
    }
    assert committees["嘉明花园业主委员会"] == (7, 6)
    assert committees["金域蓝湾业主委员会"] == (10, 7)
    assert [committees[f"宝欣苑{word}村业主委员会"] for word in "四八"] == [(5, 2), (5, 2)]
    assert [row["members"] for row in rows("organisations") if row["kind"] == "oversight_committee"] == [9]


def current(code: str, role: str) -> list[dict[str, object]]:
    return [row for row in of_community("assignments", code) if row["role"] == role and row["valid"].endswith(",)")]


def test_every_stairwell_of_huayuan_has_its_own_manager_and_one_of_langqing_has_none() -> None:
    managers = current(HY, "building_manager")
    assert len(managers) == len({row["person_id"] for row in managers}) == 253
    assert {row["place_id"] for row in managers} == {row["id"] for row in of_community("stairwells", HY)}
    held = {row["place_id"] for row in current(LQ, "building_manager")}
    assert len({row["id"] for row in of_community("stairwells", LQ)} - held) == 1


def test_butlers_miss_one_stairwell_of_xiangyiwan() -> None:
    assert len({row["place_id"] for row in current(XYW, "property_butler")}) == 101


def test_micro_grids_of_zhenhua_have_179_members() -> None:
    grids = of_community("grids", ZH)
    micro = {row["id"] for row in grids if row["type"] == "micro"}
    assert Counter(row["type"] for row in grids) == {"basic": 12, "micro": 39, "dedicated": 1}
    members = Counter(r["place_id"] for r in of_community("assignments", ZH) if r["place_id"] in micro)
    assert Counter(members.values()) == {5: 23, 4: 16}
    assert {row["counted_households"] for row in grids if row["type"] == "micro"} == {108}
    estates = Counter(row["code"][:12] for row in of_community("estates", ZH))
    assert estates == {ZH: 4}


def test_the_estates_of_zhongshan() -> None:
    estates = of_city("estates", "442000")
    streets = of_city("communities", "442000")
    assert len({row["street_id"] for row in streets}) == 23
    assert len(estates) == 1092
    lively = {row["id"] for row in estates if row.get("declared_party_members", 0) >= 3}
    kinds = {row["id"]: row["kind"] for row in rows("organisations")}
    covered = {
        row["place_id"]
        for row in rows("organisation_places")
        if row["relation"] == "covers" and kinds[row["organisation_id"]] in {"party_branch", "party_group"}
    } & {row["id"] for row in estates}
    assert (len(lively), len(covered), len(covered - lively)) == (578, 540, 0)
    sanjiao = of_city("estates", "442000109")
    assert (len(sanjiao), len([row for row in sanjiao if row["id"] in covered])) == (40, 39)
    committees = [row["code"] for row in rows("organisations") if row["kind"] == "owners_committee"]
    assert not [code for code in committees if code.startswith("442000109")]


def test_names_and_phones_stand_for_nobody() -> None:
    for person in rows("people"):
        assert person["name"][1] == "某"
        assert len(person["name"]) == 3
        assert person["phone"].startswith("1990000")
        assert len(person["phone"]) == 11


@pytest.mark.parametrize("code", [*communities_with_grids()])
def test_grids_partition_their_community(code: str) -> None:
    community = next(row for row in rows("communities") if row["code"] == code)
    area = metres("communities")[community["id"]]
    grids = [g for g in of_community("grids", code) if g["type"] != "micro"]
    shapes = [metres("grids")[g["id"]] for g in grids]
    assert shapely.union_all(shapes).symmetric_difference(area).area < TOLERANCE
    assert abs(sum(shape.area for shape in shapes) - area.area) < TOLERANCE
    for one, other in combinations(shapes, 2):
        assert one.intersection(other).area < TOLERANCE


@pytest.mark.parametrize("code", [*communities_with_grids()])
def test_grids_are_numbered_west_to_east_in_rows_from_north_to_south(code: str) -> None:
    grids = sorted((g for g in of_community("grids", code) if g["type"] != "micro"), key=lambda g: g["code"])
    assert [g["code"] for g in grids] == [f"{code}{k:03d}" for k in range(1, len(grids) + 1)]
    shapes = [metres("grids")[g["id"]] for g in grids]
    assert reading_order(shapes) == [*range(len(grids))]
    for first, later in combinations(shapes, 2):
        assert later.bounds[1] < first.bounds[3] - 1, "no later grid lies wholly north of an earlier one"
        if beside(first, later):
            assert first.centroid.x < later.centroid.x


def beside(one: BaseGeometry, other: BaseGeometry) -> bool:
    """Whether the middle of each lies between north and south of the other."""
    return all(b.bounds[1] < a.centroid.y < b.bounds[3] for a, b in ((one, other), (other, one)))


def test_micro_grids_lie_in_their_basic_grid_and_hold_its_houses() -> None:
    shapes = metres("grids")
    micro = [g for g in rows("grids") if g["type"] == "micro"]
    for grid in micro:
        assert shapes[grid["id"]].difference(shapes[grid["grid_id"]]).area < TOLERANCE
        assert (grid["micro_grid_id"], len(grid["code"])) == (grid["id"], 17)
    for one, other in combinations(micro, 2):
        if one["grid_id"] == other["grid_id"]:
            assert shapes[one["id"]].intersection(shapes[other["id"]]).area < TOLERANCE
    for building in rows("buildings"):
        if "micro_grid_id" in building:
            assert shapes[building["micro_grid_id"]].contains(metres("buildings")[building["id"]])


def test_every_building_lies_in_exactly_its_grid_and_its_estate() -> None:
    grids = {g["id"]: metres("grids")[g["id"]] for g in rows("grids") if g["type"] != "micro"}
    for building in rows("buildings"):
        shape = metres("buildings")[building["id"]]
        touched = [identity for identity, grid in grids.items() if grid.intersects(shape)]
        assert touched == [building["grid_id"]], building["code"]
        assert grids[building["grid_id"]].contains(shape)
        assert metres("estates")[building["estate_id"]].contains(shape), building["code"]


def test_stairwells_lie_in_their_building() -> None:
    for stairwell in rows("stairwells"):
        outside = metres("stairwells")[stairwell["id"]].difference(metres("buildings")[stairwell["parent_id"]])
        assert outside.area < 0.1, stairwell["code"]


@pytest.mark.parametrize("subject", ["buildings", "estates", "zones", "communities"])
def test_nothing_overlaps(subject: str) -> None:
    parents = {row.get("parent_id") for row in rows("estates")}
    chosen = [row for row in rows(subject) if row["id"] not in parents]
    shapes = [metres(subject)[row["id"]] for row in chosen]
    tree = shapely.STRtree(shapes)
    for a, b in tree.query(shapes, predicate="intersects").T:
        if a < b and chosen[a]["code"][:2] == chosen[b]["code"][:2]:
            # communities share long borders, whose rounding to seven decimals leaves slivers
            allowed = 25 if subject == "communities" else TOLERANCE
            assert shapes[a].intersection(shapes[b]).area < allowed, (chosen[a]["code"], chosen[b]["code"])


def test_zones_are_off_the_houses() -> None:
    houses = shapely.STRtree([*metres("buildings").values()])
    for identity, shape in metres("zones").items():
        assert houses.query(shape, predicate="intersects").size == 0, identity


def test_communities_tile_their_street() -> None:
    for street in rows("streets"):
        own = [row["id"] for row in rows("communities") if row["street_id"] == street["id"]]
        whole = shapely.union_all([metres("communities")[identity] for identity in own])
        area = metres("streets")[street["id"]]
        assert whole.symmetric_difference(area).area < area.area * 1e-5, street["name"]


def test_xiangyiwan_has_its_area() -> None:
    wanted = {"香逸湾": 190_800, "香逸湾517弄": 78_400, "香逸湾58弄": 62_000, "香逸湾128弄": 50_400}
    measured = {row["name"]: metres("estates")[row["id"]].area for row in of_community("estates", XYW)}
    assert measured == {name: pytest.approx(area, rel=0.001) for name, area in wanted.items()}


@pytest.mark.parametrize("subject", WITH_IDS)
def test_ids_tell_their_street_and_leave_room_for_living_rows(subject: str) -> None:
    identities = [row["id"] for row in rows(subject)]
    assert len(set(identities)) == len(identities)
    for row in rows(subject):
        assert row["id"] >> 32 == row["street_id"]
        assert row["id"] & 0xFFFFFFFF < 2**20
        assert row["id"] < 2**53


@pytest.mark.parametrize("subject", SPATIAL)
def test_shapes_are_valid_and_written_with_seven_decimals(subject: str) -> None:
    for row in rows(subject):
        assert row["shape"].is_valid, (subject, row["id"])
        assert not row["shape"].is_empty
    assert all(
        round(number, 7) == number for row in rows(subject) for number in shapely.get_coordinates(row["shape"]).flat
    )


def test_basemap_has_every_class_that_the_map_draws() -> None:
    found = {(row["kind"], row["class"]) for row in rows("basemap")}
    for kind, classes in {
        "road": {"motorway", "main", "secondary", "residential", "rail"},
        "water": {"river", "lake", "pond"},
        "green": {"park", "grass", "wood"},
    }.items():
        assert {sort for k, sort in found if k == kind} == classes


def test_loading_puts_every_row_in_and_loading_twice_changes_nothing(empty_base: Base) -> None:
    with psycopg.connect(empty_base.owner_url) as owner:
        added = load_demo(owner)
        assert {subject: added[subject] for subject in TARGETS} == {subject: len(rows(subject)) for subject in TARGETS}
        before = fingerprint(owner)
        assert set(load_demo(owner).values()) == {0}
        assert fingerprint(owner) == before


def fingerprint(owner: psycopg.Connection[tuple[object, ...]]) -> dict[str, object]:
    """What each table holds, order aside."""
    names = [row[0] for row in owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'gridmap'").fetchall()]
    found = {}
    for name in sorted(map(str, names)):
        statement = sql.SQL("SELECT count(*), sum(hashtextextended(t::text, 0)) FROM gridmap.{} t")
        found[name] = owner.execute(statement.format(sql.Identifier(name))).fetchone()
    return found


def test_history_knows_how_a_border_lay_before(own_demo_base: Base) -> None:
    grid_on = (
        "SELECT DISTINCT g.code FROM gridmap.membership m JOIN gridmap.place p USING (street_id)"
        " JOIN gridmap.place g ON (g.street_id, g.id) = (m.street_id, m.grid_id)"
        " WHERE p.id = m.place_id AND p.kind = 'building' AND m.valid @> %s::date AND p.id IN"
        " (SELECT place_id FROM gridmap.membership WHERE upper(valid) = '2025-09-01')"
    )
    with psycopg.connect(own_demo_base.owner_url) as owner:
        before = owner.execute(grid_on, ("2025-08-31",)).fetchall()
        after = owner.execute(grid_on, ("2025-09-01",)).fetchall()
        assert (len(before), len(after), before != after) == (1, 1, True)
        open_now = owner.execute(
            "SELECT count(*) FROM gridmap.place p WHERE p.kind <> 'grid' AND p.community_id IS NOT NULL AND"
            " (SELECT count(*) FROM gridmap.membership m WHERE (m.street_id, m.place_id) = (p.street_id, p.id)"
            "  AND upper_inf(m.valid) AND m.grid_id IS NOT DISTINCT FROM p.grid_id) <> 1"
        ).fetchone()
        assert open_now == (0,)


CATALOGUE = (
    "SELECT indexdef FROM pg_indexes WHERE schemaname = 'gridmap' UNION ALL"
    " SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) || convalidated FROM pg_constraint"
    " WHERE connamespace = 'gridmap'::regnamespace ORDER BY 1"
)


def test_a_cloned_city_is_whole(own_demo_base: Base) -> None:
    with psycopg.connect(own_demo_base.owner_url) as owner:
        catalogue = owner.execute(CATALOGUE).fetchall()
        counts = scale.clone_city(owner, 1000, say=lambda _: None)
        assert counts["building"] == 2 * 774
        assert counts["stairwell"] == 2 * 6 * (253 + 135)
        assert owner.execute(CATALOGUE).fetchall() == catalogue
        assert scale.clone_city(owner, 1000, say=lambda _: None) == {}
        for table in ("vehicle_count", "vehicle", "parking_rule", "gate", "rota", "slot", "incident"):
            beside = sql.SQL("SELECT count(*) FROM gridmap.{} WHERE street_id > 20000").format(sql.Identifier(table))
            assert owner.execute(beside).fetchone() == (0,), "what happened stays with the streets where it did"
        codes = "SELECT count(*) - count(DISTINCT code) FROM gridmap.community"
        assert owner.execute(codes).fetchone() == (0,)
        strangers = (
            "SELECT count(*) FROM gridmap.place p JOIN gridmap.community c ON (c.street_id, c.id) ="
            " (p.street_id, p.community_id) WHERE left(p.code, 12) <> c.code"
        )
        assert owner.execute(strangers).fetchone() == (0,)


def test_cloned_streets_lie_side_by_side(own_demo_base: Base) -> None:
    with psycopg.connect(own_demo_base.owner_url) as owner:
        scale.clone_city(owner, 1000, say=lambda _: None)
        overlaps = (
            "SELECT coalesce(max(ST_Area(ST_Intersection(a.geom, b.geom)::geography)), 0) FROM gridmap.community a"
            " JOIN gridmap.community b ON a.id < b.id AND a.geom && b.geom WHERE a.street_id > 20000"
        )
        (most,) = owner.execute(overlaps).fetchone() or (None,)
        assert isinstance(most, float)
        assert most < 60
        outside = (
            "SELECT max(ST_Area(ST_SymDifference(s.geom, c.geom)::geography)) FROM gridmap.street s JOIN"
            " (SELECT street_id, ST_Union(geom) AS geom FROM gridmap.community GROUP BY 1) c ON c.street_id = s.id"
            " WHERE s.id > 20000"
        )
        (most,) = owner.execute(outside).fetchone() or (None,)
        assert isinstance(most, float)
        assert most < 300
        whole, inner = owner.execute(
            "SELECT ST_Area(ST_Union(geom)::geography), sum(ST_Area(geom::geography)) FROM gridmap.community"
            " WHERE street_id > 20000"
        ).fetchone() or (0, 0)
        assert whole == pytest.approx(inner, rel=1e-3)
        assert owner.execute(
            "SELECT count(*) FROM gridmap.place b"
            " JOIN gridmap.place g ON (g.street_id, g.id) = (b.street_id, b.grid_id)"
            " WHERE b.street_id > 20000 AND b.kind = 'building' AND NOT ST_Covers(g.geom, b.geom)"
        ).fetchone() == (0,)


def test_cloning_needs_the_demo(empty_base: Base) -> None:
    with psycopg.connect(empty_base.owner_url) as owner, pytest.raises(LookupError, match="load the demo first"):
        scale.clone_city(owner, 1000, say=lambda _: None)
