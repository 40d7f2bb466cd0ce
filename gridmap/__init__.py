"""gridmap (网格一张图): the map that street offices, communities and grid workers run their neighbourhoods on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from gridmap.settings import Settings

__version__ = "0.1.0"


def create_app(settings: Settings | None = None) -> Flask:
    """The web application of one process, with its pools and its change feed open."""
    from gridmap.assemble import assemble
    from gridmap.settings import load_settings

    return assemble(settings or load_settings())
