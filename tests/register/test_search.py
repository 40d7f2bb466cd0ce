"""What has ended is not found any more, by whichever words; its map of former days stays."""

import pytest

from gridmap.pinyin import initials
from gridmap.places.drawing import End
from gridmap.read import Asked
from gridmap.read.search import find, parse_words
from tests.duties_town import ESTATE_A, HOUSE_A, STAIRS
from tests.incidents_town import Town
from tests.register.ways import SPLIT, draw, hold, place, undo


def found(town: Town, words: str, who: str = "leader") -> set[int]:
    """The ids of what that account finds."""
    viewer = town.viewer(who)
    with town.database.transaction(viewer.prologue) as connection:
        return {one.id for one in find(connection, viewer, parse_words(words), Asked(as_of=town.now))}


@pytest.mark.parametrize("who", ["leader", "worker_a"])
def test_an_ended_place_is_found_by_none_of_its_words(town: Town, who: str) -> None:
    town.rows("UPDATE gridmap.place SET name = '8号楼', initials = %s WHERE id = %s RETURNING id",
              initials("8号楼"), HOUSE_A)  # fmt: skip
    town.rows("UPDATE gridmap.place SET name = '2单元' WHERE id = %s RETURNING id", STAIRS[0])
    town.rows("UPDATE gridmap.place SET name = '桥岗' WHERE id = %s RETURNING id", ESTATE_A)
    house, stairs = place(town, HOUSE_A), place(town, STAIRS[0])
    ways = {house["code"]: HOUSE_A, "8号楼": HOUSE_A, "号楼": HOUSE_A, initials("8号楼"): HOUSE_A, "8栋": HOUSE_A}
    ways |= {"桥岗8号楼": HOUSE_A, stairs["code"]: STAIRS[0], "桥岗8号楼2单元": STAIRS[0]}
    assert {words: one in found(town, words, who) for words, one in ways.items()} == dict.fromkeys(ways, True)
    draft = draw(town, End(place_id=STAIRS[0]))
    draw(town, End(place_id=HOUSE_A))
    hold(town, draft)
    assert {words: one in found(town, words, who) for words, one in ways.items()} == dict.fromkeys(ways, False)
    undo(town, draft)
    assert {words: one in found(town, words, who) for words, one in ways.items()} == dict.fromkeys(ways, True)


def test_of_a_grid_that_was_split_the_parts_are_found_and_it_is_not(town: Town) -> None:
    [former] = found(town, place(town, SPLIT.place_id)["code"])
    draft = draw(town, SPLIT)
    hold(town, draft)
    now = found(town, "第1网格")
    assert former not in now
    assert {place(town, one)["name"] for one in now} >= {"第1网格-1", "第1网格-2"}
    assert found(town, place(town, former)["code"]) == set()
