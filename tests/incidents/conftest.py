"""The little town of the cases: one of its own for each test, or one that the tests of a file share."""

from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest

from gridmap.db import Database
from tests.conftest import Base
from tests.incidents_town import Town, build


@pytest.fixture(scope="session")
def template(empty_template: str, copy_database: Callable[[str], Base]) -> str:
    """The name of a database with the town, to copy from."""
    base = copy_database(empty_template)
    with psycopg.connect(base.owner_url) as owner:
        build(owner)
    return str(psycopg.conninfo.conninfo_to_dict(base.app_url)["dbname"])


@pytest.fixture
def base(template: str, copy_database: Callable[[str], Base]) -> Base:
    """The database of the test's own town."""
    return copy_database(template)


@pytest.fixture
def town(base: Base) -> Iterator[Town]:
    """A town of the test's own: do with it what you like."""
    with closing(Town(Database(base.app_url), base.owner_url)) as made:
        yield made


@pytest.fixture(scope="module")
def shared_town(template: str, copy_database: Callable[[str], Base]) -> Iterator[Town]:
    """A town that keeps what the tests of a file write, one after the other."""
    base = copy_database(template)
    with closing(Town(Database(base.app_url), base.owner_url)) as made:
        yield made
