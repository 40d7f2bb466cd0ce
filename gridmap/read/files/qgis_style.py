"""A layer's style as QGIS writes it (QML): the classes of our legend, names of fields, words for codes, labels."""

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import quoteattr

from gridmap.layer import Layer
from gridmap.read.files.rows import Field

CATEGORIES = "Symbology|Labeling|Fields|Forms"
OUTLINE = "#5b665f"
AREAS_ABOVE = frozenset({"districts", "streets", "communities", "grids"})
"""Areas that hold others: drawn as a thin wash with a strong border, so that what lies in them is seen."""
SYMBOLS = {"polygon": "fill", "line": "line", "point": "marker", "points": "marker", "mixed": "fill"}
LABEL_SCALE = 12_000
"""Labels are shown from this scale on; before, they would hide what they name."""


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
            *(_labels(label, shape) if label else ()),
            *_forms(fields),
            "</qgis>",
        )
    )


def _renderer(layer: Layer, shape: str, by: str | None, titles: dict[str, str]) -> Iterator[str]:
    style = layer.style
    if by is None:
        yield '<renderer-v2 type="singleSymbol" symbollevels="0" forceraster="0" enableorderby="0"><symbols>'
        yield _symbol(layer, shape, "0", style.colour)
        yield "</symbols></renderer-v2>"
        return
    colours = {value: one.colour for value, one in style.classes.items()}
    yield (
        f'<renderer-v2 type="categorizedSymbol" attr={quoteattr(by)} symbollevels="0" forceraster="0"'
        ' enableorderby="0"><categories>'
    )
    for number, value in enumerate((*colours, "")):
        label = titles.get(value, value)
        words = f"value={quoteattr(value)} label={quoteattr(label)}"
        yield f'<category {words} symbol="{number}" render="true" type="string"/>'
    yield "</categories><symbols>"
    for number, colour in enumerate((*colours.values(), style.colour)):
        yield _symbol(layer, shape, str(number), colour)
    yield "</symbols></renderer-v2>"


def _symbol(layer: Layer, shape: str, name: str, colour: str) -> str:
    kind = SYMBOLS[shape]
    if kind == "marker":
        parts = ("SimpleMarker", {
            "name": "circle", "color": _rgba(colour), "outline_color": "255,255,255,255", "outline_width": "0.3",
            "size": "2.4", "size_unit": "MM",
        })  # fmt: skip
    elif kind == "line":
        parts = ("SimpleLine", {
            "line_color": _rgba(colour), "line_width": "0.6", "line_width_unit": "MM", "capstyle": "round",
            "joinstyle": "round",
        })  # fmt: skip
    elif layer.name in AREAS_ABOVE:
        parts = ("SimpleFill", {
            "color": _rgba(colour, 40), "style": "solid", "outline_color": _rgba(OUTLINE, 200),
            "outline_width": "0.4", "outline_style": "solid", "outline_width_unit": "MM",
        })  # fmt: skip
    else:
        parts = ("SimpleFill", {
            "color": _rgba(colour, 225), "style": "solid", "outline_color": _rgba(OUTLINE, 160),
            "outline_width": "0.16", "outline_style": "solid", "outline_width_unit": "MM",
        })  # fmt: skip
    kind_of_layer, values = parts
    options = "".join(f'<Option type="QString" name="{key}" value="{value}"/>' for key, value in values.items())
    props = "".join(f'<prop k="{key}" v="{value}"/>' for key, value in values.items())
    return (
        f'<symbol type="{kind}" name="{name}" alpha="1" clip_to_extent="1" force_rhr="0">'
        f'<layer class="{kind_of_layer}" enabled="1" locked="0" pass="0"><Option type="Map">{options}</Option>'
        f"{props}</layer></symbol>"
    )


def _labels(label: str, shape: str) -> Iterator[str]:
    placement = {"marker": "0", "line": "3", "fill": "1"}[SYMBOLS[shape]]
    yield '<labeling type="simple"><settings calloutType="simple">'
    yield (
        f'<text-style fieldName={quoteattr(label)} fontFamily="Noto Sans CJK SC" fontSize="8" fontSizeUnit="Point"'
        ' textColor="28,42,46,255" textOpacity="1" isExpression="0" namedStyle="Regular">'
        '<text-buffer bufferDraw="1" bufferSize="0.7" bufferSizeUnits="MM" bufferColor="255,255,255,220"'
        ' bufferOpacity="1"/></text-style>'
    )
    yield f'<placement placement="{placement}" dist="1" distUnits="MM" priority="5"/>'
    yield (
        f'<rendering scaleVisibility="1" scaleMin="{LABEL_SCALE}" scaleMax="1" obstacle="1" displayAll="0"'
        ' drawLabels="1"/>'
    )
    yield "</settings></labeling>"


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


def _rgba(colour: str, alpha: int = 255) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"{red},{green},{blue},{alpha}"
