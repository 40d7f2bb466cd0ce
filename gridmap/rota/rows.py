"""A rota locked for a command, and who acts on it."""

from dataclasses import dataclass

from gridmap.accounts import Actor
from gridmap.db.pools import Connection, Row
from gridmap.incidents.capacities import read_standing
from gridmap.rota.errors import RotaProblem

LOCK = "SELECT id FROM gridmap.rota WHERE street_id = %s AND id = %s FOR NO KEY UPDATE"
ROTA = """
SELECT street_id, id, kind, name, organisation_id, needed, weekdays, begins, ends, gap_days,
  lower(valid) AS starts, upper(valid) AS ends_on, place_id, people, community_id, grid_id, micro_grid_id, estate_id,
  revision
FROM gridmap.rota WHERE street_id = %s AND id = %s
"""
PERSON = "SELECT person_id FROM gridmap.account WHERE id = %s"
REACH = ("place_id", "people", "community_id", "grid_id", "micro_grid_id", "estate_id")
"""Columns that rows of a rota share with it."""


@dataclass(frozen=True, kw_only=True)
class Hands:
    """Who acts: the person of the account, and whether they look after the rota (its leader, or the office itself)."""

    person_id: int | None
    leads: bool

    def must_lead(self) -> None:
        """Raises RotaProblem("not_yours") for anybody else."""
        if not self.leads:
            raise RotaProblem("not_yours")

    def must_be(self, person_id: int) -> None:
        """Raises RotaProblem("not_yours") unless it is that person, or who leads."""
        if not self.leads and self.person_id != person_id:
            raise RotaProblem("not_yours")


def lock_rota(connection: Connection, rota_id: int) -> Row:
    """The rota, locked: commands on one rota come one after the other. Raises LookupError where none is seen."""
    key = (rota_id >> 32, rota_id)
    # a statement of its own: what is read below is then as new as the lock
    connection.execute(LOCK, key)
    return read_row(connection, rota_id)


def read_row(connection: Connection, rota_id: int) -> Row:
    """The rota without a lock. Raises LookupError where the viewer sees none."""
    row = connection.execute(ROTA, (rota_id >> 32, rota_id)).fetchone()
    if row is None:
        raise LookupError(rota_id)
    return row


def hands_on(connection: Connection, by: Actor, row: Row) -> Hands:
    """As what the account acts on the rota, or on a place that it would be for."""
    standing = read_standing(connection, by)
    if standing.is_office:
        return Hands(person_id=None, leads=True)
    found = connection.execute(PERSON, (by.account_id,)).fetchone()
    return Hands(person_id=found["person_id"] if found else None, leads=standing.has_over("leader", row))


def reach_of(row: Row) -> Row:
    """Where rows of the rota belong and who takes part, as they are written."""
    return {name: row[name] for name in ("street_id", *REACH)}
