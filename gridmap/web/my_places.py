"""`/my`: one's own places in walking order, and whom to turn to; the map of exactly those comes after the list."""

from itertools import groupby

from flask import redirect, render_template
from werkzeug.wrappers import Response as AnyResponse

from gridmap import context
from gridmap.maps import WORK, Addresses, View, compose
from gridmap.read import layers_for
from gridmap.read.area import read_bounds
from gridmap.read.card import Holder, holders_of, organisations_of
from gridmap.read.due import read_due
from gridmap.read.locks import sees_people
from gridmap.read.mine import MOST_BUILDINGS, Mine, MyBuilding, read_mine
from gridmap.scope import Viewer
from gridmap.web.areas import WHOLE_COUNTRY
from gridmap.web.asked import asked, today
from gridmap.web.blueprint import page_number, pages
from gridmap.web.checks import due_given, kept_page
from gridmap.web.findings import cases_found
from gridmap.web.inbox import read_inbox
from gridmap.web.parking.own import read_round
from gridmap.web.parking_card import read_parking_card

MOST_DOORS = 30
"""Up to so many stairwells stand in the list itself; of more, each building leads to its own."""
MOST_WITH_UNITS = 3
"""Up to so many stairwells show the numbers of their households at once."""
MOST_CONTACTS = 12


@pages.get("/my")
def my_places() -> AnyResponse:
    """The places that the viewer holds or was given; an explanation where there are none, or the way to what is due."""
    viewer, now, page = context.viewer(), asked(), page_number()
    with context.services().database.transaction(viewer.prologue) as connection:
        mine = read_mine(connection, viewer, now, after=(page - 1) * MOST_BUILDINGS)
        due = read_due(connection, viewer, now, today())
        if not mine.held and (due.all or due.late):
            return redirect("/my/due")
        cases = cases_found(connection, due)
        inbox = read_inbox(connection, viewer, due)
        own_round, parking = read_round(connection), read_parking_card(connection)
        bounds = read_bounds(connection, viewer, mine.place_ids) if mine.held else None
        people = holders_of(connection, viewer, now, mine.around) if mine.held and sees_people(viewer) else ()
        offices = organisations_of(connection, viewer, now, mine.around) if mine.held else ()
    layers = [layer for name, layer in layers_for(viewer.reading_roles).items() if name not in WORK]
    view = View(locale=context.locale(), bounds=bounds or WHOLE_COUNTRY, today=today(), roles=viewer.reading_roles)
    page_of_mine = render_template(
        "my.html",
        **due_given(due, cases),
        map=compose(layers, view, Addresses(search=None, tianditu_key=context.services().settings.tianditu_key)),
        today=today().isoformat(),
        mine=mine,
        away=inbox.away,
        inbox=inbox,
        round=own_round,
        parking=parking,
        estates=by_estate(mine),
        page=page,
        shows_doors=mine.stairwells <= MOST_DOORS,
        shows_units=mine.stairwells <= MOST_WITH_UNITS,
        roles=list(dict.fromkeys(role for one in mine.held for role in one.roles)),
        people=contacts(viewer, mine, people),
        offices=[office for office in offices if office.phone][:MOST_CONTACTS],
    )
    return kept_page(page_of_mine)


def by_estate(mine: Mine) -> list[tuple[MyBuilding, list[MyBuilding]]]:
    """The buildings, those of one estate together, in walking order; each with the first of its estate."""
    grouped = (list(inner) for _estate, inner in groupby(mine.buildings, key=lambda one: one.estate_id))
    return [(inner[0], inner) for inner in grouped]


def contacts(viewer: Viewer, mine: Mine, people: tuple[Holder, ...]) -> list[Holder]:
    """Whom to turn to: each person once, in the first of the roles, without oneself and those who stand in the list."""
    listed = {door.id for building in mine.buildings for door in building.stairwells} - {one.id for one in mine.held}
    found: dict[int, Holder] = {}
    for one in people:
        if one.person_id != viewer.person_id and one.place_id not in listed:
            found.setdefault(one.person_id, one)
    return list(found.values())[:MOST_CONTACTS]
