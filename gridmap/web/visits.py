"""`/visits/…`: the households of a stairwell as floors and rooms, each visited in one tap; and which come first."""

from flask import Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from gridmap import context
from gridmap.duties import DutyProblem, set_tiers
from gridmap.duties.sending import ANSWERING
from gridmap.i18n import _
from gridmap.layer import Role
from gridmap.read.due import Around, Door, floors_of_visits, read_due_at, read_tiers
from gridmap.read.locks import sees_people
from gridmap.web.asked import today
from gridmap.web.blueprint import actor, pages, say
from gridmap.web.checks import check_words, due_given, kept_page

HOW = (
    ("door", _("At the door"), "reached"),
    ("phone", _("By telephone"), "reached"),
    ("nobody", _("Nobody in"), "nobody"),
    ("refused", _("Refused"), "refused"),
)
"""What is chosen once above the households and then told of each by one tap: word, title, result."""
SAID = {
    "door": _("Reached at the door"),
    "phone": _("Reached by telephone"),
    "reached": _("Reached"),
    "nobody": _("Nobody in"),
    "refused": _("Refused"),
}
SHORT = {
    "door": _("door"),
    "phone": _("phone"),
    "reached": _("reached"),
    "nobody": _("nobody"),
    "refused": _("refused"),
}
"""The same where a household has the room of a thumb."""
TIERS = {"key": _("Key household"), "attention": _("To be looked after"), "ordinary": _("As all others")}
PUTS_IN_TIERS = frozenset({Role.WORKER, Role.LEADER})


@pages.get("/visits/<int:place_id>")
def visits(place_id: int) -> Response:
    """The matrix of one stairwell or building; 404 where the viewer sees none, or nothing is to be visited there."""
    viewer = context.viewer()
    if place_id >= 1 << 53:
        abort(404)
    with context.services().database.transaction(viewer.prologue) as connection:
        due = read_due_at(connection, viewer, place_id, today())
        found = _door(due.groups, place_id)
        if found is None:
            abort(404)
        tiers = read_tiers(connection, place_id) if sees_people(viewer) else {}
    group, door = found
    page = render_template(
        "visits.html",
        **due_given(due),
        group=group,
        door=door,
        floors=floors_of_visits(door.visits, tiers),
        how=HOW,
        said=SAID,
        short=SHORT,
        tiers=TIERS,
        may_put_in_tiers=bool(viewer.roles & PUTS_IN_TIERS) and sees_people(viewer),
        visit_words=check_words() | {"said": _said(SAID), "short": _said(SHORT)},
    )
    return kept_page(page)


@pages.post("/visits/<int:place_id>/tiers")
def put_in_tiers(place_id: int) -> AnyResponse:
    """Put the chosen households in a tier, and show the matrix again."""
    viewer = context.viewer()
    if place_id >= 1 << 53 or not (viewer.roles & PUTS_IN_TIERS and viewer.roles & ANSWERING and sees_people(viewer)):
        abort(404 if place_id >= 1 << 53 else 403)
    units = [unit for unit in request.form.getlist("unit") if unit.isprintable()]
    try:
        with context.services().database.transaction(viewer.prologue) as connection:
            if _door(read_due_at(connection, viewer, place_id, today()).groups, place_id) is None:
                abort(404)
            set_tiers(connection, actor(), place_id, units, request.form.get("tier", ""))
    except DutyProblem:
        abort(400)
    return redirect(f"/visits/{place_id}?done=tiers", 303)


def _door(groups: tuple[Around, ...], place_id: int) -> tuple[Around, Door] | None:
    for group in groups:
        for door in group.doors:
            if door.id == place_id and door.visits:
                return group, door
    return None


def _said(words: dict[str, str]) -> dict[str, str]:
    return {word: say(title) for word, title in words.items()}
