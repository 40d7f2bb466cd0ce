"""Background work: a table of jobs, taken one at a time by `gridmap work`, with progress and a second try."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from gridmap.db import SYSTEM, Database
from gridmap.db.pools import Connection

TRIES = 3
PAUSE = timedelta(minutes=1)
LEASE = timedelta(hours=1)
"""A job that runs longer without a word is taken to have died with its process."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One piece of work, as the worker gets it."""

    id: int
    kind: str
    arguments: Mapping[str, Any]
    account_id: int | None
    attempts: int


Report = Callable[[float, str], None]
"""Called by a worker with the share done (0 to 1) and a sentence for whoever waits."""
Worker = Callable[[Job, Report], Mapping[str, Any]]
"""Does the work of one kind and gives its result; raising JobRefused ends it, any other error tries again."""


class JobRefused(Exception):
    """The job cannot succeed however often it is tried; the sentence is for whoever asked."""


def enqueue(connection: Connection, kind: str, arguments: Mapping[str, Any], account_id: int | None = None) -> int:
    """Put a job in the queue, in the caller's transaction, and give its id."""
    row = connection.execute(
        "INSERT INTO gridmap.job (kind, arguments, account_id) VALUES (%s, %s, %s) RETURNING id",
        (kind, Jsonb(dict(arguments)), account_id),
    ).fetchone()
    identity: int = (row or {})["id"]
    return identity


def run_next(database: Database, workers: Mapping[str, Worker]) -> bool:
    """Take one waiting job of a known kind and do it; False where none waits. Several processes may call it at once."""
    job = _take(database, list(workers))
    if job is None:
        return False
    try:
        result = workers[job.kind](job, lambda share, sentence: _report(database, job.id, share, sentence))
    except JobRefused as refusal:
        _finish(database, job, "failed", message=str(refusal))
    except Exception as error:
        state = "failed" if job.attempts >= TRIES else "queued"
        _finish(database, job, state, message=f"{type(error).__name__}: {error}")
        if state == "failed":
            raise
    else:
        _finish(database, job, "done", result=result)
    return True


def _take(database: Database, kinds: list[str]) -> Job | None:
    with database.transaction(SYSTEM) as connection:
        row = connection.execute(
            "UPDATE gridmap.job SET state = 'running', started_at = now(), attempts = attempts + 1, message = NULL"
            " WHERE id = (SELECT id FROM gridmap.job WHERE kind = ANY (%(kinds)s)"
            "   AND (state = 'queued' AND not_before <= now() OR state = 'running' AND started_at < now() - %(lease)s)"
            "   ORDER BY not_before, id LIMIT 1 FOR UPDATE SKIP LOCKED)"
            " RETURNING id, kind, arguments, account_id, attempts",
            {"kinds": kinds, "lease": LEASE},
        ).fetchone()
    return Job(**row) if row else None


def _report(database: Database, identity: int, share: float, sentence: str) -> None:
    with database.transaction(SYSTEM) as connection:
        connection.execute(
            "UPDATE gridmap.job SET progress = %s, message = %s, started_at = now() WHERE id = %s",
            (share, sentence, identity),
        )


def _finish(
    database: Database, job: Job, state: str, *, message: str | None = None, result: Mapping[str, Any] | None = None
) -> None:
    with database.transaction(SYSTEM) as connection:
        connection.execute(
            "UPDATE gridmap.job SET state = %(state)s, message = %(message)s, result = %(result)s,"
            " progress = CASE WHEN %(state)s = 'done' THEN 1 ELSE progress END,"
            " finished_at = CASE WHEN %(state)s <> 'queued' THEN now() END,"
            " not_before = CASE WHEN %(state)s = 'queued' THEN now() + %(pause)s ELSE not_before END"
            " WHERE id = %(id)s",
            {
                "id": job.id,
                "state": state,
                "message": message,
                "pause": PAUSE * job.attempts,
                "result": None if result is None else Jsonb(dict(result)),
            },
        )
