"""schemathesis over the whole API document: no 5xx, and no code, type or body that the document does not tell."""

import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from tests.api.asker import Asker

PROGRAM = Path(sys.executable).parent / "schemathesis"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
ORDINARY = r"^/(|conformance|api|collections|tileMatrixSets.*|collections/(buildings|assignments|incidents)(/.*)?)$"
"""Every kind of address, of a layer with rows, one with names, and one with cases and cuts."""


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    server.log = lambda *_: None  # type: ignore[method-assign]  # to be quiet
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/ogc/api"
    server.shutdown()
    thread.join()
    server.server_close()


def run(address: str, asker: Asker, tmp_path: Path, *words: str) -> str:
    """What schemathesis says, which fails where it found something."""
    if not PROGRAM.exists():
        pytest.skip("schemathesis is not installed: bin/test installs it")
    done = subprocess.run(
        [
            PROGRAM,
            "run",
            address,
            "-H",
            f"Authorization: Bearer {asker.token}",
            "--checks",
            CHECKS,
            "--no-color",
            *words,
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=3_000,
    )
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    return done.stdout


def cases(said: str) -> int:
    found = re.search(r"([0-9,]+) generated", said)
    assert found, said[-2_000:]
    return int(found[1].replace(",", ""))


def test_nothing_undocumented_comes_back(
    address: str, ask: Callable[[str], Asker], chief: Asker, tmp_path: Path
) -> None:
    words = ("--include-path-regex", ORDINARY, "--phases", "examples,coverage", "--seed", "1", "--workers", "2")
    assert cases(run(address, chief, tmp_path, *words)) > 300


@pytest.mark.full
@pytest.mark.parametrize("who", ["chief", "planner", "worker"])
def test_nothing_undocumented_comes_back_from_anywhere(
    address: str, ask: Callable[[str], Asker], tmp_path: Path, who: str
) -> None:
    words = ("--phases", "examples,coverage,fuzzing", "--max-examples", "30", "--seed", "1", "--workers", "2")
    assert cases(run(address, ask(who), tmp_path, *words)) > 5_000
