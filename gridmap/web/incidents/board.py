"""`/incidents`: what is open, whatever breaks first at the top; the same as a handler's and as a verifier's list."""

from collections.abc import Iterable
from dataclasses import replace
from hashlib import blake2b
from typing import Any
from urllib.parse import urlencode

from flask import Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from gridmap import __version__, context
from gridmap.clock import OFFICE
from gridmap.incidents import State
from gridmap.incidents.capacities import Standing, read_standing
from gridmap.layer import Role
from gridmap.read.incidents import QUEUES, Line, count_lines, count_queues, read_lines
from gridmap.read.incidents.choices import (
    read_classes,
    read_communities,
    read_departments,
    read_estates,
    read_kinds,
    read_streets,
    read_units,
)
from gridmap.scope import SUBTREES, Reach, Viewer
from gridmap.tables import SERIAL_BITS
from gridmap.web.asked import today
from gridmap.web.blueprint import PAGE_SIZE, actor, pages, say
from gridmap.web.incidents import words
from gridmap.web.incidents.question import ALL, HERE, Question, asked_question, for_working, minute, now, version
from gridmap.web.place_words import in_language

POLL_SECONDS = 20
OWN_QUEUES = {
    None: ("overdue", "soon", "waiting", "returned", "doing", "verify", "parked", "open"),
    "given": ("overdue", "soon", "doing", "verify", "parked", "open"),
    "check": ("verify",),
}
"""The figures of the leader's board, of a handler's and of a verifier's list."""
DESKS = {"given": ("/incidents/given", "open"), "check": ("/incidents/to-verify", "verify")}


@pages.get("/incidents")
@for_working
def incidents() -> str | AnyResponse:
    """The board; who sees only what was given to an organisation begins with that list."""
    if not context.viewer().roles & HERE:
        return redirect("/incidents/given")
    return _page(None)


@pages.get("/incidents/given")
@for_working
def incidents_given() -> str:
    """The cases given to the viewer's organisations."""
    return _page("given")


@pages.get("/incidents/to-verify")
@for_working
def incidents_to_verify() -> str | AnyResponse:
    """The cases that wait for somebody who did not handle them; whoever looks after no place verifies none."""
    if not context.viewer().roles & HERE:
        return redirect("/incidents/given")
    return _page("check")


@pages.get("/incidents/board")
@for_working
def incidents_board() -> Response:
    """The moving part of one of these pages, as a fragment with an ETag: 304 while nothing has changed."""
    viewer, question = _asked(request.args.get("desk"))
    tag = _tag(viewer)
    if request.if_none_match.contains_weak(tag):
        response = Response(status=304)
    else:
        response = make_response(render_template("incidents/board_part.html", **_given(viewer, question)))
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _asked(desk: str | None) -> tuple[Viewer, Question]:
    """The viewer and what is asked for.

    Of what waits to be verified as far as the viewer is on duty there: who sees more would be refused. Given to a
    handler of an office is what its departments were given, too.
    """
    viewer = context.viewer()
    if desk is None or desk not in DESKS:
        return viewer, asked_question("/incidents")
    path, first = DESKS[desk]
    question = asked_question(path, desk=desk, first=first)
    with context.services().database.transaction(viewer.prologue) as connection:
        standing = read_standing(connection, actor())
        if desk == "check":
            return replace(viewer, reach=together(standing.areas.values())), question
        own = read_departments(connection, *handled_in(standing))
    return viewer, replace(question, cut=replace(question.cut, own=tuple(own)))


def together(areas: Iterable[Reach]) -> Reach:
    """Everything that lies in one of these areas."""
    areas = tuple(areas)
    if any(area.is_city for area in areas):
        return Reach(is_city=True)
    ids = {name: sorted({one for area in areas for one in getattr(area, name)}) for name in SUBTREES}
    streets = {one >> SERIAL_BITS for name in SUBTREES if name != "streets" for one in ids[name]}
    near = tuple(sorted({*ids["streets"], *streets}))
    return Reach(is_city=False, near=near, **{name: tuple(some) for name, some in ids.items()})


def handled_in(standing: Standing) -> tuple[list[int], list[int]]:
    """The streets and communities for whose departments somebody acts."""
    grants = [row for row in standing.grants if row["role"] == Role.HANDLER]
    return (
        [row["street_id"] for row in grants if row["level"] == "street"],
        [row["target_id"] for row in grants if row["level"] == "community"],
    )


def _tag(viewer: Viewer) -> str:
    own = (viewer.account_id, context.locale(), version(viewer), minute(), request.query_string, __version__)
    return blake2b(repr((viewer.key, *own)).encode(), digest_size=12).hexdigest()


def _page(desk: str | None) -> str:
    viewer, question = _asked(desk)
    asked = question.words | {"desk": question.cut.desk, "page": question.page if question.page > 1 else None}
    return render_template(
        "incidents/board.html",
        poll_seconds=POLL_SECONDS,
        poll_words=urlencode({name: value for name, value in asked.items() if value is not None}),
        **_choices(viewer, question),
        **_given(viewer, question),
    )


def _given(viewer: Viewer, question: Question) -> dict[str, Any]:
    """What the moving part shows."""
    moment = now()
    with context.services().database.transaction(viewer.prologue) as connection:
        figures = count_queues(connection, viewer, replace(question.cut, state=None), moment)
        found = read_lines(
            connection,
            viewer,
            question.cut,
            moment,
            queue=question.sql_queue,
            limit=PAGE_SIZE,
            offset=(question.page - 1) * PAGE_SIZE,
        )
        total = len(found)
        if question.page > 1 or total == PAGE_SIZE:
            total = count_lines(connection, viewer, question.cut, moment, question.sql_queue)
    return {
        "question": question,
        "figures": figures,
        "queues": OWN_QUEUES[question.cut.desk],
        "rows": found,
        "found": total,
        "last_page": max(1, -(-total // PAGE_SIZE)),
        "moment": moment,
        "sources": words.SOURCES,
        "left_of": left_of,
        "is_all": question.queue == ALL,
        "may_tick": Role.LEADER in viewer.roles and question.cut.desk is None,
        **given(),
    }


def _choices(viewer: Viewer, question: Question) -> dict[str, Any]:
    """What there is to choose in the filters."""
    reach, cut = viewer.reach, question.cut
    near = None if reach.is_city else reach.near
    with context.services().database.transaction(viewer.prologue) as connection:
        streets = read_streets(connection, near)
        street = cut.street or (streets[0]["id"] if len(streets) == 1 else None)
        communities = read_communities(connection, street, None) if street else []
        estates = read_estates(connection, viewer, street, cut.community) if street else []
        return {
            "streets": streets,
            "communities": communities,
            "estates": estates,
            "kinds": [row for row in read_kinds(connection) if cut.class_ in (None, row["class"])],
            "classes": read_classes(connection),
            "units": read_units(connection, [street] if street else list(reach.near), today()),
        }


def left_of(line: Line) -> tuple[str, str]:
    """What is left of a case's time: a word for its colour (over, soon, fine, still) and the words themselves."""
    if line.state in ("rejected", "duplicate"):
        return "still", "—"
    if line.state == "parked":
        return "still", say(words.PARKED_UNTIL, day=line.review_on.isoformat() if line.review_on else "—")
    done = line.handled_at or line.closed_at
    if done is not None:
        text = words.DONE_LATE if line.is_late else words.DONE_IN_TIME
        return ("over" if line.is_late and line.state != State.CLOSED else "still"), say(text)
    if line.is_late:
        over = max(-line.left_minutes, 0)
        return "over", say(words.OVER_BY, time=words.long_words(over, line.clock))
    soon = line.left_minutes * 5 <= line.limit_minutes
    return ("soon" if soon else "fine"), words.long_words(max(line.left_minutes, 0), line.clock)


def given() -> dict[str, Any]:
    """What the templates of these pages share."""
    return {
        "words": words,
        "in_language": in_language,
        "queue_titles": {name: words.QUEUES[name] for name in QUEUES},
        "office": OFFICE,
        "leads_something": Role.LEADER in context.viewer().roles,
    }
