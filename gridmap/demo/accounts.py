"""The demo's accounts: one for each kind of user, all with one password."""

import secrets
from pathlib import Path

from gridmap.accounts import Actor, Grant, create_account, give_grant, set_password
from gridmap.accounts.passwords import fits
from gridmap.db import SYSTEM, Database
from gridmap.db.pools import Connection

ACCOUNTS: dict[str, str] = {
    "admin": "系统管理员",
    "leader": "街道领导",
    "community": "社区书记(花苑)",
    "planner": "规划人员",
    "worker": "网格员(花苑)",
    "manager": "党员楼管员(花苑)",
    "property": "物业企业",
}

HUAYUAN = "442000002005"

FIRST_HOLDER = """
SELECT p.street_id, p.id AS place_id, p.grid_id, p.community_id, a.person_id
FROM gridmap.place p
JOIN gridmap.community c ON c.street_id = p.street_id AND c.id = p.community_id AND c.code = %(community)s
JOIN gridmap.assignment a ON a.street_id = p.street_id AND a.place_id = p.id AND a.role = %(role)s
  AND a.is_primary AND a.valid @> %(now)s::timestamptz
WHERE p.kind = %(kind)s ORDER BY p.code, p.id LIMIT 1
"""
PROPERTY = """
SELECT e.property_id AS id FROM gridmap.estate e
JOIN gridmap.place p ON p.street_id = e.street_id AND p.id = e.place_id
JOIN gridmap.community c ON c.street_id = p.street_id AND c.id = p.community_id AND c.code = %(community)s
WHERE e.property_id IS NOT NULL ORDER BY p.code LIMIT 1
"""

EVERYWHERE = ("leader", "planner")
"""Those who see all demo streets, in the role of their name."""
UNGRANTED = """
SELECT a.id AS account_id, a.username, s.id AS street_id
FROM gridmap.account a CROSS JOIN gridmap.street s
WHERE a.username = ANY(%(everywhere)s) AND s.is_demo AND NOT EXISTS (
  SELECT FROM gridmap.account_grant g WHERE g.account_id = a.id AND g.role = a.username AND g.street_id = s.id
)
ORDER BY a.id, s.id
"""


def keep_password(home: Path, given: str | None) -> str:
    """The demo's password: the given one, else the one kept in the data folder, else a new random one kept there."""
    kept = home / "demo-password"
    if given:
        return given
    if kept.exists():
        return kept.read_text(encoding="utf-8").strip()
    made = "-".join(secrets.token_hex(2) for _ in range(4))
    kept.touch(mode=0o600)
    kept.write_text(made + "\n", encoding="utf-8")
    return made


def make_accounts(database: Database, by: Actor, password: str) -> None:
    """Make the demo accounts that are missing, with their grants, and give all of them this password.

    Streets that have come since, such as those of a cloned city, are given to those who see all demo streets.
    """
    if not _are_made(database, password):
        _make_all(database, by, password)
    with database.transaction(SYSTEM) as connection:
        for row in connection.execute(UNGRANTED, {"everywhere": list(EVERYWHERE)}).fetchall():
            grant = Grant(role=row["username"], level="street", street_id=row["street_id"])
            give_grant(connection, by, row["account_id"], grant)


def _make_all(database: Database, by: Actor, password: str) -> None:
    for username, title in ACCOUNTS.items():
        with database.transaction(SYSTEM) as connection:
            row = connection.execute("SELECT id FROM gridmap.account WHERE username = %s", (username,)).fetchone()
            if row is None:
                _make(connection, by, username, title, password)
            else:
                set_password(connection, by, row["id"], password)


def _are_made(database: Database, password: str) -> bool:
    last = list(ACCOUNTS)[-1]
    with database.transaction(SYSTEM) as connection:
        row = connection.execute("SELECT password_hash FROM gridmap.password_of(%s)", (last,)).fetchone()
    return row is not None and fits(password, row["password_hash"])


def _make(connection: Connection, by: Actor, username: str, title: str, password: str) -> None:
    grants, person = _grants(connection, by, username)
    account = create_account(
        connection,
        by,
        username=username,
        title=title,
        person_id=person,
        password=password,
        must_change_password=False,
    )
    for grant in grants:
        give_grant(connection, by, account, grant)


def _grants(connection: Connection, by: Actor, username: str) -> tuple[list[Grant], int | None]:
    """What the account may do, and who it is."""
    if username == "admin":
        return [Grant(role="administrator", level="city")], None
    if username in EVERYWHERE:
        return [], None
    if username == "community":
        row = _one(connection, "SELECT street_id, id FROM gridmap.community WHERE code = %(community)s", by)
        return [Grant(role="leader", level="community", street_id=row["street_id"], target_id=row["id"])], None
    if username == "property":
        row = _one(connection, PROPERTY, by)
        return [Grant(role="handler", level="organisation", organisation_id=row["id"])], None
    role, kind = ("grid_worker", "grid") if username == "worker" else ("building_manager", "stairwell")
    row = _one(connection, FIRST_HOLDER, by, role=role, kind=kind)
    if username == "worker":
        grant = Grant(role="worker", level="grid", street_id=row["street_id"], target_id=row["place_id"])
    else:
        grant = Grant(role="manager", level="held", street_id=row["street_id"])
    return [grant], row["person_id"]


def _one(connection: Connection, statement: str, by: Actor, **values: str) -> dict[str, int]:
    found = connection.execute(statement, {"community": HUAYUAN, "now": by.business_at, **values}).fetchone()
    if found is None:
        raise LookupError("the demo data lacks what its accounts need")
    return found
