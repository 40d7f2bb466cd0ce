"""Grids split, merged, corrected, ended and undone: what moves, who follows, what is kept."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import shapely
from shapely.geometry import LineString, Point

from gridmap.clock import Clock
from gridmap.duties import open_slots
from gridmap.nightly import run_nightly
from gridmap.periods import month_of
from gridmap.places.drafts import read_draft
from gridmap.places.drawing import Correct, Draw, End, Merge, Move, Rename, Renumber, Split, Step, draw_step, drop_draft
from gridmap.places.editions import check_now
from gridmap.places.fitting import measured
from gridmap.places.shapes import ShapeProblem
from tests.duties_town import BASE, COMMUNITY, GRID_A, GRID_B, HOUSE_A, HOUSE_B, PEOPLE, STAIRS, STREET, VILLA
from tests.incidents_town import EAST, Town
from tests.register.town import CODE, state
from tests.register.ways import MERGE, SPLIT, draw, edition, grids, hold, look, place, refused, undo


def test_a_planner_draws_a_split_and_a_leader_publishes_it(town: Town) -> None:
    draft = draw(town, SPLIT, "planner")
    before = state(town)
    seen = look(town, draft, "planner")
    assert state(town) == before
    assert seen.certificate.holds
    assert (seen.certificate.grids_before, seen.certificate.grids) == (2, 3)
    assert (seen.numbers["buildings"], seen.numbers["stairwells"]) == (2, 2)
    with refused("not_yours"):
        hold(town, draft, "planner")
    done = hold(town, draft)
    assert done is not None
    assert done.numbers == seen.numbers
    [second, west, east] = grids(town)
    assert [one["code"][-3:] for one in (second, west, east)] == ["002", "003", "004"]
    assert {key: place(town, key)["grid_id"] for key in (HOUSE_A, STAIRS[0], VILLA, HOUSE_B)} == {
        HOUSE_A: west["id"], STAIRS[0]: west["id"], VILLA: east["id"], HOUSE_B: GRID_B,
    }  # fmt: skip
    former = place(town, GRID_A)
    assert not former["stands"]
    assert former["geom"] is None
    assert town.rows("SELECT former_id, later_id FROM gridmap.lineage ORDER BY 2") == [
        {"former_id": GRID_A, "later_id": west["id"]}, {"former_id": GRID_A, "later_id": east["id"]},
    ]  # fmt: skip
    history = town.rows("SELECT valid::text FROM gridmap.boundary WHERE place_id = %s", GRID_A)
    assert [one["valid"] for one in history] == ["[2020-01-01,2026-03-16)"]


def test_who_looked_after_a_grid_looks_after_what_came_out_of_it(town: Town) -> None:
    hold(town, draw(town, SPLIT))
    _second, west, east = grids(town)
    held = (
        "SELECT place_id, person_id FROM gridmap.assignment WHERE role = 'grid_worker' AND upper_inf(valid) ORDER BY 1"
    )
    assert town.rows(held) == [
        {"place_id": GRID_B, "person_id": PEOPLE[1]},
        {"place_id": west["id"], "person_id": PEOPLE[0]},
        {"place_id": east["id"], "person_id": PEOPLE[0]},
    ]
    given = {row["target_id"] for row in town.rows(
        "SELECT target_id FROM gridmap.account_grant WHERE account_id = %s", town.ids["worker_a"])}  # fmt: skip
    assert given == {GRID_A, west["id"], east["id"]}


def test_a_merge_keeps_one_first_holder_and_its_undo_brings_back_everything(town: Town) -> None:
    before = state(town)
    draft = draw(town, MERGE)
    hold(town, draft)
    [one] = grids(town)
    holders = town.rows("SELECT person_id, is_primary FROM gridmap.assignment WHERE place_id = %s", one["id"])
    assert sorted(row["person_id"] for row in holders) == sorted(PEOPLE[:2])
    assert sum(row["is_primary"] for row in holders) == 1
    assert {place(town, house)["grid_id"] for house in (HOUSE_A, HOUSE_B, VILLA)} == {one["id"]}
    undo(town, draft)
    after = state(town)
    assert {name: after[name] for name in ("place", "grid", "assignment")} == {
        name: before[name] for name in ("place", "grid", "assignment")
    }
    assert town.rows("SELECT FROM gridmap.lineage") == []


def test_a_grid_that_took_another_in_and_is_then_split_hands_on_the_holders_of_both(town: Town) -> None:
    before = state(town)
    draw(town, End(place_id=GRID_B, into=GRID_A))
    draft = draw(town, Split(place_id=GRID_A, line=LineString([(113.41, 22.4999), (113.41, 22.5101)])))
    hold(town, draft)
    parts = [one["id"] for one in grids(town)]
    held = "SELECT place_id, person_id FROM gridmap.assignment WHERE role = 'grid_worker' AND upper_inf(valid)"
    assert {(row["place_id"], row["person_id"]) for row in town.rows(held)} == {
        (part, person) for part in parts for person in PEOPLE[:2]
    }
    lineage = town.rows("SELECT former_id, later_id FROM gridmap.lineage")
    assert {(row["former_id"], row["later_id"]) for row in lineage} == {
        (former, part) for former in (GRID_A, GRID_B) for part in parts
    }
    undo(town, draft)
    assert state(town)["assignment"] == before["assignment"]


@pytest.mark.parametrize("step", [
    SPLIT, Correct(place_id=GRID_A, shape=shapely.box(113.40, 22.5, 113.414, 22.51)),
    Draw(kind="grid", name="新网格", shape=shapely.box(113.405, 22.5, 113.412, 22.51), details={"type": "dedicated"}),
    Draw(kind="building", name="新楼", shape=shapely.box(113.401, 22.502, 113.402, 22.503), details={"kind": "slab"}),
    Draw(kind="stairwell", name="2单元", shape=Point(113.403, 22.505), details={"parent_id": HOUSE_A}),
    End(place_id=GRID_B, into=GRID_A), End(place_id=HOUSE_B), Rename(place_id=GRID_A, name="桥岗网格"),
    Move(building_id=VILLA, grid_id=GRID_B),
    Split(place_id=HOUSE_A, line=LineString([(113.403, 22.5), (113.403, 22.51)])),
], ids=lambda step: type(step).__name__)  # fmt: skip
def test_whatever_was_published_can_be_undone_the_same_day_and_later(town: Town, step: Step) -> None:
    for days in (0, 3):
        before = state(town)
        draft = draw(town, step)
        assert hold(town, draft) is not None
        assert [row["id"] for row in state(town)["place"]] != [] and state(town) != before  # noqa: PT018
        town.now += timedelta(days=days)
        undo(town, draft)
        after, stands = state(town), {row["id"] for row in before["place"]}
        assert [row for row in after["place"] if row["id"] in stands] == before["place"]
        assert [row for row in after["assignment"] if row["place_id"] in stands] == before["assignment"]
        assert check_now(town.run("leader", lambda connection, _by: read_draft(connection, COMMUNITY))).holds


def test_a_corrected_grid_keeps_its_id_and_its_neighbour_follows(town: Town) -> None:
    draft = draw(town, Correct(place_id=GRID_A, shape=shapely.box(113.40, 22.5, 113.414, 22.51)))
    seen = look(town, draft)
    assert [(row["id"], row["old_grid"], row["new_grid"]) for row in seen.moved if row["kind"] == "building"] == [
        (HOUSE_B, GRID_B, GRID_A)
    ]
    hold(town, draft)
    assert [one["id"] for one in grids(town)] == [GRID_A, GRID_B]
    shapes = [shapely.from_wkt(one["text"]) for one in grids(town)]
    assert sum(map(measured, shapes)) == pytest.approx(measured(shapely.box(113.40, 22.5, 113.42, 22.51)), abs=0.5)
    former = town.rows("SELECT grid_id FROM gridmap.membership WHERE place_id = %s AND upper_inf(valid)", HOUSE_B)
    assert former == [{"grid_id": GRID_A}]


def test_grids_are_numbered_anew_from_the_north_west_and_former_codes_stay_theirs(town: Town) -> None:
    hold(town, draw(town, SPLIT))
    draft = draw(town, Renumber())
    hold(town, draft)
    codes = [one["code"] for one in sorted(grids(town), key=lambda one: shapely.from_wkt(one["text"]).centroid.x)]
    assert codes == [f"{CODE}002", f"{CODE}003", f"{CODE}004"]
    assert place(town, GRID_A)["code"] == f"{CODE}001"


def test_a_building_moves_to_the_grid_beside_it_with_the_ground_around_it(town: Town) -> None:
    draft = draw(town, Move(building_id=VILLA, grid_id=GRID_B))
    assert look(town, draft).certificate.holds
    hold(town, draft)
    assert (place(town, VILLA)["grid_id"], place(town, HOUSE_A)["grid_id"]) == (GRID_B, GRID_A)


def test_no_count_of_visits_or_cases_changes(town: Town) -> None:
    """What is over stays where it was; what runs goes on in the new grids; nothing is counted twice or lost."""
    closed = town.report("worker_a", place_id=HOUSE_A).incident_id
    town.rows("UPDATE gridmap.incident SET state = 'rejected' WHERE id = %s RETURNING id", closed)
    open_case = town.report("worker_a", place_id=HOUSE_A).incident_id
    town.rows(
        "INSERT INTO gridmap.inspection (street_id, id, place_id, kind, result, done_at, received_at, community_id,"
        " grid_id)"
        " VALUES (%s, %s, %s, 'fire_equipment', 'fine', '2026-02-10', '2026-02-10', %s, %s) RETURNING id",
        STREET, BASE + 7001, STAIRS[0], COMMUNITY, GRID_A,
    )  # fmt: skip
    counts = {
        table: f"SELECT grid_id, count(*) AS n FROM gridmap.{table} GROUP BY 1 ORDER BY 1"
        for table in ("inspection", "incident", "slot")
    }
    before = {table: town.rows(statement) for table, statement in counts.items()}
    draft = draw(town, SPLIT)
    hold(town, draft)
    after = {table: town.rows(statement) for table, statement in counts.items()}
    for table in counts:
        assert sum(row["n"] for row in after[table]) == sum(row["n"] for row in before[table])
    assert after["inspection"] == before["inspection"]
    west = grids(town)[1]["id"]
    assert (town.case(open_case)["grid_id"], town.case(closed)["grid_id"]) == (west, GRID_A)
    undo(town, draft)
    assert town.case(open_case)["grid_id"] == GRID_A
    assert {table: town.rows(statement) for table, statement in counts.items()} == before


def test_a_case_at_the_grid_itself_goes_on_in_what_came_out_of_it(town: Town) -> None:
    case = town.report("worker_a", place_id=GRID_A).incident_id
    draft = draw(town, SPLIT)
    hold(town, draft)
    later = town.case(case)
    assert later["place_id"] in {one["id"] for one in grids(town)[1:]}
    assert later["grid_id"] == later["place_id"]
    undo(town, draft)
    assert (town.case(case)["place_id"], town.case(case)["grid_id"]) == (GRID_A, GRID_A)


def test_what_is_due_this_month_follows_and_what_was_stays(town: Town) -> None:
    town.rows(
        "INSERT INTO gridmap.duty (street_id, id, kind, title, title_en, action, level, every, role, valid)"
        " VALUES (%s, %s, 'fire_equipment', '消防', 'Fire', 'inspection', 'stairwell', 'month', 'building_manager',"
        " '[2024-01-01,)') RETURNING id", STREET, BASE + 7100,
    )  # fmt: skip
    for day in (date(2026, 2, 1), date(2026, 3, 16)):
        town.run(None, lambda connection, _by, day=day: open_slots(connection, [STREET], month_of(day), day))
    kept = "SELECT starts_on, grid_id, sum(slots)::int AS n FROM gridmap.coverage GROUP BY 1, 2 ORDER BY 1, 2"
    before = town.rows(kept)
    seen = look(town, draft := draw(town, SPLIT))
    hold(town, draft)
    after = town.rows(kept)
    february = date(2026, 2, 1)
    assert [row for row in after if row["starts_on"] == february] == [
        row for row in before if row["starts_on"] == february
    ]
    assert sum(row["n"] for row in after) == sum(row["n"] for row in before)
    assert GRID_A not in {row["grid_id"] for row in after if row["starts_on"] > february}
    assert seen.numbers["slots"] == sum(
        row["n"] for row in before if row["starts_on"] > february and row["grid_id"] == GRID_A
    )


def test_an_edition_waits_for_its_day_and_the_night_carries_it_out(town: Town) -> None:
    before = state(town)
    draft = draw(town, SPLIT)
    assert hold(town, draft, days=5) is None
    assert state(town) == before
    assert edition(town, draft)["state"] == "waiting"
    for days, expected in ((4, "waiting"), (5, "published")):
        now = town.now + timedelta(days=days)
        run_nightly(town.database, now, Clock(fixed=now))
        assert edition(town, draft)["state"] == expected
    assert len(grids(town)) == 3


def test_one_that_no_longer_fits_on_its_day_is_a_draft_again(town: Town) -> None:
    draft = draw(town, SPLIT)
    hold(town, draft, days=5)
    town.rows("UPDATE gridmap.place SET revision = revision + 1 WHERE id = %s RETURNING id", GRID_A)
    now = town.now + timedelta(days=5)
    run_nightly(town.database, now, Clock(fixed=now))
    row = edition(town, draft)
    assert (row["state"], row["steps"][-1]["what"]) == ("draft", "returned")
    assert len(grids(town)) == 2


def test_an_edition_that_waits_is_called_back(town: Town) -> None:
    draft = draw(town, SPLIT)
    hold(town, draft, days=5)
    undo(town, draft)
    assert edition(town, draft)["state"] == "draft"


def test_whoever_was_slower_is_told_what_changed(town: Town) -> None:
    draft = draw(town, SPLIT)
    with refused("changed"):
        town.run("planner", lambda connection, by: draw_step(connection, by, COMMUNITY, Renumber(), revision=0))
    town.rows("UPDATE gridmap.place SET name = '别名', revision = revision + 1 WHERE id = %s RETURNING id", GRID_A)
    with refused("changed") as problems:
        hold(town, draft)
    assert problems[0].values["names"] == ["第1网格"]


def test_an_undo_is_refused_where_somebody_has_changed_the_places_since(town: Town) -> None:
    draft = draw(town, SPLIT)
    hold(town, draft)
    west = grids(town)[1]["id"]
    hold(town, draw(town, Rename(place_id=west, name="西网格")))
    with refused("changed") as problems:
        undo(town, draft)
    assert problems[0].values["names"] == ["第1网格-1"]


def test_a_plan_with_a_fault_of_its_own_is_not_published(town: Town) -> None:
    """The server fits neighbours itself; what is wrong all the same, by another way into the draft, is caught."""
    draft = draw(town, Correct(place_id=GRID_A, shape=shapely.box(113.40, 22.5, 113.414, 22.51)))
    town.rows(
        "UPDATE gridmap.edition_place SET geom = ST_GeomFromText(%s, 4326) WHERE place_id = %s RETURNING place_id",
        shapely.box(113.4141, 22.5, 113.42, 22.51).wkt, GRID_B,
    )  # fmt: skip
    seen = look(town, draft)
    assert [one.what for one in seen.certificate.new_faults] == ["gap"]
    with refused("faulty"):
        hold(town, draft)
    assert [one["id"] for one in grids(town)] == [GRID_A, GRID_B]


@pytest.mark.parametrize(("step", "reason"), [
    (Split(place_id=GRID_A, line=LineString([(113.5, 22.5), (113.5, 22.6)])), "not_across"),
    (Merge(place_ids=(GRID_A,)), "two_alike"), (Merge(place_ids=(GRID_A, HOUSE_A)), "two_alike"),
    (Correct(place_id=GRID_A, shape=shapely.box(113.40, 22.5, 113.42, 22.51)), "swallowed"),
    (Draw(kind="grid", name="", shape=shapely.box(113.405, 22.5, 113.412, 22.51), details={"type": "basic"}), "name"),
    (Draw(kind="palace", name="x", shape=Point(113.405, 22.505)), "kind"),
    (Draw(kind="facility", name="x", shape=Point(113.5, 22.505), details={"kind": "other"}), "outside"),
    (Draw(kind="stairwell", name="x", shape=Point(113.405, 22.505), details={"parent_id": 5}), "building"),
    (End(place_id=GRID_A), "heir"), (Rename(place_id=GRID_A, code="12"), "code"),
    (Rename(place_id=GRID_A, code=f"{CODE}002"), "taken"), (Rename(place_id=GRID_A, name=""), "name"),
    (Move(building_id=HOUSE_A, grid_id=GRID_A), "there_already"),
])  # fmt: skip
def test_what_cannot_be_is_said_and_nothing_is_begun(town: Town, step: Step, reason: str) -> None:
    with refused(reason):
        draw(town, step)
    assert town.rows("SELECT FROM gridmap.edition") == []


@pytest.mark.parametrize(("who", "may_draw", "may_publish"), [
    ("leader", True, True), ("community_leader", True, True), ("planner", True, False), ("planner_worker", True, False),
    ("east_leader", False, False), ("worker_a", False, False), ("company", False, False),
    ("street_handler", False, False),
])  # fmt: skip
def test_who_may_draw_and_who_may_publish(town: Town, who: str, may_draw: bool, may_publish: bool) -> None:
    def tried(command: Callable[[], Any]) -> bool:
        try:
            command()
        except LookupError:
            return False
        except ShapeProblem as problem:
            return problem.reason != "not_yours"
        return True

    assert tried(lambda: draw(town, SPLIT, who)) is may_draw
    draft = draw(town, Renumber()) if may_draw else draw(town, SPLIT)
    assert tried(lambda: hold(town, draft, who)) is may_publish
    if not may_publish:
        hold(town, draft)
    assert tried(lambda: undo(town, draft, who)) is may_publish


def test_a_draft_is_thrown_away_and_another_community_is_left_alone(town: Town) -> None:
    draft = draw(town, SPLIT)
    town.run(
        "leader",
        lambda connection, by: drop_draft(connection, by, COMMUNITY, revision=edition(town, draft)["revision"]),
    )
    assert edition(town, draft)["state"] == "dropped"
    assert draw(town, SPLIT) != draft
    with refused("not_yours"):
        town.run("east_leader", lambda connection, by: draw_step(connection, by, COMMUNITY, SPLIT, revision=0))
    assert town.rows("SELECT FROM gridmap.edition WHERE community_id = %s", EAST) == []


def test_every_step_and_edition_is_in_the_audit_with_its_reason(town: Town) -> None:
    draft = draw(town, SPLIT)
    hold(town, draft)
    undo(town, draft)
    rows = town.rows("SELECT action, why FROM gridmap.audit WHERE subject = 'edition' ORDER BY id")
    assert [(row["action"], row["why"]) for row in rows] == [
        ("draft_split", None), ("publish_edition", "第1网格太大"), ("undo_edition", "画错了"),
    ]  # fmt: skip
    assert {row["layer"] for row in town.rows("SELECT layer FROM gridmap.change")} >= {"grids", "buildings", "editions"}
