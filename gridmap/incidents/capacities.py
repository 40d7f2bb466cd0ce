"""As what somebody acts on a case, from the grants of the account; and who has the case now, for refusals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gridmap.accounts import Actor
from gridmap.db.pools import Connection
from gridmap.incidents.machine import Action, Capacity, State

GRANTS = """
SELECT role, level, street_id, target_id, organisation_id FROM gridmap.account_grant
WHERE account_id = %(account)s AND valid @> %(now)s::timestamptz
"""
ON_DUTY = frozenset({"worker", "manager", "leader", "duty_resident"})
"""Who looks at places, and so checks what was done there."""
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
    """What an account holds: its valid grants."""

    grants: tuple[Mapping[str, Any], ...]
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


def read_standing(connection: Connection, by: Actor) -> Standing:
    """The standing of whoever acts; the command line and the nightly round are the office itself."""
    if by.account_id is None:
        return Standing(grants=(), is_office=True)
    rows = connection.execute(GRANTS, {"account": by.account_id, "now": by.business_at}).fetchall()
    return Standing(grants=tuple(rows))


def capacities(standing: Standing, case: Mapping[str, Any], account_id: int | None) -> frozenset[Capacity]:
    """As what the account acts on the case.

    `case`: a row of incident with `is_here` (it lies in the viewer's territory), `lead_kind` and `lead_signs_in`
    (somebody has an account for the lead; where nobody has, who dispatches writes down what the lead did).
    """
    if standing.is_office:
        return frozenset({Capacity.OFFICE})
    roles = {row["role"] for row in standing.grants}
    found = set()
    if standing.has_over("leader", case):
        found.add(Capacity.DISPATCHER)
    if case["is_here"] and roles & ON_DUTY:
        found.add(Capacity.CHECKER)
    if account_id is not None and case["reporter_account_id"] == account_id:
        found.add(Capacity.REPORTER)
    if _leads(standing, case, roles, is_dispatcher=Capacity.DISPATCHER in found):
        found.add(Capacity.LEAD)
    return frozenset(found)


def _leads(standing: Standing, case: Mapping[str, Any], roles: set[str], *, is_dispatcher: bool) -> bool:
    if case["lead_id"] is None:
        # nobody leads what has not been given to anybody yet
        return bool(case["is_here"] and roles & LEADS_ITSELF and State(case["state"]) not in NOT_GIVEN)
    if case["lead_id"] in standing.organisations:
        return True
    if case["lead_kind"] == "department" and standing.has_over("handler", case):
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
