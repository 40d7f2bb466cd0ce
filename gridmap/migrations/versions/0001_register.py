"""The register, its row security and its privileges."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0001"
down_revision = None

HERE = Path(__file__).parent


def upgrade() -> None:
    driver: Any = op.get_bind().connection.driver_connection
    for name in ("0001_register.sql", "0001_rights.sql"):
        driver.execute((HERE / name).read_text(encoding="utf-8"))
