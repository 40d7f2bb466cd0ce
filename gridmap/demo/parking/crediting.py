"""Who saw the demo's cars, counted and decided: its accounts, where one of them looks after the place.

Set-based and repeatable: what has an account keeps it. Whoever decided never saw the car. The evenings of residents on
duty go to the accounts of some of them, where the demo has any, by turns.
"""

from typing import Any

import psycopg
from psycopg import sql

from gridmap.demo.parking.stories import COMMUNITY, DUTY_A, DUTY_B, DUTY_C, OFFICE_LEADER, WORKER

ACCOUNTS = """
SELECT a.id, a.username, EXISTS (
  SELECT FROM gridmap.account_grant g WHERE g.account_id = a.id AND g.role = 'duty_resident') AS is_on_duty
FROM gridmap.account a WHERE a.disabled_at IS NULL ORDER BY a.id
"""
NAMED = {WORKER: "worker", COMMUNITY: "community", OFFICE_LEADER: "leader"}
ON_DUTY = (DUTY_A, DUTY_B, DUTY_C)
SINGLE: tuple[tuple[str, str], ...] = (
    ("vehicle_count", "account_id"),
    ("vehicle_count", "changed_by"),
    ("parking_rule", "changed_by"),
    ("known_vehicle", "account_id"),
    ("known_vehicle", "changed_by"),
    ("vehicle", "proposed_by"),
    ("vehicle", "changed_by"),
    ("sighting", "account_id"),
    ("violation", "account_id"),
    ("violation", "withdrawn_by"),
    ("parking_notice", "account_id"),
    ("ban", "proposed_by"),
    ("ban", "confirmed_by"),
    ("ban", "revoked_by"),
    ("ban", "changed_by"),
    ("parking_turn", "account_id"),
    ("rota", "changed_by"),
    ("rota_member", "changed_by"),
    ("rota_turn", "changed_by"),
    ("rota_holder", "given_by"),
)
"""Columns that hold an account; those of a table are written in one statement."""
SEVERAL = ("vehicle", "ban")
"""Tables that hold accounts in `saw`."""


def credit_parking(connection: "psycopg.Connection[Any]") -> None:
    """Write the demo's accounts into its parking and rotas, as the owner, in one transaction; made before."""
    with connection.transaction():
        known = _known(connection)
        if not known:
            return
        values = {"from": list(known), "to": list(known.values())}
        for table in dict.fromkeys(table for table, _column in SINGLE):
            connection.execute(_statement(table), values)


def _known(connection: "psycopg.Connection[Any]") -> dict[int, int]:
    """The account that each of those who acted turned out to be."""
    rows = connection.execute(ACCOUNTS).fetchall()
    by_name = {name: account for account, name, _on_duty in rows}
    found = {who: by_name[name] for who, name in NAMED.items() if name in by_name}
    residents = [account for account, name, on_duty in rows if on_duty and name not in NAMED.values()]
    if residents:
        found |= {who: residents[turn % len(residents)] for turn, who in enumerate(ON_DUTY)}
    return found


def _statement(table: str) -> sql.Composed:
    """All columns of a table at once: its constraints look at several of them together."""
    of_table = [column for one, column in SINGLE if one == table]
    sets: list[sql.Composable] = [
        sql.SQL(
            "{0} = coalesce((SELECT m.account FROM unnest(%(from)s::bigint[], %(to)s::bigint[]) AS m (who, account)"
            " WHERE m.who = t.{0}), t.{0})"
        ).format(sql.Identifier(column))
        for column in of_table
    ]
    conditions: list[sql.Composable] = [
        sql.SQL("t.{} = ANY (%(from)s::bigint[])").format(sql.Identifier(column)) for column in of_table
    ]
    if table in SEVERAL:
        sets.append(
            sql.SQL(
                "saw = ARRAY(SELECT DISTINCT coalesce(m.account, s.who) FROM unnest(t.saw) AS s (who) LEFT JOIN"
                " unnest(%(from)s::bigint[], %(to)s::bigint[]) AS m (who, account) USING (who) ORDER BY 1)"
            )
        )
        conditions.append(sql.SQL("t.saw && %(from)s::bigint[]"))
    return sql.SQL(
        "UPDATE gridmap.{} t SET {} WHERE t.street_id IN (SELECT id FROM gridmap.street WHERE is_demo) AND ({})"
    ).format(sql.Identifier(table), sql.SQL(", ").join(sets), sql.SQL(" OR ").join(conditions))
