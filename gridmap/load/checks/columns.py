"""Case 12: field names of ten bytes, cut, abbreviated or in Chinese: guessed by a table of synonyms.

A guess is an exact synonym, a name cut at ten bytes, or the way some tools shorten (`Commu_Area`); what a person
says with `--map` is stronger than any guess.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from gridmap.load.draft import Draft
from gridmap.load.finding import LoadError
from gridmap.load.identity import identity_numbers
from gridmap.load.keeping import keep_columns
from gridmap.load.kinds import KINDS, POSITION_WORDS, Kind, Target
from gridmap.load.reading import INTERNAL, Options, Reading

CUT_BYTES = 10
SEARCHED_CELLS = 1_000
NAMED = 5
"""Of columns that are not used, so many are named in the sentence."""
LON, LAT, PAIR, CELL_SHAPE = "@lon", "@lat", "@pair", "@cell_shape"
POSITIONS = (
    (LON, POSITION_WORDS.lon),
    (LAT, POSITION_WORDS.lat),
    (PAIR, POSITION_WORDS.pair),
    (CELL_SHAPE, POSITION_WORDS.shape),
)
SAID_POSITIONS = {"lon": LON, "lat": LAT, "pair": PAIR, "shape": CELL_SHAPE}
"""How a person calls the columns of positions."""
_NOISE = re.compile(r"[\s_\-*/]+|[(\[{（【].*?[)\]}）】]\Z")


def plain(name: object) -> str:
    """A column name for comparing: NFKC, lower case, no spaces, underscores or bracket tail (`户数（户）` → `户数`)."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", str(name)).strip()).lower()


def _is_cut(column: str, synonym: str) -> bool:
    """Whether `column` may be `synonym` shortened to ten bytes: its beginning, or five letters, `_` and four."""
    for encoding in ("utf-8", "gb18030"):
        raw, whole = column.encode(encoding), synonym.encode(encoding)
        # a cut that falls into a Chinese character leaves one or two bytes less
        if CUT_BYTES - 2 <= len(raw) <= CUT_BYTES < len(whole) and whole.startswith(raw):
            return True
    return (
        len(column) == CUT_BYTES
        and column[5] == "_"
        and len(synonym) > CUT_BYTES
        and (column[:5].lower() == synonym[:5].lower() and column[6:].lower() == synonym[-4:].lower())
    )


def guess(columns: Sequence[str], synonyms: Iterable[str], taken: set[str]) -> str | None:
    """The free column that one of the synonyms means, the best synonym first; None where none does."""
    words = list(synonyms)
    free = [column for column in columns if column not in taken]
    by_plain: dict[str, str] = {}
    for column in free:
        by_plain.setdefault(plain(column), column)
    for word in words:
        if plain(word) in by_plain:
            return by_plain[plain(word)]
    return next((column for word in words for column in free if _is_cut(column, word)), None)


def known_words(kind: Kind | None = None) -> frozenset[str]:
    """Every plain word that some column is called by, of `kind` too, for finding the header row of a sheet."""
    kinds = (*KINDS.values(), kind) if kind else KINDS.values()
    named = (word for one in kinds for target in one.targets for word in target.synonyms)
    return frozenset(map(plain, (*named, *(word for _, words in POSITIONS for word in words))))


def _said(reading: Reading, options_mapping: Iterable[tuple[str, str]], columns: Sequence[str]) -> dict[str, str]:
    """What the person said with --map, checked against both sides."""
    ours = {target.name for target in reading.kind.targets} | SAID_POSITIONS.keys()
    said: dict[str, str] = {}
    for target, column in options_mapping:
        if target not in ours:
            raise LoadError("map_target", target=target, targets=", ".join(sorted(ours)))
        if column not in columns:
            raise LoadError("map_source", column=column, columns=", ".join(columns))
        said[SAID_POSITIONS.get(target, target)] = column
    return said


def _remembered(options: Options, said: Mapping[str, str], columns: Sequence[str]) -> dict[str, str]:
    """What was said for this source before, as far as this file has the columns and nothing else was said."""
    again = {SAID_POSITIONS.get(target, target): column for target, column in options.remembered.items()}
    taken = set(said.values())
    return {
        target: column
        for target, column in again.items()
        if target not in said and column in columns and column not in taken
    }


def _guesses(kind: Kind, columns: Sequence[str], said: Mapping[str, str]) -> dict[str, str]:
    chosen = dict(said)
    for target in kind.targets:
        if target.name in chosen:
            continue
        found = guess(columns, target.synonyms, set(chosen.values()))
        if found:
            chosen[target.name] = found
    return chosen


def _says_where(chosen: Mapping[str, str]) -> bool:
    """Whether a person has named the column or columns of positions already."""
    return PAIR in chosen or CELL_SHAPE in chosen or {LON, LAT} <= chosen.keys()


def _missing(kind: Kind, chosen: dict[str, str]) -> list[Target]:
    return [target for target in kind.targets if target.required and target.name not in chosen]


def _tell_identities(draft: Draft, unused: Sequence[str]) -> None:
    """Say which of the columns that are not read hold identity numbers: the file should not be passed on."""
    for column in unused:
        values = draft.reading.frame[column]
        if values.dtype == object and any(identity_numbers(str(value)) for value in values.head(SEARCHED_CELLS)):
            draft.warn("identity_column", column=column)


def _few(columns: Sequence[str]) -> dict[str, str]:
    """How many columns there are, the first of them, and all of them where these are more."""
    said = {"count": str(len(columns)), "columns": ", ".join(columns[:NAMED])}
    if len(columns) > NAMED:
        said |= {"columns": f"{said['columns']}, …", "every": ", ".join(columns)}
    return said


def recognise(reading: Reading, options: Options) -> tuple[dict[str, str], dict[str, str]]:
    """(target → column of the file, target → why: `said`, `remembered` or `synonym`). Raises LoadError for --map."""
    columns = list(reading.table_columns)
    said = _said(reading, options.mapping.items(), columns)
    again = _remembered(options, said, columns)
    chosen = _guesses(reading.kind, columns, {**again, **said})
    if not reading.has_geometry and reading.kind.shapes and not _says_where(chosen):
        for name, words in POSITIONS:
            found = chosen.get(name) or guess(columns, words, set(chosen.values()))
            if found:
                chosen[name] = found
    why = {target: "said" if target in said else "remembered" if target in again else "synonym" for target in chosen}
    return chosen, why


def choose_columns(draft: Draft) -> None:
    """Bring the file's columns under our names; raises LoadError where one that must be there is not."""
    frame, reading = draft.frame, draft.reading
    columns = list(reading.table_columns)
    chosen, why = recognise(reading, draft.options)
    again = [
        f"{target.lstrip('@')} = {chosen[target]}"
        for target in chosen
        if why[target] == "remembered" and target != chosen[target]
    ]
    if again:
        draft.warn("columns_remembered", source=draft.options.source, columns=", ".join(again))
    missing = _missing(draft.kind, chosen)
    if missing:
        wanted = ", ".join(f"{target.name} ({target.synonyms[1]})" for target in missing)
        raise LoadError("column_missing", wanted=wanted, columns=", ".join(columns) or "-")
    draft.columns = chosen
    ours = {column: target for target, column in chosen.items()}
    internal = [column for column in frame.columns if column in INTERNAL or column == frame.geometry.name]
    draft.frame = frame[[*internal, *ours]].rename(columns=ours)
    keep_columns(draft, ours)
    unused = [column for column in columns if column not in ours and column not in draft.kept]
    if unused:
        draft.warn("columns_unused", **_few(unused))
        _tell_identities(draft, unused)
