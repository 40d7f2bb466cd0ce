"""What opens without the network: the script that keeps one's own pages on the phone. And what is never kept at all."""

import json

from flask import Response, current_app, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from gridmap.assets import STATIC
from gridmap.web.blueprint import pages


@pages.get("/sw.js")
def service_worker() -> Response:
    """The service worker, at the root because its place is what it may answer for. It holds no row of anybody."""
    address = url_for("static", filename="x").removesuffix("x")
    known = current_app.extensions.setdefault("gridmap-sw", {})
    if address not in known:
        source = (STATIC / "js" / "pages" / "sw.js").read_text("utf-8")
        known[address] = f"const BUILD = {json.dumps(address)};\n{source}"
    response = Response(known[address], mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Security-Policy"] = "default-src 'none'; connect-src 'self'"
    return response


@pages.get("/favicon.ico")
def icon() -> AnyResponse:
    """Where browsers look for the icon of what is no page and names none: a picture, a file."""
    return redirect(url_for("static", filename="img/favicon.svg"), 301)


@pages.get("/about/privacy")
def privacy() -> str:
    """What gridmap keeps of those who work with it, and what it does not collect."""
    return render_template("privacy.html")
