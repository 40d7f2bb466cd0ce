"""`/coverage/rows`: the rows behind a number, place by place, with who can help; the formula stands above them."""

from flask import render_template

from gridmap import context
from gridmap.read import Asked
from gridmap.read.card.people import Holder
from gridmap.read.coverage import Due, Part, count_quickly, read_names, read_rows
from gridmap.read.coverage.helping import read_helpers
from gridmap.read.locks import sees_people
from gridmap.web.blueprint import PAGE_SIZE, page_number, pages
from gridmap.web.coverage.question import asked_question, given
from gridmap.web.place_words import in_language


@pages.get("/coverage/rows")
def coverage_rows() -> str:
    """The rows behind a number: what it lacks, or what it counts; with the formula above them."""
    viewer, question, page = context.viewer(), asked_question(), page_number()
    part = Part(
        kpi=question.kpi,
        missing=question.missing,
        reason=question.reason,
        limit=PAGE_SIZE + 1,
        offset=(page - 1) * PAGE_SIZE,
    )
    helpers: dict[int, Holder] = {}
    with context.services().database.transaction(viewer.prologue) as connection:
        counted, whole = count_quickly(connection, viewer, question.cut, question.kpi)
        found: tuple[Due, ...] = read_rows(connection, viewer, question.cut, part, question.when)
        rows = found[:PAGE_SIZE]
        inside = read_names(connection, viewer, question.cut)
        if sees_people(viewer):
            helpers = read_helpers(connection, viewer, Asked(as_of=question.moment), rows)
    return render_template(
        "coverage/rows.html",
        question=question,
        part=counted,
        whole=whole,
        rows=rows,
        helpers=helpers,
        sees_people=sees_people(viewer),
        has_more=len(found) > PAGE_SIZE,
        page=page,
        inside=inside,
        in_language=in_language,
        **given(),
    )
