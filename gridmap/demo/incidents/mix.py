"""Which cases the demo has: how many of each kind and source, where, what becomes of them, what comes back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from gridmap.demo.choice import between, fraction, number, pick
from gridmap.demo.incidents.ground import HUAYUAN, Ground, Home, Spot
from gridmap.incidents.machine import State

FIRST_DAY = date(2025, 3, 3)
CASES = 2_400
REFUSED, SAME = 36, 24
"""Reports beside them that became no case."""
MIX: Mapping[str, tuple[int, tuple[tuple[str, int], ...]]] = {
    "parking": (576, (("02001", 6), ("02002", 2), ("02003", 1), ("02004", 1))),
    "clutter": (360, (("03001", 7), ("03003", 1), ("03002", 1))),
    "fire": (312, (("13001", 3), ("13002", 3), ("13003", 3), ("01001", 1), ("01002", 1), ("13004", 1))),
    "property": (288, (("14003", 4), ("14002", 2), ("14001", 1), ("14004", 2), ("15002", 2))),
    "greening": (216, (("07003", 4), ("07001", 4), ("07002", 1))),
    "noise": (192, (("11002", 3), ("11001", 2), ("12001", 2), ("12002", 2), ("12003", 1))),
    "lift": (144, (("05002", 8), ("05003", 2), ("05001", 1))),
    "water": (144, (("06003", 4), ("06002", 2), ("06005", 3), ("06001", 1), ("06004", 1), ("04001", 2))),
    "illegal": (96, (("09001", 5), ("09002", 2), ("09003", 1))),
    "other": (72, (("17001", 3), ("16002", 2), ("15001", 2), ("08003", 2), ("04004", 1))),
}
"""How many of each, and the kinds in it with their weights."""
SOURCES: Mapping[str, int] = {"hotline": 960, "patrol": 840, "diary": 360, "owner": 240}
OUTCOMES: Mapping[str, int] = {"closed": 2_112, "open": 168, "overdue": 72, "parked": 48}
OPEN_GOALS = (
    *(State.REPORTED,) * 2, *(State.REGISTERED,) * 3, *(State.DISPATCHED,) * 5, *(State.HANDLING,) * 8,
    *(State.HANDLED,) * 3, *(State.VERIFYING,) * 3,
)  # fmt: skip
LATE_GOALS = (State.REGISTERED, *(State.DISPATCHED,) * 3, *(State.HANDLING,) * 7, State.VERIFYING)
REPEATS, TIMES, WITHIN = 20, 4, 24
"""So many spots where the same thing comes back, so often, within so many days; half of them of late."""
REPEATING = ("parking", "clutter", "fire")
TO_CHECK, CHECKED_EACH = frozenset({State.HANDLED, State.VERIFYING}), 2
"""So many cases wait to be checked at a door of each of the demo's own workers."""
TO_HANDLE, GIVEN = frozenset({State.DISPATCHED, State.HANDLING}), 6
"""So many are with the first company that manages an estate of the community: the one that has an account."""
OF_COMPANIES = frozenset({"05", "14", "15"})
"""Lifts, services, entrances: what a company sees to; things that one reports oneself would be found again there."""
WORDS: Mapping[str, tuple[str, ...]] = {
    "01001": ("消防通道堆放杂物，门推不开", "疏散通道被货架占用"),
    "01002": ("灭火器压力不足", "消火栓箱门损坏"),
    "02001": ("车位以外停放，行人绕行", "车辆停在单元门口", "晚间路口停车占道"),
    "02002": ("车辆停在消防车通道上", "消防登高面停有车辆"),
    "02003": ("车辆长期停放，轮胎已瘪",),
    "02004": ("公共车位上加装地锁",),
    "03001": ("门口堆放纸箱和旧家具", "楼梯间杂物影响通行", "楼道内停放婴儿车、旧沙发"),
    "03002": ("楼道灯不亮，晚上看不清台阶",),
    "03003": ("楼道墙面有小广告", "楼道墙皮脱落"),
    "04001": ("顶层雨后渗水",),
    "04004": ("长椅木条断裂",),
    "05001": ("电梯困人，已联系维保",),
    "05002": ("电梯运行有异响", "电梯停运", "电梯门反复开合"),
    "05003": ("梯控未识别电动车",),
    "06001": ("管道爆裂，路面积水",),
    "06002": ("无通知停水", "单元跳闸停电"),
    "06003": ("下水道返水", "排水井外溢"),
    "06004": ("井盖松动，有异响",),
    "06005": ("路灯夜间不亮", "路灯忽明忽暗"),
    "07001": ("绿地内有人种菜", "花坛改成了菜地"),
    "07002": ("断枝倒在步道上",),
    "07003": ("树枝遮挡低层采光", "枯枝需要清理", "灌木缺株"),
    "08003": ("绿化带有暴露垃圾",),
    "09001": ("露台新增搭建", "天井搭建雨棚"),
    "09002": ("底层破墙开门",),
    "09003": ("房屋分割出租",),
    "11001": ("早间施工扰民", "午休时段施工"),
    "11002": ("夜间装修声音大", "晚间广场舞声音大"),
    "12001": ("遛狗不牵绳",),
    "12002": ("步道上有宠物粪便",),
    "12003": ("有流浪猫聚集",),
    "13001": ("窗口拉线给电动车充电",),
    "13002": ("电动车推进电梯上楼", "电动车停在楼道内充电"),
    "13003": ("电动车堵住单元门", "电动车停在坡道上"),
    "13004": ("充电口不通电",),
    "14001": ("来电无人接听，希望改进",),
    "14002": ("对收费明细有疑问", "停车费标准不清楚"),
    "14003": ("公共区域保洁不及时", "垃圾桶周边有污渍"),
    "14004": ("咨询加装电梯流程", "希望说明报修进度"),
    "15001": ("摄像头画面异常",),
    "15002": ("单元门禁刷卡无反应", "道闸不抬杆"),
    "16002": ("单元门口希望增加扶手",),
    "17001": ("希望增设公告栏", "希望增加晾晒区"),
}
SPOTS: Mapping[str, tuple[str, ...]] = {
    "02": ("zone", "point", "building"),
    "03": ("stairwell",),
    "13": ("stairwell", "building"),
    "05": ("stairwell",),
    "07": ("point",),
    "11": ("building", "stairwell"),
    "12": ("point",),
    "15": ("stairwell",),
}
"""At what kind of place a class of cases lies; other ones at houses."""
URGENT = frozenset({"01001", "02002", "05001", "06001", "06004"})
CALM = 0.8
LAST_DAY = date(2026, 3, 15)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What one case shall be, before its course is known."""

    entity: str
    family: str
    kind: str
    source: str
    outcome: str
    home: Home
    spot: Spot
    near_day: date | None = None
    """About when it is reported, where it is one of several."""


def wanted_cases(ground: Ground) -> list[Wanted]:
    """All of them, in the order of their numbers."""
    entities = [f"case/{place}" for place in range(CASES)]
    families = _dealt(entities, "family", {name: count for name, (count, _kinds) in MIX.items()})
    sources = _dealt(entities, "source", SOURCES)
    outcomes = _dealt(entities, "outcome", OUTCOMES)
    cases = [_wanted(ground, one, families[one], sources[one], outcomes[one]) for one in entities]
    cases = _at_own_doors(_with_repeats(cases), ground)
    for place in range(REFUSED + SAME):
        entity = f"report/{place}"
        family = pick(entity, "family", tuple(MIX))
        source = pick(entity, "source", ("hotline", "owner", "diary"))
        cases.append(_wanted(ground, entity, family, source, "refused" if place < REFUSED else "same"))
    return cases


def _dealt(entities: Sequence[str], what: str, shares: Mapping[str, int]) -> dict[str, str]:
    """Each entity gets a word, each word exactly as often as it says."""
    words = [word for word, count in shares.items() for _ in range(count)]
    shuffled = sorted(entities, key=lambda entity: (number(entity, what), entity))
    return dict(zip(shuffled, words, strict=True))


def _wanted(ground: Ground, entity: str, family: str, source: str, outcome: str) -> Wanted:
    kinds = MIX[family][1]
    kind = _weighted(entity, kinds)
    if outcome in ("open", "overdue") and kind in URGENT and fraction(entity, "calm") < CALM:
        # what is due within two hours is seldom open
        kind = kinds[0][0]
    home = ground.home_for(entity)
    return Wanted(
        entity=entity,
        family=family,
        kind=kind,
        source=source,
        outcome=outcome,
        home=home,
        spot=_spot(entity, home, kind),
    )


def _weighted(entity: str, options: Sequence[tuple[str, int]]) -> str:
    left = fraction(entity, "kind") * sum(weight for _word, weight in options)
    for word, weight in options:
        left -= weight
        if left < 0:
            return word
    return options[-1][0]


def _spot(entity: str, home: Home, kind: str) -> Spot:
    wanted = SPOTS.get(kind[:2], ("building",))
    first = number(entity, "spot kind") % len(wanted)
    order = (*wanted[first:], *wanted, "building")
    spots = next(home.spots[name] for name in order if home.spots.get(name))
    return pick(entity, "spot", spots)


def _with_repeats(cases: list[Wanted]) -> list[Wanted]:
    """Some of the closed ones brought together: the same kind at the same place, a few within some weeks."""
    found = list(cases)
    free = [place for place, one in enumerate(cases) if one.outcome == "closed" and one.family in REPEATING]
    used: set[int] = set()
    for group in range(REPEATS):
        first = next(place for place in free if place not in used and cases[place].spot.place_id is not None)
        pattern = cases[first]
        fitting = [place for place in free if place not in used and cases[place].family == pattern.family][:TIMES]
        span = (LAST_DAY - FIRST_DAY).days - WITHIN
        starts = span - 3 if group % 2 else between(f"repeat/{group}", "day", 0, span - 60)
        for turn, place in enumerate(fitting):
            used.add(place)
            day = FIRST_DAY + timedelta(days=starts + turn * WITHIN // TIMES)
            found[place] = replace(cases[place], kind=pattern.kind, home=pattern.home, spot=pattern.spot, near_day=day)
    return found


def _at_own_doors(cases: list[Wanted], ground: Ground) -> list[Wanted]:
    """Some open ones brought where the demo's own accounts are: to check at their doors, to handle at their estates."""
    found = list(cases)
    doors = (spot for spot in ground.seen for _ in range(CHECKED_EACH))
    for spot, place in zip(doors, _open_of_companies(cases, TO_CHECK), strict=False):
        home = next(home for home in ground.homes if home.id == spot.estate_id)
        found[place] = replace(cases[place], home=home, spot=spot)
    managed = next(home for home in ground.homes if home.owner is not None and home.code.startswith(HUAYUAN))
    for place, _turn in zip(_open_of_companies(cases, TO_HANDLE), range(GIVEN), strict=False):
        spot = pick(cases[place].entity, "door", managed.spots["stairwell"])
        found[place] = replace(cases[place], home=managed, spot=spot)
    return found


def _open_of_companies(cases: Sequence[Wanted], goals: frozenset[State]) -> Iterator[int]:
    """The places in the list of those that companies see to and that shall be in one of these states."""
    for place, one in enumerate(cases):
        if one.outcome == "open" and one.kind[:2] in OF_COMPANIES and goal_of(one)[0] in goals:
            yield place


def words_of(entity: str, kind: str) -> str:
    """What was reported, in words that name nobody."""
    return pick(entity, "words", WORDS[kind])


def goal_of(one: Wanted) -> tuple[State, bool]:
    """The state that the case shall be in now, and whether it has come back to whoever dispatches."""
    if one.outcome == "closed":
        return State.CLOSED, False
    if one.outcome == "parked":
        return State.PARKED, False
    goal = pick(one.entity, "goal", OPEN_GOALS if one.outcome == "open" else LATE_GOALS)
    return goal, goal is State.REGISTERED and fraction(one.entity, "comes back") < 0.4
