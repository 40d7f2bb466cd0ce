"""`/incidents/map`: cases on the map, week by week; the same as a list, and as files."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, make_response, render_template

from gridmap import context
from gridmap.clock import OFFICE, day_bounds
from gridmap.layers.incidents import LEVELS, PHASES, SEVERITIES, SOURCES, STATES, incidents
from gridmap.maps import BY_CASES, Addresses, View, compose
from gridmap.read import Asked, layers_for
from gridmap.read.cases import CaseRow, count_cases, read_case, read_cases, read_classes, read_weeks
from gridmap.scope import Viewer
from gridmap.web.areas import WHOLE_COUNTRY, areas_of
from gridmap.web.asked import today
from gridmap.web.blueprint import PAGE_SIZE, page_number, pages, typed
from gridmap.web.incidents.question import WORKING
from gridmap.web.map_page import alone
from gridmap.web.map_rows import rows_as_file
from gridmap.web.place_words import in_language
from gridmap.web.remembered import remembered, version_of

ON_THE_MAP = (
    *("green", "water", "districts", "streets", "communities", "incident_density", "complaints_grids"),
    *("in_grid_resolution", "estates", "complaints_estates", "hotspots", "roads", "buildings", "stairwells"),
    *("repeat_places", "incidents"),
)
OFF = frozenset({"estates", "stairwells", "hotspots", *BY_CASES})
CARDS = {"incidents": "/incidents/map/{id}/card", "hotspots": "/hotspots/{id}/card"}
WEEKS = 53
WEEK = timedelta(days=7)
FIRST_ROWS = 6
"""So many stand beside the map; the list has all."""
ALL = "all"


@dataclass(frozen=True, kw_only=True)
class Question:
    """What the address asks for: a state (`open`, `all`, or one), a week (its Monday) or any, a class of cases."""

    state: str = "open"
    week: date | None = None
    kind: str | None = None

    @property
    def words(self) -> dict[str, str]:
        """The words of the page's own address, without those that are the usual."""
        said = {
            "state": None if self.state == self.usual_state else self.state,
            "week": self.week and self.week.isoformat(),
            "kind": self.kind,
        }
        return {name: value for name, value in said.items() if value}

    @property
    def usual_state(self) -> str:
        """What is open now; of a week, everything that was reported in it."""
        return ALL if self.week else "open"

    @property
    def cuts(self) -> dict[str, str]:
        """The words for tiles, files and collections."""
        said: dict[str, str | None] = {"state": None if self.state == ALL else self.state, "kind": self.kind}
        if self.week:
            said |= {"from": self.week.isoformat(), "to": (self.week + WEEK).isoformat()}
        return {name: value for name, value in said.items() if value}

    @property
    def asked(self) -> Asked:
        """The same for reading, as things stand today."""
        return Asked(
            as_of=day_bounds(today())[1] - timedelta(seconds=1),
            state=None if self.state == ALL else self.state,
            kind=self.kind,
            begins=self.week,
            ends=self.week + WEEK if self.week else None,
        )

    def address(self, path: str = "/incidents/map", **changes: Any) -> str:
        """The address of this question, changed."""
        words = replace(self, **changes).words
        return f"{path}?{urlencode(words)}" if words else path


def asked_question() -> Question:
    """What the address asks for; 400 for words that are none of ours."""
    word = typed("week", 10)
    try:
        day = date.fromisoformat(word) if word else None
    except ValueError:
        abort(400)
    if day is not None and not date(2000, 1, 3) <= day <= today():
        abort(400)
    week = day - timedelta(days=day.weekday()) if day else None
    state = typed("state", 20) or (ALL if week else "open")
    kind = typed("kind", 5) or None
    if state not in (*STATES, "open", ALL) or (kind and not (kind.isascii() and kind.isdigit())):
        abort(400)
    return Question(state=state, week=week, kind=kind)


@pages.get("/incidents/map")
def incident_map() -> str:
    """The map of cases, with the weeks of a year below its title and the most urgent ones beside it."""
    viewer, question = context.viewer(), asked_question()
    on_map = layers_for(viewer.reading_roles)
    names = [name for name in ON_THE_MAP if name in on_map]
    areas, services = areas_of(viewer), context.services()
    view = View(
        locale=context.locale(),
        bounds=next((area.bounds for area in areas if area.bounds), WHOLE_COUNTRY),
        today=today(),
        roles=viewer.reading_roles,
        on=frozenset(names) - OFF,
        now=services.clock.now(),
        runs=services.settings.clock == "real",
    )
    addresses = Addresses(search=None, words=urlencode(question.cuts), cards=CARDS)
    return render_template(
        "incident_map.html",
        **alone(compose([on_map[name] for name in names], view, addresses)),
        map_file=f"/map/file?{urlencode({'map': 'incidents'} | question.cuts)}",
        **_facts(viewer, question),
    )


@pages.get("/incidents/map/facts")
def incident_map_facts() -> str:
    """What stands beside the map of that question, as a fragment."""
    return render_template("incident_map_facts.html", **_facts(context.viewer(), asked_question()))


@pages.get("/incidents/map/rows")
def incident_map_rows() -> str:
    """The same as a list."""
    viewer, question, page = context.viewer(), asked_question(), page_number()
    services = context.services()
    with services.database.transaction(viewer.prologue) as connection:
        counts = count_cases(connection, viewer, question.asked, services.clock.now())
        rows = read_cases(connection, viewer, question.asked, services.clock.now(), limit=PAGE_SIZE,
                          offset=(page - 1) * PAGE_SIZE)  # fmt: skip
        classes = read_classes(connection)
    last = max(1, -(-counts.cases // PAGE_SIZE))
    return render_template(
        "incident_map_rows.html", question=question, rows=rows, counts=counts, page=page, last_page=last,
        classes=classes, **_words(),
    )  # fmt: skip


@pages.get("/incidents/map/rows.<form>")
def incident_map_file(form: str) -> Response:
    """The same as a file, streamed: GeoJSON, CSV, or a workbook for Excel. Nobody's words or names are in it."""
    question = asked_question()
    return rows_as_file(incidents, question.asked, form, question.address(f"rows.{form}"))


@pages.get("/incidents/map/<int:identity>/card")
def incident_map_card(identity: int) -> Response:
    """The card of a case beside the map; 404 where there is none of that id for this viewer."""
    viewer, services = context.viewer(), context.services()
    if identity >= 1 << 53:
        abort(404)
    now = Question(state=ALL).asked
    with services.database.transaction(viewer.prologue) as connection:
        case = read_case(connection, viewer, now, services.clock.now(), identity)
    if case is None:
        abort(404)
    response = make_response(render_template("incident_map_card.html", case=case, **_words()))
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _facts(viewer: Viewer, question: Question) -> dict[str, Any]:
    services = context.services()
    near = None if viewer.reach.is_city else viewer.reach.near
    minute = services.clock.now().replace(second=0, microsecond=0)
    key = ("incident map", viewer.key, question, minute, version_of(("incidents",), near))

    def read() -> dict[str, Any]:
        last = today() - timedelta(days=today().weekday())
        first = last - (WEEKS - 1) * WEEK
        with services.database.transaction(viewer.prologue) as connection:
            counts = count_cases(connection, viewer, question.asked, minute)
            rows: tuple[CaseRow, ...] = read_cases(connection, viewer, question.asked, minute, limit=FIRST_ROWS)
            found = read_weeks(connection, viewer, question.kind, _midnight(first), _midnight(last + WEEK))
            classes = read_classes(connection)
        weeks = [(first + number * WEEK, found.get(first + number * WEEK, 0)) for number in range(WEEKS)]
        return {"counts": counts, "rows": rows, "weeks": weeks, "classes": classes}

    return {"question": question, "as_of": minute, **remembered(key, read), **_words()}


def _words() -> dict[str, Any]:
    return {
        "phases": PHASES,
        "states": STATES,
        "levels": LEVELS,
        "sources": SOURCES,
        "severities": SEVERITIES,
        "may_open": bool(context.viewer().roles & WORKING),
        "in_language": in_language,
        "week_words": lambda week: f"{week:%m-%d} – {week + timedelta(days=6):%m-%d}",
    }


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), OFFICE)
