"""What is answered before Flask is answered as Flask would: the same status, headers and bytes to any request."""

import io
import re
import sys
from collections import Counter
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.api.tiles import TilesFirst
from gridmap.layers import BY_NAME
from tests.tiles.door import Door, Reply

NUMBERS = ["0", "1", "14", "16", "17", "00", "016", "13353", "65536", "-1", "1.0", "\u0663", "\u00b2", "", "9" * 9]
PLACES = [("16", "53413", "28562"), ("14", "13353", "7140"), ("12", "3338", "1785"), ("0", "0", "0"), ("16", "0", "0")]
ENDINGS = [".mvt", ".mvt", ".mvt", ".mvt", ".mvt\n", ".MVT", ".mvt/", ".pbf", "", ".mvtx", "%2emvt"]
STARTS = ["/tiles/", "/tiles/", "/tiles/", "/tiles/", "//tiles/", "/Tiles/", "/tiles//", "tiles/", "/x/tiles/"]
WORDS = [
    *("nothing", "buildings,grids", "grids,buildings", "buildings,,grids", "Buildings", "%62uildings", "buildings%00"),
    *("buildings%ff", "build+ings", " ", "", "stairwells,assignments", "%E7%BD%91", "grids;roads", *sorted(BY_NAME)),
]
DAYS = ["2026-03-16", "20260101", "2026-02-30", "yesterday", "", "%20", "2026-W12-1", "0001-01-01", "\u0662"]
SEEN = ["0", "1", "7", "9" * 15, "9" * 5000, "%C2%B2", "x", "", "-1"]
QUERIES = st.lists(
    st.one_of(
        st.tuples(st.just("layers"), st.sampled_from(WORDS)),
        st.tuples(st.just("layers"), st.lists(st.sampled_from(sorted(BY_NAME)), min_size=1).map(",".join)),
        st.tuples(st.just("as_of"), st.sampled_from(DAYS)),
        st.tuples(st.just("seen"), st.sampled_from(SEEN)),
        st.tuples(st.sampled_from(["Layers", "f", "lang", ""]), st.sampled_from(["json", "en", "zh", ""])),
    ),
    max_size=4,
)
COOKIES = [
    *("{name}={chief}", "{name}={worker}", "{name}={planner}", "gridmap_lang=en; {name}={boss}", "{name}={nobody}", ""),
    *(
        "{name}=",
        "{name}={chief}; {name}={worker}",
        "{name}={nobody}; {name}={chief}",
        "{name}={chief}; {name}={nobody}",
    ),
    *('{name}="{chief}"', "{name} = {chief} ", "x{name}={chief}", "{name}x={chief}", "a,b=1; {name}={chief}"),
    *("expires=1; {name}={chief}", 'j={{"a":1}}; {name}={chief}', "\u00e9=\u00e9; {name}={chief}"),
    *('{name}="\\001{chief}"', "; ;{name}={chief};", "{name}", "{chief}"),
]
PROOFS = [
    "",
    "Bearer {chief}",
    "Bearer {worker}",
    "Bearer {nobody}",
    "Basic eDpzZWNyZXQtb2YtY2hpZWY=",
    "Basic ???",
    "x",
]
TAKES = ["", "br", "gzip", "gzip, br", "br;q=0", "br;q=0, gzip;q=0.1", "*", "identity", "BR", "vibrant", "br;q=x", ",,"]
COPIES = ["", "{etag}", "W/{etag}", '"x", {etag}', "*", '"x"', "x", "{etag}{etag}", ","]
METHODS = ["GET", "GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "PUT", "get"]
ACCEPTS = ["", "*/*", "text/html", "application/json"]
NONCE = re.compile(rb"nonce[-=][\w\"-]+")


@st.composite
def paths(draw: st.DrawFn) -> str:
    some = st.sampled_from(PLACES)
    numbers = draw(st.one_of(some, some, some, st.tuples(*[st.sampled_from(NUMBERS)] * 3)))
    return draw(st.sampled_from(STARTS)) + "/".join(numbers) + draw(st.sampled_from(ENDINGS))


@st.composite
def queries(draw: st.DrawFn) -> str:
    joint = draw(st.sampled_from(["&", "&", "&", "&&", ";"]))
    return joint.join(f"{name}={value}" for name, value in draw(QUERIES))


GOOD = {"PATH_INFO": "/tiles/16/53413/28562.mvt", "QUERY_STRING": "layers=buildings,grids", "HTTP_COOKIE": COOKIES[0]}
VARIABLES = {
    "REQUEST_METHOD": st.sampled_from(METHODS),
    "PATH_INFO": paths(),
    "QUERY_STRING": queries(),
    "HTTP_COOKIE": st.sampled_from(COOKIES),
    "HTTP_AUTHORIZATION": st.sampled_from(PROOFS),
    "HTTP_ACCEPT_ENCODING": st.sampled_from(TAKES),
    "HTTP_IF_NONE_MATCH": st.sampled_from(COPIES),
    "HTTP_ACCEPT": st.sampled_from(ACCEPTS),
}


@st.composite
def requests(draw: st.DrawFn) -> dict[str, str]:
    """A good request, or one that differs from it in some of what a server hands on."""
    changed = draw(st.lists(st.sampled_from(sorted(VARIABLES)), max_size=4, unique=True))
    request = GOOD | {name: draw(VARIABLES[name]) for name in changed}
    return {name: value.encode().decode("latin-1") for name, value in request.items()}


SECRETS = {who: f"secret-of-{who}" for who in ("chief", "worker", "planner", "boss", "nobody")}


def environ_of(request: dict[str, str], door: Door, etag: str = "") -> dict[str, Any]:
    """The variables as a server sends them."""
    filled = dict(request)
    if "HTTP_COOKIE" in filled:
        filled["HTTP_COOKIE"] = filled["HTTP_COOKIE"].format(name=door.cookie, **SECRETS)
    if "HTTP_AUTHORIZATION" in filled:
        filled["HTTP_AUTHORIZATION"] = filled["HTTP_AUTHORIZATION"].format(**SECRETS)
    if "HTTP_IF_NONE_MATCH" in filled:
        filled["HTTP_IF_NONE_MATCH"] = filled["HTTP_IF_NONE_MATCH"].replace("{etag}", etag or '"none"')
    return {
        "REQUEST_METHOD": "GET",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SCRIPT_NAME": "",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        **filled,
    }


def told(reply: Reply) -> tuple[bytes, bytes]:
    """What a reply says, without the number that a page and its policy carry once; packed, it moves the length."""
    is_packed_page = bool(reply["content-encoding"]) and reply["content-type"].startswith("text/html")
    headers = sorted(one for one in reply.headers if not (is_packed_page and one[0] == "content-length"))
    return NONCE.sub(b"", repr(headers).encode()), NONCE.sub(b"", reply.plain if reply.body else b"")


def compare(request: dict[str, str], door: Door) -> int:
    """Send it both ways; gives the status. The ETag of a request is that which its answer has had before."""
    unasked = {name: value for name, value in request.items() if name != "HTTP_IF_NONE_MATCH"}
    etag = door.send(environ_of(unasked, door), flask_alone=True)["etag"]
    environ = environ_of(request, door, etag)
    before, alone = door.send(environ), door.send(environ, flask_alone=True)
    assert before.status == alone.status
    assert told(before) == told(alone)
    return before.status


TRICKY = [
    {},
    {"HTTP_IF_NONE_MATCH": "{etag}"},
    {"HTTP_IF_NONE_MATCH": "*"},
    {"PATH_INFO": "/tiles/16/0/0.mvt"},
    {"PATH_INFO": "/tiles/16/0/0.mvt", "HTTP_IF_NONE_MATCH": "{etag}"},
    {"PATH_INFO": "/tiles/16/53413/28562.mvt\n"},
    {"QUERY_STRING": "layers=buildings&layers=grids"},
    {"QUERY_STRING": "layers=buildings&as_of=&as_of=2026-01-01"},
    {"QUERY_STRING": "layers=&layers=grids"},
    {"QUERY_STRING": "layers=buildings&seen=%C2%B2"},
    {"HTTP_COOKIE": "{name}={chief}; {name}={worker}"},
    {"HTTP_COOKIE": "{name}={nobody}; {name}={chief}"},
    {"HTTP_COOKIE": "a,b=1; {name}={chief}"},
    {"HTTP_ACCEPT_ENCODING": "gzip, br;q=0"},
]


@pytest.mark.parametrize("request_", TRICKY, ids=str)
def test_what_is_tricky_is_answered_alike(streets: Door, safe_streets: Door, request_: dict[str, str]) -> None:
    assert {compare(GOOD | request_, door) for door in (streets, safe_streets)} <= {200, 204, 304, 400, 401, 404}


def test_anything_is_answered_alike(streets: Door, safe_streets: Door) -> None:
    statuses: Counter[int] = Counter()

    @settings(max_examples=200, deadline=None)
    @given(request=requests(), is_safe=st.booleans())
    def one(request: dict[str, str], is_safe: bool) -> None:
        statuses[compare(request, safe_streets if is_safe else streets)] += 1

    one()
    assert {200, 304, 400, 401, 404} <= set(statuses)
    assert max(statuses) < 500


@pytest.mark.parametrize("door", ["streets", "safe_streets"])
def test_a_good_tile_never_enters_flask(request: pytest.FixtureRequest, door: str) -> None:
    opened: Door = request.getfixturevalue(door)
    first: Any = opened.app.wsgi_app
    assert isinstance(first, TilesFirst)
    with patch.object(first, "app", side_effect=AssertionError("Flask was entered")):
        for more, status in (({}, 200), ({"PATH_INFO": "/tiles/16/0/0.mvt"}, 204)):
            reply = opened.send(environ_of(GOOD | more, opened))
            assert reply.status == status
            again = environ_of(GOOD | more | {"HTTP_IF_NONE_MATCH": "{etag}"}, opened, reply["etag"])
            assert opened.send(again).status == 304
        for other in ("REQUEST_METHOD", "HTTP_COOKIE", "QUERY_STRING"):
            with pytest.raises(AssertionError, match="Flask was entered"):
                opened.send(environ_of(GOOD | {other: ""}, opened))
