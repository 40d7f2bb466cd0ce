"""`/duties/rules`: what is due, for which places, how often. The street edits; its communities read."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import psycopg
from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.db import SYSTEM
from gridmap.duties import (
    CADENCE,
    DutyProblem,
    Rule,
    SlotChanged,
    add_rule,
    change_rule,
    end_rule,
    open_slots,
    preview_rule,
    read_rule,
    rule_of,
)
from gridmap.duties.preview import Preview
from gridmap.i18n import _, translate
from gridmap.people.attempt import attempt
from gridmap.periods import Every, month_of, period_of
from gridmap.read.office.rules import RHYTHMS, is_provisional, read_choices, read_history, read_rules
from gridmap.web.asked import today
from gridmap.web.blueprint import actor, number, pages, say, titled, typed
from gridmap.web.duties import words
from gridmap.web.duties.guard import asked_street, for_office, lead, must_lead_street
from gridmap.web.place_words import in_language

NUMBERS = ("times", "fixed_day", "remind_day", "sort")
IDS = ("communities", "grids", "estates")
WORDS = ("management", "building_kinds", "facility_kinds")


@pages.get("/duties/rules")
@for_office
def rules() -> str:
    """The rules of a street by rhythm, and those that have ended."""
    street, streets = asked_street()
    month = month_of(today())
    with context.services().database.transaction(context.viewer().prologue) as connection:
        rows = read_rules(connection, street.id, month.start, month.end)
        provisional = is_provisional(connection, today().year)
    current = [row for row in rows if row["until"] is None or row["until"] > today()]
    return render_template(
        "duties/rules.html",
        street=street,
        streets=streets,
        groups=[(rhythm, [row for row in current if row["every"] == rhythm]) for rhythm in RHYTHMS],
        ended=[row for row in rows if row not in current],
        may_edit=lead().leads_street(street.id),
        provisional=provisional,
        month=month,
        day=today(),
        words=words,
        in_language=in_language,
    )


@pages.route("/duties/rules/new", methods=["GET", "POST"])
@for_office
def new_rule() -> str | Response | tuple[str, int]:
    """A rule to be: out of the calendar that comes with gridmap, or from nothing; looked at before it is kept."""
    street, _streets = asked_street()
    must_lead_street(street.id)
    if request.method == "GET":
        given = next((one for one in CADENCE if one.kind == typed("from", 40)), None)
        return _form(street.id, _typed_of(given) if given else {"kind": f"own_{uuid4().hex[:8]}"})
    try:
        rule, start = _rule(), _start()
        if not request.form.get("save"):
            return _form(street.id, request.form, preview=_preview(street.id, rule, start))
        _attempt(lambda connection: add_rule(connection, actor(), street.id, rule, start))
    except DutyProblem as problem:
        return _form(street.id, request.form, say(words.PROBLEMS[problem.reason])), 422
    _follow(street.id)
    return redirect(url_for("pages.rules", street=street.id, done="rule_saved"), 303)


@pages.route("/duties/rules/<int:duty_id>", methods=["GET", "POST"])
@for_office
def rule(duty_id: int) -> str | Response | tuple[str, int]:
    """One rule with its history; the street changes it from a day on."""
    row = _row(duty_id)
    if request.method == "GET":
        return _form(row["street_id"], _typed_of(rule_of(row)), row=row)
    must_lead_street(row["street_id"])
    try:
        changed, start = _rule(), _start()
        if not request.form.get("save"):
            return _form(row["street_id"], request.form, row=row, preview=_preview(row["street_id"], changed, start))
        revision, by = number(request.form, "revision") or 0, actor()
        _attempt(lambda connection: change_rule(connection, by, duty_id, changed, start, revision=revision))
    except SlotChanged:
        return _form(row["street_id"], request.form, say(words.PROBLEMS["changed"]), row=row), 409
    except DutyProblem as problem:
        return _form(row["street_id"], request.form, say(words.PROBLEMS[problem.reason]), row=row), 422
    _follow(row["street_id"])
    return redirect(url_for("pages.rules", street=row["street_id"], done="rule_saved"), 303)


@pages.post("/duties/rules/<int:duty_id>/end")
@for_office
def end_rule_now(duty_id: int) -> Response | tuple[str, int]:
    """Nothing is due by the rule from today on; what is done already stays."""
    row = _row(duty_id)
    must_lead_street(row["street_id"])
    revision, by = number(request.form, "revision") or 0, actor()
    try:
        _attempt(lambda connection: end_rule(connection, by, duty_id, today(), revision=revision))
    except DutyProblem as problem:
        status = 409 if isinstance(problem, SlotChanged) else 422
        typed_before = _typed_of(rule_of(row))
        return _form(row["street_id"], typed_before, say(words.PROBLEMS[problem.reason]), row=row), status
    _follow(row["street_id"])
    return redirect(url_for("pages.rules", street=row["street_id"], done="rule_ended"), 303)


def _row(duty_id: int) -> dict[str, Any]:
    with context.services().database.transaction(context.viewer().prologue) as connection:
        row = read_rule(connection, duty_id)
    if row is None or (row["street_id"] not in lead().near and not lead().is_city):
        abort(404)
    return row


def _attempt(command: Any) -> None:
    try:
        attempt(context.services().database, context.viewer().settings, command)
    except LookupError:
        abort(404)
    except psycopg.errors.ForeignKeyViolation:
        raise DutyProblem("role") from None


def _follow(street_id: int) -> None:
    """What is due now follows the rules at once; the night would do it else."""
    day = today()
    attempt(
        context.services().database,
        SYSTEM,
        lambda connection: open_slots(connection, [street_id], month_of(day), day),
    )


def _rule() -> Rule:
    only = {name: [int(one) for one in request.form.getlist(name) if one.isdigit()] for name in IDS}
    chosen: dict[str, list[Any]] = only | {name: request.form.getlist(name) for name in WORDS}
    texts = {name: typed(name, 200) for name in ("kind", "title", "action", "level", "every", "holiday_rule", "role")}
    if not texts["title"]:
        raise DutyProblem("title")
    return Rule(
        **texts,
        title_en=typed("title_en", 200) or texts["title"],
        excused_by=typed("excused_by", 20),
        only_for={name: sorted(set(some)) for name, some in chosen.items() if some},
        times=number(request.form, "times") or 1,
        fixed_day=number(request.form, "fixed_day"),
        remind_day=number(request.form, "remind_day"),
        sort=min(number(request.form, "sort") or 99, 999),
    )


def _start() -> date:
    """From today on, or from the beginning of the next period of the rhythm."""
    if typed("start", 10) == "now":
        return today()
    every = typed("every", 20)
    if every not in RHYTHMS:
        raise DutyProblem("every")
    period = period_of(Every(every), today())
    return period.end if period.end > today() else today() + timedelta(days=1)


def _preview(street_id: int, rule: Rule, start: date) -> Preview:
    with context.services().database.transaction(context.viewer().prologue) as connection:
        return preview_rule(connection, street_id, rule, start, today())


def _typed_of(rule: Rule) -> dict[str, Any]:
    values = {name: getattr(rule, name) for name in Rule.__dataclass_fields__ if name != "only_for"}
    values["title"] = rule.title or translate("zh", rule.title_en)
    return values | {name: [str(one) for one in some] for name, some in rule.only_for.items()}


def _form(
    street_id: int,
    given: Mapping[str, Any],
    problem: str = "",
    *,
    row: dict[str, Any] | None = None,
    preview: Preview | None = None,
) -> str:
    with context.services().database.transaction(context.viewer().prologue) as connection:
        choices = read_choices(connection, street_id)
        history, after = read_history(connection, row["id"]) if row else ([], None)
        used = {one["kind"] for one in read_rules(connection, street_id, today(), today()) if one["until"] is None}
        provisional = is_provisional(connection, preview.month.year) if preview else False
    many = {name: _chosen(given, name) for name in (*IDS, *WORDS)}
    return render_template(
        "duties/rule.html",
        street_id=street_id,
        row=row,
        given=given,
        many=many,
        problem=problem,
        preview=preview,
        provisional=provisional,
        choices=choices,
        history=history,
        after=after,
        is_over=bool(row and row["until"] is not None),
        templates=[] if row else [one for one in CADENCE if one.kind not in used],
        is_new=row is None,
        may_edit=lead().leads_street(street_id) and not (row and row["until"] is not None),
        words=words,
        titled=titled,
        in_language=in_language,
        start=given.get("start") or "now",
        day=today(),
        heading=say(_("A new rule")) if row is None else in_language((row["title"], row["title_en"])),
    )


def _chosen(given: Mapping[str, Any], name: str) -> list[str]:
    some = given.getlist(name) if hasattr(given, "getlist") else given.get(name) or []
    return [str(one) for one in some]
