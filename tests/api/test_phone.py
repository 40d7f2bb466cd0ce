"""What phones send beside answers: photos, explanations of doubtful entries, tiers of households."""

import io
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from PIL import Image
from werkzeug.test import TestResponse

from gridmap.clock import real_now
from gridmap.db import SYSTEM
from gridmap.files import MOST_PICTURE_BYTES, sweep
from gridmap.nightly import forget_photos
from tests.checks import Slots, answers_to, households, tokens_of
from tests.conftest import DEMO_PASSWORD, Base
from tests.web.visitor import Person, csrf_of

GPS, MAKER, ORIENTATION = 0x8825, 0x010F, 0x0112
SECRET = b"SECRET-CAMERA-7781"


@pytest.fixture(scope="module")
def base(demo_template: str, copy_database: Callable[[str], Base]) -> Base:
    return copy_database(demo_template)


@pytest.fixture(scope="module")
def app(base: Base, make_app: Callable[[Base], Flask]) -> Flask:
    return make_app(base)


@pytest.fixture(scope="module")
def tokens(app: Flask) -> dict[str, dict[str, str]]:
    return tokens_of(app)


@pytest.fixture
def slots(base: Base) -> list[int]:
    return Slots(base).reopen()


@pytest.fixture
def answered(app: Flask, tokens: dict[str, dict[str, str]], slots: list[int]) -> int:
    """A finding of the manager; its id."""
    body = {"sent_id": str(uuid.uuid4()), "slot_id": slots[0], "result": "finding", "severity": 2}
    told = app.test_client().post("/api/answers", json=body, headers=tokens["manager"])
    return int(told.get_json()["inspection_id"])


Send = Callable[..., TestResponse]


@pytest.fixture
def send(app: Flask, tokens: dict[str, dict[str, str]]) -> Send:
    def post(who: str, inspection: object, picture: bytes, sent_id: str = "") -> TestResponse:
        address = f"/api/answers/photo?sent_id={sent_id or uuid.uuid4()}&inspection_id={inspection}"
        return app.test_client().post(address, data=picture, headers=tokens[who] | {"Content-Type": "image/jpeg"})

    return post


def picture(size: tuple[int, int] = (800, 600), kind: str = "JPEG", colour: str = "#335577", **options: Any) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, colour).save(written, kind, **options)
    return written.getvalue()


def with_secrets(size: tuple[int, int] = (800, 600)) -> bytes:
    """A picture as a phone takes it: with the place, the maker, a comment; lying on its side."""
    exif = Image.Exif()
    exif[MAKER] = SECRET.decode()
    exif[ORIENTATION] = 6
    exif.get_ifd(GPS)[1] = "N"
    exif.get_ifd(GPS)[2] = (22.0, 31.0, 4.5)
    return picture(size, exif=exif, comment=SECRET)


def files(app: Flask) -> list[Path]:
    home = app.extensions["gridmap"].settings.home
    return sorted(path for path in (home / "files").rglob("*") if path.is_file())


def test_a_photo_is_kept_small_upright_and_without_what_the_phone_wrote_into_it(
    app: Flask, send: Send, answered: int, tokens: dict[str, dict[str, str]]
) -> None:
    raw = with_secrets((2400, 1200))
    assert SECRET in raw
    assert send("manager", answered, raw).status_code == 200
    shown = app.test_client().get(f"/photos/{answered}", headers=tokens["manager"])
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    assert "private" in shown.headers["Cache-Control"]
    assert SECRET not in shown.data
    with Image.open(io.BytesIO(shown.data)) as kept:
        assert kept.size == (800, 1600)
        assert dict(kept.getexif()) == {}
        assert set(kept.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    shown.close()
    for path in files(app):
        assert SECRET not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0


def test_the_photo_of_an_answer_is_seen_by_who_looks_after_the_place_and_by_nobody_else(
    app: Flask, send: Send, answered: int, tokens: dict[str, dict[str, str]]
) -> None:
    send("manager", answered, picture(colour="#123456"))
    status = {}
    for who in ("manager", "worker", "community", "leader", "planner", "admin", "property"):
        shown = app.test_client().get(f"/photos/{answered}", headers=tokens[who])
        status[who] = shown.status_code
        shown.close()
    assert status.pop("property") in (200, 404)  # as its estates lie
    assert status == {"manager": 200, "worker": 200, "community": 200, "leader": 200, "planner": 404, "admin": 404}
    assert app.test_client().get(f"/photos/{answered}", headers={"Accept": "application/json"}).status_code == 401
    for unknown in (answered + 1, 3, 1 << 60):
        assert app.test_client().get(f"/photos/{unknown}", headers=tokens["leader"]).status_code == 404


def test_a_photo_sent_twice_is_kept_once_and_another_under_its_id_is_a_conflict(
    app: Flask, send: Send, answered: int, base: Base
) -> None:
    sent_id, raw = str(uuid.uuid4()), picture(colour="#654321")
    first, again = send("manager", answered, raw, sent_id), send("manager", answered, raw, sent_id)
    assert (first.status_code, first.get_json()) == (200, again.get_json())
    other = send("manager", answered, picture(colour="#ffffff"), sent_id)
    assert (other.status_code, other.get_json()["code"]) == (409, "conflict")
    with psycopg.connect(base.owner_url) as owner:
        [(photo,)] = owner.execute("SELECT photo FROM gridmap.inspection WHERE id = %s", (answered,)).fetchall()
        found = owner.execute("SELECT count(*) FROM gridmap.file WHERE sha256 = %s", (photo,)).fetchone()
    assert found == (1,)


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"", 422, "picture"),
        (b"<html>", 422, "picture"),
        (picture()[:400], 422, "picture"),
        (picture(kind="GIF"), 422, "picture"),
        (b"\0" * (MOST_PICTURE_BYTES + 1), 413, "too_large"),
    ],
)
def test_what_is_no_picture_is_refused_and_the_answer_stands(
    send: Send, answered: int, base: Base, slots: list[int], raw: bytes, status: int, code: str
) -> None:
    told = send("manager", answered, raw)
    assert (told.status_code, told.get_json()["code"]) == (status, code)
    [row] = answers_to(base, slots)
    assert (row["id"], row["photo"]) == (answered, None)


def test_a_bomb_of_pixels_is_not_unpacked(send: Send, answered: int) -> None:
    told = send("manager", answered, picture((12_000, 12_000), "PNG"))
    assert (told.status_code, told.get_json()["code"]) == (422, "picture")


def test_only_the_author_adds_a_photo_and_only_while_the_answer_stands(
    app: Flask, send: Send, answered: int, tokens: dict[str, dict[str, str]]
) -> None:
    assert send("worker", answered, picture()).get_json()["code"] == "not_yours"
    assert send("planner", answered, picture()).status_code == 403
    assert send("manager", 3, picture()).status_code == 404
    assert send("manager", "x", picture()).status_code == 400
    undo = {"sent_id": str(uuid.uuid4()), "inspection_id": answered}
    app.test_client().post("/api/answers/undo", json=undo, headers=tokens["manager"])
    assert send("manager", answered, picture()).get_json()["code"] == "superseded"


def test_old_photos_are_forgotten_and_files_without_a_row_are_swept(
    app: Flask, send: Send, answered: int, base: Base
) -> None:
    services = app.extensions["gridmap"]
    home, now = services.settings.home, real_now()
    send("manager", answered, picture(colour="#0a0b0c"))
    kept = len(files(app))
    with services.database.transaction(SYSTEM) as connection:
        assert forget_photos(connection, now) == 0
        assert sweep(connection, home, now.timestamp()) == 0
    with psycopg.connect(base.owner_url) as owner:
        owner.execute("UPDATE gridmap.file SET stored_at = stored_at - interval '181 days'")
    with services.database.transaction(SYSTEM) as connection:
        assert forget_photos(connection, now) > 0
        assert sweep(connection, home, now.timestamp()) == 0, "a young file may be on its way to its row"
        later = now.timestamp() + 90_000
        assert sweep(connection, home, later, dry_run=True) == kept
        assert sweep(connection, home, later) == kept
    assert files(app) == []
    [row] = answers_to(base, [Slots(base).ids()[0]])
    assert (row["id"], row["photo"]) == (answered, None)


# Doubts -------------------------------------------------------------------------------------------------------------


def doubtful(app: Flask, tokens: dict[str, dict[str, str]], base: Base, minute: str) -> list[int]:
    """Eight stairwells answered by the worker within a minute of the phone; ids of all entries."""
    with psycopg.connect(base.owner_url) as owner:
        rows = owner.execute(
            "SELECT DISTINCT ON (s.place_id) s.id FROM gridmap.slot s JOIN gridmap.place p ON p.id = s.place_id"
            " JOIN gridmap.place g ON g.id = p.grid_id WHERE s.starts_on = '2026-03-01' AND s.unit = ''"
            " AND p.kind = 'stairwell' AND g.code = (SELECT min(code) FROM gridmap.place"
            " WHERE kind = 'grid' AND code LIKE '442000002005%%') ORDER BY s.place_id, s.id LIMIT 8"
        ).fetchall()
    found = []
    for number, (slot,) in enumerate(rows):
        at = f"2026-03-{minute}:{number * 5:02}+08:00"
        body = {"sent_id": str(uuid.uuid4()), "slot_id": slot, "result": "fine", "device_at": at}
        told = app.test_client().post("/api/answers", json=body, headers=tokens["worker"])
        assert told.status_code == 200, told.text
        found.append(told.get_json()["inspection_id"])
    return found


def doubts(base: Base, ids: list[int]) -> list[tuple[str | None, str | None]]:
    with psycopg.connect(base.owner_url) as owner:
        return owner.execute(
            "SELECT doubt, doubt_answer FROM gridmap.inspection WHERE id = ANY (%s) ORDER BY id", (ids,)
        ).fetchall()


def test_many_places_in_a_minute_are_asked_about_and_count_all_the_same(
    app: Flask, tokens: dict[str, dict[str, str]], base: Base
) -> None:
    made = doubtful(app, tokens, base, "16T08:01")
    assert doubts(base, made) == [(None, None)] * 6 + [("rush", None)] * 2
    with psycopg.connect(base.owner_url) as owner:
        states = owner.execute(
            "SELECT DISTINCT s.state FROM gridmap.slot s JOIN gridmap.inspection i ON i.slot_id = s.id"
            " WHERE i.id = ANY (%s)",
            (made,),
        ).fetchall()
    assert states == [("satisfied",)]
    worker = Person(app)
    worker.sign_in("worker", DEMO_PASSWORD)
    page = worker.get("/my/inbox").text
    assert "一分钟内填了很多处" in page
    asked = ",".join(str(one) for one in made[6:])
    assert f'value="{asked}"' in page
    assert "有填报需要您确认" in worker.get("/my").text
    leader = Person(app)
    leader.sign_in("leader", DEMO_PASSWORD)
    assert "一分钟内" not in leader.get("/my/inbox").text  # asked of the author alone
    form = {"csrf_token": csrf_of(page), "ids": asked, "said": "entered_later"}
    assert worker.post("/my/inbox/explain", form).status_code == 303
    assert doubts(base, made[6:]) == [("rush", "entered_later")] * 2
    assert "一分钟内填了很多处" not in worker.get("/my/inbox").text
    worker.post("/my/inbox/explain", form | {"said": "right"})
    assert doubts(base, made[6:]) == [("rush", "entered_later")] * 2, "what was said is said"


def test_work_of_an_hour_that_arrives_at_once_is_not_doubted(
    app: Flask, tokens: dict[str, dict[str, str]], base: Base
) -> None:
    """Without signal everything arrives together: the minute is the phone's, not the server's."""
    found = doubtful(app, tokens, base, "14T10:30")
    with psycopg.connect(base.owner_url) as owner:
        owner.execute("UPDATE gridmap.inspection SET superseded_at = now() WHERE id = ANY (%s)", (found,))
        slots = owner.execute("SELECT slot_id FROM gridmap.inspection WHERE id = ANY (%s)", (found,)).fetchall()
    made = []
    for number, (slot,) in enumerate(slots):
        at = f"2026-03-13T10:{number * 7:02}:00+08:00"
        body = {"sent_id": str(uuid.uuid4()), "slot_id": slot, "result": "fine", "device_at": at}
        told = app.test_client().post("/api/answers", json=body, headers=tokens["worker"])
        made.append(told.get_json()["inspection_id"])
    assert doubts(base, made) == [(None, None)] * 8


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"said": "nonsense"}, 422, "explanation"),
        ({"said": "other"}, 422, "note"),
        ({"said": "other", "note": "x" * 201}, 422, "note"),
        ({"said": "right", "ids": "1,8589934592"}, 422, "street"),
        ({"said": "right", "ids": "x"}, 400, None),
    ],
)
def test_an_explanation_that_makes_no_sense_is_refused(
    app: Flask, tokens: dict[str, dict[str, str]], answered: int, form: dict[str, str], status: int, code: str | None
) -> None:
    told = app.test_client().post("/my/inbox/explain", data={"ids": str(answered), **form}, headers=tokens["manager"])
    assert told.status_code == status
    if code:
        assert told.get_json()["code"] == code


def test_nobody_explains_what_another_has_entered(app: Flask, tokens: dict[str, dict[str, str]], base: Base) -> None:
    made = doubtful(app, tokens, base, "12T15:20")
    form = {"ids": ",".join(map(str, made)), "said": "right"}
    told = app.test_client().post("/my/inbox/explain", data=form, headers=tokens["leader"])
    assert told.get_json() == {"explained": 0}
    assert {said for _doubt, said in doubts(base, made)} == {None}
    assert app.test_client().post("/my/inbox/explain", data=form, headers=tokens["planner"]).status_code == 403


# Households ---------------------------------------------------------------------------------------------------------


def test_a_stairwell_is_shown_floor_by_floor_and_a_visit_is_one_tap(app: Flask, base: Base) -> None:
    place, slots = households(base)
    leader = Person(app)
    leader.sign_in("leader", DEMO_PASSWORD)
    page = leader.get(f"/visits/{place}").text
    assert {f'data-visit="{slot}"' in page for slot in slots} == {True}
    assert page.count('class="visit"') == len(slots)
    form = {"csrf_token": csrf_of(page), "page": str(uuid.uuid4()), "back": f"/visits/{place}", "how": "phone"}
    told = leader.post("/my/answer", form | {"visit": str(slots[0])})
    assert (told.status_code, told.headers["Location"]) == (303, f"/visits/{place}#c{slots[0]}")
    [row] = answers_to(base, slots)
    assert (row["slot_id"], row["result"], row["mode"]) == (slots[0], "reached", "phone")
    nonsense = leader.post("/my/answer", form | {"visit": str(slots[1]), "how": "kindly"})
    assert nonsense.status_code == 422
    for who in ("worker", "manager", "planner"):
        other = Person(app)
        other.sign_in(who, DEMO_PASSWORD)
        assert other.get(f"/visits/{place}").status_code == (200 if who == "planner" else 404)


def test_key_households_are_numbers_for_who_looks_after_them_and_nobody_else(
    app: Flask, base: Base, tokens: dict[str, dict[str, str]]
) -> None:
    place, _slots = households(base)
    with psycopg.connect(base.owner_url) as owner:
        owner.execute("DELETE FROM gridmap.household_tier WHERE place_id = %s", (place,))
    leader = Person(app)
    leader.sign_in("leader", DEMO_PASSWORD)
    form: dict[str, Any] = {"csrf_token": csrf_of(leader.get(f"/visits/{place}").text), "tier": "key"}
    assert leader.post(f"/visits/{place}/tiers", form | {"unit": ["101", "no such number"]}).status_code == 303
    marks = 'class="visit-tier visit-key"'
    assert leader.get(f"/visits/{place}").text.count(marks) == 2  # in the matrix and where it is chosen
    client = app.test_client()
    assert marks not in client.get(f"/visits/{place}", headers=tokens["planner"] | {"Accept": "text/html"}).text
    assert client.post(f"/visits/{place}/tiers", data={"tier": "key"}, headers=tokens["planner"]).status_code == 403
    assert client.post(f"/visits/{place}/tiers", data={"tier": "key"}, headers=tokens["worker"]).status_code == 404
    assert client.post(f"/visits/{place}/tiers", data={"tier": "worst"}, headers=tokens["leader"]).status_code == 400
    services = app.extensions["gridmap"]
    viewer = services.sign_ins.viewer("token", tokens["worker"]["Authorization"].removeprefix("Bearer "))
    with services.database.transaction(viewer.prologue) as connection:
        told = connection.execute("SELECT * FROM gridmap.tiers_at(%s, %s)", (place >> 32, [place])).fetchall()
        assert told == []
        row = connection.execute(
            "SELECT gridmap.set_tiers(%s, %s, %s, 'key', now()) AS changed", (place >> 32, place, ["102"])
        ).fetchone()
        assert row == {"changed": 0}
    with (
        services.database.transaction(viewer.prologue) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT unit FROM gridmap.household_tier")
    leader.post(f"/visits/{place}/tiers", form | {"unit": ["101"], "tier": "ordinary"})
    assert leader.get(f"/visits/{place}").text.count(marks) == 0
    with psycopg.connect(base.owner_url) as owner:
        told = owner.execute("SELECT after FROM gridmap.audit WHERE action = 'set_tier'").fetchall()
    assert told == [({"households": 1},)] * 2
