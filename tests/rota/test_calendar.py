"""One's own evenings as a calendar keeps them: the same event however often it changes hands; the link and its end."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import time, timedelta

from gridmap.accounts.calendar_links import (
    LIFETIME,
    calendar_token,
    close_calendar,
    live_calendar,
    open_calendar,
    person_of_calendar,
)
from gridmap.periods import DAY
from gridmap.read.rota import OwnEvening, read_own
from gridmap.scope.turns import BEFORE
from tests.parking_town import at
from tests.rota_town import EVENING, GROUP, TWO_WEEKS, RotaTown, account_of, midnight

KEY = b"k" * 32
SECOND = timedelta(seconds=1)


def own(town: RotaTown, person: int) -> dict[int, OwnEvening]:
    found = town.run(account_of(person), lambda connection, by: read_own(connection, person, by.business_at))
    return {one.turn_id: one for one in found}


def test_an_event_is_called_off_and_comes_back_under_its_name_with_a_greater_number(planned: RotaTown) -> None:
    days = list(planned.held())
    day, other = days[4], days[9]
    [giver], [taker] = planned.held()[day], planned.held()[other]
    turn = int(planned.turn(day)["id"])
    assert turn not in own(planned, taker)
    seen = [own(planned, giver)[turn]]
    for who, to, against in ((giver, taker, other), (taker, giver, None), (giver, taker, None)):
        swap = planned.ask(account_of(who), day, who, to, against)
        # what is only asked for changes no calendar
        assert own(planned, giver)[turn] == seen[-1]
        planned.answer(account_of(to), swap)
        seen.append(own(planned, giver)[turn])
    assert [one.is_gone for one in seen] == [False, True, False, True]
    numbers = [one.revision for one in seen]
    assert numbers == sorted(set(numbers))
    assert own(planned, taker)[turn] == replace(seen[-1], is_gone=False)


def test_an_evening_that_is_called_off_is_gone_in_the_calendar(planned: RotaTown) -> None:
    day = list(planned.held())[4]
    [person], turn = planned.held()[day], planned.turn(day)
    planned.owner.execute(
        "INSERT INTO gridmap.calendar_day (day, kind, name) VALUES (%s, 'holiday', '假')"
        " ON CONFLICT (day) DO UPDATE SET kind = 'holiday'",
        (day,),
    )
    before = own(planned, person)[turn["id"]]
    planned.plan()
    after = own(planned, person)[turn["id"]]
    assert (before.is_gone, after.is_gone) == (False, True)
    assert after.revision > before.revision


def test_the_page_of_ones_evenings_opens_zones_exactly_while_they_are_in_reach(town: RotaTown) -> None:
    night = replace(EVENING, begins=time(22), ends=time(6), weekdays=(2,))
    town.open(night)
    town.join(GROUP[:1])
    town.plan(TWO_WEEKS)
    day = next(iter(town.held()))
    starts, ends = at(day.isoformat(), "22:00"), at((day + DAY).isoformat(), "06:00")
    evening = own(town, GROUP[0])[town.turn(day)["id"]]
    borders = [starts - BEFORE - SECOND, starts - BEFORE, midnight(day + DAY), ends - SECOND, ends]
    assert [evening.is_open(moment) for moment in borders] == [False, True, True, True, False]
    for moment in borders:
        town.now = moment
        assert evening.is_open(moment) is bool(town.viewer("r0").reach.places), moment


def test_a_link_ends_to_the_second_and_with_its_account(planned: RotaTown) -> None:
    person = next(iter(planned.held().values()))[0]
    who = account_of(person)
    identity = planned.run(who, lambda connection, by: open_calendar(connection, by, person))
    by, token = planned.by(who), calendar_token(KEY, identity)

    def shown(moment: object) -> int | None:
        return person_of_calendar(planned.database, KEY, token, moment)  # type: ignore[arg-type]  # a datetime

    [row] = planned.rows("SELECT created_at, expires_at FROM gridmap.rota_link WHERE id = %s", identity)
    assert row["expires_at"] - row["created_at"] == LIFETIME
    assert shown(row["expires_at"] - SECOND) == person
    assert shown(row["expires_at"]) is None
    assert person_of_calendar(planned.database, b"x" * 32, token, by.at) is None
    planned.owner.execute("UPDATE gridmap.account SET disabled_at = now() WHERE username = %s", (who,))
    assert shown(by.at) is None
    planned.owner.execute("UPDATE gridmap.account SET disabled_at = NULL WHERE username = %s", (who,))
    assert shown(by.at) == person
    assert planned.run(who, lambda connection, by: close_calendar(connection, by, person))
    assert shown(by.at) is None


def test_two_taps_at_once_leave_one_link(planned: RotaTown) -> None:
    person = next(iter(planned.held().values()))[0]
    who, gate = account_of(person), threading.Barrier(4)

    def tap(_: int) -> int:
        gate.wait()
        return planned.run(who, lambda connection, by: open_calendar(connection, by, person))

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(tap, range(4)))
    live = planned.run(who, lambda connection, by: live_calendar(connection, by, person))
    assert live in made
    assert len(planned.rows("SELECT FROM gridmap.rota_link WHERE revoked_at IS NULL")) == 1
