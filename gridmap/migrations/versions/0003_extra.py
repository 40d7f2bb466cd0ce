"""Register rows that come from files keep columns that gridmap has no place for."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute((Path(__file__).parent / "0003_extra.sql").read_text(encoding="utf-8"))
