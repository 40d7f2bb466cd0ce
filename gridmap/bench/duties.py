"""Due work at the size of a city: slots opened, answered and counted, in one transaction that is rolled back."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from gridmap.accounts import Actor
from gridmap.bench.cpu import process_ms
from gridmap.bench.figures import Figure
from gridmap.bench.looking import look_as, undone
from gridmap.clock import day_bounds, real_now
from gridmap.db import SYSTEM, Database
from gridmap.db.pools import Connection
from gridmap.duties import MONTHLY_CHECKS, add_rule, close_slots, open_slots
from gridmap.periods import Period, month_of
from gridmap.read.coverage import Cut, read_areas, read_trend
from gridmap.scope import Viewer

Say = Callable[[str], None]
CHECKS = len(MONTHLY_CHECKS)
STREETS = """
SELECT street_id AS id, count(*) AS doors FROM gridmap.place p
WHERE kind = 'stairwell' AND upper_inf(valid) AND NOT EXISTS (
  SELECT FROM gridmap.duty d WHERE d.street_id = p.street_id)
GROUP BY street_id ORDER BY street_id
"""
# every eleventh slot stays undone, as the last days of a month find it
ANSWER = """
INSERT INTO gridmap.inspection (street_id, id, slot_id, duty_id, place_id, kind, result, done_at, received_at,
  community_id, grid_id, micro_grid_id, estate_id)
SELECT s.street_id, s.street_id * 4294967296 + nextval('gridmap.serial'), s.id, s.duty_id, s.place_id, d.kind,
  CASE WHEN s.id %% 17 = 0 THEN 'finding' ELSE 'fine' END, gridmap.office_midnight(s.starts_on) + interval '9 hours',
  gridmap.office_midnight(s.starts_on) + interval '9 hours', s.community_id, s.grid_id, s.micro_grid_id, s.estate_id
FROM gridmap.slot s JOIN gridmap.duty d ON d.street_id = s.street_id AND d.id = s.duty_id
WHERE s.street_id = ANY (%(streets)s) AND s.id %% 11 > 0
"""
SETTLE = """
SELECT sum(gridmap.settle_slots(street_id, ids, %(today)s))::integer AS settled
FROM (SELECT street_id, array_agg(id ORDER BY id) AS ids FROM gridmap.slot WHERE street_id = ANY (%(streets)s)
  AND starts_on = %(month)s GROUP BY street_id ORDER BY street_id) s
"""
PLAIN = """
SELECT grid_id, count(*) FILTER (WHERE state = 'satisfied') AS done, count(*) FILTER (WHERE state <> 'excused') AS due
FROM gridmap.slot WHERE starts_on >= %(start)s AND starts_on < %(end)s GROUP BY grid_id
"""
PLAIN_ANSWERS = """
SELECT s.grid_id, count(DISTINCT s.id) FILTER (WHERE i.id IS NOT NULL) AS done, count(DISTINCT s.id) AS due
FROM gridmap.slot s LEFT JOIN gridmap.inspection i ON i.street_id = s.street_id AND i.slot_id = s.id
  AND i.superseded_at IS NULL AND i.result IN ('fine', 'finding', 'done', 'reached')
WHERE s.starts_on >= %(start)s AND s.starts_on < %(end)s GROUP BY s.grid_id
"""


class TooSmall(Exception):
    """There are not enough stairwells without rules for the size that was asked."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How many slots a month, how many answers in all, and how often each number is read."""

    slots: int = 300_000
    answers: int = 1_000_000
    runs: int = 15


def run(database: Database, viewer: Viewer, today: date, size: Size, say: Say) -> Iterator[Figure]:
    """The figures, one after the other; the database is afterwards what it was before."""
    found: list[Figure] = []
    with undone(database) as connection:
        streets = _streets(connection, size.slots)
        found += _opening(connection, streets, today, say)
        months = _answering(connection, streets, today, size, say)
        connection.execute("ANALYZE gridmap.duty, gridmap.slot, gridmap.inspection, gridmap.coverage")
        look_as(connection, viewer.settings)
        found += _reading(connection, viewer, months, size, say)
        look_as(connection, SYSTEM)
        found += _closing(connection, streets, today, say)
    yield from found


def _streets(connection: Connection, slots: int) -> list[int]:
    chosen, doors = [], 0
    for row in connection.execute(STREETS).fetchall():
        chosen.append(int(row["id"]))
        doors += row["doors"]
        if doors * CHECKS >= slots:
            return chosen
    raise TooSmall(f"{doors * CHECKS:,} slots a month are all there could be")


def _opening(connection: Connection, streets: Sequence[int], today: date, say: Say) -> Iterator[Figure]:
    by = Actor(account_id=None, business_at=day_bounds(today)[0], at=real_now())
    for street_id in streets:
        for rule in MONTHLY_CHECKS:
            add_rule(connection, by, street_id, rule, month_of(today).start.replace(year=today.year - 1))
    month = month_of(today)
    with _timed(connection) as first:
        opened = open_slots(connection, streets, month, today)
    say(f"{opened.total:,} slots opened in {first.wall / 1000:.1f} s")
    connection.execute("ANALYZE gridmap.slot")
    with _timed(connection) as second:
        again = open_slots(connection, streets, month, today)
    assert (again.total, again.gone) == (0, 0), "opening again must add nothing"
    about = f"{opened.total:,} slots, one statement"
    yield Figure(page="opening a month", what=about, unit="ms", values=(first.wall,), bar=10_000)
    yield Figure(page="opening a month", what="processor of the database", unit="ms", values=(first.processor,))
    yield Figure(page="opening a month", what="the same again: 0 new", unit="ms", values=(second.wall,), bar=10_000)
    yield Figure(page="opening a month", what="processor, again", unit="ms", values=(second.processor,))


def _answering(connection: Connection, streets: Sequence[int], today: date, size: Size, say: Say) -> list[Period]:
    """Open as many months before this one as hold so many answers, and answer them."""
    months = [month_of(today)]
    answers = 0
    while True:
        month = months[-1]
        if len(months) > 1:
            open_slots(connection, streets, month, today)
        answers += connection.execute(ANSWER + " AND s.starts_on = %(month)s",
                                      {"streets": list(streets), "month": month.start}).rowcount  # fmt: skip
        connection.execute(SETTLE, {"streets": list(streets), "today": today, "month": month.start})
        say(f"{answers:,} answers")
        if answers >= size.answers:
            return months
        months.append(month_of(date.fromordinal(month.start.toordinal() - 1)))


def _reading(
    connection: Connection, viewer: Viewer, months: Sequence[Period], size: Size, say: Say
) -> Iterator[Figure]:
    say("reading")
    month = months[0]
    yield from _rates(connection, viewer, "a month", month, size)
    yield from _rates(connection, viewer, "all months", Period(months[-1].start, month.end), size)
    some = read_areas(connection, viewer, Cut(start=month.start, end=month.end), "grid")[0].id
    year = Cut(start=month.start.replace(year=month.start.year - 1), end=month.end, grid=some)
    trend = _runs(connection, lambda: read_trend(connection, viewer, year), size.runs)
    yield from _reads("one grid's year", "month by month", trend, 5)


def _rates(connection: Connection, viewer: Viewer, title: str, period: Period, size: Size) -> Iterator[Figure]:
    cut = Cut(start=period.start, end=period.end)
    values = {"start": period.start, "end": period.end}
    grids = len(read_areas(connection, viewer, cut, "grid"))
    page = f"rates of {grids:,} grids, {title}"
    kept = _runs(connection, lambda: read_areas(connection, viewer, cut, "grid"), size.runs)
    plain = _runs(connection, lambda: connection.execute(PLAIN, values).fetchall(), max(size.runs // 3, 3))
    answers = _runs(connection, lambda: connection.execute(PLAIN_ANSWERS, values).fetchall(), 3)
    yield from _reads(page, "from the counts kept beside", kept, 110)
    yield from _reads(page, "plain aggregate of the slots", plain)
    yield from _reads(page, "plain aggregate of slots and answers", answers)


def _closing(connection: Connection, streets: Sequence[int], today: date, say: Say) -> Iterator[Figure]:
    say("closing")
    with _timed(connection) as taken:
        closed = close_slots(connection, streets, month_of(today).end)
    what = f"{closed:,} slots missed, each with its reason"
    yield Figure(page="closing a month", what=what, unit="ms", values=(taken.wall,))
    with _timed(connection) as counted:
        row = connection.execute("SELECT gridmap.recount_coverage(%s) AS wrong", (list(streets),)).fetchone()
    wrong = (row or {"wrong": -1})["wrong"]
    yield Figure(page="counting again", what=f"{wrong} counts were wrong", unit="ms", values=(counted.wall,))


def _reads(page: str, what: str, times: "Sequence[Time]", bar: float | None = None) -> Iterator[Figure]:
    """What reading took, and how much of it the database worked: the rest is waiting for a busy machine."""
    yield Figure(page=page, what=what, unit="ms", values=tuple(one.wall for one in times), bar=bar)
    processor = sum(one.processor for one in times) / len(times)
    yield Figure(page=page, what=f"{what}: processor of the database", unit="ms", values=(processor,))


def _runs(connection: Connection, read: Callable[[], Any], runs: int) -> "list[Time]":
    read()
    found = []
    for _ in range(runs):
        with _timed(connection) as taken:
            read()
        found.append(taken)
    return found


@dataclass
class Time:
    """Milliseconds that passed, and that the database's process of this connection worked (0 where it is not here)."""

    wall: float = 0
    processor: float = 0


@contextmanager
def _timed(connection: Connection) -> Iterator[Time]:
    """What the block took, when it has ended."""
    taken, pid = Time(), connection.info.backend_pid
    start, worked = time.perf_counter(), process_ms(pid)
    yield taken
    taken.wall, taken.processor = (time.perf_counter() - start) * 1000, process_ms(pid) - worked
