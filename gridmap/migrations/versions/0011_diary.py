"""The diary, reception days, orders of the hotline and counts of e-bikes."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute((Path(__file__).parent / "0011_diary.sql").read_text(encoding="utf-8"))
