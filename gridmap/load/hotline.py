"""Files of the 12345 hotline as rows: CSV in any encoding, Excel; columns guessed by how hotlines call them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gridmap.incidents.hotline.words import COLUMNS, NEEDED
from gridmap.load.checks.columns import guess
from gridmap.load.checks.encoding import is_garbled
from gridmap.load.checks.texts import matched
from gridmap.load.checks.workbooks import refuse_format
from gridmap.load.finding import Finding, LoadError
from gridmap.load.formats.excel import read_excel
from gridmap.load.formats.table import cell_text, read_csv
from gridmap.load.kinds import Kind, Target
from gridmap.load.reading import ROW, Options

READERS = {".csv": read_csv, ".tsv": read_csv, ".txt": read_csv, ".xlsx": read_excel, ".xlsm": read_excel}
ORDERS = Kind("hotline", frozenset(), tuple(Target(word, synonyms) for word, synonyms in COLUMNS.items()))
MOST_BYTES, MOST_ORDERS = 20_000_000, 5_000


@dataclass(frozen=True, kw_only=True)
class OrderFile:
    """A file as it was read: its headings in order, its rows by the number that a person counts, what was left out."""

    name: str
    headings: tuple[str, ...]
    rows: tuple[tuple[int, Mapping[str, str]], ...]
    unit: str
    encoding: str | None = None
    left_out: tuple[Finding, ...] = ()


def read_order_file(path: Path, *, encoding: str | None = None) -> OrderFile:
    """The rows of a hotline's file, every cell as text. Raises LoadError with one sentence for what cannot be read."""
    refuse_format(path)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise LoadError("refused_document", file=path.name)
    size = path.stat().st_size
    if size == 0:
        raise LoadError("no_rows")
    if size > MOST_BYTES:
        raise LoadError("too_large", file=path.name, megabytes=MOST_BYTES // 1_000_000)
    reading = reader(path, ORDERS, Options(encoding=encoding))
    headings = reading.columns
    records = reading.frame[[*headings, ROW]].to_dict("records")
    rows = tuple((int(row[ROW]), {name: cell_text(row[name]).strip() for name in headings}) for row in records)
    if len(rows) > MOST_ORDERS:
        raise LoadError("too_many_orders", file=path.name, most=f"{MOST_ORDERS:,}")
    garbled = next((cell for _number, row in rows for cell in row.values() if is_garbled(cell)), None)
    if garbled is not None:
        raise LoadError("text_garbled", file=path.name, cells=garbled[:40])
    return OrderFile(
        name=path.name,
        headings=headings,
        rows=rows,
        unit=reading.unit,
        encoding=reading.encoding,
        left_out=(*reading.rejected, *reading.findings),
    )


def guess_columns(headings: Sequence[str]) -> dict[str, str]:
    """Our word → heading, by synonyms: first those that are called exactly so, then those that hold such a word."""
    found: dict[str, str] = {}
    for word, synonyms in COLUMNS.items():
        heading = guess(headings, synonyms, set(found.values()))
        if heading:
            found[word] = heading
    for word, synonyms in COLUMNS.items():
        if word not in found:
            free = [heading for heading in headings if heading not in found.values()]
            # short words hold in anything: 地址 is in 诉求地址, 编号 in 编号规则
            named = (one for name in synonyms if len(name) > 2 for one in free if matched(name) in matched(one))
            heading = next(named, None)
            if heading:
                found[word] = heading
    return found


def fitting_columns(headings: Sequence[str], saved: Mapping[str, str]) -> dict[str, str]:
    """A saved mapping as far as the file has its columns, completed by guesses."""
    kept = {word: heading for word, heading in saved.items() if heading in headings and word in COLUMNS}
    return kept | {
        word: heading
        for word, heading in guess_columns(headings).items()
        if word not in kept and heading not in kept.values()
    }


def missing_columns(columns: Mapping[str, str]) -> tuple[str, ...]:
    """What has to be said and is not yet."""
    return tuple(word for word in NEEDED if word not in columns)
