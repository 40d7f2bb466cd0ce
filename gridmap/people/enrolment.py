"""One row of the people file: a person, what they look after, and the account that they sign in with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gridmap.accounts import Actor, Grant, create_account, give_grant, plain_username
from gridmap.db.pools import Connection
from gridmap.people.assignments import Duty, assign
from gridmap.people.errors import PeopleProblem
from gridmap.people.persons import NewPerson, add_person, change_person

SOURCE = "people"
SHARED_ROLES = frozenset(
    {
        "party_volunteer",
        "committee_member",
        "oversight_member",
        "resident_representative",
        "stairwell_volunteer",
        "duty_resident",
        "peace_volunteer",
        "spokesperson",
    }
)
"""Roles that several people hold at one place; every other role has one primary holder."""
GRANT_OF: Mapping[str, tuple[str, str]] = {
    "community_secretary": ("leader", "community"),
    "grid_worker": ("worker", "held"),
    "grid_leader": ("worker", "held"),
    "duty_resident": ("duty_resident", "held"),
    "street_leader": ("leader", "street"),
    "planner": ("planner", "street"),
}
"""What a role of the file may see; any role that is not listed sees the places held, as a manager."""
Outcome = Literal["added", "changed", "unchanged"]


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """A checked row. `key` tells the same person in every row and every file of the street (user name or number).

    `role` is a code of duty_role, or `street_leader` or `planner`, who look after no place.
    """

    street_id: int
    key: str
    name: str
    role: str
    display_name: str = ""
    phone: str | None = None
    community_id: int | None = None
    grid_id: int | None = None
    place_id: int | None = None
    username: str | None = None
    import_run_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Enrolled:
    """What became of the row. A new account has no password: its first sign-in is by a printed slip."""

    person_id: int
    account_id: int | None
    outcome: Outcome


def enrol(connection: Connection, by: Actor, row: Enrolment) -> Enrolled:
    """Put one row on the register; the same row again changes nothing.

    Raises PeopleProblem (PlaceHeld names the holder), AccountProblem, GrantProblem. Wrap each row in
    `connection.transaction()` where one bad row must not take the others with it.
    """
    person_id, outcome = _person(connection, by, row)
    if row.place_id is not None and not _holds(connection, by, row, person_id):
        assign(
            connection,
            by,
            Duty(
                person_id=person_id,
                place_id=row.place_id,
                role=row.role,
                start=by.business_at,
                is_primary=row.role not in SHARED_ROLES,
                import_run_id=row.import_run_id,
            ),
        )
        outcome = _more(outcome)
    account_id = None
    if row.username:
        account_id, is_new = _account(connection, by, row, person_id)
        outcome = _more(outcome) if is_new else outcome
    return Enrolled(person_id=person_id, account_id=account_id, outcome=outcome)


def _more(outcome: Outcome) -> Outcome:
    return "added" if outcome == "added" else "changed"


def _person(connection: Connection, by: Actor, row: Enrolment) -> tuple[int, Outcome]:
    found = connection.execute(
        "SELECT id, name_masked, display_name, phone_masked, community_id, grid_id, revision FROM gridmap.person"
        " WHERE street_id = %s AND source = %s AND source_key = %s",
        (row.street_id, SOURCE, row.key),
    ).fetchone()
    if found is None:
        person_id = add_person(
            connection,
            by,
            NewPerson(
                street_id=row.street_id,
                name=row.name,
                display_name=row.display_name or row.name,
                phone=row.phone,
                community_id=row.community_id,
                grid_id=row.grid_id,
                import_run_id=row.import_run_id,
                source=SOURCE,
                source_key=row.key,
            ),
        )
        return person_id, "added"
    return found["id"], _update(connection, by, row, found)


def _update(connection: Connection, by: Actor, row: Enrolment, found: dict[str, Any]) -> Outcome:
    wanted: dict[str, Any] = {"display_name": row.display_name or row.name}
    wanted |= {name: getattr(row, name) for name in ("community_id", "grid_id") if getattr(row, name) is not None}
    changes = {name: value for name, value in wanted.items() if value != found[name]}
    if _masked_name(row.name) != found["name_masked"]:
        changes["name"] = row.name
    if row.phone and _masked_phone(row.phone) != found["phone_masked"]:
        changes["phone"] = row.phone
    if not changes:
        return "unchanged"
    change_person(connection, by, found["id"], changes, revision=found["revision"])
    return "changed"


def _masked_name(name: str) -> str:
    return name[:1] + "*" * max(len(name) - 1, 1)


def _masked_phone(phone: str) -> str:
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 11 else "****"


def _holds(connection: Connection, by: Actor, row: Enrolment, person_id: int) -> bool:
    found = connection.execute(
        "SELECT 1 FROM gridmap.assignment WHERE street_id = %s AND person_id = %s AND place_id = %s AND role = %s"
        " AND valid @> %s::timestamptz",
        (row.street_id, person_id, row.place_id, row.role, by.business_at),
    ).fetchone()
    return found is not None


def _account(connection: Connection, by: Actor, row: Enrolment, person_id: int) -> tuple[int, bool]:
    username = plain_username(row.username or "")
    found = connection.execute("SELECT id, person_id FROM gridmap.account WHERE username = %s", (username,)).fetchone()
    if found is not None and found["person_id"] != person_id:
        raise PeopleProblem("taken")
    if found is None:
        title = row.display_name or row.name
        account_id = create_account(connection, by, username=username, title=title, person_id=person_id)
    else:
        account_id = found["id"]
    granted = _grant(connection, by, row, account_id)
    return account_id, found is None or granted


def _grant(connection: Connection, by: Actor, row: Enrolment, account_id: int) -> bool:
    role, level = GRANT_OF.get(row.role, ("manager", "held"))
    target = row.community_id if level == "community" else None
    street = row.street_id if level in ("street", "community") else None
    found = connection.execute(
        "SELECT 1 FROM gridmap.account_grant WHERE account_id = %s AND role = %s AND level = %s"
        " AND street_id IS NOT DISTINCT FROM %s::integer AND target_id IS NOT DISTINCT FROM %s::bigint"
        " AND valid @> %s::timestamptz",
        (account_id, role, level, street, target, by.business_at),
    ).fetchone()
    if found is None:
        grant = Grant(role=role, level=level, street_id=street, target_id=target, start=by.business_at)
        give_grant(connection, by, account_id, grant)
    return found is None
