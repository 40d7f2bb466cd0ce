"""What a run has changed is told column by column, and is neither more nor less than what taking it back would undo."""

import pytest
import shapely

from gridmap.db import SYSTEM
from gridmap.load.store.changes import read_changes
from load.files import judge, square, write_features
from load.test_store import one, put
from load.test_undo import CASES, database, features, foresee, street, undo

__all__ = ["database", "street"]


def changes(database, street, run, kind, limit=100, offset=0):
    with database.transaction(SYSTEM) as connection:
        return read_changes(connection, run, kind, street["street_id"], limit=limit, offset=offset)


def test_each_value_stands_beside_what_it_was(database, tmp_path, street):
    first = (square(121.4, 31.3), {"id": 1, "name": "甲苑", "户数": 3, "物业公司": "旧物业", "备注": "一"})
    again = (square(121.42, 31.3), {"id": 1, "name": "甲苑", "户数": 4, "物业公司": "好物业", "备注": "二"})
    made = put(database, features(tmp_path, "estates", first), **street).runs[0]
    put(database, features(tmp_path, "buildings", (square(121.42, 31.3), {"id": 1, "name": "1号楼"})), **street)
    assert changes(database, street, made, "estates") == []
    run = put(database, features(tmp_path, "estates", again), **street).runs[0]

    told = {row.name: row for row in changes(database, street, run, "estates")}
    assert set(told) == {"甲苑", "1号楼"}
    estate, building = told["甲苑"], told["1号楼"]
    assert estate.values["declared_households"] == (3, 4)
    assert estate.values["property_id"] == ("旧物业", "好物业")
    assert set(estate.values) <= {"declared_households", "property_id", "备注", "address"}
    # 0.02° of longitude at 31.3° N
    assert estate.moved_m == pytest.approx(1904, abs=5)
    assert estate.areas_m2[0] == pytest.approx(estate.areas_m2[1], rel=1e-3)
    # what follows the estate is told with it
    assert building.values == {"estate_id": (None, "甲苑")}
    assert building.moved_m is None


def test_what_came_along_under_its_own_name_is_told_too(database, tmp_path, street):
    for word, kind in (("一", "路灯"), ("二", "消火栓")):
        lamp = {"id": 1, "name": "灯", "类型": kind, "编组": word}
        path = write_features(tmp_path / "灯.geojson", [(shapely.Point(121.4, 31.3), lamp)])
        run = put(database, judge("facilities", path, keep=("编组",)), **street).runs[0]
    row = changes(database, street, run, "facilities")[0]
    assert row.values == {"编组": ("一", "二"), "source_kind": ("路灯", "消火栓")}


def test_a_kept_column_never_hides_one_of_the_registers_own(database, tmp_path, street):
    for name, level in (("旧灯", 1), ("新灯", 2)):
        lamp = {"id": 1, "名称": name, "类型": "路灯", "name": "同", "level": level}
        path = write_features(tmp_path / "灯.geojson", [(shapely.Point(121.4, 31.3), lamp)])
        judged = judge("facilities", path, mapping={"name": "名称"}, keep=("name",))
        run = put(database, judged, **street).runs[0]
    assert changes(database, street, run, "facilities")[0].values["name"] == ("旧灯", "新灯")


@pytest.mark.parametrize("kind", CASES)
def test_it_tells_the_rows_that_would_be_as_before(database, tmp_path, street, kind):
    shape, values = CASES[kind]
    values = {"id": 1, **({"code": "310113103031007"} if kind == "grids" else {}), **values}
    put(database, features(tmp_path, kind, (shape, values)), **street)
    other = {"communities": {"户数": 9}}.get(kind, {"name": "另名"} if kind in ("roads", "buildings") else {})
    moved = shapely.affinity.translate(shape, 0.001, 0)
    run = put(database, features(tmp_path, kind, (moved, {**values, **other})), **street).runs[0]
    told = changes(database, street, run, kind)
    assert len(told) == foresee(database, run).restored == 1
    assert told[0].moved_m == pytest.approx(95, abs=1)
    for name, pair in told[0].values.items():
        assert pair[0] != pair[1], name
    if "name" in other:
        assert told[0].values["name"] == (values["name"], "另名")


def test_what_was_changed_since_is_not_said_to_be_the_runs_word(database, tmp_path, street):
    def named(name):
        return features(tmp_path, "buildings", (square(121.4, 31.3), {"id": 1, "name": name}))

    put(database, named("1号楼"), **street)
    run = put(database, named("2号楼"), **street).runs[0]
    put(database, named("3号楼"), **street)
    row = changes(database, street, run, "buildings")[0]
    assert (row.is_changed_since, row.values, row.moved_m) == (True, {}, None)


def test_page_by_page_every_row_comes_once_and_none_after_it_was_taken_back(database, tmp_path, street):
    def named(word):
        return [(square(121.4 + n / 1000, 31.3), {"id": n, "name": f"{n}{word}"}) for n in range(7)]

    put(database, features(tmp_path, "buildings", *named("号楼")), **street)
    run = put(database, features(tmp_path, "buildings", *named("幢")), **street).runs[0]
    pages = [changes(database, street, run, "buildings", limit=3, offset=at) for at in (0, 3, 6)]
    ids = [row.id for page in pages for row in page]
    assert len(ids) == len(set(ids)) == 7 == one(database, "SELECT count(*) FROM gridmap.place WHERE name LIKE '%%幢'")
    undo(database, run)
    assert changes(database, street, run, "buildings") == []
