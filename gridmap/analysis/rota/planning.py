"""Who has which evening: filled, then fair, then apart. The same people and days always give the same rota."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date

from gridmap.analysis.rota.apart import bounds_of, move_apart
from gridmap.analysis.rota.board import Board, set_out
from gridmap.analysis.rota.bound import least_close
from gridmap.analysis.rota.fair import Shares, even_out, fill
from gridmap.analysis.rota.turns import Hindrance, Manned, Person, Plan, Reason, Turn

GAP_DAYS = 7
"""At least a week from one evening of somebody to the next, where a rota says nothing else."""
SMALL = 10_000
"""Up to so many people times turns a second beginning is tried where turns are too near after the first."""


class TwiceTheSame(ValueError):
    """Two turns on one day, or two people of one id."""


def plan_rota(
    turns: Sequence[Turn],
    people: Sequence[Person],
    *,
    gap_days: int = GAP_DAYS,
    kept: Mapping[date, Collection[int]] | None = None,
) -> Plan:
    """Who has which turn.

    In this order: as many people on each turn as can come; nobody more turns than fit into the own free days with
    `gap_days` between them; totals as even as can be, with `Person.had`; then weekdays. All this is the proven optimum
    (`fair`). Then turns of one person that lie too near are moved apart where all of this stays as even (`apart`);
    where that is not enough, at the price of weekdays that differ by two between people instead of one.
    `kept`: who has a turn already, by day: what is past, promised or swapped stays as it is, and counts.
    Raises TwiceTheSame, TooMuch.
    """
    turns, people = sorted(turns), sorted(people, key=lambda person: person.id)
    if len({turn.day for turn in turns}) < len(turns) or len({person.id for person in people}) < len(people):
        raise TwiceTheSame
    kept = kept or {}
    board, least = _settled(set_out(turns, people, kept, max(gap_days, 1)))
    return Plan(
        turns=tuple(_manned(board, turns, people, column, kept) for column in range(len(turns))),
        close=board.close_pairs(),
        close_at_least=least,
    )


def _settled(empty: Board) -> tuple[Board, int]:
    """The board filled, as fair as can be, and turns moved apart; and how many close pairs there are at least.

    From a second beginning as well where the first leaves turns too near that need not be.
    """
    least: int | None = None
    found: list[Shares] = []
    for nearness_first in (False, True)[: 2 if empty.on.size <= SMALL else 1]:
        shares = Shares(replace(empty, on=empty.on.copy()))
        fill(shares, nearness_first=nearness_first)
        even_out(shares)
        move_apart(shares)
        found.append(shares)
        close = shares.board.close_pairs()
        # the bound takes longer than the rest, and is only asked for where it may tell something
        least = least if least is not None else least_close(empty) if close else 0
        if close <= least:
            return shares.board, least
    best = min(found, key=lambda shares: shares.board.close_pairs())
    move_apart(best, bounds_of(best))
    return best.board, least or 0


def _manned(
    board: Board, turns: Sequence[Turn], people: Sequence[Person], column: int, kept: Mapping[date, Collection[int]]
) -> Manned:
    turn = turns[column]
    on = {person.id for person, is_on in zip(people, board.on[:, column], strict=True) if is_on} | set(
        kept.get(turn.day, ())
    )
    if len(on) >= turn.needed:
        return Manned(turn=turn, people=tuple(sorted(on)))
    hindrances = (person.hindrance(turn) for person in people if person.id not in on)
    hindered = Counter(hindrance for hindrance in hindrances if hindrance)
    return Manned(
        turn=turn, people=tuple(sorted(on)), reason=_reason(turn.needed - len(on), hindered), hindered=hindered
    )


def _reason(missing: int, hindered: Mapping[Hindrance, int]) -> Reason:
    by_reason = {
        Reason.ON_LEAVE: hindered.get(Hindrance.ON_LEAVE, 0),
        Reason.ELSEWHERE: hindered.get(Hindrance.ELSEWHERE, 0),
        Reason.NEVER: hindered.get(Hindrance.NEVER, 0),
    }
    if sum(by_reason.values()) < missing:
        return Reason.TOO_FEW_MEMBERS
    return next((reason for reason, many in by_reason.items() if many >= missing), Reason.SEVERAL)
