"""Orders of the hotline in the database: 100 real-looking ones, taken once, their misfits queued and placed by hand."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from gridmap.accounts import Actor
from gridmap.clock import Clock
from gridmap.commands import main
from gridmap.db.pools import Connection
from gridmap.incidents import Action, CaseChanged, IncidentProblem
from gridmap.incidents.hotline import (
    Judged,
    Source,
    count_states,
    drop_order,
    judge_orders,
    place_order,
    read_orders,
    requeue_order,
    save_mapping,
    take_orders,
)
from gridmap.incidents.hotline.giving import answer_columns, filled_row
from gridmap.load.hotline import guess_columns, read_order_file
from gridmap.nightly import run_nightly
from gridmap.read.incidents.hotline import count_orders, read_answers, read_order
from tests import hotline_files
from tests.conftest import Base
from tests.duties_town import BASE, ESTATE_A, ESTATE_B, GARAGE, GRID_A, GRID_B, HOUSE_A, HOUSE_B, STAIRS, VILLA
from tests.hotline_files import HEADINGS, MISFITS, hundred_orders
from tests.incidents_town import COMMUNITY, COMPANY, DISPUTE, MONDAY, STREET, Town, refused

NAMES = {
    ESTATE_A: "梅苑", HOUSE_A: "3号楼", STAIRS[0]: "1单元", STAIRS[1]: "2单元", ESTATE_B: "兰苑", HOUSE_B: "12号楼",
    STAIRS[2]: "1单元", STAIRS[3]: "2单元", VILLA: "别墅2排", GARAGE: "A座",
}  # fmt: skip
COLUMNS = guess_columns(HEADINGS)


@pytest.fixture(scope="module")
def template(template: str, copy_database: Callable[[str], Base]) -> str:
    """The town, with names that people write."""
    base = copy_database(template)
    with psycopg.connect(base.owner_url) as owner:
        for place, name in NAMES.items():
            owner.execute("UPDATE gridmap.place SET name = %s WHERE id = %s", (name, place))
        owner.execute(
            "UPDATE gridmap.place SET aliases = '{梅花苑}', address = '杨行路88弄' WHERE id = %s", (ESTATE_A,)
        )
        for number in (70, 71):
            owner.execute(
                "INSERT INTO gridmap.place (street_id, id, kind, code, name, community_id, estate_id, valid)"
                " VALUES (%s, %s, 'estate', %s, '桂花苑', %s, %s, '[2020-01-01,)')",
                (STREET, BASE + number, f"twin{number}", COMMUNITY, BASE + number),
            )
    return str(psycopg.conninfo.conninfo_to_dict(base.app_url)["dbname"])


def take(town: Town, path: Path, who: str = "leader") -> tuple[Judged, ...]:
    """Take a file as the page does."""
    file = read_order_file(path)
    columns = guess_columns(file.headings)
    orders, refused = read_orders(file.rows, columns)
    assert refused == []

    def command(connection: Connection, by: Actor) -> tuple[Judged, ...]:
        mapping = save_mapping(connection, by, STREET, "12345", columns, file.headings)
        source = Source(
            street_id=STREET, file_name=file.name, sha256=b"\0" * 32, columns=columns, mapping_id=mapping,
            encoding=file.encoding,
        )  # fmt: skip
        return take_orders(connection, by, source, orders)

    return town.run(who, command)


def gbk(tmp_path: Path) -> Path:
    path = tmp_path / "工单.csv"
    path.write_bytes(hotline_files.as_csv(hundred_orders(), encoding="gbk"))
    return path


def orders(town: Town, where: str = "true") -> list[dict[str, Any]]:
    return town.rows(f"SELECT * FROM gridmap.hotline_order WHERE {where} ORDER BY number")


def test_a_hundred_orders_are_taken_and_exactly_the_misfits_are_queued(town: Town, tmp_path: Path) -> None:
    judged = take(town, gbk(tmp_path))
    assert count_states(judged) == {"placed": 80, "queued": 20, "known": 0}
    rows = orders(town)
    assert Counter(row["state"] for row in rows) == {"placed": 80, "queued": 20}
    assert Counter(row["problem"] for row in rows if row["problem"]) == {
        problem: len(addresses) for problem, addresses in MISFITS.items()
    }
    cases = town.rows("SELECT * FROM gridmap.incident")
    assert len(cases) == 80
    assert {case["source"] for case in cases} == {"hotline"}
    assert all(case["place_id"] in NAMES for case in cases)


def test_a_dry_run_says_the_same_and_writes_nothing(town: Town, tmp_path: Path) -> None:
    file = read_order_file(gbk(tmp_path))
    found, _refused = read_orders(file.rows, guess_columns(file.headings))
    judged = town.run("leader", lambda connection, _: judge_orders(connection, STREET, found, MONDAY.date()))
    assert count_states(judged) == {"placed": 80, "queued": 20, "known": 0}
    assert orders(town) == []
    assert town.rows("SELECT id FROM gridmap.incident") == []
    assert [one.state for one in take(town, gbk(tmp_path))] == [one.state for one in judged]


def test_taking_the_same_file_again_changes_nothing(town: Town, tmp_path: Path) -> None:
    take(town, gbk(tmp_path))

    def all_rows() -> list[Any]:
        tables = ("hotline_order", "incident", "incident_contact", "transition", "import_run")
        return [town.rows(f"SELECT * FROM gridmap.{table} ORDER BY 1, 2") for table in tables]

    before = all_rows()
    path = tmp_path / "once more.xlsx"
    path.write_bytes(hotline_files.as_workbook(hundred_orders(), title="3月工单"))
    assert count_states(take(town, path)) == {"placed": 0, "queued": 0, "known": 100}
    assert all_rows() == before


def test_deadlines_are_the_orders_own_and_callers_are_locked(town: Town, tmp_path: Path) -> None:
    take(town, gbk(tmp_path))
    for row in orders(town, "state = 'placed'"):
        case = town.case(row["incident_id"])
        assert (case["due_at"], case["is_due_given"]) == (row["due_at"], True)
        assert row["phone"] not in (case["text"] or "") + row["text"] + str(row["cells"])
        assert row["raw"]["联系电话"] == row["phone"]
    contacts = town.rows("SELECT name, phone FROM gridmap.incident_contact")
    assert len(contacts) == 80
    for column in ("raw", "caller", "phone"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            town.run("leader", lambda connection, _, name=column: connection.execute(
                psycopg.sql.SQL("SELECT {} FROM gridmap.hotline_order").format(psycopg.sql.Identifier(name))
            ))  # fmt: skip


def test_who_sees_orders(town: Town, tmp_path: Path) -> None:
    take(town, gbk(tmp_path))

    def seen(who: str) -> int:
        row = town.run(who, lambda connection, _: connection.execute(
            "SELECT count(*) AS orders FROM gridmap.hotline_order").fetchone())  # fmt: skip
        return int((row or {})["orders"])

    in_a = len(orders(town, f"place_id IN ({ESTATE_A}, {HOUSE_A}, {STAIRS[0]}, {STAIRS[1]})"))
    assert (seen("leader"), seen("community_leader"), seen("east_leader")) == (100, 80, 0)
    assert 0 < seen("worker_a") <= in_a
    assert (seen("company"), seen("department")) == (0, 0)
    viewer = town.viewer("community_leader")
    counts = town.run("community_leader", lambda connection, _: count_orders(connection, viewer, STREET))
    assert counts == {"queued": 0, "placed": 80, "dropped": 0}


def test_a_misfit_is_placed_by_hand_once_and_another_is_put_away(town: Town, tmp_path: Path) -> None:
    take(town, gbk(tmp_path))
    first, second, *_ = orders(town, "state = 'queued'")
    made = town.run("leader", lambda connection, by: place_order(
        connection, by, first["id"], STAIRS[0], revision=first["revision"], kind="03001"))  # fmt: skip
    case = town.case(made.incident_id)
    assert (case["place_id"], case["kind"], case["due_at"]) == (STAIRS[0], "03001", first["due_at"])
    assert town.rows("SELECT phone FROM gridmap.incident_contact WHERE incident_id = %s", case["id"]) == [
        {"phone": first["phone"]}
    ]
    [looked] = town.rows("SELECT * FROM gridmap.audit WHERE action = 'unmask'")
    assert (looked["subject"], looked["subject_id"]) == ("hotline_order", str(first["id"]))
    with pytest.raises(CaseChanged):
        town.run("leader", lambda connection, by: place_order(
            connection, by, first["id"], STAIRS[1], revision=first["revision"]))  # fmt: skip
    with pytest.raises(IncidentProblem, match="reason"):
        town.run("leader", lambda connection, by: drop_order(connection, by, second["id"], " ", revision=1))
    town.run("leader", lambda connection, by: drop_order(connection, by, second["id"], "属于邻街道", revision=1))
    town.run("leader", lambda connection, by: requeue_order(connection, by, second["id"], revision=2))
    assert Counter(row["state"] for row in orders(town)) == {"placed": 81, "queued": 19}


def test_a_misfit_is_placed_at_a_point_and_stays_the_streets_own(town: Town, tmp_path: Path) -> None:
    take(town, gbk(tmp_path))
    [first, *_] = orders(town, "state = 'queued'")

    def place(at: tuple[float, float]) -> int:
        return town.run("leader", lambda connection, by: place_order(
            connection, by, first["id"], revision=first["revision"], at=at)).incident_id  # fmt: skip

    with refused("outside"):
        place((120.0, 30.0))
    with refused("where"):
        town.run("leader", lambda connection, by: place_order(connection, by, first["id"], revision=first["revision"]))
    case = town.case(place((113.415, 22.505)))
    [row] = orders(town, f"id = {first['id']}")
    assert (row["state"], row["place_id"], row["grid_id"]) == ("placed", None, case["grid_id"])
    assert (case["place_id"], case["grid_id"], case["estate_id"], case["due_at"]) == (
        None, GRID_B, ESTATE_B, first["due_at"],
    )  # fmt: skip
    viewer = town.viewer("leader")
    shown = town.run("leader", lambda connection, _: read_order(connection, viewer, first["id"], MONDAY))
    assert shown is not None
    assert (shown["estate"], shown["case_address"]) == ("兰苑", case["address"])
    # the case is moved to another place: the order of it goes along
    town.act("leader", case["id"], Action.MOVE, place_id=STAIRS[0])
    [row] = orders(town, f"id = {first['id']}")
    assert (row["place_id"], row["grid_id"], row["estate_id"]) == (STAIRS[0], GRID_A, ESTATE_A)


def test_what_is_urgent_stays_so_and_what_is_private_gets_locked_when_placed_by_hand(
    town: Town, tmp_path: Path
) -> None:
    rows = [dict(zip(HEADINGS, row, strict=True)) for row in hundred_orders()[:2]]
    for row, urgency in zip(rows, ("特急", "不紧急"), strict=True):
        row |= {
            "诉求地址": "不清楚",
            "紧急程度": urgency,
            "诉求标题": "",
            "诉求内容": "楼上老赵半夜敲墙",
            "诉求类别": "",
        }
    path = tmp_path / "misfits.csv"
    path.write_bytes(hotline_files.as_csv([list(row.values()) for row in rows]))
    take(town, path)
    cases = [
        town.case(town.run("leader", lambda connection, by, one=one, kind=kind: place_order(
            connection, by, one["id"], STAIRS[0], revision=1, kind=kind)).incident_id)
        for one, kind in zip(orders(town), ("03001", DISPUTE), strict=True)
    ]  # fmt: skip
    usual = town.rows("SELECT severity FROM gridmap.incident_kind WHERE code = %s", DISPUTE)[0]["severity"]
    assert [case["severity"] for case in cases] == [3, usual]
    assert [case["text"] for case in cases] == ["楼上老赵半夜敲墙", None]
    open_one, private = orders(town)
    assert (open_one["text"], open_one["cells"]["诉求内容"]) == ("楼上老赵半夜敲墙", "楼上老赵半夜敲墙")
    assert (private["text"], private["cells"]["诉求内容"]) == ("", "***")
    assert [row["words"] for row in town.rows("SELECT words FROM gridmap.incident_contact WHERE has_words")] == [
        "楼上老赵半夜敲墙"
    ]


def test_who_called_is_forgotten_a_year_later_of_orders_that_wait_or_were_put_away_too(
    town: Town, tmp_path: Path
) -> None:
    take(town, gbk(tmp_path))
    waiting, away, undated, *_ = orders(town, "state = 'queued'")
    with psycopg.connect(town.owner_url) as owner:
        owner.execute("UPDATE gridmap.hotline_order SET received_at = %s", (MONDAY,))
        owner.execute("UPDATE gridmap.hotline_order SET received_at = NULL WHERE id = %s", (undated["id"],))
        owner.execute(
            "UPDATE gridmap.hotline_order SET cells = jsonb_set(cells, '{紧急程度}', '\"特急\"') WHERE id = %s",
            (waiting["id"],),
        )
    # sent back long after: the year began when the hotline took it
    town.now = MONDAY + timedelta(days=300)
    town.run("leader", lambda connection, by: drop_order(connection, by, away["id"], "属于邻街道", revision=1))
    for days, left in ((364, 100), (366, 80)):
        moment = MONDAY + timedelta(days=days)
        run_nightly(town.database, moment, Clock(fixed=moment))
        assert len(orders(town, "has_raw")) == left
    assert {row["state"] for row in orders(town, "has_raw")} == {"placed"}  # their cases are open still
    gone = orders(town, "NOT has_raw")
    assert {(row["caller"], row["phone"], str(row["raw"])) for row in gone} == {(None, None, "{}")}
    assert all(row["cells"] for row in gone)
    made = town.run("leader", lambda connection, by: place_order(
        connection, by, waiting["id"], STAIRS[0], revision=1, kind="03001"))  # fmt: skip
    case = town.case(made.incident_id)
    assert (case["severity"], case["text"], case["due_at"]) == (3, waiting["text"], waiting["due_at"])
    assert town.rows("SELECT FROM gridmap.incident_contact WHERE incident_id = %s", case["id"]) == []


def test_the_answer_of_a_repeated_order_is_that_of_the_first(town: Town, tmp_path: Path) -> None:
    take(town, gbk(tmp_path))
    first, second, *_ = orders(town, "state = 'placed'")
    town.act("leader", second["incident_id"], Action.MERGE, duplicate_of_id=first["incident_id"])
    town.act("leader", first["incident_id"], Action.DISPATCH, lead_id=COMPANY)
    town.act("company", first["incident_id"], Action.ACCEPT)
    town.act("company", first["incident_id"], Action.ANSWER, answer="已处理")
    viewer = town.viewer("leader")
    rows = town.run(
        "leader", lambda connection, _: read_answers(connection, viewer, STREET, first["mapping_id"], MONDAY)
    )
    found = {row["number"]: (row["answer"], row["unit"], row["case_state"]) for row in rows}
    assert found[first["number"]] == ("已处理", "甲物业", "handling")
    assert found[second["number"]] == ("已处理", "甲物业", "duplicate")


def test_whoever_does_not_see_an_order_cannot_place_it(town: Town, tmp_path: Path) -> None:
    take(town, gbk(tmp_path))
    [first, *_] = orders(town, "state = 'queued'")
    for who in ("community_leader", "company", "worker_a"):
        with pytest.raises(LookupError):
            town.run(who, lambda connection, by: place_order(connection, by, first["id"], STAIRS[0], revision=1))


def test_answers_go_back_under_the_hotlines_headings(town: Town, tmp_path: Path) -> None:
    take(town, gbk(tmp_path))
    [chosen, *_] = orders(town, f"place_id = {STAIRS[0]}")
    town.act("leader", chosen["incident_id"], Action.DISPATCH, lead_id=COMPANY)
    town.act("company", chosen["incident_id"], Action.ACCEPT)
    town.act("company", chosen["incident_id"], Action.ANSWER, answer="已清理完毕")
    viewer = town.viewer("leader")
    rows = town.run(
        "leader", lambda connection, _: read_answers(connection, viewer, STREET, chosen["mapping_id"], MONDAY)
    )
    headings, places = answer_columns(COLUMNS, HEADINGS)
    filled = {row["工单编号"]: row for row in (filled_row(one, places) for one in rows)}
    assert len(filled) == 100
    answered = filled[chosen["number"]]
    assert (answered["办理结果"], answered["承办单位"], answered["工单状态"]) == ("已清理完毕", "甲物业", "处置中")
    assert set(HEADINGS) <= set(headings)
    assert all("139" not in row["联系电话"] or "****" in row["联系电话"] for row in filled.values())


def test_a_private_matter_stays_locked_from_end_to_end(town: Town, tmp_path: Path) -> None:
    row = dict(zip(HEADINGS, hundred_orders()[0], strict=True))
    row |= {"诉求类别": "邻里纠纷", "诉求内容": "楼上老赵半夜敲墙", "诉求标题": "", "诉求地址": "梅苑3栋1单元"}
    path = tmp_path / "private.csv"
    path.write_bytes(hotline_files.as_csv([list(row.values())]))
    take(town, path)
    [order] = orders(town)
    assert (order["text"], order["cells"]["诉求内容"], order["state"]) == ("", "***", "placed")
    assert town.case(order["incident_id"])["text"] is None
    [contact] = town.rows("SELECT words FROM gridmap.incident_contact")
    assert contact["words"] == "楼上老赵半夜敲墙"
    viewer = town.viewer("leader")
    shown = town.run("leader", lambda connection, _: read_order(connection, viewer, order["id"], MONDAY))
    assert "老赵" not in str(shown)


def test_the_command_line_looks_takes_and_gives_back(
    base: Base, town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDMAP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GRIDMAP_DATABASE_URL", base.app_url)
    monkeypatch.setenv("GRIDMAP_CLOCK", MONDAY.isoformat())
    [street] = town.rows("SELECT code FROM gridmap.street WHERE id = %s", STREET)

    def run(*words: object) -> tuple[int, str]:
        words = ("hotline", *words, "--street", street["code"])
        result = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
        return result.exit_code, result.output

    file, back = gbk(tmp_path), tmp_path / "answers.csv"
    code, said = run("import", file)
    assert code == 0
    assert "80 become cases, 20 wait for a place, 0 known already, 0 cannot be read" in said
    assert "Nothing was written" in said
    assert orders(town) == []
    code, said = run("import", file, "--map", "text=没有这一列")
    assert (code, "There is no column 没有这一列" in said) == (1, True)
    assert run("export", "-o", back)[0] == 1
    assert run("import", file, "--commit", "--mapping", "市热线")[0] == 0
    assert Counter(row["state"] for row in orders(town)) == {"placed": 80, "queued": 20}
    assert "100 known already" in run("import", file, "--commit", "--mapping", "市热线")[1]
    assert run("export", "-o", back, "--gbk", "--mapping", "市热线")[0] == 0
    lines = back.read_bytes().decode("gb18030").splitlines()
    assert lines[0].startswith(",".join(HEADINGS))
    assert len(lines) == 101
    assert "13912340001" not in "".join(lines)
    assert run("export", "-o", tmp_path / "answers.pdf")[0] == 1
    assert run("import", tmp_path / "answers.csv", "--mapping", "nosuch")[0] == 0
