"""Copying a street's rows to other streets by INSERT … SELECT, and the indexes that stand aside meanwhile.

In every expression `t` is a row of the pattern and `k` a row of `copy_of(street_id, copy, base, code, dx, dy)`: the new
street, which copy of it, the id to count from, the street's code and the shift in degrees.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Table

import gridmap.tables as tables
from gridmap.demo.basemap import CORE
from gridmap.demo.names import GIVEN, SURNAMES
from gridmap.demo.register import CITY_OWN
from gridmap.pinyin import initials

Connection = psycopg.Connection[Any]

EDITIONS = ("", "二期", "三期", "四期", "五期", "六期")
NUMERALS = "甲乙丙丁戊己"
IDS = {
    "id",
    "place_id",
    "person_id",
    "substitute_id",
    "parent_id",
    "community_id",
    "grid_id",
    "micro_grid_id",
    "estate_id",
    "home_place_id",
}
ORGANISATIONS = {"organisation_id", "property_id"}
ORGANISATION = "(k.street_id::bigint << 27) + (k.copy << 23) + ({} & 8388607)"
"""The id of a copied organisation: street, copy, and what it was below them."""
CODE = "k.code || lpad((k.copy * 3 + (({} & 1048575) >> 12))::text, 3, '0')"
"""The 12-digit code of a copied community: the street's, and its number there."""
IN_CORE = sql.SQL("t.community_id = ANY (%(core)s)")
OF_CORE_PLACE = sql.SQL(
    "EXISTS (SELECT FROM gridmap.place p WHERE p.street_id = t.street_id AND p.id = t.place_id"
    " AND p.community_id = ANY (%(core)s))"
)


OF_CORE_HOUSE = sql.SQL(
    "EXISTS (SELECT FROM gridmap.place p WHERE p.street_id = t.street_id AND p.id = t.place_id"
    " AND p.community_id = ANY (%(core)s) AND p.kind IN ('estate', 'building'))"
)
"""Memberships are copied of these only: the exclusion over all of them would cost a fifth of the time."""


@dataclass(frozen=True)
class Copied:
    """A table that is copied: which of its rows are the pattern, and columns that do not just move along."""

    table: Table
    where: sql.Composable
    columns: Mapping[str, sql.Composable] = field(default_factory=dict)


def letter(letters: str, divisor: int) -> sql.Composed:
    """One of the letters, by the numbers of the row and its copy."""
    dice = "substr({}, ((t.id * 7919 + k.street_id * 104729 + k.copy * 1299709) / {} %% {})::int + 1, 1)"
    return sql.SQL(dice).format(sql.Literal(letters), sql.Literal(divisor), sql.Literal(len(letters)))


def by_copy(words: list[str]) -> sql.Composed:
    """The word of the copy."""
    return sql.SQL("({}::text[])[k.copy + 1]").format(sql.Literal(words))


def code_of(column: str, tail: str = "") -> sql.Composed:
    """The code under the new community: its twelve digits, and what followed them in the pattern's code."""
    return sql.SQL(CODE.format(column)) + sql.SQL(tail)


CODE_IN_COMMUNITY = code_of("t.community_id", " || substr(t.code, 13)")
PERSON_NAME = letter(SURNAMES, 1) + sql.SQL(" || '某' || ") + letter(GIVEN, 97)
PERSON_INITIALS = letter(initials(SURNAMES), 1) + sql.SQL(" || 'm' || ") + letter(initials(GIVEN), 97)
ESTATE_MORE = sql.SQL("{} || CASE t.kind WHEN 'estate' THEN {} ELSE '' END")

# the register and who looks after it; what happened there (duties, cases, counts, cars, rotas) stays with the pattern
COPIED: tuple[Copied, ...] = (
    Copied(
        tables.organisation,
        IN_CORE,
        {
            "id": sql.SQL(ORGANISATION.format("t.id")),
            "code": CODE_IN_COMMUNITY,
            "parent_id": sql.SQL(ORGANISATION.format("t.parent_id")),
        },
    ),
    Copied(
        tables.community,
        sql.SQL("t.id = ANY (%(core)s)"),
        {
            "code": code_of("t.id"),
            "name": sql.SQL("replace(t.name, '社区', {} || '社区')").format(by_copy(list(NUMERALS))),
            "aliases": sql.SQL("'{}'"),
            "initials": sql.SQL("replace(t.initials, 'sq', {} || 'sq')").format(by_copy([*map(initials, NUMERALS)])),
        },
    ),
    Copied(
        tables.place,
        IN_CORE,
        {
            "code": CODE_IN_COMMUNITY,
            "name": ESTATE_MORE.format(sql.SQL("t.name"), by_copy([*EDITIONS])),
            "initials": ESTATE_MORE.format(sql.SQL("t.initials"), by_copy([*map(initials, EDITIONS)])),
        },
    ),
    *(
        Copied(table, OF_CORE_PLACE)
        for table in (
            tables.grid,
            tables.estate,
            tables.building,
            tables.stairwell,
            tables.facility,
            tables.zone,
            tables.boundary,
            tables.organisation_place,
        )
    ),
    Copied(tables.membership, OF_CORE_HOUSE),
    Copied(
        tables.basemap,
        sql.SQL("starts_with(t.source_key, {})").format(sql.Literal(CORE)),
        {"source_key": sql.SQL("t.source_key || '/' || k.copy")},
    ),
    Copied(
        tables.person,
        IN_CORE,
        {"name": PERSON_NAME, "display_name": PERSON_NAME, "initials": PERSON_INITIALS},
    ),
    Copied(tables.assignment, IN_CORE),
    Copied(tables.absence, IN_CORE),
)


def expression(copied: Copied, column: str) -> sql.Composable:
    """One column of a copied row."""
    own = sql.SQL("t.{}").format(sql.Identifier(column))
    if column in copied.columns:
        return copied.columns[column]
    if column == "street_id":
        return sql.SQL("k.street_id")
    if column in IDS:
        return sql.SQL("k.base + ({} & 1048575)").format(own)
    if column in ORGANISATIONS:
        moved = sql.SQL(ORGANISATION).format(own)
        return sql.SQL("CASE WHEN {0} >> 27 = {1} THEN {0} ELSE {2} END").format(own, sql.Literal(CITY_OWN), moved)
    if column == "geom":
        return sql.SQL("public.st_translate(t.geom, k.dx, k.dy)")
    return own


def copy_rows(connection: Connection, copied: Copied, street_id: int, communities: list[int]) -> int:
    """Copies the pattern's rows of one table for every row of `copy_of`; how many rows that made."""
    columns = [column.name for column in copied.table.columns if column.computed is None]
    table = sql.Identifier("gridmap", copied.table.name)
    connection.execute("DROP TABLE IF EXISTS pattern")
    connection.execute(
        sql.SQL(
            "CREATE TEMPORARY TABLE pattern ON COMMIT DROP AS SELECT * FROM {} t"
            " WHERE t.street_id = %(street)s AND {} ORDER BY 1, 2"
        ).format(table, copied.where),
        {"street": street_id, "core": communities},
    )
    connection.execute("ANALYZE pattern")
    statement = sql.SQL(
        "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE"
        " SELECT {} FROM (SELECT * FROM copy_of ORDER BY street_id, copy) k CROSS JOIN pattern t"
    ).format(
        table,
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(expression(copied, name) for name in columns),
    )
    return connection.execute(statement, {}).rowcount


@contextmanager
def bare(connection: Connection, bared: list[Table], say: Callable[[str], None]) -> Iterator[None]:
    """Without the tables' foreign keys, exclusions, unique constraints and secondary indexes; made again after."""
    names = [table.name for table in bared]
    constraints = connection.execute(
        "SELECT c.conrelid::regclass::text, quote_ident(c.conname), pg_get_constraintdef(c.oid), c.contype"
        " FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid"
        " WHERE r.relnamespace = 'gridmap'::regnamespace AND r.relname = ANY (%s) AND c.contype IN ('f', 'u', 'x')"
        " ORDER BY c.contype = 'f', c.conname",
        (names,),
    ).fetchall()
    indexes = connection.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
        " JOIN pg_class r ON r.oid = i.indrelid LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid"
        " WHERE r.relnamespace = 'gridmap'::regnamespace AND r.relname = ANY (%s) AND c.oid IS NULL ORDER BY 1",
        (names,),
    ).fetchall()
    for table, name, *_ in reversed(constraints):
        connection.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.SQL(table), sql.SQL(name)))
    for name, _ in indexes:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.SQL(name)))
    yield
    for _, definition in indexes:
        connection.execute(definition)
    say(f"{len(indexes):>12} indexes")
    for table, name, definition, _ in constraints:
        parts = (sql.SQL(part) for part in (table, name, definition))
        connection.execute(sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(*parts))
    say(f"{len(constraints):>12} constraints")
