"""Pages are compressed: on a slow line the bytes of a page are most of its waiting.

Compressed bytes tell by their length whether two texts of a page are alike. The one secret that pages carry, the proof
of their forms, is therefore written in other digits in each answer (`context.csrf_token`).
"""

import gzip

import brotli
from flask import Response, request

from gridmap.web.blueprint import pages

LEAST = 600
"""Bytes below which an answer fits one packet anyway."""
MIMETYPES = frozenset({"text/html", "application/json"})


@pages.after_app_request
def compress(response: Response) -> Response:
    """The same answer in what the browser reads, brotli before gzip. Streams stay as they are."""
    if response.is_streamed or response.mimetype not in MIMETYPES or "Content-Encoding" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    accepted, body = request.accept_encodings, response.get_data()
    if len(body) < LEAST or response.headers.get("ETag"):
        return response
    if accepted["br"]:
        response.set_data(brotli.compress(body, quality=5))
        response.headers["Content-Encoding"] = "br"
    elif accepted["gzip"]:
        response.set_data(gzip.compress(body, 6, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response
