"""Bring the schema to this version of gridmap: Alembic, as the owner role."""

from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import create_engine, pool

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent.parent / "migrations"


def _config() -> "Config":
    from alembic.config import Config  # a second to import, and most processes never migrate

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def expected_revision() -> str:
    """The revision that this version of gridmap works with: its newest migration's number."""
    return max(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def is_migrated(url: str) -> bool:
    """Whether the schema behind the connection string is at the revision that this version works with."""
    with psycopg.connect(url) as connection:
        if connection.execute("SELECT to_regclass('gridmap.alembic_version')").fetchone() == (None,):
            return False
        row = connection.execute("SELECT version_num FROM gridmap.alembic_version").fetchone()
        return row is not None and row[0] == expected_revision()


def migrate(owner_url: str) -> None:
    """Upgrade the schema behind `owner_url` (a libpq connection string of the owner role) to the newest revision.

    Each revision is one transaction: a failure leaves the last good one. Database errors pass through.
    """
    from alembic import command

    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(owner_url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
