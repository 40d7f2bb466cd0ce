"""`/parking`: what waits for a leader, and how the last evenings were; every figure opens exactly its rows."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import render_template

from gridmap import context
from gridmap.i18n import _
from gridmap.parking.counting import round_at
from gridmap.parking.staying import Part
from gridmap.read.parking.bans import count_bans
from gridmap.read.parking.counts import DayCount, count_days
from gridmap.read.parking.course import MonthOfStays, read_course
from gridmap.read.parking.duty import Evening, read_duty
from gridmap.read.parking.notices import Given, count_notices
from gridmap.read.parking.vehicles import count_cars
from gridmap.read.parking.violations import count_violations
from gridmap.rota.words import LACKS
from gridmap.web.asked import today
from gridmap.web.blueprint import pages, say
from gridmap.web.parking import elsewhere, words
from gridmap.web.parking.long_stays import streets_of
from gridmap.web.parking.question import Question, asked_question, choices, for_reading, now
from gridmap.web.parking.staying import read_stays

EVENINGS, DUTY_DAYS, MONTHS = 7, 7, 13
WAITING = {
    "unmanned": _("Tonight nobody has duty: {rota}"),
    "proposed": _("{count} proposed bans wait for a second person"),
    "appealed": _("{count} appeals wait for a decision"),
    "to_give": _("{count} notices are to be given"),
    "missing": _("{count} zones were not counted yesterday evening"),
    "unmanned_later": _("{count} of the next evenings have nobody on duty"),
}


@dataclass(frozen=True, kw_only=True)
class Todo:
    """One line of what waits: its words and the address of its rows; `is_urgent`: tonight."""

    name: str
    words: str
    address: str
    is_urgent: bool = False


@dataclass(frozen=True, kw_only=True)
class Day:
    """An evening in the table of the last ones."""

    counts: DayCount
    violations: int


@dataclass(frozen=True, kw_only=True)
class Figures:
    """All figures of the page but those of long stays, which come after it."""

    evenings: tuple[Day, ...]
    cars: dict[str, int]
    bans: dict[str, int]
    to_give: int
    given: int
    duty: tuple[Evening, ...]

    @property
    def yesterday(self) -> Day:
        """The last evening that is over."""
        return self.evenings[-1]


@pages.get("/parking")
@for_reading
def parking() -> str:
    """The page of a leader, or of whoever looks after a part of it."""
    question, day = asked_question("/parking"), today()
    figures = read_figures(question, day)
    return render_template(
        "parking/start.html",
        question=question,
        figures=figures,
        todos=_todos(question, figures, day),
        yesterday=day - timedelta(days=1),
        week=(day - timedelta(days=EVENINGS), day - timedelta(days=1)),
        today=day,
        lacks=LACKS,
        elsewhere=elsewhere,
        **choices(question),
        **words.given(),
    )


@pages.get("/parking/long-stays/now")
@for_reading
def parking_stays_now() -> str:
    """How many cars are staying, and the course of the months: a fragment, for it takes longest."""
    question, day, moment = asked_question("/parking/long-stays"), today(), now()
    viewer = context.viewer()
    with context.services().database.transaction(viewer.prologue) as connection:
        streets = streets_of(connection, viewer, day)
        found = read_stays(connection, viewer, question.cut, streets, round_at(moment), moment)
        course = read_course(connection, viewer, question.cut, first_month(day), day + timedelta(days=1))
    return render_template(
        "parking/stays_now.html",
        question=question,
        found=len(found),
        course=whole_course(course, day),
        most=max((one.cars for one in course), default=0),
    )


def read_figures(question: Question, day: date) -> Figures:
    """The figures of that day, each by the statement that lists its rows, or a sum of the same."""
    viewer, cut, moment = context.viewer(), question.cut, now()
    days = [day - timedelta(days=back) for back in range(EVENINGS, 0, -1)]
    lately = Given(show="given", start=days[0], end=day)
    with context.services().database.transaction(viewer.prologue) as connection:
        counts = count_days(connection, viewer, cut, days, Part.EVENING)
        violations = count_violations(connection, viewer, cut, days[0], day)
        return Figures(
            evenings=tuple(Day(counts=one, violations=violations.get(one.day, 0)) for one in counts),
            cars=count_cars(connection, viewer, cut, moment),
            bans=count_bans(connection, viewer, cut, moment),
            to_give=count_notices(connection, viewer, cut, moment, Given(show="to_give")),
            given=count_notices(connection, viewer, cut, moment, lately),
            duty=read_duty(connection, viewer, cut, day, day + timedelta(days=DUTY_DAYS)),
        )


def _todos(question: Question, figures: Figures, day: date) -> tuple[Todo, ...]:
    """What waits, in the order of hurry; nothing that is nought."""
    found = [
        Todo(
            name="unmanned",
            words=say(WAITING["unmanned"], rota=one.rota),
            address=f"{elsewhere.ROTA}/{one.rota_id}",
            is_urgent=True,
        )
        for one in figures.duty
        if one.day == day and one.is_unmanned
    ]
    yesterday = (day - timedelta(days=1)).isoformat()
    lines: list[tuple[str, int, str]] = [
        (name, figures.cars[name], question.address("/parking/vehicles", show=name))
        for name in ("proposed", "appealed")
    ]
    lines.append(("to_give", figures.to_give, question.address("/parking/notices")))
    missing = question.address("/parking/counts", day=yesterday, show="missing")
    lines.append(("missing", figures.yesterday.counts.missing, missing))
    later = sum(one.is_unmanned for one in figures.duty if one.day > day)
    lines.append(("unmanned_later", later, f"{question.address()}#duty"))
    found += [Todo(name=name, words=say(WAITING[name], count=count), address=to) for name, count, to in lines if count]
    return tuple(found)


def first_month(day: date) -> date:
    """The first day of the course: of the same month a year ago."""
    months = day.year * 12 + day.month - MONTHS
    return date(months // 12, months % 12 + 1, 1)


def whole_course(course: tuple[MonthOfStays, ...], day: date) -> list[dict[str, Any]]:
    """The months of the course in order, those that nobody knows anything of too: `cars` is None for them."""
    known = {one.month: one for one in course}
    first = first_month(day)
    months = [
        date((first.year * 12 + first.month - 1 + later) // 12, (first.month - 1 + later) % 12 + 1, 1)
        for later in range(MONTHS)
    ]
    return [
        {"month": month, "cars": known[month].cars if month in known else None,
         "evenings": known[month].evenings if month in known else 0}
        for month in months
    ]  # fmt: skip
