"""`/assign`: a leader gives places to people, on the map or in the list; hand-over, Excel and what was changed.

The pages ask and write through the API of assignments; what stands in them from the start is where to begin.
"""

from typing import Any

from flask import abort, render_template, request

from gridmap import context
from gridmap.i18n import _, translate
from gridmap.layer import Role
from gridmap.maps import WORK, Addresses, View, compose
from gridmap.read import layers_for
from gridmap.read.area import Area as StreetArea
from gridmap.read.locks import sees_people
from gridmap.read.narrow import within
from gridmap.read.vacancies import Area, GivenRole, read_areas_to_give, read_given_roles
from gridmap.scope import Viewer
from gridmap.web.areas import WHOLE_COUNTRY, areas_of
from gridmap.web.asked import asked, today
from gridmap.web.blueprint import number, pages, typed
from gridmap.web.map_page import alone
from gridmap.web.place_words import in_language

USUAL_ROLE = "building_manager"
USUALLY_HIDDEN = frozenset({"facilities", "assignments", "five_lines", "ebikes"})
TEXTS = (
    _(", "),
    _("Added"),
    _("After"),
    _("All rows"),
    _("Away"),
    _("Away, {name} stands in"),
    _("Before"),
    _("Choose who takes over."),
    _("Conflict"),
    _("Ended"),
    _("Finish"),
    _("From {before} to {after}"),
    _("Full: {count} are the most"),
    _("Given by hand"),
    _("Hand-over"),
    _("Import"),
    _("More"),
    _("Moved"),
    _("No change yet"),
    _("No connection. Nothing was saved."),
    _("Nobody found"),
    _("Nobody yet"),
    _("Nobody: take it away"),
    _("Note"),
    _("Nothing to propose: every place has somebody."),
    _("Nothing to save"),
    _("Open work"),
    _("Pick a person first, then the places."),
    _("Place"),
    _("Proposal"),
    _("Proposed: {count} places"),
    _("Refused"),
    _("Role"),
    _("Row {row}"),
    _("Saved: {count} places."),
    _("Taken back"),
    _("Taken back: {count} places."),
    _("Takes over"),
    _("Taking away"),
    _("The server could not answer. Please try again."),
    _("This is not for your account."),
    _("Unchanged"),
    _("Undo"),
    _("Undone"),
    _("What happens"),
    _("Who takes over {place}"),
    _("Your session has ended. Please sign in again."),
    _("new"),
    _("nothing open"),
    _("was {name}"),
    _("{before} → {after} places"),
    _("{count} changes"),
    _("{count} more: search by name"),
    _("{count} open, {late} late"),
    _("{count} places"),
    _("{count} places have nobody"),
    _("{count} places that nobody can take"),
    _("{count} places, all of them held"),
    _("{day}, {name}"),
    _("{metres} m on foot"),
    _("{name} holds nothing here."),
    _("{name}: {places} places, {households} households"),
    _("{places} places · {households} households"),
)
"""What the scripts of these pages say; a test compares this with the scripts."""


@pages.get("/assign")
def assign() -> str:
    """The estates with what is nobody's; with one of them in the address, the map on which its places are given."""
    viewer = _leader()
    areas = areas_of(viewer)
    street = _street(areas)
    here = within(viewer, street.street_id) if street else viewer
    with context.services().database.transaction(here.prologue) as connection:
        roles = read_given_roles(connection)
        role = _role(roles)
        places = read_areas_to_give(connection, here, asked(), street.street_id, role) if street else ()
    chosen = _chosen(places)
    # the names of grids would stand over the houses
    hidden = USUALLY_HIDDEN if role.level == "grid" else USUALLY_HIDDEN | {"grids"}
    on = {name for name in layers_for(viewer.reading_roles) if name not in hidden}
    view = View(
        locale=context.locale(),
        bounds=(chosen and chosen.bounds) or (street and street.bounds) or WHOLE_COUNTRY,
        today=today(),
        roles=viewer.reading_roles,
        on=on,
    )
    layers = [layer for name, layer in layers_for(viewer.reading_roles).items() if name not in WORK]
    return render_template(
        "assign.html",
        **alone(compose(layers, view, Addresses(search=None))),
        areas=areas,
        places=places,
        role=role,
        roles=[(one.code, in_language((one.title, one.title_en))) for one in roles],
        chosen=chosen,
        **_shared(
            street,
            areas,
            role=role.code,
            area=chosen and {"kind": chosen.kind, "id": chosen.id},
            community=chosen and chosen.community_id,
        ),
    )


@pages.get("/assign/hand-over")
def hand_over() -> str:
    """Everything that one person holds goes to others, with what is open and a note."""
    return _page("hand_over.html")


@pages.get("/assign/excel")
def assign_excel() -> str:
    """Who looks after what as a workbook, out and in; what would change stands row by row before anything does."""
    return _page("assign_excel.html")


@pages.get("/assign/changes")
def assign_changes() -> str:
    """What was given, moved and taken, with the way back."""
    return _page("assign_changes.html")


def _page(template: str) -> str:
    viewer = _leader()
    areas = areas_of(viewer)
    street = _street(areas)
    with context.services().database.transaction(viewer.prologue) as connection:
        roles = read_given_roles(connection)
    titles = [(one.code, in_language((one.title, one.title_en))) for one in roles]
    return render_template(
        template,
        areas=areas,
        roles=titles,
        **_shared(street, areas, role=_role(roles).code, roles=dict(titles), person=number(request.args, "person")),
    )


def _leader() -> Viewer:
    viewer = context.viewer()
    if Role.LEADER not in viewer.roles or not sees_people(viewer):
        abort(403)
    return viewer


def _street(areas: tuple[StreetArea, ...]) -> StreetArea | None:
    wanted = number(request.args, "street")
    if wanted is None:
        return areas[0] if areas else None
    found = next((area for area in areas if area.street_id == wanted), None)
    if found is None:
        abort(404)
    return found


def _role(roles: tuple[GivenRole, ...]) -> GivenRole:
    wanted = typed("role", 60) or USUAL_ROLE
    found = next((one for one in roles if one.code == wanted), None)
    if found is None:
        abort(404)
    return found


def _chosen(areas: tuple[Area, ...]) -> Area | None:
    kind = "estate" if "estate" in request.args else "community"
    wanted = number(request.args, kind)
    if wanted is None:
        return None
    found = next((area for area in areas if (area.kind, area.id) == (kind, wanted)), None)
    if found is None:
        abort(404)
    return found


def _shared(street: StreetArea | None, areas: tuple[StreetArea, ...], **more: Any) -> dict[str, Any]:
    """What every one of these pages has: its street, and the block that its script reads."""
    locale = context.locale()
    given = {
        "street": street and street.street_id,
        "locale": locale,
        "signIn": "/login",
        "texts": {text: translate(locale, text) for text in TEXTS},
        **more,
    }
    return {"street": street, "has_streets": len(areas) > 1, "given": given}
