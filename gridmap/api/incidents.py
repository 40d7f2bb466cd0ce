"""Cases as phones and pages send them: reports, actions, photos; and what is asked before: what is near, who is it for.

409 tells what the case is now, who changed it and when; 422 names the unit that has it and the next step.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any, TypeVar

from flask import Blueprint, Response, jsonify, request

from gridmap import context
from gridmap.api.bodies import id_of, json_body, moment_of, number_of, sent_id_of, text_of
from gridmap.api.errors import BadRequest, Conflict, Forbidden, NotThere, Refused
from gridmap.clock import OFFICE
from gridmap.db.pools import Connection
from gridmap.files import MOST_PICTURE_BYTES, Hint, UnreadablePicture, keep_picture, read_hint
from gridmap.incidents import (
    Act,
    Action,
    CaseChanged,
    IncidentProblem,
    Report,
    Sought,
    find_duplicates,
    offer_units,
    possible_actions,
)
from gridmap.incidents.kinds import read_kind
from gridmap.incidents.machine import RULES
from gridmap.incidents.reporting import find_spot
from gridmap.incidents.sending import (
    ACTING,
    Desk,
    plain,
    send_act,
    send_many,
    send_photo,
    send_report,
    told_case,
    told_unit,
)
from gridmap.incidents.words import REFUSALS, refusal_words
from gridmap.incidents.writing import read_case
from gridmap.submissions import SentDifferently

incidents = Blueprint("incidents", __name__)

MOST_AT_ONCE = 200
MOST_OFF_M = 1_000_000
"""A camera that was farther off than this says nothing of the case."""
TEXTS = {"reason": 500, "note": 500, "answer": 500}
IDS = ("lead_id", "duplicate_of_id", "organisation_id", "place_id")
REPORT_IDS = ("place_id", "inspection_id", "community_id", "same_as")
NAMES = {"kind": 5, "role": 20, "satisfaction": 20}
Found = TypeVar("Found")


@incidents.post("/api/incidents")
def report() -> Response:
    """Take a report, or a small matter solved on the spot (`done`)."""
    body = json_body()
    sent_id, content = sent_id_of(body), report_content(body)
    desk = _desk()
    return jsonify(
        dict(_told("place", body.get("place_id"), lambda: send_report(desk, sent_id, report_of(content), content)))
    )


@incidents.post("/api/incidents/<int:incident_id>/act")
def one_act(incident_id: int) -> Response:
    """Do something with a case, and tell it as it is then."""
    body = json_body()
    one = act_of(incident_id, body)
    sent_id = sent_id_of(body) if body.get("sent_id") is not None else None
    content = {name: value for name, value in body.items() if name not in ("sent_id", "csrf_token")}
    desk = _desk()
    said = _told("incident", incident_id, lambda: send_act(desk, one, sent_id, {"incident_id": incident_id, **content}))
    return jsonify(dict(said))


@incidents.post("/api/incidents/act")
def many_acts() -> Response:
    """Do one thing with many cases: `incidents` lists ids, or [id, revision]; each is told what became of it."""
    body = json_body()
    listed = body.get("incidents")
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST_AT_ONCE:
        raise BadRequest("incidents", str(listed)[:40])
    acts = [act_of(identity, {**body, "revision": revision}) for identity, revision in map(_named, listed)]
    return jsonify(incidents=[_in_words(one) for one in send_many(_desk(), acts)])


@incidents.get("/api/incidents/<int:incident_id>")
def one_case(incident_id: int) -> Response:
    """A case as it is, and what the viewer may do with it now."""
    by = _actor()

    def read(connection: Connection) -> dict[str, Any]:
        case = told_case(read_case(connection, _whole(incident_id), by.business_at))
        possible = possible_actions(connection, by, incident_id)
        # what is only reported is registered by the same stroke that dispatches it
        at_once = (Action.DISPATCH,) if Action.REGISTER in possible else ()
        return case | {"possible": [str(one) for one in (*possible, *at_once)]}

    return jsonify(_read("incident", incident_id, read))


@incidents.get("/api/incidents/near")
def near() -> Response:
    """Open cases that may be the same as what is about to be reported."""
    asked, now = _asked(), _actor().business_at

    def read(connection: Connection) -> list[dict[str, Any]]:
        kind = read_kind(connection, asked.kind, now.astimezone(OFFICE).date())
        spot = find_spot(connection, asked)
        sought = Sought(
            street_id=spot.street_id, kind=asked.kind, near_m=kind["near_m"], place_id=spot.place_id, at=spot.at
        )
        return [plain(row) for row in find_duplicates(connection, sought, now)]

    return jsonify(near=_read("place", asked.place_id, read))


@incidents.get("/api/incidents/units")
def units() -> Response:
    """The units that a case of that kind would go to there, both sides of a border within the position's error."""
    asked, day = _asked(), _actor().business_at.astimezone(OFFICE).date()

    def read(connection: Connection) -> list[dict[str, Any]]:
        kind = read_kind(connection, asked.kind, day)
        return [told_unit(unit) for unit in offer_units(connection, kind, find_spot(connection, asked), day)]

    return jsonify(units=_read("place", asked.place_id, read))


@incidents.post("/api/incidents/photo")
def photo() -> Response:
    """Take the picture in the body to a case; it is drawn anew, and what it says of phone and place is lost.

    `sent_id`, `incident_id` and `stage` stand in the address. The same bytes under the same id are taken once. Where
    the picture was made small before, `taken` and `off` there are the hint: its hour, and metres from the case.
    """
    request.max_content_length = MOST_PICTURE_BYTES
    sent_id = sent_id_of(request.args)
    incident_id = _whole(number_of("incident_id", request.args.get("incident_id", "")))
    stage = request.args.get("stage", "reported")[:20]
    raw = request.get_data(cache=False)
    content = {"incident_id": incident_id, "stage": stage, "photo": hashlib.sha256(raw).hexdigest()}
    desk = _desk()
    try:
        kept = keep_picture(context.services().settings.home, raw)
    except UnreadablePicture:
        raise Refused("picture", REFUSALS["picture"]) from None
    command = partial(send_photo, desk, sent_id, incident_id, stage, kept, _hint(raw), content)
    return jsonify(dict(_told("incident", incident_id, command)))


def _hint(raw: bytes) -> Hint:
    """What the picture tells, else what was told of it; what makes no sense is left out, never refused."""
    hint, off = read_hint(raw), request.args.get("off", "")
    taken_at = moment_of(request.args.get("taken"))
    is_known = off.isascii() and off.isdigit() and len(off) < 9 and int(off) <= MOST_OFF_M
    return Hint(
        taken_at=hint.taken_at or (taken_at and taken_at.replace(minute=0, second=0, microsecond=0)),
        at=hint.at,
        off_m=int(off) if is_known else None,
    )


def report_content(body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a report out of what was sent, each of its kind; anything else is a 400."""
    found: dict[str, Any] = {"kind": text_of(body, "kind", 5), "done": body.get("done") is True}
    found |= {name: id_of(body, name) for name in REPORT_IDS if body.get(name) is not None}
    found |= {name: text_of(body, name, 2_000) for name in ("text", "address") if body.get(name)}
    if body.get("source") is not None:
        found["source"] = text_of(body, "source", 20)
    found |= {name: _small(body, name) for name in ("severity", "accuracy") if body.get(name) is not None}
    if body.get("at") is not None:
        found["at"] = _point(body["at"])
    contact = body.get("contact")
    if contact is not None:
        if not isinstance(contact, dict):
            raise BadRequest("contact", "")
        found["contact"] = {name: text_of(contact, name, 200) for name in ("name", "phone") if contact.get(name)}
    device_at = moment_of(body.get("device_at"))
    return found | ({"device_at": device_at.isoformat()} if device_at else {})


def report_of(content: Mapping[str, Any]) -> Report:
    """The report with this content."""
    contact = content.get("contact") or {}
    return Report(
        kind=content["kind"],
        place_id=content.get("place_id"),
        at=content.get("at"),
        accuracy_m=content.get("accuracy"),
        severity=content.get("severity"),
        text=content.get("text", ""),
        address=content.get("address", ""),
        source=content.get("source", "inspection" if "inspection_id" in content else "patrol"),
        done=content["done"],
        community_id=content.get("community_id"),
        same_as_id=content.get("same_as"),
        inspection_id=content.get("inspection_id"),
        contact_name=contact.get("name", ""),
        contact_phone=contact.get("phone", ""),
        device_at=moment_of(content.get("device_at")),
    )


def act_of(incident_id: int, body: Mapping[str, Any]) -> Act:
    """The action out of what was sent, each field of its kind; anything else is a 400."""
    action = text_of(body, "action", 20)
    if action not in set(RULES):
        raise BadRequest("action", action)
    found: dict[str, Any] = {name: id_of(body, name) for name in IDS if body.get(name) is not None}
    found |= {name: text_of(body, name, limit) for name, limit in TEXTS.items() if body.get(name)}
    found |= {name: text_of(body, name, limit) for name, limit in NAMES.items() if body.get(name) is not None}
    found |= {name: _small(body, name) for name in ("revision", "severity") if body.get(name) is not None}
    if body.get("at") is not None:
        found["at"] = _point(body["at"])
    if body.get("until") is not None:
        found["until"] = moment_of(body["until"])
        if found["until"] is None:
            raise BadRequest("until", str(body["until"])[:40])
    if body.get("review_on") is not None:
        found["review_on"] = _day(body, "review_on")
    to_community = body.get("to_community") is True
    return Act(incident_id=_whole(incident_id), action=Action(action), to_community=to_community, **found)


def _asked() -> Report:
    """What is asked before a report: its kind and where, from the address."""
    args = request.args
    found: dict[str, Any] = {}
    if args.get("place"):
        found["place_id"] = _whole(number_of("place", args["place"]))
    if args.get("at"):
        try:
            found["at"] = _point([float(part) for part in args["at"].split(",")])
        except ValueError:
            raise BadRequest("at", args["at"][:40]) from None
    accuracy = number_of("accuracy", args["accuracy"]) if args.get("accuracy") else None
    return Report(kind=args.get("kind", "")[:5].replace("\0", ""), accuracy_m=accuracy, **found)


def _actor() -> Any:
    viewer = context.viewer()
    if not viewer.roles & ACTING:
        raise Forbidden
    return context.services().sign_ins.actor(viewer.account_id)


def _desk() -> Desk:
    return Desk(database=context.services().database, viewer=context.viewer().prologue, by=_actor())


def _read(word: str, identity: object, read: Callable[[Connection], Found]) -> Found:
    def command() -> Found:
        with context.services().database.transaction(context.viewer().prologue) as connection:
            return read(connection)

    return _told(word, identity, command)


def _told(word: str, identity: object, command: Callable[[], Found]) -> Found:
    try:
        return command()
    except LookupError:
        raise NotThere(word, str(identity)[:40]) from None
    except SentDifferently:
        raise Conflict from None
    except CaseChanged as problem:
        raise Conflict(changed=plain(problem.changed)) from None
    except IncidentProblem as problem:
        # braces in a name are no places to fill
        sentence = refusal_words(context.locale(), problem).replace("{", "{{").replace("}", "}}")
        raise Refused(problem.reason, sentence, unit=problem.unit, next=problem.next) from None


def _in_words(told: Mapping[str, Any]) -> dict[str, Any]:
    """What became of one of many, with the sentence where it is refused."""
    if "refused" not in told:
        return dict(told)
    problem = IncidentProblem(told["refused"], unit=told.get("unit", ""), next=told.get("next", ""))
    return {**told, "description": refusal_words(context.locale(), problem)}


def _named(one: object) -> tuple[int, object]:
    """An id, or an id with the revision that was seen."""
    parts = one if isinstance(one, list) else [one, None]
    if len(parts) != 2:
        raise BadRequest("incidents", str(one)[:40])
    return id_of({"incidents": parts[0]}, "incidents"), parts[1]


def _whole(incident_id: int) -> int:
    if not 0 < incident_id < 1 << 53:
        raise NotThere("incident", str(incident_id)[:40])
    return incident_id


def _small(body: Mapping[str, Any], name: str) -> int:
    value = body[name]
    if isinstance(value, float) and abs(value) < 1 << 31:
        value = round(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 31:
        raise BadRequest(name, str(value)[:40])
    return value


def _point(value: object) -> tuple[float, float]:
    """Longitude and latitude."""
    if isinstance(value, list | tuple) and len(value) == 2 and all(type(part) in (int, float) for part in value):
        lon, lat = float(value[0]), float(value[1])
        if abs(lon) <= 180 and abs(lat) <= 90:
            return lon, lat
    raise BadRequest("at", str(value)[:40])


def _day(body: Mapping[str, Any], name: str) -> date:
    try:
        return date.fromisoformat(text_of(body, name, 10))
    except ValueError:
        raise BadRequest(name, str(body[name])[:40]) from None
