"""Eight at once want the same places: nobody gets what somebody has, nobody waits for ever, losers hear who has it."""

import random
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from gridmap.accounts import Actor
from gridmap.clock import real_now
from gridmap.db import SYSTEM, Database
from gridmap.people import ChangeConflict, Conflict, Duty, PlaceHeld, assign, attempt
from gridmap.people.giving import Made, Move, apply_change, undo_change
from tests.conftest import Base
from tests.giving.conftest import NOW, Office

CLIENTS = 8
ROLE = "stairwell_volunteer"


class Client:
    """Somebody with a database connection of their own who tries to take places in sets, in an order of their own."""

    def __init__(self, base: Base, person: int, seed: int) -> None:
        self.database = Database(base.app_url)
        self.person = person
        self.random = random.Random(seed)
        self.won: dict[int, int] = {}
        self.lost: list[Conflict] = []
        self.by = Actor(account_id=None, business_at=NOW, at=real_now())

    def run(self, places: list[int], together: Barrier) -> None:
        wanted = self.random.sample(places, len(places))
        together.wait()
        while wanted:
            size = self.random.choice((1, 7, 40, 120))
            some, wanted = wanted[:size], wanted[size:]
            self.take(some)

    def apply(self, moves: list[Move]) -> Made:
        return attempt(self.database, SYSTEM, lambda connection: apply_change(connection, self.by, moves, why=None))

    def take(self, places: list[int]) -> None:
        """Ask for the set; without those that others have ask again for the rest."""
        while places:
            moves = [Move(place_id=place, role=ROLE, person_id=self.person) for place in places]
            try:
                made = self.apply(moves)
            except ChangeConflict as conflict:
                self.lost += conflict.conflicts
                held = {one.place_id for one in conflict.conflicts}
                places = [place for place in places if place not in held]
            else:
                self.won |= {one.spot[0]: made.change_id for one in made.begun}
                return


def race(base: Base, office: Office, places: list[int], seed: int) -> None:
    names = {f"第{seed}场{number}号": office.person(f"第{seed}场{number}号") for number in range(CLIENTS)}
    clients = [Client(base, person, seed * 100 + number) for number, person in enumerate(names.values())]
    together = Barrier(CLIENTS)
    with ThreadPoolExecutor(CLIENTS) as pool:
        running = [pool.submit(client.run, places, together) for client in clients]
        for one in running:
            one.result()
    rows = office.rows(
        "SELECT place_id, person_id FROM gridmap.assignment WHERE role = %s AND is_primary AND valid @> %s"
        " AND place_id = ANY (%s)",
        ROLE, NOW, places,
    )  # fmt: skip
    holders: dict[int, int] = {row["place_id"]: row["person_id"] for row in rows}
    assert len(rows) == len(holders) == len(places), "a place with two holders, or with none"
    for client in clients:
        assert {place for place, person in holders.items() if person == client.person} == set(client.won)
        assert {one.place_id for one in client.lost} == set(places) - set(client.won)
        assert all(one.kind == "held" and one.person_id == holders[one.place_id] for one in client.lost)
        assert all(one.holder in names and names[one.holder] == one.person_id for one in client.lost)
    changes = {change for client in clients for change in client.won.values()}
    for change in sorted(changes):
        office.run(undo_change, change)
    for client in clients:
        client.database.close()


def stairwells(office: Office, count: int) -> list[int]:
    rows = office.rows(
        "SELECT p.id FROM gridmap.place p WHERE p.street_id = %s AND p.kind = 'stairwell' AND NOT EXISTS (SELECT"
        " FROM gridmap.assignment a WHERE a.place_id = p.id AND a.role = %s AND a.valid @> %s) ORDER BY p.id LIMIT %s",
        office.street, ROLE, NOW, count,
    )  # fmt: skip
    return [row["id"] for row in rows]


def test_eight_want_the_same_places(base: Base, office: Office) -> None:
    places = stairwells(office, 60)
    assert len(places) == 60
    race(base, office, places, 1)


@pytest.mark.full
def test_eight_want_the_same_four_hundred_places_three_times(base: Base, office: Office) -> None:
    places = stairwells(office, 400)
    if len(places) < 400:
        with office.database.transaction(SYSTEM) as connection:
            _more_stairwells(connection, office, 400 - len(places))
        places = stairwells(office, 400)
    assert len(places) == 400
    for seed in (1, 2, 3):
        race(base, office, places, seed)


def _more_stairwells(connection: Any, office: Office, count: int) -> None:
    connection.execute(
        "INSERT INTO gridmap.place (street_id, id, kind, code, name, community_id, parent_id)"
        " SELECT street_id, street_id::bigint * 4294967296 + nextval('gridmap.serial'), 'stairwell', 'r' || n,"
        " 'r' || n, community_id, parent_id FROM gridmap.place CROSS JOIN generate_series(1, %s) AS g (n)"
        " WHERE id = %s",
        (count, office.doors[0]),
    )
    connection.execute(
        "INSERT INTO gridmap.stairwell (street_id, place_id, units) SELECT street_id, id, '{101}' FROM gridmap.place"
        " WHERE street_id = %s AND code ~ '^r[0-9]+$'",
        (office.street,),
    )


def test_a_single_assignment_and_a_change_set_cannot_both_win(base: Base, office: Office) -> None:
    """The older command takes the same locks."""
    places = stairwells(office, 20)
    people = [office.person("逐个"), office.person("成批")]
    together = Barrier(2)
    by = Actor(account_id=None, business_at=NOW, at=real_now())
    lost: list[str] = []

    def one_by_one() -> None:
        database = Database(base.app_url)
        together.wait()
        for place in reversed(places):
            duty = Duty(person_id=people[0], place_id=place, role=ROLE, start=NOW)
            try:
                attempt(database, SYSTEM, lambda connection, duty=duty: assign(connection, by, duty))
            except PlaceHeld as held:
                lost.append(held.holder)
        database.close()

    def in_sets() -> None:
        client = Client(base, people[1], 9)
        client.run(places, together)
        lost.extend(one.holder or "" for one in client.lost)
        client.database.close()

    with ThreadPoolExecutor(2) as pool:
        for running in [pool.submit(one_by_one), pool.submit(in_sets)]:
            running.result()
    found = {office.holder(place, ROLE) for place in places}
    assert found <= {"逐个", "成批"}
    assert len(lost) == len(places)
