"""Static files over HTTP: compressed once per process, and kept by browsers for as long as their address lives.

The address carries the build id, so that modules which import each other by relative paths always fit together.
"""

import gzip
import mimetypes
from dataclasses import dataclass
from pathlib import Path

import brotli
from flask import Flask, Response, abort, request
from werkzeug.security import safe_join
from werkzeug.wrappers import Response as AnyResponse

from gridmap.assets import STATIC, build_id

FOREVER = "public, max-age=31536000, immutable"
COMPRESSED = {"text/css", "text/javascript", "application/javascript", "image/svg+xml", "application/json"}


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

    def answer(self, filename: str) -> AnyResponse:
        """The file in the best encoding that the browser takes; 404 outside the folder."""
        path = safe_join(str(self.folder), filename)
        if path is None or not Path(path).is_file():
            abort(404)
        file = self._file(filename, Path(path))
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

    def _file(self, filename: str, path: Path) -> StaticFile:
        changed = path.stat().st_mtime_ns
        known = self._read.get(filename)
        if known is None or known.changed != changed:
            known = self._read[filename] = _read(path, changed)
        return known


def install(app: Flask, files: StaticFiles | None = None) -> None:
    """Answer `url_for("static", filename=…)`; the application must have been made with `static_folder=None`."""
    files = files or StaticFiles()
    app.add_url_rule(f"/static/{files.build}/<path:filename>", endpoint="static", view_func=files.answer)


def _read(path: Path, changed: int) -> StaticFile:
    plain = path.read_bytes()
    mimetype = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    kind = f"{mimetype}; charset=utf-8" if mimetype.startswith("text/") else mimetype
    if mimetype not in COMPRESSED:
        return StaticFile(changed, kind, plain, None, None)
    return StaticFile(changed, kind, plain, brotli.compress(plain, quality=9), gzip.compress(plain, 9, mtime=0))
