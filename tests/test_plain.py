"""Words as people's keyboards make them are kept; what no page can hold is not."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.plain import is_name, is_plain, without_marks


@pytest.mark.parametrize(
    "text",
    [
        "",
        "三楼\u3000拐角",
        "占道 👨\u200d👩\u200d👧 ❤\ufe0f",
        "\U0001fae8 younger than the table of signs",
        "copied\u200b from\u00a0a chat\ufeff",
        "\u202d13800001234\u202c",
    ],
)
def test_what_keyboards_and_chats_make_is_kept(text: str) -> None:
    assert is_plain(text)
    assert is_plain(f"{text}\n{text}\r\n\t{text}", lines=True)


@pytest.mark.parametrize("text", ["a\x00b", "a\x07b", "a\x7fb", "a\x9bb", "half \ud83d"])
def test_what_no_page_can_hold_is_not(text: str) -> None:
    assert not is_plain(text)
    assert not is_plain(text, lines=True)


@pytest.mark.parametrize("sign", ["\n", "\r", "\t"])
def test_ends_of_lines_stand_only_where_lines_are_welcome(sign: str) -> None:
    assert not is_plain(f"a{sign}b")
    assert is_plain(f"a{sign}b", lines=True)


NAMES = ["李\u3000明", "欧阳\u00b7\u30ab", "花苑 🌸", "老年活动室 👨\u200d👩\u200d👧", "12345 ☎\ufe0f", "x" * 100]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_what_a_keyboard_makes(name: str) -> None:
    assert is_name(name, 100)


@pytest.mark.parametrize(
    "name", ["", " ", "\u3000", "\u200b", "\u200d\ufeff ", "x" * 101, "a\nb", "a\tb", "a\0", "\ud83d"]
)
def test_a_name_is_one_line_that_can_be_seen(name: str) -> None:
    assert not is_name(name, 100)


@given(text=st.text(alphabet=st.characters()))
def test_whatever_is_plain_goes_to_the_database_and_back(text: str) -> None:
    if is_plain(text, lines=True):
        assert text.encode("utf-8").decode("utf-8") == text
        assert "\0" not in text


@given(
    number=st.from_regex(r"\+?[0-9][0-9 -]{3,20}[0-9]", fullmatch=True),
    mark=st.sampled_from("\u202d\u202c\u200b\u200e\ufeff"),
)
def test_a_number_copied_from_a_chat_is_the_number(number: str, mark: str) -> None:
    assert without_marks(f"{mark}{number}{mark} ") == number
    assert unicodedata.category(mark) == "Cf"
