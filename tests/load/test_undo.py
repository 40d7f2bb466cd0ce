"""A run is taken back: what it made goes, what it changed is as before, what was touched later stays and is told."""

import psycopg
import pytest
import shapely

from gridmap.accounts import actor
from gridmap.clock import parse_clock
from gridmap.db import SYSTEM, Database
from gridmap.load.store.run import store_in
from gridmap.load.store.undo import UndoProblem, foresee_undo, undo_run
from load.files import judge, square, write_csv, write_features
from load.test_store import BY, communities, find, one, put, rows

LATER = actor(parse_clock("2026-03-20T09:00+08:00"))


@pytest.fixture
def database(empty_base):
    made = Database(empty_base.app_url)
    yield made
    made.close()


def undo(database, run, by=LATER, **how):
    with database.transaction(SYSTEM) as connection:
        return undo_run(connection, by, run, **how)


def foresee(database, run):
    with database.transaction(SYSTEM) as connection:
        return foresee_undo(connection, run)


CONTENT = {
    "place": "street_id, id, kind, code, name, aliases, initials, address, parent_id, community_id, grid_id,"
    " micro_grid_id, estate_id, valid, geom, extra, import_run_id, source, source_key",
    "community": "street_id, id, code, name, aliases, declared_households, geom, extra, import_run_id, source_key",
    "basemap": "street_id, id, kind, class, name, geom, extra, import_run_id, source_key",
    "grid": "*",
    "estate": "*",
    "building": "*",
    "facility": "*",
    "organisation": "id, name",
}


def register(database):
    """Every row as it reads, but for who touched it last."""
    return {
        table: rows(database, f"SELECT {columns} FROM gridmap.{table} ORDER BY 1, 2")
        for table, columns in CONTENT.items()
    }


def open_members(database):
    return rows(
        database,
        "SELECT place_id, community_id, grid_id, estate_id FROM gridmap.membership WHERE upper_inf(valid) ORDER BY 1",
    )


@pytest.fixture
def street(database, tmp_path):
    put(database, communities(tmp_path, shapely.box(121.3, 31.2, 121.5, 31.4)))
    return {"street_id": find(database)}


def features(tmp_path, kind, *those):
    return judge(kind, write_features(tmp_path / f"{kind}.geojson", list(those)))


CASES = {
    "communities": (square(121.6, 31.3), {"code": "310113103038", "name": "别的居委"}),
    "grids": (square(121.4, 31.3), {"name": "甲"}),
    "estates": (square(121.4, 31.3), {"name": "乙", "物业公司": "好物业", "户数": 3}),
    "buildings": (square(121.4, 31.3), {"id": 1, "name": "1号楼", "层数": 6}),
    "facilities": (square(121.4, 31.3), {"name": "灯", "类型": "路灯"}),
    "roads": (shapely.LineString([(121.4, 31.3), (121.41, 31.3)]), {"id": 4, "name": "路", "highway": "primary"}),
    "green": (square(121.4, 31.3), {"name": "公园", "leisure": "park"}),
}


@pytest.mark.parametrize("kind", CASES)
def test_what_a_run_made_goes_again(database, tmp_path, street, kind):
    put(database, features(tmp_path, "buildings", (square(121.4, 31.3), {"id": 9, "name": "旧", "层数": 2})), **street)
    before, members = register(database), open_members(database)
    stored = put(database, features(tmp_path, kind, CASES[kind]), **street)
    assert register(database) != before
    told = undo(database, stored.runs[0])
    assert (told.removed, told.left) == (stored.new, 0)
    assert register(database) == before
    assert open_members(database) == members
    audited = rows(database, "SELECT after FROM gridmap.audit WHERE action = 'undo_import'")
    assert [row["after"]["removed"] for row in audited] == [stored.new]


def test_what_a_run_changed_is_as_it_was(database, tmp_path, street):
    kind = "estates"
    first = put(database, features(tmp_path, kind, (square(121.4, 31.3), {"id": 1, "name": "甲", "户数": 3})), **street)
    put(database, features(tmp_path, "buildings", (square(121.42, 31.3), {"id": 1, "name": "1号楼"})), **street)
    before, members = register(database), open_members(database)
    changed = put(
        database,
        features(tmp_path, kind, (square(121.42, 31.3), {"id": 1, "name": "甲", "户数": 4, "物业公司": "好物业"})),
        **street,
    )
    assert (changed.new, changed.changed) == (0, 1)
    assert one(database, "SELECT count(*) FROM gridmap.place WHERE kind = 'building' AND estate_id IS NOT NULL") == 1
    told = undo(database, changed.runs[0])
    assert (told.removed, told.restored, told.left) == (0, 2, 0)
    assert register(database) == before
    assert open_members(database) == members
    # history keeps what was true between the two
    assert one(database, "SELECT count(*) FROM gridmap.membership WHERE NOT upper_inf(valid)") >= 1
    # and the first run can be taken back now
    assert undo(database, first.runs[0]).removed == 1
    assert one(database, "SELECT count(*) FROM gridmap.place WHERE kind = 'estate'") == 0


def test_a_run_is_taken_back_once(database, tmp_path, street):
    run = put(database, features(tmp_path, "grids", CASES["grids"]), **street).runs[0]
    undo(database, run)
    with pytest.raises(UndoProblem) as refused:
        undo(database, run)
    assert refused.value.reason == "undone"
    with pytest.raises(UndoProblem) as refused:
        undo(database, 12345)
    assert refused.value.reason == "unknown"


def test_what_was_touched_later_stays_and_is_told(database, tmp_path, street):
    those = [(square(121.4 + n / 100, 31.3), {"id": n, "name": f"{n}号楼"}) for n in range(4)]
    run = put(database, features(tmp_path, "buildings", *those), **street).runs[0]
    put(database, features(tmp_path, "buildings", (those[1][0], {"id": 1, "name": "改名"})), **street)
    used = one(database, "SELECT id FROM gridmap.place WHERE name = '2号楼'")
    with database.transaction(SYSTEM) as connection:
        connection.execute(
            "INSERT INTO gridmap.place (street_id, id, kind, code, name, parent_id)"
            " SELECT street_id, id + 1000, 'stairwell', 'S1', '一单元', id FROM gridmap.place WHERE id = %s",
            (used,),
        )
    seen = foresee(database, run)
    assert (seen.removed, seen.left) == (2, 2)
    assert {(row["kept_for"], row["name"]) for row in seen.rows} == {("changed", "改名"), ("used", "2号楼")}
    before = register(database)
    with pytest.raises(UndoProblem) as refused:
        undo(database, run)
    assert refused.value.reason == "touched"
    assert register(database) == before
    told = undo(database, run, leave=True)
    assert (told.removed, told.left) == (2, 2)
    assert [row["name"] for row in rows(database, "SELECT name FROM gridmap.place ORDER BY name")] == [
        "2号楼",
        "一单元",
        "改名",
    ]


def test_a_grid_in_which_something_new_lies_stays(database, tmp_path, street):
    run = put(database, features(tmp_path, "grids", CASES["grids"]), **street).runs[0]
    put(database, features(tmp_path, "buildings", CASES["buildings"]), **street)
    assert [(row["kept_for"], row["name"]) for row in foresee(database, run).rows] == [("used", "甲")]


def test_two_at_once_take_it_back_once(database, tmp_path, street):
    run = put(database, features(tmp_path, "grids", CASES["grids"]), **street).runs[0]
    with database.transaction(SYSTEM) as connection:
        undo_run(connection, LATER, run)
        with database.transaction(SYSTEM) as other:
            other.execute("SET LOCAL lock_timeout = '200ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                undo_run(other, LATER, run)


def test_rows_without_a_place_wait_and_are_withdrawn_with_their_run(database, tmp_path, street):
    path = write_csv(
        tmp_path / "a.csv",
        "名称,地址,类型,经度,纬度\n灯,无名路88号,路灯,,\n树,,路灯,121.4,31.3\n",
    )
    stored = put(database, judge("facilities", path), **street)
    assert (stored.new, stored.queued) == (1, 1)
    waiting = rows(
        database, "SELECT name, address, cells -> 'attributes' AS cells, reason, state FROM gridmap.unplaced"
    )
    assert waiting == [
        {
            "name": "灯",
            "address": "无名路88号",
            "cells": {"name": "灯", "address": "无名路88号", "facility_kind": "路灯"},
            "reason": "to_place_by_hand",
            "state": "waiting",
        }
    ]
    again = put(database, judge("facilities", path), **street)
    assert again.queued == 0
    undo(database, stored.runs[0])
    assert one(database, "SELECT state FROM gridmap.unplaced") == "withdrawn"
    assert put(database, judge("facilities", path), **street).queued == 1
    assert one(database, "SELECT state FROM gridmap.unplaced") == "waiting"


def read_of(connection, table):
    """How many rows of the table this transaction has read, by whatever way."""
    found = connection.execute(
        "SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) AS rows FROM pg_stat_xact_user_tables"
        " WHERE schemaname = 'gridmap' AND relname = %s",
        (table,),
    ).fetchone()
    return found["rows"]


def test_what_is_read_grows_with_the_rows_not_with_their_square(database, tmp_path, street):
    many = 600
    put(
        database,
        features(tmp_path, "grids", *((square(121.3 + n / 1000, 31.2), {"name": f"网格{n}"}) for n in range(60))),
        **street,
    )
    those = [
        (square(121.3 + n % 30 / 1000, 31.2 + n // 30 / 1000, 0.0005), {"id": n, "name": f"{n}号楼"})
        for n in range(many)
    ]
    checked = features(tmp_path, "buildings", *those)
    with database.transaction(SYSTEM) as connection:
        stored = store_in(connection, BY, [checked], **street)
        assert read_of(connection, "place") < 50 * many
    with database.transaction(SYSTEM) as connection:
        assert undo_run(connection, LATER, stored.runs[0]).removed == many
        assert read_of(connection, "place") < 50 * many
        assert read_of(connection, "import_row") < 50 * many
        assert read_of(connection, "community") < 50 * many
