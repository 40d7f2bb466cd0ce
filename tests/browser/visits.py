"""Somebody at the real application: served for one test file, signed in as a demo account, on a phone or at a desk."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import make_server

from tests.browser.page_pictures import sign_in
from tests.browser.windows import DESKTOP, PHONE, Seen


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The address of a running server of that application."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Visitor:
    """A signed-in account with a browser of its own; `seen` is what its pages complained about.

    `keeps_pages`: whether its service worker works; what that has kept could not be withheld from a page.
    """

    browser: Browser
    url: str
    account: str
    on_phone: bool = False
    keeps_pages: bool = True
    seen: Seen = field(init=False)
    page: Page = field(init=False)
    context: BrowserContext = field(init=False)

    def __post_init__(self) -> None:
        size = PHONE if self.on_phone else DESKTOP
        self.context = self.browser.new_context(
            viewport=size,  # type: ignore[arg-type]  # a TypedDict of the same keys
            has_touch=self.on_phone,
            is_mobile=self.on_phone,
            locale="zh-CN",
            reduced_motion="reduce",
            accept_downloads=True,
            service_workers="allow" if self.keeps_pages else "block",
        )
        self.page = self.context.new_page()
        self.seen = Seen(self.url.removeprefix("http://"))
        self.seen.watch(self.page)
        sign_in(self.page, self.url, self.account)

    def go(self, path: str) -> Page:
        """Open a page of the application."""
        self.page.goto(self.url + path)
        return self.page

    def go_to_map(self, path: str = "/map") -> Page:
        """Open the map and wait until it is drawn."""
        self.go(path)
        self.page.wait_for_selector("html[data-map=idle]", state="attached", timeout=30_000)
        return self.page

    def leave(self) -> None:
        """Close the browser; whatever a page complained about fails the test."""
        self.context.close()
        # whose worker is shut out is told so by the one who shuts it out
        blocked = "Service Worker registration blocked"
        errors = [error for error in self.seen.errors if self.keeps_pages or blocked not in error]
        assert errors == [], errors
        assert self.seen.foreign == []
