"""`/hotline/import`: a file of the hotline is looked at first, with its columns and what would become of its orders."""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.db.pools import Connection
from gridmap.incidents import IncidentProblem
from gridmap.incidents.hotline import (
    Judged,
    Order,
    Refused,
    Source,
    count_states,
    judge_orders,
    read_mappings,
    read_orders,
    save_mapping,
    take_orders,
)
from gridmap.incidents.hotline.orders import masked_text
from gridmap.incidents.hotline.words import COLUMNS, NEEDED
from gridmap.load.finding import LoadError
from gridmap.load.hotline import MOST_BYTES, OrderFile, fitting_columns, guess_columns, missing_columns, read_order_file
from gridmap.read.incidents.choosing import read_kinds
from gridmap.web.asked import today
from gridmap.web.blueprint import actor, number, pages, say, typed
from gridmap.web.duties.guard import asked_street, must_lead_street
from gridmap.web.incidents.desk import for_leaders, words_of
from gridmap.web.incidents.diary_words import MAPPED, ORDER_PROBLEMS, PROBLEMS, ROW_PROBLEMS
from gridmap.web.place_words import in_language
from gridmap.web.running import run

SAMPLES = 3
MOST_SHOWN = 200
DEFAULT_NAME = "12345"


@dataclass(frozen=True, kw_only=True)
class Looked:
    """A file as the page shows it before anything is written."""

    file: OrderFile
    sha256: bytes
    columns: dict[str, str]
    name: str
    orders: list[Order]
    refused: list[Refused]
    judged: tuple[Judged, ...] = ()


@pages.route("/hotline/import", methods=["GET", "POST"])
@for_leaders
def hotline_import() -> str | Response | tuple[str, int]:
    """Choose a file; see its columns and what would become of it; take it. Only for who leads the whole street."""
    street, streets = asked_street()
    must_lead_street(street.id)
    if request.method == "GET":
        return _page(street, streets)
    problem = ""
    looked = None
    try:
        looked = _look(street.id)
        if typed("do", 10) == "take":
            return _take(street.id, looked)
    except LoadError as error:
        problem = error.sentence(context.locale())
    except IncidentProblem as refused:
        problem = words_of(refused)[0]
    page = _answer(street, streets, looked=looked, problem=problem)
    # the script of the form puts an answer into the page only where it is a good one
    return page, 422 if problem and not _is_part() else 200


def _look(street_id: int) -> Looked:
    """Read the file and judge its orders. Raises LoadError."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise LoadError("no_rows")
    content = sent.stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise LoadError("too_large", file=sent.filename, megabytes=MOST_BYTES // 1_000_000)
    file = _read(sent.filename, content)
    with context.services().database.transaction(context.viewer().prologue) as connection:
        saved = _saved(read_mappings(connection, street_id))
        columns, name = _columns(file, saved)
        if missing_columns(columns):
            return Looked(file=file, sha256=b"", columns=columns, name=name, orders=[], refused=[])
        orders, refused = read_orders(file.rows, columns)
        judged = judge_orders(connection, street_id, orders, today())
    digest = hashlib.sha256(content).digest()
    return Looked(file=file, sha256=digest, columns=columns, name=name, orders=orders, refused=refused, judged=judged)


def _read(name: str, content: bytes) -> OrderFile:
    """The file through a folder of its own that goes at once: its personal data stays nowhere."""
    plain = "".join(sign for sign in Path(name).name if sign.isprintable() and sign not in "/\\")[-80:]
    with tempfile.TemporaryDirectory(prefix="gridmap-") as folder:
        path = Path(folder) / (plain if not plain.startswith(".") else f"orders{plain}")
        path.write_bytes(content)
        return read_order_file(path, encoding=typed("encoding", 20) or None)


def _saved(mappings: list[dict[str, Any]]) -> dict[str, Any] | None:
    wanted = number(request.form, "mapping")
    return next((one for one in mappings if one["id"] == wanted), None)


def _columns(file: OrderFile, saved: dict[str, Any] | None) -> tuple[dict[str, str], str]:
    """What the form says of the columns; before it says anything, what is saved, else guesses. And the name to keep."""
    said = {word: request.form.get(f"map_{word}", "") for word in COLUMNS if f"map_{word}" in request.form}
    if said and request.form.get("headings") == "|".join(file.headings):
        columns = {word: heading for word, heading in said.items() if heading in file.headings}
    else:
        columns = fitting_columns(file.headings, saved["columns"]) if saved else guess_columns(file.headings)
    return columns, typed("name", 60) or (saved["name"] if saved else DEFAULT_NAME)


def _take(street_id: int, looked: Looked) -> Response:
    if missing_columns(looked.columns):
        raise IncidentProblem("columns")

    def take(connection: Connection) -> tuple[Judged, ...]:
        mapping_id = save_mapping(connection, actor(), street_id, looked.name, looked.columns, looked.file.headings)
        source = Source(
            street_id=street_id,
            file_name=looked.file.name,
            sha256=looked.sha256,
            columns=looked.columns,
            mapping_id=mapping_id,
            encoding=looked.file.encoding,
        )
        return take_orders(connection, actor(), source, looked.orders)

    counts = count_states(run(take))
    state = "queued" if counts["queued"] else "placed"
    told: dict[str, Any] = {f"new_{word}": counted for word, counted in counts.items()}
    address = url_for("pages.hotline", street=street_id, state=state, **told)
    if _is_part():
        return Response(headers={"HX-Redirect": address})
    return redirect(address, 303)


def _is_part() -> bool:
    """Whether the form's script asks, for the part below the form."""
    return bool(request.headers.get("HX-Request"))


def _answer(street: Any, streets: Any, *, looked: Looked | None = None, problem: str = "") -> str:
    """The whole page, or only what the form's script puts below it."""
    if _is_part():
        return render_template("hotline/_looked.html", street=street, file_problem=problem, **_shown(looked))
    return _page(street, streets, looked=looked, problem=problem)


def _page(street: Any, streets: Any, *, looked: Looked | None = None, problem: str = "") -> str:
    with context.services().database.transaction(context.viewer().prologue) as connection:
        mappings = read_mappings(connection, street.id)
    return render_template(
        "hotline/import.html",
        street=street,
        streets=streets,
        mappings=mappings,
        chosen=number(request.form, "mapping") or (mappings[0]["id"] if mappings else None),
        file_problem=problem,
        **_shown(looked),
    )


def _shown(looked: Looked | None) -> dict[str, Any]:
    """What the template shows of a file: its columns with three rows, counts, and every order without a place."""
    if looked is None:
        return {"looked": None}
    with context.services().database.transaction(context.viewer().prologue) as connection:
        titles = {row["code"]: in_language((row["title"], row["title_en"])) for row in read_kinds(connection, today())}
    locale = context.locale()
    return {
        "looked": looked,
        "samples": [
            {heading: masked_text(cell) for heading, cell in cells.items()}
            for _number, cells in looked.file.rows[:SAMPLES]
        ],
        "mapped": MAPPED,
        "needed": NEEDED,
        "missing": missing_columns(looked.columns),
        "counts": count_states(looked.judged),
        "misfits": [one for one in looked.judged if one.state == "queued"][:MOST_SHOWN],
        "fitting": [one for one in looked.judged if one.state == "placed"][:SAMPLES],
        "titles": titles,
        "problems": ORDER_PROBLEMS,
        "row_problems": ROW_PROBLEMS,
        "left_out": [(one.place, one.sentence(locale), one.raw) for one in looked.file.left_out],
        "columns_needed": say(PROBLEMS["columns"]),
    }
