"""What commands on rotas write beside their change: holders given and ended, what is missing, audit, announcement."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import psycopg

from gridmap.accounts import Actor
from gridmap.analysis.rota import office_day
from gridmap.audit import announce, write_audit
from gridmap.db.pools import Connection, Row
from gridmap.places.belonging import own_rotas
from gridmap.rota.errors import RotaChanged
from gridmap.rota.rows import reach_of

LAYER = "rotas"
"""The word under which every change of a rota is announced: who has duty sees its zones from then on."""
GIVE = """
INSERT INTO gridmap.rota_holder (street_id, id, rota_id, turn_id, person_id, day, during, origin, swap_id, given_at,
  given_by, place_id, people, community_id, grid_id, micro_grid_id, estate_id)
SELECT t.street_id, t.street_id::bigint * 4294967296 + nextval('gridmap.serial'), t.rota_id, t.id, g.person_id, t.day,
  tstzrange(t.starts_at, t.ends_at), g.origin, g.swap_id, %(now)s, %(account)s, %(place_id)s, %(people)s,
  %(community_id)s, %(grid_id)s, %(micro_grid_id)s, %(estate_id)s
FROM unnest(%(turns)s::bigint[], %(persons)s::bigint[], %(origins)s::text[], %(swaps)s::bigint[])
  AS g (turn_id, person_id, origin, swap_id)
JOIN gridmap.rota_turn t ON t.street_id = %(street_id)s AND t.id = g.turn_id
ORDER BY t.day, g.person_id
"""
END = """
UPDATE gridmap.rota_holder SET ended_at = %(now)s
WHERE street_id = %(street)s AND id = ANY (%(holders)s) AND ended_at IS NULL
"""
RECOUNT = "SELECT gridmap.count_turns(%s, %s, %s, %s)"
LAPSE = """
UPDATE gridmap.rota_swap s SET state = 'lapsed', answered_at = %(now)s, revision = s.revision + 1,
  changed_at = %(now)s, changed_by = %(account)s
WHERE s.street_id = %(street)s AND s.rota_id = %(rota)s AND s.state = 'asked' AND s.id <> %(but)s AND NOT (
  EXISTS (SELECT FROM gridmap.rota_holder h WHERE h.street_id = s.street_id AND h.turn_id = s.turn_id
    AND h.person_id = s.giver_id AND h.ended_at IS NULL)
  AND NOT EXISTS (SELECT FROM gridmap.rota_holder h WHERE h.street_id = s.street_id AND h.turn_id = s.turn_id
    AND h.person_id = s.taker_id AND h.ended_at IS NULL)
  AND (s.other_turn_id IS NULL OR EXISTS (SELECT FROM gridmap.rota_holder h WHERE h.street_id = s.street_id
    AND h.turn_id = s.other_turn_id AND h.person_id = s.taker_id AND h.ended_at IS NULL)))
"""
Given = tuple[int, int, str, int | None]
"""A turn, a person, how it came to that (a word of ORIGINS), and the swap."""


def give(connection: Connection, by: Actor, row: Row, given: Iterable[Given]) -> None:
    """Write who has which turns from now on. Raises RotaChanged where somebody has got another duty meanwhile."""
    turns, persons, origins, swaps = zip(*given, strict=True) if (given := list(given)) else ((), (), (), ())
    if not turns:
        return
    values = reach_of(row) | {"now": by.business_at, "account": by.account_id, "turns": list(turns)}
    values |= {"persons": list(persons), "origins": list(origins), "swaps": list(swaps)}
    try:
        with connection.transaction():
            connection.execute(GIVE, values)
    except (psycopg.errors.ExclusionViolation, psycopg.errors.UniqueViolation):
        raise RotaChanged from None


def end_holders(connection: Connection, by: Actor, row: Row, holders: Collection[int]) -> None:
    """Write that somebody no longer has a turn; that they had it stays."""
    if holders:
        values = {"street": row["street_id"], "holders": list(holders), "now": by.business_at}
        connection.execute(END, values)


def recount(connection: Connection, by: Actor, row: Row, turns: Collection[int], reason: str) -> None:
    """Count anew how many are missing on these turns; `reason`: where none was written yet."""
    connection.execute(RECOUNT, (row["street_id"], list(turns), reason, by.business_at))


def lapse_swaps(connection: Connection, by: Actor, row: Row, but: int = 0) -> int:
    """End what was asked for and cannot be any more, because others have the evenings now; gives how many."""
    values = {"street": row["street_id"], "rota": row["id"], "but": but}
    return connection.execute(LAPSE, values | {"now": by.business_at, "account": by.account_id}).rowcount


def own(connection: Connection, by: Actor, row: Row) -> None:
    """Let who takes part now see the rota and its rows, and nobody else."""
    own_rotas(connection, [row["street_id"]], office_day(by.business_at), [row["id"]])


def record(
    connection: Connection,
    by: Actor,
    action: str,
    row: Row,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    layers: Iterable[str] = (LAYER,),
) -> None:
    """Write the audit row of a command, and tell every process."""
    write_audit(
        connection,
        action=action,
        subject="rota",
        subject_id=row["id"],
        street_id=row["street_id"],
        business_at=by.business_at,
        account_id=by.account_id,
        before=before,
        after=after,
    )
    announce(connection, row["street_id"], layers)
