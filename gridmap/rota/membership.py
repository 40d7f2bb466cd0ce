"""Who takes part in a rota: joining with credit, leaving, weekdays that never fit."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

import psycopg

from gridmap.accounts import Actor
from gridmap.analysis.rota import credit_for, office_day
from gridmap.clock import OFFICE
from gridmap.db.pools import Connection, Row
from gridmap.periods import DAY, Period
from gridmap.read.rota.evenings import read_had
from gridmap.read.rota.members import Member, people_of, read_members
from gridmap.rota.errors import RotaChanged, RotaProblem
from gridmap.rota.rows import hands_on, lock_rota, reach_of
from gridmap.rota.writing import end_holders, lapse_swaps, own, record, recount

MOST_AT_ONCE = 200
PEOPLE = "SELECT id FROM gridmap.person WHERE street_id = %s AND id = ANY (%s)"
ADD = """
INSERT INTO gridmap.rota_member (street_id, id, rota_id, person_id, valid, credit, place_id, people, community_id,
  grid_id, micro_grid_id, estate_id, changed_at, changed_by)
SELECT %(street_id)s, %(street_id)s::bigint * 4294967296 + nextval('gridmap.serial'), %(rota)s, one,
  daterange(%(start)s, NULL), %(credit)s, %(place_id)s, %(people)s, %(community_id)s, %(grid_id)s, %(micro_grid_id)s,
  %(estate_id)s, %(now)s, %(account)s
FROM unnest(%(persons)s::bigint[]) one
"""
MEMBER = """
SELECT rota_id, person_id, lower(valid) AS starts, upper(valid) AS ends, revision
FROM gridmap.rota_member WHERE street_id = %s AND id = %s
"""
END = """
UPDATE gridmap.rota_member SET valid = daterange(lower(valid), %(day)s), revision = revision + 1,
  changed_at = %(now)s, changed_by = %(account)s
WHERE street_id = %(street)s AND id = %(member)s
"""
CHANGE = """
UPDATE gridmap.rota_member SET never_on = %(never_on)s, credit = %(credit)s, revision = revision + 1,
  changed_at = %(now)s, changed_by = %(account)s
WHERE street_id = %(street)s AND id = %(member)s
"""
HELD_AFTER = """
SELECT h.id, h.turn_id FROM gridmap.rota_holder h
JOIN gridmap.rota_turn t ON t.street_id = h.street_id AND t.id = h.turn_id
WHERE h.street_id = %s AND h.rota_id = %s AND h.person_id = %s AND h.ended_at IS NULL
  AND h.day >= %s AND h.day < coalesce(%s::date, 'infinity') AND t.starts_at > %s
"""


def join(connection: Connection, by: Actor, rota_id: int, persons: Collection[int], start: date) -> int:
    """Let people of the viewer's area take part from that day on, and give how many are new.

    Whoever joins when others have had evenings already starts with the mean of theirs as credit.
    Raises LookupError, RotaProblem("not_yours", "person", "day").
    """
    row = lock_rota(connection, rota_id)
    hands_on(connection, by, row).must_lead()
    wanted = sorted(set(persons))
    known = connection.execute(PEOPLE, (row["street_id"], wanted)).fetchall()
    if len(known) != len(wanted) or not 0 < len(wanted) <= MOST_AT_ONCE:
        raise RotaProblem("person")
    if start < row["starts"]:
        start = row["starts"]
    if row["ends_on"] is not None and start >= row["ends_on"]:
        raise RotaProblem("day")
    members = _members(connection, row, by)
    taking_part = {one.person_id for one in members if one.during.end > start}
    new = [one for one in wanted if one not in taking_part]
    values = reach_of(row) | {"rota": rota_id, "persons": new, "start": start, "now": by.business_at}
    credit = credit_of(connection, by, row, members, max(start, office_day(by.business_at)))
    connection.execute(ADD, values | {"credit": list(credit), "account": by.account_id})
    own(connection, by, row)
    told = {"people": new, "start": start.isoformat(), "credit": sum(credit)}
    record(connection, by, "join_rota", row, after=told)
    return len(new)


def leave(connection: Connection, by: Actor, member_id: int, day: date, *, revision: int) -> None:
    """Let somebody take part no longer from that day on, tomorrow at the earliest; their evenings then are open.

    Of somebody who comes back later only this time ends. Raises LookupError, RotaChanged, RotaProblem("not_yours",
    "day" where it would last into the next time of that person).
    """
    row, member = _locked(connection, member_id, revision)
    hands_on(connection, by, row).must_lead()
    day = max(day, office_day(by.business_at) + DAY, member["starts"] + DAY)
    values = {"street": row["street_id"], "member": member_id, "day": day}
    try:
        with connection.transaction():
            connection.execute(END, values | {"now": by.business_at, "account": by.account_id})
    except psycopg.errors.ExclusionViolation:
        raise RotaProblem("day") from None
    key = (row["street_id"], row["id"], member["person_id"], day, member["ends"], by.business_at)
    held = connection.execute(HELD_AFTER, key).fetchall()
    end_holders(connection, by, row, [one["id"] for one in held])
    recount(connection, by, row, [one["turn_id"] for one in held], "too_few_members")
    lapse_swaps(connection, by, row)
    own(connection, by, row)
    record(connection, by, "leave_rota", row, after={"person": member["person_id"], "day": day.isoformat()})


def change_member(connection: Connection, by: Actor, member_id: int, never_on: Iterable[int], *, revision: int) -> None:
    """Write on which weekdays somebody never takes an evening (Monday is 0); never why.

    Raises LookupError, RotaChanged, RotaProblem("not_yours", "weekdays").
    """
    weekdays = sorted(set(never_on))
    if not set(weekdays) < set(range(7)):
        raise RotaProblem("weekdays")
    row, member = _locked(connection, member_id, revision)
    hands_on(connection, by, row).must_lead()
    [mine] = [one for one in _members(connection, row, by) if one.id == member_id]
    _write(connection, by, row, member_id, {"never_on": weekdays, "credit": list(mine.credit)})
    told = {"person": member["person_id"], "never_on": weekdays}
    record(connection, by, "change_rota_member", row, before={"never_on": sorted(mine.never_on)}, after=told)


def even_up(connection: Connection, by: Actor, member_id: int, *, revision: int) -> None:
    """Count somebody as having had as much as the others on average: after a long leave, not to make up for it.

    Whoever has had more already keeps that. Raises LookupError, RotaChanged, RotaProblem("not_yours").
    """
    row, member = _locked(connection, member_id, revision)
    hands_on(connection, by, row).must_lead()
    members = _members(connection, row, by)
    [mine] = [one for one in members if one.id == member_id]
    today = office_day(by.business_at)
    mean = credit_of(connection, by, row, members, today, mine.person_id)
    had = people_of([mine], read_had(connection, row, by.business_at, today), Period(today, today + DAY))
    own_had = had[0].had if had else mine.credit
    credit = raised(mine.credit, own_had, mean)
    _write(connection, by, row, member_id, {"never_on": sorted(mine.never_on), "credit": credit})
    told = {"person": member["person_id"], "credit": sum(credit)}
    record(connection, by, "even_rota_member", row, before={"credit": sum(mine.credit)}, after=told)


def raised(credit: Sequence[int], had: Sequence[int], mean: Sequence[int]) -> list[int]:
    """The credit, raised until what was had sums up to the mean; first where most is lacking."""
    found = list(credit)
    for _ in range(sum(mean) - sum(had)):
        weekday = max(range(len(found)), key=lambda day: (mean[day] - had[day] - found[day] + credit[day], -day))
        found[weekday] += 1
    return found


def credit_of(
    connection: Connection, by: Actor, row: Row, members: Iterable[Member], day: date, but: int | None = None
) -> tuple[int, ...]:
    """What those who take part on that day will have had by then on average, Monday to Sunday; not the person `but`."""
    had = read_had(connection, row, by.business_at, day)
    others = people_of(members, had, Period(day, day + DAY))
    return credit_for(person.had for person in others if person.id != but)


def _members(connection: Connection, row: Row, by: Actor) -> tuple[Member, ...]:
    return read_members(connection, row, by.business_at, by.business_at.astimezone(OFFICE) + DAY)


def _locked(connection: Connection, member_id: int, revision: int) -> tuple[Row, Row]:
    key = (member_id >> 32, member_id)
    found = connection.execute(MEMBER, key).fetchone()
    if found is None:
        raise LookupError(member_id)
    row = lock_rota(connection, found["rota_id"])
    member = connection.execute(MEMBER, key).fetchone()
    if member is None or member["revision"] != revision:
        raise RotaChanged
    return row, member


def _write(connection: Connection, by: Actor, row: Row, member_id: int, values: dict[str, Any]) -> None:
    key = {"street": row["street_id"], "member": member_id, "now": by.business_at, "account": by.account_id}
    connection.execute(CHANGE, key | values)
