"""Small files made for one test each: tables, shapefiles, workbooks, archives, as the real ones go wrong."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyogrio
import shapely
from openpyxl import Workbook

from gridmap.load import KINDS, Checked, Options, check, nothing_known, read_file

REALDATA = Path(__file__).parents[3] / "shared" / "realdata"


def judge(kind: str, path: Path, known: Any = None, **said: Any) -> Checked:
    """The file, read and checked as the command does it, without a database; the counts must add up."""
    options = Options(**said)
    checked = check(read_file(path, KINDS[kind], options), options, known or nothing_known())
    counts = checked.summary
    assert counts["read"] == counts["accepted"] + counts["rejected"] + counts["merged"], counts
    for finding in (*checked.rejected, *checked.corrected, *checked.warnings):
        assert finding.sentence("en")
        assert "{" not in finding.sentence("zh")
    return checked


def codes(findings: Sequence[Any]) -> list[str]:
    return [finding.code for finding in findings]


def square(lon: float, lat: float, size: float = 0.001) -> shapely.Polygon:
    return shapely.box(lon, lat, lon + size, lat + size)


def write_csv(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def write_features(path: Path, features: Sequence[tuple[Any, Mapping[str, Any]]], **members: Any) -> Path:
    """A GeoJSON file; geometries may be shapely's or raw dicts."""
    listed = [
        {
            "type": "Feature",
            "geometry": json.loads(shapely.to_geojson(shape)) if isinstance(shape, shapely.Geometry) else shape,
            "properties": dict(properties),
        }
        for shape, properties in features
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": listed, **members}, ensure_ascii=False))
    return path


def write_shapefile(
    folder: Path,
    rows: Sequence[tuple[Any, Mapping[str, Any]]],
    *,
    encoding: str = "UTF-8",
    crs: str | None = "EPSG:4326",
) -> Path:
    """A shapefile whose .dbf is in that encoding, without a .cpg that would say so."""
    path = folder / "层.shp"
    frame = gpd.GeoDataFrame(
        [dict(values) for _, values in rows], geometry=[shape for shape, _ in rows], crs=crs or "EPSG:4326"
    )
    pyogrio.write_dataframe(frame, path, encoding=encoding)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if crs is None:
        path.with_suffix(".prj").unlink()
    return path


def write_sheet(path: Path, rows: Sequence[Sequence[Any]], merge: Sequence[str] = (), title: str = "名单") -> Path:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    for cells in merge:
        sheet.merge_cells(cells)
    book.save(path)
    return path


class _WindowsInfo(zipfile.ZipInfo):
    """A member whose name is written in GBK with the UTF-8 flag off, as Chinese Windows does."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - zipfile's own name
        return self.filename.encode("gbk"), self.flag_bits & ~0x800


def pack(path: Path, members: Mapping[str, bytes], *, windows: bool = False) -> Path:
    """A zip of the members; `windows` writes their names as Chinese Windows does."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(_WindowsInfo(name) if windows else zipfile.ZipInfo(name), data)
    return path
