"""Hotspots and zones on pages: why an area is one, its rows, what is said where nothing can be; zones as a list."""

import csv
import io
import json
import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from flask import Flask

from gridmap.demo.parking.counts import HOT
from gridmap.demo.parking.settings import GARAGE
from tests.conftest import Base
from tests.rows import rows
from tests.web.visitor import Person, person

STREET = 10_001
WHY = re.compile(r"观察到 ([\d,]+) 起，按停车位数预计 ([\d.,]+) 起，约 ([\d.,]+) 倍。")
ODDS = re.compile(r"若只是偶然，全街道出现这样的片区的机会约 ([\d.]+)%。")
AREAS = """
SELECT h.*, r.begins, r.ends FROM gridmap.hotspot h JOIN gridmap.hotspot_run r ON r.id = h.run_id
WHERE h.status = 'area' AND r.subject = 'parking_violation' AND h.street_id = 10001 AND r.ends = '2026-03-16'
ORDER BY h.number
"""


@pytest.fixture(scope="module")
def company(app: Flask) -> Person:
    return person(app, "property")


def areas(base: Base) -> list[dict[str, Any]]:
    found = rows(base, AREAS)
    assert found, "the demo has a planted hotspot"
    return found


def test_the_demos_planted_neighbourhood_is_found_and_the_crowded_garage_is_not(base: Base) -> None:
    """As the nightly round wrote it: one area, of the zones around the markets; the fullest zone of all is grey."""
    (area,) = areas(base)
    zones = rows(
        base,
        "SELECT p.code, u.is_apart FROM gridmap.hotspot_unit u JOIN gridmap.place p ON p.street_id = u.street_id"
        " AND p.id = u.place_id WHERE u.hotspot_id = %s",
        area["id"],
    )
    assert {zone["code"] for zone in zones if not zone["is_apart"]} >= set(HOT)
    assert GARAGE not in {zone["code"] for zone in zones}
    assert area["observed"] > 1.9 * float(area["expected"])
    assert area["chance"] <= Decimal("0.05")
    others = rows(
        base,
        "SELECT h.status, p.code FROM gridmap.hotspot h JOIN gridmap.place p ON p.street_id = h.street_id"
        " AND p.kind = 'zone' AND ST_Intersects(h.geom, p.geom) WHERE h.run_id = %s AND h.status <> 'area'",
        area["run_id"],
    )
    assert {other["status"] for other in others} == {"chance"}
    assert GARAGE in {other["code"] for other in others}


def test_a_leader_reads_why_an_area_is_one(base: Base, leader: Person) -> None:
    page = unescape(leader.get(f"/hotspots?subject=parking_violation&street={STREET}").text)
    for area, (observed, expected, ratio), odds in zip(areas(base), WHY.findall(page), ODDS.findall(page), strict=True):
        assert int(observed.replace(",", "")) == area["observed"]
        assert abs(Decimal(expected.replace(",", "")) - area["expected"]) <= Decimal("0.05")
        assert abs(Decimal(ratio) - area["observed"] / area["expected"]) <= Decimal("0.051")
        assert abs(Decimal(odds) - 100 * area["chance"]) <= Decimal("0.05")
        assert f'href="/hotspots/{area["id"]}"' in page
    tested = rows(
        base,
        "SELECT count(*) AS many FROM gridmap.hotspot_run WHERE street_id = 10001 AND ends = '2026-03-16'"
        " AND exposure IS NOT NULL",
    )
    assert f"当晚在所列街道共作 {tested[0]['many']} 次检验" in page
    # of an earlier night only the main subjects are kept: how many there were is not known any more
    assert "次检验" not in leader.get("/hotspots?subject=parking_violation&ends=2026-03-09").text


LIT = re.compile(r'<a class="nav-link" href="([^"]+)" aria-current="page"')


@pytest.mark.parametrize(
    ("asked", "lit"),
    [
        ("", ["/parking"]),
        ("?subject=parking_violation", ["/parking"]),
        ("?subject=long_stay", ["/parking"]),
        ("?subject=incident", ["/incidents"]),
    ],
)
def test_the_navigation_lights_up_where_the_subject_belongs(
    app: Flask, base: Base, leader: Person, asked: str, lit: list[str]
) -> None:
    for address in ("/hotspots", "/hotspots/map"):
        assert LIT.findall(leader.get(address + asked).text) == lit, address
    # without an entry for parking the pages stay where the others are
    assert LIT.findall(person(app, "manager").get("/hotspots" + asked).text) == ["/incidents"]
    if lit == ["/parking"]:
        assert LIT.findall(leader.get(f"/hotspots/{areas(base)[0]['id']}").text) == lit


def test_the_rows_behind_an_area_add_up(base: Base, leader: Person) -> None:
    area = areas(base)[0]
    page = leader.get(f"/hotspots/{area['id']}").text
    assert "为什么是热点" in page
    seen = rows(
        base,
        "SELECT v.place_id, count(*) AS seen FROM gridmap.violation v JOIN gridmap.hotspot_unit u"
        " ON u.street_id = v.street_id AND u.place_id = v.place_id WHERE u.hotspot_id = %s AND NOT u.is_apart"
        " AND v.withdrawn_at IS NULL AND v.evening >= %s AND v.evening < %s GROUP BY 1",
        area["id"], area["begins"], area["ends"],
    )  # fmt: skip
    assert sum(row["seen"] for row in seen) == area["observed"]
    for row in seen:
        assert f'href="/places/{row["place_id"]}"' in page
    evenings = re.findall(r'data-title="车辆数">([\d,]+)<', page)
    assert sum(int(one.replace(",", "")) for one in evenings) >= area["observed"]


def test_the_list_leaves_as_a_file(base: Base, leader: Person) -> None:
    """The file of the list holds what the list names, with the same figures."""
    page = unescape(leader.get("/hotspots?subject=parking_violation&ends=2026-03-16").text)
    address = re.search(r'href="(/ogc/collections/hotspots/items\.geojson[^"]*)"', page)
    assert address
    features = {one["id"]: one["properties"] for one in json.loads(leader.get(address[1]).data)["features"]}
    assert {one["subject"] for one in features.values()} == {"parking_violation"}
    for area in areas(base):
        there = features[area["id"]]
        assert (there["status"], there["observed"]) == ("area", area["observed"])
        assert abs(there["expected"] - float(area["expected"])) <= 0.05


def test_the_file_of_one_street_holds_that_street_alone(base: Base, leader: Person) -> None:
    """All of it, and nothing of the others that the list without a choice holds."""
    found = rows(
        base,
        "SELECT h.street_id, s.name, count(*)::integer AS many FROM gridmap.hotspot h"
        " JOIN gridmap.hotspot_run r ON r.street_id = h.street_id AND r.id = h.run_id"
        " JOIN gridmap.street s ON s.id = h.street_id"
        " WHERE r.subject = 'incident' AND r.ends = '2026-03-16' GROUP BY h.street_id, s.name ORDER BY h.street_id",
    )
    assert len(found) > 1
    for street in found:
        page = unescape(leader.get(f"/hotspots?subject=incident&street={street['street_id']}").text)
        address = re.search(r'href="(/ogc/collections/hotspots/items\.geojson[^"]*)"', page)
        assert address
        features = json.loads(leader.get(address[1]).data)["features"]
        assert {one["properties"]["street"] for one in features} == {street["name"]}
        assert len(features) == street["many"]


def test_no_area_is_no_hotspot_and_says_so(base: Base, leader: Person) -> None:
    """Wherever nothing was certain the page says that, and names nothing."""
    without = rows(
        base,
        "SELECT r.street_id, r.subject FROM gridmap.hotspot_run r"
        " WHERE r.exposure IS NOT NULL AND r.ends = '2026-03-16'"
        " AND NOT EXISTS (SELECT FROM gridmap.hotspot h WHERE h.run_id = r.id AND h.status = 'area') LIMIT 3",
    )
    assert without
    for run in without:
        page = leader.get(f"/hotspots?subject={run['subject']}&street={run['street_id']}").text
        assert "没有高于偶然的片区" in page
        assert "为什么是热点" not in page


def test_the_map_of_hotspots_lists_what_it_draws(base: Base, leader: Person) -> None:
    page = unescape(leader.get("/hotspots/map?subject=parking_violation").text)
    first = re.search(r'data-spot="\{"id": (\d+)', page)
    assert first
    assert int(first[1]) == areas(base)[0]["id"]
    assert "kind=parking_violation" in page
    # another subject is asked for over the same days
    assert 'value="2026-03-09" selected' in leader.get("/hotspots/map?subject=long_stay&ends=2026-03-09").text
    incidents = leader.get("/hotspots/map?subject=incident").text
    assert '"incident_density"' in incidents
    assert "kind=" not in re.findall(r"/tiles/[^\"]*", incidents)[0]


def test_who_looks_after_a_grid_sees_areas_wholly_in_it(base: Base, worker: Person, leader: Person) -> None:
    everything = rows(base, "SELECT id, community_id, grid_id, status FROM gridmap.hotspot WHERE street_id = 10001")
    grid = rows(
        base,
        "SELECT target_id FROM gridmap.account_grant g JOIN gridmap.account a ON a.id = g.account_id"
        " WHERE a.username = 'worker'",
    )
    held = {row["target_id"] for row in grid}
    for spot in everything[:: max(1, len(everything) // 60)]:
        is_inside = spot["grid_id"] in held and spot["grid_id"] is not None
        assert leader.get(f"/hotspots/{spot['id']}/card").status_code == 200
        status = worker.get(f"/hotspots/{spot['id']}/card").status_code
        assert status == 404 or is_inside or held == {None}, spot
    assert "只列出完全位于您负责范围内的片区" in worker.get("/hotspots?subject=incident").text


def test_who_sees_a_part_is_not_told_that_there_is_nothing(base: Base, worker: Person, leader: Person) -> None:
    """The area reaches beyond the worker's grid: whoever does not see it must not read that there is none."""
    (area,) = areas(base)
    for path in ("/hotspots", "/hotspots/map"):
        asked = f"{path}?subject=parking_violation&street={STREET}"
        assert f'href="/hotspots/{area["id"]}"' in leader.get(asked).text
        page = worker.get(asked).text
        assert f'href="/hotspots/{area["id"]}"' not in page
        assert "没有高于偶然的片区" not in page
        assert "您负责的范围内没有可以单独列出的片区" in page


def test_ground_that_cannot_be_told_apart_is_called_no_hotspot(base: Base, leader: Person) -> None:
    (grey, *_more) = rows(base, "SELECT id FROM gridmap.hotspot WHERE status = 'chance' AND street_id = 10001 LIMIT 1")
    for page in (leader.get(f"/hotspots/{grey['id']}").text, leader.get(f"/hotspots/{grey['id']}/card").text):
        assert "不是热点" in page
        assert "—片" not in page
        assert "第 — 片" not in page


def test_a_company_is_not_told_of_hotspots(base: Base, company: Person) -> None:
    for path in ("/hotspots", "/hotspots/map", f"/hotspots/{areas(base)[0]['id']}"):
        assert company.get(path).status_code == 403


@pytest.mark.parametrize(
    "path", ["/hotspots?subject=nonsense", "/hotspots?ends=never", "/hotspots?street=x", "/parking/map?show=x",
             "/parking/map?week=2026-13-01", "/parking/map?part=noon", "/parking/map?week=2027-01-01"],
)  # fmt: skip
def test_words_that_are_none_of_ours_are_refused(leader: Person, path: str) -> None:
    assert leader.get(path).status_code == 400


def test_ids_that_cannot_be_are_not_there(leader: Person) -> None:
    for path in ("/hotspots/1", f"/hotspots/{1 << 60}", f"/parking/map/{1 << 60}/card", "/parking/map/1/card"):
        assert leader.get(path).status_code == 404


def test_the_list_of_zones_says_what_the_tables_hold(base: Base, leader: Person) -> None:
    table = leader.get("/parking/map/rows.csv?show=violations&week=2026-03-02")
    listed = {int(row["id"]): row for row in csv.DictReader(io.StringIO(table.data.decode("utf-8-sig")))}
    counted = rows(
        base,
        "SELECT p.id, (SELECT count(*) FROM gridmap.violation v WHERE v.street_id = p.street_id AND v.place_id = p.id"
        " AND v.withdrawn_at IS NULL AND v.evening >= '2026-03-02' AND v.evening < '2026-03-09') AS seen"
        " FROM gridmap.place p WHERE p.kind = 'zone'",
    )
    assert {row["id"]: row["seen"] for row in counted} == {one: int(row["violations"]) for one, row in listed.items()}
    page = leader.get("/parking/map/rows?show=violations&week=2026-03-02").text
    assert "晚间未离开" in page
    first = max(counted, key=lambda row: row["seen"])
    assert f'href="/places/{first["id"]}"' in page


def test_unknown_places_and_missing_counts_are_not_nothing(base: Base, leader: Person) -> None:
    zone = rows(base, "SELECT z.place_id, z.street_id FROM gridmap.zone z WHERE capacity > 0 ORDER BY 1 LIMIT 1")[0]
    key = (zone["street_id"], zone["place_id"])
    assert rows(
        base, "UPDATE gridmap.zone SET capacity = NULL WHERE street_id = %s AND place_id = %s RETURNING 1", *key
    )
    card = leader.get(f"/parking/map/{zone['place_id']}/card").text
    assert "车位数未知" in card
    rows(base, "UPDATE gridmap.zone SET capacity = 40 WHERE street_id = %s AND place_id = %s RETURNING 1", *key)
    card = leader.get(f"/parking/map/{zone['place_id']}/card?week=2020-01-06").text
    assert "未清点" in card
    features = json.loads(leader.get("/parking/map/rows.geojson?week=2020-01-06").data)["features"]
    assert {one["properties"]["pressure"] for one in features} <= {"uncounted", "unknown"}
    assert {one["properties"]["share"] for one in features} == {None}


def test_no_file_or_page_of_zones_has_a_plate(base: Base, leader: Person) -> None:
    masks = {row["plate_masked"] for row in rows(base, "SELECT DISTINCT plate_masked FROM gridmap.vehicle")}
    assert masks
    zones = [row["id"] for row in rows(base, "SELECT id FROM gridmap.place WHERE kind = 'zone'")]
    texts = [leader.get(path).text for path in ("/parking/map", "/parking/map/rows?show=stays", "/hotspots")]
    texts += [leader.get(f"/parking/map/{zone}/card").text for zone in zones[:4]]
    texts += [leader.get(f"/hotspots/{area['id']}").text for area in areas(base)]
    assert not any(mask in text for mask in masks for text in texts)
