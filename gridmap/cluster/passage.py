"""Letting one user pass through folders that are closed to others, and finding those folders.

A program unpacked in `/root` cannot be read by the user that root steps down to. One entry in the folder's access
list, `user:NAME:--x`, lets exactly that user pass (not list, not read): less than opening the folder to everybody.
"""

import os
import struct
from collections.abc import Iterable
from pathlib import Path

from gridmap.cluster.errors import ClusterError
from gridmap.cluster.identity import OsUser

# Linux keeps an access list in this attribute: a version, then (tag, permission, id) entries in this order
_ATTRIBUTE = "system.posix_acl_access"
_VERSION = struct.pack("<I", 2)
_ENTRY = struct.Struct("<HHI")
_OWNER, _NAMED_USER, _GROUP, _MASK, _OTHERS = 1, 2, 4, 16, 32
_UNNAMED = 0xFFFFFFFF
_PASS, _READ = 1, 4


def _access_list(folder: Path) -> list[tuple[int, int, int]]:
    """The entries of a folder; made from its mode where it has no list of its own."""
    try:
        raw = os.getxattr(folder, _ATTRIBUTE)
    except OSError:
        mode = folder.stat().st_mode
        return [
            (_OWNER, mode >> 6 & 7, _UNNAMED),
            (_GROUP, mode >> 3 & 7, _UNNAMED),
            (_OTHERS, mode & 7, _UNNAMED),
        ]
    return list(_ENTRY.iter_unpack(raw[len(_VERSION) :]))


def may_pass(folder: Path, user: OsUser) -> bool:
    """Whether `user` may pass through this one folder."""
    return bool(_permission(folder, user) & _PASS)


def may_read(path: Path, user: OsUser) -> bool:
    """Whether `user` may read this one file, once there."""
    return bool(_permission(path, user) & _READ)


def _permission(path: Path, user: OsUser) -> int:
    """What `user` may do: as root, as the owner, as named in the access list, as of the group, or as anybody."""
    if user.uid == 0:
        return _READ | _PASS
    status = path.stat()
    entries = {(tag, who): permission for tag, permission, who in _access_list(path)}
    mask = entries.get((_MASK, _UNNAMED), 7)
    if status.st_uid == user.uid:
        return entries[_OWNER, _UNNAMED]
    if (_NAMED_USER, user.uid) in entries:
        return entries[_NAMED_USER, user.uid] & mask
    if status.st_gid == user.gid:
        return entries[_GROUP, _UNNAMED] & mask
    return entries[_OTHERS, _UNNAMED]


def closed_folders(path: Path, user: OsUser) -> list[Path]:
    """The existing folders on the way to `path`, itself included, that `user` may not pass; outermost first."""
    way = [folder for folder in reversed([path, *path.parents]) if folder.is_dir()]
    return [folder for folder in way if not may_pass(folder, user)]


def let_through(paths: Iterable[Path], user: OsUser) -> list[Path]:
    """Lets `user` pass through every closed folder on the way to `paths`; returns the folders it changed.

    Needs to own the folders, or root. Raises ClusterError where the file system keeps no access lists.
    """
    changed = list(dict.fromkeys(folder for path in paths for folder in closed_folders(path.resolve(), user)))
    for folder in changed:
        entries = {(tag, who): permission for tag, permission, who in _access_list(folder)}
        entries[_NAMED_USER, user.uid] = _PASS
        # without a mask the group's entry is the limit; the mask must let the new entry through
        entries[_MASK, _UNNAMED] = entries.get((_MASK, _UNNAMED), entries[_GROUP, _UNNAMED]) | _PASS
        rows = [(tag, permission, who) for (tag, who), permission in sorted(entries.items())]
        try:
            os.setxattr(folder, _ATTRIBUTE, _VERSION + b"".join(_ENTRY.pack(*row) for row in rows))
        except OSError:
            raise ClusterError(
                f"{user.name} may not pass through {folder}, which holds the program. "
                "Move gridmap to a folder that everybody may enter, such as /opt/gridmap"
            ) from None
    return changed
