"""A layer as a workbook for Excel: the rows of the CSV, sent while they are read, its head frozen."""

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from gridmap.db import Database
from gridmap.layer import Layer
from gridmap.read.stream import BLOCK, Export, Stream

if TYPE_CHECKING:
    from gridmap.read.files.rows import Field

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_575
"""A sheet holds no more, beside its head; what is left goes on in the next one."""
FORMATS = "http://schemas.openxmlformats.org"
MAIN = f"{FORMATS}/spreadsheetml/2006/main"
LINKS = f"{FORMATS}/officeDocument/2006/relationships"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
SHEET_BEGINS = (
    f'{HEAD}<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
)
SHEET_ENDS = "</sheetData></worksheet>"
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that XML cannot hold at all."""
NUMBERS = ("integer", "number")


class _Sink(io.RawIOBase):
    """Takes what a zip file is made of, to be sent on; it cannot be wound back."""

    def __init__(self) -> None:
        self.gathered = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, block: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]  # whatever zipfile writes
        self.gathered += block
        return len(block)

    def take(self) -> bytes:
        """What has come since the last time."""
        found = bytes(self.gathered)
        self.gathered.clear()
        return found


class Workbook:
    """An export, which must be one of CSV, as blocks of an xlsx file; memory stays small however long the layer is.

    Close it, or exhaust it: its transaction lives as long as it does. An error of the database is raised here, before
    the first block.
    """

    def __init__(
        self,
        database: Database,
        export: Export,
        most_rows: int = MOST_ROWS,
        *,
        fields: "Sequence[Field]" = (),
        facts: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`fields` give headings with units and words for codes; `facts` a last sheet that says where all is from."""
        # a cell of text is never run as a formula there
        self._stream = Stream(database, replace(export, guards=False))
        named = {one.name: one for one in fields}
        self._blocks = _blocks(_lines(self._stream), export.layer, most_rows, named, facts, export.title)

    @property
    def rows(self) -> int:
        """The rows so far."""
        return self._stream.rows

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._blocks)

    def close(self) -> None:
        """Stop: cancel the query, end the transaction, give the connection back."""
        self._blocks.close()
        self._stream.close()


def _blocks(
    lines: Iterable[str],
    layer: Layer,
    most_rows: int,
    fields: "Mapping[str, Field]" = MappingProxyType({}),
    facts: Mapping[str, str] = MappingProxyType({}),
    title: str = "",
) -> Generator[bytes, None, None]:
    """The whole file: the sheets first, since how many there are is known when they are written."""
    sink, rows = _Sink(), csv.reader(lines)
    head = next(rows)
    write = _writer(head, layer, fields)
    headings = [fields[name].heading if name in fields else name for name in head]
    begins = f"{SHEET_BEGINS}{_widths(headings)}<sheetData>\n{_head(headings)}".encode()
    sheets = 0
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as book:
        row = next(rows, None)
        while row is not None or not sheets:
            sheets += 1
            with book.open(f"xl/worksheets/sheet{sheets}.xml", "w") as sheet:
                sheet.write(begins)
                held = 0
                while row is not None and held < most_rows:
                    sheet.write(write(row).encode())
                    held += 1
                    if len(sink.gathered) >= BLOCK:
                        yield sink.take()
                    row = next(rows, None)
                sheet.write(SHEET_ENDS.encode())
        names = [layer.name[:28] if number == 1 else f"{layer.name[:28]} {number}" for number in range(1, sheets + 1)]
        if facts:
            names.append("about")
            rows_of_facts = "".join(f"<row>{_text(name)}{_text(words)}</row>\n" for name, words in facts.items())
            about = f"{SHEET_BEGINS}{_widths(['', ''], 60)}<sheetData>\n{_head([title, ''])}{rows_of_facts}{SHEET_ENDS}"
            book.writestr(f"xl/worksheets/sheet{len(names)}.xml", about)
        for name, words in _frame(names):
            book.writestr(name, HEAD + words)
    yield sink.take()


def _writer(
    head: Sequence[str], layer: Layer, fields: "Mapping[str, Field]" = MappingProxyType({})
) -> Callable[[Sequence[str]], str]:
    """Writes a row: numbers as numbers, codes in words where they are known, ids and everything else as text."""
    is_number = [name in ("lon", "lat") or _is_number(layer, name) for name in head]
    codes = [(fields[name].codes or {}) if name in fields else {} for name in head]

    def write(row: Sequence[str]) -> str:
        cells = (
            (f"<c><v>{cell}</v></c>" if number else _text(words.get(cell, cell))) if cell else "<c/>"
            for cell, number, words in zip(row, is_number, codes, strict=True)
        )
        return f"<row>{''.join(cells)}</row>\n"

    return write


def _is_number(layer: Layer, name: str) -> bool:
    return name in layer.attributes and layer.attributes[name].type in NUMBERS


def _head(names: Sequence[str]) -> str:
    return f"<row>{''.join(map(_text, names))}</row>\n"


def _text(cell: str) -> str:
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(UNWRITABLE.sub("", cell))}</t></is></c>'


def _widths(headings: Sequence[str], least: int = 10) -> str:
    """Columns as wide as their heading, Chinese signs counting two, and no narrower than what usually stands there."""
    wide = [min(max(sum(2 if sign > "\u2e80" else 1 for sign in heading) + 3, least), 60) for heading in headings]
    columns = "".join(
        f'<col min="{number}" max="{number}" width="{width}" customWidth="1"/>'
        for number, width in enumerate(wide, start=1)
    )
    return f"<cols>{columns}</cols>"


def _frame(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What holds the sheets together."""
    numbers = range(1, len(names) + 1)
    listed = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="sheet{number}"/>'
        for number, name in zip(numbers, names, strict=True)
    )
    yield "xl/workbook.xml", f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets>{listed}</sheets></workbook>'
    parts = [(f"sheet{number}", "worksheet", f"worksheets/sheet{number}.xml") for number in numbers]
    yield "xl/_rels/workbook.xml.rels", _links(parts)
    yield "_rels/.rels", _links([("book", "officeDocument", "xl/workbook.xml")])
    kinds = [("xl/workbook.xml", "sheet.main"), *((f"xl/{target}", "worksheet") for _id, _kind, target in parts)]
    named = "".join(
        f'<Override PartName="/{part}" ContentType="{MEDIA_TYPE.removesuffix(".sheet")}.{kind}+xml"/>'
        for part, kind in kinds
    )
    rels = "application/vnd.openxmlformats-package.relationships+xml"
    types = f'<Default Extension="rels" ContentType="{rels}"/>{named}'
    yield "[Content_Types].xml", f'<Types xmlns="{FORMATS}/package/2006/content-types">{types}</Types>'


def _links(links: Iterable[tuple[str, str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="{name}" Type="{LINKS}/{kind}" Target="{target}"/>' for name, kind, target in links
    )
    return f'<Relationships xmlns="{FORMATS}/package/2006/relationships">{listed}</Relationships>'


def _lines(blocks: Iterable[bytes]) -> Iterator[str]:
    """Lines of text out of blocks of bytes, with their ends, so that cells may hold line breaks."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    rest = ""
    for block in blocks:
        *whole, rest = (rest + decoder.decode(block)).split("\n")
        for line in whole:
            yield line + "\n"
    if rest:
        yield rest
