"""What a phone sends from a stairwell: answers, photos to them, answers taken back; and a fresh proof for forms."""

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid5

from flask import Blueprint, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from gridmap import context
from gridmap.api.bodies import id_of, json_body, moment_of, number_of, sent_id_of, text_of
from gridmap.api.errors import BadRequest, Conflict, Forbidden, NotThere, Refused
from gridmap.duties import Answer, DutyProblem
from gridmap.duties.sending import ANSWERING, Desk, NotTheirs, send_answer, send_photo, undo_answer
from gridmap.files import MOST_PICTURE_BYTES, UnreadablePicture, keep_picture
from gridmap.i18n import _
from gridmap.people.once import Told
from gridmap.submissions import SentDifferently

answers = Blueprint("answers", __name__)

MODES = ("door", "phone")
WAYS = ("paper", "phone")
REFUSALS = {
    "result": _("This is not an answer to this kind of check."),
    "note": _("The note is too long, or holds characters that cannot be kept."),
    "severity": _("How bad it is can only be said of a finding."),
    "early": _("This check is not due yet."),
    "superseded": _("This answer has been taken back already."),
    "not_yours": _("Only whoever gave an answer can change it or take it back."),
    "picture": _("This picture cannot be read, or is too large. The answer itself has been taken."),
    "day": _("The day on which it was done is missing, or is still to come."),
    "author": _("Say who did it: somebody who looks after places here."),
}
BACK = re.compile(r"/p/[0-9A-Za-z._-]{1,60}|/visits/[0-9]{1,16}")
"""Pages that a form may come from, beside one's own."""
VISITED = {
    "door": ("reached", "door"),
    "phone": ("reached", "phone"),
    "nobody": ("nobody", "door"),
    "refused": ("refused", "door"),
}
"""What is chosen above the households of a stairwell, and the answer and mode that it stands for."""


@answers.get("/api/proof")
def proof() -> Response:
    """A fresh proof for forms, and whose session it is: what waits on a phone may be older than its page."""
    answer = jsonify(csrf_token=context.csrf_token(), account=context.viewer().account_id)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@answers.post("/api/answers")
def answer() -> Response:
    """Take the answer to one check. 404 where the viewer sees no such slot, 409 for the same id with another body."""
    body = json_body()
    sent_id, content = sent_id_of(body), answer_content(body)
    return jsonify(dict(take_answer(sent_id, content)))


@answers.post("/api/answers/undo")
def undo() -> Response:
    """Take one's own answer back."""
    body = json_body()
    sent_id, content = sent_id_of(body), {"inspection_id": id_of(body, "inspection_id")}
    return jsonify(dict(take_back(sent_id, content["inspection_id"])))


@answers.post("/api/answers/photo")
def photo() -> Response:
    """Take the picture in the body to one's own answer; it is drawn anew, and what it says of phone and place is lost.

    `sent_id` and `inspection_id` stand in the address. The same bytes under the same id are taken once.
    """
    request.max_content_length = MOST_PICTURE_BYTES
    sent_id, inspection_id = sent_id_of(request.args), number_of("inspection_id", request.args.get("inspection_id", ""))
    raw = request.get_data(cache=False)
    content = {"inspection_id": inspection_id, "photo": hashlib.sha256(raw).hexdigest()}
    desk = _desk()
    try:
        kept = keep_picture(context.services().settings.home, raw)
    except UnreadablePicture:
        raise Refused("picture", REFUSALS["picture"]) from None
    command = partial(send_photo, desk, sent_id, inspection_id, kept, content)
    return jsonify(dict(_told("answer", inspection_id, command)))


@answers.post("/my/answer")
def answer_by_form() -> AnyResponse:
    """One answer, or one taken back, from a page without scripts: under an id that the page was made with."""
    undone, given = request.form.get("undo", ""), request.form.get("answer", "")
    result, mode = "", None
    if "visit" in request.form:
        given, (result, mode) = request.form["visit"], VISITED.get(request.form.get("how", ""), ("", None))
    sent_id = uuid5(sent_id_of({"sent_id": request.form.get("page", "")}), undone or f"{given}:{result}:{mode}")
    back = request.form.get("back", "")
    if not (back in ("/my", "/my/due", "/my/inbox") or BACK.fullmatch(back)):
        back = "/my"
    if undone:
        take_back(sent_id, number_of("undo", undone))
        return redirect(back, 303)
    slot_id, _colon, chosen = given.partition(":")
    content = {"slot_id": number_of("answer", slot_id), "result": result or chosen, "mode": mode}
    take_answer(sent_id, answer_content(content))
    return redirect(f"{back}#c{slot_id}", 303)


def take_answer(sent_id: UUID, content: Mapping[str, Any]) -> Told:
    """Write down the answer with this content (see `answer_content`); raises what the API answers."""
    device_at = content.get("device_at")
    answer = Answer(
        slot_id=content["slot_id"],
        result=content["result"],
        device_at=datetime.fromisoformat(device_at) if device_at else None,
        severity=content.get("severity"),
        note=content.get("note") or "",
        mode=content.get("mode"),
        via=content.get("via"),
        author_id=content.get("author_id"),
        done_on=date.fromisoformat(content["done_on"]) if content.get("done_on") else None,
    )
    return _told("check", answer.slot_id, lambda: send_answer(_desk(), sent_id, answer, content))


def take_back(sent_id: UUID, inspection_id: int) -> Told:
    """Take the viewer's own answer back; raises what the API answers."""
    content = {"undo": inspection_id}
    return _told("answer", inspection_id, lambda: undo_answer(_desk(), sent_id, inspection_id, content))


def answer_content(body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an answer out of what was sent, each of its kind; anything else is a 400.

    A phone's clock is never a reason to refuse: a time that cannot be read is no time.
    """
    found: dict[str, Any] = {"slot_id": id_of(body, "slot_id"), "result": text_of(body, "result", 20)}
    if body.get("severity") is not None:
        severity = body["severity"]
        if isinstance(severity, bool) or not isinstance(severity, int) or not 0 <= severity < 100:
            raise BadRequest("severity", str(severity)[:40])
        found["severity"] = severity
    if body.get("note"):
        found["note"] = text_of(body, "note", 4_000)
    if body.get("mode") is not None:
        if body["mode"] not in MODES:
            raise BadRequest("mode", str(body["mode"])[:40])
        found["mode"] = body["mode"]
    found |= _on_behalf(body)
    device_at = moment_of(body.get("device_at"))
    return found | ({"device_at": device_at.isoformat()} if device_at else {})


def _on_behalf(body: Mapping[str, Any]) -> dict[str, Any]:
    """Who did it, on which day, and how it reached the office that enters it; empty for one's own answers."""
    found: dict[str, Any] = {}
    if body.get("via") is not None:
        if body["via"] not in WAYS:
            raise BadRequest("via", str(body["via"])[:40])
        found["via"] = body["via"]
    if body.get("author_id") is not None:
        found["author_id"] = id_of(body, "author_id")
    if body.get("done_on") is not None:
        try:
            found["done_on"] = date.fromisoformat(text_of(body, "done_on", 10)).isoformat()
        except ValueError:
            raise BadRequest("done_on", str(body["done_on"])[:40]) from None
    return found


def _desk() -> Desk:
    viewer, services = context.viewer(), context.services()
    if not viewer.roles & ANSWERING:
        raise Forbidden
    return Desk(
        database=services.database,
        viewer=viewer.prologue,
        by=services.sign_ins.actor(viewer.account_id),
        today=services.clock.today(),
        is_clock_real=services.settings.clock == "real",
    )


def _told(word: str, identity: int, command: Callable[[], Told]) -> Told:
    try:
        return command()
    except NotTheirs:
        raise Forbidden from None
    except LookupError:
        raise NotThere(word, str(identity)) from None
    except SentDifferently:
        raise Conflict from None
    except DutyProblem as problem:
        raise Refused(problem.reason, REFUSALS[problem.reason]) from None
