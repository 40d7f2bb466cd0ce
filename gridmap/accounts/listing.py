"""Finding accounts among thousands."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gridmap.accounts.helping import HELPABLE
from gridmap.db.pools import Connection

STATES = ("active", "never", "disabled", "no_grant")
"""Open and used; never signed in; shut; open but without any right now."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """One page of accounts, and how many there are in all."""

    rows: list[dict[str, Any]]
    total: int


ACCOUNTS = """
WITH found AS (
  SELECT a.id, a.username, a.title, a.person_id, a.disabled_at, a.created_at, p.display_name AS person,
    coalesce(g.roles, '{}') AS roles, s.last_at,
    CASE WHEN a.disabled_at IS NOT NULL THEN 'disabled' WHEN g.roles IS NULL THEN 'no_grant'
      WHEN a.must_change_password AND s.last_at IS NULL THEN 'never' ELSE 'active' END AS state
  FROM gridmap.account a
  LEFT JOIN gridmap.person p ON p.street_id = (a.person_id >> 32)::integer AND p.id = a.person_id
  LEFT JOIN LATERAL (
    SELECT array_agg(DISTINCT role ORDER BY role) AS roles FROM gridmap.account_grant
    WHERE account_id = a.id AND valid @> %(now)s::timestamptz
  ) g ON true
  LEFT JOIN LATERAL (SELECT max(created_at) AS last_at FROM gridmap.session WHERE account_id = a.id) s ON true
  WHERE (%(text)s = '' OR strpos(
      lower(a.username || ' ' || a.title || ' ' || coalesce(p.display_name || ' ' || p.initials, '')), %(text)s) > 0)
    AND (%(street)s::integer IS NULL OR (a.person_id >> 32) = %(street)s::integer)
    AND (NOT %(only_people)s::boolean OR (p.id IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM gridmap.account_grant e WHERE e.account_id = a.id AND NOT e.role = ANY (%(helpable)s)
        AND coalesce(upper(e.valid), 'infinity') > %(now)s::timestamptz)))
)
SELECT *, count(*) OVER () AS total FROM found
WHERE (%(state)s::text IS NULL OR state = %(state)s) AND (%(role)s::text IS NULL OR %(role)s = ANY (roles))
ORDER BY username LIMIT %(limit)s OFFSET %(offset)s
"""


def find_accounts(
    connection: Connection,
    now: datetime,
    *,
    text: str = "",
    state: str | None = None,
    role: str | None = None,
    street_id: int | None = None,
    only_people: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> Found:
    """Accounts by user name, title, person or pinyin initials; `only_people` keeps to whom a leader may help."""
    values = {
        "now": now,
        "text": text.strip().lower(),
        "state": state,
        "role": role,
        "street": street_id,
        "only_people": only_people,
        "helpable": sorted(HELPABLE),
        "limit": limit,
        "offset": offset,
    }
    rows = connection.execute(ACCOUNTS, values).fetchall()
    return Found(rows=rows, total=rows[0]["total"] if rows else 0)


def titles_of(connection: Connection, account_ids: Collection[int]) -> dict[int, str]:
    """The titles of these accounts, as far as the viewer may know of them."""
    rows = connection.execute("SELECT id, title FROM gridmap.account WHERE id = ANY (%s)", (sorted(account_ids),))
    return {row["id"]: row["title"] for row in rows}
