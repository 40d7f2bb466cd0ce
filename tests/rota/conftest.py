"""The little town with its group, one of its own for each test."""

from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest

from gridmap.db import Database
from tests.conftest import Base
from tests.rota_town import BEFORE, RotaTown, build


@pytest.fixture(scope="session")
def rota_template(empty_template: str, copy_database: Callable[[str], Base]) -> str:
    """The name of a database with the town, to copy from."""
    base = copy_database(empty_template)
    with psycopg.connect(base.owner_url) as owner:
        build(owner)
    return str(psycopg.conninfo.conninfo_to_dict(base.app_url)["dbname"])


@pytest.fixture
def town(rota_template: str, copy_database: Callable[[str], Base]) -> Iterator[RotaTown]:
    """A town of the test's own, before the quarter; nothing is shared yet."""
    base = copy_database(rota_template)
    with closing(RotaTown(Database(base.app_url), base.owner_url, BEFORE)) as made:
        yield made


@pytest.fixture
def planned(town: RotaTown) -> RotaTown:
    """The same with the group of 24 and its quarter planned."""
    town.open()
    town.join()
    town.plan()
    return town
