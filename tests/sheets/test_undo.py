"""A workbook that was written can be taken back like any import."""

from typing import Any

from gridmap.db import SYSTEM
from gridmap.load.store.undo import undo_run
from tests.sheets.conftest import Desk

EDITS: dict[str, dict[str, Any]] = {
    "buildings": {"floors": 61, "name": "改了"},
    "estates": {"built_year": 1977, "address": "x"},
}


def test_a_workbook_is_taken_back(desk: Desk) -> None:
    for kind, edits in EDITS.items():
        book = desk.take(kind)
        one, other = book.id(2), book.id(3)
        before = [desk.place(place) for place in (one, other)]
        book.write(2, **edits)
        book.write(3, **edits)
        made = desk.bring(book)
        assert [desk.place(place)["revision"] for place in (one, other)] == [was["revision"] + 1 for was in before]
        with desk.database.transaction(SYSTEM) as connection:
            told = undo_run(connection, desk.by, made.run)
        assert (told.restored, told.removed, told.left) == (2, 0, 0)
        moving = {"revision", "changed_at", "changed_by", "import_run_id"}
        for place, was in zip((one, other), before, strict=True):
            now = desk.place(place)
            assert {**now, **dict.fromkeys(moving)} == {**was, **dict.fromkeys(moving)}
            assert now["revision"] == was["revision"] + 2
