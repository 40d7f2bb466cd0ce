"""`/register`: the communities whose register one keeps."""

from flask import render_template

from gridmap import context
from gridmap.read.register import read_communities
from gridmap.web.blueprint import PAGE_SIZE, page_number, pages
from gridmap.web.register.guard import for_keepers


@pages.get("/register")
@for_keepers
def register() -> str:
    """Communities with their grids, drafts and editions."""
    viewer, page = context.viewer(), page_number()
    with context.services().database.transaction(viewer.prologue) as connection:
        rows = read_communities(connection, viewer, limit=PAGE_SIZE + 1, offset=(page - 1) * PAGE_SIZE)
    return render_template(
        "register/list.html", rows=rows[:PAGE_SIZE], page=page, last_page=page + (len(rows) > PAGE_SIZE)
    )
