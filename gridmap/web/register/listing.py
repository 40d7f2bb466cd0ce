"""`/register`: the communities whose register one keeps."""

from flask import render_template, request

from gridmap import context
from gridmap.read.register import read_communities, read_kept_streets
from gridmap.web.blueprint import PAGE_SIZE, number, page_number, pages, typed
from gridmap.web.register.guard import for_keepers

MOST_TEXT = 40


@pages.get("/register")
@for_keepers
def register() -> str:
    """Communities with their grids, drafts and editions; of one street, and by a piece of their name."""
    viewer, page = context.viewer(), page_number()
    street_id, text = number(request.args, "street"), typed("q", MOST_TEXT)
    with context.services().database.transaction(viewer.prologue) as connection:
        streets = read_kept_streets(connection, viewer)
        rows = read_communities(
            connection,
            viewer,
            street_id=street_id,
            text=text,
            limit=PAGE_SIZE + 1,
            offset=(page - 1) * PAGE_SIZE,
        )
    return render_template(
        "register/list.html",
        rows=rows[:PAGE_SIZE],
        streets=streets,
        street=street_id,
        text=text,
        page=page,
        last_page=page + (len(rows) > PAGE_SIZE),
    )
