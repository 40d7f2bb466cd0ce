"""A cache bounded in bytes, in which a thing asked for by many at once is made once."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field


@dataclass
class _Flight:
    """Something being made: those who come later wait for it."""

    done: threading.Event = field(default_factory=threading.Event)
    body: bytes | None = None


class ByteCache:
    """Least recently used entries leave when `capacity` bytes are passed. Safe for threads."""

    OVERHEAD = 300
    """What an entry costs beside its bytes: key, link and object."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.size = 0
        self._entries: OrderedDict[Hashable, bytes] = OrderedDict()
        self._flights: dict[Hashable, _Flight] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> bytes | None:
        """The entry, now the most recently used; None where there is none."""
        with self._lock:
            body = self._entries.get(key)
            if body is not None:
                self._entries.move_to_end(key)
            return body

    def get_or_make(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """The entry, made by exactly one of those who ask at once.

        If making fails, whoever made it gets the error and the next one tries anew. What costs more than a quarter of
        the capacity is given to all who wait for it, and not kept.
        """
        while True:
            with self._lock:
                body = self._entries.get(key)
                if body is not None:
                    self._entries.move_to_end(key)
                    return body
                flight = self._flights.get(key)
                if flight is None:
                    flight = self._flights[key] = _Flight()
                    break
            flight.done.wait()
            if flight.body is not None:
                return flight.body
        try:
            flight.body = make()
            self._put(key, flight.body)
            return flight.body
        finally:
            with self._lock:
                self._flights.pop(key, None)
            flight.done.set()

    def _put(self, key: Hashable, body: bytes) -> None:
        cost = len(body) + self.OVERHEAD
        with self._lock:
            known = self._entries.pop(key, None)
            if known is not None:
                self.size -= len(known) + self.OVERHEAD
            if cost > self.capacity // 4:
                return
            self._entries[key] = body
            self.size += cost
            while self.size > self.capacity:
                _, oldest = self._entries.popitem(last=False)
                self.size -= len(oldest) + self.OVERHEAD
