"""What happened to cars from outside in 花苑 within the year: who was seen when, and what was decided. Declared.

Of four bans two run, one of them under appeal, one ends on the very morning of the demo's day, and one was revoked; a
proposed one waits for a second person, another was declined. Thirty-one notices were given. In 梅苑, 菊苑, 芙蓉苑 and
百合苑, which lie together, far more violations were seen than parking places explain; the garage of 杜鹃苑 has the most
of all, and as many as its places explain.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from gridmap.clock import OFFICE
from gridmap.demo.choice import draw
from gridmap.parking.machine import Action
from gridmap.periods import DAY

WORKER, DUTY_A, DUTY_B, DUTY_C, COUNTERS = -1, -2, -3, -4, -5
COMMUNITY, OFFICE_LEADER = -8, -9
"""Who saw and who decided, until the demo's accounts are written in: no account has a number below zero."""
DECIDED_BY_COMMUNITY = "三次提醒后仍多次占用车位，已电话告知车主。"


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What somebody decided on the car, when and why; `evening` of a violation that is taken back."""

    action: Action
    at: datetime
    by: int
    reason: str
    evening: date | None = None


@dataclass(frozen=True, kw_only=True)
class Story:
    """A car in a zone: the evenings on which it was seen too late, days on which it was seen in time, decisions."""

    zone: str
    number: int
    evenings: Sequence[date]
    seen_by: tuple[int, ...]
    days: Sequence[date] = ()
    decided: Sequence[Decided] = field(default=())


def on(day: str, hour: str) -> datetime:
    """An hour of a day of the office."""
    return datetime.fromisoformat(f"{day}T{hour}:00").replace(tzinfo=OFFICE)


def some(entity: str, first: str, last: str, many: int) -> tuple[date, ...]:
    """So many evenings between two days, these two among them."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    between = [start + number * DAY for number in range(1, (end - start).days)]
    chosen = draw([str(day) for day in between], f"{entity} seen", many - 2)
    return (start, *(day for day in between if str(day) in chosen), end)


def days(*told: str) -> tuple[date, ...]:
    """These days."""
    return tuple(map(date.fromisoformat, told))


def confirmed(day: str, hour: str, by: int = COMMUNITY, reason: str = DECIDED_BY_COMMUNITY) -> Decided:
    """The ban begins."""
    return Decided(action=Action.CONFIRM, at=on(day, hour), by=by, reason=reason)


FIRST_GRID, SECOND_GRID, THIRD_GRID = (WORKER, DUTY_A), (DUTY_A, DUTY_B), (DUTY_C, DUTY_B)
BANNED: tuple[Story, ...] = (
    # three calendar months from 16 December, 9:00, end with the moment at which the demo's clock stands
    Story(
        zone="Z05",
        number=1,
        evenings=some("ends today", "2025-11-12", "2025-12-14", 12),
        seen_by=SECOND_GRID,
        decided=(confirmed("2025-12-16", "09:00"),),
    ),
    Story(
        zone="Z09",
        number=3,
        evenings=(*some("appeals", "2025-12-28", "2026-02-07", 17), *days("2026-02-27")),
        seen_by=THIRD_GRID,
        decided=(
            confirmed("2026-02-09", "14:30", OFFICE_LEADER, "多次提醒无效，社区提请列入黑名单，同意。"),
            Decided(
                action=Action.APPEAL,
                at=on("2026-03-11", "15:20"),
                by=COMMUNITY,
                reason="车主称夜间接送老人就医，愿提供证明。",
            ),
        ),
    ),
    Story(
        zone="Z13",
        number=4,
        evenings=(*some("garage", "2026-01-12", "2026-03-03", 20), *days("2026-03-14")),
        seen_by=(DUTY_C,),
        decided=(confirmed("2026-03-05", "09:40"),),
    ),
)
REVOKED = Story(
    zone="Z03",
    number=5,
    evenings=some("revoked", "2025-12-17", "2026-01-11", 15),
    seen_by=FIRST_GRID,
    decided=(
        confirmed("2026-01-13", "10:00"),
        Decided(
            action=Action.APPEAL, at=on("2026-01-15", "11:05"), by=COMMUNITY, reason="车主提交租房合同，称已入住。"
        ),
        Decided(
            action=Action.REVOKE,
            at=on("2026-01-19", "16:30"),
            by=OFFICE_LEADER,
            reason="经核实系新入住租户，登记手续未及时办理，撤销。",
        ),
    ),
)
PROPOSED = Story(zone="Z04", number=6, evenings=some("waits", "2026-02-08", "2026-03-15", 16), seen_by=FIRST_GRID)
DECLINED = Story(
    zone="Z10",
    number=2,
    evenings=some("declined", "2025-12-17", "2026-01-18", 16),
    seen_by=THIRD_GRID,
    decided=(
        Decided(
            action=Action.DECLINE,
            at=on("2026-01-20", "10:15"),
            by=COMMUNITY,
            reason="车主已在附近租下固定车位，暂不列入。",
        ),
    ),
)
NOTICED: tuple[Story, ...] = (
    Story(zone="Z01", number=7, evenings=days("2026-03-12"), seen_by=(WORKER,)),
    # taken back: a sign was misread
    Story(
        zone="Z02",
        number=9,
        evenings=days("2026-01-15"),
        seen_by=(WORKER,),
        decided=(
            Decided(
                action=Action.WITHDRAW,
                at=on("2026-01-16", "08:40"),
                by=WORKER,
                reason="车牌看错一位，非同一辆车。",
                evening=date(2026, 1, 15),
            ),
        ),
    ),
    Story(zone="Z12", number=10, evenings=days("2026-03-05"), seen_by=(DUTY_C,)),
    Story(zone="Z03", number=11, evenings=days("2026-01-22", "2026-02-10"), seen_by=FIRST_GRID),
    Story(zone="Z10", number=12, evenings=days("2026-02-12", "2026-02-26"), seen_by=THIRD_GRID),
    Story(zone="Z09", number=13, evenings=days("2026-03-10"), seen_by=THIRD_GRID),
    Story(zone="Z04", number=14, evenings=days("2026-02-20"), seen_by=FIRST_GRID),
    # three clean months had passed when it was seen again, by day
    Story(zone="Z06", number=15, evenings=days("2025-06-04"), seen_by=(DUTY_B,), days=days("2025-11-05")),
    # the last warning
    Story(zone="Z13", number=17, evenings=days("2026-02-03", "2026-02-17", "2026-03-13"), seen_by=(DUTY_C,)),
)
STORIES: tuple[Story, ...] = (*BANNED, REVOKED, PROPOSED, DECLINED, *NOTICED)
