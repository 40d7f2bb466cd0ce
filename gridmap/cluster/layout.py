"""Where the private database lives: data, socket, port, and the folder really used for a home."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from gridmap.cluster.errors import ClusterError, NotAllowedError
from gridmap.cluster.identity import Crew, OsUser, database_user, is_root, me
from gridmap.cluster.passage import closed_folders

SYSTEM_HOME = Path("/var/lib/gridmap")
FIRST_PORT = 54320
MOVED = "DATA-IS-IN"
"""Name of the note that a home leaves when its data lies elsewhere."""
OF_THE_WEB = ("files", "exports", "secrets")
"""Folders that the web user alone reads and writes."""
SOCKET_LIMIT = 107
"""Longest path of a Unix socket, in bytes."""


def _short(home: Path) -> str:
    return hashlib.sha256(os.fsencode(home)).hexdigest()[:12]


def real_home(home: Path) -> Path:
    """The folder that holds everything of `home`: itself, or under root one in `/var/lib/gridmap`.

    The latter when a folder on the way to `home` is closed to the user that root steps down to (such as `/root`);
    a note in `home` then says where, and is followed for ever after.
    """
    home = home.absolute()
    try:
        return Path((home / MOVED).read_text().strip())
    except (FileNotFoundError, NotADirectoryError):
        pass
    except PermissionError:
        raise NotAllowedError(
            f"{me().name} may not look into {home}. Run this as root, or set GRIDMAP_HOME to a folder of your own"
        ) from None
    if not is_root() or (home / "postgres").exists() or home.is_relative_to(SYSTEM_HOME):
        return home
    ways = closed_folders(home.parent.resolve(), database_user())
    return SYSTEM_HOME / _short(home) if ways else home


def leave_note(home: Path, real: Path) -> None:
    """Writes into `home` where its data really is, when that is elsewhere."""
    if home.absolute() != real:
        home.mkdir(parents=True, exist_ok=True)
        (home / MOVED).write_text(f"{real}\n")


@dataclass(frozen=True)
class Layout:
    """The files of one private database; `home` is the folder really used."""

    home: Path

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder, mode 0700."""
        return self.home / "postgres"

    @property
    def log(self) -> Path:
        """PostgreSQL's log file."""
        return self.home / "log" / "postgres.log"

    @property
    def sockets(self) -> Path:
        """The private folder of the Unix socket, short enough for the system's limit."""
        folder = self.home / "run"
        if len(os.fsencode(folder / ".s.PGSQL.65535.lock")) <= SOCKET_LIMIT:
            return folder
        return Path("/run" if is_root() else "/tmp") / f"gridmap-{_short(self.home)}"  # noqa: S108 - checked when made

    @property
    def port_file(self) -> Path:
        """Remembers port and socket folder for everybody who connects; holds no secret."""
        return self.home / "cluster.json"

    def where(self) -> tuple[Path, int]:
        """(socket folder, port) as remembered; the first choice before the first start."""
        try:
            kept = json.loads(self.port_file.read_text())
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return self.sockets, FIRST_PORT
        return Path(kept["sockets"]), int(kept["port"])

    def remember(self, port: int) -> None:
        """Keeps the port for the next start and for those who connect."""
        fresh = self.port_file.with_suffix(".new")
        fresh.write_text(json.dumps({"sockets": str(self.sockets), "port": port}) + "\n")
        fresh.chmod(0o644)
        fresh.replace(self.port_file)

    def make_folders(self, crew: Crew) -> None:
        """Makes what is missing and mends owners and modes of our own folders (not what lies in them)."""
        self.home.mkdir(parents=True, exist_ok=True)
        if self.home.parent == SYSTEM_HOME:
            SYSTEM_HOME.chmod(0o711)
        if crew.is_apart:
            self.home.chmod(self.home.stat().st_mode & 0o7777 | 0o711)
        _own_folder(self.log.parent, crew.keeper, 0o700)
        for name in OF_THE_WEB:
            _own_folder(self.home / name, crew.web, 0o700)
        _own_folder(self.home / "backups", crew.steward, 0o700)
        _own_folder(self.sockets, crew.keeper, 0o710, group=crew.web.gid)
        if self.data.exists():
            _own_folder(self.data, crew.keeper, 0o700)

    def make_missing(self, crew: Crew) -> None:
        """Makes the web user's folders that a home of an older version lacks, while its database runs on."""
        for folder in (self.home / name for name in OF_THE_WEB):
            if self.data.exists() and not folder.exists():
                _own_folder(folder, crew.web, 0o700)


def _own_folder(folder: Path, user: OsUser, mode: int, group: int | None = None) -> None:
    folder.mkdir(exist_ok=True)
    if folder.is_symlink() or (not is_root() and folder.stat().st_uid != user.uid):
        raise ClusterError(f"{folder} belongs to somebody else; remove it, or set GRIDMAP_HOME to another folder")
    if is_root():
        os.chown(folder, user.uid, user.gid if group is None else group)
    if folder.stat().st_mode & 0o7777 != mode:
        folder.chmod(mode)
