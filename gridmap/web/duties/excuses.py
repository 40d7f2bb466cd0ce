"""`/duties/excuses`: what need not be done and why. Several at once, by who may; with who did it and when, and undo."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.clock import day_bounds
from gridmap.db.pools import Connection
from gridmap.duties import DutyProblem, Excuse, excuse_slots, take_back_excuses
from gridmap.duties.excuses import BY_PEOPLE
from gridmap.layers.gaps import REASONS
from gridmap.people.attempt import attempt
from gridmap.periods import Period
from gridmap.read.office.excusing import Cut, Slot, read_excused, read_open, titles_of
from gridmap.read.office.rules import read_rules
from gridmap.web.asked import today
from gridmap.web.blueprint import PAGE_SIZE, actor, page_number, pages, say, titled, typed
from gridmap.web.duties import words
from gridmap.web.duties.guard import asked_month, asked_street, for_office, lead, months_around
from gridmap.web.place_words import in_language

MOST_AT_ONCE = 200


@pages.get("/duties/excuses")
@for_office
def excuses() -> str:
    """What is not done and may be excused; with `state=excused`, what is."""
    return _page()


@pages.post("/duties/excuses")
@for_office
def excuse_some() -> Response | tuple[str, int]:
    """Excuse the chosen slots, or let them be due again."""
    street, _all = asked_street()
    chosen = sorted({int(one) for one in request.form.getlist("slot") if one.isdigit() and len(one) < 17})
    is_undo = typed("do", 10) == "undo"
    try:
        if not chosen or len(chosen) > MOST_AT_ONCE:
            raise DutyProblem("nothing")
        done = _command(street.id, chosen, is_undo=is_undo)
    except DutyProblem as problem:
        return _page(say(words.PROBLEMS[problem.reason])), 422
    kept: dict[str, Any] = {name: typed(name, 40) for name in ("month", "kind", "reason", "q") if typed(name, 40)}
    said = "excuse_back" if is_undo else "excused" if done == len(chosen) else "excused_partly"
    state = "excused" if is_undo else None
    return redirect(url_for("pages.excuses", street=street.id, state=state, done=said, **kept), 303)


def _command(street_id: int, chosen: list[int], *, is_undo: bool) -> int:
    by, day = actor(), today()
    excuse = Excuse(slot_ids=chosen, reason=typed("excuse", 20), note=typed("note", 400))

    def command(connection: Connection) -> int:
        ours = _ours(connection, street_id, chosen)
        if len(ours) < len(chosen):
            raise DutyProblem("changed")
        if is_undo:
            return take_back_excuses(connection, by, chosen, day)
        return excuse_slots(connection, by, excuse, day)

    return attempt(context.services().database, context.viewer().prologue, command)


def _ours(connection: Connection, street_id: int, chosen: list[int]) -> list[int]:
    """Those of the chosen slots that the viewer may excuse."""
    rows = connection.execute(
        "SELECT s.id, s.community_id, d.excused_by FROM gridmap.slot s"
        " JOIN gridmap.duty d ON d.street_id = s.street_id AND d.id = s.duty_id"
        " WHERE s.street_id = %s AND s.id = ANY (%s)",
        (street_id, chosen),
    ).fetchall()
    return [row["id"] for row in rows if may_excuse(street_id, row["community_id"], row["excused_by"])]


def may_excuse(street_id: int, community_id: int | None, asked_of: str) -> bool:
    """Whether the viewer may excuse what belongs to that community: as the rule says, the community or the street."""
    if asked_of == "street":
        return lead().leads_street(street_id)
    return lead().leads(street_id, community_id)


def _page(problem: str = "") -> str:
    street, streets = asked_street()
    month, page, viewer = asked_month(), page_number(), context.viewer()
    is_excused = typed("state", 10) == "excused"
    known = words.EXCUSES if is_excused else REASONS
    reason = typed("reason", 20)
    cut = Cut(
        street_id=street.id,
        start=month.start,
        end=month.end,
        kind=typed("kind", 40) or None,
        reason=reason if reason in known else None,
        text=typed("q", 60),
    )
    with context.services().database.transaction(viewer.prologue) as connection:
        read = read_excused if is_excused else read_open
        slots = read(
            connection,
            viewer,
            cut,
            moment=_moment(month),
            today=today(),
            limit=PAGE_SIZE + 1,
            offset=(page - 1) * PAGE_SIZE,
        )
        kinds = _kinds(connection, street.id, month)
    return render_template(
        "duties/excuses.html", problem=problem, **_given(street, streets, month, cut, slots, kinds, page)
    )


def _given(
    street: Any, streets: Any, month: Period, cut: Cut, slots: tuple[Slot, ...], kinds: Any, page: int
) -> dict[str, Any]:
    before, after = months_around(month)
    is_excused = typed("state", 10) == "excused"
    reasons = {name: style.title for name, style in REASONS.items() if name != "excused"}
    return {
        "street": street,
        "streets": streets,
        "month": month,
        "before": before,
        "after": after,
        "cut": cut,
        "slots": slots[:PAGE_SIZE],
        "has_more": len(slots) > PAGE_SIZE,
        "page": page,
        "is_excused": is_excused,
        "kinds": kinds,
        "reasons": titled(words.EXCUSES if is_excused else reasons),
        "reason_titles": words.EXCUSES if is_excused else reasons,
        "excuse_choices": [(name, say(words.EXCUSES[name])) for name in BY_PEOPLE],
        "titles": titles_of(context.services().database, {one.excused_by for one in slots if one.excused_by}),
        "may": lambda one: may_excuse(street.id, one.community_id, one.asked_of),
        "in_language": in_language,
        "address": _addresses(street.id, month, cut, is_excused=is_excused),
    }


def _addresses(street_id: int, month: Period, cut: Cut, *, is_excused: bool) -> Callable[..., str]:
    kept: dict[str, Any] = {"street": street_id, "month": f"{month.start:%Y-%m}", "kind": cut.kind}
    kept |= {"reason": cut.reason, "q": cut.text or None, "state": "excused" if is_excused else None}
    return lambda **changes: url_for("pages.excuses", **(kept | changes))


def _kinds(connection: Connection, street_id: int, month: Period) -> list[tuple[str, str]]:
    rows = read_rules(connection, street_id, month.start, month.end)
    return list({row["kind"]: (row["kind"], in_language((row["title"], row["title_en"]))) for row in rows}.values())


def _moment(month: Period) -> Any:
    last: date = min(month.last_day, today())
    return min(day_bounds(last)[1] - timedelta(seconds=1), context.services().clock.now())
