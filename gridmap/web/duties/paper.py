"""Paper: the sheet of a month to fill in by hand, and the slip in three parts, each with a code back to its place."""

import segno
from flask import abort, render_template, request, url_for
from markupsafe import Markup

from gridmap import context
from gridmap.clock import OFFICE
from gridmap.duties.answers import RESULTS_OF
from gridmap.i18n import _
from gridmap.web.asked import today
from gridmap.web.blueprint import number, pages
from gridmap.web.checks import RESULTS, SEVERITIES
from gridmap.web.duties.guard import for_office
from gridmap.web.duties.sheets import asked_sheet
from gridmap.web.place_words import in_language, kind_title

SLIP_PARTS = (_("For who inspected"), _("For who is responsible"), _("For the archive"))
LINES_ON_A_PAGE = 16
SLIP = """
SELECT p.id, p.code, p.name, p.kind, h.name AS house, e.name AS around, c.name AS community, s.name AS street,
  s.settings ->> 'office_name' AS office, s.settings ->> 'office_phone' AS phone
FROM gridmap.place p
JOIN gridmap.street s ON s.id = p.street_id
LEFT JOIN gridmap.place h ON h.street_id = p.street_id AND h.id = p.parent_id AND h.kind = 'building'
LEFT JOIN gridmap.place e ON e.street_id = p.street_id AND e.id = p.estate_id AND e.id <> p.id
LEFT JOIN gridmap.community c ON c.street_id = p.street_id AND c.id = p.community_id
WHERE p.street_id = %s AND p.id = %s
"""
FOUND = """
SELECT i.id, i.result, i.severity, i.note, i.done_at, d.title, d.title_en FROM gridmap.inspection i
LEFT JOIN gridmap.duty d ON d.street_id = i.street_id AND d.id = i.duty_id
WHERE i.street_id = %s AND i.place_id = %s AND i.superseded_at IS NULL AND i.result = 'finding'
  AND (i.joint_id IS NULL OR i.slot_id IS NULL)
  AND (%s::bigint IS NULL OR i.id = %s) AND i.done_at > %s
ORDER BY i.done_at DESC, i.id DESC LIMIT 1
"""


@pages.get("/duties/sheet/print")
@for_office
def sheet_to_print() -> str:
    """The month of a place or a manager on A4 paper."""
    wanted, found, about, month = asked_sheet()
    address = url_for("pages.sheet", within=wanted.within, person=wanted.person_id, month=f"{month.start:%Y-%m}")
    lines = found.lines
    return render_template(
        "duties/sheet_print.html",
        sheet=found,
        about=about,
        month=month,
        back=address,
        drawing=drawing(url_for("pages.plate", code=about["code"]) if about["code"] else address),
        sides=[lines[start : start + LINES_ON_A_PAGE] for start in range(0, len(lines), LINES_ON_A_PAGE)],
        results=RESULTS,
        results_of=RESULTS_OF,
        kind_title=kind_title,
        in_language=in_language,
    )


@pages.get("/duties/slip")
@for_office
def triplicate_slip() -> str:
    """The slip in three parts for a place: what was found, by when it is mended, three signatures."""
    place_id, found_id = number(request.args, "place"), number(request.args, "found")
    if place_id is None or place_id >= 1 << 53:
        abort(404)
    since = context.services().clock.now().replace(year=today().year - 1)
    with context.services().database.transaction(context.viewer().prologue) as connection:
        place = connection.execute(SLIP, (place_id >> 32, place_id)).fetchone()
        if place is None:
            abort(404)
        found = connection.execute(FOUND, (place_id >> 32, place_id, found_id, found_id, since)).fetchone()
    return render_template(
        "duties/slip.html",
        place=place,
        found=found,
        found_on=found["done_at"].astimezone(OFFICE).date() if found else None,
        parts_of=SLIP_PARTS,
        drawing=drawing(url_for("pages.plate", code=place["code"])),
        severities=SEVERITIES,
        kind_title=kind_title,
        in_language=in_language,
        day=today(),
    )


def drawing(address: str) -> Markup:
    """The QR code of an address of ours, drawn with attributes only: the page's policy takes no inline style."""
    base = context.services().settings.base_url or request.host_url
    drawn = segno.make(base.rstrip("/") + address, error="m", micro=False)
    svg = drawn.svg_inline(border=2, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None)
    return Markup(svg)  # noqa: S704 - segno's own drawing of our own address
