"""What residents on duty see: just the zones of their evening, from two hours before until its end, swapped or not."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import ClassVar

import pytest

from gridmap.accounts import SignIns, create_token
from gridmap.accounts.helping import helper_settings, may_help
from gridmap.clock import Clock
from gridmap.db import SYSTEM, Changes
from gridmap.incidents import own_incidents
from gridmap.nightly import follow_members
from gridmap.parking.counting import Counted, count_vehicles
from gridmap.rota import Shape, invite, leave
from gridmap.scope.turns import BEFORE
from tests.duties_town import ESTATE_A, HOUSE_A, STAIRS, STREET
from tests.incidents_town import EAST
from tests.parking_town import NORTH, PLATE, SOUTH, ZONES, at
from tests.rota_town import GROUP, RotaTown, account_of, midnight, refused

SECOND = timedelta(seconds=1)
TABLES = ("person", "assignment", "absence", "incident", "slot", "sighting", "known_vehicle")


def seen(town: RotaTown, who: str, moment: datetime, table: str = "place", column: str = "id") -> set[int]:
    """What row security shows the account at that moment."""
    town.now = moment
    statement = f"SELECT {column} AS id FROM gridmap.{table}"
    return town.run(who, lambda connection, _: {row["id"] for row in connection.execute(statement).fetchall()})


def first(town: RotaTown, number: int = 3) -> tuple[date, int]:
    day = list(town.held())[number]
    return day, town.held()[day][0]


def test_the_reach_opens_and_closes_to_the_second(planned: RotaTown) -> None:
    day, person = first(planned)
    who, starts, ends = account_of(person), at(day.isoformat(), "18:00"), at(day.isoformat(), "20:00")
    assert timedelta(hours=2) == BEFORE
    for moment in (starts - BEFORE, starts, ends - SECOND):
        assert seen(planned, who, moment) == {NORTH, SOUTH}
    for moment in (starts - BEFORE - SECOND, ends, ends + timedelta(days=1)):
        assert seen(planned, who, moment) == set()
    other = next(one for one in GROUP if one != person)
    assert seen(planned, account_of(other), starts) == set()


def test_nothing_but_the_zones_is_seen(planned: RotaTown) -> None:
    day, person = first(planned)
    who, moment = account_of(person), at(day.isoformat(), "18:30")
    viewer_person = seen(planned, who, moment, "person")
    assert viewer_person == {person}
    for table in TABLES[1:]:
        column = "place_id" if table in ("slot", "sighting") else "id"
        assert seen(planned, who, moment, table, column) == set(), table
    viewer = planned.viewer(who)
    assert (set(viewer.reach.places), viewer.reach.homes) == ({NORTH, SOUTH}, (ESTATE_A,))
    assert viewer.reach.estates == viewer.reach.grids == viewer.reach.communities == ()
    # the rota itself is seen always, and of others who take part only how the office shows them
    assert len(seen(planned, who, at("2026-03-20"), "rota")) == 1


def test_the_reach_goes_with_the_evening(planned: RotaTown) -> None:
    day, giver = first(planned, 5)
    other, taker = first(planned, 9)
    swap = planned.ask(account_of(giver), day, giver, taker, other)
    moment = at(day.isoformat(), "17:00")
    assert seen(planned, account_of(giver), moment) == {NORTH, SOUTH}
    assert seen(planned, account_of(taker), moment) == set()
    planned.now = moment
    planned.answer(account_of(taker), swap)
    assert seen(planned, account_of(giver), moment) == set()
    assert seen(planned, account_of(taker), moment) == {NORTH, SOUTH}
    assert seen(planned, account_of(giver), at(other.isoformat(), "18:00")) == {NORTH, SOUTH}


def test_cars_are_counted_and_seen_in_the_evening_and_not_before(planned: RotaTown) -> None:
    day, person = first(planned)
    who = account_of(person)
    planned.now = at(day.isoformat(), "18:30")
    planned.count(who, NORTH, 12, 3)
    written = planned.see(who, PLATE, SOUTH)
    assert written.verdict.number == 1
    # of the estate they see its cars, masked, and nothing else
    assert seen(planned, who, planned.now, "vehicle") == {written.vehicle_id}
    for zone in (zone for zone, _grid, estate, _lon in ZONES if estate != ESTATE_A):
        with pytest.raises(LookupError):
            planned.see(who, PLATE, zone)
    planned.now = at(day.isoformat(), "20:00")
    with pytest.raises(LookupError):
        planned.see(who, PLATE, SOUTH)
    with pytest.raises(LookupError):
        planned.count(who, NORTH, 12, 3)
    assert seen(planned, who, planned.now, "vehicle") == set()
    counted = Counted(zone_id=NORTH, total=1, outside=0)
    with pytest.raises(LookupError):
        planned.run("stranger", lambda connection, by: count_vehicles(connection, by, counted, is_clock_real=False))


def test_a_patrol_reaches_its_house_and_a_night_ends_in_the_morning(town: RotaTown) -> None:
    night = Shape(
        name="夜间巡逻", begins=time(22), ends=time(6), weekdays=(0, 1, 2, 3, 4, 5, 6), starts=date(2026, 3, 1)
    )
    town.open(night, "patrol", HOUSE_A)
    town.join(GROUP[:1])
    town.plan()
    day = date(2026, 4, 3)
    house = {HOUSE_A, STAIRS[0], STAIRS[1]}
    # from day to day: the evening before has just ended
    for moment, expected in (
        (at("2026-04-03", "05:59"), house),
        (at("2026-04-03", "06:00"), set()),
        (at("2026-04-03", "19:59"), set()),
        (at("2026-04-03", "20:00"), house),
        (midnight(day + timedelta(days=1)), house),
    ):
        assert seen(town, "r0", moment) == expected, moment


def rows_of_rotas(town: RotaTown, who: str) -> int:
    return len(seen(town, who, town.now, "rota")) + len(seen(town, who, town.now, "rota_holder"))


def test_the_night_closes_the_rota_to_whoever_has_left(planned: RotaTown) -> None:
    person = GROUP[5]
    [member] = planned.rows("SELECT id FROM gridmap.rota_member WHERE person_id = %s", person)
    day = planned.days_of(person)[1]
    planned.run("leader", lambda connection, by: leave(connection, by, member["id"], day, revision=1))
    for moment, is_open in ((midnight(day) - SECOND, True), (midnight(day), False)):
        planned.now = moment
        with planned.database.transaction(SYSTEM) as connection:
            follow_members(connection, Clock(moment))
        assert bool(rows_of_rotas(planned, account_of(person))) is is_open
        assert rows_of_rotas(planned, account_of(GROUP[6])) > 1


def test_a_rota_follows_its_place_into_another_community(planned: RotaTown) -> None:
    assert rows_of_rotas(planned, "community_leader") > 1
    assert rows_of_rotas(planned, "east_leader") == 0
    planned.owner.execute("UPDATE gridmap.place SET community_id = %s, grid_id = NULL WHERE id = %s", (EAST, ESTATE_A))
    with planned.database.transaction(SYSTEM) as connection:
        own_incidents(connection, [STREET], planned.now)
    assert rows_of_rotas(planned, "community_leader") == 0
    assert rows_of_rotas(planned, "east_leader") > 1
    assert planned.rows("SELECT FROM gridmap.change WHERE layer = 'rotas' AND street_id = %s", STREET)


class MovingClock(Clock):
    """A business clock that the test moves."""

    moments: ClassVar[list[datetime]] = []

    def now(self) -> datetime:
        return self.moments[-1]


def test_who_is_remembered_as_signed_in_sees_no_more_after_the_minute(planned: RotaTown) -> None:
    day, person = first(planned)
    who = account_of(person)
    clock = MovingClock()
    with planned.database.transaction(SYSTEM) as connection:
        secret = create_token(connection, planned.by(None), planned.ids[who], name="t", days=1)
    changes = Changes(planned.database.conninfo)
    sign_ins = SignIns(planned.database, changes, clock)

    def places() -> tuple[int, ...]:
        viewer = sign_ins.viewer("token", secret)
        assert viewer is not None
        return viewer.reach.places

    expected = {"15:59": 0, "16:00": 2, "17:30": 2, "19:59": 2, "20:00": 0, "23:00": 0}
    for hour, many in expected.items():
        clock.moments.append(at(day.isoformat(), hour))
        assert len(places()) == many, hour
    # in between it is answered from memory
    clock.moments.append(at(day.isoformat(), "19:00"))
    assert sign_ins.viewer("token", secret) is sign_ins.viewer("token", secret)


def slip(town: RotaTown, who: str, people: tuple[int, ...]) -> dict[int, str]:
    viewer = town.viewer(who)
    with town.database.transaction(helper_settings(viewer)) as connection:
        return dict(invite(connection, town.by(who), town.rota_id, people))


def test_slips_make_accounts_that_see_the_evening_alone(town: RotaTown, make_person: Callable[[int], int]) -> None:
    town.open()
    newcomer = make_person(300)
    town.join((*GROUP[:2], newcomer))
    secrets = slip(town, "community_leader", (newcomer, GROUP[0]))
    rows = town.rows("SELECT id, username, person_id FROM gridmap.account WHERE id = ANY (%s)", list(secrets))
    assert {row["person_id"] for row in rows} == {newcomer, GROUP[0]}
    made = next(row for row in rows if row["person_id"] == newcomer)
    assert made["username"] == f"zb7-{300}"
    grants = town.rows("SELECT role, level, target_id FROM gridmap.account_grant WHERE account_id = %s", made["id"])
    assert grants == [{"role": "duty_resident", "level": "rota", "target_id": None}]
    # again: the same account, another secret, no second right
    again = slip(town, "community_leader", (newcomer,))
    assert again.keys() == {made["id"]}
    assert len(town.rows("SELECT FROM gridmap.account_grant WHERE account_id = %s", made["id"])) == 1
    with refused("person"):
        slip(town, "community_leader", (GROUP[5],))


def test_no_slip_opens_an_account_that_sees_more(town: RotaTown, make_person: Callable[[int], int]) -> None:
    town.open()
    leading = make_person(301)
    town.owner.execute("UPDATE gridmap.account SET person_id = %s WHERE username = 'worker_b'", (leading,))
    town.join((GROUP[0], leading))
    with refused("account"):
        slip(town, "community_leader", (leading,))
    # whoever has duty in a rota that the leader does not see is not theirs to help
    leader = town.viewer("community_leader")
    assert may_help(town.database, leader, town.ids["r0"], town.now)
    elsewhere = "UPDATE gridmap.rota SET community_id = NULL, grid_id = NULL, estate_id = NULL"
    town.owner.execute(elsewhere)
    assert not may_help(town.database, leader, town.ids["r0"], town.now)


@pytest.fixture
def make_person(town: RotaTown) -> Callable[[int], int]:
    """Puts somebody without an account on the register."""

    def make(serial: int) -> int:
        street = GROUP[0] >> 32
        town.owner.execute(
            "INSERT INTO gridmap.person (street_id, id, name, display_name, community_id)"
            " SELECT street_id, (street_id::bigint << 32) + %s, '某', '新人', community_id FROM gridmap.person"
            " WHERE id = %s",
            (serial, GROUP[0]),
        )
        return (street << 32) + serial

    return make
