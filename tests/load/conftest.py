"""The command line on a register of its own."""

import pytest
from click.testing import CliRunner

from gridmap.commands import main


@pytest.fixture
def command(empty_base, monkeypatch, tmp_path):
    """Runs `gridmap WORDS` on a database of its own; gives (exit code, what was printed)."""
    monkeypatch.setenv("GRIDMAP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GRIDMAP_DATABASE_URL", empty_base.app_url)
    monkeypatch.setenv("GRIDMAP_CLOCK", "2026-03-16T09:00+08:00")

    def run(*words):
        result = CliRunner().invoke(main, [*map(str, words)], catch_exceptions=False)
        return result.exit_code, result.output

    return run
