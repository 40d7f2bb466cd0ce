"""`/coverage/report`: an estate's month on one sheet, without personal data; for paper, and for whoever has a link."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from flask import Response, abort, make_response, render_template, request

from gridmap import context
from gridmap.accounts.links import LIFETIMES, link_of_token, links_of, signing_key, token_of
from gridmap.clock import day_bounds, real_now
from gridmap.cluster.layout import real_home
from gridmap.layer import Role
from gridmap.periods import month_of
from gridmap.read.coverage import Counts, When
from gridmap.read.coverage.report import Report, read_report
from gridmap.scope import Reach, Viewer
from gridmap.web.asked import today
from gridmap.web.blueprint import number, pages
from gridmap.web.coverage.question import TREND_MONTHS, asked_question, given, step


@pages.get("/coverage/report")
def estate_report() -> str:
    """The report of the estate and month that the address names; leaders see who may read it and share it."""
    viewer, question = context.viewer(), asked_question()
    estate_id = number(request.args, "estate")
    if estate_id is None:
        abort(404)
    report = _report(viewer, estate_id, question.month)
    may_share = Role.LEADER in viewer.roles
    links = []
    if may_share:
        with context.services().database.transaction(viewer.prologue) as connection:
            found = links_of(connection, estate_id, question.month)
        links = [(link, address_of(link.id)) for link in found if link.is_good(real_now())]
    question = replace(question, cut=replace(question.cut, estate=estate_id))
    return render_template(
        "coverage/report.html",
        question=question,
        report=report,
        may_share=may_share,
        links=links,
        lifetimes=LIFETIMES,
        previous_month=step(question.month, -1),
        next_month=step(question.month, 1),
        **_words(report, question.month),
        **given(),
    )


@pages.get("/r/<token>")
def shared_report(token: str) -> Response:
    """The same sheet for whoever has the link, and nothing beside it; 404 where it is unknown, ended or revoked."""
    link = link_of_token(context.services().database, key(), token, real_now())
    if link is None:
        abort(404)
    report = _report(guest_of(link.street_id, link.place_id), link.place_id, link.month)
    sheet = render_template("coverage/shared.html", report=report, link=link, **_words(report, link.month), **given())
    response = make_response(sheet)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def guest_of(street_id: int, estate_id: int) -> Viewer:
    """Somebody who sees one estate, and of that nothing that says who is responsible."""
    return Viewer(
        account_id=0,
        username="",
        title="",
        locale=context.locale(),
        roles=frozenset({Role.PLANNER}),
        reach=Reach(estates=(estate_id,), near=(street_id,)),
    )


def key() -> bytes:
    """The key that signs links."""
    return signing_key(real_home(context.services().settings.home))


def address_of(identity: int) -> str:
    """The whole address of a link."""
    base = context.services().settings.base_url or request.host_url
    return f"{base.rstrip('/')}/r/{token_of(key(), identity)}"


def _report(viewer: Viewer, estate_id: int, month: date) -> Report:
    period = month_of(month)
    last_day = min(period.last_day, today())
    when = When(moment=day_bounds(last_day)[1] - timedelta(seconds=1), today=last_day)
    with context.services().database.transaction(viewer.prologue) as connection:
        found = read_report(connection, viewer, estate_id, period, step(period.start, 1 - TREND_MONTHS), when)
    if found is None:
        abort(404)
    return found


def _words(report: Report, month: date) -> dict[str, Any]:
    months = [step(month, back - TREND_MONTHS + 1) for back in range(TREND_MONTHS)]
    return {
        "month": month,
        "trend": [(one, report.trend.get(one, Counts())) for one in months],
        "is_running": month_of(month).end > today(),
        "made_at": context.services().clock.now(),
    }
