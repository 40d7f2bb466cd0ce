"""Hotspots: searches, what they found with its units, and nightly numbers of cars that stay."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute((Path(__file__).parent / "0017_hotspots.sql").read_text(encoding="utf-8"))
