"""The map page without a database: real templates, scripts and policy; an invented town behind the addresses.

`python -m tests.browser.harness` serves it, to look at while drawing; `--demo` shows the committed demo street.
"""

import secrets
import sys
from datetime import date
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, current_app, g, jsonify, render_template, render_template_string, request
from shapely.ops import unary_union

from gridmap.assets import PACKAGE, serving
from gridmap.context import CSP
from gridmap.coords import BBox
from gridmap.i18n import LOCALES, translate
from gridmap.layer import Role
from gridmap.layers import BY_NAME, LAYERS
from gridmap.maps import View, compose
from tests.browser.demo_town import demo_town
from tests.browser.town import Thing, Town, tile, to_lonlat, town

HERE = Path(__file__).parent
TODAY = date(2026, 3, 16)
NAV = (("map", "Map"), ("home", "My places"), ("data", "Data"), ("settings", "Administration"))


def create_harness(of: Town = town) -> Flask:
    """A Flask application with the map, the doors and fake answers; `config["trouble"]` makes answers fail with it."""
    app = Flask("gridmap", root_path=str(PACKAGE), static_folder=None, template_folder="templates")
    serving.install(app)
    app.config.update(town=of, trouble=None)
    app.jinja_env.globals.update(_=say, csp_nonce=nonce, csrf_token=lambda: "proof", locale=locale, demo=True)
    app.after_request(add_policy)
    app.add_url_rule("/map", view_func=street_map)
    app.add_url_rule("/tiles/<int:z>/<int:x>/<int:y>.mvt", view_func=tiles)
    app.add_url_rule("/places/<int:key>/card", view_func=card)
    app.add_url_rule("/search", view_func=search)
    app.add_url_rule("/login", view_func=login)
    app.add_url_rule("/error/<int:status>", view_func=error)
    app.add_url_rule("/gallery", view_func=gallery)
    app.add_url_rule("/moving", view_func=moving)
    app.add_url_rule("/part", view_func=lambda: "<p id='part'>moved</p><script>window.ran = 1</script>")
    app.add_url_rule("/numbers", view_func=numbers)
    return app


def locale() -> str:
    """Chinese, or what the address asks for."""
    asked = request.args.get("lang", "zh")
    return asked if asked in LOCALES else "zh"


def nonce() -> str:
    """The nonce of this answer."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(8)
    return str(g.nonce)


def say(text: str, **values: object) -> str:
    """The text in the page's language."""
    return translate(locale(), text, **values)


def add_policy(response: Response) -> Response:
    """The policy that gridmap itself sends."""
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = CSP.format(nonce=nonce(), images="")
    return response


def shell(current: str) -> dict[str, Any]:
    """The variables of base.html."""
    nav = [{"name": icon, "title": say(title), "href": f"/{icon}", "icon": icon} for icon, title in NAV]
    return {"nav": nav, "current": current, "user": {"name": "陈某某", "role": "街道负责人"}, "area": "东区街道"}


def layers() -> dict[str, list[Thing]]:
    """What the town is made of."""
    made: dict[str, list[Thing]] = current_app.config["town"]()
    return made


def street_map() -> str:
    """The leader's map."""
    frame = unary_union([thing.shape for thing in layers()["grids"]]).bounds
    bounds = BBox(*to_lonlat(*frame[:2]), *to_lonlat(*frame[2:]))
    view = View(locale=locale(), bounds=bounds, today=TODAY, roles=frozenset({Role.LEADER}))
    facts = [
        {"title": "网格", "value": 8, "href": "/list"},
        {"title": "楼栋", "value": f"{len(layers()['buildings']):,}", "href": "/list"},
        {"title": "楼道", "value": f"{len(layers()['stairwells']):,}", "href": "/list"},
        {"title": "没有楼管员", "value": 17, "href": "/list", "kind": "danger"},
    ]
    given = {"facts": facts, "list_url": "/list", "today": TODAY.isoformat(), "can_look_back": True}
    return render_template("map.html", map=compose(LAYERS, view), **given, **shell("map"))


def tiles(z: int, x: int, y: int) -> Response:
    """A tile of the town."""
    fail_if_asked()
    body = tile(z, x, y, tuple(request.args["layers"].split(",")), current_app.config["town"])
    return Response(body, 200 if body else 204, {"Content-Type": "application/vnd.mapbox-vector-tile"})


def card(key: int) -> str:
    """The card of anything in the town."""
    fail_if_asked()
    found = [(name, thing) for name, things in layers().items() for thing in things if thing.id == key]
    if not found:
        abort(404)
    name, thing = found[0]
    text = (HERE / "card.html").read_text("utf-8")
    return render_template_string(text, thing=thing, kind=say(BY_NAME[name].title))


def search() -> Response:
    """Up to eight places whose name holds the words."""
    fail_if_asked()
    words = request.args["q"]
    found = [
        (name, thing)
        for name in ("grids", "estates", "buildings")
        for thing in layers()[name]
        if words in str(thing.attributes.get("name", ""))
    ]
    return jsonify([_found(name, thing) for name, thing in found[:8]])


def _found(name: str, thing: Thing) -> dict[str, Any]:
    lon, lat = to_lonlat(thing.shape.centroid.x, thing.shape.centroid.y)
    bounds = [*to_lonlat(*thing.shape.bounds[:2]), *to_lonlat(*thing.shape.bounds[2:])]
    words = {
        "title": thing.attributes["name"],
        "kind_title": say(BY_NAME[name].title),
        "subtitle": "花苑社区 · 第3网格",
    }
    return {"id": thing.id, **words, "lon": lon, "lat": lat, "bbox": bounds}


def login() -> str:
    """The sign-in page, refused with `?wrong=1`."""
    problem = "用户名或密码不正确。" if request.args.get("wrong") else ""
    return render_template("login.html", problem=problem, username="", next="/")


def error(status: int) -> str:
    """An error page; sent as 200, so that the browser has nothing to complain about."""
    sentence = say("This page does not exist, or is not for your account.")
    return render_template("error.html", status=status, code="page_missing", sentence=sentence)


def gallery() -> str:
    """Every component on one page."""
    return render_template_string((HERE / "gallery.html").read_text("utf-8"), **shell("data"))


MOVING = """{% extends "base.html" %}{% block title %}moving{% endblock %}
{% block main %}<button class="button" type="button" hx-get="/part" hx-target="#here">move</button><div id="here"></div>
<div data-fragment="/part">before</div>
<div data-fragment="/numbers"><span class="skeleton skeleton-block"></span></div>{% endblock %}
{% block scripts %}{% include "_htmx.html" %}{% endblock %}"""


def moving() -> str:
    """A page with a part that htmx moves, and one that comes later."""
    return render_template_string(MOVING, **shell("data"))


def numbers() -> str:
    """A part that comes after its page, or fails to."""
    fail_if_asked()
    return "<p id='numbers'>1,300</p>"


def fail_if_asked() -> None:
    """Answer with the trouble that the test ordered."""
    if current_app.config["trouble"]:
        abort(current_app.config["trouble"])


if __name__ == "__main__":
    is_demo = "--demo" in sys.argv
    create_harness(demo_town if is_demo else town).run(port=8766 if is_demo else 8765, threaded=True)
