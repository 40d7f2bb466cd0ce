"""What tests of the round share: zones of the demo that an account has to count, and what phones have sent of them."""

from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.conftest import Base

ZONES = """
SELECT z.id, z.name FROM gridmap.account a
JOIN gridmap.account_grant g ON g.account_id = a.id
LEFT JOIN gridmap.assignment h ON g.level = 'held' AND h.person_id = a.person_id
JOIN gridmap.place z ON z.kind = 'zone' AND (z.grid_id = g.target_id OR z.id = h.place_id OR z.grid_id = h.place_id)
WHERE a.username = %s ORDER BY z.id
"""


def rows(base: Base, statement: str, *values: object) -> list[dict[str, Any]]:
    """What the owner of the tables sees."""
    with psycopg.connect(base.owner_url, row_factory=dict_row) as owner:
        return owner.execute(statement, values).fetchall()


def zones_of(base: Base, username: str) -> list[int]:
    """The zones in which the account is on duty."""
    return list(dict.fromkeys(int(row["id"]) for row in rows(base, ZONES, username)))


def forget_round(base: Base) -> None:
    """No zone has been counted, no car seen."""
    with psycopg.connect(base.owner_url) as owner:
        owner.execute("TRUNCATE gridmap.vehicle, gridmap.vehicle_count, gridmap.known_vehicle CASCADE")


def hold_zone(base: Base, username: str, zone_id: int) -> None:
    """Give a zone to the person of the account, who has the evening duty there."""
    with psycopg.connect(base.owner_url) as owner:
        owner.execute(
            "INSERT INTO gridmap.assignment (street_id, id, person_id, place_id, role, is_primary, valid)"
            " SELECT %(street)s, %(id)s, person_id, %(zone)s, 'duty_resident', false, '[2020-01-01,)'"
            " FROM gridmap.account WHERE username = %(username)s"
            " AND NOT EXISTS (SELECT FROM gridmap.assignment WHERE street_id = %(street)s AND id = %(id)s)",
            {
                "street": zone_id >> 32,
                "id": ((zone_id >> 32) << 32) + 16_000_001,
                "zone": zone_id,
                "username": username,
            },
        )


def counted(base: Base) -> list[dict[str, Any]]:
    """The counts that phones have sent."""
    return rows(base, "SELECT * FROM gridmap.vehicle_count WHERE sent_id IS NOT NULL ORDER BY counted_at, place_id")


def sighted(base: Base) -> list[dict[str, Any]]:
    """The cars that phones have sent, with their mask."""
    return rows(
        base,
        "SELECT s.*, v.plate_masked AS masked, v.state FROM gridmap.sighting s JOIN gridmap.vehicle v"
        " ON v.street_id = s.street_id AND v.id = s.vehicle_id WHERE s.sent_id IS NOT NULL ORDER BY s.id",
    )
