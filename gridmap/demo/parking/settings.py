"""What the demo's estates have decided, what their zones cost, their gates, and the cars that they know."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from gridmap.clock import OFFICE
from gridmap.demo.choice import between, pick
from gridmap.demo.duties import NOW
from gridmap.demo.parking.ground import RULES_OF, ZONES_OF, Zone
from gridmap.demo.parking.plates import hashed, plate_of
from gridmap.demo.parking.stories import COMMUNITY
from gridmap.demo.register import Row
from gridmap.parking.rules import Rules
from gridmap.parking.tariff import DayKind, Tariff

SAID = "442000002005Z01"
"""Its estate has written down what holds everywhere anyway."""
GARAGE = "442000002005Z13"
DECIDED_AT = datetime(2025, 3, 10, 10, tzinfo=OFFICE)
LIST_COLUMNS: Sequence[tuple[str, str, str]] = (
    ("车牌号", "plate", "seconds"),
    ("禁入开始", "starts_at", "minutes"),
    ("禁入结束", "until", "minutes"),
    ("原因", "reason", "seconds"),
)
"""How barriers that read plates take a list: heading, what stands under it, and how a moment is written there."""
LIST = [{"heading": heading, "field": what, "form": form} for heading, what, form in LIST_COLUMNS]
SET_TARIFF = """
UPDATE gridmap.zone SET hourly_yuan = %s, daily_cap_yuan = %s, tariff_day = %s, details = details || %s
WHERE street_id = %s AND place_id = %s
"""
GATES = """
SELECT p.street_id, p.id AS place_id, p.code, e.management FROM gridmap.place p
JOIN gridmap.facility f ON f.street_id = p.street_id AND f.place_id = p.id AND f.kind = 'gate'
JOIN gridmap.estate e ON e.street_id = p.street_id AND e.place_id = p.estate_id
WHERE p.source = 'demo' AND p.street_id < 20000 AND left(p.code, 12) = ANY (%s) ORDER BY p.code, p.id
"""
FIRST_KNOWN_PLATE, RESIDENTS = 2_000, (6, 24)
"""Cars of residents that are registered with each zone's estate: in 花苑, in 香逸湾."""
OTHERS: tuple[tuple[str, str, str], ...] = (
    ("visitor", "[2026-03-14 09:00+08,2026-03-18 22:00+08)", "探亲，住至周三"),
    ("visitor", "[2026-03-08 10:00+08,2026-03-09 22:00+08)", "来访，已离开"),
    ("ambulance", "(,)", "急救车辆"),
    ("disabled", "[2025-06-01 00:00+08,)", "残疾人专用车"),
)
"""Exemptions of each third estate; one visit has ended."""


def rule_rows(zones: Sequence[Zone]) -> Iterator[Row]:
    """Rows of parking_rule: estates that decided something; of the others the defaults hold."""
    for zone in zones:
        if zone.code in RULES_OF or zone.code == SAID:
            rules = RULES_OF.get(zone.code, Rules())
            told = {one.name: getattr(rules, one.name) for one in fields(Rules)}
            yield {
                "street_id": zone.street_id,
                "place_id": zone.home["place_id"],
                **told,
                "evenings": sorted(rules.evenings),
                "ban_on": str(rules.ban_on),
                "changed_at": DECIDED_AT,
                "changed_by": COMMUNITY,
            }


def set_tariffs(connection: "psycopg.Connection[Any]", zones: Sequence[Zone]) -> None:
    """10 yuan for each hour that has begun, at most 80 a day: in 香逸湾 of 24 hours, in the garage of the calendar."""
    for zone in zones:
        if not zone.is_of_huayuan or zone.code == GARAGE:
            is_garage = zone.code == GARAGE
            tariff = Tariff(day=DayKind.CALENDAR if is_garage else DayKind.FROM_ENTRY)
            site = Jsonb({"site": "garage"} if is_garage else {})
            values = (tariff.hourly, tariff.daily_cap, str(tariff.day), site, zone.street_id, zone.id)
            connection.execute(SET_TARIFF, values)


def gate_rows(connection: "psycopg.Connection[Any]") -> Iterator[Row]:
    """Rows of gate: barriers that read plates where a company keeps the gate, else opened by hand or none."""
    for row in connection.execute(GATES, (list(ZONES_OF),)).fetchall():
        is_kept = row["management"] == "property"
        yield {
            "street_id": row["street_id"],
            "place_id": row["place_id"],
            "width_m": between(row["code"], "gate width", 32, 68) / 10,
            "barrier": "camera" if is_kept else pick(row["code"], "barrier", ("manual", "none")),
            "list_columns": Jsonb(LIST if is_kept else []),
        }


def known_rows(zones: Sequence[Zone], key: bytes) -> Iterator[Row]:
    """Rows of known_vehicle without ids: residents' cars, and exemptions here and there."""
    for place, zone in enumerate(zones):
        numbers = iter(range(FIRST_KNOWN_PLATE + place * 100, FIRST_KNOWN_PLATE + (place + 1) * 100))
        for _turn in range(RESIDENTS[not zone.is_of_huayuan]):
            since = f"[2025-{between(f'{zone.code}/{_turn}', 'registered', 3, 12):02d}-01 00:00+08,)"
            yield _known(zone, key, next(numbers), ("resident", since, None))
        for other in OTHERS if place % 3 == 0 else ():
            yield _known(zone, key, next(numbers), other)


def _known(zone: Zone, key: bytes, number: int, told: tuple[str, str, str | None]) -> Row:
    plate = plate_of(zone, number)
    kind, valid, note = told
    return {
        **zone.home,
        "kind": kind,
        "plate_hash": hashed(key, zone, plate),
        "plate_masked": plate.masked,
        "valid": valid,
        "note": note,
        "account_id": COMMUNITY,
        "revision": 1,
        "changed_at": DECIDED_AT if kind == "resident" else NOW.now(),
        "changed_by": COMMUNITY,
    }
