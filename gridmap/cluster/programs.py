"""Finding PostgreSQL's own programs: the newest version on this system that has PostGIS."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from gridmap.cluster.errors import NoProgramsError

APT_LINE = "apt-get install --no-install-recommends postgresql-15-postgis-3"

# (programs, the extension's control file) as Debian, Red Hat's PGDG packages and a source build lay them out
_LAYOUTS = (
    ("usr/lib/postgresql/*/bin", "../../../../share/postgresql/{version}/extension/postgis.control"),
    ("usr/pgsql-*/bin", "../share/extension/postgis.control"),
    ("usr/local/pgsql/bin", "../share/extension/postgis.control"),
)


@dataclass(frozen=True)
class Programs:
    """The folder of one PostgreSQL version's programs."""

    folder: Path
    version: int
    """Major version, such as 15."""

    def path(self, name: str) -> str:
        """Absolute path of the program `name`, such as `initdb`."""
        return str(self.folder / name)


def installed(root: Path = Path("/")) -> list[Programs]:
    """Every PostgreSQL with PostGIS under `root`, newest first."""
    found = []
    for pattern, control in _LAYOUTS:
        for folder in root.glob(pattern):
            version = re.search(r"\d+", str(folder.relative_to(root)))
            major = int(version[0]) if version else 0
            if (folder / "postgres").exists() and (folder / control.format(version=major)).exists():
                found.append(Programs(folder, major))
    return sorted(found, key=lambda programs: programs.version, reverse=True)


def find_programs(data: Path, root: Path = Path("/")) -> Programs:
    """The programs for the data folder `data`: its own version when it holds data, the newest otherwise.

    Raises NoProgramsError with the line to type.
    """
    choices = installed(root)
    if not choices:
        raise NoProgramsError(f"PostgreSQL with PostGIS is not installed. On Debian 12, as root: {APT_LINE}")
    stamp = data / "PG_VERSION"
    if not stamp.exists():
        return choices[0]
    needed = int(stamp.read_text().split(".")[0])
    for programs in choices:
        if programs.version == needed:
            return programs
    raise NoProgramsError(
        f"The data in {data} was made by PostgreSQL {needed}, but only version "
        f"{', '.join(str(programs.version) for programs in choices)} with PostGIS is installed. "
        f"Either install postgresql-{needed}-postgis-3, or restore the last backup into a new folder: "
        "GRIDMAP_HOME=NEW-FOLDER gridmap db restore FILE"
    )


def client(name: str, root: Path = Path("/")) -> str:
    """The newest client program such as `pg_dump`, with or without a server. Raises NoProgramsError."""
    folders = sorted(root.glob("usr/lib/postgresql/*/bin"), key=lambda folder: int(folder.parent.name), reverse=True)
    for folder in [*folders, *(programs.folder for programs in installed(root))]:
        if (folder / name).exists():
            return str(folder / name)
    found = shutil.which(name)
    if found is None:
        raise NoProgramsError(f"{name} is not installed. On Debian 12, as root: apt-get install postgresql-client-15")
    return found
