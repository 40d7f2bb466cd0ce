"""Incidents: kinds and limits, cases, their parties and history, working time."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0010"
down_revision = "0009"


HERE = Path(__file__).parent


def upgrade() -> None:
    driver: Any = op.get_bind().connection.driver_connection
    for name in ("0010_incidents.sql", "0010_kinds.sql"):
        driver.execute((HERE / name).read_text(encoding="utf-8"))
