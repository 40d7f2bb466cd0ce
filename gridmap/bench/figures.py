"""Figures of pages with the bars that they must stay below, as values, as a table, as JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

FINE = 50
"""Below so many milliseconds a tenth is worth its digit."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What was measured of one page: a value of each run, and the most, or the least, that it may be.

    Neither: only for reading.
    """

    page: str
    what: str
    unit: str
    values: tuple[float, ...]
    bar: float | None = None
    least: float | None = None

    @property
    def middle(self) -> float:
        """The median of the runs."""
        return median(self.values)

    @property
    def worst(self) -> float:
        """The largest of the runs."""
        return max(self.values)

    @property
    def is_met(self) -> bool | None:
        """Whether the median keeps to the bar; None where there is none."""
        if self.least is not None:
            return self.middle >= self.least
        return None if self.bar is None else self.middle <= self.bar

    def as_json(self) -> dict[str, object]:
        """The same as plain values."""
        words = {"page": self.page, "what": self.what, "unit": self.unit, "bar": self.bar, "least": self.least}
        return words | {"median": self.middle, "worst": self.worst, "met": self.is_met, "runs": list(self.values)}


def lines(figures: Sequence[Figure]) -> Iterator[str]:
    """The figures as a Markdown table, page by page."""
    yield "| page | measured | bar | median | worst | |"
    yield "| --- | --- | --- | --- | --- | --- |"
    last = ""
    for one in figures:
        bar = "" if one.bar is None else f"≤ {said(one.bar, one.unit)}"
        bar = bar if one.least is None else f"≥ {said(one.least, one.unit)}"
        met = {None: "", True: "met", False: "**missed**"}[one.is_met]
        page = one.page if one.page != last else ""
        yield f"| {page} | {one.what} | {bar} | {said(one.middle, one.unit)} | {said(one.worst, one.unit)} | {met} |"
        last = one.page


def said(value: float, unit: str) -> str:
    """The value with its unit: bytes as kB or MB, ratios as `× 1.52`, numbers of things without a fraction."""
    if unit == "×":
        return f"× {value:.2f}"
    if unit == "bytes":
        return f"{value / 1e6:.1f} MB" if value >= 1e6 else f"{value / 1e3:.1f} kB"
    if unit == "ms" and value < FINE:
        return f"{value:.1f} ms"
    return f"{value:,.0f} {unit}".rstrip()
