"""A list of people on duty: what is taken, what is refused, what comes of it in the register."""

import pytest
from openpyxl import load_workbook

from gridmap.accounts import actor
from gridmap.clock import parse_clock
from gridmap.db import SYSTEM, Database
from gridmap.load.known import Known, known_places
from gridmap.load.people.template import write_template
from gridmap.load.store import store
from gridmap.load.synonyms import PEOPLE_EXAMPLES
from load.files import codes, judge, write_features, write_sheet

HEADER = ["姓名", "岗位", "工作电话", "社区代码", "网格编码", "楼栋编码", "楼道编码", "账号", "显示名称"]
COMMUNITY = "310113103031"
GRID = "310113103031001"
ROLES = (
    ("grid_worker", "网格员", "Grid worker", "grid"),
    ("community_secretary", "社区党委书记", "Secretary", "community"),
)
BY = actor(parse_clock("2026-03-16T09:00+08:00"))


def known():
    import pandas as pd

    return Known(known_places(pd.DataFrame()), roles=ROLES)


def people(path, *rows, **said):
    listed = [[*row, *[None] * (len(HEADER) - len(row))] for row in rows]
    return judge("people", write_sheet(path, [HEADER, *listed]), known(), **said)


def test_a_row_with_the_minimum_is_taken(tmp_path):
    checked = people(tmp_path / "a.xlsx", ["张某", "网格员", "021-6234 5678", COMMUNITY, GRID])
    row = checked.frame.iloc[0]
    assert (row["name"], row["role"], row["phone"]) == ("张某", "grid_worker", "02162345678")
    assert (row["place_level"], row["place_code"]) == ("grid", GRID)
    assert row["display_name"] == "张*"


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (["张某", "队长", "", COMMUNITY], "role_unknown"),
        (["", "网格员", "", COMMUNITY, GRID], "value_missing"),
        (["张某", "", "", COMMUNITY, GRID], "value_missing"),
        (["张某", "网格员", "13912345678", COMMUNITY, GRID], "private_phone"),
        (["张某", "网格员", "call me", COMMUNITY, GRID], "phone_wrong"),
        (["张某", "网格员", "", ""], "place_missing"),
        (["张某", "网格员", "", "3101131"], "code_wrong"),
        (["张某", "网格员", "", COMMUNITY, GRID, "", "", "No Name!"], "username_wrong"),
        (["张某", "网格员", "11010519491231002X", COMMUNITY, GRID], "identity_number"),
        (["11010519491231002X", "网格员", "", COMMUNITY, GRID], "identity_number"),
    ],
)
def test_a_wrong_row_is_refused_alone_with_its_place_and_reason(tmp_path, row, code):
    checked = people(tmp_path / "a.xlsx", ["李某", "网格员", "", COMMUNITY, GRID], row)
    assert list(checked.frame["name"]) == ["李某"]
    assert [(finding.code, finding.place) for finding in checked.rejected] == [(code, "名单, row 3")]


def test_no_report_shows_a_phone_or_an_identity_number(tmp_path):
    checked = people(
        tmp_path / "a.xlsx",
        ["张某", "网格员", "13912345678", COMMUNITY, GRID],
        ["王某", "网格员", "11010519491231002X", COMMUNITY, GRID],
    )
    said = "".join(finding.raw + finding.name + finding.sentence() for finding in checked.rejected)
    assert "12345678" not in said
    assert "19491231" not in said
    assert "139****5678" in said


def test_private_phones_are_taken_where_the_office_says_so(tmp_path):
    checked = people(tmp_path / "a.xlsx", ["张某", "网格员", "139 1234 5678", COMMUNITY, GRID], private_phones=True)
    assert list(checked.frame["phone"]) == ["13912345678"]


def test_a_column_of_identity_numbers_beside_the_list_is_never_read(tmp_path):
    path = write_sheet(
        tmp_path / "a.xlsx",
        [
            [*HEADER, "身份证号"],
            ["张某", "网格员", None, COMMUNITY, GRID, None, None, None, None, "11010519491231002X"],
        ],
    )
    checked = judge("people", path, known())
    assert len(checked.frame) == 1
    assert "identity_column" in codes(checked.warnings)
    assert not any("11010519491231002X" in str(value) for value in checked.frame.to_numpy().ravel())


def test_one_person_in_two_rows_is_two_duties_and_the_same_row_twice_is_one(tmp_path):
    row = ["张某", "网格员", "", COMMUNITY, GRID]
    checked = people(tmp_path / "a.xlsx", row, ["张某", "社区党委书记", "", COMMUNITY], row)
    assert checked.frame["source_key"].nunique() == 1
    assert list(checked.frame["place_level"]) == ["grid", "community"]
    assert codes(checked.rejected) == ["duplicate_row"]


def test_the_template_comes_back_without_its_examples_and_says_the_roles(tmp_path):
    path = tmp_path / "template.xlsx"
    write_template(path, ROLES)
    book = load_workbook(path)
    assert [cell.value for cell in book.worksheets[0][1]] == HEADER
    assert book["人员"].freeze_panes == "A2"
    assert "社区党委书记" in {cell.value for cell in book["说明"]["B"]}
    assert {row[0].value for row in book["人员"].iter_rows(min_row=2, max_row=3)} == {
        example[0] for example in PEOPLE_EXAMPLES
    }
    checked = judge("people", path, known())
    assert len(checked.frame) == 0
    assert codes(checked.rejected) == ["example_row", "example_row"]


@pytest.fixture
def database(empty_base):
    made = Database(empty_base.app_url)
    with made.transaction(SYSTEM) as connection:
        for code, title, english, level in ROLES:
            connection.execute(
                "INSERT INTO gridmap.duty_role (code, title, title_en, level) VALUES (%s, %s, %s, %s)",
                (code, title, english, level),
            )
    yield made
    made.close()


def test_people_are_enrolled_once_and_a_held_place_or_unknown_code_is_refused(database, tmp_path):
    import shapely

    from gridmap.load.store import NewStreet
    from load.files import square

    outline = [(shapely.box(121.4, 31.3, 121.5, 31.4), {"code": COMMUNITY, "name": "甲"})]
    street = store(
        database,
        BY,
        [judge("communities", write_features(tmp_path / "c.geojson", outline))],
        new_street=NewStreet("310113103", "镇"),
    ).street_id
    store(
        database,
        BY,
        [judge("grids", write_features(tmp_path / "g.geojson", [(square(121.4, 31.3), {"code": GRID})]))],
        street_id=street,
    )
    rows = (
        ["张某", "网格员", "021-62345678", COMMUNITY, GRID, "", "", "zhang"],
        ["李某", "网格员", "", COMMUNITY, GRID],
        ["王某", "网格员", "", COMMUNITY, "310113103031999"],
        ["赵某", "社区党委书记", "", COMMUNITY],
    )
    checked = people(tmp_path / "a.xlsx", *rows)
    first = store(database, BY, [checked], street_id=street)
    assert first.new == 2
    assert sorted(codes(first.refused)) == ["holder_taken", "place_unknown"]
    again = store(database, BY, [people(tmp_path / "a.xlsx", *rows)], street_id=street)
    assert (again.new, again.changed) == (0, 0)
    with database.transaction(SYSTEM) as connection:
        names = connection.execute("SELECT name_masked, phone_masked FROM gridmap.person ORDER BY 1").fetchall()
        holders = connection.execute("SELECT count(*) AS n FROM gridmap.assignment").fetchone()
        account = connection.execute("SELECT username FROM gridmap.account").fetchall()
    assert [tuple(row.values()) for row in names] == [("张*", "021****5678"), ("赵*", None)]
    assert holders == {"n": 1}
    assert account == [{"username": "zhang"}]
