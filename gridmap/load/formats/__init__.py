"""Files into Readings: one reader per family of formats, chosen by the file's ending."""

from dataclasses import replace
from pathlib import Path

from gridmap.load.checks.archives import ARCHIVES, unpacked
from gridmap.load.checks.workbooks import refuse_format
from gridmap.load.finding import Finding, LoadError
from gridmap.load.formats import geojson, table
from gridmap.load.formats.excel import read_excel
from gridmap.load.formats.kml import read_kml
from gridmap.load.formats.osm import read_osm
from gridmap.load.formats.vector import read_vector
from gridmap.load.kinds import Kind
from gridmap.load.reading import Options, Progress, Reading, silent

READERS = {
    **dict.fromkeys(table.ENDINGS, table.read_csv),
    ".xlsx": read_excel,
    ".xlsm": read_excel,
    **dict.fromkeys(geojson.ENDINGS, geojson.read_geojson),
    ".kml": read_kml,
    ".pbf": read_osm,
    ".osm": read_osm,
}


def read_file(path: Path, kind: Kind, options: Options, progress: Progress = silent) -> Reading:
    """One file as a Reading. Raises LoadError with one sentence for everything that cannot be read."""
    if not path.is_file():
        raise LoadError("no_such_file", file=path)
    progress("read", 0, 0)
    refuse_format(path)
    if path.stat().st_size == 0:
        raise LoadError("no_rows")
    if path.suffix.lower() in ARCHIVES:
        with unpacked(path, options.layer) as member:
            refuse_format(member)
            inner = replace(options, layer=None) if options.layer in (member.name, member.stem) else options
            return _renamed(_read(member, kind, inner), path)
    return _read(path, kind, options)


def _read(path: Path, kind: Kind, options: Options) -> Reading:
    if path.name.lower().endswith(".osm.gz"):
        return read_osm(path, kind, options)
    return READERS.get(path.suffix.lower(), read_vector)(path, kind, options)


def _renamed(reading: Reading, path: Path) -> Reading:
    """The reading under the zip's own name, which is the one that the person knows."""

    def named(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        return tuple(replace(finding, file=path.name) for finding in findings)

    return replace(
        reading,
        file=path,
        findings=named(reading.findings),
        rejected=named(reading.rejected),
        corrected=named(reading.corrected),
    )
