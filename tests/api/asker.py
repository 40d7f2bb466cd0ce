"""Somebody who asks /ogc with a token, and what their answers are made of."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from werkzeug.test import Client, TestResponse

from tests.two_streets import identity

PEOPLE = {
    "chief": ("leader", "city", None, None),
    "worker": ("worker", "grid", 1, identity(1, 1000)),
    "planner": ("planner", "street", 1, None),
}
ITEMS = "/ogc/collections/buildings/items"


@dataclass
class Asker:
    """Somebody who asks with a token."""

    client: Client
    token: str

    def __call__(self, address: str, *, method: str = "GET", **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(address, method=method, headers={"Authorization": f"Bearer {self.token}"} | named)

    def json(self, address: str) -> dict[str, Any]:
        response = self(address)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = json.loads(response.data)
        return found


def links(document: dict[str, Any], rel: str) -> list[dict[str, str]]:
    return [each for each in document["links"] if each["rel"] == rel]


def inside(href: str) -> str:
    """The address without its host."""
    parts = urlsplit(href)
    return parts.path + (f"?{parts.query}" if parts.query else "")
