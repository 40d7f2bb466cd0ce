"""A phone on a bad line to the served demo: requests that are lost, late, doubled, or answered by somebody else."""

import io
import random
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.visits import Visitor, served
from tests.checks import Slots, answers_to
from tests.conftest import Base

NETWORK_IS_GONE = re.compile(r"Failed to load resource|net::ERR_|error occurred when fetching the script")
"""What Chromium itself says of a server that is away; the last of the service worker's own script."""
RESUMES = 10_000
"""ms within which sending goes on once the network is back."""
SENT_TO = ("/api/answers", "/api/incidents", "/api/parking")
PHOTOS = ("/api/answers/photo", "/api/incidents/photo")
FAULTS = ("lost on the way", "answer lost", "tired", "late", "twice", "delayed", "a stranger answers")
PORTAL = b"<!doctype html><title>Hotel</title>Please sign in to use the network."


@dataclass
class Line:
    """The line between phone and server: `is_dead` lets nothing through, `chance` makes it bad.

    `dies_after_commit`: the next answer is written, and the server dies before it can say so. `is_strange`: whatever
    is asked, somebody else answers 200. `holds`: requests hang until it is set.
    """

    app: Any
    is_dead: bool = False
    dies_after_commit: bool = False
    is_strange: bool = False
    refuses_photos: bool = False
    holds: threading.Event | None = None
    chance: random.Random | None = None
    faults: dict[str, int] = field(default_factory=dict)
    late: list[threading.Thread] = field(default_factory=list)
    photos: list[bytes] = field(default_factory=list)
    """What came as photos, as it came."""

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        is_ours = environ["PATH_INFO"].startswith("/api/")
        if self.is_dead or (self.refuses_photos and environ["PATH_INFO"] in PHOTOS):
            return self._drop(environ)
        if self.holds is not None and is_ours:
            self.holds.wait(60)
            return self._drop(environ)
        if self.is_strange and is_ours:
            return self._stranger(environ, start)
        if not environ["PATH_INFO"].startswith(SENT_TO) or environ["REQUEST_METHOD"] != "POST":
            return self.app(environ, start)
        return self._bad(environ, start)

    def heal(self) -> None:
        """A good line from now on; what was under way arrives first."""
        self.is_dead = self.dies_after_commit = self.is_strange = self.refuses_photos = False
        self.chance = None
        if self.holds is not None:
            self.holds.set()
        self.holds = None
        self.arrive()

    def arrive(self) -> None:
        """Wait for everything that was delayed on the way."""
        while self.late:
            self.late.pop().join()

    def _bad(self, environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        fault, letter = self._fault(), self._copied(environ)
        if environ["PATH_INFO"] in PHOTOS:
            self.photos.append(letter["wsgi.input"].getvalue())
        if fault == "lost on the way":
            return self._drop(environ)
        if fault == "a stranger answers":
            return self._stranger(environ, start)
        if fault == "tired":
            start("503 Service Unavailable", [("Content-Type", "text/plain")])
            return [b""]
        if fault == "late":
            time.sleep(0.03)
        if fault == "delayed":
            self.late.append(threading.Thread(target=self._deliver, args=(letter, 0.4)))
            self.late[-1].start()
            return self._drop(environ)
        if fault == "twice":
            self._deliver(letter, 0)
        answer = self.app(environ, start)
        if fault == "answer lost":
            assert b"".join(answer)
            self.is_dead = self.is_dead or self.dies_after_commit
            return self._drop(environ)
        return answer

    def _fault(self) -> str:
        if self.dies_after_commit:
            return "answer lost"
        if self.chance is None:
            return ""
        fault = self.chance.choice((*FAULTS, *("",) * 8))
        self.faults[fault] = self.faults.get(fault, 0) + 1
        return fault

    def _copied(self, environ: dict[str, Any]) -> dict[str, Any]:
        """The request with a body of its own; the first one's body can be read again, too."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        return environ | {"wsgi.input": io.BytesIO(body)}

    def _deliver(self, environ: dict[str, Any], after: float) -> None:
        time.sleep(after)
        b"".join(self.app(environ, lambda *_: None))

    @staticmethod
    def _stranger(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start("200 OK", [("Content-Type", "text/html")])
        return [PORTAL]

    @staticmethod
    def _drop(environ: dict[str, Any]) -> list[bytes]:
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        raise ConnectionResetError


@dataclass(frozen=True)
class Town:
    """The served demo, its line, and the manager's slots."""

    url: str
    line: Line
    base: Base
    slots: list[int]

    def answers(self) -> list[dict[str, Any]]:
        """What the database holds of what phones have sent."""
        return answers_to(self.base, self.slots)


@contextmanager
def on_a_line(app: Flask) -> Iterator[tuple[str, Line]]:
    """The address of that application behind a line."""
    line = Line(app.wsgi_app)
    app.wsgi_app = line  # type: ignore[method-assign]  # Flask's own way to wrap itself
    with served(app) as url:
        yield url, line
        line.heal()


@contextmanager
def in_town(base: Base, url: str, line: Line) -> Iterator[Town]:
    """The manager's checks open, the line good; good again afterwards."""
    yield Town(url, line, base, Slots(base).reopen())
    line.heal()


def leave(somebody: Visitor) -> None:
    """Close the browser; that the server was away is no fault of the pages."""
    somebody.seen.errors = [error for error in somebody.seen.errors if not NETWORK_IS_GONE.search(error)]
    somebody.leave()


def until(page: Page, is_so: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something is so; the page lives on meanwhile."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it never came to be so"
        page.wait_for_timeout(50)


def keeps_pages(page: Page, least: int = 2) -> None:
    """Wait until the phone has a copy of the page and of its files."""
    until(page, lambda: page.evaluate(COPIES, least))


COPIES = """async (least) => {
  const [pages, files] = await Promise.all(["gridmap-pages", "gridmap-files"].map((name) => caches.open(name)));
  return (await pages.keys()).length >= least && (await files.keys()).length >= 3;
}"""


def fine(page: Page) -> Any:
    """The buttons "no problem" of the checks that are open."""
    return page.locator(".check[data-is=open] .answer-fine")


def arrived(page: Page) -> None:
    """Everything has reached the server, and the page says so."""
    # before anything is in the outbox the panel is hidden and has nothing to send either
    expect(page.locator("[data-outbox-panel]")).to_be_visible()
    expect(page.locator("[data-outbox-panel]")).to_have_attribute("data-state", "sent", timeout=RESUMES)
    expect(page.locator("[data-outbox]")).to_be_hidden()
