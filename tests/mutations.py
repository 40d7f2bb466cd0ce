"""Ways to break the locks on purpose, each undone at the end: what the checks must notice."""

import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast
from unittest.mock import patch

import psycopg
from psycopg import sql
from sqlalchemy import true

from gridmap import scope
from gridmap.layer import EVERYONE, Layer, Role, Scoped
from gridmap.layers import BY_NAME
from gridmap.read import layers_for, locks
from gridmap.scope import Viewer


def forget_statements() -> None:
    """Drop every statement that gridmap keeps."""
    for name, module in list(sys.modules.items()):
        if name.startswith("gridmap."):
            for value in list(vars(module).values()):
                if isinstance(value, functools._lru_cache_wrapper):
                    value.cache_clear()


@contextmanager
def replaced(original: Callable[..., Any], other: Callable[..., Any]) -> Iterator[None]:
    """Another function wherever gridmap has imported this one."""
    holders = [
        (module, word)
        for name, module in list(sys.modules.items())
        if name.startswith("gridmap.")
        for word, value in list(vars(module).items())
        if value is original
    ]
    assert holders
    for module, word in holders:
        setattr(module, word, other)
    forget_statements()
    try:
        yield
    finally:
        for module, word in holders:
            setattr(module, word, original)
        forget_statements()


@contextmanager
def without_first_lock(of: frozenset[Scoped] = frozenset(Scoped)) -> Iterator[None]:
    """No predicate for layers of these scope patterns, nor in the reads beside the layers."""
    original = scope.predicate

    def open_predicate(scoped_by: Scoped | None, *others: Any, **words: Any) -> Any:
        return None if scoped_by in of else original(scoped_by, *others, **words)

    def nothing(*_: Any) -> Any:
        return true()

    with replaced(original, open_predicate):
        if of != frozenset(Scoped):
            yield
            return
        with replaced(locks.people_locked, nothing), replaced(locks.is_near, nothing):
            yield


@contextmanager
def open_policy(owner_url: str, table: str) -> Iterator[None]:
    """One policy that lets everything through."""
    with psycopg.connect(owner_url, autocommit=True) as owner:
        rows = owner.execute(
            "SELECT policyname, qual FROM pg_policies WHERE schemaname = 'gridmap' AND tablename = %s"
            " AND cmd IN ('ALL', 'SELECT')",
            (table,),
        ).fetchall()
        ((policy, rule),) = rows
        alter = sql.SQL("ALTER POLICY {} ON gridmap.{} USING ({})")
        names = sql.Identifier(policy), sql.Identifier(table)
        owner.execute(alter.format(*names, sql.SQL("true")))
        try:
            yield
        finally:
            owner.execute(alter.format(*names, sql.SQL(cast("Any", rule))))


@contextmanager
def without_second_lock(owner_url: str) -> Iterator[None]:
    """No row security on any table."""
    with psycopg.connect(owner_url, autocommit=True) as owner:
        tables = [
            row[0]
            for row in owner.execute(
                "SELECT relname FROM pg_class WHERE relnamespace = 'gridmap'::regnamespace AND relrowsecurity"
            ).fetchall()
        ]
        switch = sql.SQL("ALTER TABLE gridmap.{} {} ROW LEVEL SECURITY")
        for table in tables:
            owner.execute(switch.format(sql.Identifier(table), sql.SQL("DISABLE")))
        try:
            yield
        finally:
            for table in tables:
                owner.execute(switch.format(sql.Identifier(table), sql.SQL("ENABLE")))


@contextmanager
def shown_to_everyone(layer: str, name: str) -> Iterator[None]:
    """One attribute whose `seen_by` was forgotten."""
    attributes = cast("dict[str, Any]", BY_NAME[layer].attributes)
    original = attributes[name]
    attributes[name] = replace(original, seen_by=EVERYONE)
    forget_statements()
    try:
        yield
    finally:
        attributes[name] = original
        forget_statements()


@contextmanager
def every_layer_for_everyone() -> Iterator[None]:
    """No layer is kept from anybody, whether it says something to him or not."""

    def all_layers(roles: frozenset[Role]) -> Mapping[str, Layer]:
        return BY_NAME

    with replaced(layers_for, all_layers):
        yield


KEYS: Mapping[str, Callable[[Viewer], str]] = {
    "nothing": lambda _: "everybody",
    "the roles alone": lambda viewer: ",".join(sorted(viewer.reading_roles)),
    "the reach alone": lambda viewer: repr(viewer.reach),
    "the streets alone": lambda viewer: repr((viewer.reach.is_city, viewer.reach.near, sorted(viewer.reading_roles))),
}
"""What a cache key may be left to say of who asks."""


@contextmanager
def keyed_by(words: str) -> Iterator[None]:
    """Cache keys and ETags that say only so much about who asks."""
    with patch.object(Viewer, "key", property(KEYS[words])):
        yield
