"""Files into the register: read → check → report → one transaction. Everything until the write needs no database.

`read_file` gives a `Reading` (rows as they stand, facts about the source), `check` a `Checked` (accepted rows under
our column names; everything rejected, corrected and warned about), `store` writes several of them at once.
"""

from gridmap.load.check import Checked, check
from gridmap.load.finding import Finding, LoadError
from gridmap.load.formats import read_file
from gridmap.load.kinds import KINDS, Kind
from gridmap.load.known import Known, nothing_known
from gridmap.load.reading import Options, Reading

__all__ = [
    "KINDS",
    "Checked",
    "Finding",
    "Kind",
    "Known",
    "LoadError",
    "Options",
    "Reading",
    "check",
    "nothing_known",
    "read_file",
]
