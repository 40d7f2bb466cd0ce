"""Any filter finds what the same filter finds in Python over shapely, as JSON and as text, in any layer."""

import json
import operator
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import cql2
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import mapping, shape

from gridmap.clock import OFFICE
from gridmap.layer import Role
from gridmap.layers import BY_NAME
from gridmap.read import parse_filter, read_frame, read_page
from gridmap.read.kinds import kind_of
from gridmap.read.select import seen_attributes
from tests.two_streets import ASKED, Town, open_town

LAYERS = ("buildings", "facilities", "assignments", "estates", "grids", "streets")
SIGNS = {"=": operator.eq, "<>": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}
SPATIAL = ("intersects", "disjoint", "equals", "touches", "within", "overlaps", "crosses", "contains")
Row = dict[str, Any]


@pytest.fixture(scope="module")
def town(empty_template: str, copy_database: Callable[[str], Any]) -> Iterator[Town]:
    with open_town(copy_database(empty_template)) as made:
        yield made


@pytest.fixture(scope="module")
def rows(town: Town) -> dict[str, list[Row]]:
    """Every row of these layers, as a frame has it: the shapes as they are stored."""
    viewer, made = town.viewer(), {}
    for name in LAYERS:
        layer = BY_NAME[name]
        with town.database.transaction(viewer.prologue) as connection:
            frame = read_frame(connection, layer, viewer, ASKED)
            features = json.loads(b"[" + read_page(connection, layer, viewer, ASKED, limit=10_000).features + b"]")
        shapes = dict(zip(frame["id"], frame.geometry, strict=True))
        made[name] = [{**each["properties"], "id": each["id"], "geometry": shapes[each["id"]]} for each in features]
    return made


# ---- the same filter in Python; None is unknown, as in SQL


def ends(raw: Any, row: Row) -> list[str | None]:
    """The first and last day or moment of what is said, as it is written; None where it is not known."""
    if isinstance(raw, dict) and "interval" in raw:
        return [ends(end, row)[0] if end != ".." else end for end in raw["interval"]]
    said = row[raw["property"]] if isinstance(raw, dict) and "property" in raw else raw
    return [next(iter(said.values())) if isinstance(said, dict) else said] * 2


def span(said: list[str], *, in_days: bool) -> tuple[Any, Any]:
    """The same as days, where days alone are compared; else as the first and the last moment."""
    first, last = said
    if in_days:
        return (date.min if first == ".." else date.fromisoformat(first),
                date.max if last == ".." else date.fromisoformat(last))  # fmt: skip
    return (datetime.min.replace(tzinfo=UTC) if first == ".." else moments(first)[0],
            datetime.max.replace(tzinfo=UTC) if last == ".." else moments(last)[1])  # fmt: skip


def moments(said: str) -> tuple[datetime, datetime]:
    if len(said) == 10:
        start = datetime.fromisoformat(said).replace(tzinfo=OFFICE)
        return start, start + timedelta(days=1) - timedelta(microseconds=1)
    moment = datetime.fromisoformat(said)
    return moment, moment


def relate(word: str, a: tuple[Any, Any], b: tuple[Any, Any]) -> bool:
    """The temporal relations of CQL2, as its tables say them of two spans."""
    return {
        "t_after": a[0] > b[1],
        "t_before": a[1] < b[0],
        "t_contains": a[0] < b[0] and a[1] > b[1],
        "t_disjoint": a[1] < b[0] or a[0] > b[1],
        "t_during": a[0] > b[0] and a[1] < b[1],
        "t_equals": a == b,
        "t_finishedBy": a[0] < b[0] and a[1] == b[1],
        "t_finishes": a[0] > b[0] and a[1] == b[1],
        "t_intersects": not (a[1] < b[0] or a[0] > b[1]),
        "t_meets": a[1] == b[0],
        "t_metBy": a[0] == b[1],
        "t_overlappedBy": b[0] < a[0] < b[1] < a[1],
        "t_overlaps": a[0] < b[0] < a[1] < b[1],
        "t_startedBy": a[0] == b[0] and a[1] > b[1],
        "t_starts": a[0] == b[0] and a[1] < b[1],
    }[word]


TEMPORAL = (
    *("t_after", "t_before", "t_contains", "t_disjoint", "t_during", "t_equals", "t_finishedBy", "t_finishes"),
    *("t_intersects", "t_meets", "t_metBy", "t_overlappedBy", "t_overlaps", "t_startedBy", "t_starts"),
)


def value(raw: Any, row: Row) -> Any:
    if isinstance(raw, dict) and "property" in raw:
        return row[raw["property"]]
    if isinstance(raw, dict) and raw.get("op") == "casei":
        text = value(raw["args"][0], row)
        return None if text is None else text.lower()
    return raw


def times_hold(word: str, args: list[Any], row: Row) -> bool | None:
    said = [ends(each, row) for each in args]
    written = [end for one in said for end in one if end is not None]
    if len(written) < 4:
        return None
    in_days = all(end == ".." or len(end) == 10 for end in written)
    left, right = (span([str(end) for end in one], in_days=in_days) for one in said)
    return relate(word, left, right)


def holds(raw: Any, row: Row) -> bool | None:
    if isinstance(raw, bool):
        return raw
    word, args = raw["op"], raw["args"]
    if word in ("and", "or"):
        found = [holds(each, row) for each in args]
        decides = word == "or"
        return decides if decides in found else None if None in found else not decides
    if word == "not":
        inner = holds(args[0], row)
        return None if inner is None else not inner
    if word == "isNull":
        return row[args[0]["property"]] is None
    if word.startswith("s_"):
        sides = [row["geometry"] if "property" in each else shape(each) for each in args]
        return None if None in sides else bool(getattr(shapely, word[2:])(*sides))
    if word.startswith("t_"):
        return times_hold(word, args, row)
    if word == "between":
        low, high = (
            holds({"op": sign, "args": [args[0], bound]}, row) for sign, bound in ((">=", args[1]), ("<=", args[2]))
        )
        return False if False in (low, high) else None if None in (low, high) else True
    left = value(args[0], row)
    if left is None:
        return None
    if word == "in":
        return left in args[1]
    right = value(args[1], row)
    if right is None:
        return None
    if word == "like":
        pattern = "".join({"%": ".*", "_": "."}.get(each, re.escape(each)) for each in right)
        return re.fullmatch(pattern, left, re.DOTALL) is not None
    return bool(SIGNS[word](left, right))


# ---- filters, any


def places(layer: str, rows: list[Row]) -> st.SearchStrategy[Any]:
    known = [row["geometry"] for row in rows if row["geometry"] is not None]
    spots = [coords for each in known[:8] for coords in shapely.get_coordinates(each)[:2].tolist()]
    spot = st.one_of(st.sampled_from(spots), st.tuples(st.floats(113.39, 113.53), st.floats(22.495, 22.515)))
    box = st.tuples(spot, st.floats(0.0001, 0.1), st.floats(0.0001, 0.02)).map(
        lambda t: shapely.box(t[0][0], t[0][1], t[0][0] + t[1], t[0][1] + t[2])
    )
    point, line = (
        spot.map(shapely.Point),
        st.lists(spot, min_size=2, max_size=4, unique_by=tuple).map(shapely.LineString),
    )
    return (
        st.one_of(point, line, box, st.sampled_from(known)).filter(lambda each: each.is_valid).map(mapping).map(_lists)
    )


def _lists(raw: Any) -> Any:
    return json.loads(json.dumps(raw))


DAYS = st.dates(date(2018, 1, 1), date(2027, 1, 1)) | st.sampled_from([date(2019, 5, 4), date(2026, 1, 1)])
MOMENTS = st.one_of(
    st.integers(1_514_764_800, 1_798_761_600).map(lambda second: datetime.fromtimestamp(second, UTC)),
    st.just(datetime(2025, 12, 31, 16, tzinfo=UTC)),
)
TIMES = st.one_of(
    DAYS.map(lambda day: {"date": day.isoformat()}),
    MOMENTS.map(lambda at: {"timestamp": at.isoformat()}),
)
ENDS = TIMES.map(lambda each: next(iter(each.values())))


def intervals(names: list[str]) -> st.SearchStrategy[Any]:
    end = st.one_of(
        ENDS, st.just(".."), *([st.sampled_from(names).map(lambda name: {"property": name})] if names else [])
    )
    pair = st.tuples(end, end).filter(lambda ends: ends != ("..", ".."))
    return pair.map(lambda ends: {"interval": list(ends)})


def leaves(name: str, rows: list[Row]) -> st.SearchStrategy[Any]:
    layer = BY_NAME[name]
    kinds = {each: kind_of(layer, each) for each in seen_attributes(layer, frozenset({Role.LEADER}))}
    by_kind: dict[str, list[str]] = {}
    for each, kind in kinds.items():
        by_kind.setdefault({"integer": "number"}.get(kind, kind), []).append(each)
    found = [
        st.booleans(),
        places(name, rows).flatmap(
            lambda shape: st.sampled_from(SPATIAL).map(
                lambda word: {"op": f"s_{word}", "args": [{"property": "geometry"}, shape]}
            )
        ),
    ]
    found.append(
        st.sampled_from([*(n for n, k in kinds.items() if k != "object"), "geometry", "id"]).map(
            lambda n: {"op": "isNull", "args": [{"property": n}]}
        )
    )
    sign = st.sampled_from(list(SIGNS))
    if "number" in by_kind:
        numbers = [row[each] for row in rows for each in by_kind["number"] if row[each] is not None]
        number = st.one_of(
            st.sampled_from(numbers or [1]), st.integers(-5, 3000), st.floats(-1e6, 1e6).map(lambda x: round(x, 3))
        )
        named = st.sampled_from(by_kind["number"]).map(lambda n: {"property": n})
        found.append(st.builds(lambda s, a, b: {"op": s, "args": [a, b]}, sign, named, number | named))
        found.append(st.builds(lambda a, b, c: {"op": "between", "args": [a, b, c]}, named, number, number))
        found.append(
            st.builds(lambda a, b: {"op": "in", "args": [a, b]}, named, st.lists(number, min_size=1, max_size=4))
        )
    if "string" in by_kind:
        texts = [row[each] for row in rows for each in by_kind["string"] if row[each]]
        text = st.one_of(
            st.sampled_from(texts or ["x"]),
            st.text(st.characters(codec="utf-8", exclude_characters="\x00\\"), max_size=5),
        )
        named = st.sampled_from(by_kind["string"]).map(lambda n: {"property": n})
        # less and more depend on the language of the database
        equal = st.sampled_from(["=", "<>"])
        found.append(st.builds(lambda s, a, b: {"op": s, "args": [a, b]}, equal, named, text | named))
        found.append(
            st.builds(lambda a, b: {"op": "in", "args": [a, b]}, named, st.lists(text, min_size=1, max_size=4))
        )
        pattern = st.builds(lambda t, i, w: t[:i] + w + t[i + 1 :], text, st.integers(0, 4), st.sampled_from("%_"))
        found.append(st.builds(lambda a, b: {"op": "like", "args": [a, b]}, named, pattern))
        ascii_text = st.text("aBcXyZ", max_size=3)
        found.append(
            st.builds(
                lambda a, b: {"op": "=", "args": [{"op": "casei", "args": [a]}, {"op": "casei", "args": [b]}]},
                named,
                ascii_text,
            )
        )
    times = [*by_kind.get("date", []), *by_kind.get("date-time", [])]
    if times:
        named = st.sampled_from(times).map(lambda n: {"property": n})
        found.append(
            st.builds(
                lambda w, a, b: {"op": w, "args": [a, b]},
                st.sampled_from(TEMPORAL),
                named | intervals(times),
                TIMES | intervals(times),
            )
        )
    return st.one_of(found)


def filters(name: str, rows: list[Row]) -> st.SearchStrategy[Any]:
    def more(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        many = st.lists(inner, min_size=2, max_size=3)
        joined = st.builds(lambda word, args: {"op": word, "args": args}, st.sampled_from(["and", "or"]), many)
        return joined | inner.map(lambda each: {"op": "not", "args": [each]})

    return st.recursive(leaves(name, rows), more, max_leaves=5)


def ids(town: Town, name: str, words: str, language: str) -> list[int]:
    viewer = town.viewer()
    where = parse_filter(BY_NAME[name], viewer.reading_roles, {"filter": words, "filter-lang": language})
    with town.database.transaction(viewer.prologue) as connection:
        page = read_page(connection, BY_NAME[name], viewer, ASKED, limit=10_000, where=where)
    return [each["id"] for each in json.loads(b"[" + page.features + b"]")]


def agree(town: Town, rows: list[Row], name: str, raw: Any) -> None:
    words = json.dumps(raw)
    expected = [row["id"] for row in rows if holds(raw, row)]
    if len(words) <= 8_000:
        assert ids(town, name, words, "cql2-json") == expected
    try:
        text = cql2.Expr(raw).to_text()
        is_same = cql2.parse_text(text).to_json() == cql2.Expr(raw).to_json()
    except Exception:  # noqa: BLE001  # not everything that can be said in JSON is written as text by that package
        return
    if len(text) < 1_000 and is_same:
        assert ids(town, name, text, "cql2-text") == expected


def many(town: Town, rows: list[Row], name: str, count: int) -> None:
    @settings(deadline=None, max_examples=count, suppress_health_check=list(HealthCheck))
    @given(raw=filters(name, rows))
    def check(raw: Any) -> None:
        agree(town, rows, name, raw)

    check()


@pytest.mark.parametrize("name", LAYERS)
def test_any_filter_agrees_with_shapely(town: Town, rows: dict[str, list[Row]], name: str) -> None:
    many(town, rows[name], name, 60)


@pytest.mark.parametrize(
    "other",
    [{"date": "2018-01-01"}, {"timestamp": "2018-01-01T00:00:00Z"}, {"timestamp": "2018-01-01T15:59:59.999999Z"}],
)
def test_days_alone_are_compared_as_days(town: Town, rows: dict[str, list[Row]], other: Any) -> None:
    first, second = {"interval": ["..", "2018-01-01"]}, other
    for word in TEMPORAL:
        for args in ([first, second], [second, first]):
            agree(town, rows["assignments"], "assignments", {"op": word, "args": args})


@pytest.mark.full
@pytest.mark.parametrize("name", LAYERS)
def test_thousands_of_filters_agree_with_shapely(town: Town, rows: dict[str, list[Row]], name: str) -> None:
    many(town, rows[name], name, 1_000)
