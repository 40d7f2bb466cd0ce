"""Operating system users: who keeps the data, who serves it, and how root steps down to them.

Started by root, PostgreSQL runs as `gridmap-db` and the web server as `gridmap-web`: PostgreSQL refuses to run
as root, and a server that is broken into must not be able to become the owner of the data. Started by anybody
else, everything runs as that user, and only the database's own roles separate the server from the owner.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from gridmap.cluster.errors import ClusterError, NotAllowedError

DATABASE_USER = "gridmap-db"
WEB_USER = "gridmap-web"


@dataclass(frozen=True)
class OsUser:
    """A user of the operating system."""

    name: str
    uid: int
    gid: int


def is_root() -> bool:
    """Whether gridmap runs as root and therefore steps down."""
    return os.geteuid() == 0


def me() -> OsUser:
    """The user who runs this process."""
    return user_of(os.geteuid())


def user_of(uid: int) -> OsUser:
    """The user with this number; a number without a name is its own name."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return OsUser(str(uid), uid, os.getegid() if uid == os.geteuid() else uid)
    return OsUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _lookup(name: str) -> OsUser | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return OsUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def ensure_user(name: str, fallback: str) -> OsUser:
    """The system user `name`, made with useradd when missing; `fallback` where users cannot be made.

    Only root can make one. Raises ClusterError when neither exists.
    """
    found = _lookup(name)
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if found is None and useradd:
        options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        subprocess.run([useradd, *options, "--shell", "/usr/sbin/nologin", name], capture_output=True, check=False)
        found = _lookup(name)  # also right when another process made it in the same moment
    user = found or _lookup(fallback)
    if user is None:
        raise ClusterError(f"There is no system user {name}, and none can be made. Run: useradd --system {name}")
    return user


def database_user() -> OsUser:
    """Who keeps new data: `gridmap-db` under root, otherwise the caller."""
    return ensure_user(DATABASE_USER, "postgres") if is_root() else me()


def web_user() -> OsUser:
    """Who serves: `gridmap-web` under root, otherwise the caller."""
    return ensure_user(WEB_USER, "nobody") if is_root() else me()


def run_as(
    user: OsUser,
    arguments: list[str],
    *,
    environment: dict[str, str] | None = None,
    own_session: bool = False,
    timeout: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Runs a program as `user` (a step down under root) from `/` with a bare environment; output is captured.

    The exit code is the caller's to look at. Raises NotAllowedError when this process may not become `user`.
    """
    bare = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    stays = os.geteuid() == user.uid
    if not stays and not is_root():
        raise NotAllowedError(f"Only root or {user.name} can do this")
    try:
        return subprocess.run(
            arguments,
            cwd="/",
            env=bare | (environment or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            start_new_session=own_session,
            user=None if stays else user.uid,
            group=None if stays else user.gid,
            extra_groups=None if stays else [],
        )
    except PermissionError:
        raise NotAllowedError(
            f"This root may not become {user.name}; run gridmap as an ordinary user instead"
        ) from None


@dataclass(frozen=True)
class Crew:
    """Who does what with one private database."""

    keeper: OsUser
    """Runs PostgreSQL and owns its data."""
    web: OsUser
    """Serves; may become the app role only (where it is not the keeper as well)."""
    steward: OsUser
    """Starts, migrates, backs up and restores."""

    @property
    def is_apart(self) -> bool:
        """Whether the operating system keeps the server away from the data."""
        return self.web.uid not in {self.keeper.uid, self.steward.uid}


def crew_of(data: Path) -> Crew:
    """The crew of the data folder `data`; of new data when it does not exist yet.

    Under root, data that an ordinary user made stays that user's, who then keeps and serves it.
    Raises NotAllowedError when the caller is neither root nor the keeper.
    """
    if not is_root():
        if data.exists() and data.stat().st_uid != os.geteuid():
            owner = user_of(data.stat().st_uid).name
            raise NotAllowedError(
                f"The database in {data.parent} belongs to {owner}. "
                "Run this as root (sudo), or set GRIDMAP_HOME to a folder of your own"
            )
        return Crew(me(), me(), me())
    keeper = user_of(data.stat().st_uid) if data.exists() and data.stat().st_uid != 0 else database_user()
    if keeper == database_user():
        return Crew(keeper, web_user(), me())
    return Crew(keeper, keeper, keeper)
