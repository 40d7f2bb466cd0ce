"""Into which streets an account may bring files: those of its rights as a planner or an administrator."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gridmap.db.pools import Connection

ROLES = ("planner", "administrator")
GRANTED = """
SELECT level, street_id FROM gridmap.account_grant
WHERE account_id = %(account)s AND role = ANY (%(roles)s) AND level IN ('city', 'street')
  AND valid @> %(now)s::timestamptz
"""
STREETS = """
SELECT id, code, name FROM gridmap.street WHERE geom IS NOT NULL AND (%(city)s OR id = ANY (%(streets)s)) ORDER BY code
"""


@dataclass(frozen=True, kw_only=True)
class Importing:
    """The whole streets into which somebody may bring files."""

    is_city: bool = False
    streets: frozenset[int] = frozenset()

    def may(self, street_id: int | None) -> bool:
        """Whether files may be brought into this street."""
        return self.is_city or street_id in self.streets

    @property
    def anywhere(self) -> bool:
        """Whether there is any such street."""
        return self.is_city or bool(self.streets)


def read_importing(connection: Connection, account_id: int, now: datetime) -> Importing:
    """What the account may bring files into at the business time `now`. As itself, or as SYSTEM."""
    rows = connection.execute(GRANTED, {"account": account_id, "roles": list(ROLES), "now": now}).fetchall()
    return Importing(
        is_city=any(row["level"] == "city" for row in rows),
        streets=frozenset(row["street_id"] for row in rows if row["level"] == "street"),
    )


def streets_for(connection: Connection, importing: Importing) -> list[Mapping[str, Any]]:
    """These streets by code: id, code and name."""
    return list(
        connection.execute(STREETS, {"city": importing.is_city, "streets": sorted(importing.streets)}).fetchall()
    )
