"""What the importer takes a file to be, before its rows are judged: for a person to look at and to put right.

A page asks in this order and puts each answer into the `Options`:

    list_layers(path)                                    # several, with rows: one goes into options.layer
    guesses = guess(path, KINDS["estates"], options, known, remembered)
    guesses.encodings, guesses.systems, guesses.datums   # choices; value is what Options takes; three rows each
    guesses.columns                                      # one for each of our columns, with three cells
    guesses.problem                                      # a LoadError that must be answered first, or None

`known` comes from `store.read_known`, `remembered` from `store.read_source`; both may be left out. What a person has
answered is given again in `options` (encoding, crs, datum, mapping) and comes back as chosen. When all is answered:
`check(read_file(path, kind, options), options, known)`, then `store`, which remembers mapping and datum of the source.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import shapely

from gridmap.coords import Datum, LonLat, to_wgs84
from gridmap.load.checks.addresses import need_positions
from gridmap.load.checks.archives import open_file
from gridmap.load.checks.columns import CELL_SHAPE, LAT, LON, PAIR, choose_columns, recognise
from gridmap.load.checks.crs import nearest_capital, offered_systems, settle_crs
from gridmap.load.checks.datum import Shift, detect_shift, hinted_datum
from gridmap.load.checks.encoding import ASKED, readings_of
from gridmap.load.checks.no_position import reject_no_position
from gridmap.load.checks.swapped import build_positions, turn_swapped
from gridmap.load.checks.texts import normalise_texts
from gridmap.load.checks.unreadable import reject_unreadable
from gridmap.load.draft import Draft
from gridmap.load.finding import LoadError, shorten
from gridmap.load.formats import read_file
from gridmap.load.formats.cells import text_cells
from gridmap.load.formats.table import cell_text
from gridmap.load.identity import hide_identity
from gridmap.load.kinds import Kind
from gridmap.load.known import Known, nothing_known
from gridmap.load.reading import ROW, Options, Reading
from gridmap.load.remembered import Remembered

SHOWN = 3
SEEN = 2_000
"""So many rows from the beginning of a file are looked at."""
POSITION_TARGETS = {LON: "lon", LAT: "lat", PAIR: "pair", CELL_SHAPE: "shape"}
STEPS = (
    *(choose_columns, normalise_texts, need_positions, reject_no_position),
    *(build_positions, reject_unreadable, turn_swapped),
)


@dataclass(frozen=True)
class Sample:
    """One row under one choice: what stands there, and where it would lie (None: nowhere on earth)."""

    row: int
    text: str
    """The row's name, or its text in the encoding that is chosen."""
    lon: float | None = None
    lat: float | None = None
    areas: tuple[str, ...] = ()
    """Names of the community, street and district that hold the position, the smallest first; empty where none does."""
    near: str = ""
    """The provincial capital next to it, and how many metres away: for positions in no area that is known."""
    metres: float = 0.0


@dataclass(frozen=True)
class Choice:
    """One answer to a question about the file, with three rows as they would then be."""

    value: str
    """What `Options` takes: `gb18030`, `EPSG:4549`, `gcj02`."""
    rows: tuple[Sample, ...]
    chosen: bool = False
    why: str = ""
    """Of the chosen one: `said`, `remembered`, `file` (the file says so), `fits` (the bytes or numbers do), `name` (of
    a column, the file or the source), `shift` (against known places), `assumed`. Of the others: empty, or `no` where
    it cannot be."""
    title: str = ""


@dataclass(frozen=True)
class ColumnGuess:
    """One of our columns and the column of the file that fills it, with three different cells of it."""

    target: str
    """The word that `Options.mapping` takes."""
    column: str | None
    why: str = ""
    """`said`, `remembered` or `synonym`; empty where no column was found."""
    cells: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True)
class Guesses:
    """Everything that a file was taken for. A list without choices: the question does not arise."""

    encodings: tuple[Choice, ...] = ()
    systems: tuple[Choice, ...] = ()
    datums: tuple[Choice, ...] = ()
    columns: tuple[ColumnGuess, ...] = ()
    free: tuple[str, ...] = ()
    """Columns of the file that fill none of ours."""
    cells: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Column of the file → three different cells of it, for the person who picks another."""
    shift: Shift | None = None
    """A constant shift against known places, with degrees taken as WGS 84 or as said."""
    problem: LoadError | None = None
    """What must be answered before the file can be checked."""

    @property
    def mapping(self) -> dict[str, str]:
        """What was guessed for the columns, as `Options.mapping` takes it."""
        return {one.target: one.column for one in self.columns if one.column is not None}


def guess(
    path: Path, kind: Kind, options: Options, known: Known | None = None, remembered: Remembered | None = None
) -> Guesses:
    """The guesses for a file. What cannot be read at all raises LoadError, what a choice would mend is `problem`."""
    remembered = remembered or Remembered()
    options = remembered.in_options(options)
    try:
        reading = read_file(path, kind, options)
    except LoadError as problem:
        if problem.code not in ("encoding_unknown", "encoding_wrong", "encoding_word"):
            raise
        return Guesses(encodings=_encodings(path, options, None), problem=problem)
    guesses = guess_reading(reading, options, known, remembered)
    return replace(guesses, encodings=_encodings(path, options, reading.encoding))


def guess_reading(
    reading: Reading, options: Options, known: Known | None = None, remembered: Remembered | None = None
) -> Guesses:
    """The guesses for columns, coordinate system and datum of what was read already."""
    head = replace(
        reading, frame=reading.frame.head(SEEN), rows=reading.rows[:SEEN], rejected=(), corrected=(), findings=()
    )
    chosen, why = recognise(head, options)
    cells = {column: _cells(head, column) for column in head.table_columns}
    named = Guesses(
        columns=_columns(head, chosen, why, cells),
        free=tuple(column for column in head.table_columns if column not in chosen.values()),
        cells=cells,
    )
    draft = Draft(head, replace(options, keep=(), keep_all=False), known or nothing_known())
    try:
        if not head.kind.shapes:
            choose_columns(draft)
            return named
        for step in STEPS:
            step(draft)
    except LoadError as problem:
        return replace(named, problem=problem)
    placed = ~(shapely.is_missing(draft.shapes()) | shapely.is_empty(draft.shapes()))
    draft.frame = draft.frame[placed]
    return _positions(named, draft, remembered or Remembered()) if len(draft) else named


def _columns(
    reading: Reading, chosen: dict[str, str], why: dict[str, str], cells: dict[str, tuple[str, ...]]
) -> tuple[ColumnGuess, ...]:
    """One guess for each of our columns; of those for positions only where the file is a table."""
    targets = [(target.name, target.name, target.required) for target in reading.kind.targets]
    if reading.kind.shapes and not reading.has_geometry:
        targets += [(name, word, False) for name, word in POSITION_TARGETS.items()]
    return tuple(
        ColumnGuess(word, chosen.get(name), why.get(name, ""), cells.get(chosen.get(name, ""), ()), required)
        for name, word, required in targets
    )


def _cells(reading: Reading, column: str) -> tuple[str, ...]:
    """Three different cells of a column, identity numbers masked."""
    texts = dict.fromkeys(text for value in reading.frame[column] if (text := cell_text(value).strip()))
    return tuple(shorten(hide_identity(text)) for text in list(texts)[:SHOWN])


def _encodings(path: Path, options: Options, used: str | None) -> tuple[Choice, ...]:
    """The readings of three texts that are not ASCII; none where the format says its encoding or all is ASCII."""
    with open_file(path, options.layer) as member:
        cells = text_cells(member)
    if not cells:
        return ()
    why = "said" if options.encoding else "fits"
    return tuple(
        Choice(
            encoding,
            tuple(Sample(number, shorten(hide_identity(text))) for number, text in enumerate(texts, start=1)),
            encoding == used,
            why if encoding == used else "" if fits else "no",
        )
        for encoding, texts, fits in readings_of(cells, list(dict.fromkeys((*ASKED, *([used] if used else [])))), SHOWN)
    )


def _positions(guesses: Guesses, draft: Draft, remembered: Remembered) -> Guesses:
    """The guesses with systems, datums and the shift, from rows whose positions stand as in the file."""
    systems, problem, degrees = _systems(draft)
    if degrees is None:
        return replace(guesses, systems=systems, problem=problem)
    said = draft.options.datum
    moved = copy.copy(degrees)
    if said not in (None, Datum.WGS84):
        moved.put_shapes(np.ones(len(moved), dtype=bool), to_wgs84(moved.shapes(), said))
    shift = detect_shift(moved, said or Datum.WGS84)
    likely, why = _likely(draft, remembered, shift)
    three = _three(degrees)
    datums = tuple(
        Choice(
            datum.value,
            _samples(three, to_wgs84(three.shapes(), datum)),
            datum is likely,
            why if datum is likely else "",
        )
        for datum in sorted(Datum, key=lambda datum: datum is not likely)
    )
    return replace(guesses, systems=systems, datums=datums, shift=shift, problem=problem or _hint(draft, said, likely))


def _hint(draft: Draft, said: Datum | None, likely: Datum) -> LoadError | None:
    """A column that names a datum must be confirmed by a person."""
    names = [draft.columns[name] for name in (LON, LAT, PAIR) if name in draft.columns]
    hint = hinted_datum(names)
    return LoadError("datum_hinted", column=", ".join(names), datum=likely.value) if hint and said is None else None


def _likely(draft: Draft, remembered: Remembered, shift: Shift | None) -> tuple[Datum, str]:
    """(the likeliest datum, why)."""
    if draft.options.datum is not None:
        return draft.options.datum, "said"
    if shift is not None and shift.datum is not Datum.WGS84:
        return shift.datum, "shift"
    if remembered.datum is not None:
        return remembered.datum, "remembered"
    names = [*draft.columns.values(), draft.reading.file.name, draft.options.source]
    hint = hinted_datum(names)
    return (hint, "name") if hint else (Datum.WGS84, "assumed")


def _systems(draft: Draft) -> tuple[tuple[Choice, ...], LoadError | None, Draft | None]:
    """(systems that the numbers may be in, what is wrong with the one that is said, the rows in degrees)."""
    degrees, problem = _in_degrees(draft)
    crs = draft.options.crs or (draft.reading.crs.to_string() if draft.reading.crs else None)
    why = "said" if draft.options.crs else "file" if crs else "assumed"
    _, _, offered = offered_systems(draft)
    titles = {f"EPSG:{candidate.epsg}": candidate.title for candidate in offered}
    used = (crs or "EPSG:4326") if degrees is not None else ""
    if used:
        titles = {used: titles.get(used, ""), **titles}
    three = _three(draft)
    listed = [(value, title, _in_system(three, value)) for value, title in titles.items()]
    choices = [
        Choice(value, rows, value == used, why if value == used else "", title)
        for value, title, rows in listed
        if rows or value == used
    ]
    return tuple(choices), problem, degrees


def _in_degrees(draft: Draft) -> tuple[Draft | None, LoadError | None]:
    """(the rows in degrees, None), or (None, why their system is not known)."""
    moved = copy.copy(draft)
    try:
        settle_crs(moved)
    except LoadError as problem:
        return None, problem
    return (moved if len(moved) else None), None


def _in_system(three: Draft, crs: str) -> tuple[Sample, ...]:
    """Three rows as they would lie in that system; empty where it cannot be."""
    moved = copy.copy(three)
    moved.options = replace(three.options, crs=crs)
    try:
        settle_crs(moved)
    except LoadError:
        return ()
    return _samples(moved, moved.shapes())


def _three(draft: Draft) -> Draft:
    """The first, the middle and the last row."""
    three = copy.copy(draft)
    three.frame = draft.frame.iloc[np.unique(np.linspace(0, len(draft) - 1, SHOWN).astype(int))]
    return three


def _samples(draft: Draft, shapes: "np.ndarray[tuple[int], np.dtype[np.object_]]") -> tuple[Sample, ...]:
    names = draft.texts("name")
    rows: Sequence[int] = draft.frame[ROW].astype(int).tolist()
    points = shapely.get_coordinates(shapely.point_on_surface(shapes))
    if len(points) < len(rows):
        return ()
    return tuple(
        _sample(draft.known, row, hide_identity(str(name)), float(lon), float(lat))
        for row, name, (lon, lat) in zip(rows, names, points, strict=True)
    )


def _sample(known: Known, row: int, name: str, lon: float, lat: float) -> Sample:
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        return Sample(row, name)
    near, metres = nearest_capital(LonLat(lon, lat))
    return Sample(row, name, round(lon, 7), round(lat, 7), known.names_at(lon, lat), near, metres)
