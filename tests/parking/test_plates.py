"""Number plates as they are typed: one form, refusals, masks, and a hash that only its key makes."""

import random
import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gridmap.accounts.secret_keys import secret_key
from gridmap.parking.plates import (
    ACROSS_OFFICE,
    ENERGY,
    LETTERS,
    PROVINCES,
    STARS,
    Plate,
    PlateKind,
    UnreadablePlate,
    hash_plate,
    read_plate,
    tidied,
)
from gridmap.parking.words import PLATES

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
MANY = settings(max_examples=300, deadline=None)
SIGNS = st.sampled_from(LETTERS + "0123456789")


def text_of(sign: st.SearchStrategy[str], count: int) -> st.SearchStrategy[str]:
    return st.lists(sign, min_size=count, max_size=count).map("".join)


DIGITS = st.sampled_from("0123456789")
HEADS = st.builds("{}{}".format, st.sampled_from(PROVINCES), st.sampled_from(LETTERS))
GREEN = st.one_of(
    st.builds("{}{}{}".format, st.sampled_from(ENERGY), SIGNS, text_of(DIGITS, 4)),
    st.builds("{}{}".format, text_of(DIGITS, 5), st.sampled_from(ENERGY)),
)
CLEAR = st.one_of(
    st.builds("{}{}".format, HEADS, text_of(SIGNS, 5)),
    st.builds("{}{}".format, HEADS, GREEN),
    st.builds(
        "{}{}{}".format, HEADS.filter(lambda head: head != "粤Z"), text_of(SIGNS, 4), st.sampled_from("警学挂领")
    ),
    st.builds("粤Z{}{}".format, text_of(SIGNS, 4), st.sampled_from("港澳")),
    st.builds("{}使".format, text_of(DIGITS, 6)),
)
TURNED = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})


@pytest.mark.parametrize(
    ("typed", "clear", "masked", "kind"),
    [
        ("沪A12388", "沪A12388", "沪A***88", "ordinary"),
        ("沪a·123 88", "沪A12388", "沪A***88", "ordinary"),
        ("沪Ａ·１２３８８", "沪A12388", "沪A***88", "ordinary"),
        (" 粤 T-8k3 m5 ", "粤T8K3M5", "粤T***M5", "ordinary"),
        ("滬A12388", "沪A12388", "沪A***88", "ordinary"),
        ("沪AD12345", "沪AD12345", "沪A***45", "energy"),
        ("沪A·DK2345", "沪ADK2345", "沪A***45", "energy"),
        ("粤B·F01234", "粤BF01234", "粤B***34", "energy"),
        ("京A·A12345", "京AA12345", "京A***45", "energy"),
        ("沪A12345D", "沪A12345D", "沪A***5D", "energy"),
        ("沪A1234警", "沪A1234警", "沪A***34警", "police"),
        ("沪A1234学", "沪A1234学", "沪A***34学", "learner"),
        ("沪A1234挂", "沪A1234挂", "沪A***34挂", "trailer"),
        ("沪A1234领", "沪A1234领", "沪A***34领", "consulate"),
        ("粵Z1A34港", "粤Z1A34港", "粤Z***34港", "hong_kong"),
        ("粤Z1A34澳", "粤Z1A34澳", "粤Z***34澳", "macau"),
        ("224578使", "224578使", "***78使", "embassy"),
        ("使224578", "224578使", "***78使", "embassy"),
        ("﻿沪A​12388", "沪A12388", "沪A***88", "ordinary"),
    ],
)
def test_what_is_typed_becomes_one_plate(typed: str, clear: str, masked: str, kind: str) -> None:
    plate = read_plate(typed)
    assert (plate.clear, plate.masked, plate.kind) == (clear, masked, kind)


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", "empty"),
        ("  ·-", "empty"),
        ("A12345", "province"),
        ("川", "office"),
        ("沪112345", "office"),
        ("沪I12345", "office"),
        ("沪O12345", "office"),
        ("沪A1234O", "letters"),
        ("沪AI2345", "letters"),
        ("沪A1234", "length"),
        ("沪A1234567", "length"),
        ("沪A", "length"),
        ("沪A12345" + " " * 40, "length"),
        ("沪AM12345", "energy"),
        ("沪AD1234F", "energy"),
        ("沪A123456", "energy"),
        ("沪A12345警", "ending"),
        ("沪A1234港", "ending"),
        ("粤Z1234警", "ending"),
        ("沪A1234使", "ending"),
        ("使224578使", "ending"),
        ("224578", "province"),
        ("沪A12沪45", "ending"),
        ("沪A1234ß", "ending"),
        ("沪Aß234", "ending"),
        ("沪A12345;", "ending"),
        ("沪A٣٤٥٦٧", "ending"),
    ],
)
def test_what_is_no_plate_is_refused_with_its_reason(typed: str, problem: str) -> None:
    with pytest.raises(UnreadablePlate) as caught:
        read_plate(typed)
    assert caught.value.problem == problem
    assert problem in PLATES


def test_every_problem_has_a_sentence() -> None:
    assert set(PLATES) == {"empty", "province", "office", "letters", "length", "energy", "ending"}


@MANY
@given(clear=CLEAR)
def test_every_plate_is_read_as_itself(clear: str) -> None:
    plate = read_plate(clear)
    assert plate.clear == clear
    assert read_plate(plate.clear) == plate
    assert tidied(clear) == clear
    assert len(set(PlateKind)) == 9


@MANY
@given(clear=CLEAR, seed=st.randoms(use_true_random=False))
def test_how_it_was_typed_does_not_matter(clear: str, seed: random.Random) -> None:
    signs = [seed.choice((sign, sign.lower(), sign.translate(TURNED))) for sign in clear]
    between = [seed.choice(("", " ", "·", "-", "　")) for _ in signs]
    typed = "".join(gap + sign for gap, sign in zip(between, signs, strict=True))
    assert read_plate(typed) == read_plate(clear)


@MANY
@given(clear=CLEAR)
def test_a_mask_shows_the_office_and_two_signs_and_nothing_else(clear: str) -> None:
    plate = read_plate(clear)
    assert plate.masked == plate.head + STARS + plate.serial[-2:] + plate.end
    hidden = plate.serial[:-2]
    assert len(hidden) >= 2
    assert plate.clear not in f"{plate} {plate!r} {[plate]}"
    assert hidden + plate.serial[-2:] not in repr(plate)
    assert re.fullmatch(r"[^*]{0,2}\*{3}[A-Z0-9]{2}.?", plate.masked)


@MANY
@given(first=CLEAR, second=CLEAR)
def test_a_hash_tells_plates_streets_and_keys_apart(first: str, second: str) -> None:
    assume(first != second)
    one, other = read_plate(first), read_plate(second)
    found = hash_plate(KEY, 1, one)
    assert found == hash_plate(KEY, 1, read_plate(f" {first.lower()} "))
    assert len(found) == 32
    assert len({found, hash_plate(KEY, 1, other), hash_plate(KEY, 2, one), hash_plate(OTHER_KEY, 1, one)}) == 4
    assert one.serial.encode() not in found


@MANY
@given(typed=st.text(max_size=60))
def test_anything_is_either_a_plate_or_refused(typed: str) -> None:
    with suppress(UnreadablePlate):
        plate = read_plate(typed)
        assert read_plate(plate.clear) == plate
        assert len(plate.clear) <= 8


def test_an_office_of_cars_from_across_the_border_has_no_other_ends() -> None:
    assert read_plate(f"{ACROSS_OFFICE}12345").kind is PlateKind.ORDINARY
    assert Plate(kind=PlateKind.ORDINARY, head="沪A", serial="12345").masked == "沪A***45"


def test_a_key_that_is_none_hashes_nothing() -> None:
    with pytest.raises(ValueError, match="key"):
        hash_plate(b"", 1, read_plate("沪A12345"))


def test_the_key_is_kept_for_its_owner_alone_and_made_once(tmp_path: Path) -> None:
    key = secret_key(tmp_path, "plates")
    secret_key.cache_clear()
    assert secret_key(tmp_path, "plates") == key
    assert secret_key(tmp_path, "links") != key
    assert (tmp_path / "secrets" / "plates").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in (tmp_path / "secrets").iterdir()) == ["links", "plates"]
