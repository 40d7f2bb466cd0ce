"""A demo whose office has heard nothing yet: without diary, reception days, orders of the hotline and counts."""

from typing import Any

import psycopg

TABLES = ("diary_contact", "diary", "reception", "hotline_order", "hotline_mapping", "ebike_count")


def forget_office(owner: "psycopg.Connection[Any]") -> None:
    """Empty them, for tests that fill them themselves and count what is there."""
    for table in TABLES:
        owner.execute(psycopg.sql.SQL("DELETE FROM gridmap.{}").format(psycopg.sql.Identifier(table)))
