"""The photo of an answer: which file it is, for who sees the answer."""

from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, bindparam, or_, select

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.read.locks import lock_values, locked
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import SERIAL_BITS, inspection

Statement = tuple[str, dict[str, Any]]


def read_photo(connection: Connection, viewer: Viewer, inspection_id: int) -> bytes | None:
    """The SHA-256 of the answer's photo; None where there is none, or none that the viewer may see."""
    text, constants = photo_statement(viewer.reach.shape)
    values = {"inspection": inspection_id, "street": inspection_id >> SERIAL_BITS, "account": viewer.account_id}
    row = connection.execute(text, constants | lock_values(viewer) | values).fetchone()
    return bytes(row["photo"]) if row else None


@lru_cache(maxsize=64)
def photo_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the photo of one answer that stands."""
    return compiled(
        select(inspection.c.photo).where(
            inspection.c.street_id == bindparam("street", type_=BigInteger),
            inspection.c.id == bindparam("inspection", type_=BigInteger),
            inspection.c.photo.is_not(None),
            inspection.c.superseded_at.is_(None),
            or_(
                locked(inspection, reach_of_shape(shape)),
                inspection.c.account_id == bindparam("account", type_=BigInteger),
            ),
        )
    )
