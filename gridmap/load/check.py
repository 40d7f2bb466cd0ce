"""Reading → Checked: every row is accepted, corrected or listed with its reason. No database is needed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import pandas as pd

from gridmap.load.checks.addresses import place_by_address, put_placed
from gridmap.load.checks.aliases import tell_former_names
from gridmap.load.checks.columns import choose_columns
from gridmap.load.checks.crs import settle_crs
from gridmap.load.checks.datum import settle_datum
from gridmap.load.checks.duplicates import merge_pieces
from gridmap.load.checks.encoding import is_garbled
from gridmap.load.checks.excel_values import refuse_excel_values
from gridmap.load.checks.no_position import reject_no_position, reject_null_island
from gridmap.load.checks.outside import reject_outside
from gridmap.load.checks.rings import repair_rings
from gridmap.load.checks.shapes import sort_shapes
from gridmap.load.checks.swapped import build_positions, turn_swapped
from gridmap.load.checks.texts import normalise_texts
from gridmap.load.checks.unreadable import reject_unreadable
from gridmap.load.draft import Draft
from gridmap.load.finding import Finding, LoadError, shorten
from gridmap.load.kinds import Kind
from gridmap.load.known import Known, nothing_known
from gridmap.load.people.check import check_people
from gridmap.load.reading import KEPT, ROW, SHAPE_TEXT, Options, Progress, Reading, silent
from gridmap.load.unplaced import Unplaced
from gridmap.load.values import read_values

Step = Callable[[Draft], None]


@dataclass(frozen=True)
class Checked:
    """What would be written, and everything that was said about the rest.

    `frame` holds our column names, `@row`, `source_key`, for all kinds but people geometry in EPSG:4326, and `@kept`
    where columns are kept.
    """

    kind: Kind
    reading: Reading
    frame: gpd.GeoDataFrame
    columns: dict[str, str]
    rejected: tuple[Finding, ...] = ()
    corrected: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    merged: int = 0
    options: Options = field(default_factory=Options)
    kept: tuple[str, ...] = ()
    """Columns of the file that are kept under their own names."""
    unplaced: tuple[Unplaced, ...] = ()
    """Those of the rejected rows that wait for a position by hand."""

    @property
    def summary(self) -> dict[str, Any]:
        """Counts: read = accepted + rejected + merged; corrected counts accepted rows that were mended."""
        return {
            "read": self.reading.read,
            "accepted": len(self.frame),
            "corrected": len({finding.row for finding in self.corrected}),
            "rejected": len(self.rejected),
            "merged": self.merged,
            "warnings": len(self.warnings),
        }


def refuse_garbled(draft: Draft) -> None:
    """Refuse a file whose text lost its characters before it came here (part of case 1)."""
    names = [target.name for target in draft.kind.targets if draft.has(target.name)]
    texts = [*(pd.unique(pd.concat([draft.texts(name) for name in names])) if names else ()), *_kept_texts(draft)]
    wrong = [str(text) for text in texts if isinstance(text, str) and is_garbled(text)]
    if wrong:
        raise LoadError("text_garbled", file=draft.reading.file.name, cells=shorten(" | ".join(wrong[:5])))


def _kept_texts(draft: Draft) -> list[str]:
    """The different texts that are kept under their own names, and these names."""
    if not draft.kept:
        return []
    return [*draft.kept, *{value for row in draft.frame[KEPT] for value in row.values() if isinstance(value, str)}]


PLACED: tuple[tuple[str, Step], ...] = (
    ("columns", choose_columns),
    ("values", refuse_excel_values),
    ("texts", normalise_texts),
    ("texts", refuse_garbled),
    ("addresses", place_by_address),
    ("positions", reject_no_position),
    ("positions", build_positions),
    ("positions", reject_unreadable),
    ("positions", reject_null_island),
    ("positions", turn_swapped),
    ("crs", settle_crs),
    ("datum", settle_datum),
    ("shapes", sort_shapes),
    ("rings", repair_rings),
    ("addresses", put_placed),
    ("outside", reject_outside),
    ("values", read_values),
    ("values", tell_former_names),
    ("duplicates", merge_pieces),
)
"""The steps for everything that has a place; the order is meant: datum before repair, repair before merging."""

PEOPLE: tuple[tuple[str, Step], ...] = (
    ("columns", choose_columns),
    ("values", refuse_excel_values),
    ("texts", normalise_texts),
    ("texts", refuse_garbled),
    ("values", read_values),
    ("people", check_people),
)


def check(reading: Reading, options: Options, known: Known | None = None, progress: Progress = silent) -> Checked:
    """Judge every row of the reading. Raises LoadError where the file as a whole must be refused."""
    draft = Draft(reading, options, known or nothing_known())
    steps = PLACED if reading.kind.shapes else PEOPLE
    for number, (title, step) in enumerate(steps, start=1):
        progress(title, number, len(steps))
        step(draft)
    frame = draft.frame
    internal = [name for name in frame.columns if str(name).startswith("@") and name not in (ROW, KEPT, "@geom")]
    frame = frame.drop(columns=[name for name in (*internal, SHAPE_TEXT) if name in frame.columns])
    kept = set(frame[ROW].astype(int))
    return Checked(
        reading.kind,
        reading,
        frame.reset_index(drop=True),
        draft.columns,
        tuple(sorted(draft.rejected, key=lambda finding: finding.row or 0)),
        tuple(finding for finding in draft.corrected if finding.row in kept),
        tuple(draft.warnings),
        draft.merged,
        options,
        draft.kept,
        tuple(sorted(draft.unplaced, key=lambda one: one.row)),
    )
