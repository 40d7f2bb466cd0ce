"""What forms of the office share: answers under an id of their page, so that the same form counts once."""

from datetime import date
from uuid import UUID, uuid5

from flask import abort, request

from gridmap import context
from gridmap.duties import Answer, DutyProblem
from gridmap.duties.sending import Desk, NotTheirs, send_answer, undo_answer
from gridmap.submissions import SentDifferently
from gridmap.web.asked import today
from gridmap.web.blueprint import actor


def enter(answer: Answer) -> None:
    """Take an answer of a form. Raises DutyProblem; 404 for a slot that is not seen, 403 for one that is not led."""
    content = {
        "slot_id": answer.slot_id,
        "result": answer.result,
        "note": answer.note,
        "via": answer.via,
        "author_id": answer.author_id,
        "done_on": answer.done_on.isoformat() if answer.done_on else None,
    }
    try:
        send_answer(_desk(), _sent_id(*content.values()), answer, content)
    except SentDifferently:
        raise DutyProblem("changed") from None
    except NotTheirs:
        abort(403)
    except LookupError:
        abort(404)


def take_back(inspection_id: int) -> None:
    """Take one's own answer back. Raises DutyProblem; 404 for one that is not seen."""
    try:
        undo_answer(_desk(), _sent_id("undo", inspection_id), inspection_id, {"inspection_id": inspection_id})
    except LookupError:
        abort(404)


def typed_day(name: str) -> date:
    """The day of a form. Raises DutyProblem("day") for none."""
    try:
        return date.fromisoformat(request.form.get(name, "").strip())
    except ValueError:
        raise DutyProblem("day") from None


def _desk() -> Desk:
    viewer, services = context.viewer(), context.services()
    return Desk(
        database=services.database,
        viewer=viewer.prologue,
        by=actor(),
        today=today(),
        is_clock_real=services.settings.clock == "real",
    )


def _sent_id(*words: object) -> UUID:
    """The id of one answer of a page: the same page saying the same again is sent once. 400 without a page's id."""
    try:
        page = UUID(request.form.get("page", ""))
    except ValueError:
        abort(400)
    return uuid5(page, "/".join(str(word) for word in words))
