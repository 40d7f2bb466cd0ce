"""The little town with houses where its grids are, and somebody who looks after each grid; one for each test."""

from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest

from gridmap.db import Database
from tests.conftest import Base
from tests.incidents_town import Town
from tests.register.town import build


@pytest.fixture(scope="session")
def template(empty_template: str, copy_database: Callable[[str], Base]) -> str:
    """The name of a database with the town, to copy from."""
    base = copy_database(empty_template)
    with psycopg.connect(base.owner_url) as owner:
        build(owner)
    return str(psycopg.conninfo.conninfo_to_dict(base.app_url)["dbname"])


@pytest.fixture
def town(template: str, copy_database: Callable[[str], Base]) -> Iterator[Town]:
    """A town of the test's own: do with it what you like."""
    base = copy_database(template)
    with closing(Town(Database(base.app_url), base.owner_url)) as made:
        yield made
