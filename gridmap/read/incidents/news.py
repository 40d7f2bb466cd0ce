"""What lately became of one's own reports: nothing of it is marked as read, so nobody can tell who has looked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, DateTime, and_, bindparam, func, or_, select

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
    """The SQL of the notices to one account between two moments, the newest first.

    What becomes of a case that a report was found to be the same as is told under the report's own number: whoever
    made that report may not see the other.
    """
    reach = reach_of_shape(shape)
    account = bindparam("account", type_=BigInteger)
    moment = DateTime(timezone=True)
    own = incident.alias("own")
    is_case = and_(
        incident.c.street_id == notice.c.street_id,
        incident.c.id == notice.c.incident_id,
        or_(case_locked(incident, reach), incident.c.reporter_account_id == account),
    )
    is_own = and_(
        own.c.street_id == notice.c.street_id,
        own.c.duplicate_of_id == notice.c.incident_id,
        own.c.reporter_account_id == account,
    )
    return compiled(
        select(
            func.coalesce(own.c.id, incident.c.id).label("incident_id"),
            notice.c.kind.label("what"),
            notice.c.at,
            incident_kind.c.title,
            incident_kind.c.title_en,
            func.coalesce(own.c.address, incident.c.address).label("address"),
            func.coalesce(own.c.number, incident.c.number).label("number"),
        )
        .join_from(notice, incident, is_case, isouter=True)
        .join(own, is_own, isouter=True)
        .join(incident_kind, incident_kind.c.code == func.coalesce(own.c.kind, incident.c.kind))
        .where(
            is_near(notice.c.street_id, reach),
            notice.c.account_id == account,
            notice.c.at > bindparam("since", type_=moment),
            notice.c.at <= bindparam("now", type_=moment),
            of_kinds(notice.c.kind, *TOLD),
        )
        .order_by(notice.c.at.desc(), notice.c.id.desc())
        .limit(MOST_NOTICES)
    )
