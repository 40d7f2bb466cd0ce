"""`/hotspots`: areas of a subject and period, street by street; without exposure the busiest; addresses apart."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import abort, render_template, request

from gridmap import context
from gridmap.db.pools import Connection
from gridmap.hotspots import Subject
from gridmap.i18n import _
from gridmap.read.hotspots import Run, Spot, count_ground, read_ends, read_newest, read_runs, read_spots, read_titles
from gridmap.scope import Viewer
from gridmap.web.blueprint import number, page_number, pages, say, typed
from gridmap.web.hotspots import words
from gridmap.web.hotspots.words import MAIN, area_of_work, for_seeing, is_whole, shared, subject_title
from gridmap.web.remembered import remembered, version_of

STREETS_SHOWN = 20
"""So many streets stand on a page; a city has hundreds."""
FALSE_OF_HUNDRED = 5
"""Of a hundred searches in which only chance was at work, so many call an area all the same."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A street on the page: its search and what was found; `ground`: spots and cases of which no more can be said."""

    run: Run
    is_whole: bool
    areas: list[Spot] = field(default_factory=list)
    further: list[Spot] = field(default_factory=list)
    busiest: list[Spot] = field(default_factory=list)
    repeats: list[Spot] = field(default_factory=list)
    ground: tuple[int, int] = (0, 0)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What the address asks for: a subject, the day before which the search ended, a street or a page of all."""

    subject: str
    ends: date | None
    street: int | None
    page: int


@pages.get("/hotspots")
@for_seeing
def hotspots() -> str:
    """The list, with what can be asked for above it; 400 for words that are none of ours."""
    found = read(context.viewer(), asked_question())
    return render_template("hotspots/list.html", **found, **choices_in_words(found), words=words, **shared())


def asked_question() -> Question:
    """What the address asks for; without a subject violations, if there are any searches for them."""
    word, day = typed("subject", 20), typed("ends", 10)
    try:
        subject = Subject(word).code if word else ""
        ends = date.fromisoformat(day) if day else None
    except ValueError:
        abort(400)
    return Question(subject=subject, ends=ends, street=number(request.args, "street"), page=page_number())


def read(viewer: Viewer, question: Question) -> dict[str, Any]:
    """What the pages show of that question, kept until another search is made."""
    near = None if viewer.reach.is_city else viewer.reach.near
    key = ("hotspots", viewer.key, question, version_of(("hotspots",), near))
    return remembered(key, lambda: _read(viewer, question))


def _read(viewer: Viewer, question: Question) -> dict[str, Any]:
    with context.services().database.transaction(viewer.prologue) as connection:
        newest = read_newest(connection, viewer)
        titles = read_titles(connection)
        subjects = _subjects(newest)
        subject = question.subject or next(iter(subjects), "parking_violation")
        ends = read_ends(connection, viewer, subject)
        if question.ends is None:
            runs: Sequence[Run] = [run for run in newest if run.subject == subject]
        else:
            runs = read_runs(connection, viewer, subject, question.ends)
        asked = [run for run in runs if question.street in (None, run.street_id)]
        chosen = asked[(question.page - 1) * STREETS_SHOWN : question.page * STREETS_SHOWN]
        parts = _parts(connection, viewer, chosen)
    return {
        "parts_of_streets": parts,
        "subject": subject,
        "ends": question.ends,
        "street": question.street,
        "page": question.page,
        "last_page": max(1, -(-len(asked) // STREETS_SHOWN)),
        "all_ends": ends,
        "subjects": subjects,
        "titles": titles,
        "searched_streets": sorted({(run.street_id, run.street) for run in newest}),
        # of earlier nights not all that was tested is kept, so nothing is said of how much it was
        "looks": sum(run.looks for run in chosen) if all(run in newest for run in chosen) else 0,
        "sees_parts": any(not part.is_whole for part in parts),
    }


def choices_in_words(found: dict[str, Any]) -> dict[str, Any]:
    """The choices above the list in the reader's language, and its title."""
    titled = [(code, subject_title(code, found["titles"])) for code in found["subjects"]]
    return {
        "subject_choices": titled,
        "end_choices": [("", say(_("The newest"))), *((day.isoformat(), day.isoformat()) for day in found["all_ends"])],
        "street_choices": [("", say(_("All streets"))), *found["searched_streets"]],
        "subject_words": subject_title(found["subject"], found["titles"]),
        "file_words": _file_words(found),
        "current": area_of_work(found["subject"]),
        "false_looks": round(found["looks"] * FALSE_OF_HUNDRED / 100, 1),
    }


def cuts(found: dict[str, Any]) -> str:
    """The words for tiles and collections of what is shown, as they stand in an address."""
    said = {} if found["subject"] == "incident" else {"kind": found["subject"]}
    if found["ends"]:
        said["to"] = found["ends"].isoformat()
    return urlencode(said)


def _file_words(found: dict[str, Any]) -> str:
    """The same for a file, which holds the streets that the page shows."""
    chosen = dict(found["searched_streets"]).get(found["street"])
    return "&".join(filter(None, (cuts(found), chosen and urlencode({"street": chosen}))))


def _subjects(newest: Sequence[Run]) -> list[str]:
    """What was searched for anywhere: the main subjects first, then classes and kinds by code."""
    there = {run.subject for run in newest}
    return [*(one for one in MAIN if one in there), *sorted(there - MAIN.keys())]


def _parts(connection: Connection, viewer: Viewer, runs: Sequence[Run]) -> list[Part]:
    ids = [run.id for run in runs]
    spots, ground = read_spots(connection, viewer, ids), count_ground(connection, viewer, ids)
    return [_part(viewer, run, [spot for spot in spots if spot.run_id == run.id], ground) for run in runs]


def _part(viewer: Viewer, run: Run, spots: Sequence[Spot], ground: dict[int, tuple[int, int]]) -> Part:
    by_status: dict[str, list[Spot]] = {}
    for spot in spots:
        by_status.setdefault(spot.status, []).append(spot)
    return Part(
        run=run,
        is_whole=is_whole(viewer, run.street_id),
        areas=by_status.get("area", []),
        further=by_status.get("further", []),
        busiest=by_status.get("busiest", []),
        repeats=by_status.get("repeat", []),
        ground=ground.get(run.id, (0, 0)),
    )
