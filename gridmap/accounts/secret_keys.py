"""Keys of the installation, each in a file of its own in the data folder that only its owner reads.

A copy of the database makes nothing of what they sign or hash. A backup holds them: what is lost cannot be made anew.
"""

import os
import secrets
from functools import lru_cache
from pathlib import Path

FOLDER = "secrets"
KEY_BYTES = 32


@lru_cache(maxsize=32)
def secret_key(home: Path, name: str) -> bytes:
    """The key of that name, 32 bytes, made on first use; whoever comes second takes the key of the first."""
    folder = home / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / name
    if not target.exists():
        _make(target)
    return target.read_bytes()


def _make(target: Path) -> None:
    fresh = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        os.link(fresh, target)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
