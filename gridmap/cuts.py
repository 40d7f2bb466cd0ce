"""What due work on the map is cut to: a kind of task, an area, a management. None of a word: everything."""

from sqlalchemy import ColumnElement, FromClause, Integer, and_, literal_column, or_, select

from gridmap.layer import KIND, MANAGEMENT, WITHIN
from gridmap.tables import duty, estate


def as_asked(rows: FromClause) -> "tuple[ColumnElement[bool], ...]":
    """The words kind, within and management on slots or on their counts; each falls out of the plan where it is null.

    `within` is the id of a community, grid, micro grid or estate: ids are unique over all of them.
    """
    is_kind = (
        select(duty.c.id)
        .where(duty.c.street_id == rows.c.street_id, duty.c.id == rows.c.duty_id, duty.c.kind == KIND)
        .correlate(rows)
    )
    is_managed = (
        select(estate.c.place_id)
        .where(
            estate.c.street_id == rows.c.street_id,
            estate.c.place_id == rows.c.estate_id,
            estate.c.management == MANAGEMENT,
        )
        .correlate(rows)
    )
    areas = ("community_id", "grid_id", "micro_grid_id", "estate_id")
    inside = and_(
        rows.c.street_id == WITHIN.op(">>")(literal_column("32", Integer)),
        or_(*(rows.c[name] == WITHIN for name in areas)),
    )
    return (
        or_(KIND.is_(None), is_kind.exists()),
        or_(WITHIN.is_(None), inside),
        or_(MANAGEMENT.is_(None), is_managed.exists()),
    )
