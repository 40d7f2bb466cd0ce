"""Static files over HTTP: joined and compressed once per process, and kept by browsers as long as their address lives.

The address carries the build id, so that modules which import each other by relative paths always fit together.
"""

import gzip
import mimetypes
import posixpath
from dataclasses import dataclass
from pathlib import Path

import brotli
from flask import Flask, Response, abort, request
from werkzeug.security import safe_join
from werkzeug.wrappers import Response as AnyResponse

from gridmap.assets import PACKED, STATIC, build_id
from gridmap.assets.joining import join, parts_of

FOREVER = "public, max-age=31536000, immutable"
COMPRESSED = {"text/css", "text/javascript", "application/javascript", "image/svg+xml", "application/json"}
SMALL = 80_000
"""Bytes up to which brotli's best is quick enough to wait for."""


@dataclass(frozen=True)
class StaticFile:
    """One file as it is sent; `changed` is the modification time that it was read at, nanoseconds."""

    changed: int
    mimetype: str
    plain: bytes
    brotli: bytes | None
    gzip: bytes | None


class StaticFiles:
    """The files of a folder, read and compressed when first asked for, again when they change."""

    def __init__(self, folder: Path = STATIC) -> None:
        self.folder = folder
        self.build = build_id(folder)
        self._read: dict[str, StaticFile] = {}
        self._made_of: dict[str, tuple[str, ...]] = {}

    def answer(self, filename: str) -> AnyResponse:
        """The file in the best encoding that the browser takes; 404 outside the folder."""
        filename = posixpath.normpath(filename)  # one file, one entry in memory, however it is spelled
        parts = [self._path(part) for part in self._parts(filename)]
        file = self._file(filename, parts)
        accepted = request.accept_encodings
        body, encoding = file.plain, ""
        if file.brotli and accepted["br"]:
            body, encoding = file.brotli, "br"
        elif file.gzip and accepted["gzip"]:
            body, encoding = file.gzip, "gzip"
        headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
        response = Response(body, headers=headers | ({"Content-Encoding": encoding} if encoding else {}))
        response.content_type = file.mimetype
        response.set_etag(f"{self.build}-{file.changed:x}-{encoding}")
        return response.make_conditional(request)

    def _parts(self, filename: str) -> tuple[str, ...]:
        """What the answer is made of; remembered, for a page asks again and again."""
        if filename not in self._made_of:
            parts = parts_of(filename, self._text) or (filename,)
            for part in parts:
                self._path(part)
            self._made_of[filename] = parts
        return self._made_of[filename]

    def _path(self, filename: str) -> Path:
        path = safe_join(str(self.folder), filename)
        if path is None or not Path(path).is_file():
            abort(404)
        return Path(path)

    def _text(self, filename: str) -> str:
        return self._path(filename).read_text("utf-8")

    def _file(self, filename: str, parts: list[Path]) -> StaticFile:
        changed = max(part.stat().st_mtime_ns for part in parts)
        known = self._read.get(filename)
        if known is None or known.changed != changed:
            is_whole = parts == [self.folder / filename]
            plain = parts[0].read_bytes() if is_whole else join(filename, self._text).encode()
            packed = parts[0].with_name(parts[0].name + PACKED)
            known = _static_file(
                filename, plain, changed, packed.read_bytes() if is_whole and packed.exists() else None
            )
            self._read[filename] = known
        return known


def install(app: Flask, files: StaticFiles | None = None) -> None:
    """Answer `url_for("static", filename=…)`; the application must have been made with `static_folder=None`."""
    files = files or StaticFiles()
    app.add_url_rule(f"/static/{files.build}/<path:filename>", endpoint="static", view_func=files.answer)


def _static_file(filename: str, plain: bytes, changed: int, packed: bytes | None) -> StaticFile:
    mimetype = mimetypes.guess_type(filename)[0] or "application/octet-stream"
    kind = f"{mimetype}; charset=utf-8" if mimetype.startswith("text/") else mimetype
    if mimetype not in COMPRESSED:
        return StaticFile(changed, kind, plain, None, None)
    # the last steps of brotli cost a quarter of a second for a library: set-up takes them, not the first visitor
    packed = packed or brotli.compress(plain, quality=11 if len(plain) < SMALL else 9)
    return StaticFile(changed, kind, plain, packed, gzip.compress(plain, 9, mtime=0))
