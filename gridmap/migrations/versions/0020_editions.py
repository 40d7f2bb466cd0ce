"""Editions of the register: what was drawn together, checked, published from a date and undone; and lineage."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute((Path(__file__).parent / "0020_editions.sql").read_text(encoding="utf-8"))
