"""`/photos/…`: the photo of an answer, for who looks after the place; planners and administrators see none."""

from flask import Response, abort, make_response, send_file

from gridmap import context
from gridmap.duties.sending import ANSWERING
from gridmap.files import path_of
from gridmap.read.photos import read_photo
from gridmap.web.blueprint import pages


@pages.get("/photos/<int:inspection_id>")
def photo(inspection_id: int) -> Response:
    """The picture as a JPEG; 404 where there is none, or none that the viewer may see."""
    viewer = context.viewer()
    if inspection_id >= 1 << 53 or not viewer.roles & ANSWERING:
        abort(404)
    with context.services().database.transaction(viewer.prologue) as connection:
        sha256 = read_photo(connection, viewer, inspection_id)
    if sha256 is None:
        abort(404)
    path = path_of(context.services().settings.home, sha256)
    if not path.is_file():
        abort(404)
    response = make_response(send_file(path, mimetype="image/jpeg", max_age=0, etag=sha256.hex()))
    response.headers["Cache-Control"] = "private, no-cache"
    return response
