"""What due work and cases on the map are cut to: kind, area, management, state, days. None of it: everything."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Text,
    and_,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    text,
)

from gridmap.layer import AS_OF, BEGINS, ENDS, KIND, MANAGEMENT, STATE, WITHIN
from gridmap.tables import duty, estate, transition
from gridmap.tables.incidents import OPEN_STATES


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
    return (
        or_(KIND.is_(None), is_kind.exists()),
        _inside(rows),
        or_(MANAGEMENT.is_(None), is_managed.exists()),
    )


def _inside(rows: FromClause) -> "ColumnElement[bool]":
    areas = ("community_id", "grid_id", "micro_grid_id", "estate_id")
    inside = and_(
        rows.c.street_id == WITHIN.op(">>")(literal_column("32", Integer)),
        or_(*(rows.c[name] == WITHIN for name in areas)),
    )
    return or_(WITHIN.is_(None), inside)


_TOMORROW: "ColumnElement[Any]" = cast(AS_OF, Date) + literal_column("1", Integer)
LAST_END: "ColumnElement[Any]" = func.least(func.coalesce(ENDS, _TOMORROW), _TOMORROW)
"""The first day after what is asked for: that of `to`, but never later than the day after the map's day."""
NOBODY: "ColumnElement[Any]" = literal_column("'{}'::bigint[]", ARRAY(BigInteger))
"""Parties of what is counted from cases: whoever only handles some of them is not told of the rest by a number."""
OPEN = "open"
"""The word for every state in which a case is not over."""
SAID_OPEN: "ColumnElement[str]" = literal_column(f"'{OPEN}'", Text)
OPEN_WORDS = literal_column(f"'{{{','.join(OPEN_STATES)}}}'::text[]", ARRAY(Text))
OVER: "list[ColumnElement[str]]" = [literal_column(f"'{state}'") for state in ("closed", "rejected", "duplicate")]


def state_then(rows: FromClause) -> "ColumnElement[str]":
    """The state of a case when the map's day ended: asked of its history only where it has changed since."""
    last = (
        select(transition.c.to_state)
        .where(
            transition.c.street_id == rows.c.street_id,
            transition.c.incident_id == rows.c.id,
            transition.c.at <= AS_OF,
        )
        .order_by(transition.c.turn.desc())
        .limit(1)
        .correlate(rows)
        .scalar_subquery()
    )
    return case((rows.c.changed_at <= AS_OF, rows.c.state), else_=last)


def cases_as_asked(rows: FromClause) -> "tuple[ColumnElement[bool], ...]":
    """Cases reported by the end of the map's day, cut by kind (a code, or that of its class), area, state and days.

    What is open now, or has changed since, is asked for first: indexes over few rows answer that.
    """
    then = state_then(rows)
    was_open = and_(
        or_(rows.c.state.not_in(OVER), rows.c.changed_at > AS_OF),
        then == func.any(OPEN_WORDS),
    )
    # row security also lets through what one has reported oneself elsewhere: maps are kept for all who see the same
    names = ("street_id", "community_id", "grid_id", "micro_grid_id", "estate_id", "place_id", "parties")
    return (
        func.gridmap.case_in_scope(*(rows.c[name] for name in names), type_=Boolean),
        rows.c.reported_at <= AS_OF,
        of_kind(rows),
        _inside(rows),
        or_(
            STATE.is_(None),
            and_(STATE.op("=")(SAID_OPEN), was_open),
            and_(STATE.op("<>")(SAID_OPEN), then == STATE),
        ),
        *reported_within(rows),
    )


def of_territory(rows: FromClause) -> "ColumnElement[bool]":
    """That a place, or a case, lies in what the viewer looks after, and is not only seen through an organisation.

    Row security of cases in the words of a condition: what is counted from cases at places is for those who may see
    all of them there, also where a place itself is seen by more. Of cases it leaves out what is only one's own report,
    because counts are kept for all who look after the same.
    """
    where = "place_id" if "place_id" in rows.c else "id"
    names = ("street_id", "community_id", "grid_id", "micro_grid_id", "estate_id", where)
    found: ColumnElement[bool] = func.gridmap.case_in_scope(*(rows.c[name] for name in names), NOBODY, type_=Boolean)
    return found


def of_kind(rows: FromClause) -> "ColumnElement[bool]":
    """That a case is of the kind asked for, or of the class of that code."""
    return or_(KIND.is_(None), rows.c.kind == KIND, func.left(rows.c.kind, literal_column("2", Integer)) == KIND)


def real(rows: FromClause) -> "ColumnElement[bool]":
    """That a report became a case: neither refused nor found to be the same as another."""
    return rows.c.state.not_in([literal_column("'rejected'"), literal_column("'duplicate'")])


def reported_within(rows: FromClause, days: int | None = None) -> "tuple[ColumnElement[bool], ...]":
    """That a case was reported from the day `from` and before the day `to`; see `within`."""
    return within(rows.c.reported_at, days)


def stands(valid: "ColumnElement[Any]") -> "ColumnElement[bool]":
    """That a place is there at the end of the days asked for: of days before it was ended it still is."""
    return or_(func.upper_inf(valid), func.upper(valid) >= LAST_END)


def days_within(day: "ColumnElement[Any]", days: int) -> "tuple[ColumnElement[bool], ...]":
    """That a day lies from `from` on and before `to`; where nothing is said, in so many `days` up to the map's day."""
    return day >= func.coalesce(BEGINS, LAST_END - literal_column(str(days), Integer)), day < LAST_END


def within(moment: "ColumnElement[Any]", days: int | None = None) -> "tuple[ColumnElement[bool], ...]":
    """That a moment lies from the day `from` on and before the day `to`, in days of the office.

    Where nothing is said: ever, or within so many `days` up to the end of the map's day.
    """
    begins, ends = func.gridmap.office_midnight(BEGINS), func.gridmap.office_midnight(ENDS)
    if days is None:
        return or_(BEGINS.is_(None), moment >= begins), or_(ENDS.is_(None), moment < ends)
    last = func.least(func.coalesce(ends, AS_OF), AS_OF)
    return moment >= func.coalesce(begins, last - text(f"interval '{days} days'")), moment < last
