"""Case 11: zips with GBK member names, forks, folders, several layers, paths that escape, sizes that lie."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from gridmap.load.finding import LoadError

MOST_BYTES = 2_000_000_000
MOST_MEMBERS = 10_000
UTF8_FLAG = 0x800
ARCHIVES = (".zip", ".kmz")
READABLE = (
    *(".shp", ".gpkg", ".geojson", ".json", ".geojsonl", ".csv", ".tsv", ".xlsx", ".kml", ".fgb", ".pbf", ".osm"),
    ".osm.gz",
)
_BLOCK = 1 << 20


def member_name(item: zipfile.ZipInfo) -> str:
    """The member's name: UTF-8 where the flag says so or the bytes are it, else GB18030, as Chinese Windows writes."""
    if item.flag_bits & UTF8_FLAG:
        return item.filename
    raw = item.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return item.filename


def _is_fork(name: PurePosixPath) -> bool:
    return "__MACOSX" in name.parts or any(part.startswith("._") or part == ".DS_Store" for part in name.parts)


def _safe_path(folder: Path, name: str) -> Path:
    """Where the member goes; raises LoadError where its path would leave the folder."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name) or "\0" in name:
        raise LoadError("zip_escape", member=name)
    return folder.joinpath(*(part.encode()[:200].decode(errors="ignore") for part in path.parts))


def _unpack_member(archive: zipfile.ZipFile, item: zipfile.ZipInfo, target: Path, room: int) -> int:
    """Write one member, counting what really comes out, whatever its header says. Gives back the bytes written."""
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with archive.open(item) as source, target.open("wb") as out:
        while block := source.read(_BLOCK):
            written += len(block)
            if written > room:
                raise LoadError("too_large", file=item.filename, megabytes=MOST_BYTES // 1_000_000)
            out.write(block)
    return written


def _unpack(path: Path, folder: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        items = [item for item in archive.infolist() if not item.is_dir()]
        if len(items) > MOST_MEMBERS:
            raise LoadError("zip_members", most=MOST_MEMBERS)
        room = MOST_BYTES
        for item in items:
            name = member_name(item)
            target = _safe_path(folder, name)
            if not _is_fork(PurePosixPath(name)):
                room -= _unpack_member(archive, item, target, room)


@contextmanager
def unpacked(path: Path, layer: str | None) -> Iterator[Path]:
    """The one readable file within the zip, in a folder that goes away afterwards. Raises LoadError.

    `layer` picks by file name where there are several.
    """
    with TemporaryDirectory(prefix="gridmap-zip-") as folder:
        try:
            _unpack(path, Path(folder))
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
            raise LoadError("unreadable_file", file=path.name, why=error) from None
        yield _chosen(Path(folder), path, layer)


@contextmanager
def open_file(path: Path, layer: str | None) -> Iterator[Path]:
    """The file itself, or the one readable file within an archive. Raises LoadError."""
    if path.suffix.lower() in ARCHIVES:
        with unpacked(path, layer) as member:
            yield member
    else:
        yield path


def members(path: Path) -> list[str]:
    """The paths of the readable files within an archive, by its list alone. Raises LoadError."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [PurePosixPath(member_name(item)) for item in archive.infolist() if not item.is_dir()]
    except (zipfile.BadZipFile, OSError, RuntimeError, ValueError) as error:
        raise LoadError("unreadable_file", file=path.name, why=error) from None
    return sorted(str(name) for name in names if not _is_fork(name) and name.name.lower().endswith(READABLE))


def _chosen(folder: Path, path: Path, layer: str | None) -> Path:
    found = sorted(item for item in folder.rglob("*") if item.name.lower().endswith(READABLE) and item.is_file())
    if layer is not None:
        named = [item for item in found if layer in (item.name, item.stem, str(item.relative_to(folder)))]
        found = named or found
    if not found:
        raise LoadError("zip_empty", file=path.name)
    if len(found) > 1:
        raise LoadError("layer_choice", layers=", ".join(str(item.relative_to(folder)) for item in found))
    return found[0]
