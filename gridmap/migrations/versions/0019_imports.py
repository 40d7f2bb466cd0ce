"""Imports: files on their way, rows as they were before a run, rows to place by hand."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0019"
down_revision = "0018a"


def upgrade() -> None:
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute((Path(__file__).parent / "0019_imports.sql").read_text(encoding="utf-8"))
