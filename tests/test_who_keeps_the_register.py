"""Workbooks of the register: taken out and written by those who keep the whole street, compared with the oracle."""

import io
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from flask import Flask
from openpyxl import load_workbook
from psycopg.rows import dict_row
from test_who_sees_what import SIGNED_IN, open_scene
from test_who_sees_what_by_http import told

from gridmap.read.sheets.fields import SHEETS
from tests.conftest import Base
from tests.oracle import TOLD_WHO, holds
from tests.outputs import Scene
from tests.sheets.conftest import Book
from tests.world import OTHER_STREET, STREET

KEEPERS = {"leader", "planner", "administrator"}
STREETS = (STREET, OTHER_STREET)
GRANTS = """
SELECT g.role, g.level, g.street_id FROM gridmap.account_grant g JOIN gridmap.account a ON a.id = g.account_id
WHERE a.username = %s AND g.valid @> %s::timestamptz
"""


@pytest.fixture(scope="module")
def scene(demo_template: str, copy_database: Callable[[str], Base], make_app: Callable[[Base], Flask]) -> Scene:
    return open_scene(copy_database(demo_template), make_app)


def kept(scene: Scene, who: str, roles: set[str]) -> set[int]:
    """The streets that the account has these rights for as a whole, by the raw grants, and sees as a whole."""
    rights = scene.oracle.rights(who)
    assert rights is not None
    with psycopg.connect(scene.oracle.owner_url, row_factory=dict_row) as owner:
        grants = owner.execute(GRANTS, (who, scene.oracle.now)).fetchall()
    return {
        street
        for street in STREETS
        if rights.covers({"street_id": street})
        and any(
            grant["role"] in roles
            and (grant["level"] == "city" or (grant["level"], grant["street_id"]) == ("street", street))
            for grant in grants
        )
    }  # fmt: skip


def expected(scene: Scene, who: str, kind: str, street: int) -> int:
    """The status that the account is answered with."""
    rights = scene.oracle.rights(who)
    assert rights is not None
    streets = kept(scene, who, KEEPERS)
    if not streets or street not in streets:
        return 404 if streets else 403
    is_led = street in kept(scene, who, {"leader"}) and rights.roles <= TOLD_WHO
    return 200 if kind != "people" or is_led else 403


def rows_of(scene: Scene, who: str, kind: str, street: int) -> set[int]:
    """The ids that belong into the workbook."""
    rights = scene.oracle.rights(who)
    assert rights is not None
    if kind == "people":
        with psycopg.connect(scene.oracle.owner_url) as owner:
            return {row[0] for row in owner.execute("SELECT id FROM gridmap.person WHERE street_id = %s", (street,))}
    return {
        place["id"]
        for place in scene.oracle.places.values()
        if (place["kind"], place["street_id"]) == (SHEETS[kind].place, street)
        and rights.covers(place)
        and place["valid"].upper is None
        and holds(place["valid"], scene.today)
    }


def take(scene: Scene, who: str, kind: str, street: int) -> Any:
    return scene.app.test_client().get(
        f"/sheets/{kind}.xlsx?street={street}", headers=scene.world.headers(who) | {"Accept": "text/html"}
    )


def texts(content: bytes) -> Iterator[str]:
    for sheet in load_workbook(io.BytesIO(content)).worksheets:
        for row in sheet.iter_rows(values_only=True):
            yield from (str(value) for value in row if value is not None)


@pytest.mark.parametrize("who", SIGNED_IN)
def test_a_workbook_holds_what_its_keeper_sees_and_nobody_else_gets_one(scene: Scene, who: str) -> None:
    for kind in SHEETS:
        for street in STREETS:
            answer = take(scene, who, kind, street)
            assert answer.status_code == expected(scene, who, kind, street), (kind, street)
            if answer.status_code == 200:
                book = Book(answer.data, SHEETS[kind])
                found = {book.id(row) for row in range(2, book.sheet.max_row + 1)}
                assert found == rows_of(scene, who, kind, street)
                # of people in it nobody's clear name; what it says of places is theirs to know
                assert told(scene, who, kind, " ".join(texts(answer.data))) == []


def send(scene: Scene, who: str, street: int, content: bytes, **form: str) -> Any:
    data = {"street": str(street), "file": (io.BytesIO(content), "a.xlsx"), **form}
    headers = scene.world.headers(who) | {"Accept": "text/html", "HX-Request": "true"}
    return scene.app.test_client().post("/sheets", data=data, headers=headers)


def state(scene: Scene) -> list[Any]:
    with psycopg.connect(scene.oracle.owner_url) as owner:
        return [
            *owner.execute("SELECT id, revision, name FROM gridmap.place ORDER BY id").fetchall(),
            *owner.execute("SELECT place_id, floors FROM gridmap.building ORDER BY 1").fetchall(),
            *owner.execute("SELECT id, revision, display_name FROM gridmap.person ORDER BY id").fetchall(),
            *owner.execute("SELECT id FROM gridmap.import_run ORDER BY id").fetchall(),
        ]


EDITED = {"buildings": ("floors", 99), "people": ("display_name", "改过的")}


@pytest.mark.parametrize("who", SIGNED_IN)
def test_a_workbook_is_written_by_its_keeper_and_by_nobody_else(scene: Scene, who: str) -> None:
    """A workbook of somebody who sees all, in everybody's hands."""
    for kind, (name, value) in EDITED.items():
        for street in STREETS:
            book = Book(take(scene, "city_leader", kind, street).data, SHEETS[kind])
            seen = rows_of(scene, who, kind, street)
            mine = next((row for row in range(2, book.sheet.max_row + 1) if book.id(row) in seen), 2)
            book.write(mine, **{name: value if book.cell(mine, name).value != value else 98})
            before, content = state(scene), book.content
            looked = send(scene, who, street, content, do="look")
            assert looked.status_code == expected(scene, who, kind, street), (kind, street)
            assert state(scene) == before
            fingerprint = looked.text.partition('name="seen" value="')[2].partition('"')[0]
            is_allowed = looked.status_code == 200 and book.id(mine) in seen
            assert bool(fingerprint) == is_allowed
            form = {"do": "take", "seen": fingerprint or "0" * 32, "sent_id": str(uuid4())}
            written = send(scene, who, street, content, **form)
            assert (written.headers.get("HX-Redirect") is not None) == is_allowed, (kind, street, written.text[:500])
            assert (state(scene) != before) == is_allowed
            # sent twice is sent once
            after = state(scene)
            again = send(scene, who, street, content, **form)
            assert again.headers.get("HX-Redirect") == written.headers.get("HX-Redirect")
            assert state(scene) == after
