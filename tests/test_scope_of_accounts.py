"""What an account sees follows from its grants, from what its person holds, and from the moment.

Random grants, assignments, absences and companies, each beginning and ending around the moment that is asked about;
compared with the oracle, which reads the raw tables and knows nothing of `gridmap.scope`.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row
from psycopg.types.range import DateRange, TimestamptzRange

from gridmap.accounts import LEVELS_OF
from gridmap.api.tiles import end_of
from gridmap.clock import OFFICE
from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.layer import Layer
from gridmap.layers import BY_NAME
from gridmap.read import Asked, read_page, rows_of
from gridmap.read.select import seen_attributes
from gridmap.scope import Reach, UnknownAccount, Viewer, reach_of_shape, viewer_of
from tests.conftest import Base
from tests.fuller_streets import COMPANIES, Ids, fill_up
from tests.oracle import Oracle, Rights, Row, compare
from tests.outputs import properties
from tests.two_streets import Town, identity, open_town

NAMES = ("first", "second")
MOMENTS = (datetime(2026, 3, 16, 0, 10, tzinfo=OFFICE), datetime(2026, 3, 16, 9, tzinfo=OFFICE))
"""Just after midnight in the office it is still the day before in Greenwich."""
TICK = timedelta(microseconds=1)
ROLE_OF = {
    "grids": "grid_worker",
    "estates": "property_head",
    "buildings": "building_manager",
    "stairwells": "building_manager",
    "facilities": "grid_worker",
    "zones": "grid_worker",
}
CHECKED = ("communities", "grids", "estates", "buildings", "stairwells", "facilities", "assignments")
TABLES = ("place", "assignment", "person", "absence", "community", "organisation_place")


@dataclass(repr=False)
class Ground:
    """The two streets, the way in for their owner, and every id."""

    town: Town
    owner: "psycopg.Connection[dict[str, Any]]"
    ids: Ids

    def oracle(self, now: datetime) -> Oracle:
        """The oracle of this moment; what no story changes is read once."""
        made, day = Oracle(self.town.base.owner_url, now), now.astimezone(OFFICE).date()
        for layer in CHECKED[:-1]:
            made._raw[layer, day] = self.constant(made, layer, day)
        for table in ("place", "person", "community"):
            made._tables[table] = self._tables.setdefault(table, made._all(self.owner, table))
        return made

    def constant(self, oracle: Oracle, layer: str, day: date) -> list[Row]:
        if (layer, day) not in self._raw:
            self._raw[layer, day] = oracle.raw(layer, day)
        return self._raw[layer, day]

    @cached_property
    def _raw(self) -> dict[tuple[str, date], list[Row]]:
        return {}

    @cached_property
    def _tables(self) -> dict[str, list[Row]]:
        return {}


@pytest.fixture(scope="module")
def ground(empty_template: str, copy_database: Callable[[str], Base]) -> Iterator[Ground]:
    with open_town(copy_database(empty_template)) as town:
        with psycopg.connect(town.base.owner_url) as owner:
            ids = fill_up(owner)
            owner.execute(
                "INSERT INTO gridmap.account (username, title) SELECT n, n FROM unnest(%s::text[]) n", (list(NAMES),)
            )
        with psycopg.connect(town.base.owner_url, row_factory=dict_row, autocommit=True) as owner:
            yield Ground(town, owner, ids)


# Stories -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Story:
    """What is written before the accounts look."""

    now: datetime
    people: tuple[int | None, ...]
    disabled: tuple[bool, ...]
    grants: tuple[list[dict[str, Any]], ...]
    duties: list[dict[str, Any]]
    absences: list[dict[str, Any]]
    coverings: list[dict[str, Any]]


@st.composite
def periods(draw: st.DrawFn, now: datetime) -> TimestamptzRange:
    """A period that begins and ends before, at or after the moment, as close as can be; never empty."""
    moments = [now + step for step in (-timedelta(400), -TICK, timedelta(0), TICK, timedelta(400))]
    start, end = sorted(draw(st.lists(st.sampled_from(moments), min_size=2, max_size=2, unique=True)))
    is_open, has_begun = draw(st.tuples(st.booleans(), st.booleans()))
    return TimestamptzRange(None if has_begun else start, None if is_open else end, "[)")


@st.composite
def days(draw: st.DrawFn, now: datetime) -> DateRange:
    today = now.astimezone(OFFICE).date()
    start, end = sorted(draw(st.lists(st.integers(-2, 2), min_size=2, max_size=2, unique=True)))
    return DateRange(today + timedelta(start), draw(st.sampled_from([None, today + timedelta(end)])))


@st.composite
def grants(draw: st.DrawFn, ids: Ids, now: datetime) -> dict[str, Any]:
    role = draw(st.sampled_from(sorted(LEVELS_OF)))
    level = draw(st.sampled_from(LEVELS_OF[role]))
    among = {"community": ids["communities"], "grid": ids["grids"], "estate": ids["estates"]}
    target = draw(st.sampled_from(among[level])) if level in among else None
    street = draw(st.sampled_from(ids["streets"])) if level == "street" else target >> 32 if target else None
    company = draw(st.sampled_from(COMPANIES)) if level == "organisation" else None
    valid = draw(periods(now))
    return {"role": role, "level": level, "street": street, "target": target, "company": company, "valid": valid}


@st.composite
def duties(draw: st.DrawFn, ids: Ids, cast: list[int], now: datetime) -> dict[str, Any]:
    """One of the cast holds something of the own street, or has held it, or will."""
    kind = draw(st.sampled_from(sorted(ROLE_OF)))
    place = draw(st.sampled_from(ids[kind]))
    person = draw(st.sampled_from([one for one in cast if one >> 32 == place >> 32]))
    return {"person": person, "place": place, "role": ROLE_OF[kind], "valid": draw(periods(now))}


@st.composite
def absences(draw: st.DrawFn, cast: list[int], person: int, now: datetime) -> dict[str, Any]:
    others = [one for one in cast if one >> 32 == person >> 32 and one != person]
    return {"person": person, "substitute": draw(st.sampled_from([None, *others])), "valid": draw(periods(now))}


@st.composite
def coverings(draw: st.DrawFn, ids: Ids, now: datetime) -> dict[str, Any]:
    place = draw(st.sampled_from(ids["estates"] + ids["buildings"][:2]))
    relation = draw(st.sampled_from(["covers", "manages"]))
    company = draw(st.sampled_from(COMPANIES))
    return {"company": company, "place": place, "relation": relation, "valid": draw(days(now))}


@st.composite
def stories(draw: st.DrawFn, ids: Ids) -> Story:
    now = draw(st.sampled_from(MOMENTS))
    # a small cast of both streets, so that those who hold something often have an account, and are often away
    cast = [
        one
        for street in ids["streets"]
        for one in draw(
            st.lists(st.sampled_from([one for one in ids["people"] if one >> 32 == street]), min_size=1, max_size=3)
        )
    ]
    away = draw(st.lists(st.sampled_from(cast), max_size=2, unique=True))
    return Story(
        now=now,
        people=tuple(draw(st.sampled_from([None, *cast])) for _ in NAMES),
        disabled=tuple(draw(st.integers(0, 7)) == 7 for _ in NAMES),
        grants=tuple(draw(st.lists(grants(ids, now), min_size=1, max_size=3)) for _ in NAMES),
        duties=draw(st.lists(duties(ids, cast, now), max_size=6)),
        absences=[draw(absences(cast, one, now)) for one in away],
        coverings=draw(
            st.lists(
                coverings(ids, now), max_size=3, unique_by=lambda one: (one["company"], one["place"], one["relation"])
            )
        ),
    )


EMPTIED = ("account_grant", "assignment", "absence", "organisation_place")
GRANT = """
INSERT INTO gridmap.account_grant (account_id, role, level, street_id, target_id, organisation_id, valid)
SELECT id, %(role)s, %(level)s, %(street)s, %(target)s, %(company)s, %(valid)s FROM gridmap.account
WHERE username = %(name)s
"""
DUTY = """
INSERT INTO gridmap.assignment (street_id, id, person_id, place_id, role, is_primary, valid, community_id, grid_id,
  micro_grid_id, estate_id)
SELECT street_id, (street_id::bigint << 32) + %(serial)s, %(person)s, id, %(role)s, false, %(valid)s, community_id,
  grid_id, micro_grid_id, estate_id
FROM gridmap.place WHERE id = %(place)s
"""
ABSENCE = """
INSERT INTO gridmap.absence (street_id, id, person_id, substitute_id, valid, community_id, grid_id, micro_grid_id)
SELECT street_id, (street_id::bigint << 32) + %(serial)s, id, %(substitute)s, %(valid)s, community_id, grid_id,
  micro_grid_id
FROM gridmap.person WHERE id = %(person)s
"""
COVERING = """
INSERT INTO gridmap.organisation_place (street_id, organisation_id, place_id, relation, valid)
SELECT street_id, %(company)s, id, %(relation)s, %(valid)s FROM gridmap.place WHERE id = %(place)s
"""


def tell(ground: Ground, story: Story) -> None:
    """Write the story, and nothing of the one before."""
    with ground.owner.transaction():
        for table in EMPTIED:
            ground.owner.execute(f"DELETE FROM gridmap.{table}")
        for name, person, is_disabled, given_to in zip(NAMES, story.people, story.disabled, story.grants, strict=True):
            ground.owner.execute(
                "UPDATE gridmap.account SET person_id = %s, disabled_at = CASE WHEN %s THEN now() END"
                " WHERE username = %s",
                (person, is_disabled, name),
            )
            for grant in given_to:
                ground.owner.execute(GRANT, grant | {"name": name})
        for statement, rows in ((DUTY, story.duties), (ABSENCE, story.absences), (COVERING, story.coverings)):
            for serial, row in enumerate(rows, start=700_000):
                ground.owner.execute(statement, row | {"serial": serial})


# What they see -------------------------------------------------------------------------------------------------------


def check_reach(viewer: Viewer, rights: Rights) -> None:
    """The same rights, in the same words."""
    assert {str(role) for role in viewer.reading_roles} == rights.roles
    assert viewer.administers == rights.administers
    assert viewer.reach.is_city == rights.is_city
    assert viewer.person_id == rights.person_id
    if not rights.is_city:
        for name, ids in rights.ids.items():
            assert getattr(viewer.reach, name) == tuple(sorted(ids)), name
        assert viewer.reach.near == tuple(sorted(rights.near))


def check_rows(ground: Ground, viewer: Viewer, oracle: Oracle, name: str, now: datetime) -> None:
    """Each lock alone gives the ids of every layer, both give what is said of them; tables show what they may."""
    day = now.astimezone(OFFICE).date()
    asked = Asked(as_of=end_of(day))
    with ground.town.database.transaction(viewer.settings) as app:
        for layer in (BY_NAME[one] for one in CHECKED):
            sight = oracle.sight(name, layer.name, day)
            assert sight.is_there == bool(seen_attributes(layer, viewer.reading_roles))
            if not sight.is_there:
                continue
            assert ids_of(ground.owner, layer, viewer, viewer.reach, asked) == set(sight.rows), (
                "predicate",
                layer.name,
            )
            everywhere = Reach(is_city=True)
            assert ids_of(app, layer, viewer, everywhere, asked) == set(sight.rows), ("row security", layer.name)
            page = read_page(app, layer, viewer, asked, limit=500)
            features = json.loads(b"[" + page.features + b"]")
            assert compare(name, "items", layer.name, sight.rows, properties(features)) == []
        for table in TABLES:
            key = ", ".join(KEYS[table])
            seen = {tuple(row.values()) for row in app.execute(f"SELECT {key} FROM gridmap.{table}").fetchall()}
            assert seen == oracle.table(name, table), (name, table)


@cache
def statement(layer: Layer, shape: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    rows, chosen = rows_of(layer, reach_of_shape(shape), ())
    return compiled(chosen.add_columns(rows.c.id))


def ids_of(connection: Connection, layer: Layer, viewer: Viewer, reach: Reach, asked: Asked) -> set[int]:
    text, constants = statement(layer, reach.shape)
    values = constants | dict(viewer.parameters) | asked.values
    return {row["id"] for row in connection.execute(text, values).fetchall()}


KEYS = dict.fromkeys(TABLES, ("street_id", "id")) | {
    "organisation_place": ("street_id", "organisation_id", "place_id", "relation")
}


def check(ground: Ground, story: Story) -> None:
    tell(ground, story)
    oracle = ground.oracle(story.now)
    for name in NAMES:
        rights = oracle.rights(name)
        account = oracle.accounts[name]["id"]
        if rights is None:
            with pytest.raises(UnknownAccount):
                viewer_of(ground.town.database, account, story.now)
            continue
        viewer = viewer_of(ground.town.database, account, story.now)
        check_reach(viewer, rights)
        check_rows(ground, viewer, oracle, name, story.now)


def run(ground: Ground, count: int) -> None:
    """So many stories."""

    @settings(max_examples=count, deadline=None)
    @given(story=stories(ground.ids))
    def one(story: Story) -> None:
        check(ground, story)

    one()


def test_what_an_account_sees_follows_from_its_grants_and_the_moment(ground: Ground) -> None:
    run(ground, 20)


ALWAYS = TimestamptzRange(None, None, "[)")
NOBODY: dict[str, Any] = {"street": None, "target": None, "company": None, "valid": ALWAYS}


@pytest.mark.parametrize("shift", [-1, 0, 1])
@pytest.mark.parametrize("now", MOMENTS)
def test_a_company_sees_an_estate_from_its_first_day_to_its_last(ground: Ground, now: datetime, shift: int) -> None:
    """Days begin at midnight in the office, wherever the database stands."""
    today = now.astimezone(OFFICE).date() + timedelta(shift)
    comes, goes = DateRange(today, None), DateRange(None, today)
    places = zip(ground.ids["estates"], (comes, goes, comes, goes), strict=False)
    handler = {**NOBODY, "role": "handler", "level": "organisation", "company": 2}
    coverings = [{"company": 2, "place": one, "relation": "manages", "valid": valid} for one, valid in places]
    check(ground, Story(now, (None, None), (False, False), ([handler], []), [], [], coverings))


def test_who_holds_the_same_place_is_known_though_from_elsewhere(ground: Ground) -> None:
    """By the place alone: neither holder belongs to a community or grid that the other one sees."""
    door = ground.ids["stairwells"][0]
    one, other = identity(door >> 32, 1503), identity(door >> 32, 2503)
    held = [{"person": who, "place": door, "role": "building_manager", "valid": ALWAYS} for who in (one, other)]
    manager = {**NOBODY, "role": "manager", "level": "held"}
    check(ground, Story(MOMENTS[1], (one, other), (False, False), ([manager], [manager]), held, [], []))


@pytest.mark.full
def test_and_so_it_does_in_many_stories(ground: Ground) -> None:
    run(ground, 200)
