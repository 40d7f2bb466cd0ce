"""Answers that cost a second at the size of a city, kept until a layer they come from changes."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar, cast

from flask import current_app

from gridmap import context

MOST = 2_000
Made = TypeVar("Made")


class Remembered:
    """The last MOST answers; the least recently used leave. Safe for threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Any | None:
        """The answer, None where there is none."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key]

    def put(self, key: Hashable, made: Any) -> None:
        """Keep an answer."""
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)


def version_of(layers: Iterable[str], streets: Iterable[int] | None) -> tuple[int, ...]:
    """What changes whenever one of these layers changes in one of these streets (None: in any)."""
    chosen = None if streets is None else list(streets)
    return tuple(context.services().changes.version(layer, chosen) for layer in layers)


def known(key: Hashable) -> Any | None:
    """The answer that is kept under the key, None where there is none."""
    return _kept().get(key)


def remembered(key: Hashable, make: Callable[[], Made]) -> Made:
    """The answer under the key, made where it is not kept. The key carries the version of what it is made of."""
    found = known(key)
    if found is None:
        found = make()
        _kept().put(key, found)
    return cast("Made", found)


def _kept() -> Remembered:
    kept: Remembered = current_app.extensions.setdefault("gridmap-remembered", Remembered())
    return kept
