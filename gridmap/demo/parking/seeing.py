"""Which cars from outside were written down in the demo: those of the stories, those that stay, visitors by day."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta

from gridmap.clock import OFFICE
from gridmap.demo.choice import between, chance, pick
from gridmap.demo.parking.cars import Car, Seen
from gridmap.demo.parking.counts import count_at, early_zones, is_made, rounds
from gridmap.demo.parking.ground import LAST_DAY, Zone
from gridmap.demo.parking.plates import plate_of
from gridmap.demo.parking.stayers import Stayer
from gridmap.demo.parking.stories import COUNTERS, DUTY_A, DUTY_B, DUTY_C, STORIES, WORKER, Decided, Story
from gridmap.parking.keeping import SIGHTINGS_KEPT
from gridmap.parking.staying import Part, Round
from gridmap.periods import DAY

LAST_NIGHT = datetime.combine(LAST_DAY + DAY, time(1), OFFICE)
"""When the nightly round went last: what it forgets is gone, and nothing else."""
BY_DAY = time(11, 20)
BY_GRID = {"1": (WORKER, DUTY_A), "2": (DUTY_A, DUTY_B), "3": (DUTY_C, DUTY_B)}
GRIDS = {**dict.fromkeys(range(1, 5), "1"), **dict.fromkeys(range(5, 9), "2"), **dict.fromkeys(range(9, 14), "3")}
"""花苑's zones by their numbers, and the basic grid that each lies in."""
VISITORS, FIRST_VISITOR = 3, 100
"""Visitors by day in each zone of 花苑 within the weeks that are still known, and from which number on their plates."""


def watcher_of(zone: Zone, day: date) -> int:
    """Who counts in that zone on that day."""
    if not zone.is_of_huayuan:
        return COUNTERS
    return pick(f"{zone.code}/{day}", "watcher", BY_GRID[GRIDS[int(zone.code[-2:])]])


def told_cars(zones: Sequence[Zone]) -> list[Car]:
    """The cars of the stories, with all that happened to them."""
    by_tail = {zone.code[-3:]: zone for zone in zones if zone.is_of_huayuan}
    early = early_zones(zones)
    return [_told(story, by_tail[story.zone], early) for story in STORIES]


def _told(story: Story, zone: Zone, early: frozenset[str]) -> Car:
    sightings = [_late(story, zone, day, turn, early) for turn, day in enumerate(story.evenings)]
    sightings += [Seen(at=datetime.combine(day, BY_DAY, OFFICE), by=story.seen_by[0]) for day in story.days]
    sightings.sort(key=lambda seen: seen.at)
    first = sightings[0]
    car = Car(zone=zone, plate=plate_of(zone, story.number), created_at=first.at, created_by=first.by)
    steps: list[Seen | Decided] = [*sightings, *story.decided]
    for step in sorted(steps, key=lambda step: step.at):
        if isinstance(step, Seen):
            car.see(step)
        else:
            car.decide(step)
    return car


def _late(story: Story, zone: Zone, day: date, turn: int, early: frozenset[str]) -> Seen:
    """Seen too late on that evening: while the zone was counted, or a little later where nobody counted."""
    at = Round.of(day, Part.EVENING)
    is_counted = is_made(zone, at, early)
    minutes = between(f"{zone.code}/{story.number}/{day}", "noted after", 1, 12) + (0 if is_counted else 45)
    by = story.seen_by[turn % len(story.seen_by)]
    return Seen(at=count_at(zone, at) + timedelta(minutes=minutes), by=by, round=at if is_counted else None)


def recent_rounds() -> list[Round]:
    """The rounds of the weeks that are still known, and a little before."""
    oldest = LAST_NIGHT - SIGHTINGS_KEPT - 2 * DAY
    return [at for at in rounds() if datetime.combine(at.day, time(), OFFICE) > oldest]


def staying_cars(stayers: Iterable[Stayer], early: frozenset[str], within: Sequence[Round]) -> Iterator[Car]:
    """The cars that stood in 香逸湾 within these rounds, each noted in every count that was made."""
    for one in stayers:
        noted = [at for at in within if one.since <= at <= one.until and is_made(one.zone, at, early)]
        if not noted:
            continue
        first = count_at(one.zone, one.since) + _after(one.zone, one.number, one.since)
        car = Car(zone=one.zone, plate=plate_of(one.zone, one.number), created_at=first, created_by=COUNTERS)
        for at in noted:
            moment = count_at(one.zone, at) + _after(one.zone, one.number, at)
            car.see(Seen(at=moment, by=COUNTERS, round=at))
        yield car


def visiting_cars(zones: Sequence[Zone], early: frozenset[str]) -> Iterator[Car]:
    """Cars that were noted in 花苑 on some mornings: they may stand there by day."""
    for place, zone in enumerate(zone for zone in zones if zone.is_of_huayuan):
        for turn in range(VISITORS):
            number = FIRST_VISITOR + place * VISITORS + turn
            days = [LAST_DAY - back * DAY for back in range(27, 0, -1) if chance(f"{number}/{back}", "visits", 0.12)]
            made = [at for day in days if is_made(zone, at := Round.of(day, Part.MORNING), early)]
            if not made:
                continue
            seen = [
                Seen(at=count_at(zone, at) + _after(zone, number, at), by=watcher_of(zone, at.day), round=at)
                for at in made
            ]
            car = Car(zone=zone, plate=plate_of(zone, number), created_at=seen[0].at, created_by=seen[0].by)
            for one in seen:
                car.see(one)
            yield car


def noted_in(cars: Iterable[Car], there: Mapping[tuple[int, Round], Sequence[Stayer]]) -> dict[tuple[int, Round], int]:
    """How many plates were noted in each count: of those who stay all year round, of the others as they were seen."""
    found = {key: len(stayers) for key, stayers in there.items()}
    for car in cars:
        for row in car.sightings:
            if row["part"] is not None:
                key = (car.zone.id, Round.of(row["counted_on"], Part(row["part"])))
                found[key] = found.get(key, 0) + 1
    return found


def _after(zone: Zone, number: int, at: Round) -> timedelta:
    return timedelta(seconds=between(f"{zone.code}/{number}/{at.number}", "noted after", 20, 600))
