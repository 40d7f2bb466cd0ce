"""The two streets, served."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from flask import Flask

from tests.conftest import Base
from tests.fuller_streets import fill_up
from tests.tiles.door import Door, add_accounts
from tests.two_streets import open_town


@contextmanager
def open_door(base: Base, make_app: Callable[..., Flask]) -> Iterator[Door]:
    """Two filled streets and their accounts in that database, served."""
    with open_town(base):
        with psycopg.connect(base.owner_url) as owner:
            ids = fill_up(owner)
            add_accounts(owner)
        yield Door(make_app(base), base, ids)


@pytest.fixture(scope="session")
def streets(
    empty_template: str, copy_database: Callable[[str], Base], make_app: Callable[..., Flask]
) -> Iterator[Door]:
    """Two streets that stay as they are."""
    with open_door(copy_database(empty_template), make_app) as door:
        yield door


@pytest.fixture(scope="session")
def safe_streets(streets: Door, make_app: Callable[..., Flask]) -> Door:
    """The same behind https."""
    return Door(make_app(streets.base, base_url="https://map.example"), streets.base, streets.ids)


@pytest.fixture(scope="module")
def own_streets(
    empty_template: str, copy_database: Callable[[str], Base], make_app: Callable[..., Flask]
) -> Iterator[Door]:
    """Two streets of the module's own: change them."""
    with open_door(copy_database(empty_template), make_app) as door:
        yield door
