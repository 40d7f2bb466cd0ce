"""Layers as files by URL: what is in them, who gets what, that each is written down."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import psycopg
import pytest
from flask import Flask

from gridmap.accounts import actor, create_token
from gridmap.db import SYSTEM
from tests.api.asker import ITEMS, PEOPLE, Asker
from tests.two_streets import Town, open_town


@pytest.mark.parametrize(("extension", "media_type"), [("geojson", "geo+json"), ("geojsons", "seq"), ("csv", "csv")])
def test_a_layer_downloads_as_a_file(chief: Asker, town: Town, extension: str, media_type: str) -> None:
    response = chief(f"/ogc/collections/buildings/items.{extension}?as_of=2026-03-01")
    assert response.status_code == 200
    assert media_type in response.content_type
    assert response.headers["Content-Disposition"] == f'attachment; filename="buildings_2026-03-01.{extension}"'
    assert all(str(made).encode() in response.data for made in town.buildings)
    head = chief(f"/ogc/collections/buildings/items.{extension}?as_of=2026-03-01", method="HEAD")
    assert head.status_code == 200
    assert head.content_type == response.content_type


def test_a_file_holds_what_the_pages_hold(ask: Callable[[str], Asker]) -> None:
    for who in PEOPLE:
        for words in ("", "kind=slab&bbox=113.4,22.5,113.43,22.51"):
            file = ask(who).json(f"/ogc/collections/buildings/items.geojson?{words}")
            page = ask(who).json(f"{ITEMS}?limit=10000&{words}")
            # all but who looks after it
            for feature in page["features"]:
                feature["properties"].pop("manager", None)
            assert file["features"] == page["features"]
            assert file["filter"] == dict(parse_qsl(words))


def test_downloads_are_written_down(ask: Callable[[str], Asker], town: Town) -> None:
    def written() -> list[Any]:
        with psycopg.connect(town.base.superuser_url) as connection:
            return connection.execute(
                "SELECT u.username, a.subject_id, a.after FROM gridmap.audit a"
                " JOIN gridmap.account u ON u.id = a.account_id WHERE action = 'export' ORDER BY a.id"
            ).fetchall()

    before = len(written())
    ask("planner")("/ogc/collections/grids/items.csv?name=x")
    ask("planner")("/ogc/collections/grids/items.csv?name=x", method="HEAD")
    ask("planner")(ITEMS)
    assert ask("planner")("/ogc/collections/grids/items.csv?worker=x").status_code == 400
    (username, subject, after), *more = written()[before:]
    assert not more
    assert (username, subject) == ("planner", "grids")
    assert after["filter"] == {"name": "x"}
    assert after["format"] == "csv"


@pytest.mark.parametrize("extension", ["shp", "json", "geojson.gz", "GEOJSON", ""])
def test_unknown_kinds_of_files_are_not_there(chief: Asker, extension: str) -> None:
    assert chief(f"/ogc/collections/buildings/items.{extension}").status_code == 404


def test_too_many_exports_are_told_to_wait(chief: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    from psycopg_pool import PoolTimeout

    def refuse(*_: object) -> None:
        raise PoolTimeout

    monkeypatch.setattr("gridmap.api.ogc.download.Stream", refuse)
    refused = chief("/ogc/collections/buildings/items.geojson")
    assert refused.status_code == 429
    assert refused.json["code"] == "too_many"


def test_who_leaves_a_download_frees_its_connection(
    empty_template: str, copy_database: Callable[[str], Any], make_app: Callable[..., Flask]
) -> None:
    with open_town(copy_database(empty_template)) as crowded:
        with psycopg.connect(crowded.base.owner_url) as owner:
            owner.execute(
                "INSERT INTO gridmap.basemap (street_id, id, kind, class, name, geom)"
                " SELECT 1, (1::bigint << 32) + 20000 + n, 'road', 'path', repeat('路', 100),"
                " 'SRID=4326;LINESTRING(113.4 22.5, 113.5 22.6)' FROM generate_series(1, 20000) n"
            )
            row = owner.execute(
                "INSERT INTO gridmap.account (username, title) VALUES ('u', 'U') RETURNING id"
            ).fetchone()
            assert row
            owner.execute(
                "INSERT INTO gridmap.account_grant (account_id, role, level) VALUES (%s, 'leader', 'city')", row
            )
        app = make_app(crowded.base)
        with crowded.database.transaction(SYSTEM) as connection:
            token = create_token(connection, actor(app.extensions["gridmap"].clock), row[0], name="t", days=1)
        for _ in range(4):
            response = app.test_client().get(
                "/ogc/collections/roads/items.geojson", headers={"Authorization": f"Bearer {token}"}, buffered=False
            )
            assert len(next(response.iter_encoded())) >= 128 * 1024
            response.close()
        with psycopg.connect(crowded.base.superuser_url) as connection:
            states = connection.execute(
                "SELECT state FROM pg_stat_activity WHERE application_name = 'gridmap streams'"
                " AND datname = current_database()"
            ).fetchall()
        assert {state for (state,) in states} == {"idle"}
