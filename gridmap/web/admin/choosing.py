"""Finding the person, community, grid, estate, street or organisation that somebody has typed, without a script."""

from collections.abc import Mapping
from dataclasses import dataclass

from gridmap.db.pools import Connection

LIMIT = 20


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One thing that the words fit: its id, its name, and what tells it from its namesakes."""

    id: int
    name: str
    note: str


PEOPLE = """
SELECT p.id, p.display_name AS name, concat_ws(' · ', s.name, c.name, p.phone_masked) AS note
FROM gridmap.person p
JOIN gridmap.street s ON s.id = p.street_id
LEFT JOIN gridmap.community c ON c.street_id = p.street_id AND c.id = p.community_id
WHERE strpos(lower(p.display_name), %(text)s) > 0 OR p.initials LIKE %(start)s
ORDER BY p.display_name <> %(exact)s, p.display_name, p.id LIMIT %(limit)s
"""
PLACES = """
SELECT p.id, p.name, concat_ws(' · ', s.name, c.name, p.code) AS note
FROM gridmap.place p
JOIN gridmap.street s ON s.id = p.street_id
LEFT JOIN gridmap.community c ON c.street_id = p.street_id AND c.id = p.community_id
WHERE p.kind = %(kind)s AND (p.code = %(exact)s OR strpos(p.search, %(text)s) > 0)
ORDER BY p.code <> %(exact)s, p.name <> %(exact)s, p.name, p.id LIMIT %(limit)s
"""
TARGETS: Mapping[str, str] = {
    "street": """
SELECT id, name, code AS note FROM gridmap.street
WHERE code = %(exact)s OR strpos(lower(name), %(text)s) > 0
ORDER BY code <> %(exact)s, name <> %(exact)s, name LIMIT %(limit)s
""",
    "community": """
SELECT c.id, c.name, concat_ws(' · ', s.name, c.code) AS note FROM gridmap.community c
JOIN gridmap.street s ON s.id = c.street_id
WHERE c.code = %(exact)s OR strpos(lower(c.name), %(text)s) > 0 OR c.initials LIKE %(start)s
  OR %(exact)s = ANY (c.aliases)
ORDER BY c.code <> %(exact)s, c.name <> %(exact)s, c.name LIMIT %(limit)s
""",
    "grid": PLACES,
    "estate": PLACES,
    "organisation": """
SELECT o.id, o.name, concat_ws(' · ', s.name, o.code) AS note FROM gridmap.organisation o
LEFT JOIN gridmap.street s ON s.id = o.street_id
WHERE o.code = %(exact)s OR strpos(lower(o.name), %(text)s) > 0
ORDER BY o.code IS DISTINCT FROM %(exact)s, o.name <> %(exact)s, o.name LIMIT %(limit)s
""",
}


def people_named(connection: Connection, text: str) -> list[Choice]:
    """People in the viewer's scope by display name or pinyin initials; one alone where the name fits exactly."""
    return _only_exact(text, connection.execute(PEOPLE, _values(text)).fetchall())


def targets_named(connection: Connection, level: str, text: str) -> list[Choice]:
    """What a grant of that level can reach, by name, alias, initials or code; one alone where it fits exactly."""
    return _only_exact(text, connection.execute(TARGETS[level], _values(text) | {"kind": level}).fetchall())


def places_named(connection: Connection, kind: str, text: str) -> list[Choice]:
    """Places of a kind in the viewer's scope, by name or code; one alone where it fits exactly."""
    return _only_exact(text, connection.execute(PLACES, _values(text) | {"kind": kind}).fetchall())


def _values(text: str) -> dict[str, object]:
    plain = text.strip()[:100]
    start = plain.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return {"text": plain.lower(), "start": start, "exact": plain, "limit": LIMIT}


def _only_exact(text: str, rows: list[dict[str, object]]) -> list[Choice]:
    choices = [Choice(id=int(str(row["id"])), name=str(row["name"]), note=str(row["note"] or "")) for row in rows]
    exact = [choice for choice in choices if choice.name == text.strip()]
    coded = [choice for choice in choices if choice.note.rsplit(" · ", 1)[-1] == text.strip()]
    return coded if len(coded) == 1 else exact if len(exact) == 1 else choices
