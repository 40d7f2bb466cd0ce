"""Two streets served, and three people who ask."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from gridmap.accounts import actor, create_token
from gridmap.db import SYSTEM
from tests.api.asker import PEOPLE, Asker
from tests.two_streets import Town, open_town


@pytest.fixture(scope="session")
def town(empty_template: str, copy_database: Callable[[str], Any]) -> Iterator[Town]:
    with open_town(copy_database(empty_template)) as made:
        yield made


@pytest.fixture(scope="session")
def app(town: Town, make_app: Callable[..., Flask]) -> Flask:
    return make_app(town.base)


@pytest.fixture(scope="session")
def tokens(town: Town, app: Flask) -> dict[str, str]:
    """A token for each account of PEOPLE."""
    made = {}
    with town.database.transaction(SYSTEM) as connection:
        for name, (role, level, street, target) in PEOPLE.items():
            row = connection.execute(
                "INSERT INTO gridmap.account (username, title, locale) VALUES (%s, %s, 'en') RETURNING id", (name, name)
            ).fetchone()
            assert row
            connection.execute(
                "INSERT INTO gridmap.account_grant (account_id, role, level, street_id, target_id)"
                " VALUES (%s, %s, %s, %s, %s)",
                (row["id"], role, level, street, target),
            )
            made[name] = create_token(connection, actor(app.extensions["gridmap"].clock), row["id"], name="t", days=1)
    return made


@pytest.fixture(scope="session")
def ask(app: Flask, tokens: dict[str, str]) -> Callable[[str], Asker]:
    return lambda name: Asker(app.test_client(), tokens[name])


@pytest.fixture(scope="session")
def chief(ask: Callable[[str], Asker]) -> Asker:
    """Who sees the whole city."""
    return ask("chief")
