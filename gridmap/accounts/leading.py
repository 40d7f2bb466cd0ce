"""What an account leads: the streets and communities of its rights as a leader, whatever else it may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gridmap.db.pools import Connection

LED = """
SELECT level, street_id, target_id FROM gridmap.account_grant
WHERE account_id = %(account)s AND role = ANY (%(roles)s) AND valid @> %(now)s::timestamptz
"""


@dataclass(frozen=True, kw_only=True)
class Lead:
    """The streets and communities that somebody leads; a planner of a whole street may lead one community of it."""

    is_city: bool = False
    streets: frozenset[int] = frozenset()
    communities: frozenset[int] = frozenset()

    def leads_street(self, street_id: int) -> bool:
        """Whether the whole street is led."""
        return self.is_city or street_id in self.streets

    def leads(self, street_id: int, community_id: int | None) -> bool:
        """Whether what belongs to this community of the street is led; what belongs to none is the street's."""
        return self.leads_street(street_id) or community_id in self.communities

    @property
    def near(self) -> frozenset[int]:
        """The streets in which something is led."""
        return self.streets | {community_id >> 32 for community_id in self.communities}


def read_lead(connection: Connection, account_id: int, now: datetime, roles: Sequence[str] = ("leader",)) -> Lead:
    """What the account leads at the business time `now`; with other `roles`, what it has those rights for."""
    values = {"account": account_id, "now": now, "roles": list(roles)}
    rows = connection.execute(LED, values).fetchall()
    return Lead(
        is_city=any(row["level"] == "city" for row in rows),
        streets=frozenset(row["street_id"] for row in rows if row["level"] == "street"),
        communities=frozenset(row["target_id"] for row in rows if row["level"] == "community"),
    )
