"""The key that hashes plates: without it no ban finds its car again."""

from pathlib import Path

from gridmap.accounts.secret_keys import secret_key

KEY_FILE = "plates"


def plate_key(home: Path) -> bytes:
    """The key of the installation, made on first use; it lies with the other secrets and in every backup.

    Whoever loses it unmatches every ban, every notice and every registered car.
    """
    return secret_key(home, KEY_FILE)
