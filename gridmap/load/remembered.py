"""What a person said about a source before, as a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gridmap.coords import Datum
from gridmap.load.reading import Options


@dataclass(frozen=True)
class Remembered:
    """What was said about a source before: our column → column of the file, the datum, the order of dates."""

    columns: Mapping[str, str] = field(default_factory=dict)
    datum: Datum | None = None
    dates: str | None = None

    def in_options(self, options: Options) -> Options:
        """The options with the columns and the order of dates as they were said before, where nothing is said now.

        The datum is never taken without a person's word: a wrong one moves everything. `guess` offers it first.
        """
        return replace(options, remembered=dict(self.columns), dates=options.dates or self.dates)
