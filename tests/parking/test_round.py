"""What a round brings: counts of two phones and of the night, notices handed over, photos while something is open."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridmap.clock import OFFICE, Clock
from gridmap.db.pools import Connection
from gridmap.files import Kept, path_of
from gridmap.nightly import SWEPT, run_nightly
from gridmap.parking.keeping import FORGETTING
from gridmap.parking.lateness import OLDEST_TOLD, told_in_time
from gridmap.parking.noticing import Given, give_notice
from gridmap.parking.sending import Desk, photo_is_kept, send_photo, send_sighting
from gridmap.parking.staying import Part
from gridmap.parking.watching import Seen
from gridmap.tables.parking import PARTS
from tests.duties_town import BASE, COMMUNITY, ESTATE_A, GRID_A, STREET
from tests.parking_town import ELSEWHERE, KEY, NORTH, PLATE, SOUTH, ParkingTown, at, banned, refused

EVENING = "2026-03-16"
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(OFFICE))  # noqa: DTZ001 - bounds


# Counting ------------------------------------------------------------------------------------------------------------


def counts(town: ParkingTown) -> list[tuple[object, ...]]:
    rows = town.rows(
        "SELECT place_id, counted_on::text, part, total, outside FROM gridmap.vehicle_count ORDER BY 1, 2, 3"
    )
    return [tuple(row.values()) for row in rows]


def test_of_two_phones_the_one_that_counted_last_is_right_whichever_had_a_network_first(town: ParkingTown) -> None:
    town.now = at(EVENING, "22:00")
    town.count("worker_a", NORTH, 41, 3, device_at=at(EVENING, "20:00"))
    town.count("leader", NORTH, 38, 5, device_at=at(EVENING, "19:00"))
    assert counts(town) == [(NORTH, EVENING, "evening", 41, 3)]
    town.count("leader", NORTH, 40, 2, device_at=at(EVENING, "21:00"))
    assert counts(town) == [(NORTH, EVENING, "evening", 40, 2)]
    stands = town.rows(
        "SELECT after -> 'stands' AS stands FROM gridmap.audit WHERE action = 'count_vehicles' ORDER BY id"
    )
    assert [row["stands"] for row in stands] == [True, False, True]


def test_two_phones_that_count_at_once_leave_one_count(town: ParkingTown) -> None:
    town.now = at(EVENING)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda cars: town.count("worker_a", NORTH, cars, 1), range(10, 16)))
    [(_zone, _day, _part, total, _outside)] = counts(town)
    assert total in range(10, 16)


def test_what_is_told_a_week_late_is_refused_in_words(town: ParkingTown) -> None:
    town.now = at(EVENING)
    with refused("too_old"):
        town.count("worker_a", NORTH, 3, 1, device_at=town.now - OLDEST_TOLD - timedelta(seconds=1))
    with refused("too_old"):
        town.see("worker_a", seen_at=town.now - timedelta(days=8))
    assert (counts(town), town.rows("SELECT FROM gridmap.vehicle")) == ([], [])
    town.count("worker_a", NORTH, 3, 1, device_at=town.now - OLDEST_TOLD)
    assert counts(town) == [(NORTH, "2026-03-09", "evening", 3, 1)]


@settings(max_examples=300, deadline=None)
@given(now=MOMENTS, told=st.none() | MOMENTS)
def test_no_moment_lies_in_the_future_or_a_week_back(now: datetime, told: datetime | None) -> None:
    if told is not None and now - told > OLDEST_TOLD:
        with refused("too_old"):
            told_in_time(told, now)
        return
    found = told_in_time(told, now)
    assert now - OLDEST_TOLD <= found <= now
    assert found in (told, now)


# Answering the duty --------------------------------------------------------------------------------------------------


def ask(town: ParkingTown, times: int = 2) -> None:
    """A rule that asks for counts of NORTH on EVENING, opened."""
    town.owner.execute(
        "INSERT INTO gridmap.duty (street_id, id, kind, title, title_en, action, level, every, times, role, valid)"
        " VALUES (%s, %s, 'vehicle_count', 't', 't', 'vehicle_count', 'zone', 'day', %s, 'grid_worker',"
        " '[2026-01-01,)')", (STREET, BASE + 970, times))  # fmt: skip
    for turn in range(1, times + 1):
        town.owner.execute(
            "INSERT INTO gridmap.slot (street_id, id, duty_id, place_id, turn, starts_on, ends_on, due_on,"
            " community_id, grid_id, estate_id)"
            " VALUES (%s, %s, %s, %s, %s, '2026-03-16', '2026-03-17', '2026-03-16', %s, %s, %s)",
            (STREET, BASE + 970 + turn, BASE + 970, NORTH, turn, COMMUNITY, GRID_A, ESTATE_A))  # fmt: skip


def answered(town: ParkingTown) -> list[tuple[int, str, bool]]:
    rows = town.rows("SELECT turn, state, is_late FROM gridmap.slot ORDER BY turn")
    return [(row["turn"], row["state"], row["is_late"]) for row in rows]


def test_an_evening_that_is_counted_after_midnight_is_in_time_for_its_duty(town: ParkingTown) -> None:
    ask(town)
    town.now = at("2026-03-17", "00:40")
    assert town.count("worker_a", NORTH, 30, 2).part is Part.EVENING
    assert answered(town) == [(1, "due", False), (2, "satisfied", False)]
    [row] = town.rows("SELECT device_at, received_at FROM gridmap.inspection")
    assert (row["device_at"], row["received_at"]) == (None, town.now)


def test_a_count_that_a_phone_kept_for_two_days_is_in_time_for_its_duty(town: ParkingTown) -> None:
    ask(town)
    town.now = at("2026-03-18", "10:00")
    town.count("worker_a", NORTH, 30, 2, device_at=at(EVENING, "07:10"))
    assert answered(town)[0] == (1, "satisfied", False)


@pytest.mark.parametrize("hour", ["07:00", "19:00"])
def test_a_duty_of_once_a_day_is_answered_by_either_count(town: ParkingTown, hour: str) -> None:
    ask(town, times=1)
    town.now = at(EVENING, hour)
    town.count("worker_a", NORTH, 30, 2)
    assert answered(town) == [(1, "satisfied", False)]


# Handing notices over ------------------------------------------------------------------------------------------------


def give(town: ParkingTown, who: str, notice_id: int, how: str = "slip", device_at: datetime | None = None) -> str:
    one = Given(notice_id=notice_id, how=how, device_at=device_at)
    return town.run(who, lambda connection, by: give_notice(connection, by, one)).how or ""


def notice(town: ParkingTown) -> int:
    town.now = at(EVENING)
    made = town.see("worker_a").notice_id
    assert made is not None
    return made


def test_a_notice_is_handed_over_once_by_whoever_is_on_duty_there(town: ParkingTown) -> None:
    one = notice(town)
    with pytest.raises(LookupError):
        give(town, "worker_b", one)
    with refused("not_yours"):
        give(town, "company", one)
    with refused("way"):
        give(town, "worker_a", one, "pigeon")
    town.now = at(EVENING, "19:10")
    assert give(town, "worker_a", one, "call") == "call"
    # the first who says so is right
    assert give(town, "leader", one, "slip") == "call"
    [row] = town.rows("SELECT given_how, given_at FROM gridmap.parking_notice")
    assert (row["given_how"], row["given_at"]) == ("call", town.now)
    assert len(town.rows("SELECT FROM gridmap.audit WHERE action = 'give_notice'")) == 1


def test_a_clock_that_runs_behind_gives_nothing_before_there_was_a_notice(town: ParkingTown) -> None:
    one = notice(town)
    give(town, "worker_a", one, device_at=town.now - timedelta(hours=3))
    [row] = town.rows("SELECT at, given_at FROM gridmap.parking_notice")
    assert row["given_at"] == row["at"]


def test_of_two_who_hand_it_over_at_once_both_hear_the_same(town: ParkingTown) -> None:
    one = notice(town)
    with ThreadPoolExecutor(4) as pool:
        heard = set(pool.map(lambda how: give(town, "worker_a", one, how), ("slip", "call", "text", "owner")))
    assert heard == {row["given_how"] for row in town.rows("SELECT given_how FROM gridmap.parking_notice")}


# Photos --------------------------------------------------------------------------------------------------------------


def desk(town: ParkingTown, who: str) -> Desk:
    return Desk(
        database=town.database, viewer=town.viewer(who).settings, by=town.by(who), plate_key=KEY, is_clock_real=False
    )


def send(town: ParkingTown, who: str = "worker_a", plate: str = PLATE, zone_id: int = NORTH) -> uuid.UUID:
    sent_id = uuid.uuid4()
    send_sighting(desk(town, who), sent_id, Seen(zone_id=zone_id, plate=plate), {"zone_id": zone_id})
    return sent_id


def photograph(
    town: ParkingTown, sighting: uuid.UUID, content: bytes, who: str = "worker_a", zone: int = NORTH
) -> bool:
    kept = Kept(sha256=content.ljust(32), size=3)
    told = send_photo(desk(town, who), uuid.uuid4(), zone, sighting, kept, {"photo": kept.sha256.hex()})
    return bool(told["kept"])


def test_a_photo_is_put_to_the_own_sighting_once(town: ParkingTown) -> None:
    town.now = at(EVENING)
    sighting = send(town)
    assert photograph(town, sighting, b"one")
    assert photograph(town, sighting, b"one")
    with refused("photo"):
        photograph(town, sighting, b"two")
    for who, zone, sent_id in (
        ("leader", NORTH, sighting),
        ("worker_a", NORTH, uuid.uuid4()),
        ("worker_a", 5, sighting),
    ):
        with pytest.raises(LookupError):
            photograph(town, sent_id, b"one", who, zone)
    [row] = town.rows("SELECT photo FROM gridmap.sighting")
    assert bytes(row["photo"]) == b"one".ljust(32)
    [file] = town.rows("SELECT grid_id, estate_id, account_id FROM gridmap.file")
    assert file == {"grid_id": GRID_A, "estate_id": ESTATE_A, "account_id": town.ids["worker_a"]}


def test_of_a_car_that_nothing_is_open_of_no_photo_is_kept(town: ParkingTown) -> None:
    town.now = at(EVENING, "12:00")
    by_day = send(town)
    assert not photo_is_kept(desk(town, "worker_a"), STREET, by_day)
    assert not photograph(town, by_day, b"one")
    assert town.rows("SELECT FROM gridmap.file") == []
    assert [row["photo"] for row in town.rows("SELECT photo FROM gridmap.sighting")] == [None]
    # a count has no photo, whatever is asked of it
    with pytest.raises(LookupError):
        photo_is_kept(desk(town, "worker_a"), STREET, uuid.uuid4())


def night(town: ParkingTown, moment: datetime, home: Path | None = None) -> dict[str, int]:
    far = datetime.now(UTC) + timedelta(days=2)
    found = run_nightly(town.database, far, Clock(fixed=moment), home=home)
    return {title: found[title] for title in (*FORGETTING, *([SWEPT] if home else []))}


def test_photos_are_forgotten_with_the_plate_and_leave_no_file_behind(town: ParkingTown, tmp_path: Path) -> None:
    town.now = at(EVENING)
    photograph(town, send(town), b"own")
    photograph(town, send(town, plate="沪B12377"), b"shared")
    # the same picture belongs to a check as well
    town.owner.execute(
        "INSERT INTO gridmap.inspection (street_id, id, kind, result, done_at, received_at, photo, community_id)"
        " VALUES (%s, %s, 'k', 'fine', now(), now(), %s, %s)",
        (STREET, BASE + 980, b"shared".ljust(32), COMMUNITY),
    )
    for name in (b"own", b"shared"):
        path = path_of(tmp_path, name.ljust(32))
        path.parent.mkdir(parents=True)
        path.write_bytes(b"jpg")
    end = at("2026-06-16", "06:00")
    before = night(town, end - timedelta(seconds=1), tmp_path)
    assert (before["photos of cars forgotten"], before[SWEPT]) == (0, 0)
    after = night(town, end, tmp_path)
    assert (after["photos of cars forgotten"], after["plates forgotten"], after[SWEPT]) == (2, 2, 1)
    assert [bytes(row["sha256"]).strip() for row in town.rows("SELECT sha256 FROM gridmap.file")] == [b"shared"]
    assert not path_of(tmp_path, b"own".ljust(32)).exists()
    assert path_of(tmp_path, b"shared".ljust(32)).exists()
    assert night(town, end)["photos of cars forgotten"] == 0


def test_a_photo_of_a_banned_car_stays_as_long_as_the_ban(town: ParkingTown) -> None:
    vehicle_id = banned(town)
    town.now = at("2026-03-21")
    assert photograph(town, send(town), b"seen inside")
    assert night(town, at("2026-06-20", "09:29"))["photos of cars forgotten"] == 0
    assert night(town, at("2026-06-20", "09:30"))["photos of cars forgotten"] == 1
    assert town.vehicle(vehicle_id)["plate"] is None


def test_the_row_of_a_file_is_hidden_from_who_does_not_see_the_zone(town: ParkingTown) -> None:
    town.now = at(EVENING)
    photograph(town, send(town), b"one")

    def seen(connection: Connection, _by: object) -> int:
        return len(connection.execute("SELECT FROM gridmap.file").fetchall())

    assert {who: town.run(who, seen) for who in ("worker_a", "leader", "worker_b", "east_leader", "other_company")} == {
        "worker_a": 1, "leader": 1, "worker_b": 0, "east_leader": 0, "other_company": 0,
    }  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_two_phones_send_a_zone_keeps_the_newest_count_of_each_round(
    town: ParkingTown, data: st.DataObject
) -> None:
    town.owner.execute("DELETE FROM gridmap.vehicle_count")
    town.now = at("2026-03-20", "12:00")
    made: dict[tuple[str, str], tuple[datetime, int]] = {}
    for number in range(data.draw(st.integers(1, 8))):
        minutes = data.draw(st.integers(0, 4 * 24 * 60))
        counted_at = town.now - timedelta(minutes=minutes)
        found = town.count(data.draw(st.sampled_from(["worker_a", "leader"])), NORTH, number, 0, device_at=counted_at)
        key = (found.day.isoformat(), str(found.part))
        if key not in made or counted_at >= made[key][0]:
            made[key] = (counted_at, number)
    rows = town.rows("SELECT counted_on::text AS day, part, total FROM gridmap.vehicle_count")
    assert {(row["day"], row["part"]): row["total"] for row in rows} == {key: one[1] for key, one in made.items()}
    assert {row["part"] for row in rows} <= set(PARTS)


def test_who_is_not_on_duty_in_the_zone_writes_nothing_down(town: ParkingTown) -> None:
    town.now = at(EVENING)
    for who in ("company", "planner_worker"):
        with refused("not_yours"):
            town.see(who)
    for who, zone in (("worker_b", NORTH), ("worker_a", SOUTH), ("worker_a", ELSEWHERE), ("east_leader", NORTH)):
        with pytest.raises(LookupError):
            town.count(who, zone, 3, 1)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        town.run("worker_a", lambda connection, _: connection.execute("UPDATE gridmap.sighting SET found = 'x'"))
