"""A headless Chromium that reaches no host but the server, and what it tells about a page."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, CDPSession, ConsoleMessage, Page, Request, sync_playwright

from gridmap.bench.server import BenchProblem

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
PROGRAMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
MISSING = (
    "Pages are measured in Chromium, and there is none. On Debian: apt-get install --no-install-recommends chromium"
)


@dataclass(frozen=True, kw_only=True)
class Device:
    """What a page is looked at with. Rates in bytes a second; None: as fast as the machine is."""

    width: int
    height: int
    is_phone: bool = False
    slower: int = 1
    """The processor, so many times slower."""
    rate: int | None = None
    latency_ms: int = 0


DESK = Device(width=1440, height=900)
PHONE = Device(width=390, height=844, is_phone=True, slower=4, rate=400_000 // 8, latency_ms=100)


@dataclass
class Heard:
    """What a page asked for, and what the browser complained about."""

    host: str
    asked: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    received: int = 0

    def request(self, request: Request) -> None:
        """Note a request, and whether it leaves the server."""
        parts = urlsplit(request.url)
        if parts.scheme not in {"http", "https"}:
            return
        self.asked.append(request.url)
        if parts.netloc != self.host:
            self.foreign.append(request.url)

    def said(self, message: ConsoleMessage) -> None:
        """Note what breaks the policy of the page."""
        if "Content Security Policy" in message.text:
            self.violations.append(message.text)

    def finished(self, event: dict[str, Any]) -> None:
        """Count what came through the line, headers and all."""
        self.received += int(event["encodedDataLength"])


@dataclass(frozen=True)
class Visit:
    """A page that is open in a browser of its own, with nothing kept from before."""

    page: Page
    heard: Heard
    cdp: CDPSession

    def heap_bytes(self) -> int:
        """What the page's scripts hold after the garbage is gone."""
        self.cdp.send("HeapProfiler.enable")
        self.cdp.send("HeapProfiler.collectGarbage")
        return int(self.cdp.send("Runtime.getHeapUsage")["usedSize"])


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium without a window. Raises BenchProblem where there is none."""
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        raise BenchProblem(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


def context_for(browser: Browser, device: Device, url: str, cookie: str) -> BrowserContext:
    """A window of the device, signed in, with an empty cache."""
    context = browser.new_context(
        viewport={"width": device.width, "height": device.height},
        is_mobile=device.is_phone,
        has_touch=device.is_phone,
        locale="zh-CN",
    )
    name, _, value = cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": url}])
    return context


def visit(context: BrowserContext, device: Device, url: str) -> Visit:
    """A new page, slowed down to the device, that listens from its first request on."""
    page = context.new_page()
    heard = Heard(urlsplit(url).netloc)
    page.on("request", heard.request)
    page.on("console", heard.said)
    cdp = context.new_cdp_session(page)
    cdp.send("Network.enable")
    cdp.on("Network.loadingFinished", heard.finished)
    if device.slower > 1:
        cdp.send("Emulation.setCPUThrottlingRate", {"rate": device.slower})
    if device.rate is not None:
        limits = {"latency": device.latency_ms, "downloadThroughput": device.rate, "uploadThroughput": device.rate}
        cdp.send("Network.emulateNetworkConditions", {"offline": False, **limits})
    return Visit(page, heard, cdp)
