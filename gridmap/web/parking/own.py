"""What the pages for the round share: the zones in which the viewer is on duty, the round that runs, words for both."""

from datetime import date, datetime, timedelta
from typing import Any

from gridmap import context
from gridmap.clock import OFFICE, real_now
from gridmap.db.pools import Connection, Row
from gridmap.i18n import _
from gridmap.incidents.capacities import read_standing
from gridmap.parking.capacities import may_watch
from gridmap.parking.counting import round_at
from gridmap.parking.plates import province_of
from gridmap.parking.secret import plate_key
from gridmap.parking.sending import WATCHING, Desk
from gridmap.parking.staying import PARTS, Part, Round
from gridmap.read.parking.counting import MOST_ZONES, read_zones
from gridmap.web.blueprint import actor, pages, say
from gridmap.web.checks import STATES
from gridmap.web.shell import LOOKING_AFTER

MOST_SEEN = 2_000
"""So many zones are looked through for one's own."""
PART_WORDS = {Part.MORNING: _("Morning count"), Part.EVENING: _("Evening count")}
WHEN = {
    "today_morning": _("This morning"),
    "today_evening": _("This evening"),
    "yesterday_morning": _("Yesterday morning"),
    "yesterday_evening": _("Yesterday evening"),
    "morning": _("Morning of {day}"),
    "evening": _("Evening of {day}"),
}
"""When a count was made, said from today."""


def desk() -> Desk:
    """Where the viewer's counts and sightings are written down."""
    services = context.services()
    return Desk(
        database=services.database,
        viewer=context.viewer().prologue,
        by=actor(),
        plate_key=plate_key(services.settings.home),
        is_clock_real=services.settings.clock == "real",
    )


def round_now() -> Round:
    """The count that is made now."""
    return round_at(context.services().clock.now())


def own_zones(connection: Connection, *, also: int = 0) -> list[Row]:
    """The zones in which the viewer is on duty, in walking order, and `also` if it is one of them.

    Each with `counts`, the last one by part of the day, and with its `province` for number plates.
    """
    viewer, holds = context.viewer(), read_standing(connection, actor())
    # who also plans, or acts for a company, sees zones that are not theirs to count
    limit = MOST_ZONES if viewer.roles <= WATCHING else MOST_SEEN
    rows = read_zones(connection, viewer, round_now().day, also=also, limit=limit)
    own = [row for row in rows if may_watch(holds, row)]
    kept = [row for at, row in enumerate(own) if at < MOST_ZONES or row["id"] == also]
    return [row | {"counts": _counts(row), "province": province_of(row["city_code"])} for row in kept]


def read_round(connection: Connection) -> dict[str, Any] | None:
    """How far the count that is made now is: `title`, `done`, `all`; None where the viewer has no zone to count.

    Only for those who look after places: whoever leads sees it on pages of their own.
    """
    if not context.viewer().roles & LOOKING_AFTER:
        return None
    made, zones = round_now(), own_zones(connection)
    done = sum(count_of(zone, made) is not None for zone in zones)
    return {"title": PART_WORDS[made.part], "done": done, "all": len(zones)} if zones else None


def count_of(zone: Row, made: Round) -> dict[str, Any] | None:
    """The numbers of that round; None where nobody has counted yet."""
    last: dict[str, Any] | None = zone["counts"][made.part]
    return last if last is not None and last["on"] == made.day else None


def last_count(zone: Row, made: Round) -> dict[str, Any] | None:
    """The count to begin from: the last one of the same part of the day, else of the other; with its `part`."""
    for part in (made.part, *PARTS):
        last: dict[str, Any] | None = zone["counts"][part]
        if last is not None:
            return last
    return None


def next_zone(zones: list[Row], made: Round, after: int = 0) -> Row | None:
    """The next zone in walking order that nobody has counted in that round; after the last one the first again."""
    ids = [zone["id"] for zone in zones]
    at = ids.index(after) + 1 if after in ids else 0
    waiting = (zone for zone in [*zones[at:], *zones[:at]] if zone["id"] != after and count_of(zone, made) is None)
    return next(waiting, None)


def when_words(day: date, part: str) -> str:
    """When a count was made, as people say it today."""
    today = round_now().day
    known = {today: "today", today - timedelta(days=1): "yesterday"}.get(day)
    return say(WHEN[f"{known}_{part}"] if known else WHEN[part], day=day.isoformat())


def zones_told(zones: list[Row]) -> list[dict[str, Any]]:
    """The zones for the scripts of a page: they work without the network, too."""
    return [
        {
            "id": zone["id"],
            "name": zone["name"],
            "around": zone["around"] or "",
            "lon": zone["lon"],
            "lat": zone["lat"],
            "province": zone["province"],
            "counts": {part: _told(last) for part, last in zone["counts"].items()},
        }
        for zone in zones
    ]


def round_words() -> dict[str, Any]:
    """The texts that the scripts of these pages write into them."""
    return {
        "states": {word: say(title) for word, title in STATES.items()},
        "dismiss": say(_("Put away")),
        "photo": say(_("Photo")),
        "when": {word: say(title) for word, title in WHEN.items()},
        "parts": {str(part): say(title) for part, title in PART_WORDS.items()},
    }


def clocks() -> dict[str, int]:
    """When the page is made, in ms of the real clock, and how many the business clock is `ahead` of that.

    A demo stands still at a day of its own, and its pages reckon with that.
    """
    services, real = context.services(), real_now()
    ahead = 0 if services.settings.clock == "real" else int((services.clock.now() - real).total_seconds() * 1000)
    return {"page_at": int(real.timestamp() * 1000), "ahead": ahead}


@pages.app_template_filter("office_hour")
def office_hour(at: datetime) -> str:
    """The hour and minute on the office's clock."""
    return at.astimezone(OFFICE).strftime("%H:%M")


def _counts(row: Row) -> dict[str, dict[str, Any] | None]:
    return {str(part): _count(row, str(part)) for part in PARTS}


def _count(row: Row, part: str) -> dict[str, Any] | None:
    if row[f"{part}_on"] is None:
        return None
    return {name: row[f"{part}_{name}"] for name in ("on", "total", "outside")} | {"part": part}


def _told(last: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if last is None else {**last, "on": last["on"].isoformat()}
