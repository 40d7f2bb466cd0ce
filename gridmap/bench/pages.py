"""How fast and how light the pages are: the street map at a desk, the daily pages on a slow phone.

Every run opens a browser with an empty cache against a server whose tiles are warm.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import pairwise
from urllib.parse import urlsplit

from playwright.sync_api import Browser

from gridmap.bench.browser import DESK, PHONE, Device, Visit, context_for, visit
from gridmap.bench.figures import Figure
from gridmap.bench.http import Line
from gridmap.bench.server import BenchProblem, Running
from gridmap.db import Database
from gridmap.scope import Viewer

HTML_BYTES, HEAP_BYTES, PHONE_BYTES = 60_000, 20_000_000, 200_000
INTERACTIVE_MS, FRAME_MS, CONTENT_MS = 1_000, 33, 3_000
WARMINGS = 8
"""So often each tile is asked for before it counts as warm: every worker remembers its own."""
PATIENCE_MS = 60_000
STREET_MAP = "street map"
NEAR = 17
"""Zoom at which houses have numbers."""

BUILDING = "SELECT id FROM gridmap.place WHERE kind = 'building' ORDER BY id LIMIT 1"
DRAWN = "html[data-map=idle]"

# notes when what each selector names was first painted, in ms since the navigation began
WATCH = """
{
  const wanted = %s;
  const found = {};
  let done;
  window.benchSeen = new Promise((resolve) => { done = resolve; });
  const look = () => {
    for (const [name, selector] of Object.entries(wanted)) {
      const element = name in found ? null : document.querySelector(selector);
      if (!element || !(element === document.documentElement || element.getClientRects().length)) continue;
      found[name] = 0;
      requestAnimationFrame(() => setTimeout(() => { found[name] = performance.now(); }));
    }
    if (Object.keys(wanted).every((name) => found[name])) done(found);
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
"""
RECORD = """() => {
  window.benchFrames = [];
  const note = (at) => { window.benchFrames.push(at); requestAnimationFrame(note); };
  requestAnimationFrame(note);
}"""
DRAGS = ((-10, 0), (0, -8), (10, 0), (0, 8))
"""Pixels a step; four drags come back to where they began."""
STEPS = 60


@dataclass(frozen=True, kw_only=True)
class PageOf:
    """One page of the phone: its title, who opens it, what is useful on it."""

    title: str
    account: str
    path: str
    content: str
    is_map: bool = False


def phone_pages(database: Database, viewers: Mapping[str, Viewer]) -> list[PageOf]:
    """What these accounts open every day. Raises BenchProblem for one who sees no building."""
    found = []
    for account, viewer in viewers.items():
        with database.transaction(viewer.prologue) as connection:
            row = connection.execute(BUILDING).fetchone()
        if row is None:
            raise BenchProblem(f"{account} sees no building to open; take another account")
        found += [
            PageOf(title=f"my places, {account}", account=account, path="/my", content=".my-building, .my-held"),
            PageOf(title=f"list, {account}", account=account, path="/list", content="#main tbody tr, #main .place"),
            PageOf(title=f"building, {account}", account=account, path=f"/places/{row['id']}", content="#main .people"),
            PageOf(title=f"map, {account}", account=account, path="/map", content="#overview .facts", is_map=True),
        ]
    return found


@dataclass
class Found:
    """Values by page and what was measured, in the order of the first run."""

    values: dict[tuple[str, str, str, float | None], list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, page: str, what: str, unit: str, value: float, bar: float | None = None) -> None:
        """One value of one run."""
        self.values[page, what, unit, bar].append(value)

    def figures(self) -> list[Figure]:
        """All of it."""
        return [
            Figure(page=page, what=what, unit=unit, values=tuple(values), bar=bar)
            for (page, what, unit, bar), values in self.values.items()
        ]


@dataclass(frozen=True, kw_only=True)
class PageBench:
    """One run of all pages in one browser against one server; `cookies` by account."""

    server: Running
    browser: Browser
    cookies: dict[str, str]
    say: Callable[[str], None]
    found: Found = field(default_factory=Found)

    @property
    def url(self) -> str:
        """Where the server is."""
        return f"http://{self.server.target.host}:{self.server.target.port}"

    def run(self, desk: str, phone: Sequence[PageOf], runs: int, only: str = "") -> list[Figure]:
        """Measure the street map of the account `desk` and these pages of the phone, so many times each.

        `only`: those whose title holds these words.
        """
        if only in STREET_MAP:
            self._at_desk(desk, runs)
        for one in phone:
            if only not in one.title:
                continue
            if one.is_map:
                self._warm(one.account, one.path, PHONE)
            for number in range(runs):
                self.say(f"{one.title}, run {number + 1} of {runs}")
                self._on_phone(one)
        return self.found.figures()

    # At a desk -----------------------------------------------------------------------------------------------------

    def _at_desk(self, desk: str, runs: int) -> None:
        middle = self._warm(desk)
        near = f"/map#{NEAR}/{middle}"
        self._warm(desk, near)
        for number in range(runs):
            self.say(f"{STREET_MAP}, run {number + 1} of {runs}")
            self._street_map(desk, STREET_MAP, "/map")
            self._street_map(desk, f"{STREET_MAP}, houses (zoom {NEAR})", near)

    def _street_map(self, account: str, title: str, path: str) -> None:
        with closing(context_for(self.browser, DESK, self.url, self.cookies[account])) as context:
            seen, at_once = self._open_map(visit(context, DESK, self.url), path)
            add = self.found.add
            add(title, "HTML", "bytes", at_once, HTML_BYTES)
            add(title, "interactive, first visit", "ms", _idle(seen), INTERACTIVE_MS)
            add(title, "received, first visit", "bytes", seen.heard.received)
            add(title, "requests, first visit", "", len(seen.heard.asked))
            again, _ = self._open_map(visit(context, DESK, self.url), path)
            add(title, "interactive, again", "ms", _idle(again), INTERACTIVE_MS)
            again.page.close()
            add(title, "pan frame, p95", "ms", pan(seen), FRAME_MS)
            add(title, "JS heap after panning", "bytes", seen.heap_bytes(), HEAP_BYTES)
            add(title, "requests to other hosts", "", len(seen.heard.foreign), 0)
            add(title, "CSP violations", "", len(seen.heard.violations), 0)

    def _open_map(self, seen: Visit, path: str) -> tuple[Visit, int]:
        answer = seen.page.goto(self.url + path)
        seen.page.wait_for_selector(DRAWN, state="attached", timeout=PATIENCE_MS)
        seen.page.wait_for_load_state("networkidle")
        return seen, len(answer.body()) if answer else 0

    # On a phone ----------------------------------------------------------------------------------------------------

    def _on_phone(self, one: PageOf) -> None:
        wanted = {"content": one.content} | ({"drawn": DRAWN} if one.is_map else {})
        with closing(context_for(self.browser, PHONE, self.url, self.cookies[one.account])) as context:
            seen = visit(context, PHONE, self.url)
            seen.page.add_init_script(WATCH % json.dumps(wanted))
            seen.page.goto(self.url + one.path, timeout=PATIENCE_MS)
            times = seen.page.evaluate("() => window.benchSeen")
            seen.page.wait_for_load_state("networkidle", timeout=PATIENCE_MS)
            add = self.found.add
            add(one.title, "first useful content", "ms", times["content"], CONTENT_MS)
            if one.is_map:
                add(one.title, "map drawn", "ms", times["drawn"])
            add(one.title, "received in all", "bytes", seen.heard.received, PHONE_BYTES)
            add(one.title, "requests", "", len(seen.heard.asked))
            add(one.title, "requests to other hosts", "", len(seen.heard.foreign), 0)
            add(one.title, "CSP violations", "", len(seen.heard.violations), 0)

    # Warming -------------------------------------------------------------------------------------------------------

    def _warm(self, account: str, path: str = "/map", device: Device = DESK) -> str:
        """Ask for the tiles of that page until every worker has them; gives the middle of the map, `lat/lon`."""
        self.say(f"warming {path.split('#')[0]}")
        fast = Device(width=device.width, height=device.height, is_phone=device.is_phone)
        with closing(context_for(self.browser, fast, self.url, self.cookies[account])) as context:
            seen, _ = self._open_map(visit(context, fast, self.url), path)
            if device is DESK:
                pan(seen)
            middle = seen.page.evaluate("(() => { const c = gridmap.map.getCenter(); return `${c.lat}/${c.lng}`; })()")
            asked = {url for url in seen.heard.asked if "/tiles/" in url}
        target = replace(self.server.target, cookie=self.cookies[account])
        for url in asked:
            parts = urlsplit(url)
            for _ in range(WARMINGS):
                with closing(Line(target)) as line:
                    line.ask(target.request(f"{parts.path}?{parts.query}"))
        return str(middle)


def pan(seen: Visit) -> float:
    """Drag the map around and back; gives the 95th percentile of the time from frame to frame, in ms."""
    page = seen.page
    page.bring_to_front()
    page.evaluate(RECORD)
    x, y = 900.0, 450.0
    for dx, dy in DRAGS:
        page.mouse.move(x, y)
        page.mouse.down()
        for step in range(STEPS):
            page.mouse.move(x + dx * step, y + dy * step)
        page.mouse.up()
        page.wait_for_timeout(250)
    frames = page.evaluate("window.benchFrames")
    gaps = sorted(later - earlier for earlier, later in pairwise(frames))
    page.wait_for_load_state("networkidle")
    return float(gaps[int(len(gaps) * 0.95)])


def _idle(seen: Visit) -> float:
    """When the map was drawn for the first time, in ms since the navigation began."""
    return float(seen.page.evaluate("performance.getEntriesByName('gridmap:idle')[0].startTime"))
