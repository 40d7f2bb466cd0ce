"""What `gridmap bench pages` says of its figures, and of a machine that has no browser."""

import sys

import pytest
from click.testing import CliRunner

from gridmap.bench.figures import Figure, lines, said
from gridmap.commands import main


def figure(*values, bar=None, unit="ms", page="map"):
    return Figure(page=page, what="drawn", unit=unit, values=values, bar=bar)


def test_the_bar_is_held_against_the_median_and_the_worst_is_told():
    met, missed, told = figure(900, 1500, 990, bar=1000), figure(900, 1500, 1100, bar=1000), figure(7)
    assert (met.is_met, missed.is_met, told.is_met) == (True, False, None)
    table = list(lines([met, missed, told]))
    assert table[2] == "| map | drawn | ≤ 1,000 ms | 990 ms | 1,500 ms | met |"
    assert table[3] == "|  | drawn | ≤ 1,000 ms | 1,100 ms | 1,500 ms | **missed** |"
    assert table[4] == "|  | drawn |  | 7.0 ms | 7.0 ms |  |"
    assert met.as_json()["runs"] == [900, 1500, 990]


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (60_000, "bytes", "60.0 kB"),
        (20_000_000, "bytes", "20.0 MB"),
        (0, "", "0"),
        (16.6, "ms", "16.6 ms"),
        (166.6, "ms", "167 ms"),
    ],
)
def test_figures_are_said_with_their_unit(value, unit, words):
    assert said(value, unit) == words


def test_without_playwright_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "gridmap.bench.browser", None)
    done = CliRunner().invoke(main, ["bench", "pages"])
    assert done.exit_code == 1
    assert "pip install playwright" in done.output
    assert "Traceback" not in done.output
