"""Transactions carry their viewer and leave nothing behind."""

import psycopg
import pytest

from gridmap.db import SYSTEM, Database
from gridmap.db.pools import POOL_SETTINGS


@pytest.fixture(params=[True, False], ids=["directly", "behind a pooler"])
def database(request, empty_base):
    made = Database(empty_base.app_url, prepares=request.param)
    yield made
    made.close()


def test_a_transaction_knows_its_viewer_and_the_next_one_does_not(database):
    with database.transaction({"scope": "city", "account": "7; DROP TABLE x'"}) as connection:
        row = connection.execute("SELECT current_setting('app.account') AS who").fetchone()
        assert row == {"who": "7; DROP TABLE x'"}
    with database.pool("commands").connection() as connection:
        row = connection.execute("SELECT current_setting('app.account', true) AS who").fetchone()
        assert row in ({"who": None}, {"who": ""})


@pytest.mark.parametrize("pool", POOL_SETTINGS)
def test_the_settings_of_a_pool_hold_in_its_transactions(database, pool):
    with database.transaction(SYSTEM, pool) as connection:
        row = connection.execute("SELECT current_setting('jit') AS jit").fetchone()
        assert row == {"jit": "off"}


def test_behind_a_pooler_nothing_is_left_on_the_connection(empty_base):
    database = Database(empty_base.app_url, prepares=False)
    with psycopg.connect(empty_base.app_url) as fresh:
        expected = fresh.execute("SELECT current_setting('statement_timeout')").fetchone()[0]
    with database.transaction(SYSTEM):
        pass
    with database.pool("commands").connection() as connection:
        row = connection.execute("SELECT current_setting('statement_timeout') AS timeout").fetchone()
    database.close()
    assert row == {"timeout": expected}


def change_and_fail(database):
    with database.transaction(SYSTEM) as connection:
        connection.execute("INSERT INTO gridmap.change (street_id, layer) VALUES (0, 'x')")
        raise ZeroDivisionError


def test_an_error_rolls_back(database):
    with pytest.raises(ZeroDivisionError):
        change_and_fail(database)
    with database.transaction(SYSTEM) as connection:
        assert connection.execute("SELECT count(*) AS n FROM gridmap.change").fetchone() == {"n": 0}
