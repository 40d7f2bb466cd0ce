"""Whatever is drawn, taken back, published and undone, in any order: nothing is counted twice or lost."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import shapely
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from shapely.geometry import LineString

from gridmap.db import Database
from gridmap.duties import open_slots
from gridmap.periods import month_of
from gridmap.places.drafts import Draft, read_draft
from gridmap.places.drawing import Correct, Draw, End, Merge, Move, Renumber, Split, Step, draw_step
from gridmap.places.editions import check_now, preview, publish, undo_edition
from gridmap.places.fitting import measured
from gridmap.places.shapes import ShapeProblem
from gridmap.places.stepping import draw_again, take_again, take_back
from tests.conftest import Base
from tests.duties_town import BASE, COMMUNITY, GRID_A, GRID_B, HOUSE_A, HOUSE_B, STAIRS, STREET, VILLA
from tests.incidents_town import Town

GROUND = shapely.box(113.40, 22.5, 113.42, 22.51)
REFUSED = {
    "not_across", "sliver", "many_pieces", "not_beside", "two_alike", "swallowed", "in_pieces", "nobody_takes", "heir",
    "outside", "there_already", "no_step", "has_draft", "changed", "empty", "faulty", "undo_of_undo",
}  # fmt: skip
"""What a person may be told on the way; anything else is a fault."""
shares = st.floats(0.05, 0.95)
turns = st.integers(0, 7)


class Register(RuleBasedStateMachine):
    """People at work on the little town's register."""

    opened: Callable[[], Town]

    def __init__(self) -> None:
        super().__init__()
        self.town = type(self).opened()
        self.fill()
        self.before = self.counted()
        self.kept = self.over()
        self.is_overtaken = False

    def fill(self) -> None:
        """Cases that are open and over, visits of last month, and checks of both months."""
        town = self.town
        for at in (HOUSE_A, VILLA, HOUSE_B, STAIRS[0], GRID_A, GRID_B):
            town.report("leader", place_id=at)
        town.owner.execute("UPDATE gridmap.incident SET state = 'rejected' WHERE place_id IN (%s, %s)", (VILLA, GRID_B))
        town.rows(
            "INSERT INTO gridmap.inspection (street_id, id, place_id, kind, result, done_at, received_at, community_id,"
            " grid_id) SELECT street_id, %s + id, id, 'fire_equipment', 'fine', '2026-02-10', '2026-02-10',"
            " community_id, grid_id FROM gridmap.place WHERE kind IN ('stairwell', 'grid') RETURNING id", 7000,
        )  # fmt: skip
        town.rows(
            "INSERT INTO gridmap.duty (street_id, id, kind, title, title_en, action, level, every, role, valid)"
            " VALUES (%s, %s, 'fire_equipment', '消防', 'Fire', 'inspection', 'stairwell', 'month', 'building_manager',"
            " '[2024-01-01,)') RETURNING id", STREET, BASE + 7100,
        )  # fmt: skip
        for back in (28, 0):
            day = (town.now - timedelta(days=back)).date()
            town.run(None, lambda connection, _by, day=day: open_slots(connection, [STREET], month_of(day), day))

    def counted(self) -> dict[str, Any]:
        """What no edition may change."""
        return self.town.rows(
            "SELECT (SELECT count(*) FROM gridmap.incident)::int AS cases,"
            " (SELECT count(*) FROM gridmap.inspection)::int AS visits,"
            " (SELECT count(*) FROM gridmap.slot)::int AS slots,"
            " (SELECT count(*) FROM gridmap.place WHERE kind = 'building' AND upper_inf(valid))::int AS buildings,"
            " (SELECT count(*) FROM gridmap.place WHERE kind = 'stairwell' AND upper_inf(valid))::int AS stairwells,"
            " (SELECT sum(counted_households) FROM gridmap.grid g JOIN gridmap.place p ON p.id = g.place_id"
            "  AND upper_inf(p.valid) WHERE g.type <> 'micro')::int AS households,"
            " (SELECT array_agg(DISTINCT person_id ORDER BY person_id) FROM gridmap.assignment"
            "  WHERE role = 'grid_worker' AND upper_inf(valid)) AS workers"
        )[0]

    def over(self) -> list[dict[str, Any]]:
        """Where that lies which is over."""
        return self.town.rows(
            "SELECT id, grid_id FROM gridmap.inspection UNION ALL SELECT id, grid_id FROM gridmap.incident"
            " WHERE state = 'rejected' UNION ALL SELECT id, grid_id FROM gridmap.slot WHERE starts_on < '2026-03-01'"
            " ORDER BY 1"
        )

    def draft(self) -> Draft:
        return self.town.run("leader", lambda connection, _by: read_draft(connection, COMMUNITY))

    def tried(self, command: Callable[..., Any]) -> Any:
        """What the command gives; None where it is refused in words."""
        try:
            return self.town.run("leader", command)
        except ShapeProblem as problem:
            if problem.reason not in REFUSED:
                raise
            return None

    def step(self, step: Step) -> None:
        revision = self.draft().revision
        self.tried(lambda connection, by: draw_step(connection, by, COMMUNITY, step, revision=revision))

    def tile(self, turn: int) -> Any:
        tiles = sorted(self.draft().tiles().values(), key=lambda one: one.id)
        return tiles[turn % len(tiles)]

    @rule(turn=turns, share=shares, is_upright=st.booleans(), is_micro=st.booleans())
    def split(self, turn: int, share: float, is_upright: bool, is_micro: bool) -> None:
        tile = self.tile(turn)
        inner = list(self.draft().inner(tile).values())
        one = inner[turn % len(inner)] if is_micro and inner else tile
        west, south, east, north = one.shape.bounds
        x, y = west + share * (east - west), south + share * (north - south)
        ends = [(x, south - 1e-3), (x, north + 1e-3)] if is_upright else [(west - 1e-3, y), (east + 1e-3, y + 1e-4)]
        self.step(Split(place_id=one.id, line=LineString(ends)))

    @rule(one=turns, other=turns)
    def merge(self, one: int, other: int) -> None:
        self.step(Merge(place_ids=(self.tile(one).id, self.tile(other).id)))

    @rule(turn=turns, x=shares, y=shares, grows=st.booleans())
    def correct(self, turn: int, x: float, y: float, grows: bool) -> None:
        tile = self.tile(turn)
        box = self.box(x, y)
        shape = tile.shape.union(box) if grows else tile.shape.difference(box)
        if isinstance(shape, shapely.Polygon) and not shape.is_empty:
            self.step(Correct(place_id=tile.id, shape=shape))

    @rule(x=shares, y=shares, kind=st.sampled_from(["basic", "dedicated"]))
    def draw(self, x: float, y: float, kind: str) -> None:
        self.step(Draw(kind="grid", name="新", shape=self.box(x, y), details={"type": kind}))

    @rule(turn=turns)
    def part(self, turn: int) -> None:
        """A micro grid over a whole grid: it may be split from then on."""
        tile = self.tile(turn)
        if not self.draft().inner(tile):
            self.step(Draw(kind="grid", name="微", shape=tile.shape, details={"type": "micro"}))

    @rule(one=turns, other=turns)
    def end(self, one: int, other: int) -> None:
        self.step(End(place_id=self.tile(one).id, into=self.tile(other).id))

    @rule(house=st.sampled_from([HOUSE_A, VILLA, HOUSE_B]), turn=turns)
    def move(self, house: int, turn: int) -> None:
        self.step(Move(building_id=house, grid_id=self.tile(turn).id))

    @rule()
    def renumber(self) -> None:
        self.step(Renumber())

    @rule(is_back=st.booleans())
    def turn_back(self, is_back: bool) -> None:
        command, revision = take_back if is_back else take_again, self.draft().revision
        self.tried(lambda connection, by: command(connection, by, COMMUNITY, revision=revision))

    @rule()
    def publish(self) -> None:
        draft = self.draft()
        if not draft.id:
            return
        self.town.now += timedelta(minutes=1)
        seen = self.tried(lambda connection, by: preview(connection, by, draft.id))
        done = self.tried(
            lambda connection, by: publish(
                connection, by, draft.id, "试", by.business_at.date(), revision=draft.revision
            )
        )
        if seen is None:
            assert done is None
            return
        event("published" if done is not None else "not published: the certificate does not hold")
        assert (done is not None) is seen.certificate.holds
        assert seen.certificate.area == pytest.approx(measured(GROUND), abs=0.5)
        assert seen.certificate.area_before == pytest.approx(measured(GROUND), abs=0.5)
        if done is not None:
            assert (done.numbers, len(done.moved)) == (seen.numbers, len(seen.moved))
            self.is_overtaken = False
        else:
            # the editor keeps the grids whole; only who merges a parted grid with another has to part that one, too,
            # and micro grids drawn into a grid of an edition that was then undone lie where there is none
            mine = {"inner_gap", "inner_overlap", "stray"} if self.is_overtaken else {"inner_gap"}
            found = {one.what for one in seen.certificate.new_faults}
            assert found
            assert found <= mine

    @rule(days=st.integers(0, 2))
    def undo(self, days: int) -> None:
        rows = self.town.rows(
            "SELECT id, revision FROM gridmap.edition WHERE state = 'published' ORDER BY id DESC LIMIT 1"
        )
        for row in rows:
            self.town.now += timedelta(days=days)
            undone = self.tried(
                lambda connection, by, row=row: undo_edition(connection, by, row["id"], "试", revision=row["revision"])
            )
            self.is_overtaken = self.is_overtaken or (undone is not None and bool(self.draft().id))

    @rule()
    def again(self) -> None:
        for row in self.town.rows("SELECT id FROM gridmap.edition WHERE state = 'undone' ORDER BY id DESC LIMIT 1"):
            self.tried(lambda connection, by, row=row: draw_again(connection, by, row["id"]))

    @staticmethod
    def box(x: float, y: float) -> shapely.Polygon:
        east, north = 113.40 + x * 0.02, 22.50 + y * 0.01
        return shapely.box(east - 0.002, north - 0.002, east + 0.002, north + 0.002)

    @invariant()
    def nothing_is_lost_or_counted_twice(self) -> None:
        assert self.counted() == self.before
        assert self.over() == self.kept

    @invariant()
    def each_lies_in_the_one_grid_that_stands_under_it(self) -> None:
        draft_free = self.town.rows(
            "SELECT p.id, p.grid_id, array_agg(g.id) AS under FROM gridmap.place p"
            " LEFT JOIN gridmap.place g ON g.kind = 'grid' AND upper_inf(g.valid)"
            "  AND ST_Covers(g.geom, ST_PointOnSurface(p.geom))"
            "  AND EXISTS (SELECT FROM gridmap.grid t WHERE t.place_id = g.id AND t.type <> 'micro')"
            " WHERE p.kind = 'building' AND upper_inf(p.valid) AND p.geom IS NOT NULL GROUP BY 1, 2"
        )
        assert all(row["grid_id"] in row["under"] for row in draft_free)
        stairs = self.town.rows(
            "SELECT FROM gridmap.place s JOIN gridmap.place h ON h.id = s.parent_id WHERE s.kind = 'stairwell'"
            " AND (s.grid_id, s.micro_grid_id) IS DISTINCT FROM (h.grid_id, h.micro_grid_id)"
        )
        assert stairs == []

    @invariant()
    def nothing_that_runs_is_left_in_a_former_grid(self) -> None:
        for table, runs in (
            ("incident", "x.state NOT IN ('closed', 'rejected', 'duplicate')"),
            ("slot", "x.starts_on >= '2026-03-01'"),
            ("assignment", "upper_inf(x.valid)"),
        ):
            left = self.town.rows(
                f"SELECT x.id FROM gridmap.{table} x JOIN gridmap.place g ON g.id = x.grid_id"
                f" WHERE {runs} AND NOT upper_inf(g.valid)"
            )
            assert left == [], table

    @invariant()
    def the_register_holds(self) -> None:
        certificate = check_now(self.draft())
        assert certificate.faults == ()
        assert certificate.area == pytest.approx(measured(GROUND), abs=0.5)

    def teardown(self) -> None:
        self.town.close()


def run(template: str, copy_database: Callable[[str], Base], examples: int, *, anew: bool) -> None:
    """So many orders: the same in each run, or `anew` others."""

    def opened() -> Town:
        base = copy_database(template)
        return Town(Database(base.app_url), base.owner_url)

    Register.opened = staticmethod(opened)
    run_state_machine_as_test(
        Register,
        settings=settings(
            max_examples=examples,
            stateful_step_count=12,
            derandomize=not anew,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_nothing_is_lost_in_any_order(template: str, copy_database: Callable[[str], Base]) -> None:
    run(template, copy_database, 8, anew=False)


@pytest.mark.full
def test_nothing_is_lost_in_any_of_many_orders(template: str, copy_database: Callable[[str], Base]) -> None:
    run(template, copy_database, 80, anew=True)
