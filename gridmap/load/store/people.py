"""A list of people on duty into the register, row by row: person, assignment, account, each row whole or not at all."""

from collections.abc import Mapping
from typing import Any

from gridmap.accounts import AccountProblem, Actor, GrantProblem
from gridmap.db.pools import Connection
from gridmap.load.check import Checked
from gridmap.load.finding import Finding
from gridmap.load.reading import ROW
from gridmap.people import Enrolment, PeopleProblem, PlaceHeld, enrol

PLACE = """
SELECT kind AS level, code, id AS place_id, community_id, grid_id FROM gridmap.place
WHERE street_id = %(street)s AND code = ANY (%(codes)s)
UNION ALL
SELECT 'community', code, NULL, id, NULL FROM gridmap.community
WHERE street_id = %(street)s AND code = ANY (%(codes)s)
"""


def _places(connection: Connection, street_id: int, checked: Checked) -> Mapping[tuple[str, str], dict[str, Any]]:
    codes = sorted({str(code) for code in checked.frame["place_code"]})
    rows = connection.execute(PLACE, {"street": street_id, "codes": codes}).fetchall()
    return {(row["level"], row["code"]): row for row in rows}


def _finding(checked: Checked, row: Mapping[Any, Any], code: str, raw: str, /, **params: str) -> Finding:
    reading = checked.reading
    return Finding(code, reading.file.name, int(row[ROW]), reading.unit, reading.layer, raw, "", params)


def unknown_places(connection: Connection, street_id: int, checked: Checked) -> list[Finding]:
    """The rows whose place the register does not know; writes nothing."""
    places = _places(connection, street_id, checked) if len(checked.frame) else {}
    return [
        _finding(checked, row, "place_unknown", row["place_code"], level=row["place_level"], code=row["place_code"])
        for row in checked.frame.to_dict("records")
        if (row["place_level"], row["place_code"]) not in places
    ]


def write_people(
    connection: Connection, by: Actor, run: int, street_id: int, checked: Checked
) -> tuple[int, int, list[Finding]]:
    """Enrol the rows: (new, changed, rows that the register refused)."""
    refused = unknown_places(connection, street_id, checked)
    places = _places(connection, street_id, checked) if len(checked.frame) else {}
    counts = {"added": 0, "changed": 0, "unchanged": 0}
    for row in checked.frame.to_dict("records"):
        place = places.get((row["place_level"], row["place_code"]))
        if place is None:
            continue
        try:
            with connection.transaction():
                counts[enrol(connection, by, _enrolment(row, place, street_id, run)).outcome] += 1
        except PlaceHeld:
            refused.append(_finding(checked, row, "holder_taken", row["place_code"]))
        except (PeopleProblem, AccountProblem, GrantProblem) as problem:
            word = getattr(problem, "reason", None) or str(problem)
            refused.append(_finding(checked, row, "person_refused", row["place_code"], word=str(word)))
    return counts["added"], counts["changed"], refused


def _enrolment(row: Mapping[Any, Any], place: Mapping[str, Any], street_id: int, run: int) -> Enrolment:
    return Enrolment(
        street_id=street_id,
        key=str(row["source_key"]),
        name=str(row["name"]),
        role=str(row["role"]),
        display_name=str(row["display_name"] or ""),
        phone=row["phone"] or None,
        community_id=place["community_id"],
        grid_id=place["grid_id"],
        place_id=place["place_id"],
        username=row["username"] or None,
        import_run_id=run,
    )
