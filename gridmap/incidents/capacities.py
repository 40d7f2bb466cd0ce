"""As what somebody acts on a case, from the grants of the account; and who has the case now, for refusals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gridmap.accounts import Actor
from gridmap.db.pools import Connection
from gridmap.incidents.machine import Action, Capacity, State
from gridmap.scope import Reach, area_of

GRANTS = """
SELECT g.role, g.level, g.street_id, g.target_id, g.organisation_id, a.person_id
FROM gridmap.account_grant g JOIN gridmap.account a ON a.id = g.account_id
WHERE g.account_id = %(account)s AND g.valid @> %(now)s::timestamptz
"""
ON_DUTY = frozenset({"worker", "manager", "leader", "duty_resident"})
"""Who looks at places, and so checks what was done there; where they stand in for somebody, too."""
LEADS_ITSELF = frozenset({"worker", "leader"})
"""Who acts for a community that leads a case itself."""
NEXT: Mapping[State, Action] = {
    State.REPORTED: Action.REGISTER,
    State.REGISTERED: Action.DISPATCH,
    State.REOPENED: Action.DISPATCH,
    State.DISPATCHED: Action.ACCEPT,
    State.HANDLING: Action.HANDLE,
    State.HANDLED: Action.CHECK,
    State.VERIFYING: Action.CLOSE,
    State.PARKED: Action.RESUME,
    State.CLOSED: Action.REOPEN,
}
"""What is expected of whoever has the case in each state."""
NOT_GIVEN = frozenset({State.REPORTED, State.REGISTERED, State.REJECTED, State.DUPLICATE})
WITH_LEAD = frozenset({State.DISPATCHED, State.HANDLING})


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What an account holds: its valid grants, and where it acts in each role that is on duty somewhere."""

    grants: tuple[Mapping[str, Any], ...]
    areas: Mapping[str, Reach] = field(default_factory=dict)
    is_office: bool = False

    @property
    def organisations(self) -> frozenset[int]:
        """The organisations that it acts for."""
        return frozenset(row["organisation_id"] for row in self.grants if row["level"] == "organisation")

    def has_over(self, role: str, case: Mapping[str, Any]) -> bool:
        """Whether it has the role over the community of the case, its street or the city."""
        return any(
            row["role"] == role
            and (
                row["level"] == "city"
                or (row["level"] == "street" and row["street_id"] == case["street_id"])
                or (row["level"] == "community" and row["target_id"] == case["community_id"])
            )
            for row in self.grants
        )

    def is_on_duty(self, roles: frozenset[str], case: Mapping[str, Any]) -> bool:
        """Whether it has one of the roles where the case lies; a role elsewhere and sight of this place are not it."""
        return any(area.covers(case) for role, area in self.areas.items() if role in roles)

    def acts_for_lead(self, case: Mapping[str, Any]) -> bool:
        """Whether it acts for whoever leads the case: its own organisation, or a department of its own office.

        A handler of a street acts for the departments that are the street's, one of a community for the community's;
        for the city's, and for companies, only who belongs to them. The same as gridmap.has_handlers().
        """
        if case["lead_id"] in self.organisations:
            return True
        if case["lead_kind"] != "department":
            return False
        return any(
            row["role"] == "handler"
            and (
                (row["level"] == "street" and row["street_id"] == case["lead_street_id"])
                or (row["level"] == "community" and row["target_id"] == case["lead_community_id"])
            )
            for row in self.grants
        )


def read_standing(connection: Connection, by: Actor, told_at: datetime | None = None) -> Standing:
    """The standing of whoever acts; the command line and the nightly round are the office itself.

    `told_at`: when what is told was counted or seen; whoever had the turn then is on duty for that.
    """
    if by.account_id is None:
        return Standing(grants=(), is_office=True)
    rows = connection.execute(GRANTS, {"account": by.account_id, "now": by.business_at}).fetchall()
    areas = {}
    for role in sorted({row["role"] for row in rows} & ON_DUTY):
        grants = [row for row in rows if row["role"] == role]
        areas[role] = area_of(connection, grants, grants[0]["person_id"], by.business_at, told_at)
    return Standing(grants=tuple(rows), areas=areas)


def capacities(standing: Standing, case: Mapping[str, Any], account_id: int | None) -> frozenset[Capacity]:
    """As what the account acts on the case.

    `case`: a row of incident with `lead_kind`, `lead_street_id`, `lead_community_id` and `lead_signs_in` (somebody has
    an account for the lead; where nobody has, who dispatches writes down what the lead did).
    """
    if standing.is_office:
        return frozenset({Capacity.OFFICE})
    found = set()
    if standing.has_over("leader", case):
        found.add(Capacity.DISPATCHER)
    if standing.is_on_duty(ON_DUTY, case):
        found.add(Capacity.CHECKER)
    if account_id is not None and case["reporter_account_id"] == account_id:
        found.add(Capacity.REPORTER)
    if _leads(standing, case, is_dispatcher=Capacity.DISPATCHER in found):
        found.add(Capacity.LEAD)
    return frozenset(found)


def _leads(standing: Standing, case: Mapping[str, Any], *, is_dispatcher: bool) -> bool:
    if case["lead_id"] is None:
        # nobody leads what has not been given to anybody yet
        return State(case["state"]) not in NOT_GIVEN and standing.is_on_duty(LEADS_ITSELF, case)
    if standing.acts_for_lead(case):
        return True
    return is_dispatcher and not case["lead_signs_in"]


def unit_now(case: Mapping[str, Any]) -> str:
    """The name of who has the case: its lead while that handles it, else the community."""
    state = State(case["state"])
    if state in WITH_LEAD and case["lead_id"] is not None:
        return str(case["lead_name"] or "")
    return str(case["community_name"] or "")


def next_step(case: Mapping[str, Any]) -> str:
    """The action that is expected next; empty where nothing is."""
    return NEXT.get(State(case["state"]), "")
