"""Which cars are staying, from counts that are complete, incomplete or missed."""

import random
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.parking.staying import MOST_BLANK, Noted, Part, Round, Stay, ZoneCount, find_stays

FIRST = date(2026, 3, 2)
EAST, WEST = 11, 12
CAR, OTHER = 1, 2


def rounds(number: int) -> list[Round]:
    """So many rounds in a row, the first of them an evening."""
    start = Round.of(FIRST, Part.EVENING)
    found = [Round.of(FIRST + timedelta(days=day), part) for day in range(number) for part in Part]
    return [one for one in found if one >= start][:number]


def picture(
    seen: str, *, zone: int = EAST, car: int = CAR, outside: int | None = None
) -> tuple[list[ZoneCount], list[Noted]]:
    """A car's rounds: X counted and noted, . counted and not noted, ? missed, ! noted in one that was missed."""
    counts, noted = [], []
    for at, sign in zip(rounds(len(seen)), seen, strict=True):
        if sign in "X.":
            counts.append(ZoneCount(zone_id=zone, at=at, outside=int(sign == "X") if outside is None else outside))
        if sign in "X!":
            noted.append(Noted(vehicle_id=car, zone_id=zone, at=at))
    return counts, noted


def stays(seen: str, least: int = 3) -> bool:
    """Whether the car is staying by the end of its rounds."""
    counts, noted = picture(seen)
    return bool(find_stays(counts, noted, least=least))


def test_three_counts_in_a_row_evening_and_morning() -> None:
    counts, noted = picture("XXX")
    at = rounds(3)
    assert find_stays(counts, noted) == (Stay(vehicle_id=CAR, zone_id=EAST, first=at[0], last=at[2], seen=3),)
    assert not stays("XX")
    assert stays(".XXX")
    assert not stays("XX.X")
    assert not stays("XXX.")
    assert stays("XX.XXX")
    assert not stays("XXX", least=4)
    assert find_stays([], []) == ()


def test_a_count_that_was_missed_neither_breaks_nor_makes_a_stay() -> None:
    assert stays("XX?X")
    assert stays("X?XX?")
    assert not stays("X?X")
    assert not stays("XX?")
    assert not stays("X??X")
    assert stays("X???XX")
    # seen in a count that nobody handed in, the car was there all the same
    assert stays("X!X")


def test_after_three_days_of_nothing_it_is_not_the_same_stay() -> None:
    assert stays("XX" + "?" * MOST_BLANK + "X")
    assert not stays("XX" + "?" * (MOST_BLANK + 1) + "X")
    assert stays("XXX" + "?" * MOST_BLANK)
    counts, noted = picture("XXX")
    end = rounds(3)[-1]
    assert find_stays(counts, noted, now=Round.of(end.day + timedelta(days=3), end.part))
    assert not find_stays(counts, noted, now=Round.of(end.day + timedelta(days=4), end.part))


def test_only_evenings_prove_no_stay() -> None:
    """Who comes each evening goes each morning, for all that anybody counted."""
    assert not stays("X?X?X?X?X")
    assert stays("X?X?XX")


def test_a_count_without_its_plates_shows_nobody_gone() -> None:
    counts, noted = picture("XX.X")
    assert not find_stays(counts, noted)
    # the same third count, but with three cars from outside of which nobody noted a plate
    unclear = [ZoneCount(zone_id=one.zone_id, at=one.at, outside=3) if i == 2 else one for i, one in enumerate(counts)]
    assert find_stays(unclear, noted)[0].seen == 3


def test_a_car_that_was_moved_within_the_estate_is_still_there() -> None:
    at = rounds(3)
    counts = [ZoneCount(zone_id=zone, at=one, outside=0) for one in at for zone in (EAST, WEST)]
    noted = [Noted(vehicle_id=CAR, zone_id=zone, at=one) for one, zone in zip(at, (EAST, WEST, WEST), strict=True)]
    assert [(stay.zone_id, stay.seen) for stay in find_stays(counts, noted)] == [(WEST, 3)]


def test_a_count_elsewhere_says_nothing_of_where_it_stood() -> None:
    at = rounds(4)
    counts, noted = picture("XX?X")
    elsewhere = [ZoneCount(zone_id=WEST, at=at[2], outside=0)]
    assert find_stays([*counts, *elsewhere], noted)[0].seen == 3
    there = [ZoneCount(zone_id=EAST, at=at[2], outside=0)]
    assert find_stays([*counts, *there], noted) == ()


def test_the_longest_stay_comes_first_and_history_is_asked_as_of_a_round() -> None:
    first, second = picture(".XXXX"), picture("XXXXX", car=OTHER)
    noted = first[1] + second[1]
    counts = [ZoneCount(zone_id=EAST, at=at, outside=2) for at in rounds(5)]
    assert [stay.vehicle_id for stay in find_stays(counts, noted)] == [OTHER, CAR]
    assert [stay.vehicle_id for stay in find_stays(counts, noted, now=rounds(3)[-1])] == [OTHER]


def test_rounds_are_two_a_day_in_their_order() -> None:
    morning, evening = (Round.of(FIRST, part) for part in (Part.MORNING, Part.EVENING))
    assert morning < evening < Round.of(FIRST + timedelta(days=1), Part.MORNING)
    assert [one.number - rounds(9)[0].number for one in rounds(9)] == list(range(9))
    assert (morning.part, evening.part) == (Part.MORNING, Part.EVENING)


SIGNS = st.text(alphabet="X.?!", min_size=1, max_size=24)
MANY = settings(max_examples=200, deadline=None)


@MANY
@given(seen=SIGNS, least=st.integers(2, 5))
def test_a_stay_is_what_stands_at_the_end_of_the_row(seen: str, least: int) -> None:
    """Said a second time, by cutting the row at whatever proves an absence."""
    counts, noted = picture(seen)
    row = seen.rsplit(".", 1)[-1]
    for gap in range(MOST_BLANK + 1, 25):
        row = row.split("?" * gap)[-1] if "?" * gap in row else row
    there = [
        at.part for at, sign in zip(rounds(len(seen))[-len(row) :] if row else [], row, strict=True) if sign in "X!"
    ]
    expected = len(there) >= least and len(set(there)) == 2
    assert bool(find_stays(counts, noted, least=least, now=rounds(len(seen))[-1])) is expected


@MANY
@given(seen=SIGNS, place=st.integers(0, 24))
def test_missing_a_count_makes_no_stay(seen: str, place: int) -> None:
    """A count in which the car was noted, missed instead: what it proved is gone, and nothing comes of it."""
    place = min(place, len(seen) - 1)
    if seen[place] not in "X!":
        return
    missed = seen[:place] + "?" + seen[place + 1 :]
    now = rounds(len(seen))[-1]
    before, after = (find_stays(*picture(one), now=now) for one in (seen, missed))
    assert bool(before) or not after
    assert sum(stay.seen for stay in after) <= sum(stay.seen for stay in before)


@MANY
@given(pictures=st.lists(SIGNS, min_size=1, max_size=5), order=st.randoms(use_true_random=False))
def test_cars_do_not_disturb_each_other_nor_does_the_order(pictures: list[str], order: random.Random) -> None:
    longest = max(len(one) for one in pictures)
    all_counts, all_noted, alone = [], [], set()
    for car, seen in enumerate(pictures):
        counts, noted = picture(seen.ljust(longest, "?"), zone=100 + car, car=car)
        all_counts += counts
        all_noted += noted
        alone |= {(stay.vehicle_id, stay.seen) for stay in find_stays(counts, noted, now=rounds(longest)[-1])}
    order.shuffle(all_counts)
    order.shuffle(all_noted)
    together = find_stays(all_counts, all_noted, now=rounds(longest)[-1])
    assert {(stay.vehicle_id, stay.seen) for stay in together} == alone
