"""Bring the schema to this version of gridmap: Alembic, as the owner role."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, pool

MIGRATIONS = Path(__file__).parent.parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def expected_revision() -> str:
    """The revision that this version of gridmap works with."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    return head or ""


def migrate(owner_url: str) -> None:
    """Upgrade the schema behind `owner_url` (a libpq connection string of the owner role) to the newest revision.

    Each revision is one transaction: a failure leaves the last good one. Database errors pass through.
    """
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: __import__("psycopg").connect(owner_url),
        poolclass=pool.NullPool,
    )
    with engine.connect() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
