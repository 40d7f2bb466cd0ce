"""`gridmap undo-load` as people type it, after `gridmap load`."""

import re

import psycopg
import pytest

from load.files import write_csv

LAMPS = "名称,地址,类型,lon,lat\n甲,长江路1号,路灯,121.4,31.3\n乙,长江路2号,路灯,121.41,31.3\n丙,无名路3号,路灯,,\n"


@pytest.fixture
def gridmap(command):
    """The command; gives (exit code, what was printed)."""
    return command


@pytest.fixture
def ask(empty_base):
    def one(query):
        with psycopg.connect(empty_base.owner_url) as connection:
            row = connection.execute(query).fetchone()
            return row and row[0]

    return one


def test_what_the_command_has_loaded_the_command_takes_back(gridmap, ask, empty_base, tmp_path):
    file = write_csv(tmp_path / "灯.csv", LAMPS)
    code, said = gridmap("load", "facilities", file, "--new-street", "310113103,杨行镇", "--commit")
    assert code == 0
    assert "1 rows wait to be placed by hand" in said
    run = re.search(r"undo-load (\d+)", said)[1]
    assert ask("SELECT count(*) FROM gridmap.facility") == 2
    assert ask("SELECT state FROM gridmap.unplaced") == "waiting"

    code, said = gridmap("undo-load", run)
    assert (code, "removed 2, restored 0, left 0" in said, "Nothing was written" in said) == (0, True, True)
    assert ask("SELECT count(*) FROM gridmap.facility") == 2

    with psycopg.connect(empty_base.owner_url) as owner:
        owner.execute("UPDATE gridmap.place SET name = '改', revision = revision + 1 WHERE name = '甲'")
    code, said = gridmap("undo-load", run, "--commit")
    assert code == 1
    assert "--leave-touched" in said
    assert ask("SELECT count(*) FROM gridmap.facility") == 2

    code, said = gridmap("undo-load", run, "--leave-touched", "--commit")
    assert (code, "stays  改" in said, "removed 1, restored 0, left 1" in said) == (0, True, True)
    assert ask("SELECT name FROM gridmap.place") == "改"
    assert ask("SELECT state FROM gridmap.unplaced") == "withdrawn"
    assert gridmap("undo-load", run, "--commit")[0] == 1
    assert gridmap("undo-load", 999, "--commit")[0] == 1
