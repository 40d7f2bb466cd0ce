"""Deciding on an estate's rules, and on the hours of a zone that differs from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gridmap.accounts import Actor
from gridmap.accounts.leading import read_lead
from gridmap.audit import announce, write_audit
from gridmap.db.pools import Connection
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.forms import evenings_of, fields_of
from gridmap.parking.rows import rules_of
from gridmap.parking.rules import Rules
from gridmap.parking.writing import LAYERS

PLACE = """
SELECT street_id, id, kind, name, community_id, estate_id FROM gridmap.place
WHERE street_id = %s AND id = %s AND kind IN ('estate', 'zone')
"""
BEFORE = "SELECT * FROM gridmap.parking_rule WHERE street_id = %s AND place_id = %s FOR UPDATE"
ADD = """
INSERT INTO gridmap.parking_rule (street_id, place_id, leave_by, tolerance_minutes, free_from, evenings, notices,
  ban_on, ban_months, clean_months, stay_counts, changed_at, changed_by)
VALUES (%(street_id)s, %(id)s, %(leave_by)s, %(tolerance_minutes)s, %(free_from)s, %(evenings)s, %(notices)s,
  %(ban_on)s, %(ban_months)s, %(clean_months)s, %(stay_counts)s, %(now)s, %(account)s)
ON CONFLICT (street_id, place_id) DO NOTHING
"""
CHANGE = """
UPDATE gridmap.parking_rule SET leave_by = %(leave_by)s, tolerance_minutes = %(tolerance_minutes)s,
  free_from = %(free_from)s, evenings = %(evenings)s, notices = %(notices)s, ban_on = %(ban_on)s,
  ban_months = %(ban_months)s, clean_months = %(clean_months)s, stay_counts = %(stay_counts)s,
  revision = revision + 1, changed_at = %(now)s, changed_by = %(account)s
WHERE street_id = %(street_id)s AND place_id = %(id)s
"""
DROP = "DELETE FROM gridmap.parking_rule WHERE street_id = %s AND place_id = %s"
UNSAID = 0
"""The revision of rules that nobody has written down: what holds everywhere."""


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """What was decided for a place, and the revision that a command takes; `rules` is None where nothing was."""

    rules: Rules | None = None
    revision: int = UNSAID


def read_ruling(connection: Connection, place_id: int) -> Ruling:
    """What was decided for an estate or a zone by itself, as far as the viewer knows something of its street."""
    row = connection.execute(BEFORE.removesuffix(" FOR UPDATE"), (place_id >> 32, place_id)).fetchone()
    return Ruling() if row is None else Ruling(rules=rules_of(row), revision=row["revision"])


def set_rules(connection: Connection, by: Actor, place_id: int, rules: Rules, *, revision: int) -> None:
    """Decide on the rules of an estate, or of a zone: of that the hours alone count.

    They hold for whatever is seen from now on. Raises LookupError where the viewer sees no such place,
    ParkingProblem("not_yours" | "changed").
    """
    place = _led(connection, by, place_id)
    if place["kind"] == "zone" and place["estate_id"] is not None:
        rules = Rules().with_hours_of(rules)
    before = _before(connection, place, revision)
    if before is not None and rules_of(before) == rules:
        return
    values = words_of(rules) | {"evenings": sorted(rules.evenings), "street_id": place["street_id"], "id": place["id"]}
    done = connection.execute(
        ADD if before is None else CHANGE, values | {"now": by.business_at, "account": by.account_id}
    )
    if not done.rowcount:
        # written by somebody else since it was looked for
        raise ParkingProblem("changed")
    _record(connection, by, place, before, words_of(rules))


def drop_rules(connection: Connection, by: Actor, place_id: int, *, revision: int) -> None:
    """Let an estate be as all others again, or a zone as its estate.

    Raises LookupError where the viewer sees no such place, ParkingProblem("not_yours" | "changed").
    """
    place = _led(connection, by, place_id)
    before = _before(connection, place, revision)
    if before is None:
        return
    connection.execute(DROP, (place["street_id"], place["id"]))
    _record(connection, by, place, before, {})


def leads(connection: Connection, by: Actor, place: Mapping[str, Any]) -> bool:
    """Whether the account leads the community of the place, or its street; the command line is the office itself."""
    if by.account_id is None:
        return True
    lead = read_lead(connection, by.account_id, by.business_at)
    return lead.leads(place["street_id"], place["community_id"])


def words_of(rules: Rules) -> dict[str, Any]:
    """The rules as the audit keeps them."""
    return {**fields_of(rules), "evenings": evenings_of(rules)}


def _led(connection: Connection, by: Actor, place_id: int) -> dict[str, Any]:
    place = connection.execute(PLACE, (place_id >> 32, place_id)).fetchone()
    if place is None:
        raise LookupError(place_id)
    if not leads(connection, by, place):
        raise ParkingProblem("not_yours")
    return place


def _before(connection: Connection, place: Mapping[str, Any], revision: int) -> dict[str, Any] | None:
    row = connection.execute(BEFORE, (place["street_id"], place["id"])).fetchone()
    if (UNSAID if row is None else row["revision"]) != revision:
        raise ParkingProblem("changed")
    return row


def _record(
    connection: Connection,
    by: Actor,
    place: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
) -> None:
    write_audit(
        connection,
        action="set_parking_rules",
        subject="place",
        subject_id=place["id"],
        street_id=place["street_id"],
        business_at=by.business_at,
        account_id=by.account_id,
        before={} if before is None else words_of(rules_of(before)),
        after=after,
    )
    announce(connection, place["street_id"], LAYERS)
