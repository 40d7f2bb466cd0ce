"""What forms say of rules, prices and gates: read or refused with a sentence, never a traceback. No database."""

from collections.abc import Callable
from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.i18n import translate
from gridmap.parking import setting_words as words
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.forms import WrongFields, evenings_of, fields_of, typed_hours, typed_rules, typed_tariff
from gridmap.parking.gates import FORMS, Gate, ListColumn, gate_of, moment_words, typed_columns, typed_width
from gridmap.parking.rules import BanOn, Rules
from gridmap.parking.tariff import DayKind, Tariff
from gridmap.parking.tariffs import examples, tariff_words
from gridmap.web.parking.deciding import REFUSALS
from tests.parking.cars import at

PLAIN_FIELDS = fields_of(Rules())
ALL = [str(day) for day in range(7)]

rules = st.builds(
    Rules,
    leave_by=st.times(min_value=time(12), max_value=time(20)).map(lambda one: one.replace(second=0, microsecond=0)),
    tolerance_minutes=st.integers(0, 200),
    free_from=st.times(max_value=time(11)).map(lambda one: one.replace(second=0, microsecond=0)),
    evenings=st.frozensets(st.integers(0, 6)),
    notices=st.integers(1, 9),
    ban_on=st.sampled_from(BanOn),
    ban_months=st.integers(1, 24),
    clean_months=st.integers(1, 24),
    stay_counts=st.integers(2, 20),
)
prices = st.decimals(0, 999, places=2)


def wrong_of(read: Callable[[], object]) -> dict[str, str]:
    """The fields that are wrong; none where it could be read."""
    try:
        read()
    except WrongFields as wrong:
        return wrong.fields
    return {}


@settings(max_examples=200)
@given(rules)
def test_what_a_form_shows_is_what_it_says(one: Rules) -> None:
    assert typed_rules(fields_of(one), evenings_of(one)) == one


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(sorted(PLAIN_FIELDS)), st.text(max_size=50)), st.lists(st.text(max_size=3)))
def test_whatever_is_typed_is_read_or_refused_by_field(fields: dict[str, str], evenings: list[str]) -> None:
    for read, typed in ((typed_rules, PLAIN_FIELDS | fields), (typed_hours, fields)):
        wrong = wrong_of(lambda read=read, typed=typed: read(typed, evenings))  # type: ignore[misc]  # bound at once
        assert all(words.wrong_words("zh", code) for code in wrong.values())


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"leave_by": "24:00"}, {"leave_by": "clock"}),
        ({"leave_by": ""}, {"leave_by": "clock"}),
        ({"tolerance_minutes": "360"}, {"tolerance_minutes": "past_midnight"}),
        ({"tolerance_minutes": "-1"}, {"tolerance_minutes": "tolerance_minutes"}),
        ({"free_from": "18:00"}, {"free_from": "no_day_left"}),
        ({"notices": "0", "ban_months": "25"}, {"notices": "notices", "ban_months": "ban_months"}),
        ({"stay_counts": "1"}, {"stay_counts": "stay_counts"}),
        ({"clean_months": "three"}, {"clean_months": "clean_months"}),
        ({"ban_on": "never"}, {"ban_on": "ban_on"}),
    ],
)
def test_each_bound_has_its_sentence(change: dict[str, str], wrong: dict[str, str]) -> None:
    with pytest.raises(WrongFields) as found:
        typed_rules(PLAIN_FIELDS | change, ALL)
    assert found.value.fields == wrong


def test_full_width_digits_and_colons_are_digits_and_colons() -> None:
    found = typed_rules(PLAIN_FIELDS | {"leave_by": "１９：３０", "notices": "５"}, ["0", "4"])
    assert (found.leave_by, found.notices, found.evenings) == (time(19, 30), 5, frozenset({0, 4}))


@settings(max_examples=200)
@given(prices, prices, st.sampled_from(DayKind))
def test_a_price_comes_back_as_it_was_typed(one: Decimal, other: Decimal, day: DayKind) -> None:
    tariff = Tariff(hourly=min(one, other), daily_cap=max(one, other), day=day)
    assert typed_tariff(tariff_words(tariff)) == tariff


@settings(max_examples=300)
@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=12))
def test_any_price_is_read_or_refused(hourly: str, cap: str, day: str) -> None:
    wrong = wrong_of(lambda: typed_tariff({"hourly": hourly, "daily_cap": cap, "day": day}))
    assert wrong.keys() <= {"hourly", "daily_cap", "day"}


def test_no_amount_is_no_price_and_half_a_price_is_none() -> None:
    assert typed_tariff({"hourly": " ", "daily_cap": "", "day": "from_entry"}) is None
    with pytest.raises(WrongFields) as found:
        typed_tariff({"hourly": "10", "daily_cap": "", "day": "from_entry"})
    assert found.value.fields == {"daily_cap": "yuan"}
    with pytest.raises(WrongFields) as found:
        typed_tariff({"hourly": "10", "daily_cap": "9.99", "day": "from_entry"})
    assert found.value.fields == {"daily_cap": "cap_below_hour"}


@pytest.mark.parametrize(
    ("day", "fees"), [(DayKind.FROM_ENTRY, ["10", "80", "80"]), (DayKind.CALENDAR, ["10", "80", "150"])]
)
def test_the_example_row_is_what_the_rule_says(day: DayKind, fees: list[str]) -> None:
    found = examples(Tariff(day=day), date(2026, 3, 16))
    assert [str(one.fee.normalize().quantize(Decimal(1))) for one in found] == fees


def test_what_holds_is_said_in_chinese_sentences() -> None:
    assert words.rules_words("zh", Rules()) == [
        "每天外来车辆须在18:00前离场；次日06:00前仍算当晚。",
        "第3次提醒为最后警告，再次违停的，拟列入黑名单3个月。",
        "连续3个月无违停的，次数重新计算。",
        "早晚清点连续3次都在的，为长期停放。",
    ]
    own = Rules(tolerance_minutes=10, evenings=frozenset(range(5)), ban_on=BanOn.THIRD_NOTICE, notices=2, ban_months=6)
    assert words.rules_words("zh", own)[:2] == [
        "周一至周五外来车辆须在18:00前离场，可宽限10分钟；次日06:00前仍算当晚。",
        "第2次提醒为最后警告，并拟列入黑名单6个月。",
    ]
    assert words.days_words("zh", frozenset({0, 2, 6})) == "周一、周三、周日"
    assert words.hours_words("zh", Rules(evenings=frozenset())) == "外来车辆停放不限时间。"


# Gates -------------------------------------------------------------------------------------------------------


def test_columns_are_what_has_a_heading_in_the_order_of_the_form() -> None:
    found = typed_columns(["车牌号", " ", "到期"], ["plate", "reason", "until"], ["seconds", "seconds", "day"])
    assert found == (ListColumn(heading="车牌号", field="plate"), ListColumn(heading="到期", field="until", form="day"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"barrier": "magic"}, "barrier"),
        ({"width_m": Decimal(0)}, "width"),
        ({"columns": (ListColumn(heading="a", field="plate"),) * 2}, "heading_twice"),
        ({"columns": (ListColumn(heading="=1+1", field="plate"),)}, "heading"),
        ({"columns": (ListColumn(heading="x" * 31, field="plate"),)}, "heading"),
        ({"columns": (ListColumn(heading="a", field="owner"),)}, "columns"),
        ({"columns": (ListColumn(heading="a", field="until", form="%s"),)}, "columns"),
        ({"columns": tuple(ListColumn(heading=str(n), field="plate") for n in range(13))}, "columns"),
    ],
)
def test_a_gate_that_cannot_be_is_refused(change: dict[str, object], reason: str) -> None:
    with pytest.raises(ParkingProblem) as found:
        Gate(**change)  # type: ignore[arg-type]  # of several types
    assert found.value.reason == reason
    assert translate("zh", REFUSALS[reason])


def test_a_width_is_metres() -> None:
    assert (typed_width(" 4.5 "), typed_width("")) == (Decimal("4.5"), None)
    for wrong in ("wide", "-1", "4.55", "123", "１"):
        with pytest.raises(ParkingProblem):
            typed_width(wrong)


def test_columns_that_nobody_knows_any_more_are_left_out() -> None:
    kept = {"heading": "a", "field": "plate", "form": "seconds"}
    row = {"width_m": None, "barrier": "none", "list_columns": [kept, {"heading": "b", "field": "owner"}, "odd"]}
    assert [one.heading for one in gate_of(row).columns] == ["a"]


def test_moments_are_written_as_the_barrier_reads_them() -> None:
    end = at("2026-06-20", "09:30")
    assert [moment_words(end, "until", form) for form in FORMS] == [
        "2026-06-20 09:30:00", "2026-06-20 09:30", "2026/06/20 09:30:00", "20260620093000", "2026-06-20", "2026/06/20",
    ]  # fmt: skip
    # the last day of a ban that is over when the day begins is the day before
    midnight = at("2026-06-20", "00:00")
    assert (moment_words(midnight, "until", "day"), moment_words(midnight, "starts_at", "day")) == (
        "2026-06-19", "2026-06-20",
    )  # fmt: skip
    assert moment_words(None, "until", "day") == ""
