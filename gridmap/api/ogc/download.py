"""A layer as a file by URL: `/ogc/collections/{layer}/items.geojson`, streamed, and written down in the audit log."""

from flask import Response, request
from psycopg_pool import PoolTimeout

from gridmap import context
from gridmap.api.errors import GridmapError, NotThere
from gridmap.api.ogc.answers import asked_layer, asked_moment, asked_words, ogc
from gridmap.api.ogc.items import FILTERS, asked_crs, asked_filter
from gridmap.clock import real_now
from gridmap.i18n import translate
from gridmap.read import Export, Format, Stream, cuts_of, note_export


class TooManyExports(GridmapError):
    """Every connection for exports is taken."""

    status, code = 429, "too_many"


@ogc.get("/collections/<name>/items.<extension>")
def download(name: str, extension: str) -> Response:
    """The whole collection as a file, or what `bbox`, `datetime`, `filter` and attributes leave of it, as of `as_of`.

    The same rows and attributes as the pages of items. An error comes before the first byte; a file that breaks off
    lacks its end.
    """
    layer = asked_layer(name)
    if extension not in list(Format):
        raise NotThere("format", extension)
    words = asked_words("as_of", *FILTERS, *cuts_of(layer), others=layer.attributes)
    viewer, services = context.viewer(), context.services()
    asked_crs(layer, words, asked_moment(words, layer))
    export = Export(
        layer=layer,
        viewer=viewer,
        asked=asked_moment(words, layer),
        made_at=real_now(),
        title=translate(context.locale(), layer.title),
        format=Format(extension),
        where=asked_filter(layer, words),
    )
    name_of_file = f"{layer.name}_{export.asked.as_of.date().isoformat()}.{extension}"
    headers = {
        "Content-Type": export.format.media_type,
        "Content-Disposition": f'attachment; filename="{name_of_file}"',
        "Cache-Control": "private, no-store",
    }
    if request.method == "HEAD":
        return Response(headers=headers)
    note_export(services.database, export, business_at=services.clock.now(), target=request.full_path.rstrip("?"))
    try:
        return Response(Stream(services.database, export), headers=headers)
    except PoolTimeout:
        raise TooManyExports from None
