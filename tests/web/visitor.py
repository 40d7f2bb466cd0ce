"""A person at the pages: signs in through the form, sends forms with their proof, follows what comes back."""

import re
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests.conftest import DEMO_PASSWORD

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


class Person:
    """One browser. `client` is Flask's own, with its cookie jar."""

    def __init__(self, app: Flask, address: str = "127.0.0.1") -> None:
        self.client = app.test_client()
        self.address = address

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, headers=HTML, environ_overrides={"REMOTE_ADDR": self.address})

    def send(self, path: str, form: dict[str, Any] | None = None, *, page: str | None = None) -> TestResponse:
        """Send a form as the page that holds it would: with the hidden proof that the page carries."""
        proof = csrf_of(self.get(page or path).text)
        return self.post(path, {**(form or {}), "csrf_token": proof})

    def post(self, path: str, form: dict[str, Any]) -> TestResponse:
        return self.client.post(path, data=form, headers=HTML, environ_overrides={"REMOTE_ADDR": self.address})

    def sign_in(self, username: str, password: str, **fields: str) -> TestResponse:
        return self.send("/login", {"username": username, "password": password, **fields})

    def cookie(self, name: str = "gridmap") -> str | None:
        found = self.client.get_cookie(name)
        return found.value if found else None


def person(app: Flask, username: str) -> Person:
    """Somebody of the demo, signed in."""
    one = Person(app)
    assert one.sign_in(username, DEMO_PASSWORD).status_code == 303
    return one


def csrf_of(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', page)
    assert found, f"no form in this page: {page[:500]}"
    return found.group(1)
