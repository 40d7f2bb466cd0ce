"""One import: all files in one transaction, each with its import run, audit row and change rows."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb
from shapely.geometry.base import BaseGeometry

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.coords import Datum
from gridmap.db import SYSTEM, Database
from gridmap.db.pools import Connection
from gridmap.incidents import own_incidents
from gridmap.load.check import Checked
from gridmap.load.finding import Finding
from gridmap.load.reading import Progress, silent
from gridmap.load.store.basemap import write_basemap
from gridmap.load.store.before import KINDS_KEPT, keep_before, open_memory, remember_matched
from gridmap.load.store.owners import open_housed, settle_owners
from gridmap.load.store.people import write_people
from gridmap.load.store.places import write_places
from gridmap.load.store.sources import remember_source
from gridmap.load.store.stage import WORDS, stage
from gridmap.load.store.streets import NewStreet, ensure_street, hull_of
from gridmap.load.store.territory import write_communities, write_districts, write_streets
from gridmap.load.store.waiting import queue_unplaced

OUTLINES = frozenset({"communities", "grids", "estates"})
"""Kinds in which other places lie."""
INSIDE = ("grids", "estates", "buildings", "stairwells", "facilities", "assignments")
"""Layers that show where places belong."""
WITHOUT_COMMUNITY = """
SELECT count(*) AS rows FROM gridmap.place
WHERE street_id = %s AND import_run_id = %s AND community_id IS NULL
"""


@dataclass
class Stored:
    """What was written: rows that are new, changed and as they were; rows that the register refused; warnings."""

    street_id: int | None = None
    runs: list[int] = field(default_factory=list)
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    queued: int = 0
    """How many rows wait to be placed by hand, that did not wait before."""
    refused: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)


def store(
    database: Database,
    by: Actor,
    checks: Sequence[Checked],
    *,
    street_id: int | None = None,
    new_street: NewStreet | None = None,
    progress: Progress = silent,
) -> Stored:
    """Write the accepted rows of all files, or nothing: a failure leaves the register as it was.

    Kinds that belong to a street need `street_id` or `new_street`. Database errors pass through.
    """
    with database.transaction(SYSTEM) as connection:
        return store_in(connection, by, checks, street_id=street_id, new_street=new_street, progress=progress)


def store_in(
    connection: Connection,
    by: Actor,
    checks: Sequence[Checked],
    *,
    street_id: int | None = None,
    new_street: NewStreet | None = None,
    progress: Progress = silent,
) -> Stored:
    """The same within a transaction of the caller's, who sees the whole street or all of them."""
    connection.execute("SET LOCAL statement_timeout = 0")
    connection.execute("SET LOCAL jit = off")
    # names come into the search index in large portions
    connection.execute("SET LOCAL gin_pending_list_limit = '64MB'")
    stored = Stored(street_id)
    if new_street is not None:
        stored.street_id, made = ensure_street(connection, by, new_street, _hull(checks))
        announce(connection, 0, ["streets"])
        if made:
            district = {"code": new_street.code[:6]}
            stored.warnings.append(Finding("new_district", checks[0].reading.file.name, params=district))
    for number, checked in enumerate(checks, start=1):
        progress("write", number, len(checks))
        _write_file(connection, by, checked, stored)
    return stored


def store_placed(connection: Connection, by: Actor, checked: Checked, street_id: int, run: int) -> Stored:
    """Write a row that a person has placed into the run that it came with: it goes where that goes."""
    stored = Stored(street_id)
    _write(connection, by, checked, stored, run)
    return stored


def _hull(checks: Sequence[Checked]) -> BaseGeometry:
    return hull_of([checked.frame for checked in checks if len(checked.frame)])


def _digest(file: Path) -> bytes:
    """The SHA-256 of the file, read in pieces; empty for rows that came from no file, such as those placed by hand."""
    if not file.is_file():
        return b""
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").digest()


def _open_run(connection: Connection, by: Actor, checked: Checked, street_id: int | None) -> int:
    reading, options = checked.reading, checked.options
    digest = _digest(reading.file)
    row = connection.execute(
        "INSERT INTO gridmap.import_run (kind, file_name, sha256, street_id, account_id, crs, datum, encoding, mapping)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
        (
            checked.kind.name,
            reading.file.name,
            digest,
            street_id,
            by.account_id,
            options.crs or (reading.crs.to_string() if reading.crs else None),
            (options.datum or Datum.WGS84).value,
            reading.encoding,
            Jsonb(checked.columns),
        ),
    ).fetchone()
    return int((row or {})["id"])


def _write_file(connection: Connection, by: Actor, checked: Checked, stored: Stored) -> None:
    """One file: its run, its rows with their owners, and what is said about it."""
    street_id = stored.street_id if checked.kind.of_street else None
    run = _open_run(connection, by, checked, street_id)
    stored.runs.append(run)
    counts = _write(connection, by, checked, stored, run)
    if street_id is not None:
        remember_source(connection, by, street_id, checked)
        counts["queued"] = queue_unplaced(connection, street_id, run, checked)
        stored.queued += counts["queued"]
    connection.execute("UPDATE gridmap.import_run SET counts = %s WHERE id = %s", (Jsonb(counts), run))
    write_audit(
        connection,
        action="import",
        subject=checked.kind.name,
        subject_id=run,
        street_id=street_id or 0,
        business_at=by.business_at,
        account_id=by.account_id,
        after={"file": checked.reading.file.name, "kept": list(checked.kept), **counts},
    )


def _write(connection: Connection, by: Actor, checked: Checked, stored: Stored, run: int) -> dict[str, Any]:
    """The rows, with how they stood before, and their owners; what changed is announced. Gives the counts."""
    street_id, kind = stored.street_id or 0, checked.kind.name
    rows = len(checked.frame)
    if checked.kind.shapes:
        rows = stage(connection, [checked])
        open_memory(connection)
        open_housed(connection)
    new, changed, refused = _dispatch(connection, by, checked, run, street_id)
    moved = 0
    if kind in OUTLINES | WORDS.keys():
        outlines = kind in OUTLINES and bool(new or changed)
        moved = settle_owners(connection, by, run, street_id, by.business_at.date(), outlines=outlines)
        if moved or outlines:
            own_incidents(connection, [street_id], by.business_at)
        _tell_homeless(connection, checked, run, stored)
    if kind in KINDS_KEPT:
        keep_before(connection, kind, street_id, run)
    stored.new, stored.changed = stored.new + new, stored.changed + changed
    stored.unchanged += rows - len(refused) - new - changed
    stored.refused += refused
    if new or changed or moved:
        layers = {"assignments" if kind == "people" else kind, *(INSIDE if moved else ())}
        announce(connection, street_id if checked.kind.of_street else 0, sorted(layers))
    return {**checked.summary, "new": new, "changed": changed, "moved": moved, "refused": len(refused)}


def _dispatch(
    connection: Connection, by: Actor, checked: Checked, run: int, street_id: int
) -> tuple[int, int, list[Finding]]:
    """(new, changed, refused) of the kind's own tables."""
    match checked.kind.name:
        case "districts":
            return (*write_districts(connection, by, run), [])
        case "streets":
            outcome, refused = write_streets(connection, by, run, [checked])
            return (*outcome, refused)
        case "communities":
            remember_matched(connection, "communities", street_id)
            return (*write_communities(connection, by, run, street_id), [])
        case "people":
            return write_people(connection, by, run, street_id, checked)
        case "roads" | "water" | "green":
            remember_matched(connection, checked.kind.name, street_id)
            return (*write_basemap(connection, by, run, street_id, checked.kind.name), [])
    return write_places(connection, by, run, street_id, [checked])


def _tell_homeless(connection: Connection, checked: Checked, run: int, stored: Stored) -> None:
    if checked.kind.name not in WORDS:
        return
    row = connection.execute(WITHOUT_COMMUNITY, (stored.street_id, run)).fetchone()
    count = int((row or {})["rows"])
    if count:
        finding = Finding("without_community", checked.reading.file.name, params={"rows": str(count)})
        stored.warnings.append(replace(finding, layer=checked.reading.layer))
