"""The steps of a search, each one statement; the texts of the statements are kept per shape of viewer and words."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.layer import AS_OF
from gridmap.read.locks import ids, is_near, lock_values, locked, of_kinds, people_locked
from gridmap.read.search.found import KINDS, MOST, Hit
from gridmap.read.search.words import Part, Words
from gridmap.read.select import Asked
from gridmap.scope import Reach, Viewer, reach_of_shape
from gridmap.tables import assignment, community, duty_role, person, place, street
from gridmap.tables.places import PLACE_KINDS

Statement = tuple[str, dict[str, Any]]
Shape = tuple[str, ...]
LARGE = ("grid", "estate")
SMALL = ("building", "stairwell", "facility", "zone")
ENOUGH = 300
"""How many rows of one prefix are looked at: more of the same name cannot be told apart anyway."""
LAST = "\U0010ffff"
EXACT_CODE, EXACT_NAME, NESTED, EXACT_INITIALS, PREFIX, INITIALS, PART_OF_NAME = range(7)
WORDS = bindparam("words", type_=Text)


def communities(connection: Connection, viewer: Viewer, words: Words, asked: Asked) -> list[Hit]:
    """Communities of the viewer's streets with the words in code, name, another name or initials."""
    return _hits(connection, viewer, communities_statement(viewer.reach.shape), {"words": words.text, **asked.values})


def large_places(connection: Connection, viewer: Viewer, text: str) -> list[Hit]:
    """Grids and estates with the text in code, name, another name or initials."""
    return _hits(connection, viewer, large_statement(viewer.reach.shape), {"words": text})


def prefixes(connection: Connection, viewer: Viewer, words: Words) -> list[Hit]:
    """Places whose name, initials or code begin with the words; a number with its word stands for that number alone."""
    text = words.text
    if len(text) < 2:
        return []
    first, *more = words.parts
    names = list(first.names) if not more else []
    values: dict[str, Any] = {"names": names, "words": text, "code": text, "upper": text.upper()}
    values |= {f"{name}_end": values[name] + LAST for name in ("words", "code", "upper")}
    return _hits(connection, viewer, prefix_statement(viewer.reach.shape, words.can_be_code), values)


def inside(connection: Connection, viewer: Viewer, words: Words, large: Sequence[Hit]) -> list[Hit]:
    """Buildings, stairwells, facilities and zones inside those large places, by the parts that follow the first."""
    inner = words.parts[1:]
    if not large or not inner:
        return []
    values: dict[str, Any] = {
        name: [hit.id for hit in large if hit.kind == kind]
        for name, kind in (("estates", "estate"), ("grids", "grid"), ("communities", "community"))
    }
    values["streets"] = sorted({hit.id >> 32 for hit in large})
    if values["estates"]:
        rows = connection.execute(*_with(sub_estates_statement(), values)).fetchall()
        values["estates"] += [row["id"] for row in rows]
    statement = inside_statement(viewer.reach.shape, _forms(inner))
    return _hits(connection, viewer, statement, values | _part_values(inner) | {"words": words.text})


def anywhere(connection: Connection, viewer: Viewer, words: Words) -> list[Hit]:
    """All that the viewer sees, read through: the words in it, or its parts in it and in what it lies in."""
    statement = anywhere_statement(viewer.reach.shape, _forms(words.parts))
    return _hits(connection, viewer, statement, {"words": words.text} | _part_values(words.parts))


def people(connection: Connection, viewer: Viewer, words: Words, asked: Asked, *, whole: bool) -> list[Hit]:
    """People on duty whose name on duty or initials begin with the words, and one of their places.

    `whole` reads all names, for the words anywhere in them. Only for viewers all of whose roles may see people.
    """
    if any(part.number is not None for part in words.parts):
        return []
    text, constants = people_statement(viewer.reach.shape, whole)
    values = lock_values(viewer) | asked.values | {"words": words.text, "words_end": words.text + LAST}
    return [
        Hit(
            kind="person",
            id=row["id"],
            name=row["name"],
            rank=row["rank"],
            place_id=row["place_id"],
            role=(row["title"], row["title_en"]),
        )
        for row in connection.execute(text, constants | values)
    ]


def _hits(connection: Connection, viewer: Viewer, statement: Statement, values: dict[str, Any]) -> list[Hit]:
    text, constants = statement
    rows = connection.execute(text, constants | lock_values(viewer) | values)
    return [Hit(kind=row["kind"], id=row["id"], name=row["name"], rank=row["rank"]) for row in rows]


def _with(statement: Statement, values: dict[str, Any]) -> Statement:
    text, constants = statement
    return text, constants | values


@lru_cache(maxsize=64)
def communities_statement(shape: Shape) -> Statement:
    """The SQL of communities by words."""
    reach = reach_of_shape(shape)
    chosen = select(literal_column("'community'", Text).label("kind"), *_columns(community, _rank(community)))
    near = is_near(community.c.street_id, reach)
    return compiled(
        chosen.where(near, community.c.valid.contains(cast(AS_OF, Date)), _mentions(community))
        .order_by(literal_column("rank"), community.c.name, community.c.id)
        .limit(MOST)
    )


@lru_cache(maxsize=64)
def large_statement(shape: Shape) -> Statement:
    """The SQL of grids and estates by words: the few rows of these kinds, street by street, through the code's key."""
    reach = reach_of_shape(shape)
    chosen = select(place.c.kind, *_columns(place, _rank(place)))
    where = (
        _in_streets(place, reach),
        of_kinds(place.c.kind, *LARGE),
        _seen(reach),
        _mentions(place),
    )
    return compiled(chosen.where(*where).order_by(*_best_first(place)).limit(3 * MOST))


@lru_cache(maxsize=64)
def prefix_statement(shape: Shape, can_be_code: bool) -> Statement:
    """The SQL of places by the beginning of name, initials and code; each arm has its own index."""
    reach = reach_of_shape(shape)
    few = _in_streets(place, reach), _seen(reach)
    large, small, every = (of_kinds(place.c.kind, *kinds) for kinds in (LARGE, SMALL, (*LARGE, *SMALL)))
    names = place.c.name == func.any(bindparam("names", type_=ARRAY(Text)))
    arms = [
        (large, _begins(place.c.name, "words")),
        (large, _begins(place.c.initials, "words")),
        (small, _begins(place.c.name, "words")),
        (small, _begins(place.c.name, "upper")),
        (small, _begins(place.c.initials, "words")),
        (small, names),
    ]
    if can_be_code:
        arms += [(every, _begins_code("code")), (every, _begins_code("upper"))]
    columns = (place.c.kind, place.c.id, place.c.name, place.c.code, place.c.initials, place.c.aliases)
    found = union_all(
        *(select(select(*columns).where(*few, *arm).limit(ENOUGH).subquery(f"arm_{k}")) for k, arm in enumerate(arms))
    ).subquery("found")
    rank = case((found.c.name == func.any(bindparam("names", type_=ARRAY(Text))), EXACT_NAME), else_=_rank(found))
    return compiled(select(found.c.kind, *_columns(found, rank)).order_by(*_best_first(found)).limit(3 * MOST))


@lru_cache(maxsize=64)
def sub_estates_statement() -> Statement:
    """The SQL of the estates inside some estates."""
    part_of = (place.c.street_id == func.any(ids("streets"))) & (place.c.parent_id == func.any(ids("estates")))
    return compiled(select(place.c.id).where(part_of, of_kinds(place.c.kind, "estate"), func.upper_inf(place.c.valid)))


@lru_cache(maxsize=256)
def inside_statement(shape: Shape, forms: tuple[tuple[str, ...], ...]) -> Statement:
    """The SQL of small places inside large ones, by their own part and the parts of the building around."""
    parent = place.alias("parent")
    *middle, last = enumerate(forms)
    lies_in = or_(
        place.c.estate_id == func.any(ids("estates")),
        place.c.grid_id == func.any(ids("grids")),
        place.c.micro_grid_id == func.any(ids("grids")),
        place.c.community_id == func.any(ids("communities")),
    )
    in_estate = place.c.estate_id == func.any(ids("estates"))
    rank = case((in_estate, literal_column(str(NESTED), Integer)), else_=literal_column(str(NESTED + 1), Integer))
    chosen = (
        select(place.c.kind, *_columns(place, rank))
        .join_from(place, parent, _is_parent(parent, place), isouter=True)
        .where(
            place.c.street_id == func.any(ids("streets")),
            lies_in,
            of_kinds(place.c.kind, *SMALL),
            _seen(reach_of_shape(shape)),
            _fits(place, *last),
            *(_fits(parent, k, ()) for k, _ in middle),
        )
    )
    return compiled(chosen.order_by(*_best_first(place)).limit(3 * MOST))


@lru_cache(maxsize=256)
def anywhere_statement(shape: Shape, forms: tuple[tuple[str, ...], ...]) -> Statement:
    """The SQL of all places by words, or by parts in them and around them."""
    reach = reach_of_shape(shape)
    parent, around = place.alias("parent"), place.alias("around")
    *outer, last = enumerate(forms)
    nested = and_(
        _fits(place, *last), *(or_(*(_fits(of, k, ()) for of in (parent, around, community))) for k, _ in outer)
    )
    mentions = _mentions(place)
    rank = case((mentions, _rank(place)), else_=literal_column(str(NESTED)))
    return compiled(
        select(place.c.kind, *_columns(place, rank))
        .join_from(place, parent, _is_parent(parent, place), isouter=True)
        .join(around, (around.c.street_id == place.c.street_id) & (around.c.id == place.c.estate_id), isouter=True)
        .join(
            community,
            (community.c.street_id == place.c.street_id) & (community.c.id == place.c.community_id),
            isouter=True,
        )
        .where(is_near(place.c.street_id, reach), _seen(reach), or_(mentions, nested))
        .order_by(*_best_first(place))
        .limit(3 * MOST)
    )


@lru_cache(maxsize=64)
def people_statement(shape: Shape, whole: bool) -> Statement:
    """The SQL of people by words, each with the first of their places."""
    reach = reach_of_shape(shape)
    columns = (person.c.street_id, person.c.id, person.c.display_name, person.c.initials)
    few = (_in_streets(person, reach), people_locked(person, reach))
    if whole:
        anywhere = func.strpos(func.lower(person.c.display_name), WORDS) > 0
        known = select(*columns).where(*few, or_(anywhere, func.starts_with(person.c.initials, WORDS)))
        some = known.subquery("some")
    else:
        by_name = select(*columns).where(*few, _begins(person.c.display_name, "words")).limit(ENOUGH)
        by_initials = select(*columns).where(*few, _begins(person.c.initials, "words")).limit(ENOUGH)
        arms = (select(arm.subquery(f"arm_{k}")) for k, arm in enumerate((by_name, by_initials)))
        some = union(*arms).subquery("some")
    name = func.lower(some.c.display_name)
    held = (
        select(assignment.c.place_id, duty_role.c.title, duty_role.c.title_en)
        .join_from(assignment, duty_role, duty_role.c.code == assignment.c.role)
        .where(
            assignment.c.street_id == some.c.street_id,
            assignment.c.person_id == some.c.id,
            assignment.c.valid.contains(AS_OF),
            locked(assignment, reach),
        )
        .order_by(assignment.c.is_primary.desc(), duty_role.c.sort, assignment.c.id)
        .limit(1)
        .correlate(some)
        .lateral("held")
    )
    rank = case(
        (name == WORDS, EXACT_NAME),
        (some.c.initials == WORDS, EXACT_INITIALS),
        (func.starts_with(name, WORDS), PREFIX),
        (func.starts_with(some.c.initials, WORDS), INITIALS),
        else_=PART_OF_NAME,
    )
    return compiled(
        select(some.c.id, some.c.display_name.label("name"), rank.label("rank"), *held.c)
        .join_from(some, held, true())
        .order_by(literal_column("rank"), some.c.display_name, some.c.id)
        .limit(2 * MOST)
    )


def _columns(rows: FromClause, rank: "ColumnElement[Any]") -> "tuple[ColumnElement[Any], ...]":
    return rows.c.id, rows.c.name, rank.label("rank")


def _best_first(rows: FromClause) -> "tuple[ColumnElement[Any], ...]":
    # numbers by value come later, among the few that are left
    larger = case(*((rows.c.kind == kind, k) for k, kind in enumerate(KINDS) if kind in PLACE_KINDS))
    return literal_column("rank"), larger, rows.c.initials, rows.c.name, rows.c.id


def _rank(rows: FromClause) -> "ColumnElement[int]":
    name, code = func.lower(rows.c.name), func.lower(rows.c.code)
    return case(
        (code == WORDS, EXACT_CODE),
        (or_(name == WORDS, func.array_position(rows.c.aliases, WORDS).is_not(None)), EXACT_NAME),
        (rows.c.initials == WORDS, EXACT_INITIALS),
        (or_(func.starts_with(name, WORDS), func.starts_with(code, WORDS)), PREFIX),
        (func.starts_with(rows.c.initials, WORDS), INITIALS),
        else_=PART_OF_NAME,
    )


def _mentions(rows: FromClause) -> "ColumnElement[bool]":
    own = func.concat_ws(" ", rows.c.code, rows.c.name, rows.c.initials)
    text = rows.c.search if "search" in rows.c else func.lower(own)
    others = func.lower(func.array_to_string(rows.c.aliases, " "))
    return or_(func.strpos(text, WORDS) > 0, func.strpos(others, WORDS) > 0)


def _seen(reach: Reach) -> "ColumnElement[bool]":
    # what has ended is found no more, on whichever day the map is: names are those of today
    return and_(func.upper_inf(place.c.valid), locked(place, reach))


def _in_streets(rows: FromClause, reach: Reach) -> "ColumnElement[bool]":
    # street by street, because every index begins with the street
    return rows.c.street_id.in_(select(street.c.id)) if reach.is_city else is_near(rows.c.street_id, reach)


def _begins(column: "ColumnElement[Any]", name: str) -> "ColumnElement[bool]":
    # byte order, whatever the collation of the database is; both operators are leakproof
    low, high = (bindparam(word, type_=Text) for word in (name, f"{name}_end"))
    return and_(column.op("~>=~", is_comparison=True)(low), column.op("~<~", is_comparison=True)(high))


def _begins_code(name: str) -> "ColumnElement[bool]":
    low, high = (bindparam(word, type_=Text) for word in (name, f"{name}_end"))
    return and_(place.c.code >= low, place.c.code < high, func.starts_with(place.c.code, low))


def _is_parent(parent: FromClause, of: FromClause) -> "ColumnElement[bool]":
    return (parent.c.street_id == of.c.street_id) & (parent.c.id == of.c.parent_id)


def _forms(parts: Iterable[Part]) -> tuple[tuple[str, ...], ...]:
    return tuple(part.kinds for part in parts)


def _part_values(parts: Sequence[Part]) -> dict[str, str]:
    texts = {f"part_{k}": part.text for k, part in enumerate(parts)}
    return texts | {f"pattern_{k}": part.pattern for k, part in enumerate(parts)}


def _fits(rows: FromClause, k: int, kinds: tuple[str, ...]) -> "ColumnElement[bool]":
    """That a row's name has part `k` in it; `kinds` limits what a number may count."""
    text, pattern = bindparam(f"part_{k}", type_=Text), bindparam(f"pattern_{k}", type_=Text)
    # a pattern is empty where the part is no number
    named = or_(func.strpos(func.lower(rows.c.name), text) > 0, func.starts_with(rows.c.initials, text))
    counted = rows.c.name.op("~")(pattern)
    fits = case((pattern == literal_column("''"), named), else_=counted)
    return and_(fits, of_kinds(rows.c.kind, *kinds)) if kinds else fits
