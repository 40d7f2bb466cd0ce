"""The keypad and the reader of plates are of one mind: what the keys can type is read, and nothing else is whole."""

import random

import pytest
from playwright.sync_api import Browser

from gridmap.assets import STATIC
from gridmap.parking.plates import PlateKind, pad_rules, read_plate
from tests.parking.pad import EVERY, is_accepted, keys, walk

pytestmark = pytest.mark.browser
RULES = (STATIC / "js" / "plate_rules.js").read_text("utf-8")
TELL = """async ([source, told, texts]) => {
  const { plateRules } = await import("data:text/javascript;charset=utf-8," + encodeURIComponent(source));
  const rules = plateRules(told);
  return texts.map((text) => [
    [...rules.next(text)].sort().join(""),
    rules.isWhole(text),
    rules.kind(text),
    rules.isWhole(text) ? rules.mask(text) : "",
  ]);
}"""
KINDS = {PlateKind.ORDINARY: "ordinary", PlateKind.ENERGY: "energy", PlateKind.EMBASSY: "embassy"}


def texts(count: int) -> list[str]:
    """Plates typed at random with all that comes before them, and what one wrong way to go on would be."""
    chance = random.Random(20260316)
    found = {""}
    while len(found) < count:
        plate = walk(chance)
        found |= {plate[:length] for length in range(len(plate) + 1)}
    return sorted(found)


@pytest.mark.parametrize("count", [1_000, pytest.param(20_000, marks=pytest.mark.full)])
def test_what_the_keypad_can_type_is_what_the_reader_of_plates_accepts(chromium: Browser, count: int) -> None:
    page = chromium.new_page()
    asked = texts(count)
    told = page.evaluate(TELL, [RULES, pad_rules(), asked])
    page.close()
    for text, (following, is_whole, kind, mask) in zip(asked, told, strict=True):
        assert set(following) == set(keys(text)), text
        assert is_whole == is_accepted(text), text
        if is_whole:
            plate = read_plate(text)
            assert mask == plate.masked, text
            assert kind == KINDS.get(plate.kind, "ended"), text


def test_no_key_that_is_lit_leads_to_a_dead_end(chromium: Browser) -> None:
    page = chromium.new_page()
    asked = texts(400)
    told = dict(zip(asked, page.evaluate(TELL, [RULES, pad_rules(), asked]), strict=True))
    page.close()
    for text, (following, is_whole, _kind, _mask) in told.items():
        assert following or is_whole, text
        assert set(following) <= set(EVERY)
