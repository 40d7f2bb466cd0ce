"""`/import/runs/ID`: one run, what of it stands, and taking it back."""

from typing import Any

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.db import SYSTEM
from gridmap.db.pools import Connection
from gridmap.load.store.before import KINDS_KEPT
from gridmap.load.store.undo import Undo, UndoProblem, foresee_undo
from gridmap.load.uploads import UploadProblem, ask_undo, read_progress
from gridmap.web.blueprint import actor, pages, typed
from gridmap.web.imports.guard import MAX_ID, for_importers, importing, sentence
from gridmap.web.imports.words import KEPT_FOR, KINDS

RUN = """
SELECT r.*, s.name AS street_name, a.title AS sender, b.title AS undoer
FROM gridmap.import_run r JOIN gridmap.street s ON s.id = r.street_id
LEFT JOIN gridmap.account a ON a.id = r.account_id LEFT JOIN gridmap.account b ON b.id = r.undone_by
WHERE r.id = %s
"""
UPLOAD = "SELECT id FROM gridmap.upload WHERE street_id = %s AND run_id = %s"


@pages.get("/import/runs/<int:run_id>")
@for_importers
def import_run(run_id: int) -> str:
    """The run; `undo=1` shows what taking it back would do."""
    return _page(run_id)


@pages.post("/import/runs/<int:run_id>")
@for_importers
def undo_import(run_id: int) -> Response:
    """Ask for the run to be taken back; asked twice it is asked once."""
    with context.services().database.transaction(context.viewer().prologue) as connection:
        seen_run(connection, run_id)
    try:
        with context.services().database.transaction(context.viewer().prologue) as connection:
            ask_undo(connection, actor(), run_id, leave=typed("leave", 3) == "yes")
    except UploadProblem:
        pass  # it is under way, or done: the page says so
    return redirect(url_for("pages.import_run", run_id=run_id), 303)


@pages.get("/import/runs/<int:run_id>/progress")
@for_importers
def undo_progress(run_id: int) -> str | Response:
    """How far taking back is, as a fragment; when it is done the page comes anew."""
    with context.services().database.transaction(context.viewer().prologue) as connection:
        run, job = seen_run(connection, run_id)
    if not _is_under_way(job):
        return Response(headers={"HX-Refresh": "true"})
    return render_template("imports/_undoing.html", run=run, job=job)


def seen_run(connection: Connection, run_id: int) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The run and the job that takes it back, if there is one; 404 for a run of a street that is not the viewer's."""
    row = connection.execute(RUN, (run_id,)).fetchone() if run_id < MAX_ID else None
    if row is None or not importing().may(row["street_id"]):
        abort(404)
    return row, read_progress(connection, row["undo_job_id"])


def _is_under_way(job: dict[str, Any] | None) -> bool:
    return job is not None and job["state"] in ("queued", "running")


def _page(run_id: int) -> str:
    with context.services().database.transaction(context.viewer().prologue) as connection:
        run, job = seen_run(connection, run_id)
        upload = connection.execute(UPLOAD, (run["street_id"], run_id)).fetchone()
    problem = ""
    if job and job["state"] == "failed" and run["undone_at"] is None:
        problem = job["message"] or ""
    told: Undo | None = None
    if run["undone_at"] is None and request.args.get("undo") == "1":
        try:
            # what rests on a row may be hidden from the viewer, and is only counted
            with context.services().database.transaction(SYSTEM) as connection:
                told = foresee_undo(connection, run_id)
        except UndoProblem as refused:
            problem = refused.reason
    return render_template(
        "imports/run.html",
        run=run,
        job=job,
        upload_id=upload["id"] if upload else None,
        told=told,
        can_undo=run["kind"] in KINDS_KEPT,
        is_under_way=_is_under_way(job),
        problem=_words(problem),
        kinds=KINDS,
        kept_for=KEPT_FOR,
    )


def _words(problem: str) -> str:
    known = ("unknown", "undone", "kind", "touched", "not_allowed")
    if not problem:
        return ""
    return sentence(problem) if problem in known else sentence("step_failed", {"file": ""})
