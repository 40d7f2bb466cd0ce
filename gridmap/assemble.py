"""Putting one process together: services, blueprints, error pages, headers."""

import atexit
import json

from flask import Flask, g

from gridmap import context
from gridmap.accounts import SignIns
from gridmap.api import errors
from gridmap.api.answers import answers
from gridmap.api.assigning import assigning
from gridmap.api.health import api
from gridmap.api.incidents import incidents
from gridmap.api.ogc import ogc
from gridmap.api.parking import parking
from gridmap.api.tiles import TileService, TilesFirst, tiles
from gridmap.assets import serving
from gridmap.clock import parse_clock
from gridmap.cluster import Cluster
from gridmap.cluster.pooler import refuse_pooler
from gridmap.context import Services
from gridmap.db import Changes, Database
from gridmap.i18n import translate
from gridmap.settings import Settings
from gridmap.web import pages

MAX_UPLOAD_BYTES = 256 * 1024 * 1024


def open_services(settings: Settings) -> Services:
    """Pools on the configured database, or on the private cluster; raises PoolerError behind a pooler that mixes."""
    url = settings.database_url or Cluster(settings.home).app_url
    if settings.database_url:
        refuse_pooler(url, prepares=settings.prepares)
    database, changes, clock = Database(url, prepares=settings.prepares), Changes(url), parse_clock(settings.clock)
    return Services(
        settings=settings,
        clock=clock,
        database=database,
        changes=changes,
        sign_ins=SignIns(database, changes, clock),
    )


def assemble(settings: Settings) -> Flask:
    """The Flask application on its services; closes them when the process ends."""
    services = open_services(settings)
    services.changes.start()
    atexit.register(services.changes.stop)
    atexit.register(services.database.close)
    app = Flask("gridmap", static_folder=None, template_folder="templates")
    serving.install(app)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # of Flask's default provider
    app.config.update(MAX_CONTENT_LENGTH=MAX_UPLOAD_BYTES, SEND_FILE_MAX_AGE_DEFAULT=3600)
    app.extensions["gridmap"] = services
    app.extensions["gridmap-tiles"] = TileService(services)
    app.jinja_env.globals.update(_=_translate_here, viewer=lambda: g.get("viewer"))
    app.jinja_env.filters["json"] = lambda value: json.dumps(value, ensure_ascii=False)
    context.install(app)
    errors.install(app)
    for blueprint in (answers, api, assigning, incidents, ogc, parking, tiles, pages):
        app.register_blueprint(blueprint)
    cookie = "__Host-gridmap" if settings.is_secure else "gridmap"
    app.wsgi_app = TilesFirst(app.wsgi_app, app.extensions["gridmap-tiles"], cookie)  # type: ignore[method-assign]  # Flask's own way to wrap itself
    return app


def _translate_here(text: str, **values: object) -> str:
    return translate(context.locale(), text, **values)
