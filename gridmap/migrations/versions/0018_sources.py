"""Sources of files: which columns, datum and dates a person named for them."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0018a"
down_revision = "0017"


def upgrade() -> None:
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute((Path(__file__).parent / "0018_sources.sql").read_text(encoding="utf-8"))
