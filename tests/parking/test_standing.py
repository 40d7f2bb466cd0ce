"""What sightings and decisions make of a car, evening by evening."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from gridmap.parking.judging import Nothing, Verdict, judge
from gridmap.parking.known import Known, KnownAs, is_left_alone
from gridmap.parking.machine import Action
from gridmap.parking.rules import BanOn, Rules, forgotten_at
from gridmap.parking.standing import Standing, Step, hindrance, run_of, settled
from tests.parking.cars import (
    AT_ONCE,
    FOUR,
    LEADER,
    NEW,
    OTHER,
    PLAIN,
    WATCHER,
    at,
    banned,
    decide,
    is_barred,
    see,
    seen,
)


def test_by_day_nothing_follows() -> None:
    for hour in ("06:00", "12:00", "18:00:00"):
        after, verdict = see(NEW, at("2026-03-16", hour))
        assert (after, verdict) == (NEW, Verdict(nothing=Nothing.DAY))


def test_two_notices_the_last_warning_and_then_a_ban_is_proposed() -> None:
    standing, states, numbers = NEW, [], []
    for day in FOUR:
        standing, verdict = see(standing, at(day))
        states.append(standing.state)
        numbers.append(verdict.number)
    assert states == ["noticed", "noticed", "warned", "proposed"]
    assert numbers == [1, 2, 3, None]
    assert standing.ban is None
    assert standing.proposal is not None
    assert (standing.proposal.evening, standing.proposal.proposed_by) == (date(2026, 3, 9), WATCHER)


def test_or_the_third_notice_proposes_it() -> None:
    standing = seen(*FOUR[:2], rules=AT_ONCE)
    assert standing.state == "noticed"
    standing, verdict = see(standing, at(FOUR[2]), AT_ONCE)
    assert (standing.state, verdict.number, verdict.action) == ("proposed", 3, "propose")
    one = Rules(notices=1, ban_on=BanOn.THIRD_NOTICE)
    assert seen(FOUR[0], rules=one).state == "proposed"


def test_one_evening_is_one_violation_however_often_it_is_seen() -> None:
    standing = seen(FOUR[0])
    for day, hour in ((FOUR[0], "18:30"), (FOUR[0], "23:00"), (FOUR[1], "03:00")):
        after, verdict = see(standing, at(day, hour))
        assert verdict == Verdict(nothing=Nothing.AGAIN, evening=date(2026, 3, 2))
        assert after.evenings == standing.evenings


def test_the_order_in_which_phones_tell_does_not_matter() -> None:
    for days in (FOUR[:3], FOUR[2::-1], (FOUR[1], FOUR[0], FOUR[2])):
        standing = seen(*days)
        assert standing.evenings == tuple(sorted(date.fromisoformat(day) for day in days))
        assert standing.state == "warned"
        assert standing.resets_at == at("2026-06-05", "06:00")


def test_nobody_is_proposed_without_a_last_warning_even_when_the_rules_have_changed() -> None:
    mild = Rules(notices=6)
    standing = seen(*FOUR, rules=mild)
    assert (standing.state, len(standing.evenings)) == ("noticed", 4)
    standing, verdict = see(standing, at("2026-03-11"))
    assert (verdict.action, verdict.number) == ("warn", 3)
    assert seen("2026-03-12", standing=standing).state == "proposed"
    # and one who was warned before the estate became milder is noticed again
    assert see(seen(*FOUR[:3]), at("2026-03-12"), mild)[1] == Verdict(
        action=Action.NOTICE, evening=date(2026, 3, 12), number=4
    )


def test_a_ban_needs_a_second_person() -> None:
    proposed, _verdict = see(seen(*FOUR), at("2026-03-09", "21:00"), by=OTHER)
    assert proposed.state == "proposed"
    step = Step(action=Action.CONFIRM, at=at("2026-03-10"), account_id=LEADER, reason="four evenings")
    assert hindrance(proposed, step) is None
    assert hindrance(proposed, replace(step, account_id=WATCHER)) == "same_person"
    assert hindrance(proposed, replace(step, account_id=OTHER)) == "same_person"
    assert hindrance(proposed, replace(step, others=frozenset({WATCHER}))) == "same_person"
    assert hindrance(proposed, replace(step, account_id=None)) == "nobody"
    assert hindrance(proposed, replace(step, reason="  \n")) == "needs_reason"
    assert hindrance(proposed, replace(step, reason="x" * 501)) == "reason"


def test_a_ban_lasts_three_calendar_months_to_the_second() -> None:
    started = at("2025-11-30", "09:30:15").replace(microsecond=400_000)
    before = seen("2025-11-20", "2025-11-21", "2025-11-22", "2025-11-24")
    standing = decide(before, Action.CONFIRM, started)
    assert standing.ban is not None
    assert (standing.ban.starts_at, standing.ban.until) == (at("2025-11-30", "09:30:15"), at("2026-02-28", "09:30:15"))
    assert (standing.ban.reason, standing.ban.confirmed_by) == ("because", LEADER)
    last, over = at("2026-02-28", "09:30:14"), at("2026-02-28", "09:30:15")
    assert is_barred(standing, last)
    assert settled(standing, last, PLAIN) == (standing, ())
    assert not is_barred(standing, over)
    free, steps = settled(standing, over, PLAIN)
    assert (free.state, free.ban, free.evenings) == ("free", None, ())
    assert steps == (Step(action=Action.EXPIRE, at=over),)
    # whenever somebody looks, it ended then
    assert settled(standing, over + timedelta(days=40), PLAIN)[1] == steps
    assert seen("2026-02-28", standing=free).state == "noticed"


def test_who_enters_during_the_ban_is_written_down_and_counted_no_further() -> None:
    for hour in ("10:00", "19:00"):
        after, verdict = see(banned(), at("2026-04-01", hour))
        assert verdict.action is Action.TRESPASS
        assert (after.state, after.evenings) == ("banned", banned().evenings)
    # told late, of before the ban
    assert judge(banned(), at("2026-03-08"), PLAIN).nothing is Nothing.LATE


def test_an_evening_of_the_ban_is_not_counted_again_after_its_end() -> None:
    standing = banned("19:30")
    standing, verdict = see(standing, at("2026-06-10", "18:30"))
    assert verdict.action is Action.TRESPASS
    standing, verdict = see(standing, at("2026-06-10", "20:00"))
    assert (standing.state, verdict.nothing) == ("free", Nothing.AGAIN)
    assert see(standing, at("2026-06-11"))[1].number == 1


def test_a_ban_that_is_declined_leaves_the_last_warning() -> None:
    declined = decide(seen(*FOUR), Action.DECLINE, at("2026-03-10"))
    assert (declined.state, declined.proposal, len(declined.evenings)) == ("warned", None, 4)
    again, verdict = see(declined, at("2026-03-11"))
    assert (again.state, verdict.number) == ("proposed", None)


def test_an_appeal_leaves_the_ban_until_it_is_decided() -> None:
    appealed = decide(banned(), Action.APPEAL, at("2026-03-12"), by=WATCHER)
    assert (appealed.state, is_barred(appealed, at("2026-03-12"))) == ("appealed", True)
    assert decide(appealed, Action.UPHOLD, at("2026-03-13")).ban == banned().ban
    revoked = decide(appealed, Action.REVOKE, at("2026-03-13"))
    assert (revoked.state, revoked.ban, revoked.evenings) == ("free", None, ())
    assert not is_barred(revoked, at("2026-03-13"))
    # what is told late of the time before does not begin it anew
    assert judge(revoked, at("2026-03-12", "20:00"), PLAIN).nothing is Nothing.LATE
    assert see(revoked, at("2026-03-13", "20:00"))[1].number == 1
    # an appeal that nobody decided ends with the ban
    assert settled(appealed, at("2026-06-10", "09:30"), PLAIN)[0].state == "free"


def test_clean_months_begin_anew() -> None:
    standing = seen("2025-11-29", "2025-11-30")
    assert standing.resets_at == forgotten_at(PLAIN, date(2025, 11, 30)) == at("2026-02-28", "06:00")
    # the night still belongs to the evening before
    assert see(standing, at("2026-02-28", "05:59"))[1].number == 3
    free, steps = settled(standing, at("2026-03-01"), PLAIN)
    assert (free.state, steps) == ("free", (Step(action=Action.RESET, at=at("2026-02-28", "06:00")),))
    assert see(standing, at("2026-02-28", "18:30"))[1].number == 1
    # a proposal that nobody confirmed goes with the notices that it rests on
    assert settled(seen(*FOUR), at("2026-06-09", "06:00"), PLAIN)[0] == Standing(
        last_on=date(2026, 3, 9), counts_since=at("2026-06-09", "06:00"), changed_at=at("2026-06-09", "06:00")
    )


def test_evenings_count_together_that_no_clean_time_parts() -> None:
    days = [date(2026, 1, 5), date(2026, 3, 30), date(2026, 7, 1), date(2026, 6, 30), date(2026, 7, 1)]
    assert run_of(days, 3) == (date(2026, 6, 30), date(2026, 7, 1))
    assert run_of(days, 4) == (date(2026, 1, 5), date(2026, 3, 30), date(2026, 6, 30), date(2026, 7, 1))
    assert run_of((), 3) == ()


def test_a_violation_can_be_taken_back() -> None:
    warned = seen(*FOUR[:3])
    back = decide(warned, Action.WITHDRAW, at("2026-03-06"), evening=date(2026, 3, 5))
    assert (back.state, back.evenings, back.resets_at) == ("noticed", warned.evenings[:2], at("2026-06-03", "06:00"))
    none = decide(seen(FOUR[0]), Action.WITHDRAW, at(FOUR[0], "19:05"), evening=date(2026, 3, 2))
    assert (none.state, none.evenings, none.resets_at, none.last_on) == ("free", (), None, None)
    # the right car, seen that evening after all
    assert see(none, at(FOUR[0], "20:00"))[1].number == 1
    proposed = decide(seen(*FOUR), Action.WITHDRAW, at("2026-03-10"), evening=date(2026, 3, 9))
    assert (proposed.state, proposed.proposal) == ("warned", None)
    step = Step(action=Action.WITHDRAW, at=at("2026-03-10"), account_id=LEADER, reason="x", evening=date(2026, 3, 8))
    assert hindrance(warned, step) == "evening"


def test_what_waits_stays_when_enough_is_left() -> None:
    five = seen(*FOUR, "2026-03-11")
    assert five.state == "proposed"
    assert decide(five, Action.WITHDRAW, at("2026-03-12"), evening=date(2026, 3, 3)).proposal == five.proposal
    assert decide(five, Action.WITHDRAW, at("2026-03-12"), evening=date(2026, 3, 9)).state == "warned"


def test_what_a_violation_held_together_falls_apart_without_it() -> None:
    standing = seen("2026-01-05", "2026-03-02", "2026-05-04")
    assert standing.state == "warned"
    back = decide(standing, Action.WITHDRAW, at("2026-05-05"), evening=date(2026, 3, 2))
    assert (back.state, back.evenings) == ("noticed", (date(2026, 5, 4),))


def test_an_evening_to_come_is_none() -> None:
    step = Step(action=Action.NOTICE, at=at("2026-03-16"), account_id=WATCHER, evening=date(2026, 3, 17))
    assert hindrance(NEW, step) == "evening"
    assert hindrance(NEW, replace(step, evening=None)) == "evening"


def test_what_is_overdue_comes_first() -> None:
    late = at("2026-06-10", "09:30")
    step = Step(action=Action.REVOKE, at=late, account_id=LEADER, reason="x")
    assert hindrance(banned(), step) == "changed"
    assert hindrance(banned(), Step(action=Action.EXPIRE, at=late - timedelta(seconds=1))) == "too_early"
    assert hindrance(banned(), Step(action=Action.EXPIRE, at=late)) is None
    assert hindrance(banned(), Step(action=Action.RESET, at=late)) == "too_early"


# What is known --------------------------------------------------------------------------------------------------------


def test_what_is_known_is_left_alone() -> None:
    visit = Known(kind=KnownAs.VISITOR, until=at("2026-03-16", "22:00"))
    evening = at("2026-03-16", "21:59:59")
    assert not is_left_alone([visit], at("2026-03-16", "22:00"))
    for kind in (KnownAs.RESIDENT, KnownAs.AMBULANCE, KnownAs.DISABLED):
        assert is_left_alone([Known(kind=kind)], at("2026-03-20"))
    later = Known(kind=KnownAs.RESIDENT, since=at("2026-03-16", "23:00"))
    assert not is_left_alone([later], evening)
    assert is_left_alone([later], at("2026-03-16", "23:00"))
    assert is_left_alone([later, visit], evening)
    assert not is_left_alone([], evening)


def test_a_visit_has_an_end() -> None:
    with pytest.raises(ValueError, match="end"):
        Known(kind=KnownAs.VISITOR)
    with pytest.raises(ValueError, match="before"):
        Known(kind=KnownAs.RESIDENT, since=at("2026-03-16"), until=at("2026-03-16"))
