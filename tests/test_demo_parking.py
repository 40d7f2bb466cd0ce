"""The demo's year of parking: its golden numbers, and that all of it is what the rules would have written."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from gridmap.analysis.hotspots import Found, Units, find
from gridmap.clock import OFFICE, Clock, real_now
from gridmap.db import SYSTEM, Database
from gridmap.demo.hotspots import WEEKS
from gridmap.demo.incidents.writing import copy_in
from gridmap.demo.parking import TABLES, add_parking, rows_of_cars
from gridmap.demo.parking.counts import HOT, early_zones, rounds
from gridmap.demo.parking.crediting import credit_parking
from gridmap.demo.parking.ground import read_zones
from gridmap.demo.parking.plates import DEMO_KEY
from gridmap.demo.parking.seeing import LAST_NIGHT, staying_cars
from gridmap.demo.parking.stayers import stayers_of
from gridmap.hotspots import DAYS
from gridmap.nightly import run_nightly
from gridmap.parking.keeping import FORGETTING
from gridmap.parking.machine import BY_ITSELF, Action, State
from gridmap.parking.nights import note_nights
from gridmap.parking.rows import read_rules, standing_of
from gridmap.parking.standing import Standing, Step, advance, hindrance, settled
from gridmap.parking.staying import Part, Round
from gridmap.parking.street_stays import stays_of_street
from gridmap.parking.tariff import DayKind, Tariff, fee
from tests.conftest import Base

NOW = datetime(2026, 3, 16, 9, tzinfo=OFFICE)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
FIRST, LAST = date(2025, 3, 16), date(2026, 3, 15)
OPENED = date(2025, 3, 17)
"""The first evening on which anybody can have stayed for three counts."""
GARAGE = "442000002005Z13"
STATE = "SELECT gridmap.parking_state(state, banned_until, resets_at, %s) FROM gridmap.vehicle WHERE id = %s"
Owner = psycopg.Connection[dict[str, Any]]
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def owner(demo_base: Base) -> Iterator[Owner]:
    with psycopg.connect(demo_base.owner_url, row_factory=dict_row) as connection:
        yield connection


@pytest.fixture(scope="module")
def database(demo_base: Base) -> Iterator[Database]:
    database = Database(demo_base.app_url)
    yield database
    database.close()


def one(owner: Owner, statement: str, *values: object) -> Any:
    """The only value of the only row."""
    row = owner.execute(statement, values).fetchone()
    assert row is not None
    (value,) = row.values()
    return value


# -- counts


def test_sixteen_zones_were_counted_morning_and_evening_for_a_year(owner: Owner) -> None:
    rows = owner.execute("SELECT place_id, counted_on, part, total, outside FROM gridmap.vehicle_count").fetchall()
    year = [row for row in rows if FIRST <= row["counted_on"] <= LAST]
    due = 16 * 2 * 365
    assert len({row["place_id"] for row in year}) == 16
    assert due == 11_680
    assert 0.97 * due < len(year) < due, "some were missed, and these are gaps"
    assert min(row["counted_on"] for row in rows) == FIRST
    assert sum(row["counted_on"] == LAST and row["part"] == "evening" for row in year) == 16
    rest = [row for row in rows if row not in year]
    assert {(row["counted_on"], row["part"]) for row in rest} == {(NOW.date(), "morning")}
    assert len(rest) == 9
    assert all(0 <= row["outside"] <= row["total"] for row in rows)


def test_what_was_missed_since_counting_is_a_duty_is_a_gap(owner: Owner) -> None:
    slots = owner.execute(
        "SELECT s.starts_on, s.state, s.done_at, c.counted_at FROM gridmap.slot s"
        " JOIN gridmap.duty d ON d.street_id = s.street_id AND d.id = s.duty_id AND d.kind = 'vehicle_count'"
        " LEFT JOIN gridmap.vehicle_count c ON c.street_id = s.street_id AND c.place_id = s.place_id"
        "   AND c.counted_on = s.starts_on AND c.part = (ARRAY['morning', 'evening'])[s.turn]"
    ).fetchall()
    assert len(slots) == 16 * 2 * 31
    assert [slot for slot in slots if slot["done_at"] != slot["counted_at"]] == []
    past = [slot for slot in slots if slot["starts_on"] < NOW.date()]
    assert {slot["state"] for slot in past} == {"satisfied", "missed"}
    assert all((slot["state"] == "missed") == (slot["counted_at"] is None) for slot in past)
    assert {slot["state"] for slot in slots if slot["starts_on"] > NOW.date()} == {"due"}


# -- notices and bans


def test_thirty_one_notices_and_four_bans_of_which_one_ends_with_the_clock(owner: Owner) -> None:
    assert one(owner, "SELECT count(*) FROM gridmap.parking_notice") == 31
    runs = "SELECT count(*) FROM gridmap.ban WHERE valid @> %s"
    assert one(owner, "SELECT count(*) FROM gridmap.ban") == 4
    assert (one(owner, runs, NOW - SECOND), one(owner, runs, NOW)) == (3, 2)
    assert one(owner, "SELECT until FROM gridmap.ban WHERE until::date = %s", NOW.date()) == NOW
    (revoked,) = owner.execute("SELECT * FROM gridmap.ban WHERE revoked_at IS NOT NULL").fetchall()
    turns = owner.execute(
        "SELECT action, ban_id FROM gridmap.parking_turn WHERE vehicle_id = %s ORDER BY at, id",
        (revoked["vehicle_id"],),
    ).fetchall()
    assert [turn["action"] for turn in turns][-3:] == ["confirm", "appeal", "revoke"]
    assert {turn["ban_id"] for turn in turns[-3:]} == {revoked["id"]}
    assert revoked["revoked_why"]


def test_a_ban_waits_for_a_second_person_and_an_appeal_for_an_answer(owner: Owner) -> None:
    (waits,) = owner.execute("SELECT * FROM gridmap.vehicle WHERE state = 'proposed'").fetchall()
    assert waits["proposed_by"] in waits["saw"]
    assert len(waits["saw"]) == 2
    assert waits["last_on"] == LAST
    (appeals,) = owner.execute("SELECT * FROM gridmap.vehicle WHERE state = 'appealed'").fetchall()
    assert one(owner, "SELECT appealed_at FROM gridmap.ban WHERE vehicle_id = %s", appeals["id"]) is not None
    withdrawn = "SELECT count(*) FROM gridmap.violation WHERE withdrawn_at IS NOT NULL"
    assert one(owner, withdrawn) == 1
    assert one(owner, "SELECT count(*) FROM gridmap.violation WHERE NOT is_counted") == 2


def test_the_end_comes_by_itself_to_the_second(owner: Owner, database: Database) -> None:
    (ends,) = owner.execute(
        "SELECT v.* FROM gridmap.vehicle v JOIN gridmap.ban b ON b.street_id = v.street_id AND b.vehicle_id = v.id"
        " WHERE b.until = %s",
        (NOW,),
    ).fetchall()
    assert ends["state"] == "banned", "nobody has had to do anything"
    for moment, state in ((NOW - SECOND, "banned"), (NOW, "free")):
        assert one(owner, STATE, moment, ends["id"]) == state
        with database.transaction(SYSTEM) as connection:
            plates = connection.execute(
                "SELECT plate FROM gridmap.unmask_vehicles(%s, %s, %s, %s)",
                (ends["street_id"], [ends["id"]], "to see", moment),
            ).fetchall()
        assert len(plates) == (state == "banned")


# -- the same by the machine


def test_every_car_stands_where_its_history_leads(owner: Owner) -> None:
    cars = owner.execute("SELECT * FROM gridmap.vehicle ORDER BY id").fetchall()
    seen: Counter[str] = Counter()
    for car in cars:
        rules = read_rules(owner, car["place_id"])
        standing = Standing(changed_at=None)
        turns = owner.execute(
            "SELECT * FROM gridmap.parking_turn WHERE vehicle_id = %s ORDER BY at, id", (car["id"],)
        ).fetchall()
        for turn in turns:
            standing = taken(standing, turn, rules)
            seen[turn["action"]] += 1
        if not turns:
            assert (car["state"], car["evenings"], car["plate"]) == ("free", [], None)
            continue
        ban = owner.execute(
            "SELECT * FROM gridmap.ban WHERE vehicle_id = %s AND starts_at = %s", (car["id"], car["banned_from"])
        ).fetchone()
        assert standing_of(car, ban or {}) == standing, car["plate_masked"]
    assert seen.keys() >= {"notice", "warn", "propose", "add", "trespass", "withdraw", "confirm", "decline", "appeal",
                           "revoke", "reset"}  # fmt: skip


def taken(standing: Standing, turn: dict[str, Any], rules: Any) -> Standing:
    """The next step of a history, which must have been possible."""
    step = Step(
        action=Action(turn["action"]),
        at=turn["at"],
        account_id=turn["account_id"],
        evening=turn["evening"],
        reason=turn["reason"] or "",
    )
    assert str(standing.state) == turn["from_state"]
    if step.action not in BY_ITSELF:
        assert settled(standing, step.at, rules) == (standing, ())
    assert hindrance(standing, step) is None
    after = advance(standing, step, rules)
    assert str(after.state) == turn["to_state"]
    return after


def test_violations_and_notices_are_those_of_the_history(owner: Owner) -> None:
    sighted = ("notice", "warn", "propose", "add", "trespass")
    violations = {
        (row["vehicle_id"], row["evening"], row["account_id"], row["is_counted"])
        for row in owner.execute("SELECT * FROM gridmap.violation").fetchall()
    }
    turns = {
        (row["vehicle_id"], row["evening"], row["account_id"], row["action"] != "trespass")
        for row in owner.execute("SELECT * FROM gridmap.parking_turn WHERE action = ANY (%s)", ([*sighted],)).fetchall()
    }
    assert violations == turns
    notices = owner.execute(
        "SELECT n.number, n.is_last, n.vehicle_id, v.evening FROM gridmap.parking_notice n"
        " JOIN gridmap.violation v ON v.street_id = n.street_id AND v.id = n.violation_id ORDER BY v.evening"
    ).fetchall()
    by_car: dict[int, list[int]] = {}
    for notice in notices:
        by_car.setdefault(notice["vehicle_id"], []).append(notice["number"])
    assert all(numbers == [*range(1, len(numbers) + 1)] for numbers in by_car.values())
    assert all(notice["is_last"] == (notice["number"] == 3) for notice in notices)


# -- long stays


def test_cars_that_stay_fall_from_196_to_under_ten(owner: Owner) -> None:
    rows = owner.execute("SELECT day, sum(cars)::int AS cars FROM gridmap.zone_stay GROUP BY 1").fetchall()
    by_day = {row["day"]: row["cars"] for row in rows}
    assert by_day[OPENED] == max(by_day.values()) == 196
    assert by_day[LAST] < 10
    months = [by_day[date(2025 + month // 12, month % 12 + 1, 17)] for month in range(2, 14)]
    assert months == sorted(months, reverse=True)


def test_the_numbers_kept_are_those_that_the_night_counts(own_demo_base: Base) -> None:
    """For the evenings of which all sightings are still there: those of two weeks."""
    with psycopg.connect(own_demo_base.owner_url, row_factory=dict_row) as owner:
        kept = "SELECT place_id, day, cars, begun FROM gridmap.zone_stay WHERE day > %s ORDER BY 1, 2"
        before = owner.execute(kept, (LAST - 14 * DAY,)).fetchall()
        assert len(before) == 16 * 14
        streets = sorted({row["place_id"] >> 32 for row in before})
        assert note_nights(owner, streets, LAST + DAY, nights=14) == 16 * 14
        assert owner.execute(kept, (LAST - 14 * DAY,)).fetchall() == before
        last = Round.of(LAST, Part.EVENING)
        staying = sum(len(cars) for street in streets for cars in stays_of_street(owner, street, last).values())
    assert 0 < sum(row["cars"] for row in before if row["day"] == LAST) == staying < 10


def test_the_opening_is_counted_from_cars(own_demo_base: Base) -> None:
    """As it was in the first week, when nobody had been forgotten yet: 196 cars, each noted in every count."""
    with psycopg.connect(own_demo_base.owner_url, row_factory=dict_row) as owner:
        zones = read_zones(owner)
        week = [at for at in rounds() if at.day < FIRST + 7 * DAY]
        cars = staying_cars(stayers_of(zones), early_zones(zones), week)
        clear(owner)
        for table, rows in rows_of_cars(cars, DEMO_KEY, datetime(2025, 3, 23, 1, tzinfo=OFFICE)).items():
            copy_in(owner, table, iter(rows))
        opened = Round.of(OPENED, Part.EVENING)
        streets = {zone.home["place_id"] >> 32 for zone in zones}
        staying = [cars for street in streets for cars in stays_of_street(owner, street, opened).values()]
    assert sum(map(len, staying)) == 196
    assert len(staying) == 3


def clear(owner: Owner) -> None:
    names = sql.SQL(", ").join(sql.Identifier("gridmap", table) for table in TABLES)
    owner.execute(sql.SQL("TRUNCATE {}").format(names))


# -- prices


@pytest.mark.parametrize(("hours", "yuan"), [(0.1, 10), (8, 80), (23, 80)])
def test_a_stay_costs_what_the_sign_at_the_zone_says(owner: Owner, hours: float, yuan: int) -> None:
    zones = owner.execute("SELECT * FROM gridmap.zone WHERE hourly_yuan IS NOT NULL").fetchall()
    assert len(zones) == 4
    entered = datetime(2026, 3, 16, 0, 30, tzinfo=OFFICE)
    for zone in zones:
        tariff = Tariff(hourly=zone["hourly_yuan"], daily_cap=zone["daily_cap_yuan"], day=DayKind(zone["tariff_day"]))
        assert fee(tariff, entered, entered + timedelta(hours=hours)) == Decimal(yuan)


def test_estates_have_decided_and_one_differs(owner: Owner) -> None:
    rows = {
        row["code"]: row
        for row in owner.execute(
            "SELECT p.code, r.* FROM gridmap.parking_rule r"
            " JOIN gridmap.place p ON p.street_id = r.street_id AND p.id = r.place_id"
        ).fetchall()
    }
    assert len(rows) == 5
    assert [code for code, row in rows.items() if row["ban_on"] == "third_notice"] == ["442000002005X12"]
    assert sum(row["evenings"] == [] for row in rows.values()) == 3
    gates = owner.execute("SELECT barrier FROM gridmap.gate").fetchall()
    assert len(gates) == 16
    assert {gate["barrier"] for gate in gates} >= {"camera", "manual"}


# -- what is kept


def test_nothing_is_there_that_the_last_night_would_have_forgotten(database: Database) -> None:
    assert forgetting(database, LAST_NIGHT) == dict.fromkeys(FORGETTING, 0)


def test_growing_older_the_demo_forgets(database: Database, owner: Owner) -> None:
    """What the nights of the year to come will forget."""
    at_once = forgetting(database, NOW)
    assert at_once["plates forgotten"] == 1, "of the ban that has just ended"
    later = [forgetting(database, NOW + days * DAY) for days in (31, 120, 400)]
    # the demo has no photos of cars
    for title in FORGETTING.keys() - {"photos of cars forgotten"}:
        counts = [found[title] for found in (at_once, *later)]
        assert counts == sorted(counts)
        assert counts[-1] > 0
    everything = later[-1]
    assert everything["sightings of cars forgotten"] == one(owner, "SELECT count(*) FROM gridmap.sighting")
    assert everything["plates forgotten"] == one(owner, "SELECT count(*) FROM gridmap.vehicle WHERE has_plate")
    # whoever had a notice is known by the hash alone, with its evenings and its history
    with_history = "SELECT count(DISTINCT vehicle_id) FROM gridmap.parking_turn"
    cars = "SELECT count(*) FROM gridmap.vehicle"
    assert everything["cars forgotten"] == one(owner, cars) - one(owner, with_history)


class Undo(Exception):
    """Nothing of it is kept."""


def forgetting(database: Database, moment: datetime) -> dict[str, int]:
    """What all the nights up to that moment would forget, one step after the other."""
    counts = {}
    try:
        with database.transaction(SYSTEM) as connection:
            for title, step in FORGETTING.items():
                counts[title] = step(connection, Clock(moment))
            raise Undo
    except Undo:
        return counts


def test_a_dry_run_of_the_night_tells_what_it_would_forget_and_forgets_nothing(
    database: Database, owner: Owner
) -> None:
    plates = "SELECT count(*) FROM gridmap.vehicle WHERE has_plate"
    before = one(owner, plates)
    counts = run_nightly(database, real_now(), Clock(NOW), dry_run=True)
    assert counts["plates forgotten"] == 1, "of the ban that has just ended"
    assert counts.keys() >= FORGETTING.keys()
    assert one(owner, plates) == before


def test_a_plate_is_there_only_while_something_is_open_and_is_nobodys(owner: Owner) -> None:
    cars = owner.execute(
        "SELECT plate, plate_masked, gridmap.parking_state(state, banned_until, resets_at, %s) <> 'free' AS is_open"
        " FROM gridmap.vehicle",
        (LAST_NIGHT,),
    ).fetchall()
    assert sum(car["is_open"] for car in cars) > 10
    assert all((car["plate"] is not None) == car["is_open"] for car in cars)
    assert all(re.fullmatch("(粤T|沪A)DM[0-9]{3,4}", car["plate"]) for car in cars if car["plate"])
    known = {bytes(row["plate_hash"]) for row in owner.execute("SELECT * FROM gridmap.known_vehicle").fetchall()}
    seen = {bytes(row["plate_hash"]) for row in owner.execute("SELECT * FROM gridmap.vehicle").fetchall()}
    assert not known & seen, "of cars that are left alone nothing is written down"
    kinds = Counter(row["kind"] for row in owner.execute("SELECT kind FROM gridmap.known_vehicle").fetchall())
    assert set(kinds) == {"resident", "visitor", "ambulance", "disabled"}


# -- hotspots


UNITS = """
SELECT p.id, p.code, z.capacity, ST_X(s) AS x, ST_Y(s) AS y, (
  SELECT count(*) FROM gridmap.violation v
  WHERE v.street_id = p.street_id AND v.place_id = p.id AND v.withdrawn_at IS NULL AND v.evening >= %s) AS seen
FROM gridmap.place p JOIN gridmap.zone z ON z.street_id = p.street_id AND z.place_id = p.id
CROSS JOIN LATERAL ST_Transform(ST_PointOnSurface(p.geom), 4547) AS s
WHERE p.code LIKE '442000002005Z%%' ORDER BY p.id
"""


def look(owner: Owner, since: date, edge: float) -> tuple[Rows, Found]:
    rows = owner.execute(UNITS, (since,)).fetchall()
    units = Units(
        ids=np.array([row["id"] for row in rows]),
        points=np.array([(row["x"], row["y"]) for row in rows]),
        counts=np.array([row["seen"] for row in rows]),
        exposure=np.array([row["capacity"] for row in rows], dtype=np.float64),
    )
    return rows, find(units, edge=edge)


@pytest.mark.parametrize("edge", [100.0, 120.0])
def test_one_neighbourhood_is_a_hotspot_and_the_crowded_garage_is_none(owner: Owner, edge: float) -> None:
    rows, found = look(owner, NOW.date() - DAYS * DAY, edge)
    garage = next(row for row in rows if row["code"] == GARAGE)
    hot = {row["id"] for row in rows if row["code"] in HOT}
    assert len(rows) == 13
    assert garage["seen"] == max(row["seen"] for row in rows), "nowhere was more seen"
    rate = sum(row["seen"] for row in rows) / sum(row["capacity"] for row in rows)
    assert garage["seen"] < 1.2 * rate * garage["capacity"], "as many as its places explain"
    (area,) = found.areas
    inside = set(area.units.tolist())
    assert inside >= hot
    assert garage["id"] not in inside
    assert found.repeats == ()
    assert area.chance <= 0.05
    assert area.ratio > 2
    assert area.observed == sum(row["seen"] for row in rows if row["id"] in inside)
    assert area.expected == pytest.approx(rate * sum(row["capacity"] for row in rows if row["id"] in inside))


def test_the_nights_have_found_it(owner: Owner) -> None:
    found = owner.execute(
        "SELECT h.status, h.observed, r.ends, ARRAY(SELECT p.code FROM gridmap.hotspot_unit u"
        "   JOIN gridmap.place p ON p.street_id = u.street_id AND p.id = u.place_id"
        "   WHERE u.street_id = h.street_id AND u.hotspot_id = h.id ORDER BY p.code) AS codes"
        " FROM gridmap.hotspot h JOIN gridmap.hotspot_run r ON r.street_id = h.street_id AND r.id = h.run_id"
        " WHERE r.subject = 'parking_violation' AND r.ends = %s AND h.status IN ('area', 'further', 'repeat')",
        (NOW.date(),),
    ).fetchall()
    (area,) = found
    assert area["status"] == "area"
    assert set(area["codes"]) >= set(HOT)
    assert GARAGE not in area["codes"]
    weeks = "SELECT count(DISTINCT ends) FROM gridmap.hotspot_run WHERE subject = 'parking_violation'"
    assert one(owner, weeks) == 1 + WEEKS


# -- again


def test_making_it_again_makes_the_same_rows(own_demo_base: Base) -> None:
    tables = (*TABLES, "vehicle_count", "zone_stay", "parking_rule", "gate")
    with psycopg.connect(own_demo_base.owner_url, row_factory=dict_row) as owner:
        assert add_parking(owner) == 0
        before = {table: fingerprint(owner, table) for table in tables}
        names = sql.SQL(", ").join(sql.Identifier("gridmap", table) for table in tables)
        owner.execute(sql.SQL("TRUNCATE {}").format(names))
        assert add_parking(owner) > 11_000
        assert {table: fingerprint(owner, table) for table in tables} == before
        clear(owner)
        owner.execute("TRUNCATE gridmap.vehicle_count, gridmap.zone_stay, gridmap.parking_rule, gridmap.gate")
        add_parking(owner, b"another key of an installation.." * 2)
        after = {table: fingerprint(owner, table) for table in tables}
    # a key of its own changes hashes, and nothing else
    assert {table for table in tables if after[table] != before[table]} == {"vehicle", "known_vehicle"}


def fingerprint(owner: Owner, table: str) -> dict[str, Any] | None:
    statement = "SELECT count(*) AS many, sum(hashtextextended(t::text, 0)) AS sum FROM gridmap.{} t"
    return owner.execute(sql.SQL(statement).format(sql.Identifier(table))).fetchone()


def test_the_demos_accounts_saw_and_decided_and_never_the_same_one(own_demo_base: Base) -> None:
    with psycopg.connect(own_demo_base.owner_url) as connection:
        credit_parking(connection)
        credit_parking(connection)
    with psycopg.connect(own_demo_base.owner_url, row_factory=dict_row) as owner:
        bans = owner.execute(
            "SELECT b.*, a.username FROM gridmap.ban b LEFT JOIN gridmap.account a ON a.id = b.confirmed_by"
        ).fetchall()
        assert {ban["username"] for ban in bans} == {"community", "leader"}
        assert all(ban["confirmed_by"] not in ban["saw"] for ban in bans)
        seen = owner.execute(
            "SELECT DISTINCT a.username FROM gridmap.violation v JOIN gridmap.account a ON a.id = v.account_id"
        ).fetchall()
        assert {"username": "worker"} in seen
        states = Counter(row["state"] for row in owner.execute("SELECT state FROM gridmap.vehicle").fetchall())
    assert states[State.BANNED] + states[State.APPEALED] == 3
