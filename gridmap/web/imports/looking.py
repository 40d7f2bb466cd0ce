"""`/import/ID`: an upload, by what it waits for: work, answers, the last word; or what came of it."""

from typing import Any

from flask import abort, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.coords import Datum
from gridmap.db.pools import Connection
from gridmap.files import path_of
from gridmap.load.kinds import KINDS, Shape
from gridmap.load.uploads import (
    BUSY,
    PAGE_KINDS,
    UploadProblem,
    confirm,
    drop,
    look_again,
    preview,
    read_progress,
    start_anew,
)
from gridmap.web.blueprint import actor, number, pages, titled, typed
from gridmap.web.imports import words
from gridmap.web.imports.guard import for_importers, seen_upload, sentence

SAID = ("layer", "encoding", "crs", "dates", "source")
SAID_LENGTH = 120
ROWS_SHOWN = 100


@pages.get("/import/<int:upload_id>")
@for_importers
def import_upload(upload_id: int) -> str:
    """The upload as it stands."""
    return _page(upload_id)


@pages.get("/import/<int:upload_id>/progress")
@for_importers
def import_progress(upload_id: int) -> str | Response:
    """How far the work is, as a fragment; when it is done the page comes anew."""
    row = _read(upload_id)
    if row["state"] not in BUSY:
        return Response(headers={"HX-Refresh": "true"})
    return render_template("imports/_progress.html", one=row, steps=words.STEPS, work=words.WORK)


@pages.post("/import/<int:upload_id>")
@for_importers
def import_step(upload_id: int) -> Response | tuple[str, int]:
    """Go on: read anew, judge, write, or put away. What somebody else has done meanwhile is shown instead."""
    row = _read(upload_id)
    do, revision = typed("do", 10), number(request.form, "revision") or 0
    problem = ""
    try:
        with context.services().database.transaction(context.viewer().prologue) as connection:
            _take(connection, row, do, revision)
    except UploadProblem as refused:
        problem = refused.reason
    if problem and do != "confirm":
        return _page(upload_id, problem), 409
    return redirect(url_for("pages.import_upload", upload_id=upload_id), 303)


def _take(connection: Connection, row: dict[str, Any], do: str, revision: int) -> None:
    by, upload_id = actor(), int(row["id"])
    match do:
        case "look":
            look_again(connection, by, upload_id, revision, _said(row))
        case "preview":
            preview(connection, by, upload_id, revision, _said(row))
        case "change":
            look_again(connection, by, upload_id, revision, row["said"])
        case "confirm":
            confirm(connection, by, upload_id, revision)
        case "anew":
            start_anew(connection, by, upload_id, revision)
        case "drop":
            drop(connection, by, upload_id, revision)
        case _:
            abort(400)


def _said(row: dict[str, Any]) -> dict[str, Any]:
    """What the form says of the file; what it has no field for stays as it was said. 400 for words that are none."""
    said: dict[str, Any] = dict(row["said"])
    kind = typed("kind", 20) or said.get("kind") or ""
    datum = typed("datum", 10)
    if kind not in PAGE_KINDS or (datum and datum not in {one.value for one in Datum}):
        abort(400)
    said |= {name: typed(name, SAID_LENGTH) for name in SAID if name in request.form}
    said |= {"keep_all": typed("keep_all", 5) == "yes", "datum": datum or None}
    if kind == said.get("kind"):
        said["mapping"] = _mapping(kind, row["guessed"] or {})
    else:
        # another kind has other columns: they are guessed anew
        said["mapping"] = {}
    return said | {"kind": kind}


def _mapping(kind: str, guessed: dict[str, Any]) -> dict[str, str]:
    """Our column → column of the file, as far as the file has it; an empty choice leaves a guess aside."""
    ours = {target.name for target in KINDS[kind].targets} | set(words.POSITIONS)
    known = set(guessed.get("headings") or ())
    chosen = {name[4:]: value for name, value in request.form.items() if name.startswith("map_")}
    return {target: column for target, column in chosen.items() if target in ours and column in known}


def _read(upload_id: int) -> dict[str, Any]:
    """The upload with its job, as far as the viewer sees it."""
    with context.services().database.transaction(context.viewer().prologue) as connection:
        row = seen_upload(connection, upload_id)
        job = read_progress(connection, row["job_id"]) if row["state"] in BUSY else None
    return row | {"job": job}


def _page(upload_id: int, problem: str = "") -> str:
    row = _read(upload_id)
    told = row["problem"] or ({"code": problem} if problem else None)
    guessed, judged = row["guessed"] or {}, row["judged"] or {}
    template = {"guessed": "guesses", "checked": "preview", "written": "result", "dropped": "dropped"}
    kind = row["said"].get("kind") or ""
    return render_template(
        f"imports/{template.get(row['state'], 'working')}.html",
        one=row,
        said=row["said"],
        kind=kind,
        guessed=guessed,
        judged=judged,
        rows=[(each, sentence(each["code"], each["params"])) for each in judged.get("rows", [])[:ROWS_SHOWN]],
        reasons=[(each, sentence(each["code"], each["params"])) for each in judged.get("reasons", [])],
        warnings=[
            (sentence(each["code"], each["params"]), each["params"].get("every")) for each in judged.get("warnings", [])
        ],
        problem=sentence(told["code"], told.get("params")) if told else "",
        asked=told["code"] if told else "",
        fields=_fields(guessed),
        words=words,
        dates=titled(words.DATES),
        steps=words.STEPS,
        work=words.WORK,
        page_kinds=PAGE_KINDS,
        is_point=bool(kind in KINDS and Shape.POINT in KINDS[kind].shapes),
    )


def _fields(guessed: dict[str, Any]) -> list[dict[str, Any]]:
    """Our columns as they were guessed, those of positions first; without a guess the kind's own, all of them empty."""
    columns: list[dict[str, Any]] = guessed.get("columns") or []
    return sorted(columns, key=lambda one: (one["target"] not in words.POSITIONS, one["column"] is None))


@pages.get("/import/<int:upload_id>/report.csv")
@for_importers
def import_report(upload_id: int) -> Response:
    """Every row that was left out or mended, with the reason and the raw value."""
    with context.services().database.transaction(context.viewer().prologue) as connection:
        row = seen_upload(connection, upload_id)
    path = path_of(context.services().settings.home, bytes(row["report"])) if row["report"] else None
    if path is None or not path.is_file():
        abort(404)
    response = send_file(path, mimetype="text/csv", as_attachment=True, download_name=f"import-{upload_id}.csv")
    response.headers["Cache-Control"] = "private, no-store"
    return response
