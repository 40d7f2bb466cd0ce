"""`/parking/settings`: what holds in each estate, plainly said; and what its leaders decide, for it and its zones."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.i18n import WEEKDAYS
from gridmap.parking import setting_words as words
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.forms import (
    LIMITS,
    WrongFields,
    evenings_of,
    fields_of,
    typed_hours,
    typed_rules,
    typed_tariff,
)
from gridmap.parking.rows import read_rules, rules_of
from gridmap.parking.rules import Rules
from gridmap.parking.ruling import Ruling, drop_rules, read_ruling, set_rules
from gridmap.parking.tariff import Tariff
from gridmap.parking.tariffs import examples, set_tariff, tariff_of, tariff_words
from gridmap.parking.words import BAN_ON
from gridmap.read.parking.homes import read_gates, read_homes, read_zones
from gridmap.web.asked import today
from gridmap.web.blueprint import PAGE_SIZE, actor, number, page_number, pages, titled, typed
from gridmap.web.parking.deciding import for_readers, leads_here, must_lead, seen_place, words_of
from gridmap.web.running import run

USUAL = Tariff()
"""What a form begins with where a zone has no price yet."""


@pages.get("/parking/settings")
@for_readers
def parking_settings() -> str:
    """Estates in the viewer's reach, those where cars are parked first, each with what holds there."""
    viewer, page, text = context.viewer(), page_number(), typed("q", 40)
    with context.services().database.transaction(viewer.prologue) as connection:
        rows = read_homes(
            connection,
            viewer,
            context.services().clock.now(),
            text=text,
            counts=False,
            limit=PAGE_SIZE + 1,
            offset=(page - 1) * PAGE_SIZE,
        )
    return render_template(
        "parking/settings.html",
        homes=[(row, _said(row)) for row in rows[:PAGE_SIZE]],
        usual=words.rules_words(context.locale(), Rules()),
        has_more=len(rows) > PAGE_SIZE,
        page=page,
        text=text,
    )


@pages.route("/parking/settings/<int:place_id>", methods=["GET", "POST"])
@for_readers
def parking_setting(place_id: int) -> str | Response | tuple[str, int]:
    """What an estate has decided, or the hours and the price of a zone; its leaders change it."""
    place = seen_place(place_id)
    if request.method == "GET":
        return _page(place)
    must_lead(place)
    what = typed("do", 10)
    try:
        if what == "price":
            _set_price(place)
        elif what == "drop":
            revision = number(request.form, "revision") or 0
            run(lambda connection: drop_rules(connection, actor(), place_id, revision=revision))
        else:
            _set_rules(place)
    except WrongFields as wrong:
        return _page(place, request.form, wrong=wrong.fields), 422
    except ParkingProblem as problem:
        sentence, status = words_of(problem)
        return _page(place, request.form, problem=sentence), status
    return redirect(url_for("pages.parking_setting", place_id=place_id, done="parking_set"), 303)


@pages.get("/parking/settings/<int:place_id>/fees")
@for_readers
def parking_fees(place_id: int) -> str | tuple[str, int]:
    """What three stays would cost by the price that the form says now, as a fragment."""
    seen_place(place_id)
    try:
        tariff = typed_tariff(request.args)
    except WrongFields as wrong:
        told = [words.wrong_words(context.locale(), code) for code in wrong.fields.values()]
        return render_template("parking/_fees.html", stays=[], told=told)
    return render_template("parking/_fees.html", stays=_stays(tariff), told=[])


def _set_rules(place: Mapping[str, Any]) -> None:
    """Raises WrongFields, ParkingProblem."""
    read = typed_hours if is_part(place) else typed_rules
    rules = read(request.form, request.form.getlist("evenings"))
    revision = number(request.form, "revision") or 0
    run(lambda connection: set_rules(connection, actor(), place["id"], rules, revision=revision))


def _set_price(place: Mapping[str, Any]) -> None:
    """Raises WrongFields, ParkingProblem."""
    tariff = typed_tariff(request.form)
    revision = number(request.form, "place_revision") or 0
    run(lambda connection: set_tariff(connection, actor(), place["id"], tariff, revision=revision))


def is_part(place: Mapping[str, Any]) -> bool:
    """Whether it is a zone of an estate, which has hours of its own and nothing else."""
    return place["kind"] == "zone" and place["estate_id"] is not None


def _said(row: Mapping[str, Any]) -> list[str]:
    """What was decided, in sentences; none where nothing was."""
    return words.rules_words(context.locale(), rules_of(row)) if row["is_decided"] else []


def _stays(tariff: Tariff | None) -> list[dict[str, Any]]:
    if tariff is None:
        return []
    return [
        {
            "minutes": round((one.left - one.entered) / timedelta(minutes=1)),
            "entered": one.entered,
            "left": one.left,
            "next_day": one.left.date() > one.entered.date(),
            "fee": f"{one.fee.normalize():f}",
        }
        for one in examples(tariff, today())
    ]


def _page(
    place: Mapping[str, Any],
    given: Mapping[str, Any] | None = None,
    *,
    wrong: Mapping[str, str] | None = None,
    problem: str = "",
) -> str:
    """The page of an estate or a zone: what was typed, else as it is."""
    viewer, locale = context.viewer(), context.locale()
    with context.services().database.transaction(viewer.prologue) as connection:
        ruling = read_ruling(connection, place["id"])
        around = read_rules(connection, place["estate_id"]) if is_part(place) else Rules()
        whole = place["kind"] == "estate"
        zones = read_zones(connection, viewer, home=place["id"]) if whole else []
        gates = read_gates(connection, viewer, home=place["id"]) if whole else []
    rules = ruling.rules or around
    tariff = tariff_of(place) if place["kind"] == "zone" else None
    price = given if given is not None and typed("do", 10) == "price" else None
    return render_template(
        "parking/setting.html",
        place=place,
        ruling=ruling,
        said=_sentences(place, ruling, around),
        around=words.hours_words(locale, around) if is_part(place) else "",
        is_part=is_part(place),
        given=fields_of(rules) if given is None or price is not None else given,
        evenings=_evenings(rules, None if price is not None else given),
        price=_price(tariff, price),
        has_price=tariff is not None,
        stays=_stays(tariff),
        zones=[(row, words.hours_words(locale, rules_of(row)) if row["is_decided"] else "") for row in zones],
        gates=gates,
        wrong={name: words.wrong_words(locale, code) for name, code in (wrong or {}).items()},
        problem=problem,
        may_edit=leads_here(place),
        weekdays=[(str(day), name) for day, name in enumerate(WEEKDAYS)],
        limits=LIMITS,
        ban_on=titled(BAN_ON),
        days=titled(words.DAY_KINDS),
        barriers=words.BARRIERS,
        sites=words.SITES,
    )


def _sentences(place: Mapping[str, Any], ruling: Ruling, around: Rules) -> list[str]:
    """What holds now: of a zone the hours, of an estate everything."""
    rules = ruling.rules or around
    if is_part(place):
        return [words.hours_words(context.locale(), rules)]
    return words.rules_words(context.locale(), rules)


def _evenings(rules: Rules, given: Mapping[str, Any] | None) -> list[str]:
    return evenings_of(rules) if given is None else request.form.getlist("evenings")


def _price(tariff: Tariff | None, given: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The price as the form shows it."""
    return given if given is not None else tariff_words(tariff) or {"day": str(USUAL.day)}
