"""`/plates?within=…`: QR plates for doors, on A4 sheets to print and cut."""

import segno
from flask import abort, render_template, request, url_for
from markupsafe import Markup

from gridmap import context
from gridmap.layer import Role
from gridmap.read.plates import read_plates
from gridmap.web.blueprint import number, pages


@pages.get("/plates")
def plates() -> str:
    """The plates of a place; for those who lead the street or the community in which it lies."""
    viewer, within = context.viewer(), number(request.args, "within")
    if Role.LEADER not in viewer.roles:
        abort(403)
    if within is None or within >= 1 << 53:
        abort(404)
    with context.services().database.transaction(viewer.prologue) as connection:
        found = read_plates(connection, viewer, within)
    return render_template("plates.html", plates=[(one, plate_drawing(one.code)) for one in found])


def plate_drawing(code: str) -> Markup:
    """The QR code that leads to the page of the place with that code."""
    base = context.services().settings.base_url or request.host_url
    drawn = segno.make(base.rstrip("/") + url_for("pages.plate", code=code), error="m", micro=False)
    # drawn with attributes only: the page's policy takes no inline style
    svg = drawn.svg_inline(border=2, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None)
    return Markup(svg)  # noqa: S704 - segno's own drawing of our own address
