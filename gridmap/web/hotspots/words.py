"""What a page says of hotspots: the subject, the name, why it is one, whether it rises; in sentences a leader reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import abort

from gridmap import context
from gridmap.analysis.hotspots import Trend
from gridmap.hotspots import Subject
from gridmap.i18n import _
from gridmap.layer import Role
from gridmap.read.hotspots import Run, Spot
from gridmap.scope import Viewer
from gridmap.web.blueprint import say
from gridmap.web.place_words import in_language
from gridmap.web.shell import area_of

P = ParamSpec("P")
R = TypeVar("R")
SEEING = frozenset({Role.LEADER, Role.WORKER, Role.MANAGER, Role.DUTY_RESIDENT, Role.PLANNER})
"""Those whose territory it is, and who plan for it; never a company that manages an estate."""
MAIN: Mapping[str, str] = {
    "parking_violation": _("Evening violations"),
    "long_stay": _("Long stays"),
    "incident": _("All incidents"),
}
COMPARED: Mapping[str, str] = {
    "places": _("compared by parking places"),
    "kerb_metres": _("compared by metres of kerb"),
    "households": _("compared by households"),
}
WHY: Mapping[str, str] = {
    "places": _("{observed} observed, {expected} expected by its parking places: about {ratio} times as many."),
    "kerb_metres": _("{observed} observed, {expected} expected by its metres of kerb: about {ratio} times as many."),
    "households": _("{observed} observed, {expected} expected by its households: about {ratio} times as many."),
}
BY_ACCIDENT = _("If only chance were at work, the odds of such an area anywhere in the street would be about {chance}.")
NOT_APART = _("This cannot be told from chance.")
BUSIEST = _("{observed} observed. Nothing fits to compare that with, so it is only one of the busiest spots.")
ALONE = _("{observed} at this one address, {expected} expected: it says nothing about the places around it.")
NAMED: Mapping[str | None, str] = {
    "estate": _("Around {name}"),
    "road": _("By {name}"),
    "community": _("In {name}"),
    None: _("{name}"),
}
NO_TREND = _("Neither rises nor falls for certain")
TRENDS: Mapping[tuple[int, int], str] = {
    (1, 1): _("Rises, and faster than the street"),
    (1, 0): _("Rises, as the whole street does"),
    (1, -1): _("Rises, but slower than the street"),
    (-1, -1): _("Falls, and faster than the street"),
    (-1, 0): _("Falls, as the whole street does"),
    (-1, 1): _("Falls, but slower than the street"),
    (0, 1): _("Steady, while the street falls"),
    (0, -1): _("Steady, while the street rises"),
    (0, 0): NO_TREND,
}
OF_STREET: Mapping[int, str] = {1: _("Rises over the months"), -1: _("Falls over the months"), 0: NO_TREND}
TENTH = Decimal("0.1")
LEAST_CHANCE = Decimal("0.1")


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A month of a chart: heights of what was observed and what would be expected, in parts of 40."""

    month: str
    observed: int
    expected: str | None
    height: float
    line: float | None


def for_seeing(view: Callable[P, R]) -> Callable[P, R]:
    """A page for those whose territory it is; a 403 to everybody else."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not context.viewer().reading_roles & SEEING:
            abort(403)
        return view(*args, **kwargs)

    return guarded


def subject_title(subject: str, titles: Mapping[str, tuple[str, str]]) -> str:
    """The subject in the reader's language; `titles` are those of classes and kinds, by code."""
    return say(MAIN[subject]) if subject in MAIN else in_language(titles.get(subject, (subject, subject)))


def area_of_work(subject: str) -> str:
    """The area of work whose entry of the navigation is lit: a page of parking belongs to that, not to incidents."""
    return area_of("parking", "incidents") if Subject(subject).is_of_parking else "incidents"


def name_words(spot: Spot) -> str:
    """How it is called; ground of which nothing can be said has no name."""
    if spot.status in ("chance", "untested"):
        return say(_("No hotspot"))
    if spot.name is None:
        return say(_("Area {number}"), number=spot.number or "—")
    return say(NAMED[spot.named_by], name=spot.name)


def why_words(spot: Spot, exposure: str | None) -> list[str]:
    """Why it is one, or why nothing can be said, in sentences."""
    values = {"observed": f"{spot.observed:,}", "expected": tenths(spot.expected), "ratio": tenths(spot.ratio)}
    if spot.status in ("busiest", "untested"):
        return [say(BUSIEST, **values)]
    if spot.status == "repeat":
        return [say(ALONE, **values)]
    known = [say(WHY[exposure or "households"], **values)] if spot.ratio is not None else []
    if spot.status == "chance":
        return [*known, say(NOT_APART)]
    return [*known, say(BY_ACCIDENT, chance=percent(spot.chance))]


def trend_words(spot: Spot) -> str | None:
    """Whether it rises, by itself or with the street; None where there are no months."""
    if spot.trend is None or spot.beside is None:
        return None
    return say(TRENDS[spot.trend.direction, spot.beside.direction])


def street_trend_words(found: Trend) -> str:
    """Whether the street's cases rise."""
    return say(OF_STREET[found.direction])


def tenths(number: Decimal | None) -> str:
    """With one decimal, or a dash."""
    return "—" if number is None else f"{number.quantize(TENTH, ROUND_HALF_UP):,}"


def percent(chance: Decimal | None) -> str:
    """A chance in per cent with one decimal; never as nothing at all."""
    if chance is None:
        return "—"
    return f"{max((100 * chance).quantize(TENTH, ROUND_HALF_UP), LEAST_CHANCE)}%"


def bars_of_run(run: Run) -> list[Bar]:
    """The months of a whole street."""
    return _bars(run, run.month_cases, None)


def bars_of_spot(run: Run, spot: Spot) -> list[Bar]:
    """The months of an area beside what would be expected; none where there are none."""
    return _bars(run, spot.month_observed, spot.month_expected) if spot.month_observed else []


def is_whole(viewer: Viewer, street_id: int) -> bool:
    """Whether the viewer looks after the whole street: only then its totals are told."""
    return viewer.reach.is_city or street_id in viewer.reach.streets


def shared() -> dict[str, Any]:
    """What every page of hotspots needs."""
    return {
        "why_words": why_words,
        "name_words": name_words,
        "trend_words": trend_words,
        "tenths": tenths,
        "percent": percent,
        "spell_words": lambda run: f"{run.begins:%Y-%m-%d} – {run.ends - timedelta(days=1):%Y-%m-%d}",
        "compared": COMPARED,
        "in_language": in_language,
    }


def _bars(run: Run, observed: Any, expected: Any) -> list[Bar]:
    lines = [None] * len(run.months) if expected is None else [float(one) for one in expected]
    most = max([1, *observed, *(line for line in lines if line is not None)])
    return [
        Bar(
            month=f"{month:%Y-%m}",
            observed=times,
            expected=None if line is None else f"{line:.1f}",
            height=round(38 * times / most, 1),
            line=None if line is None else round(40 - 38 * line / most, 1),
        )
        for month, times, line in zip(run.months, observed, lines, strict=True)
    ]
