"""A GeoPackage of made-up buildings into an empty register: how long it takes, and how much memory.

The register is a PostgreSQL of its own in a folder that goes away afterwards; the command is the very one that people
type, in a process of its own. Around the buildings lie communities and grids, so that owners have to be found.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from gridmap.bench.figures import Figure
from gridmap.bench.processes import children_of
from gridmap.cluster import Cluster
from gridmap.coords import WGS84
from gridmap.db import migrate

Say = Callable[[str], None]
STREET = "990199001"
WEST, SOUTH = 121.30, 31.20
STEP = 0.0004
"""Degrees from one building to the next."""
COMMUNITIES, GRIDS = 10, 30
"""On each side: 100 communities of nine grids each."""
MOST_SECONDS, MOST_BYTES = 60.0, 1.5e9
LOOK_SECONDS = 0.2


class LoadFailed(Exception):
    """The command ended otherwise than with every row in the register; the message is what it said."""


def _side(rows: int) -> int:
    return int(np.ceil(np.sqrt(rows)))


def made_buildings(rows: int, seed: int = 20) -> gpd.GeoDataFrame:
    """So many houses of four to eight corners, in rows, each with an id, a name, floors, a height and a kind."""
    chance = np.random.default_rng(seed)
    side = _side(rows)
    at = np.arange(rows)
    lon = WEST + (at % side) * STEP + chance.uniform(0, 0.00005, rows)
    lat = SOUTH + (at // side) * STEP + chance.uniform(0, 0.00005, rows)
    wide, deep = chance.uniform(0.0001, 0.0003, (2, rows))
    shapes = shapely.box(lon, lat, lon + wide, lat + deep)
    wings = chance.random(rows) < 0.3
    wing = shapely.box(lon[wings], lat[wings], lon[wings] + wide[wings] / 3, lat[wings] + deep[wings] * 1.2)
    shapes[wings] = shapely.union(shapes[wings], wing)
    floors = chance.integers(1, 34, rows)
    values = {
        "编号": [f"B{number:07}" for number in at],
        "楼号": [f"{number % 120 + 1}号楼" for number in at],
        "层数": floors,
        "高度": (floors * 2.9).round(1),
        "建成年份": chance.integers(1950, 2026, rows),
        "建筑类型": chance.choice(["住宅楼", "高层", "办公", "学校", "车库"], rows),
    }
    return gpd.GeoDataFrame(pd.DataFrame(values), geometry=shapes, crs=WGS84)


def made_areas(rows: int) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """(communities, grids) that cover the buildings without a gap."""
    width = _side(rows) * STEP
    found = []
    for count in (COMMUNITIES, GRIDS):
        edge = width / count
        across, up = (part.ravel() for part in np.meshgrid(np.arange(count), np.arange(count)))
        west, south = WEST + across * edge, SOUTH + up * edge
        found.append(gpd.GeoDataFrame(geometry=shapely.box(west, south, west + edge, south + edge), crs=WGS84))
    communities, grids = found
    communities["code"] = [f"{STREET}{number + 1:03}" for number in range(len(communities))]
    communities["name"] = [f"第{number + 1}社区" for number in range(len(communities))]
    grids["name"] = [f"第{number + 1}网格" for number in range(len(grids))]
    return communities, grids


def measure(rows: int, runs: int, say: Say) -> Iterator[Figure]:
    """Seconds and the most memory of `gridmap load buildings` with so many rows, in so many runs."""
    seconds, memory, gone = [], [], []
    for run in range(runs):
        with TemporaryDirectory(prefix="gm-") as name:
            folder = Path(name)
            folder.chmod(0o711)
            with _register(folder / "home") as environment:
                say(f"run {run + 1} of {runs}: making {rows:,} buildings")
                for kind, frame in zip(("communities", "grids"), made_areas(rows), strict=True):
                    pyogrio.write_dataframe(frame, folder / f"{kind}.gpkg")
                    _load(environment, kind, folder / f"{kind}.gpkg")
                pyogrio.write_dataframe(made_buildings(rows), folder / "buildings.gpkg")
                say("loading")
                counts, took, most = _load(environment, "buildings", folder / "buildings.gpkg")
                if counts["new"] != rows:
                    raise LoadFailed(f"{counts['new']} of {rows} buildings are there: {counts}")
                seconds.append(took)
                memory.append(most)
                gone.append(rows / took)
    page = f"load of {rows:,} buildings"
    yield Figure(page=page, what="rows", unit="", values=(float(rows),))
    yield Figure(page=page, what="time", unit="s", values=tuple(seconds), bar=MOST_SECONDS)
    yield Figure(page=page, what="most memory of the command", unit="bytes", values=tuple(memory), bar=MOST_BYTES)
    yield Figure(page=page, what="rows a second", unit="", values=tuple(gone))


@contextmanager
def _register(home: Path) -> Iterator[dict[str, str]]:
    """The environment of an empty register of its own; its PostgreSQL is stopped afterwards."""
    cluster = Cluster(home)
    cluster.start()
    try:
        migrate(cluster.owner_url)
        plain = {name: value for name, value in os.environ.items() if not name.startswith("GRIDMAP_")}
        yield plain | {"GRIDMAP_HOME": str(home)}
    finally:
        cluster.stop()


def _load(environment: dict[str, str], kind: str, path: Path) -> tuple[dict[str, Any], float, float]:
    """(the counts, seconds, the most bytes that the command and its reader held at once) of one load."""
    words = ("load", kind, str(path), "--new-street", f"{STREET},某街道", "--source", "bench", "--json", "--commit")
    start = time.monotonic()
    line = [sys.executable, "-c", "from gridmap.commands import main; main()", *words]
    with subprocess.Popen(
        line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as command:
        most = 0.0
        while command.poll() is None:
            with suppress(OSError):  # one of them may end while it is looked at
                most = max(most, sum(map(_bytes, children_of(command.pid))))
            time.sleep(LOOK_SECONDS)
        took = time.monotonic() - start
        said = command.stdout.read() if command.stdout else ""
    if command.returncode:
        raise LoadFailed(said.strip())
    return json.loads(said.splitlines()[-1]), took, most


def _bytes(pid: int) -> float:
    """What the process holds, pages that it shares counted in shares."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next((float(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:")), 0.0)
