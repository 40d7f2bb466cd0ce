"""Territory and calendar: streets opened, their settings changed, communities added, days off written down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg.types.json import Jsonb

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.db import execute, new_id
from gridmap.db.pools import Connection
from gridmap.pinyin import initials
from gridmap.plain import is_name
from gridmap.tables import community

MAX_NAME = 100


class TerritoryProblem(Exception):
    """The command cannot be done so; `reason` is `code`, `name`, `taken`, `day`, `kind` or `changed`."""

    def __init__(self, reason: str, about: str = "") -> None:
        super().__init__(reason, about)
        self.reason = reason
        self.about = about


@dataclass(frozen=True, kw_only=True)
class Named:
    """An official code and a name."""

    code: str
    name: str


def open_street(connection: Connection, by: Actor, street: Named, *, city: Named, district: Named | None = None) -> int:
    """Open a street (9-digit code) and give its id; the one that has this code already, if there is one.

    City and district (6-digit codes) are found by code, or made; a city without districts has a district row with
    its own code. Raises TerritoryProblem.
    """
    for named, digits in ((street, 9), (city, 6), (district or city, 6)):
        _check(named, digits)
    found = connection.execute("SELECT id FROM gridmap.street WHERE code = %s", (street.code,)).fetchone()
    if found:
        return int(found["id"])
    city_id = _found_or_made(connection, "city", city)
    district_id = _found_or_made(connection, "district", district or city, city_id)
    street_id = _found_or_made(connection, "street", street, district_id)
    _record(connection, by, "open_street", street_id, after={"code": street.code, "name": street.name})
    announce(connection, street_id, ["streets", "districts"])
    return street_id


def change_street(
    connection: Connection, by: Actor, street_id: int, *, name: str, settings: Mapping[str, Any], revision: int
) -> None:
    """Change the street's name and some of its settings; settings that are not named stay.

    Raises LookupError, TerritoryProblem("changed") where somebody else was faster.
    """
    row = connection.execute(
        "SELECT name, settings, revision FROM gridmap.street WHERE id = %s FOR UPDATE", (street_id,)
    ).fetchone()
    if row is None:
        raise LookupError(street_id)
    if row["revision"] != revision:
        raise TerritoryProblem("changed")
    _check(Named(code="000000000", name=name), 9)
    whole = {**row["settings"], **settings}
    connection.execute(
        "UPDATE gridmap.street SET name = %s, settings = %s, revision = revision + 1, changed_at = %s, changed_by = %s"
        " WHERE id = %s",
        (name.strip(), Jsonb(whole), by.business_at, by.account_id, street_id),
    )
    before = {"name": row["name"], **{key: row["settings"].get(key) for key in settings}}
    _record(connection, by, "change_street", street_id, before=before, after={"name": name.strip(), **settings})
    announce(connection, street_id, ["streets"])


def add_communities(connection: Connection, by: Actor, street_id: int, communities: Sequence[Named]) -> int:
    """Add the communities (12-digit codes) that the street does not have yet; gives how many.

    A known code keeps its row: a new name is a matter of `gridmap load communities`. Raises TerritoryProblem.
    """
    added = 0
    for named in communities:
        _check(named, 12)
        found = connection.execute(
            "SELECT 1 FROM gridmap.community WHERE street_id = %s AND code = %s", (street_id, named.code)
        ).fetchone()
        if found:
            continue
        statement = (
            community.insert()
            .values(
                street_id=street_id,
                id=new_id(street_id),
                code=named.code,
                name=named.name.strip(),
                initials=initials(named.name) or None,
                changed_by=by.account_id,
            )
            .returning(community.c.id)
        )
        row = execute(connection, statement).fetchone()
        _record(
            connection,
            by,
            "add_community",
            street_id,
            subject="community",
            subject_id=(row or {})["id"],
            after={"code": named.code, "name": named.name.strip()},
        )
        added += 1
    if added:
        announce(connection, street_id, ["communities"])
    return added


def set_day(connection: Connection, by: Actor, day: date, kind: str, name: str) -> None:
    """Write down that a day differs from the week: a day off (`holiday`) or a make-up working day (`workday`)."""
    if kind not in ("holiday", "workday"):
        raise TerritoryProblem("kind")
    _check(Named(code="000000", name=name), 6)
    connection.execute(
        "INSERT INTO gridmap.calendar_day (day, kind, name) VALUES (%s, %s, %s)"
        " ON CONFLICT (day) DO UPDATE SET kind = EXCLUDED.kind, name = EXCLUDED.name",
        (day, kind, name.strip()),
    )
    _calendar(connection, by, {"day": day.isoformat(), "kind": kind, "name": name.strip()})


def drop_day(connection: Connection, by: Actor, day: date) -> None:
    """Let the day be like its week again. Raises LookupError where it was."""
    done = connection.execute("DELETE FROM gridmap.calendar_day WHERE day = %s", (day,))
    if not done.rowcount:
        raise LookupError(day)
    _calendar(connection, by, {"day": day.isoformat(), "kind": None})


def know_year(connection: Connection, by: Actor, year: int, source: str) -> None:
    """Say that all days off of the year are written down, and from which notice; until then it is provisional."""
    _check(Named(code="000000", name=source), 6)
    connection.execute(
        "INSERT INTO gridmap.calendar_year (year, source) VALUES (%s, %s)"
        " ON CONFLICT (year) DO UPDATE SET source = EXCLUDED.source",
        (year, source.strip()),
    )
    _calendar(connection, by, {"year": year, "source": source.strip()})


def _check(named: Named, digits: int) -> None:
    if not (len(named.code) == digits and named.code.isascii() and named.code.isdigit()):
        raise TerritoryProblem("code", named.code)
    if not is_name(named.name.strip(), MAX_NAME):
        raise TerritoryProblem("name", named.code)


MAKE = {
    "city": "INSERT INTO gridmap.city (code, name) VALUES (%(code)s, %(name)s) RETURNING id",
    "district": "INSERT INTO gridmap.district (code, name, city_id)"
    " VALUES (%(code)s, %(name)s, %(above)s) RETURNING id",
    "street": "INSERT INTO gridmap.street (code, name, district_id)"
    " VALUES (%(code)s, %(name)s, %(above)s) RETURNING id",
}
FIND = {
    "city": "SELECT id FROM gridmap.city WHERE code = %s",
    "district": "SELECT id FROM gridmap.district WHERE code = %s",
    "street": "SELECT id FROM gridmap.street WHERE code = %s",
}


def _found_or_made(connection: Connection, what: str, named: Named, above: int | None = None) -> int:
    row = connection.execute(FIND[what], (named.code,)).fetchone()
    if row is None:
        values = {"code": named.code, "name": named.name.strip(), "above": above}
        row = connection.execute(MAKE[what], values).fetchone()
    return int((row or {})["id"])


def _calendar(connection: Connection, by: Actor, after: Mapping[str, Any]) -> None:
    write_audit(
        connection,
        action="set_calendar",
        subject="calendar",
        business_at=by.business_at,
        account_id=by.account_id,
        after=after,
    )
    # the deadlines of open cases hang on these days
    connection.execute(
        "SELECT gridmap.count_deadlines_anew(array_agg(id ORDER BY id), %s) FROM gridmap.street", (by.business_at,)
    )
    announce(connection, 0, ["calendar", "incidents"])


def _record(
    connection: Connection,
    by: Actor,
    action: str,
    street_id: int,
    *,
    subject: str = "street",
    subject_id: int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    write_audit(
        connection,
        action=action,
        subject=subject,
        subject_id=street_id if subject_id is None else subject_id,
        street_id=street_id,
        business_at=by.business_at,
        account_id=by.account_id,
        before=before,
        after=after,
    )
