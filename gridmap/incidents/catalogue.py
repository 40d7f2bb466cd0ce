"""Keeping what cases are made of: kinds, limits, the office's own times, who takes which kinds, templates of answers.

Kinds, limits and times hold for the whole installation; takers and templates belong to a street. A new limit holds for
cases reported from then on: what runs already keeps the deadline that it was given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import psycopg

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.clock import OFFICE
from gridmap.db.pools import Connection
from gridmap.incidents.errors import IncidentProblem
from gridmap.incidents.writing import LAYERS
from gridmap.plain import is_name, is_plain
from gridmap.tables.incident_kinds import CLOCKS, NATURES, STAGES

MOST_TITLE, MOST_WORDS = 60, 300
MOST_MINUTES = 480 * 365
MOST_NEAR_M = 2_000
FIRST_LOCAL = 80
"""Subclasses below it are the national ones."""
TEMPLATE_TITLE, TEMPLATE_BODY = 40, 500
SAVE_KIND = """
UPDATE gridmap.incident_kind SET title = %(title)s, title_en = %(title_en)s, nature = %(nature)s,
  severity = %(severity)s, near_m = %(near_m)s, files_when = %(files_when)s, closes_when = %(closes_when)s,
  valid = CASE WHEN %(in_use)s THEN daterange(lower(valid), NULL)
    WHEN upper_inf(valid) THEN daterange(lower(valid), greatest(%(day)s, lower(valid))) ELSE valid END
WHERE code = %(code)s
"""
ADD_KIND = """
INSERT INTO gridmap.incident_kind
  (code, class, title, title_en, nature, severity, near_m, files_when, closes_when, sort)
SELECT %(code)s, c.code, %(title)s, %(title_en)s, %(nature)s, %(severity)s, %(near_m)s, %(files_when)s, %(closes_when)s,
  900
FROM gridmap.incident_class c WHERE c.code = left(%(code)s, 2)
"""
SAVE_LIMIT = """
INSERT INTO gridmap.incident_limit (kind, severity, minutes, clock) VALUES (%s, %s, %s, %s)
ON CONFLICT (kind, severity) DO UPDATE SET minutes = excluded.minutes, clock = excluded.clock
"""
KIND = "SELECT * FROM gridmap.incident_kind WHERE code = %s FOR UPDATE"
LIMITS = "SELECT severity, minutes, clock FROM gridmap.incident_limit WHERE kind = %s ORDER BY severity"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind as somebody wants it; `limits`: by severity, minutes and the clock that they run on."""

    code: str
    title: str
    title_en: str = ""
    nature: str = "event"
    severity: int = 2
    near_m: int = 50
    files_when: str = ""
    closes_when: str = ""
    in_use: bool = True
    limits: Mapping[int, tuple[int, str]] = field(default_factory=dict)


def add_kind(connection: Connection, by: Actor, kind: Kind) -> None:
    """Add a local kind. Raises IncidentProblem (see `_check`, and `code` for one that cannot be or is taken)."""
    _check(kind)
    if not (len(kind.code) == 5 and kind.code.isascii() and kind.code.isdigit() and int(kind.code[2:]) >= FIRST_LOCAL):
        raise IncidentProblem("code")
    try:
        added = connection.execute(ADD_KIND, _values(kind, by)).rowcount
    except psycopg.errors.UniqueViolation:
        raise IncidentProblem("code") from None
    if not added:
        raise IncidentProblem("code")
    _write_limits(connection, kind)
    _record(connection, by, "add_kind", "incident_kind", kind.code, None, _after(connection, kind.code))


def change_kind(connection: Connection, by: Actor, kind: Kind) -> None:
    """Change a kind and its limits; one that is not in use is offered no more. Raises LookupError, IncidentProblem."""
    _check(kind)
    if connection.execute(KIND, (kind.code,)).fetchone() is None:
        raise LookupError(kind.code)
    before = _after(connection, kind.code)
    connection.execute(SAVE_KIND, _values(kind, by))
    _write_limits(connection, kind)
    _record(connection, by, "change_kind", "incident_kind", kind.code, before, _after(connection, kind.code))


def set_stages(connection: Connection, by: Actor, minutes: Mapping[str, int]) -> None:
    """Within how many working minutes the office itself should act. Raises IncidentProblem("minutes")."""
    if set(minutes) != set(STAGES) or not all(0 < some <= MOST_MINUTES for some in minutes.values()):
        raise IncidentProblem("minutes")
    rows = connection.execute("SELECT code, minutes FROM gridmap.incident_stage").fetchall()
    for code, some in minutes.items():
        connection.execute("UPDATE gridmap.incident_stage SET minutes = %s WHERE code = %s", (some, code))
    before = {row["code"]: row["minutes"] for row in rows}
    _record(connection, by, "change_stages", "incident_kind", None, before, dict(minutes))


def set_takers(connection: Connection, by: Actor, street_id: int, kind: str, organisations: Sequence[int]) -> None:
    """Which departments and teams of a street take cases of the kind, in this order; none: the rule of its nature.

    Raises IncidentProblem("lead") for one that does not work in the street.
    """
    known = connection.execute(
        "SELECT count(*) AS n FROM gridmap.organisation WHERE id = ANY (%s) AND (street_id IS NULL OR street_id = %s)",
        (list(organisations), street_id),
    ).fetchone()
    if (known or {})["n"] != len(set(organisations)):
        raise IncidentProblem("lead")
    key = (street_id, kind)
    rows = connection.execute(
        "DELETE FROM gridmap.incident_taker WHERE street_id = %s AND kind = %s RETURNING organisation_id", key
    ).fetchall()
    connection.execute(
        "INSERT INTO gridmap.incident_taker (street_id, kind, organisation_id, sort)"
        " SELECT %s, %s, one.id, one.place FROM unnest(%s::bigint[]) WITH ORDINALITY AS one (id, place)",
        (*key, list(dict.fromkeys(organisations))),
    )
    before = {"organisations": sorted(row["organisation_id"] for row in rows)}
    after = {"organisations": sorted(set(organisations))}
    _record(connection, by, "set_takers", "incident_kind", kind, before, after, street_id)


def save_template(
    connection: Connection,
    by: Actor,
    street_id: int,
    *,
    title: str,
    body: str,
    kind: str | None = None,
    template_id: int | None = None,
    revision: int = 0,
) -> int:
    """Add a template of answers, or change the one of that id. Raises LookupError, IncidentProblem."""
    if not 0 < len(title) <= TEMPLATE_TITLE or not 0 < len(body) <= TEMPLATE_BODY:
        raise IncidentProblem("template")
    values = (kind, title, body, by.business_at, by.account_id)
    if template_id is None:
        row = connection.execute(
            "INSERT INTO gridmap.answer_template (street_id, id, kind, title, body, changed_at, changed_by)"
            " VALUES (%s, %s::bigint * 4294967296 + nextval('gridmap.serial'), %s, %s, %s, %s, %s) RETURNING id",
            (street_id, street_id, *values),
        ).fetchone()
        found: int = (row or {})["id"]
        _record(connection, by, "add_template", "answer_template", found, None, {"title": title}, street_id)
        return found
    changed = connection.execute(
        "UPDATE gridmap.answer_template SET kind = %s, title = %s, body = %s, changed_at = %s, changed_by = %s,"
        " revision = revision + 1 WHERE street_id = %s AND id = %s AND revision = %s",
        (*values, street_id, template_id, revision),
    ).rowcount
    if not changed:
        _gone_or_changed(connection, street_id, template_id)
    _record(connection, by, "change_template", "answer_template", template_id, None, {"title": title}, street_id)
    return template_id


def delete_template(connection: Connection, by: Actor, street_id: int, template_id: int) -> None:
    """Take a template away; answers that were written with it stay. Raises LookupError."""
    row = connection.execute(
        "DELETE FROM gridmap.answer_template WHERE street_id = %s AND id = %s RETURNING title", (street_id, template_id)
    ).fetchone()
    if row is None:
        raise LookupError(template_id)
    _record(connection, by, "delete_template", "answer_template", template_id, {"title": row["title"]}, None, street_id)


def _gone_or_changed(connection: Connection, street_id: int, template_id: int) -> None:
    row = connection.execute(
        "SELECT FROM gridmap.answer_template WHERE street_id = %s AND id = %s", (street_id, template_id)
    ).fetchone()
    if row is None:
        raise LookupError(template_id)
    raise IncidentProblem("changed")


def _check(kind: Kind) -> None:
    """Raises IncidentProblem: `title`, `text`, `kind` (its nature), `severity`, `near`, `minutes`."""
    if not is_name(kind.title, MOST_TITLE) or not is_name(kind.title_en or kind.title, MOST_TITLE):
        raise IncidentProblem("title")
    conditions = (kind.files_when, kind.closes_when)
    if not all(len(words) <= MOST_WORDS and is_plain(words, lines=True) for words in conditions):
        raise IncidentProblem("words")
    if kind.nature not in NATURES:
        raise IncidentProblem("kind")
    if kind.severity not in (1, 2, 3):
        raise IncidentProblem("severity")
    if not 0 <= kind.near_m <= MOST_NEAR_M:
        raise IncidentProblem("near")
    if any(not 0 < minutes <= MOST_MINUTES or clock not in CLOCKS for minutes, clock in kind.limits.values()):
        raise IncidentProblem("minutes")


def _values(kind: Kind, by: Actor) -> dict[str, Any]:
    names = ("code", "title", "nature", "severity", "near_m", "files_when", "closes_when", "in_use")
    day: date = by.business_at.astimezone(OFFICE).date()
    return {name: getattr(kind, name) for name in names} | {"title_en": kind.title_en or kind.title, "day": day}


def _write_limits(connection: Connection, kind: Kind) -> None:
    for severity, (minutes, clock) in kind.limits.items():
        connection.execute(SAVE_LIMIT, (kind.code, severity, minutes, clock))


def _after(connection: Connection, code: str) -> dict[str, Any]:
    row = connection.execute(KIND, (code,)).fetchone() or {}
    names = ("title", "title_en", "nature", "severity", "near_m", "files_when", "closes_when")
    limits = connection.execute(LIMITS, (code,)).fetchall()
    return {name: row[name] for name in names} | {
        "valid": str(row["valid"]),
        "limits": {str(one["severity"]): [one["minutes"], one["clock"]] for one in limits},
    }


def _record(
    connection: Connection,
    by: Actor,
    action: str,
    subject: str,
    subject_id: int | str | None,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    street_id: int = 0,
) -> None:
    write_audit(
        connection,
        action=action,
        subject=subject,
        subject_id=subject_id,
        street_id=street_id,
        business_at=by.business_at,
        account_id=by.account_id,
        before=before,
        after=after,
    )
    announce(connection, street_id, LAYERS)
