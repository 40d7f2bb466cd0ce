"""Which of the five lines of a stairwell are filled."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute((Path(__file__).parent / "0007_five_lines.sql").read_text(encoding="utf-8"))
