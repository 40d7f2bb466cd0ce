"""A layer's style as QGIS writes it (QML): the classes of our legend, names of fields, words for codes, labels."""

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import quoteattr

from gridmap.layer import Layer
from gridmap.read.files.rows import Field

CATEGORIES = "Symbology|Labeling|Fields|Forms"
EDGES = {
    "districts": "#4a4d8f",
    "streets": "#4a4d8f",
    "communities": "#5b5fa6",
    "grids": "#6a6eb2",
    "estates": "#a78e62",
    "water": "#8dbbd0",
    "green": "#b4cc9c",
}
"""Edges that no style declares, as on our map; others are a darker shade of what they surround."""
TERRITORY = frozenset({"districts", "streets", "communities"})
"""Drawn as a border alone, so that what lies in them is seen."""
EDGE, DOT = 0.72, 0.62
"""How much darker than its class an edge is, and the dot of something that usually has an area."""
ROADS_MM = {"motorway": 1.8, "main": 1.5, "secondary": 1.2, "residential": 0.9, "path": 0.4, "rail": 0.5}
SYMBOLS = {"polygon": "fill", "line": "line", "point": "marker", "points": "marker", "mixed": "fill"}
SCALE_OF_ZOOM_0 = 559_082_264
"""The scale of a map of the web at zoom 0, on the equator."""


def qml_of(layer: Layer, shape: str, fields: Sequence[Field], locale_title: dict[str, str]) -> str:
    """The QML of a table of that shape; `locale_title`: the titles of the style's classes in the reader's language."""
    names = {one.name for one in fields}
    by = layer.style.by if layer.style.by in names else None
    label = layer.label if layer.label in names else None
    return "\n".join(
        (
            "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>",
            f'<qgis version="3.22.0" styleCategories="{CATEGORIES}" labelsEnabled="{int(bool(label))}">',
            *_renderer(layer, shape, by, locale_title),
            *(_labels(layer, label, shape) if label else ()),
            *_forms(fields),
            "</qgis>",
        )
    )


def _renderer(layer: Layer, shape: str, by: str | None, titles: dict[str, str]) -> Iterator[str]:
    style = layer.style
    # of lines all casings, then all fills, so that crossings stay open
    orders = f'symbollevels="{int(SYMBOLS[shape] == "line")}" forceraster="0" enableorderby="0"'
    if by is None:
        yield f'<renderer-v2 type="singleSymbol" {orders}><symbols>'
        yield _symbol(layer, shape, "0", style.colour)
        yield "</symbols></renderer-v2>"
        return
    colours = {value: one.colour for value, one in style.classes.items()} | {"": style.colour}
    yield f'<renderer-v2 type="categorizedSymbol" attr={quoteattr(by)} {orders}><categories>'
    for number, value in enumerate(colours):
        words = f"value={quoteattr(value)} label={quoteattr(titles.get(value, value))}"
        yield f'<category {words} symbol="{number}" render="true" type="string"/>'
    yield "</categories><symbols>"
    for number, (value, colour) in enumerate(colours.items()):
        yield _symbol(layer, shape, str(number), colour, value)
    yield "</symbols></renderer-v2>"


def _symbol(layer: Layer, shape: str, name: str, colour: str, value: str = "") -> str:
    kind = SYMBOLS[shape]
    parts = {"marker": _marker, "line": _line, "fill": _fill}[kind](layer, colour, value)
    layers = "".join(_part(number, of, words) for number, (of, words) in enumerate(parts))
    return f'<symbol type="{kind}" name="{name}" alpha="1" clip_to_extent="1" force_rhr="0">{layers}</symbol>'


def _part(number: int, of: str, words: dict[str, str]) -> str:
    options = "".join(f'<Option type="QString" name="{key}" value="{value}"/>' for key, value in words.items())
    props = "".join(f'<prop k="{key}" v="{value}"/>' for key, value in words.items())
    return (
        f'<layer class="{of}" enabled="1" locked="0" pass="{number}"><Option type="Map">{options}</Option>'
        f"{props}</layer>"
    )


Parts = tuple[tuple[str, dict[str, str]], ...]
"""Layers of a symbol, from below: class, and its words."""


def _marker(layer: Layer, colour: str, _value: str) -> Parts:
    inside = colour if layer.style.shape == "point" else _darker(colour, DOT)
    return (
        ("SimpleMarker", {
            "name": "circle", "color": _rgba(inside), "outline_color": "255,255,255,255", "outline_width": "0.3",
            "size": "2.4", "size_unit": "MM",
        }),
    )  # fmt: skip


def _line(_layer: Layer, colour: str, value: str) -> Parts:
    width = ROADS_MM.get(value, 0.6)
    joined = {"line_width_unit": "MM", "capstyle": "round", "joinstyle": "round"}
    return (
        ("SimpleLine", {"line_color": _rgba(_darker(colour, 0.82)), "line_width": f"{width + 0.4:.1f}", **joined}),
        ("SimpleLine", {"line_color": _rgba(colour), "line_width": f"{width}", **joined}),
    )


def _fill(layer: Layer, colour: str, _value: str) -> Parts:
    is_above = layer.name in TERRITORY or layer.name == "grids"
    # what usually is a point lies on something, which stays to be seen
    alpha = 64 if is_above or layer.style.shape == "point" else 225
    return (
        ("SimpleFill", {
            "color": _rgba(colour, alpha), "style": "no" if layer.name in TERRITORY else "solid",
            "outline_color": _rgba(EDGES.get(layer.name) or _darker(colour, EDGE)),
            "outline_width": "0.5" if is_above else "0.16", "outline_width_unit": "MM",
            "outline_style": "dash" if layer.name == "estates" else "solid",
        }),
    )  # fmt: skip


def _labels(layer: Layer, label: str, shape: str) -> Iterator[str]:
    placement = {"marker": "0", "line": "3", "fill": "1"}[SYMBOLS[shape]]
    yield '<labeling type="simple"><settings calloutType="simple">'
    yield (
        f'<text-style fieldName={quoteattr(label)} fontFamily="Noto Sans CJK SC" fontSize="8" fontSizeUnit="Point"'
        ' textColor="28,42,46,255" textOpacity="1" isExpression="0" namedStyle="Regular">'
        '<text-buffer bufferDraw="1" bufferSize="0.7" bufferSizeUnits="MM" bufferColor="255,255,255,220"'
        ' bufferOpacity="1"/></text-style>'
    )
    yield f'<placement placement="{placement}" dist="1" distUnits="MM" priority="5"/>'
    # QGIS names them by the denominator: scaleMax is the smallest scale that shows labels
    yield (
        f'<rendering scaleVisibility="1" scaleMin="1" scaleMax="{label_scale(layer, label)}" obstacle="1"'
        ' displayAll="0" drawLabels="1"/>'
    )
    yield "</settings></labeling>"


def label_scale(layer: Layer, label: str) -> int:
    """From which scale, 1 : this, labels are shown: two zooms after the tiles of our map carry their words.

    QGIS draws all at once what our map draws tile by tile, so a label would hide the small thing that it names.
    """
    carried = [zoom for zoom, names in layer.zoom_attributes.items() if label in names]
    return SCALE_OF_ZOOM_0 >> (min(carried, default=layer.min_zoom) + 2)


def _forms(fields: Sequence[Field]) -> Iterator[str]:
    yield "<fieldConfiguration>"
    for one in fields:
        widget = f"<editWidget type={_widget(one)}</editWidget>"
        yield f'<field name={quoteattr(one.name)} configurationFlags="None">{widget}</field>'
    yield "</fieldConfiguration><aliases>"
    for index, one in enumerate(fields, start=1):
        yield f'<alias index="{index}" field={quoteattr(one.name)} name={quoteattr(one.heading)}/>'
    yield "</aliases>"


def _widget(one: Field) -> str:
    if not one.codes:
        return '"TextEdit"><config><Option/></config>'
    words = "".join(
        f'<Option type="Map"><Option type="QString" name={quoteattr(title)} value={quoteattr(code)}/></Option>'
        for code, title in one.codes.items()
    )
    return f'"ValueMap"><config><Option type="Map"><Option type="List" name="map">{words}</Option></Option></config>'


def _darker(colour: str, share: float) -> str:
    return "#" + "".join(f"{round(int(colour[at : at + 2], 16) * share):02x}" for at in (1, 3, 5))


def _rgba(colour: str, alpha: int = 255) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"{red},{green},{blue},{alpha}"
