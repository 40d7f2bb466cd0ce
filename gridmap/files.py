"""Files in the data folder, by the SHA-256 of their content; a row under row security says where each belongs.

Pictures are drawn anew before they are kept: nothing of the phone that took them, nor of the place, comes along.
"""

import hashlib
import io
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from PIL import ExifTags, Image, ImageOps

from gridmap.db.pools import Connection
from gridmap.tables import file

FOLDER = "files"
MOST_PICTURE_BYTES = 12 * 1024 * 1024
MOST_PIXELS = 64_000_000
"""A picture of more is not taken: it would fill the memory before it could be made smaller."""
LONGEST_SIDE = 1600
QUALITY = 82
FORMATS = ("JPEG", "PNG", "WEBP")
FRESH_SECONDS = 86_400
"""So young a file is not swept: its row may be on its way."""
PIECE = 1 << 20
WHERE = ("community_id", "grid_id", "micro_grid_id", "estate_id")


class TooLarge(Exception):
    """The file holds more bytes than are taken."""


class UnreadablePicture(Exception):
    """The bytes are no picture that can be kept."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A file that lies in the data folder."""

    sha256: bytes
    size: int
    media_type: str = "image/jpeg"


def keep_picture(home: Path, raw: bytes) -> Kept:
    """Draw the picture anew, at most 1600 px long, without any of its metadata, and keep it. Raises UnreadablePicture.

    Keeping the same twice keeps it once. The row is the caller's to write, with `add_file`.
    """
    drawn = _drawn_anew(raw)
    kept = Kept(sha256=hashlib.sha256(drawn).digest(), size=len(drawn))
    path = path_of(home, kept.sha256)
    if not path.exists():
        _write(path, drawn)
    return kept


def keep_stream(home: Path, stream: IO[bytes], most: int, media_type: str = "application/octet-stream") -> Kept:
    """Keep what comes as it is, in pieces, whatever it is: such a file is never shown as a picture. Raises TooLarge."""
    folder = home / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".new-", delete=False) as part:
        try:
            while piece := stream.read(PIECE):
                size += len(piece)
                if size > most:
                    raise TooLarge
                digest.update(piece)
                part.write(piece)
            part.flush()
            os.fsync(part.fileno())
            path = path_of(home, digest.digest())
            path.parent.mkdir(mode=0o700, exist_ok=True)
            Path(part.name).replace(path)
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise
    return Kept(sha256=digest.digest(), size=size, media_type=media_type)


@dataclass(frozen=True, kw_only=True)
class Hint:
    """What a camera wrote into a picture: when, and where (longitude, latitude; WGS 84). Never more than a hint.

    `off_m`: how far from the case it was, where whoever sent the picture has reckoned that instead of telling where.
    """

    taken_at: datetime | None = None
    at: tuple[float, float] | None = None
    off_m: int | None = None


def read_hint(raw: bytes) -> Hint:
    """What the picture says of its time and place before that is lost; nothing where it says nothing that can be."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(raw), formats=FORMATS) as found:
                exif = found.getexif()
                return Hint(
                    taken_at=_taken_at(exif.get_ifd(ExifTags.IFD.Exif)),
                    at=_position(exif.get_ifd(ExifTags.IFD.GPSInfo)),
                )
    except Exception:  # noqa: BLE001 - whatever is wrong with a hint, the picture is another matter
        return Hint()


def _taken_at(told: Mapping[int, Any]) -> datetime | None:
    written = str(told.get(ExifTags.Base.DateTimeOriginal, ""))
    zone = str(told.get(ExifTags.Base.OffsetTimeOriginal, "+08:00"))
    try:
        return datetime.strptime(f"{written} {zone}", "%Y:%m:%d %H:%M:%S %z")
    except ValueError:
        return None


def _position(told: Mapping[int, Any]) -> tuple[float, float] | None:
    if not {1, 2, 3, 4} <= told.keys():
        return None
    degrees = [sum(float(part) / 60**power for power, part in enumerate(told[key])) for key in (4, 2)]
    lon, lat = (-one if told[key] in ("W", "S") else one for one, key in zip(degrees, (3, 1), strict=True))
    return (lon, lat) if -180 <= lon <= 180 and -90 <= lat <= 90 else None


def path_of(home: Path, sha256: bytes) -> Path:
    """Where the file of that content lies, whether it is there or not."""
    name = sha256.hex()
    return home / FOLDER / name[:2] / name


def add_file(
    connection: Connection, street_id: int, kept: Kept, account_id: int | None, where: Mapping[str, int | None]
) -> None:
    """Write the row of a kept file, with the columns that say where it belongs; nothing happens where it stands."""
    connection.execute(
        "INSERT INTO gridmap.file (street_id, sha256, media_type, size, account_id, community_id, grid_id,"
        " micro_grid_id, estate_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (street_id, kept.sha256, kept.media_type, kept.size, account_id, *(where.get(name) for name in WHERE)),
    )


def sweep(connection: Connection, home: Path, now: float, *, dry_run: bool = False) -> int:
    """Delete the files that no row speaks of, and say how many; young ones stay. As SYSTEM.

    `now` is the real time in seconds since 1970, as the folder counts it.
    """
    rows = connection.execute(f"SELECT DISTINCT sha256 FROM {file.fullname}").fetchall()  # noqa: S608 - our own table
    known = {bytes(row["sha256"]).hex() for row in rows}
    orphans = [path for path in _files(home) if path.name not in known and now - path.stat().st_mtime > FRESH_SECONDS]
    if not dry_run:
        for path in orphans:
            path.unlink(missing_ok=True)
    return len(orphans)


def _drawn_anew(raw: bytes) -> bytes:
    if len(raw) > MOST_PICTURE_BYTES:
        raise UnreadablePicture
    try:
        with warnings.catch_warnings():
            # Pillow warns of what it takes for an attack; here it is one
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(raw), formats=FORMATS) as found:
                if found.width * found.height > MOST_PIXELS:
                    raise UnreadablePicture
                upright = ImageOps.exif_transpose(found).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as problem:
        raise UnreadablePicture from problem
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    # pixels alone: whatever else Pillow carries from one file to the next stays behind
    bare = Image.frombytes("RGB", upright.size, upright.tobytes())
    drawn = io.BytesIO()
    bare.save(drawn, "JPEG", quality=QUALITY, optimize=True)
    return drawn.getvalue()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as part:
            part.write(content)
            part.flush()
            os.fsync(part.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _files(home: Path) -> Iterator[Path]:
    return (path for path in (home / FOLDER).glob("*/*") if path.is_file())
