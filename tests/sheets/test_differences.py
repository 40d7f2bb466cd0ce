"""What a workbook would change: conflicts, bad cells, rows too many and too few, people; and what is written."""

import datetime as dt
from typing import Any

import pytest

from gridmap.db import SYSTEM
from gridmap.load.sheets import ChangedBetween
from gridmap.people import change_person
from gridmap.places.correcting import CorrectedMeanwhile, Correction, correct_places
from tests.sheets.conftest import Book, Desk


def correct(desk: Desk, place: int, **values: Any) -> None:
    """Somebody else corrects a building."""
    now = desk.place(place)
    made = Correction(place_id=place, revision=now["revision"], values=values, before=now)
    with desk.database.transaction(SYSTEM) as connection:
        correct_places(connection, desk.by, desk.street, "building", [made])


def test_a_row_that_somebody_changed_since_is_a_conflict_and_stays(desk: Desk) -> None:
    book = desk.take("buildings")
    mine, theirs, same, untouched = (book.id(row) for row in (2, 3, 4, 5))
    book.write(2, floors=31)
    book.write(3, floors=32)
    book.write(4, floors=33)
    correct(desk, theirs, floors=7)
    correct(desk, same, floors=33)
    correct(desk, untouched, floors=8)
    found = desk.look(book)
    outcomes = {row.id: row.outcome for row in found.rows if row.id in (mine, theirs, same, untouched)}
    assert outcomes == {mine: "changed", theirs: "conflict", same: "unchanged", untouched: "unchanged"}
    (conflict,) = (row for row in found.rows if row.outcome == "conflict")
    assert [(cell.before, cell.after) for cell in conflict.cells] == [("7", "32")]
    assert conflict.changed_at is not None
    desk.bring(book)
    assert [desk.place(place)["floors"] for place in (mine, theirs, same, untouched)] == [31, 7, 33, 8]


def test_what_changes_between_looking_and_writing_stops_the_whole(desk: Desk) -> None:
    book = desk.take("buildings")
    one, other = book.id(6), book.id(7)
    book.write(6, floors=41)
    book.write(7, floors=42)
    seen = desk.look(book).fingerprint
    correct(desk, other, address="别处")
    before, runs = desk.place(one), desk.rows("SELECT count(*) AS n FROM gridmap.import_run")
    with pytest.raises(ChangedBetween) as late:
        desk.bring(book, seen)
    assert [row.outcome for row in late.value.difference.rows if row.id in (one, other)] == ["changed", "conflict"]
    assert (desk.place(one), desk.rows("SELECT count(*) AS n FROM gridmap.import_run")) == (before, runs)


def test_a_correction_takes_the_revision_that_was_seen(desk: Desk) -> None:
    place = desk.take("buildings").id(8)
    now = desk.place(place)
    late = Correction(place_id=place, revision=now["revision"] - 1, values={"floors": 3}, before=now)
    with pytest.raises(CorrectedMeanwhile), desk.database.transaction(SYSTEM) as connection:
        correct_places(connection, desk.by, desk.street, "building", [late])
    assert desk.place(place) == now


BAD: dict[str, list[tuple[str, Any, str]]] = {
    "buildings": [
        ("floors", "很多", "whole"), ("floors", 201, "whole"), ("floors", 3.5, "whole"), ("name", None, "empty"),
        ("floors", dt.date(2026, 3, 1), "day"), ("name", dt.date(2026, 3, 2), "day"), ("kind", "城堡", "word"),
        ("kind", None, "empty"), ("built_year", 98, "whole"), ("height_m", "高", "decimal"),
        ("name", "x" * 101, "long"),
        ("address", "地" * 501, "long"), ("address", "找 138-1234-5678", "private_phone"), ("code", "X", "shown"),
        ("address", "11010519491231002X", "identity_number"), ("lon", 113.0, "shown"), ("grid", None, "shown"),
        ("seen", "3.abc", "state"), ("id", "abc", "unknown_row"), ("id", str(77 << 32 | 5), "unknown_row"),
        ("floors", "=1+1", "formula"), ("declared_households", -1, "whole"), ("floors", True, "whole"),
    ],
    "estates": [("management", "随便", "word"), ("property", "无此公司", "company"), ("site_area_m2", -5, "decimal")],
    "facilities": [("installed_on", "03/04/2020", "date"), ("state", "?", "word"), ("level", 999, "whole")],
    "people": [
        ("phone", "13912345678", "private_phone"), ("phone", "139****5678", "masked"), ("phone", "abc", "phone"),
        ("name", "李**", "masked"), ("name", None, "empty"),
        ("role", "网格员", "roles"), ("belongs_to", "1", "belongs"),
        ("place_code", "X1", "roles"), ("display_name", "11010519491231002X", "identity_number"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("kind", list(BAD))
def test_a_bad_cell_is_told_by_its_address_and_its_row_stays_out(desk: Desk, kind: str) -> None:
    book = desk.take(kind)
    for row, (name, value, _code) in enumerate(BAD[kind], start=2):
        if name == "phone" and book.cell(row, "phone").value == value:
            book.write(row, name="改")
        book.write(row, **{name: value})
    found = {row.number: row for row in desk.look(book).rows}
    for row, (name, _value, code) in enumerate(BAD[kind], start=2):
        told = [(one.code, one.address) for one in found[row].troubles]
        assert (found[row].outcome, told) == ("refused", [(code, book.cell(row, name).coordinate)])
        assert not any(secret in one.raw for one in found[row].troubles for secret in ("13912345678", "491231002"))


def test_rows_twice_new_and_gone(desk: Desk) -> None:
    book = desk.take("estates")
    rows = book.sheet.max_row
    gone = book.cell(rows, "name").value
    twice = book.id(2)
    book.sheet.delete_rows(rows)
    book.write(3, id=str(twice))
    book.write(rows + 5, name="新小区", address="新路 1 号")
    found = desk.look(book)
    assert gone in found.gone
    assert {row.number: [one.code for one in row.troubles] for row in found.rows if row.outcome == "refused"} == {
        2: ["twice"], 3: ["twice"], rows + 5: ["new_place"],
    }  # fmt: skip
    before = desk.rows("SELECT count(*) AS n FROM gridmap.place")
    assert found.to_write == ()
    assert desk.rows("SELECT count(*) AS n FROM gridmap.place") == before


def test_columns_that_are_left_out_and_rows_in_another_order_change_nothing(desk: Desk) -> None:
    book = desk.take("buildings")
    book.sheet.delete_cols(book.names.index("address") + 1)
    rows = [[cell.value for cell in row] for row in book.sheet.iter_rows(min_row=2)]
    for number, values in enumerate(reversed(rows), start=2):
        for at, value in enumerate(values, start=1):
            book.sheet.cell(number, at).value = value
    assert desk.look(book).counts["unchanged"] == len(rows)


def test_each_place_has_its_audit_row_and_the_run_says_what_it_did(desk: Desk) -> None:
    book = desk.take("buildings")
    place = book.id(9)
    book.write(9, floors=51)
    book.write(10, floors="?")
    made = desk.bring(book)
    (row,) = desk.rows(
        "SELECT before, after FROM gridmap.audit WHERE action = 'change_place' AND subject_id = %s", str(place)
    )
    assert row["after"] == {"floors": 51, "import_run": made.run}
    assert row["before"].keys() == {"floors"}
    (run,) = desk.rows("SELECT kind, file_name, street_id, counts FROM gridmap.import_run WHERE id = %s", made.run)
    assert (run["kind"], run["file_name"], run["street_id"]) == ("buildings", "register.xlsx", desk.street)
    assert run["counts"] == {"new": 0, "changed": 1, "refused": 1, "conflicts": 0}
    assert desk.rows("SELECT FROM gridmap.audit WHERE action = 'import' AND subject_id = %s", str(made.run))


def person(desk: Desk, person_id: int) -> dict[str, Any]:
    (row,) = desk.rows(
        "SELECT name_masked, display_name, phone_masked, community_id, grid_id, revision, import_run_id"
        " FROM gridmap.person WHERE id = %s",
        person_id,
    )
    return row


def test_people_leave_masked_and_come_back_changed(desk: Desk) -> None:
    book = desk.take("people")
    names = [book.cell(row, "name").value for row in range(2, book.sheet.max_row + 1)]
    assert all("*" in name for name in names)
    assert all("*" in (book.cell(row, "phone").value or "*") for row in range(2, book.sheet.max_row + 1))
    who = book.id(2)
    book.write(2, name="欧阳新", phone="０７５５-８８８８ ００００", display_name="老欧")
    grid = desk.rows("SELECT id, code, community_id FROM gridmap.place WHERE kind = 'grid' AND street_id = %s"
                     " AND community_id IS NOT NULL ORDER BY id LIMIT 1", desk.street)[0]  # fmt: skip
    book.write(2, belongs_to=grid["code"])
    made = desk.bring(book)
    now = person(desk, who)
    assert (now["name_masked"], now["display_name"], now["phone_masked"]) == ("欧**", "老欧", "075****0000")
    assert (now["community_id"], now["grid_id"]) == (grid["community_id"], grid["id"])
    assert now["import_run_id"] == made.run
    # a name cannot be compared with what is masked: brought back once more it is shown, and stays
    assert desk.row(book, 2).outcome == "conflict"


def test_people_in_clear_tell_one_name_from_another_with_the_same_mask(desk: Desk) -> None:
    book = desk.take("people", reason="核对名册")
    assert not any("*" in book.cell(row, "name").value for row in range(2, 10))
    logged = "SELECT count(*) AS n FROM gridmap.audit WHERE action = 'unmask' AND why = '核对名册'"
    assert desk.rows(logged)[0]["n"] == book.sheet.max_row - 1
    assert desk.look(book).to_write == ()
    name = book.cell(3, "name").value
    book.write(3, name=name[0] + "改" * (len(name) - 1))
    row = desk.row(book, 3)
    assert (row.outcome, [cell.field.name for cell in row.cells]) == ("changed", ["name"])


def test_a_later_change_of_a_person_is_a_conflict(desk: Desk) -> None:
    book = desk.take("people")
    who = book.id(4)
    book.write(4, display_name="甲")
    with desk.database.transaction(SYSTEM) as connection:
        change_person(connection, desk.by, who, {"display_name": "乙"}, revision=person(desk, who)["revision"])
    assert desk.row(book, 4).outcome == "conflict"
    assert person(desk, who)["display_name"] == "乙"


def add(book: Book, **values: str) -> int:
    row = book.sheet.max_row + 1
    book.write(row, **values)
    return row


def test_new_people_are_added_with_and_without_a_place(desk: Desk) -> None:
    book = desk.take("people")
    door = desk.rows(
        "SELECT p.id, p.code FROM gridmap.place p WHERE p.street_id = %s AND p.kind = 'stairwell' AND NOT EXISTS"
        " (SELECT FROM gridmap.assignment a WHERE a.place_id = p.id AND a.role = 'stairwell_leader')"
        " ORDER BY p.id LIMIT 1",
        desk.street,
    )[0]
    area = desk.rows("SELECT id, code FROM gridmap.community WHERE street_id = %s ORDER BY id", desk.street)[0]
    add(book, name="新来的", belongs_to=area["code"], phone="0755-12345")
    add(book, name="新楼组长", role="楼组长", place_code=door["code"])
    bad = [
        add(book, name="无处"),
        add(book, name="缺处", role="楼组长"),
        add(book, name="错处", role="楼组长", place_code="X"),
    ]
    found = desk.look(book)
    assert found.counts["new"] == 2
    assert [row.troubles[0].code for row in found.rows if row.number in bad] == [
        "belongs_nowhere", "role_and_place", "place_unknown",
    ]  # fmt: skip
    assert desk.bring(book).added == 2
    holder = desk.rows(
        "SELECT n.display_name FROM gridmap.assignment a JOIN gridmap.person n ON n.id = a.person_id"
        " WHERE a.place_id = %s AND a.role = 'stairwell_leader' AND upper_inf(a.valid)",
        door["id"],
    )
    assert holder == [{"display_name": "新楼组长"}]
    assert desk.rows("SELECT community_id FROM gridmap.person WHERE display_name = '新来的'") == [
        {"community_id": area["id"]}
    ]
