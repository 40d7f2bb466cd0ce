"""The wheel carries all that gridmap needs: installed in an empty folder, `gridmap demo` works."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridmap.cluster import Cluster
from tests.conftest import DEMO_PASSWORD, make_home

ROOT = Path(__file__).parent.parent
START = [sys.executable, "-c", "from gridmap.commands import main; main()"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = folder.glob("gridmap-*.whl")
    return made


def test_it_carries_assets_migrations_translations_and_the_demo(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in (
        "gridmap/static/vendor/manifest.json",
        "gridmap/static/vendor/leaflet/leaflet.js",
        "gridmap/static/vendor/leaflet/LICENSE",
        "gridmap/static/css/tokens.css",
        "gridmap/templates/base.html",
        "gridmap/migrations/env.py",
        "gridmap/migrations/versions/0001_register.sql",
        "gridmap/translations/zh/LC_MESSAGES/messages.mo",
        "gridmap/demo/geo/buildings.geojson",
        "gridmap/assets/syntax.mjs",
    ):
        assert name in names, name
    assert not [name for name in names if name.startswith(("tests/", "docs/", "node_modules/"))]


@pytest.fixture
def installed(wheel, tmp_path) -> Iterator[dict[str, str]]:
    """The environment of an empty folder in which only the wheel's gridmap is found."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    home = make_home()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GRIDMAP_", "PG", "PYTHON"))}
    yield kept | {
        "PYTHONPATH": str(tmp_path / "site"),
        "PYTHONSAFEPATH": "1",
        "GRIDMAP_HOME": str(home / "data"),
        "GRIDMAP_DEMO_PASSWORD": DEMO_PASSWORD,
    }
    Cluster(home / "data").stop()
    shutil.rmtree(home)


def test_the_demo_runs_from_an_empty_folder(installed, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    where = [sys.executable, "-c", "import gridmap; print(gridmap.__file__)"]
    found = subprocess.run(where, env=installed, cwd=empty, capture_output=True, text=True, check=True).stdout
    assert found.startswith(installed["PYTHONPATH"])
    done = subprocess.run(
        [*START, "demo", "--no-serve"], env=installed, cwd=empty, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert DEMO_PASSWORD in done.stdout
    doctor = subprocess.run([*START, "doctor"], env=installed, cwd=empty, capture_output=True, text=True, check=False)
    assert "✗" not in doctor.stdout.replace("✗ backup", ""), doctor.stdout


def test_without_postgresql_it_says_the_one_line(installed, tmp_path):
    code = (
        "import gridmap.cluster.programs as programs;"
        "programs.installed = lambda root=None: [];"
        "from gridmap.commands import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "demo", "--no-serve"], env=installed, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "apt-get install --no-install-recommends postgresql-15-postgis-3" in done.stderr
    assert "Traceback" not in done.stderr
