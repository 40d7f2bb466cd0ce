"""What a database of the tests holds, whoever may see it."""

from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.conftest import Base


def rows(base: Base, statement: str, *values: Any) -> list[dict[str, Any]]:
    """The rows that the statement gives, by column; without values a percent sign in it is one."""
    with psycopg.connect(base.superuser_url, row_factory=dict_row) as owner:
        return owner.execute(statement, values or None).fetchall()
