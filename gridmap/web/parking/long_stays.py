"""`/parking/long-stays`: the cars from outside that do not leave, the longest first."""

from datetime import date, datetime

from flask import render_template

from gridmap import context
from gridmap.clock import OFFICE
from gridmap.db.pools import Connection
from gridmap.parking.counting import round_at
from gridmap.parking.street_stays import BACK
from gridmap.scope import Viewer
from gridmap.web.asked import today
from gridmap.web.blueprint import PAGE_SIZE, pages
from gridmap.web.parking import words
from gridmap.web.parking.question import asked_question, choices, for_reading, now
from gridmap.web.parking.staying import StayLine, read_stays

STREETS = """
SELECT s.id FROM gridmap.street s
WHERE (%(all)s OR s.id = ANY (%(near)s))
  AND EXISTS (SELECT FROM gridmap.sighting g WHERE g.street_id = s.id AND g.counted_on > %(since)s)
ORDER BY s.id
"""


@pages.get("/parking/long-stays")
@for_reading
def parking_long_stays() -> str:
    """The cars that are staying now."""
    question, moment, viewer = asked_question("/parking/long-stays"), now(), context.viewer()
    with context.services().database.transaction(viewer.prologue) as connection:
        streets = streets_of(connection, viewer, today())
        found = read_stays(connection, viewer, question.cut, streets, round_at(moment), moment)
    start = (question.page - 1) * PAGE_SIZE
    return render_template(
        "parking/long_stays.html",
        question=question,
        rows=found[start : start + PAGE_SIZE],
        found=len(found),
        last_page=max(1, -(-len(found) // PAGE_SIZE)),
        days_of=lambda line: days_of(line, moment),
        kept_days=BACK.days,
        moment=moment,
        **choices(question),
        **words.given(),
    )


def streets_of(connection: Connection, viewer: Viewer, day: date) -> tuple[int, ...]:
    """The viewer's streets in which plates were noted lately: only there somebody can be staying."""
    values = {"all": viewer.reach.is_city, "near": list(viewer.reach.near), "since": day - BACK}
    return tuple(row["id"] for row in connection.execute(STREETS, values))


def days_of(line: StayLine, moment: datetime) -> int:
    """How many days it has been there, the first one counted; at least, as long as sightings are kept."""
    return (moment.astimezone(OFFICE).date() - line.stay.first.day).days + 1
