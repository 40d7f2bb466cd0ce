"""The demo's files, and a digest that tells one edition of them from another."""

import hashlib
from pathlib import Path


def demo_folder() -> Path:
    """Where the demo's files lie: inside an installed package, or in `data/geo` of a checkout."""
    inside = Path(__file__).parent / "geo"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "data" / "geo"


def data_digest() -> str:
    """Sha256 over all files of the demo, names included."""
    digest = hashlib.sha256()
    for path in sorted(demo_folder().iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
