"""A layer as a file: what it says, that nothing is lost or added, and that it never fills the memory."""

import csv
import io
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pyogrio
import pytest
import shapely
from click.testing import CliRunner, Result
from shapely.geometry import shape

from gridmap.commands import main
from gridmap.layer import Role
from gridmap.layers import BY_NAME, LAYERS
from gridmap.read import Export, Filter, Format, Stream, parse_filter, read_page, write_stream
from gridmap.read.filter import EVERYTHING, parse_box
from gridmap.read.stream import BLOCK
from gridmap.scope import Viewer
from tests.two_streets import ASKED, Town, identity, open_town

MADE_AT = datetime(2026, 3, 16, 1, 2, 3, 456, tzinfo=UTC)


@pytest.fixture(scope="module")
def town(empty_template: str, copy_database: Callable[[str], Any]) -> Iterator[Town]:
    with open_town(copy_database(empty_template)) as made:
        yield made


def exported(viewer: Viewer, name: str, form: Format = Format.GEOJSON, where: Filter = EVERYTHING) -> Export:
    return Export(
        layer=BY_NAME[name],
        viewer=viewer,
        asked=ASKED,
        made_at=MADE_AT,
        title=name.title(),
        format=form,
        where=where,
        masked=False,
    )


def written(town: Town, export: Export) -> bytes:
    into = io.BytesIO()
    rows = write_stream(town.database, export, into.write)
    assert rows >= 0
    return into.getvalue()


def features(town: Town, viewer: Viewer, name: str, where: Filter = EVERYTHING) -> list[dict[str, Any]]:
    with town.database.transaction(viewer.prologue) as connection:
        page = read_page(connection, BY_NAME[name], viewer, ASKED, limit=10_000, where=where)
    found: list[dict[str, Any]] = json.loads(b"[" + page.features + b"]")
    return found


def busy(town: Town) -> int:
    """How many of the streams' connections are in a transaction."""
    with psycopg.connect(town.base.superuser_url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'gridmap streams'"
            " AND datname = current_database() AND state <> 'idle'"
        ).fetchone()
    assert row
    return int(row[0])


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_geojson_holds_exactly_the_features(town: Town, layer: Any) -> None:
    document = json.loads(written(town, exported(town.viewer(), layer.name)))
    assert document["type"] == "FeatureCollection"
    assert document["features"] == features(town, town.viewer(), layer.name)


def test_geojson_says_what_it_is(town: Town) -> None:
    leader = town.viewer()
    where = parse_filter(BY_NAME["buildings"], leader.reading_roles, {"bbox": "113,22,114,23", "kind": "slab"})
    document = json.loads(written(town, exported(leader, "buildings", where=where)))
    assert document["name"] == "buildings"
    assert document["title"] == "Buildings"
    assert document["timeStamp"] == "2026-03-16T01:02:03Z"
    assert document["asOf"] == "2026-03-16T09:00:00+08:00"
    assert document["filter"] == {"bbox": "113,22,114,23", "kind": "slab"}
    assert document["coordRefSys"].endswith("/CRS84")
    assert "crs" not in document
    assert len(document["features"]) == len(features(town, leader, "buildings", where)) > 0


def test_an_empty_layer_is_an_empty_collection(town: Town) -> None:
    assert json.loads(written(town, exported(town.viewer(), "water")))["features"] == []
    assert written(town, exported(town.viewer(), "water", Format.GEOJSON_SEQUENCE)) == b""
    assert written(town, exported(town.viewer(), "water", Format.CSV)).count(b"\n") == 1


def test_a_sequence_has_one_feature_a_record(town: Town) -> None:
    body = written(town, exported(town.viewer(), "buildings", Format.GEOJSON_SEQUENCE))
    records = body.split(b"\x1e")
    assert records[0] == b""
    assert [json.loads(record) for record in records[1:]] == features(town, town.viewer(), "buildings")
    assert all(record.endswith(b"\n") and record.count(b"\n") == 1 for record in records[1:])


def test_csv_opens_in_a_spreadsheet_with_every_value(town: Town) -> None:
    body = written(town, exported(town.viewer(), "buildings", Format.CSV))
    assert body.startswith(b"\xef\xbb\xbfid,")
    rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    whole = features(town, town.viewer(), "buildings")
    assert [int(row["id"]) for row in rows] == [feature["id"] for feature in whole]
    for row, feature in zip(rows, whole, strict=True):
        properties = feature["properties"]
        assert row["name"] == ("'" if properties["name"].startswith("=") else "") + properties["name"]
        assert row["height_m"] == ("" if properties["height_m"] is None else str(properties["height_m"]))
        if feature["geometry"] is None:
            assert row["wkt"] == row["lon"] == row["lat"] == ""
            continue
        outline = shapely.from_wkt(row["wkt"])
        assert shapely.normalize(outline) == shapely.normalize(shape(feature["geometry"]))
        assert outline.buffer(1e-6).contains(shapely.Point(float(row["lon"]), float(row["lat"])))


def test_csv_of_points_has_coordinates_and_plain_values(town: Town) -> None:
    lines = written(town, exported(town.viewer(), "facilities", Format.CSV)).decode("utf-8-sig").splitlines()
    assert lines[0].endswith(",lon,lat")
    assert ",2019-05-04," in lines[1]
    assert re.search(r",113\.4112346,22\.501$", lines[1])
    assignments = written(town, exported(town.viewer(), "assignments", Format.CSV)).decode("utf-8-sig")
    assert ",true," in assignments


@pytest.mark.parametrize("form", list(Format))
def test_a_viewer_exports_only_their_own(town: Town, form: Format) -> None:
    narrow = town.viewer(Role.WORKER, grids=(identity(1, 1000),))
    expected = {feature["id"] for feature in features(town, narrow, "buildings")}
    assert 0 < len(expected) < len(town.buildings)
    with Stream_(town, exported(narrow, "buildings", form)) as stream:
        body = b"".join(stream).decode("utf-8-sig")
    assert stream.rows == len(expected)
    for made in town.buildings:
        assert (str(made) in body) == (made in expected)


@pytest.mark.parametrize("form", list(Format))
def test_a_planner_exports_nobodys_name(town: Town, form: Format) -> None:
    masked = written(town, exported(town.viewer(Role.PLANNER), "buildings", form)).decode()
    assert "manager" not in masked
    assert "张" not in masked
    assert "张师傅" in written(town, exported(town.viewer(), "buildings", form)).decode()


def test_what_goes_out_comes_back(town: Town, tmp_path: Path) -> None:
    for form in Format:
        file = tmp_path / f"buildings.{form.value}"
        file.write_bytes(written(town, exported(town.viewer(), "buildings", form)))
        frame = pyogrio.read_dataframe(file, fid_as_index=form is not Format.CSV)
        ids = frame["id"].astype("int64") if form is Format.CSV else frame.index
        expected = {made: row["name"] for made, row in town.buildings.items()}
        if form is Format.CSV:
            expected = {made: "'" * name.startswith("=") + name for made, name in expected.items()}
        assert dict(zip(ids, frame["name"], strict=True)) == expected
        for made, read in zip(ids, frame.geometry, strict=True):
            _same_shape(town.buildings[made]["shape"], read)


def _same_shape(stored: str | None, read: Any) -> None:
    if stored is None:
        assert read is None
        return
    rounded = shapely.set_precision(shapely.from_wkt(stored), 1e-7, mode="pointwise")
    assert shapely.normalize(rounded).equals_exact(shapely.normalize(read), 1e-9)


class Stream_(Stream):  # noqa: N801 - only a `with` around it
    """A stream that closes itself."""

    def __init__(self, town: Town, export: Export) -> None:
        super().__init__(town.database, export)

    def __enter__(self) -> "Stream_":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@pytest.fixture(scope="module")
def crowded(empty_template: str, copy_database: Callable[[str], Any]) -> Iterator[Town]:
    """A town with 5,000 buildings more in each street."""
    with open_town(copy_database(empty_template)) as made:
        with psycopg.connect(made.base.owner_url) as owner:
            owner.execute(
                "INSERT INTO gridmap.place (street_id, id, kind, code, name, community_id, geom)"
                " SELECT s, (s::bigint << 32) + 100000 + n, 'building', 'x' || n, repeat('花苑', 20) || n,"
                " (s::bigint << 32) + 1, ST_MakeEnvelope(113.4, 22.5, 113.4001, 22.5001, 4326)"
                " FROM generate_series(1, 2) s, generate_series(1, 5000) n"
            )
            owner.execute(
                "INSERT INTO gridmap.building (street_id, place_id)"
                " SELECT street_id, id FROM gridmap.place WHERE kind = 'building' ON CONFLICT DO NOTHING"
            )
        yield made


def test_blocks_stay_small_and_order_holds(crowded: Town) -> None:
    with Stream_(crowded, exported(crowded.viewer(), "buildings")) as stream:
        blocks = list(stream)
    largest_row = 2_000
    assert len(blocks) > 20
    assert max(map(len, blocks)) < BLOCK + largest_row
    assert min(map(len, blocks[:-1])) >= BLOCK
    ids = [feature["id"] for feature in json.loads(b"".join(blocks))["features"]]
    assert len(ids) == stream.rows == 10_000 + len(crowded.buildings)
    assert ids == sorted(ids)


def test_a_reader_who_goes_away_frees_the_connection(crowded: Town) -> None:
    stream = Stream(crowded.database, exported(crowded.viewer(), "buildings"))
    next(stream)
    assert busy(crowded) == 1
    stream.close()
    assert busy(crowded) == 0
    for _ in range(5):
        again = Stream(crowded.database, exported(crowded.viewer(), "buildings"))
        next(again)
        again.close()
    assert len(written(crowded, exported(crowded.viewer(), "estates"))) > 0


def test_a_file_shows_one_moment(crowded: Town) -> None:
    with Stream_(crowded, exported(crowded.viewer(), "buildings")) as stream:
        blocks = [next(stream)]
        with psycopg.connect(crowded.base.owner_url) as owner:
            owner.execute("UPDATE gridmap.place SET name = 'changed' WHERE kind = 'building'")
        blocks += stream
    assert b'"changed"' not in b"".join(blocks)
    assert b'"changed"' in written(crowded, exported(crowded.viewer(), "buildings"))


def test_trouble_is_told_before_the_first_byte(town: Town) -> None:
    broken = exported(town.viewer(), "buildings", where=Filter(equals=(("floors", "six"),)))
    with pytest.raises(psycopg.Error):
        Stream(town.database, broken)
    assert busy(town) == 0


# ---- the command line


@pytest.fixture
def command(town: Town, tmp_path: Path) -> Callable[..., Result]:
    """`gridmap …` on the town's database, at a fixed business time."""
    environment = {
        "GRIDMAP_HOME": str(tmp_path / "home"),
        "GRIDMAP_DATABASE_URL": town.base.app_url,
        "GRIDMAP_CLOCK": "2026-03-16T09:00+08:00",
    }

    def run(*arguments: str) -> Result:
        return CliRunner(env=environment).invoke(main, list(arguments))

    return run


@pytest.fixture(scope="module")
def leader(town: Town) -> str:
    """The user name of an account that leads the first street."""
    with psycopg.connect(town.base.owner_url) as owner:
        made = owner.execute(
            "INSERT INTO gridmap.account (username, title) VALUES ('chief', 'Chief') RETURNING id"
        ).fetchone()
        assert made
        owner.execute(
            "INSERT INTO gridmap.account_grant (account_id, role, level, street_id) VALUES (%s, 'leader', 'street', 1)",
            made,
        )
    return "chief"


def audited(town: Town) -> list[tuple[Any, ...]]:
    with psycopg.connect(town.base.superuser_url) as connection:
        return connection.execute(
            "SELECT account_id, subject_id, after FROM gridmap.audit WHERE action = 'export' ORDER BY id"
        ).fetchall()


def test_the_command_exports_masked_and_is_audited(town: Town, command: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "out.geojson"
    before = len(audited(town))
    done = command("export", "buildings", "-o", str(file), "--bbox", "113,22,114,23")
    assert done.exit_code == 0, done.output
    document = json.loads(file.read_bytes())
    assert f"{len(document['features']):,} features of buildings" in done.output
    assert document["asOf"].startswith("2026-03-16T23:59:59")
    assert document["title"]
    assert all("manager" not in feature["properties"] for feature in document["features"])
    account, subject, after = audited(town)[before]
    assert (account, subject) == (None, "buildings")
    assert after["filter"] == {"bbox": "113,22,114,23"}
    assert after["target"] == str(file)
    assert "manager" not in after["attributes"]
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["out.geojson"]


def test_the_command_exports_as_somebody(
    town: Town, command: Callable[..., Result], tmp_path: Path, leader: str
) -> None:
    file = tmp_path / "out.geojson"
    assert command("export", "buildings", "-o", str(file), "--user", leader, "--unmasked", "handover").exit_code == 0
    found = json.loads(file.read_bytes())["features"]
    assert {feature["id"] for feature in found} == {made for made in town.buildings if made >> 32 == 1}
    assert {feature["properties"]["manager"] for feature in found} == {None, "张师傅"}
    assert audited(town)[-1][0] is not None


def test_the_command_shows_a_day(command: Callable[..., Result], tmp_path: Path, leader: str) -> None:
    file = tmp_path / "out.csv"
    assert command("export", "assignments", "-o", str(file), "--as-of", "2025-06-01", "--user", leader).exit_code == 0
    assert file.read_bytes().count(b"\n") == 1


def test_the_command_writes_to_the_standard_output(command: Callable[..., Result]) -> None:
    done = command("export", "facilities", "-o", "-", "--format", "geojsons", "--where", "kind=hydrant")
    assert done.exit_code == 0
    assert done.stdout_bytes.count(b"\x1e") == 4


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nonsense", "-o", "x.geojson"), "'nonsense' is not one of"),
        (("buildings", "-o", "x.docx"), "name the file with one of .gpkg, .xlsx, .csv, .geojson"),
        (("buildings", "-o", "x.geojson", "--bbox", "1,2"), "'1,2' is not something that 'bbox' can be"),
        (("buildings", "-o", "x.geojson", "--where", "manager=张"), "'manager' can be in buildings"),
        (("buildings", "-o", "x.geojson", "--where", "floors"), "write NAME=VALUE"),
        (("buildings", "-o", "x.geojson", "--as-of", "today"), "is not a date"),
        (("buildings", "-o", "x.geojson", "--user", "nobody"), "There is no account 'nobody'"),
        (("assignments", "-o", "x.geojson"), "no layer 'assignments' for command line; there are green, water,"),
        (("assignments", "-o", "x.csv", "--where", "role=grid_worker"), "--user names an account that sees more"),
        (("buildings", "-o", "/nowhere/at/all.geojson"), "/nowhere/at"),
    ],
)
def test_the_command_says_what_is_wrong(
    command: Callable[..., Result], arguments: tuple[str, ...], sentence: str, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    done = command("export", *arguments)
    assert done.exit_code != 0
    assert sentence in done.output
    assert "Traceback" not in done.output
    assert not [path for path in tmp_path.iterdir() if path.is_file()]


def test_the_command_prints_a_query_that_runs(
    town: Town, command: Callable[..., Result], leader: str, tmp_path: Path
) -> None:
    for layer in LAYERS:
        done = command("sql", layer.name, "--user", leader, "--bbox", "113,22,114,23")
        assert done.exit_code == 0, done.output
        ran = subprocess.run(
            ["psql", town.base.app_url, "-XqAt", "-v", "ON_ERROR_STOP=1"],
            input=done.stdout,
            text=True,
            capture_output=True,
            check=True,
        )
        viewer = town.viewer(Role.LEADER, streets=(1,))
        where = Filter(box=parse_box("113,22,114,23"))
        expected = [feature["id"] for feature in features(town, viewer, layer.name, where)]
        lines = [line for line in ran.stdout.splitlines() if re.match(r"^\d+\|", line)]
        assert [int(line.split("|")[0]) for line in lines] == expected
