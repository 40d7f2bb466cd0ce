"""What a file says of itself, in the reader's language: layer, source, day, coordinates, filter."""

from gridmap.clock import OFFICE
from gridmap.db.pools import Connection
from gridmap.i18n import _, translate
from gridmap.read.provenance import Source, read_state
from gridmap.read.stream import DATUM_NOTE, Export

MOST_SOURCES = 5
FILTER_WORDS = {
    "bbox": _("Box (west, south, east, north)"),
    "area": _("Drawn area"),
    "inside": _("Inside the places"),
    "datetime": _("Time"),
}


def facts_of(connection: Connection, export: Export) -> dict[str, str]:
    """Title → words, in the order in which they are told. In the viewer's transaction."""
    locale = export.viewer.locale

    def say(text: str, **values: object) -> str:
        return translate(locale, text, **values)

    state = read_state(connection, export.layer, export.viewer, export.asked, None)
    sources = [_source(locale, one) for one in state.sources[:MOST_SOURCES]]
    if len(state.sources) > MOST_SOURCES:
        sources.append(say(_("and {count} more"), count=len(state.sources) - MOST_SOURCES))
    said = export.asked.said | dict(export.where.said)
    cut = "; ".join(f"{say(FILTER_WORDS.get(name, name))}: {value}" for name, value in said.items())
    found = {
        say(_("Layer")): f"{export.title} ({export.layer.name})",
        say(_("About")): say(export.layer.about),
        say(_("Made")): export.made_at.astimezone(OFFICE).strftime("%Y-%m-%d %H:%M"),
        say(_("As of")): export.asked.as_of.astimezone(OFFICE).strftime("%Y-%m-%d"),
        say(_("Filter")): cut or say(_("none")),
        say(_("Coordinates")): say(DATUM_NOTE),
        say(_("Where from")): "; ".join(sources) or say(_("not recorded")),
        say(_("Personal data")): say(_("not contained") if export.masked else _("contained")),
    }
    return found | ({say(_("Watermark")): export.watermark} if export.watermark else {})


def _source(locale: str, one: Source) -> str:
    name = one.file_name or one.name or translate(locale, _("not recorded"))
    day = f", {one.imported_at.astimezone(OFFICE):%Y-%m-%d}" if one.imported_at else ""
    frame = f" ({one.datum or one.crs})" if one.datum or one.crs else ""
    return f"{name}{day}{frame}"
