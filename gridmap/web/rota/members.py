"""Who takes part in a rota: people added, weekdays that never fit, leaving, credit after a long leave."""

from flask import abort, redirect, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.db.pools import Connection
from gridmap.rota import RotaProblem, change_member, even_up, join, leave
from gridmap.web.admin.choosing import Choice, people_named
from gridmap.web.blueprint import actor, number, pages, typed
from gridmap.web.duties.guard import for_office
from gridmap.web.rota.guard import led_rota, run, words_of
from gridmap.web.rota.settings import settings_page, typed_day


class SeveralPeople(RotaProblem):
    """The words fit several people: one has to be chosen."""

    def __init__(self, found: list[Choice]) -> None:
        super().__init__("person")
        self.found = found


@pages.post("/rota/<int:rota_id>/members")
@for_office
def rota_members(rota_id: int) -> Response | tuple[str, int]:
    """Add people, change or end the time of one; `what` says which."""
    row = led_rota(rota_id)
    try:
        _do(rota_id, typed("what", 10))
    except SeveralPeople as several:
        return settings_page(row, words_of(several)[0], several.found), 422
    except RotaProblem as problem:
        sentence, status = words_of(problem)
        return settings_page(row, sentence), status
    return redirect(url_for("pages.rota_settings", rota_id=rota_id, done="rota_members") + "#members", 303)


def _do(rota_id: int, what: str) -> None:
    member_id, revision = number(request.form, "member") or 0, number(request.form, "revision") or 0
    if what == "join":
        persons, start = _people(), typed_day("start")
        run(lambda connection: join(connection, actor(), rota_id, persons, start))
    elif what == "never":
        never_on = {int(one) for one in request.form.getlist("never_on") if len(one) == 1 and one in "0123456"}
        run(lambda connection: change_member(connection, actor(), member_id, never_on, revision=revision))
    elif what == "leave":
        day = typed_day("day")
        run(lambda connection: leave(connection, actor(), member_id, day, revision=revision))
    elif what == "even":
        run(lambda connection: even_up(connection, actor(), member_id, revision=revision))
    else:
        abort(400)


def _people() -> list[int]:
    """The people that were ticked, or whom the words name. Raises SeveralPeople, RotaProblem("person")."""
    ticked = [int(one) for one in request.form.getlist("person") if one.isascii() and one.isdigit() and len(one) < 17]
    if ticked:
        return ticked
    if not typed("name"):
        raise RotaProblem("person")
    with context.services().database.transaction(context.viewer().prologue) as connection:
        found = _named(connection)
    if len(found) > 1:
        raise SeveralPeople(found)
    if not found:
        raise RotaProblem("person")
    return [found[0].id]


def _named(connection: Connection) -> list[Choice]:
    return people_named(connection, typed("name"))
