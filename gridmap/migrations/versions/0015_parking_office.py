"""Parking for the office: who has looked at a plate, and what its lists are read by."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute((Path(__file__).parent / "0015_parking_office.sql").read_text(encoding="utf-8"))
