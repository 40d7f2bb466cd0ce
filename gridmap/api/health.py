"""`/healthz`: whether this process can answer, for whoever watches it."""

from flask import Blueprint, Response, jsonify

from gridmap import context
from gridmap.db import SYSTEM

api = Blueprint("api", __name__)


@api.get("/healthz")
def healthz() -> Response:
    """200 with the database reached; any failure is a 500 of the error page."""
    with context.services().database.transaction(SYSTEM) as connection:
        connection.execute("SELECT 1")
    return jsonify(status="ok")
