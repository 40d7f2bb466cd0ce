"""Many small files in the house, one on the line: style sheets one after the other, modules with what they import.

A page that asks for forty files waits for forty answers. Nothing is built beforehand: what a browser gets is made from
the sources when it is first asked for. Scripts keep to the few forms of import and export below; another form is
refused, so that nothing is joined wrongly.
"""

import posixpath
import re
from collections.abc import Callable

SHEETS = {
    "css/site.css": tuple(f"css/{name}.css" for name in ("tokens", "base", "shell", "controls", "components")),
    "css/street_map.css": ("css/map.css", "css/card.css", "css/lines.css"),
    "css/my_places.css": ("css/map.css", "css/card.css", "css/lines.css", "css/due.css", "css/my.css"),
}
"""Sheets that exist only joined, of sheets in the same folder, so that their addresses of pictures stay right."""
ENTRIES = "js/pages/"
"""Modules in this folder are sent with everything that they import."""

Read = Callable[[str], str]
"""The text of a static file by its path below `static/`."""

IMPORT = re.compile(r'^import (?:(?P<names>\{[^}]*\}|\* as \w+) from )?"(?P<path>\.[^"]+)";$', re.MULTILINE)
REEXPORT = re.compile(r'^export (?P<names>\{[^}]*\}) from "(?P<path>\.[^"]+)";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) (?P<name>\w+))", re.MULTILINE)
LEFT = re.compile(r"^(?:import|export)\b[^\n]*|\bimport\.meta\b|\bimport\(\s*[\"'`]\.[^\n]*", re.MULTILINE)
COMMENTS = re.compile(r"^[ \t]*(?://[^\n]*|/\*\*.*?\*/)\n", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"(\w+)(?: as (\w+))?")


class JoinError(Exception):
    """A script imports or exports in a way that cannot be joined, or in a circle."""


def parts_of(name: str, read: Read) -> tuple[str, ...]:
    """The files that the answer for `name` is made of; one or none where it is a file as it stands."""
    if name in SHEETS:
        return SHEETS[name]
    return tuple(_modules(name, read)) if name.startswith(ENTRIES) else ()


def join(name: str, read: Read) -> str:
    """The text of a joined sheet, or of an entry with all its modules. Raises JoinError."""
    if name in SHEETS:
        return "".join(read(part) for part in SHEETS[name])
    modules = _modules(name, read)
    numbers = {path: f"module{number}" for number, path in enumerate(modules)}
    text, exported = "", list[str]()
    for path, source in modules.items():
        exported, body = _module(path, source, numbers)
        text += f"const {numbers[path]} = (() => {{\n{body}return {{ {', '.join(exported)} }};\n}})();\n"
    if not exported:
        return text
    return f"{text}const {{ {', '.join(exported)} }} = {numbers[name]};\nexport {{ {', '.join(exported)} }};\n"


def _modules(name: str, read: Read) -> dict[str, str]:
    """Source by path: what is imported before what imports it."""
    found: dict[str, str] = {}
    waiting: list[str] = []

    def visit(path: str) -> None:
        if path in waiting:
            raise JoinError(f"{path} imports itself by way of {' → '.join(waiting)}")
        if path in found:
            return
        waiting.append(path)
        source = COMMENTS.sub("", read(path))
        for match in sorted((*IMPORT.finditer(source), *REEXPORT.finditer(source)), key=re.Match.start):
            visit(_beside(path, match["path"]))
        waiting.pop()
        found[path] = source

    visit(name)
    return found


def _module(path: str, source: str, numbers: dict[str, str]) -> tuple[list[str], str]:
    """What a module exports, and its body as that of a function."""
    exported = [match["name"] for match in EXPORT.finditer(source)]

    def taken(match: re.Match[str]) -> str:
        other, names = numbers[_beside(path, match["path"])], match["names"]
        if names is None:
            return ""
        if names.startswith("*"):
            return f"const {names.removeprefix('* as ')} = {other};"
        return f"const {{ {', '.join(_renamed(names))} }} = {other};"

    def passed_on(match: re.Match[str]) -> str:
        exported.extend(alias or name for name, alias in NAME.findall(match["names"]))
        return taken(match)

    body = EXPORT.sub("", IMPORT.sub(taken, REEXPORT.sub(passed_on, source)))
    if left := LEFT.search(body):
        raise JoinError(f"{path}: this cannot be joined: {left[0]}")
    return exported, body


def _renamed(names: str) -> list[str]:
    return [f"{name}: {alias}" if alias else name for name, alias in NAME.findall(names)]


def _beside(path: str, other: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), other))
