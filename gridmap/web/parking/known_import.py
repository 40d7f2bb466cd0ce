"""`/parking/known/import`: a list of registered cars is looked at first, row by row, and then taken."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.load.finding import LoadError
from gridmap.load.plates import MOST_BYTES, PlateFile, PlateRow, new_plates, plates_in, read_plate_file
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.known import KnownAs
from gridmap.parking.plates import Plate, hash_plate
from gridmap.parking.registering import Registration, known_hashes, register_vehicles
from gridmap.parking.words import PLATES
from gridmap.web.blueprint import actor, number, pages, typed
from gridmap.web.parking.deciding import for_watchers, must_lead, words_of
from gridmap.web.parking.known import key, seen_home
from gridmap.web.running import run

MOST_SHOWN = 500


@dataclass(frozen=True, kw_only=True)
class Looked:
    """A list as the page shows it before anything is written: its rows, and the plates that would be new."""

    file: PlateFile
    column: int
    rows: tuple[PlateRow, ...]
    known: frozenset[str]
    """Plates, masked never: they stay in this request."""
    new: tuple[Plate, ...]


@pages.route("/parking/known/import", methods=["GET", "POST"])
@for_watchers
def import_known_cars() -> str | Response | tuple[str, int]:
    """Choose a file; see each row that cannot be read; take the rest. For who leads the community or the street."""
    home = seen_home(number(request.values, "estate") or 0)
    must_lead(home)
    if request.method == "GET":
        return _page(home)
    problem, looked = "", None
    try:
        looked = _look(home)
        if typed("do", 10) == "take":
            return _take(home, looked)
    except LoadError as error:
        problem = error.sentence(context.locale())
    except ParkingProblem as refused:
        problem = words_of(refused)[0]
    # the script of the form puts an answer into the page only where it is a good one
    return _answer(home, looked, problem), 422 if problem and not _is_part() else 200


def _look(home: dict[str, Any]) -> Looked:
    """Read the file, and find what is known of it. Raises LoadError."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise LoadError("no_rows")
    content = sent.stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise LoadError("too_large", file=sent.filename, megabytes=MOST_BYTES // 1_000_000)
    file = _read(sent.filename, content)
    column = number(request.form, "column")
    at = file.column if column is None or column >= len(file.columns) else column
    rows = plates_in(file, at)
    hashes = {hash_plate(key(), home["street_id"], plate): plate for plate in new_plates(rows)}
    now = context.services().clock.now()
    found = run(lambda connection: known_hashes(connection, home["id"], KnownAs.RESIDENT, list(hashes), now, None))
    new = tuple(plate for hashed, plate in hashes.items() if hashed not in found)
    known = frozenset(hashes[hashed].clear for hashed in found)
    return Looked(file=file, column=at, rows=rows, known=known, new=new)


def _read(name: str, content: bytes) -> PlateFile:
    """The file through a folder of its own that goes at once: its plates stay nowhere."""
    plain = "".join(sign for sign in Path(name).name if sign.isprintable() and sign not in "/\\")[-80:]
    with tempfile.TemporaryDirectory(prefix="gridmap-") as folder:
        path = Path(folder) / (plain if plain and not plain.startswith(".") else f"plates{plain}")
        path.write_bytes(content)
        return read_plate_file(path)


def _take(home: dict[str, Any], looked: Looked) -> Response:
    """Raises ParkingProblem("known") where nothing is new."""
    told = Registration(home_id=home["id"], plates=looked.new, kind=KnownAs.RESIDENT)
    done = run(lambda connection: register_vehicles(connection, actor(), key(), told))
    address = url_for("pages.known_cars", estate=home["id"], done="cars_known", cars=done.new)
    if _is_part():
        return Response(headers={"HX-Redirect": address})
    return redirect(address, 303)


def _is_part() -> bool:
    """Whether the form's script asks, for the part below the form."""
    return bool(request.headers.get("HX-Request"))


def _answer(home: dict[str, Any], looked: Looked | None, problem: str) -> str:
    if _is_part():
        return render_template("parking/_known_looked.html", home=home, file_problem=problem, **_shown(looked))
    return _page(home, looked, problem)


def _page(home: dict[str, Any], looked: Looked | None = None, problem: str = "") -> str:
    return render_template("parking/known_import.html", home=home, file_problem=problem, **_shown(looked))


def _shown(looked: Looked | None) -> dict[str, Any]:
    """What the template shows: counts, and each row that is not taken with the reason."""
    if looked is None:
        return {"looked": None}
    if not looked.file.columns:
        abort(400)
    wrong = [row for row in looked.rows if row.plate is None]
    twice = [row for row in looked.rows if row.same_as is not None]
    known = [row for row in looked.rows if row.plate is not None and row.plate.clear in looked.known]
    known = [row for row in known if row.same_as is None]
    return {
        "looked": looked,
        "counts": {"new": len(looked.new), "known": len(known), "twice": len(twice), "wrong": len(wrong)},
        "wrong": wrong[:MOST_SHOWN],
        "twice": twice[:MOST_SHOWN],
        "problems": PLATES,
        "samples": [row.plate.masked for row in looked.rows if row.plate is not None][:3],
        "columns": list(enumerate(looked.file.columns)),
    }
