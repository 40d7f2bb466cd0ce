"""What the addresses of these pages ask for: month, area, kind, management, reason; the same words everywhere."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import abort, request

from gridmap import context
from gridmap.clock import day_bounds
from gridmap.kpi import BY_NAME, Kpi
from gridmap.layers.estates import MANAGEMENTS
from gridmap.layers.gaps import REASONS
from gridmap.periods import month_of
from gridmap.read.coverage import AREAS, Counts, Cut, When, read_all_kinds
from gridmap.scope import Viewer
from gridmap.shares import SHARES, class_of, share, share_words
from gridmap.web.areas import areas_of
from gridmap.web.asked import today
from gridmap.web.blueprint import number, titled, typed
from gridmap.web.remembered import remembered, version_of

FOLLOWS = ("slots", "assignments", "people", "grids", "estates")
"""What every number of these pages is made of."""
BELOW = {None: "street", "street": "community", "community": "grid", "grid": "estate", "estate": None}
"""What the numbers of an area are told by."""
TREND_MONTHS = 12
EARLIEST = date(2015, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What the address asks for."""

    month: date
    cut: Cut
    reason: str | None
    kpi: Kpi
    missing: bool

    @property
    def narrowest(self) -> str | None:
        """The smallest area that it is cut to."""
        chosen = [name for name in AREAS if getattr(self.cut, name) is not None]
        return chosen[-1] if chosen else None

    @property
    def words(self) -> dict[str, Any]:
        """The words of its address; None where one is not said."""
        words = {name: getattr(self.cut, name) for name in (*AREAS, "kind", "management")}
        return words | {"month": f"{self.month:%Y-%m}", "reason": self.reason}

    def address(self, path: str = "/coverage", **changes: Any) -> str:
        """The address of a page with some of the words changed; None leaves a word out."""
        kept = {name: value for name, value in (self.words | changes).items() if value is not None}
        return f"{path}?{urlencode(kept)}"

    def rows_address(self, path: str = "/coverage/rows", **changes: Any) -> str:
        """The same for the rows, with the number that they stand behind."""
        return self.address(path, **({"kpi": self.kpi.name, "missing": 1 if self.missing else 0} | changes))

    @property
    def tile_words(self) -> dict[str, str]:
        """The words that cut the tiles of the map; its date stands in the address of the page."""
        cut = {"kind": self.cut.kind, "management": self.cut.management, "within": self.cut.within}
        return {name: str(value) for name, value in (cut | {"reason": self.reason}).items() if value is not None}

    @property
    def is_cut(self) -> bool:
        """Whether anything but the month is chosen."""
        return bool(self.cut.by) or self.reason is not None

    @property
    def last_day(self) -> date:
        """The day that the map shows: the last of the month, or today while it runs."""
        return min(month_of(self.month).last_day, today())

    @property
    def moment(self) -> datetime:
        """When that day ended: the same instant that the map shows."""
        return day_bounds(self.last_day)[1] - timedelta(seconds=1)

    @property
    def when(self) -> When:
        """When gaps are judged."""
        return When(moment=self.moment, today=self.last_day)

    @property
    def is_running(self) -> bool:
        """Whether the month has not ended yet."""
        return month_of(self.month).end > today()

    @property
    def year(self) -> Cut:
        """The same cut over the twelve months up to this one."""
        return replace(self.cut, start=step(self.cut.start, 1 - TREND_MONTHS))


def asked_question() -> Question:
    """What the address asks for; 400 for words that are none of ours, the running month where none is said."""
    text = typed("month", 7)
    try:
        month = date.fromisoformat(f"{text}-01") if text else today().replace(day=1)
    except ValueError:
        abort(400)
    chosen = {name: number(request.args, name) for name in AREAS}
    kind, management, reason = (typed(name, 40) or None for name in ("kind", "management", "reason"))
    kpi = BY_NAME.get(typed("kpi", 20) or "coverage")
    if kpi is None or (reason and reason not in REASONS) or (management and management not in MANAGEMENTS):
        abort(400)
    if not EARLIEST <= month <= step(today(), TREND_MONTHS) or any(one and one >= 1 << 53 for one in chosen.values()):
        abort(400)
    period = month_of(month)
    cut = Cut(start=period.start, end=period.end, kind=kind, management=management, **chosen)
    return Question(month=month, cut=cut, reason=reason, kpi=kpi, missing=typed("missing", 1) != "0")


def key_of(viewer: Viewer, question: Question, *more: object) -> tuple[Any, ...]:
    """What the numbers of a page hang on."""
    near = None if viewer.reach.is_city else viewer.reach.near
    asked = (question.cut, question.reason, question.last_day)
    return ("coverage", viewer.key, *asked, *more, version_of(FOLLOWS, near))


def told_by(viewer: Viewer, question: Question) -> str | None:
    """By what the numbers are told: the next smaller area, leaving out levels of which only one is seen."""
    level = question.narrowest
    if level is None and len(areas_of(viewer)) <= 1:
        level = "street"
    return BELOW[level]


def months_of(question: Question) -> list[date]:
    """The twelve months up to the one asked for."""
    return [step(question.month, back - TREND_MONTHS + 1) for back in range(TREND_MONTHS)]


def step(month: date, months: int) -> date:
    """The first day of the month so many months on."""
    count = month.year * 12 + month.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


WIDTH, HEIGHT, RIM = 88.0, 22.0, 2.0
"""Of a drawn line, in its own units."""
Trend = Mapping[date, Counts]


def bottom_of(trends: Iterable[Trend]) -> float:
    """The share that lies at the bottom of all lines of a page: the least, down to the next tenth; 0.9 at the most."""
    shares = [counts.satisfied / counts.due for trend in trends for counts in trend.values() if counts.due]
    return min(math.floor(min(shares, default=0.0) * 10) / 10, 0.9)


def sparkline(months: list[date], counts: Trend, bottom: float = 0.0) -> list[str]:
    """The course of a share from `bottom` to all, as the points of polylines, broken where nothing was due."""
    parts: list[list[str]] = [[]]
    for place, month in enumerate(months):
        found = counts.get(month, Counts())
        if not found.due:
            parts.append([])
            continue
        x = RIM + place * (WIDTH - 2 * RIM) / (len(months) - 1)
        y = RIM + (HEIGHT - 2 * RIM) * (1 - found.satisfied / found.due) / (1 - bottom)
        parts[-1].append(f"{x:.1f},{y:.1f}")
    return [" ".join(part) for part in parts if part]


def kind_words(kind: str) -> str:
    """The title of a kind of task in the reader's language; the word itself where no rule has it."""
    viewer = context.viewer()
    near = None if viewer.reach.is_city else viewer.reach.near

    def read() -> dict[str, tuple[str, str]]:
        with context.services().database.transaction(viewer.prologue) as connection:
            return {word: (title, title_en) for word, title, title_en in read_all_kinds(connection, viewer)}

    titles = remembered(("kinds", viewer.key, version_of(("slots",), near)), read)
    return titles.get(kind, (kind, kind))[0 if context.locale().startswith("zh") else 1]


def given() -> dict[str, Any]:
    """What the templates of these pages share."""
    return {
        "share": share,
        "share_words": share_words,
        "class_of": class_of,
        "shares": SHARES,
        "reasons": REASONS,
        "managements": titled({code: style.title for code, style in MANAGEMENTS.items()}),
        "kind_words": kind_words,
        "month_words": lambda month: f"{month:%Y-%m}",
        "in_words": lambda title, title_en: title if context.locale().startswith("zh") else title_en,
    }
