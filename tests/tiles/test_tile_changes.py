"""A change shows: one's own at once, another process's soon, and only in the tiles that it touches."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Column
from sqlalchemy.sql import visitors

from gridmap.accounts import actor, close_sessions, disable_account, enable_account, end_grant, grants_of, revoke_tokens
from gridmap.api.feeds import feeds_of
from gridmap.db import SYSTEM
from gridmap.db.changes import POLL_SECONDS
from gridmap.layer import Layer
from gridmap.layers import BY_NAME, LAYERS
from gridmap.maps import BY_ZONES, CASES, FOUND, WORK
from gridmap.people import Duty, assign, end_assignment
from gridmap.read import Tile
from tests.tiles.door import EVERYTHING, Door, Reply, path_of, tile_at, told
from tests.two_streets import NOW, identity

PATIENCE = 10.0
"""Seconds: two are promised, a busy machine that runs tests gets more."""
EARLY, LATE = Tile(12, 3339, 1784), Tile(16, 53413, 28562)
ALL = f"{EVERYTHING},assignments"


def soon(is_so: Callable[[], bool]) -> bool:
    """Whether it becomes true before patience ends."""
    until = time.monotonic() + PATIENCE
    pause = threading.Event()
    while not is_so():
        if time.monotonic() > until:
            return False
        pause.wait(0.02)
    return True


def names(reply: Reply) -> dict[int, Any]:
    return {key: row.get("name") for key, row in reply.layers.get("buildings", {}).items()}


@pytest.fixture(scope="module")
def building(own_streets: Door) -> tuple[int, str]:
    """A building of the first street, and the address of its tile."""
    with own_streets.owner() as owner:
        row = owner.execute(
            "SELECT id, ST_X(label_3857) AS x, ST_Y(label_3857) AS y FROM gridmap.place WHERE id = %s",
            (identity(1, 1100),),
        ).fetchone()
    assert row is not None
    return row["id"], path_of(tile_at(row["x"], row["y"], 16), "buildings,stairwells")


def rename(door: Door, building: int, name: str, *, notify: bool = True) -> int:
    """Another process gives the building another name; gives the number of the change."""
    with door.owner() as owner:
        owner.execute("UPDATE gridmap.place SET name = %s WHERE id = %s", (name, building))
    return told(door, building >> 32, "buildings", notify=notify)


# At once, soon -------------------------------------------------------------------------------------------------------


def test_two_seconds_leave_room_for_a_poll() -> None:
    assert POLL_SECONDS <= 1


@pytest.mark.parametrize("notify", [True, False], ids=["told aloud", "found by the poll"])
@pytest.mark.parametrize("by", ["cookie", "token"])
def test_what_another_process_changes_shows_soon(
    own_streets: Door, building: tuple[int, str], notify: bool, by: str
) -> None:
    identity, path = building
    old = own_streets.ask(path, by=by)
    name = f"renamed {notify} {by}"
    rename(own_streets, identity, name, notify=notify)
    assert soon(lambda: own_streets.ask(path, by=by, If_None_Match=old["etag"]).status == 200)
    new = own_streets.ask(path, by=by)
    assert names(new)[identity] == name != names(old)[identity]
    assert new["etag"] != old["etag"]


@pytest.fixture(scope="module")
def deaf(own_streets: Door, make_app: Callable[..., Flask]) -> Door:
    """A process that has stopped to follow the feed by itself."""
    made = replace(own_streets, app=make_app(own_streets.base))
    made.services.changes.stop()
    return made


@pytest.mark.parametrize("by", ["cookie", "token"])
def test_ones_own_change_shows_at_once(deaf: Door, building: tuple[int, str], by: str) -> None:
    identity, path = building
    old = deaf.ask(path, by=by)
    change = rename(deaf, identity, f"own {by}")
    assert deaf.ask(path, by=by, If_None_Match=old["etag"]).status == 304
    new = deaf.ask(f"{path}&seen={change}", by=by, If_None_Match=old["etag"])
    assert new.status == 200
    assert names(new)[identity] == f"own {by}"
    assert deaf.ask(path, by=by)["etag"] == new["etag"]


ODD = [
    "",
    "0",
    "-1",
    "1.5",
    "seven",
    "%C2%B2",
    "%D9%A3",
    "9" * 15,
    "9" * 16,
    "9" * 5000,
    "1e5",
    "0x10",
    "%00",
    "1&seen=2",
]


@pytest.mark.parametrize("seen", ODD, ids=lambda word: word[:20])
@pytest.mark.parametrize("by", ["cookie", "token"])
def test_an_odd_number_of_a_change_is_passed_over(
    own_streets: Door, building: tuple[int, str], seen: str, by: str
) -> None:
    path = building[1]
    assert own_streets.ask(f"{path}&seen={seen}", by=by).status == 200


def test_two_processes_call_one_state_by_one_name(own_streets: Door, building: tuple[int, str], deaf: Door) -> None:
    """A browser talks now to this worker, now to that one."""
    for street in (1, 2, 0):
        change = told(own_streets, street, "buildings", "people", "streets", "assignments", "roads")
    for layers in (ALL, "buildings", "streets,roads"):
        for tile in (EARLY, LATE):
            for who in ("chief", "boss", "worker"):
                path = f"{path_of(tile, layers)}&seen={change}"
                assert own_streets.ask(path, who)["etag"] == deaf.ask(path, who)["etag"]


# What a change touches -----------------------------------------------------------------------------------------------

WHO_LOOKS = ("chief", "boss", "other_boss", "worker", "company")
SEES = {"chief": {1, 2}, "boss": {1}, "other_boss": {2}, "worker": {1}, "company": {2}}
SHARED = {"districts", "streets", "roads", "water", "green"}


def etags(door: Door, change: int) -> dict[tuple[str, str], str]:
    """The ETag of each layer's own tile for each account."""
    return {
        (who, layer.name): reply["etag"]
        for who in WHO_LOOKS
        for layer in LAYERS
        for reply in [door.ask(f"{path_of(LATE, layer.name)}&seen={change}", who)]
        if reply.status != 404
    }


@pytest.mark.parametrize("street", [0, 1, 2])
@pytest.mark.parametrize(
    "word", ["buildings", "streets", "districts", "roads", "assignments", "people", "grids", "accounts"]
)
def test_a_change_makes_other_tiles_of_what_shows_it_and_of_nothing_else(deaf: Door, word: str, street: int) -> None:
    before = etags(deaf, told(deaf, street, "nothing"))
    after = etags(deaf, told(deaf, street, word))
    changed = {key for key in before if before[key] != after[key]}
    shows = {layer.name for layer in LAYERS if word in feeds_of((layer,), 16)}
    assert changed == {
        (who, layer)
        for who, layer in before
        if layer in shows and (street == 0 or street in SEES[who] or (layer in SHARED and word in SHARED))
    }
    assert bool(shows) == (word != "accounts")


def test_who_looks_after_a_stairwell_shows_where_only_stairwells_are_asked_for(own_streets: Door) -> None:
    door, holder = identity(1, 1202), identity(1, 1501)
    services = own_streets.services
    by = actor(services.clock)
    with own_streets.owner() as owner:
        row = owner.execute(
            "SELECT ST_X(label_3857) AS x, ST_Y(label_3857) AS y FROM gridmap.place WHERE id = %s", (door,)
        ).fetchone()
    assert row is not None
    path = path_of(tile_at(row["x"], row["y"], 16), "stairwells")

    def held() -> Any:
        return own_streets.ask(path).layers["stairwells"][door]["held"]

    assert held() == "open"
    duty = Duty(person_id=holder, place_id=door, role="stairwell_leader", start=NOW)
    with services.database.transaction(SYSTEM) as connection:
        connection.execute("UPDATE gridmap.duty_role SET level = 'stairwell' WHERE code = 'building_manager'")
        made = assign(connection, by, replace(duty, role="building_manager"))
    assert soon(lambda: held() == "held")
    with services.database.transaction(SYSTEM) as connection:
        end_assignment(connection, by, made, revision=1)
    assert soon(lambda: held() == "open")


FEEDS_OF_TABLES = {
    "assignment": {"assignments"},
    "person": {"people"},
    "organisation": {"organisations"},
    "district": {"districts"},
    "slot": {"slots"},
    "coverage": {"slots"},
    "place": {"grids", "estates", "buildings", "stairwells", "facilities"},
}
"""Tables that speak of other layers, and the words that announce their changes."""


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_a_layer_says_what_its_values_are_drawn_from(layer: Layer) -> None:
    """Read from the SQL: whoever joins another table follows its changes."""
    own = {column.table.name for column in columns_in(layer.rows.selected_columns["id"])}
    if layer.name == "gaps":
        own.add("place")  # whose rows come out of a union of all kinds of places
    for name, attribute in layer.attributes.items():
        tables = {column.table.name for column in columns_in(layer.rows.selected_columns[name])} - own
        for table in tables & FEEDS_OF_TABLES.keys():
            assert set(attribute.drawn_from) & FEEDS_OF_TABLES[table], (name, table)
        assert set(attribute.drawn_from) <= {*BY_NAME, "people", "organisations", "slots", "parking"}


def columns_in(expression: Any) -> Iterator["Column[Any]"]:
    return (part for part in visitors.iterate(expression) if isinstance(part, Column) and part.table is not None)


def test_what_a_zoom_does_not_show_changes_nothing_there() -> None:
    layers = tuple(LAYERS)
    for zoom in range(17):
        shown = {layer.name for layer in LAYERS if (layer.gathered_from or layer.min_zoom) <= zoom}
        # what is counted from cases hangs on them, and on the households of what they lie in
        counted = shown & CASES - {"incidents"}
        areas = {"incidents"} if counted else set()
        areas |= {name.removeprefix("complaints_") for name in counted if name.startswith("complaints_")}
        # a gap has its reason, and that hangs on who holds the place
        held = {"assignments", "people"} if "gaps" in shown else set()
        assert feeds_of(layers, zoom).keys() & BY_NAME.keys() == shown | areas | held & BY_NAME.keys()
        due = {"slots"} if shown & (WORK - CASES - FOUND) else set()
        due |= {"parking"} if shown & set(BY_ZONES) else set()
        assert {word for word in feeds_of(layers, zoom) if word not in BY_NAME} == due | held - BY_NAME.keys()


# Who is out ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["cookie", "token"])
def test_a_disabled_account_is_out_soon_and_in_again(own_streets: Door, by: str) -> None:
    path, who = path_of(LATE), "leaving"
    services = own_streets.services
    account = account_of(own_streets, who)
    etag = own_streets.ask(path, who, by=by)["etag"]
    with services.database.transaction(SYSTEM) as connection:
        disable_account(connection, actor(services.clock), account, why="gone")
    assert soon(lambda: own_streets.ask(path, who, by=by).status == 401)
    assert own_streets.ask(path, who, by=by, If_None_Match=etag).status == 401
    assert own_streets.ask(path, by=by).status == 200
    with services.database.transaction(SYSTEM) as connection:
        enable_account(connection, actor(services.clock), account)
    assert soon(lambda: own_streets.ask(path, who, by=by).status == 200)


def account_of(door: Door, who: str) -> int:
    with door.owner() as owner:
        row = owner.execute("SELECT id FROM gridmap.account WHERE username = %s", (who,)).fetchone()
    assert row is not None
    return int(row["id"])


def test_a_grant_that_ends_takes_its_rows_along(own_streets: Door) -> None:
    """Whoever sees less afterwards never gets the larger tile again, not even as still good."""
    services, path, who = own_streets.services, path_of(LATE, "buildings"), "several"
    account, by = account_of(own_streets, who), actor(own_streets.services.clock)
    before = own_streets.ask(path, who)
    assert before.layers["buildings"]
    with services.database.transaction(SYSTEM) as connection:
        (leads,) = [grant for grant in grants_of(connection, account, by.business_at) if grant["role"] == "leader"]
        assert end_grant(connection, by, account, leads["id"])
    assert soon(lambda: own_streets.ask(path, who, If_None_Match=before["etag"]).status != 304)
    assert own_streets.ask(path, who).status == 204


def test_a_session_and_a_token_that_are_revoked_are_out_soon(own_streets: Door) -> None:
    services, path, who = own_streets.services, path_of(LATE), "head"
    account, by = account_of(own_streets, who), actor(own_streets.services.clock)
    for way, revoke in (("cookie", close_sessions), ("token", revoke_tokens)):
        assert own_streets.ask(path, who, by=way).status == 200
        with services.database.transaction(SYSTEM) as connection:
            assert revoke(connection, by, account) == 1
        assert soon(lambda way=way: own_streets.ask(path, who, by=way).status == 401)  # type: ignore[misc]  # the default binds
