"""The texts of a file as bytes, where a person may have to say in which encoding they are."""

import codecs
from pathlib import Path

from gridmap.load.formats.dbf import read_text_cells
from gridmap.load.formats.table import ENDINGS

LOOKED_AT = 4_000_000
MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def text_cells(path: Path) -> list[bytes]:
    """Different texts that are not ASCII, in order; none for formats that say their encoding, or with a mark."""
    ending = path.suffix.lower()
    if ending in (".shp", ".dbf"):
        beside = [found for end in (".dbf", ".DBF") if (found := path.with_suffix(end)).exists()]
        cells = sorted(read_text_cells(beside[0]).cells) if beside else []
    elif ending in ENDINGS:
        with path.open("rb") as file:
            data = file.read(LOOKED_AT)
        # the last line may be cut in mid character
        cells = [] if data.startswith(MARKS) else data.splitlines()[: -1 if len(data) == LOOKED_AT else None]
    else:
        cells = []
    return list(dict.fromkeys(cell for cell in cells if not cell.isascii()))
