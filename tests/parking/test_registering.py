"""Cars that an estate knows: written down without their plate, left alone, ended; and the list that a gate takes."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from gridmap.parking.gate_list import GateList, take_gate_list
from gridmap.parking.gates import Gate, ListColumn, read_gate, set_gate
from gridmap.parking.judging import Nothing
from gridmap.parking.known import KnownAs
from gridmap.parking.plates import read_plate
from gridmap.parking.registering import Registered, Registration, end_known, register_vehicles
from tests.duties_town import BASE, COMMUNITY, ESTATE_A, GRID_A, STREET
from tests.parking_town import KERB, KEY, MASKED, NORTH, PLATE, SOUTH, ParkingTown, at, banned, refused

GATE = BASE + 70
VISIT = at("2026-03-16", "23:00")


def know(town: ParkingTown, who: str, *plates: str, home: int = ESTATE_A, **more: Any) -> Registered:
    told = Registration(home_id=home, plates=[read_plate(one) for one in plates or (PLATE,)], **more)
    return town.run(who, lambda connection, by: register_vehicles(connection, by, KEY, told))


def known(town: ParkingTown) -> list[dict[str, Any]]:
    return town.rows("SELECT *, lower(valid) AS since, upper(valid) AS until FROM gridmap.known_vehicle ORDER BY id")


def end(town: ParkingTown, who: str, revision: int = 1) -> None:
    [row] = known(town)
    town.run(who, lambda connection, by: end_known(connection, by, row["id"], revision=revision))


def test_a_registered_car_is_left_alone_and_its_plate_is_nowhere(town: ParkingTown) -> None:
    town.now = at("2026-03-16", "19:00")
    assert know(town, "community_leader", note="业主") == Registered(new=1)
    for zone, who in ((NORTH, "worker_a"), (SOUTH, "worker_b")):
        assert town.see(who, zone_id=zone).verdict.nothing is Nothing.KNOWN
    [row] = known(town)
    assert (row["plate_masked"], row["kind"], row["until"], row["place_id"]) == (MASKED, "resident", None, ESTATE_A)
    everything = [town.rows(f"SELECT t::text AS line FROM gridmap.{name} t")
                  for name in ("known_vehicle", "audit", "vehicle", "sighting")]  # fmt: skip
    assert "12388" not in str(everything)
    [logged] = town.rows("SELECT * FROM gridmap.audit WHERE action = 'register_vehicles'")
    assert logged["after"] == {"kind": "resident", "until": None, "cars": 1, "masked": MASKED}


def test_a_list_is_taken_once_however_often_it_comes(town: ParkingTown) -> None:
    cars = [f"沪A{number}" for number in range(10_000, 10_200)]
    assert know(town, "leader", *cars).new == 200
    with refused("known"):
        know(town, "leader", *cars)
    assert know(town, "leader", *cars, "沪A99999").new == 1
    assert len(known(town)) == 201
    # the same car as something else is another thing
    assert know(town, "leader", cars[0], kind=KnownAs.DISABLED).new == 1


def test_a_visit_ends_and_is_noted_by_whoever_is_on_duty(town: ParkingTown) -> None:
    town.now = at("2026-03-16", "19:00")
    for who in ("planner", "company"):
        with refused("not_yours"):
            know(town, who, kind=KnownAs.VISITOR, until=VISIT)
    with refused("not_yours"):
        know(town, "planner_worker", kind=KnownAs.RESIDENT)
    with pytest.raises(LookupError):
        know(town, "east_leader", kind=KnownAs.VISITOR, until=VISIT)
    know(town, "planner_worker", kind=KnownAs.VISITOR, until=VISIT)
    assert town.see("worker_a").verdict.nothing is Nothing.KNOWN
    town.now = VISIT
    assert town.see("worker_a").verdict.nothing is None


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"kind": KnownAs.VISITOR}, "until"),
        ({"kind": KnownAs.VISITOR, "until": at("2026-03-16", "18:00")}, "until"),
        ({"kind": KnownAs.DISABLED, "until": at("2026-03-16", "19:00")}, "until"),
        ({"kind": KnownAs.VISITOR, "until": at("2026-09-16")}, "visit"),
        ({"note": "x" * 61}, "note"),
        ({"note": "two\nlines"}, "note"),
    ],
)
def test_what_cannot_be_said_of_a_car(town: ParkingTown, more: dict[str, Any], reason: str) -> None:
    town.now = at("2026-03-16", "19:00")
    with refused(reason):
        know(town, "leader", **more)
    assert known(town) == []


def test_an_exemption_ends_from_now_on(town: ParkingTown) -> None:
    know(town, "leader")
    with refused("not_yours"):
        end(town, "manager")
    with refused("changed"):
        end(town, "leader", revision=2)
    town.now += timedelta(hours=1)
    end(town, "community_leader")
    assert known(town)[0]["until"] == town.now
    with refused("ended"):
        end(town, "leader", revision=2)
    # it may be registered anew at the same moment
    assert know(town, "leader").new == 1


def test_what_was_written_at_this_very_moment_is_forgotten(town: ParkingTown) -> None:
    know(town, "leader")
    end(town, "leader")
    assert known(town) == []


def test_a_car_with_a_ban_is_named_when_it_is_registered(town: ParkingTown) -> None:
    vehicle_id = banned(town)
    assert know(town, "leader").open_vehicle_id == vehicle_id
    assert know(town, "leader", "沪A99999").open_vehicle_id is None
    assert know(town, "leader", home=KERB).open_vehicle_id is None


# Gates -------------------------------------------------------------------------------------------------------


@pytest.fixture
def gated(town: ParkingTown) -> ParkingTown:
    """The town, with a gate in estate A."""
    town.owner.execute("INSERT INTO gridmap.facility_kind (code, title, title_en, theme)"
                       " VALUES ('gate', '口', 'g', 't') ON CONFLICT DO NOTHING")  # fmt: skip
    town.owner.execute(
        "INSERT INTO gridmap.place (street_id, id, kind, code, name, community_id, grid_id, estate_id, geom)"
        " VALUES (%s, %s, 'facility', 'g1', '东门', %s, %s, %s, 'SRID=4326;POINT(113.409 22.505)')",
        (STREET, GATE, COMMUNITY, GRID_A, ESTATE_A),
    )
    town.owner.execute("INSERT INTO gridmap.facility (street_id, place_id, kind) VALUES (%s, %s, 'gate')",
                       (STREET, GATE))  # fmt: skip
    return town


USUAL = (ListColumn(heading="车牌号", field="plate"), ListColumn(heading="到期", field="until", form="day"))


def take(town: ParkingTown, who: str, *, reason: str = "weekly list", encoding: str = "utf-8") -> GateList:
    return town.run(who, lambda connection, by: take_gate_list(
        connection, by, GATE, words={"kind": "黑名单"}, usual=USUAL, reason=reason, encoding=encoding))  # fmt: skip


def test_a_gate_list_holds_the_running_bans_in_clear_and_logs_each(gated: ParkingTown) -> None:
    vehicle_id = banned(gated)
    taken = take(gated, "community_leader")
    rows = list(csv.reader(io.StringIO(taken.as_csv("utf-8").decode("utf-8-sig"))))
    assert rows == [["车牌号", "到期"], [PLATE, "2026-06-20"]]
    assert taken.as_csv("utf-8").startswith(b"\xef\xbb\xbf")
    assert PLATE in taken.as_csv("gb18030").decode("gb18030")
    logged = gated.rows("SELECT action, subject, subject_id, why, after FROM gridmap.audit"
                        " WHERE action IN ('unmask_plate', 'export') ORDER BY id")  # fmt: skip
    assert [(one["action"], one["subject_id"], one["why"]) for one in logged] == [
        ("unmask_plate", str(vehicle_id), "weekly list"), ("export", str(GATE), "weekly list"),
    ]  # fmt: skip
    assert logged[1]["after"] == {"rows": 1, "encoding": "utf-8", "columns": ["plate", "until"]}
    # once the ban is over nobody is on the list
    gated.now = at("2026-06-20", "09:30")
    assert take(gated, "leader").rows == ()


def test_without_a_reason_nothing_is_taken_out(gated: ParkingTown) -> None:
    banned(gated)
    for reason, word in (("", "needs_reason"), ("  ", "needs_reason"), ("x" * 501, "reason"), ("a\0b", "reason")):
        with refused(word):
            take(gated, "leader", reason=reason)
    with refused("encoding"):
        take(gated, "leader", encoding="utf-7")
    assert gated.rows("SELECT FROM gridmap.audit WHERE action IN ('unmask_plate', 'export')") == []


@pytest.mark.parametrize("who", ["worker_a", "planner", "company", "manager", "east_leader"])
def test_only_who_leads_takes_the_list_out(gated: ParkingTown, who: str) -> None:
    banned(gated)
    with pytest.raises(Exception, match=r"not_yours|\d+"):
        take(gated, who)
    assert gated.rows("SELECT FROM gridmap.audit WHERE action IN ('unmask_plate', 'export')") == []


def test_the_columns_are_the_barriers_own_and_harmless(gated: ParkingTown) -> None:
    columns = (
        ListColumn(heading="No", field="number"), ListColumn(heading="类型", field="kind"),
        ListColumn(heading="原因", field="reason"), ListColumn(heading="空", field="empty"),
        ListColumn(heading="小区", field="estate"), ListColumn(heading="掩码", field="masked"),
        ListColumn(heading="起", field="starts_at", form="digits"),
    )  # fmt: skip
    gate = Gate(barrier="camera", columns=columns)
    gated.run("leader", lambda connection, by: set_gate(connection, by, GATE, gate, revision=1))
    vehicle_id = banned(gated)
    gated.owner.execute("UPDATE gridmap.ban SET reason = '=cmd()' WHERE vehicle_id = %s", (vehicle_id,))
    taken = take(gated, "leader")
    [_head, row] = csv.reader(io.StringIO(taken.as_csv("utf-8").decode("utf-8-sig")))
    assert row == ["1", "黑名单", "'=cmd()", "", f"n{ESTATE_A - BASE}", MASKED, "20260320093000"]
    # a list without a column for plates looks none up
    assert gated.rows("SELECT FROM gridmap.audit WHERE action = 'unmask_plate'") == []


def test_a_gate_is_changed_by_who_leads_and_saw_it_as_it_is(gated: ParkingTown) -> None:
    gate = Gate(barrier="automatic", columns=USUAL)
    for who in ("worker_a", "planner", "company"):
        with refused("not_yours"):
            gated.run(who, lambda connection, by: set_gate(connection, by, GATE, gate, revision=1))
    gated.run("leader", lambda connection, by: set_gate(connection, by, GATE, gate, revision=1))
    with refused("changed"):
        gated.run("leader", lambda connection, by: set_gate(connection, by, GATE, Gate(), revision=1))
    row = gated.run("worker_a", lambda connection, _by: read_gate(connection, GATE))
    assert (row["barrier"], row["revision"], len(row["list_columns"])) == ("automatic", 2, 2)
    [logged] = gated.rows("SELECT before, after FROM gridmap.audit WHERE action = 'set_gate'")
    assert (logged["before"]["barrier"], logged["after"]["barrier"]) == ("none", "automatic")
    with pytest.raises(LookupError):
        gated.run("leader", lambda connection, _by: read_gate(connection, NORTH))
