"""The office's side of what is due: excuses with their hour, answers from paper, rules that follow each other."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute((Path(__file__).parent / "0008_office.sql").read_text(encoding="utf-8"))
