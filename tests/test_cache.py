"""The cache of tiles: never larger than it may be, forgets what was used longest ago, makes each thing once."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gridmap.api import cache
from gridmap.api.cache import ByteCache

CAPACITY = 4_000
LARGEST = CAPACITY // 4 - ByteCache.OVERHEAD
"""The longest body that is kept."""
Flight = cache._Flight
PATIENCE = 20.0
"""Seconds after which a test that waits for another thread gives up."""

KEYS = st.integers(0, 9)
SIZES = st.one_of(st.integers(0, 120), st.integers(LARGEST - 2, LARGEST + 2), st.just(CAPACITY + 1))


class MakingFails(Exception):
    """What a maker raises."""


class CacheAsModelled(RuleBasedStateMachine):
    """The cache beside an ordered dictionary that is trimmed by the rule as it is written down."""

    def __init__(self) -> None:
        super().__init__()
        self.cache = ByteCache(CAPACITY)
        self.model: OrderedDict[int, bytes] = OrderedDict()
        self.made = 0

    def _put(self, key: int, body: bytes) -> None:
        self.model.pop(key, None)
        if len(body) <= LARGEST:
            self.model[key] = body
            while self.cost() > CAPACITY:
                self.model.popitem(last=False)

    def cost(self) -> int:
        return sum(len(body) + ByteCache.OVERHEAD for body in self.model.values())

    @rule(key=KEYS)
    def get(self, key: int) -> None:
        assert self.cache.get(key) == self.model.get(key)
        if key in self.model:
            self.model.move_to_end(key)

    @rule(key=KEYS, size=SIZES)
    def get_or_make(self, key: int, size: int) -> None:
        self.made += 1
        fresh = self.made.to_bytes(3, "big").ljust(size, b".")[:size]
        makes: list[bytes] = []

        def make() -> bytes:
            makes.append(fresh)
            return fresh

        got = self.cache.get_or_make(key, make)
        if key in self.model:
            assert (got, makes) == (self.model[key], [])
            self.model.move_to_end(key)
        else:
            assert (got, makes) == (fresh, [fresh])
            self._put(key, fresh)

    @rule(key=KEYS)
    def fail(self, key: int) -> None:
        if key in self.model:
            assert self.cache.get_or_make(key, failing) == self.model[key]
            self.model.move_to_end(key)
        else:
            with pytest.raises(MakingFails):
                self.cache.get_or_make(key, failing)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), size=SIZES)
    def put_again(self, data: st.DataObject, size: int) -> None:
        """What is there already is replaced, not counted twice."""
        key = data.draw(st.sampled_from(sorted(self.model)))
        body = b"again"[:size].ljust(size, b"-")
        self.cache._put(key, body)
        self._put(key, body)

    @invariant()
    def is_as_modelled(self) -> None:
        assert list(self.cache._entries.items()) == list(self.model.items())
        assert self.cache.size == self.cost() <= CAPACITY
        assert not self.cache._flights


CacheAsModelled.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestCacheAsModelled = CacheAsModelled.TestCase


def failing() -> bytes:
    raise MakingFails


# Many at once --------------------------------------------------------------------------------------------------------


class Announced(threading.Event):
    """An event that tells when somebody begins to wait for it."""

    def __init__(self, waiting: threading.Semaphore) -> None:
        super().__init__()
        self._waiting = waiting

    def wait(self, timeout: float | None = None) -> bool:
        self._waiting.release()
        return super().wait(timeout)


@dataclass
class Crowd:
    """Threads that ask one cache, and a maker that waits until it is let go."""

    cache: ByteCache
    pool: ThreadPoolExecutor
    gate: threading.Event = field(default_factory=threading.Event)
    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    waiting: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    makes: list[str] = field(default_factory=list)

    def maker(self, outcomes: "list[bytes | None]") -> Callable[[], bytes]:
        """Gives one outcome after the other, None as a failure, each only when the gate is open."""
        left = list(outcomes)

        def make() -> bytes:
            self.makes.append(threading.current_thread().name)
            outcome = left.pop(0)
            self.begun.release()
            assert self.gate.wait(PATIENCE)
            if outcome is None:
                raise MakingFails
            return outcome

        return make

    def ask(self, key: object, make: Callable[[], bytes], times: int) -> "list[Future[bytes]]":
        """So many threads ask; comes back when one of them makes and the others wait for it."""
        asking = [self.pool.submit(self.cache.get_or_make, key, make) for _ in range(times)]
        assert self.begun.acquire(timeout=PATIENCE)
        for _ in range(times - 1):
            assert self.waiting.acquire(timeout=PATIENCE)
        return asking


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> Iterator[Crowd]:
    with opened(CAPACITY) as made:
        monkeypatch.setattr(cache, "_Flight", lambda: Flight(done=Announced(made.waiting)))
        yield made


@contextmanager
def opened(capacity: int) -> Iterator[Crowd]:
    with ThreadPoolExecutor(max_workers=24) as pool:
        made = Crowd(ByteCache(capacity), pool)
        try:
            yield made
        finally:
            made.gate.set()


def bodies(asking: "list[Future[bytes]]") -> list[bytes]:
    """What came, without those that failed."""
    return [one.result(PATIENCE) for one in asking if one.exception(PATIENCE) is None]


def test_what_many_ask_for_at_once_is_made_once(crowd: Crowd) -> None:
    asking = crowd.ask("key", crowd.maker([b"body"]), 12)
    assert crowd.cache.get("key") is None
    crowd.gate.set()
    assert bodies(asking) == [b"body"] * 12
    assert len(crowd.makes) == 1
    assert crowd.cache.get("key") == b"body"
    assert crowd.cache.get_or_make("key", failing) == b"body"


@pytest.mark.parametrize("failures", [1, 3])
def test_when_making_fails_the_next_one_tries(crowd: Crowd, failures: int) -> None:
    asking = crowd.ask("key", crowd.maker([*([None] * failures), b"body"]), 12)
    crowd.gate.set()
    assert bodies(asking) == [b"body"] * (12 - failures)
    errors = [one.exception() for one in asking if one.exception()]
    assert [type(error) for error in errors] == [MakingFails] * failures
    assert len(crowd.makes) == failures + 1
    assert crowd.cache.get("key") == b"body"


def test_when_making_fails_for_all_nobody_waits_for_ever(crowd: Crowd) -> None:
    asking = crowd.ask("key", crowd.maker([None] * 6), 6)
    crowd.gate.set()
    assert [type(one.exception(PATIENCE)) for one in asking] == [MakingFails] * 6
    assert crowd.cache.get("key") is None
    assert crowd.cache.get_or_make("key", lambda: b"later") == b"later"


@pytest.mark.parametrize("body", [b"", b"x" * (LARGEST + 1), b"x" * (2 * CAPACITY)])
def test_what_is_empty_or_large_reaches_all_who_wait(crowd: Crowd, body: bytes) -> None:
    crowd.cache.get_or_make("other", lambda: b"stays")
    asking = crowd.ask("key", crowd.maker([body]), 8)
    crowd.gate.set()
    assert bodies(asking) == [body] * 8
    assert len(crowd.makes) == 1
    assert crowd.cache.get("key") == (body if len(body) <= LARGEST else None)
    assert crowd.cache.get("other") == b"stays"


def test_things_do_not_wait_for_each_other(crowd: Crowd) -> None:
    asking = crowd.ask("slow", crowd.maker([b"slow"]), 3)
    quick = crowd.pool.submit(crowd.cache.get_or_make, "quick", lambda: b"quick")
    assert quick.result(PATIENCE) == b"quick"
    assert not any(one.done() for one in asking)
    crowd.gate.set()
    assert bodies(asking) == [b"slow"] * 3


def test_a_crowd_at_a_small_cache_always_gets_its_own() -> None:
    """Entries leave while others are made: whoever asks for a key gets the body of that key."""
    with opened(3 * ByteCache.OVERHEAD * 4) as crowd:

        def body(key: int) -> bytes:
            return str(key).encode() * 30

        def ask(turn: int) -> bool:
            keys = [(turn * step) % 23 for step in range(1, 40)]
            return all(crowd.cache.get_or_make(key, partial(body, key)) == body(key) for key in keys)

        assert all(crowd.pool.map(ask, range(1, 60)))
        entries = crowd.cache._entries
        assert crowd.cache.size == sum(len(one) + ByteCache.OVERHEAD for one in entries.values())
        assert 0 < crowd.cache.size <= crowd.cache.capacity
