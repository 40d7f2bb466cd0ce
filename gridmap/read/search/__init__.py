"""Search: places by code, name and pinyin initials, people on duty by name, inside the viewer's scope only.

Row security lets only operators that leak nothing use an index, so the search is built from those: prefixes of name,
initials and code by index everywhere; parts of a name among the few large places (communities, grids, estates) and,
inside what was found there, among buildings and stairwells. Only when nothing is found, or when the viewer sees
little, are all names read.
"""

from collections.abc import Iterable

import psycopg

from gridmap.db.pools import Connection
from gridmap.read.locks import sees_people
from gridmap.read.search.found import KINDS, MOST, Found, Hit, described
from gridmap.read.search.stages import anywhere, communities, inside, large_places, people, prefixes
from gridmap.read.search.words import Words, parse_words
from gridmap.read.select import Asked
from gridmap.scope import Viewer

MANY_STREETS = 40
"""In more streets than this, what begins with the words is enough where there is enough of it."""
DEEP_TIMEOUT = "2s"

__all__ = ["KINDS", "MOST", "Found", "Words", "find", "parse_words"]


def find(
    connection: Connection, viewer: Viewer, words: Words, asked: Asked, *, patient: bool = True
) -> tuple[Found, ...]:
    """At most MOST finds, the best first: exact code, exact name, several parts in one another, prefix, part of a name.

    Of equally good ones large places come before small ones. The connection is in the viewer's transaction. Nothing
    is found for no words, for other people's places, for places that have ended, and, unless all the viewer's roles
    may see people, for people.
    `patient` reads all names where nothing else was found: up to two seconds at the size of a city.
    """
    if not words.text:
        return ()
    hits = _quick(connection, viewer, words, asked)
    if not hits and patient and not _sees_little(viewer):
        hits = _deep(connection, viewer, words)
    return described(connection, viewer, best(hits), asked)


def _quick(connection: Connection, viewer: Viewer, words: Words, asked: Asked) -> list[Hit]:
    """What is found by an index, or among few rows."""
    is_many = _sees_many(viewer)
    hits = communities(connection, viewer, words, asked)
    if sees_people(viewer):
        hits += people(connection, viewer, words, asked, whole=not is_many)
    if _sees_little(viewer):
        return hits + anywhere(connection, viewer, words)
    hits += prefixes(connection, viewer, words)
    if len(words.parts) > 1:
        hits += inside(connection, viewer, words, large_places(connection, viewer, words.parts[0].text))
    if not is_many or len(hits) < MOST:
        hits += large_places(connection, viewer, words.text)
    return hits


def _sees_little(viewer: Viewer) -> bool:
    reach = viewer.reach
    return not (reach.is_city or reach.streets or reach.communities)


def _sees_many(viewer: Viewer) -> bool:
    return viewer.reach.is_city or len(viewer.reach.near) > MANY_STREETS


def _deep(connection: Connection, viewer: Viewer, words: Words) -> list[Hit]:
    """All names read, for as long as a person waits; nothing where that is too short."""
    if len(words.text) < 2:
        return []
    try:
        with connection.transaction():
            connection.execute("SELECT set_config('statement_timeout', %s, true)", (DEEP_TIMEOUT,))
            return anywhere(connection, viewer, words)
    except psycopg.errors.QueryCanceled:
        return []


def best(hits: Iterable[Hit]) -> list[Hit]:
    """The best MOST of them, each thing once."""
    unique: dict[tuple[bool, int], Hit] = {}
    for hit in hits:
        key = (hit.kind == "person", hit.id)
        if key not in unique or hit.order < unique[key].order:
            unique[key] = hit
    return sorted(unique.values(), key=lambda hit: hit.order)[:MOST]
