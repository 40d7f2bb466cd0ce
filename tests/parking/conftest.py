"""The little town with zones to park in, one of its own for each test."""

from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest

from gridmap.db import Database
from tests.conftest import Base
from tests.parking_town import ParkingTown, build


@pytest.fixture(scope="session")
def template(empty_template: str, copy_database: Callable[[str], Base]) -> str:
    """The name of a database with the town, to copy from."""
    base = copy_database(empty_template)
    with psycopg.connect(base.owner_url) as owner:
        build(owner)
    return str(psycopg.conninfo.conninfo_to_dict(base.app_url)["dbname"])


@pytest.fixture
def town(template: str, copy_database: Callable[[str], Base]) -> Iterator[ParkingTown]:
    """A town of the test's own: do with it what you like."""
    base = copy_database(template)
    with closing(ParkingTown(Database(base.app_url), base.owner_url)) as made:
        yield made
