"""CQL2: what is understood, what is refused by its name, and that the parser's bounds hold."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gridmap.layer import Role
from gridmap.layers import BY_NAME
from gridmap.read import count_features, parse_filter, read_page
from tests.two_streets import ASKED, Town, open_town


@pytest.fixture(scope="module")
def town(empty_template: str, copy_database: Callable[[str], Any]) -> Iterator[Town]:
    with open_town(copy_database(empty_template)) as made:
        yield made


def found(
    town: Town, words: str, layer: str = "buildings", role: Role = Role.LEADER, **more: str
) -> list[dict[str, Any]]:
    """The features that fit, which are as many as are counted."""
    viewer = town.viewer(role)
    named = {name.replace("_", "-"): value for name, value in more.items()}
    where = parse_filter(BY_NAME[layer], viewer.reading_roles, {"filter": words, **named})
    with town.database.transaction(viewer.prologue) as connection:
        page = read_page(connection, BY_NAME[layer], viewer, ASKED, limit=10_000, where=where)
        assert count_features(connection, BY_NAME[layer], viewer, ASKED, where) == page.returned
    features: list[dict[str, Any]] = json.loads(b"[" + page.features + b"]")
    return features


FITS: dict[str, tuple[str, Callable[[dict[str, Any]], bool]]] = {
    "greater": ("floors > 3", lambda row: row["floors"] is not None and row["floors"] > 3),
    "like": ("name LIKE '花苑%'", lambda row: row["name"].startswith("花苑")),
    "casei": ("CASEI(name) = CASEI('QUOTE \" BACK\\SLASH')", lambda row: row["name"].startswith("quote")),
    "among": (
        "kind IN ('slab', 'villa_row') AND NOT floors IN (1, 2)",
        lambda row: row["kind"] in ("slab", "villa_row") and row["floors"] is not None and row["floors"] not in (1, 2),
    ),
    "null": ("built_year IS NULL", lambda row: row["built_year"] is None),
    "not null": ("built_year IS NOT NULL", lambda row: row["built_year"] is not None),
    "between": (
        "height_m BETWEEN 2.5 AND 18.25",
        lambda row: row["height_m"] is not None and 2.5 <= row["height_m"] <= 18.25,
    ),
    "or": ("floors = 3 OR kind = 'slab'", lambda row: row["floors"] == 3 or row["kind"] == "slab"),
    "two attributes": (
        "floors < households",
        lambda row: None not in (row["floors"], row["households"]) and row["floors"] < row["households"],
    ),
    "quote": ("name = '单引号''逗号,分号;'", lambda row: row["name"] == "单引号'逗号,分号;"),
    "always": ("true", lambda row: True),
    "never": ("1 = 2", lambda row: False),
}


@pytest.mark.parametrize("case", FITS)
def test_a_filter_finds_what_fits(town: Town, case: str) -> None:
    words, fits = FITS[case]
    everything = found(town, "TRUE")
    assert everything
    assert found(town, words) == [each for each in everything if fits(each["properties"])]
