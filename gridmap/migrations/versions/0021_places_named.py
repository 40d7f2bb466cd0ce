"""Indexes of what names a place, for places that go."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute((Path(__file__).parent / "0021_places_named.sql").read_text(encoding="utf-8"))
