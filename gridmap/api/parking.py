"""Cars as phones and pages send them: counts, sightings with their photo, notices that were given.

What a sighting brought is told in a sentence, with the next step. No answer, and no refusal, holds a number plate.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from flask import Blueprint, Response, jsonify, request

from gridmap import context
from gridmap.api.bodies import id_of, json_body, moment_of, number_of, sent_id_of, text_of
from gridmap.api.errors import BadRequest, Conflict, Forbidden, NotThere, Refused
from gridmap.files import MOST_PICTURE_BYTES, UnreadablePicture, keep_picture
from gridmap.i18n import _, translate
from gridmap.parking.counting import Counted, round_at
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.noticing import Given
from gridmap.parking.plates import MOST_TYPED, UnreadablePlate
from gridmap.parking.secret import plate_key
from gridmap.parking.sending import (
    WATCHING,
    Desk,
    photo_is_kept,
    send_count,
    send_given,
    send_photo,
    send_sighting,
)
from gridmap.parking.staying import Part
from gridmap.parking.telling import found_words
from gridmap.parking.watching import Seen
from gridmap.parking.words import PLATES, REFUSALS, refusal_words
from gridmap.people.once import Told
from gridmap.scope import viewer_telling
from gridmap.scope.turns import LATE
from gridmap.submissions import SentDifferently

parking = Blueprint("parking", __name__)


class TurnIsOver(NotThere):
    """Not there for somebody who takes turns: told alike of what they see no more and of what they never saw."""

    code = "turn_over"
    SAID: ClassVar[Mapping[str, str]] = {
        "zone": _(
            "It was not counted or seen in an evening of yours, or that ended more than {hours} hours ago. Please tell"
            " the community."
        ),
        "sighting": _("The photo belongs to no evening of yours, or that ended more than {hours} hours ago."),
        "notice": _("Your evening is over. Please tell the community that the notice was handed over."),
    }

    def __init__(self, word: str, value: str) -> None:
        super().__init__(word, value)
        self.sentence = translate(context.locale(), self.SAID[word], hours=int(LATE.total_seconds() // 3600))


MOST_NUMBER = 10**6
WHOLE_ID = 1 << 53
Answer = TypeVar("Answer")


@parking.post("/api/parking/counts")
def count() -> Response:
    """Take the count of a zone. 404 where the viewer sees no such zone, 409 for the same id with another body."""
    body = json_body()
    return jsonify(dict(take_count(sent_id_of(body), count_content(body))))


@parking.post("/api/parking/sightings")
def sighting() -> Response:
    """Take a car from outside that was seen, and tell what followed: `sentence`, `next`, `tone`, state and evenings."""
    body = json_body()
    told = take_sighting(sent_id_of(body), sighting_content(body), _plate_of(body))
    return jsonify({**told, **found_words(told, context.locale())})


@parking.post("/api/parking/sightings/<uuid:sighting_id>/photo")
def photo(sighting_id: UUID) -> Response:
    """Take the picture in the body to the own sighting that was sent under that id; drawn anew, without its metadata.

    `sent_id`, `zone_id` and `seen_at` of the sighting stand in the address. Of a car that nothing is open of no picture
    is kept (`kept`: false).
    """
    request.max_content_length = MOST_PICTURE_BYTES
    sent_id, zone_id = sent_id_of(request.args), number_of("zone_id", request.args.get("zone_id", ""))
    if not 0 < zone_id < WHOLE_ID:
        raise NotThere("zone", str(zone_id))
    raw, at_desk = request.get_data(cache=False), desk(zone_id, moment_of(request.args.get("seen_at")))
    if not _told("sighting", sighting_id, lambda: photo_is_kept(at_desk, zone_id >> 32, sighting_id)):
        return jsonify(zone_id=zone_id, kept=False)
    try:
        kept = keep_picture(context.services().settings.home, raw)
    except UnreadablePicture:
        raise Refused("picture", REFUSALS["picture"]) from None
    content = {"sighting": str(sighting_id), "photo": hashlib.sha256(raw).hexdigest()}
    told = _told("sighting", sighting_id, lambda: send_photo(at_desk, sent_id, zone_id, sighting_id, kept, content))
    return jsonify(dict(told))


@parking.post("/api/parking/notices/<int:notice_id>/given")
def given(notice_id: int) -> Response:
    """Take that a notice was given: `how` is slip, call, text or owner. Tells how and when it was, whoever said it."""
    body = json_body()
    content = {"how": text_of(body, "how", 10), **_moment(body, "device_at")}
    return jsonify(dict(take_given(sent_id_of(body), notice_id, content)))


def take_count(sent_id: UUID, content: Mapping[str, Any]) -> Told:
    """Write down the count with this content (see `count_content`); raises what the API answers."""
    at_desk = desk(content["zone_id"], moment_of(content.get("device_at")))

    def command() -> Told:
        counted = Counted(
            zone_id=content["zone_id"],
            total=content["total"],
            outside=content["outside"],
            part=Part(content["part"]) if content.get("part") else None,
            device_at=moment_of(content.get("device_at")),
        )
        return send_count(at_desk, sent_id, counted, content)

    return _told("zone", content["zone_id"], command)


def take_sighting(sent_id: UUID, content: Mapping[str, Any], plate: str) -> Told:
    """Write down the car with this content (see `sighting_content`); raises what the API answers.

    The plate stands beside the content, so that it goes where it has to and nowhere else.
    """
    seen_at = moment_of(content.get("seen_at"))
    at_desk = desk(content["zone_id"], seen_at)
    seen = Seen(zone_id=content["zone_id"], plate=plate, seen_at=seen_at, **_round(content, seen_at, at_desk))
    return _told("zone", seen.zone_id, lambda: send_sighting(at_desk, sent_id, seen, content))


def take_given(sent_id: UUID, notice_id: int, content: Mapping[str, Any]) -> Told:
    """Write down that a notice was given, `content`: how, device_at; raises what the API answers."""
    if not 0 < notice_id < WHOLE_ID:
        raise NotThere("notice", str(notice_id)[:40])
    at_desk = desk()

    def command() -> Told:
        one = Given(notice_id=notice_id, how=content["how"], device_at=moment_of(content.get("device_at")))
        return send_given(at_desk, sent_id, one, {"notice_id": notice_id, **content})

    return _told("notice", notice_id, command)


def count_content(body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a count out of what was sent, each of its kind; anything else is a 400."""
    found: dict[str, Any] = {"zone_id": id_of(body, "zone_id")}
    found |= {name: _number(body, name) for name in ("total", "outside")}
    return found | _part(body) | _moment(body, "device_at")


def sighting_content(body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a sighting but for its plate, each of its kind; anything else is a 400.

    `in_count`: noted in the count that is made at that moment, of the `part` that is said, else by the hour.
    """
    found = {"zone_id": id_of(body, "zone_id"), "in_count": body.get("in_count") is True}
    return found | _part(body) | _moment(body, "seen_at")


def desk(zone_id: int = 0, told_at: datetime | None = None) -> Desk:
    """Where the viewer's counts and sightings are written down; 403 for who watches no cars.

    `told_at`: when what is written down was counted or seen in the zone; the viewer had the turn there then, perhaps.
    """
    viewer, services = context.viewer(), context.services()
    if not viewer.roles & WATCHING:
        raise Forbidden
    by = services.sign_ins.actor(viewer.account_id)
    telling = viewer_telling(services.database, viewer, zone_id, told_at, by.business_at)
    return Desk(
        database=services.database,
        viewer=telling.prologue,
        by=by,
        plate_key=plate_key(services.settings.home),
        is_clock_real=services.settings.clock == "real",
        is_late=telling is not viewer,
    )


def _round(content: Mapping[str, Any], seen_at: datetime | None, at_desk: Desk) -> dict[str, Any]:
    """The count in which a car was noted; nothing where it was not noted in one."""
    if not content["in_count"]:
        return {}
    now = at_desk.by.business_at
    made = round_at(min(seen_at or now, now), Part(content["part"]) if content.get("part") else None)
    return {"counted_on": made.day, "part": made.part}


def _plate_of(body: Mapping[str, Any]) -> str:
    """What was typed as the plate. Whatever is wrong with it is told without it."""
    plate = body.get("plate")
    if not isinstance(plate, str):
        raise BadRequest("plate", "")
    # one sign more than is read, so that the reader itself says what is too long
    return plate[: MOST_TYPED + 1]


def _part(body: Mapping[str, Any]) -> dict[str, str]:
    if body.get("part") is None:
        return {}
    if body["part"] not in tuple(Part):
        raise BadRequest("part", str(body["part"])[:40])
    return {"part": body["part"]}


def _moment(body: Mapping[str, Any], name: str) -> dict[str, str]:
    moment = moment_of(body.get(name))
    return {} if moment is None else {name: moment.isoformat()}


def _number(body: Mapping[str, Any], name: str) -> int:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not -MOST_NUMBER < value < MOST_NUMBER:
        raise BadRequest(name, str(value)[:40])
    return value


def _told(word: str, identity: object, command: Callable[[], Answer]) -> Answer:
    try:
        return command()
    except LookupError:
        missing = TurnIsOver if word in TurnIsOver.SAID and context.viewer().takes_turns else NotThere
        raise missing(word, str(identity)[:40]) from None
    except SentDifferently:
        raise Conflict from None
    except UnreadablePlate as problem:
        raise Refused("plate", PLATES[problem.problem], problem=problem.problem) from None
    except ParkingProblem as problem:
        raise Refused(problem.reason, refusal_words(context.locale(), problem.reason, problem.state)) from None
