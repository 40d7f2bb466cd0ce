"""How long stays went over the months: of each month the evening with the most cars, from the numbers that are kept."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy import Date, bindparam, cast, func, select

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.read.parking.cut import Cut, Statement, conditions, rows_locked, values_of
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import zone_stay


@dataclass(frozen=True, kw_only=True)
class MonthOfStays:
    """A month: on its worst counted evening so many cars were staying; `evenings` were counted at all."""

    month: date
    cars: int
    evenings: int


def read_course(connection: Connection, viewer: Viewer, cut: Cut, start: date, end: date) -> tuple[MonthOfStays, ...]:
    """The months of [start, end) of which something is known, in order; of the zones that the viewer sees."""
    text, constants = course_statement(viewer.reach.shape, cut.by)
    rows = connection.execute(text, values_of(viewer, cut, constants, start=start, end=end)).fetchall()
    return tuple(MonthOfStays(**row) for row in rows)


@lru_cache(maxsize=64)
def course_statement(shape: tuple[str, ...], by: tuple[str, ...]) -> Statement:
    """The SQL of the months: first all zones of an evening together, then the worst evening of a month."""
    evenings = (
        select(zone_stay.c.day, func.sum(zone_stay.c.cars).label("cars"))
        .where(
            rows_locked(zone_stay, reach_of_shape(shape)),
            zone_stay.c.day >= bindparam("start", type_=Date),
            zone_stay.c.day < bindparam("end", type_=Date),
            *conditions(by, zone_stay),
        )
        .group_by(zone_stay.c.day)
        .subquery("evenings")
    )
    month = cast(func.date_trunc("month", evenings.c.day), Date)
    return compiled(
        select(month.label("month"), func.max(evenings.c.cars).label("cars"), func.count().label("evenings"))
        .group_by(month)
        .order_by(month)
    )
