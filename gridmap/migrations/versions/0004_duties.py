"""Duties, their slots, what answers them, and the counts kept beside."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute((Path(__file__).parent / "0004_duties.sql").read_text(encoding="utf-8"))
