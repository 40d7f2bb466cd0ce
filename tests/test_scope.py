"""Scope: the predicate alone, row security alone, and what plain Python makes of the rules, are always the same.

For random reaches, and for random grants, assignments and absences at moments around their beginnings and ends.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row
from sqlalchemy import select

from gridmap.db import SYSTEM, compiled
from gridmap.db.pools import Connection
from gridmap.layer import Layer, Role, Scoped
from gridmap.layers import BY_NAME, LAYERS
from gridmap.read import rows_of
from gridmap.read.narrow import within
from gridmap.scope import RANGED, Reach, Viewer, predicate
from gridmap.tables import metadata
from gridmap.tables.base import MAX_STREETS
from tests.conftest import Base
from tests.edition_rows import fill_editions
from tests.found_rows import fill_found
from tests.fuller_streets import Ids, fill_up
from tests.oracle import LOCKED_TABLES, primary_key
from tests.parking_rows import fill_parking
from tests.rota_rows import fill_rotas_everywhere
from tests.two_streets import NOW, Town, open_town

LOCKED = tuple(layer for layer in LAYERS if layer.scoped_by is not None)
LISTS = ("communities", "grids", "estates", "places", "people")
QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
COLUMNS = {
    "streets": ("street_id",),
    "communities": ("community_id",),
    "grids": ("grid_id", "micro_grid_id"),
    "estates": ("estate_id",),
    "places": ("place_id",),
}
"""The rule of the first lock, said a second time."""
OF_PERSON = "SELECT street_id, id, id AS person_id, community_id, grid_id, micro_grid_id FROM gridmap.person"
THE_REST = """
INSERT INTO gridmap.absence (street_id, id, person_id, valid, community_id, grid_id)
SELECT street_id, id + 1000000, id, '[2026-03-01,2026-04-01)', community_id, grid_id FROM gridmap.person;
INSERT INTO gridmap.account (id, username, title) VALUES (1, 'somebody', 'Somebody'), (2, 'else', 'Else');
INSERT INTO gridmap.account_grant (account_id, role, level) VALUES (1, 'leader', 'city'), (2, 'leader', 'city');
INSERT INTO gridmap.session (account_id, token_hash, created_at, expires_at) VALUES (1, 'a', now(), now());
INSERT INTO gridmap.api_token (account_id, token_hash, name, created_at, expires_at) VALUES (1, 'b', 'b', now(), now());
INSERT INTO gridmap.sign_in_slip (account_id, token_hash, created_at, expires_at) VALUES (1, 'c', now(), now());
INSERT INTO gridmap.job (kind, account_id) VALUES ('nothing', 1);
INSERT INTO gridmap.audit (business_at, account_id, action, subject) VALUES (now(), 1, 'look', 'nothing');
INSERT INTO gridmap.import_run (kind, file_name, sha256, street_id, account_id) VALUES ('people', 'f', '', 1, 1);
INSERT INTO gridmap.file (street_id, sha256, media_type, size, account_id) VALUES (1, sha256('x'), 'image/jpeg', 1, 1);
INSERT INTO gridmap.submission (street_id, sent_id, account_id, digest) VALUES (1, gen_random_uuid(), 1, '');
INSERT INTO gridmap.membership (street_id, place_id, valid) SELECT street_id, id, '[2020-01-01,)' FROM gridmap.place;
INSERT INTO gridmap.organisation_place (street_id, organisation_id, place_id)
SELECT street_id, 1, id FROM gridmap.place WHERE kind = 'estate';
INSERT INTO gridmap.duty (street_id, id, kind, title, title_en, action, level, every, role, valid)
SELECT DISTINCT street_id, (street_id::bigint << 32) + 9500, 'k', 't', 't', 'inspection', 'stairwell', 'month',
  'stairwell_leader', '[2026-01-01,)'::daterange FROM gridmap.place;
INSERT INTO gridmap.slot (street_id, id, duty_id, place_id, unit, starts_on, ends_on, due_on, state, done_at,
  community_id, grid_id, micro_grid_id, estate_id)
SELECT street_id, id + 2000000, (street_id::bigint << 32) + 9500, id, '101', '2026-03-01', '2026-04-01', '2026-03-31',
  CASE WHEN id % 3 = 0 THEN 'satisfied' ELSE 'due' END, CASE WHEN id % 3 = 0 THEN timestamptz '2026-03-02 09:00+08' END,
  community_id, grid_id, micro_grid_id, estate_id FROM gridmap.place;
INSERT INTO gridmap.inspection (street_id, id, slot_id, place_id, kind, result, done_at, received_at, account_id,
  community_id, grid_id, micro_grid_id, estate_id)
SELECT street_id, id + 1000000, id, place_id, 'k', 'fine', done_at, done_at, 2, community_id, grid_id, micro_grid_id,
  estate_id FROM gridmap.slot WHERE done_at IS NOT NULL;
INSERT INTO gridmap.household_tier (street_id, id, place_id, unit, tier, changed_at, community_id, grid_id,
  micro_grid_id, estate_id)
SELECT street_id, id + 1000000, place_id, unit, 'key', now(), community_id, grid_id, micro_grid_id, estate_id
FROM gridmap.slot;
INSERT INTO gridmap.joint_inspection (street_id, id, title, place_id, planned_on, community_id, grid_id, micro_grid_id,
  estate_id)
SELECT street_id, id + 1000000, 't', place_id, starts_on, community_id, grid_id, micro_grid_id, estate_id
FROM gridmap.slot;
INSERT INTO gridmap.report_link (street_id, id, place_id, month, created_at, expires_at, community_id, grid_id,
  micro_grid_id, estate_id)
SELECT street_id, id + 1000000, place_id, starts_on, now(), now() + interval '1 day', community_id, grid_id,
  micro_grid_id, estate_id FROM gridmap.slot;
INSERT INTO gridmap.incident (street_id, id, number, kind, severity, source, place_id, reported_at, received_at,
  level_since, changed_at, limit_minutes, clock, due_at, reporter_account_id, parties, community_id, grid_id,
  micro_grid_id, estate_id)
SELECT street_id, id + 1000000, 'N' || id, '03001', 2, 'patrol', CASE WHEN id % 5 > 0 THEN place_id END, now(), now(),
  now(), now(), 1, 'wall', now(), CASE WHEN id % 11 = 0 THEN 1 ELSE 2 END,
  (ARRAY['{}', '{5}', '{6,7}', '{5,6}'])[1 + id % 4]::bigint[], community_id, grid_id, micro_grid_id, estate_id
FROM gridmap.slot;
INSERT INTO gridmap.party (street_id, incident_id, organisation_id, role, since, parties, place_id, community_id,
  grid_id, micro_grid_id, estate_id)
SELECT street_id, id, 1, 'lead', now(), parties, place_id, community_id, grid_id, micro_grid_id, estate_id
FROM gridmap.incident;
INSERT INTO gridmap.transition (street_id, id, incident_id, turn, action, to_state, at, account_id, used_minutes,
  stage_minutes, level, parties, place_id, community_id, grid_id, micro_grid_id, estate_id)
SELECT street_id, id, id, 1, 'report', 'reported', now(), reporter_account_id, 0, 0, 'grid', parties, place_id,
  community_id, grid_id, micro_grid_id, estate_id FROM gridmap.incident;
INSERT INTO gridmap.incident_contact (street_id, incident_id, name, account_id, parties, place_id, community_id,
  grid_id, micro_grid_id, estate_id)
SELECT street_id, id, 'n', reporter_account_id, parties, place_id, community_id, grid_id, micro_grid_id, estate_id
FROM gridmap.incident;
INSERT INTO gridmap.incident_photo (street_id, incident_id, stage, number, sha256, account_id, at, parties, place_id,
  community_id, grid_id, micro_grid_id, estate_id)
SELECT street_id, id, 'reported', 1, 'x', reporter_account_id, now(), parties, place_id, community_id, grid_id,
  micro_grid_id, estate_id FROM gridmap.incident;
INSERT INTO gridmap.notice (street_id, id, account_id, incident_id, kind, at)
SELECT street_id, id, reporter_account_id, id, 'closed', now() FROM gridmap.incident;
INSERT INTO gridmap.reception (street_id, id, community_id, held_on, changed_at)
SELECT street_id, id + 1000000, id, '2026-03-15', now() FROM gridmap.community;
INSERT INTO gridmap.diary (street_id, id, channel, text, place_id, at, account_id, community_id, grid_id,
  micro_grid_id, estate_id, changed_at)
SELECT street_id, id, 'visit', 'x', place_id, now(), reporter_account_id, community_id, grid_id, micro_grid_id,
  estate_id, now() FROM gridmap.incident;
INSERT INTO gridmap.diary_contact (street_id, diary_id, name, account_id, place_id, community_id, grid_id,
  micro_grid_id, estate_id)
SELECT street_id, id, 'n', account_id, place_id, community_id, grid_id, micro_grid_id, estate_id FROM gridmap.diary;
INSERT INTO gridmap.hotline_mapping (street_id, id, name, columns, headings, changed_at)
VALUES (1, (1::bigint << 32) + 5, 'm', '{}', '{}', now());
INSERT INTO gridmap.upload (street_id, id, account_id, file_name, sha256, size, sent_at)
VALUES (1, (1::bigint << 32) + 6, 1, 'f', '', 1, now());
INSERT INTO gridmap.import_row (street_id, run_id, relation, row_id, revision)
SELECT street_id, 1, 'place', id, 1 FROM gridmap.place;
INSERT INTO gridmap.unplaced (street_id, id, run_id, kind, digest, cells, name, file_row, reason)
SELECT street_id, id + 1000000, 1, 'facilities', id::text, '{}', 'n', 1, 'outside' FROM gridmap.place;
INSERT INTO gridmap.import_source (street_id, kind, source, columns, changed_at)
VALUES (1, 'estates', 's', '{}', now());
INSERT INTO gridmap.hotline_order (street_id, id, number, raw, cells, kind, place_id, community_id, grid_id,
  micro_grid_id, estate_id, changed_at)
SELECT street_id, id, number, '{}', '{}', kind, place_id, community_id, grid_id, micro_grid_id, estate_id, now()
FROM gridmap.incident;
INSERT INTO gridmap.ebike_count (street_id, place_id, counted_on, bikes, community_id, grid_id, micro_grid_id,
  estate_id, changed_at)
SELECT street_id, id, '2026-03-10', 1, community_id, grid_id, micro_grid_id, estate_id, now() FROM gridmap.place;
INSERT INTO gridmap.incident_taker (street_id, kind, organisation_id) VALUES (1, '03001', 1);
INSERT INTO gridmap.answer_template (street_id, id, title, body, changed_at)
VALUES (1, (1::bigint << 32) + 5, 't', 'b', now());
INSERT INTO gridmap.assignment_change (street_id, id, kind, starts_at, business_at, places, account_id, community_id,
  grid_id, micro_grid_id, estate_id)
SELECT street_id, id + 1000000, 'hand_over', now(), now(), 1, 2, community_id, grid_id, micro_grid_id, estate_id
FROM gridmap.slot;
INSERT INTO gridmap.assignment_move (street_id, change_id, number, place_id, role, is_primary, community_id, grid_id,
  micro_grid_id, estate_id)
SELECT street_id, id + 1000000, 0, place_id, 'stairwell_leader', true, community_id, grid_id, micro_grid_id, estate_id
FROM gridmap.slot;
INSERT INTO gridmap.hand_over (street_id, change_id, from_person_id, to_person_id, places, starts_at, community_id,
  grid_id, micro_grid_id, estate_id)
SELECT s.street_id, s.id + 1000000, p.id, p.id, 1, now(), s.community_id, s.grid_id, s.micro_grid_id, s.estate_id
FROM gridmap.slot s JOIN LATERAL (
  SELECT id FROM gridmap.person p WHERE p.street_id = s.street_id ORDER BY (p.id + s.id) % 7, p.id LIMIT 1) p ON true;
SELECT gridmap.recount_coverage(ARRAY[1, 2]);
"""
"""Something in every table that row security closes."""
ROTAS = ("rota", "rota_member", "rota_turn", "rota_swap", "rota_holder")
RAW = {
    "place": "SELECT *, id AS place_id FROM gridmap.place",
    "assignment": "SELECT * FROM gridmap.assignment",
    "community": "SELECT * FROM gridmap.community",
    "person": OF_PERSON,
    "absence": "SELECT street_id, id, person_id, community_id, grid_id, micro_grid_id FROM gridmap.absence",
    **{table: f"SELECT * FROM gridmap.{table}" for table in ("slot", "household_tier", "joint_inspection")},
    "inspection": "SELECT * FROM gridmap.inspection",
    "report_link": "SELECT * FROM gridmap.report_link",
    "incident": "SELECT *, reporter_account_id AS author FROM gridmap.incident",
    "transition": "SELECT *, account_id AS author FROM gridmap.transition",
    "hotspot": "SELECT *, '{}'::bigint[] AS parties FROM gridmap.hotspot",
    **{table: f"SELECT * FROM gridmap.{table}" for table in ROTAS},
    "rota_link": "SELECT * FROM gridmap.rota_link",
}
NEWEST = 9701
"""Serial of the newest search of all incidents, which is what a layer shows."""
CASES = ("incident", "transition")
OF_KIND = {
    "facilities": "facility",
    "coverage_grids": "grid",
    "coverage_buildings": "building",
    "five_lines": "stairwell",
    "ebikes": "estate",
    "parking_pressure": "zone",
    "evening_violations": "zone",
    "long_stays": "zone",
}
"""Layers of one kind of place that are not called after it."""
COUNTED = {
    "complaints_grids": "grid",
    "in_grid_resolution": "grid",
    "complaints_estates": "estate",
}
"""Layers that count cases at a kind of place: for those who may see all of the cases there."""


@dataclass(repr=False)
class Ground:
    """The two streets: the ways into them, every id, every row as its owner sees it."""

    town: Town
    owner: "psycopg.Connection[dict[str, Any]]"
    ids: Ids

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Short, or every failing example would print both streets."""
        printer.text("ground")

    @cached_property
    def raw(self) -> Mapping[str, list[dict[str, Any]]]:
        return {table: self.owner.execute(query).fetchall() for table, query in RAW.items()}

    @cached_property
    def statements(self) -> dict[object, tuple[str, dict[str, Any]]]:
        return {}

    @contextmanager
    def owner_as(self, viewer: Viewer) -> "Iterator[psycopg.Connection[dict[str, Any]]]":
        """The owner of the tables, whom row security does not hold, with the settings that some layers ask."""
        with self.owner.transaction():
            for name, value in viewer.settings.items():
                self.owner.execute("SELECT set_config(%s, %s, true)", (f"app.{name}", value))
            yield self.owner

    def layer_ids(
        self, connection: Connection, layer: Layer, viewer: Viewer, reach: Reach, *, picked: bool = False
    ) -> set[int]:
        """The ids of the layer with the predicate of this reach and the values of the viewer."""
        key = (layer.name, reach.shape, picked)
        if key not in self.statements:
            rows, chosen = rows_of(layer, reach, (), is_picked=picked)
            self.statements[key] = compiled(chosen.add_columns(rows.c.id))
        text, constants = self.statements[key]
        values = constants | dict(viewer.parameters) | {"as_of": NOW}
        return {row["id"] for row in connection.execute(text, values).fetchall()}


@pytest.fixture(scope="module")
def ground(empty_template: str, copy_database: Callable[[str], Base]) -> Iterator[Ground]:
    with open_town(copy_database(empty_template)) as town:
        with psycopg.connect(town.base.owner_url) as owner:
            ids = fill_up(owner)
            fill_editions(owner)
            owner.execute(THE_REST)
            fill_parking(owner)
            fill_rotas_everywhere(owner)
            fill_found(owner)
        with psycopg.connect(town.base.owner_url, row_factory=dict_row, autocommit=True) as owner:
            yield Ground(town, owner, ids)


# The rules in Python -------------------------------------------------------------------------------------------------


def covers(reach: Reach, row: Mapping[str, Any]) -> bool:
    return reach.is_city or any(
        row.get(column) in getattr(reach, name) for name, columns in COLUMNS.items() for column in columns
    )


def covers_case(reach: Reach, row: Mapping[str, Any]) -> bool:
    """Of cases: not for an estate that is only managed, but whatever one's organisation was given."""
    if row["estate_id"] in reach.managed:
        row = {**row, "estate_id": None}
    return covers(reach, row) or bool(set(reach.organisations) & set(row["parties"]))


def passes(viewer: Viewer, table: str, row: Mapping[str, Any]) -> bool:
    """Whether row security shows a row of the table."""
    reach = viewer.reach
    if table in CASES:
        return covers_case(reach, row) or row["author"] == viewer.account_id
    if table == "hotspot":
        return covers_case(reach, row)
    if table in ROTAS:
        return covers(reach, row) or viewer.person_id in row["people"]
    if table == "rota_link":
        return bool(row["person_id"] == viewer.person_id)
    if table == "community":
        return reach.is_city or row["street_id"] in reach.near
    if table == "assignment":
        return covers(reach, row) or row["person_id"] == viewer.person_id
    if table in ("person", "absence"):
        return covers(reach, row) or row["person_id"] in reach.people
    return covers(reach, row)


def expected(ground: Ground, layer: Layer, viewer: Viewer) -> set[int]:
    """The ids of the layer that the viewer sees."""
    if layer.name == "communities":
        return {row["id"] for row in ground.raw["community"] if passes(viewer, "community", row)}
    if layer.name == "assignments":
        return {row["id"] for row in ground.raw["assignment"] if covers(viewer.reach, row)}
    if layer.name == "gaps":
        return {row["place_id"] for row in ground.raw["slot"] if row["state"] == "due" and covers(viewer.reach, row)}
    if layer.name == "hotspots":
        shown = [row for row in ground.raw["hotspot"] if row["run_id"] % (1 << 32) == NEWEST]
        return {row["id"] for row in shown if passes(viewer, "hotspot", row)}
    if layer.name in COUNTED:
        whole = [row | {"parties": ()} for row in ground.raw["place"] if row["kind"] == COUNTED[layer.name]]
        return {row["id"] for row in whole if covers_case(viewer.reach, row)}
    kind = OF_KIND.get(layer.name, layer.name.rstrip("s"))
    return {row["id"] for row in ground.raw["place"] if row["kind"] == kind and covers(viewer.reach, row)}


def viewer_with(reach: Reach, person: int | None = None) -> Viewer:
    return Viewer(
        account_id=1,
        username="somebody",
        title="Somebody",
        locale="en",
        roles=frozenset({Role.LEADER}),
        reach=reach,
        person_id=person,
    )


# Random reaches ------------------------------------------------------------------------------------------------------


def some(ids: tuple[int, ...], most: int = 4) -> "st.SearchStrategy[tuple[int, ...]]":
    """Some of these ids, and ids that are none but look like one: a digit less, a digit more, the next street's."""
    odd = st.sampled_from(ids).flatmap(lambda one: st.sampled_from([one // 10, one * 10 % (1 << 52), one + (2 << 32)]))
    one = st.one_of(st.sampled_from(ids), st.sampled_from(ids), odd)
    return st.lists(one, max_size=most, unique=True).map(lambda found: tuple(sorted(found)))


@st.composite
def reaches(draw: st.DrawFn, ids: Ids) -> Reach:
    """Any reach; `near` follows from it as it must."""
    if draw(st.integers(0, 19)) == 0:
        return Reach(is_city=True)
    streets = draw(st.lists(st.sampled_from([1, 2, 3, 11]), max_size=2, unique=True).map(sorted))
    parts: dict[str, Any] = {
        name: draw(st.one_of(st.just(()), some(ids[name])))
        for name in ("communities", "grids", "estates", "places", "people")
    }
    others = {one >> 32 for name, many in parts.items() if name != "people" for one in many}
    organisations = draw(st.lists(st.sampled_from([1, 5, 6, 55]), max_size=2, unique=True).map(sorted))
    managed = draw(st.lists(st.sampled_from(parts["estates"]), unique=True)) if parts["estates"] else []
    return Reach(
        streets=tuple(streets),
        near=tuple(sorted({*streets, *others})),
        organisations=tuple(organisations),
        managed=tuple(sorted(managed)) if organisations else (),
        **parts,
    )


@QUICK
@given(data=st.data())
def test_both_locks_and_the_rules_agree_on_layers(ground: Ground, data: st.DataObject) -> None:
    reach = data.draw(reaches(ground.ids))
    viewer = viewer_with(reach, data.draw(st.sampled_from([None, *ground.ids["people"]])))
    everywhere = Reach(is_city=True)
    assert [reach.covers(row) for row in ground.raw["slot"]] == [covers(reach, row) for row in ground.raw["slot"]]
    with ground.town.database.transaction(viewer.settings) as app:
        for layer in LOCKED:
            ids = expected(ground, layer, viewer)
            for picked in (False, True):
                with ground.owner_as(viewer) as owner:
                    alone = ground.layer_ids(owner, layer, viewer, reach, picked=picked)
                assert alone == ids, ("the predicate alone", layer.name, picked)
                both = ground.layer_ids(app, layer, viewer, reach, picked=picked)
                assert both == ids, ("both locks", layer.name, picked)
            behind = ground.layer_ids(app, layer, viewer, everywhere)
            assert behind == ids, ("row security alone", layer.name)


@QUICK
@given(data=st.data())
def test_row_security_is_the_rules_on_tables(ground: Ground, data: st.DataObject) -> None:
    viewer = viewer_with(data.draw(reaches(ground.ids)), data.draw(st.sampled_from([None, *ground.ids["people"]])))
    with ground.town.database.transaction(viewer.settings) as app:
        for table, rows in ground.raw.items():
            found = {row["id"] for row in app.execute(f"SELECT id FROM gridmap.{table}").fetchall()}
            assert found == {row["id"] for row in rows if passes(viewer, table, row)}, table
            # where nothing of a street is seen, nothing that hangs on its places is
            if table in CASES:
                continue
            assert {one >> 32 for one in found} <= {*viewer.reach.near, *streets_of(viewer)} or viewer.reach.is_city


def streets_of(viewer: Viewer) -> set[int]:
    return {one >> 32 for one in (*viewer.reach.people, viewer.person_id or 0)}


@QUICK
@given(data=st.data())
def test_a_narrow_reach_is_what_lies_in_the_street(ground: Ground, data: st.DataObject) -> None:
    viewer = viewer_with(data.draw(reaches(ground.ids)))
    for street in (1, 2):
        narrow = within(viewer, street)
        for layer in LOCKED:
            here = {one for one in expected(ground, layer, viewer) if one >> 32 == street}
            with ground.owner_as(narrow) as owner:
                assert ground.layer_ids(owner, layer, narrow, narrow.reach, picked=True) == here, layer.name
            with ground.town.database.transaction(narrow.settings) as app:
                assert ground.layer_ids(app, layer, narrow, Reach(is_city=True)) == here, layer.name


@QUICK
@given(data=st.data())
def test_the_key_tells_apart_what_is_seen_and_nothing_else(ground: Ground, data: st.DataObject) -> None:
    one, other = (viewer_with(data.draw(reaches(ground.ids))) for _ in range(2))
    assert (one.key == other.key) == (one.reach == other.reach)
    roles = data.draw(st.sets(st.sampled_from(Role), min_size=1).map(frozenset))
    another = replace(one, roles=roles)
    assert (another.key == one.key) == (another.reading_roles == one.reading_roles)
    renamed = replace(one, account_id=7, username="x", title="X", locale="zh")
    assert renamed.key == one.key


# Settings ------------------------------------------------------------------------------------------------------------

STREET_SETS = st.one_of(
    st.sets(st.integers(0, 40)),
    st.sets(st.integers(0, MAX_STREETS - 1), max_size=30),
    st.sets(st.sampled_from([0, 1, 2, MAX_STREETS - 2, MAX_STREETS - 1])),
)


def runs(ids: set[int]) -> list[tuple[int, int]]:
    """The runs of neighbours, half open."""
    starts, ends = ({one for one in ids if one - 1 not in ids}, {one + 1 for one in ids if one + 1 not in ids})
    return list(zip(sorted(starts), sorted(ends), strict=True))


@QUICK
@given(streets=STREET_SETS)
def test_ranges_hold_exactly_the_streets(ground: Ground, streets: set[int]) -> None:
    ordered = tuple(sorted(streets))
    viewer = viewer_with(Reach(streets=ordered, near=ordered))
    for name in RANGED:
        assert viewer.settings.get(name, "{}") == viewer.parameters[f"{name}_ranges"]
        row = ground.owner.execute(
            "SELECT coalesce(array_agg(ARRAY[lower(r), upper(r)] ORDER BY r), '{}') AS found"
            " FROM unnest(%s::int4multirange) r",
            (viewer.parameters[f"{name}_ranges"],),
        ).fetchone()
        assert row is not None
        assert [tuple(run) for run in row["found"]] == runs(streets)
    around = sorted({one + step for one in streets for step in (-1, 0, 1)} | {0, 1})
    with ground.town.database.transaction(viewer.settings) as app:
        found = app.execute("SELECT s FROM unnest(%s::int[]) s WHERE gridmap.is_near(s)", (around,)).fetchall()
    assert {row["s"] for row in found} == streets


def test_ranges_are_written_as_they_are_documented() -> None:
    viewer = viewer_with(Reach(streets=(1, 2, 3, 7), near=(1, 2, 3, 7), grids=(5, 51)))
    assert viewer.settings["streets"] == "{[1,4),[7,8)}"
    assert viewer.settings["grids"] == ",5,51,"


@QUICK
@given(ids=st.sets(st.one_of(st.integers(0, 130), st.integers(1, 2**53 - 1)), max_size=25), data=st.data())
@pytest.mark.parametrize("name", LISTS)
def test_lists_hold_exactly_the_ids(ground: Ground, name: str, ids: set[int], data: st.DataObject) -> None:
    reach: dict[str, Any] = {name: tuple(sorted(ids))}
    viewer = viewer_with(Reach(**reach))
    parts = {int(text[start:end]) for one in ids for text in [str(one)] for start in (0, 1) for end in (None, -1)
             if text[start:end]}  # fmt: skip
    asked = sorted({*ids, *parts, *(one * 10 for one in ids if one < 2**49), data.draw(st.integers(0, 2**53))})
    with ground.town.database.transaction(viewer.settings) as app:
        found = app.execute(
            "SELECT i FROM unnest(%s::bigint[]) i WHERE gridmap.viewer_has(%s, i)", (asked, name)
        ).fetchall()
    assert {row["i"] for row in found} == ids


# Nothing without a word ----------------------------------------------------------------------------------------------


@contextmanager
def saying(ground: Ground, **words: str) -> Iterator[Connection]:
    with ground.town.database.transaction(words) as app:
        yield app


def visible(ground: Ground, words: Mapping[str, str]) -> dict[str, set[Any]]:
    """The rows of every table with row security, but the feed and the outlines that are there for all signed in."""
    with saying(ground, **words) as app:
        found = {}
        for table in CLOSED:
            key = ", ".join(primary_key(ground.town.base.owner_url, table))
            rows = app.execute(f"SELECT {key} FROM gridmap.{table}").fetchall()
            found[table] = {tuple(row.values()) for row in rows}
    return found


CLOSED = sorted(LOCKED_TABLES - {"change", "basemap"})
NOTHING: list[dict[str, str]] = [
    {},
    {"scope": ""},
    {"scope": "City"},
    {"scope": " city"},
    {"scope": "all", "streets": "{[1,4)}", "near": "{[1,4)}"},
    {"streets": "{[1,4)}", "near": "{[1,4)}", "grids": ",1,", "people": ",1,"},
    {"scope": "some", "streets": "", "near": "", "communities": "", "people": ""},
]


@pytest.mark.parametrize("words", NOTHING, ids=str)
def test_who_says_nothing_sees_nothing(ground: Ground, words: dict[str, str]) -> None:
    # a link to a calendar is nobody's but its owner's, not even the office's
    oneself = {**SYSTEM, "self": f",{ground.ids['people'][0]},"}
    assert [table for table, rows in visible(ground, oneself).items() if not rows] == []
    assert visible(ground, SYSTEM)["rota_link"] == set()
    found = visible(ground, words)
    signed_in = {"organisation"} if words.get("scope") == "some" else set()
    assert {table for table, rows in found.items() if rows} == signed_in


def test_an_empty_reach_sees_nothing(ground: Ground) -> None:
    viewer = viewer_with(Reach())
    assert viewer.reach.is_empty
    assert set(viewer.settings) == {"scope", "account"}
    with saying(ground, **viewer.settings) as app:
        for layer in LOCKED:
            assert ground.layer_ids(ground.owner, layer, viewer, viewer.reach) == set()
            assert ground.layer_ids(app, layer, viewer, Reach(is_city=True)) == set()
        # but for what one has reported oneself
        tables = [table for table in RAW if table not in CASES]
        assert [table for table in tables if app.execute(f"SELECT FROM gridmap.{table}").rowcount] == []


@QUICK
@given(data=st.data())
def test_a_setting_that_gets_lost_only_takes_away(ground: Ground, data: st.DataObject) -> None:
    viewer = viewer_with(data.draw(reaches(ground.ids)), data.draw(st.sampled_from([None, *ground.ids["people"]])))
    whole = visible(ground, viewer.settings)
    lost = data.draw(st.sampled_from(sorted(viewer.settings)))
    rest = visible(ground, {name: value for name, value in viewer.settings.items() if name != lost})
    assert {table: rows - whole[table] for table, rows in rest.items() if rows - whole[table]} == {}


@QUICK
@given(data=st.data())
def test_the_first_lock_of_cases_is_the_rules_too(ground: Ground, data: st.DataObject) -> None:
    viewer = viewer_with(data.draw(reaches(ground.ids)))
    for table in CASES:
        rows = metadata.tables[f"gridmap.{table}"]
        expected = {row["id"] for row in ground.raw[table] if covers_case(viewer.reach, row)}
        for picked in (False, True):
            lock = predicate(Scoped.CASE, rows, viewer.reach, is_picked=picked)
            text, constants = compiled(select(rows.c.id) if lock is None else select(rows.c.id).where(lock))
            found = ground.owner.execute(text, constants | dict(viewer.parameters)).fetchall()
            assert {row["id"] for row in found} == expected, (table, picked)


def test_every_pattern_of_scope_is_tried() -> None:
    assert {layer.scoped_by for layer in LOCKED} | {Scoped.CASE} == set(Scoped)
    assert {layer.name for layer in LAYERS} - {layer.name for layer in LOCKED} < set(BY_NAME)
