"""A GeoPackage of the demo and its live layers, given to the QGIS of the machine: what it saw, and what it drew."""

import json
import os
import shutil
import subprocess
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask

from gridmap.accounts import actor, create_token
from gridmap.db import SYSTEM
from gridmap.read.files import KINDS, Order, exports_of, write_file

PYTHON = "/usr/bin/python3"
"""Debian's own, for which its package python3-qgis is made."""
LAYERS = ("streets", "communities", "grids", "estates", "buildings", "stairwells", "facilities", "roads", "water",
          "green", "incidents", "gaps", "coverage_grids")  # fmt: skip
BESIDE = ("estates_point", "stairwells_polygon", "facilities_polygon")
"""Tables of what has another shape than its layer."""
LIVE = ("grids", "estates", "buildings")
HOUSES = [113.3985, 22.5155, 113.4065, 22.5225]
"""花苑 of the demo and the river north of it: west, south, east, north."""
TODAY = date(2026, 3, 16)
MADE_AT = datetime(2026, 3, 16, 1, 2, 3, tzinfo=UTC)


@cache
def has_qgis() -> bool:
    """Whether Debian's Python has QGIS."""
    asked = [PYTHON, "-c", "import qgis.core"]
    return shutil.which(PYTHON) is not None and not subprocess.run(asked, capture_output=True, check=False).returncode


def token_of_planner(app: Flask) -> str:
    """The planner's fresh token, as the page of the account makes one."""
    services = app.extensions["gridmap"]
    with services.database.transaction(SYSTEM) as connection:
        row = connection.execute("SELECT id FROM gridmap.account WHERE username = 'planner'").fetchone()
        return create_token(connection, actor(services.clock), row["id"], name="QGIS", days=1)


def write_package(app: Flask, token: str, path: Path) -> None:
    """The planner's GeoPackage of all of LAYERS."""
    services = app.extensions["gridmap"]
    viewer = services.sign_ins.viewer("token", token)
    order = Order(layers=LAYERS, kind="gpkg")
    exports = exports_of(services.database, viewer, order, today=TODAY, made_at=MADE_AT)
    write_file(services.database, exports, KINDS["gpkg"], path)


def show(app: Flask, url: str, folder: Path) -> dict[str, Any]:
    """What QGIS found; the file and the pictures `qgis-geopackage.jpg` and `qgis-live.jpg` lie in `folder`.

    A process of its own, because its requests would wait for the server of this one.
    """
    token = token_of_planner(app)
    package = folder / "gridmap.gpkg"
    write_package(app, token, package)
    drawn = ["facilities", "stairwells_polygon", "buildings", "grids", "roads", "estates", "green", "water"]
    job = {
        "file": str(package),
        "tables": [*LAYERS, *BESIDE],
        "live": {"url": f"{url}/ogc", "user": "planner", "token": token, "layers": LIVE},
        "pictures": [
            {"to": str(folder / "qgis-geopackage.jpg"), "of": "file", "tables": drawn, "box": HOUSES},
            {"to": str(folder / "qgis-live.jpg"), "of": "live", "tables": LIVE[::-1], "box": HOUSES},
        ],
    }
    home = folder / "home"
    home.mkdir(mode=0o700)
    quiet = {"QT_QPA_PLATFORM": "offscreen", "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "LANG": "C.UTF-8"}
    done = subprocess.run(
        [PYTHON, "-W", "ignore", str(Path(__file__).with_name("desktop.py"))],
        input=json.dumps(job), env={"PATH": os.environ["PATH"], **quiet}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"QGIS ended with {done.returncode}: {done.stderr[-2000:]}")
    shutil.rmtree(home)
    found: dict[str, Any] = json.loads(done.stdout)
    return found | {"said": done.stderr}
