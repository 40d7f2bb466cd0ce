"""Room on the disk: a ballast to let go in need, and a clear refusal before a disk runs full.

PostgreSQL that cannot write its log stops, and cannot start again until somebody frees space.
"""

import os
import shutil
from pathlib import Path

from gridmap.cluster.errors import NoRoomError

MB = 1024 * 1024
BALLAST = 64 * MB
"""A file of this size lies beside the data; it is given up so that a full disk does not keep the database down."""
RESERVE = 256 * MB
"""What must stay free after an import, in bytes."""


def free_bytes(folder: Path) -> int:
    """Bytes free for ordinary users on the disk that holds `folder`, which may not exist yet."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def words(size: float) -> str:
    """A size for people: `12 MB`, `3.4 GB`."""
    return f"{size / (1024 * MB):.1f} GB" if size >= 1024 * MB else f"{size / MB:.0f} MB"


def keep_ballast(home: Path) -> None:
    """Puts the ballast file in place when there is plenty of room; does nothing otherwise."""
    ballast = home / "ballast"
    if ballast.exists() or free_bytes(home) < RESERVE + 2 * BALLAST:
        return
    with ballast.open("xb") as file:
        os.posix_fallocate(file.fileno(), 0, BALLAST)


def drop_ballast(home: Path) -> bool:
    """Gives the ballast up; True when that freed something."""
    ballast = home / "ballast"
    if not ballast.exists():
        return False
    ballast.unlink()
    return True


def room_to_start(home: Path) -> str | None:
    """Makes sure that PostgreSQL can write its log. Returns a sentence when the ballast was given up.

    Raises NoRoomError when there is no room even then.
    """
    if free_bytes(home) >= BALLAST:
        return None
    said = None
    if drop_ballast(home):
        said = f"The disk is nearly full: the {words(BALLAST)} kept for this were given up. {what_to_free(home)}"
    if free_bytes(home) < BALLAST // 2:
        raise NoRoomError(f"The disk of {home} is full, and the database cannot start. {what_to_free(home)}")
    return said


def room_for(home: Path, needed: int, what: str = "This import") -> None:
    """Raises NoRoomError, saying what to free, unless `needed` bytes fit on the disk of `home` and a reserve stays."""
    free = free_bytes(home)
    if free - needed >= RESERVE:
        return
    raise NoRoomError(
        f"{what} needs about {words(needed)} and {words(RESERVE)} must stay free, "
        f"but the disk of {home} has only {words(free)} left. {what_to_free(home)}"
    )


def what_to_free(home: Path) -> str:
    """One or two sentences: which files of ours can go, and how much they hold."""
    backups = sorted((home / "backups").glob("gridmap-*.tar")) if (home / "backups").is_dir() else []
    if len(backups) > 1:
        size = sum(path.stat().st_size for path in backups[:-1])
        return (
            f"Older backups hold {words(size)}: move {home / 'backups'}/gridmap-*.tar to another disk, "
            "except the newest, or delete what else fills this disk."
        )
    return "Delete or move what else fills this disk, then try again."
