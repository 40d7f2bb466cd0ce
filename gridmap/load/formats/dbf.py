"""The text cells of a .dbf as bytes, for the encoding to be judged before anything decodes them."""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

TEXT_TYPES = b"C"
DELETED = ord("*")
NAME_BYTES = 10
"""A field name is cut there, in the middle of a character too."""


@dataclass(frozen=True)
class TextCells:
    """The different text cells of a .dbf (field names among them), stripped, and the widths of its text fields."""

    cells: tuple[bytes, ...]
    widths: frozenset[int]
    cut_names: frozenset[bytes] = frozenset()
    """The field names that fill their room."""


def _fields(header: bytes) -> list[tuple[bytes, bytes, int]]:
    """(name, type, width) of each field."""
    fields = []
    for start in range(32, len(header) - 31, 32):
        if header[start] == 0x0D:
            break
        name = header[start : start + 11].split(b"\0")[0]
        fields.append((name, header[start + 11 : start + 12], header[start + 16]))
    return fields


def read_text_cells(path: Path) -> TextCells:
    """All text cells of the file at `path`. Damage gives fewer cells, never an error: GDAL is asked later."""
    data = path.read_bytes()
    if len(data) < 33:
        return TextCells((), frozenset())
    head_length, record_length = struct.unpack_from("<HH", data, 8)
    fields = _fields(data[:head_length])
    cells = {name.strip() for name, _, _ in fields}
    cut_names = frozenset(name for name in cells if len(name) == NAME_BYTES)
    widths = {width for _, kind, width in fields if kind == TEXT_TYPES}
    if record_length > 1 and len(data) >= head_length + record_length:
        count = (len(data) - head_length) // record_length
        body = np.frombuffer(data, np.uint8, count * record_length, head_length).reshape(count, record_length)
        start = 1
        for _, kind, width in fields:
            if kind == TEXT_TYPES and 0 < width <= record_length - start:
                column = np.ascontiguousarray(body[:, start : start + width]).view(f"S{width}").ravel()
                cells.update(cell.rstrip() for cell in np.unique(column).tolist())
            start += width
    return TextCells(tuple(cells), frozenset(widths), cut_names)
