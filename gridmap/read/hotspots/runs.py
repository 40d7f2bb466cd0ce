"""Searches for hotspots: which were made, over which days, compared by what. Their numbers are a whole street's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, Date, Integer, Select, Text, and_, bindparam, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from gridmap.analysis.hotspots import Trend, trend
from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.read.locks import is_near, lock_values
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import SERIAL_BITS, hotspot_run, incident_class, incident_kind, street

Statement = tuple[str, dict[str, Any]]
OWN = (
    *("id", "street_id", "subject", "begins", "ends", "exposure", "edge_m", "permutations", "units", "cases"),
    *("unexposed", "months", "month_cases", "found_at"),
)
SUBJECT, ENDS = bindparam("subject", type_=Text), bindparam("ends", type_=Date)
ID, STREET = bindparam("id", type_=BigInteger), bindparam("street", type_=Integer)


@dataclass(frozen=True, kw_only=True)
class Run:
    """A search. `exposure` None: nothing fitted, and nothing was tested.

    `looks`: how many of that night tested something in this street, as far as they are kept.
    """

    id: int
    street_id: int
    street: str
    subject: str
    begins: date
    ends: date
    exposure: str | None
    edge_m: Decimal
    permutations: int
    units: int
    cases: int
    unexposed: int
    months: Sequence[date]
    month_cases: Sequence[int]
    found_at: datetime
    looks: int

    @property
    def trend(self) -> Trend:
        """Whether the street's cases rise or fall month by month."""
        return trend_of(self.month_cases)


def trend_of(values: Sequence[float]) -> Trend:
    """The trend of values in order of time."""
    return trend(np.array(values, dtype=np.float64))


def read_newest(connection: Connection, viewer: Viewer) -> tuple[Run, ...]:
    """The newest search of each subject in each street in which the viewer sees something, by street and subject."""
    text, constants = newest_statement(viewer.reach.shape)
    return tuple(Run(**row) for row in connection.execute(text, constants | lock_values(viewer)).fetchall())


def read_runs(connection: Connection, viewer: Viewer, subject: str, ends: date) -> tuple[Run, ...]:
    """The searches of that subject that ended on that day, by street."""
    text, constants = runs_statement(viewer.reach.shape)
    values = constants | lock_values(viewer) | {"subject": subject, "ends": ends}
    return tuple(Run(**row) for row in connection.execute(text, values).fetchall())


def read_run(connection: Connection, viewer: Viewer, run_id: int) -> Run | None:
    """One search; None where the viewer sees nothing of its street."""
    text, constants = run_statement(viewer.reach.shape)
    values = constants | lock_values(viewer) | {"id": run_id, "street": run_id >> SERIAL_BITS}
    row = connection.execute(text, values).fetchone()
    return Run(**row) if row else None


def read_ends(connection: Connection, viewer: Viewer, subject: str) -> list[date]:
    """The days before which searches of that subject ended, the newest first."""
    text, constants = ends_statement(viewer.reach.shape)
    values = constants | lock_values(viewer) | {"subject": subject}
    return [row["ends"] for row in connection.execute(text, values).fetchall()]


def read_titles(connection: Connection) -> dict[str, tuple[str, str]]:
    """Title and English title of each class and kind of incidents, by code."""
    found: dict[str, tuple[str, str]] = {}
    for table in (incident_class, incident_kind):
        text, constants = compiled(select(table.c.code, table.c.title, table.c.title_en))
        rows = connection.execute(text, constants).fetchall()
        found |= {row["code"]: (row["title"], row["title_en"]) for row in rows}
    return found


@lru_cache(maxsize=128)
def newest_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the newest searches."""
    other = hotspot_run.alias("other")
    # chosen first: how many looks there were is counted for these alone, not for a year of weeks
    newest = (
        select(other.c.street_id, other.c.id)
        .where(is_near(other.c.street_id, reach_of_shape(shape)))
        .ext(distinct_on(other.c.street_id, other.c.subject))
        .order_by(other.c.street_id, other.c.subject, other.c.ends.desc())
        .subquery("newest")
    )
    is_newest = and_(newest.c.street_id == hotspot_run.c.street_id, newest.c.id == hotspot_run.c.id)
    chosen = _runs(shape).join(newest, is_newest)
    return compiled(chosen.order_by(hotspot_run.c.street_id, hotspot_run.c.subject))


@lru_cache(maxsize=128)
def runs_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the searches of a subject and day."""
    chosen = _runs(shape).where(hotspot_run.c.subject == SUBJECT, hotspot_run.c.ends == ENDS)
    return compiled(chosen.order_by(hotspot_run.c.street_id))


@lru_cache(maxsize=128)
def run_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of one search."""
    return compiled(_runs(shape).where(hotspot_run.c.street_id == STREET, hotspot_run.c.id == ID))


@lru_cache(maxsize=128)
def ends_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the days on which searches of a subject ended."""
    near = is_near(hotspot_run.c.street_id, reach_of_shape(shape))
    chosen = select(hotspot_run.c.ends).distinct().where(near, hotspot_run.c.subject == SUBJECT)
    return compiled(chosen.order_by(hotspot_run.c.ends.desc()))


def _runs(shape: tuple[str, ...]) -> "Select[Any]":
    beside = hotspot_run.alias("beside")
    looks = (
        select(func.count())
        .where(
            beside.c.street_id == hotspot_run.c.street_id,
            beside.c.ends == hotspot_run.c.ends,
            beside.c.exposure.is_not(None),
        )
        .correlate(hotspot_run)
        .scalar_subquery()
    )
    columns = (*(hotspot_run.c[name] for name in OWN), street.c.name.label("street"), looks.label("looks"))
    return (
        select(*columns)
        .join_from(hotspot_run, street, street.c.id == hotspot_run.c.street_id)
        .where(is_near(hotspot_run.c.street_id, reach_of_shape(shape)))
    )
