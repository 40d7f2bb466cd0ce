"""`/rota/<id>/plan`: the quarter shared out at once; first what would change, then it is written."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.db.pools import Row
from gridmap.i18n import WEEKDAYS
from gridmap.periods import Period
from gridmap.places.calendar import read_calendar
from gridmap.rota import Proposal, RotaProblem, plan_period, propose
from gridmap.rota.words import LACKS
from gridmap.web.blueprint import actor, pages
from gridmap.web.rota.guard import asked_quarter, for_group, led_rota, quarter_word, run, words_of

MOST_SHOWN = 120


@pages.route("/rota/<int:rota_id>/plan", methods=["GET", "POST"])
@for_group
def plan_rota(rota_id: int) -> str | Response | tuple[str, int]:
    """What planning the quarter would change; a form that was looked at writes it."""
    row, quarter = led_rota(rota_id), asked_quarter()
    problem, status = "", 200
    if request.method == "POST":
        seen = request.form.get("seen", "")[:64]
        try:
            run(lambda connection: plan_period(connection, actor(), rota_id, quarter, seen=seen))
            address = url_for("pages.rota", rota_id=rota_id, quarter=quarter_word(quarter), done="rota_planned")
            return redirect(address, 303)
        except RotaProblem as refused:
            problem, status = words_of(refused)
    try:
        with context.services().database.transaction(context.viewer().prologue) as connection:
            proposal = propose(connection, actor(), rota_id, quarter)
    except RotaProblem as refused:
        problem, status = words_of(refused)
        return _page(row, quarter, None, problem), status
    return _page(row, quarter, proposal, problem), status


def _page(row: Row, quarter: Period, proposal: Proposal | None, problem: str) -> str:
    with context.services().database.transaction(context.viewer().prologue) as connection:
        is_known = row["weekdays"] is not None or quarter.start.year in read_calendar(connection).years
    return render_template(
        "rota/plan.html",
        row=row,
        period=quarter,
        proposal=proposal,
        is_known=is_known,
        problem=problem,
        most_shown=MOST_SHOWN,
        lacks=LACKS,
        weekday_words=WEEKDAYS,
    )
