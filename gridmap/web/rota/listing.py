"""`/rota`: the rotas that one takes part in or looks after; evenings without anybody."""

from datetime import timedelta

from flask import render_template, request

from gridmap import context
from gridmap.layer import Role
from gridmap.read.rota import read_open, read_rotas
from gridmap.rota.words import KINDS, LACKS
from gridmap.web.asked import today
from gridmap.web.blueprint import PAGE_SIZE, page_number, pages, typed
from gridmap.web.duties.guard import asked_month
from gridmap.web.rota.guard import for_group

AHEAD = timedelta(days=31)
"""So far ahead evenings without anybody are told."""


@pages.get("/rota")
@for_group
def rotas() -> str:
    """The rotas in reach; with `gaps=1` the evenings of the coming days, or of a `month`, that lack somebody."""
    viewer, page = context.viewer(), page_number()
    now = context.services().clock.now()
    month = asked_month() if typed("month", 7) else None
    since, until = month.instants if month else (now, now + AHEAD)
    with context.services().database.transaction(viewer.prologue) as connection:
        rows = read_rotas(connection, viewer, today(), limit=PAGE_SIZE + 1, offset=(page - 1) * PAGE_SIZE)
        gaps = read_open(connection, viewer, since, until)
    return render_template(
        "rota/rotas.html",
        rows=rows[:PAGE_SIZE],
        has_more=len(rows) > PAGE_SIZE,
        page=page,
        gaps=gaps,
        shows_gaps=request.args.get("gaps") == "1",
        month=month,
        kinds=KINDS,
        lacks=LACKS,
        may_open=Role.LEADER in viewer.roles,
        day=today(),
        own_person=viewer.person_id,
    )
