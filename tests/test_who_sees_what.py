"""Nobody sees a row or an attribute that is not theirs, and everybody sees all that is: every account, every output."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg.rows import dict_row

from gridmap.layer import Scoped
from gridmap.layers import BY_NAME, LAYERS
from tests.conftest import DEMO_CLOCK, Base
from tests.mutations import (
    every_layer_for_everyone,
    keyed_by,
    open_policy,
    shown_to_everyone,
    without_first_lock,
    without_second_lock,
)
from tests.oracle import LOCKED_TABLES, PLANS, TOLD_WHO, WHAT, Leak, Oracle, known_to
from tests.outputs import Scene, export_leaks, feature_leaks, table_leaks, tile_leaks
from tests.world import ACCOUNTS, keep_one_street, make_world

DEMO_ACCOUNTS = ("admin", "community", "leader", "manager", "planner", "property", "worker")
EVERYBODY = (*DEMO_ACCOUNTS, *ACCOUNTS)
SHUT_OUT = ("disabled", "expired", "no_grant", "not_yet")
SIGNED_IN = tuple(who for who in EVERYBODY if who not in SHUT_OUT)
SOME = ("admin", "building_manager", "city_leader", "community", "leader_admin", "planner_worker", "property")
"""Enough of them for a quick run: each level and each kind of role."""


def each(everybody: Iterable[str]) -> list[Any]:
    """Every one of them in a full run, some of them always."""
    return [who if who in SOME else pytest.param(who, marks=pytest.mark.full) for who in everybody]


def open_scene(base: Base, make_app: Callable[[Base], Flask]) -> Scene:
    keep_one_street(base.superuser_url)
    with psycopg.connect(base.owner_url, row_factory=dict_row) as owner:
        world = make_world(owner)
    app = make_app(base)
    return Scene(app, world, Oracle(base.owner_url, datetime.fromisoformat(DEMO_CLOCK)))


@pytest.fixture(scope="module")
def scene(demo_template: str, copy_database: Callable[[str], Base], make_app: Callable[[Base], Flask]) -> Scene:
    """A world that nobody changes."""
    return open_scene(copy_database(demo_template), make_app)


def test_the_oracle_knows_every_layer_attribute_and_table(scene: Scene) -> None:
    assert set(WHAT) == set(BY_NAME)
    for layer in LAYERS:
        known = known_to(TOLD_WHO, layer.name) | known_to(PLANS, layer.name)
        assert known == set(layer.attributes), layer.name
    with psycopg.connect(scene.oracle.owner_url) as owner:
        locked = owner.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'gridmap'::regnamespace AND relrowsecurity"
        ).fetchall()
    assert {row[0] for row in locked} == LOCKED_TABLES


def test_the_world_is_rich_enough(scene: Scene) -> None:
    """Each account sees something else, or the tests below would say little."""
    seen = {
        who: tuple(len(scene.oracle.sight(who, layer).rows) for layer in BY_NAME)
        for who in EVERYBODY
        if scene.oracle.rights(who)
    }
    assert set(EVERYBODY) - set(seen) == set(SHUT_OUT)
    assert len(set(seen.values())) >= 14, seen
    sees_all = seen["city_leader"]
    assert all(sees_all)
    assert sum(counts == sees_all for counts in seen.values()) == 1


@pytest.mark.parametrize("who", EVERYBODY)
def test_items_counts_and_extents(scene: Scene, who: str) -> None:
    leaks = [leak for name in BY_NAME for leak in feature_leaks(scene, who, name)]
    assert leaks == []


@pytest.mark.parametrize("day", [date(2025, 5, 5), date(2025, 12, 31), date(2027, 2, 1)])
@pytest.mark.parametrize("who", each(SIGNED_IN))
def test_items_of_another_day(scene: Scene, who: str, day: date) -> None:
    leaks = [
        leak
        for name in ("communities", "grids", "buildings", "stairwells", "assignments")
        for leak in feature_leaks(scene, who, name, day)
    ]
    assert leaks == []


@pytest.mark.parametrize("who", each(SIGNED_IN))
def test_exports_and_frames(scene: Scene, who: str) -> None:
    assert [leak for name in BY_NAME for leak in export_leaks(scene, who, name)] == []


@pytest.mark.parametrize("who", EVERYBODY)
def test_tiles(scene: Scene, who: str) -> None:
    assert tile_leaks(scene, who, 16) == []


@pytest.mark.parametrize("zoom", [12, 13, 14, 15])
@pytest.mark.parametrize("who", each(EVERYBODY))
def test_tiles_from_afar(scene: Scene, who: str, zoom: int) -> None:
    assert tile_leaks(scene, who, zoom) == []


@pytest.mark.parametrize("who", EVERYBODY)
def test_the_second_lock_alone(scene: Scene, who: str) -> None:
    assert [leak for table in sorted(LOCKED_TABLES) for leak in table_leaks(scene, who, table)] == []


# One lock at a time ------------------------------------------------------------------------------------------------

NARROW = ("building_manager", "community", "manager", "micro_worker", "other_leader", "planner_worker", "property")


def all_leaks(scene: Scene, who: str, layers: Iterable[str] = tuple(BY_NAME)) -> list[Leak]:
    """Pages, single features and tiles of one account."""
    return [leak for name in layers for leak in feature_leaks(scene, who, name)] + tile_leaks(scene, who, 16, layers)


@pytest.mark.parametrize("who", each(NARROW))
def test_without_the_first_lock_nothing_leaks(scene: Scene, who: str) -> None:
    with without_first_lock():
        scene.forget()
        leaks = all_leaks(scene, who)
    scene.forget()
    assert leaks == []


@pytest.fixture(scope="module")
def mutant(demo_template: str, copy_database: Callable[[str], Base], make_app: Callable[[Base], Flask]) -> Scene:
    """A world in which locks are broken."""
    return open_scene(copy_database(demo_template), make_app)


def rows_too_many(leaks: Iterable[Leak]) -> set[tuple[str, str]]:
    return {(leak.output, leak.layer) for leak in leaks if leak.kind == "row"}


def test_without_the_second_lock_no_row_leaks(mutant: Scene) -> None:
    with without_second_lock(mutant.oracle.owner_url):
        mutant.forget()
        leaks = [leak for who in NARROW for leak in all_leaks(mutant, who)]
    mutant.forget()
    assert rows_too_many(leaks) == set()
    assert {leak.kind for leak in leaks} <= {"value"}


@pytest.mark.parametrize("pattern", [Scoped.PLACE, Scoped.STREET])
def test_a_lost_predicate_is_noticed(mutant: Scene, pattern: Scoped) -> None:
    layers = [layer.name for layer in LAYERS if layer.scoped_by is pattern]
    with without_second_lock(mutant.oracle.owner_url), without_first_lock(frozenset({pattern})):
        mutant.forget()
        leaks = all_leaks(mutant, "micro_worker", layers)
    mutant.forget()
    for layer in layers:
        outputs = {output for output, name in rows_too_many(leaks) if name == layer}
        assert {"items", "item", "count", "tile z16"} <= outputs, layer


@pytest.mark.parametrize("table", sorted(LOCKED_TABLES - {"basemap", "change", "audit", "sign_in_slip", "submission"}))
def test_a_lost_policy_is_noticed(mutant: Scene, table: str) -> None:
    """By the second lock's own check, whatever the table; the layers that rest on it alone are below."""
    with open_policy(mutant.oracle.owner_url, table):
        leaks = [leak for who in NARROW for leak in table_leaks(mutant, who, table)]
    assert rows_too_many(leaks) == {("table", table)}
    assert [leak for who in NARROW for leak in table_leaks(mutant, who, table)] == []


@pytest.mark.parametrize(
    ("table", "layer"),
    [
        ("place", "buildings"),
        ("place", "stairwells"),
        ("place", "facilities"),
        ("place", "estates"),
        ("place", "grids"),
        ("community", "communities"),
    ],
)
def test_a_lost_policy_is_noticed_in_what_leaves(mutant: Scene, table: str, layer: str) -> None:
    """With the first lock out, the policy is all there is; every other one stands behind that of the places."""
    with open_policy(mutant.oracle.owner_url, table), without_first_lock():
        mutant.forget()
        leaks = [leak for who in ("door_manager", "micro_worker") for leak in all_leaks(mutant, who, [layer])]
    mutant.forget()
    outputs = {output for output, name in rows_too_many(leaks) if name == layer}
    assert {"items", "item", "count", "tile z16"} <= outputs


@pytest.mark.parametrize(
    ("layer", "name", "who"),
    [
        ("buildings", "manager", "planner"),
        ("stairwells", "manager", "planner_worker"),
        ("stairwells", "held", "property"),
        ("grids", "worker", "admin"),
        ("buildings", "extra", "worker"),
        ("districts", "extra", "planner_worker"),
        ("stairwells", "leader", "city_planner"),
    ],
)
def test_a_forgotten_seen_by_is_noticed(mutant: Scene, layer: str, name: str, who: str) -> None:
    with shown_to_everyone(layer, name):
        mutant.forget()
        leaks = (
            feature_leaks(mutant, who, layer) + tile_leaks(mutant, who, 16, [layer]) + export_leaks(mutant, who, layer)
        )
    mutant.forget()
    assert Leak("attribute", who, "items", layer, name) in leaks
    assert Leak("attribute", who, "geojson", layer, name) in leaks
    assert Leak("attribute", who, "csv", layer, name) in leaks
    assert Leak("attribute", who, "frame", layer, name) in leaks
    if name in BY_NAME[layer].tile_attributes(16):
        assert Leak("attribute", who, "tile z16", layer, name) in leaks


@pytest.mark.parametrize("who", ["admin", "city_planner", "department", "resident"])
@pytest.mark.parametrize("how", ["one attribute for everyone", "every layer for everyone"])
def test_a_layer_that_should_not_be_there_is_noticed(mutant: Scene, who: str, how: str) -> None:
    """Its shapes alone would tell which places are looked after."""
    assert not mutant.oracle.sight(who, "assignments").is_there
    broken = shown_to_everyone("assignments", "role") if how.startswith("one") else every_layer_for_everyone()
    with broken:
        mutant.forget()
        leaks = feature_leaks(mutant, who, "assignments") + export_leaks(mutant, who, "assignments")
        leaks += tile_leaks(mutant, who, 16, ["assignments"])
    mutant.forget()
    outputs = {"items", "item", "count", "extent", "tile z16", "geojson", "geojsons", "csv", "frame"}
    assert rows_too_many(leaks) == {(output, "assignments") for output in outputs}


@pytest.mark.parametrize(
    ("words", "first", "then", "kinds"),
    [
        ("nothing", "city_leader", "micro_worker", {"row", "attribute"}),
        ("the roles alone", "city_leader", "other_leader", {"row"}),
        ("the reach alone", "city_leader", "city_planner", {"attribute"}),
        ("the streets alone", "micro_worker", "worker", {"row", "missing"}),
    ],
)
def test_a_cache_key_without_scope_is_noticed(
    mutant: Scene, words: str, first: str, then: str, kinds: set[str]
) -> None:
    """Whoever comes second is given what was made for the first."""
    layers = ("grids", "buildings", "stairwells")
    with keyed_by(words):
        mutant.forget()
        assert tile_leaks(mutant, first, 16, layers) == []
        leaks = tile_leaks(mutant, then, 16, layers)
    mutant.forget()
    assert kinds & {leak.kind for leak in leaks}
    assert tile_leaks(mutant, first, 16, layers) + tile_leaks(mutant, then, 16, layers) == []
