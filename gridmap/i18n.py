"""Texts: English in the code, Chinese in the catalogue; a title is translated where it is printed."""

import gettext
from functools import cache
from pathlib import Path

LOCALES = ("zh", "en")
DEFAULT_LOCALE = "zh"
TRANSLATIONS = Path(__file__).parent / "translations"


def _(text: str) -> str:
    """Mark a text for translation; the English text itself comes back."""
    return text


WEEKDAYS = (
    _("Monday"),
    _("Tuesday"),
    _("Wednesday"),
    _("Thursday"),
    _("Friday"),
    _("Saturday"),
    _("Sunday"),
)
"""The weekdays, Monday first as the week begins."""


@cache
def catalogue(locale: str) -> gettext.NullTranslations:
    """The compiled catalogue of a locale; English needs none. Unknown locales fall back to English."""
    return gettext.translation("messages", TRANSLATIONS, [locale], fallback=True)


def translate(locale: str, text: str, **values: object) -> str:
    """The text in that locale, its `{name}` places filled with `values`; an empty text stays empty."""
    if not text:
        return ""
    found = catalogue(locale).gettext(text)
    return found.format(**values) if values else found
