"""Catalogues: the .po files of a locale become one messages.mo; what is unfinished is listed."""

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from gridmap.assets import PACKAGE, AssetError

TRANSLATIONS = PACKAGE / "translations"


def locales(folder: Path = TRANSLATIONS) -> list[str]:
    """The locales that have a catalogue, sorted. English is the language of the msgids and has none."""
    return sorted({path.relative_to(folder).parts[0] for path in folder.glob("*/**/*.po")})


def merged(locale: str, folder: Path = TRANSLATIONS) -> Catalog:
    """One catalogue from all .po files of a locale.

    Raises AssetError where a file cannot be read, or where two files translate one msgid differently.
    """
    whole = Catalog(locale=locale, domain="messages", fuzzy=False)
    origin: dict[tuple[str | None, str], tuple[Path, Message]] = {}
    for path, message in _messages(locale, folder):
        key = (message.context, _singular(message))
        if key in origin and origin[key][1].string != message.string:
            raise AssetError(f"{_singular(message)!r} is translated differently in {origin[key][0]} and {path}")
        origin[key] = (path, message)
        whole.add(message.id, message.string, context=message.context, flags=message.flags)
    return whole


def unfinished(locale: str, folder: Path = TRANSLATIONS) -> list[str]:
    """`file: msgid` of every message that is fuzzy or has no translation."""
    return [
        f"{path.relative_to(folder)}: {_singular(message)}"
        for path, message in _messages(locale, folder)
        if message.fuzzy or not _is_complete(message)
    ]


def compile_locale(locale: str, folder: Path = TRANSLATIONS) -> Path:
    """Write `<locale>/LC_MESSAGES/messages.mo`, if its bytes changed, and give its path. Raises AssetError."""
    target = folder / locale / "LC_MESSAGES" / "messages.mo"
    buffer = io.BytesIO()
    write_mo(buffer, merged(locale, folder))
    if not target.is_file() or target.read_bytes() != buffer.getvalue():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(buffer.getvalue())
    return target


def _messages(locale: str, folder: Path) -> Iterator[tuple[Path, Message]]:
    for path in sorted((folder / locale).rglob("*.po")):
        try:
            catalog = read_po(io.BytesIO(path.read_bytes()), locale=locale, abort_invalid=True)
        except (PoFileError, ValueError) as error:
            raise AssetError(f"{path}: {error}") from None
        yield from ((path, message) for message in catalog if message.id)


def _singular(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _is_complete(message: Message) -> bool:
    strings = [message.string] if isinstance(message.string, str) else message.string
    return bool(strings) and all(strings or ())
