"""`gridmap load` as people type it: what it prints, writes, refuses, and with which exit code."""

import csv
import json
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from gridmap.commands import main
from load.files import square, write_csv, write_features, write_shapefile


@pytest.fixture
def gridmap(command):
    """`gridmap load`; gives (exit code, what was printed)."""
    return lambda *words: command("load", *words)


@pytest.fixture
def counted(empty_base):
    """How many rows a table has."""

    def count(table):
        with psycopg.connect(empty_base.owner_url) as connection:
            return connection.execute(f"SELECT count(*) FROM gridmap.{table}").fetchone()[0]

    return count


def facilities(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "灯.csv", "名称,lon,lat\n甲,121.4,31.3\n乙,0,0\n丙,31.3,121.41\n")


def test_a_dry_run_writes_nothing_and_says_so(gridmap, counted, tmp_path):
    code, said = gridmap("facilities", facilities(tmp_path), "--new-street", "310113103,杨行镇", "--json")
    assert code == 0
    assert "Nothing was written; add --commit to write." in said
    assert "names           甲, 丙\n" in said
    counts = json.loads(said.splitlines()[-1])
    assert [counts[name] for name in ("read", "accepted", "corrected", "rejected")] == [3, 2, 1, 1]
    assert counts["committed"] is False
    assert [counted(table) for table in ("street", "district", "place", "import_run", "audit", "change")] == [0] * 6


def test_a_commit_writes_the_good_rows_and_reports_the_others(gridmap, counted, tmp_path):
    report = tmp_path / "report.csv"
    code, said = gridmap(
        "facilities", facilities(tmp_path), "--new-street", "310113103,杨行镇", "--report", report, "--json", "--commit"
    )
    assert code == 0
    counts = json.loads(said.splitlines()[-1])
    assert (counts["committed"], counts["new"]) == (True, 2)
    assert counted("place") == 2
    with report.open(encoding="utf-8-sig", newline="") as file:
        listed = list(csv.DictReader(file))
    assert [(row["outcome"], row["place"], row["code"], row["raw"]) for row in listed[:2]] == [
        ("rejected", "line 3", "null_island", "0, 0"),
        ("corrected", "line 4", "swapped", "31.3, 121.41"),
    ]
    assert gridmap("facilities", facilities(tmp_path), "--street", "310113103", "--commit")[1].count("unchanged 2") == 1


def test_two_files_are_one_transaction(gridmap, counted, tmp_path):
    other = write_csv(tmp_path / "b.csv", "名称,lon,lat\n丁,121.42,31.3\n")
    code, _ = gridmap("facilities", facilities(tmp_path), other, "--new-street", "310113103,杨行镇", "--commit")
    assert (code, counted("place"), counted("import_run")) == (0, 3, 2)
    broken = write_csv(tmp_path / "c.csv", "名称\n戊\n")
    again = write_csv(tmp_path / "d.csv", "名称,lon,lat\n己,121.42,31.31\n")
    assert gridmap("facilities", again, broken, "--street", "310113103", "--commit")[0] == 2
    assert counted("place") == 3


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["facilities"], "Name at least one file."),
        (["facilities", "{file}", "--commit"], "Say into which street"),
        (["facilities", "{file}", "--street", "999999999"], "There is no street 999999999"),
        (["facilities", "{file}", "--street", "1", "--new-street", "310113103,a"], "not both"),
        (["facilities", "{file}", "--new-street", "12,a"], "9-digit code"),
        (["districts", "{file}", "--new-street", "310113103,a"], "cannot make a street"),
        (["facilities", "{file}", "--datum", "mars"], "choose wgs84, gcj02 or bd09"),
        (["facilities", "{file}", "--map", "name"], "should be target=column"),
        (["facilities", "{file}", "--crs", "EPSG:0"], "is not a coordinate system"),
        (["facilities", "{folder}/none.csv"], "There is no file"),
        (["facilities", "{folder}"], "There is no file"),
        (["facilities", "{folder}/a.xls"], "save it as .xlsx"),
        (["facilities", "{file}", "--within", "{file}"], "no outline to stay within"),
        (["facilities", "{file}", "--report", "{folder}/no/report.csv"], "No such file or directory"),
        (["buildings", "--template", "{folder}/t.xlsx"], "template for people only"),
        (["people", "--template", "{folder}/t.txt"], "should end in .xlsx"),
        (["facilities", "{file}", "--keep", "备注"], "the file has no such column; it has: 名称, lon, lat"),
        (["people", "{file}", "--keep-all"], "nothing is kept"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(gridmap, tmp_path, words, sentence):
    file = facilities(tmp_path)
    (tmp_path / "a.xls").write_bytes(b"anything")
    code, said = gridmap(*(word.format(file=file, folder=tmp_path) for word in words))
    assert code == 2
    assert sentence in said
    assert "Traceback" not in said


def test_a_missing_crs_is_refused_with_what_to_type(gridmap, tmp_path):
    path = write_shapefile(tmp_path, [(square(121.4, 31.3), {"name": "a"})], crs=None)
    code, said = gridmap("estates", path)
    assert code == 2
    assert "--crs EPSG:4326  (WGS 84): 121.40" in said


def test_an_unreachable_database_is_a_sentence_too(gridmap, monkeypatch, tmp_path):
    monkeypatch.setenv("GRIDMAP_DATABASE_URL", "host=127.0.0.1 port=1 dbname=no connect_timeout=1")
    monkeypatch.setattr("gridmap.db.pools.WAIT_SECONDS", 1, raising=False)
    code, said = gridmap("facilities", facilities(tmp_path), "--street", "310113103")
    assert code == 1
    assert "Traceback" not in said


def test_a_dry_run_needs_no_database(monkeypatch, tmp_path):
    monkeypatch.setenv("GRIDMAP_HOME", str(tmp_path / "nothing"))
    result = CliRunner().invoke(
        main, ["load", "facilities", str(facilities(tmp_path)), "--json"], catch_exceptions=False
    )
    assert result.exit_code == 0
    assert "no database is running here" in result.output
    assert json.loads(result.output.splitlines()[-1])["accepted"] == 2
    assert not (tmp_path / "nothing").exists()


def test_within_another_file(gridmap, tmp_path):
    outline = write_features(tmp_path / "outline.geojson", [(square(121.4, 31.3, 0.001), {})])
    path = write_csv(tmp_path / "a.csv", "名称,lon,lat\n甲,121.4,31.3\n乙,121.5,31.3\n")
    code, said = gridmap("facilities", path, "--within", outline, "--json")
    assert (code, json.loads(said.splitlines()[-1])["rejected"]) == (0, 1)


def test_the_template_for_people(gridmap, tmp_path):
    path = tmp_path / "people.xlsx"
    assert gridmap("people", "--template", path) == (0, f"{path}\n")
    code, said = gridmap("people", path, "--json")
    assert (code, json.loads(said.splitlines()[-1])["accepted"]) == (0, 0)
