"""Searches of a street in the database: what was planted is found, what is only large is not, and the figures are
those of the rows, reckoned here a second time by other means.
"""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
import pytest
import shapely
from psycopg.rows import dict_row

from gridmap.analysis.hexagons import hexagons_at
from gridmap.clock import parse_clock
from gridmap.db import SYSTEM, Database
from gridmap.hotspots import Spell, Subject, find_all, search
from gridmap.hotspots.nightly import find_tonight
from gridmap.hotspots.subjects import seed_of
from gridmap.incidents.moving import own_incidents
from tests import found_town
from tests.conftest import Base
from tests.found_town import BASE, COMMUNITY, CROWDED, DAY, EAST, HOT, STREET, WEST, estate_id, houses_of, zones_of
from tests.plain_hotspots import expect_plainly, heights_plainly

SPELL = Spell.before(date.fromisoformat(DAY))
NOW = datetime(2026, 3, 15, 18, tzinfo=UTC)
VIOLATIONS, STAYS, INCIDENTS = Subject("parking_violation"), Subject("long_stay"), Subject("incident")


@pytest.fixture(scope="module")
def template(empty_template: str, copy_database: Callable[[str], Base]) -> Base:
    base = copy_database(empty_template)
    with psycopg.connect(base.owner_url) as owner:
        found_town.build(owner)
        found_town.add_violations(owner, 0.06)
        found_town.add_incidents(owner, 0.01)
    return base


@pytest.fixture(scope="module")
def searched(template: Base) -> dict[str, dict[str, Any]]:
    """Each subject with its run and all that was found."""
    return {subject.code: found(template, subject) for subject in (VIOLATIONS, STAYS, INCIDENTS, Subject("03"))}


def look(base: Base, statement: str, *values: Any) -> list[dict[str, Any]]:
    with psycopg.connect(base.owner_url, row_factory=dict_row) as owner:
        return owner.execute(statement, values or None).fetchall()


def found(base: Base, subject: Subject, spell: Spell = SPELL) -> dict[str, Any]:
    with closing(Database(base.app_url)) as database, database.transaction(SYSTEM) as connection:
        run_id = search(connection, STREET, subject, spell, NOW)
    (run,) = look(base, "SELECT * FROM gridmap.hotspot_run WHERE id = %s", run_id)
    spots = look(
        base, "SELECT *, ST_AsBinary(geom) AS shape FROM gridmap.hotspot WHERE run_id = %s ORDER BY id", run_id
    )
    return {"run": run, "spots": spots}


def of_status(search: dict[str, Any], *statuses: str) -> list[dict[str, Any]]:
    return [spot for spot in search["spots"] if spot["status"] in statuses]


def units_of(base: Base, spot: dict[str, Any]) -> list[dict[str, Any]]:
    return look(base, "SELECT * FROM gridmap.hotspot_unit WHERE hotspot_id = %s ORDER BY place_id", spot["id"])


def test_the_planted_neighbourhood_is_the_one_hotspot(searched: dict[str, Any], template: Base) -> None:
    hot = {zone for number in HOT for zone in zones_of(number)}
    (area,) = of_status(searched["parking_violation"], "area")
    inside = {unit["place_id"] for unit in units_of(template, area)}
    assert len(inside & hot) >= 0.75 * len(hot), sorted(inside)
    assert len(inside & hot) >= 0.5 * len(inside), sorted(inside)
    assert searched["parking_violation"]["run"]["exposure"] == "places"
    assert 0 < area["chance"] <= 0.05
    assert area["observed"] > 2 * area["expected"]
    assert area["named_by"] in ("estate", "community")


def test_what_is_only_large_is_no_hotspot(searched: dict[str, Any], template: Base) -> None:
    """The most violations of all are in the zones of the crowded estate, and their places explain them."""
    seen = look(
        template, "SELECT place_id, count(*) AS seen FROM gridmap.violation GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 3"
    )
    assert {row["place_id"] for row in seen} == set(zones_of(CROWDED))
    for spot in of_status(searched["parking_violation"], "area", "further", "repeat"):
        assert not {unit["place_id"] for unit in units_of(template, spot)} & set(zones_of(CROWDED))
    (grey,) = [
        spot
        for spot in of_status(searched["parking_violation"], "chance")
        if shapely.from_wkb(spot["shape"]).intersects(point_of(template, zones_of(CROWDED)[0]))
    ]
    assert grey["chance"] > 0.05


def point_of(base: Base, place: int) -> Any:
    (row,) = look(base, "SELECT ST_AsBinary(geom) AS shape FROM gridmap.place WHERE id = %s", place)
    return shapely.from_wkb(row["shape"])


def test_without_exposure_nothing_is_tested_and_the_busiest_are_only_that(
    empty_template: str, copy_database: Callable[[str], Base]
) -> None:
    base = copy_database(empty_template)
    with psycopg.connect(base.owner_url) as owner:
        found_town.build(owner, capacities=False)
        found_town.add_violations(owner, 0.04)
    made = found(base, VIOLATIONS)
    assert made["run"]["exposure"] is None
    assert {spot["status"] for spot in made["spots"]} == {"busiest", "untested"}
    assert all(spot["expected"] is None and spot["chance"] is None for spot in made["spots"])
    busiest = of_status(made, "busiest")
    assert [spot["number"] for spot in sorted(busiest, key=lambda spot: spot["number"])] == list(range(1, 11))
    counts = [spot["observed"] for spot in sorted(busiest, key=lambda spot: spot["number"])]
    assert counts == sorted(counts, reverse=True)
    # where most happens is not where it is worse: the crowded estate is among them
    assert any(set(zones_of(CROWDED)) & {unit["place_id"] for unit in units_of(base, spot)} for spot in busiest)


def test_kerbs_are_measured_where_places_are_unknown(empty_template: str, copy_database: Callable[[str], Base]) -> None:
    base = copy_database(empty_template)
    with psycopg.connect(base.owner_url) as owner:
        found_town.build(owner, capacities=False)
        # a line to the east, two metres for each place
        owner.execute(
            "UPDATE gridmap.place SET geom = ST_MakeLine(geom, ST_Translate(geom, 0.0001 + (id % 7) / 100000.0, 0))"
            " WHERE kind = 'zone'"
        )
        found_town.add_violations(owner, 0.04)
    made = found(base, VIOLATIONS)
    assert made["run"]["exposure"] == "kerb_metres"
    (unit,) = units_of(base, of_status(made, "area", "repeat")[0])[:1]
    (row,) = look(
        base, "SELECT ST_Length(geom::geography) AS metres FROM gridmap.place WHERE id = %s", unit["place_id"]
    )
    assert float(unit["exposure"]) == pytest.approx(row["metres"], abs=0.001)


# -- the figures, reckoned again


def test_figures_are_those_of_the_rows(searched: dict[str, Any], template: Base) -> None:
    """Expected is rate times exposure, the rate being that of zones of like size; by fractions and plain SQL."""
    rows = look(
        template,
        "SELECT z.place_id AS id, z.capacity AS size, (SELECT count(*) FROM gridmap.violation v WHERE v.place_id ="
        " z.place_id AND v.withdrawn_at IS NULL AND v.evening >= %s AND v.evening < %s) AS seen"
        " FROM gridmap.zone z ORDER BY z.place_id",
        SPELL.begins,
        SPELL.ends,
    )
    expected = expect_plainly(
        {row["id"]: row["size"] for row in rows}, {row["id"]: row["seen"] for row in rows}
    ).expected
    made = searched["parking_violation"]
    assert made["run"]["cases"] == sum(row["seen"] for row in rows)
    seen = {row["id"]: row["seen"] for row in rows}
    for spot in of_status(made, "area", "further"):
        units = units_of(template, spot)
        inside = [unit["place_id"] for unit in units if not unit["is_apart"]]
        assert spot["observed"] == sum(seen[one] for one in inside)
        assert float(spot["expected"]) == pytest.approx(float(sum(expected[one] for one in inside)), abs=0.006)
        for unit in units:
            assert unit["observed"] == seen[unit["place_id"]]
            assert float(unit["expected"]) == pytest.approx(float(expected[unit["place_id"]]), abs=0.0001)
        # and they lie on its ground, all of them, and nothing else does
        ground = shapely.from_wkb(spot["shape"])
        there = {row["id"] for row in rows if ground.intersects(point_of(template, row["id"]))}
        assert there == {unit["place_id"] for unit in units}


def test_chances_are_those_of_the_rows(searched: dict[str, Any], template: Base) -> None:
    """The zones shuffled by hand: the surest hexagon of what was found, and of all that is grey, has that chance."""
    rows = look(
        template,
        "SELECT z.place_id AS id, z.capacity AS size, ST_X(s) AS x, ST_Y(s) AS y, (SELECT count(*)"
        " FROM gridmap.violation v WHERE v.place_id = z.place_id AND v.evening >= %s AND v.evening < %s) AS seen"
        " FROM gridmap.zone z JOIN gridmap.place p ON p.id = z.place_id,"
        " LATERAL ST_Transform(ST_PointOnSurface(p.geom), 4547) AS s ORDER BY z.place_id",
        SPELL.begins,
        SPELL.ends,
    )
    made = searched["parking_violation"]
    assert not of_status(made, "repeat")
    hexagons = hexagons_at(np.array([(row["x"], row["y"]) for row in rows]), float(made["run"]["edge_m"])).tolist()
    where = {row["id"]: (q, r) for row, (q, r) in zip(rows, hexagons, strict=True)}
    plain = expect_plainly({row["id"]: row["size"] for row in rows}, {row["id"]: row["seen"] for row in rows})
    heights = heights_plainly(plain, where, 300, seed=4)
    (area,) = of_status(made, "area", "further")
    inside = {where[unit["place_id"]] for unit in units_of(template, area)}
    surest = min(inside, key=lambda hexagon: heights[hexagon].chance)
    assert (heights[surest].chance, heights[surest].false_share) == pytest.approx((float(area["chance"]), 0), abs=0.03)
    seen = {hexagon for row in rows if row["seen"] for hexagon in [where[row["id"]]]}
    grey = sorted(float(spot["chance"]) for spot in of_status(made, "chance"))
    # four standard deviations of the difference of two shares of 300
    assert grey == pytest.approx(sorted(heights[hexagon].chance for hexagon in seen - inside), abs=0.17)


def test_months_of_an_area_are_those_of_its_rows(searched: dict[str, Any], template: Base) -> None:
    made = searched["parking_violation"]
    months = made["run"]["months"]
    assert months == [date(2025, 3 + n, 1) for n in range(10)] + [date(2026, 1, 1), date(2026, 2, 1)]
    by_month = {
        (row["place_id"], row["month"]): row["seen"]
        for row in look(
            template,
            "SELECT place_id, date_trunc('month', evening)::date AS month, count(*) AS seen FROM gridmap.violation"
            " GROUP BY 1, 2",
        )
    }
    assert made["run"]["month_cases"] == [
        sum(seen for (_place, at), seen in by_month.items() if at == month) for month in months
    ]
    (area,) = of_status(made, "area")
    inside = [unit["place_id"] for unit in units_of(template, area) if not unit["is_apart"]]
    assert area["month_observed"] == [sum(by_month.get((one, month), 0) for one in inside) for month in months]
    share = float(area["expected"]) / made["run"]["cases"]
    for expected, whole in zip(area["month_expected"], made["run"]["month_cases"], strict=True):
        assert float(expected) == pytest.approx(share * whole, rel=0.01)


def test_incidents_beside_a_building_are_its_own(searched: dict[str, Any], template: Base) -> None:
    """Half of them name no place, and lie eight metres from the building that they belong to."""
    made = searched["incident"]
    assert made["run"]["exposure"] == "households"
    many = look(template, "SELECT count(*) AS many FROM gridmap.incident WHERE reported_at >= %s", SPELL.begins)[0][
        "many"
    ]
    assert (made["run"]["cases"], made["run"]["unexposed"]) == (many, 0)
    (area, *_more) = of_status(made, "area")
    units = units_of(template, area)
    assert {unit["place_id"] for unit in units} & {house for number in HOT for house in houses_of(number)}
    told = look(template, "SELECT id, place_id FROM gridmap.incident")
    of_house = {row["id"]: row["place_id"] for row in told}
    for unit in units:
        assert len(unit["cases"] or []) == unit["observed"]
        assert {of_house[case] for case in unit["cases"] or []} <= {unit["place_id"], None}
    assert any(of_house[case] is None for unit in units for case in unit["cases"] or [])
    # the only kind of its class: the same cases, shuffled from another beginning, and the same middle of the town
    assert searched["03"]["run"]["cases"] == many
    (again, *_more) = of_status(searched["03"], "area")
    assert shapely.from_wkb(again["shape"]).intersects(shapely.from_wkb(area["shape"]))


def test_nothing_stayed_so_nothing_is_found(searched: dict[str, Any]) -> None:
    made = searched["long_stay"]
    assert (made["run"]["cases"], made["spots"]) == (0, [])
    assert made["run"]["exposure"] == "places"


# -- whose it is


def test_what_is_found_belongs_to_what_holds_all_of_it(searched: dict[str, Any], template: Base) -> None:
    for made in searched.values():
        for spot in made["spots"]:
            units = units_of(template, spot)
            for name in ("community_id", "grid_id", "estate_id"):
                held = {unit[name] for unit in units}
                if units:
                    assert spot[name] == (held.pop() if len(held) == 1 else None)
    (area,) = of_status(searched["parking_violation"], "area")
    assert area["community_id"] == COMMUNITY
    # the hot estates lie on both sides of the grids' border
    assert area["grid_id"] is None
    assert {spot["grid_id"] for spot in of_status(searched["parking_violation"], "chance")} <= {WEST, EAST, None}


# -- keeping


@pytest.fixture
def own(template: Base, copy_database: Callable[[str], Base]) -> Base:
    return copy_database(str(psycopg.conninfo.conninfo_to_dict(template.app_url)["dbname"]))


def test_the_same_rows_give_the_same_findings(own: Base) -> None:
    first, again = found(own, VIOLATIONS), found(own, VIOLATIONS)
    assert len(look(own, "SELECT FROM gridmap.hotspot_run WHERE subject = 'parking_violation'")) == 1
    kept = ("status", "number", "name", "observed", "expected", "chance", "shape", "month_observed")
    assert [[spot[name] for name in kept] for spot in first["spots"]] == [
        [spot[name] for name in kept] for spot in again["spots"]
    ]
    assert first["run"]["seed"] == again["run"]["seed"] == seed_of(STREET, VIOLATIONS, SPELL)


def test_of_earlier_searches_weeks_are_kept_without_the_grey_ground(own: Base) -> None:
    """The day is a Monday; a search of each day before it, and of a year ago."""
    monday = date.fromisoformat(DAY)
    for back in (400, 364, 8, 7, 1, 0):
        found(own, VIOLATIONS, Spell.before(monday - timedelta(days=back)))
        found(own, Subject("03"), Spell.before(monday - timedelta(days=back)))
    kept = look(own, "SELECT subject, ends FROM gridmap.hotspot_run ORDER BY subject, ends")
    assert [row["ends"] for row in kept if row["subject"] == "parking_violation"] == [
        monday - timedelta(days=364), monday - timedelta(days=7), monday,
    ]  # fmt: skip
    assert [row["ends"] for row in kept if row["subject"] == "03"] == [monday]
    thin = look(
        own,
        "SELECT h.status, count(u.place_id) AS units FROM gridmap.hotspot h"
        " JOIN gridmap.hotspot_run r ON r.id = h.run_id LEFT JOIN gridmap.hotspot_unit u ON u.hotspot_id = h.id"
        " WHERE r.subject = 'parking_violation' AND r.ends < %s GROUP BY h.id, h.status",
        monday,
    )
    assert thin
    assert {row["status"] for row in thin} <= {"area", "further", "repeat"}
    assert {row["units"] for row in thin} == {0}


def test_the_night_asks_all_that_can_be_asked(own: Base) -> None:
    with closing(Database(own.app_url)) as database, database.transaction(SYSTEM) as connection:
        searches = find_tonight(connection, parse_clock(f"{DAY}T01:00+08:00"))
    subjects = look(own, "SELECT DISTINCT subject FROM gridmap.hotspot_run WHERE ends = %s", date.fromisoformat(DAY))
    assert {row["subject"] for row in subjects} == {"parking_violation", "long_stay", "incident", "03"}
    assert searches == 4
    with closing(Database(own.app_url)) as database, database.transaction(SYSTEM) as connection:
        assert find_all(connection, [STREET + 1], date.fromisoformat(DAY), NOW) == 0


def test_a_kind_that_became_rare_is_not_the_newest_of_its_kind_for_ever(own: Base) -> None:
    """Nobody searches it again, so nothing would replace what a night of last month had found."""
    monday = date.fromisoformat(DAY)
    for subject, ends in ((Subject("17001"), monday), (INCIDENTS, monday - timedelta(days=7)), (INCIDENTS, monday)):
        found(own, subject, Spell.before(ends))
    with closing(Database(own.app_url)) as database, database.transaction(SYSTEM) as connection:
        find_all(connection, [STREET], monday + timedelta(days=1), NOW)
    kept = look(own, "SELECT subject, ends FROM gridmap.hotspot_run ORDER BY subject, ends")
    assert "17001" not in {row["subject"] for row in kept}
    assert [row["ends"] for row in kept if row["subject"] == "incident"] == [
        monday - timedelta(days=7), monday, monday + timedelta(days=1),
    ]  # fmt: skip


def test_what_was_found_follows_its_places_when_boundaries_change(own: Base) -> None:
    (before,) = of_status(found(own, VIOLATIONS), "area")
    assert before["grid_id"] is None
    with psycopg.connect(own.owner_url) as owner:
        owner.execute("UPDATE gridmap.place SET grid_id = %s WHERE kind IN ('zone', 'building')", (WEST,))
    with closing(Database(own.app_url)) as database, database.transaction(SYSTEM) as connection:
        own_incidents(connection, [STREET], NOW)
    (area,) = look(own, "SELECT grid_id, community_id FROM gridmap.hotspot WHERE id = %s", before["id"])
    assert area == {"grid_id": WEST, "community_id": COMMUNITY}
    # ground without units of its own belongs to the street alone until it is searched again
    grey = look(own, "SELECT DISTINCT community_id, grid_id FROM gridmap.hotspot WHERE status = 'chance'")
    assert grey == [{"community_id": None, "grid_id": None}]
    feed = look(own, "SELECT DISTINCT layer FROM gridmap.change")
    assert {row["layer"] for row in feed} >= {"hotspots", "long_stays"}


def test_a_word_that_is_no_subject_is_refused() -> None:
    for word in ("", "parking", "3", "031", "０３", "03001x", "incident "):
        with pytest.raises(ValueError, match="nothing is searched"):
            Subject(word)
    assert (Subject("03001").kind, Subject("incident").kind) == ("03001", None)
    assert estate_id(0) > BASE
