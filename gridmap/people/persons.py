"""People on duty: added, changed, and their clear name and phone shown with a reason."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg import sql

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.db import execute, new_id
from gridmap.db.pools import Connection
from gridmap.people.errors import ChangedMeanwhile, PeopleProblem
from gridmap.pinyin import initials
from gridmap.plain import is_name
from gridmap.tables import person

LAYERS = ("people", "assignments")
"""What a change of a person shows in."""
CHANGEABLE = ("name", "display_name", "phone", "organisation_id", "community_id", "grid_id")
MAX_NAME = 100
LARGEST_ID = 2**52
"""No id is larger: a street is below 2^20, a serial below 2^32."""
PHONE = re.compile(r"\+?[0-9]{3,15}(?:(?:x|ext|\u8f6c)[0-9]{1,6})?")
"""A line, with or without a country's code and an extension."""
PERSON: LiteralString = """
SELECT id, name_masked, display_name, phone_masked, organisation_id, community_id, grid_id, micro_grid_id, revision
FROM gridmap.person WHERE street_id = %s AND id = %s
"""
LOCKED_PERSON: LiteralString = PERSON + "FOR NO KEY UPDATE"
MOVE_ABSENCES: LiteralString = """
UPDATE gridmap.absence SET community_id = %(community_id)s, grid_id = %(grid_id)s, micro_grid_id = %(micro_grid_id)s
WHERE street_id = %(street)s AND person_id = %(person)s
"""


@dataclass(frozen=True, kw_only=True)
class NewPerson:
    """Somebody to be on duty. `display_name` is how the office shows them; the name itself stays locked."""

    street_id: int
    name: str
    display_name: str
    phone: str | None = None
    organisation_id: int | None = None
    community_id: int | None = None
    grid_id: int | None = None
    import_run_id: int | None = None
    source: str | None = None
    source_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class ClearPerson:
    """Clear name and phone, unmasked for one reason, once."""

    name: str
    phone: str | None


def add_person(connection: Connection, by: Actor, new: NewPerson) -> int:
    """Put a person on the register of a street and give the id. Raises PeopleProblem("name", "phone")."""
    values = _clean({"name": new.name, "display_name": new.display_name, "phone": new.phone})
    statement = (
        person.insert()
        .values(
            street_id=new.street_id,
            id=new_id(new.street_id),
            **values,
            initials=initials(values["display_name"]),
            organisation_id=new.organisation_id,
            community_id=new.community_id,
            grid_id=new.grid_id,
            changed_by=by.account_id,
            import_run_id=new.import_run_id,
            source=new.source,
            source_key=new.source_key,
        )
        .returning(person.c.id)
    )
    row = execute(connection, statement).fetchone()
    person_id: int = (row or {})["id"]
    _record(connection, by, "add_person", person_id, after={"display_name": values["display_name"]})
    return person_id


def change_person(
    connection: Connection,
    by: Actor,
    person_id: int,
    changes: Mapping[str, Any],
    *,
    revision: int,
    import_run_id: int | None = None,
) -> int:
    """Change some of `CHANGEABLE` and give the new revision; what equals today's is left out of the audit.

    Raises LookupError, ChangedMeanwhile where the row is not at `revision` any more, PeopleProblem.
    """
    unknown = set(changes) - set(CHANGEABLE)
    if unknown:
        raise PeopleProblem("field")
    before = person_row(connection, person_id, lock=True)
    if before["revision"] != revision:
        raise ChangedMeanwhile(before["revision"])
    values = _clean(changes)
    if "display_name" in values:
        values["initials"] = initials(values["display_name"])
    if values.get("grid_id", before["grid_id"]) != before["grid_id"]:
        values["micro_grid_id"] = None  # it lies in the grid that is left
    parts = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in values]
    statement = sql.SQL(
        "UPDATE gridmap.person SET {}, revision = revision + 1, changed_at = %(at)s, changed_by = %(by)s,"
        " import_run_id = coalesce(%(run)s::bigint, import_run_id) WHERE street_id = %(street)s AND id = %(person)s"
    ).format(sql.SQL(", ").join(parts))
    where: dict[str, Any] = {"at": by.business_at, "by": by.account_id, "street": person_id >> 32, "person": person_id}
    where["run"] = import_run_id
    connection.execute(statement, values | where)
    after = person_row(connection, person_id)
    differing = [name for name in after if after[name] != before[name] and name != "revision"]
    if any(name.endswith("grid_id") or name == "community_id" for name in differing):
        connection.execute(MOVE_ABSENCES, after | where)
    _record(
        connection,
        by,
        "change_person",
        person_id,
        before={name: before[name] for name in differing},
        # a new name or phone can look the same masked, so the fields are named too
        after={name: after[name] for name in differing} | {"fields": sorted(changes)},
    )
    new_revision: int = after["revision"]
    return new_revision


def person_row(connection: Connection, person_id: int, *, lock: bool = False) -> dict[str, Any]:
    """What may be read of a person: masked name and phone, display name, where they belong. Raises LookupError."""
    key = (person_id >> 32, person_id)
    row = connection.execute(LOCKED_PERSON if lock else PERSON, key).fetchone()
    if row is None:
        raise LookupError(person_id)
    return row


def unmask(connection: Connection, by: Actor, person_id: int, reason: str) -> ClearPerson:
    """Clear name and phone of a person in the viewer's scope; the database logs who asked and why.

    Raises PeopleProblem("reason") without a reason, LookupError outside the scope.
    """
    reason = reason.strip()[:200]
    if not reason:
        raise PeopleProblem("reason")
    if not 0 < person_id < LARGEST_ID:
        raise LookupError(person_id)
    row = connection.execute(
        "SELECT name, phone FROM gridmap.unmask_person(%s, %s, %s, %s)",
        (person_id >> 32, person_id, reason, by.business_at),
    ).fetchone()
    if row is None:
        raise LookupError(person_id)
    return ClearPerson(name=row["name"], phone=row["phone"])


def _clean(values: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(values)
    for name in ("name", "display_name"):
        if name in found:
            found[name] = (found[name] or "").strip()
            if not is_name(found[name], MAX_NAME):
                raise PeopleProblem("name")
    if "phone" in found:
        found["phone"] = _phone(found["phone"])
    return found


def _phone(phone: str | None) -> str | None:
    plain = re.sub(r"[\s()\uff08\uff09\u2010-\u2013-]", "", phone or "").lower()
    if plain and not PHONE.fullmatch(plain):
        raise PeopleProblem("phone")
    return plain or None


def _record(
    connection: Connection,
    by: Actor,
    action: str,
    person_id: int,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    write_audit(
        connection,
        action=action,
        subject="person",
        subject_id=person_id,
        street_id=person_id >> 32,
        business_at=by.business_at,
        account_id=by.account_id,
        before=before,
        after=after,
    )
    announce(connection, person_id >> 32, LAYERS)
