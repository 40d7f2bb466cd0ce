"""The file format of a backup: one tar with the dump, the files, the secrets, and a manifest of their SHA-256."""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from gridmap.cluster.errors import ClusterError

DUMP = "database.dump"
MANIFEST = "manifest.json"
FOLDERS = ("files", "secrets")


class ArchiveError(ClusterError):
    """A backup file is damaged, incomplete or not ours."""


@dataclass(frozen=True)
class Manifest:
    """What a backup holds: when and by what it was made, and (bytes, sha256) of each member."""

    gridmap: str
    made_at: str
    postgresql: str
    postgis: str
    members: dict[str, tuple[int, str]] = field(default_factory=dict)


class _Reading(io.RawIOBase):
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self.digest.update(block)
        return block


def write(target: Path, manifest: Manifest, dump: Path, home: Path) -> Manifest:
    """Writes the archive with mode 0600, complete or not at all; returns the manifest with its members."""
    members: dict[str, tuple[int, str]] = {}
    part = target.with_suffix(".part")
    part.touch(mode=0o600)
    part.chmod(0o600)
    with part.open("wb") as raw, tarfile.open(fileobj=raw, mode="w") as tar:
        for name, path in _members(dump, home):
            with path.open("rb") as file:
                reading = _Reading(file)
                info = tarfile.TarInfo(name)
                info.size, info.mode, info.mtime = os.fstat(file.fileno()).st_size, 0o600, int(path.stat().st_mtime)
                tar.addfile(info, reading)
                members[name] = (info.size, reading.digest.hexdigest())
        complete = Manifest(manifest.gridmap, manifest.made_at, manifest.postgresql, manifest.postgis, members)
        text = json.dumps(asdict(complete), indent=1).encode()
        info = tarfile.TarInfo(MANIFEST)
        info.size, info.mode = len(text), 0o600
        tar.addfile(info, io.BytesIO(text))
        tar.close()
        raw.flush()
        os.fsync(raw.fileno())
    part.replace(target)
    return complete


def _members(dump: Path, home: Path) -> Iterator[tuple[str, Path]]:
    yield DUMP, dump
    for folder in FOLDERS:
        for path in sorted((home / folder).rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield f"{folder}/{path.relative_to(home / folder).as_posix()}", path


def verify(source: Path) -> Manifest:
    """The manifest, after every member was read and compared with it. Raises ArchiveError."""
    found: dict[str, tuple[int, str]] = {}
    manifest = None
    with _readable(source):
        for name, file, size in _walk(source):
            if name == MANIFEST:
                manifest = _read_manifest(source, file.read())
            else:
                found[name] = (size, _digest(file))
    if manifest is None:
        raise ArchiveError(f"{source} is not a complete gridmap backup: it has no manifest")
    wrong = sorted(name for name in manifest.members.keys() | found if manifest.members.get(name) != found.get(name))
    if wrong:
        raise ArchiveError(
            f"{source} is damaged: {', '.join(wrong[:3])} differ from what was saved; nothing was changed"
        )
    return manifest


def _digest(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def unpack(source: Path, target: Path) -> None:
    """Writes the members below `target` (new, 0700), files with mode 0600; names that lead outside are refused."""
    target.mkdir(mode=0o700)
    for name, file, _ in _walk(source):
        path = target / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(path, "xb", opener=_private) as out:
            while block := file.read(1 << 20):
                out.write(block)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


@contextmanager
def _readable(source: Path) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, OSError) as error:
        raise ArchiveError(f"{source} cannot be read as a backup: {error}") from None


def _walk(source: Path) -> Iterator[tuple[str, IO[bytes], int]]:
    with tarfile.open(source, "r:") as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isreg() else None
            parts = PurePosixPath(member.name).parts
            is_known = member.name in {DUMP, MANIFEST} or (len(parts) > 1 and parts[0] in FOLDERS)
            if file is None or ".." in parts or not is_known:
                raise ArchiveError(f"{source} is not a gridmap backup: it holds {member.name!r}")
            yield member.name, file, member.size


def _read_manifest(source: Path, text: bytes) -> Manifest:
    try:
        raw = json.loads(text)
        members = {name: (int(size), str(digest)) for name, (size, digest) in raw.pop("members").items()}
        return Manifest(**raw, members=members)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ArchiveError(f"{source} has a manifest that cannot be read") from None
