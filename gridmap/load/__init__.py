"""Files into the register: read → check → report → one transaction. Everything until the write needs no database.

`read_file` gives a `Reading` (rows as they stand, facts about the source), `check` a `Checked` (accepted rows under
our column names; everything rejected, corrected and warned about), `store` writes several of them at once.
`guess` says beforehand what a file is taken for, `Checked.unplaced` which rows wait for a position by hand.
"""

from gridmap.load.check import Checked, check
from gridmap.load.finding import Finding, LoadError
from gridmap.load.formats import read_file
from gridmap.load.formats.layers import Layer, list_layers
from gridmap.load.guesses import Guesses, guess
from gridmap.load.kinds import KINDS, Kind
from gridmap.load.known import Known, nothing_known
from gridmap.load.reading import Options, Reading
from gridmap.load.remembered import Remembered
from gridmap.load.unplaced import Unplaced, reading_of

__all__ = [
    "KINDS",
    "Checked",
    "Finding",
    "Guesses",
    "Kind",
    "Known",
    "Layer",
    "LoadError",
    "Options",
    "Reading",
    "Remembered",
    "Unplaced",
    "check",
    "guess",
    "list_layers",
    "nothing_known",
    "read_file",
    "reading_of",
]
