"""Row security looks into short texts instead of parsing arrays for every row."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute((Path(__file__).parent / "0002_viewer.sql").read_text(encoding="utf-8"))
