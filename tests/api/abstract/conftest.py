"""Whom the abstract tests ask: this application; with `-m foreign`, the server at GRIDMAP_FOREIGN_OGC."""

import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.abstract.server import Server
from tests.api.asker import Asker
from tests.conftest import ASKED


@pytest.fixture(params=[pytest.param("gridmap"), pytest.param("foreign", marks=pytest.mark.foreign)])
def server(request: pytest.FixtureRequest) -> Server:
    if request.param == "foreign":
        if ASKED not in os.environ:
            pytest.skip(f"no other server: set {ASKED} to the landing page of pygeoapi or tipg")
        return Server(os.environ[ASKED].rstrip("/"))
    ask: Callable[[str], Asker] = request.getfixturevalue("ask")
    return Server("http://localhost/ogc", ask("chief"))


@pytest.fixture
def collections(server: Server) -> list[dict[str, Any]]:
    """The collections with something in them."""
    found: list[dict[str, Any]] = [each for each in server.ok("/collections")["collections"] if each.get("extent")]
    assert found
    return found
