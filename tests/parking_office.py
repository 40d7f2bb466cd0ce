"""The little town of parking served as pages: every account with a token, one clock for pages and commands."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from gridmap.clock import Clock
from gridmap.db import Database
from tests.conftest import Base
from tests.parking_town import KEY, ParkingTown


def move_clock(app: Flask, moment: datetime) -> None:
    """Put the frozen business clock of an application to another moment."""
    services = app.extensions["gridmap"]
    services.sign_ins._clock = Clock(moment)
    app.extensions["gridmap"] = replace(services, clock=Clock(moment))


@dataclass
class Office:
    """The town with its pages."""

    town: ParkingTown
    app: Flask

    def at(self, moment: datetime) -> None:
        """Let it be that moment for everybody."""
        self.town.now = moment
        move_clock(self.app, moment)

    def get(self, who: str, path: str) -> TestResponse:
        """The page as that account gets it."""
        return self.app.test_client().get(path, headers=self._headers(who))

    def post(self, who: str, path: str, **form: Any) -> TestResponse:
        """What that account sends."""
        return self.app.test_client().post(path, data=form, headers=self._headers(who))

    def _headers(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer secret of {who}", "Accept": "text/html, */*;q=0.5"}


@contextmanager
def open_office(
    base: Base, make_app: Callable[[Base], Flask], kind: type[ParkingTown] = ParkingTown
) -> Iterator[Office]:
    """The office over a database that holds the town of that kind."""
    app = make_app(base)
    services = app.extensions["gridmap"]
    folder = services.settings.home / "secrets"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plates").write_bytes(KEY)
    town = kind(Database(base.app_url), base.owner_url)
    for username, account in town.ids.items():
        town.owner.execute(
            "INSERT INTO gridmap.api_token (account_id, token_hash, name, created_at, expires_at)"
            " VALUES (%s, %s, 'test', now(), now() + interval '1 day')",
            (account, hashlib.sha256(f"secret of {username}".encode()).digest()),
        )
    made = Office(town, app)
    made.at(town.now)
    try:
        yield made
    finally:
        town.close()
