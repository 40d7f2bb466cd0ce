"""`/rota/<id>/slips`: slips for those who take part, to sign in with; printed, cut, handed over."""

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.accounts import may_help
from gridmap.db.pools import Row
from gridmap.people.attempt import attempt
from gridmap.rota import Invitee, RotaProblem, invite, read_invitees
from gridmap.scope.turns import BEFORE
from gridmap.web.admin.accounts import slips_page
from gridmap.web.admin.guard import settings
from gridmap.web.blueprint import actor, pages
from gridmap.web.duties.guard import for_office
from gridmap.web.rota.guard import led_rota, words_of


@pages.route("/rota/<int:rota_id>/slips", methods=["GET", "POST"])
@for_office
def rota_slips(rota_id: int) -> str | Response | tuple[str, int]:
    """Who takes part and signs in with what; a form prints slips for those that were ticked."""
    row = led_rota(rota_id)
    if request.method == "GET":
        return _page(row)
    chosen = {int(one) for one in request.form.getlist("person") if one.isascii() and one.isdigit() and len(one) < 17}
    try:
        _check(row, chosen)
        services = context.services()
        secrets = attempt(
            services.database, settings(), lambda connection: invite(connection, actor(), rota_id, chosen)
        )
    except RotaProblem as problem:
        sentence, status = words_of(problem)
        return _page(row, sentence), status
    context.services().sign_ins.forget()
    return slips_page(dict(secrets), (row["name"], url_for("pages.rota", rota_id=rota_id)))


def _invitees(row: Row) -> tuple[Invitee, ...]:
    with context.services().database.transaction(settings()) as connection:
        return read_invitees(connection, row, actor().business_at)


def _check(row: Row, chosen: set[int]) -> None:
    """Raises RotaProblem("account") for an account that sees more than the leader may look after."""
    for one in _invitees(row):
        if one.person_id in chosen and not _may_have(one):
            raise RotaProblem("account", name=one.name)


def _may_have(one: Invitee) -> bool:
    if not one.can_have or one.account_id is None:
        return one.can_have
    # an account without any right sees nothing, so there is nothing that it could be taken over for
    services = context.services()
    return not one.has_rights or may_help(services.database, context.viewer(), one.account_id, actor().business_at)


def _page(row: Row, problem: str = "") -> str:
    return render_template(
        "rota/slips.html",
        row=row,
        people=_invitees(row),
        problem=problem,
        hours=int(BEFORE.total_seconds() // 3600),
    )
