"""What somebody saw and agreed to is written: one transaction, one import run, an audit row for each place."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.db.pools import Connection
from gridmap.load.checks.texts import matched
from gridmap.load.sheets.comparing import Difference, RowDifference, compare
from gridmap.load.sheets.reading import SheetFile
from gridmap.load.sheets.values import Book
from gridmap.load.store.before import keep_before, open_memory, remember_matched
from gridmap.people import Enrolment, NewPerson, add_person, change_person, enrol
from gridmap.places.correcting import Correction, correct_places

RUN = """
INSERT INTO gridmap.import_run (kind, file_name, sha256, street_id, account_id, mapping)
VALUES (%(kind)s, %(name)s, %(digest)s, %(street)s, %(by)s, %(mapping)s) RETURNING id
"""


class ChangedBetween(Exception):
    """The register has moved on since the difference was shown: nothing was written. `difference` is today's."""

    def __init__(self, difference: Difference) -> None:
        super().__init__()
        self.difference = difference


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What was written, and the import run that it is recorded under."""

    run: int
    changed: int
    added: int


@dataclass(frozen=True, kw_only=True)
class SentFile:
    """The file as it came."""

    name: str
    content: bytes


def apply_sheet(
    connection: Connection, by: Actor, file: SheetFile, street: int, sent: SentFile, *, seen: str, locale: str = "zh"
) -> Applied:
    """Write the rows that can be written, if they are those that were `seen` (the fingerprint of the difference).

    Raises ChangedBetween, and then nothing is written; PeopleProblem.
    """
    difference = compare(connection, file, street, by.business_at, locale, locking=True)
    if difference.fingerprint != seen:
        raise ChangedBetween(difference)
    run = _open_run(connection, by, difference, sent)
    counts = {"new": difference.counts["new"], "changed": difference.counts["changed"]}
    if file.sheet.place:
        corrections = [_correction(row, difference) for row in difference.to_write]
        _remember(connection, file.sheet.kind, street, corrections)
        correct_places(connection, by, street, file.sheet.place, corrections, run=run)
        keep_before(connection, file.sheet.kind, street, run)
    else:
        _write_people(connection, by, difference, run)
    counts |= {"refused": difference.counts["refused"], "conflicts": difference.counts["conflict"]}
    connection.execute("UPDATE gridmap.import_run SET counts = %s WHERE id = %s", (Jsonb(counts), run))
    write_audit(
        connection,
        action="import",
        subject=file.sheet.kind,
        subject_id=run,
        street_id=street,
        business_at=by.business_at,
        account_id=by.account_id,
        after={"file": sent.name, "format": "xlsx", **counts},
    )
    return Applied(run=run, changed=counts["changed"], added=counts["new"])


def _open_run(connection: Connection, by: Actor, difference: Difference, sent: SentFile) -> int:
    values = {
        "kind": difference.file.sheet.kind,
        "name": sent.name,
        "digest": hashlib.sha256(sent.content).digest(),
        "street": difference.street,
        "by": by.account_id,
        "mapping": Jsonb(dict(difference.file.letters)),
    }
    row = connection.execute(RUN, values).fetchone()
    return int((row or {})["id"])


def _remember(connection: Connection, kind: str, street: int, corrections: Sequence[Correction]) -> None:
    """How the places stand now, so that the run can be taken back."""
    ids = [one.place_id for one in corrections]
    connection.execute("CREATE TEMPORARY TABLE incoming ON COMMIT DROP AS SELECT unnest(%s::bigint[]) AS id", (ids,))
    open_memory(connection)
    remember_matched(connection, kind, street)


def _correction(row: RowDifference, difference: Difference) -> Correction:
    values, before = dict(row.values), dict(row.before)
    if "property" in values:
        values["property_id"] = difference.lists.companies.get(values.pop("property") or "")
    return Correction(place_id=row.id or 0, revision=row.revision, values=values, before=before)


def _write_people(connection: Connection, by: Actor, difference: Difference, run: int) -> None:
    book = Book(connection=connection, street=difference.street, sheet=difference.file.sheet, lists=difference.lists)
    for row in difference.to_write:
        if row.outcome == "new":
            _add(connection, by, book, row, run)
        else:
            changes = _personal(book, row.values)
            change_person(connection, by, row.id or 0, changes, revision=row.revision, import_run_id=run)
    if difference.to_write:
        announce(connection, difference.street, ["people"])


def _personal(book: Book, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a person by column: a code of an area becomes its community and grid."""
    found = {name: value for name, value in values.items() if name not in ("belongs_to", "role", "place_code")}
    if "belongs_to" in values:
        area = book.area(values["belongs_to"]) if values["belongs_to"] else None
        found |= {name: area and area[name] for name in ("community_id", "grid_id")}
    return found


def _add(connection: Connection, by: Actor, book: Book, row: RowDifference, run: int) -> None:
    """A new person; with a role, the place is theirs from now on."""
    told = {"display_name": row.values["name"], **_personal(book, row.values), "import_run_id": run}
    key = f"name:{matched(told['name'])}@{row.values.get('place_code') or row.values['belongs_to']}"
    if "role" not in row.values:
        add_person(connection, by, NewPerson(street_id=book.street, source="people", source_key=key, **told))
        return
    place = book.place_for(row.values["role"], row.values["place_code"])
    assert place is not None
    where = {"place_id": place["id"], "community_id": place["community_id"], "grid_id": place["grid_id"]}
    where |= {name: told[name] for name in ("community_id", "grid_id") if told.get(name)}
    enrol(connection, by, Enrolment(street_id=book.street, key=key, role=row.values["role"], **{**told, **where}))
