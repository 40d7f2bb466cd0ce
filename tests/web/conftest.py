"""The application on a demo of one's own, and accounts made for one test."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask

from gridmap.accounts import Grant, actor, create_account, give_grant
from gridmap.context import Services
from gridmap.db import SYSTEM
from tests import parking_town
from tests.conftest import Base
from tests.parking_office import Office, open_office
from tests.web.visitor import Person, person

PLANNER = Grant(role="planner", level="city")
PASSWORD = "three-words-of-mine"


@pytest.fixture(scope="module")
def base(demo_template: str, copy_database: Callable[[str], Base]) -> Base:
    """A demo that the tests of one module write in."""
    return copy_database(demo_template)


@pytest.fixture(scope="module")
def app(base: Base, make_app: Callable[[Base], Flask]) -> Flask:
    """The application on that demo."""
    return make_app(base)


@pytest.fixture(scope="module")
def leader(app: Flask) -> Person:
    """The leader of all demo streets, signed in once for all tests of a module."""
    return person(app, "leader")


@pytest.fixture(scope="module")
def worker(app: Flask) -> Person:
    """The worker, likewise."""
    return person(app, "worker")


@pytest.fixture
def services(app: Flask) -> Services:
    return app.extensions["gridmap"]


@pytest.fixture
def visit(app: Flask) -> Callable[..., Person]:
    """Opens a fresh browser."""
    return lambda address="127.0.0.1": Person(app, address)


@pytest.fixture
def account(services: Services) -> Callable[..., int]:
    """Makes an account with a password and one grant (default: planner of the whole city), and gives its id."""

    def make(username: str, grant: Grant | None = PLANNER, **fields: Any) -> int:
        with services.database.transaction(SYSTEM) as connection:
            values = {"title": username, "password": PASSWORD, "must_change_password": False, **fields}
            account_id = create_account(connection, actor(services.clock), username=username, **values)
            if grant:
                give_grant(connection, actor(services.clock), account_id, grant)
        return account_id

    return make


@pytest.fixture
def audited(services: Services) -> Callable[..., list[dict[str, object]]]:
    """The audit rows of one action on one subject, oldest first."""

    def rows(action: str, subject_id: object) -> list[dict[str, object]]:
        with services.database.transaction(SYSTEM) as connection:
            return connection.execute(
                "SELECT account_id, before, after, why FROM gridmap.audit"
                " WHERE action = %s AND subject_id = %s ORDER BY id",
                (action, str(subject_id)),
            ).fetchall()

    return rows


@pytest.fixture(scope="session")
def parking_template(empty_template: str, copy_database: Callable[[str], Base]) -> str:
    """The name of a database with the parking town, to copy from."""
    base = copy_database(empty_template)
    with psycopg.connect(base.owner_url) as owner:
        parking_town.build(owner)
    return str(psycopg.conninfo.conninfo_to_dict(base.app_url)["dbname"])


@pytest.fixture
def office(
    parking_template: str, copy_database: Callable[[str], Base], make_app: Callable[[Base], Flask]
) -> Iterator[Office]:
    """The office of a parking town of the test's own."""
    with open_office(copy_database(parking_template), make_app) as made:
        yield made
