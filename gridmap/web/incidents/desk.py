"""What pages of the diary, reception days, the hotline and e-bikes share: who may, one command, the place chosen."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from flask import abort, current_app, request

from gridmap import context
from gridmap.db.pools import Connection
from gridmap.i18n import _
from gridmap.incidents import CaseChanged, IncidentProblem
from gridmap.layer import ON_DUTY, Role
from gridmap.read.incidents.choosing import find_places, read_code_within, read_kinds, read_place
from gridmap.read.search import Found
from gridmap.submissions import Sent, SentDifferently, answer_before, keep_answer
from gridmap.web.asked import asked, today
from gridmap.web.blueprint import number, pages, say, typed
from gridmap.web.incidents.diary_words import PROBLEMS
from gridmap.web.place_words import in_language
from gridmap.web.running import run

P = ParamSpec("P")
R = TypeVar("R")


class SeveralPlaces(IncidentProblem):
    """The words name several places: one has to be chosen."""

    def __init__(self, found: list[Found]) -> None:
        super().__init__("several")
        self.found = found


def for_duty(view: Callable[P, R]) -> Callable[P, R]:
    """A page for those on duty: workers, managers and leaders; a 403 to everybody else."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not context.viewer().roles & ON_DUTY:
            abort(403)
        return view(*args, **kwargs)

    return guarded


def for_leaders(view: Callable[P, R]) -> Callable[P, R]:
    """A page for those who lead a street or a community; a 403 to everybody else."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if Role.LEADER not in context.viewer().roles:
            abort(403)
        return view(*args, **kwargs)

    return guarded


def run_once(
    street_id: int, content: dict[str, Any], command: Callable[[Connection], dict[str, Any]]
) -> dict[str, Any]:
    """Run a command of a form once, however often it is sent, and give its answer. 400 without the page's id."""
    try:
        sent_id = UUID(request.form.get("page", ""))
    except ValueError:
        abort(400)
    sent = Sent(street_id=street_id, sent_id=sent_id, account_id=context.viewer().account_id, content=content)

    def whole(connection: Connection) -> dict[str, Any]:
        before = answer_before(connection, sent)
        if before is not None:
            return dict(before)
        answer = command(connection)
        keep_answer(connection, sent, answer)
        return answer

    try:
        return run(whole)
    except SentDifferently:
        raise IncidentProblem("changed") from None


def words_of(problem: IncidentProblem | CaseChanged) -> tuple[str, int]:
    """The sentence of a refusal, and its status."""
    if isinstance(problem, CaseChanged) or problem.reason == "changed":
        return say(PROBLEMS["changed"]), 409
    return say(PROBLEMS.get(problem.reason, PROBLEMS["text"])), 422


def chosen_place(connection: Connection) -> tuple[int | None, int | None]:
    """(place, community) of a form: the id that its search put there, else what its words name.

    Either is one that the viewer sees. Raises IncidentProblem("place" | "where"), SeveralPlaces.
    """
    place_id = number(request.values, "place")
    community_id = number(request.values, "community") or number(request.values, "about")
    if place_id or community_id:
        if not _is_known(connection, place_id, community_id):
            raise IncidentProblem("place")
        return place_id, None if place_id else community_id
    text = typed("where")
    if not text:
        raise IncidentProblem("where")
    found = find_places(connection, context.viewer(), text, asked())
    if not found:
        raise IncidentProblem("place")
    if len(found) > 1:
        raise SeveralPlaces(found)
    return (None, found[0].id) if found[0].kind == "community" else (found[0].id, None)


def _is_known(connection: Connection, place_id: int | None, community_id: int | None) -> bool:
    wanted = place_id or community_id or 0
    if wanted >= 1 << 53:
        return False
    if place_id:
        return read_place(connection, place_id) is not None
    found = connection.execute(
        "SELECT FROM gridmap.community WHERE street_id = %s AND id = %s", (wanted >> 32, wanted)
    ).fetchone()
    return found is not None


def place_title(row: dict[str, Any]) -> str:
    """How a place is called with what it lies in."""
    names = (row.get("estate"), row.get("house"), row.get("place") or row.get("name"))
    return " ".join(dict.fromkeys(name for name in names if name)) or row.get("community") or ""


def shown_place(connection: Connection, place_id: int | None) -> dict[str, Any] | None:
    """The place of the address, as a form shows it; 404 where the viewer sees none."""
    row = known_place(connection, place_id)
    if row is None and place_id is not None:
        abort(404)
    return row


def known_place(connection: Connection, place_id: int | None) -> dict[str, Any] | None:
    """The same of a form that was refused: None where the viewer sees no such place."""
    row = read_place(connection, place_id) if place_id is not None and place_id < 1 << 53 else None
    return row and row | {"title": place_title(row)}


def shown_estate(connection: Connection, estate_id: int | None) -> dict[str, Any] | None:
    """The estate of the address. Whoever sees only houses of it knows it by their code; 404 where there are none."""
    row = known_place(connection, estate_id)
    if row is not None or estate_id is None:
        return row
    code = read_code_within(connection, estate_id) if estate_id < 1 << 53 else None
    if code is None:
        abort(404)
    return {"id": estate_id, "kind": None, "title": houses_title(code)}


def houses_title(code: str) -> str:
    """What houses are called whose estate the viewer does not see, by the code of any of them."""
    return say(_("Buildings {code}"), code=code.partition("-")[0])


def kind_groups(connection: Connection) -> list[tuple[str, list[tuple[str, str]]]]:
    """Kinds of cases for a choice, by class: (title of the class, [(code, title)])."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for row in read_kinds(connection, today()):
        title = in_language((row["class_title"], row["class_title_en"]))
        groups.setdefault(title, []).append((row["code"], in_language((row["title"], row["title_en"]))))
    return list(groups.items())


@pages.app_template_global("endpoints")
def endpoints() -> frozenset[str]:
    """The names of all pages that there are."""
    return frozenset(rule.endpoint for rule in current_app.url_map.iter_rules())
