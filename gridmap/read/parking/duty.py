"""Who has parking duty tonight and on the next evenings, and where nobody has."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from sqlalchemy import BigInteger, Date, and_, bindparam, func, literal_column, or_, select, true

from gridmap.db import compiled
from gridmap.db.pools import Connection, Row
from gridmap.read.locks import ids, locked, sees_people
from gridmap.read.parking.cut import Cut, Statement, conditions, rows_locked, values_of
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import SERIAL_BITS, place, rota, rota_holder, rota_turn

MOST = 100
TOLD = ("rota_id", "day", "starts_at", "ends_at", "needed", "missing", "reason")
NAMES = """
SELECT r.id AS rota_id, q.person_id, q.display_name
FROM unnest(%(rotas)s::bigint[]) AS r (id)
CROSS JOIN LATERAL gridmap.rota_people((r.id >> 32)::integer, r.id, %(at)s, %(at)s) q
WHERE q.person_id = ANY (%(people)s)
"""


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Somebody who has an evening; `name` as they are shown, None where the viewer need not know it."""

    person_id: int
    name: str | None


@dataclass(frozen=True, kw_only=True)
class Evening:
    """One evening of a rota, who has it, and how many people are `missing`. `place` is None where that is not seen."""

    rota_id: int
    rota: str
    place: str | None
    day: date
    starts_at: datetime
    ends_at: datetime
    needed: int
    missing: int
    reason: str | None
    holders: tuple[Holder, ...]

    @property
    def is_unmanned(self) -> bool:
        """Whether nobody at all comes."""
        return self.missing >= self.needed

    @property
    def names(self) -> tuple[str, ...]:
        """Of those who have it, as far as the viewer may know them."""
        return tuple(one.name for one in self.holders if one.name)


def read_duty(connection: Connection, viewer: Viewer, cut: Cut, start: date, end: date) -> tuple[Evening, ...]:
    """The evenings of parking rotas on [start, end), in order; at most MOST.

    Of the rotas that the viewer sees or takes part in. Names are told to who takes part, and to roles that are told who
    is responsible.
    """
    text, constants = duty_statement(viewer.reach.shape, cut.by)
    own = viewer.person_id or 0
    streets = sorted({*viewer.reach.near, own >> SERIAL_BITS})
    values = values_of(viewer, cut, constants, start=start, end=end, own=own, turn_streets=streets)
    rows = connection.execute(text, values).fetchall()
    names = _names(connection, [row for row in rows if row["takes_part"] or sees_people(viewer)])
    return tuple(
        Evening(
            **{name: row[name] for name in TOLD},
            rota=row["rota"],
            place=row["place"],
            holders=tuple(
                Holder(person_id=person, name=names.get((row["rota_id"], person))) for person in row["people"] or ()
            ),
        )
        for row in rows
    )


def _names(connection: Connection, rows: Sequence[Row]) -> dict[tuple[int, int], str]:
    """How those who have these evenings are shown, by rota and person."""
    people = sorted({person for row in rows for person in row["people"] or ()})
    if not people:
        return {}
    values = {"rotas": sorted({row["rota_id"] for row in rows}), "people": people, "at": rows[0]["starts_at"]}
    found = connection.execute(NAMES, values).fetchall()
    return {(row["rota_id"], row["person_id"]): row["display_name"] for row in found}


@lru_cache(maxsize=64)
def duty_statement(shape: tuple[str, ...], by: tuple[str, ...]) -> Statement:
    """The SQL of the evenings."""
    reach = reach_of_shape(shape)
    is_rota = and_(rota.c.street_id == rota_turn.c.street_id, rota.c.id == rota_turn.c.rota_id)
    is_place = and_(place.c.street_id == rota_turn.c.street_id, place.c.id == rota_turn.c.place_id)
    takes_part = bindparam("own", type_=BigInteger) == func.any(rota_turn.c.people)
    people = (
        select(func.array_agg(func.distinct(rota_holder.c.person_id)))
        .where(
            rota_holder.c.street_id == rota_turn.c.street_id,
            rota_holder.c.turn_id == rota_turn.c.id,
            rota_holder.c.ended_at.is_(None),
        )
        .scalar_subquery()
    )
    return compiled(
        select(
            *(rota_turn.c[name] for name in TOLD),
            rota.c.name.label("rota"),
            place.c.name.label("place"),
            people.label("people"),
            takes_part.label("takes_part"),
        )
        .select_from(rota_turn)
        .join(rota, is_rota)
        .join(place, and_(is_place, locked(place, reach)), isouter=True)
        .where(
            rota.c.kind == literal_column("'parking'"),
            rota_turn.c.state == literal_column("'set'"),
            rota_turn.c.day >= bindparam("start", type_=Date),
            rota_turn.c.day < bindparam("end", type_=Date),
            true() if reach.is_city else rota_turn.c.street_id == func.any(ids("turn_streets")),
            or_(rows_locked(rota_turn, reach), takes_part),
            *conditions(by, rota_turn),
        )
        .order_by(rota_turn.c.starts_at, rota_turn.c.id)
        .limit(MOST)
    )
