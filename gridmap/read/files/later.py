"""Files that take long: made by a job under the asker's rights of then, kept for a day, taken by nobody else."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg

from gridmap.clock import Clock, real_now
from gridmap.db import Database
from gridmap.db.pools import Connection
from gridmap.i18n import _, translate
from gridmap.jobs import Job, JobRefused, Report, enqueue
from gridmap.read.files.order import BadOrder, Order, exports_of
from gridmap.read.select import BadWord, UnknownLayer
from gridmap.read.stream import MayNotUnmask
from gridmap.scope import UnknownAccount, Viewer, viewer_of

FOLDER = "exports"
KEPT_SECONDS = 86_400
MOST_AT_ONCE = 20_000
"""A file of more rows is made by a job; those that are streamed need none, however long they are."""
TELL_SECONDS = 1.0
KIND = "export"
MINE = """
SELECT id, state, progress, message, result, arguments, created_at, finished_at FROM gridmap.job
WHERE kind = 'export' AND account_id = %(account)s AND (%(id)s::bigint IS NULL OR id = %(id)s)
ORDER BY id DESC LIMIT 5
"""


def order_later(connection: Connection, viewer: Viewer, order: Order, rows: int) -> int:
    """Put the order in the queue for that account, in the caller's transaction; the job's id."""
    arguments = {"order": order.as_words(), "locale": viewer.locale, "rows": rows}
    return enqueue(connection, KIND, arguments, viewer.account_id)


def my_files(connection: Connection, account_id: int, job_id: int | None = None) -> list[dict[str, Any]]:
    """The newest such jobs of the account, or that one; in the account's own transaction."""
    return connection.execute(MINE, {"account": account_id, "id": job_id}).fetchall()


def folder_of(home: Path) -> Path:
    """Where such files lie: readable by the server alone, never part of a backup."""
    folder = home / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def path_of_result(home: Path, result: Mapping[str, Any] | None) -> Path | None:
    """The file of a finished job, None where it has expired."""
    name = Path(str((result or {}).get("file", ""))).name
    path = folder_of(home) / name
    return path if name and path.is_file() and time.time() - path.stat().st_mtime < KEPT_SECONDS else None


def forget_files(home: Path) -> int:
    """Delete what has expired; how many files."""
    old = [path for path in folder_of(home).iterdir() if time.time() - path.stat().st_mtime >= KEPT_SECONDS]
    for path in old:
        if path.is_file():
            path.unlink(missing_ok=True)
    return len(old)


@dataclass(frozen=True, kw_only=True)
class Exporter:
    """The worker of such jobs."""

    database: Database
    home: Path
    clock: Clock

    def __call__(self, job: Job, report: Report) -> Mapping[str, Any]:
        """Make the file of the job. Raises JobRefused where the order makes no file for that account any more."""
        from gridmap.read.files import write_file

        forget_files(self.home)
        order, locale = Order.from_words(job.arguments["order"]), str(job.arguments["locale"])
        kind = order.file_kind
        path = folder_of(self.home) / f"{job.id}-{secrets.token_urlsafe(12)}.{kind.extension}"
        try:
            viewer = replace(viewer_of(self.database, job.account_id or 0, self.clock.now()), locale=locale)
            exports = exports_of(self.database, viewer, order, today=self.clock.today(), made_at=real_now())
            rows = write_file(
                self.database, exports, kind, path, encoding=order.encoding,
                progress=_Progress(int(job.arguments["rows"]), report, locale),
            )  # fmt: skip
        except BadOrder as error:
            path.unlink(missing_ok=True)
            raise JobRefused(error.words(locale)) from None
        except (UnknownAccount, UnknownLayer, BadWord, MayNotUnmask):
            path.unlink(missing_ok=True)
            raise JobRefused(translate(locale, _("Your account may not take this out any more."))) from None
        except (psycopg.Error, OSError):
            path.unlink(missing_ok=True)
            raise
        return {"file": path.name, "rows": rows, "size": path.stat().st_size}


class _Progress:
    """Tells how far it is, but not for every batch."""

    def __init__(self, expected: int, report: Report, locale: str) -> None:
        self.expected, self.report, self.locale = max(expected, 1), report, locale
        self.done, self.told = 0, 0.0

    def __call__(self, rows: int) -> None:
        self.done += rows
        if time.monotonic() - self.told >= TELL_SECONDS:
            self.told = time.monotonic()
            words = translate(self.locale, _("{done} of {all} rows"), done=f"{self.done:,}", all=f"{self.expected:,}")
            self.report(min(self.done / self.expected, 0.99), words)
