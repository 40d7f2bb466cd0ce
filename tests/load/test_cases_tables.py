"""Cases 12 to 17: columns, sheets, workbooks, texts, values, angles."""

import datetime as dt

import pytest
import shapely

from gridmap.load import LoadError, Options, Remembered
from gridmap.load.checks.angles import parse_angle
from gridmap.load.identity import is_identity_number
from load.files import codes, judge, square, write_csv, write_features, write_shapefile, write_sheet

IDENTITY = "11010519491231002X"  # the specimen printed in the standard, nobody's


@pytest.mark.parametrize(
    ("column", "target"),
    [
        ("小区名称", "name"),
        ("NAME", "name"),
        ("名称", "name"),
        ("总户数（户）", "declared_households"),
        ("declared_h", "declared_households"),
        ("decla_olds", "declared_households"),
        ("建成年份", "built_year"),
    ],
)
def test_case_12_columns_are_guessed_by_synonym_cut_and_shortening(tmp_path, column, target):
    checked = judge("estates", write_csv(tmp_path / "a.csv", f"{column},lon,lat\n2010,121.4,31.3\n"))
    assert checked.columns[target] == column


def with_field_names(path, *names):
    """The shapefile with its fields called so, cut at ten bytes as every writer does."""
    body = bytearray(path.with_suffix(".dbf").read_bytes())
    for at, name in enumerate(names):
        body[32 * (at + 1) : 32 * (at + 1) + 11] = name[:10].ljust(11, b"\0")
    path.with_suffix(".dbf").write_bytes(body)
    return path


@pytest.mark.parametrize(
    ("encoding", "name", "read"), [("UTF-8", "小区名称", "小区名"), ("GB18030", "A小区名称栏", "A小区名称")]
)
def test_case_12_columns_cut_in_the_middle_of_a_chinese_character(tmp_path, encoding, name, read):
    raw = name.encode(encoding)[:10]
    with pytest.raises(UnicodeDecodeError):
        raw.decode(encoding)
    features = [(square(121.4, 31.3), {"n": "香逸湾", "h": "58"})]
    path = with_field_names(write_shapefile(tmp_path, features, encoding=encoding), raw, "总户数".encode(encoding))
    checked = judge("estates", path, mapping={} if read == "小区名" else {"name": read})
    assert (list(checked.frame["name"]), list(checked.frame["declared_households"])) == (["香逸湾"], [58])
    assert checked.columns == {"name": read, "declared_households": "总户数"}
    assert checked.reading.encoding == encoding.lower()


def test_case_12_columns_that_were_cut_to_one_name_are_both_there(tmp_path):
    path = write_shapefile(tmp_path, [(square(121.4, 31.3), {"a": "甲", "b": "乙"})])
    with_field_names(path, "小区名称".encode(), "小区名字".encode())  # the same three characters, other halves
    checked = judge("estates", path, keep_all=True)
    assert list(checked.frame["name"]) == ["甲"]
    assert [list(kept.values()) for kept in checked.frame["@kept"]] == [["乙"]]


def test_case_12_columns_said_before_are_known_again_of_this_source(tmp_path):
    path = write_csv(tmp_path / "a.csv", "甲列,乙列,丙列\n灯,121.4,31.3\n")
    before = Remembered({"name": "甲列", "lon": "乙列", "lat": "丙列"}).in_options(Options(source="灯光所"))
    checked = judge("facilities", path, remembered=before.remembered, source="灯光所")
    assert list(checked.frame["name"]) == ["灯"]
    (told,) = [one for one in checked.warnings if one.code == "columns_remembered"]
    assert told.params["source"] == "灯光所"


def test_case_12_columns_said_are_stronger_and_checked(tmp_path):
    path = write_csv(tmp_path / "a.csv", "名称,别名,x坐标,y坐标\n甲,乙,121.4,31.3\n")
    said = {"name": "别名", "lon": "x坐标", "lat": "y坐标"}
    assert list(judge("facilities", path, mapping=said).frame["name"]) == ["乙"]
    for mapping, code in (({"nome": "别名"}, "map_target"), ({"name": "没有"}, "map_source")):
        with pytest.raises(LoadError) as refused:
            judge("facilities", path, mapping=mapping)
        assert refused.value.code == code
    with pytest.raises(LoadError) as refused:
        judge("facilities", path)
    assert refused.value.code == "no_position_columns"


def test_case_12_columns_that_must_be_there_are_named(tmp_path):
    with pytest.raises(LoadError) as refused:
        judge("districts", write_features(tmp_path / "a.geojson", [(square(121.4, 31.3), {"foo": 1})]))
    assert refused.value.code == "column_missing"
    assert "foo" in str(refused.value)


def test_case_13_sheets_with_titles_merged_cells_totals_and_notes(tmp_path):
    rows = [
        ["某街道小区一览表", None, None, None],
        ["填报单位：某街道", None, None, None],
        ["小区名称", "物业公司", "位置", None],
        [None, None, "经度", "纬度"],
        ["甲小区", "好物业", 121.4, 31.3],
        ["乙小区", None, 121.41, 31.31],
        [None, None, None, None],
        ["合 计", None, None, None],
        ["注：数据截至三月", None, None, None],
    ]
    path = write_sheet(tmp_path / "a.xlsx", rows, merge=["A1:D1", "C3:D3", "B5:B6"])
    checked = judge("estates", path)
    assert list(checked.frame["name"]) == ["甲小区", "乙小区"]
    assert list(checked.frame["property"]) == ["好物业", "好物业"]
    assert [(finding.code, finding.row, finding.place) for finding in checked.rejected] == [
        ("total_row", 8, "名单, row 8"),
        ("note_row", 9, "名单, row 9"),
    ]


def test_case_13_sheets_with_a_header_merged_over_two_lines_in_every_column(tmp_path):
    rows = [["名称", "户数", "位置", None], [None, None, "经度", "纬度"], ["甲", 5, 121.4, 31.3], ["总计", 5]]
    path = write_sheet(tmp_path / "a.xlsx", rows, merge=["A1:A2", "B1:B2", "C1:D1"])
    checked = judge("estates", path)
    assert checked.columns == {"name": "名称", "declared_households": "户数", "@lon": "经度", "@lat": "纬度"}
    assert [(one.code, one.row, one.raw) for one in checked.rejected] == [("total_row", 4, "总计 5")]


def test_case_13_sheets_fill_down_only_within_merged_ranges(tmp_path):
    path = write_sheet(
        tmp_path / "a.xlsx", [["名称", "物业公司", "lon", "lat"], ["甲", "好", 121.4, 31.3], ["乙", None, 121.4, 31.31]]
    )
    assert list(judge("estates", path).frame["property"]) == ["好", None]


def test_case_13_sheets_a_road_called_total_is_no_total(tmp_path):
    path = write_sheet(
        tmp_path / "a.xlsx", [["名称", "lon", "lat"], ["合计路小学", 121.4, 31.3], ["总计：2", None, None]]
    )
    checked = judge("facilities", path)
    assert list(checked.frame["name"]) == ["合计路小学"]
    assert codes(checked.rejected) == ["total_row"]


def test_case_14_workbooks_with_formulas_without_value_say_what_to_do(tmp_path):
    rows = [["名称", "lon", "lat"], ["甲", 121.4, 31.3], ["乙", "=121+0.4", 31.3]]
    checked = judge("facilities", write_sheet(tmp_path / "a.xlsx", rows))
    assert list(checked.frame["name"]) == ["甲"]
    assert [(finding.code, finding.row, finding.raw) for finding in checked.rejected] == [
        ("formula_without_value", 3, "B3")
    ]
    assert "open the file in Excel and save it" in checked.rejected[0].sentence()


def test_case_14_workbooks_tell_hidden_sheets_and_rows_and_other_sheets(tmp_path):
    from openpyxl import load_workbook

    path = write_sheet(tmp_path / "a.xlsx", [["名称", "lon", "lat"], ["甲", 121.4, 31.3], ["乙", 121.4, 31.31]])
    book = load_workbook(path)
    book.worksheets[0].row_dimensions[3].hidden = True
    book.create_sheet("旧").append(["名称"])
    book.create_sheet("藏").sheet_state = "hidden"
    book.save(path)
    checked = judge("facilities", path)
    assert len(checked.frame) == 2
    assert set(codes(checked.warnings)) >= {"sheets_left_out", "sheets_hidden", "rows_hidden"}
    with pytest.raises(LoadError) as refused:
        judge("facilities", path, layer="没有")
    assert refused.value.code == "layer_unknown"


@pytest.mark.parametrize("name", ["a.xls", "a.et", "a.rar", "a.tab", "a.dwg", "a.docx", "a.7z", "a.gz"])
def test_case_14_workbooks_and_files_of_unread_formats_are_refused_with_the_way_out(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"anything")
    with pytest.raises(LoadError) as refused:
        judge("facilities", path)
    assert refused.value.code.startswith("refused_")
    assert str(refused.value).startswith(name)


def test_case_14_workbooks_with_a_password_are_told_from_damaged_ones(tmp_path):
    path = tmp_path / "a.xlsx"
    for data, code in (
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "workbook_locked"),
        (b"PK junk", "unreadable_file"),
    ):
        path.write_bytes(data)
        with pytest.raises(LoadError) as refused:
            judge("facilities", path)
        assert refused.value.code == code


def test_case_15_texts_full_width_digits_dots_and_spaces(tmp_path):
    path = write_csv(
        tmp_path / "a.csv", "名称,楼栋编码,层数,lon,lat\n　３号楼 ,００１２Ａ,１８层,１２１．４,３１．３\n"
    )
    checked = judge("estates", path, mapping={"code": "楼栋编码", "built_year": "层数"})
    row = checked.frame.iloc[0]
    assert row["name"] == "３号楼"  # shown as written, only trimmed
    assert row["code"] == "0012A"  # compared as plain text, zeros kept
    assert shapely.get_coordinates(checked.frame.geometry[0]).tolist() == [[121.4, 31.3]]


def test_case_15_texts_brackets_spaces_and_letters_are_compared_plain_and_shown_as_written(tmp_path):
    rows = "　花苑（Ａ区）　,121.4,31.3\n花苑 (A区),121.5,31.3\n花\u3000苑\u200b二期,121.6,31.3\n"
    checked = judge("estates", write_csv(tmp_path / "a.csv", "名称,lon,lat\n" + rows))
    assert list(checked.frame["name"]) == ["花苑（Ａ区）", "花 苑 二期"]
    assert [(one.code, one.row) for one in checked.rejected] == [("duplicate_name", 3)]


def test_case_16_excel_values_dates_in_place_of_numbers_and_lost_digits(tmp_path):
    rows = [
        ["名称", "设施编码", "lon", "lat"],
        [dt.date(2026, 3, 1), "a", 121.4, 31.3],
        ["甲", 3.10000198001011e20, 121.4, 31.3],
        ["乙", "1.23E+15", 121.4, 31.3],
        ["丙", 12.0, 121.4, 31.3],
    ]
    checked = judge("facilities", write_sheet(tmp_path / "a.xlsx", rows))
    assert list(checked.frame["code"]) == ["12"]
    assert [(finding.code, finding.row) for finding in checked.rejected] == [
        ("became_date", 2),
        ("digits_lost", 3),
        ("digits_lost", 4),
    ]
    assert "3-1 or 2026-03-01" in checked.rejected[0].sentence()


OUTLINE = '"POLYGON ((121.4 31.3, 121.401 31.3, 121.401 31.301, 121.4 31.3))"'


@pytest.mark.parametrize("column", ["楼号", "门牌号", "楼栋编码"])
@pytest.mark.parametrize("text", ["3月1日", "2026年3月1日", "1-Mar", "2026-03-01", "2026/3/1", "2026-03-01T00:00:00"])
def test_case_16_excel_values_building_numbers_that_were_saved_as_days(tmp_path, column, text):
    rows = f"{text},{OUTLINE}\n3-1,{OUTLINE.replace('121', '122')}\n三月里,{OUTLINE.replace('121', '120')}\n"
    checked = judge("buildings", write_csv(tmp_path / "a.csv", f"{column},geometry\n{rows}"))
    assert len(checked.frame) == 2
    (refused,) = checked.rejected
    assert (refused.code, refused.row, refused.raw) == ("became_date", 2, text)
    assert f"3-1 or {text}" in refused.sentence()


def test_case_16_excel_values_read_as_text_keep_their_zeros_and_all_their_digits(tmp_path):
    rows = [["名称", "设施编码", "lon", "lat"], ["甲", "0012", 121.4, 31.3], ["乙", "310000198001011234", 121.5, 31.3]]
    assert list(judge("facilities", write_sheet(tmp_path / "a.xlsx", rows)).frame["code"]) == [
        "0012",
        "310000198001011234",
    ]


def test_case_16_excel_values_identity_numbers_are_refused_and_never_shown(tmp_path):
    assert is_identity_number(IDENTITY)
    assert not is_identity_number("110105194912310021")  # wrong check digit
    assert not is_identity_number("110105194913310020")  # no such month
    path = write_csv(
        tmp_path / "a.csv", f"名称,编号,lon,lat\n甲,{IDENTITY},121.4,31.3\n乙{IDENTITY},2,121.4,31.3\n丙,3,121.4,31.3\n"
    )
    checked = judge("facilities", path)
    assert list(checked.frame["name"]) == ["丙"]
    assert codes(checked.rejected) == ["identity_number"] * 2
    assert all(IDENTITY not in finding.raw + finding.name for finding in checked.rejected)


@pytest.mark.parametrize(
    "text",
    [
        "121.489",
        "１２１．４８９",
        "121°29′20.4″",
        "121° 29' 20.4\"",
        "E121°29′20.4″",
        "121°29′20.4″E",
        "东经121度29分20.4秒",
        "121:29:20.4",
        "121d29m20.4s",
        "121°29.34'",
        "121.489°",
        "+121.489",
    ],
)
def test_case_17_angles_in_many_spellings(text):
    assert parse_angle(text) == pytest.approx(121.489, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "degrees"), [("南纬31度30分", -31.5), ("W0°30'", -0.5), ("-0°30'", -0.5), ("31°30′S", -31.5)]
)
def test_case_17_angles_of_the_other_hemispheres(text, degrees):
    assert parse_angle(text) == pytest.approx(degrees)


@pytest.mark.parametrize("text", ["", "abc", "121°75′", "nan", "inf", "12 34", "1e400"])
def test_case_17_angles_that_are_none(text):
    assert parse_angle(text) is None


@pytest.mark.parametrize("lon", ["121°24′0″", "E121°24′", "东经121度24分0秒", "１２１．４"])
def test_case_17_angles_in_the_cells_of_a_table(tmp_path, lon):
    path = write_csv(tmp_path / "a.csv", f"名称,经度,纬度\n甲,{lon},北纬31度18分\n")
    assert shapely.get_coordinates(judge("facilities", path).frame.geometry[0]).tolist() == [[121.4, 31.3]]


def test_case_17_angles_both_in_one_cell(tmp_path):
    rows = '甲,"东经121度24分0秒，北纬31度18分0秒"\n乙,"121°24′0″E 31°18′0″N"\n'
    path = write_csv(tmp_path / "a.csv", "名称,坐标\n" + rows)
    found = shapely.get_coordinates(judge("facilities", path).frame.geometry.array)
    assert found.tolist() == [[121.4, 31.3]] * 2
