"""What is kept of a search: itself, what it found, and of the newest one the units behind it."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from gridmap.db.pools import Connection
from gridmap.hotspots.ground import WHERE
from gridmap.hotspots.naming import name_of
from gridmap.hotspots.reckoning import Finding, Reckoned
from gridmap.hotspots.subjects import MAIN, Spell, Subject

KEPT_WEEKS = 53
"""So many searches are kept that ended with a week, of the main subjects; what else is older goes."""
FORGET_SAME = "DELETE FROM gridmap.hotspot_run WHERE street_id = %s AND subject = %s AND ends = %s"
ADD_RUN = """
INSERT INTO gridmap.hotspot_run (street_id, id, subject, begins, ends, exposure, edge_m, permutations, seed, units,
  cases, unexposed, months, month_cases, found_at)
VALUES (%(street)s, %(street)s::bigint * 4294967296 + nextval('gridmap.serial'), %(subject)s, %(begins)s, %(ends)s,
  %(exposure)s, %(edge)s, %(permutations)s, %(seed)s, %(units)s, %(cases)s, %(unexposed)s, %(months)s, %(month_cases)s,
  %(found_at)s)
RETURNING id
"""
NEW_IDS = """
SELECT %s::bigint * 4294967296 + nextval('gridmap.serial') AS id FROM generate_series(1, %s)
"""
ADD_FINDING = """
INSERT INTO gridmap.hotspot (street_id, id, run_id, status, number, name, named_by, place_id, observed, expected,
  chance, units, month_observed, month_expected, community_id, grid_id, micro_grid_id, estate_id, geom)
VALUES (%(street)s, %(id)s, %(run)s, %(status)s, %(number)s, %(name)s, %(named_by)s, %(place)s, %(observed)s,
  %(expected)s, %(chance)s, %(units)s, %(month_observed)s, %(month_expected)s, %(community_id)s, %(grid_id)s,
  %(micro_grid_id)s, %(estate_id)s, ST_GeomFromWKB(%(shape)s, 4326))
"""
ADD_UNIT = """
INSERT INTO gridmap.hotspot_unit (street_id, hotspot_id, place_id, observed, exposure, expected, cases, is_apart,
  community_id, grid_id, micro_grid_id, estate_id)
VALUES (%(street)s, %(id)s, %(place)s, %(observed)s, %(exposure)s, %(expected)s, %(cases)s, %(is_apart)s,
  %(community_id)s, %(grid_id)s, %(micro_grid_id)s, %(estate_id)s)
"""
# what cannot be told from chance, and single units, are of use for today alone
THIN_GROUND = """
DELETE FROM gridmap.hotspot h USING gridmap.hotspot_run r
WHERE h.street_id = %(street)s AND h.status IN ('chance', 'untested') AND r.street_id = h.street_id AND r.id = h.run_id
  AND r.subject = %(subject)s AND r.ends < %(ends)s
"""
THIN_UNITS = """
DELETE FROM gridmap.hotspot_unit u USING gridmap.hotspot h, gridmap.hotspot_run r
WHERE u.street_id = %(street)s AND h.street_id = u.street_id AND h.id = u.hotspot_id AND r.street_id = u.street_id
  AND r.id = h.run_id AND r.subject = %(subject)s AND r.ends < %(ends)s
"""
OVER = """
DELETE FROM gridmap.hotspot_run WHERE street_id = %(street)s AND ends < %(ends)s
  AND NOT (subject = ANY (%(main)s) AND extract(isodow FROM ends) = 1 AND ends >= %(oldest)s)
"""
FORGET = OVER + "AND subject = %(subject)s"
FORGET_OTHERS = OVER + "AND subject <> ALL (%(asked)s)"
WITH_UNITS = ("area", "further", "busiest", "repeat")


def keep(
    connection: Connection,
    street_id: int,
    subject: Subject,
    spell: Spell,
    reckoned: Reckoned,
    found_at: datetime,
) -> int:
    """Write the search down in place of the one of the same day, thin out those before it, and give its id.

    A search of a day before the newest one changes nothing about later ones.
    """
    connection.execute(FORGET_SAME, (street_id, subject.code, spell.ends))
    run_id = _add_run(connection, street_id, subject, spell, reckoned, found_at)
    ids = [row["id"] for row in connection.execute(NEW_IDS, (street_id, len(reckoned.findings))).fetchall()]
    findings = list(zip(ids, reckoned.findings, strict=True))
    with connection.cursor() as cursor:
        rows = [_finding(connection, street_id, run_id, identity, one) for identity, one in findings]
        cursor.executemany(ADD_FINDING, rows)
        cursor.executemany(ADD_UNIT, list(_units(street_id, findings)))
    _thin_out(connection, street_id, subject, spell.ends)
    return run_id


def forget_others(connection: Connection, street_id: int, asked: Sequence[Subject], ends: date) -> int:
    """Forget searches for what is not asked for any more, as for a kind that became rare; how many.

    Nothing else would replace them, and they would stay the newest of their subject for ever.
    """
    values = _before(street_id, ends) | {"asked": [one.code for one in asked]}
    return connection.execute(FORGET_OTHERS, values).rowcount


def _add_run(
    connection: Connection, street_id: int, subject: Subject, spell: Spell, reckoned: Reckoned, found_at: datetime
) -> int:
    found = reckoned.found
    values = {
        "street": street_id,
        "subject": subject.code,
        "begins": spell.begins,
        "ends": spell.ends,
        "exposure": reckoned.exposure,
        "edge": found.edge,
        "permutations": found.permutations,
        "seed": found.seed,
        "units": reckoned.units,
        "cases": found.cases,
        "unexposed": reckoned.unexposed,
        "months": list(spell.months),
        "month_cases": list(reckoned.month_cases),
        "found_at": found_at,
    }
    row = connection.execute(ADD_RUN, values).fetchone()
    return int((row or {})["id"])


def _finding(connection: Connection, street_id: int, run_id: int, identity: int, one: Finding) -> dict[str, Any]:
    name, named_by = name_of(connection, street_id, one)
    return {
        "street": street_id,
        "id": identity,
        "run": run_id,
        "status": one.status,
        "number": one.number,
        "name": name,
        "named_by": named_by,
        "place": one.members[0].unit.id if one.status == "repeat" else None,
        "observed": one.observed,
        "expected": one.expected,
        "chance": one.chance,
        "units": sum(not member.is_apart for member in one.members),
        "month_observed": None if one.months is None else [observed for observed, _expected in one.months],
        "month_expected": None if one.months is None else [expected for _observed, expected in one.months],
        "shape": one.shape,
        **dict(zip(WHERE, one.where, strict=True)),
    }


def _units(street_id: int, findings: Sequence[tuple[int, Finding]]) -> Iterator[dict[str, Any]]:
    for identity, one in findings:
        for member in one.members if one.status in WITH_UNITS else ():
            yield {
                "street": street_id,
                "id": identity,
                "place": member.unit.id,
                "observed": member.observed,
                "exposure": member.exposure,
                "expected": member.expected,
                "cases": list(member.cases) or None,
                "is_apart": member.is_apart,
                **dict(zip(WHERE, member.unit.where, strict=True)),
            }


def _thin_out(connection: Connection, street_id: int, subject: Subject, ends: date) -> None:
    values = _before(street_id, ends) | {"subject": subject.code}
    for statement in (FORGET, THIN_UNITS, THIN_GROUND):
        connection.execute(statement, values)


def _before(street_id: int, ends: date) -> dict[str, Any]:
    return {"street": street_id, "ends": ends, "main": list(MAIN), "oldest": ends - timedelta(weeks=KEPT_WEEKS)}
