"""The same through the front door: every address is listed here, and none says a word about what is not the asker's."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from test_who_sees_what import SHUT_OUT, SIGNED_IN, SOME, each, open_scene
from werkzeug.test import TestResponse

from gridmap.layers import BY_NAME
from gridmap.maps import WORK
from tests.conftest import Base
from tests.oracle import PLANS, TOLD_WHO, Leak, Oracle, Rights, compare
from tests.outputs import Scene, properties

PUBLIC = {
    "static",
    "api.healthz",
    "pages.login",
    "pages.enter",
    "pages.service_worker",
    "pages.icon",
    "pages.shared_report",
    "pages.rota_calendar",
}
"""For everybody: no rows, but for a report or a calendar whose link one has (tests/web)."""
COMPARED = {
    "tiles.tile", "ogc.tile", "ogc.items", "ogc.item", "ogc.download", "pages.search", "pages.place_list",
    "pages.place_card",
    "pages.place_page", "pages.plate", "pages.coverage_xlsx", "pages.visits", "pages.photo", "assigning.export",
    "pages.incidents", "pages.incidents_board", "pages.incident_card", "pages.incident_photo",
    "pages.take_register_sheet", "pages.renovation_package",
}  # fmt: skip
"""Compared with the oracle row by row, here, in the tests of tiles, of answers, of giving, of cases, of sheets,
of files."""
READ = {
    "tiles.tilejson": ["/tiles/tiles.json"],
    "ogc.landing": ["/ogc", "/ogc?f=html"],
    "ogc.conformance": ["/ogc/conformance"],
    "ogc.api": ["/ogc/api"],
    "ogc.collections": ["/ogc/collections", "/ogc/collections?f=html"],
    "ogc.collection": [f"/ogc/collections/{name}" for name in BY_NAME],
    "ogc.schema": [f"/ogc/collections/{name}/schema" for name in BY_NAME],
    "ogc.geojson_schema": [f"/ogc/collections/{name}/feature-schema" for name in BY_NAME],
    "ogc.queryables": [f"/ogc/collections/{name}/queryables" for name in BY_NAME],
    "ogc.tile_matrix_sets": ["/ogc/tileMatrixSets"],
    "ogc.tile_matrix_set": ["/ogc/tileMatrixSets/WebMercatorQuad"],
    "ogc.tilesets": [f"/ogc/collections/{name}/tiles" for name in BY_NAME],
    "ogc.tileset": [f"/ogc/collections/{name}/tiles/WebMercatorQuad" for name in BY_NAME],
    "pages.start": ["/"],
    "pages.street_map": ["/map"],
    "pages.map_facts": ["/map/facts"],
    "pages.my_places": ["/my", "/my?page=2"],
    "pages.my_due": ["/my/due"],
    "pages.inbox": ["/my/inbox"],
    "pages.report": ["/report", "/report?place={place}", "/report?place={place}&kind=03001"],
    "pages.report_map": ["/report/map", "/report/map?done=1"],
    "pages.my_incidents": ["/my/incidents", "/my/incidents?page=2"],
    "pages.reminders": ["/reminders", "/reminders?community={place}", "/reminders?community={community}"],
    "pages.plates": ["/plates?within={place}"],
    "pages.chart": ["/chart?within={place}", "/chart?within={place}&by=building&qr=1"],
    "pages.assign": ["/assign", "/assign?role=grid_worker", "/assign?street={street}"],
    "pages.hand_over": ["/assign/hand-over", "/assign/hand-over?street={street}"],
    "pages.assign_excel": ["/assign/excel"],
    "pages.assign_changes": ["/assign/changes"],
    "pages.register_sheets": ["/sheets", "/sheets?street=77"],
    "pages.privacy": ["/about/privacy"],
    "answers.proof": ["/api/proof"],
    "assigning.roles": ["/api/assignments/roles"],
    "assigning.people": [
        "/api/assignments/people?street={street}&role=building_manager",
        "/api/assignments/people?street={street}&role=grid_worker&all=1",
    ],
    "assigning.places": [
        "/api/assignments/places?street={street}&role=grid_worker&grid={place}",
        "/api/assignments/places?role=building_manager&bbox=73,3,136,54",
    ],
    "assigning.changes": ["/api/assignments/changes?street={street}"],
    "assigning.change": [f"/api/assignments/changes/{(10_001 << 32) + number}" for number in (9_400, 9_401)],
    "incidents.one_case": [f"/api/incidents/{{{name}}}" for name in ("given_case", "kept_case", "far_case")],
    "incidents.near": [f"/api/incidents/near?kind=03001&place={{{name}}}" for name in ("place", "estate")],
    "incidents.units": [f"/api/incidents/units?kind=05002&place={{{name}}}" for name in ("place", "estate")],
    "assigning.received": ["/api/assignments/received"],
    "pages.coverage": [
        "/coverage",
        "/coverage?month=2026-02",
        "/coverage?estate={place}",
        "/coverage?community={place}",
    ],
    "pages.coverage_rows": ["/coverage/rows", "/coverage/rows?month=2026-02&missing=0"],
    "pages.coverage_csv": ["/coverage/rows.csv?month=2026-02"],
    "pages.own_slots": ["/duties", "/duties?month=2026-02", "/duties?street=77"],
    "pages.rules": ["/duties/rules", "/duties/rules?street=77"],
    "pages.new_rule": ["/duties/rules/new"],
    "pages.rule": ["/duties/rules/{duty}"],
    "pages.excuses": ["/duties/excuses", "/duties/excuses?state=excused&month=2026-02", "/duties/excuses?q=p"],
    "pages.sheets": ["/duties/sheets", "/duties/sheets?q=p", "/duties/sheets?q=n&street=77"],
    "pages.sheet": [
        "/duties/sheet?within={place}",
        "/duties/sheet?person={person}",
        "/duties/sheet?within={place}&who=n",
    ],
    "pages.sheet_to_print": ["/duties/sheet/print?within={place}"],
    "pages.triplicate_slip": ["/duties/slip?place={place}"],
    "pages.joints": ["/duties/joint"],
    "pages.new_joint": ["/duties/joint/new"],
    "pages.joint": ["/duties/joint/{joint}", "/duties/joint/{community_joint}", "/duties/joint/{far_joint}"],
    "pages.diary": [
        "/diary",
        "/diary?show=waiting",
        "/diary?show=open&channel=reception",
        "/diary?estate={estate}",
        "/diary?place={place}",
        "/diary?before=2026-03-13T10:00:00%2B08:00~1",
    ],
    "pages.diary_entry": ["/diary/{entry}", "/diary/{grid_entry}"],
    "pages.diary_estates": ["/diary/estates"],
    "pages.diary_map": ["/diary/map", "/diary/map?estate={estate}&show=open", "/diary/map?week=2026-03-09"],
    "pages.diary_map_facts": ["/diary/map/facts", "/diary/map/facts?place={place}", "/diary/map/facts?estate={estate}"],
    "pages.diary_map_spots": ["/diary/map/spots", "/diary/map/spots?estate={estate}&show=waiting"],
    "pages.receptions": ["/reception"],
    "pages.reception": ["/reception/{reception}", "/reception/{far_reception}"],
    "pages.reception_sheet": ["/reception/{reception}/sheet", "/reception/{reception}/sheet?turn=1"],
    "pages.hotline": ["/hotline", "/hotline?state=placed", "/hotline?state=dropped&street=77"],
    "pages.hotline_order": ["/hotline/{queued_order}", "/hotline/{placed_order}", "/hotline/{far_order}"],
    "pages.hotline_order_map": ["/hotline/{queued_order}/map", "/hotline/{placed_order}/map"],
    "pages.hotline_import": ["/hotline/import"],
    "pages.hotline_answers": ["/hotline/answers.csv", "/hotline/answers.csv?street=77"],
    "pages.ebikes": ["/ebikes"],
    "pages.ebikes_estate": ["/ebikes/{counted_estate}", "/ebikes/{estate}"],
    "pages.ebikes_door": ["/ebikes/at/{counted_door}"],
    "pages.parking_settings": ["/parking/settings", "/parking/settings?q=p", "/parking/settings?page=2"],
    "pages.parking_setting": ["/parking/settings/{estate}", "/parking/settings/{zone}", "/parking/settings/{place}"],
    "pages.parking_fees": ["/parking/settings/{zone}/fees?hourly=10&daily_cap=80&day=calendar"],
    "pages.known_cars": [
        "/parking/known",
        "/parking/known?estate={estate}",
        "/parking/known?estate={estate}&show=all&q=22",
        "/parking/known?estate={zone}",
    ],
    "pages.import_known_cars": ["/parking/known/import?estate={estate}"],
    "pages.parking_gate": ["/parking/gates/{gate}", "/parking/gates/{place}"],
    "pages.parking_gate_list": ["/parking/gates/{gate}/list.csv"],
    "pages.parking_zones": ["/parking/zones", "/parking/zones?page=2"],
    "pages.parking_shapes": ["/parking/zones/shapes?bbox=113,22,114,23"],
    "pages.new_zone": ["/parking/zones/new", "/parking/zones/new?what=gate&estate={estate}"],
    "pages.end_zone": ["/parking/zones/{zone}/end", "/parking/zones/{gate}/end"],
    "pages.draw_zone": ["/parking/zones/{zone}", "/parking/zones/{gate}"],
    "pages.coverage_geojson": ["/coverage/rows.geojson?month=2026-02", "/coverage/rows.geojson?kpi=late&missing=0"],
    "pages.gap_areas": ["/coverage/areas", "/coverage/areas?month=2026-02&reason=missed"],
    "pages.gap_shapes": ["/coverage/areas.geojson?month=2026-02"],
    "pages.coverage_trend": [f"/coverage/trend?by={by}" for by in ("street", "community", "grid", "estate")],
    "pages.coverage_numbers": ["/coverage/numbers", "/coverage/numbers?month=2026-02&community={place}"],
    "pages.coverage_number": [
        f"/coverage/numbers/{name}?missing={lacks}"
        for name in ("organisations", "proactive", "balance", "gini", "freshness", "nosuch")
        for lacks in (0, 1)
    ],
    "pages.estate_report": ["/coverage/report?estate={estate}&month=2026-02", "/coverage/report?estate={place}"],
    "pages.incidents_given": ["/incidents/given", "/incidents/given?queue=all"],
    "pages.incidents_to_verify": ["/incidents/to-verify"],
    "pages.incident_numbers": ["/incidents/numbers", "/incidents/numbers?month=2026-02&street={street}"],
    "pages.incident_number_areas": [
        f"/incidents/numbers/areas?by={by}&month=2026-03&group=level"
        for by in ("street", "community", "grid", "estate")
    ],
    "pages.incident_number": ["/incidents/numbers/handled?month=2026-02", "/incidents/numbers/nosuch"],
    "pages.incident_agenda": ["/incidents/agenda", "/incidents/agenda?street={street}&community={community}"],
    "pages.answer_templates": ["/incidents/answers", "/incidents/answers?street={street}"],
    "pages.incident_kinds": ["/incidents/kinds"],
    "pages.incident_kind": ["/incidents/kinds/03001", "/incidents/kinds/03001?street={street}", "/incidents/kinds/x"],
    "pages.new_incident_kind": ["/incidents/kinds/new"],
    "pages.incident_map": ["/incidents/map", "/incidents/map?week=2026-03-09", "/incidents/map?state=all&kind=03"],
    "pages.incident_map_facts": ["/incidents/map/facts", "/incidents/map/facts?state=all"],
    "pages.incident_map_rows": ["/incidents/map/rows", "/incidents/map/rows?state=all&page=2"],
    "pages.incident_map_file": [f"/incidents/map/rows.{form}?state=all" for form in ("csv", "geojson")],
    "pages.incident_map_card": [f"/incidents/map/{{{name}}}/card" for name in ("given_case", "kept_case", "far_case")],
    "pages.parking": ["/parking", "/parking?street={street}", "/parking?estate={estate}"],
    "pages.parking_stays_now": ["/parking/long-stays/now", "/parking/long-stays/now?community={community}"],
    "pages.parking_long_stays": ["/parking/long-stays"],
    "pages.parking_counts": ["/parking/counts?day=2026-03-10", "/parking/counts?show=missing&estate={estate}"],
    "pages.parking_violations": ["/parking/violations?from=2026-03-01&to=2026-03-15"],
    "pages.parking_vehicles": ["/parking/vehicles", "/parking/vehicles?show=banned&street={street}"],
    "pages.parking_vehicle": ["/parking/vehicles/{car}", "/parking/vehicles/{far_car}"],
    "pages.parking_notices": ["/parking/notices", "/parking/notices?show=given"],
    "pages.parking_slip": ["/parking/notices/{car}/print", "/parking/notices/{far_car}/print"],
    "pages.parking_bans": ["/parking/bans", "/parking/bans?show=ending"],
    "pages.count_zones": ["/parking/count"],
    "pages.count_zone": ["/parking/count/{zone}"],
    "pages.see_vehicle": ["/parking/see", "/parking/see?zone={zone}&count=1"],
    "pages.parking_evening": ["/parking/evening"],
    "pages.rotas": ["/rota", "/rota?gaps=1", "/rota?gaps=1&month=2026-03"],
    "pages.new_rota": ["/rota/new"],
    "pages.rota": ["/rota/{rota}", "/rota/{rota}?quarter=2026-01", "/rota/{far_rota}", "/rota/{patrol_rota}"],
    "pages.plan_rota": ["/rota/{rota}/plan", "/rota/{far_rota}/plan?quarter=2026-04"],
    "pages.rota_settings": ["/rota/{rota}/settings", "/rota/{far_rota}/settings"],
    "pages.rota_swap": [
        "/rota/{rota}/swap",
        "/rota/{rota}/swap?turn={rota_turn}",
        "/rota/{far_rota}/swap?turn={rota_turn}",
    ],
    "pages.rota_slips": ["/rota/{rota}/slips", "/rota/{far_rota}/slips"],
    "pages.rota_file": ["/rota/{rota}.ics", "/rota/{far_rota}.ics", "/rota/{patrol_rota}.ics"],
    "pages.my_rota": ["/my/rota"],
    "pages.my_rota_file": ["/my/rota.ics"],
    "pages.parking_map": ["/parking/map", "/parking/map?week=2026-03-09&part=evening", "/parking/map?show=stays"],
    "pages.parking_map_facts": ["/parking/map/facts", "/parking/map/facts?show=violations"],
    "pages.parking_map_rows": ["/parking/map/rows", "/parking/map/rows?show=stays&page=2"],
    "pages.parking_map_file": [f"/parking/map/rows.{form}?show=violations" for form in ("csv", "geojson")],
    "pages.parking_map_card": ["/parking/map/{zone}/card", "/parking/map/{far_zone}/card", "/parking/map/{place}/card"],
    "pages.hotspots": [
        "/hotspots",
        "/hotspots?subject=incident",
        "/hotspots?subject=incident&ends=2026-03-09&street=77",
    ],
    "pages.hotspot_map": ["/hotspots/map", "/hotspots/map?subject=incident"],
    "pages.hotspot": ["/hotspots/{spot}", "/hotspots/{far_spot}"],
    "pages.hotspot_card": ["/hotspots/{spot}/card", "/hotspots/{far_spot}/card"],
    "pages.import_start": ["/import", "/import?street={street}"],
    "pages.import_upload": ["/import/{upload}", "/import/{far_upload}"],
    "pages.import_progress": ["/import/{upload}/progress", "/import/{far_upload}/progress"],
    "pages.import_report": ["/import/{upload}/report.csv", "/import/{far_upload}/report.csv"],
    "pages.import_map": ["/import/{upload}/map", "/import/{far_upload}/map"],
    "pages.import_spots": ["/import/{upload}/spots", "/import/{far_upload}/spots"],
    "pages.import_changes": ["/import/runs/1/changes", "/import/runs/2/changes", "/import/runs/3/changes?page=2"],
    "pages.import_run": ["/import/runs/1", "/import/runs/2?undo=1", "/import/runs/3?undo=1"],
    "pages.undo_progress": ["/import/runs/1/progress"],
    "pages.placing": ["/placing", "/placing?state=rejected"],
    "pages.placing_one": ["/placing/{unplaced}", "/placing/{far_unplaced}"],
    "pages.register": ["/register"],
    "pages.register_community": ["/register/{community}", "/register/{far_community}"],
    "pages.register_map": ["/register/{community}/map"],
    "pages.register_shapes": ["/register/{community}/shapes", "/register/{far_community}/shapes"],
    "pages.register_edition": ["/register/editions/{edition}", "/register/editions/{far_edition}"],
    "pages.export_form": ["/data/export"],
    "pages.export_insides": ["/data/export/insides", "/data/export/insides?street=10010"],
    "pages.export_job": ["/data/files/1"],
    "pages.export_job_file": ["/data/files/1/file"],
    "pages.map_as_file": ["/map/file?at=17,22.53,113.40&size=600,400"],
    "pages.renovation": ["/renovation", "/renovation?estate={estate}&from=2026-02-28&to=2026-03-16"],
    "pages.renovation_file": ["/renovation/plan.html?estate={estate}&from=2026-02-28&to=2026-03-16"],
    "pages.data": ["/data"],
    "pages.data_layer": [f"/data/{name}" for name in BY_NAME],
    "pages.data_state": [f"/data/{name}/state" for name in BY_NAME],
    "pages.account": ["/account"],
    "pages.password": ["/account/password"],
}
"""Pages without a row of their own: whatever they name must be the asker's to know."""
ADMINISTRATION = {
    "pages.administration": ["/admin"],
    "pages.setup": ["/admin/setup"],
    "pages.accounts": ["/admin/accounts", "/admin/accounts?page=2"],
    "pages.new_account": ["/admin/accounts/new"],
    "pages.account_of": ["/admin/accounts/{account}"],
    "pages.new_grant": ["/admin/accounts/{account}/grants"],
    "pages.absence_list": ["/admin/absences", "/admin/absences?past=1"],
    "pages.new_absence": ["/admin/absences/new"],
    "pages.streets": ["/admin/streets"],
    "pages.street_settings": ["/admin/streets/{street}"],
    "pages.calendar": ["/admin/calendar"],
    "pages.jobs": ["/admin/jobs"],
    "pages.audit": ["/admin/audit"],
}
"""Pages of administration: who keeps accounts learns whose they are, and nothing of what those look after."""
SAID = (
    "car", "far_car", "reception", "far_reception", "entry", "grid_entry", "queued_order", "placed_order", "far_order",
    "counted_estate", "counted_door",
)  # fmt: skip
"""Cars from outside; rows of the diary, reception days, the hotline and the survey of e-bikes."""
TOKEN = re.compile(r"(?<![0-9a-z])([pncmok])([0-9]{6,})x(?![0-9a-z])")
CLEAR_PHONE = re.compile(r"(?<![0-9.])139[0-9]{8}(?![0-9])")


@pytest.fixture(scope="module")
def scene(demo_template: str, copy_database: Callable[[str], Base], make_app: Callable[[Base], Flask]) -> Scene:
    return open_scene(copy_database(demo_template), make_app)


@pytest.fixture
def client(scene: Scene) -> FlaskClient:
    return scene.app.test_client()


def rules(scene: Scene) -> Iterator[tuple[str, set[str]]]:
    for rule in scene.app.url_map.iter_rules():
        yield rule.endpoint, set(rule.methods or ())


def test_every_address_is_listed(scene: Scene) -> None:
    """A new address says here what it gives to whom, before anybody can forget to check it."""
    listed = PUBLIC | COMPARED | READ.keys() | ADMINISTRATION.keys()
    readable = {endpoint for endpoint, methods in rules(scene) if "GET" in methods}
    assert readable == listed


def test_a_stranger_is_told_nothing(scene: Scene, client: FlaskClient) -> None:
    for headers in ({}, *({"Authorization": f"Bearer {scene.world.secrets[who]}"} for who in SHUT_OUT)):
        for address in (*addresses(scene), "/ogc/collections/buildings/items", "/tiles/14/13351/7138.mvt?layers=grids"):
            answer = client.get(address, headers=headers)
            is_asked = answer.status_code == 401 or answer.headers.get("Location", "").startswith("/login")
            assert is_asked, (address, answer.status_code)
            assert not TOKEN.search(answer.text)


def addresses(scene: Scene) -> Iterator[str]:
    """Every address that needs no row, and those of accounts and streets."""
    ids = {"account": scene.oracle.accounts["worker"]["id"], "street": scene.world.ids["street"]}
    ids |= {"place": scene.world.ids["grid"], "community": scene.world.ids["huayuan"]}
    ids["person"] = scene.world.ids["building_person"]
    ids |= {name: scene.world.ids[name] for name in ("duty", "joint", "community_joint", "far_joint")}
    ids |= {name: scene.world.ids[name] for name in ("given_case", "kept_case", "far_case")}
    ids |= {name: scene.world.ids[name] for name in ("gate", *SAID)}
    ids |= {name: scene.world.ids[name] for name in ("rota", "far_rota", "patrol_rota", "rota_turn")}
    for name, street in (("", 10_001), ("far_", 77)):
        zones = [
            one["id"] for one in scene.oracle.places.values() if (one["kind"], one["street_id"]) == ("zone", street)
        ]
        ids |= {f"{name}upload": (street << 32) + 9_800, f"{name}unplaced": (street << 32) + 9_900}
        with psycopg.connect(scene.oracle.owner_url) as owner:
            drawn = owner.execute("SELECT id, community_id FROM gridmap.edition WHERE street_id = %s", (street,))
            edition, community = drawn.fetchall()[0]
        ids |= {f"{name}edition": edition, f"{name}community": ids.get(f"{name}community", community)}
        ids |= {f"{name}zone": min(zones), f"{name}spot": min(zones) + 3_600_000_000}
    ids["estate"] = next(place["id"] for place in scene.oracle.places.values() if place["kind"] == "estate")
    for some in (*READ.values(), *ADMINISTRATION.values()):
        yield from (address.format(**ids) for address in some)


# What is said ------------------------------------------------------------------------------------------------------


def told(scene: Scene, who: str, output: str, text: str) -> list[Leak]:
    """Every name in a text that the account must not know."""
    rights = scene.oracle.rights(who)
    assert rights is not None
    leaks = [Leak("row", who, output, "clear phone", found) for found in CLEAR_PHONE.findall(text)]
    for kind, digits in set(TOKEN.findall(text)):
        if not may_know(scene.oracle, rights, kind, int(digits), is_administration=output.startswith("/admin")):
            leaks.append(Leak("row", who, output, {"p": "place", "n": "person"}.get(kind, kind), f"{kind}{digits}x"))
    return leaks


def may_know(oracle: Oracle, rights: Rights, kind: str, identity: int, *, is_administration: bool) -> bool:
    people_of_rotas, places_of_rotas = oracle.told_by_rota(rights)
    if (kind == "p" and identity in places_of_rotas) or (kind == "n" and identity in people_of_rotas):
        return True
    if kind == "p":
        return rights.covers(oracle.places[identity]) or (is_administration and rights.administers)
    if kind == "k":
        return rights.roles <= PLANS and rights.covers(oracle.places[identity])
    if kind == "n":
        knows_people = rights.roles <= TOLD_WHO or (is_administration and rights.administers)
        return knows_people and oracle.knows(rights, identity)
    if kind == "m":
        return rights.is_near(identity >> 32) or (is_administration and rights.administers)
    if kind == "o":
        street = oracle.organisation_street(identity)
        return street is None or rights.is_near(street) or (is_administration and rights.administers)
    return False


@pytest.mark.parametrize("who", SIGNED_IN)
def test_pages_name_only_what_is_ones_own(scene: Scene, client: FlaskClient, who: str) -> None:
    leaks: list[Leak] = []
    for address in addresses(scene):
        answer = client.get(address, headers=scene.world.headers(who) | {"Accept": "text/html, */*;q=0.5"})
        # an estate that one does not see can be in no plan
        known = (200, 302, 303, 403, 404) + ((400,) if address.startswith("/renovation") else ())
        assert answer.status_code in known, (address, answer.status_code)
        leaks += told(scene, who, address, answer.text)
    assert leaks == []


def test_administration_is_for_administrators_and_leaders(scene: Scene, client: FlaskClient) -> None:
    ids = {"account": scene.oracle.accounts["city_leader"]["id"], "street": scene.world.ids["street"]}
    for who in SIGNED_IN:
        rights = scene.oracle.rights(who)
        assert rights is not None
        if rights.administers or "leader" in rights.roles:
            continue
        for address in (one.format(**ids) for some in ADMINISTRATION.values() for one in some):
            answer = client.get(address, headers=scene.world.headers(who))
            assert answer.status_code in (403, 404), (who, address)


def there(scene: Scene, who: str) -> list[str]:
    """The layers that are there for the account."""
    return [name for name in BY_NAME if scene.oracle.sight(who, name).is_there]


# Items and files ---------------------------------------------------------------------------------------------------


def json_of(answer: TestResponse) -> Any:
    assert answer.status_code == 200, answer.text
    return json.loads(answer.data)


@pytest.mark.parametrize("who", SIGNED_IN)
def test_items(scene: Scene, client: FlaskClient, who: str) -> None:
    leaks: list[Leak] = []
    for name in there(scene, who):
        features, address = [], f"/ogc/collections/{name}/items?limit=2000"
        counts = set()
        while address:
            page = json_of(client.get(address, headers=scene.world.headers(who) | {"Accept": "application/json"}))
            features += page["features"]
            counts.add(page["numberMatched"])
            following = [link["href"] for link in page["links"] if link["rel"] == "next"]
            address = following[0] if following else ""
        sight = scene.oracle.sight(who, name)
        leaks += compare(who, "items", name, sight.rows, properties(features))
        assert counts == {len(sight.rows)}, (name, counts)
    assert leaks == []


OF_PEOPLE = {
    "grids": {"worker"},
    "buildings": {"manager"},
    "stairwells": {"manager", "leader"},
    "assignments": {"holder"},
}
"""What no file holds, unless a leader gives a reason (tests/test_files.py)."""


@pytest.mark.parametrize("who", SOME)
def test_files(scene: Scene, client: FlaskClient, who: str) -> None:
    for name in there(scene, who):
        sight = scene.oracle.sight(who, name)
        address = f"/ogc/collections/{name}/items."
        whole = json_of(client.get(address + "geojson", headers=scene.world.headers(who)))
        hidden = OF_PEOPLE.get(name, set())
        rows = {row: {key: told[key] for key in told.keys() - hidden} for row, told in sight.rows.items()}
        assert compare(who, "file", name, rows, properties(whole["features"])) == []
        lines = client.get(address + "csv", headers=scene.world.headers(who)).data.decode("utf-8-sig")
        table = list(csv.DictReader(io.StringIO(lines)))
        assert {int(row["id"]) for row in table} == set(sight.rows)
        rights = scene.oracle.rights(who)
        assert rights is not None
        assert set(table[0] if table else ()) <= scene.oracle.names(rights, name) | {"id", "lon", "lat", "wkt"}
        head = client.head(address + "geojson", headers=scene.world.headers(who))
        assert (head.status_code, head.data) == (200, b"")


@pytest.mark.parametrize("who", SOME)
def test_hidden_attributes_cannot_be_asked_for(scene: Scene, client: FlaskClient, who: str) -> None:
    """A filter on what one may not see would answer by what is left."""
    rights = scene.oracle.rights(who)
    assert rights is not None
    for name in there(scene, who):
        for attribute in set(BY_NAME[name].attributes) - scene.oracle.names(rights, name):
            answers = [
                client.get(f"/ogc/collections/{name}/items?{word}=1", headers=scene.world.headers(who))
                for word in (attribute, "no_such_word")
            ]
            assert [answer.status_code for answer in answers] == [400, 400]
            assert answers[0].text.replace(f"“{attribute}”", "“no_such_word”") == answers[1].text


def test_my_places_say_for_whom_one_stands_in(scene: Scene, client: FlaskClient) -> None:
    page = client.get("/my", headers=scene.world.headers("stand_in") | {"Accept": "text/html"}).text
    ids = scene.world.ids
    assert f"您正为n{ids['roaming_person']}x代班，至 2026-03-31。" in page
    assert f"p{ids['door']}x" in page
    assert all(f"n{ids[name]}x代班" not in page for name in ("estate_person", "grid_person", "micro_person"))


# Hidden is unknown -------------------------------------------------------------------------------------------------

UNKNOWN = 10_001 * 2**32 + 4_000_000_123
BY_ID = (
    "/ogc/collections/{layer}/items/{id}",
    "/places/{id}",
    "/places/{id}/card",
    "/ogc/collections/{layer}/items/{id}?f=html",
)


@pytest.mark.parametrize("who", ["worker", "manager", "property", "other_leader", "micro_worker"])
@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_a_hidden_row_is_an_unknown_row(scene: Scene, client: FlaskClient, who: str, accept: str) -> None:
    headers = scene.world.headers(who) | {"Accept": accept}
    checked = 0
    for name in ("grids", "estates", "buildings", "stairwells", "facilities", "assignments"):
        seen = scene.oracle.sight(who, name).rows
        hidden = [row["id"] for row in scene.oracle.raw(name, scene.today) if row["id"] not in seen][::40][:6]
        for identity in hidden:
            for template in BY_ID:
                for method in ("GET", "HEAD"):
                    answers = [
                        client.open(template.format(layer=name, id=one), method=method, headers=headers)
                        for one in (identity, UNKNOWN)
                    ]
                    assert [answer.status_code for answer in answers] == [404, 404], (template, identity)
                    texts = [plain_text(answer, one) for answer, one in zip(answers, (identity, UNKNOWN), strict=True)]
                    assert texts[0] == texts[1]
                    assert not TOKEN.search(texts[0])
                    checked += 1
    assert checked > 50


BY_LAYER = (
    "/tiles/14/13351/7138.mvt?layers={layer}",
    "/tiles/14/13351/7138.mvt?layers=buildings,{layer}",
    "/tiles/tiles.json?layers={layer}",
    "/ogc/collections/{layer}",
    "/ogc/collections/{layer}/schema",
    "/ogc/collections/{layer}/feature-schema",
    "/ogc/collections/{layer}/queryables",
    "/ogc/collections/{layer}/tiles",
    "/ogc/collections/{layer}/tiles/WebMercatorQuad",
    "/ogc/collections/{layer}/tiles/WebMercatorQuad/14/7138/13351",
    "/ogc/collections/{layer}/items?filter=holder%20IS%20NULL",
    "/ogc/collections/{layer}/items?crs=http://www.opengis.net/def/crs/EPSG/0/4326",
    "/ogc/collections/{layer}/items",
    "/ogc/collections/{layer}/items?f=html",
    "/ogc/collections/{layer}/items?holder=x",
    "/ogc/collections/{layer}/items.geojson",
    "/ogc/collections/{layer}/items.geojsons",
    "/ogc/collections/{layer}/items.csv",
    "/data/{layer}",
    "/data/{layer}/state",
    "/list?layer={layer}&street=10001",
)


@pytest.mark.parametrize("who", ["admin", "city_planner", "planner_worker", "property", "resident"])
@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_a_layer_that_says_nothing_is_an_unknown_layer(
    scene: Scene, client: FlaskClient, who: str, accept: str
) -> None:
    headers = scene.world.headers(who) | {"Accept": accept}
    hidden = set(BY_NAME) - set(there(scene, who))
    assert hidden == {"assignments", "five_lines"}
    for name in hidden:
        for template in BY_LAYER:
            for method in ("GET", "HEAD"):
                words = name, "nosuchlayer"
                answers = [client.open(template.format(layer=one), method=method, headers=headers) for one in words]
                assert [answer.status_code for answer in answers] == [404, 404], template
                texts = [plain_text(answer, one) for answer, one in zip(answers, words, strict=True)]
                assert texts[0] == texts[1], template


@pytest.mark.parametrize("who", SIGNED_IN)
def test_what_lists_layers_lists_those_that_are_there(scene: Scene, client: FlaskClient, who: str) -> None:
    headers = scene.world.headers(who) | {"Accept": "application/json"}
    expected = there(scene, who)
    collections = json_of(client.get("/ogc/collections", headers=headers))["collections"]
    assert [one["id"] for one in collections] == expected
    assert [one["id"] for one in json_of(client.get("/tiles/tiles.json", headers=headers))["vector_layers"]] == expected
    described = json_of(client.get("/ogc/api", headers=headers))
    assert [tag["name"] for tag in described["tags"]] == expected
    assert {path.split("/")[2] for path in described["paths"] if path.startswith("/collections/")} == set(expected)
    # what is due and done has a map of its own, /coverage
    drawn = [name for name in expected if name not in WORK]
    for address in ("/map", "/my"):
        page = client.get(address, headers=scene.world.headers(who) | {"Accept": "text/html"}).text
        found = re.search(r'id="map-config">(.*?)</script>', page, re.DOTALL)
        if address == "/my" and found is None:
            # who leads a community has duties of its own there, and no places
            assert who in ("community", "two_communities")
            continue
        config = json.loads(found[1])
        assert [layer["name"] for layer in config["layers"]] == drawn
        asked = [source["url"].split("layers=")[1].split(",") for source in config["sources"]]
        assert sorted(name for names in asked for name in names) == sorted(drawn)
    for address in ("/data", "/ogc/collections?f=html", "/ogc/api?f=html", "/list?street=10001"):
        page = client.get(address, headers=scene.world.headers(who) | {"Accept": "text/html"}).text
        named = {name for name in BY_NAME if re.search(rf"[/=]{name}[\"/?&]", page)}
        assert named <= set(expected), address


def plain_text(answer: TestResponse, identity: object) -> str:
    """The answer and its headers without the id that was asked for and the nonce of the response."""
    text = re.sub(r'nonce="[^"]*"', "", answer.text.replace(str(identity), "ID"))
    kept = {name: value for name, value in answer.headers if name not in ("Content-Security-Policy", "Content-Length")}
    return text + json.dumps(kept).replace(str(identity), "ID")


# Cards, search, list -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", each(SIGNED_IN))
def test_cards(scene: Scene, client: FlaskClient, who: str) -> None:
    rights = scene.oracle.rights(who)
    assert rights is not None
    places = [place for place in scene.oracle.places.values() if place["street_id"] in (10_001, 77)]
    ours = [place for place in places if rights.covers(place)]
    chosen = ours[:: max(1, len(ours) // 15)] + places[:: max(1, len(places) // 15)]
    chosen += [place for place in ours if place["kind"] in ("grid", "estate")][:10]
    for place in chosen:
        for address in (f"/places/{place['id']}/card", f"/places/{place['id']}"):
            answer = client.get(address, headers=scene.world.headers(who) | {"Accept": "text/html"})
            expected = 200 if rights.covers(place) else 404
            assert answer.status_code == expected, (who, address, place["kind"])
            assert told(scene, who, address, answer.text) == []
            if expected == 200:
                assert f"p{place['id']}x" in answer.text


@pytest.mark.parametrize("who", each(SIGNED_IN))
def test_search(scene: Scene, client: FlaskClient, who: str) -> None:
    rights = scene.oracle.rights(who)
    assert rights is not None
    headers = scene.world.headers(who) | {"Accept": "application/json"}
    places = [place for place in scene.oracle.places.values() if place["street_id"] in (10_001, 77)]
    ours = [place for place in places if rights.covers(place)]
    for place in [*ours[:: max(1, len(ours) // 8)], *places[:: max(1, len(places) // 12)]]:
        found = json_of(client.get(f"/search?q=p{place['id']}x", headers=headers))
        assert {one["id"] for one in found} == ({place["id"]} if rights.covers(place) else set()), (who, place["id"])
        assert told(scene, who, "/search", json.dumps(found)) == []
    for word in ("p", "n", "4299", "4420000020"):
        for accept in ("application/json", "text/html"):
            answer = client.get(f"/search?q={word}", headers=headers | {"Accept": accept})
            assert told(scene, who, "/search", answer.text) == []
    people = [one for one in scene.oracle.people if scene.oracle.people[one]["street_id"] in (10_001, 77)]
    for person in people[:: max(1, len(people) // 25)]:
        answer = client.get(f"/search?q=n{person}x", headers=headers)
        if not (rights.roles <= TOLD_WHO and scene.oracle.knows(rights, person)):
            assert json_of(answer) == [], (who, person)
        assert told(scene, who, "/search", answer.text) == []


@pytest.mark.parametrize("who", each(SIGNED_IN))
def test_lists(scene: Scene, client: FlaskClient, who: str) -> None:
    headers = scene.world.headers(who) | {"Accept": "text/html"}
    for name in BY_NAME:
        for query in ("", "&vacant=1", "&print=1", f"&community={scene.world.ids['huayuan']}", "&page=2"):
            address = f"/list?layer={name}&street=10001{query}"
            answer = client.get(address, headers=headers)
            assert answer.status_code in (200, 404), address
            assert told(scene, who, address, answer.text) == []


@pytest.mark.parametrize("who", ["community", "building_manager", "micro_worker", "worker"])
def test_lists_are_whole(scene: Scene, client: FlaskClient, who: str) -> None:
    for name in ("grids", "estates", "buildings", "stairwells", "facilities"):
        rows = {key for key in scene.oracle.sight(who, name).rows if key >> 32 == 10_001}
        assert named(scene, client, who, f"/list?layer={name}&street=10001") >= rows, name


def named(scene: Scene, client: FlaskClient, who: str, address: str) -> set[int]:
    """The places named on all pages of a list."""
    found: set[int] = set()
    for number in range(1, 40):
        answer = client.get(f"{address}&page={number}", headers=scene.world.headers(who) | {"Accept": "text/html"})
        new = {int(digits) for kind, digits in TOKEN.findall(answer.text) if kind == "p"} - found
        if answer.status_code != 200 or not new:
            break
        found |= new
    return found


# Remembered answers ------------------------------------------------------------------------------------------------

REMEMBERED = ("/tiles/14/{x}/{y}.mvt?layers=buildings,grids", "/ogc/collections/buildings/items?limit=10")


@pytest.mark.parametrize("template", [*REMEMBERED, "/ogc/collections/stairwells", "/ogc/collections/grids/items"])
def test_nobody_is_told_that_another_ones_answer_is_still_good(
    scene: Scene, client: FlaskClient, template: str
) -> None:
    address = template.format(x=scene.ground[0].x, y=scene.ground[0].y)
    etags: dict[str, str] = {}
    for who in SIGNED_IN:
        answer = client.get(address, headers=scene.world.headers(who) | {"Accept": "*/*"})
        assert answer.status_code in (200, 204)
        etags[who] = answer.headers["ETag"]
    sights = {who: sight_key(scene, who) for who in SIGNED_IN}
    for who in SOME:
        for other in SIGNED_IN:
            headers = scene.world.headers(who) | {"If-None-Match": etags[other], "Accept": "*/*"}
            for method in ("GET", "HEAD"):
                answer = client.open(address, method=method, headers=headers)
                if answer.status_code == 304:
                    assert sights[who] == sights[other], (who, other)
                    assert answer.data == b""
                else:
                    assert who != other


def sight_key(scene: Scene, who: str) -> object:
    """Equal for accounts that see the same rows and attributes."""
    rights = scene.oracle.rights(who)
    assert rights is not None
    seen = [sorted(scene.oracle.sight(who, name).rows) for name in ("grids", "buildings", "stairwells", "assignments")]
    return json.dumps(seen), rights.roles <= TOLD_WHO, rights.roles <= PLANS


@pytest.mark.parametrize("who", ["leader", "micro_worker", "planner"])
def test_head_says_what_get_says(scene: Scene, client: FlaskClient, who: str) -> None:
    tile = scene.ground[0]
    for address in (
        f"/tiles/14/{tile.x}/{tile.y}.mvt?layers=buildings",
        "/ogc/collections/buildings",
        "/data",
        "/list",
    ):
        headers = scene.world.headers(who) | {"Accept-Encoding": "br"}
        got, head = (client.open(address, method=method, headers=headers) for method in ("GET", "HEAD"))
        assert head.data == b""
        assert head.status_code == got.status_code
        for name in ("ETag", "Content-Type", "Content-Encoding", "Cache-Control", "Vary"):
            assert head.headers.get(name) == got.headers.get(name), (address, name)
