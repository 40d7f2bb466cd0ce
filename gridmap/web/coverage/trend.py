"""`/coverage/trend`: twelve months of every community, grid or estate as a table: the twin of the drawn lines."""

from datetime import date

from flask import abort, render_template

from gridmap import context
from gridmap.read.coverage import AREAS, Counts, read_areas, read_names, read_trends
from gridmap.web.blueprint import PAGE_SIZE, page_number, pages, typed
from gridmap.web.coverage.question import asked_question, bottom_of, given, key_of, months_of, sparkline, told_by
from gridmap.web.remembered import remembered


@pages.get("/coverage/trend")
def coverage_trend() -> str:
    """The share of each month for each area, by code: places are compared, never people."""
    viewer, question, page = context.viewer(), asked_question(), page_number()
    by = typed("by", 20) or told_by(viewer, question) or "estate"
    if by not in AREAS:
        abort(400)
    months = months_of(question)

    def read() -> tuple[list[tuple[int, str, dict[date, Counts]]], tuple[tuple[str, str], ...]]:
        with context.services().database.transaction(viewer.prologue) as connection:
            areas = read_areas(connection, viewer, question.year, by)
            trends = read_trends(connection, viewer, question.year, by)
            inside = read_names(connection, viewer, question.cut)
        return [(area.id, area.name, dict(trends.get(area.id, {}))) for area in areas if area.counts.slots], inside

    areas, inside = remembered(key_of(viewer, question, "trend", by), read)
    bottom = bottom_of(counts for _id, _name, counts in areas)
    shown = areas[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    return render_template(
        "coverage/trend.html",
        question=question,
        by=by,
        months=months,
        rows=[(identity, name, [counts.get(month, Counts()) for month in months], sparkline(months, counts, bottom))
              for identity, name, counts in shown],
        page=page,
        last_page=max(1, -(-len(areas) // PAGE_SIZE)),
        inside=inside,
        choices=[name for name in AREAS if name != "street" or not viewer.reach.grids],
        **given(),
    )  # fmt: skip
