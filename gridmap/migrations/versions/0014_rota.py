"""Duty rotas: what is shared, who takes part, turns, who has which, swaps."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute((Path(__file__).parent / "0014_rota.sql").read_text(encoding="utf-8"))
