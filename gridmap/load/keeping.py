"""Columns that gridmap has no place for, kept beside the row under their own names, with values as they were read."""

import datetime as dt
import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd

from gridmap.load.draft import Draft
from gridmap.load.finding import LoadError
from gridmap.load.reading import KEPT


def json_value(value: Any) -> Any:
    """A cell as JSON has it: text, number, yes or no, dates in ISO; None for what is empty or no number at all."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NaT:
        return None
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, list | np.ndarray):
        return [json_value(part) for part in value]
    if isinstance(value, dict):
        return {_storable(str(name)): json_value(part) for name, part in value.items()}
    text = _storable(str(value))
    return text if text.strip() else None


def _storable(text: str) -> str:
    """The text without what PostgreSQL does not store: NUL and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")


def keep_columns(draft: Draft, taken: Collection[str]) -> None:
    """Put the columns that are to be kept, where they hold something, into one column of objects.

    `taken` are the columns that fill ours: --keep-all means the others. Raises LoadError for a name that the file
    does not have. Must come before any row is taken out.
    """
    options, reading = draft.options, draft.reading
    if not options.keeps:
        return
    columns = [name for name in reading.columns if name not in taken] if options.keep_all else []
    for name in options.keep:
        if name not in reading.columns:
            raise LoadError("keep_source", column=name, columns=", ".join(reading.columns))
    draft.kept = tuple(dict.fromkeys((*options.keep, *columns)))
    rows = reading.rows or reading.frame[list(draft.kept)].to_dict("records")
    kept = [_object(row, frozenset(draft.kept)) for row in rows]
    draft.frame = draft.frame.assign(**{KEPT: pd.Series(kept, index=draft.frame.index, dtype=object)})


def _object(row: Mapping[Any, Any], wanted: Collection[str]) -> dict[str, Any]:
    values = ((str(name), json_value(value)) for name, value in row.items() if name in wanted)
    return {_storable(name): value for name, value in values if value is not None}
