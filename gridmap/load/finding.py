"""What the importer has to say: findings on rows and files, and the one error that ends an import."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gridmap.i18n import translate
from gridmap.load.problems import PROBLEMS

RAW_LENGTH = 200


class LoadError(Exception):
    """The file as a whole cannot be imported; the message is one sentence for a person, with the way out.

    `code` names the problem, `params` fills its sentence, so that a page can say it in another language.
    """

    def __init__(self, code: str, /, **params: object) -> None:
        self.code = code
        self.params = {name: str(value) for name, value in params.items()}
        super().__init__(self.sentence())

    def sentence(self, locale: str = "en") -> str:
        """The message, in that language."""
        return translate(locale, PROBLEMS[self.code], **self.params)


@dataclass(frozen=True)
class Finding:
    """One thing that was found: where in which file, what (code and sentence), and the raw value."""

    code: str
    file: str
    row: int | None = None
    """The number that a person counts to in the file: feature, line or row, from 1; None speaks of the whole file."""
    unit: str = "feature"
    layer: str = ""
    """The sheet or layer, where a file has several."""
    raw: str = ""
    name: str = ""
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where in the file, as text: `sheet 名单, row 12`."""
        if self.row is None:
            return self.layer
        return f"{self.layer}, {self.unit} {self.row}" if self.layer else f"{self.unit} {self.row}"

    def sentence(self, locale: str = "en") -> str:
        """The reason, in that language."""
        return translate(locale, PROBLEMS[self.code], **self.params)


def shorten(value: object) -> str:
    """A raw value as it may stand in a report: one line, bounded."""
    text = " ".join(str(value).split()) if value is not None else ""
    return text if len(text) <= RAW_LENGTH else text[: RAW_LENGTH - 1] + "…"
