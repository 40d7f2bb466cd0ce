"""The register is drawn by who plans or leads a community, published by who leads it, and seen by nobody else."""

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg.rows import dict_row
from test_who_sees_what import SHUT_OUT, SIGNED_IN, open_scene

from tests.conftest import Base
from tests.outputs import Scene

HERE = {
    "pages.register_step": "/register/{community}/steps",
    "pages.register_back": "/register/{community}/back",
    "pages.register_forth": "/register/{community}/forth",
    "pages.draw_edition_again": "/register/editions/{edition}/again",
    "pages.register_drop": "/register/{community}/drop",
    "pages.publish_edition": "/register/editions/{edition}/publish",
    "pages.undo_register_edition": "/register/editions/{edition}/undo",
}
"""Where each writes."""
GRANTED = """
SELECT coalesce(bool_or(role = 'leader'), false) AS leads, count(*) > 0 AS draws FROM gridmap.account_grant
WHERE account_id = %(account)s AND role IN ('leader', 'planner') AND valid @> %(now)s::timestamptz
  AND (level = 'city' OR level = 'street' AND street_id = %(street)s
    OR level = 'community' AND target_id = %(community)s)
"""


@pytest.fixture(scope="module")
def scene(demo_template: str, copy_database: Callable[[str], Base], make_app: Callable[[Base], Flask]) -> Scene:
    return open_scene(copy_database(demo_template), make_app)


@pytest.fixture(scope="module")
def drafts(scene: Scene) -> dict[int, int]:
    """The drafts of the first communities of each street, as nobody in particular drew them."""
    with psycopg.connect(scene.oracle.owner_url) as owner:
        rows = owner.execute(
            "SELECT community_id, id FROM (SELECT *, row_number() OVER (PARTITION BY street_id ORDER BY community_id)"
            " AS n FROM gridmap.edition WHERE state = 'draft') e WHERE n <= 3"
        ).fetchall()
    return dict(rows)


def may(scene: Scene, who: str, community: int) -> tuple[bool, bool]:
    """Whether the account draws there, and publishes, by the raw grants."""
    rights = scene.oracle.rights(who)
    assert rights is not None
    values = {"account": rights.account_id, "now": scene.oracle.now, "street": community >> 32, "community": community}
    with psycopg.connect(scene.oracle.owner_url, row_factory=dict_row) as owner:
        row = owner.execute(GRANTED, values).fetchone()
    assert row
    return row["draws"], row["leads"]


def ask(scene: Scene, who: str, address: str, form: dict[str, Any] | None = None) -> int:
    headers = scene.world.headers(who) | {"Accept": "text/html"}
    client = scene.app.test_client()
    answer = client.get(address, headers=headers) if form is None else client.post(address, data=form, headers=headers)
    return int(answer.status_code)


def test_every_address_that_writes_is_listed(scene: Scene) -> None:
    writing = {
        rule.endpoint
        for rule in scene.app.url_map.iter_rules()
        if re.match("/register", rule.rule) and not {"POST", "PUT", "PATCH", "DELETE"}.isdisjoint(rule.methods or ())
    }
    assert writing == HERE.keys()


@pytest.mark.parametrize("who", SIGNED_IN)
def test_who_plans_or_leads_there_looks_and_draws(scene: Scene, drafts: dict[int, int], who: str) -> None:
    """Nothing that is sent could be kept: whoever may is told what is wrong with it."""
    rights = scene.oracle.rights(who)
    assert rights is not None
    is_keeper = bool(rights.roles & {"leader", "planner"})
    for community, edition in drafts.items():
        draws, leads = may(scene, who, community)
        refused = 404 if is_keeper else 403
        for address in ("/register/{}", "/register/{}/map", "/register/{}/shapes"):
            assert ask(scene, who, address.format(community)) == (200 if draws else refused), address
        assert ask(scene, who, f"/register/editions/{edition}") == (200 if draws else refused)
        step = {"what": "split", "place": 1, "shape": "nonsense"}
        assert ask(scene, who, f"/register/{community}/steps", step) == (422 if draws else refused)
        for turn in ("back", "forth"):
            assert ask(scene, who, f"/register/{community}/{turn}", {"revision": 99}) == (409 if draws else refused)
        # only an undone edition is drawn again
        assert ask(scene, who, f"/register/editions/{edition}/again", {}) == (404 if draws else refused)
        published = ask(scene, who, f"/register/editions/{edition}/publish", {"why": "", "starts_on": "2026-03-16"})
        assert published == (422 if leads else 403 if draws else refused)
        undone = ask(scene, who, f"/register/editions/{edition}/undo", {"why": "x", "revision": 1})
        assert undone == (409 if leads else 403 if draws else refused)


@pytest.mark.parametrize("who", SHUT_OUT)
def test_who_is_shut_out_sees_and_draws_nothing(scene: Scene, drafts: dict[int, int], who: str) -> None:
    for community, edition in drafts.items():
        assert ask(scene, who, f"/register/{community}") in (302, 303, 401)
        assert ask(scene, who, f"/register/editions/{edition}/publish", {"why": "x"}) in (302, 303, 401)
