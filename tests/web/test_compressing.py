"""Pages travel small, and their one secret never twice in the same digits."""

import gzip

import brotli
import pytest

from tests.web.visitor import Person, csrf_of


@pytest.fixture
def person(visit) -> Person:
    return visit()


def test_a_page_is_the_same_in_every_encoding(person: Person) -> None:
    sent = {words: person.client.get("/login", headers={"Accept-Encoding": words}) for words in ("br", "gzip", "")}
    assert [answer.headers.get("Content-Encoding") for answer in sent.values()] == ["br", "gzip", None]
    assert all("Accept-Encoding" in answer.headers["Vary"] for answer in sent.values())
    plain = [brotli.decompress(sent["br"].data), gzip.decompress(sent["gzip"].data), sent[""].data]
    assert {len(page) for page in plain} == {len(plain[0])}
    assert len(sent["br"].data) * 2 < len(plain[0])


def test_a_browser_that_refuses_brotli_does_not_get_it(person: Person) -> None:
    answer = person.client.get("/login", headers={"Accept-Encoding": "br;q=0, gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"


def test_the_proof_of_a_form_is_written_anew_in_each_answer(person: Person) -> None:
    first, second = (csrf_of(person.get("/login").text) for _ in range(2))
    assert first != second
    assert person.post("/login", {"username": "", "password": "", "csrf_token": first}).status_code != 400


def test_other_digits_are_no_proof(person: Person) -> None:
    proof = csrf_of(person.get("/login").text)
    other = ("0" if proof[0] != "0" else "1") + proof[1:]
    for wrong in (other, proof[:-2], "zz", "", "00" * 64):
        assert person.post("/login", {"username": "", "password": "", "csrf_token": wrong}).status_code == 400, wrong
