"""`/parking/counts` and `/parking/violations`: the rows behind the figures of an evening."""

from datetime import timedelta

from flask import abort, render_template

from gridmap import context
from gridmap.parking.staying import Part
from gridmap.read.parking.counts import SHOWS, count_days, read_zones
from gridmap.read.parking.violations import count_violations, read_violations
from gridmap.web.asked import today
from gridmap.web.blueprint import PAGE_SIZE, pages, typed
from gridmap.web.parking import elsewhere, words
from gridmap.web.parking.question import asked_day, asked_days, asked_question, choices, for_reading, now


@pages.get("/parking/counts")
@for_reading
def parking_counts() -> str:
    """The zones of one morning or evening with their counts."""
    day, part = asked_day("day", today() - timedelta(days=1)), typed("part", 10) or Part.EVENING
    if part not in set(Part):
        abort(400)
    more = {"day": day.isoformat()} | ({"part": str(part)} if part != Part.EVENING else {})
    question, viewer = asked_question("/parking/counts", SHOWS, "all", **more), context.viewer()
    with context.services().database.transaction(viewer.prologue) as connection:
        [sums] = count_days(connection, viewer, question.cut, [day], Part(part))
        rows = read_zones(connection, viewer, question.cut, day, Part(part), question.show, question.some)
    found = {"counted": sums.counted, "missing": sums.missing, "all": sums.zones}
    return render_template(
        "parking/counts.html",
        question=question,
        day=day,
        part=part,
        sums=sums,
        found=found,
        titles=words.COUNT_SHOWS,
        rows=rows[:PAGE_SIZE],
        last_page=max(1, -(-found[question.show] // PAGE_SIZE)),
        around=(day - timedelta(days=1), min(day + timedelta(days=1), today())),
        elsewhere=elsewhere,
        **choices(question),
        **words.given(),
    )


@pages.get("/parking/violations")
@for_reading
def parking_violations() -> str:
    """The violations of some evenings."""
    yesterday = today() - timedelta(days=1)
    start, end = asked_days(yesterday, yesterday)
    last = end - timedelta(days=1)
    question = asked_question("/parking/violations", **{"from": start.isoformat(), "to": last.isoformat()})
    viewer = context.viewer()
    with context.services().database.transaction(viewer.prologue) as connection:
        found = sum(count_violations(connection, viewer, question.cut, start, end).values())
        rows = read_violations(connection, viewer, question.cut, start, end, now(), question.some)
    return render_template(
        "parking/violations.html",
        question=question,
        start=start,
        last=last,
        found=found,
        rows=rows[:PAGE_SIZE],
        last_page=max(1, -(-found // PAGE_SIZE)),
        **choices(question),
        **words.given(),
    )
