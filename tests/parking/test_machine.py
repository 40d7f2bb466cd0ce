"""The table of a car's states and actions, with its words."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import gridmap.parking
import gridmap.web.parking
from gridmap.parking.judging import Nothing
from gridmap.parking.known import KnownAs
from gridmap.parking.machine import (
    BARRED,
    BY_ITSELF,
    COUNTING,
    OPEN,
    RULES,
    SIGHTED,
    Action,
    Capacity,
    State,
    possible,
    refusal,
)
from gridmap.parking.rules import BanOn
from gridmap.parking.words import ACTIONS, BAN_ON, KNOWN_AS, NOTHING, REFUSALS, STATES, refusal_words
from gridmap.web.parking.deciding import REFUSALS as OF_THE_OFFICE
from tests.parking.cars import EVERYTHING

TABLE = """
free: notice->noticed warn->warned propose->proposed
noticed: notice->noticed warn->warned propose->proposed withdraw reset->free
warned: notice->noticed warn->warned propose->proposed withdraw reset->free
proposed: add->proposed withdraw confirm->banned decline->warned reset->free
banned: trespass appeal->appealed revoke->free expire->free
appealed: trespass uphold->banned revoke->free expire->free
"""


def test_the_table_is_the_one_that_was_agreed() -> None:
    told = {line.split(": ")[0]: line.split(": ")[1].split() for line in TABLE.strip().splitlines()}
    assert set(told) == set(State)
    for name, words in told.items():
        expected = {word.partition("->")[0]: word.partition("->")[2] or None for word in words}
        found = {
            str(action): rule.target and str(rule.target)
            for action, rule in RULES.items()
            if State(name) in rule.sources
        }
        assert found == expected, name


def test_everybody_has_a_part_and_nobody_all() -> None:
    for capacity in Capacity:
        allowed = {action for action, rule in RULES.items() if capacity in rule.who}
        assert 0 < len(allowed) < len(RULES), capacity
    assert {action for action, rule in RULES.items() if rule.who == {Capacity.OFFICE}} == BY_ITSELF
    for action in (Action.CONFIRM, Action.DECLINE, Action.UPHOLD, Action.REVOKE):
        assert RULES[action].who == {Capacity.DECIDER}
        assert "reason" in RULES[action].needs


def test_open_counting_and_barred_are_what_they_say() -> None:
    assert COUNTING | BARRED | {State.PROPOSED} == set(State)
    assert set(State) - OPEN == {State.FREE}


@pytest.mark.parametrize(
    ("action", "state", "who", "given", "code"),
    [
        (Action.CONFIRM, State.WARNED, {Capacity.DECIDER}, EVERYTHING, "not_now"),
        (Action.CONFIRM, State.PROPOSED, {Capacity.WATCHER, Capacity.SEER}, EVERYTHING, "not_yours"),
        (Action.CONFIRM, State.PROPOSED, {Capacity.DECIDER}, (), "needs_reason"),
        (Action.CONFIRM, State.PROPOSED, {Capacity.DECIDER}, ("reason",), None),
        (Action.CONFIRM, State.PROPOSED, {Capacity.OFFICE}, EVERYTHING, "not_yours"),
        (Action.WITHDRAW, State.NOTICED, {Capacity.SEER}, ("reason",), "needs_evening"),
        (Action.WITHDRAW, State.NOTICED, {Capacity.SEER}, EVERYTHING, None),
        (Action.WITHDRAW, State.NOTICED, {Capacity.WATCHER}, EVERYTHING, "not_yours"),
        (Action.WITHDRAW, State.BANNED, {Capacity.DECIDER}, EVERYTHING, "not_now"),
        (Action.REVOKE, State.APPEALED, {Capacity.DECIDER}, ("reason",), None),
        (Action.APPEAL, State.BANNED, {Capacity.WATCHER}, ("reason",), None),
        (Action.NOTICE, State.FREE, set(), (), "not_yours"),
    ],
)
def test_refusals(action: Action, state: State, who: set[Capacity], given: tuple[str, ...], code: str | None) -> None:
    assert refusal(action, state, who, given) == code


def test_what_is_possible_is_what_is_not_refused() -> None:
    for state in State:
        for capacity in Capacity:
            allowed = [one for one in RULES if refusal(one, state, {capacity}, EVERYTHING) is None]
            assert list(possible(state, {capacity})) == [one for one in allowed if one not in SIGHTED | BY_ITSELF]


def test_every_word_has_its_sentence() -> None:
    assert set(STATES) == set(State)
    assert set(ACTIONS) == set(Action)
    assert set(NOTHING) == set(Nothing)
    assert set(KNOWN_AS) == set(KnownAs)
    assert set(BAN_ON) == set(BanOn)
    assert "Last warning" in refusal_words("en", "not_now", "warned")
    for code in REFUSALS:
        assert refusal_words("en", code)


OFFICE = {"gates", "gate_list", "ruling", "tariffs", "registering", "web.known", "web.known_import"}
"""Modules whose refusals the pages of an estate's decisions say; those of all others stand in words.REFUSALS."""
BESIDE = {"picture"}
"""What the API refuses before any command runs."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    for package, head in ((gridmap.parking, ""), (gridmap.web.parking, "web.")):
        for path in Path(package.__path__[0]).glob("*.py"):
            yield head + path.stem, ast.parse(path.read_text("utf-8"))


def raised(module: ast.Module) -> Iterator[str]:
    """The codes of the problems that are raised by their names; what a function tells is found by `told`."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ParkingProblem":
            [code] = node.args
            if isinstance(code, ast.Constant) and isinstance(code.value, str):
                yield code.value


def told(module: ast.Module) -> Iterator[str]:
    """The codes that come back from functions of `str | None`: why something cannot be."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef) and node.returns is not None and ast.unparse(node.returns) == "str | None":
            for inner in ast.walk(node):
                if isinstance(inner, ast.Return):
                    yield from (
                        one.value
                        for one in ast.walk(inner)
                        if isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value != "needs_"
                    )


def test_every_refusal_that_can_be_raised_has_its_sentence_and_no_other() -> None:
    found = dict(modules())
    assert found.keys() >= OFFICE
    by_table: dict[bool, set[str]] = {True: set(), False: set()}
    for name, module in found.items():
        by_table[name in OFFICE].update(raised(module))
    needed = {f"needs_{field}" for rule in RULES.values() for field in rule.needs}
    hindered = {code for name in ("machine", "standing") for code in told(found[name])}
    assert {"not_now", "same_person", "evening"} <= hindered
    assert by_table[False] | needed | hindered | BESIDE == set(REFUSALS)
    assert by_table[True] == set(OF_THE_OFFICE)
