"""What background work does with an upload: reads and guesses, judges, writes; and takes a run back."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb

from gridmap.accounts import actor
from gridmap.accounts.importing import read_importing
from gridmap.clock import Clock
from gridmap.coords import Datum
from gridmap.db import SYSTEM, Database
from gridmap.db.pools import Connection
from gridmap.files import add_file, keep_stream, path_of
from gridmap.jobs import TRIES, Job, JobRefused, Report, Worker
from gridmap.load.check import Checked, check
from gridmap.load.finding import LoadError
from gridmap.load.formats import read_file
from gridmap.load.formats.layers import list_layers
from gridmap.load.guesses import Guesses, guess
from gridmap.load.kinds import KINDS
from gridmap.load.known import Known
from gridmap.load.reading import Options, Progress
from gridmap.load.remembered import Remembered
from gridmap.load.report import write_report
from gridmap.load.store import Stored, read_known, read_source
from gridmap.load.store.run import store_in
from gridmap.load.store.undo import UndoProblem, undo_run
from gridmap.load.uploads.judging import judged_of
from gridmap.load.uploads.kinds import likely_kind
from gridmap.load.uploads.states import NOWHERE, read_upload

MOST_REPORT_BYTES = 256 * 1024 * 1024
Upload = Mapping[str, Any]

DONE = """
UPDATE gridmap.upload SET state = %(state)s, guessed = coalesce(%(guessed)s, guessed), judged = %(judged)s,
  report = %(report)s, problem = %(problem)s, run_id = %(run)s, said = coalesce(%(said)s, said),
  revision = revision + 1, changed_at = now()
WHERE street_id = %(street)s AND id = %(id)s AND job_id = %(job)s AND state = %(was)s
RETURNING id
"""


class NotAllowed(Exception):
    """The account has lost the right to bring files into the street since it asked."""


class _Superseded(Exception):
    """Nobody asks for the outcome any more: nothing of it is written."""


def import_worker(database: Database, home: Path, clock: Clock) -> Worker:
    """Does the step that an upload waits for."""

    def work(job: Job, report: Report) -> Mapping[str, Any]:
        with database.transaction(SYSTEM) as connection:
            upload = read_upload(connection, int(job.arguments["upload"]))
        if upload is None or upload["job_id"] != job.id or upload["state"] not in STEPS:
            return {}
        bench = _Bench(database, home, clock, job, upload, _progress(report))
        try:
            bench.must_be_allowed()
            with bench.file() as path:
                STEPS[upload["state"]](bench, path)
        except LoadError as problem:
            bench.fail({"code": problem.code, "params": problem.params})
        except NotAllowed:
            bench.fail({"code": "not_allowed", "params": {}})
        except _Superseded:
            return {}
        except Exception:
            if job.attempts >= TRIES:
                bench.fail({"code": "step_failed", "params": {"file": upload["file_name"]}})
            raise
        return {"upload": upload["id"]}

    return work


def undo_worker(database: Database, clock: Clock) -> Worker:
    """Takes a run back for whoever may bring files into its street."""

    def work(job: Job, _report: Report) -> Mapping[str, Any]:
        run_id = int(job.arguments["run"])
        try:
            with database.transaction(SYSTEM) as connection:
                run = connection.execute("SELECT street_id FROM gridmap.import_run WHERE id = %s", (run_id,)).fetchone()
                _must_be_allowed(connection, clock, job.account_id, run["street_id"] if run else None)
                by = actor(clock, job.account_id)
                told = undo_run(connection, by, run_id, leave=bool(job.arguments.get("leave")))
        except UndoProblem as problem:
            raise JobRefused(problem.reason) from None
        except NotAllowed:
            raise JobRefused("not_allowed") from None
        return {"removed": told.removed, "restored": told.restored, "left": told.left}

    return work


def _must_be_allowed(connection: Connection, clock: Clock, account_id: int | None, street_id: int | None) -> None:
    """Raises NotAllowed where the account has lost the right since it asked."""
    if account_id is None or not read_importing(connection, account_id, clock.now()).may(street_id):
        raise NotAllowed


class _Bench:
    """One step of one upload: its file, what is known, and where its outcome goes."""

    def __init__(
        self, database: Database, home: Path, clock: Clock, job: Job, upload: Upload, progress: Progress
    ) -> None:
        self.database, self.home, self.clock, self.job = database, home, clock, job
        self.upload, self.progress = upload, progress
        self.said: dict[str, Any] = dict(upload["said"])

    def must_be_allowed(self) -> None:
        with self.database.transaction(SYSTEM) as connection:
            _must_be_allowed(connection, self.clock, self.job.account_id, self.upload["street_id"])

    @contextmanager
    def file(self) -> Iterator[Path]:
        """The file under its own name, which tells its format. Raises LoadError where it is kept no longer."""
        kept = path_of(self.home, bytes(self.upload["sha256"]))
        if not kept.is_file():
            raise LoadError("no_such_file", file=self.upload["file_name"])
        with tempfile.TemporaryDirectory(prefix="gridmap-") as folder:
            path = Path(folder) / self.upload["file_name"]
            path.symlink_to(kept)
            yield path

    def known(self, kind: str) -> tuple[Known, Remembered]:
        street_id = self.upload["street_id"]
        with self.database.transaction(SYSTEM) as connection:
            return read_known(connection, street_id), read_source(connection, street_id, kind, self.options.source)

    @property
    def options(self) -> Options:
        """What the person says of the file, as the importer takes it."""
        said = self.said
        return Options(
            layer=said.get("layer") or None,
            encoding=said.get("encoding") or None,
            crs=said.get("crs") or None,
            datum=Datum(said["datum"]) if said.get("datum") else None,
            mapping=said.get("mapping") or {},
            dates=said.get("dates") or None,
            source=said.get("source") or "file",
            keep_all=bool(said.get("keep_all")),
        )

    def checked(self, path: Path) -> Checked:
        """Every row judged, as the person says that the file is to be read."""
        kind = KINDS[self.said["kind"]]
        known, remembered = self.known(kind.name)
        options = remembered.in_options(self.options)
        return check(read_file(path, kind, options, self.progress), options, known, self.progress)

    def report(self, checked: Checked, stored: Stored | None = None) -> bytes:
        """The file of findings, kept like any other; its SHA-256."""
        with tempfile.TemporaryDirectory(prefix="gridmap-") as folder:
            path = Path(folder) / "report.csv"
            write_report(path, [checked], stored, self._locale())
            with path.open("rb") as stream:
                kept = keep_stream(self.home, stream, MOST_REPORT_BYTES, "text/csv")
        with self.database.transaction(SYSTEM) as connection:
            add_file(connection, self.upload["street_id"], kept, self.job.account_id, NOWHERE)
        return kept.sha256

    def _locale(self) -> str:
        with self.database.transaction(SYSTEM) as connection:
            row = connection.execute(
                "SELECT locale FROM gridmap.account WHERE id = %s", (self.job.account_id,)
            ).fetchone()
        return str(row["locale"]) if row else "zh"

    def finish(self, connection: Connection, state: str, **outcome: Any) -> None:
        """Write the outcome, if it is still asked for; else raises _Superseded, and the transaction writes nothing."""
        values = dict.fromkeys(("guessed", "judged", "report", "problem", "run", "said")) | outcome
        for name in ("guessed", "judged", "problem", "said"):
            values[name] = None if values[name] is None else Jsonb(values[name])
        upload = self.upload
        values |= {"state": state, "was": upload["state"], "job": self.job.id}
        values |= {"street": upload["street_id"], "id": upload["id"]}
        if connection.execute(DONE, values).fetchone() is None:
            raise _Superseded

    def fail(self, problem: dict[str, Any]) -> None:
        """Back to where the person can say something else, with what is wrong."""
        with self.database.transaction(SYSTEM) as connection:
            try:
                self.finish(connection, "guessed", problem=problem)
            except _Superseded:
                return


def _guess(bench: _Bench, path: Path, problem: LoadError | None = None) -> None:
    """Say what the file seems to be; the kind and the layer are guessed where the person has not said them.

    `problem`: why a later step has led back here.
    """
    said = bench.said
    layers = list_layers(path)
    if layers and said.get("layer") not in {layer.name for layer in layers}:
        said["layer"] = max(layers, key=lambda layer: layer.rows or 0).name
    said.setdefault("layer", "")
    seen: dict[str, Any] = {"layers": [[layer.name, layer.rows] for layer in layers]}
    try:
        if said.get("kind") not in KINDS:
            reading = read_file(path, KINDS["facilities"], bench.options, bench.progress)
            said["kind"] = likely_kind(reading, [bench.upload["file_name"], said["layer"]])
        known, remembered = bench.known(said["kind"])
        guesses = guess(path, KINDS[said["kind"]], bench.options, known, remembered)
        seen |= _seen(guesses)
        problem = problem or guesses.problem
    except LoadError as found:
        problem = problem or found
    said.setdefault("kind", "facilities")
    told = {"code": problem.code, "params": problem.params} if problem else None
    with bench.database.transaction(SYSTEM) as connection:
        bench.finish(connection, "guessed", guessed=seen, said=said, problem=told)


def _seen(guesses: Guesses) -> dict[str, Any]:
    """The guesses as JSON."""
    shift = guesses.shift
    return {
        "encodings": [asdict(one) for one in guesses.encodings],
        "systems": [asdict(one) for one in guesses.systems],
        "datums": [asdict(one) for one in guesses.datums],
        "columns": [asdict(one) for one in guesses.columns],
        "free": list(guesses.free),
        "headings": list(guesses.cells),
        "shift": None if shift is None else {name: str(value) for name, value in asdict(shift).items()},
    }


def _judge(bench: _Bench, path: Path) -> None:
    """Judge every row; what the file as a whole is refused for leads back to the guesses, which it changes."""
    try:
        checked = bench.checked(path)
    except LoadError as problem:
        _guess(bench, path, problem)
        return
    report = bench.report(checked)
    with bench.database.transaction(SYSTEM) as connection:
        bench.finish(connection, "checked", judged=judged_of(checked), report=report)


def _store(bench: _Bench, path: Path) -> None:
    """Rows, run and the upload's own state in one transaction: all of it, or nothing."""
    checked = bench.checked(path)
    by = actor(bench.clock, bench.job.account_id)
    street_id = bench.upload["street_id"]
    with bench.database.transaction(SYSTEM) as connection:
        stored = store_in(connection, by, [checked], street_id=street_id, progress=bench.progress)
        report = bench.report(checked, stored)
        bench.finish(connection, "written", judged=judged_of(checked, stored), report=report, run=stored.runs[0])


STEPS: Mapping[str, Callable[[_Bench, Path], None]] = {"reading": _guess, "checking": _judge, "writing": _store}
"""What is done for an upload in each state that waits for work."""


def _progress(report: Report) -> Progress:
    """Tells the share of a step that is done, by what is under way."""

    def tell(step: str, done: int, total: int) -> None:
        if step == "read":
            report(0.05, step)
        elif step == "write":
            report(0.85, step)
        else:
            report(0.3 + 0.5 * done / max(total, 1), step)

    return tell
