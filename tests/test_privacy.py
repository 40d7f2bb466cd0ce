"""The page "what gridmap does not collect" is true: nothing in the schema or in the scripts could hold it."""

import re

import psycopg

from gridmap.assets import STATIC
from gridmap.tables import metadata
from tests.conftest import Base

NEVER = re.compile(
    r"check_?in|sign_?in_count|online|mileage|track|trajectory|rank|score|points?_|position|latitude|longitude"
    r"|identity_card|id_card|duration|click|tap_"
)
ASKS = re.compile(r"geolocation|watchPosition|getCurrentPosition|DeviceMotion|sendBeacon|getUserMedia|getBattery")


def test_no_table_could_hold_a_track_a_rank_or_a_check_in() -> None:
    found = [
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if NEVER.search(column.name) or NEVER.search(table.name)
    ]
    assert found == []


def test_the_database_holds_no_more_than_the_tables_say(demo_base: Base) -> None:
    with psycopg.connect(demo_base.owner_url) as owner:
        rows = owner.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'gridmap'"
        ).fetchall()
    assert [row for row in rows if NEVER.search(row[1])] == []


def test_an_answer_keeps_no_place_but_the_checked_one() -> None:
    columns = set(metadata.tables["gridmap.inspection"].columns.keys())
    assert not {name for name in columns if name.startswith(("geom", "lon", "lat"))}
    assert metadata.tables["gridmap.inspection"].c.photo.nullable
    assert metadata.tables["gridmap.inspection"].c.note.nullable


def test_no_script_asks_where_somebody_is_or_reports_what_they_do() -> None:
    """But for buttons that say so, and the map of a report where that was allowed before; each asks once.

    The count of cars sorts its zones by how far they are, on the phone and on a tap; the place goes no further.
    """
    scripts = list((STATIC / "js").rglob("*.js"))
    assert len(scripts) > 20
    asking = {path.relative_to(STATIC).as_posix(): ASKS.findall(path.read_text("utf-8")) for path in scripts}
    assert {name: words for name, words in asking.items() if words} == {
        "js/parking_count.js": ["geolocation", "getCurrentPosition", "geolocation"],
        "js/report.js": ["geolocation", "getCurrentPosition", "geolocation"],
        "js/report_map.js": ["geolocation", "getCurrentPosition", "geolocation", "geolocation"],
    }
    report, on_map = ((STATIC / "js" / name).read_text("utf-8") for name in ("report.js", "report_map.js"))
    assert report.count("standHere(") == 2  # where it is written, and the tap on its button
    assert on_map.count("standHere(") == 3
    assert 'state === "granted" && standHere(' in on_map
    counting = (STATIC / "js" / "parking_count.js").read_text("utf-8")
    assert re.findall(r".*(?:nearest\(|, nearest\b).*", counting) == [
        "function nearest() {",
        '    find("[data-nearest]").addEventListener("click", nearest);',
    ]
    assert re.findall(r".*\bcoords\b.*", counting) == [
        "function sortFrom({ coords }) {",
        "  const away = new Map(zones.filter((one) => one.lon !== null).map((one) => [one.id, metres(one, coords)]));",
    ]
