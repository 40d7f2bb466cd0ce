"""Points belong to the inner one of two estates."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute((Path(__file__).parent / "0012_inner_estate.sql").read_text(encoding="utf-8"))
