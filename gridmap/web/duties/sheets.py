"""`/duties/sheets`: the month of a place or a manager as a grid to type answers into, each cell its own answer."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import abort, render_template, request

from gridmap import context
from gridmap.clock import day_bounds
from gridmap.duties import Answer, DutyProblem
from gridmap.duties.answers import RESULTS_OF
from gridmap.i18n import _
from gridmap.periods import Period
from gridmap.read.office.finding import read_doors, read_people
from gridmap.read.office.sheet import Sheet, Wanted, read_sheet
from gridmap.web.asked import today
from gridmap.web.blueprint import number, pages, say, titled, typed
from gridmap.web.checks import RESULTS, SEVERITIES, STATES, TROUBLES
from gridmap.web.duties import words
from gridmap.web.duties.forms import enter, take_back, typed_day
from gridmap.web.duties.guard import asked_month, asked_street, for_office, lead, months_around
from gridmap.web.place_words import in_language

MOST_CELLS_SENT = 400


@pages.get("/duties/sheets")
@for_office
def sheets() -> str:
    """Whose month is to be entered: places and people by name."""
    street, streets = asked_street()
    text, viewer = typed("q", 60), context.viewer()
    with context.services().database.transaction(viewer.prologue) as connection:
        doors = read_doors(connection, viewer, street.id, text)
        people = read_people(connection, viewer, street.id, text, now=context.services().clock.now())
    return render_template(
        "duties/sheets.html", street=street, streets=streets, text=text, doors=doors, people=people, month=asked_month()
    )


@pages.route("/duties/sheet", methods=["GET", "POST"])
@for_office
def sheet() -> str | tuple[str, int]:
    """The grid: a line for each door, a column for each check. Without scripts it is one form."""
    if request.method == "GET":
        return _page()
    problems = _send_all(request.form)
    if problems:
        return _page(" ".join(sorted(problems))), 422
    return _page(done=say(_("What you entered has been kept.")))


def _send_all(form: Mapping[str, str]) -> set[str]:
    """Send every cell that was filled in, each by itself; what was refused comes back in words."""
    problems: set[str] = set()
    cells = [(name[1:], value) for name, value in form.items() if name[:1] == "c" and name[1:].isdigit() and value]
    for slot_id, value in cells[:MOST_CELLS_SENT]:
        try:
            if value.startswith("undo:"):
                take_back(int(value[5:]) if value[5:].isdigit() else 0)
            else:
                enter(
                    Answer(
                        slot_id=int(slot_id),
                        result=value,
                        via="phone" if form.get("via") == "phone" else "paper",
                        author_id=number(form, "author") or number(form, f"a{slot_id}"),
                        done_on=typed_day("done_on"),
                    )
                )
        except DutyProblem as problem:
            problems.add(say(words.PROBLEMS[problem.reason]))
    return problems


def asked_sheet() -> tuple[Wanted, Sheet, Mapping[str, Any], Period]:
    """The sheet of the address, and how its place or person is called. 404 where the viewer sees or leads neither."""
    month, viewer = asked_month(), context.viewer()
    within, person = number(request.values, "within"), number(request.values, "person")
    if (within is None) == (person is None) or (within or person or 0) >= 1 << 53:
        abort(404)
    wanted = Wanted(start=month.start, end=month.end, within=within, person_id=person)
    with context.services().database.transaction(viewer.prologue) as connection:
        about = connection.execute(
            "SELECT id, name, code, kind, community_id, estate_id FROM gridmap.place WHERE street_id = %s AND id = %s"
            if within
            else "SELECT id, display_name AS name, '' AS code, 'person' AS kind, community_id, NULL AS estate_id"
            " FROM gridmap.person WHERE street_id = %s AND id = %s",
            (wanted.street_id, within or person),
        ).fetchone()
        found = read_sheet(connection, viewer, wanted, moment_of(month)) if about else None
    if about is None or found is None or (wanted.street_id not in lead().near and not lead().is_city):
        abort(404)
    return wanted, found, about, month


def moment_of(month: Period) -> Any:
    """As of when the sheet says who looks after a door: now, or the end of a month that is over."""
    last = min(month.last_day, today())
    return min(day_bounds(last)[1] - timedelta(seconds=1), context.services().clock.now())


def _page(problem: str = "", done: str = "") -> str:
    wanted, found, about, month = asked_sheet()
    before, after = months_around(month)
    others = _others()
    return render_template(
        "duties/sheet.html",
        wanted=wanted,
        sheet=found,
        about=about,
        month=month,
        before=before,
        after=after,
        problem=problem,
        kept=done,
        others=others,
        author=number(request.values, "author"),
        who=typed("who", 60),
        via=typed("via", 10) or "paper",
        done_on=typed("done_on", 10) or min(month.last_day, today()).isoformat(),
        day=today(),
        leads_line=lambda line: lead().leads(wanted.street_id, line.community_id),
        results=RESULTS,
        results_of=RESULTS_OF,
        severities=SEVERITIES,
        troubles=TROUBLES,
        words=words,
        titled=titled,
        in_language=in_language,
        check_words=_check_words(),
    )


def _others() -> list[tuple[int, str]]:
    """People found by the name that was typed, who look after none of these doors."""
    who, viewer = typed("who", 60), context.viewer()
    if not who:
        return []
    street, _all = asked_street() if request.values.get("street") else (None, None)
    street_id = (
        street.id if street else (number(request.values, "within") or number(request.values, "person") or 0) >> 32
    )
    with context.services().database.transaction(viewer.prologue) as connection:
        rows = read_people(connection, viewer, street_id, who, now=context.services().clock.now())
    return [(row["id"], row["name"]) for row in rows]


def _check_words() -> dict[str, Any]:
    return {
        "results": {word: say(title) for word, title in RESULTS.items()},
        "severities": {str(level): say(title) for level, title in SEVERITIES.items()},
        "states": {word: say(title) for word, title in STATES.items()},
        "undo": say(_("Undo")),
        "dismiss": say(_("Put away")),
        "nobody": say(_("Say first who did it.")),
    }
