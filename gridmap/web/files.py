"""`/data/export`: layers as one file, cut to a place, a drawn area, a time or a filter; long ones come later."""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from flask import Response, abort, redirect, render_template, request, send_file
from psycopg_pool import PoolTimeout
from werkzeug.wrappers import Response as AnyResponse

from gridmap import context
from gridmap.clock import real_now
from gridmap.cluster.layout import real_home
from gridmap.i18n import _
from gridmap.layers import BY_NAME
from gridmap.maps import OUTLINED, USUALLY_OFF, WORK, Addresses, View, compose
from gridmap.read import BadWord, Export, UnknownLayer, layers_for
from gridmap.read.files import (
    KINDS,
    BadOrder,
    Kind,
    MayNotUnmask,
    Order,
    UnknownKind,
    count_order,
    exports_of,
    may_unmask,
    note_order,
    opened,
    write_file,
)
from gridmap.read.files.later import MOST_AT_ONCE, folder_of, my_files, order_later, path_of_result
from gridmap.read.files.order import ENCODINGS
from gridmap.read.insides import read_choices
from gridmap.scope import Viewer
from gridmap.tables import SERIAL_BITS
from gridmap.web.areas import WHOLE_COUNTRY, areas_of, asked_area
from gridmap.web.asked import today
from gridmap.web.blueprint import number, pages, say, typed
from gridmap.web.map_page import alone

WORDS = ("bbox", "inside", "area", "datetime", "filter")
MOST_WORDS = 100_000
TITLES = {
    "bbox": _("Box (west, south, east, north)"),
    "area": _("Drawn area"),
    "inside": _("Inside the places"),
    "datetime": _("Time"),
    "filter": _("Filter (CQL2)"),
    "as_of": _("As of"),
}


@pages.get("/data/export")
def export_form() -> str:
    """The form, with a map to draw an area on."""
    return _form()


@pages.get("/data/export/insides")
def export_insides() -> str:
    """The areas of a street to cut to, as a fragment of the form."""
    return render_template("files/_insides.html", **_insides(context.viewer(), number(request.args, "street")))


@pages.post("/data/export")
def export_file() -> AnyResponse | tuple[str, int]:
    """The file; or a job for it, where it takes long; or the form again with one sentence of what to change."""
    viewer = replace(context.viewer(), locale=context.locale())
    database = context.services().database
    order = _asked_order()
    try:
        exports = exports_of(database, viewer, order, today=today(), made_at=real_now())
        kind = order.file_kind
        rows = 0 if kind.is_streamed else count_order(database, exports)
        if rows > MOST_AT_ONCE:
            return _later(viewer, order, exports, rows)
        note_order(database, exports, order, business_at=context.services().clock.now(), target="/data/export")
        return _answer(exports, order, kind)
    except (BadOrder, BadWord, MayNotUnmask, UnknownKind, UnknownLayer) as problem:
        return _form(_sentence(problem)), 400


@pages.get("/data/files/<int:job_id>")
def export_job(job_id: int) -> str:
    """How far the file is, and where it is."""
    row = _job(job_id)
    titles = [say(BY_NAME[name].title) for name in row["arguments"]["order"]["layers"] if name in BY_NAME]
    return render_template("files/job.html", row=row, titles=titles)


@pages.get("/data/files/<int:job_id>/file")
def export_job_file(job_id: int) -> Response:
    """The file that a job has made: for the account that asked, for a day."""
    row = _job(job_id)
    path = path_of_result(_home(), row["result"])
    if path is None:
        abort(404)
    order = Order.from_words(row["arguments"]["order"])
    response = send_file(
        path, mimetype=order.file_kind.media_type, as_attachment=True, download_name=name_of(order), max_age=0
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


def name_of(order: Order) -> str:
    """What the file is called where it is saved."""
    first = order.layers[0] if len(order.layers) == 1 else "gridmap"
    return f"{first}_{order.day or today().isoformat()}.{order.file_kind.extension}"


def sent(made: IO[bytes], name: str, media_type: str) -> Response:
    """The file as a download; it is closed when it has been sent."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    response = Response(_blocks(made), mimetype=media_type, headers=headers)
    response.call_on_close(made.close)
    return response


def _blocks(made: IO[bytes]) -> Iterator[bytes]:
    with closing(made):
        while block := made.read(1 << 17):
            yield block


def _answer(exports: tuple[Export, ...], order: Order, kind: Kind) -> Response:
    database = context.services().database
    try:
        if kind.is_streamed:
            headers = {
                "Content-Type": kind.media_type,
                "Content-Disposition": f'attachment; filename="{name_of(order)}"',
                "Cache-Control": "private, no-store",
            }
            return Response(opened(database, exports[0], kind), headers=headers)
        # the folder goes while the file is still open: nothing of it stays behind
        with tempfile.TemporaryDirectory(dir=folder_of(_home()), prefix=".now-") as folder:
            path = Path(folder) / f"file.{kind.extension}"
            write_file(database, exports, kind, path, encoding=order.encoding)
            return sent(path.open("rb"), name_of(order), kind.media_type)
    except PoolTimeout:
        # every connection for files is taken
        abort(429)


def _later(viewer: Viewer, order: Order, exports: tuple[Export, ...], rows: int) -> AnyResponse:
    services = context.services()
    with services.database.transaction(viewer.settings) as connection:
        job_id = order_later(connection, viewer, order, rows)
    target = f"/data/files/{job_id}"
    note_order(services.database, exports, order, business_at=services.clock.now(), target=target)
    return redirect(target, 303)


def _asked_order() -> Order:
    words = {name: value for name in WORDS if (value := typed(name, MOST_WORDS))}
    return Order(
        layers=tuple(dict.fromkeys(request.values.getlist("layer"))),
        kind=typed("kind") or "gpkg",
        day=typed("as_of"),
        words=words,
        reason=typed("reason", 200) if typed("unmasked") else "",
        encoding=typed("encoding") or ENCODINGS[0],
    )


def _sentence(problem: Exception) -> str:
    if isinstance(problem, BadOrder):
        return problem.words(context.locale())
    if isinstance(problem, BadWord):
        return say(_("“{value}” cannot be understood as: {what}"), value=problem.value[:80],
                   what=say(TITLES.get(problem.word, problem.word)))  # fmt: skip
    if isinstance(problem, MayNotUnmask):
        return say(_("Personal data leaves only by an account that leads, and only with a reason."))
    return say(_("One of these layers or kinds of files is not there for your account."))


def _form(problem: str = "") -> str:
    viewer, services = context.viewer(), context.services()
    there = layers_for(viewer.reading_roles)
    drawn = [layer for name, layer in there.items() if name not in WORK]
    bounds = next((area.bounds for area in areas_of(viewer) if area.bounds), WHOLE_COUNTRY)
    on = {layer.name for layer in drawn} - USUALLY_OFF - {"facilities", "stairwells"}
    view = View(locale=context.locale(), bounds=bounds, today=today(), roles=viewer.reading_roles, on=on)
    order = _asked_order()
    with services.database.transaction(viewer.prologue) as connection:
        jobs = my_files(connection, viewer.account_id)
    page = compose(drawn, view, Addresses(search=None, tianditu_key=services.settings.tianditu_key))
    return render_template(
        "files/form.html",
        **alone(page, "/data"),
        layers=_sorted(there),
        kinds=KINDS.values(),
        order=order,
        is_unmasked=bool(typed("unmasked")),
        reason=typed("reason", 200),
        may_unmask=may_unmask(viewer),
        problem=problem,
        jobs=jobs,
        **_insides(viewer, number(request.values, "street"), order.words.get("inside", "")),
    )


def _insides(viewer: Viewer, street_id: int | None, inside: str = "") -> dict[str, Any]:
    """The street whose areas are listed, the others to choose from, and its areas by their kind."""
    areas = areas_of(viewer)
    street = asked_area(
        areas, street_id or (int(inside) >> SERIAL_BITS if inside.isascii() and inside.isdigit() else None)
    )
    if street is None:
        return {"cut_street": None, "cut_streets": [], "choices": {}, "inside": inside}
    with context.services().database.transaction(viewer.prologue) as connection:
        choices = read_choices(connection, street.street_id)
    streets = [(area.street_id, area.name) for area in areas]
    return {"cut_street": street, "cut_streets": streets, "choices": choices, "inside": inside}


def _sorted(there: Any) -> list[Any]:
    """Places first, then areas and the background: what is asked for most stands above."""
    layers = list(there.values())
    above = [layer for layer in layers if layer.is_basemap or layer.name in OUTLINED]
    return [layer for layer in layers if layer not in above] + above


def _job(job_id: int) -> dict[str, Any]:
    viewer = context.viewer()
    with context.services().database.transaction(viewer.settings) as connection:
        rows = my_files(connection, viewer.account_id, job_id if job_id < 1 << 53 else -1)
    if not rows:
        abort(404)
    return rows[0] | {"is_there": path_of_result(_home(), rows[0]["result"]) is not None}


def _home() -> Path:
    return real_home(context.services().settings.home)
