"""What keeps cases in order by itself: levels, deadlines when the calendar changes, photos, retention, sending once."""

import io
import uuid
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from PIL import ExifTags, Image

from gridmap.clock import Clock
from gridmap.commands import work
from gridmap.files import Hint, Kept, keep_picture, read_hint
from gridmap.incidents import Act, Action, Report, escalating
from gridmap.incidents.escalating import escalate_due
from gridmap.incidents.photos import add_photo
from gridmap.incidents.sending import Desk, send_act, send_many, send_report
from gridmap.nightly import run_nightly
from gridmap.people.attempt import attempt
from gridmap.places import drop_day, know_year, set_day
from gridmap.settings import Settings
from gridmap.submissions import SentDifferently
from tests.incidents_town import CLUTTER, COMPANY, DEPARTMENT, MONDAY, STAIRS, TRAPPED, Town, refused

# Levels --------------------------------------------------------------------------------------------------------------


def test_at_four_fifths_of_its_time_a_case_goes_up_and_each_level_has_its_own_clock(town: Town) -> None:
    case = town.dispatched()
    warn = town.case(case)["warn_at"]
    town.now = warn - timedelta(minutes=1)
    assert escalate_due(town.database, town.by(None)) == 0
    town.now = warn
    assert escalate_due(town.database, town.by(None)) == 1
    assert escalate_due(town.database, town.by(None)) == 0
    row = town.case(case)
    assert (row["level"], row["level_since"], row["state"]) == ("community", warn, "dispatched")
    assert warn < row["warn_at"] < row["due_at"]
    last = town.history(case)[-1]
    assert (last["action"], last["reason"], last["account_id"], last["level"]) == (
        "escalate", "time_used", None, "community",
    )  # fmt: skip
    town.now = row["due_at"] + timedelta(days=30)
    assert escalate_due(town.database, town.by(None)) == 1
    # nothing is left of its time, so nothing sends it up again
    assert escalate_due(town.database, town.by(None)) == 0
    assert town.case(case)["level"] == "street"


def test_a_case_goes_up_on_request_level_by_level(town: Town) -> None:
    case = town.dispatched()
    with refused("needs_reason"):
        town.act("company", case, "escalate")
    with refused("not_yours"):
        town.act("worker_a", case, "escalate", reason="x")
    levels = []
    for who in ("company", "community_leader", "leader"):
        town.now += timedelta(hours=1)
        up = town.act(who, case, "escalate", reason="需协调")
        assert (up["level_since"], up["state"]) == (town.now, "dispatched")
        levels.append(up["level"])
    assert levels == ["community", "street", "department"]
    with refused("top"):
        town.act("leader", case, "escalate", reason="x")
    assert [line["level"] for line in town.history(case)] == ["grid"] * 3 + levels
    # the level that solves it stays in its history, whoever closes it
    town.act("company", case, "accept")
    town.act("company", case, "handle")
    town.act("worker_a", case, "check")
    assert town.act("worker_a", case, "close")["level"] == "department"


def test_two_rounds_at_the_same_moment_take_a_case_up_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    case = town.dispatched()
    town.now = town.case(case)["warn_at"]
    rounds: list[int] = []

    def overtaken(*command: Any) -> Any:
        if not rounds:
            rounds.append(0)
            rounds[0] = escalate_due(town.database, town.by(None))
        return attempt(*command)

    monkeypatch.setattr(escalating, "attempt", overtaken)
    assert (escalate_due(town.database, town.by(None)), rounds) == (0, [1])
    assert (town.case(case)["level"], town.case(case)["escalations"]) == ("community", 1)


def test_one_that_cannot_be_written_keeps_no_other_back(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = town.dispatched(), town.dispatched()
    town.now = max(town.case(one)["warn_at"] for one in (first, second))
    turns: list[int] = []

    def failing(*command: Any) -> Any:
        turns.append(1)
        if len(turns) == 1:
            raise psycopg.errors.CheckViolation
        return attempt(*command)

    monkeypatch.setattr(escalating, "attempt", failing)
    assert escalate_due(town.database, town.by(None)) == 1
    assert [town.case(one)["level"] for one in (first, second)] == ["grid", "community"]
    assert escalate_due(town.database, town.by(None)) == 1
    assert town.case(first)["level"] == "community"


def test_cases_are_looked_at_every_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once when the work begins, and then a minute after the last time."""
    moments: list[datetime] = []
    clock = iter(MONDAY + timedelta(seconds=10 * number) for number in range(1_000))

    def look(*_: Any) -> int:
        moments.append(next(clock))
        if len(moments) == 4:
            raise SystemExit
        return 0

    monkeypatch.setattr(work, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(work, "real_now", lambda: next(clock))
    monkeypatch.setattr(work, "run_next", lambda *_: False)
    monkeypatch.setattr(work, "run_nightly", lambda *_, **__: {})
    monkeypatch.setattr(work, "Database", lambda *_, **__: None)
    monkeypatch.setattr(work, "escalate_due", look)
    with pytest.raises(SystemExit):
        work.do_jobs(Settings(home=Path()), SimpleNamespace(app_url=""))  # type: ignore[arg-type]
    assert moments[0] - MONDAY <= timedelta(minutes=1)
    assert all(timedelta(minutes=1) <= after - before <= timedelta(seconds=100) for before, after in pairwise(moments))


def test_what_is_handled_parked_or_over_stays_on_its_level(town: Town) -> None:
    handled, parked, closed = town.dispatched(), town.dispatched(), town.report("worker_a", done=True).incident_id
    town.act("company", handled, "accept")
    town.act("company", handled, "handle")
    town.act("leader", parked, "park", review_on=date(2026, 5, 1), reason="x")
    town.now += timedelta(days=60)
    assert escalate_due(town.database, town.by(None)) == 0
    assert {town.case(one)["level"] for one in (handled, parked, closed)} == {"grid"}


# The calendar ---------------------------------------------------------------------------------------------------------


def test_deadlines_follow_the_calendar_but_for_those_that_were_given(town: Town) -> None:
    free, urgent = town.report("worker_a").incident_id, town.report("worker_a", TRAPPED).incident_id
    order = town.report(None, source="hotline", due_at=MONDAY + timedelta(days=1)).incident_id
    before = {one: town.case(one) for one in (free, urgent, order)}
    town.run(None, lambda connection, by: set_day(connection, by, date(2026, 3, 17), "holiday", "临时放假"))
    assert town.case(free)["due_at"] == before[free]["due_at"] + timedelta(days=1)
    assert town.case(free)["limit_minutes"] == 960
    assert town.case(urgent)["due_at"] == before[urgent]["due_at"]
    assert town.case(order)["due_at"] == before[order]["due_at"]
    assert town.case(order)["limit_minutes"] == before[order]["limit_minutes"] - 60
    # nobody has acted on it, so nobody who looks at it is too late
    assert town.case(free)["revision"] == before[free]["revision"]
    town.run(None, lambda connection, by: drop_day(connection, by, date(2026, 3, 17)))
    for one, row in before.items():
        assert town.case(one) == row, one


def test_a_year_without_rows_is_provisional_until_they_arrive(town: Town) -> None:
    town.now = datetime(2027, 2, 5, 1, tzinfo=UTC)
    made = town.report("worker_a")
    assert made.is_provisional
    assert town.case(made.incident_id)["is_provisional"]
    town.run(None, lambda connection, by: set_day(connection, by, date(2027, 2, 8), "holiday", "春节"))
    town.run(None, lambda connection, by: know_year(connection, by, 2027, "国办通知"))
    row = town.case(made.incident_id)
    assert not row["is_provisional"]
    assert row["due_at"] == made.due_at + timedelta(days=1)


# Photos --------------------------------------------------------------------------------------------------------------


def picture(colour: str = "red", *, exif: bool = False) -> bytes:
    drawn, out = Image.new("RGB", (40, 30), colour), io.BytesIO()
    told = Image.Exif()
    if exif:
        told.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:03:16 08:58:00"
        told.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (22.0, 30.0, 18.0), 3: "E", 4: (113.0, 24.0, 18.72)})
    drawn.save(out, "JPEG", exif=told)
    return out.getvalue()


def test_a_hint_is_read_and_the_picture_keeps_nothing_of_it(tmp_path: Path) -> None:
    raw = picture(exif=True)
    hint = read_hint(raw)
    assert hint.taken_at == datetime(2026, 3, 16, 0, 58, tzinfo=UTC)
    assert hint.at == pytest.approx((113.4052, 22.505))
    kept = keep_picture(tmp_path, raw)
    again = read_hint((tmp_path / "files" / kept.sha256.hex()[:2] / kept.sha256.hex()).read_bytes())
    assert again == Hint()
    assert read_hint(b"no picture") == Hint()
    assert read_hint(raw[:300]) == Hint()


def kept(number: int) -> Kept:
    return Kept(sha256=bytes([number]) * 32, size=number + 1)


def add(town: Town, who: str, case: int, stage: str, number: int, hint: Hint | None = None) -> int:
    return town.run(who, lambda connection, by: add_photo(connection, by, case, stage, kept(number), hint or Hint()))


def test_six_photos_of_each_stage_from_whoever_it_is_for(town: Town) -> None:
    case = town.dispatched()
    assert [add(town, "worker_a", case, "reported", number) for number in range(6)] == [1, 2, 3, 4, 5, 6]
    assert add(town, "worker_a", case, "reported", 3) == 4
    with refused("photos"):
        add(town, "worker_a", case, "reported", 7)
    with refused("not_yours"):
        add(town, "worker_a", case, "handled", 7)
    with refused("not_yours"):
        add(town, "company", case, "checked", 7)
    with refused("stage"):
        add(town, "company", case, "else", 7)
    hint = Hint(taken_at=MONDAY, at=(113.405, 22.506))
    assert add(town, "company", case, "handled", 7, hint) == 1
    (row,) = town.rows("SELECT * FROM gridmap.incident_photo WHERE stage = 'handled'")
    assert (row["taken_at"], row["off_m"]) == (MONDAY, 111)
    # only those who see the case see its files, and who is given it later does, too
    files = "SELECT sha256 FROM gridmap.file"
    assert len(town.run("company", lambda c, _: c.execute(files).fetchall())) == 7
    assert town.run("worker_b", lambda c, _: c.execute(files).fetchall()) == []
    assert town.run("department", lambda c, _: c.execute(files).fetchall()) == []
    town.act("company", case, "transfer", lead_id=DEPARTMENT, reason="x")
    assert len(town.run("department", lambda c, _: c.execute(files).fetchall())) == 7
    # but for its own, which whoever took it keeps
    assert len(town.run("company", lambda c, _: c.execute(files).fetchall())) == 1
    assert len(town.seen("department", "incident_photo")) == 1


# Retention ------------------------------------------------------------------------------------------------------------


def night(town: Town, days: int, **more: Any) -> dict[str, int]:
    moment = town.now + timedelta(days=days)
    return run_nightly(town.database, moment, Clock(fixed=moment), **more)


def test_photos_and_contacts_are_forgotten_in_time_and_only_of_cases_that_are_over(town: Town) -> None:
    done = town.report("worker_a", done=True, contact_name="王小明", contact_phone="13912345678").incident_id
    still = town.report("worker_a", contact_name="李四").incident_id
    for case, number in ((done, 1), (still, 2)):
        add(town, "worker_a", case, "reported", number)
    with psycopg.connect(town.owner_url) as owner:
        owner.execute("UPDATE gridmap.file SET stored_at = %s", (MONDAY,))
    assert night(town, 179)["photos of cases forgotten"] == 0
    dry = night(town, 181, dry_run=True)
    assert dry["photos of cases forgotten"] == 1
    found = night(town, 181)
    assert (found["photos of cases forgotten"], found["photos forgotten"], found["contacts forgotten"]) == (1, 1, 0)
    assert [row["incident_id"] for row in town.rows("SELECT incident_id FROM gridmap.incident_photo")] == [still]
    assert [bytes(row["sha256"]) for row in town.rows("SELECT sha256 FROM gridmap.file")] == [kept(2).sha256]
    assert night(town, 366)["contacts forgotten"] == 1
    assert night(town, 366)["contacts forgotten"] == 0
    rows = town.rows("SELECT incident_id, name, phone FROM gridmap.incident_contact ORDER BY incident_id")
    assert [(row["name"], row["phone"]) for row in rows] == [(None, None), ("李四", None)]


# Sending once ---------------------------------------------------------------------------------------------------------


def desk(town: Town, who: str) -> Desk:
    return Desk(database=town.database, viewer=town.viewer(who).settings, by=town.by(who))


def test_a_report_sent_twice_is_one_case(town: Town) -> None:
    sent, report = uuid.uuid4(), Report(kind=CLUTTER, place_id=STAIRS[0], text="杂物")
    told = [send_report(desk(town, "worker_a"), sent, report, {"text": "杂物"}) for _ in range(3)]
    assert told[0] == told[1] == told[2]
    assert len(town.rows("SELECT FROM gridmap.incident")) == 1
    with pytest.raises(SentDifferently):
        send_report(desk(town, "worker_a"), sent, report, {"text": "else"})
    with pytest.raises(SentDifferently):
        send_report(desk(town, "leader"), sent, report, {"text": "杂物"})
    assert town.case(told[0]["incident_id"])["sent_id"] == sent


def test_a_report_that_is_refused_leaves_nothing_and_may_be_sent_again(town: Town) -> None:
    sent = uuid.uuid4()
    with refused("outside"):
        send_report(desk(town, "leader"), sent, Report(kind=CLUTTER, at=(120.0, 30.0)), {"at": [120, 30]})
    assert town.rows("SELECT FROM gridmap.submission") == []
    send_report(desk(town, "leader"), sent, Report(kind=CLUTTER, at=(113.405, 22.505)), {"at": [113.405, 22.505]})


def test_an_action_sent_twice_is_done_once_though_the_case_has_moved_on(town: Town) -> None:
    case, sent = town.dispatched(), uuid.uuid4()
    one = Act(incident_id=case, action=Action.ACCEPT, revision=town.case(case)["revision"])
    first = send_act(desk(town, "company"), one, sent, {"action": "accept"})
    town.act("company", case, "handle")
    assert send_act(desk(town, "company"), one, sent, {"action": "accept"}) == first
    assert [line["action"] for line in town.history(case)].count("accept") == 1


def test_many_are_dispatched_and_each_is_told_what_became_of_it(town: Town) -> None:
    cases = [town.report("worker_a").incident_id for _ in range(3)]
    town.act("leader", cases[1], "reject", reason="x")
    acts = [Act(incident_id=one, action=Action.DISPATCH, lead_id=COMPANY) for one in (*cases, 7 << 32)]
    acts[2] = Act(incident_id=cases[2], action=Action.DISPATCH, lead_id=COMPANY, revision=99)
    told = send_many(desk(town, "leader"), acts)
    assert told[0]["state"] == "dispatched"
    assert told[1]["refused"] == "not_now"
    assert told[2]["changed"]["revision"] == 1
    assert told[3]["refused"] == "unknown"
    assert town.seen("company") == {cases[0]}
