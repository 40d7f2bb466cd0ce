"""The two streets served, and requests as a web server hands them on: before Flask, and to Flask alone."""

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import brotli
import psycopg
from flask import Flask
from psycopg.rows import dict_row
from werkzeug.test import EnvironBuilder, run_wsgi_app

from gridmap.accounts.keys import digest
from gridmap.context import Services
from gridmap.db import SYSTEM
from gridmap.read import Tile
from tests.conftest import Base
from tests.fuller_streets import Ids
from tests.mvt import Features, decoded
from tests.outputs import HALF
from tests.two_streets import identity

Grant = tuple[str, str, int | None, int | None]
ACCOUNTS: Mapping[str, tuple[str, tuple[Grant, ...]]] = {
    "chief": ("zh", (("leader", "city", None, None),)),
    "english_chief": ("en", (("leader", "city", None, None),)),
    "city_planner": ("zh", (("planner", "city", None, None),)),
    "boss": ("zh", (("leader", "street", 1, None),)),
    "other_boss": ("zh", (("leader", "street", 2, None),)),
    "head": ("zh", (("leader", "community", 1, identity(1, 2)),)),
    "worker": ("zh", (("worker", "grid", 1, identity(1, 1000)),)),
    "micro_worker": ("zh", (("worker", "grid", 1, identity(1, 1003)),)),
    "planner": ("zh", (("planner", "street", 1, None),)),
    "company": ("zh", (("handler", "estate", 2, identity(2, 1001)),)),
    "several": ("zh", (("leader", "community", 1, identity(1, 1)), ("planner", "street", 2, None))),
    "leaving": ("zh", (("leader", "city", None, None),)),
}
EVERYTHING = "green,water,districts,streets,communities,grids,estates,roads,buildings,stairwells,facilities"


@dataclass(frozen=True)
class Reply:
    """Status, headers (lower case, in order) and body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def __getitem__(self, name: str) -> str:
        return dict(self.headers).get(name, "")

    @property
    def plain(self) -> bytes:
        """The body without its encoding."""
        unpack: dict[str, Callable[[bytes], bytes]] = {"br": brotli.decompress, "gzip": gzip.decompress}
        coding = self["content-encoding"]
        return unpack[coding](self.body) if coding else self.body

    @property
    def layers(self) -> dict[str, Features]:
        """Layer → id → attributes."""
        return decoded(self.plain)


@dataclass(frozen=True)
class Door:
    """An application on the two streets, as one process of the web server is."""

    app: Flask
    base: Base
    ids: Ids

    @property
    def services(self) -> Services:
        found: Services = self.app.extensions["gridmap"]
        return found

    @property
    def cookie(self) -> str:
        return "__Host-gridmap" if self.services.settings.is_secure else "gridmap"

    def owner(self) -> "psycopg.Connection[dict[str, Any]]":
        """The owner of the tables: another process, for all that the application knows."""
        return psycopg.connect(self.base.owner_url, row_factory=dict_row, autocommit=True)

    def send(self, environ: dict[str, Any], *, flask_alone: bool = False) -> Reply:
        """One request through the whole application, or past what stands before Flask."""
        wsgi: Any = self.app.wsgi_app
        body, status, headers = run_wsgi_app(wsgi.app if flask_alone else wsgi, dict(environ), buffered=True)
        named = tuple((name.lower(), value) for name, value in headers)
        return Reply(int(status.split()[0]), named, b"".join(body))

    def ask(
        self, path: str, who: str | None = "chief", *, method: str = "GET", by: str = "cookie", **headers: str
    ) -> Reply:
        """A request of that account."""
        known = {} if who is None else self.proof(who, by)
        sent = known | {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send(EnvironBuilder(path, method=method, headers=list(sent.items())).get_environ())

    def proof(self, who: str, by: str = "cookie") -> dict[str, str]:
        """The header by which an account is known."""
        secret = f"secret-of-{who}"
        return {"Cookie": f"{self.cookie}={secret}"} if by == "cookie" else {"Authorization": f"Bearer {secret}"}


def path_of(tile: Tile, layers: str = EVERYTHING, **more: object) -> str:
    """The address of a tile."""
    words = "".join(f"&{name}={quote(str(value))}" for name, value in more.items())
    return f"/tiles/{tile.z}/{tile.x}/{tile.y}.mvt?layers={layers}{words}"


def tile_at(x: float, y: float, zoom: int) -> Tile:
    """The tile of a point in web mercator."""
    column, row = (int((HALF + value) / (2 * HALF) * 2**zoom) for value in (x, -y))
    return Tile(zoom, column, row)


def add_accounts(owner: "psycopg.Connection[Any]") -> None:
    """Every account with a session and a token, both of the same secret."""
    for username, (locale, grants) in ACCOUNTS.items():
        row = owner.execute(
            "INSERT INTO gridmap.account (username, title, locale) VALUES (%s, %s, %s) RETURNING id",
            (username, username, locale),
        ).fetchone()
        assert row is not None
        (account,) = row.values() if isinstance(row, dict) else row
        for role, level, street, target in grants:
            owner.execute(
                "INSERT INTO gridmap.account_grant (account_id, role, level, street_id, target_id)"
                " VALUES (%s, %s, %s, %s, %s)",
                (account, role, level, street, target),
            )
        for table, label in (("session", "device"), ("api_token", "name")):
            owner.execute(
                f"INSERT INTO gridmap.{table} (account_id, token_hash, {label}, created_at, expires_at)"
                " VALUES (%s, %s, 'test', now(), now() + interval '1 day')",
                (account, digest(f"secret-of-{username}")),
            )


def told(door: Door, street: int, *layers: str, notify: bool = True) -> int:
    """The number of the last of these changes, written by another process; `notify`: it also says so aloud."""
    with psycopg.connect(door.base.app_url) as other:
        other.execute("SELECT set_config('app.scope', %s, true)", (SYSTEM["scope"],))
        row = other.execute(
            "WITH made AS (INSERT INTO gridmap.change (street_id, layer) SELECT %s, unnest(%s::text[]) RETURNING id)"
            " SELECT max(id) FROM made",
            (street, list(layers)),
        ).fetchone()
        if notify:
            other.execute("NOTIFY gridmap_change")
    assert row is not None
    return int(row[0])
