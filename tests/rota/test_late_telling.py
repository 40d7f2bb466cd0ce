"""What was counted and seen in a turn and told when it is over: taken for a day, and nothing is read by it."""

import io
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from PIL import Image

from gridmap.accounts import create_token
from gridmap.db import SYSTEM
from gridmap.scope import viewer_telling
from gridmap.scope.turns import BEFORE, LATE
from tests.conftest import Base
from tests.duties_town import ESTATE_A
from tests.parking_town import ELSEWHERE, KERB, MASKED, NORTH, PLATE, SOUTH, at
from tests.rota.test_reach import first, seen
from tests.rota_town import GROUP, RotaTown, account_of

SECOND = timedelta(seconds=1)
Post = Callable[..., tuple[int, dict[str, Any]]]


def reached(town: RotaTown, who: str, told_at: datetime | None, now: datetime, zone: int = NORTH) -> tuple[int, ...]:
    """The zones in which what was told of that moment may be written down."""
    town.now = now
    return viewer_telling(town.database, town.viewer(who), zone, told_at, now).reach.places


def test_the_borders_of_the_turn_and_of_the_day_after_it(planned: RotaTown) -> None:
    day, person = first(planned)
    who, starts, ends = account_of(person), at(day.isoformat(), "18:00"), at(day.isoformat(), "20:00")
    assert timedelta(hours=24) == LATE
    night = at(day.isoformat(), "23:00")
    for told_at, expected in (
        (starts - BEFORE - SECOND, ()),
        (starts - BEFORE, (NORTH,)),
        (ends - SECOND, (NORTH,)),
        (ends, ()),
        # a clock that runs ahead tells of now, when the turn is over
        (night + timedelta(hours=1), ()),
        (None, ()),
    ):
        assert reached(planned, who, told_at, night) == expected, told_at
    for now, expected in (
        (ends, (NORTH,)),
        (ends + LATE, (NORTH,)),
        (ends + LATE + SECOND, ()),
        (ends + timedelta(days=7), ()),
    ):
        assert reached(planned, who, starts, now) == expected, now
    # the one zone that is told of, and its estate's cars; a zone of another rota or none is not reached
    planned.now = night
    telling = viewer_telling(planned.database, planned.viewer(who), SOUTH, starts, night)
    assert (telling.reach.places, telling.reach.homes) == ((SOUTH,), (ESTATE_A,))
    for zone in (ELSEWHERE, KERB, ESTATE_A, NORTH + 10**6):
        assert reached(planned, who, starts, night, zone) == ()
    others = [*(account_of(one) for one in GROUP if one != person), "stranger"]
    assert {reached(planned, other, starts, night) for other in others} == {()}


def test_only_who_had_the_turn_at_that_moment_tells_of_it(planned: RotaTown) -> None:
    day, giver = first(planned, 5)
    other, taker = first(planned, 9)
    swap = planned.ask(account_of(giver), day, giver, taker, other)
    planned.now = at(day.isoformat(), "17:30")
    planned.answer(account_of(taker), swap)
    night, before, after = (at(day.isoformat(), hour) for hour in ("21:00", "17:00", "19:00"))
    assert reached(planned, account_of(giver), before, night) == (NORTH,)
    assert reached(planned, account_of(giver), after, night) == ()
    assert reached(planned, account_of(taker), before, night) == ()
    assert reached(planned, account_of(taker), after, night) == (NORTH,)
    # who has lost the right altogether tells nothing, whatever they once had
    planned.owner.execute(
        "UPDATE gridmap.account_grant SET valid = tstzrange(lower(valid), %s) WHERE account_id = %s",
        (night - SECOND, planned.ids[account_of(taker)]),
    )
    planned.owner.execute(
        "INSERT INTO gridmap.account_grant (account_id, role, level, street_id, valid)"
        " SELECT %s, 'planner', 'street', street_id, '[2020-01-01,)' FROM gridmap.place WHERE id = %s",
        (planned.ids[account_of(taker)], NORTH),
    )
    planned.now = night
    viewer = planned.viewer(account_of(taker))
    assert viewer_telling(planned.database, viewer, NORTH, after, night) is viewer


@pytest.fixture
def post(planned: RotaTown, make_app: Callable[..., Flask]) -> Post:
    """Sends as that account at that business time, as its phone does; gives the status and the answer."""
    base = Base(app_url=planned.database.conninfo, owner_url=planned.owner_url, superuser_url="")
    apps: dict[datetime, Flask] = {}

    def send(who: str, now: datetime, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        if now not in apps:
            apps[now] = make_app(base, clock=now.isoformat())
        planned.now = now
        with planned.database.transaction(SYSTEM) as connection:
            secret = create_token(connection, planned.by(None), planned.ids[who], name="t", days=1)
        headers = {"Authorization": f"Bearer {secret}", "Accept": "application/json"}
        sent: dict[str, Any] = (
            {"data": body["picture"]} if "picture" in body else {"json": {"sent_id": str(uuid.uuid4()), **body}}
        )
        answer = apps[now].test_client().post(path, headers=headers, **sent)
        return answer.status_code, answer.get_json()

    return send


def test_a_count_of_the_evening_arrives_after_it(planned: RotaTown, post: Post) -> None:
    day, person = first(planned)
    who, night = account_of(person), at(day.isoformat(), "21:00")
    counted = {"zone_id": NORTH, "total": 12, "outside": 3, "device_at": at(day.isoformat(), "19:30").isoformat()}
    # a worker has counted later: that stands, and the resident is told no more than they sent
    planned.now = at(day.isoformat(), "20:30")
    planned.count("worker_a", NORTH, 30, 9)
    status, told = post(who, night, "/api/parking/counts", **counted)
    assert status == 200
    assert (told["total"], told["outside"], told["day"], told["part"]) == (12, 3, day.isoformat(), "evening")
    status, told = post(who, night, "/api/parking/counts", **{**counted, "zone_id": SOUTH})
    assert (status, told["total"]) == (200, 12)
    rows = planned.rows("SELECT place_id, total, account_id FROM gridmap.vehicle_count ORDER BY place_id")
    ids = planned.ids
    assert [tuple(row.values()) for row in rows] == [(NORTH, 30, ids["worker_a"]), (SOUTH, 12, ids[who])]
    # nothing of it can be looked at
    assert seen(planned, who, night, "vehicle_count", "place_id") == set()
    assert seen(planned, who, night) == set()


@pytest.mark.parametrize(
    ("zone", "hour", "days_later"), [(NORTH, "20:00", 0), (NORTH, "15:00", 0), (NORTH, "19:00", 2), (KERB, "19:00", 0)]
)
def test_what_is_not_of_the_turn_is_refused_in_a_sentence(
    planned: RotaTown, post: Post, zone: int, hour: str, days_later: int
) -> None:
    day, person = first(planned)
    now = at(day.isoformat(), "21:00") + timedelta(days=days_later)
    told_at = at(day.isoformat(), hour).isoformat()
    for path, body in (
        ("counts", {"total": 1, "outside": 0, "device_at": told_at}),
        ("sightings", {"plate": PLATE, "seen_at": told_at}),
    ):
        status, told = post(account_of(person), now, f"/api/parking/{path}", zone_id=zone, **body)
        assert (status, told["code"]) == (404, "turn_over")
        assert "24小时" in told["description"]
    assert planned.rows("SELECT FROM gridmap.vehicle_count") == planned.rows("SELECT FROM gridmap.sighting") == []


def test_a_car_of_the_evening_arrives_after_it_with_its_photo(planned: RotaTown, post: Post) -> None:
    day, person = first(planned)
    who, night = account_of(person), at(day.isoformat(), "21:00")
    seen_at = at(day.isoformat(), "19:30").isoformat()
    sent_id = str(uuid.uuid4())
    car = {"sent_id": sent_id, "zone_id": SOUTH, "plate": PLATE, "seen_at": seen_at}
    status, told = post(who, night, "/api/parking/sightings", **car)
    assert status == 200
    assert told == {
        "zone_id": SOUTH,
        "keeps_photo": True,
        "masked": MASKED,
        "tone": "fine",
        "next": "",
        "sentence": told["sentence"],
    }
    assert "值班已结束" in told["sentence"]
    # the same again tells the same: where the car stands is not theirs to know
    assert post(who, night, "/api/parking/sightings", **car) == (200, told)
    for later in (night + timedelta(days=3), night + timedelta(days=8)):
        assert "state" not in post(who, later, "/api/parking/sightings", **car)[1]
    [violation] = planned.rows("SELECT evening, account_id FROM gridmap.violation")
    assert tuple(violation.values()) == (day, planned.ids[who])
    picture = io.BytesIO()
    Image.new("RGB", (40, 30)).save(picture, "JPEG")
    address = f"/api/parking/sightings/{sent_id}/photo?sent_id={uuid.uuid4()}&zone_id={SOUTH}"
    refused = post(who, night, address, picture=picture.getvalue())
    assert (refused[0], refused[1]["code"]) == (404, "turn_over")
    taken = post(who, night, f"{address}&seen_at={seen_at.replace('+', '%2B')}", picture=picture.getvalue())
    assert taken == (200, {"zone_id": SOUTH, "kept": True})
    assert seen(planned, who, night, "vehicle") == seen(planned, who, night, "sighting") == set()
    # another resident of the group has no part in it
    other = account_of(next(one for one in GROUP if one != person))
    assert post(other, night, f"{address}&seen_at={seen_at.replace('+', '%2B')}", picture=b"x")[0] == 404


def test_who_is_on_duty_otherwise_is_told_all(planned: RotaTown, post: Post) -> None:
    day, _person = first(planned)
    night = at(day.isoformat(), "21:00")
    body = {"zone_id": NORTH, "plate": PLATE, "seen_at": at(day.isoformat(), "19:30").isoformat()}
    status, told = post("worker_a", night, "/api/parking/sightings", **body)
    assert (status, told["state"], told["number"]) == (200, "noticed", 1)
    status, told = post("worker_a", night, "/api/parking/counts", zone_id=ELSEWHERE, total=1, outside=0)
    assert (status, told["code"]) == (404, "not_there")
