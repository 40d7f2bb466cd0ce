"""Grants: what an account does (role), where (a subtree), and from when to when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.range import TimestamptzRange

from gridmap.accounts.actor import Actor, record
from gridmap.db.pools import Connection

LEVELS_OF: Mapping[str, tuple[str, ...]] = {
    "worker": ("held", "grid"),
    "manager": ("held",),
    "leader": ("city", "street", "community"),
    "handler": ("organisation", "street", "community"),
    "duty_resident": ("held", "estate", "rota"),
    "planner": ("city", "street", "community"),
    "administrator": ("city",),
}
"""Where a role can reach: an administrator keeps the whole installation, a manager what is assigned to them.

`rota`: what the rotas are for in which the person takes part, while they have their turn (`gridmap.scope.turns`).
"""
OF_A_PERSON = ("held", "rota")
"""Levels that reach what somebody has: the account must be that of a person."""


class GrantProblem(Exception):
    """The grant cannot be made so; `reason` is `level`, `target`, `person`, `organisation`, `valid` or `last`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A right to be given: role and level, with the street, the target (community, grid, estate) or organisation."""

    role: str
    level: str
    street_id: int | None = None
    target_id: int | None = None
    organisation_id: int | None = None
    start: datetime | None = None
    end: datetime | None = None


def give_grant(connection: Connection, by: Actor, account_id: int, grant: Grant) -> int:
    """Give the account a right from `start` to before `end` (None: open), and its id. Raises GrantProblem."""
    grant = _checked(connection, account_id, grant)
    row = connection.execute(
        "INSERT INTO gridmap.account_grant"
        " (account_id, role, level, street_id, target_id, organisation_id, valid, granted_by)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
        (
            account_id,
            grant.role,
            grant.level,
            grant.street_id,
            grant.target_id,
            grant.organisation_id,
            TimestamptzRange(grant.start, grant.end, "[)"),
            by.account_id,
        ),
    ).fetchone()
    grant_id: int = (row or {})["id"]
    record(connection, by, "give_grant", account_id, after=_words(grant) | {"grant": grant_id})
    return grant_id


def end_grant(connection: Connection, by: Actor, account_id: int, grant_id: int) -> bool:
    """End the right at the business time of the act; one that has not begun is taken back whole.

    False where it had ended already or is not the account's. Raises GrantProblem("last") rather than leave the
    installation without any administrator.
    """
    row = connection.execute(
        "SELECT role, level, valid, valid @> %s::timestamptz AS is_valid FROM gridmap.account_grant"
        " WHERE id = %s AND account_id = %s FOR UPDATE",
        (by.business_at, grant_id, account_id),
    ).fetchone()
    if row is None or (row["valid"].upper is not None and row["valid"].upper <= by.business_at):
        return False
    if row["role"] == "administrator" and row["is_valid"]:
        keep_an_administrator(connection, by, but_grant=grant_id)
    if row["is_valid"]:
        connection.execute(
            "UPDATE gridmap.account_grant SET valid = tstzrange(lower(valid), %s) WHERE id = %s",
            (by.business_at, grant_id),
        )
    else:
        connection.execute("DELETE FROM gridmap.account_grant WHERE id = %s", (grant_id,))
    record(
        connection, by, "end_grant", account_id, before={"grant": grant_id, "role": row["role"], "level": row["level"]}
    )
    return True


def administers(connection: Connection, by: Actor, account_id: int) -> bool:
    """Whether the account is an administrator at the business time of the act."""
    found = connection.execute(
        "SELECT 1 FROM gridmap.account_grant"
        " WHERE account_id = %s AND role = 'administrator' AND valid @> %s::timestamptz",
        (account_id, by.business_at),
    ).fetchone()
    return found is not None


def keep_an_administrator(
    connection: Connection, by: Actor, *, but_grant: int | None = None, but_account: int | None = None
) -> None:
    """Raises GrantProblem("last") where without this grant or account nobody would administer any more."""
    # one at a time: two administrators who remove each other would both see the other
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('gridmap administrators', 7))")
    others = connection.execute(
        "SELECT count(*) AS others FROM gridmap.account_grant g JOIN gridmap.account a ON a.id = g.account_id"
        " WHERE g.role = 'administrator' AND g.valid @> %(now)s::timestamptz AND a.disabled_at IS NULL"
        " AND g.id IS DISTINCT FROM %(grant)s::bigint AND a.id IS DISTINCT FROM %(account)s::bigint",
        {"now": by.business_at, "grant": but_grant, "account": but_account},
    ).fetchone()
    if not (others or {})["others"]:
        raise GrantProblem("last")


GRANTS = """
SELECT g.id, g.role, g.level, g.street_id, g.target_id, g.organisation_id,
  lower(g.valid) AS start, upper(g.valid) AS "end", g.valid @> %(now)s::timestamptz AS is_valid,
  s.name AS street, o.name AS organisation, coalesce(c.name, p.name) AS target
FROM gridmap.account_grant g
LEFT JOIN gridmap.street s ON s.id = g.street_id
LEFT JOIN gridmap.organisation o ON o.id = g.organisation_id
LEFT JOIN gridmap.community c ON c.street_id = g.street_id AND c.id = g.target_id
LEFT JOIN gridmap.place p ON p.street_id = g.street_id AND p.id = g.target_id
WHERE g.account_id = %(account)s
ORDER BY g.valid @> %(now)s::timestamptz DESC, lower(g.valid) NULLS FIRST, g.id
"""


def grants_of(connection: Connection, account_id: int, now: datetime) -> list[dict[str, Any]]:
    """The account's grants with the names of what they reach, the valid ones first; `start`/`end` None: open."""
    return connection.execute(GRANTS, {"account": account_id, "now": now}).fetchall()


def _checked(connection: Connection, account_id: int, grant: Grant) -> Grant:
    if grant.level not in LEVELS_OF.get(grant.role, ()):
        raise GrantProblem("level")
    if grant.start and grant.end and grant.start >= grant.end:
        raise GrantProblem("valid")
    if grant.level in OF_A_PERSON and not _has_person(connection, account_id):
        raise GrantProblem("person")
    if grant.level == "organisation":
        _must_exist(connection, "SELECT 1 FROM gridmap.organisation WHERE id = %s", grant.organisation_id)
        return _only(grant, organisation_id=grant.organisation_id)
    if grant.level == "street":
        _must_exist(connection, "SELECT 1 FROM gridmap.street WHERE id = %s", grant.street_id)
        return _only(grant, street_id=grant.street_id)
    if grant.level in ("community", "grid", "estate"):
        target = grant.target_id
        statement = (
            "SELECT 1 FROM gridmap.community WHERE id = %s AND street_id = %s"
            if grant.level == "community"
            else "SELECT 1 FROM gridmap.place WHERE id = %s AND street_id = %s AND kind = %s"
        )
        kind = () if grant.level == "community" else (grant.level,)
        _must_exist(connection, statement, target, *((target or 0) >> 32, *kind))
        return _only(grant, street_id=(target or 0) >> 32, target_id=target)
    return _only(grant)


def _only(
    grant: Grant, *, street_id: int | None = None, target_id: int | None = None, organisation_id: int | None = None
) -> Grant:
    return Grant(
        role=grant.role,
        level=grant.level,
        street_id=street_id,
        target_id=target_id,
        organisation_id=organisation_id,
        start=grant.start,
        end=grant.end,
    )


def _has_person(connection: Connection, account_id: int) -> bool:
    row = connection.execute("SELECT person_id FROM gridmap.account WHERE id = %s", (account_id,)).fetchone()
    return bool(row and row["person_id"])


def _must_exist(connection: Connection, statement: str, *values: Any) -> None:
    if values[0] is None or connection.execute(statement, values).fetchone() is None:
        raise GrantProblem("organisation" if "organisation" in statement else "target")


def _words(grant: Grant) -> dict[str, Any]:
    return {
        "role": grant.role,
        "level": grant.level,
        "street": grant.street_id,
        "target": grant.target_id,
        "organisation": grant.organisation_id,
        "start": grant.start and grant.start.isoformat(),
        "end": grant.end and grant.end.isoformat(),
    }
