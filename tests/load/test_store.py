"""Checked rows into a real database: once, twice, partly, and not at all."""

import geopandas as gpd
import psycopg
import pytest
import shapely

from gridmap.accounts import actor
from gridmap.clock import parse_clock
from gridmap.db import SYSTEM, Database
from gridmap.incidents import Report, report_incident
from gridmap.load.finding import LoadError
from gridmap.load.store import NewStreet, find_street, read_known, store
from gridmap.places.numbering import reading_order
from load.files import judge, square, write_csv, write_features

BY = actor(parse_clock("2026-03-16T09:00+08:00"))
LATER = actor(parse_clock("2026-04-20T09:00+08:00"))
NEW = NewStreet("310113103", "杨行镇")
CODE = "310113103039"


@pytest.fixture
def database(empty_base):
    made = Database(empty_base.app_url)
    yield made
    made.close()


def rows(database, query, *values):
    with database.transaction(SYSTEM) as connection:
        return connection.execute(query, values).fetchall()


def one(database, query, *values):
    return next(iter(rows(database, query, *values)[0].values()))


def put(database, checked, by=BY, **where):
    """Store into the street, made on first use."""
    if checked.kind.of_street and not where:
        where = {"new_street": NEW}
    return store(database, by, [checked], **where)


def communities(tmp_path, *shapes):
    features = [(shape, {"code": f"31011310303{n}", "name": f"第{n}居委"}) for n, shape in enumerate(shapes, start=1)]
    return judge("communities", write_features(tmp_path / "communities.geojson", features))


def snapshot(database):
    """Every register row with its revision: what must not change when the same file comes again."""
    return [
        rows(database, f"SELECT * FROM gridmap.{table} ORDER BY 1, 2")
        for table in (
            "district",
            "street",
            "community",
            "place",
            "grid",
            "estate",
            "building",
            "facility",
            "basemap",
            "membership",
            "boundary",
        )
    ]


def test_buildings_of_a_file_alone_belong_to_a_street_made_from_it(database, tmp_path):
    features = [
        (square(121.4 + n / 100, 31.3), {"id": n, "name": f"{n}号楼", "层数": 6 + n, "height": 20.5}) for n in range(3)
    ]
    stored = put(database, judge("buildings", write_features(tmp_path / "a.geojson", features)))
    assert (stored.new, stored.changed, stored.unchanged, stored.refused) == (3, 0, 0, [])
    assert {warning.code for warning in stored.warnings} == {"new_district", "without_community"}
    found = rows(
        database,
        "SELECT p.street_id, p.id, p.code, p.name, p.initials, b.floors"
        " FROM gridmap.place p JOIN gridmap.building b ON b.place_id = p.id ORDER BY p.name",
    )
    assert [row["floors"] for row in found] == [6, 7, 8]
    assert all(row["id"] >> 32 == row["street_id"] == stored.street_id for row in found)
    assert [row["initials"] for row in found] == ["0hl", "1hl", "2hl"]
    assert len({row["code"] for row in found}) == 3
    assert one(database, "SELECT bool_and(ST_Covers(s.geom, p.geom)) FROM gridmap.street s, gridmap.place p")
    assert (
        one(database, "SELECT d.name || c.name FROM gridmap.district d JOIN gridmap.city c ON c.id = d.city_id")
        == "310113上海市"
    )


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("buildings", {"id": 1, "name": "1号楼", "层数": 6}),
        ("buildings", {"name": "", "层数": 6}),
        ("estates", {"name": "甲", "物业公司": "好物业", "户数": 3, "别名": "乙、丙"}),
        ("communities", {"code": CODE, "name": "甲", "户数": 3}),
        ("grids", {"name": "甲"}),
        ("roads", {"id": 4, "name": "水产路", "highway": "primary"}),
        ("green", {"name": "公园", "leisure": "park"}),
        ("facilities", {"name": "灯", "类型": "路灯", "安装日期": "2020-01-02"}),
    ],
)
def test_the_same_file_twice_changes_nothing(database, tmp_path, kind, properties):
    shape = shapely.LineString([(121.4, 31.3), (121.41, 31.3)]) if kind == "roads" else square(121.4, 31.3)
    checked = judge(kind, write_features(tmp_path / "a.geojson", [(shape, properties)]))
    put(database, communities(tmp_path, shapely.box(121.3, 31.2, 121.5, 31.4)))
    street = {"street_id": find(database)}
    assert put(database, checked, **street).new == 1
    before = snapshot(database)
    again = put(database, judge(kind, tmp_path / "a.geojson"), LATER, **street)
    assert (again.new, again.changed, again.unchanged) == (0, 0, 1)
    assert snapshot(database) == before


def find(database):
    with database.transaction(SYSTEM) as connection:
        return find_street(connection, NEW.code)


def test_a_mended_file_adds_what_was_refused_and_updates_what_differs(database, tmp_path):
    path = write_csv(tmp_path / "a.csv", "编号,名称,lon,lat\n1,甲,121.4,31.3\n2,乙,0,0\n3,丙,121.41,31.3\n")
    put(database, judge("facilities", path))
    path = write_csv(
        tmp_path / "mended.csv", "编号,名称,lon,lat\n1,甲,121.4,31.3\n2,乙,121.42,31.3\n3,丙楼,121.41,31.3\n"
    )
    again = put(database, judge("facilities", path), street_id=find(database))
    assert (again.new, again.changed, again.unchanged) == (1, 1, 1)
    assert [row["name"] for row in rows(database, "SELECT name FROM gridmap.place ORDER BY source_key")] == [
        "甲",
        "乙",
        "丙楼",
    ]
    assert one(database, "SELECT revision FROM gridmap.place WHERE name = '丙楼'") == 2


def test_a_column_that_the_next_file_lacks_keeps_its_value(database, tmp_path):
    shape = square(121.4, 31.3)
    put(
        database,
        judge("buildings", write_features(tmp_path / "a.geojson", [(shape, {"id": 1, "name": "甲", "层数": 6})])),
    )
    checked = judge("buildings", write_features(tmp_path / "a.geojson", [(shape, {"id": 1, "建成年份": 1998})]))
    assert put(database, checked, street_id=find(database)).changed == 1
    found = rows(
        database,
        "SELECT p.name, b.floors, b.built_year, p.revision"
        " FROM gridmap.place p JOIN gridmap.building b ON b.place_id = p.id",
    )
    assert found == [{"name": "甲", "floors": 6, "built_year": 1998, "revision": 2}]


def test_places_find_their_community_grid_and_estate_and_a_border_goes_to_the_lowest_code(database, tmp_path):
    put(
        database,
        communities(tmp_path, shapely.box(121.40, 31.30, 121.42, 31.32), shapely.box(121.42, 31.30, 121.44, 31.32)),
    )
    street = {"street_id": find(database)}
    grids = [(shapely.box(121.40, 31.30, 121.41, 31.32), {}), (shapely.box(121.41, 31.30, 121.42, 31.32), {})]
    put(database, judge("grids", write_features(tmp_path / "g.geojson", grids)), **street)
    put(
        database,
        judge(
            "estates",
            write_features(tmp_path / "e.geojson", [(shapely.box(121.40, 31.30, 121.405, 31.31), {"name": "甲"})]),
        ),
        **street,
    )
    features = [
        (square(121.402, 31.302), {"name": "in"}),
        (shapely.box(121.419, 31.305, 121.421, 31.307), {"name": "border"}),
        (square(121.5, 31.3), {"name": "out"}),
    ]
    stored = put(database, judge("buildings", write_features(tmp_path / "b.geojson", features)), **street)
    found = rows(
        database,
        "SELECT p.name, c.code AS community, g.code AS grid, e.name AS estate FROM gridmap.place p"
        " LEFT JOIN gridmap.community c ON c.id = p.community_id LEFT JOIN gridmap.place g ON g.id = p.grid_id"
        " LEFT JOIN gridmap.place e ON e.id = p.estate_id WHERE p.kind = 'building' ORDER BY p.name",
    )
    assert found == [
        {"name": "border", "community": "310113103031", "grid": "310113103031002", "estate": None},
        {"name": "in", "community": "310113103031", "grid": "310113103031001", "estate": "甲"},
        {"name": "out", "community": None, "grid": None, "estate": None},
    ]
    assert [warning.params for warning in stored.warnings] == [{"rows": "1"}]
    assert one(database, "SELECT count(*) FROM gridmap.membership WHERE valid = '[2026-03-16,)'") == 3
    assert one(database, "SELECT count(*) FROM gridmap.boundary") == 2


def test_a_moved_boundary_is_a_new_edition_and_re_owns_what_lies_inside(database, tmp_path):
    put(
        database,
        communities(tmp_path, shapely.box(121.40, 31.30, 121.42, 31.32), shapely.box(121.42, 31.30, 121.44, 31.32)),
    )
    street = {"street_id": find(database)}
    put(
        database,
        judge("buildings", write_features(tmp_path / "b.geojson", [(square(121.415, 31.31), {"name": "甲"})])),
        **street,
    )
    put(
        database,
        communities(tmp_path, shapely.box(121.40, 31.30, 121.41, 31.32), shapely.box(121.41, 31.30, 121.44, 31.32)),
        LATER,
        **street,
    )
    assert (
        one(database, "SELECT c.code FROM gridmap.place p JOIN gridmap.community c ON c.id = p.community_id")
        == "310113103032"
    )
    history = rows(
        database,
        "SELECT m.valid::text, c.code FROM gridmap.membership m"
        " JOIN gridmap.community c ON c.id = m.community_id ORDER BY 1",
    )
    assert [tuple(row.values()) for row in history] == [
        ("[2026-03-16,2026-04-20)", "310113103031"),
        ("[2026-04-20,)", "310113103032"),
    ]


def test_a_moved_boundary_owns_open_cases_anew_with_a_line_in_their_history(database, tmp_path):
    halves = shapely.box(121.40, 31.30, 121.42, 31.32), shapely.box(121.42, 31.30, 121.44, 31.32)
    put(database, communities(tmp_path, *halves))
    with database.transaction(SYSTEM) as connection:
        report_incident(connection, BY, Report(kind="03001", at=(121.415, 31.31)))
        report_incident(connection, BY, Report(kind="03001", at=(121.415, 31.31), done=True))
    moved = shapely.box(121.40, 31.30, 121.41, 31.32), shapely.box(121.41, 31.30, 121.44, 31.32)
    put(database, communities(tmp_path, *moved), LATER, street_id=find(database))
    found = rows(
        database,
        "SELECT i.state, c.code, (SELECT string_agg(t.action, ' ' ORDER BY t.turn) FROM gridmap.transition t"
        " WHERE t.incident_id = i.id) AS history FROM gridmap.incident i"
        " JOIN gridmap.community c ON c.id = i.community_id ORDER BY i.id",
    )
    assert [tuple(row.values()) for row in found] == [
        ("reported", "310113103032", "report own"),
        ("closed", "310113103031", "self_handle"),
    ]


def test_grids_without_codes_are_numbered_after_those_that_are_there(database, tmp_path):
    put(database, communities(tmp_path, shapely.box(121.40, 31.30, 121.44, 31.34)))
    street = {"street_id": find(database)}
    corner = [(shapely.box(121.40, 31.30, 121.41, 31.31), {"code": "310113103031007", "name": "七"})]
    put(database, judge("grids", write_features(tmp_path / "a.geojson", corner)), **street)
    cells = [(121.42, 31.30, "东南"), (121.42, 31.32, "东北"), (121.40, 31.32, "西北")]
    features = [(shapely.box(x, y, x + 0.01, y + 0.01), {"name": name}) for x, y, name in cells]
    put(database, judge("grids", write_features(tmp_path / "b.geojson", features)), **street)
    found = rows(database, "SELECT right(code, 3) AS serial, name FROM gridmap.place ORDER BY code")
    assert [tuple(row.values()) for row in found] == [("007", "七"), ("008", "西北"), ("009", "东北"), ("010", "东南")]


def test_grids_of_an_unknown_community_are_refused(database, tmp_path):
    put(database, communities(tmp_path, shapely.box(121.40, 31.30, 121.44, 31.34)))
    features = [(square(121.41, 31.31), {"name": "甲", "社区代码": "310113103999"})]
    stored = put(database, judge("grids", write_features(tmp_path / "a.geojson", features)), street_id=find(database))
    assert [(finding.code, finding.row, finding.name) for finding in stored.refused] == [("community_unknown", 1, "甲")]
    assert stored.new == 0


def test_an_id_that_means_something_else_far_away_is_refused(database, tmp_path):
    put(database, judge("facilities", write_csv(tmp_path / "a.csv", "编号,名称,lon,lat\n1,甲,121.4,31.3\n")))
    checked = judge("facilities", write_csv(tmp_path / "b.csv", "编号,名称,lon,lat\n1,别的,121.44,31.34\n"))
    stored = put(database, checked, street_id=find(database))
    assert [finding.code for finding in stored.refused] == ["id_elsewhere"]
    other = judge("facilities", tmp_path / "b.csv", source="another")
    assert put(database, other, street_id=find(database)).new == 1


def test_codes_must_be_unique_within_a_kind(database, tmp_path):
    path = write_csv(tmp_path / "a.csv", "编号,设施编码,名称,lon,lat\n1,A,甲,121.4,31.3\n2,A,乙,121.41,31.3\n")
    stored = put(database, judge("facilities", path))
    assert (stored.new, [finding.code for finding in stored.refused]) == (1, ["code_taken"])


def test_a_place_that_has_ended_is_not_brought_back_by_an_old_file(database, tmp_path):
    path = write_csv(tmp_path / "a.csv", "编号,名称,lon,lat\n1,甲,121.4,31.3\n")
    put(database, judge("facilities", path))
    with database.transaction(SYSTEM) as connection:
        connection.execute("UPDATE gridmap.place SET valid = daterange(NULL, '2026-03-01'), geom = NULL")
    stored = put(database, judge("facilities", path), street_id=find(database))
    assert [finding.code for finding in stored.refused] == ["ended"]
    with database.transaction(SYSTEM) as connection:
        assert connection.execute("SELECT geom FROM gridmap.place").fetchall() == [{"geom": None}]


def test_districts_and_streets(database, tmp_path):
    districts = judge(
        "districts",
        write_features(tmp_path / "d.geojson", [(square(121.4, 31.3), {"code": "310113", "name": "宝山区"})]),
    )
    put(database, districts)
    features = [
        (square(121.4, 31.3), {"code": "310113103", "name": "杨行镇"}),
        (square(113.4, 22.5), {"code": "442000002", "name": "东区街道"}),
        (square(120.4, 30.5), {"code": "330106001", "name": "某街道"}),
    ]
    stored = put(database, judge("streets", write_features(tmp_path / "s.geojson", features)))
    assert [finding.code for finding in stored.refused] == ["district_unknown"]
    found = rows(
        database,
        "SELECT s.code, d.code AS district, c.code AS city FROM gridmap.street s"
        " JOIN gridmap.district d ON d.id = s.district_id JOIN gridmap.city c ON c.id = d.city_id ORDER BY 1",
    )
    assert [tuple(row.values()) for row in found] == [
        ("310113103", "310113", "310000"),
        ("442000002", "442000", "442000"),
    ]
    put(database, districts, LATER)
    assert one(database, "SELECT max(revision) FROM gridmap.district") == 1


def test_every_import_leaves_its_run_an_audit_row_and_tells_the_layers(database, tmp_path):
    stored = put(database, judge("facilities", write_csv(tmp_path / "a.csv", "名称,lon,lat\n甲,121.4,31.3\n乙,0,0\n")))
    run = rows(database, "SELECT kind, file_name, street_id, datum, encoding, mapping, counts FROM gridmap.import_run")[
        0
    ]
    assert (run["file_name"], run["street_id"], run["encoding"]) == ("a.csv", stored.street_id, "utf-8")
    assert run["mapping"]["name"] == "名称"
    assert (run["counts"]["new"], run["counts"]["rejected"]) == (1, 1)
    audit = rows(database, "SELECT action, subject, subject_id, street_id FROM gridmap.audit")
    assert audit == [
        {"action": "import", "subject": "facilities", "subject_id": str(stored.runs[0]), "street_id": stored.street_id}
    ]
    assert "facilities" in {row["layer"] for row in rows(database, "SELECT layer FROM gridmap.change")}


def test_a_crash_in_the_middle_leaves_nothing(database, tmp_path, monkeypatch):
    checked = judge("facilities", write_csv(tmp_path / "a.csv", "名称,lon,lat\n甲,121.4,31.3\n"))
    monkeypatch.setattr("gridmap.load.store.run.write_audit", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        put(database, checked)
    assert snapshot(database) == [[] for _ in range(11)]
    assert one(database, "SELECT count(*) FROM gridmap.import_run") == 0


def test_the_register_is_known_to_the_next_file(database, tmp_path):
    put(
        database,
        judge(
            "estates",
            write_features(
                tmp_path / "a.geojson", [(shapely.box(121.4, 31.3, 121.41, 31.31), {"name": "甲", "地址": "水产路1号"})]
            ),
        ),
    )
    with database.transaction(SYSTEM) as connection:
        known = read_known(connection, find_street(connection, NEW.code))
        with pytest.raises(LoadError, match="310113103 杨行镇"):
            find_street(connection, "999999999")
    assert list(known.places["name"]) == ["甲"]
    path = write_csv(tmp_path / "b.csv", "名称,地址,lon,lat\n乙,水产路1号,,\n丙,,87.6,43.8\n")
    checked = judge("facilities", path, known)
    assert list(checked.frame["name"]) == ["乙"]
    assert [finding.code for finding in checked.rejected] == ["outside"]


def test_the_writer_is_the_app_role_which_owns_nothing(empty_base):
    with psycopg.connect(empty_base.app_url) as connection:
        owned = connection.execute("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole").fetchone()
    assert owned == (0,)


def test_numbers_run_in_rows_from_the_north_and_eastward_in_each():
    grid = gpd.GeoSeries([shapely.box(x, y, x + 1, y + 1) for y in (0, 1) for x in (1, 0)])
    assert reading_order(list(grid)) == [3, 2, 1, 0]
