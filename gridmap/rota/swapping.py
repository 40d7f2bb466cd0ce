"""Swaps of evenings: asked for and agreed to, each with one tap; and evenings given to whoever fills a gap."""

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from gridmap.accounts import Actor
from gridmap.analysis.rota import Refused, Swap, Turn, refusal
from gridmap.db.pools import Connection, Row
from gridmap.read.rota.evenings import Evening
from gridmap.read.rota.state import State, read_state
from gridmap.rota.errors import RotaChanged, RotaProblem
from gridmap.rota.rows import Hands, hands_on, lock_rota, reach_of
from gridmap.rota.writing import end_holders, give, lapse_swaps, record, recount

ASK = """
INSERT INTO gridmap.rota_swap (street_id, id, rota_id, turn_id, giver_id, taker_id, other_turn_id, state, asked_at,
  asked_by, answered_at, answered_by, place_id, people, community_id, grid_id, micro_grid_id, estate_id, changed_at,
  changed_by)
VALUES (%(street_id)s, %(street_id)s::bigint * 4294967296 + nextval('gridmap.serial'), %(rota)s, %(turn)s, %(giver)s,
  %(taker)s, %(other)s, %(state)s, %(now)s, %(account)s, %(answered_at)s, %(answered_by)s, %(place_id)s, %(people)s,
  %(community_id)s, %(grid_id)s, %(micro_grid_id)s, %(estate_id)s, %(now)s, %(account)s)
RETURNING id
"""
TURN = "SELECT rota_id, day, starts_at FROM gridmap.rota_turn WHERE street_id = %s AND id = %s"
ROTA_OF = "SELECT rota_id FROM gridmap.rota_swap WHERE street_id = %s AND id = %s"
SWAP = """
SELECT id, turn_id, giver_id, taker_id, other_turn_id, state FROM gridmap.rota_swap WHERE street_id = %s AND id = %s
"""
ANSWER = """
UPDATE gridmap.rota_swap SET state = %(state)s, answered_at = %(now)s, answered_by = %(account)s,
  revision = revision + 1, changed_at = %(now)s, changed_by = %(account)s
WHERE street_id = %(street)s AND id = %(swap)s
"""
STATES = {"agree": "agreed", "decline": "declined", "withdraw": "withdrawn"}


@dataclass(frozen=True, kw_only=True)
class Wish:
    """`giver_id` would be rid of the evening; `taker_id` takes it, against another one of theirs or against nothing."""

    turn_id: int
    giver_id: int
    taker_id: int
    other_turn_id: int | None = None


def ask_swap(connection: Connection, by: Actor, wish: Wish) -> int:
    """Ask somebody to take an evening, and give the id of what was asked.

    Who leads the rota has agreed with both already: then it is done at once. Raises LookupError, RotaProblem ("past",
    for whom and which day it cannot be, "not_yours", "asked").
    """
    row = lock_rota(connection, _rota_to_come(connection, wish.turn_id, by))
    hands = hands_on(connection, by, row)
    hands.must_be(wish.giver_id)
    state = read_state(connection, row, by.business_at)
    _must_fit(state, wish, by)
    is_done = hands.leads and hands.person_id != wish.giver_id
    swap_id = _write(connection, by, row, wish, is_done=is_done)
    if is_done:
        _move(connection, by, row, state, wish, swap_id)
    told = {"swap": swap_id, "turn": wish.turn_id, "giver": wish.giver_id, "taker": wish.taker_id}
    told["other_turn"] = wish.other_turn_id or 0
    record(connection, by, "give_turn" if is_done else "ask_swap", row, after=told)
    return swap_id


def answer_swap(connection: Connection, by: Actor, swap_id: int, answer: str) -> None:
    """`agree` or `decline` as who was asked, `withdraw` as who asked; whoever leads the rota may do each of them.

    Raises LookupError, RotaProblem ("answered" where it is over; why it cannot be any more), KeyError.
    """
    row = lock_rota(connection, _known(connection, ROTA_OF, swap_id)["rota_id"])
    found = connection.execute(SWAP, (row["street_id"], swap_id)).fetchone()
    if found is None:
        raise LookupError(swap_id)
    _must_answer(hands_on(connection, by, row), found, answer)
    if found["state"] != "asked":
        raise RotaProblem("answered")
    if answer == "agree":
        _rota_to_come(connection, found["turn_id"], by)
        wish = Wish(**{name: found[name] for name in ("turn_id", "giver_id", "taker_id", "other_turn_id")})
        state = read_state(connection, row, by.business_at)
        _must_fit(state, wish, by)
        _move(connection, by, row, state, wish, swap_id)
    values = {"street": row["street_id"], "swap": swap_id, "state": STATES[answer]}
    connection.execute(ANSWER, values | {"now": by.business_at, "account": by.account_id})
    record(connection, by, f"{answer}_swap", row, after={"swap": swap_id, "turn": found["turn_id"]})


def take_turn(connection: Connection, by: Actor, turn_id: int, person_id: int) -> None:
    """Let somebody fill an evening on which people are missing: oneself, or whom the leader of the rota enters.

    Raises LookupError, RotaProblem ("full", "past", why that person cannot come).
    """
    row = lock_rota(connection, _rota_to_come(connection, turn_id, by))
    hands_on(connection, by, row).must_be(person_id)
    state = read_state(connection, row, by.business_at)
    evening = _evening(state, turn_id)
    person = state.rota.people.get(person_id)
    name = state.names.get(person_id, "")
    if person is None:
        raise RotaProblem("no_turn")
    if person_id in evening.people:
        raise RotaProblem("already_on", name=name, day=evening.day)
    hindrance = person.hindrance(Turn(evening.starts_at, evening.ends_at, evening.needed))
    if hindrance is not None:
        raise RotaProblem(str(hindrance), name=name, day=evening.day)
    if missing_on(state, evening) < 1:
        raise RotaProblem("full", day=evening.day)
    # whoever is away by now has not come: the evening is not theirs any more
    end_holders(connection, by, row, away_on(state, evening))
    give(connection, by, row, [(turn_id, person_id, "entered", None)])
    recount(connection, by, row, [turn_id], evening.reason or "too_few_members")
    lapse_swaps(connection, by, row)
    record(connection, by, "take_turn", row, after={"turn": turn_id, "person": person_id})


def missing_on(state: State, evening: Evening) -> int:
    """How many are missing on the evening, where who is away by now does not count."""
    return max(evening.needed - len(evening.taken) + len(away_on(state, evening)), 0)


def away_on(state: State, evening: Evening) -> list[int]:
    """Of those who have the evening the holders that are away by now."""
    away = {one.person_id for one in state.members if one.is_away(evening.starts_at, evening.ends_at)}
    return [one.id for one in evening.taken if one.person_id in away]


def _known(connection: Connection, statement: str, identity: int) -> Row:
    found = connection.execute(statement, (identity >> 32, identity)).fetchone()
    if found is None:
        raise LookupError(identity)
    return found


def _rota_to_come(connection: Connection, turn_id: int, by: Actor) -> int:
    """The rota of an evening. Raises LookupError, RotaProblem("past") once it has begun."""
    found = _known(connection, TURN, turn_id)
    if found["starts_at"] <= by.business_at:
        raise RotaProblem("past", day=found["day"])
    return int(found["rota_id"])


def _evening(state: State, turn_id: int) -> Evening:
    evening = state.evening(turn_id)
    if evening is None:
        raise RotaProblem("no_turn")
    return evening


def _must_answer(hands: Hands, found: Row, answer: str) -> None:
    """Raises RotaProblem("not_yours"), KeyError for an answer that there is not."""
    hands.must_be(found["giver_id" if STATES[answer] == "withdrawn" else "taker_id"])


def _must_fit(state: State, wish: Wish, by: Actor) -> None:
    other = _evening(state, wish.other_turn_id).day if wish.other_turn_id else None
    swap = Swap(giver=wish.giver_id, taker=wish.taker_id, day=_evening(state, wish.turn_id).day, other_day=other)
    refused = refusal(state.rota, swap, by.business_at)
    if refused is not None:
        raise problem_of(state, refused)


def problem_of(state: State, refused: Refused) -> RotaProblem:
    """Why a swap cannot be, with the name of whoever it is because of."""
    return RotaProblem(str(refused.why), name=state.names.get(refused.person, ""), day=refused.day)


def _write(connection: Connection, by: Actor, row: Row, wish: Wish, *, is_done: bool) -> int:
    values = reach_of(row) | {"rota": row["id"], "turn": wish.turn_id, "giver": wish.giver_id, "taker": wish.taker_id}
    values |= {"other": wish.other_turn_id, "now": by.business_at, "account": by.account_id}
    values |= {"state": "agreed" if is_done else "asked", "answered_at": by.business_at if is_done else None}
    try:
        with connection.transaction():
            row_of = connection.execute(ASK, values | {"answered_by": by.account_id if is_done else None}).fetchone()
    except psycopg.errors.UniqueViolation:
        raise RotaProblem("asked") from None
    return int((row_of or {})["id"])


def _move(connection: Connection, by: Actor, row: Row, state: State, wish: Wish, swap_id: int) -> None:
    """Let the evenings change hands; what else was asked for and cannot be any more lapses."""
    moves = [(wish.turn_id, wish.giver_id, wish.taker_id)]
    if wish.other_turn_id is not None:
        moves.append((wish.other_turn_id, wish.taker_id, wish.giver_id))
    end_holders(connection, by, row, [_holder(state, turn, giver) for turn, giver, _ in moves])
    give(connection, by, row, [(turn, taker, "swapped", swap_id) for turn, _, taker in moves])
    recount(connection, by, row, [turn for turn, _, _ in moves], "too_few_members")
    lapse_swaps(connection, by, row, but=swap_id)


def _holder(state: State, turn_id: int, person_id: int) -> int:
    taken: Sequence[int] = [one.id for one in _evening(state, turn_id).taken if one.person_id == person_id]
    if not taken:
        raise RotaChanged
    return taken[0]
