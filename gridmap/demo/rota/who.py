"""Who takes part in the demo's rotas, and what hinders some of them."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

import psycopg

from gridmap.clock import OFFICE
from gridmap.demo.rota.planned import Ask, Group
from gridmap.periods import Period

PLACE = """
SELECT p.street_id, p.id AS place_id, p.community_id, p.grid_id, p.micro_grid_id, p.estate_id FROM gridmap.place p
JOIN gridmap.street s ON s.id = p.street_id AND s.is_demo
WHERE p.code = %s AND p.kind = %s AND p.street_id < 20000
"""
PEOPLE = """
SELECT DISTINCT a.person_id, a.estate_id, a.grid_id, a.community_id, a.micro_grid_id
FROM gridmap.assignment a
WHERE a.street_id = %(street_id)s AND a.role = %(role)s AND upper_inf(a.valid)
  AND (%(estate)s::bigint IS NULL OR a.estate_id = %(estate)s)
ORDER BY a.person_id
"""
TEAM = """
SELECT min(o.id) AS id FROM gridmap.organisation o
WHERE o.street_id = %s AND o.kind = 'residents_group' AND o.community_id = %s
"""


def read_groups(connection: "psycopg.Connection[Any]") -> tuple[Group, ...]:
    """The parking group of 花苑, and the committee of 桂花苑, which goes on patrol; rows come as dicts."""
    return tuple(filter(None, (_parking(connection), _patrol(connection))))


def _parking(connection: "psycopg.Connection[Any]") -> Group | None:
    """24 residents share the evenings of working days in the first grid, for a quarter."""
    place = connection.execute(PLACE, ("442000002005001", "grid")).fetchone()
    if place is None:
        return None
    team = connection.execute(TEAM, (place["street_id"], place["community_id"])).fetchone() or {}
    return Group(
        kind="parking",
        name="花苑停车晚间值班",
        place=place,
        people=_people(connection, place["street_id"], "duty_resident", None),
        organisation_id=team.get("id"),
        within=Period(date(2026, 3, 1), date(2026, 6, 1)),
        hours=(time(18, 30), time(21)),
        gap_days=7,
        leave={3: (date(2026, 3, 23), date(2026, 3, 30)), 10: (date(2026, 4, 13), date(2026, 4, 27))},
        never_on={5: (2,), 17: (0, 4)},
        asks=(
            Ask(day=date(2026, 3, 11), asked=datetime(2026, 3, 5, 12, 10, tzinfo=OFFICE), state="agreed"),
            Ask(day=date(2026, 3, 24), asked=datetime(2026, 3, 12, 19, 45, tzinfo=OFFICE), state="agreed"),
            Ask(day=date(2026, 3, 26), asked=datetime(2026, 3, 9, 8, 5, tzinfo=OFFICE), state="declined"),
            Ask(day=date(2026, 3, 19), asked=datetime(2026, 3, 15, 20, 20, tzinfo=OFFICE), state="asked"),
        ),
    )


def _patrol(connection: "psycopg.Connection[Any]") -> Group | None:
    """Five share three evenings a week; three are away this week, and the others never come on a Monday."""
    place = connection.execute(PLACE, ("442000002005X05", "estate")).fetchone()
    if place is None:
        return None
    away = (date(2026, 3, 14), date(2026, 3, 21))
    return Group(
        kind="patrol",
        name="桂花苑夜间巡逻",
        place=place,
        people=_people(connection, place["street_id"], "committee_member", place["place_id"]),
        organisation_id=None,
        within=Period(date(2026, 3, 2), date(2026, 4, 13)),
        hours=(time(20), time(21, 30)),
        gap_days=2,
        weekdays=(0, 2, 4),
        leave={0: away, 2: away, 4: away},
        never_on={1: (0,), 3: (0,)},
    )


def _people(
    connection: "psycopg.Connection[Any]", street_id: int, role: str, estate: int | None
) -> tuple[Mapping[str, Any], ...]:
    values = {"street_id": street_id, "role": role, "estate": estate}
    found: dict[int, Mapping[str, Any]] = {}
    for row in connection.execute(PEOPLE, values).fetchall():
        found.setdefault(row["person_id"], row)
    return tuple(found.values())
