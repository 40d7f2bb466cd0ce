"""Any tile for anybody on any day holds what plain SQL over the raw tables gives, with what that account may know."""

from datetime import date, datetime, time
from typing import Any

import psycopg
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.clock import OFFICE
from gridmap.layers import BY_NAME
from gridmap.read import TILE_ZOOMS, Tile
from tests.oracle import QUERIES, Oracle, compare
from tests.outputs import EXTENT, HALF, MARGIN
from tests.tiles.door import ACCOUNTS, Door, path_of, tile_at
from tests.two_streets import NOW

IN_TILE = """
WITH drawn AS (SELECT id, ST_Transform(ST_GeomFromWKB(shape, 4326), 3857) AS shape FROM ({0}) r)
SELECT id, shape IS NOT NULL AND ST_Intersects(shape, near)
    AND ST_AsMVTGeom(shape, ST_TileEnvelope(%(z)s, %(x)s, %(y)s), {1}, {2}, true) IS NOT NULL AS is_drawn,
  ST_Intersects(ST_PointOnSurface(shape), near) AS is_labelled
FROM drawn, ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => {2}.0 / {1}) near
"""
DAYS = (date(2019, 12, 31), date(2026, 1, 1), date(2025, 12, 31), date(2026, 3, 16), date(2030, 1, 1))
WEST = (12_624_700.0, 12_635_830.0)
SOUTH, WIDE, HIGH = 2_571_600.0, 2_300.0, 1_300.0
"""Where the two streets are built, in web mercator."""


@st.composite
def tiles(draw: st.DrawFn) -> Tile:
    """A tile at, or just beside, some point of the two streets; often one whose edge something touches."""
    zoom = draw(st.sampled_from(TILE_ZOOMS[6:])) if draw(st.booleans()) else draw(st.sampled_from([14, 15, 16]))
    east, north = draw(st.integers(0, 99)) * WIDE / 100, draw(st.integers(0, 99)) * HIGH / 100
    near = tile_at(draw(st.sampled_from(WEST)) + east, SOUTH + north, zoom)
    side = 2**zoom
    return Tile(
        zoom,
        min(max(near.x + draw(st.integers(-1, 1)), 0), side - 1),
        min(max(near.y + draw(st.integers(-1, 1)), 0), side - 1),
    )


def beside(door: Door, edge: int) -> list[Tile]:
    """Tiles that some buildings do not touch themselves but whose margin they touch."""
    with door.owner() as owner:
        rows = owner.execute(
            "SELECT ST_XMin(geom_3857) AS west, ST_YMin(geom_3857) AS south FROM gridmap.place"
            " WHERE kind = 'building' AND geom_3857 IS NOT NULL ORDER BY id"
        ).fetchall()
    found = []
    for zoom in (14, 15, 16):
        size = 2 * HALF / 2**zoom
        for row in rows:
            tile = tile_at(row["west"], row["south"], zoom)
            left = row["west"] - (tile.x * size - HALF)
            if 0 < left < size * MARGIN / EXTENT:
                found.append(Tile(zoom, tile.x - 1, tile.y))
    return found[:edge]


def expected(
    owner: "psycopg.Connection[dict[str, Any]]", oracle: Oracle, who: str, name: str, tile: Tile, day: date
) -> tuple[dict[int, Any], dict[int, Any]]:
    """What the layer shows in the tile, and what it labels there: id → attributes."""
    at = datetime.combine(day, time(23, 59, 59), OFFICE)
    place = {"z": tile.z, "x": tile.x, "y": tile.y, "day": day, "at": at}
    rows = owner.execute(IN_TILE.format(QUERIES[name], EXTENT, MARGIN), place).fetchall()
    layer, seen = BY_NAME[name], oracle.sight(who, name, day).rows
    carried = layer.tile_attributes(tile.z)
    known = {key: {word: row[word] for word in carried if word in row} for key, row in seen.items()}
    drawn = {row["id"]: known[row["id"]] for row in rows if row["is_drawn"] and row["id"] in known}
    is_labelled = layer.style.shape == "polygon" and layer.label in carried
    labels = {row["id"]: known[row["id"]] for row in rows if is_labelled and row["is_labelled"] and row["id"] in known}
    return drawn, labels


def check(door: Door, oracle: Oracle, who: str, tile: Tile, names: list[str], day: date) -> int:
    """Compare one tile; gives how many things are in it."""
    there = [name for name in names if oracle.sight(who, name, day).is_there]
    reply = door.ask(path_of(tile, ",".join(there), as_of=day), who, Accept_Encoding="br")
    assert reply.status in (200, 204)
    found = dict(reply.layers) if reply.status == 200 else {}
    known: set[str] = set()
    with door.owner() as owner:
        for name in there:
            if tile.z < BY_NAME[name].min_zoom:
                # counted together from afar; another test holds the numbers to the rows
                found.pop(f"{name}_cells", None)
                continue
            for layer, rows in zip((name, f"{name}_label"), expected(owner, oracle, who, name, tile, day), strict=True):
                assert compare(who, "tile", layer, rows, found.get(layer, {})) == [], (tile, layer)
                known |= {layer} if rows else set()
    assert set(found) == known
    return sum(map(len, found.values()))


def test_any_tile_holds_what_the_tables_hold(streets: Door) -> None:
    oracle, full = Oracle(streets.base.owner_url, NOW), list[bool]()

    @settings(max_examples=40, deadline=None)
    @given(
        who=st.sampled_from(sorted(ACCOUNTS)),
        tile=tiles(),
        names=st.lists(st.sampled_from(sorted(BY_NAME)), min_size=3, unique=True),
        day=st.sampled_from(DAYS),
    )
    def one(who: str, tile: Tile, names: list[str], day: date) -> None:
        full.append(check(streets, oracle, who, tile, ["buildings", *names], day) > 0)

    one()
    assert sum(full) > len(full) / 3


def test_what_touches_only_the_margin_is_there_for_those_who_see_it(streets: Door) -> None:
    oracle = Oracle(streets.base.owner_url, NOW)
    found = beside(streets, 8)
    assert len(found) >= 3
    for tile in found:
        assert check(streets, oracle, "chief", tile, ["buildings", "grids"], NOW.date())
        for who in ("boss", "worker", "company"):
            check(streets, oracle, who, tile, ["buildings", "grids"], NOW.date())
