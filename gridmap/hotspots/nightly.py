"""Searching: one subject of a street, or each night all that can be asked of every street."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from gridmap.audit import announce
from gridmap.clock import Clock
from gridmap.db.pools import Connection
from gridmap.hotspots.ground import read_ground
from gridmap.hotspots.keeping import forget_others, keep
from gridmap.hotspots.reckoning import reckon
from gridmap.hotspots.subjects import INCIDENTS, LONG_STAYS, VIOLATIONS, Spell, Subject, seed_of

LAYERS = ("hotspots",)
LEAST_CASES = 30
"""A class or kind with fewer cases in the spell is not asked for by itself: nothing could come of it but chance."""
HAS_ZONES = """
SELECT EXISTS (SELECT FROM gridmap.place p JOIN gridmap.zone z ON z.street_id = p.street_id AND z.place_id = p.id
  WHERE p.street_id = %s AND p.kind = 'zone' AND z.kind = 'parking' AND p.geom IS NOT NULL) AS found
"""
HAS_BUILDINGS = """
SELECT EXISTS (SELECT FROM gridmap.place WHERE street_id = %s AND kind = 'building' AND geom IS NOT NULL) AS found
"""
# a class with a single kind would be the same question twice
KINDS = """
WITH counted AS (
  SELECT left(kind, 2) AS class, kind, count(*) AS cases FROM gridmap.incident
  WHERE street_id = %(street)s AND state NOT IN ('rejected', 'duplicate')
    AND reported_at >= gridmap.office_midnight(%(begins)s) AND reported_at < gridmap.office_midnight(%(ends)s)
  GROUP BY 1, 2
), classes AS (
  SELECT class, sum(cases) AS cases, count(*) AS kinds FROM counted GROUP BY 1
)
SELECT class AS code FROM classes WHERE cases >= %(least)s
UNION ALL
SELECT c.kind FROM counted c JOIN classes USING (class) WHERE c.cases >= %(least)s AND classes.kinds > 1
ORDER BY 1
"""


def search(connection: Connection, street_id: int, subject: Subject, spell: Spell, found_at: datetime) -> int:
    """Search the street for that subject, keep what is found, and give the id of the search.

    In the caller's transaction, which sees the whole street. The same rows give the same findings, whoever asks when.
    """
    ground = read_ground(connection, street_id, subject, spell)
    reckoned = reckon(ground, spell, seed_of(street_id, subject, spell))
    run_id = keep(connection, street_id, subject, spell, reckoned, found_at)
    announce(connection, street_id, LAYERS)
    return run_id


def subjects_of(connection: Connection, street_id: int, spell: Spell) -> Iterator[Subject]:
    """What can be asked of the street: parking where it has zones, incidents, and each class and kind with enough."""
    if _has(connection, HAS_ZONES, street_id):
        yield from (Subject(VIOLATIONS), Subject(LONG_STAYS))
    if not _has(connection, HAS_BUILDINGS, street_id):
        return
    yield Subject(INCIDENTS)
    values = {"street": street_id, "begins": spell.begins, "ends": spell.ends, "least": LEAST_CASES}
    yield from (Subject(row["code"]) for row in connection.execute(KINDS, values).fetchall())


def find_all(connection: Connection, streets: Sequence[int], day: date, found_at: datetime) -> int:
    """Search each street for all that can be asked of it, over the days before that day; how many searches."""
    spell, searches = Spell.before(day), 0
    for street_id in streets:
        subjects = list(subjects_of(connection, street_id, spell))
        for subject in subjects:
            search(connection, street_id, subject, spell, found_at)
        if forget_others(connection, street_id, subjects, spell.ends):
            announce(connection, street_id, LAYERS)
        searches += len(subjects)
    return searches


def find_tonight(connection: Connection, clock: Clock) -> int:
    """The step of the nightly round: every street, up to yesterday."""
    streets = [row["id"] for row in connection.execute("SELECT id FROM gridmap.street ORDER BY id").fetchall()]
    return find_all(connection, streets, clock.today(), clock.now())


def _has(connection: Connection, query: str, street_id: int) -> bool:
    row = connection.execute(query, (street_id,)).fetchone()
    return bool((row or {})["found"])
