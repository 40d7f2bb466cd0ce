"""An upload and its steps. A step is asked for once: the revision that was seen must be the one that stands.

reading → guessed → checking → checked → writing → written; back from guessed and checked to reading; dropped from
anywhere before it is being written. What runs is done by a job, which writes its outcome only while it is asked for.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from gridmap.accounts import Actor
from gridmap.audit import write_audit
from gridmap.db.pools import Connection
from gridmap.files import Kept, add_file
from gridmap.jobs import LEASE, enqueue

IMPORT, UNDO = "import", "undo_import"
"""Kinds of jobs."""
BUSY = ("reading", "checking", "writing")
NOWHERE: Mapping[str, int | None] = {}

NEW = """
INSERT INTO gridmap.upload (street_id, id, account_id, file_name, sha256, size, said, sent_at)
VALUES (%(street)s, %(street)s::bigint * 4294967296 + nextval('gridmap.serial'), %(account)s, %(name)s, %(sha256)s,
  %(size)s, %(said)s, %(at)s)
RETURNING id
"""
READ = """
SELECT u.*, s.name AS street_name FROM gridmap.upload u JOIN gridmap.street s ON s.id = u.street_id
WHERE u.street_id = %(street)s AND u.id = %(id)s
"""
STEP = """
UPDATE gridmap.upload SET state = %(to)s, said = coalesce(%(said)s::jsonb, said), problem = NULL,
  revision = revision + 1, changed_at = %(at)s
WHERE street_id = %(street)s AND id = %(id)s AND state = ANY (%(from)s) AND revision = %(revision)s
RETURNING id
"""
SILENT = timedelta(minutes=5)
"""Work that has said nothing for so long may have died with its process; a person may start it anew."""
STUCK = sql.SQL(
    """(j.state = 'queued' AND j.attempts > 0 OR j.state = 'running' AND j.started_at < now() - %(silent)s)"""
)
ASK_UNDO = sql.SQL("""
UPDATE gridmap.import_run r SET undo_job_id = %(job)s
WHERE r.id = %(run)s AND r.undone_at IS NULL AND NOT EXISTS (
  SELECT FROM gridmap.job j WHERE j.id = r.undo_job_id AND j.state IN ('queued', 'running') AND NOT {stuck})
RETURNING id
""").format(stuck=STUCK)
PROGRESS = sql.SQL("""
SELECT j.state, j.progress, j.message, j.attempts, {stuck} AS is_stuck,
  coalesce((j.arguments ->> 'leave')::boolean, false) AS leave,
  coalesce(j.started_at, j.created_at) AS heard_at,
  CASE j.state WHEN 'queued' THEN j.not_before ELSE j.started_at + %(lease)s END AS goes_on_at
FROM gridmap.job j WHERE j.id = %(job)s
""").format(stuck=STUCK)
ANEW = sql.SQL("""
UPDATE gridmap.upload u SET revision = revision + 1, changed_at = %(at)s
WHERE u.street_id = %(street)s AND u.id = %(id)s AND u.state = ANY (%(busy)s) AND u.revision = %(revision)s
  AND EXISTS (SELECT FROM gridmap.job j WHERE j.id = u.job_id AND {stuck})
RETURNING id
""").format(stuck=STUCK)


class UploadProblem(Exception):
    """The step cannot be taken: `reason` is moved (somebody has gone on meanwhile) or unknown."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def receive(connection: Connection, by: Actor, street_id: int, kept: Kept, name: str, said: Mapping[str, Any]) -> int:
    """Take in a file that lies in the data folder, ask for it to be read, and give the id of the upload."""
    add_file(connection, street_id, kept, by.account_id, NOWHERE)
    values = {
        "street": street_id,
        "account": by.account_id,
        "name": name,
        "sha256": kept.sha256,
        "size": kept.size,
        "said": Jsonb(dict(said)),
        "at": by.at,
    }
    identity = int((connection.execute(NEW, values).fetchone() or {})["id"])
    _enqueue(connection, by, identity)
    write_audit(
        connection,
        action="upload",
        subject="upload",
        subject_id=identity,
        street_id=street_id,
        business_at=by.business_at,
        account_id=by.account_id,
        after={"file": name, "size": kept.size, "sha256": kept.sha256.hex()},
    )
    return identity


def read_upload(connection: Connection, upload_id: int) -> dict[str, Any] | None:
    """The upload, as far as the transaction's viewer sees it."""
    return connection.execute(READ, {"street": upload_id >> 32, "id": upload_id}).fetchone()


def look_again(connection: Connection, by: Actor, upload_id: int, revision: int, said: Mapping[str, Any]) -> None:
    """Read the file once more, as the person says it is. Raises UploadProblem, like the other steps."""
    _step(connection, by, upload_id, revision, ("guessed", "checked"), "reading", said)


def preview(connection: Connection, by: Actor, upload_id: int, revision: int, said: Mapping[str, Any]) -> None:
    """Judge every row of the file, read as the person says."""
    _step(connection, by, upload_id, revision, ("guessed",), "checking", said)


def confirm(connection: Connection, by: Actor, upload_id: int, revision: int) -> None:
    """Write what was previewed."""
    _step(connection, by, upload_id, revision, ("checked",), "writing", None)


def start_anew(connection: Connection, by: Actor, upload_id: int, revision: int) -> None:
    """Begin the step under way once more, at once, where its work broke off or fell silent. Raises UploadProblem.

    What the earlier work may still bring is not asked for any more, and comes to nothing.
    """
    values = {"street": upload_id >> 32, "id": upload_id, "revision": revision, "at": by.at}
    if connection.execute(ANEW, values | {"busy": list(BUSY), "silent": SILENT}).fetchone() is None:
        raise UploadProblem("moved")
    _enqueue(connection, by, upload_id)


def read_progress(connection: Connection, job_id: int | None) -> dict[str, Any] | None:
    """How far the work is: state, progress, message, whether it `is_stuck`, since when it has said nothing, and when
    it goes on by itself."""
    return connection.execute(PROGRESS, {"job": job_id, "silent": SILENT, "lease": LEASE}).fetchone()


def drop(connection: Connection, by: Actor, upload_id: int, revision: int) -> None:
    """Put the file away; a step that runs comes to nothing. Not while it is being written."""
    _step(connection, by, upload_id, revision, ("reading", "guessed", "checking", "checked"), "dropped", None)


def _step(
    connection: Connection,
    by: Actor,
    upload_id: int,
    revision: int,
    before: Sequence[str],
    after: str,
    said: Mapping[str, Any] | None,
) -> None:
    values = {
        "street": upload_id >> 32,
        "id": upload_id,
        "from": list(before),
        "to": after,
        "revision": revision,
        "said": None if said is None else Jsonb(dict(said)),
        "at": by.at,
    }
    if connection.execute(STEP, values).fetchone() is None:
        raise UploadProblem("moved")
    if after in BUSY:
        _enqueue(connection, by, upload_id)


def _enqueue(connection: Connection, by: Actor, upload_id: int) -> None:
    job = enqueue(connection, IMPORT, {"upload": upload_id}, by.account_id)
    connection.execute(
        "UPDATE gridmap.upload SET job_id = %s WHERE street_id = %s AND id = %s", (job, upload_id >> 32, upload_id)
    )


def ask_undo(connection: Connection, by: Actor, run_id: int, *, leave: bool) -> None:
    """Ask for a run to be taken back, once. Raises UploadProblem("moved") where that is under way or done."""
    job = enqueue(connection, UNDO, {"run": run_id, "leave": leave}, by.account_id)
    if connection.execute(ASK_UNDO, {"job": job, "run": run_id, "silent": SILENT}).fetchone() is None:
        raise UploadProblem("moved")
