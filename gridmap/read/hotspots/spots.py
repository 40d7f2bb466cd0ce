"""What searches found: areas, single addresses, the busiest; those that lie wholly in what the viewer looks after."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Float, Select, Subquery, func, select

from gridmap.analysis.hotspots import Trend
from gridmap.cuts import NOBODY
from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.read.hotspots.runs import ID, STREET, trend_of
from gridmap.read.locks import case_locked, ids, lock_values, of_kinds
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import SERIAL_BITS, hotspot

Statement = tuple[str, dict[str, Any]]
SHOWN = ("area", "further", "repeat", "busiest")
"""What is listed one by one; the rest is only counted."""
OWN = (
    *("id", "street_id", "run_id", "status", "number", "name", "named_by", "place_id", "observed", "expected"),
    *("chance", "units", "month_observed", "month_expected"),
)
SCOPE = ("community_id", "grid_id", "micro_grid_id", "estate_id")


@dataclass(frozen=True, kw_only=True)
class Spot:
    """One thing found. Expected and chance are None where nothing was compared; longitude and latitude in degrees."""

    id: int
    street_id: int
    run_id: int
    status: str
    number: int | None
    name: str | None
    named_by: str | None
    place_id: int | None
    observed: int
    expected: Decimal | None
    chance: Decimal | None
    units: int
    month_observed: Sequence[int] | None
    month_expected: Sequence[Decimal] | None
    lon: float
    lat: float

    @property
    def ratio(self) -> Decimal | None:
        """How many times as many as expected."""
        return self.observed / self.expected if self.expected else None

    @property
    def trend(self) -> Trend | None:
        """Whether its cases rise or fall; None where there are no months."""
        return None if self.month_observed is None else trend_of(self.month_observed)

    @property
    def beside(self) -> Trend | None:
        """Whether they rise or fall beside what the whole street's would bring: it may rise because everything does."""
        if self.month_observed is None or self.month_expected is None:
            return None
        pairs = zip(self.month_observed, self.month_expected, strict=True)
        return trend_of([float(observed / expected) for observed, expected in pairs if expected])


def read_spots(connection: Connection, viewer: Viewer, runs: Sequence[int]) -> tuple[Spot, ...]:
    """What these searches found that is listed: by search and number, then those without a number, the most first."""
    text, constants = spots_statement(viewer.reach.shape)
    rows = connection.execute(text, constants | lock_values(viewer) | _of(runs)).fetchall()
    return tuple(Spot(**row) for row in rows)


def read_spot(connection: Connection, viewer: Viewer, spot_id: int) -> Spot | None:
    """One of them, whatever can be said of it; None where the viewer sees none of that id."""
    text, constants = spot_statement(viewer.reach.shape)
    values = constants | lock_values(viewer) | {"id": spot_id, "street": spot_id >> SERIAL_BITS}
    row = connection.execute(text, values).fetchone()
    return Spot(**row) if row else None


def count_ground(connection: Connection, viewer: Viewer, runs: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Of each search the ground that cannot be told from chance, or was not compared: spots of it, and cases."""
    text, constants = ground_statement(viewer.reach.shape)
    rows = connection.execute(text, constants | lock_values(viewer) | _of(runs)).fetchall()
    return {row["run_id"]: (row["spots"], row["cases"]) for row in rows}


@lru_cache(maxsize=128)
def spots_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of what searches found."""
    rows, chosen = _spots(shape)
    order = (rows.c.run_id, rows.c.number.asc().nulls_last(), rows.c.observed.desc(), rows.c.id)
    return compiled(chosen.where(_of_runs(rows), of_kinds(rows.c.status, *SHOWN)).order_by(*order))


@lru_cache(maxsize=128)
def spot_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of one thing found."""
    rows, chosen = _spots(shape)
    return compiled(chosen.where(rows.c.street_id == STREET, rows.c.id == ID))


@lru_cache(maxsize=128)
def ground_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the ground of which nothing more can be said."""
    rows = _rows()
    return compiled(
        select(rows.c.run_id, func.count().label("spots"), func.sum(rows.c.observed).label("cases"))
        .where(case_locked(rows, reach_of_shape(shape)), _of_runs(rows), ~of_kinds(rows.c.status, *SHOWN))
        .group_by(rows.c.run_id)
    )


def _rows() -> Subquery:
    columns = (*(hotspot.c[name] for name in (*OWN, *SCOPE, "geom")), NOBODY.label("parties"))
    return select(*columns).subquery("rows")


def _spots(shape: tuple[str, ...]) -> "tuple[Subquery, Select[Any]]":
    rows = _rows()
    spot = func.ST_PointOnSurface(rows.c.geom)
    columns = [rows.c[name] for name in OWN]
    degrees = (func.ST_X(spot, type_=Float).label("lon"), func.ST_Y(spot, type_=Float).label("lat"))
    return rows, select(*columns, *degrees).where(case_locked(rows, reach_of_shape(shape)))


def _of_runs(rows: Subquery) -> "ColumnElement[bool]":
    return (rows.c.street_id == func.any(ids("of_streets"))) & (rows.c.run_id == func.any(ids("of_runs")))


def _of(runs: Sequence[int]) -> dict[str, list[int]]:
    return {"of_runs": list(runs), "of_streets": sorted({run >> SERIAL_BITS for run in runs})}
