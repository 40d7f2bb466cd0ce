"""The kinds of cases that can be reported on a day, class by class; and those that come first."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Date, DateTime, bindparam, func, select

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.read.locks import is_near, lock_values
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import incident, incident_class, incident_kind

Statement = tuple[str, dict[str, Any]]
USUAL = ("03001", "02001", "13002", "13001", "01001", "03002", "08003", "05002")
"""What is reported most in such neighbourhoods, in the order of their tiles."""
OWN_AMONG_USUAL = 2
"""So many of them give way to what an account itself reports oftener; the others keep their place under the thumb."""
LATELY = timedelta(days=180)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of case; titles are Chinese and English. Class 10, disputes, is private: its words are personal."""

    code: str
    group: str
    titles: tuple[str, str]
    group_titles: tuple[str, str]
    severity: int
    is_private: bool


def read_kinds(connection: Connection, day: date) -> tuple[Kind, ...]:
    """The kinds of that day, class by class."""
    text, constants = kinds_statement()
    rows = connection.execute(text, constants | {"day": day})
    return tuple(
        Kind(
            code=row["code"],
            group=row["class"],
            titles=(row["title"], row["title_en"]),
            group_titles=(row["class_title"], row["class_title_en"]),
            severity=row["severity"],
            is_private=row["is_private"],
        )
        for row in rows
    )


def read_usual(connection: Connection, viewer: Viewer, kinds: Sequence[Kind], now: datetime) -> tuple[Kind, ...]:
    """Of these kinds the few that stand first, as large tiles."""
    text, constants = own_kinds_statement(viewer.reach.shape)
    values = {"account": viewer.account_id, "since": now - LATELY}
    rows = connection.execute(text, constants | lock_values(viewer) | values).fetchall()
    return usual_of(kinds, Counter({row["kind"]: row["times"] for row in rows}))


def usual_of(kinds: Sequence[Kind], own: Counter[str]) -> tuple[Kind, ...]:
    """The usual kinds, the last of them replaced by what is reported oftener by oneself."""
    by_code = {kind.code: kind for kind in kinds}
    usual = [code for code in USUAL if code in by_code]
    oftener = [code for code, _times in own.most_common() if code in by_code and code not in usual]
    new = [code for code in oftener if own[code] > min((own[one] for one in usual[-OWN_AMONG_USUAL:]), default=0)]
    for place, code in enumerate(new[:OWN_AMONG_USUAL], start=1):
        usual[-place] = code
    return tuple(by_code[code] for code in usual)


@lru_cache(maxsize=1)
def kinds_statement() -> Statement:
    """The SQL of the kinds of a day."""
    group = incident_class
    return compiled(
        select(
            incident_kind.c.code,
            incident_kind.c["class"],
            incident_kind.c.title,
            incident_kind.c.title_en,
            incident_kind.c.severity,
            incident_kind.c.is_private,
            group.c.title.label("class_title"),
            group.c.title_en.label("class_title_en"),
        )
        .join_from(incident_kind, group, group.c.code == incident_kind.c["class"])
        .where(incident_kind.c.valid.contains(bindparam("day", type_=Date)))
        .order_by(group.c.sort, group.c.code, incident_kind.c.sort, incident_kind.c.code)
    )


@lru_cache(maxsize=64)
def own_kinds_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of how often an account has reported which kind since a moment."""
    return compiled(
        select(incident.c.kind, func.count().label("times"))
        .where(
            is_near(incident.c.street_id, reach_of_shape(shape)),
            incident.c.reporter_account_id == bindparam("account", type_=BigInteger),
            incident.c.reported_at > bindparam("since", type_=DateTime(timezone=True)),
        )
        .group_by(incident.c.kind)
        .order_by(func.count().desc(), incident.c.kind)
    )
