"""Reception days as they are read: of which community, on which day, how many came and how many wait for an answer."""

from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Integer, and_, bindparam, false, func, or_, select, true

from gridmap.db import compiled
from gridmap.db.pools import Connection, Row
from gridmap.read.locks import ids, is_near, lock_values
from gridmap.scope import Reach, Viewer, reach_of_shape
from gridmap.tables import community, diary, reception, street

Statement = tuple[str, dict[str, Any]]


def read_receptions(connection: Connection, viewer: Viewer, *, limit: int, offset: int) -> list[Row]:
    """The reception days of the communities that the viewer sees whole, the newest first."""
    text, constants = receptions_statement(viewer.reach.shape, False)
    return connection.execute(text, constants | lock_values(viewer) | {"limit": limit, "offset": offset}).fetchall()


def read_reception(connection: Connection, viewer: Viewer, reception_id: int) -> Row | None:
    """One reception day; None where the viewer sees none of that id."""
    text, constants = receptions_statement(viewer.reach.shape, True)
    values = {"limit": 1, "offset": 0, "reception": reception_id}
    return connection.execute(text, constants | lock_values(viewer) | values).fetchone()


def read_communities(connection: Connection, viewer: Viewer) -> list[Row]:
    """The communities that the viewer sees whole, with the settings of their street; where most rules are, first."""
    reach = viewer.reach
    return connection.execute(
        "SELECT c.id, c.name, c.street_id, s.name AS street, s.settings FROM gridmap.community c"
        " JOIN gridmap.street s ON s.id = c.street_id"
        " WHERE (%(city)s OR c.street_id = ANY (%(streets)s) OR c.id = ANY (%(communities)s)) AND upper_inf(c.valid)"
        " ORDER BY (SELECT count(*) FROM gridmap.duty d WHERE d.street_id = s.id) DESC, s.code, c.code LIMIT 500",
        {"city": reach.is_city, "streets": list(reach.streets), "communities": list(reach.communities)},
    ).fetchall()


def _locked(reach: Reach) -> Any:
    """The first lock: a reception day belongs to a community, and is seen with the whole of it."""
    if reach.is_city:
        return true()
    columns = {"streets": reception.c.street_id, "communities": reception.c.community_id}
    return or_(false(), *(columns[name] == func.any(ids(f"scope_{name}")) for name in reach.shape if name in columns))


@lru_cache(maxsize=64)
def receptions_statement(shape: tuple[str, ...], is_one: bool) -> Statement:
    """The SQL of reception days."""
    reach = reach_of_shape(shape)
    came = (
        select(
            func.count().label("visitors"),
            func.count().filter(diary.c.outcome.is_(None)).label("open"),
            func.count().filter(diary.c.outcome == "case").label("cases"),
        )
        .where(diary.c.street_id == reception.c.street_id, diary.c.reception_id == reception.c.id)
        .lateral("came")
    )
    chosen = (
        select(
            *reception.c,
            community.c.name.label("community"),
            street.c.name.label("street"),
            street.c.settings,
            *came.c,
        )
        .select_from(reception)
        .join(street, street.c.id == reception.c.street_id)
        .join(
            community,
            and_(community.c.street_id == reception.c.street_id, community.c.id == reception.c.community_id),
        )
        .join(came, true())
        .where(is_near(reception.c.street_id, reach), _locked(reach))
    )
    if is_one:
        chosen = chosen.where(reception.c.id == bindparam("reception", type_=BigInteger))
    limit, offset = bindparam("limit", type_=Integer), bindparam("offset", type_=Integer)
    return compiled(chosen.order_by(reception.c.held_on.desc(), community.c.code).limit(limit).offset(offset))
