"""What lately became of one's own reports: nothing of it is marked as read, so nobody can tell who has looked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, DateTime, and_, bindparam, or_, select

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.read.locks import case_locked, is_near, lock_values, of_kinds
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import incident, incident_kind, notice

Statement = tuple[str, dict[str, Any]]
NEWS_FOR = timedelta(days=14)
MOST_NEWS, MOST_NOTICES = 20, 200
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
    found: dict[int, News] = {}
    for row in connection.execute(text, constants | lock_values(viewer) | values):
        one = News(
            incident_id=row["incident_id"],
            what=row["what"],
            at=row["at"],
            kind=(row["title"], row["title_en"]),
            address=row["address"],
            number=row["number"],
        )
        found.setdefault(one.incident_id, one)
    return tuple(found.values())[:MOST_NEWS]


@lru_cache(maxsize=64)
def news_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the notices to one account between two moments, the newest first."""
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
        .join_from(notice, incident, is_case)
        .join(incident_kind, incident_kind.c.code == incident.c.kind)
        .where(
            is_near(notice.c.street_id, reach),
            notice.c.account_id == account,
            notice.c.at > bindparam("since", type_=moment),
            notice.c.at <= bindparam("now", type_=moment),
            of_kinds(notice.c.kind, *TOLD),
            or_(case_locked(incident, reach), incident.c.reporter_account_id == account),
        )
        .order_by(notice.c.at.desc(), notice.c.id.desc())
        .limit(MOST_NOTICES)
    )
