"""`/parking/bans`: cars that may not enter, what ends soon, and what is over."""

from flask import render_template

from gridmap import context
from gridmap.read.parking.bans import SHOWS, count_bans, read_bans
from gridmap.web.blueprint import PAGE_SIZE, pages
from gridmap.web.parking import words
from gridmap.web.parking.question import asked_question, choices, for_reading, now


@pages.get("/parking/bans")
@for_reading
def parking_bans() -> str:
    """The bans of a list."""
    question, moment, viewer = asked_question("/parking/bans", SHOWS, "running"), now(), context.viewer()
    with context.services().database.transaction(viewer.prologue) as connection:
        figures = count_bans(connection, viewer, question.cut, moment)
        rows = read_bans(connection, viewer, question.cut, moment, question.show, question.some)
    return render_template(
        "parking/bans.html",
        question=question,
        figures=figures,
        titles=words.BAN_SHOWS,
        rows=rows[:PAGE_SIZE],
        found=figures[question.show],
        last_page=max(1, -(-figures[question.show] // PAGE_SIZE)),
        moment=moment,
        **choices(question),
        **words.given(),
    )
