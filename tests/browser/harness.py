"""The map page without a database: real templates, scripts and policy; an invented town behind the addresses.

`python -m tests.browser.harness` serves it, to look at while drawing.
"""

import secrets
from typing import Any

from flask import Flask, Response, abort, g, jsonify, render_template, render_template_string, request

from gridmap.assets import PACKAGE
from gridmap.context import CSP
from gridmap.coords import BBox
from gridmap.i18n import LOCALES, translate
from gridmap.layer import Role
from gridmap.layers import BY_NAME, LAYERS
from gridmap.maps import View, compose
from tests.browser.town import tile, to_lonlat, town

NAV = (("map", "Map", "map"), ("my", "My places", "home"), ("data", "Data", "data"), ("admin", "Administration", "settings"))
NASTY = ("<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>", "${alert(1)}", "`+alert(1)+`")

CARD = """
{% import "_parts.html" as parts with context %}{% from "_icons.html" import icon %}
<div class="stack">
  {{ parts.crumbs([("花苑社区", "#"), ("第3网格", "#"), (thing.attributes.name or "", none)]) }}
  <div class="card-head"><h2 class="card-title">{{ thing.attributes.name or thing.id }}</h2><span class="badge badge-accent">{{ kind }}</span></div>
  <ul class="people">{{ parts.person("党员楼管员", "陈某某", "19900001234", "自 2025-06-01") }}{{ parts.person("楼道长") }}{{ parts.person("网格员", "梁某某", "19900005678") }}</ul>
  <dl class="pairs"><dt>编码</dt><dd>{{ thing.id }}</dd><dt>层数</dt><dd>{{ thing.attributes.floors or "—" }}</dd><dt>户数</dt><dd>72 户</dd><dt>物业</dt><dd>中山市某某物业管理有限公司</dd></dl>
  <div class="facts">{{ parts.fact("楼道", 3) }}{{ parts.fact("住户", 72, "户", "#") }}{{ parts.fact("缺口", 1, "", "#", "danger") }}</div>
</div>
"""


def create_harness(locale: str = "zh", demo: bool = True) -> Flask:
    """A Flask application with the map, the doors and fake answers. `?fail=` makes the next answers fail."""
    app = Flask("gridmap", root_path=str(PACKAGE), static_folder="static", template_folder="templates")

    def asked() -> str:
        given = request.args.get("lang", locale)
        return given if given in LOCALES else locale

    def nonce() -> str:
        if "nonce" not in g:
            g.nonce = secrets.token_urlsafe(8)
        return str(g.nonce)

    def say(text: str, **values: object) -> str:
        return translate(asked(), text, **values)

    app.jinja_env.globals.update(_=say, csp_nonce=nonce, csrf_token=lambda: "proof", locale=asked, demo=demo)
    app.config["trouble"] = None

    @app.after_request
    def policy(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.headers["Content-Security-Policy"] = CSP.format(nonce=nonce(), images="")
        return response

    def shell(current: str) -> dict[str, Any]:
        nav = [{"name": n, "title": say(t), "href": f"/{n}", "icon": i} for n, t, i in NAV]
        return {"nav": nav, "current": current, "user": {"name": "陈某某", "role": "街道负责人"}}

    @app.get("/map")
    def street_map() -> str:
        west, south = to_lonlat(-1000, -900)
        east, north = to_lonlat(1000, 1100)
        from datetime import date

        view = View(
            locale=asked(),
            bounds=BBox(west, south, east, north),
            today=date(2026, 3, 16),
            roles=frozenset({Role.LEADER}),
        )
        page = compose(LAYERS, view)
        facts = [
            {"title": "网格", "value": 8, "href": "/list"},
            {"title": "楼栋", "value": f"{len(town()['buildings']):,}", "href": "/list"},
            {"title": "楼道", "value": f"{len(town()['stairwells']):,}", "href": "/list"},
            {"title": "没有楼管员", "value": 17, "href": "/list", "kind": "danger"},
        ]
        return render_template(
            "map.html",
            map=page,
            area="东区街道",
            facts=facts,
            list_url="/list",
            today="2026-03-16",
            can_look_back=True,
            **shell("map"),
        )

    @app.get("/tiles/<int:z>/<int:x>/<int:y>.mvt")
    def tiles(z: int, x: int, y: int) -> Response:
        _trouble(app)
        body = tile(z, x, y, tuple(request.args["layers"].split(",")))
        return Response(body, 200 if body else 204, {"Content-Type": "application/vnd.mapbox-vector-tile"})

    @app.get("/places/<int:key>/card")
    def card(key: int) -> str:
        _trouble(app)
        for name, things in town().items():
            for thing in things:
                if thing.id == key:
                    return render_template_string(CARD, thing=thing, kind=say(BY_NAME[name].title))
        abort(404)

    @app.get("/search")
    def search() -> Response:
        _trouble(app)
        words = request.args["q"].lower()
        found = []
        for name in ("grids", "estates", "buildings"):
            for thing in town()[name]:
                if words in thing.attributes.get("name", "") and len(found) < 8:
                    lon, lat = to_lonlat(thing.shape.centroid.x, thing.shape.centroid.y)
                    box = [*to_lonlat(*thing.shape.bounds[:2]), *to_lonlat(*thing.shape.bounds[2:])]
                    found.append(
                        {
                            "id": thing.id,
                            "title": thing.attributes["name"],
                            "kind_title": say(BY_NAME[name].title),
                            "subtitle": "花苑社区 · 第3网格",
                            "lon": lon,
                            "lat": lat,
                            "bbox": box,
                        }
                    )
        return jsonify(found)

    @app.get("/login")
    def login() -> str:
        problem = "用户名或密码不正确。" if request.args.get("wrong") else ""
        return render_template("login.html", problem=problem, username="", next="/")

    @app.get("/error/<int:status>")
    def error(status: int) -> tuple[str, int]:
        return render_template("error.html", status=status, code="page_missing", sentence="此页面不存在, 或不属于您的账号。"), status

    @app.get("/nasty.json")
    def nasty() -> Response:
        return jsonify(NASTY)

    @app.get("/gallery")
    def gallery() -> str:
        from pathlib import Path

        text = (Path(__file__).parent / "gallery.html").read_text("utf-8")
        return render_template_string(text, **shell("data"))

    return app


def _trouble(app: Flask) -> None:
    status = app.config["trouble"]
    if status:
        abort(status)


if __name__ == "__main__":
    create_harness().run(port=8765, threaded=True)
