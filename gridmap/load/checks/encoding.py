"""Case 1: Chinese text in a .dbf or .csv, whatever its .cpg and language byte say.

Strict UTF-8 first, then strict GB18030 on all cells that are not ASCII; where neither fits, or the Chinese that comes
out is nothing anybody writes, a person is asked and shown the same cells in three encodings. Never a statistical guess.
"""

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence

from gridmap.load.finding import LoadError

SHOWN = 5
ASKED = ("utf-8", "gb18030", "big5")
WRITTEN_SHARE = 0.8
"""Of the characters decoded from GB18030, this share must be everyday Chinese (the GB 2312 set)."""

_LATIN_RUN = re.compile("[\u0080-\u00ff]{4,}")


def _decodes(cell: bytes, encoding: str, *, cut: bool) -> str | None:
    """The cell's text, or None. A cell cut in mid character at its full width is forgiven its last character."""
    try:
        return cell.decode(encoding)
    except UnicodeDecodeError as error:
        if cut and error.end >= len(cell) and error.start >= len(cell) - 4 and error.start > 0:
            return cell[: error.start].decode(encoding)
        return None


def _is_written(texts: Iterable[str]) -> bool:
    """Whether the characters that are not ASCII are such as people write: mostly within GB 2312."""
    foreign = [character for text in texts for character in text if ord(character) > 127]
    written = 0
    for character in foreign:
        try:
            written += bool(character.encode("gb2312"))
        except UnicodeEncodeError:
            continue
    return not foreign or written / len(foreign) >= WRITTEN_SHARE


def choose_encoding(
    cells: Iterable[bytes], *, width_of_cut: frozenset[int] = frozenset(), cut: frozenset[bytes] = frozenset()
) -> str:
    """`utf-8` or `gb18030`, whichever all cells are; raises LoadError `encoding_unknown` showing five cells.

    `width_of_cut`: the widths of fixed fields (.dbf); a cell filled to one may end in half a character, and so may
    those in `cut`.
    """
    foreign = [cell for cell in cells if not cell.isascii()]
    for encoding in ("utf-8", "gb18030"):
        texts = [_decodes(cell, encoding, cut=len(cell) in width_of_cut or cell in cut) for cell in foreign]
        whole = [text for text in texts if text is not None]
        if len(whole) == len(texts) and (encoding == "utf-8" or _is_written(whole)):
            return encoding
    raise LoadError("encoding_unknown", cells=shown_cells(foreign))


def shown_cells(foreign: Sequence[bytes]) -> str:
    """The first five different cells in UTF-8, GB18030 and Big5, one line each, for a person to choose from."""
    chosen = list(dict.fromkeys(foreign))[:SHOWN]
    lines = [
        f"  {encoding}: " + " | ".join(cell.decode(encoding, errors="replace") for cell in chosen) for encoding in ASKED
    ]
    return "\n".join(lines)


def readings_of(
    cells: Sequence[bytes], encodings: Sequence[str], count: int
) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """(encoding, the first texts in it, whether all texts can be in it) for each encoding."""
    for encoding in encodings:
        texts = tuple(cell.decode(encoding, errors="replace").strip() for cell in cells[:count])
        yield encoding, texts, all(_decodes(cell, encoding, cut=True) is not None for cell in cells)


def decode_all(cells: Sequence[bytes], encoding: str, *, width_of_cut: frozenset[int] = frozenset()) -> list[str]:
    """All cells in the encoding that a person named; raises LoadError where one is not in it."""
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise LoadError("encoding_word", encoding=encoding) from None
    texts = [_decodes(cell, encoding, cut=len(cell) in width_of_cut) for cell in cells]
    wrong = [cell for cell, text in zip(cells, texts, strict=True) if text is None]
    if wrong:
        raise LoadError("encoding_wrong", encoding=encoding, cells=shown_cells(wrong))
    return [text or "" for text in texts]


def decode_text(data: bytes, encoding: str | None) -> tuple[str, str]:
    """A whole text file as (text, encoding): byte order marks first, then `encoding`, then the rule above."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return decode_all([data], name)[0], name
    chosen = encoding or choose_encoding(data.splitlines())
    return decode_all([data], chosen)[0], chosen


def is_garbled(text: str) -> bool:
    """Whether a text has lost its characters already: U+FFFD, or Chinese bytes once read as Latin-1."""
    if "\ufffd" in text:
        return True
    if text.isascii() or any(ord(character) > 255 for character in text):
        return False
    for encoding in ("utf-8", "gb2312"):
        runs = _LATIN_RUN.findall(text) if encoding == "gb2312" else [text]
        try:
            decoded = "".join(run.encode("latin-1").decode(encoding) for run in runs)
        except UnicodeDecodeError:
            continue
        if any(0x4E00 <= ord(character) <= 0x9FFF for character in decoded):
            return True
    return False
