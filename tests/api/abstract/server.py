"""A server of OGC API - Features as the abstract tests ask it: this application, or any other by its address."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.datastructures import Headers

from tests.api.asker import Asker, inside

SPELLED = {"bbox_crs": "bbox-crs", "filter_lang": "filter-lang", "filter_crs": "filter-crs"}


@dataclass(frozen=True)
class Answer:
    """Status, headers (in any case) and body of one answer."""

    status: int
    headers: Headers | Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Server:
    """Where to ask: `root` is the address of the landing page; `asker` asks this application itself."""

    root: str
    asker: Asker | None = None

    def get(self, address: str, accept: str = "application/json", **query: str) -> Answer:
        """One answer; `address` is whole, or follows the root. Words of the query are as they are written."""
        whole = address if address.startswith("http") else self.root + address
        if query:
            said = {SPELLED.get(name, name): value for name, value in query.items()}
            whole += ("&" if "?" in whole else "?") + urlencode(said)
        if self.asker:
            response = self.asker(inside(whole), Accept=accept)
            return Answer(response.status_code, response.headers, response.data)
        try:
            asked = urllib.request.Request(whole, headers={"Accept": accept})
            with urllib.request.urlopen(asked, timeout=60) as response:
                return Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())

    def ok(self, address: str, accept: str = "application/json", **query: str) -> Any:
        """The document of an answer that must be there."""
        answer = self.get(address, accept, **query)
        assert answer.status == 200, (address, query, answer.status)
        return answer.json

    def declares(self, *classes: str) -> None:
        """This application declares them all; of another server only what it declares is tested."""
        said = self.ok("/conformance")["conformsTo"]
        missing = [name for name in classes if f"http://www.opengis.net/spec/{name}" not in said]
        if missing and self.asker is None:
            pytest.skip(f"does not declare {', '.join(missing)}")
        assert missing == []
