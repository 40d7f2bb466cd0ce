"""`/chart?within=…`: who looks after a stairwell or a building, on A4 sheets for the notice board."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import Response, abort, make_response, render_template, request

from gridmap import context
from gridmap.i18n import _
from gridmap.layer import Role
from gridmap.people import unmask
from gridmap.read.card import Holder
from gridmap.read.charts import Chart, read_charts
from gridmap.read.locks import sees_people
from gridmap.tables import SERIAL_BITS
from gridmap.web.asked import asked, today
from gridmap.web.blueprint import actor, number, pages, say
from gridmap.web.place_words import in_language
from gridmap.web.plates import plate_drawing
from gridmap.web.surnames import surname_of
from gridmap.web.words import NOTICE_NAMES, NOTICE_PHONES

REASON = _("For the notice board of {place}")


@dataclass(frozen=True, kw_only=True)
class Office:
    """How the street office has decided that its notice boards name people, and how it is called itself."""

    names: str
    phones: str
    name: str
    phone: str


@pages.route("/chart", methods=["GET", "POST"])
def chart() -> Response:
    """The sheets of a place, for those who lead the street or the community in which it lies.

    Telephone numbers stand on them only where the office has decided so, and only when they are asked for by a POST:
    each number that is shown is written down.
    """
    viewer, within = context.viewer(), number(request.values, "within")
    if Role.LEADER not in viewer.roles or not sees_people(viewer):
        abort(403)
    if within is None or within >= 1 << 53:
        abort(404)
    with context.services().database.transaction(viewer.settings) as connection:
        charts = read_charts(connection, viewer, asked(), within)
        if not charts:
            abort(404)
        office = _office(connection, within >> SERIAL_BITS)
        phones: dict[int, str] = {}
        if request.method == "POST":
            if office.phones != "full":
                abort(403)
            phones = _phones(connection, charts)
    by_house = request.values.get("by") == "building"
    answer = make_response(
        render_template(
            "chart.html",
            within=within,
            houses=_houses(charts) if by_house else None,
            charts=charts,
            office=office,
            phones=phones,
            named=lambda one: name_on_board(one, office.names),
            in_language=in_language,
            qr=plate_drawing if request.values.get("qr") == "1" else None,
            notice_names=NOTICE_NAMES,
            made_on=today(),
        )
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def name_on_board(one: Holder, form: str) -> str:
    """A person's name in the form that the office has chosen: full, masked, or the surname, for the role beside it."""
    if form == "full":
        return one.name
    if form == "masked":
        return one.masked
    return surname_of(one.name)


def _office(connection: Any, street_id: int) -> Office:
    row = connection.execute("SELECT name, settings FROM gridmap.street WHERE id = %s", (street_id,)).fetchone()
    settings = row["settings"] if row else {}
    names, phones = settings.get("notice_names"), settings.get("notice_phones")
    return Office(
        names=names if names in NOTICE_NAMES else "surname",
        phones=phones if phones in NOTICE_PHONES else "none",
        name=settings.get("office_name") or (row["name"] if row else ""),
        phone=settings.get("office_phone") or "",
    )


def _phones(connection: Any, charts: Iterable[Chart]) -> dict[int, str]:
    """Clear telephone numbers of everybody named, each one written down with its reason."""
    wanted = {one.person_id: sheet for sheet in charts for one in sheet.people}
    by, found = actor(), dict[int, str]()
    for person, sheet in wanted.items():
        reason = say(REASON, place=f"{sheet.around} {sheet.house} {sheet.name}")
        try:
            found[person] = unmask(connection, by, person, reason).phone or ""
        except LookupError:
            continue
    return found


def _houses(charts: tuple[Chart, ...]) -> list[tuple[Chart, list[Chart]]]:
    """For each building its first sheet and all of them."""
    grouped = [list(sheets) for _house, sheets in groupby(charts, key=lambda sheet: sheet.house_id)]
    return [(sheets[0], sheets) for sheets in grouped]
