"""Parking: rules of estates, gates, counts, cars from outside with their notices and bans."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute((Path(__file__).parent / "0013_parking.sql").read_text(encoding="utf-8"))
