"""Run by the Python that has QGIS, not by ours: opens what a JSON job names, says what it found, draws windows.

`{"file": PATH, "tables": […], "live": {"url", "user", "token", "layers": […]}, "pictures": [{"to", "of", "tables",
"box"}]}` on the standard input; the findings, `{"file": {table: …}, "live": {layer: …}}`, on the standard output.
"""

import json
import os
import sys

from qgis.core import (
    QgsApplication,
    QgsCategorizedSymbolRenderer,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsLayerTreeModel,
    QgsMapLayer,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.gui import QgsLayerTreeMapCanvasBridge, QgsLayerTreeView, QgsMapCanvas
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QFont
from qgis.PyQt.QtWidgets import QSplitter
from qgis.PyQt.QtXml import QDomDocument

ZONE = "EPSG:4526"
"""The 3-degree zone of the demo, which planners draw in."""
WINDOW = (1280, 800)
LEGEND = 300


def opened(file, table):
    """A table as QGIS opens it when it is dragged in: with the default style of `layer_styles`."""
    layer = QgsVectorLayer(f"{file}|layername={table}", table, "ogr")
    layer.setName(layer.metadata().title() or table)
    return layer


def connected(live, name):
    """A layer of the live service, by the words of the dialogue: address, user name, token as the password."""
    words = {"url": live["url"], "typename": name, "username": live["user"], "password": live["token"]}
    source = " ".join(f"{key}='{value}'" for key, value in words.items())
    layer = QgsVectorLayer(f"{source} pagingEnabled='true' restrictToRequestBBOX='1'", name, "OAPIF")
    layer.setName(layer.metadata().title() or name)
    return layer


def give_style(source, target):
    """Styles › Copy Style in one layer, Styles › Paste Style in the other."""
    document = QDomDocument()
    problem = source.exportNamedStyle(document)
    done, why = target.importNamedStyle(document, QgsMapLayer.AllStyleCategories)
    return "" if done and not problem else problem or why or "refused"


def found(layer):
    """What a person would see of it."""
    if not layer.isValid():
        return {"valid": False}
    rows = list(layer.getFeatures())
    settings = layer.labeling().settings() if layer.labeling() and layer.labelsEnabled() else None
    letters = settings.format() if settings else None
    halo = letters.buffer() if letters else None
    return {
        "valid": True,
        "title": layer.name(),
        "abstract": layer.metadata().abstract() or layer.dataProvider().dataComment(),
        "crs": layer.crs().authid(),
        "count": layer.featureCount(),
        "ids": sorted(row.attribute("id") if layer.providerType() == "ogr" else row.id() for row in rows),
        "names": sorted(str(row.attribute("name")) for row in rows) if layer.fields().indexOf("name") >= 0 else [],
        "shapes": sum(row.hasGeometry() for row in rows),
        "fields": {one.name(): layer.attributeDisplayName(index) for index, one in enumerate(layer.fields())},
        "types": {one.name(): one.typeName() for one in layer.fields()},
        "words": {one.name(): _words(one.editorWidgetSetup()) for one in layer.fields()},
        "renderer": layer.renderer().type(),
        "by": layer.renderer().classAttribute() if isinstance(layer.renderer(), QgsCategorizedSymbolRenderer) else None,
        "classes": _classes(layer.renderer()),
        "label": settings.fieldName if settings else None,
        "label_from": settings.minimumScale if settings and settings.scaleVisibility else None,
        "font": letters.font().family() if letters else None,
        "halo": halo.enabled() if halo else None,
    }


def _words(setup):
    pairs = setup.config().get("map", []) if setup.type() == "ValueMap" else []
    return {code: title for pair in pairs for title, code in pair.items()}


def _classes(renderer):
    if isinstance(renderer, QgsCategorizedSymbolRenderer):
        return [[one.value(), one.label(), _top(one.symbol())] for one in renderer.categories()]
    return [[None, "", _top(renderer.symbol())]]


def _top(symbol):
    """The colour that is drawn last, above casings."""
    return symbol.symbolLayer(symbol.symbolLayerCount() - 1).color().name()


def draw(picture, layers):
    """A window with the tree of layers and the map, as a picture."""
    project, window = QgsProject.instance(), QSplitter(Qt.Horizontal)
    project.clear()
    project.setCrs(QgsCoordinateReferenceSystem(ZONE))
    canvas, tree = QgsMapCanvas(), QgsLayerTreeView()
    # kept by the project from here on, and gone with it
    project.addMapLayers(layers, False)
    for layer in layers:
        project.layerTreeRoot().addLayer(layer).setExpanded(True)
    bridge = QgsLayerTreeMapCanvasBridge(project.layerTreeRoot(), canvas)
    model = QgsLayerTreeModel(project.layerTreeRoot())
    tree.setModel(model)
    window.addWidget(tree)
    window.addWidget(canvas)
    window.resize(*WINDOW)
    window.setSizes([LEGEND, WINDOW[0] - LEGEND])
    window.show()
    bridge.setCanvasLayers()
    canvas.setDestinationCrs(project.crs())
    box = QgsCoordinateTransform(QgsCoordinateReferenceSystem("OGC:CRS84"), project.crs(), project)
    canvas.setExtent(box.transformBoundingBox(QgsRectangle(*picture["box"])))
    canvas.enableAntiAliasing(True)
    canvas.refresh()
    QgsApplication.processEvents()
    canvas.waitWhileRendering()
    QgsApplication.processEvents()
    window.grab().save(picture["to"], "JPG", 85)
    seen = canvas.grab().toImage()
    return {"scale": canvas.scale(), "colours": _colours(seen)}


def _colours(image):
    """How many pixels of a coarse grid have which colour."""
    counts = {}
    for x in range(0, image.width(), 3):
        for y in range(0, image.height(), 3):
            name = image.pixelColor(x, y).name()
            counts[name] = counts.get(name, 0) + 1
    return counts


def main():
    """The job: findings of the file's tables and of the live layers, then the pictures."""
    job = json.load(sys.stdin)
    application = QgsApplication([], True)
    application.setFont(QFont("Noto Sans CJK SC", 10))
    application.initQgis()
    tables = {name: opened(job["file"], name) for name in job["tables"]}
    # before the right one, which Qt would remember
    stranger = found(connected({**job["live"], "token": "wrong"}, job["live"]["layers"][0]))
    live = {name: connected(job["live"], name) for name in job["live"]["layers"]}
    told = {
        "file": {name: found(layer) for name, layer in tables.items()},
        "live": {name: found(layer) for name, layer in live.items()},
        "stranger": stranger,
    }
    told["styled"] = {
        name: {"refused": give_style(tables[name], layer), **found(layer)}
        for name, layer in live.items()
        if name in tables
    }
    of = {"file": tables, "live": live}
    told["pictures"] = {
        picture["of"]: draw(picture, [of[picture["of"]][name].clone() for name in picture["tables"]])
        for picture in job["pictures"]
    }
    json.dump(told, sys.stdout, ensure_ascii=False)
    sys.stdout.flush()
    # Qt takes its windows down in an order of its own, and may fall over it
    os._exit(0)


main()
