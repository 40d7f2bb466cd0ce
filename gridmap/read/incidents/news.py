"""What lately became of one's own reports: nothing of it is marked as read, so nobody can tell who has looked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, DateTime, and_, bindparam, or_, select

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.read.locks import case_locked, is_near, lock_values
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import incident, incident_kind, notice

Statement = tuple[str, dict[str, Any]]
NEWS_FOR = timedelta(days=14)
MOST_NEWS = 20
TOLD = ("rejected", "duplicate", "returned", "reopened", "closed", "answered")
"""What is news to who reported it; that it was registered stands in the list of one's reports."""


@dataclass(frozen=True, kw_only=True)
class News:
    """The last thing that became of one report. `what` is a word of TOLD, `kind` its Chinese and English title."""

    incident_id: int
    what: str
    at: datetime
    kind: tuple[str, str]
    address: str
    number: str


def read_news(connection: Connection, viewer: Viewer, now: datetime) -> tuple[News, ...]:
    """The news of the last days for the viewer, the newest first, one of each case."""
    text, constants = news_statement(viewer.reach.shape)
    values = {"account": viewer.account_id, "since": now - NEWS_FOR, "now": now}
    rows = connection.execute(text, constants | lock_values(viewer) | values).fetchall()
    return tuple(
        News(
            incident_id=row["incident_id"],
            what=row["what"],
            at=row["at"],
            kind=(row["title"], row["title_en"]),
            address=row["address"],
            number=row["number"],
        )
        for row in sorted(rows, key=lambda row: row["at"], reverse=True)[:MOST_NEWS]
    )


@lru_cache(maxsize=64)
def news_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the newest notice of each case to one account between two moments."""
    reach = reach_of_shape(shape)
    account = bindparam("account", type_=BigInteger)
    moment = DateTime(timezone=True)
    is_case = and_(incident.c.street_id == notice.c.street_id, incident.c.id == notice.c.incident_id)
    return compiled(
        select(
            notice.c.incident_id,
            notice.c.kind.label("what"),
            notice.c.at,
            incident_kind.c.title,
            incident_kind.c.title_en,
            incident.c.address,
            incident.c.number,
        )
        .distinct(notice.c.incident_id)
        .join_from(notice, incident, is_case)
        .join(incident_kind, incident_kind.c.code == incident.c.kind)
        .where(
            is_near(notice.c.street_id, reach),
            notice.c.account_id == account,
            notice.c.at > bindparam("since", type_=moment),
            notice.c.at <= bindparam("now", type_=moment),
            or_(*(notice.c.kind == word for word in TOLD)),
            or_(case_locked(incident, reach), incident.c.reporter_account_id == account),
        )
        .order_by(notice.c.incident_id, notice.c.at.desc(), notice.c.id.desc())
    )
