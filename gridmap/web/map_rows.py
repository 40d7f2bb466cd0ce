"""What a map shows, as a file: GeoJSON, CSV, or a workbook for Excel."""

from collections.abc import Mapping

from flask import Response, abort
from psycopg_pool import PoolTimeout

from gridmap import context
from gridmap.clock import real_now
from gridmap.layer import Layer
from gridmap.read import Asked, Export, Format, Stream, note_export
from gridmap.read.workbook import MEDIA_TYPE, Workbook
from gridmap.web.asked import today
from gridmap.web.blueprint import say

FORMS: Mapping[str, tuple[Format, type[Stream] | type[Workbook]]] = {
    "geojson": (Format.GEOJSON, Stream),
    "csv": (Format.CSV, Stream),
    "xlsx": (Format.CSV, Workbook),
}


def rows_as_file(layer: Layer, asked: Asked, form: str, target: str) -> Response:
    """The rows asked for, streamed and noted in the audit log; 404 for another form, 429 when too many run."""
    if form not in FORMS:
        abort(404)
    services, (kind, writer) = context.services(), FORMS[form]
    export = Export(
        layer=layer, viewer=context.viewer(), asked=asked, made_at=real_now(), title=say(layer.title), format=kind
    )
    note_export(services.database, export, business_at=services.clock.now(), target=target)
    try:
        blocks = writer(services.database, export)
    except PoolTimeout:
        # every connection for files is taken
        abort(429)
    headers = {
        "Content-Type": MEDIA_TYPE if writer is Workbook else kind.media_type,
        "Content-Disposition": f'attachment; filename="{layer.name}-{today().isoformat()}.{form}"',
        "Cache-Control": "private, no-store",
    }
    return Response(blocks, headers=headers)
