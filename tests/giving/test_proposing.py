"""Proposals: the optimum of rows read anew, every word of every line worked out a second time, nobody hidden."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import psycopg
import pytest
from flask import Flask
from psycopg.rows import dict_row
from test_matching import by_scipy

from gridmap.analysis.matching import NEVER
from gridmap.db import SYSTEM
from gridmap.people import ChangeRefused, set_absence
from gridmap.people.giving import Move, apply_change, role_facts
from gridmap.people.giving.choices import Where, places_for
from gridmap.people.giving.proposing import Proposal, Wish, propose
from tests.conftest import Base
from tests.giving.conftest import Office
from tests.giving.test_api import Desk

ROLE = "building_manager"

PEOPLE = """
SELECT DISTINCT n.id, n.community_id, n.home_place_id, h.parent_id AS home_parent, o.kind AS body, n.organisation_id,
  st_asbinary(st_pointonsurface(coalesce(h.geom, u.geom))) AS home,
  EXISTS (SELECT FROM gridmap.absence b WHERE b.person_id = n.id AND b.valid @> %(now)s::timestamptz
    AND (b.kind = 'left' OR coalesce(upper(b.valid), 'infinity') > %(now)s::timestamptz + interval '30 days'))
    AS is_gone,
  ARRAY(SELECT DISTINCT a.community_id FROM gridmap.assignment a WHERE a.person_id = n.id AND a.valid @> %(now)s)
    AS serves,
  ARRAY(SELECT a.place_id FROM gridmap.assignment a WHERE a.person_id = n.id AND a.role = %(role)s AND a.is_primary
    AND a.valid @> %(now)s) AS holds
FROM gridmap.person n
JOIN gridmap.assignment x ON x.person_id = n.id AND x.role = %(role)s
LEFT JOIN gridmap.organisation o ON o.id = n.organisation_id
LEFT JOIN gridmap.place h ON h.id = n.home_place_id
LEFT JOIN gridmap.place u ON u.id = h.parent_id
WHERE n.street_id = %(street)s
"""
PLACES = """
SELECT p.id, p.community_id, p.parent_id, st_asbinary(st_pointonsurface(coalesce(p.geom, u.geom))) AS point,
  (SELECT a.person_id FROM gridmap.assignment a WHERE a.place_id = p.id AND a.role = %(role)s AND a.is_primary
    AND a.valid @> %(now)s) AS holder
FROM gridmap.place p LEFT JOIN gridmap.place u ON u.id = p.parent_id WHERE p.id = ANY (%(places)s)
"""
WALK = """
SELECT st_distance(st_geomfromwkb(a, 4326)::geography, st_geomfromwkb(b, 4326)::geography) AS metres,
  (SELECT count(DISTINCT coalesce(r.name, r.id::text)) FROM gridmap.basemap r WHERE r.kind = 'road'
    AND r.class IN ('motorway', 'main', 'rail')
    AND st_intersects(r.geom, st_makeline(st_geomfromwkb(a, 4326), st_geomfromwkb(b, 4326)))) AS roads
FROM unnest(%(a)s::bytea[], %(b)s::bytea[]) WITH ORDINALITY AS w (a, b, n) ORDER BY n
"""


class Rows:
    """What the proposal must follow from, read anew by the owner of the tables."""

    def __init__(self, base: Base, office: Office, places: list[int]) -> None:
        values = {"street": office.street, "role": ROLE, "now": office.now, "places": places}
        with psycopg.connect(base.owner_url, row_factory=dict_row) as owner:
            self.people = {row["id"]: row for row in owner.execute(PEOPLE, values)}
            self.places = {row["id"]: row for row in owner.execute(PLACES, values)}
            pairs = [(place, one) for place in self.places for one in self.people if self.people[one]["home"]]
            walks = owner.execute(
                WALK,
                {
                    "a": [self.people[one]["home"] for _place, one in pairs],
                    "b": [self.places[place]["point"] for place, _one in pairs],
                },
            ).fetchall()
        self.walk = {pair: (row["metres"], row["roads"]) for pair, row in zip(pairs, walks, strict=True)}

    def lives(self, place: int, one: int) -> bool:
        there, home = self.places[place], self.people[one]
        return home["home_place_id"] == place or (home["home_parent"] or 0) == there["parent_id"]

    def may(self, place: int, one: int) -> bool:
        person, community = self.people[one], self.places[place]["community_id"]
        is_here = person["community_id"] in (None, community) or community in person["serves"]
        return is_here and not person["is_gone"] and person["body"] != "property_company"

    def metres(self, place: int, one: int) -> float:
        metres, roads = self.walk[place, one]
        return 0.0 if self.lives(place, one) else metres + 250 * roads

    def room(self, one: int, capacity: int) -> int:
        return max(capacity - len(set(self.people[one]["holds"]) - set(self.places)), 0)


@pytest.fixture
def asked(office: Office) -> Callable[..., Proposal]:
    def ask(where: Where, **fields: Any) -> Proposal:
        with office.database.transaction(SYSTEM) as connection:
            role = role_facts(connection)[ROLE]
            choices = places_for(connection, role, where, office.now)
            wish = Wish(street=office.street, role=role, choices=choices, **fields)
            return propose(connection, office.by, wish)

    return ask


def estates(office: Office) -> list[int]:
    found = office.rows(
        "SELECT p.estate_id, count(*) FROM gridmap.place p WHERE p.street_id = %s AND p.kind = 'stairwell'"
        " AND p.community_id = %s GROUP BY 1 ORDER BY 2 DESC",
        office.street, office.community,
    )  # fmt: skip
    return [row["estate_id"] for row in found]


def vacate(office: Office, estate: int, often: int) -> list[int]:
    """Take every so many-th place of the estate from its manager; the places, and with them the first manager."""
    with office.database.transaction(SYSTEM) as connection:
        role = role_facts(connection)[ROLE]
        choices = places_for(connection, role, Where(estate=estate), office.now)
    held = [one for one in choices if one.holders][::often]
    moves = [Move(place_id=one.place.id, role=ROLE, person_id=None, seen=one.holders[0].seen) for one in held]
    office.run(apply_change, moves, why=None)
    return [one.place.id for one in held]


def must_be_right(rows: Rows, found: Proposal) -> None:
    """Every word of every line follows from the rows."""
    given: dict[int, int] = {}
    for line in found.lines:
        given[line.person.id] = given.get(line.person.id, 0) + 1
    for line in found.lines:
        place, one = line.place.id, line.person.id
        assert rows.may(place, one)
        assert line.lives_here is rows.lives(place, one)
        assert line.metres == pytest.approx(rows.metres(place, one), rel=0.005, abs=2)
        assert line.load_before == len(rows.people[one]["holds"])
        outside = set(rows.people[one]["holds"]) - set(rows.places)
        assert line.load_after == len(outside) + given[one] <= found.capacity
        assert (line.before.person_id if line.before else None) == rows.places[place]["holder"]
        nearer = [
            other for other in rows.people
            if rows.walk.get((place, other)) and rows.metres(place, other) < rows.metres(place, one) - 3
        ]  # fmt: skip
        can = [other for other in nearer if rows.may(place, other)]
        assert abs(line.rank - 1 - len(can)) <= 2  # metres are rounded
        for other in can:
            after = len(set(rows.people[other]["holds"]) - set(rows.places)) + given.get(other, 0)
            assert after >= found.capacity or line.kind == "kept", "a nearer person with room was passed over"
        for over in line.passed_over:
            assert over.reason == "full" or over.reason == "kept" or not rows.may(place, over.person.id)
    for left in found.nobody:
        able = [one for one in rows.people if rows.may(left.place.id, one)]
        assert left.reason == ("full" if able else "unfit")
        assert all(rows.room(one, found.capacity) <= given.get(one, 0) for one in able)


def optimum(rows: Rows, found: Proposal) -> tuple[int, int]:
    """What the proposal costs, and what scipy finds to be the least, in metres of the rows."""
    places, people = list(rows.places), list(rows.people)
    resident = 10_000_000
    costs = np.full((len(places), len(people)), NEVER, dtype=np.int64)
    for i, place in enumerate(places):
        for j, one in enumerate(people):
            if rows.may(place, one):
                keeps = 120 if rows.places[place]["holder"] == one else 0
                costs[i, j] = round(rows.metres(place, one)) - keeps - resident * rows.lives(place, one)
    room = np.array([rows.room(one, found.capacity) for one in people], dtype=np.int64)
    nobody = resident * len(places) * 2
    column = {one: j for j, one in enumerate(people)}
    own = sum(int(costs[places.index(line.place.id), column[line.person.id]]) for line in found.lines)
    return own + nobody * len(found.nobody), by_scipy(costs, room, nobody)


@pytest.mark.parametrize(("only_vacant", "capacity"), [(False, None), (False, 1), (False, 6), (True, 2)])
def test_a_proposal_is_the_optimum_and_explains_itself(
    base: Base, office: Office, asked: Callable[..., Proposal], only_vacant: bool, capacity: int | None
) -> None:
    estate = estates(office)[0]
    if only_vacant:
        vacate(office, estate, 5)
    found = asked(Where(estate=estate), only_vacant=only_vacant, capacity=capacity)
    places = [line.place.id for line in found.lines] + [left.place.id for left in found.nobody]
    rows = Rows(base, office, places)
    assert len(places) == len(set(places)) >= (1 if only_vacant else 20)
    must_be_right(rows, found)
    own, least = optimum(rows, found)
    # metres here are of the ellipsoid, there of the plane, each rounded
    assert abs(own - least) <= len(places) * 3


def test_who_moved_away_from_the_neighbourhood_hands_places_over(
    base: Base, office: Office, asked: Callable[..., Proposal]
) -> None:
    """Every second place of an estate vacant: residents get theirs back, others go to the nearest with room."""
    estate = estates(office)[1]
    held = vacate(office, estate, 2)
    (gone,) = office.rows(
        "SELECT person_id FROM gridmap.assignment WHERE place_id = %s AND role = %s AND upper(valid) = %s",
        held[0], ROLE, office.now,
    )  # fmt: skip
    office.run(set_absence, gone["person_id"], start=office.now, end=None, kind="left")
    found = asked(Where(estate=estate))
    proposed = [line.place.id for line in found.lines] + [left.place.id for left in found.nobody]
    assert set(proposed) >= set(held)
    assert gone["person_id"] not in {line.person.id for line in found.lines}
    assert sum(line.lives_here for line in found.lines) >= len(held) // 2
    must_be_right(Rows(base, office, proposed), found)


def test_places_that_nobody_may_take_are_listed(office: Office, asked: Callable[..., Proposal]) -> None:
    (far,) = office.rows(
        "SELECT id FROM gridmap.person WHERE street_id = %s AND community_id <> %s AND NOT EXISTS (SELECT FROM"
        " gridmap.assignment a WHERE a.person_id = person.id AND a.community_id = %s) ORDER BY id LIMIT 1",
        office.street, office.community, office.community,
    )  # fmt: skip
    found = asked(Where(estate=estates(office)[0]), only_vacant=False, people=[far["id"]])
    assert not found.lines
    assert {left.reason for left in found.nobody} == {"unfit"}
    near = office.person("就近")
    found = asked(Where(estate=estates(office)[0]), only_vacant=False, people=[near], capacity=3)
    assert len(found.lines) == 3
    assert {left.reason for left in found.nobody} == {"full"}


def test_homes_are_looked_up_with_a_trace_and_nothing_else_is_written(
    office: Office, asked: Callable[..., Proposal]
) -> None:
    before = office.rows("SELECT count(*) AS n, max(id) AS last FROM gridmap.audit")[0]
    rows = office.rows("SELECT count(*) AS n FROM gridmap.assignment")
    asked(Where(estate=estates(office)[0]), only_vacant=False)
    (after,) = office.rows("SELECT action, subject, why FROM gridmap.audit WHERE id > %s", before["last"])
    assert (after["action"], after["subject"]) == ("read_homes", "person")
    assert office.rows("SELECT count(*) AS n FROM gridmap.assignment") == rows


def test_no_places_no_proposal(office: Office, asked: Callable[..., Proposal]) -> None:
    with pytest.raises(ChangeRefused, match="empty"):
        asked(Where(places=(office.doors[0] + (1 << 20),)))


def test_a_proposal_becomes_a_change_set(base: Base, make_app: Callable[[Base], Flask], office: Office) -> None:
    desk = Desk(make_app(base), "community")
    estate = estates(office)[2]
    vacate(office, estate, 3)
    told = desk.post("/api/assignments/proposal", role=ROLE, estate=estate, only_vacant=False, capacity=8)
    assert len(told["lines"]) >= 3
    assert all(line["sentence"] for line in told["lines"])
    assert len(told["moves"]) == sum(line["kind"] != "kept" for line in told["lines"])
    assert {"kept", "given"} <= {line["kind"] for line in told["lines"]}
    looked = desk.post("/api/assignments/preview", moves=told["moves"])
    assert looked["conflicts"] == looked["refused"] == []
    made = desk.post("/api/assignments", moves=told["moves"], kind="proposal", why="建议方案")
    assert sum(made["counts"].values()) == len(told["moves"])
    again = desk.post("/api/assignments/proposal", role=ROLE, estate=estate, only_vacant=False, capacity=8)
    assert again["moves"] == []
    desk.post("/api/assignments/undo", change=made["change"])
    for body, status in (
        ({"role": ROLE}, 400),
        ({"role": ROLE, "estate": estate, "capacity": 0}, 400),
        ({"role": ROLE, "estate": estate, "only_vacant": "no"}, 400),
        ({"role": "nothing", "estate": estate}, 404),
        ({"role": ROLE, "estate": 17}, 422),
        ({"role": ROLE, "places": [(1 << 32) + 1, (2 << 32) + 1]}, 404),
    ):
        assert desk.post("/api/assignments/proposal", status, **body), json.dumps(body)
    assert Desk(make_app(base), "worker").post("/api/assignments/proposal", 403, role=ROLE, estate=estate)


def test_without_the_solver_the_page_says_so(
    base: Base, make_app: Callable[[Base], Flask], office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gridmap.analysis import matching

    monkeypatch.setattr(matching, "find_spec", lambda name: None)
    told = Desk(make_app(base), "community").post(
        "/api/assignments/proposal", 422, role=ROLE, estate=estates(office)[0], only_vacant=False
    )
    assert told["code"] == "solver"
    assert "gridmap[assign]" in told["description"]
