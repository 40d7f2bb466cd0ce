"""Sending a file to `/import`: kept in the data folder, read by background work, never by the page itself."""

from pathlib import Path

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.files import TooLarge, keep_stream
from gridmap.load.uploads import PAGE_KINDS, receive
from gridmap.web.blueprint import actor, pages, typed
from gridmap.web.imports.guard import asked_street, for_importers, sentence, streets
from gridmap.web.imports.start import start_page

MOST_BYTES = 200_000_000
NAME_LENGTH = 60
"""Signs; so that a file system can hold it whatever they are."""


@pages.post("/import")
@for_importers
def send_import() -> Response | tuple[str, int]:
    """Take the file in and lead to its page."""
    with context.services().database.transaction(context.viewer().prologue) as connection:
        street = asked_street(streets(connection))
    sent = request.files.get("file")
    name = plain_name(sent.filename or "") if sent else ""
    if sent is None or not name:
        return start_page(sentence("no_file")), 422
    if street is None:
        return start_page(sentence("street_needed")), 422
    try:
        kept = keep_stream(context.services().settings.home, sent.stream, MOST_BYTES)
    except TooLarge:
        return start_page(sentence("too_large", {"file": name, "megabytes": MOST_BYTES // 1_000_000})), 413
    kind = typed("kind", 20)
    said = {"kind": kind if kind in PAGE_KINDS else "", "source": typed("source", 60)}
    with context.services().database.transaction(context.viewer().prologue) as connection:
        upload_id = receive(connection, actor(), street["id"], kept, name, said)
    return redirect(url_for("pages.import_upload", upload_id=upload_id), 303)


def plain_name(given: str) -> str:
    """The name of the file alone, printable and bounded; what it ends in, which tells the format, stays."""
    bare = given.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(sign for sign in bare if sign.isprintable()).strip().lstrip(".")
    ending = "".join(Path(plain).suffixes[-2:])[-20:]
    return plain if len(plain) <= NAME_LENGTH else plain[: NAME_LENGTH - len(ending)] + ending
