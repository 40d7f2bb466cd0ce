"""A rule asks for the counts of zones, morning and evening: a missed one is a gap, with its reason, in every number."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import TypeVar

from gridmap.db import SYSTEM
from gridmap.db.pools import Connection
from gridmap.duties import CADENCE, add_rule, close_slots, open_slots
from gridmap.kpi import BY_NAME
from gridmap.periods import month_of
from gridmap.read.coverage.counts import read_counts
from gridmap.read.coverage.cut import Counts, Cut
from gridmap.read.coverage.rows import Part, When, read_reasons, read_rows
from gridmap.read.due import read_due, read_due_at
from gridmap.read.select import Asked
from tests.duties_town import BASE, COMMUNITY, PEOPLE, STREET
from tests.parking_town import ELSEWHERE, KERB, NORTH, SOUTH, ParkingTown, at

MARCH = month_of(date(2026, 3, 1))
DAY, NEXT = date(2026, 3, 16), date(2026, 3, 17)
RULE = next(rule for rule in CADENCE if rule.kind == "vehicle_count")
Found = TypeVar("Found")


def as_system(town: ParkingTown, command: Callable[[Connection], Found]) -> Found:
    with town.database.transaction(SYSTEM) as connection:
        return command(connection)


def opened(town: ParkingTown) -> None:
    """The rule as the cadence calendar has it, from DAY on; somebody has the duty in NORTH, nobody elsewhere."""
    town.owner.execute(
        "INSERT INTO gridmap.duty_role (code, title, title_en, level) VALUES ('duty_resident', 'r', 'r', 'zone')"
        " ON CONFLICT DO NOTHING"
    )
    town.owner.execute(
        "INSERT INTO gridmap.assignment (street_id, id, person_id, place_id, role, valid, community_id)"
        " VALUES (%s, %s, %s, %s, 'duty_resident', '[2026-01-01,)', %s)",
        (STREET, BASE + 990, PEOPLE[2], NORTH, COMMUNITY),
    )
    as_system(town, lambda connection: add_rule(connection, town.by(None), STREET, RULE, DAY))
    made = as_system(town, lambda connection: open_slots(connection, [STREET], MARCH, DAY))
    assert made.new[STREET] == 4 * 2 * 16


def test_a_count_is_asked_twice_a_day_in_each_zone_and_a_missed_one_is_a_gap(town: ParkingTown) -> None:
    town.now = at("2026-03-16", "07:30")
    opened(town)
    town.count("worker_a", NORTH, 30, 2)
    town.count("worker_a", KERB, 5, 5)
    town.now = at("2026-03-16", "20:00")
    town.count("worker_b", SOUTH, 12, 0)
    town.now = at("2026-03-17", "02:00")
    as_system(town, lambda connection: close_slots(connection, [STREET], NEXT))
    cut = Cut(start=DAY, end=NEXT, kind="vehicle_count")
    when = When(moment=town.now, today=NEXT)

    def told(connection: Connection, _by: object) -> tuple[Counts, dict[str, int], list[tuple[int | None, str | None]]]:
        viewer = town.viewer("leader")
        rows = read_rows(connection, viewer, cut, Part(kpi=BY_NAME["coverage"]), when)
        gaps = sorted((row.place_id, row.reason) for row in rows)
        return read_counts(connection, viewer, cut), read_reasons(connection, viewer, cut, when), gaps

    counts, reasons, gaps = town.run("leader", told)
    assert (counts.slots, counts.satisfied, counts.open) == (8, 3, 5)
    assert reasons == {"missed": 1, "no_manager": 4}
    assert gaps == [(NORTH, "missed"), (SOUTH, "no_manager"), (ELSEWHERE, "no_manager"), (ELSEWHERE, "no_manager"),
                    (KERB, "no_manager")]  # fmt: skip
    # the evening that somebody counts at night, after the night's round, is no gap any more
    town.now = at("2026-03-17", "03:00")
    town.count("worker_a", NORTH, 31, 2)
    counts, reasons, _gaps = town.run("leader", told)
    assert (counts.satisfied, reasons) == (4, {"no_manager": 4})
    recount = "SELECT gridmap.recount_coverage(%s) AS wrong"
    assert as_system(town, lambda connection: connection.execute(recount, ([STREET],)).fetchone()) == {"wrong": 0}


def test_what_is_to_be_counted_today_stands_among_ones_own_work(town: ParkingTown) -> None:
    town.now = at("2026-03-16", "07:30")
    opened(town)

    def open_now(connection: Connection, _by: object) -> dict[str, int]:
        viewer = town.viewer("worker_a")
        assert read_due(connection, viewer, Asked(as_of=town.now), DAY).groups == (), "counts have pages of their own"
        return {f"z{zone}": read_due_at(connection, viewer, zone, DAY).open for zone in (NORTH, KERB)}

    assert town.run("worker_a", open_now) == {f"z{NORTH}": 2, f"z{KERB}": 2}
    town.count("worker_a", NORTH, 30, 2)
    assert town.run("worker_a", open_now) == {f"z{NORTH}": 1, f"z{KERB}": 2}


def test_a_zone_that_is_given_up_is_asked_no_more(town: ParkingTown) -> None:
    town.now = at("2026-03-16", "07:30")
    opened(town)
    town.owner.execute("UPDATE gridmap.place SET valid = '[2020-01-01,2026-03-18)' WHERE id = %s", (KERB,))
    gone = DAY + timedelta(days=2)
    as_system(town, lambda connection: open_slots(connection, [STREET], MARCH, gone))
    rows = town.rows(
        "SELECT count(*) AS found FROM gridmap.slot WHERE place_id = %s AND starts_on >= %s AND excuse IS NULL",
        KERB, gone)  # fmt: skip
    assert rows == [{"found": 0}]
