"""Reach that follows the turns of a rota, what those who take part may know, open evenings, links to calendars."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute((Path(__file__).parent / "0016_on_duty.sql").read_text(encoding="utf-8"))
