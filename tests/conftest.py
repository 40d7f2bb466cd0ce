"""One private database for the whole run, made and started by the code that users run."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridmap.cluster import Cluster

# a caller's own settings must not reach the tests, and PostgreSQL's programs read PG* by themselves
for _name in [name for name in os.environ if name.startswith(("GRIDMAP_", "PG"))]:
    del os.environ[_name]


def make_home() -> Path:
    """A new, short folder that the database's own user may enter, unlike pytest's."""
    home = Path(tempfile.mkdtemp(prefix="gm-", dir="/tmp"))
    home.chmod(0o711)
    return home


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running private database with roles, extensions and an empty schema; gone after the run."""
    made = Cluster(make_home())
    try:
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(made.home)
