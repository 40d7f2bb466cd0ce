"""The register out to Excel and back: what nobody touched is no difference, what somebody edited is exactly one."""

import datetime as dt

import pytest

from gridmap.read.sheets.fields import SHEETS
from tests.sheets.conftest import Desk


@pytest.mark.parametrize("locale", ["zh", "en"])
@pytest.mark.parametrize("kind", list(SHEETS))
def test_what_was_taken_out_changes_nothing(desk: Desk, kind: str, locale: str) -> None:
    book = desk.take(kind, locale=locale)
    found = desk.look(book, locale)
    assert found.counts["unchanged"] == len(found.rows) > 5
    assert found.to_write == found.gone == ()
    # a workbook taken out in one language and brought back in the other is the same workbook
    other = desk.look(book, "en" if locale == "zh" else "zh")
    assert other.counts["unchanged"] == len(found.rows)


EDITS = {
    "estates": {
        "name": "改名小区", "aliases": "旧名、俗名", "address": "新路 3-1 号", "management": "自治",
        "origin": "商品房", "built_year": 1998, "site_area_m2": 1234.567, "floor_area_m2": "5,000",
        "declared_households": "１２０", "declared_population": "300人", "declared_buildings": 7,
        "declared_stairwells": 12.0,
    },
    "buildings": {
        "name": "3-1", "address": "东路007号", "kind": "high_rise", "floors": "18层", "floors_underground": 2,
        "built_year": "2004年", "height_m": "54.25米", "declared_households": 72, "declared_stairwells": 4,
    },
    "facilities": {
        "name": "=1+1", "address": "门口", "kind": "消防设施", "state": "Down",
        "installed_on": dt.date(2020, 2, 29), "level": -1,
    },
}  # fmt: skip
BECOMES = {
    "estates": {
        "aliases": ["旧名", "俗名"], "management": "self", "site_area_m2": 1234.57, "floor_area_m2": 5000,
        "declared_households": 120, "declared_population": 300, "declared_stairwells": 12,
    },
    "buildings": {"floors": 18, "built_year": 2004, "height_m": 54.3},
    "facilities": {"kind": "fire_equipment", "state": "down", "installed_on": dt.date(2020, 2, 29)},
}  # fmt: skip


@pytest.mark.parametrize("kind", list(EDITS))
def test_an_edit_in_every_column_is_written_and_nothing_else(desk: Desk, kind: str) -> None:
    book = desk.take(kind)
    place, other = book.id(2), book.id(3)
    before, beside = desk.place(place), desk.place(other)
    for name, value in EDITS[kind].items():
        book.write(2, **{name: value})
        if isinstance(value, str):
            book.cell(2, name).data_type = "s"
    row = desk.row(book, 2)
    assert (row.outcome, row.troubles) == ("changed", ())
    assert {cell.field.name for cell in row.cells} == EDITS[kind].keys()
    made = desk.bring(book)
    after = desk.place(place)
    wanted = EDITS[kind] | BECOMES[kind]
    assert {name: float(after[name]) if name.endswith(("_m2", "_m")) else after[name] for name in wanted} == wanted
    assert (after["revision"], after["import_run_id"]) == (before["revision"] + 1, made.run)
    kept = before.keys() - EDITS[kind].keys() - {"revision", "changed_at", "changed_by", "import_run_id", "initials"}
    kept -= {"search"}
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert desk.place(other) == beside
    # brought back once more there is nothing left to do, and of what was seen before nothing is overwritten
    assert desk.look(book).counts["unchanged"] == len(desk.look(book).rows)
