"""How many cars were staying in which zone after an evening: numbers that do not depend on who asks."""

from collections.abc import Iterable
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.clock import parse_clock
from gridmap.db import SYSTEM
from gridmap.parking.nights import nights_of, note_last_nights
from gridmap.parking.staying import Noted, Part, Round, ZoneCount, find_stays
from gridmap.parking.street_stays import Home
from tests.duties_town import STREET
from tests.parking_town import NORTH, SOUTH, ParkingTown, at

DAY = date(2026, 3, 10)
ROUNDS = [
    Round.of(DAY + timedelta(days=(turn + 1) // 2), Part.MORNING if turn % 2 else Part.EVENING) for turn in range(8)
]
"""Evening and morning by turns, from the evening of the 10th on."""


def home(noted: Iterable[tuple[int, int, int]], missed: frozenset[int] = frozenset()) -> Home:
    """An estate of two zones in which these cars (car, zone, number of the round) were noted in full counts."""
    seen = [Noted(vehicle_id=car, zone_id=zone, at=ROUNDS[turn]) for car, zone, turn in noted if turn not in missed]
    counts = [
        ZoneCount(zone_id=zone, at=at_, outside=sum(one.zone_id == zone and one.at == at_ for one in seen))
        for turn, at_ in enumerate(ROUNDS)
        if turn not in missed
        for zone in (1, 2)
    ]
    return Home(least=3, counts=counts, noted=seen)


def test_a_car_counts_where_it_stood_last_and_begins_once() -> None:
    """In three counts by the evening of the 11th in zone 1; on the 12th it stands in zone 2."""
    of_car = home([(7, 1, 0), (7, 1, 1), (7, 1, 2), (7, 2, 3), (7, 2, 4)])
    first = nights_of(of_car, DAY)
    assert {zone: night["cars"] for zone, night in first.items()} == {1: 0, 2: 0}
    eleventh = nights_of(of_car, DAY + timedelta(days=1))
    assert (eleventh[1]["cars"], eleventh[1]["begun"], eleventh[1]["longest_days"]) == (1, 1, 2)
    assert (eleventh[2]["cars"], eleventh[2]["longest_days"]) == (0, 0)
    twelfth = nights_of(of_car, DAY + timedelta(days=2))
    assert (twelfth[1]["cars"], twelfth[2]["cars"], twelfth[2]["begun"]) == (0, 1, 0)


@settings(max_examples=60, deadline=None)
@given(
    st.sets(st.tuples(st.integers(1, 5), st.integers(0, 7)), max_size=30),
    st.frozensets(st.integers(0, 7), max_size=3),
    st.integers(0, 3),
)
def test_the_zones_add_up_to_the_estate(seen: set[tuple[int, int]], missed: frozenset[int], days: int) -> None:
    of_estate = home([(car, 1 + (car + turn // 3) % 2, turn) for car, turn in seen], missed)
    day = DAY + timedelta(days=days)
    nights = nights_of(of_estate, day)
    stays = find_stays(of_estate.counts, of_estate.noted, least=3, now=Round.of(day, Part.EVENING))
    assert sum(night["cars"] for night in nights.values()) == len(stays)
    before = find_stays(of_estate.counts, of_estate.noted, least=3, now=Round.of(day - timedelta(days=1), Part.EVENING))
    known = {stay.vehicle_id for stay in before}
    assert sum(night["begun"] for night in nights.values()) == sum(one.vehicle_id not in known for one in stays)
    assert all(night["begun"] <= night["cars"] for night in nights.values())


def test_the_night_writes_the_numbers_of_the_last_evenings(town: ParkingTown) -> None:
    """A car that was noted on two evenings and the morning between; zones that nobody counts have none."""
    for moment in (at("2026-03-10", "20:00"), at("2026-03-11", "07:30"), at("2026-03-11", "20:00")):
        town.now = moment
        made = town.count("worker_a", NORTH, 12, 1)
        town.see("worker_a", zone_id=NORTH, counted_on=made.day, part=made.part)
    with town.database.transaction(SYSTEM) as connection:
        assert note_last_nights(connection, parse_clock("2026-03-12T01:00+08:00")) > 0
        assert note_last_nights(connection, parse_clock("2026-03-12T01:00+08:00")) > 0
    kept = town.rows(
        "SELECT day, cars, begun, longest_days FROM gridmap.zone_stay WHERE place_id = %s ORDER BY day", NORTH
    )
    assert [tuple(row.values()) for row in kept] == [(date(2026, 3, 10), 0, 0, 0), (date(2026, 3, 11), 1, 1, 2)]
    # a phone that had no network for a week tells of another car: the evening gets its number all the same
    town.now = at("2026-03-18", "07:00")
    for made in (Round.of(date(2026, 3, 11), Part.MORNING), Round.of(date(2026, 3, 11), Part.EVENING)):
        seen_at = at(str(made.day), "07:30" if made.part is Part.MORNING else "20:00")
        town.see("worker_a", "沪A10001", counted_on=made.day, part=made.part, seen_at=seen_at)
    town.see("worker_a", "沪A10001", counted_on=date(2026, 3, 12), part=Part.MORNING, seen_at=at("2026-03-12", "07:30"))
    with town.database.transaction(SYSTEM) as connection:
        note_last_nights(connection, parse_clock("2026-03-19T01:00+08:00"))
    late = town.rows("SELECT cars FROM gridmap.zone_stay WHERE place_id = %s AND day = '2026-03-12'", NORTH)
    assert late == [{"cars": 2}]
    # never counted: no number, and not nothing
    assert town.rows("SELECT FROM gridmap.zone_stay WHERE place_id = %s", SOUTH) == []
    assert town.rows("SELECT DISTINCT street_id FROM gridmap.zone_stay") == [{"street_id": STREET}]
