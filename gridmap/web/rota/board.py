"""`/rota/<id>`: who has which evening of a quarter, week by week, with the holidays and the gaps."""

from flask import render_template

from gridmap import context
from gridmap.i18n import WEEKDAYS
from gridmap.periods import DAY, Every, period_of
from gridmap.places.calendar import read_calendar
from gridmap.read.rota import read_evenings, read_members
from gridmap.read.rota.own import read_places
from gridmap.rota.words import KINDS, LACKS
from gridmap.web.asked import today
from gridmap.web.blueprint import pages
from gridmap.web.rota.guard import asked_quarter, for_group, leads_rota, shown_rota
from gridmap.web.rota.weeks import Looking, quarter_of, read_holidays


@pages.get("/rota/<int:rota_id>")
@for_group
def rota(rota_id: int) -> str:
    """The quarter of the address, else the running one."""
    row, quarter, viewer = shown_rota(rota_id), asked_quarter(), context.viewer()
    now = context.services().clock.now()
    with context.services().database.transaction(viewer.prologue) as connection:
        evenings = read_evenings(connection, row, quarter)
        members = read_members(connection, row, *quarter.instants)
        places = read_places(connection, rota_id)
        looking = Looking(
            now=now,
            person_id=viewer.person_id,
            calendar=read_calendar(connection),
            holidays=read_holidays(connection, quarter),
        )
    return render_template(
        "rota/rota.html",
        row=row,
        period=quarter,
        before=period_of(Every.QUARTER, quarter.start - DAY),
        after=period_of(Every.QUARTER, quarter.end),
        quarter=quarter_of(quarter, evenings, members, looking),
        members=[one for one in members if one.during.start <= today() < one.during.end],
        places=places,
        may=leads_rota(row),
        takes_part=viewer.person_id in row["people"],
        is_over=quarter.end <= today(),
        day=today(),
        kinds=KINDS,
        lacks=LACKS,
        weekday_words=WEEKDAYS,
    )
