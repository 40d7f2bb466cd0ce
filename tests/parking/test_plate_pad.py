"""What the keypad may type, told twice: its rules in the browser's words, and what the reader of plates accepts.

The rules of the keypad are those of `static/js/plate_rules.js`, run by a browser on the signs that the page carries; in
`tests/browser/test_plate_pad.py`. Here they are written down a third time, short enough to be compared with both.
"""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.parking.plates import (
    LETTERS,
    PROVINCE_CODES,
    PROVINCES,
    UnreadablePlate,
    pad_rules,
    province_of,
    read_plate,
)
from tests.parking.pad import END_SIGNS, is_accepted, keys, walk

WALKS = st.integers(0, 2**32).map(lambda seed: walk(random.Random(seed)))


@settings(max_examples=300, deadline=None)
@given(text=WALKS)
def test_what_is_typed_key_by_key_is_a_plate_and_so_is_no_piece_of_it_that_is_too_short(text: str) -> None:
    assert is_accepted(text)
    plate = read_plate(text)
    assert plate.clear.replace("使", "") == text.replace("使", "")
    for length in range(1, 7):
        assert not is_accepted(text[:length]) or length == len(text)


@settings(max_examples=300, deadline=None)
@given(
    head=st.sampled_from([f"{province}{letter}" for province in PROVINCES for letter in LETTERS] + ["粤Z"] * 40),
    serial=st.text(LETTERS + "0123456789", min_size=0, max_size=7),
    end=st.sampled_from(["", "", "", *END_SIGNS]),
)
def test_every_plate_there_is_can_be_typed(head: str, serial: str, end: str) -> None:
    text = f"{head}{serial}{end}"
    typed = all(text[at] in keys(text[:at]) for at in range(len(text)))
    assert is_accepted(text) == (typed and len(text) >= 7)


def test_the_page_carries_the_signs_of_the_reader() -> None:
    rules = pad_rules()
    assert rules["provinces"] == PROVINCES
    assert set(str(rules["ends"]) + str(rules["endsAcross"])) == set(END_SIGNS)
    for end in str(rules["ends"]):
        read_plate(f"沪A1234{end}")
    for end in str(rules["endsAcross"]):
        read_plate(f"{rules['acrossOffice']}1234{end}")
        with pytest.raises(UnreadablePlate):
            read_plate(f"沪A1234{end}")


def test_every_province_is_found_by_the_code_of_its_places() -> None:
    assert len(PROVINCE_CODES) == 2 * len(PROVINCES)
    codes = {PROVINCE_CODES[at : at + 2] for at in range(0, len(PROVINCE_CODES), 2)}
    assert {province_of(code) for code in codes} == set(PROVINCES)
    assert [
        province_of(code) for code in ("310113", "442000", "420104", "420500", "110101", "150100", "460200")
    ] == list("沪粤鄂鄂京蒙琼")
    assert province_of("") == province_of("990000") == province_of("4") == ""
