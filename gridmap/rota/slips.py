"""Slips for those who take part: how residents and volunteers sign in and see just what they have duty for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from gridmap.accounts import AccountProblem, Actor, Grant, create_account, give_grant, issue_slip
from gridmap.db.pools import Connection, Row
from gridmap.rota.errors import RotaProblem
from gridmap.rota.rows import hands_on, lock_rota
from gridmap.rota.writing import record

ROLE, LEVEL = "duty_resident", "rota"
MOST_AT_ONCE = 60
"""As many as have room on the sheets that are printed at once."""
ACCOUNTS = """
SELECT DISTINCT ON (f.person_id) f.person_id, f.display_name AS name, a.id AS account_id, a.username,
  coalesce(a.must_change_password, true) AS is_new, coalesce(g.roles, '{}') AS roles,
  coalesce(g.has_reach, false) AS has_reach
FROM gridmap.rota_people(%(street)s, %(rota)s, %(now)s, %(now)s) f
LEFT JOIN gridmap.account a ON a.person_id = f.person_id AND a.disabled_at IS NULL
LEFT JOIN LATERAL (
  SELECT array_agg(DISTINCT role) AS roles, bool_or(role = 'duty_resident' AND level = 'rota') AS has_reach
  FROM gridmap.account_grant WHERE account_id = a.id AND coalesce(upper(valid), 'infinity') > %(now)s::timestamptz
) g ON true
WHERE f.member_during && daterange((%(now)s::timestamptz AT TIME ZONE 'Asia/Shanghai')::date, NULL)
ORDER BY f.person_id, coalesce(g.roles, '{}') <@ ARRAY['duty_resident'], a.id
"""


@dataclass(frozen=True, kw_only=True)
class Invitee:
    """Somebody who takes part, with the account that they sign in with.

    `can_have`: no account yet, or one that is for nothing but duty. Anybody else signs in as always; a slip for an
    account that sees more would let others take it over.
    """

    person_id: int
    name: str
    account_id: int | None
    username: str | None
    is_new: bool
    has_reach: bool
    has_rights: bool
    can_have: bool


def read_invitees(connection: Connection, row: Row, now: datetime) -> tuple[Invitee, ...]:
    """Everybody who takes part now or later, by name; the connection is one of `helper_settings`."""
    values = {"street": row["street_id"], "rota": row["id"], "now": now}
    found = connection.execute(ACCOUNTS, values).fetchall()
    names = ("person_id", "name", "account_id", "username", "is_new", "has_reach")
    everybody = (
        Invitee(
            **{name: one[name] for name in names},
            has_rights=bool(one["roles"]),
            can_have=set(one["roles"]) <= {ROLE},
        )
        for one in found
    )
    return tuple(sorted(everybody, key=lambda one: (one.name, one.person_id)))


def invite(connection: Connection, by: Actor, rota_id: int, persons: Collection[int]) -> Mapping[int, str]:
    """Make what accounts are missing, let them reach what their turns are for, and give the secret of a slip for each.

    By the id of the account. Whether the leader may help each account that is there already is asked before
    (`accounts.may_help`). Raises LookupError, RotaProblem("not_yours", "person", "account").
    """
    row = lock_rota(connection, rota_id)
    hands_on(connection, by, row).must_lead()
    known = {one.person_id: one for one in read_invitees(connection, row, by.business_at)}
    wanted = sorted(set(persons))
    if not 0 < len(wanted) <= MOST_AT_ONCE or not set(wanted) <= known.keys():
        raise RotaProblem("person")
    secrets = {}
    for person_id in wanted:
        one = known[person_id]
        if not one.can_have:
            raise RotaProblem("account", name=one.name)
        account_id = one.account_id or _account(connection, by, one)
        if not one.has_reach:
            give_grant(connection, by, account_id, Grant(role=ROLE, level=LEVEL, start=by.business_at))
        secrets[account_id] = issue_slip(connection, by, account_id)
    record(connection, by, "print_rota_slips", row, after={"people": wanted})
    return secrets


def _account(connection: Connection, by: Actor, one: Invitee) -> int:
    street_id, serial = divmod(one.person_id, 1 << 32)
    username = f"zb{street_id}-{serial}"
    try:
        return create_account(connection, by, username=username, title=one.name, person_id=one.person_id)
    except AccountProblem:
        raise RotaProblem("account", name=one.name) from None
