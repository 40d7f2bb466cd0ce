"""What is kept of a car, and until when."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.parking.keeping import SIGHTINGS_KEPT, keeps_plate, open_until, sighting_goes_at
from gridmap.parking.machine import OPEN, Action
from gridmap.parking.standing import Standing, settled
from tests.parking.cars import FOUR, NEW, PLAIN, at, banned, decide, seen

SECOND = timedelta(seconds=1)


def test_a_plate_is_kept_while_something_is_open_to_the_second() -> None:
    noticed = seen(FOUR[0])
    assert open_until(noticed) == at("2026-06-02", "06:00")
    assert keeps_plate(noticed, at("2026-06-02", "05:59:59"))
    assert not keeps_plate(noticed, at("2026-06-02", "06:00"))
    assert keeps_plate(banned(), at("2026-06-10", "09:29:59"))
    assert not keeps_plate(banned(), at("2026-06-10", "09:30"))
    assert not keeps_plate(NEW, at("2026-03-16"))
    assert not keeps_plate(decide(banned(), Action.REVOKE, at("2026-03-12")), at("2026-03-12"))


def test_a_sighting_goes_thirty_days_after_the_ban_has_ended() -> None:
    first = at(FOUR[0])
    assert sighting_goes_at(NEW, first) == first + SIGHTINGS_KEPT
    end = at("2026-06-10", "09:30")
    assert sighting_goes_at(banned(), first) == end + timedelta(days=30)
    served, _steps = settled(banned(), end + timedelta(days=5), PLAIN)
    assert sighting_goes_at(served, first) == end + timedelta(days=30)
    revoked = decide(banned(), Action.REVOKE, at("2026-03-12"))
    assert sighting_goes_at(revoked, first) == at("2026-03-12") + timedelta(days=30)
    # one of the time after
    assert sighting_goes_at(revoked, at("2026-05-01")) == at("2026-05-31")
    assert sighting_goes_at(seen(FOUR[0]), first) == at("2026-07-02", "06:00")


@settings(max_examples=100, deadline=None)
@given(evenings=st.lists(st.integers(0, 120), max_size=6, unique=True), later=st.integers(0, 400))
def test_nothing_that_is_open_is_forgotten(evenings: list[int], later: int) -> None:
    days = [str((at("2026-01-01") + timedelta(days=day)).date()) for day in sorted(evenings)]
    standing: Standing = seen(*days)
    now = at(days[-1] if days else "2026-01-01", "23:00") + timedelta(days=later)
    standing, _steps = settled(standing, now, PLAIN)
    assert keeps_plate(standing, now) is (standing.state in OPEN)
    for day in days:
        assert not (standing.state in OPEN and sighting_goes_at(standing, at(day)) <= now)
