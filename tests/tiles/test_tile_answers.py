"""One tile over HTTP: what is answered, how it is packed, when the browser's copy is still good."""

import gzip
import json
from itertools import combinations

import brotli
import psycopg
import pytest

from gridmap.api.tiles import MEDIA_TYPE, TileService
from gridmap.read import Tile
from tests.tiles.door import ACCOUNTS, EVERYTHING, Door, path_of, tile_at

HERE = Tile(16, 53431, 28551)
"""In the first community of the first street."""
SEA = Tile(16, 0, 0)
KEPT = ("etag", "cache-control", "vary")


@pytest.fixture(scope="module")
def here(streets: Door) -> str:
    """The address of a tile in which every layer has something."""
    with streets.owner() as owner:
        row = owner.execute(
            "SELECT ST_X(label_3857) AS x, ST_Y(label_3857) AS y FROM gridmap.place"
            " WHERE kind = 'stairwell' ORDER BY id LIMIT 1"
        ).fetchone()
    assert row is not None
    return path_of(tile_at(row["x"], row["y"], 16))


@pytest.mark.parametrize("by", ["cookie", "token"])
def test_a_tile_is_a_vector_tile_of_its_own_media_type(streets: Door, here: str, by: str) -> None:
    reply = streets.ask(here, by=by)
    assert reply.status == 200
    assert reply["content-type"] == MEDIA_TYPE
    assert reply["content-length"] == str(len(reply.body))
    assert reply["cache-control"] == "private, no-cache"
    assert {"accept-encoding", "cookie", "authorization"} == {word.strip() for word in reply["vary"].lower().split(",")}
    assert reply["x-content-type-options"] == "nosniff"
    assert {"buildings", "stairwells", "grids", "districts"} <= set(reply.layers)


# Packing -------------------------------------------------------------------------------------------------------------

ACCEPTED = {
    "": "",
    "identity": "",
    "gzip": "gzip",
    "br": "br",
    "gzip, deflate, br": "br",
    "BR, GZIP": "br",
    "gzip;q=1.0, br;q=0": "gzip",
    "br;q=0.0, gzip;q=0": "",
    "br;q=0.5": "br",
    "*": "br",
    "*;q=0": "",
    "deflate, vibrant, ungzipped": "",
    "br;q=nonsense, gzip": "gzip",
}


@pytest.mark.parametrize("accepted", ACCEPTED)
@pytest.mark.parametrize("by", ["cookie", "token"])
def test_a_tile_is_packed_as_the_client_takes_it(streets: Door, here: str, accepted: str, by: str) -> None:
    plain = streets.ask(here, by=by)
    assert plain["content-encoding"] == ""
    reply = streets.ask(here, by=by, Accept_Encoding=accepted)
    assert reply["content-encoding"] == ACCEPTED[accepted]
    assert reply.plain == plain.body
    assert reply["content-length"] == str(len(reply.body))
    assert (reply["etag"] == plain["etag"]) == (reply["content-encoding"] == "")
    assert len(reply.body) < len(plain.body) or not reply["content-encoding"]


def test_what_is_packed_is_what_the_names_say(streets: Door, here: str) -> None:
    plain = streets.ask(here).body
    assert brotli.decompress(streets.ask(here, Accept_Encoding="br").body) == plain
    assert gzip.decompress(streets.ask(here, Accept_Encoding="gzip").body) == plain


# Still good ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("by", ["cookie", "token"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', '{}, W/"other"', "  {}  "])
def test_a_copy_that_is_still_good_is_not_sent_again(streets: Door, here: str, method: str, by: str, form: str) -> None:
    for address in (here, path_of(SEA)):
        first = streets.ask(address, by=by, Accept_Encoding="br")
        again = streets.ask(
            address, method=method, by=by, Accept_Encoding="br", If_None_Match=form.format(first["etag"])
        )
        assert (again.status, again.body) == (304, b"")
        assert [again[name] for name in KEPT] == [first[name] for name in KEPT]
        assert not {"content-type", "content-length", "content-encoding"} & {name for name, _ in again.headers}


@pytest.mark.parametrize("other", ['"other"', "other", "", 'W/""', "{}x"])
def test_another_copy_is_replaced(streets: Door, here: str, other: str) -> None:
    first = streets.ask(here)
    bare = first["etag"].strip('"')
    assert streets.ask(here, If_None_Match=other.format(bare)).status == 200


@pytest.mark.parametrize("by", ["cookie", "token"])
def test_head_says_what_get_says_and_sends_nothing(streets: Door, here: str, by: str) -> None:
    for address in (here, path_of(SEA), path_of(Tile(17, 0, 0))):
        get, head = (streets.ask(address, method=method, by=by, Accept_Encoding="br") for method in ("GET", "HEAD"))
        assert head.body == b""
        assert head.status == get.status
        assert dict(head.headers) == dict(get.headers)


@pytest.mark.parametrize("by", ["cookie", "token"])
def test_where_nothing_is_there_is_no_content(streets: Door, by: str) -> None:
    for layers, tile in ((EVERYTHING, SEA), ("assignments,stairwells,buildings", Tile(5, 26, 13))):
        reply = streets.ask(path_of(tile, layers), by=by, Accept_Encoding="br")
        assert (reply.status, reply.body) == (204, b"")
        assert reply["etag"]
        assert not {"content-type", "content-length", "content-encoding"} & {name for name, _ in reply.headers}


# Who, when, how ------------------------------------------------------------------------------------------------------

SAME = {frozenset({"chief", "english_chief"}), frozenset({"chief", "leaving"}), frozenset({"english_chief", "leaving"})}
"""Accounts that see the same: tiles carry codes, so the language makes no other tile."""


def test_who_sees_something_else_has_another_etag(streets: Door, here: str) -> None:
    replies = {who: streets.ask(here, who) for who in ACCOUNTS}
    for one, other in combinations(ACCOUNTS, 2):
        is_same = replies[one]["etag"] == replies[other]["etag"]
        assert is_same == ({one, other} in SAME), (one, other)
        assert not is_same or replies[one].body == replies[other].body


def test_a_copy_of_somebody_else_is_never_still_good(streets: Door, here: str) -> None:
    etags = {who: streets.ask(here, who)["etag"] for who in ACCOUNTS}
    for who in ACCOUNTS:
        theirs = ", ".join(etag for other, etag in etags.items() if etag != etags[who])
        for by in ("cookie", "token"):
            assert streets.ask(here, who, by=by, If_None_Match=theirs).status != 304


def test_the_day_the_layers_and_the_packing_make_another_etag(streets: Door) -> None:
    tile = Tile(14, 13357, 7137)
    asked = [
        path_of(tile),
        path_of(tile, as_of="2026-03-15"),
        path_of(tile, as_of="2025-01-01"),
        path_of(tile, "buildings"),
        path_of(tile, "grids"),
    ]
    etags = [streets.ask(path, Accept_Encoding=coding)["etag"] for path in asked for coding in ("", "br", "gzip")]
    assert len(set(etags)) == len(etags)


def test_the_same_question_in_other_words_has_the_same_etag(streets: Door) -> None:
    tile = Tile(14, 13357, 7137)
    plain = streets.ask(path_of(tile, "grids,buildings"))
    for path in (
        path_of(tile, "buildings,grids"),
        path_of(tile, "grids,buildings,grids"),
        path_of(tile, "grids,buildings", as_of="2026-03-16"),
        path_of(tile, "grids,buildings", seen="0"),
        path_of(tile, "grids,buildings", other="word"),
    ):
        reply = streets.ask(path)
        assert (reply["etag"], reply.body) == (plain["etag"], plain.body), path


# What cannot be answered ---------------------------------------------------------------------------------------------

NOT_THERE = [
    path_of(Tile(17, 0, 0)),
    path_of(Tile(99, 0, 0)),
    path_of(Tile(0, 1, 0)),
    path_of(Tile(0, 0, 1)),
    path_of(Tile(16, 65536, 0)),
    path_of(Tile(16, 0, 65536)),
    path_of(Tile(14, 999999, 0)),
    path_of(Tile(14, 10**30, 0)),
    "/tiles/-1/0/0.mvt?layers=grids",
    "/tiles/14/-1/0.mvt?layers=grids",
    "/tiles/14/1.5/0.mvt?layers=grids",
    "/tiles/14/0/0.pbf?layers=grids",
    "/tiles/14/0/0.mvt%0A?layers=grids",
    path_of(Tile(14, 0, 0), "nothing"),
    path_of(Tile(14, 0, 0), "buildings,nothing"),
    path_of(Tile(14, 0, 0), "buildings,"),
    path_of(Tile(14, 0, 0), "Buildings"),
]
NOT_UNDERSTOOD = [
    "/tiles/14/0/0.mvt",
    "/tiles/14/0/0.mvt?layers=",
    *(
        path_of(Tile(14, 0, 0), "grids", as_of=word)
        for word in ("yesterday", "2026-02-30", "2026-13-01", "2026-03-16T09:00", "0", "-1", "10000-01-01", "\u0662")
    ),
]


@pytest.mark.parametrize("by", ["cookie", "token"])
@pytest.mark.parametrize(
    ("path", "status"), [*((path, 404) for path in NOT_THERE), *((path, 400) for path in NOT_UNDERSTOOD)]
)
def test_what_cannot_be_answered_is_said_in_one_shape(streets: Door, path: str, status: int, by: str) -> None:
    reply = streets.ask(path, by=by)
    assert reply.status == status
    said = json.loads(reply.body)
    assert set(said) >= {"code", "description"}
    assert said["description"]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "20260316", "2026-W12-1"])
def test_a_day_may_be_far_away_or_written_otherwise(streets: Door, here: str, day: str) -> None:
    reply = streets.ask(f"{here}&as_of={day}")
    assert reply.status == 200
    assert ("grids" in reply.layers) == (day != "0001-01-01")


@pytest.mark.parametrize("who", [None, "nobody"])
@pytest.mark.parametrize("by", ["cookie", "token"])
@pytest.mark.parametrize("path", [path_of(HERE), path_of(SEA), path_of(Tile(17, 0, 0)), *NOT_UNDERSTOOD[:1]])
def test_who_is_not_signed_in_is_told_so_whatever_is_asked(streets: Door, who: str | None, by: str, path: str) -> None:
    reply = streets.ask(path, who, by=by)
    assert reply.status == 401
    assert json.loads(reply.body)["code"] == "sign_in_needed"
    assert not reply["etag"]


@pytest.mark.parametrize("by", ["cookie", "token"])
def test_a_database_that_is_away_is_said_to_be(streets: Door, by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> bytes:
        raise psycopg.OperationalError("the server has gone")

    monkeypatch.setattr(TileService, "_make", away)
    unseen = path_of(HERE, as_of="2026-01-07" if by == "cookie" else "2026-01-08")
    reply = streets.ask(unseen, by=by)
    assert reply.status == 503
    assert reply["retry-after"]
    assert json.loads(reply.body)["code"] == "database"
    monkeypatch.undo()
    assert streets.ask(unseen, by=by).status == 200
