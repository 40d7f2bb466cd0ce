"""A viewer of one street sees no more than before, and the page of a street says the same either way."""

import pytest

from gridmap.layer import Role
from gridmap.read.narrow import within
from gridmap.scope import Reach, Viewer

HERE, THERE = 7, 8


def of(street: int, serial: int) -> int:
    return (street << 32) + serial


def somebody(reach: Reach) -> Viewer:
    roles = frozenset({Role.LEADER})
    return Viewer(account_id=1, username="a", title="A", locale="zh", roles=roles, reach=reach)


@pytest.mark.parametrize(
    ("reach", "narrow"),
    [
        (Reach(is_city=True), Reach(streets=(HERE,), near=(HERE,))),
        (Reach(streets=(HERE, THERE), near=(HERE, THERE)), Reach(streets=(HERE,), near=(HERE,))),
        (Reach(streets=(THERE,), near=(THERE,)), Reach()),
        (
            Reach(
                grids=(of(HERE, 1), of(THERE, 1)),
                estates=(of(THERE, 2),),
                places=(of(HERE, 3),),
                people=(of(HERE, 4), of(THERE, 4)),
                communities=(of(HERE, 5),),
                near=(HERE, THERE),
            ),
            Reach(
                grids=(of(HERE, 1),),
                places=(of(HERE, 3),),
                people=(of(HERE, 4),),
                communities=(of(HERE, 5),),
                near=(HERE,),
            ),
        ),
    ],
)
def test_only_what_lies_in_the_street_is_left(reach: Reach, narrow: Reach) -> None:
    assert within(somebody(reach), HERE).reach == narrow


def test_the_locks_are_those_of_the_narrow_reach() -> None:
    wide = somebody(Reach(streets=(HERE, THERE), near=(HERE, THERE)))
    assert wide.settings["streets"] != within(wide, HERE).settings["streets"]
    assert wide.prologue != within(wide, HERE).prologue
    assert within(wide, HERE).roles == wide.roles
