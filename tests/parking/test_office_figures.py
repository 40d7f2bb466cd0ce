"""Each figure of the office is the number of its rows, for every account and area; counted again from the bare rows."""

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.clock import OFFICE
from gridmap.db import Database
from gridmap.db.pools import Connection
from gridmap.read.parking import bans, counts, notices, vehicles, violations
from gridmap.read.parking.course import read_course
from gridmap.read.parking.cut import Cut, Slice
from gridmap.scope import Viewer
from tests.conftest import Base
from tests.duties_town import BASE, COMMUNITY, ESTATE_A, ESTATE_B, GRID_A, GRID_B, STREET
from tests.incidents_town import EAST
from tests.parking_town import ELSEWHERE, NORTH, SOUTH, ZONES, ParkingTown, at, build

ACCOUNTS = ("leader", "community_leader", "east_leader", "worker_a", "worker_b", "company", "other_company", "manager",
            "planner_worker", "leader_out")  # fmt: skip
NOW = at("2026-03-20", "09:00")
STATES = ("free", "noticed", "warned", "proposed", "banned", "appealed")
ALL = Slice(limit=100_000)
Row = Mapping[str, Any]


def fill(owner: "psycopg.Connection[Any]", seed: int = 7, cars: int = 160) -> None:
    """Cars in every state in every home, written long ago or lately, with violations, notices and bans of all kinds."""
    dice = random.Random(seed)
    homes = {zone: (estate or zone, grid) for zone, grid, estate, _lon in ZONES}
    for number in range(cars):
        zone, (home, grid) = dice.choice(list(homes.items()))
        identity, state = BASE + 10_000 + number, dice.choice(STATES)
        ends = NOW + timedelta(hours=dice.choice((-300, -1, 0, 1, 20, 24 * 13, 24 * 14, 24 * 15, 24 * 60)))
        is_banned, waits = state in ("banned", "appealed"), state in ("proposed", "banned", "appealed")
        since = NOW - timedelta(days=90)
        evening = date(2026, 3, 19) - timedelta(days=dice.randrange(9))
        where = {
            "street": STREET, "id": identity, "home": home, "zone": zone, "community": COMMUNITY,
            "estate": home if home in (ESTATE_A, ESTATE_B) else None,
            "home_grid": grid if home == zone else None, "grid": grid,
            "grids": [GRID_A, GRID_B] if home == ESTATE_A else [grid],
        }  # fmt: skip
        owner.execute(
            "INSERT INTO gridmap.vehicle (street_id, id, place_id, plate_hash, plate_masked, state, evenings, last_on,"
            " counts_since, resets_at, proposed_on, proposed_at, proposed_by, saw, banned_from, banned_until,"
            " community_id, grid_id, estate_id, grids, changed_at) VALUES (%(street)s, %(id)s, %(home)s,"
            " sha256(%(id)s::text::bytea), 'A***88', %(state)s, %(evenings)s, %(evening)s, %(counts)s, %(resets)s,"
            " %(on)s, %(at)s, %(by)s, %(saw)s, %(from)s, %(until)s, %(community)s, %(home_grid)s, %(estate)s,"
            " %(grids)s, %(since)s)",
            where | {
                "state": state, "evenings": [] if state == "free" else [evening], "evening": evening,
                "counts": dice.choice((None, NOW - timedelta(days=3))),
                "resets": ends if state in ("noticed", "warned", "proposed") else None,
                "on": evening if waits else None, "at": since if waits else None, "by": 2 if waits else None,
                "saw": [2] if waits else [], "from": since if is_banned else None,
                "until": ends if is_banned else None, "since": since,
            },
        )  # fmt: skip
        add_beside(owner, dice, where, evening)
        if is_banned or dice.random() < 0.3:
            over = ends if is_banned else NOW - timedelta(days=dice.randrange(1, 40))
            revoked = None if is_banned or dice.random() < 0.5 else over - timedelta(hours=1)
            owner.execute(
                "INSERT INTO gridmap.ban (street_id, id, vehicle_id, place_id, reason, starts_at, until, proposed_by,"
                " saw, confirmed_by, confirmed_at, revoked_at, revoked_by, revoked_why, community_id, grid_id,"
                " estate_id, grids, changed_at) VALUES (%(street)s, %(id)s, %(id)s, %(home)s, 'r', %(from)s, %(until)s,"
                " 2, '{2}', 1, %(from)s, %(revoked)s, %(by)s, %(why)s, %(community)s, %(home_grid)s, %(estate)s,"
                " %(grids)s, %(from)s)",
                where | {"from": since, "until": over, "revoked": revoked, "by": 1 if revoked else None,
                         "why": "w" if revoked else None},
            )  # fmt: skip
    for zone, grid, estate, _lon in ZONES:
        for back in range(9):
            for part in ("morning", "evening"):
                if dice.random() < 0.6:
                    owner.execute(
                        "INSERT INTO gridmap.vehicle_count (street_id, place_id, counted_on, part, total, outside,"
                        " counted_at, community_id, grid_id, estate_id, changed_at)"
                        " VALUES (%s, %s, %s, %s, 30, %s, now(), %s, %s, %s, now())",
                        (STREET, zone, date(2026, 3, 19) - timedelta(days=back), part, dice.randrange(20), COMMUNITY,
                         grid, estate),
                    )  # fmt: skip
    owner.commit()


def add_beside(owner: "psycopg.Connection[Any]", dice: random.Random, where: Row, evening: date) -> None:
    """Violations of some evenings in the zone, each perhaps withdrawn, uncounted, with a notice given or not."""
    for number in range(dice.randrange(4)):
        taken = dice.random() < 0.2
        given = dice.choice((None, "slip", "call"))
        values = dict(where) | {
            "vid": where["id"] + 100_000 * (number + 1), "evening": evening - timedelta(days=number),
            "at": NOW - timedelta(days=number + 1), "counted": dice.random() < 0.8,
            "taken": NOW if taken else None, "by": 1 if taken else None, "why": "w" if taken else None,
            "number": number + 1, "given": given,
            "given_at": None if given is None else NOW - timedelta(hours=dice.randrange(400)),
        }  # fmt: skip
        scope = "%(community)s, %(grid)s, %(estate)s"
        owner.execute(
            "INSERT INTO gridmap.violation (street_id, id, vehicle_id, place_id, evening, at, is_counted, account_id,"
            " withdrawn_at, withdrawn_by, withdrawn_why, community_id, grid_id, estate_id) VALUES (%(street)s, %(vid)s,"
            f" %(id)s, %(zone)s, %(evening)s, %(at)s, %(counted)s, 2, %(taken)s, %(by)s, %(why)s, {scope})",
            values,
        )
        owner.execute(
            "INSERT INTO gridmap.parking_notice (street_id, id, vehicle_id, place_id, violation_id, number, is_last,"
            " at, account_id, given_how, given_at, community_id, grid_id, estate_id) VALUES (%(street)s, %(vid)s,"
            f" %(id)s, %(zone)s, %(vid)s, %(number)s, %(number)s = 3, %(at)s, 2, %(given)s, %(given_at)s, {scope})",
            values,
        )


@pytest.fixture(scope="module")
def full(empty_template: str, copy_database: Callable[[str], Base]) -> Iterator[ParkingTown]:
    base = copy_database(empty_template)
    with psycopg.connect(base.owner_url) as owner:
        build(owner)
        fill(owner)
    with closing(ParkingTown(Database(base.app_url), base.owner_url, NOW)) as made:
        yield made


CUTS = st.sampled_from(
    (Cut(), Cut(street=STREET), Cut(street=STREET + 1), Cut(community=COMMUNITY), Cut(community=EAST),
     Cut(estate=ESTATE_A), Cut(estate=ESTATE_B), Cut(community=COMMUNITY, estate=ESTATE_A),
     Cut(community=EAST, estate=ESTATE_A))
)  # fmt: skip
WHO = st.sampled_from(ACCOUNTS)
MOMENTS = st.integers(-400, 400).map(lambda hours: NOW + timedelta(hours=hours))
DAYS = st.integers(0, 12).map(lambda back: date(2026, 3, 21) - timedelta(days=back))
quick = settings(max_examples=60, deadline=None)


# What the rows say, without SQL -------------------------------------------------------------------------------------


def in_cut(row: Row, cut: Cut) -> bool:
    return all(row[f"{name}_id"] == getattr(cut, name) for name in cut.by)


def sees(viewer: Viewer, row: Row) -> bool:
    return viewer.reach.covers(row) or bool(set(viewer.reach.grids) & set(row.get("grids") or ()))


def table(town: ParkingTown, name: str) -> list[dict[str, Any]]:
    return town.rows(f"SELECT * FROM gridmap.{name}")


def state_at(row: Row, moment: datetime) -> str:
    ends = row["banned_until"] or row["resets_at"]
    return "free" if ends is None or moment >= ends else str(row["state"])


def listed(town: ParkingTown, who: str, read: Callable[..., Any], *more: Any) -> Any:
    return town.run(who, lambda connection, _: read(connection, town.viewer(who), *more))


@quick
@given(who=WHO, cut=CUTS, moment=MOMENTS)
def test_cars(full: ParkingTown, who: str, cut: Cut, moment: datetime) -> None:
    figures = listed(full, who, vehicles.count_cars, cut, moment)
    seen = [row for row in table(full, "vehicle") if sees(full.viewer(who), row) and in_cut(row, cut)]
    for show in vehicles.SHOWS:
        rows = listed(full, who, vehicles.read_cars, cut, moment, show, ALL)
        states = ("noticed", "warned", "proposed", "banned", "appealed") if show == "open" else (show,)
        assert {row.id for row in rows} == {row["id"] for row in seen if state_at(row, moment) in states}, show
        assert all(row.state in states for row in rows)
        assert listed(full, who, vehicles.count_shown, cut, moment, show) == len(rows)
        if show != "free":
            assert figures[show] == len(rows), show
        pages = [listed(full, who, vehicles.read_cars, cut, moment, show, Slice(limit=7, offset=one))
                 for one in range(0, len(rows), 7)]  # fmt: skip
        assert tuple(row for page in pages for row in page) == rows


@quick
@given(who=WHO, cut=CUTS, moment=MOMENTS)
def test_bans(full: ParkingTown, who: str, cut: Cut, moment: datetime) -> None:
    figures = listed(full, who, bans.count_bans, cut, moment)
    seen = [row for row in table(full, "ban") if sees(full.viewer(who), row) and in_cut(row, cut)]
    week, soon = moment + timedelta(days=7), moment + timedelta(days=14)
    right: dict[str, Callable[[Row], bool]] = {
        "running": lambda row: row["revoked_at"] is None and row["until"] > moment,
        "week": lambda row: row["revoked_at"] is None and moment < row["until"] <= week,
        "ending": lambda row: row["revoked_at"] is None and moment < row["until"] <= soon,
        "ended": lambda row: row["revoked_at"] is None and row["until"] <= moment,
        "revoked": lambda row: row["revoked_at"] is not None,
    }
    for show in bans.SHOWS:
        rows = listed(full, who, bans.read_bans, cut, moment, show, ALL)
        assert {row.id for row in rows} == {row["id"] for row in seen if right[show](row)}, show
        assert figures[show] == len(rows)


@quick
@given(who=WHO, cut=CUTS, first=DAYS, last=DAYS)
def test_violations(full: ParkingTown, who: str, cut: Cut, first: date, last: date) -> None:
    start, end = min(first, last), max(first, last) + timedelta(days=1)
    figures = listed(full, who, violations.count_violations, cut, start, end)
    rows = listed(full, who, violations.read_violations, cut, start, end, NOW, ALL)
    right = [
        row for row in table(full, "violation")
        if full.viewer(who).reach.covers(row) and in_cut(row, cut) and row["withdrawn_at"] is None
        and start <= row["evening"] < end
    ]  # fmt: skip
    assert sorted((row.vehicle_id, row.evening) for row in rows) == sorted(
        (row["vehicle_id"], row["evening"]) for row in right
    )
    assert sum(figures.values()) == len(rows)
    assert all(figures.get(day, 0) == sum(row.evening == day for row in rows) for day in {row.evening for row in rows})


@quick
@given(who=WHO, cut=CUTS, moment=MOMENTS, first=DAYS, last=DAYS)
def test_notices(full: ParkingTown, who: str, cut: Cut, moment: datetime, first: date, last: date) -> None:
    start, end = min(first, last), max(first, last) + timedelta(days=1)
    cars = {row["id"]: row for row in table(full, "vehicle")}
    standing = {row["id"] for row in table(full, "violation") if row["withdrawn_at"] is None}
    seen = [
        row for row in table(full, "parking_notice") if full.viewer(who).reach.covers(row) and in_cut(row, cut)
    ]  # fmt: skip

    def to_give(row: Row) -> bool:
        car = cars[row["vehicle_id"]]
        since = car["counts_since"]
        return (
            row["given_how"] is None
            and row["violation_id"] in standing
            and state_at(car, moment) != "free"
            and (since is None or row["at"] >= since)
        )

    def given_then(row: Row) -> bool:
        return row["given_at"] is not None and start <= row["given_at"].astimezone(OFFICE).date() < end

    for show, right in (("to_give", to_give), ("given", given_then)):
        asked = notices.Given(show=show, start=start, end=end)
        rows = listed(full, who, notices.read_notices, cut, moment, asked, ALL)
        assert {row.id for row in rows} == {row["id"] for row in seen if right(row)}, show
        assert listed(full, who, notices.count_notices, cut, moment, asked) == len(rows)


@quick
@given(who=WHO, cut=CUTS, day=DAYS, part=st.sampled_from(("morning", "evening")))
def test_counts(full: ParkingTown, who: str, cut: Cut, day: date, part: str) -> None:
    days = [day - timedelta(days=1), day]
    figures = listed(full, who, counts.count_days, cut, days, part)
    assert [one.day for one in figures] == days
    reach = full.viewer(who).reach
    places = [row for row in table(full, "place") if row["kind"] == "zone"]
    zones = {row["id"] for row in places if reach.covers(dict(row) | {"place_id": row["id"]}) and in_cut(row, cut)}
    found = {row["place_id"]: row for row in table(full, "vehicle_count")
             if row["counted_on"] == day and row["part"] == part and row["place_id"] in zones}  # fmt: skip
    one = figures[1]
    assert (one.zones, one.counted, one.missing) == (len(zones), len(found), len(zones - found.keys()))
    assert one.outside == sum(row["outside"] for row in found.values())
    for show, right in (("counted", set(found)), ("missing", zones - found.keys()), ("all", zones)):
        rows = listed(full, who, counts.read_zones, cut, day, part, show, ALL)
        assert {row.id for row in rows} == right, show
        if show == "counted":
            assert (one.total, one.outside) == (sum(row.total for row in rows), sum(row.outside for row in rows))


def test_the_course_is_the_worst_evening_of_each_month_of_what_is_seen(full: ParkingTown) -> None:
    rows = [(NORTH, date(2026, 1, 5), 190), (SOUTH, date(2026, 1, 5), 6), (ELSEWHERE, date(2026, 1, 5), 4),
            (NORTH, date(2026, 1, 20), 150), (NORTH, date(2026, 3, 2), 9),
            (ELSEWHERE, date(2025, 12, 31), 7)]  # fmt: skip
    for place, day, cars in rows:
        full.owner.execute(
            "INSERT INTO gridmap.zone_stay (street_id, place_id, day, cars, begun, longest_days, community_id, grid_id,"
            " estate_id) SELECT street_id, id, %s, %s, 0, 3, community_id, grid_id, estate_id FROM gridmap.place"
            " WHERE id = %s", (day, cars, place))  # fmt: skip

    def course(who: str, cut: Cut) -> list[tuple[date, int, int]]:
        found = listed(full, who, read_course, cut, date(2026, 1, 1), date(2026, 4, 1))
        return [(one.month, one.cars, one.evenings) for one in found]

    assert course("leader", Cut()) == [(date(2026, 1, 1), 200, 2), (date(2026, 3, 1), 9, 1)]
    assert course("leader", Cut(estate=ESTATE_B)) == [(date(2026, 1, 1), 4, 1)]
    assert course("company", Cut()) == [(date(2026, 1, 1), 196, 2), (date(2026, 3, 1), 9, 1)]
    assert course("worker_b", Cut()) == [(date(2026, 1, 1), 10, 1)]
    assert course("east_leader", Cut()) == []


def read_some(connection: Connection, viewer: Viewer) -> list[set[int]]:
    given = notices.Given(show="to_give")
    return [
        {row.id for row in vehicles.read_cars(connection, viewer, Cut(), NOW, "open", ALL)},
        {row.id for row in notices.read_notices(connection, viewer, Cut(), NOW, given, ALL)},
        {row.id for row in bans.read_bans(connection, viewer, Cut(), NOW, "running", ALL)},
    ]


@pytest.mark.parametrize("who", ACCOUNTS)
def test_both_locks_hold_alone(full: ParkingTown, who: str) -> None:
    """The first lock finds the same under the eyes of the system, and row security under a viewer who asks for all."""
    viewer = full.viewer(who)
    greedy = replace(viewer, reach=full.viewer("leader").reach)
    right = full.run(who, lambda connection, _: read_some(connection, viewer))
    assert full.run(None, lambda connection, _: read_some(connection, viewer)) == right
    assert full.run(who, lambda connection, _: read_some(connection, greedy)) == right
